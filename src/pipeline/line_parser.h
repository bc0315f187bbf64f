// LineParser: framed lines in, shapes and slot spans out. The hot path of whittle: scan, look the skeleton up, replay
// its recipe; only a skeleton that is new or a guard that fails is analysed.
//
// One LineParser per worker (it owns the worker's recipe cache); the options are shared and must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "parse/line_analyzer.h"
#include "parse/scrub.h"
#include "pipeline/field_rules.h"
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
  std::vector<FieldRule> field_rules;                      // applied by an Enricher per source once lines are parsed
  bool use_recipe_cache = true;
};

// Skeletons of one batch that are analysed; the lines of further ones go to the raw lane, by the hash of the skeleton.
// Real logs have some hundreds in a batch of a megabyte; with no limit, a flood of lines that are all different would
// be read at the speed of the analysis, which is a twentieth of the speed of a known skeleton.
inline constexpr size_t kMaxBatchSkeletons = 4096;

// The distinct hashes of one batch, counted up to a little beyond kMaxBatchSkeletons. Emptying it costs nothing.
class SkeletonSet {
 public:
  void Clear() {
    ++epoch_;
    size_ = 0;
  }
  void Add(uint64_t key) {
    if (size_ > kMaxBatchSkeletons) return;
    for (size_t i = key % kSlots;; i = (i + 1) % kSlots) {
      Slot& slot = slots_[i];
      if (slot.epoch != epoch_) {
        slot = {key, epoch_};
        ++size_;
        return;
      }
      if (slot.key == key) return;
    }
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kSlots = 16384;
  struct Slot {
    uint64_t key = 0;
    uint64_t epoch = 0;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(kSlots);
  uint64_t epoch_ = 0;
  size_t size_ = 0;
};

class LineParser {
 public:
  explicit LineParser(const ParsingOptions* options) : options_(options), analyzer_(options->analyzer) {}

  // Same rows whatever was parsed before: the cache is for speed only.
  EventBatch Parse(const LineBatch& source_lines);

  const LineParserStats& stats() const { return stats_; }

 private:
  static constexpr uint64_t kNoLimit = UINT64_MAX;

  // False, with the batch half done, when there turn out to be more skeletons than are analysed and no limit was set.
  bool ParseLines(const LineBatch& lines, uint64_t limit, EventBatch* batch);
  // Of the line that was just scanned: lines with the same key are analysed alike.
  uint64_t KeyOf(std::string_view text, bool record_start) const;
  uint64_t SkeletonLimit(const LineBatch& lines);
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
  uint64_t round_ = 0;  // of ParseLines; what the cache remembers of a batch is of one round
  SkeletonSet skeletons_;
  uint64_t skeleton_limit_ = kNoLimit;
  bool expect_many_ = false;  // the batch before had too many: look first; for speed only
  LineParserStats stats_;
};

}  // namespace whittle
