#include "cli/reading.h"

#include "catalog/store_layout.h"
#include "cli/compiled_patterns.h"
#include "env/user_directories.h"
#include "parse/trace_context.h"

namespace whittle {
namespace {

// In the store, readable by its owner only. Whoever has the store has the key too, which is weaker than a key file kept
// elsewhere; docs/configuration.md says so.
constexpr const char* kScrubKeyFile = "scrub.key";
constexpr size_t kScrubKeyBytes = 32;
constexpr uint64_t kMaxKeyFileBytes = 64 * 1024;

// One scratch per thread: pattern matching needs room to work in.
PatternScratch* ThreadScratch() {
  thread_local PatternScratch scratch;
  return &scratch;
}

bool MatchPattern(const PatternSet& patterns, std::string_view text, uint32_t base, bool whole_line,
                  LineAnalysis* analysis) {
  PatternMatch match;
  if (!patterns.Match(text, base, whole_line, ThreadScratch(), &match)) return false;
  analysis->fields.insert(analysis->fields.end(), std::make_move_iterator(match.fields.begin()),
                          std::make_move_iterator(match.fields.end()));
  analysis->body_format = match.name;
  if (match.has_body) {
    analysis->body_begin = match.body_begin;
    analysis->body_end = match.body_end;
  }
  return true;
}

Status LoadPatterns(const Env* env, const ParsedFlags& flags, Reading* reading) {
  PatternOptions options;
  options.dirs = reading->config.patterns.dirs;
  const std::vector<std::string>& given = flags.All("patterns");
  options.dirs.insert(options.dirs.end(), given.begin(), given.end());
  options.disable = reading->config.patterns.disable;
  if (flags.On("no-patterns")) options.disable = {"*"};
  options.compiled = CompiledPatterns();
  options.cache_dir = UserCacheDirectory();
  options.files = env->files;
  WHITTLE_ASSIGN_OR_RETURN(reading->patterns, PatternSet::Load(options));
  AnalyzerOptions analyzer;
  if (!reading->patterns->List().empty())
    analyzer.match_pattern = [set = reading->patterns.get()](std::string_view text, uint32_t base, bool whole_line,
                                                             LineAnalysis* analysis) {
      return MatchPattern(*set, text, base, whole_line, analysis);
    };
  analyzer.find_trace = FindTraceContext;
  if (const TraceRules& rules = reading->patterns->trace_rules(); !rules.empty()) {
    analyzer.find_trace = [&rules](std::string_view line, LineAnalysis* analysis) {
      rules.AddFields(line, analysis);
      FindTraceContext(line, analysis);
    };
    analyzer.trace_key = [&rules](std::string_view line) { return rules.Key(line); };
  }
  reading->analyzer = std::make_unique<LineAnalyzer>(std::move(analyzer));
  return Status::Ok();
}

Result<std::string> ScrubKey(const Env* env, const ScrubConfig& scrub, const std::string& store) {
  if (!scrub.key_file.empty()) return ReadFile(env->files, scrub.key_file, kMaxKeyFileBytes);
  if (store.empty()) return env->entropy->Bytes(kScrubKeyBytes);
  const std::string path = JoinPath(store, kScrubKeyFile);
  auto key = ReadFile(env->files, path, kMaxKeyFileBytes);
  if (key.ok() || key.status().code() != StatusCode::kNotFound) return key;
  WHITTLE_ASSIGN_OR_RETURN(const std::string fresh, env->entropy->Bytes(kScrubKeyBytes));
  WHITTLE_RETURN_IF_ERROR(WriteFileAtomically(env->files, path, fresh));
  return fresh;
}

}  // namespace

Status AddResource(const Config& config, Input* input) {
  const auto add = [input](const std::string& name, std::string_view text) {
    for (const Attribute& known : input->resource) {
      if (known.name == name) return;
    }
    input->resource.push_back({name, Value::String(text)});
  };
  if (const FilesSource* source = SourceForPath(config, input->path)) {
    if (!source->path_fields.empty()) {
      WHITTLE_ASSIGN_OR_RETURN(const auto layout, PathTemplate::Parse(source->path_fields));
      const PathFields found = layout->Match(input->path);
      for (const Attribute& attribute : found.attributes) add(attribute.name, attribute.value.text);
      if (found.date_s && !input->date_s) input->date_s = found.date_s;
    }
    for (const auto& [name, text] : source->fields) {
      WHITTLE_ASSIGN_OR_RETURN(const std::string value, ExpandPathVariables(text, input->path));
      add(name, value);
    }
  }
  SetResource(config.field_rules, &input->resource);
  return Status::Ok();
}

SourceSettings Reading::SettingsOf(const Input& input) const {
  SourceSettings chosen = settings;
  const FilesSource* source = SourceForPath(config, input.path);
  if (source == nullptr) return chosen;
  switch (source->multiline) {
    case FilesSource::Multiline::kAuto:
      break;
    case FilesSource::Multiline::kNone:
      chosen.framing.multiline = FramingOptions::Multiline::kNone;
      break;
    case FilesSource::Multiline::kStartPattern:
      chosen.framing.multiline = FramingOptions::Multiline::kStartPattern;
      chosen.framing.start_pattern = source->multiline_start;
      break;
  }
  if (!zone_flag && !source->time_zone.empty()) chosen.time.zone = source->time_zone;
  if (!year_flag && source->time_year) chosen.time.year = source->time_year;
  return chosen;
}

Result<std::unique_ptr<Reading>> PrepareReading(const Env* env, const ParsedFlags& flags) {
  auto reading = std::make_unique<Reading>();
  if (flags.Given("config")) {
    auto config = LoadConfig(env->files, flags.Text("config"));
    if (!config.ok()) return Status(StatusCode::kConfig, config.status().message());
    reading->config = std::move(*config);
  } else {
    WHITTLE_ASSIGN_OR_RETURN(reading->config, ParseConfig("", ""));
  }
  WHITTLE_RETURN_IF_ERROR(LoadPatterns(env, flags, reading.get()));
  reading->zone_flag = flags.Given("tz");
  reading->year_flag = flags.Given("year");
  TimeOptions& time = reading->settings.time;
  time.zone = flags.Text("tz");
  if (reading->year_flag) time.year = static_cast<int>(flags.Integer("year"));
  time.start_ns = env->clock->WallNs();
  WHITTLE_RETURN_IF_ERROR(RecordTimes::Check(time));
  if (flags.Given("path-fields")) {
    WHITTLE_ASSIGN_OR_RETURN(reading->inputs.path_fields, PathTemplate::Parse(flags.Text("path-fields")));
  }
  reading->inputs.is_store = [env](const std::string& directory) { return CheckStore(env, directory).ok(); };
  return reading;
}

Result<InputSet> InputsOf(const Env* env, const ParsedFlags& flags, const Reading& reading) {
  std::vector<std::string> arguments = flags.positionals();
  InputOptions options = reading.inputs;
  if (arguments.empty()) {
    for (const FilesSource& source : reading.config.sources) {
      arguments.insert(arguments.end(), source.include.begin(), source.include.end());
      options.exclude.insert(options.exclude.end(), source.exclude.begin(), source.exclude.end());
    }
  }
  if (arguments.empty()) arguments.push_back("-");
  WHITTLE_ASSIGN_OR_RETURN(InputSet inputs, ExpandInputs(env->files, arguments, options));
  for (Input& input : inputs.inputs) WHITTLE_RETURN_IF_ERROR(AddResource(reading.config, &input));
  return inputs;
}

Result<std::vector<std::shared_ptr<const Scrubber>>> MakeScrubbers(const Env* env, const Config& config,
                                                                   const std::string& store) {
  std::vector<std::shared_ptr<const Scrubber>> scrubbers;
  for (const ScrubConfig& scrub : config.scrub) {
    ScrubOptions options;
    options.fields = scrub.fields;
    options.patterns = scrub.patterns;
    options.expressions = scrub.expressions;
    options.with = scrub.hash ? ScrubOptions::With::kHash : ScrubOptions::With::kReplace;
    if (scrub.hash) {
      WHITTLE_ASSIGN_OR_RETURN(options.key, ScrubKey(env, scrub, store));
    }
    WHITTLE_ASSIGN_OR_RETURN(auto scrubber, Scrubber::Create(options));
    scrubbers.push_back(std::move(scrubber));
  }
  return scrubbers;
}

std::string StoreOf(const ParsedFlags& flags, const Config& config) {
  return !flags.Given("store") && config.store_given ? config.store : flags.Text("store");
}

}  // namespace whittle
