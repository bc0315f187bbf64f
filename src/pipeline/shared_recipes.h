// SharedRecipes: what the workers of one pipeline tell each other about skeletons, so that each is analysed once and
// not once per worker. Recipes are immutable, and one that applies to a line gives what analysing the line would give,
// so which worker found it first changes no answer.
//
// Thread-safe: one lock, taken only for lines that a worker's own cache does not know, which then cost a hundred times
// more. Bounded like a RecipeCache.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "scan/recipe.h"

namespace whittle {

class SharedRecipes {
 public:
  // The recipes known for a key of LineParser.
  std::vector<std::shared_ptr<const Recipe>> Find(uint64_t key);
  void Add(uint64_t key, std::shared_ptr<const Recipe> recipe);

 private:
  std::mutex mutex_;
  RecipeCache recipes_;
};

}  // namespace whittle
