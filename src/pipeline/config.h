// Config: the one configuration file, checked and with its defaults filled in. Plain data; whoever loads it owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

#include "env/file_system.h"
#include "pipeline/field_rules.h"
#include "pipeline/retain.h"
#include "pipeline/sampling_config.h"

namespace whittle {

using NamedText = std::pair<std::string, std::string>;

struct FilesSource {
  enum class Start : uint8_t { kBeginning, kEnd };
  enum class Multiline : uint8_t { kAuto, kNone, kStartPattern };
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  Start start = Start::kBeginning;
  int64_t max_age_ns = 0;
  int64_t idle_ns = 0;
  std::string path_fields;        // a PathTemplate; empty: none
  std::vector<NamedText> fields;  // resource attributes; values may hold {basename} and the like (source/path_fields.h)
  Multiline multiline = Multiline::kAuto;
  std::string multiline_start;  // RE2, for kStartPattern
  std::string time_zone;
  std::optional<int> time_year;  // nothing: from the file
};

struct KafkaSource {
  std::vector<std::string> brokers;
  std::vector<std::string> topics;
  std::string group = "whittle";
  std::string group_instance;  // {host} stands for the host; empty: the member is a new one after every start
  bool from_end = false;
  uint64_t max_message_bytes = uint64_t{16} << 20;
  struct {
    std::string mechanism;  // empty: nobody asks who we are
    std::string username;
    std::string password_file;
    std::string password_env;
  } sasl;
  struct {
    bool enabled = false;
    std::string ca_file, cert_file, key_file;
  } tls;
  std::string shared_segments;        // directory that all members of the group write to; empty: the store
  std::vector<NamedText> properties;  // of librdkafka
  std::vector<NamedText> fields;      // resource attributes; {topic} stands for the topic
  std::string time_zone = "UTC";
  std::optional<int> time_year;
};

struct KafkaSinkConfig {
  KafkaSource client;  // brokers, sasl, tls, properties
  std::string topic;
  std::string key = "trace_id";
};

struct OtlpSinkConfig {
  std::string endpoint;
  std::vector<std::pair<std::string, std::string>> headers;  // of every request
  std::string token_file, token_env;                         // at most one of them
  std::string token_header = "Authorization";
  bool gzip = true;
  int64_t timeout_ns = 10'000'000'000;       // of one request
  std::string ca_file, cert_file, key_file;  // for https; empty: the system's, none
};

struct ScrubConfig {
  std::vector<std::string> fields;
  std::vector<std::string> patterns;
  std::vector<NamedText> expressions;
  bool hash = true;      // false: replace
  std::string key_file;  // empty: the store's own key
};

struct Config {
  std::string store;
  bool store_given = false;  // false: `store` is the default, and $WHITTLE_STORE goes before it
  std::vector<FilesSource> sources;
  std::vector<KafkaSource> kafka;
  std::vector<KafkaSinkConfig> kafka_sinks;
  std::vector<OtlpSinkConfig> otlp_sinks;
  struct {
    std::vector<std::string> dirs;
    std::vector<std::string> disable;
  } patterns;
  struct {
    std::string overrides;
    uint64_t max = 0;
  } templates;
  // `enrich`: scrubbing comes before all else, then the fields' steps, each in the order of the file.
  std::vector<ScrubConfig> scrub;
  std::vector<FieldRule> field_rules;
  std::shared_ptr<const SamplingPolicy> sampling;  // never null
  Prices prices;
  struct {
    int64_t close_after_ns = 0;
    uint64_t close_size_bytes = 0;
    int level = 0;
    bool level_given = false;
  } segments;
  RetainOptions retain;
  std::string metrics_listen;  // empty: nowhere
  struct {
    uint64_t memory_bytes = 0;
    bool memory_given = false;
    int64_t drain_ns = 0;
    double compact_share = 0;  // of one processor
    uint64_t open_files = 0;
  } limits;

  std::string file_name;  // as given; empty for the defaults
  std::string file_hash;  // SHA-256 of the file's bytes in hex: which policy was in force
};

// Reads and checks `path`. Every error is kConfig and says file, line, column, what is wrong and what to write instead
// (kNotFound and kIo when there is no such file). Relative paths in it stay relative to the working directory.
Result<Config> LoadConfig(FileSystem* files, const std::string& path);

// The same for text that is already read. ParseConfig("") gives the defaults.
Result<Config> ParseConfig(std::string_view text, std::string_view file_name);

// The first source one of whose `include` globs matches `path` and none of whose `exclude` globs does; nullptr: none.
const FilesSource* SourceForPath(const Config& config, std::string_view path);

}  // namespace whittle
