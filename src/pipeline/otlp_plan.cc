#include "pipeline/otlp_plan.h"

#include <algorithm>

#include "env/user_directories.h"

namespace whittle {
namespace {

constexpr uint64_t kMaxTokenBytes = 64 * 1024;
constexpr std::string_view kLogsPath = "/v1/logs";

Result<std::string> Token(const Env* env, const OtlpSinkConfig& config) {
  if (!config.token_env.empty()) {
    std::string token = EnvironmentVariable(config.token_env);
    if (!token.empty()) return token;
    return Status(StatusCode::kConfig,
                  "otlp: the environment variable " + config.token_env + ", which 'token_env' names, is not set");
  }
  WHITTLE_ASSIGN_OR_RETURN(std::string token, ReadFile(env->files, config.token_file, kMaxTokenBytes));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.empty()) return Status(StatusCode::kConfig, config.token_file + ": holds no token");
  return token;
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

Result<OtlpTarget> ParseOtlpEndpoint(const std::string& endpoint) {
  const auto wrong = [&] {
    return Status(StatusCode::kConfig,
                  "'" + endpoint + "' is no URL of a collector; write one such as http://127.0.0.1:4318");
  };
  const size_t scheme = endpoint.starts_with("http://") ? 7 : endpoint.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return wrong();
  const size_t slash = std::min(endpoint.find('/', scheme), endpoint.size());
  OtlpTarget target{endpoint.substr(0, slash), endpoint.substr(slash)};
  const std::string_view host = std::string_view(target.server).substr(scheme);
  const bool plain = std::all_of(endpoint.begin(), endpoint.end(), [](char c) { return c > ' ' && c < 127; });
  if (host.empty() || host.front() == ':' || !plain || endpoint.find_first_of("@?#") != std::string::npos)
    return wrong();
  while (target.path.ends_with('/')) target.path.pop_back();
  if (!target.path.ends_with(kLogsPath)) target.path += kLogsPath;
  return target;
}

Status CheckOtlpHeader(const std::string& name, const std::string& value) {
  if (!IsHeaderName(name)) return Status(StatusCode::kConfig, "'" + name + "' is no name of a header");
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 127; });
  if (!plain) return Status(StatusCode::kConfig, "'" + name + "' has a value with bytes that no header may have");
  const std::string lower = LowerCase(name);
  for (const char* own : {"content-type", "content-encoding", "content-length", "host", "transfer-encoding"}) {
    if (lower == own) return Status(StatusCode::kConfig, "'" + name + "' is set by whittle itself");
  }
  for (const char* secret : {"authorization", "token", "secret", "api-key", "apikey", "password"}) {
    if (lower.find(secret) == std::string::npos) continue;
    return Status(StatusCode::kConfig, "'" + name +
                                           "' is a secret, and secrets do not stand in a configuration; "
                                           "'token_file' and 'token_header' send one from a file");
  }
  return Status::Ok();
}

Result<OtlpSinkPlan> MakeOtlpSinkPlan(const Env* env, const OtlpSinkConfig& config) {
  OtlpSinkPlan plan;
  WHITTLE_ASSIGN_OR_RETURN(plan.target, ParseOtlpEndpoint(config.endpoint));
  plan.headers = config.headers;
  if (!config.token_file.empty() || !config.token_env.empty()) {
    WHITTLE_ASSIGN_OR_RETURN(const std::string token, Token(env, config));
    const bool bearer = LowerCase(config.token_header) == "authorization" && token.find(' ') == std::string::npos;
    plan.headers.emplace_back(config.token_header, (bearer ? "Bearer " : "") + token);
  }
  plan.gzip = config.gzip;
  plan.timeout_ns = config.timeout_ns;
  plan.ca_file = config.ca_file;
  plan.cert_file = config.cert_file;
  plan.key_file = config.key_file;
  return plan;
}

}  // namespace whittle
