// run: the daemon. Follows what the configuration or the flags name.
#include <algorithm>
#include <set>
#include <utility>

#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/store_change.h"
#include "cli/writing.h"
#include "env/service_manager.h"
#include "pipeline/config_check.h"
#include "pipeline/daemon.h"
#include "pipeline/field_rules.h"
#include "pipeline/kafka_plan.h"
#include "pipeline/metrics_server.h"
#include "pipeline/otlp_plan.h"
#include "query/store_overrides.h"

namespace whittle {
namespace {

// What a plan's options point to.
struct PlanOwner {
  std::unique_ptr<Reading> reading;
};

struct Durations {
  std::optional<int64_t> max_age_ns, idle_ns, close_after_ns, drain_ns;
};

Result<std::optional<int64_t>> DurationOf(const ParsedFlags& flags, std::string_view name) {
  if (!flags.Given(name)) return std::optional<int64_t>();
  const std::optional<int64_t> value = ReadConfigDuration(flags.Text(name));
  if (value && *value >= 0) return value;
  return Status(StatusCode::kUsage, "--" + std::string(name) + " needs a duration such as 500ms, 10s or 1h30m, not '" +
                                        flags.Text(name) + "'");
}

Result<Durations> DurationsOf(const ParsedFlags& flags) {
  Durations durations;
  WHITTLE_ASSIGN_OR_RETURN(durations.max_age_ns, DurationOf(flags, "max-age"));
  WHITTLE_ASSIGN_OR_RETURN(durations.idle_ns, DurationOf(flags, "idle"));
  WHITTLE_ASSIGN_OR_RETURN(durations.close_after_ns, DurationOf(flags, "close-after"));
  WHITTLE_ASSIGN_OR_RETURN(durations.drain_ns, DurationOf(flags, "drain"));
  return durations;
}

// The files source that names `path`, or one with the defaults.
const FilesSource& SourceOf(const Config& config, const std::string& path) {
  static const FilesSource defaults = ParseConfig("sources: [{files: {include: x}}]", "")->sources.front();
  const FilesSource* source = SourceForPath(config, path);
  return source == nullptr ? defaults : *source;
}

void FillTail(const ParsedFlags& flags, const Reading& reading, const Durations& durations, const std::string& store,
              DaemonPlan* plan) {
  const Config& config = reading.config;
  TailOptions& tail = plan->tail;
  tail.inputs = reading.inputs;
  tail.inputs.skip.push_back(store);
  tail.include = flags.All("tail");
  if (tail.include.empty() && !flags.Given("kafka")) {
    for (const FilesSource& source : config.sources) {
      tail.include.insert(tail.include.end(), source.include.begin(), source.include.end());
      tail.inputs.exclude.insert(tail.inputs.exclude.end(), source.exclude.begin(), source.exclude.end());
    }
  }
  const auto& excluded = flags.All("exclude");
  tail.inputs.exclude.insert(tail.inputs.exclude.end(), excluded.begin(), excluded.end());
  tail.max_open_files = config.limits.open_files;
  tail.begins_at_end = [&config, flag = flags.Text("start")](const Input& input) {
    if (!flag.empty()) return flag == "end";
    return SourceOf(config, input.path).start == FilesSource::Start::kEnd;
  };
  tail.max_age_ns = [&config, flag = durations.max_age_ns](const Input& input) {
    return flag ? *flag : SourceOf(config, input.path).max_age_ns;
  };
  tail.describe = [&config](Input* input) { return AddResource(config, input); };
  plan->tail_input.settings_of = [&reading](const Input& input) { return reading.SettingsOf(input); };
  plan->tail_input.idle_ns_of = [&config, flag = durations.idle_ns](const Input& input) {
    return flag ? *flag : SourceOf(config, input.path).idle_ns;
  };
}

// Two groups of one process would store a topic twice under one name.
Status CheckOverlaps(const std::vector<KafkaSource>& sources) {
  for (size_t i = 0; i < sources.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      for (const std::string& topic : sources[i].topics) {
        const auto& others = sources[k].topics;
        if (sources[i].brokers != sources[k].brokers) continue;
        if (std::find(others.begin(), others.end(), topic) == others.end()) continue;
        return Status(StatusCode::kConfig,
                      "two Kafka sources read topic '" + topic + "' of the same brokers; name it once");
      }
    }
  }
  return Status::Ok();
}

Status FillSinks(const Env* env, const Config& config, const std::vector<KafkaSource>& sources, DaemonPlan* plan) {
  for (const KafkaSinkConfig& sink : config.kafka_sinks) {
    WHITTLE_ASSIGN_OR_RETURN(KafkaSinkPlan made, MakeKafkaSinkPlan(env, sink));
    plan->sinks.push_back(MakeSinkPlan(std::move(made)));
  }
  for (const OtlpSinkConfig& sink : config.otlp_sinks) {
    WHITTLE_ASSIGN_OR_RETURN(OtlpSinkPlan made, MakeOtlpSinkPlan(env, sink));
    plan->sinks.push_back(MakeSinkPlan(env, std::move(made)));
  }
  std::set<std::string> names;
  for (const SinkPlan& sink : plan->sinks) {
    if (names.insert(sink.name).second) continue;
    return Status(StatusCode::kConfig, "two sinks send to " + sink.label + "; name it once");
  }
  for (const KafkaSource& source : sources) {
    if (source.shared_segments.empty() || plan->sinks.empty()) continue;
    return Status(StatusCode::kConfig,
                  "sinks send what stands in the store; they do not read shared segments, so they cannot stand beside "
                  "'shared_segments'");
  }
  return Status::Ok();
}

Status FillKafka(const Env* env, const ParsedFlags& flags, const Config& config, DaemonPlan* plan) {
  std::vector<KafkaSource> sources;
  for (const std::string& text : flags.All("kafka")) {
    WHITTLE_ASSIGN_OR_RETURN(KafkaSource source, ParseKafkaSource(text));
    if (flags.Given("group")) source.group = flags.Text("group");
    source.time_zone = flags.Text("tz");
    if (flags.Given("year")) source.time_year = static_cast<int>(flags.Integer("year"));
    sources.push_back(std::move(source));
  }
  if (sources.empty() && flags.Given("group")) {
    return Status(StatusCode::kUsage, "--group is for --kafka; in a configuration it is sources[].kafka.group");
  }
  if (sources.empty() && !flags.Given("tail")) sources = config.kafka;
  for (KafkaSource& source : sources) {
    if (flags.Given("group-instance")) source.group_instance = flags.Text("group-instance");
    if (flags.Given("start")) source.from_end = flags.Text("start") == "end";
    if (flags.Given("shared-segments")) source.shared_segments = flags.Text("shared-segments");
    WHITTLE_ASSIGN_OR_RETURN(KafkaSourcePlan kafka, MakeKafkaPlan(env, source));
    kafka.set_resource = [&config](std::vector<Attribute>* resource) { SetResource(config.field_rules, resource); };
    plan->kafka.push_back(std::move(kafka));
  }
  WHITTLE_RETURN_IF_ERROR(CheckOverlaps(sources));
  return FillSinks(env, config, sources, plan);
}

void FillKeeper(const Config& config, DaemonPlan* plan) {
  plan->keeper.compact_share = config.limits.compact_share;
  // Half of a segment: what CommitterOptionsOf reckoned with.
  plan->keeper.compact_bytes = plan->committer.close_bytes / 2;
  const RetainOptions& retain = config.retain;
  if (retain.age_ns || retain.size_bytes || !retain.filter.empty()) plan->keeper.retain = retain;
}

Result<std::shared_ptr<const DaemonPlan>> MakePlan(const Env* env, const ParsedFlags& flags, std::string* store) {
  WHITTLE_ASSIGN_OR_RETURN(const Durations durations, DurationsOf(flags));
  auto owner = std::make_shared<PlanOwner>();
  WHITTLE_ASSIGN_OR_RETURN(owner->reading, PrepareReading(env, flags));
  const Reading& reading = *owner->reading;
  const std::string planned_store = StoreOf(flags, reading.config);
  if (store->empty()) *store = planned_store;
  if (*store != planned_store) {
    return Status(StatusCode::kConfig, "store: another store (" + planned_store + ") needs a restart");
  }
  auto plan = std::make_shared<DaemonPlan>();
  FillTail(flags, reading, durations, *store, plan.get());
  WHITTLE_RETURN_IF_ERROR(FillKafka(env, flags, reading.config, plan.get()));
  if (plan->tail.include.empty() && plan->kafka.empty()) {
    return Status(StatusCode::kUsage,
                  "nothing to follow: name files with --tail GLOB, topics with --kafka BROKERS/TOPICS, or sources in a "
                  "configuration (--config FILE)");
  }
  plan->parsing.analyzer = reading.analyzer.get();
  plan->parsing.field_rules = reading.config.field_rules;
  plan->parsing.use_recipe_cache = !flags.On("no-recipe-cache");
  const auto beside = reading.config.limits.compact_share > 0 ? BesideSegments::kCompaction : BesideSegments::kNothing;
  WHITTLE_ASSIGN_OR_RETURN(plan->committer, CommitterOptionsOf(env, flags, reading.config, beside));
  WHITTLE_ASSIGN_OR_RETURN(plan->parsing.scrubbers, MakeScrubbers(env, reading.config, *store));
  WHITTLE_ASSIGN_OR_RETURN(plan->sampling, SamplingOf(env, flags, reading.config));
  plan->parsing.incoming = plan->sampling->incoming;
  FillKeeper(reading.config, plan.get());
  plan->jobs = JobsOf(env, flags);
  plan->close_after_ns = durations.close_after_ns.value_or(reading.config.segments.close_after_ns);
  plan->drain_ns = durations.drain_ns.value_or(reading.config.limits.drain_ns);
  plan->poll_only = flags.On("poll");
  plan->policy_hash = reading.config.file_hash;
  plan->description = std::to_string(plan->tail.include.size()) + " file patterns";
  if (!plan->kafka.empty()) plan->description += ", " + std::to_string(plan->kafka.size()) + " groups of Kafka topics";
  plan->owner = std::move(owner);
  return std::shared_ptr<const DaemonPlan>(std::move(plan));
}

// What somebody asks of the daemon, done on its store with its means: one thread, and segments that fit beside a
// pipeline.
ControlAnswer Execute(const Env* env, const std::string& store, const DaemonPlan& plan, const ControlRequest& request,
                      Catalog* catalog, const std::atomic<bool>* stop) {
  ChangePlace place;
  place.env = env;
  place.store = store;
  place.catalog = catalog;
  place.stop = stop;
  place.asked_by = request.asked_by;
  place.config = &static_cast<const PlanOwner*>(plan.owner.get())->reading->config;
  place.parsing = &plan.parsing;
  place.builder = &plan.committer.builder;
  place.corrections = place.config->templates.overrides;
  if (place.corrections.empty()) place.corrections = StoreOverridesPath(store);
  place.new_segment_bytes = plan.keeper.compact_bytes;
  return ExecuteRequest(request, place);
}

std::string MetricsAddress(const ParsedFlags& flags, const DaemonPlan& plan) {
  if (flags.Given("metrics")) return flags.Text("metrics");
  return static_cast<const PlanOwner*>(plan.owner.get())->reading->config.metrics_listen;
}

}  // namespace

