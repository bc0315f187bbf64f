#include "pipeline/otlp_plan.h"

#include <algorithm>

#include "expr/token_stream.h"
#include "pipeline/secret.h"

namespace whittle {
namespace {

constexpr uint64_t kMaxCertificateBytes = 1 << 20;

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

Result<std::string> ReadToken(const Env* env, const OtlpSinkConfig& config) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string text,
                           ReadSecret(env, {config.token_file, config.token_env, "token_env", "token"}));
  const std::string token(Trimmed(text));
  const std::string& where = config.token_env.empty() ? config.token_file : config.token_env;
  if (token.empty()) return Status(StatusCode::kConfig, where + ": holds no token");
  if (!IsPlain(token)) return Status(StatusCode::kConfig, where + ": holds more than one line, or bytes no token has");
  return token;
}

}  // namespace

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// What the HTTP library takes apart rightly: it wants digits in an IPv6 address and in a port.
bool IsServer(std::string_view text) {
  const auto all = [](std::string_view part, std::string_view others) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [&](char c) {
      return (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
    });
  };
  constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
  const bool brackets = text.starts_with('[');
  const size_t end = brackets ? std::min(text.find(']'), text.size() - 1) + 1 : std::min(text.find(':'), text.size());
  const std::string_view host = text.substr(0, end);
  const std::string_view port = text.substr(end);
  if (brackets ? !host.ends_with(']') || !all(host.substr(1, host.size() - 2), ":") : !all(host, kNameBytes))
    return false;
  if (port.empty()) return true;
  constexpr size_t kMaxDigits = 5;
  if (port.front() != ':' || port.size() > kMaxDigits + 1 || !all(port.substr(1), "")) return false;
  const int number = std::stoi(std::string(port.substr(1)));
  return number >= 1 && number <= 65535;
}

Result<OtlpTarget> ParseOtlpEndpoint(const std::string& endpoint) {
  // What is there is not shown: it may have a password.
  const Status wrong(StatusCode::kConfig,
                     "'endpoint' is no URL of a collector; write one such as http://127.0.0.1:4318, with a name for an "
                     "IPv6 address that has letters");
  const size_t scheme = endpoint.starts_with("http://") ? 7 : endpoint.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return wrong;
  const size_t slash = std::min(endpoint.find('/', scheme), endpoint.size());
  OtlpTarget target{endpoint.substr(0, slash), endpoint.substr(slash)};
  const bool plain = IsPlain(target.path) && target.path.find_first_of(" ?#") == std::string::npos;
  if (!plain || !IsServer(std::string_view(target.server).substr(scheme))) return wrong;
  while (target.path.ends_with('/')) target.path.pop_back();
  if (!target.path.ends_with(kOtlpLogsPath)) target.path += kOtlpLogsPath;
  return target;
}

Status CheckOtlpTokenHeader(const std::string& name) {
  if (!IsHeaderName(name)) return Status(StatusCode::kConfig, "'" + name + "' is no name of a header");
  const std::string lower = LowerCase(name);
  for (const char* own : {"content-type", "content-encoding", "content-length", "host", "transfer-encoding",
                          "user-agent", "connection"}) {
    if (lower == own) return Status(StatusCode::kConfig, "'" + name + "' is set by whittle itself");
  }
  return Status::Ok();
}

Status CheckOtlpHeader(const std::string& name, const std::string& value) {
  WHITTLE_RETURN_IF_ERROR(CheckOtlpTokenHeader(name));
  if (!IsPlain(value)) {
    return Status(StatusCode::kConfig, "'" + name + "' has a value with bytes that no header may have");
  }
  const std::string lower = LowerCase(name);
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
    WHITTLE_ASSIGN_OR_RETURN(const std::string token, ReadToken(env, config));
    const bool bearer = LowerCase(config.token_header) == "authorization" && token.find(' ') == std::string::npos;
    plan.headers.emplace_back(config.token_header, (bearer ? "Bearer " : "") + token);
  }
  plan.gzip = config.gzip;
  plan.timeout_ns = config.timeout_ns;
  plan.ca_file = config.ca_file;
  plan.cert_file = config.cert_file;
  plan.key_file = config.key_file;
  if (plan.cert_file.empty() != plan.key_file.empty()) {
    return Status(StatusCode::kConfig, "otlp: 'cert_file' and 'key_file' go together");
  }
  // The HTTP library would only say later that it has no connection.
  for (const std::string* file : {&plan.ca_file, &plan.cert_file, &plan.key_file}) {
    if (file->empty()) continue;
    const auto bytes = ReadFile(env->files, *file, kMaxCertificateBytes);
    if (!bytes.ok()) return Status(StatusCode::kConfig, bytes.status().message());
  }
  return plan;
}

}  // namespace whittle
