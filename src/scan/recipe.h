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
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "event/shape.h"
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
  uint16_t time_layout = 0;                        // not 0: the text must parse as this layout
  bool check_class = false;                        // the slot is a part of a token: its class must be `token_class`
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
  std::vector<std::string> gaps;  // constant bytes before slot 0, between slots, after the last: slots.size() + 1
  bool cacheable = true;

  // Writes one Span per slot (relative to the line's first byte) to `spans`, which holds shape->slot_count entries.
  bool Apply(std::string_view line, const std::vector<MaskedToken>& masked, Span* spans, RowTime* time) const;
};

// Skeleton hash → recipe. Bounded: when full it is emptied, which costs time and never changes an answer.
class RecipeCache {
 public:
  static constexpr size_t kMaxRecipes = 1 << 15;  // about 100 MB of shapes at the very worst, a few MB in practice

  const Recipe* Find(uint64_t skeleton_hash) const {
    const auto found = recipes_.find(skeleton_hash);
    return found == recipes_.end() ? nullptr : found->second.get();
  }
  void Insert(uint64_t skeleton_hash, std::shared_ptr<const Recipe> recipe) {
    if (recipes_.size() >= kMaxRecipes) recipes_.clear();
    recipes_.insert_or_assign(skeleton_hash, std::move(recipe));
  }
  size_t size() const { return recipes_.size(); }

 private:
  struct Identity {
    size_t operator()(uint64_t hash) const { return hash; }
  };
  std::unordered_map<uint64_t, std::shared_ptr<const Recipe>, Identity> recipes_;
};

}  // namespace whittle
