#include "pipeline/metrics_client.h"

#include <cstdlib>

#include "pipeline/http_library.h"
#include "pipeline/metrics_server.h"

namespace whittle {
namespace {

constexpr time_t kAnswerTimeout_s = 5;
// A page is below 200 kB with all the series it may have.
constexpr size_t kMaxPageBytes = size_t{4} << 20;

// The labels of "name{a=\"b\",c=\"d\"} 1"; `*at` stands behind the brace and ends behind the other one.
bool ParseLabels(std::string_view line, size_t* at, std::map<std::string, std::string>* labels) {
  while (*at < line.size() && line[*at] != '}') {
    const size_t equals = line.find("=\"", *at);
    if (equals == std::string_view::npos) return false;
    const std::string name(line.substr(*at, equals - *at));
    std::string value;
    size_t i = equals + 2;
    for (; i < line.size() && line[i] != '"'; ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) {
        ++i;
        value += line[i] == 'n' ? '\n' : line[i];
      } else {
        value += line[i];
      }
    }
    if (i >= line.size()) return false;
    (*labels)[name] = std::move(value);
    *at = i + 1;
    if (*at < line.size() && line[*at] == ',') ++*at;
  }
  return (*at)++ < line.size();
}

Result<std::string> Get(httplib::Client* client, const std::string& address, const char* path) {
  std::string body;
  const auto answer = client->Get(path, [&](const char* data, size_t size) {
    body.append(data, size);
    return body.size() <= kMaxPageBytes;
  });
  if (answer) return body;
  return Status(StatusCode::kIo, address + ": no whittle answers there; is it running with --metrics?");
}

}  // namespace

MetricSamples ParseMetrics(std::string_view text) {
  MetricSamples samples;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    size_t at = line.find_first_of("{ ");
    if (at == std::string_view::npos) continue;
    const std::string name(line.substr(0, at));
    MetricSample sample;
    if (line[at++] == '{' && !ParseLabels(line, &at, &sample.labels)) continue;
    sample.value = std::strtod(std::string(line.substr(std::min(at, line.size()))).c_str(), nullptr);
    samples[name].push_back(std::move(sample));
  }
  return samples;
}

double MetricValue(const MetricSamples& samples, const std::string& name) {
  const auto found = samples.find(name);
  return found == samples.end() ? 0 : found->second.front().value;
}

Result<DaemonView> FetchMetrics(const std::string& address) {
  std::string host;
  int port = 0;
  WHITTLE_RETURN_IF_ERROR(SplitMetricsAddress(address, &host, &port));
  WHITTLE_RETURN_IF_ERROR(LoadHttpLibrary());
  httplib::Client client(host, port);
  client.set_connection_timeout(kAnswerTimeout_s);
  client.set_read_timeout(kAnswerTimeout_s);
  DaemonView view;
  WHITTLE_ASSIGN_OR_RETURN(const std::string page, Get(&client, address, "/metrics"));
  view.samples = ParseMetrics(page);
  if (!view.samples.contains("whittle_up")) {
    return Status(StatusCode::kIo, address + ": something answers there, but it is no whittle");
  }
  WHITTLE_ASSIGN_OR_RETURN(std::string health, Get(&client, address, "/healthz"));
  while (health.ends_with('\n')) health.pop_back();
  if (health != "ok") view.trouble = std::move(health);
  return view;
}

}  // namespace whittle
