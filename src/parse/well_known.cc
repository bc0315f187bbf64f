#include "parse/well_known.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace whittle {
namespace {

constexpr KnownField kT = KnownField::kTimestamp, kS = KnownField::kSeverity, kM = KnownField::kMessage;
constexpr KnownField kA = KnownField::kAttribute, kR = KnownField::kResource;

struct Entry {
  std::string_view key;  // lower case, '_' and '-' removed
  WellKnown known;
};

// Loggers behind the spellings: zap, logrus, bunyan, pino, winston, Serilog (@t, @m, @l, @x), log4j JSON, logstash,
// ECS, GELF, Google Cloud Logging, structlog, python-json-logger, Fluentd's Kubernetes filter, OpenTelemetry.
constexpr Entry kEntries[] = {
    {"@timestamp", {kT, {}, {}, 0}},
    {"timestamp", {kT, {}, {}, 1}},
    {"t.$date", {kT, {}, {}, 0}},
    {"time", {kT, {}, {}, 2}},
    {"ts", {kT, {}, {}, 3}},
    {"@t", {kT, {}, {}, 0}},
    {"datetime", {kT, {}, {}, 4}},
    {"asctime", {kT, {}, {}, 4}},
    {"eventtime", {kT, {}, {}, 4}},
    {"logtime", {kT, {}, {}, 5}},
    {"timeiso8601", {kT, {}, {}, 4}},
    {"timelocal", {kT, {}, {}, 4}},
    {"date", {kT, {}, {}, 6}},
    {"t", {kT, {}, {}, 7}},
    {"timeunixnano", {kT, {}, {}, 3}},
    {"instant", {kT, {}, {}, 6}},
    {"starttime", {kT, {}, {}, 8}},
    {"level", {kS, {}, {}, 0}},
    {"severity", {kS, {}, {}, 1}},
    {"lvl", {kS, {}, {}, 2}},
    {"log.level", {kS, {}, {}, 0}},
    {"loglevel", {kS, {}, {}, 2}},
    {"levelname", {kS, {}, {}, 1}},
    {"@l", {kS, {}, {}, 0}},
    {"severitytext", {kS, {}, {}, 0}},
    {"errorseverity", {kS, {}, {}, 3}},
    {"record.errorseverity", {kS, {}, {}, 6}},
    {"message", {kM, {}, {}, 0}},
    {"msg", {kM, {}, {}, 1}},
    {"@m", {kM, {}, {}, 0}},
    {"@mt", {kM, {}, {}, 2}},
    {"shortmessage", {kM, {}, {}, 1}},
    {"textpayload", {kM, {}, {}, 3}},
    {"body", {kM, {}, {}, 4}},
    {"log", {kM, {}, {}, 5}},
    {"event", {kM, {}, {}, 6}},
    {"text", {kM, {}, {}, 7}},
    {"logger", {kA, "log.logger", {}}},
    {"loggername", {kA, "log.logger", {}}},
    {"log.logger", {kA, "log.logger", {}}},
    {"sourcecontext", {kA, "log.logger", {}}},
    {"thread", {kA, "thread.name", {}}},
    {"threadname", {kA, "thread.name", {}}},
    {"process.thread.name", {kA, "thread.name", {}}},
    {"threadid", {kA, "thread.id", {}}},
    {"pid", {kA, "process.pid", {}}},
    {"processid", {kA, "process.pid", {}}},
    {"process.pid", {kA, "process.pid", {}}},
    {"hostname", {kR, "host.name", {}}},
    {"host", {kR, "host.name", {}}},
    {"host.name", {kR, "host.name", {}}},
    {"machinename", {kR, "host.name", {}}},
    {"service", {kR, "service.name", {}}},
    {"service.name", {kR, "service.name", {}}},
    {"servicename", {kR, "service.name", {}}},
    {"application", {kR, "service.name", {}}},
    {"service.version", {kR, "service.version", {}}},
    {"service.environment", {kR, "deployment.environment.name", {}}},
    {"kubernetes.namespacename", {kR, "k8s.namespace.name", {}}},
    {"kubernetes.podname", {kR, "k8s.pod.name", {}}},
    {"kubernetes.podid", {kR, "k8s.pod.uid", {}}},
    {"kubernetes.containername", {kR, "k8s.container.name", {}}},
    {"kubernetes.host", {kR, "k8s.node.name", {}}},
    {"kubernetes.containerimage", {kR, "container.image.name", {}}},
    {"stacktrace", {kA, "exception.stacktrace", {}}},
    {"@x", {kA, "exception.stacktrace", {}}},
    {"error.stacktrace", {kA, "exception.stacktrace", {}}},
    {"excinfo", {kA, "exception.stacktrace", {}}},
    {"error.message", {kA, "exception.message", {}}},
    {"error.type", {kA, "exception.type", {}}},
    {"exception.class", {kA, "exception.type", {}}},
    {"exception.exceptionclass", {kA, "exception.type", {}}},
    {"exception.exceptionmessage", {kA, "exception.message", {}}},
    {"client.ip", {kA, "client.address", ValueType::kIp}},
    {"clientip", {kA, "client.address", ValueType::kIp}},
    {"remoteip", {kA, "client.address", ValueType::kIp}},
    {"remoteaddr", {kA, "client.address", ValueType::kIp}},
    {"source.ip", {kA, "source.address", ValueType::kIp}},
    {"destination.ip", {kA, "destination.address", ValueType::kIp}},
    // nginx, Caddy and Traefik as JSON
    {"requestmethod", {kA, "http.request.method", {}}},
    {"request.method", {kA, "http.request.method", {}}},
    {"httpmethod", {kA, "http.request.method", {}}},
    {"requesturi", {kA, "url.original", {}}},
    {"request.uri", {kA, "url.original", {}}},
    {"requestpath", {kA, "url.path", {}}},
    {"request.remoteip", {kA, "client.address", ValueType::kIp}},
    {"request.clientip", {kA, "client.address", ValueType::kIp}},
    {"request.remoteport", {kA, "client.port", ValueType::kInt64}},
    {"request.host", {kA, "http.request.header.host", {}}},
    {"clienthost", {kA, "client.address", {}}},
    {"downstreamstatus", {kA, "http.response.status_code", ValueType::kInt64}},
    {"statuscode", {kA, "http.response.status_code", ValueType::kInt64}},
    {"httpstatus", {kA, "http.response.status_code", ValueType::kInt64}},
    {"bodybytessent", {kA, "http.response.body.size", ValueType::kInt64}},
    {"httpreferer", {kA, "http.request.header.referer", {}}},
    {"httpreferrer", {kA, "http.request.header.referer", {}}},
    {"http.method", {kA, "http.request.method", {}}},
    {"http.status", {kA, "http.response.status_code", ValueType::kInt64}},
    {"http.statuscode", {kA, "http.response.status_code", ValueType::kInt64}},
    {"http.url", {kA, "url.full", {}}},
    {"httpuseragent", {kA, "user_agent.original", {}}},
    {"useragent", {kA, "user_agent.original", {}}},
    {"http.useragent", {kA, "user_agent.original", {}}},
    {"log.origin.file.name", {kA, "code.file.path", {}}},
    {"log.origin.file.line", {kA, "code.line.number", {}}},
    {"log.origin.function", {kA, "code.function.name", {}}},
    {"db.statement", {kA, "db.query.text", {}}},
    {"db.system", {kA, "db.system.name", {}}},
};

using Table = std::unordered_map<std::string_view, WellKnown>;

const Table& KnownFields() {
  static const Table table = [] {
    Table t;
    for (const Entry& entry : kEntries) t.emplace(entry.key, entry.known);
    return t;
  }();
  return table;
}

}  // namespace

WellKnown LookUpField(std::string_view key) {
  if (key.size() <= 48) {
    std::string folded;
    for (const char c : key) {
      if (c == '_' || c == '-') continue;
      folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    const auto found = KnownFields().find(folded);
    if (found != KnownFields().end()) return found->second;
  }
  WellKnown unknown;
  unknown.name = key;
  return unknown;
}

bool KeyVaries(std::string_view key) {
  return std::any_of(key.begin(), key.end(), [](char c) { return (c >= '0' && c <= '9') || c == '/'; }) ||
         key.find('@', 1) != std::string_view::npos;
}

}  // namespace whittle
