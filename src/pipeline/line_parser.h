// LineParser: framed lines in, shapes and slot spans out. The hot path of whittle: scan, look the skeleton up, replay
// its recipe; only a skeleton that is new or a guard that fails is analysed.
//
// One LineParser per worker (it owns the worker's recipe cache); the options are shared and must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "event/batch.h"
#include "parse/line_analyzer.h"
#include "parse/scrub.h"
#include "scan/recipe.h"
#include "scan/tokenizer.h"

namespace whittle {

struct LineParserStats {
  uint64_t lines = 0;
  uint64_t recipe_hits = 0;
  uint64_t analysed = 0;   // took the slow path
  uint64_t raw_lines = 0;  // exceeded a limit: went to the raw lane
};

// How lines become events; shared by all workers, immutable.
struct ParsingOptions {
  const LineAnalyzer* analyzer = nullptr;
  std::vector<std::shared_ptr<const Scrubber>> scrubbers;  // applied in this order before anything else sees a line
  bool use_recipe_cache = true;
};

class LineParser {
 public:
  explicit LineParser(const ParsingOptions* options) : options_(options), analyzer_(options->analyzer) {}

  // Same rows whatever was parsed before: the cache is for speed only.
  EventBatch Parse(const LineBatch& source_lines);

  const LineParserStats& stats() const { return stats_; }

 private:
  void ParseLine(const Line& line, EventBatch* batch);
  bool TryCache(std::string_view text, uint64_t key, EventBatch* batch, Row* row);
  bool Analyse(std::string_view text, bool continuation, uint64_t key, EventBatch* batch, Row* row);
  void MakeRaw(std::string_view text, EventBatch* batch, Row* row);
  uint32_t ShapeIndex(const std::shared_ptr<const Shape>& shape, EventBatch* batch);
  bool Emit(const Recipe& recipe, std::string_view text, EventBatch* batch, Row* row);

  const ParsingOptions* options_;
  const LineAnalyzer* analyzer_;
  Tokenizer tokenizer_;
  RecipeCache cache_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> batch_shapes_;  // shape id → index, for the batch at hand
  LineParserStats stats_;
};

}  // namespace whittle
