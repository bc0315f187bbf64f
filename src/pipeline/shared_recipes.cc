#include "pipeline/shared_recipes.h"

#include <utility>

namespace whittle {

std::vector<std::shared_ptr<const Recipe>> SharedRecipes::Find(uint64_t key) {
  std::vector<std::shared_ptr<const Recipe>> found;
  const std::lock_guard lock(mutex_);
  for (const RecipeCache::Entry* entry = recipes_.Find(key); entry != nullptr; entry = recipes_.Next(entry)) {
    found.push_back(entry->recipe);
  }
  return found;
}

void SharedRecipes::Add(uint64_t key, std::shared_ptr<const Recipe> recipe) {
  const std::lock_guard lock(mutex_);
  recipes_.Insert(key, std::move(recipe));
}

}  // namespace whittle
