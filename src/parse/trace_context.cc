#include "parse/trace_context.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "event/trace_id.h"
#include "parse/trace_context_keys.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

constexpr FieldRole kTrace = FieldRole::kTraceId;
constexpr FieldRole kSpan = FieldRole::kSpanId;
constexpr FieldRole kParent = FieldRole::kParentSpanId;
constexpr FieldRole kAttribute = FieldRole::kAttribute;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

class Finder {
 public:
  explicit Finder(std::string_view line) : line_(line) {}

  std::vector<TraceFinding> Run(bool* stable) {
    for (size_t at = 0; at < line_.size();) {
      if (!IsTraceKeyByte(line_[at])) {
        if (line_[at] == '[') Brackets(at);
        ++at;
        continue;
      }
      size_t end = at + 1;
      while (end < line_.size() && IsTraceKeyByte(line_[end])) ++end;
      at = std::max(end, Word(at, end));
      if (keys_ >= kMaxTraceKeys) break;
    }
    *stable = stable_;
    return std::move(findings_);
  }

 private:
  // A word of key bytes: is it a key with an id behind it? Returns where to go on.
  size_t Word(size_t begin, size_t end) {
    const size_t word_begin = begin;
    // "%22traceId%22" is a quote that was URL-encoded, then the word.
    if (begin > 0 && line_[begin - 1] == '%' && end - begin > 2 && IsHex(line_[begin]) && IsHex(line_[begin + 1]))
      begin += 2;
    const TraceKey* key = FindTraceKey(line_.substr(begin, end - begin));
    const std::string_view before = previous_word_;
    const size_t before_end = previous_end_;
    previous_word_ = line_.substr(begin, end - begin);
    previous_end_ = end;
    if (key == nullptr && before_end + 1 == word_begin && line_[before_end] == ' ')
      key = SplitKey(before, previous_word_);
    if (key == nullptr) {
      KnownForm(word_begin, end);
      return end;
    }
    ++keys_;
    Separator separator;
    const size_t value = SkipSeparator(end, &separator);
    if (value >= line_.size() || (separator.none && !AllowsSpace(*key, value))) return end;
    if (separator.none && end < line_.size() && line_[end] != ' ') return end;
    return Value(*key, begin, end, value, separator);
  }

  // An id that is known by its form alone, as a token of its own: the skeleton shows those.
  void KnownForm(size_t begin, size_t end) {
    while (end > begin && line_[end - 1] == '.') --end;
    if (begin > 0 && !IsDelimiter(static_cast<unsigned char>(line_[begin - 1]))) return;
    size_t next = end;
    while (next < line_.size() &&
           (line_[next] == '.' || line_[next] == ':' || line_[next] == '!' || line_[next] == '?'))
      ++next;
    if (next < line_.size() && !IsDelimiter(static_cast<unsigned char>(line_[next]))) return;
    const std::string_view name = CorrelationIdName(ClassifyCorrelationId(line_.substr(begin, end - begin)));
    if (!name.empty()) Add(begin, end, kAttribute, ValueType::kString, "form", name);
  }

  // "Trace ID: ..." and "span id=...".
  static const TraceKey* SplitKey(std::string_view first, std::string_view second) {
    const auto is = [](std::string_view word, std::string_view lower) {
      return word.size() == lower.size() &&
             std::equal(word.begin(), word.end(), lower.begin(), [](char a, char b) { return (a | 0x20) == b; });
    };
    if (!is(second, "id")) return nullptr;
    if (is(first, "trace")) return FindTraceKey("traceid");
    if (is(first, "span")) return FindTraceKey("spanid");
    return nullptr;
  }

  struct Separator {
    bool none = true;      // only white space
    bool encoded = false;  // URL-encoded
  };

