#include "parse/line_analyzer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "event/severity.h"
#include "parse/envelope.h"
#include "parse/header.h"
#include "parse/header_items.h"
#include "parse/header_rest.h"
#include "parse/json_body.h"
#include "parse/json_scan.h"
#include "parse/keyvalue_body.h"
#include "parse/text_view.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

// Envelope in envelope (CRI around syslog around JSON around JSON) ends here; the rest is message.
constexpr int kMaxDepth = 4;
// FieldSpan::unescape and the shape know two levels.
constexpr uint8_t kMaxUnescape = 2;

// Whether any text will do as the value.
bool IsText(const FieldSpan& field) {
  return (field.role == FieldRole::kAttribute || field.role == FieldRole::kResource) &&
         field.type == ValueType::kString;
}

class LineWalk {
 public:
  LineWalk(const AnalyzerOptions& options, bool continuation, LineAnalysis* out)
      : options_(options), continuation_(continuation), out_(out) {}

  // A text as a program wrote it: it may have an envelope, a header, and a message.
  void Text(const TextView& view, HeaderMode mode, int depth);

 private:
  bool Json(const TextView& view, int depth);
  bool Envelope(const TextView& view, int depth);
  void Header(const TextView& view, HeaderMode mode, int depth);
  void SyslogMessage(const TextView& view, int depth);
  void Message(const TextView& view, int depth);
  bool Pattern(const TextView& view, bool whole_line);
  void PatternBody(const TextView& view);
  void Inner(const TextView& view, const MessageRange& inner, HeaderMode mode, int depth) {
    if (inner.escaped && view.level() >= kMaxUnescape) return;
    Text(view.Sub(inner.begin, inner.end, inner.escaped), mode, depth + 1);
  }

  void SetBody(const TextView& view, size_t begin, size_t end) {
    out_->body_begin = view.Raw(begin);
    out_->body_end = std::max(out_->body_begin, view.RawEnd(end));
    out_->body_unescape = view.level();
  }
  // Takes over what a parser found in `view`: its offsets become bytes of the line.
  void Merge(const TextView& view, LineAnalysis&& found);

  const AnalyzerOptions& options_;
  bool continuation_;
  LineAnalysis* out_;
};

void LineWalk::Merge(const TextView& view, LineAnalysis&& found) {
  const bool times = std::any_of(found.fields.begin(), found.fields.end(), [](const FieldSpan& field) {
    return field.role == FieldRole::kTimestamp && TimeLayoutHasDate(field.time_layout);
  });
  for (FieldSpan& field : out_->fields) {
    // The time nearest to the message is the event's own.
    if (times && field.role == FieldRole::kTimestamp) field.role = FieldRole::kObservedTimestamp;
  }
  const bool dated = !times && std::any_of(out_->fields.begin(), out_->fields.end(), [](const FieldSpan& field) {
    return field.role == FieldRole::kTimestamp || field.role == FieldRole::kObservedTimestamp;
  });
  for (FieldSpan& field : found.fields) {
    // A mere time of day says less than the transport's full time.
    if (dated && field.role == FieldRole::kTimestamp) field.role = FieldRole::kAttribute, field.name = "log.time";
    if (!view.IsWhole(field.begin, field.end) && !IsText(field)) continue;
    field.end = view.RawEnd(field.end);
    field.begin = view.Raw(field.begin);
    field.unescape = static_cast<uint8_t>(field.unescape + view.level());
    if (field.unescape <= kMaxUnescape) out_->fields.push_back(std::move(field));
  }
  for (const ByteRange& range : found.decisive) {
    if (!view.IsWhole(range.begin, range.end)) out_->cacheable = false;
    out_->decisive.push_back({view.Raw(range.begin), view.RawEnd(range.end)});
  }
  for (const ByteRange& range : found.no_times) {
    const ByteRange raw{view.Raw(range.begin), view.RawEnd(range.end)};
    // With escapes or colours the bytes of the line are another text.
    if (raw.end - raw.begin != range.end - range.begin) out_->cacheable = false;
    out_->no_times.push_back(raw);
  }
  out_->cacheable = out_->cacheable && found.cacheable;
  if (!found.envelope.empty()) out_->envelope += (out_->envelope.empty() ? "" : "+") + found.envelope;
  if (!found.header.empty()) out_->header = std::move(found.header);
  if (!found.body_format.empty()) out_->body_format = std::move(found.body_format);
}

