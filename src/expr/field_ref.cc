#include "expr/field_ref.h"

#include <algorithm>

namespace whittle {
namespace {

struct BuiltinName {
  std::string_view name;
  Builtin builtin;
};

constexpr BuiltinName kBuiltins[] = {
    {"timestamp", Builtin::kTimestamp},
    {"@timestamp", Builtin::kTimestamp},
    {"severity", Builtin::kSeverity},
    {"level", Builtin::kSeverity},
    {"log.level", Builtin::kSeverity},
    {"severity_text", Builtin::kSeverityText},
    {"severity_number", Builtin::kSeverityNumber},
    {"body", Builtin::kBody},
    {"message", Builtin::kBody},
    {"msg", Builtin::kBody},
    {"template", Builtin::kTemplate},
    {"template_id", Builtin::kTemplateId},
    {"trace_id", Builtin::kTraceId},
    {"span_id", Builtin::kSpanId},
    {"parent_span_id", Builtin::kParentSpanId},
    {"source", Builtin::kSourceName},
    {"source.name", Builtin::kSourceName},
    {"source.offset", Builtin::kSourceOffset},
    {"source.line", Builtin::kSourceLine},
    {"sample_rate", Builtin::kSampleRate},
    {"stratum", Builtin::kStratum},
    {"raw", Builtin::kRaw},
};

struct SuffixUnit {
  std::string_view suffix;
  int64_t unit;
  bool is_time;
};

// After '_' or '.', as in request_time_ms. Nanoseconds for times, bytes for sizes.
constexpr SuffixUnit kSuffixUnits[] = {
    {"ns", 1, true},
    {"nanos", 1, true},
    {"us", 1'000, true},
    {"micros", 1'000, true},
    {"ms", 1'000'000, true},
    {"millis", 1'000'000, true},
    {"msec", 1'000'000, true},
    {"s", 1'000'000'000, true},
    {"sec", 1'000'000'000, true},
    {"secs", 1'000'000'000, true},
    {"seconds", 1'000'000'000, true},
    {"bytes", 1, false},
    {"size", 1, false},  // http.response.body.size, file.size: bytes in the semantic conventions
    {"kb", 1'000, false},
    {"kib", 1024, false},
    {"mb", 1'000'000, false},
    {"mib", 1LL << 20, false},
};

void AddUnit(std::string_view name, FieldRef* field) {
  const size_t separator = name.find_last_of("_.");
  if (separator == std::string_view::npos || separator == 0) return;
  const std::string_view suffix = name.substr(separator + 1);
  for (const SuffixUnit& unit : kSuffixUnits) {
    if (suffix != unit.suffix) continue;
    field->unit = unit.unit;
    field->unit_is_time = unit.is_time;
  }
}

void AddUnique(std::string_view name, std::vector<std::string>* names) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->emplace_back(name);
}

}  // namespace

// https://opentelemetry.io/docs/specs/semconv/ (migration guides for HTTP, network, database, code, messaging) and
// https://www.elastic.co/guide/en/ecs/current/ecs-otel-alignment-overview.html
const std::vector<FieldAlias>& FieldAliases() {
  static const std::vector<FieldAlias> aliases = {
      {"http.method", "http.request.method"},
      {"http.status_code", "http.response.status_code"},
      {"http.url", "url.full"},
      {"http.target", "url.path"},
      {"http.scheme", "url.scheme"},
      {"http.host", "server.address"},
      {"http.server_name", "server.address"},
      {"http.client_ip", "client.address"},
      {"http.user_agent", "user_agent.original"},
      {"http.flavor", "network.protocol.version"},
      {"http.request_content_length", "http.request.body.size"},
      {"http.response_content_length", "http.response.body.size"},
      {"http.request.bytes", "http.request.body.size"},
      {"http.response.bytes", "http.response.body.size"},
      {"http.request.referrer", "http.request.header.referer"},
      {"net.peer.ip", "network.peer.address"},
      {"net.peer.ip", "client.address"},
      {"net.sock.peer.addr", "network.peer.address"},
      {"net.peer.port", "network.peer.port"},
      {"net.peer.port", "client.port"},
      {"net.sock.peer.port", "network.peer.port"},
      {"net.peer.name", "server.address"},
      {"net.host.name", "server.address"},
      {"net.host.port", "server.port"},
      {"net.host.ip", "network.local.address"},
      {"net.sock.host.addr", "network.local.address"},
      {"net.transport", "network.transport"},
      {"net.protocol.name", "network.protocol.name"},
      {"net.protocol.version", "network.protocol.version"},
      {"source.ip", "client.address"},
      {"source.port", "client.port"},
      {"destination.ip", "server.address"},
      {"destination.port", "server.port"},
      {"db.statement", "db.query.text"},
      {"db.system", "db.system.name"},
      {"db.name", "db.namespace"},
      {"db.operation", "db.operation.name"},
      {"db.sql.table", "db.collection.name"},
      {"messaging.destination", "messaging.destination.name"},
      {"messaging.kafka.topic", "messaging.destination.name"},
      {"messaging.kafka.partition", "messaging.destination.partition.id"},
      {"messaging.kafka.message.offset", "messaging.kafka.offset"},
      {"code.function", "code.function.name"},
      {"code.filepath", "code.file.path"},
      {"code.lineno", "code.line.number"},
      {"log.origin.function", "code.function.name"},
      {"log.origin.file.name", "code.file.path"},
      {"log.origin.file.line", "code.line.number"},
      {"process.thread.id", "thread.id"},
      {"process.thread.name", "thread.name"},
      {"error.type", "exception.type"},
      {"error.message", "exception.message"},
      {"error.stack_trace", "exception.stacktrace"},
      {"enduser.id", "user.id"},
      {"user_agent", "user_agent.original"},
      {"deployment.environment", "deployment.environment.name"},
      {"host.hostname", "host.name"},
      // As the logs write them, where reading gives them the name of the conventions.
      {"user", "user.name"},
      {"username", "user.name"},
      {"pid", "process.pid"},
      {"process_id", "process.pid"},
      {"thread", "thread.name"},
      {"thread_name", "thread.name"},
      {"logger", "log.logger"},
      {"logger_name", "log.logger"},
      {"host", "host.name"},
      {"hostname", "host.name"},
      {"service", "service.name"},
      {"clientip", "client.address"},
      {"client_ip", "client.address"},
      {"client.ip", "client.address"},
      {"remote_addr", "client.address"},
      {"remote_ip", "client.address"},
      {"http.status", "http.response.status_code"},
      {"stacktrace", "exception.stacktrace"},
      {"stack_trace", "exception.stacktrace"},
      {"kubernetes.namespace_name", "k8s.namespace.name"},
      {"kubernetes.pod_name", "k8s.pod.name"},
      {"kubernetes.container_name", "k8s.container.name"},
      {"kubernetes.host", "k8s.node.name"},
  };
  return aliases;
}

std::vector<std::string> FieldNameCandidates(std::string_view name) {
  std::vector<std::string> names{std::string(name)};
  for (const FieldAlias& alias : FieldAliases()) {
    if (alias.old_name == name) AddUnique(alias.name, &names);
  }
  const size_t current = names.size();
  for (size_t i = 0; i < current; ++i) {
    for (const FieldAlias& alias : FieldAliases()) {
      if (alias.name == names[i]) AddUnique(alias.old_name, &names);
    }
  }
  return names;
}

FieldRef ResolveField(std::string_view name) {
  FieldRef field;
  if (name.starts_with("attributes.")) {
    field.scope = FieldRef::Scope::kAttributes;
    name.remove_prefix(11);
  } else if (name.starts_with("resource.")) {
    field.scope = FieldRef::Scope::kResource;
    name.remove_prefix(9);
  } else {
    for (const BuiltinName& builtin : kBuiltins) {
      if (builtin.name != name) continue;
      field.builtin = builtin.builtin;
      return field;
    }
  }
  field.names = FieldNameCandidates(name);
  AddUnit(name, &field);
  return field;
}

std::vector<std::string_view> BuiltinNames() {
  std::vector<std::string_view> names;
  for (const BuiltinName& builtin : kBuiltins) names.push_back(builtin.name);
  return names;
}

}  // namespace whittle
