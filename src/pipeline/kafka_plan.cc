#include "pipeline/kafka_plan.h"

#include "pipeline/secret.h"

namespace whittle {
namespace {

// Of one partition in one answer of a broker; the first messages there are come whole however large they are, so
// nothing is too large to be put into the quarantine. Larger answers are slower: each is new memory that is touched
// once.
constexpr const char* kFetchBytes = "1048576";
// Messages fetched ahead: librdkafka keeps some 300 bytes for each beside its own.
constexpr const char* kQueuedMessages = "32768";

struct OwnKey {
  std::string_view property;
  std::string_view instead;
};
// What whittle sets itself, and where that is said.
constexpr OwnKey kOwnKeys[] = {
    {"bootstrap.servers", "'brokers'"},
    {"metadata.broker.list", "'brokers'"},
    {"group.id", "'group'"},
    {"group.instance.id", "'group_instance'"},
    {"auto.offset.reset", "'start'"},
    {"enable.auto.commit", "the store, which is what is committed"},
    {"enable.auto.offset.store", "the store, which is what is committed"},
    {"enable.partition.eof", "nothing: it is of no use here"},
    {"queued.max.messages.kbytes", "'limits.memory'"},
    {"sasl.username", "'sasl.username'"},
    {"sasl.mechanism", "'sasl.mechanism'"},
    {"sasl.mechanisms", "'sasl.mechanism'"},
    {"sasl.password", "'sasl.password_file' or 'sasl.password_env'"},
    {"ssl.key.pem", "'tls.key_file'"},
    {"log_cb", "nothing"},
};

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    if (comma != 0 && !text.empty()) parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// `text` with what stands for something replaced by it.
std::string FillIn(std::string text, std::string_view name, std::string_view value) {
  for (size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size()) {
    text.replace(at, name.size(), value);
  }
  return text;
}

}  // namespace

SegmentSource KafkaSourcePlan::SourceOf(const std::string& id, const KafkaPartition& partition) const {
  std::vector<Attribute> resource;
  const auto add = [&](const char* name, const std::string& text) { resource.push_back({name, Value::String(text)}); };
  for (const auto& [name, text] : fields) {
    resource.push_back({name, Value::String(FillIn(text, "{topic}", partition.topic))});
  }
  if (set_resource) set_resource(&resource);
  add("messaging.system", "kafka");
  add("messaging.destination.name", partition.topic);
  add("messaging.destination.partition.id", std::to_string(partition.partition));
  return {id, partition.name(), std::move(resource)};
}

Status CheckKafkaProperty(const std::string& name, const std::string& value) {
  for (const OwnKey& own : kOwnKeys) {
    if (name != own.property) continue;
    return Status(StatusCode::kConfig, "'" + name + "' has no place among the properties; in place of it there is " +
                                           std::string(own.instead));
  }
  const bool secret = name.find("password") != std::string::npos || name.find("secret") != std::string::npos;
  if (secret) {
    return Status(StatusCode::kConfig, "'" + name + "' is a secret, and secrets do not stand in a configuration");
  }
  return CheckKafkaProperties({{}, {{name, value}}});
}

Result<KafkaSource> ParseKafkaSource(const std::string& text) {
  const size_t slash = text.find('/');
  KafkaSource source;
  if (slash != std::string::npos) {
    source.brokers = SplitAtCommas(std::string_view(text).substr(0, slash));
    source.topics = SplitAtCommas(std::string_view(text).substr(slash + 1));
  }
  if (!source.brokers.empty() && !source.topics.empty()) return source;
  return Status(StatusCode::kUsage,
                "--kafka needs brokers and topics, such as b1:9092,b2:9092/logs,audit, not '" + text + "'");
}

Result<KafkaClientOptions> MakeKafkaClient(const Env* env, const KafkaSource& source) {
  KafkaClientOptions client;
  client.brokers = source.brokers;
  auto& properties = client.properties;
  const bool sasl = !source.sasl.mechanism.empty();
  const char* const protocol =
      sasl ? (source.tls.enabled ? "sasl_ssl" : "sasl_plaintext") : (source.tls.enabled ? "ssl" : "plaintext");
  properties.emplace_back("security.protocol", protocol);
  if (sasl) {
    const SecretPlace place{source.sasl.password_file, source.sasl.password_env, "password_env", "password"};
    WHITTLE_ASSIGN_OR_RETURN(std::string password, ReadSecret(env, place));
    properties.emplace_back("sasl.mechanism", source.sasl.mechanism);
    properties.emplace_back("sasl.username", source.sasl.username);
    properties.emplace_back("sasl.password", std::move(password));
  }
  if (!source.tls.ca_file.empty()) properties.emplace_back("ssl.ca.location", source.tls.ca_file);
  if (!source.tls.cert_file.empty()) properties.emplace_back("ssl.certificate.location", source.tls.cert_file);
  if (!source.tls.key_file.empty()) properties.emplace_back("ssl.key.location", source.tls.key_file);
  return client;
}

Result<KafkaSinkPlan> MakeKafkaSinkPlan(const Env* env, const KafkaSinkConfig& config) {
  KafkaSinkPlan plan;
  WHITTLE_ASSIGN_OR_RETURN(plan.client, MakeKafkaClient(env, config.client));
  for (const auto& [name, value] : config.client.properties) plan.client.properties.emplace_back(name, value);
  WHITTLE_RETURN_IF_ERROR(CheckKafkaProperties(plan.client));
  plan.topic = config.topic;
  plan.key = config.key == "stratum" ? KafkaSinkPlan::Key::kStratum
             : config.key == "none"  ? KafkaSinkPlan::Key::kNone
                                     : KafkaSinkPlan::Key::kTraceId;
  return plan;
}

Result<KafkaSourcePlan> MakeMessagePlan(const KafkaSource& source) {
  KafkaSourcePlan plan;
  plan.max_message_bytes = source.max_message_bytes;
  plan.fields = source.fields;
  plan.time.zone = source.time_zone;
  plan.time.year = source.time_year;
  WHITTLE_RETURN_IF_ERROR(RecordTimes::Check(plan.time));
  return plan;
}

Result<KafkaSourcePlan> MakeKafkaPlan(const Env* env, const KafkaSource& source) {
  WHITTLE_ASSIGN_OR_RETURN(KafkaSourcePlan plan, MakeMessagePlan(source));
  WHITTLE_ASSIGN_OR_RETURN(plan.consumer.client, MakeKafkaClient(env, source));
  plan.consumer.topics = source.topics;
  plan.consumer.group = source.group;
  plan.consumer.group_instance = FillIn(source.group_instance, "{host}", env->host->Name());
  plan.consumer.from_end = source.from_end;
  plan.shared_segments = source.shared_segments;
  auto& properties = plan.consumer.client.properties;
  properties.emplace_back("receive.message.max.bytes",
                          std::to_string((uint64_t{100} << 20) + source.max_message_bytes));
  properties.emplace_back("max.partition.fetch.bytes", kFetchBytes);
  properties.emplace_back("queued.min.messages", kQueuedMessages);
  for (const auto& [name, value] : source.properties) properties.emplace_back(name, value);
  WHITTLE_RETURN_IF_ERROR(CheckKafkaProperties(plan.consumer.client));
  return plan;
}

}  // namespace whittle
