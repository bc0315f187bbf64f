// From one line and what parse/ said about it to the line's Shape and Recipe: the slow path, taken once per skeleton.
// Pure functions; results own everything.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "event/shape.h"
#include "scan/recipe.h"
#include "scan/tokenizer.h"

namespace whittle {

// `tokens` has just scanned the same line. Fields with a time layout, and fields of several tokens that are one
// value (no blank in it, or quoted and found by a pattern), become one slot, however many tokens they span; other
// masked tokens are slots of their own, cut where a field begins or ends inside one. Fields that would cut a timestamp
// are dropped. recipe.cacheable is false when the analysis says so or an edge has no description that would hold for
// other lines. Null when the line has more than kMaxPieces pieces: it belongs to the raw lane.
std::shared_ptr<const Recipe> BuildRecipe(std::string_view line, const Tokenizer& tokens, const LineAnalysis& analysis,
                                          bool continuation);

// The shape of the raw lane: one slot that is the whole line, nothing known about it.
std::shared_ptr<const Shape> RawShape();

}  // namespace whittle
