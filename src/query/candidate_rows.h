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

struct CandidateRows {
  std::vector<uint32_t> rows;  // ascending
  std::vector<bool> certain;   // per row: it has the word, standing on its own as PhrasePattern understands it
};

// Every row that has `word` (IsFilterWord; in any case) is among them. Nothing: any row may have it.
Result<std::optional<CandidateRows>> FindCandidateRows(const SegmentRows& rows, const SegmentFilter& filter,
                                                       std::string_view word);

}  // namespace whittle
