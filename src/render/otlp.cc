#include "render/otlp.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/rfc3339.h"
#include "render/json_text.h"

namespace whittle {
namespace {

// What a request takes beside its records, about.
constexpr size_t kEnvelopeBytes = 128;

void AppendText(std::string_view text, std::string* out) {
  if (IsUtf8(text)) {
    *out += "{\"stringValue\":";
    AppendJsonString(text, out);
  } else {
    *out += "{\"bytesValue\":\"";
    AppendBase64(text, out);
    *out += '"';
  }
  *out += '}';
}

// Integers are strings in JSON: readers with doubles would lose digits.
void AppendInteger(int64_t value, std::string* out) { *out += "{\"intValue\":\"" + std::to_string(value) + "\"}"; }

void AppendDouble(double value, std::string* out) {
  *out += "{\"doubleValue\":";
  if (std::isfinite(value)) {
    AppendJsonDouble(value, out);
  } else {
    *out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
  *out += '}';
}

bool IsOurs(std::string_view name) {
  return name == "log.record.uid" || name == "parent_span_id" || name.starts_with("whittle.");
}

// The members of a list of attributes.
class AttributeList {
 public:
  explicit AttributeList(std::string* out) : out_(*out) {}
  std::string* Key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += "{\"key\":";
    AppendJsonKey(key, &out_);
    out_ += ",\"value\":";
    return &out_;
  }
  void End() { out_ += '}'; }
  void Text(std::string_view key, std::string_view text) {
    if (text.empty()) return;
    AppendText(text, Key(key));
    End();
  }
  void Integer(std::string_view key, uint64_t value) {
    AppendInteger(static_cast<int64_t>(value), Key(key));
    End();
  }
  void All(const std::vector<Attribute>& attributes) {
    for (const Attribute& attribute : attributes) {
      AppendOtlpValue(attribute.value,
                      Key(IsOurs(attribute.name) ? "whittle.original." + attribute.name : attribute.name));
      End();
    }
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendFields(const Event& event, std::string_view uid, std::string* out) {
  const bool has_time = event.timestamp_ns && *event.timestamp_ns >= 0;
  if (has_time) *out += "\"timeUnixNano\":\"" + std::to_string(*event.timestamp_ns) + "\",";
  if (event.severity_number != 0) *out += "\"severityNumber\":" + std::to_string(event.severity_number) + ",";
  if (!event.severity_text.empty()) {
    *out += "\"severityText\":";
    AppendJsonString(event.severity_text, out);
    *out += ',';
  }
  if (!event.trace_id.empty()) *out += "\"traceId\":\"" + event.trace_id + "\",";
  if (!event.span_id.empty()) *out += "\"spanId\":\"" + event.span_id + "\",";
  *out += "\"body\":";
  AppendText(event.body, out);
  *out += ",\"attributes\":[";
  AttributeList attributes(out);
  attributes.All(event.attributes);
  attributes.Text("parent_span_id", event.parent_span_id);
  attributes.Text("log.record.uid", uid);
  if (event.template_id != 0) {
    attributes.Text("whittle.template_id", ToHex(event.template_id));
    attributes.Text("whittle.template", event.template_text);
  }
  if (event.timestamp_ns && !has_time) {
    std::string text;
    AppendRfc3339(*event.timestamp_ns, &text);
    attributes.Text("whittle.timestamp", text);
  }
  attributes.Text("whittle.source", event.source_name);
  attributes.Integer("whittle.offset", event.source_offset);
  if (event.source_line != 0) attributes.Integer("whittle.line", event.source_line);
  if (event.timestamp_guessed) {
    *attributes.Key("whittle.timestamp_guessed") += "{\"boolValue\":true}";
    attributes.End();
  }
  if (event.sample_rate != 1) {
    AppendDouble(event.sample_rate, attributes.Key("whittle.sample_rate"));
    attributes.End();
  }
  attributes.Text("whittle.stratum", event.stratum);
  *out += ']';
}

}  // namespace

void AppendOtlpValue(const Value& value, std::string* out) {
  switch (value.type) {
    case ValueType::kInt64:
      return AppendInteger(value.integer, out);
    case ValueType::kDouble:
      return AppendDouble(value.real, out);
    case ValueType::kBool:
      *out += value.integer != 0 ? "{\"boolValue\":true}" : "{\"boolValue\":false}";
      return;
    case ValueType::kBytes:
      *out += "{\"bytesValue\":\"";
      AppendBase64(value.text, out);
      *out += "\"}";
      return;
    default:
      return AppendText(value.text, out);
  }
}

void OtlpRequest::Add(const Event& event, std::string_view uid) {
  Record record;
  AttributeList(&record.resource).All(event.resource);
  AppendFields(event, uid, &record.fields);
  bytes_ += kEnvelopeBytes + record.resource.size() + record.fields.size();
  records_.push_back(std::move(record));
}

std::string OtlpRequest::Body(size_t count, int64_t observed_ns) const {
  const std::string observed = "{\"observedTimeUnixNano\":\"" + std::to_string(observed_ns) + "\",";
  std::string out;
  out.reserve(bytes_);
  out += "{\"resourceLogs\":[";
  count = std::min(count, records_.size());
  for (size_t i = 0; i < count; ++i) {
    const bool same = i > 0 && records_[i].resource == records_[i - 1].resource;
    if (!same) {
      if (i > 0) out += "]}]},";
      out += "{\"resource\":{\"attributes\":[" + records_[i].resource +
             "]},\"scopeLogs\":[{\"scope\":{\"name\":\"whittle\",\"version\":";
      AppendJsonString(version_, &out);
      out += "},\"logRecords\":[";
    }
    out += (same ? "," : "") + observed + records_[i].fields + '}';
  }
  if (count > 0) out += "]}]}";
  out += "]}";
  return out;
}

void OtlpRequest::MoveFirstToEnd() { std::rotate(records_.begin(), records_.begin() + 1, records_.end()); }

void OtlpRequest::RemoveFirst(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    bytes_ -= kEnvelopeBytes + records_[i].resource.size() + records_[i].fields.size();
  }
  records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace whittle
