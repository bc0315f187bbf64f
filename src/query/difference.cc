#include "query/difference.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/hash.h"
#include "event/severity.h"
#include "query/accumulator.h"
#include "query/result_table.h"

namespace whittle {
namespace {

constexpr int kErrorSeverity = 17;
// A value that fewer events than this have on both sides together cannot be told from chance.
constexpr double kMinEvents = 3;
// More values than this of a number, and its ranges are compared instead.
constexpr double kManyNumbers = 64;
// Values of one field that are named: after them the field is known.
constexpr size_t kMaxPerField = 3;
constexpr size_t kMaxValueBytes = 256;

std::string QuoteName(const std::string& name) {
  const bool plain = !name.empty() &&
                     name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_.") == std::string::npos &&
                     !(name[0] >= '0' && name[0] <= '9') && name[0] != '.';
  return plain ? name : "`" + name + "`";
}

std::string QuoteValue(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.push_back('\\');
    if (byte < 0x20 || byte == 0x7f) {
      out.append("\\x").push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

// A number that names something instead of measuring it: its ranges mean nothing.
bool NamesSomething(std::string_view field) {
  const size_t separator = field.find_last_of("._-");
  const std::string_view last = separator == std::string_view::npos ? field : field.substr(separator + 1);
  return last == "id" || last == "pid" || last == "tid" || last == "uid" || last == "gid" || last == "port";
}

std::optional<Amount> TypedAmount(const whittle::Value& value) {
  return value.type == ValueType::kString || value.type == ValueType::kTimestamp ? std::nullopt : AmountOf(value);
}

std::string EdgeText(double edge, ValueType unit) {
  if (unit == ValueType::kDuration) return std::to_string(static_cast<int64_t>(edge)) + "ns";
  if (unit == ValueType::kSize) return std::to_string(static_cast<int64_t>(edge)) + "B";
  Value value;
  value.type = edge == std::floor(edge) ? ValueType::kInt64 : ValueType::kDouble;
  value.integer = static_cast<int64_t>(edge);
  value.real = edge;
  return TextForPrograms(value);
}

}  // namespace

struct EventComparison::Seen {
  struct One {
    std::string text, query;
    uint64_t hash = 0;
    std::optional<Amount> amount;
  };
  std::map<std::string, std::map<std::string, One>> fields;
  bool error = false;

  void Note(const std::string& name, std::string_view text, const std::string& query,
            const std::optional<Amount>& amount = std::nullopt) {
    auto& values = fields[name];
    std::string key(text.substr(0, kMaxValueBytes));
    if (values.contains(key)) return;
    values.emplace(key, One{key, query, DistinctCounter::HashOf(text), amount});
  }
};

void EventComparison::Collect(const Event& event, Seen* seen) const {
  const auto wanted = [this](const std::string& name) {
    return std::find(left_out_.begin(), left_out_.end(), name) == left_out_.end();
  };
  seen->error |= event.severity_number >= kErrorSeverity;
  if (event.severity_number != 0 && wanted("severity")) {
    const std::string name(SeverityName(event.severity_number));
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(c - 'A' + 'a');
    seen->Note("severity", name, "severity = " + lower);
  }
  if (event.template_id != 0 && wanted("template"))
    seen->Note("template", event.template_text, "template_id = " + ToHex(event.template_id));
  if (!event.source_name.empty() && wanted("source"))
    seen->Note("source", event.source_name, "source = " + QuoteValue(event.source_name));
  for (const auto* list : {&event.attributes, &event.resource}) {
    for (const Attribute& attribute : *list) {
      if (!wanted(attribute.name)) continue;
      seen->Note(attribute.name, attribute.value.text,
                 QuoteName(attribute.name) + " = " + QuoteValue(attribute.value.text), TypedAmount(attribute.value));
    }
  }
}

bool EventComparison::First(std::optional<uint64_t> unit, uint64_t what) {
  return !unit || said_.insert((*unit + what) * 0x9E3779B97F4A7C15ULL ^ what).second;
}

void EventComparison::AddSeen(Side side, const Seen& seen, double weight, std::optional<uint64_t> unit) {
  const auto s = static_cast<size_t>(side);
  if (First(unit, 1)) {
    totals_[s].weight += weight;
    totals_[s].squares += weight * weight;
  }
  if (seen.error && First(unit, 2)) errors_[s] += weight;
  for (const auto& [name, values] : seen.fields) {
    auto found = fields_.find(name);
    if (found == fields_.end()) {
      if (fields_.size() == kMaxComparedFields) continue;
      found = fields_.try_emplace(name).first;
    }
    Field& field = found->second;
    const uint64_t name_hash = DistinctCounter::HashOf(name);
    if (First(unit, name_hash)) field.weight[s] += weight;
    ++field.events;
    std::set<int> ranges;
    for (const auto& [key, one] : values) {
      if (!First(unit, name_hash ^ one.hash)) continue;
      field.distinct.AddHash(one.hash);
      if (one.amount && one.amount->value > 0) ranges.insert(std::ilogb(static_cast<double>(one.amount->value)));
      auto value = field.values.find(key);
      if (value == field.values.end()) {
        if (field.values.size() == kMaxComparedValues || bytes_ > kMaxComparedBytes) continue;
        value = field.values.try_emplace(key).first;
        value->second.query = one.query;
        bytes_ += 2 * key.size() + one.query.size() + sizeof(Value) + 64;
      }
      value->second.weight[s] += weight;
    }
    for (const int range : ranges) {
      if (!First(unit, name_hash + static_cast<uint64_t>(range) + 3000)) continue;
      Value& value = field.ranges[range];
      value.weight[s] += weight;
      if (!value.query.empty()) continue;
      const ValueType amount_unit =
          values.begin()->second.amount ? values.begin()->second.amount->unit : ValueType::kDouble;
      const double low = std::ldexp(1.0, range), high = std::ldexp(1.0, range + 1);
      value.query = QuoteName(name) + " >= " + EdgeText(low, amount_unit) + " and " + QuoteName(name) + " < " +
                    EdgeText(high, amount_unit);
      if (field.unit.empty()) field.unit = std::string(ValueTypeName(amount_unit));
    }
  }
}

void EventComparison::Add(Side side, const Event& event, double weight) {
  Seen seen;
  Collect(event, &seen);
  AddSeen(side, seen, weight, std::nullopt);
}

bool EventComparison::AddPart(Side side, uint64_t unit, const Event& event, double weight) {
  Seen seen;
  Collect(event, &seen);
  AddSeen(side, seen, weight, unit);
  return said_.size() <= kMaxUnitValues;
}

ShareOf EventComparison::Effective(Side side, double weight) const {
  const Total& total = totals_[static_cast<size_t>(side)];
  if (total.weight <= 0) return {};
  const double effective = total.weight * total.weight / total.squares;
  return {std::clamp(weight / total.weight, 0.0, 1.0) * effective, effective};
}

FoundDifference EventComparison::Make(const std::string& name, const std::string& value, const double* weight) const {
  FoundDifference found;
  found.field = name;
  found.value = value;
  found.bad_events = weight[0];
  found.base_events = weight[1];
  found.bad = Effective(Side::kBad, weight[0]);
  found.base = Effective(Side::kBase, weight[1]);
  found.p = DifferenceP(found.bad, found.base);
  const ShareInterval interval = DifferenceInterval(found.bad, found.base);
  found.score = std::max({interval.low, -interval.high, 0.0});
  return found;
}

void EventComparison::Weigh(const std::string& name, const Field& field, std::vector<FoundDifference>* all) const {
  using Kind = FoundDifference::Kind;
  const double present[2] = {field.weight[0], field.weight[1]};
  const double missing[2] = {std::max(totals_[0].weight - present[0], 0.0),
                             std::max(totals_[1].weight - present[1], 0.0)};
  if (missing[0] + missing[1] > 0) {
    all->push_back(Make(name, "(missing)", missing));
    all->back().kind = Kind::kMissing;
    all->back().query = "not exists " + QuoteName(name);
  }
  const double distinct = field.distinct.Estimate();
  const bool measures = !field.ranges.empty() && !NamesSomething(name);
  if (distinct > 20 && 2 * distinct > static_cast<double>(field.events) && !measures) return;
  if (measures && distinct > kManyNumbers) {
    for (const auto& [power, value] : field.ranges) {
      const ValueType unit = field.unit == "duration" ? ValueType::kDuration
                             : field.unit == "size"   ? ValueType::kSize
                                                      : ValueType::kDouble;
      const std::string range = FormatAmountForPeople(std::ldexp(1.0, power), unit) + ".." +
                                FormatAmountForPeople(std::ldexp(1.0, power + 1), unit);
      all->push_back(Make(name, range, value.weight));
      all->back().kind = Kind::kRange;
      all->back().query = value.query;
    }
    return;
  }
  // Where there are two possibilities, both are one question: the one that is more frequent in bad is asked.
  const bool two = field.values.size() == 2 && missing[0] + missing[1] <= 0;
  for (const auto& [text, value] : field.values) {
    if (value.weight[0] + value.weight[1] < kMinEvents) continue;
    if (two && value.weight[0] * totals_[1].weight < value.weight[1] * totals_[0].weight) continue;
    all->push_back(Make(name, text, value.weight));
    all->back().query = value.query;
    if (name != "template" || !templates_are_new_) continue;
    if (value.weight[1] == 0) all->back().kind = Kind::kNewTemplate;
    if (value.weight[0] == 0) all->back().kind = Kind::kVanishedTemplate;
  }
}

std::vector<FoundDifference> EventComparison::Find() const {
  using Kind = FoundDifference::Kind;
  std::vector<FoundDifference> all;
  for (const auto& [name, field] : fields_) Weigh(name, field, &all);
  std::vector<double> p;
  for (const FoundDifference& one : all) p.push_back(one.p);
  const std::vector<bool> significant = ControlFalseDiscoveries(p, kFalseDiscoveryRate);
  std::vector<FoundDifference> found;
  for (size_t i = 0; i < all.size(); ++i) {
    if (significant[i]) found.push_back(std::move(all[i]));
  }
  // A template that only one side has, where the sides are told apart by what events say, is that saying once more.
  const auto place = [&](const FoundDifference& one) {
    if (one.kind == Kind::kNewTemplate || one.kind == Kind::kVanishedTemplate) return 0;
    return one.field == "template" && (one.bad.hits == 0 || one.base.hits == 0) ? 2 : 1;
  };
  std::sort(found.begin(), found.end(), [&](const FoundDifference& a, const FoundDifference& b) {
    if (place(a) != place(b)) return place(a) < place(b);
    if (a.score != b.score) return a.score > b.score;
    return std::pair(a.field, a.value) < std::pair(b.field, b.value);
  });
  // Of a field with two values one says what the other does: the one that is more frequent in bad.
  std::unordered_map<std::string, std::pair<size_t, bool>> named;
  std::vector<FoundDifference> kept;
  for (FoundDifference& one : found) {
    const bool more_in_bad = one.bad.share() > one.base.share();
    if (one.field == "template") {
      kept.push_back(std::move(one));
      continue;
    }
    const auto [seen, is_new] = named.try_emplace(one.field, 0, more_in_bad);
    if (!is_new && (seen->second.second != more_in_bad || seen->second.first >= kMaxPerField)) {
      // The mirror image; take the side that is in bad.
      if (seen->second.first == 1 && more_in_bad && !seen->second.second) {
        const auto earlier =
            std::find_if(kept.begin(), kept.end(), [&](const FoundDifference& k) { return k.field == one.field; });
        *earlier = std::move(one);
        seen->second.second = true;
      }
      continue;
    }
    ++seen->second.first;
    kept.push_back(std::move(one));
  }
  return kept;
}

}  // namespace whittle
