#include "parse/envelope.h"

#include <string>
#include <utility>

#include "parse/well_known.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

void Add(size_t begin, size_t end, FieldRole role, ValueType type, const char* name, uint8_t unescape,
         LineAnalysis* analysis, uint16_t layout = 0) {
  if (begin >= end) return;
  analysis->fields.push_back(
      {static_cast<uint32_t>(begin), static_cast<uint32_t>(end), role, type, unescape, layout, name});
}

// A time with date that is all of [begin, end); clears cacheable when it is none, because its digits decided.
bool AddTime(std::string_view text, size_t begin, size_t end, FieldRole role, LineAnalysis* analysis) {
  const auto match = MatchTime(text.substr(begin, end - begin));
  if (!match || match->size != end - begin || !TimeLayoutHasDate(match->layout)) {
    analysis->cacheable = false;
    return false;
  }
  Add(begin, end, role, ValueType::kTimestamp, "", 0, analysis, match->layout);
  return true;
}

const JsonMember* Find(const std::vector<JsonMember>& members, std::string_view name) {
  for (const JsonMember& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

}  // namespace

// {"log":"message\n","stream":"stdout","attrs":{...},"time":"2023-06-14T15:16:01.123456789Z"}
bool ParseDockerJson(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                     MessageRange* inner) {
  const JsonMember* log = Find(members, "log");
  const JsonMember* stream = Find(members, "stream");
  const JsonMember* time = Find(members, "time");
  if (log == nullptr || stream == nullptr || time == nullptr) return false;
  if (log->kind != JsonKind::kString || stream->kind != JsonKind::kString || time->kind != JsonKind::kString)
    return false;
  for (const JsonMember& member : members) {
    if (&member != log && &member != stream && &member != time && !member.name.starts_with("attrs")) return false;
  }
  analysis->envelope = "docker-json";
  Add(stream->begin, stream->end, FieldRole::kAttribute, ValueType::kString, "log.iostream", 1, analysis);
  AddTime(text, time->begin, time->end, FieldRole::kObservedTimestamp, analysis);
  for (const JsonMember& member : members) {
    if (!member.name.starts_with("attrs.")) continue;
    analysis->fields.push_back({static_cast<uint32_t>(member.begin), static_cast<uint32_t>(member.end),
                                FieldRole::kAttribute, ValueType::kString, 1, 0, member.name});
  }
  *inner = {true, log->begin, log->end, true};
  for (const std::string_view newline : {"\\n", "\\r"}) {
    if (text.substr(inner->begin, inner->end - inner->begin).ends_with(newline)) inner->end -= 2;
  }
  return true;
}

// journalctl -o json: {"__REALTIME_TIMESTAMP":"1686755761123456","PRIORITY":"6","MESSAGE":"...", ...}
bool ParseJournaldJson(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                       MessageRange* inner) {
  const JsonMember* time = Find(members, "__REALTIME_TIMESTAMP");
  if (time == nullptr || time->kind != JsonKind::kString) return false;
  analysis->envelope = "journald-json";
  const std::pair<std::string_view, const char*> names[] = {{"_HOSTNAME", "host.name"},
                                                            {"SYSLOG_IDENTIFIER", "syslog.appname"},
                                                            {"_PID", "process.pid"},
                                                            {"_SYSTEMD_UNIT", "systemd.unit"},
                                                            {"_COMM", "process.executable.name"},
                                                            {"_EXE", "process.executable.path"},
                                                            {"_CMDLINE", "process.command_line"},
                                                            {"_TRANSPORT", "journald.transport"},
                                                            {"SYSLOG_FACILITY", "syslog.facility"},
                                                            {"CODE_FILE", "code.file.path"},
                                                            {"CODE_LINE", "code.line.number"},
                                                            {"CODE_FUNC", "code.function.name"}};
  for (const JsonMember& member : members) {
    if (member.kind != JsonKind::kString || member.begin == member.end || &member == time) continue;
    if (member.name == "MESSAGE") {
      *inner = {true, member.begin, member.end, true};
    } else if (member.name == "PRIORITY") {
      // The name says that the number is one of syslog's.
      Add(member.begin, member.end, FieldRole::kSeverity, ValueType::kInt64, "syslog.severity", 1, analysis);
    } else {
      for (const auto& [key, name] : names) {
        if (member.name != key) continue;
        const bool host = key == "_HOSTNAME";
        Add(member.begin, member.end, host ? FieldRole::kResource : FieldRole::kAttribute, ValueType::kString, name, 1,
            analysis);
        if (key == "_PID" || key == "CODE_LINE" || key == "SYSLOG_FACILITY")
          analysis->fields.back().type = ValueType::kInt64;
      }
    }
  }
  AddTime(text, time->begin, time->end, FieldRole::kObservedTimestamp, analysis);
  if (!inner->found) *inner = {true, 0, text.size(), false};
  return true;
}

// journalctl -o export: one KEY=value a line, which framing has joined to a record.
bool ParseJournaldExport(std::string_view text, LineAnalysis* analysis, MessageRange* inner) {
  size_t equals = 0;
  while (equals < text.size() && ((text[equals] >= 'A' && text[equals] <= 'Z') ||
                                  (text[equals] >= '0' && text[equals] <= '9') || text[equals] == '_'))
    ++equals;
  if (equals == 0 || equals >= text.size() || text[equals] != '=') return false;
  const std::string_view key = text.substr(0, equals);
  *inner = {true, equals + 1, text.size(), false};
  analysis->envelope = "journald-export";
  if (key == "__REALTIME_TIMESTAMP" || key == "_SOURCE_REALTIME_TIMESTAMP") {
    AddTime(text, equals + 1, text.size(), FieldRole::kObservedTimestamp, analysis);
  } else if (key != "MESSAGE") {
    std::string name(key);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    analysis->fields.push_back({static_cast<uint32_t>(equals + 1), static_cast<uint32_t>(text.size()),
                                FieldRole::kAttribute, ValueType::kString, 0, 0, "journald." + name});
    if (equals + 1 == text.size()) analysis->fields.pop_back();
    if (KeyVaries(key)) analysis->decisive.push_back({0, static_cast<uint32_t>(equals)});
  }
  return true;
}

// 2023-06-14T15:16:01.123456789Z stdout F message
bool ParseCri(std::string_view text, LineAnalysis* analysis, MessageRange* inner) {
  if (text.size() < 32 || text[0] < '0' || text[0] > '9') return false;
  const size_t space = text.substr(0, 40).find(' ');
  if (space == std::string_view::npos || text.size() < space + 9) return false;
  const std::string_view stream = text.substr(space, 8);
  if (stream != " stdout " && stream != " stderr ") return false;
  const size_t tag = space + 8;
  if ((text[tag] != 'F' && text[tag] != 'P') || (tag + 1 < text.size() && text[tag + 1] != ' ')) return false;
  if (!AddTime(text, 0, space, FieldRole::kObservedTimestamp, analysis)) return false;
  Add(space + 1, space + 7, FieldRole::kAttribute, ValueType::kString, "log.iostream", 0, analysis);
  if (text[tag] == 'P') Add(tag, tag + 1, FieldRole::kAttribute, ValueType::kString, "cri.partial", 0, analysis);
  analysis->envelope = "cri";
  *inner = {true, std::min(tag + 2, text.size()), text.size(), false};
  return true;
}

namespace {

void AddDecisive(size_t begin, std::string_view name, LineAnalysis* analysis) {
  if (!KeyVaries(name)) return;
  analysis->decisive.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + name.size())});
}

