#include "query/template_stats.h"

#include <algorithm>
#include <unordered_map>

namespace whittle {

void SortUses(std::vector<TemplateUse>* uses) {
  std::sort(uses->begin(), uses->end(), [](const TemplateUse& a, const TemplateUse& b) {
    return a.stats.bytes != b.stats.bytes ? a.stats.bytes > b.stats.bytes : a.mined.id < b.mined.id;
  });
}

Result<std::vector<TemplateUse>> CountTemplates(const Env* env, StoreReader* reader) {
  WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, reader->Templates());
  std::unordered_map<uint32_t, ShapeStats> by_template;
  for (const SegmentFile& file : reader->segments()) {
    WHITTLE_ASSIGN_OR_RETURN(const auto segment, OpenSegment(env, file.path));
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, segment->Shapes());
    WHITTLE_ASSIGN_OR_RETURN(const std::string section, segment->LoadSection(kShapeStatsSection));
    const auto stats = DecodeShapeStats(section, shapes->size());
    if (!stats) return Status(StatusCode::kCorrupt, file.path + ": its template counts are damaged");
    for (size_t i = 0; i < shapes->size(); ++i) {
      const auto index = templates->TemplateOf(*(*shapes)[i].shape);
      if (index && (*stats)[i].records > 0) by_template[*index] += (*stats)[i];
    }
  }
  std::vector<TemplateUse> uses;
  for (const auto& [index, stats] : by_template) uses.push_back({templates->templates()[index], stats});
  SortUses(&uses);
  return uses;
}

}  // namespace whittle