  // Skips closing quotes, spaces, one ':' or '=', opening quotes; plain, escaped or URL-encoded. Bounded by what it
  // skips.
  size_t SkipSeparator(size_t at, Separator* separator) const {
    constexpr size_t kMost = 16;
    const size_t limit = std::min(line_.size(), at + kMost);
    while (at < limit) {
      const char c = line_[at];
      if (c == ':' || c == '=') {
        if (!separator->none) break;
        separator->none = false;
        ++at;
      } else if (c == '"' || c == '\'' || c == '\\' || c == ' ') {
        ++at;
      } else if (c == '[' && !separator->none) {
        break;
      } else if (c == '%' && at + 2 < line_.size()) {
        const std::string_view code = line_.substr(at + 1, 2);
        if (code == "3D" || code == "3d" || code == "3A" || code == "3a")
          separator->none = false;
        else if (code != "22" && code != "27" && code != "20" && code != "5C" && code != "5c")
          break;
        separator->encoded = true;
        at += 3;
      } else {
        break;
      }
    }
    return at;
  }

  // Without ':' or '=' only "TraceID 4bf9..." counts: a trace or span id whose token is hex with digits.
  bool AllowsSpace(const TraceKey& key, size_t value) const {
    if (key.form != TraceForm::kId || (key.role != kTrace && key.role != kSpan)) return false;
    const size_t end = HexEnd(value);
    if (end == value || (end < line_.size() && !IsDelimiter(static_cast<unsigned char>(line_[end])))) return false;
    return ClassifyToken(line_.substr(value, end - value)) == TokenClass::kHex;
  }

  size_t HexEnd(size_t at) const {
    while (at < line_.size() && IsHex(line_[at])) ++at;
    return at;
  }
  size_t DigitsEnd(size_t at) const {
    while (at < line_.size() && IsDigit(line_[at])) ++at;
    return at;
  }
  // The end of a plain value: letters, digits, '-', '_', '.'.
  size_t ValueEnd(size_t at) const {
    while (at < line_.size() &&
           (IsDigit(line_[at]) || IsLetter(line_[at]) || line_[at] == '-' || line_[at] == '_' || line_[at] == '.'))
      ++at;
    return at;
  }
  bool HasDigit(size_t begin, size_t end) const {
    return std::any_of(line_.begin() + static_cast<std::ptrdiff_t>(begin),
                       line_.begin() + static_cast<std::ptrdiff_t>(end), IsDigit);
  }

  size_t Value(const TraceKey& key, size_t key_begin, size_t key_end, size_t value, const Separator& separator) {
    const size_t before = findings_.size();
    size_t end = value;
    switch (key.form) {
      case TraceForm::kId:
        end = PlainId(key, value, ValueType::kHexId);
        break;
      case TraceForm::kDecimalId:
        end = PlainId(key, value, ValueType::kInt64);
        break;
      case TraceForm::kFlags:
        end = PlainId(key, value, ValueType::kString);
        break;
      case TraceForm::kTraceparent:
        end = Traceparent(value);
        break;
      case TraceForm::kB3:
        end = B3(value);
        break;
      case TraceForm::kJaeger:
        end = Jaeger(value);
        break;
      case TraceForm::kXRay:
        end = XRay(value);
        break;
      case TraceForm::kCloudTrace:
        end = CloudTrace(value);
        break;
      case TraceForm::kCloudResource:
        end = CloudResource(value);
        break;
      case TraceForm::kSkyWalking:
        end = SkyWalking(value);
        break;
      case TraceForm::kSkyWalkingContext:
        end = SkyWalkingContext(value);
        break;
      case TraceForm::kAttribute:
        end = OtherId(key, value);
        break;
    }
    // A key that is masked, or in one token with its value, does not show in the skeleton.
    if (findings_.size() > before && (separator.encoded || IsHidden(key_begin, key_end, value))) stable_ = false;
    return end;
  }

  bool IsHidden(size_t key_begin, size_t key_end, size_t value) const {
    size_t begin = key_begin, end = key_end;
    while (begin > 0 && !IsDelimiter(static_cast<unsigned char>(line_[begin - 1]))) --begin;
    while (end < line_.size() && !IsDelimiter(static_cast<unsigned char>(line_[end]))) ++end;
    return end > value || HasDigit(begin, end) || line_[begin] == '/' ||
           line_.substr(begin, end - begin).find('@') != std::string_view::npos;
  }