// The structured data at text[at]: '-' or [id name="value" ...]...; returns where it ends, npos when it is broken.
size_t StructuredData(std::string_view text, size_t at, LineAnalysis* analysis) {
  if (at < text.size() && text[at] == '-') return at + 1;
  const size_t first = at;
  while (at < text.size() && text[at] == '[') {
    size_t p = at + 1;
    while (p < text.size() && text[p] != ' ' && text[p] != ']') ++p;
    const std::string id(text.substr(at + 1, p - at - 1));
    AddDecisive(at + 1, id, analysis);
    while (p < text.size() && text[p] == ' ') {
      const size_t name_begin = ++p;
      while (p < text.size() && text[p] != '=' && text[p] != ' ' && text[p] != ']') ++p;
      if (p + 1 >= text.size() || text[p] != '=' || text[p + 1] != '"') return std::string_view::npos;
      const std::string name(text.substr(name_begin, p - name_begin));
      const size_t begin = p + 2;
      p = begin;
      while (p < text.size() && text[p] != '"') p += text[p] == '\\' ? 2 : 1;
      if (p >= text.size()) return std::string_view::npos;
      const std::string full = "syslog.structured_data." + id + "." + name;
      if (begin < p)
        analysis->fields.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(p), FieldRole::kAttribute,
                                    ValueType::kString, 1, 0, full});
      AddDecisive(name_begin, name, analysis);
      ++p;
    }
    if (p >= text.size() || text[p] != ']') return std::string_view::npos;
    at = p + 1;
  }
  return at == first ? std::string_view::npos : at;
}

