#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "env/posix_file_system.h"
#include "pipeline/convert.h"
#include "render/ndjson.h"
#include "templates/overrides.h"

namespace whittle {
namespace {

Result<Overrides> LoadOverrides(const Env* env, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string text, ReadFile(env->files, path, kMaxOverrideBytes));
  return ParseOverrides(text, path);
}

}  // namespace

int RunConvert(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  auto reading = PrepareReading(env, flags);
  if (!reading.ok()) return Fail(streams, reading.status());
  const auto inputs = InputsOf(env, flags, **reading);
  if (!inputs.ok()) return Fail(streams, inputs.status());

  ConvertOptions options;
  options.parsing.analyzer = (*reading)->analyzer.get();
  options.parsing.use_recipe_cache = !flags.On("no-recipe-cache");
  auto scrubbers = MakeScrubbers(env, (*reading)->config, "");
  if (!scrubbers.ok()) return Fail(streams, scrubbers.status());
  options.parsing.scrubbers = std::move(*scrubbers);
  options.parsing.field_rules = (*reading)->config.field_rules;
  options.parsing.incoming = (*reading)->config.sampling->incoming;
  if (const std::string& path = (*reading)->config.templates.overrides; !path.empty()) {
    auto overrides = LoadOverrides(env, path);
    if (!overrides.ok()) return Fail(streams, overrides.status());
    options.ignore = std::make_shared<const IgnoreRules>(*overrides);
  }
  options.settings_of = [&](const Input& input) { return (*reading)->SettingsOf(input); };
  if (flags.Given("source-name")) options.source_name = flags.Text("source-name");
  const std::atomic<bool>* interrupted = WatchForInterrupt();
  std::string line;
  ConvertHooks hooks;
  hooks.emit = [&](const Event& event) {
    line.clear();
    AppendNdjson(event, &line);
    streams.out.Write(line);
  };
  hooks.flush = [&] { streams.out.Flush(); };
  hooks.open_stdin = [] { return NewPipeStream(StandardInput()); };
  hooks.stop = [&] { return interrupted->load() || streams.out.closed() || streams.out.error() != 0; };

  const ConvertReport report = RunConvert(env, inputs->inputs, options, hooks);
  int exit_code = 0;
  for (const InputProblem& problem : inputs->problems) exit_code = Fail(streams, problem.status);
  for (const auto& [name, status] : report.failures) exit_code = Fail(streams, status);
  return exit_code;
}

}  // namespace whittle