void LineWalk::Text(const TextView& view, HeaderMode mode, int depth) {
  if (view.HasColours()) return Text(view.Plain(), mode, depth);
  SetBody(view, 0, view.text().size());
  if (view.JoinsNumbers()) out_->cacheable = false;
  if (depth >= kMaxDepth) return;
  if (Json(view, depth) || Envelope(view, depth) || continuation_) return;
  if (Pattern(view, true)) return;
  Header(view, mode, depth);
}

bool LineWalk::Json(const TextView& view, int depth) {
  const std::string_view text = view.text();
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos || text[first] != '{' || view.level() >= kMaxUnescape) return false;
  std::vector<JsonMember> members;
  std::vector<ByteRange> varying_keys;
  if (!ScanJsonObject(text, &members, &varying_keys)) {
    // Whether it is JSON may hang on a digit: 01 is no number.
    if (text.back() == '}') out_->cacheable = false;
    return false;
  }
  LineAnalysis found;
  MessageRange inner;
  if (ParseDockerJson(text, members, &found, &inner) || ParseJournaldJson(text, members, &found, &inner)) {
    const bool container = found.envelope == "docker-json";
    found.decisive = std::move(varying_keys);
    Merge(view, std::move(found));
    if (inner.begin == 0) return true;  // no message: the body is the entry
    Inner(view, inner, container ? HeaderMode::kAny : HeaderMode::kInEnvelope, depth);
    return true;
  }
  if (continuation_) return true;
  found = {};
  AddJsonFields(text, members, &found, &inner);
  found.decisive = std::move(varying_keys);
  found.body_format = "json";
  Merge(view, std::move(found));
  if (inner.found) {
    const TextView message = view.Sub(inner.begin, inner.end, inner.escaped);
    SetBody(message, 0, message.text().size());
    if (message.HasColours()) {
      Message(message.Plain(), depth + 1);
    } else {
      Message(message, depth + 1);
    }
  }
  return true;
}

bool LineWalk::Envelope(const TextView& view, int depth) {
  LineAnalysis found;
  MessageRange inner;
  const bool is_envelope =
      continuation_ ? ParseCri(view.text(), &found, &inner) || ParseJournaldExport(view.text(), &found, &inner)
                    : ParseEnvelope(view.text(), &found, &inner);
  if (!is_envelope) {
    out_->cacheable = out_->cacheable && found.cacheable;
    return false;
  }
  const bool has_header = found.envelope == "syslog-5424" || found.envelope == "journald-export";
  Merge(view, std::move(found));
  if (has_header) {
    const TextView message = view.Sub(inner.begin, inner.end, false);
    SetBody(message, 0, message.text().size());
    if (!continuation_) Header(message, HeaderMode::kInEnvelope, depth + 1);
  } else {
    Inner(view, inner, HeaderMode::kAny, depth);
  }
  return true;
}

void LineWalk::Header(const TextView& view, HeaderMode mode, int depth) {
  const std::string_view text = view.text();
  LineAnalysis found;
  if (!ParseHeader(text, mode, &found)) {
    out_->cacheable = out_->cacheable && found.cacheable;
    Message(view, depth + 1);
    return;
  }
  AddHeaderRest(text, &found);
  const size_t begin = found.body_begin;
  const bool syslog = found.envelope == "syslog-3164";
  if (syslog && out_->envelope == found.envelope) found.envelope.clear();
  Merge(view, std::move(found));
  const TextView message = view.Sub(begin, text.size(), false);
  SetBody(message, 0, message.text().size());
  if (syslog) {
    SyslogMessage(message, depth + 1);
  } else {
    Message(message, depth + 1);
  }
}

// What stands behind a syslog header is a message, unless it has a whole header of its own: a time and a level.
void LineWalk::SyslogMessage(const TextView& view, int depth) {
  const std::string_view text = view.text();
  LineAnalysis found;
  if (depth < kMaxDepth && ParseHeader(text, HeaderMode::kInEnvelope, &found)) {
    const auto has = [&](FieldRole role) {
      return std::any_of(found.fields.begin(), found.fields.end(),
                         [&](const FieldSpan& field) { return field.role == role; });
    };
    const bool postgres = found.header.ends_with('P');
    if ((has(FieldRole::kTimestamp) && has(FieldRole::kSeverity)) || postgres) {
      AddHeaderRest(text, &found);
      const size_t begin = found.body_begin;
      Merge(view, std::move(found));
      const TextView message = view.Sub(begin, text.size(), false);
      SetBody(message, 0, message.text().size());
      Message(message, depth + 1);
      return;
    }
  }
  // "error: no such host": the level is part of the message, and still the level.
  LevelItem level;
  if (MatchLevel(text, 0, &level) && !level.bracketed && level.colon && !level.letter) {
    LineAnalysis severity;
    severity.fields.push_back({static_cast<uint32_t>(level.begin),
                               static_cast<uint32_t>(level.end),
                               FieldRole::kSeverity,
                               ValueType::kString,
                               0,
                               0,
                               {}});
    Merge(view, std::move(severity));
  }
  Message(view, depth);
}

