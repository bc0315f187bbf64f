#include "pipeline/config.h"

#include <algorithm>
#include <string>

#include "base/sha256.h"
#include "expr/filter.h"
#include "parse/scrub.h"
#include "parse/time_resolver.h"
#include "pipeline/config_check.h"
#include "pipeline/kafka_plan.h"
#include "pipeline/otlp_plan.h"
#include "source/glob.h"
#include "source/path_fields.h"

namespace whittle {
namespace {

constexpr int kFirstYear = 1970, kLastYear = 2262;  // what nanoseconds since 1970 can hold

// Reads below one group of the checked tree; defaults come from the table. `path` is the group's, "" for the top.
class Group {
 public:
  Group(const ConfigNode* node, std::string path, std::string_view file_name)
      : node_(node), path_(std::move(path)), file_name_(file_name) {}

  Group Inner(std::string_view key) const { return Group(Find(key), PathOf(key), file_name_); }
  Group Item(const ConfigNode& item) const { return Group(&item, path_ + "[]", file_name_); }

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  const ConfigNode* Find(std::string_view key) const { return node_ == nullptr ? nullptr : node_->Find(key); }
  const ConfigNode* node() const { return node_; }

  std::string Text(std::string_view key) const {
    const ConfigNode* found = Find(key);
    if (found != nullptr && found->kind == ConfigNode::Kind::kText) return found->text;
    return std::string(FindConfigKey(PathOf(key))->default_value);
  }
  int64_t Integer(std::string_view key) const { return ReadConfigInteger(Text(key)).value_or(0); }
  int64_t Duration(std::string_view key) const { return ReadConfigDuration(Text(key)).value_or(0); }
  double Percent(std::string_view key) const { return ReadConfigPercent(Text(key)).value_or(0); }
  int64_t Size(std::string_view key) const { return ReadConfigSize(Text(key)).value_or(0); }

  std::vector<std::string> Texts(std::string_view key) const {
    std::vector<std::string> texts;
    const ConfigNode* found = Find(key);
    if (found == nullptr) return texts;
    if (found->kind == ConfigNode::Kind::kText) texts.push_back(found->text);
    for (const auto& item : found->items) texts.push_back(item->text);
    return texts;
  }

  std::vector<NamedText> TextMap(std::string_view key) const {
    std::vector<NamedText> texts;
    if (const ConfigNode* found = Find(key)) {
      for (const ConfigNode::Entry& entry : found->entries) texts.emplace_back(entry.key, entry.value->text);
    }
    return texts;
  }

  // An error at `key`'s value, or at the group when it is not there.
  Status Error(std::string_view key, const std::string& what) const {
    const ConfigNode* found = Find(key);
    const ConfigNode* place = found != nullptr ? found : node_;
    return ConfigError(file_name_, place != nullptr ? place->position : ConfigPosition{}, what);
  }

