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
#include "pipeline/shared_recipes.h"
#include "sample/policy.h"
#include "scan/recipe.h"
#include "scan/tokenizer.h"

namespace whittle {

struct LineParserStats {
  uint64_t lines = 0;
  uint64_t recipe_hits = 0;
  uint64_t analysed = 0;       // took the slow path
  uint64_t raw_lines = 0;      // exceeded a limit, or are no text: went to the raw lane
  uint64_t came_sampled = 0;   // records that brought a rate along (incoming_rates.h)
  uint64_t refused_rates = 0;  // ... or something that is none

  LineParserStats& operator+=(const LineParserStats& other) {
    lines += other.lines;
    recipe_hits += other.recipe_hits;
    analysed += other.analysed;
    raw_lines += other.raw_lines;
    came_sampled += other.came_sampled;
    refused_rates += other.refused_rates;
    return *this;
  }
};

// How lines become events; shared by all workers, immutable.
struct ParsingOptions {
  const LineAnalyzer* analyzer = nullptr;
  std::vector<std::shared_ptr<const Scrubber>> scrubbers;  // applied in this order before anything else sees a line
  std::vector<FieldRule> field_rules;                      // applied by an Enricher per source once lines are parsed
  IncomingChoice incoming;                                 // ... which also finds the rates that events bring along
  bool use_recipe_cache = true;
};

// Skeletons of one batch that are analysed, and the bytes of their lines. Real logs have some hundreds of skeletons in
// a batch of a megabyte, a tenth of its text. A batch with more is part of a flood of lines that are all different:
// read at the speed of the analysis, which is a twentieth of the speed of a known skeleton, and with shapes that take
// fifteen times the memory of their text. Of such a batch the skeletons that repeat in it are analysed, up to the same
// limits, and a few that do not; the lines of the others go to the raw lane. Which, the hashes of the skeletons decide.
inline constexpr size_t kMaxBatchSkeletons = 4096;
inline constexpr size_t kMaxBatchSkeletonBytes = 384 * 1024;
inline constexpr size_t kFloodSkeletons = 512;
inline constexpr size_t kFloodSkeletonBytes = 64 * 1024;

// The distinct hashes of one batch and the bytes of their lines, counted up to a little beyond the limits. Emptying it
// costs nothing.
class SkeletonSet {
 public:
  void Clear() {
    ++epoch_;
    size_ = 0;
    bytes_ = 0;
  }
  bool full() const { return size_ > kMaxBatchSkeletons || bytes_ > kMaxBatchSkeletonBytes; }
  void Add(uint64_t key, size_t line_bytes) {
    if (size_ > kMaxBatchSkeletons) return;
    for (size_t i = key % kSlots;; i = (i + 1) % kSlots) {
      Slot& slot = slots_[i];
      if (slot.epoch != epoch_) {
        slot = {key, epoch_};
        ++size_;
        bytes_ += line_bytes;
        return;
      }
      if (slot.key == key) return;
    }
  }

 private:
  static constexpr size_t kSlots = 16384;
  struct Slot {
    uint64_t key = 0;
    uint64_t epoch = 0;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(kSlots);
  uint64_t epoch_ = 0;
  size_t size_ = 0;
  size_t bytes_ = 0;
};

class LineParser {
 public:
  // `shared` is what other workers with the same options know too, or null; it must outlive the parser.
  explicit LineParser(const ParsingOptions* options, SharedRecipes* shared = nullptr)
      : options_(options), analyzer_(options->analyzer), shared_(shared) {}

  // Same rows whatever was parsed before: the cache is for speed only.
  EventBatch Parse(const LineBatch& source_lines);

  const LineParserStats& stats() const { return stats_; }

 private:
  // False, with the batch half done, when it may give up and there seem to be more skeletons than are analysed.
  bool ParseLines(const LineBatch& lines, bool may_give_up, EventBatch* batch);
  struct Skeleton {
    uint64_t key = 0;
    uint32_t bytes = 0;  // of its shortest line
    uint32_t line = 0;
    bool repeats = false;
  };
  // Looks at all lines: is it a flood, and which skeletons are analysed then?
  void FindAdmitted(const LineBatch& lines);
  bool ShapesDiffer(const LineBatch& lines, const std::vector<Skeleton>& skeletons);
  // Of the line that was just scanned: lines with the same key are analysed alike.
  uint64_t KeyOf(std::string_view text, bool record_start) const;
  void ParseLine(const Line& line, EventBatch* batch);
  bool TryCache(std::string_view text, uint64_t key, EventBatch* batch, Row* row);
  bool TryShared(std::string_view text, uint64_t key, EventBatch* batch, Row* row);
  bool Analyse(std::string_view text, bool continuation, uint64_t key, EventBatch* batch, Row* row);
  void MakeRaw(std::string_view text, EventBatch* batch, Row* row);
  uint32_t ShapeIndex(const std::shared_ptr<const Shape>& shape, EventBatch* batch);
  bool Emit(const Recipe& recipe, std::string_view text, Row* row);

  const ParsingOptions* options_;
  const LineAnalyzer* analyzer_;
  SharedRecipes* shared_;
  Tokenizer tokenizer_;
  TimeReader times_;
  RecipeCache cache_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> batch_shapes_;  // shape id → index, for the batch at hand
  uint64_t round_ = 0;       // of ParseLines; what the cache remembers of a batch is of one round
  std::vector<Span> slots_;  // of the batch at hand, which gets a copy of the right size: it waits for its segment
  SkeletonSet skeletons_;
  bool look_first_ = false;         // the batch before had very many skeletons; for speed only
  bool is_flood_ = false;           // the batch at hand is part of one
  std::vector<uint64_t> admitted_;  // sorted skeletons, when it is one
  LineParserStats stats_;
};

}  // namespace whittle