// The event's own time and level are the pattern's, not those of what stands inside.
void LeaveOwnFields(LineAnalysis* inside) {
  for (FieldSpan& field : inside->fields) {
    if (field.role != FieldRole::kTimestamp && field.role != FieldRole::kSeverity) continue;
    field.name = field.role == FieldRole::kTimestamp ? "log.time" : "log.level";
    field.role = FieldRole::kAttribute;
  }
}

// A field of a pattern that is a JSON object (the context behind a message of zap) is its members.
void SpreadObjects(std::string_view text, LineAnalysis* found) {
  std::vector<FieldSpan> fields;
  for (FieldSpan& field : found->fields) {
    const std::string_view value = text.substr(field.begin, field.end - field.begin);
    LineAnalysis members;
    MessageRange message;
    const bool object = field.role == FieldRole::kAttribute && field.type == ValueType::kString && value.size() >= 2 &&
                        value.front() == '{' && value.back() == '}';
    if (!object || !ParseJsonBody(value, &members, &message) || message.found) {
      found->cacheable = found->cacheable && !object;
      fields.push_back(std::move(field));
      continue;
    }
    found->cacheable = found->cacheable && members.cacheable;
    for (const ByteRange& range : members.decisive) {
      found->decisive.push_back({range.begin + field.begin, range.end + field.begin});
    }
    for (const ByteRange& range : members.no_times) {
      found->no_times.push_back({range.begin + field.begin, range.end + field.begin});
    }
    LeaveOwnFields(&members);
    for (FieldSpan& member : members.fields) {
      member.begin += field.begin;
      member.end += field.begin;
      fields.push_back(std::move(member));
    }
  }
  found->fields = std::move(fields);
}

bool LineWalk::Pattern(const TextView& view, bool whole_line) {
  if (!options_.match_pattern) return false;
  const std::string_view text = view.text();
  LineAnalysis found;
  found.body_end = static_cast<uint32_t>(text.size());
  if (!options_.match_pattern(text, 0, whole_line, &found)) {
    out_->cacheable = out_->cacheable && found.cacheable;
    return false;
  }
  const size_t begin = std::min<size_t>(found.body_begin, text.size());
  const size_t end = std::clamp<size_t>(found.body_end, begin, text.size());
  if (view.level() < kMaxUnescape) SpreadObjects(text, &found);
  Merge(view, std::move(found));
  SetBody(view, begin, end);
  if (begin > 0 || end < text.size()) PatternBody(view.Sub(begin, end, false));
  return true;
}

// What a pattern leaves as the message may be JSON or pairs (auditd, CEF, LEEF): its members are fields too, and the
// message of a JSON object is the message.
void LineWalk::PatternBody(const TextView& view) {
  const std::string_view text = view.text();
  if (text.empty() || view.level() >= kMaxUnescape) return;
  MessageRange inner;
  LineAnalysis found;
  const bool json = text[0] == '{' && ParseJsonBody(text, &found, &inner);
  if (text[0] == '{' && !json) out_->cacheable = false;
  if (!json) found = {};
  const bool cef = out_->body_format == "cef", leef = out_->body_format == "leef";
  // LEEF's delimiter is a tab unless its head names another; a caret is what those that do name.
  const char delimiter = cef                                                                                     ? ' '
                         : text.find('\t') == std::string_view::npos && text.find('^') != std::string_view::npos ? '^'
                                                                                                                 : '\t';
  const bool extension = (cef || leef) && ParseExtension(text, delimiter, &found);
  if (!json && !extension) found = {};
  if (!json && !extension && !ParseKeyValueBody(text, &found, &inner)) {
    out_->cacheable = out_->cacheable && found.cacheable;
    return;
  }
  found.body_format.clear();
  if (json && inner.found) {
    const TextView message = view.Sub(inner.begin, inner.end, inner.escaped);
    SetBody(message, 0, message.text().size());
  }
  LeaveOwnFields(&found);
  Merge(view, std::move(found));
}

