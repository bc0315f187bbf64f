#include "parse/json_body.h"

#include <algorithm>
#include <string>
#include <utility>

#include "parse/well_known.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

ValueType TypeOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kInteger:
      return ValueType::kInt64;
    case JsonKind::kReal:
      return ValueType::kDouble;
    case JsonKind::kBool:
      return ValueType::kBool;
    default:
      return ValueType::kString;
  }
}

struct Best {
  int member = -1;
  int rank = 1000;
  void Offer(size_t index, int candidate_rank) {
    if (candidate_rank < rank) member = static_cast<int>(index), rank = candidate_rank;
  }
};

// The layout of a value that is a time as a whole, else 0.
TimeLayoutId WholeTime(std::string_view value) {
  const auto match = MatchTime(value);
  return match && match->size == value.size() ? match->layout : TimeLayoutId{0};
}

// MongoDB since 4.4 writes t.$date, and by it s is the severity, c the component and ctx the thread.
void KnowMongo(const std::vector<JsonMember>& members, std::vector<WellKnown>* known) {
  const auto named = [&](std::string_view name) {
    return std::find_if(members.begin(), members.end(), [&](const JsonMember& m) { return m.name == name; });
  };
  if (named("t.$date") == members.end() || named("msg") == members.end()) return;
  const auto set = [&](std::string_view name, WellKnown meaning) {
    if (const auto found = named(name); found != members.end())
      (*known)[static_cast<size_t>(found - members.begin())] = meaning;
  };
  set("s", {KnownField::kSeverity, {}, {}, 0});
  set("c", {KnownField::kAttribute, "log.logger", {}});
  set("ctx", {KnownField::kAttribute, "thread.name", {}});
}

}  // namespace

bool ParseJsonBody(std::string_view text, LineAnalysis* analysis, MessageRange* message) {
  std::vector<JsonMember> members;
  std::vector<ByteRange> varying_keys;
  if (!ScanJsonObject(text, &members, &varying_keys)) return false;
  analysis->decisive = std::move(varying_keys);
  AddJsonFields(text, members, analysis, message);
  analysis->body_format = "json";
  return true;
}

void AddJsonFields(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                   MessageRange* message) {
  Best time, severity, body;
  std::vector<WellKnown> known(members.size());
  for (size_t i = 0; i < members.size(); ++i) known[i] = LookUpField(members[i].name);
  KnowMongo(members, &known);
  for (size_t i = 0; i < members.size(); ++i) {
    const JsonMember& member = members[i];
    const bool scalar =
        member.kind == JsonKind::kString || member.kind == JsonKind::kInteger || member.kind == JsonKind::kReal;
    if (member.begin == member.end) continue;
    switch (known[i].field) {
      case KnownField::kTimestamp: {
        const TimeLayoutId layout =
            scalar ? WholeTime(text.substr(member.begin, member.end - member.begin)) : TimeLayoutId{0};
        if (layout == 0 && scalar) {
          analysis->no_times.push_back({static_cast<uint32_t>(member.begin), static_cast<uint32_t>(member.end)});
        }
        if (layout != 0 && TimeLayoutHasDate(layout)) time.Offer(i, known[i].rank);
        break;
      }
      case KnownField::kSeverity:
        if (member.kind == JsonKind::kString || member.kind == JsonKind::kInteger) severity.Offer(i, known[i].rank);
        break;
      case KnownField::kMessage:
        if (member.kind == JsonKind::kString) body.Offer(i, known[i].rank);
        break;
      default:
        break;
    }
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const JsonMember& member = members[i];
    if (member.begin == member.end || static_cast<int>(i) == body.member) continue;
    FieldSpan field;
    field.begin = static_cast<uint32_t>(member.begin);
    field.end = static_cast<uint32_t>(member.end);
    field.type = TypeOf(member.kind);
    field.unescape = member.kind == JsonKind::kString ? 1 : 0;
    if (static_cast<int>(i) == severity.member) {
      field.role = FieldRole::kSeverity;
      field.type = ValueType::kString;
    } else if (known[i].field == KnownField::kTimestamp) {
      field.time_layout = WholeTime(text.substr(member.begin, member.end - member.begin));
      if (field.time_layout != 0) field.type = ValueType::kTimestamp;
      if (static_cast<int>(i) == time.member) {
        field.role = FieldRole::kTimestamp;
      } else {
        field.name = member.name;
      }
    } else {
      const bool renamed = known[i].field == KnownField::kAttribute || known[i].field == KnownField::kResource;
      field.role = known[i].field == KnownField::kResource ? FieldRole::kResource : FieldRole::kAttribute;
      field.name = renamed ? std::string(known[i].name) : member.name;
      if (known[i].type != ValueType::kString && member.kind == JsonKind::kString) field.type = known[i].type;
    }
    analysis->fields.push_back(std::move(field));
  }
  if (body.member >= 0) {
    const JsonMember& member = members[static_cast<size_t>(body.member)];
    *message = {true, member.begin, member.end, true};
  }
}

}  // namespace whittle
