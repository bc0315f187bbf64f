#include "query/store_overrides.h"

namespace whittle {

std::string StoreOverridesPath(const std::string& store) { return JoinPath(store, kStoreOverridesFile); }

Result<Overrides> ReadStoreOverrides(const Env* env, const std::string& store) {
  const std::string path = StoreOverridesPath(store);
  const auto info = env->files->Stat(path);
  // A single segment file has no directory to stand in, and that is no problem.
  if (!info.ok() || info->type != FileType::kRegular) return Overrides();
  WHITTLE_ASSIGN_OR_RETURN(const std::string text, ReadFile(env->files, path, kMaxOverrideBytes));
  return ParseOverrides(text, path);
}

}  // namespace whittle
