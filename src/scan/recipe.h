// Recipe: what a known skeleton compiles to. Applying a recipe to a line yields the slot spans of its Shape without
// parsing anything, or refuses: then the caller takes the slow path (analyse, BuildShape). A recipe that applies gives
// exactly the shape and spans the slow path would give; a property test holds the two against each other.
//
// Recipes are immutable and shared freely; RecipeCache belongs to one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "event/shape.h"
#include "scan/time_series.h"
#include "scan/tokenizer.h"

namespace whittle {

// A byte position in a line, relative to its masked tokens.
struct Edge {
  enum class Base : uint8_t {
    kLineBegin,   // delta bytes after the beginning
    kTokenBegin,  // of masked token `token`
    kTokenEnd,    // delta bytes after the end of masked token `token`
    kBeforeChar,  // inside the token: before the `ordinal`-th (from 0) occurrence of `character`
    kAfterChar,   // ... after it
    kTransition,  // at the `ordinal`-th change between digits and other bytes
  };
  Base base = Base::kLineBegin;
  char character = 0;
  uint16_t token = 0;
  uint16_t ordinal = 0;
  int32_t delta = 0;
};

struct SlotRule {
  Edge begin;
  Edge end;
  uint16_t time_layout = 0;  // not 0: the text must parse as this layout
  uint16_t literal = 0;      // not 0: the text must be that of Recipe::literals, counted from 1
  bool no_time = false;      // the text must not be a time as a whole
  bool check_class = false;  // the slot is a part of a token: its class must be `token_class`
  TokenClass token_class = TokenClass::kMixed;
};

// The time read from the shape's timestamp slot while its guard was checked. flags are Row::Flags.
struct RowTime {
  int64_t local_time_ns = 0;
  uint8_t flags = 0;
};

struct Recipe {
  std::shared_ptr<const Shape> shape;
  std::vector<SlotRule> slots;
  std::vector<std::string> gaps;      // constant bytes before slot 0, between slots, after the last: slots.size() + 1
  std::vector<std::string> literals;  // what some slots must be: the analysis hung on it
  bool cacheable = true;

  // About the memory it takes, its shape included.
  size_t MemoryBytes() const {
    return sizeof(Recipe) + sizeof(Shape) + slots.size() * sizeof(SlotRule) +
           (gaps.size() + literals.size()) * sizeof(std::string) + shape->pieces.size() * sizeof(Piece) +
           shape->fields.size() * sizeof(Field);
  }

  // Writes one Span per slot (relative to the line's first byte) to `spans`, which holds shape->slot_count entries.
  bool Apply(std::string_view line, const std::vector<MaskedToken>& masked, TimeReader* times, Span* spans,
             RowTime* time) const;
};

// Skeleton hash → recipes, open addressing. A skeleton may have several: what its masked tokens are made of decides
// which shape a line has, and the guards of a recipe say whether it is this one. Bounded: when full it is emptied,
// which costs time and never changes an answer.
class RecipeCache {
 public:
  static constexpr size_t kMaxRecipes = 1 << 15;
  static constexpr size_t kMaxBytes = size_t{12} << 20;  // of recipes and their shapes; a few MB in practice
  // Of one skeleton. With more than this, trying them all costs more than an analysis; a new one takes a place.
  static constexpr uint32_t kMaxAlternatives = 8;

  struct Entry {
    uint64_t skeleton_hash = 0;
    std::shared_ptr<const Recipe> recipe;  // null: the entry is free
    // For the caller: the index of the shape in the batch of this number, so that a hit costs no second look-up.
    uint64_t batch = UINT64_MAX;
    uint32_t batch_shape = 0;
  };

  RecipeCache() : entries_(kFirstCapacity) {}

  // The first recipe of a skeleton, and the next one after `entry`. Valid until the next Insert; null when there is
  // none.
  Entry* Find(uint64_t skeleton_hash) { return FindFrom(skeleton_hash & (entries_.size() - 1), skeleton_hash); }
  Entry* Next(const Entry* entry) {
    const auto index = static_cast<size_t>(entry - entries_.data());
    return FindFrom((index + 1) & (entries_.size() - 1), entry->skeleton_hash);
  }
  Entry* Insert(uint64_t skeleton_hash, std::shared_ptr<const Recipe> recipe);
  size_t size() const { return size_; }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kFirstCapacity = 1024;  // powers of two
  Entry* FindFrom(size_t i, uint64_t skeleton_hash) {
    for (;; i = (i + 1) & (entries_.size() - 1)) {
      Entry& entry = entries_[i];
      if (entry.recipe == nullptr) return nullptr;
      if (entry.skeleton_hash == skeleton_hash) return &entry;
    }
  }
  Entry* FreeSlot(uint64_t skeleton_hash);
  std::vector<Entry> entries_;
  size_t size_ = 0;
  size_t bytes_ = 0;
  uint32_t next_victim_ = 0;
};

}  // namespace whittle
