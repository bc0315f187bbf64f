// The part of store_reader.h that answers for whole segments from what their footers say.
#include <algorithm>

#include "query/store_reader.h"

namespace whittle {

Result<ShapePlans> StoreReader::PlansOf(const std::vector<StoredShape>& shapes, bool with_templates) {
  ShapePlans plans;
  const TemplateSet* templates = nullptr;
  if (with_templates) {
    WHITTLE_ASSIGN_OR_RETURN(templates, Templates());
  }
  for (const StoredShape& stored : shapes) {
    plans.push_back(with_templates ? templates->Plan(*stored.shape) : PlanShape(stored.shape, nullptr, nullptr));
  }
  return plans;
}

// `runs[first]` is the first run of its segment; runs are in the order of segments.
Result<bool> StoreReader::OfferSegment(const VisitOptions& options, const std::vector<Run>& runs, size_t first,
                                       bool templates, const SegmentVisitor& visit_segment) {
  const SegmentFile& file = list_.segments[runs[first].segment];
  const auto has_stats = [](const SectionInfo& section) { return section.id == kShapeStatsSection; };
  if (visit_segment == nullptr || options.from_offsets != nullptr || options.order != VisitOptions::Order::kAny ||
      std::none_of(file.footer.sections.begin(), file.footer.sections.end(), has_stats)) {
    return false;
  }
  uint64_t rows = 0;
  for (size_t i = first; i < runs.size() && runs[i].segment == runs[first].segment; ++i) {
    if (runs[i].from != 0 || (i > first && runs[i].begin != 0)) return false;
    rows += runs[i].run->row_count;
  }
  if (rows != file.footer.rows) return false;  // another segment has the rest
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, file.path));
  const auto answer = [&]() -> Result<std::optional<RunCounts>> {
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader->Shapes());
    WHITTLE_ASSIGN_OR_RETURN(const std::string section, reader->LoadSection(kShapeStatsSection));
    const auto stats = DecodeShapeStats(section, shapes->size());
    if (!stats) return Status(StatusCode::kCorrupt, "its template counts are damaged");
    WHITTLE_ASSIGN_OR_RETURN(const ShapePlans plans, PlansOf(*shapes, templates));
    return visit_segment({reader.get(), shapes, &plans, &*stats});
  }();
  if (!answer.ok())
    return answer.status().code() == StatusCode::kLimit ? answer.status() : answer.status().WithContext(file.path);
  if (!*answer) return false;
  statistics_.records_read += (*answer)->records;
  statistics_.records_matched += (*answer)->matched;
  statistics_.bytes_read += reader->bytes_read();
  return true;
}

}  // namespace whittle