// The message: JSON, pairs, a pattern, or text. Behind an outer JSON object it may still begin with a header.
void LineWalk::Message(const TextView& view, int depth) {
  const std::string_view text = view.text();
  if (depth >= kMaxDepth || text.empty()) return;
  if (view.JoinsNumbers()) out_->cacheable = false;
  const bool in_json = out_->body_format == "json";
  MessageRange inner;
  LineAnalysis found;
  if (text.size() >= 2 && text[0] == '{' && text.find('"') < 4 && view.level() < kMaxUnescape) {
    if (ParseJsonBody(text, &found, &inner)) {
      Merge(view, std::move(found));
      if (inner.found) {
        const TextView message = view.Sub(inner.begin, inner.end, inner.escaped);
        SetBody(message, 0, message.text().size());
        Message(message, depth + 1);
      }
      return;
    }
    if (text.back() == '}') out_->cacheable = false;
  }
  found = {};
  if (ParseKeyValueBody(text, &found, &inner)) {
    if (in_json) found.body_format.clear();
    Merge(view, std::move(found));
    if (inner.found) {
      const TextView message = view.Sub(inner.begin, inner.end, inner.escaped && view.level() < kMaxUnescape);
      SetBody(message, 0, message.text().size());
    }
    return;
  }
  out_->cacheable = out_->cacheable && found.cacheable;
  found = {};
  if (in_json && ParseHeader(text, HeaderMode::kInEnvelope, &found)) {
    AddHeaderRest(text, &found);
    const size_t begin = found.body_begin;
    Merge(view, std::move(found));
    const TextView message = view.Sub(begin, text.size(), false);
    SetBody(message, 0, message.text().size());
    Pattern(message, false);
    return;
  }
  out_->cacheable = out_->cacheable && found.cacheable;
  Pattern(view, false);
}

void SettleTimes(LineAnalysis* analysis) {
  FieldSpan* timestamp = nullptr;
  FieldSpan* observed = nullptr;
  for (FieldSpan& field : analysis->fields) {
    if (field.role == FieldRole::kTimestamp) {
      if (timestamp != nullptr)
        field.role = FieldRole::kAttribute, field.name = "log.time";
      else
        timestamp = &field;
    } else if (field.role == FieldRole::kObservedTimestamp) {
      if (observed != nullptr)
        field.role = FieldRole::kAttribute, field.name = "log.time";
      else
        observed = &field;
    }
  }
  if (timestamp == nullptr && observed != nullptr) observed->role = FieldRole::kTimestamp;
}

void SettleSeverity(std::string_view line, LineAnalysis* analysis) {
  const auto by_syslog = [&](const FieldSpan& field) { return line[field.begin] == '<' || !field.name.empty(); };
  FieldSpan* chosen = nullptr;
  for (FieldSpan& field : analysis->fields) {
    if (field.role != FieldRole::kSeverity) continue;
    if (chosen == nullptr) {
      chosen = &field;
      continue;
    }
    FieldSpan* loser = &field;
    if (by_syslog(*chosen) && !by_syslog(field)) std::swap(chosen, loser);
    loser->role = FieldRole::kAttribute;
    // What a "<166>" says is in syslog.priority already.
    if (line[loser->begin] == '<') loser->end = loser->begin;
    if (loser->name.empty()) loser->name = "log.level";
  }
  std::erase_if(analysis->fields, [](const FieldSpan& field) { return field.begin == field.end; });
}

}  // namespace

void SettleFields(std::string_view line, LineAnalysis* analysis) {
  auto& fields = analysis->fields;
  std::erase_if(fields, [&](const FieldSpan& field) { return field.begin >= field.end || field.end > line.size(); });
  SettleTimes(analysis);
  SettleSeverity(line, analysis);
  std::stable_sort(fields.begin(), fields.end(), [](const FieldSpan& a, const FieldSpan& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  // Ends of the fields that are open at this point; a new one must end before the innermost does.
  std::vector<uint32_t> open;
  std::erase_if(fields, [&](const FieldSpan& field) {
    while (!open.empty() && open.back() <= field.begin) open.pop_back();
    if (!open.empty() && field.end > open.back()) return true;
    open.push_back(field.end);
    return false;
  });
}

LineAnalysis LineAnalyzer::Analyze(std::string_view line, bool continuation) const {
  LineAnalysis analysis;
  LineWalk walk(options_, continuation, &analysis);
  walk.Text(TextView(line), HeaderMode::kAny, 0);
  if (analysis.body_format.empty()) analysis.body_format = "text";
  if (options_.find_trace) options_.find_trace(line, &analysis);
  SettleFields(line, &analysis);
  return analysis;
}

}  // namespace whittle