// After "<PRI>1 ": TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]
bool ParseRfc5424(std::string_view text, size_t at, LineAnalysis* analysis, MessageRange* inner) {
  LineAnalysis found;
  static constexpr const char* kNames[] = {"", "host.name", "syslog.appname", "process.pid", "syslog.msgid"};
  for (const char* name : kNames) {
    size_t end = at;
    while (end < text.size() && text[end] != ' ') ++end;
    if (end == at || end >= text.size()) return false;
    const std::string_view item = text.substr(at, end - at);
    if (item != "-") {
      if (name[0] == '\0') {
        if (!AddTime(text, at, end, FieldRole::kObservedTimestamp, &found)) return false;
      } else {
        const bool host = std::string_view(name) == "host.name";
        Add(at, end, host ? FieldRole::kResource : FieldRole::kAttribute, ValueType::kString, name, 0, &found);
        if (std::string_view(name) == "process.pid" && ClassifyToken(item) == TokenClass::kInteger)
          found.fields.back().type = ValueType::kInt64;
      }
    }
    at = end + 1;
  }
  at = StructuredData(text, at, &found);
  if (at == std::string_view::npos || (at < text.size() && text[at] != ' ')) return false;
  if (at < text.size()) ++at;
  if (text.substr(at, 3) == "\xEF\xBB\xBF") at += 3;
  for (FieldSpan& field : found.fields) analysis->fields.push_back(std::move(field));
  analysis->decisive.insert(analysis->decisive.end(), found.decisive.begin(), found.decisive.end());
  analysis->cacheable = analysis->cacheable && found.cacheable;
  analysis->envelope = "syslog-5424";
  *inner = {true, at, text.size(), false};
  return true;
}

}  // namespace

// "<34>" in front of anything; RFC 5424 when "1 " follows.
bool ParseSyslogPriority(std::string_view text, LineAnalysis* analysis, MessageRange* inner) {
  if (text.size() < 4 || text[0] != '<') return false;
  size_t at = 1;
  int priority = 0;
  while (at < text.size() && at < 4 && text[at] >= '0' && text[at] <= '9')
    priority = priority * 10 + (text[at++] - '0');
  if (at == 1 || at == text.size() || text[at] != '>') return false;
  if (priority > 191) {
    analysis->cacheable = false;
    return false;
  }
  // The brackets belong to the severity: they say that the number is a priority.
  Add(0, at + 1, FieldRole::kSeverity, ValueType::kString, "", 0, analysis);
  Add(1, at, FieldRole::kAttribute, ValueType::kInt64, "syslog.priority", 0, analysis);
  ++at;
  if (text.substr(at, 2) == "1 " && ParseRfc5424(text, at + 2, analysis, inner)) return true;
  analysis->envelope = "syslog-3164";
  *inner = {true, at, text.size(), false};
  return true;
}

bool ParseEnvelope(std::string_view text, LineAnalysis* analysis, MessageRange* inner) {
  if (text.empty()) return false;
  if (text[0] == '<') return ParseSyslogPriority(text, analysis, inner);
  if (text[0] == '_' && text.starts_with("__CURSOR=")) return ParseJournaldExport(text, analysis, inner);
  return ParseCri(text, analysis, inner);
}

}  // namespace whittle