 private:
  std::string PathOf(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

  const ConfigNode* node_;
  std::string path_;
  std::string_view file_name_;
};

template <typename Source>
Status ReadTime(const Group& time, Source* source) {
  source->time_zone = time.Text("zone");
  TimeResolverOptions options;
  options.zone = source->time_zone;
  if (const auto zone = TimeResolver::Create(options); !zone.ok()) return time.Error("zone", zone.status().message());
  const std::string year = time.Text("year");
  if (year == "from-file") return Status::Ok();
  const auto number = ReadConfigInteger(year);
  if (!number || *number < kFirstYear || *number > kLastYear) {
    return time.Error("year", "'year' needs a year from " + std::to_string(kFirstYear) + " to " +
                                  std::to_string(kLastYear) + ", or from-file, not '" + year + "'");
  }
  source->time_year = static_cast<int>(*number);
  return Status::Ok();
}

Result<FilesSource> ReadSource(const Group& item) {
  FilesSource source;
  const Group files = item.Inner("files");
  source.include = files.Texts("include");
  source.exclude = files.Texts("exclude");
  if (source.include.empty()) return files.Error("include", "'include' is empty; name at least one file or glob");
  source.start = files.Text("start") == "end" ? FilesSource::Start::kEnd : FilesSource::Start::kBeginning;
  source.max_age_ns = files.Duration("max_age");
  source.idle_ns = files.Duration("idle");
  source.path_fields = item.Text("path_fields");
  if (!source.path_fields.empty()) {
    const auto parsed = PathTemplate::Parse(source.path_fields);
    if (!parsed.ok()) return item.Error("path_fields", parsed.status().message());
  }
  source.fields = item.TextMap("fields");
  for (const auto& [name, value] : source.fields) {
    const auto expanded = ExpandPathVariables(value, "a/b.log");
    if (!expanded.ok()) return item.Inner("fields").Error(name, expanded.status().message());
  }
  const Group multiline = item.Inner("multiline");
  if (multiline.Has("start")) {
    source.multiline = FilesSource::Multiline::kStartPattern;
    source.multiline_start = multiline.Text("start");
  } else if (item.Text("multiline") == "none") {
    source.multiline = FilesSource::Multiline::kNone;
  }
  WHITTLE_RETURN_IF_ERROR(ReadTime(item.Inner("time"), &source));
  return source;
}

// Who the brokers are and how they are spoken to.
Status ReadKafkaClient(const Group& kafka, KafkaSource* client) {
  KafkaSource& source = *client;
  source.brokers = kafka.Texts("brokers");
  if (source.brokers.empty()) return kafka.Error("brokers", "'brokers' is empty; name at least one host:port");
  if (kafka.Has("sasl")) {
    const Group sasl = kafka.Inner("sasl");
    source.sasl.mechanism = sasl.Text("mechanism");
    source.sasl.username = sasl.Text("username");
    source.sasl.password_file = sasl.Text("password_file");
    source.sasl.password_env = sasl.Text("password_env");
    if (source.sasl.username.empty()) return kafka.Error("sasl", "'sasl' needs 'username: …'");
    if (source.sasl.password_file.empty() == source.sasl.password_env.empty()) {
      return kafka.Error("sasl", "'sasl' needs one of 'password_file: …' and 'password_env: …'");
    }
  }
  if (kafka.Has("tls")) {
    const Group tls = kafka.Inner("tls");
    source.tls.enabled = tls.Text("enabled") != "false";
    source.tls.ca_file = tls.Text("ca_file");
    source.tls.cert_file = tls.Text("cert_file");
    source.tls.key_file = tls.Text("key_file");
  }
  source.properties = kafka.TextMap("properties");
  for (const auto& [name, value] : source.properties) {
    const Status taken = CheckKafkaProperty(name, value);
    if (!taken.ok()) return kafka.Inner("properties").Error(name, taken.message());
  }
  return Status::Ok();
}

Result<KafkaSinkConfig> ReadKafkaSink(const Group& kafka) {
  KafkaSinkConfig sink;
  WHITTLE_RETURN_IF_ERROR(ReadKafkaClient(kafka, &sink.client));
  sink.topic = kafka.Text("topic");
  if (sink.topic.empty()) return kafka.Error("topic", "'topic' is empty");
  sink.key = kafka.Text("key");
  return sink;
}

Result<OtlpSinkConfig> ReadOtlpSink(const Group& otlp) {
  OtlpSinkConfig sink;
  sink.endpoint = otlp.Text("endpoint");
  if (const auto target = ParseOtlpEndpoint(sink.endpoint); !target.ok()) {
    return otlp.Error("endpoint", target.status().message());
  }
  sink.headers = otlp.TextMap("headers");
  for (const auto& [name, value] : sink.headers) {
    const Status taken = CheckOtlpHeader(name, value);
    if (!taken.ok()) return otlp.Inner("headers").Error(name, taken.message());
  }
  sink.token_file = otlp.Text("token_file");
  sink.token_env = otlp.Text("token_env");
  if (!sink.token_file.empty() && !sink.token_env.empty()) {
    return otlp.Error("token_env", "'token_file' and 'token_env' say the same; write one of them");
  }
  sink.token_header = otlp.Text("token_header");
  if (const Status taken = CheckOtlpTokenHeader(sink.token_header); !taken.ok()) {
    return otlp.Error("token_header", taken.message());
  }
  sink.gzip = otlp.Text("compression") == "gzip";
  sink.timeout_ns = otlp.Duration("timeout");
  const Group tls = otlp.Inner("tls");
  sink.ca_file = tls.Text("ca_file");
  sink.cert_file = tls.Text("cert_file");
  sink.key_file = tls.Text("key_file");
  return sink;
}

Result<KafkaSource> ReadKafkaSource(const Group& item) {
  for (const char* key : {"path_fields", "multiline"}) {
    if (item.Has(key)) return item.Error(key, "'" + std::string(key) + "' is for files; a message is one record");
  }
  KafkaSource source;
  const Group kafka = item.Inner("kafka");
  WHITTLE_RETURN_IF_ERROR(ReadKafkaClient(kafka, &source));
  source.topics = kafka.Texts("topics");
  if (source.topics.empty()) return kafka.Error("topics", "'topics' is empty; name at least one");
  source.group = kafka.Text("group");
  if (source.group.empty()) return kafka.Error("group", "'group' is empty");
  source.group_instance = kafka.Text("group_instance");
  source.from_end = kafka.Text("start") == "end";
  source.max_message_bytes = static_cast<uint64_t>(kafka.Size("max_message"));
  source.shared_segments = kafka.Text("shared_segments");
  source.fields = item.TextMap("fields");
  WHITTLE_RETURN_IF_ERROR(ReadTime(item.Inner("time"), &source));
  return source;
}

Result<ScrubConfig> ReadScrub(const Group& scrub) {
  ScrubConfig config;
  config.fields = scrub.Texts("fields");
  config.patterns = scrub.Texts("patterns");
  config.expressions = scrub.TextMap("expressions");
  config.hash = scrub.Text("with") == "hash";
  config.key_file = scrub.Text("key_file");
  if (config.fields.empty() && config.patterns.empty() && config.expressions.empty()) {
    return scrub.Error("", "'scrub' needs 'fields', 'patterns' or 'expressions': it says nothing to scrub");
  }
  // Names and expressions are right when a Scrubber can be made of them; the key does not matter for that.
  ScrubOptions options;
  options.fields = config.fields;
  options.patterns = config.patterns;
  options.expressions = config.expressions;
  options.with = ScrubOptions::With::kReplace;
  const auto scrubber = Scrubber::Create(options);
  if (!scrubber.ok()) return scrub.Error("", scrubber.status().message());
  return config;
}

Result<FieldRule> ReadFieldRule(const Group& item) {
  FieldRule rule;
  const char* key = "set";
  if (item.Has("set")) {
    rule.step.kind = FieldStep::Kind::kSet;
  } else if (item.Has("rename")) {
    rule.step.kind = FieldStep::Kind::kRename;
    key = "rename";
  } else {
    rule.step.kind = FieldStep::Kind::kDrop;
    key = "drop";
    rule.step.names = item.Texts("drop");
  }
  if (rule.step.kind != FieldStep::Kind::kDrop) rule.step.pairs = item.TextMap(key);
  if (rule.step.pairs.empty() && rule.step.names.empty()) {
    return item.Error(key, "'" + std::string(key) + "' is empty; name at least one field");
  }
  if (const Status status = CheckFieldStep(rule.step); !status.ok()) return item.Error(key, status.message());
  rule.when = item.Text("when");
  if (rule.when.empty()) return rule;
  auto condition = CompileCondition(rule.when);
  if (!condition.ok()) return item.Error("when", "'when': " + condition.status().message());
  rule.condition = std::move(*condition);
  return rule;
}

Status ReadEnrich(const Group& list, Config* config) {
  if (list.node() == nullptr) return Status::Ok();
  for (const auto& node : list.node()->items) {
    const Group item = list.Item(*node);
    if (item.Has("scrub")) {
      if (item.Has("when")) {
        return item.Error("when", "'scrub' has no 'when': what must not be stored is scrubbed from every line");
      }
      WHITTLE_ASSIGN_OR_RETURN(ScrubConfig scrub, ReadScrub(item.Inner("scrub")));
      config->scrub.push_back(std::move(scrub));
    } else {
      WHITTLE_ASSIGN_OR_RETURN(FieldRule rule, ReadFieldRule(item));
      config->field_rules.push_back(std::move(rule));
    }
  }
  return Status::Ok();
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, std::string_view file_name) {
  WHITTLE_ASSIGN_OR_RETURN(const auto root, ParseConfigTree(text, file_name));
  WHITTLE_RETURN_IF_ERROR(CheckConfig(*root, file_name));
  const Group top(root.get(), "", file_name);
  Config config;
  config.store = top.Text("store");
  config.store_given = top.Has("store");
  const Group sources = top.Inner("sources");
  if (sources.node() != nullptr) {
    for (const auto& item : sources.node()->items) {
      if (item->Find("kafka") != nullptr) {
        WHITTLE_ASSIGN_OR_RETURN(KafkaSource kafka, ReadKafkaSource(sources.Item(*item)));
        config.kafka.push_back(std::move(kafka));
        continue;
      }
      WHITTLE_ASSIGN_OR_RETURN(FilesSource source, ReadSource(sources.Item(*item)));
      config.sources.push_back(std::move(source));
    }
  }
  if (const Group sinks = top.Inner("sinks"); sinks.node() != nullptr) {
    for (const auto& item : sinks.node()->items) {
      if (item->Find("otlp") != nullptr) {
        WHITTLE_ASSIGN_OR_RETURN(OtlpSinkConfig otlp, ReadOtlpSink(sinks.Item(*item).Inner("otlp")));
        config.otlp_sinks.push_back(std::move(otlp));
        continue;
      }
      WHITTLE_ASSIGN_OR_RETURN(KafkaSinkConfig sink, ReadKafkaSink(sinks.Item(*item).Inner("kafka")));
      config.kafka_sinks.push_back(std::move(sink));
    }
  }
  config.patterns.dirs = top.Inner("patterns").Texts("dirs");
  config.patterns.disable = top.Inner("patterns").Texts("disable");
  config.templates.overrides = top.Inner("templates").Text("overrides");
  config.templates.max = static_cast<uint64_t>(top.Inner("templates").Integer("max"));
  WHITTLE_RETURN_IF_ERROR(ReadEnrich(top.Inner("enrich"), &config));
  WHITTLE_ASSIGN_OR_RETURN(SamplingPolicy sampling,
                           ReadSamplingPolicy(top.Find("sampling"), file_name, &config.prices));
  config.sampling = std::make_shared<const SamplingPolicy>(std::move(sampling));
  const Group segments = top.Inner("segments");
  config.segments.close_after_ns = segments.Duration("close_after");
  config.segments.close_size_bytes = static_cast<uint64_t>(segments.Size("close_size"));
  config.segments.level = static_cast<int>(segments.Integer("level"));
  config.segments.level_given = segments.Has("level");
  const Group retain = top.Inner("retain");
  if (retain.Has("age")) config.retain.age_ns = retain.Duration("age");
  if (retain.Has("size")) config.retain.size_bytes = static_cast<uint64_t>(retain.Size("size"));
  config.retain.holds = retain.Texts("hold");
  for (const std::string& hold : config.retain.holds) {
    if (const auto parsed = Filter::Parse(hold); !parsed.ok()) return retain.Error("hold", parsed.status().message());
  }
  config.retain.filter = retain.Text("filter");
  if (retain.Has("filter")) {
    const auto parsed = Filter::Parse(config.retain.filter);
    if (!parsed.ok()) return retain.Error("filter", parsed.status().message());
    if (retain.Has("size")) return retain.Error("filter", "'size' removes whole segments and takes no 'filter'");
  }
  config.limits.memory_bytes = static_cast<uint64_t>(top.Inner("limits").Size("memory"));
  config.limits.memory_given = top.Inner("limits").Has("memory");
  config.metrics_listen = top.Inner("metrics").Text("listen");
  config.limits.compact_share = top.Inner("limits").Percent("compact");
  config.limits.drain_ns = top.Inner("limits").Duration("drain");
  config.limits.open_files = static_cast<uint64_t>(top.Inner("limits").Integer("open_files"));
  config.file_name = file_name;
  config.file_hash = Hex(Sha256(text));
  return config;
}

Result<Config> LoadConfig(FileSystem* files, const std::string& path) {
  auto text = ReadFile(files, path, kMaxConfigBytes);
  if (!text.ok() && text.status().code() == StatusCode::kLimit) {
    return Status(StatusCode::kConfig,
                  path + ": larger than " + std::to_string(kMaxConfigBytes / 1024) + " KiB, which no configuration is");
  }
  if (!text.ok()) return text.status();
  return ParseConfig(*text, path);
}

const FilesSource* SourceForPath(const Config& config, std::string_view path) {
  const auto matches = [&](const std::string& pattern) { return GlobMatches(pattern, path); };
  const std::string base = BaseName(path);
  for (const FilesSource& source : config.sources) {
    const bool excluded = std::any_of(source.exclude.begin(), source.exclude.end(), [&](const std::string& pattern) {
      return GlobMatches(pattern, path) || GlobMatches(pattern, base);
    });
    if (!excluded && std::any_of(source.include.begin(), source.include.end(), matches)) return &source;
  }
  return nullptr;
}

}  // namespace whittle
