#include "render/ndjson.h"

#include <charconv>

#include "base/hash.h"
#include "base/rfc3339.h"
#include "render/json_text.h"

namespace whittle {
namespace {

// Writes the members of one object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(*out) { out_.push_back('{'); }
  void Close() { out_.push_back('}'); }

  // `key` is one of ours and needs no escaping.
  void Key(std::string_view key) {
    Separate();
    out_.push_back('"');
    out_.append(key);
    out_.append("\":");
  }
  void Text(std::string_view key, std::string_view text) {
    Key(key);
    if (AppendJsonString(text, &out_)) return;
    Key(std::string(key) + "_bytes");
    Base64(text);
  }
  void TextIfAny(std::string_view key, std::string_view text) {
    if (!text.empty()) Text(key, text);
  }
  void Integer(std::string_view key, uint64_t value) {
    Key(key);
    out_.append(std::to_string(value));
  }
  void Double(std::string_view key, double value) {
    Key(key);
    AppendJsonDouble(value, &out_);
  }
  void Base64(std::string_view bytes) {
    out_.push_back('"');
    AppendBase64(bytes, &out_);
    out_.push_back('"');
  }
  void Separate() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendAttributes(std::string_view key, const std::vector<Attribute>& attributes, ObjectWriter* event,
                      std::string* out) {
  if (attributes.empty()) return;
  event->Key(key);
  std::vector<const Attribute*> replaced;
  ObjectWriter object(out);
  for (const Attribute& attribute : attributes) {
    object.Separate();
    AppendJsonKey(attribute.name, out);
    out->push_back(':');
    if (!AppendJsonValue(attribute.value, out)) replaced.push_back(&attribute);
  }
  object.Close();
  if (replaced.empty()) return;
  event->Key(std::string(key) + "_bytes");
  ObjectWriter bytes(out);
  for (const Attribute* attribute : replaced) {
    bytes.Separate();
    AppendJsonKey(attribute->name, out);
    out->push_back(':');
    bytes.Base64(attribute->value.text);
  }
  bytes.Close();
}

}  // namespace

bool AppendJsonValue(const Value& value, std::string* out) {
  switch (value.type) {
    case ValueType::kInt64:
      if (IsJsonNumber(value.text)) {
        out->append(value.text);
      } else {
        out->append(std::to_string(value.integer));
      }
      return true;
    case ValueType::kDouble:
      if (IsJsonNumber(value.text)) {
        out->append(value.text);
      } else {
        AppendJsonDouble(value.real, out);
      }
      return true;
    case ValueType::kBool:
      out->append(value.integer != 0 ? "true" : "false");
      return true;
    case ValueType::kTimestamp:
      out->push_back('"');
      AppendRfc3339(value.integer, out);
      out->push_back('"');
      return true;
    default:
      return AppendJsonString(value.text, out);
  }
}

void AppendNdjson(const Event& event, std::string* out) {
  ObjectWriter object(out);
  if (event.timestamp_ns) {
    object.Key("timestamp");
    out->push_back('"');
    AppendRfc3339(*event.timestamp_ns, out);
    out->push_back('"');
    if (event.timestamp_guessed) {
      object.Key("timestamp_guessed");
      out->append("true");
    }
  }
  object.TextIfAny("severity_text", event.severity_text);
  if (event.severity_number != 0) object.Integer("severity_number", static_cast<uint64_t>(event.severity_number));
  object.Text("body", event.body);
  if (event.template_id != 0) {
    object.Text("template_id", ToHex(event.template_id));
    object.Text("template", event.template_text);
  }
  AppendAttributes("attributes", event.attributes, &object, out);
  AppendAttributes("resource", event.resource, &object, out);
  object.TextIfAny("trace_id", event.trace_id);
  object.TextIfAny("span_id", event.span_id);
  object.TextIfAny("parent_span_id", event.parent_span_id);
  if (!event.correlation_method.empty()) {
    object.Key("correlation");
    ObjectWriter correlation(out);
    correlation.Text("method", event.correlation_method);
    correlation.Double("confidence", event.correlation_confidence);
    correlation.Close();
  }
  object.Double("sample_rate", event.sample_rate);
  object.TextIfAny("stratum", event.stratum);
  object.Key("source");
  ObjectWriter source(out);
  source.TextIfAny("name", event.source_name);
  source.Integer("offset", event.source_offset);
  if (event.source_line != 0) source.Integer("line", event.source_line);
  source.Close();
  object.Close();
  out->push_back('\n');
}

}  // namespace whittle