  void Add(size_t begin, size_t end, FieldRole role, ValueType type, std::string_view rule,
           std::string_view name = {}) {
    findings_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), role, type, name, rule});
  }

  bool HasRole(FieldRole role) const {
    return std::any_of(findings_.begin(), findings_.end(), [&](const TraceFinding& f) { return f.role == role; });
  }

  size_t PlainId(const TraceKey& key, size_t value, ValueType type) {
    const size_t end = ValueEnd(value);
    if (end == value || !HasDigit(value, end)) return std::max(end, value);  // absent, "null", "none"
    // "parent_id" belongs to trees of all kinds; beside a trace id it is a parent span.
    if (key.name == "parentid" && !HasRole(kTrace) && !HasRole(kSpan)) return end;
    Add(value, end, key.role, type, key.rule);
    return end;
  }

  size_t OtherId(const TraceKey& key, size_t value) {
    const size_t end = ValueEnd(value);
    if (end > value && HasDigit(value, end)) Add(value, end, kAttribute, ValueType::kString, "key", key.rule);
    return std::max(end, value);
  }

  // Composite values: each says what the next byte must be; anything else is no context, which the skeleton may hide.
  size_t Broken(size_t at) {
    if (at < line_.size() && !IsDelimiter(static_cast<unsigned char>(line_[at])) && IsMaskedAt(at)) stable_ = false;
    return at;
  }
  bool IsMaskedAt(size_t at) const {
    size_t end = at;
    while (end < line_.size() && !IsDelimiter(static_cast<unsigned char>(line_[end]))) ++end;
    return HasDigit(at, end);
  }

  size_t Traceparent(size_t at) {
    const size_t version = at + 2, trace = at + 35, span = at + 52, flags = at + 55;
    if (HexEnd(at) != version || flags > line_.size() || line_[version] != '-' || HexEnd(version + 1) != trace ||
        line_[trace] != '-' || HexEnd(trace + 1) != span || line_[span] != '-' || HexEnd(span + 1) != flags) {
      return Broken(at);
    }
    Add(version + 1, trace, kTrace, ValueType::kHexId, "traceparent");
    Add(trace + 1, span, kSpan, ValueType::kHexId, "traceparent");
    Add(span + 1, flags, FieldRole::kTraceFlags, ValueType::kString, "traceparent");
    return flags;
  }

  size_t B3(size_t at) {
    const size_t trace = HexEnd(at);
    if ((trace - at != 16 && trace - at != 32) || trace >= line_.size() || line_[trace] != '-') return Broken(at);
    const size_t span = HexEnd(trace + 1);
    if (span - trace - 1 != 16) return Broken(at);
    Add(at, trace, kTrace, ValueType::kHexId, "b3-single");
    Add(trace + 1, span, kSpan, ValueType::kHexId, "b3-single");
    if (span + 2 >= line_.size() || line_[span] != '-' || line_[span + 2] != '-') return span;
    const size_t parent = HexEnd(span + 3);
    if (parent - span - 3 != 16) return span;
    Add(span + 3, parent, kParent, ValueType::kHexId, "b3-single");
    return parent;
  }

  // ':' or its URL-encoded form; 0 when there is neither.
  size_t ColonSize(size_t at) const {
    if (at < line_.size() && line_[at] == ':') return 1;
    const std::string_view code = at < line_.size() ? line_.substr(at, 3) : std::string_view();
    return code == "%3A" || code == "%3a" ? 3 : 0;
  }

  size_t Jaeger(size_t at) {
    const size_t trace = HexEnd(at);
    const size_t first = ColonSize(trace);
    const size_t span_begin = trace + first, span = HexEnd(span_begin);
    const size_t second = ColonSize(span);
    const size_t parent_begin = span + second, parent = HexEnd(parent_begin);
    const size_t third = ColonSize(parent);
    if (trace == at || first == 0 || span == span_begin || second == 0 || parent == parent_begin || third == 0)
      return Broken(at);
    Add(at, trace, kTrace, ValueType::kHexId, "jaeger");
    Add(span_begin, span, kSpan, ValueType::kHexId, "jaeger");
    Add(parent_begin, parent, kParent, ValueType::kHexId, "jaeger");
    const size_t flags = HexEnd(parent + third);
    if (flags > parent + third) Add(parent + third, flags, FieldRole::kTraceFlags, ValueType::kString, "jaeger");
    return flags;
  }

  size_t XRayId(size_t at) const {
    const size_t stamp = at + 2 + 8, end = stamp + 1 + 24;
    if (end > line_.size() || line_[at] != '1' || line_[at + 1] != '-' || HexEnd(at + 2) != stamp ||
        line_[stamp] != '-' || HexEnd(stamp + 1) != end) {
      return 0;
    }
    return end;
  }

  // "Root=1-...;Parent=...;Sampled=1", from "Root=" on, or the id alone.
  size_t XRay(size_t at) {
    if (line_.substr(at, 5) == "Root=" || line_.substr(at, 5) == "Self=") return at;  // those are keys of their own
    const size_t end = XRayId(at);
    if (end == 0) return Broken(at);
    Add(at, end, kTrace, ValueType::kHexId, "x-ray");
    const std::string_view parent = ";Parent=";
    if (line_.substr(end, parent.size()) != parent) return end;
    const size_t begin = end + parent.size(), last = HexEnd(begin);
    if (last - begin != 16) return end;
    Add(begin, last, kSpan, ValueType::kHexId, "x-ray");
    return last;
  }

  size_t CloudTrace(size_t at) {
    const size_t trace = HexEnd(at);
    if (trace - at != 32) return Broken(at);
    Add(at, trace, kTrace, ValueType::kHexId, "google-cloud");
    if (trace >= line_.size() || line_[trace] != '/') return trace;
    const size_t span = DigitsEnd(trace + 1);
    if (span > trace + 1) Add(trace + 1, span, kSpan, ValueType::kInt64, "google-cloud");
    return span;
  }

  size_t CloudResource(size_t at) {
    if (line_.substr(at, 9) != "projects/") return Broken(at);
    size_t end = at + 9;
    while (end < line_.size() && line_[end] != '/' && !IsDelimiter(static_cast<unsigned char>(line_[end]))) ++end;
    if (line_.substr(end, 8) != "/traces/") return Broken(at);
    const size_t trace = HexEnd(end + 8);
    if (trace - end - 8 != 32) return Broken(at);
    Add(end + 8, trace, kTrace, ValueType::kHexId, "google-cloud");
    return trace;
  }

  // A SkyWalking id is three parts with dots, or a UUID without dashes; "N/A" when there is none. A plain number behind
  // "TID:" is a thread.
  size_t SkyWalking(size_t at) {
    const size_t end = ValueEnd(at);
    if (end == at || !HasDigit(at, end) || DigitsEnd(at) == end) return std::max(end, at);
    Add(at, end, kTrace, ValueType::kString, "skywalking");
    return end;
  }

  size_t SkyWalkingContext(size_t at) {
    if (at >= line_.size() || line_[at] != '[') return at;
    std::array<size_t, 6> commas{};
    size_t count = 0, end = at + 1;
    for (; end < line_.size() && line_[end] != ']' && count < commas.size(); ++end) {
      if (line_[end] == ',') commas[count++] = end;
    }
    if (count != 4 || end >= line_.size() || line_[end] != ']') return at;
    const size_t trace = commas[1] + 1, segment = commas[2] + 1;
    if (ValueEnd(trace) == commas[2] && HasDigit(trace, commas[2])) {
      Add(trace, commas[2], kTrace, ValueType::kString, "skywalking-context");
      if (ValueEnd(segment) == commas[3] && HasDigit(segment, commas[3])) {
        Add(segment, commas[3], kAttribute, ValueType::kString, "skywalking-context", "skywalking.segment.id");
      }
    }
    return end;
  }

  // Sleuth and Micrometer: [app,trace,span,exportable], [app,trace,span], [trace,span], [trace-span].
  void Brackets(size_t open) {
    constexpr size_t kMost = 200;  // an application's name and two ids
    std::array<size_t, 4> commas{};
    size_t count = 0, end = open + 1;
    const size_t limit = std::min(line_.size(), open + kMost);
    for (; end < limit && line_[end] != ']' && line_[end] != '['; ++end) {
      if (line_[end] != ',') continue;
      if (count == commas.size()) return;
      commas[count++] = end;
    }
    if (end >= limit || line_[end] != ']') return;
    if (count == 0) return DashPair(open + 1, end);
    if (count == 4) return;
    const size_t trace = count == 1 ? open + 1 : commas[0] + 1;
    const size_t trace_end = count == 1 ? commas[0] : commas[1];
    const size_t span = SkipSpaces(trace_end + 1);
    const size_t span_end = count == 3 ? commas[2] : end;
    AddPair(trace, trace_end, span, span_end, "sleuth-brackets");
  }

  size_t SkipSpaces(size_t at) const {
    while (at < line_.size() && line_[at] == ' ') ++at;
    return at;
  }

  void DashPair(size_t begin, size_t end) {
    const size_t dash = HexEnd(begin);
    if (dash < end && line_[dash] == '-') AddPair(begin, dash, dash + 1, end, "micrometer-brackets");
  }

  void AddPair(size_t trace, size_t trace_end, size_t span, size_t span_end, std::string_view rule) {
    if (trace >= trace_end || span >= span_end || HexEnd(trace) < trace_end || HexEnd(span) < span_end) return;
    // The skeleton remembers these lengths.
    const size_t size = trace_end - trace;
    if ((size != 16 && size != 32) || span_end - span != 16) return;
    Add(trace, trace_end, kTrace, ValueType::kHexId, rule);
    Add(span, span_end, kSpan, ValueType::kHexId, rule);
  }

  std::string_view line_;
  std::string_view previous_word_;
  size_t previous_end_ = static_cast<size_t>(-2);
  std::vector<TraceFinding> findings_;
  size_t keys_ = 0;
  bool stable_ = true;
};

