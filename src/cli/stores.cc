#include "cli/stores.h"

#include <algorithm>

#include "catalog/store_layout.h"
#include "source/glob.h"

namespace whittle {
namespace {

// Directories below a glob's root that are looked into: stores do not stand deeper, and links could go round.
constexpr int kMaxGlobDepth = 8;

void FindStores(const Env* env, const std::string& pattern, const std::string& directory, int depth,
                std::vector<std::string>* found) {
  const auto entries = env->files->List(directory);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.type != FileType::kDirectory && entry.type != FileType::kSymlink) continue;
    const std::string path = directory == "." ? entry.name : JoinPath(directory, entry.name);
    if (GlobMatches(pattern, path) && CheckStore(env, path).ok()) {
      found->push_back(path);
    } else if (depth < kMaxGlobDepth && entry.type == FileType::kDirectory) {
      FindStores(env, pattern, path, depth + 1, found);
    }
  }
}

}  // namespace

Result<std::vector<std::string>> ExpandStores(const Env* env, const std::vector<std::string>& given) {
  std::vector<std::string> stores;
  const auto add = [&stores](const std::string& path) {
    if (std::find(stores.begin(), stores.end(), path) == stores.end()) stores.push_back(path);
  };
  for (const std::string& one : given) {
    if (!IsGlob(one) || env->files->Stat(one).ok()) {
      add(one);
      continue;
    }
    std::string pattern = one;
    while (pattern.size() > 1 && pattern.ends_with('/')) pattern.pop_back();
    if (pattern.starts_with("./")) pattern.erase(0, 2);
    std::vector<std::string> found;
    FindStores(env, pattern, GlobRoot(pattern), 0, &found);
    if (found.empty()) return Status(StatusCode::kUsage, one + ": matches no store");
    std::sort(found.begin(), found.end());
    for (const std::string& path : found) add(path);
  }
  return stores;
}

Result<std::vector<std::string>> StoresOf(const Env* env, const ParsedFlags& flags) {
  return ExpandStores(env, flags.All("store"));
}

}  // namespace whittle
