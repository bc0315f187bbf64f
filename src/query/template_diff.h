// What changed between two sets of events, template by template: new, gone, more, less. Plain values; pure functions
// but for CountEvents, which reads.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "event/template.h"
#include "expr/filter.h"
#include "query/store_reader.h"

namespace whittle {

// Events by index into TemplateSet::templates(), each counted as the number it stands for when it was sampled.
using TemplateCounts = std::unordered_map<uint32_t, double>;

// Counts the events that match, in the segments that are wanted.
Result<TemplateCounts> CountEvents(StoreReader* reader, const Filter* filter,
                                   const std::function<bool(size_t segment)>& wants_segment);

struct TemplateChange {
  enum class Kind : uint8_t { kNew, kGone, kMore, kLess, kSame };
  Kind kind = Kind::kSame;
  uint32_t template_index = 0;
  double before = 0, after = 0;              // events
  double before_share = 0, after_share = 0;  // of all events on that side
  double evidence = 0;                       // G of the two counts against the totals (Sokal and Rohlf, chapter 17)
};

std::string_view ChangeName(TemplateChange::Kind kind);

// A share that changed by less than this factor is the same whatever the evidence: with enough events any two weeks
// differ by something.
inline constexpr double kLeastChange = 1.25;
// How often, at most, a change is reported somewhere in the list when nothing changed at all (Bonferroni).
inline constexpr double kFalseAlarms = 0.01;

// One entry per template of either side: new ones first, then gone ones, then changed ones, then the rest; those with
// the most evidence first. A template seen on one side only is new or gone however seldom it is.
std::vector<TemplateChange> CompareTemplates(const TemplateCounts& before, const TemplateCounts& after);

}  // namespace whittle