// Words that every form needs; most lines have none of them.
bool MayHaveContext(std::string_view line) {
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    switch (line[i] | 0x20) {
      case 'i':
        if ((line[i + 1] | 0x20) == 'd') return true;
        break;  // ...id
      case 't':
        if ((line[i + 1] | 0x20) == 'r') return true;
        break;  // trace, @tr
      case 'b':
        if (line[i + 1] == '3') return true;
        break;
      case 'r':
        if (line.substr(i, 5) == "Root=") return true;
        break;
      case 's':
        if (line.substr(i, 3) == "SW_") return true;
        break;
      case '[' | 0x20:
        if (line[i] == '[' && IsHex(line[i + 1])) return true;
        break;
      case '_' | 0x20:
      case '-':
        if (IsHex(line[i + 1])) return true;
        break;  // ids known by their form
      case ',':
        if (IsHex(line[i + 1])) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace

std::vector<TraceFinding> TraceFindings(std::string_view line, bool* stable) {
  *stable = true;
  if (!MayHaveContext(line)) return {};
  return Finder(line).Run(stable);
}

void FindTraceContext(std::string_view line, LineAnalysis* analysis) {
  bool stable = true;
  const std::vector<TraceFinding> findings = TraceFindings(line, &stable);
  if (!stable) analysis->cacheable = false;
  for (const TraceFinding& finding : findings) {
    const auto same_role = [&](const FieldSpan& field) { return field.role == finding.role; };
    const bool is_role = finding.role != FieldRole::kAttribute;
    if (is_role && std::any_of(analysis->fields.begin(), analysis->fields.end(), same_role)) continue;
    const auto same_bytes = std::find_if(analysis->fields.begin(), analysis->fields.end(), [&](const FieldSpan& field) {
      return field.begin == finding.begin && field.end == finding.end;
    });
    if (same_bytes != analysis->fields.end()) {
      if (same_bytes->role != FieldRole::kAttribute) continue;
      if (!is_role) {
        if (same_bytes->name.starts_with("header.")) same_bytes->name = finding.name;
        continue;  // else it has a name already
      }
      same_bytes->role = finding.role;
      same_bytes->type = finding.type;
      same_bytes->name.clear();
      continue;
    }
    FieldSpan field;
    field.begin = finding.begin;
    field.end = finding.end;
    field.role = finding.role;
    field.type = finding.type;
    field.name = std::string(finding.name);
    analysis->fields.push_back(std::move(field));
  }
}

}  // namespace whittle
