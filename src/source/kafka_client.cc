#include "source/kafka_client.h"

#include <utility>

#include "env/late_library.h"

extern "C" const whittle::LateLibrary whittle_late_rdkafka;

namespace whittle {
namespace {

// How OpenSSL begins what it says, and what librdkafka says of it only at times.
constexpr std::string_view kTlsError = "error:", kHandshake = "SSL handshake failed";

// "ssl://b1:9093/bootstrap: reason (after 3ms in state CONNECT)" is for people who know librdkafka.
std::string Plain(std::string_view reason) {
  if (const size_t state = reason.find(" (after "); state != std::string_view::npos) reason = reason.substr(0, state);
  std::string plain;
  for (const char c : reason) plain += c == '\n' || c == '\r' ? ' ' : c;
  for (const std::string_view noise : {"/bootstrap", "sasl_plaintext://", "sasl_ssl://", "plaintext://", "ssl://"}) {
    if (const size_t at = plain.find(noise); at != std::string::npos) plain.erase(at, noise.size());
  }
  return plain;
}

}  // namespace

Status SetKafkaProperty(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  const rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof(reason));
  if (result == RD_KAFKA_CONF_OK) return Status::Ok();
  if (result == RD_KAFKA_CONF_UNKNOWN) {
    return Status(StatusCode::kConfig, "kafka: librdkafka has no property '" + name + "'");
  }
  // What librdkafka says holds the value.
  return Status(StatusCode::kConfig, "kafka: librdkafka does not take the value of property '" + name + "'");
}

std::string JoinBrokers(const KafkaClientOptions& options) {
  std::string brokers;
  for (const std::string& broker : options.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  return brokers;
}

Result<KafkaConf> MakeKafkaConf(const KafkaClientOptions& options) {
  WHITTLE_RETURN_IF_ERROR(LoadLate(whittle_late_rdkafka, "Kafka"));
  KafkaConf conf(rd_kafka_conf_new());
  const std::pair<const char*, std::string> defaults[] = {
      {"bootstrap.servers", JoinBrokers(options)},
      {"client.id", "whittle"},
      // Lost connections come back within this.
      {"reconnect.backoff.ms", "200"},
      {"reconnect.backoff.max.ms", "10000"},
      {"log.connection.close", "false"},
      {"socket.keepalive.enable", "true"},
  };
  for (const auto& [name, value] : defaults) WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), name, value));
  for (const auto& [name, value] : options.properties) {
    WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), name, value));
  }
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);  // a library folder prints nothing
  return conf;
}

Status CheckKafkaProperties(const KafkaClientOptions& options) { return MakeKafkaConf(options).status(); }

std::string KafkaTrouble::Refused(const std::string& text) {
  if (std::exchange(refused_, true)) return "";
  return "kafka: " + text;
}

std::string KafkaTrouble::Report(rd_kafka_resp_err_t error, const char* reason) {
  const std::string text = Plain(reason == nullptr ? "" : reason);
  // A handshake that failed is told as a lost connection, as itself, or as one after the other.
  if (const size_t tls = text.find(kTlsError); error == RD_KAFKA_RESP_ERR__TRANSPORT && tls != std::string::npos) {
    const bool says_so = text.find(kHandshake) != std::string::npos;
    return Refused(says_so ? text : text.substr(0, tls) + std::string(kHandshake) + ": " + text.substr(tls));
  }
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      last_connection_ = text;  // others may be there: said when none is
      return "";
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (refused_) return "";  // that is why, and was said
      return "kafka: no broker of " + brokers_ + " can be reached" +
             (last_connection_.empty() ? "" : " (" + last_connection_ + ")");
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      return Refused(text);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return "kafka: " + brokers_ + " does not have a topic that is to be read (" + text + ")";
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return "kafka: was away for so long that the group went on without it; joining again";
    default:
      return "kafka: " + (text.empty() ? std::string(rd_kafka_err2str(error)) : text);
  }
}

}  // namespace whittle
