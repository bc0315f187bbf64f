// Candidate rows: the rows of a segment that may contain a word, found in the columns that may hold it instead of in
// rendered lines. Pure; needs no template.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "format/segment_filter.h"
#include "query/segment_rows.h"

namespace whittle {

// Ascending; every row that has `word` (IsFilterWord; in any case) is among them. Nothing: any row may have it.
Result<std::optional<std::vector<uint32_t>>> FindCandidateRows(const SegmentRows& rows, const SegmentFilter& filter,
                                                               std::string_view word);

}  // namespace whittle