int RunRun(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  std::string store;
  auto plan = MakePlan(env, flags, &store);
  if (!plan.ok()) return Fail(streams, plan.status());
  DaemonHooks hooks;
  hooks.stop = WatchForInterrupt();
  TakeReloadRequest();
  hooks.take_reload = TakeReloadRequest;
  hooks.load_plan = [&] { return MakePlan(env, flags, &store); };
  hooks.log = [&](std::string_view line) {
    streams.err.Write("whittle: " + std::string(line) + "\n");
    streams.err.Flush();
  };
  hooks.new_watcher = NewFileWatcher;
  hooks.execute = [&](const DaemonPlan& owned, const ControlRequest& request, Catalog* catalog,
                      const std::atomic<bool>* stop) { return Execute(env, store, owned, request, catalog, stop); };
  // The address is that of the start: a reload does not move it.
  std::unique_ptr<MetricsServer> metrics;
  if (const std::string address = MetricsAddress(flags, **plan); !address.empty()) {
    auto server = MetricsServer::Start(address, env->clock);
    if (!server.ok()) return Fail(streams, server.status());
    metrics = std::move(*server);
    if (!flags.On("quiet")) hooks.log("metrics on port " + std::to_string(metrics->port()));
  }
  if (!flags.On("quiet")) hooks.log("following into " + store);
  bool ready = false;
  const int64_t close_after_ns = (*plan)->close_after_ns;
  hooks.tick = [&](const DaemonStatus& now) {
    if (metrics != nullptr) metrics->Update(now, close_after_ns);
    if (now.state == DaemonStatus::State::kStopping) {
      NotifyServiceManager("STOPPING=1");
    } else if (!std::exchange(ready, ready || now.state == DaemonStatus::State::kRunning) && ready) {
      NotifyServiceManager("READY=1");
    }
    NotifyServiceManager(now.trouble.empty() ? "WATCHDOG=1\nSTATUS=following" : "WATCHDOG=1\nSTATUS=" + now.trouble);
  };
  const Status status = RunDaemon(env, store, std::move(*plan), hooks);
  return status.ok() ? 0 : Fail(streams, status);
}

}  // namespace whittle
