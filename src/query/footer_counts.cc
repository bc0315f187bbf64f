#include "query/footer_counts.h"

#include <algorithm>

#include "query/column_plan.h"

namespace whittle {
namespace {

// Of one segment: each is asked on its own. Segments of more are of many small files, and short to read.
constexpr size_t kMaxSources = 64;

}  // namespace

FooterCounts::FooterCounts(const Filter* filter, const VisitOptions& options, Aggregator* aggregator)
    : filter_(*filter), aggregator_(*aggregator) {
  const auto& arguments = aggregator->arguments();
  usable_ =
      !options.min_time_ns && !options.max_time_ns && aggregator->time_field() == Aggregator::kNoField &&
      aggregator->every_ns() == 0 &&
      std::all_of(arguments.begin(), arguments.end(), [](uint32_t field) { return field == Aggregator::kNoField; });
  // A message may have more lines than the one that shapes are counted by.
  for (size_t i = 0; i < filter->leaf_count(); ++i) {
    usable_ = usable_ && !ReadsText(filter->leaf(i));
  }
}

// What the shapes of a segment say, the same for all of its sources; false: it takes more than shapes to tell.
bool FooterCounts::Plan(const StoreReader::SegmentShapes& segment, std::vector<ShapeAnswer>* answers) {
  const SegmentFooter& footer = segment.reader->footer();
  if (HasWeights(*segment.reader) || footer.sources.size() > kMaxSources) return false;
  for (size_t k = 0; k < footer.sources.size(); ++k) {
    ColumnPlan plan(*segment.shapes, footer.column_count, *segment.plans, &footer.sources[k], filter_, &aggregator_);
    for (uint32_t s = 0; s < segment.shapes->size(); ++s) {
      if ((*segment.stats)[s].records == 0) continue;
      if (!plan.MakeShape(s) || !plan.shape(s).decided) return false;
      ShapeAnswer answer{plan.shape(s).decision, {}};
      for (const GroupKeyPlan& group : plan.shape(s).groups) {
        if (group.kind != GroupKeyPlan::Kind::kConstant) return false;
        answer.groups.push_back(group.id);
      }
      if (k == 0) {
        (*answers)[s] = std::move(answer);
      } else if (answer.matches != (*answers)[s].matches || answer.groups != (*answers)[s].groups) {
        return false;
      }
    }
  }
  return true;
}

Result<std::optional<StoreReader::RunCounts>> FooterCounts::Count(const StoreReader::SegmentShapes& segment) {
  using Nothing = std::optional<StoreReader::RunCounts>;
  std::vector<ShapeAnswer> answers(segment.shapes->size());
  usable_ = usable_ && Plan(segment, &answers);
  if (!usable_) return Nothing();
  StoreReader::RunCounts counts;
  for (uint32_t s = 0; s < answers.size(); ++s) {
    const uint64_t records = (*segment.stats)[s].records;
    if (records == 0) continue;
    counts.records += records;
    if (!answers[s].matches) continue;
    counts.matched += records;
    answers[s].groups.resize(std::max<size_t>(answers[s].groups.size(), 1));
    WHITTLE_ASSIGN_OR_RETURN(const uint32_t group, aggregator_.GroupOf(answers[s].groups.data()));
    for (size_t call = 0; call < aggregator_.arguments().size(); ++call) aggregator_.AddEvents(group, call, records);
  }
  return Nothing(counts);
}

}  // namespace whittle
