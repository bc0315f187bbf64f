#include "query/template_diff.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace whittle {
namespace {

double Term(double observed, double expected) { return observed > 0 ? observed * std::log(observed / expected) : 0; }

// Likelihood ratio of a 2×2 table: this template and all others, before and after.
double Evidence(double before, double all_before, double after, double all_after) {
  const double total = all_before + all_after;
  const double share = (before + after) / total;
  const double g =
      2 * (Term(before, all_before * share) + Term(after, all_after * share) +
           Term(all_before - before, all_before * (1 - share)) + Term(all_after - after, all_after * (1 - share)));
  return std::max(0.0, g);
}

// The chance of that much evidence or more when nothing changed: chi-squared with one degree of freedom.
double Chance(double evidence) { return std::erfc(std::sqrt(evidence / 2)); }

}  // namespace

Result<TemplateCounts> CountEvents(StoreReader* reader, const Filter* filter,
                                   const std::function<bool(size_t segment)>& wants_segment) {
  WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, reader->Templates());
  TemplateCounts counts;
  VisitOptions visit;
  visit.filter = filter;
  visit.order = VisitOptions::Order::kAny;
  const std::vector<FieldRef> no_fields;
  visit.demand = {&no_fields, false};
  visit.wants_segment = wants_segment;
  WHITTLE_RETURN_IF_ERROR(reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    const auto index = templates->TemplateOf(*record->plan().shape);
    const double rate = record->sample_rate();
    if (index) counts[*index] += rate > 0 ? rate : 1;
    return true;
  }));
  return counts;
}

std::string_view ChangeName(TemplateChange::Kind kind) {
  switch (kind) {
    case TemplateChange::Kind::kNew:
      return "new";
    case TemplateChange::Kind::kGone:
      return "gone";
    case TemplateChange::Kind::kMore:
      return "more";
    case TemplateChange::Kind::kLess:
      return "less";
    case TemplateChange::Kind::kSame:
      return "same";
  }
  return "";
}

std::vector<TemplateChange> CompareTemplates(const TemplateCounts& before, const TemplateCounts& after) {
  std::unordered_map<uint32_t, TemplateChange> by_template;
  double all_before = 0;
  double all_after = 0;
  for (const auto& [index, count] : before) {
    by_template[index].before = count;
    all_before += count;
  }
  for (const auto& [index, count] : after) {
    by_template[index].after = count;
    all_after += count;
  }
  std::vector<TemplateChange> changes;
  const auto templates = static_cast<double>(by_template.size());
  for (auto& [index, change] : by_template) {
    change.template_index = index;
    change.before_share = all_before > 0 ? change.before / all_before : 0;
    change.after_share = all_after > 0 ? change.after / all_after : 0;
    if (all_before > 0 && all_after > 0) change.evidence = Evidence(change.before, all_before, change.after, all_after);
    const bool sure = Chance(change.evidence) * templates < kFalseAlarms;
    if (change.before == 0) {
      change.kind = TemplateChange::Kind::kNew;
    } else if (change.after == 0) {
      change.kind = TemplateChange::Kind::kGone;
    } else if (sure && change.after_share > change.before_share * kLeastChange) {
      change.kind = TemplateChange::Kind::kMore;
    } else if (sure && change.before_share > change.after_share * kLeastChange) {
      change.kind = TemplateChange::Kind::kLess;
    }
    changes.push_back(change);
  }
  const auto rank = [](const TemplateChange& change) {
    const int kind = change.kind == TemplateChange::Kind::kLess ? static_cast<int>(TemplateChange::Kind::kMore)
                                                                : static_cast<int>(change.kind);
    return std::tuple(kind, -change.evidence, -(change.before + change.after), change.template_index);
  };
  std::sort(changes.begin(), changes.end(),
            [&](const TemplateChange& a, const TemplateChange& b) { return rank(a) < rank(b); });
  return changes;
}

}  // namespace whittle
