// TemplateStats: how much of a store each template is: `whittle templates` and the report after an ingest. Plain
// values.
#pragma once

#include <vector>

#include <whittle/status.h>

#include "event/shape_stats.h"
#include "event/template.h"
#include "query/store_reader.h"

namespace whittle {

struct TemplateUse {
  Template mined;
  ShapeStats stats;  // summed over its shapes in all segments
};

// Largest in bytes first, then by id.
void SortUses(std::vector<TemplateUse>* uses);

// Reads footers only. One entry per template that is the template of some record's first line, sorted.
Result<std::vector<TemplateUse>> CountTemplates(const Env* env, StoreReader* reader);

}  // namespace whittle
