#include "pipeline/secret.h"

#include "env/user_directories.h"

namespace whittle {
namespace {

constexpr uint64_t kMaxSecretBytes = 64 * 1024;

}  // namespace

Result<std::string> ReadSecret(const Env* env, const SecretPlace& place) {
  if (!place.variable.empty()) {
    std::string secret = EnvironmentVariable(place.variable);
    if (!secret.empty()) return secret;
    return Status(StatusCode::kConfig, "the environment variable " + place.variable + ", which '" +
                                           std::string(place.variable_key) + "' names, is not set");
  }
  WHITTLE_ASSIGN_OR_RETURN(std::string secret, ReadFile(env->files, place.file, kMaxSecretBytes));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!secret.empty()) return secret;
  return Status(StatusCode::kConfig, place.file + ": holds no " + std::string(place.what));
}

}  // namespace whittle
