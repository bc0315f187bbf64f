#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/reading.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {

int RunPatternsList(const ParsedFlags& flags, Streams& streams) {
  const auto reading = PrepareReading(DefaultEnv(), flags);
  if (!reading.ok()) return Fail(streams, reading.status());
  const std::vector<PatternInfo> patterns = (*reading)->patterns->List();
  if (flags.Text("format") == "ndjson") {
    for (const PatternInfo& pattern : patterns) {
      std::string line = "{\"name\":";
      AppendJsonString(pattern.name, &line);
      line += ",\"title\":";
      AppendJsonString(pattern.title, &line);
      line += ",\"path\":";
      AppendJsonString(pattern.path, &line);
      line += ",\"expressions\":" + std::to_string(pattern.expressions) +
              ",\"samples\":" + std::to_string(pattern.samples) + "}\n";
      streams.out.Write(line);
    }
    return 0;
  }
  Table table({{"pattern", false}, {"recognises", false}, {"samples", true}, {"from", false}});
  for (const PatternInfo& pattern : patterns) {
    table.AddRow({pattern.name, pattern.title, std::to_string(pattern.samples), pattern.path});
  }
  streams.out.Write(table.Render(static_cast<size_t>(streams.out.terminal_columns())));
  return 0;
}

int RunPatternsTest(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  PatternOptions options;
  options.dirs = flags.positionals();
  options.files = env->files;
  options.replace = true;  // a copy of the library's own folder is tested as it is there
  const auto patterns = PatternSet::Load(options);
  if (!patterns.ok()) return Fail(streams, patterns.status());
  for (const GrokRefusal& refusal : (*patterns)->refusals()) {
    streams.err.Write("whittle: " + refusal.path + ":" + std::to_string(refusal.line) + ": " + refusal.name + ": " +
                      refusal.reason + "\n");
  }
  PatternScratch scratch;
  const std::vector<SampleFailure> failures = (*patterns)->RunSamples(&scratch);
  for (const SampleFailure& failure : failures) {
    streams.out.Write(failure.path + ":" + std::to_string(failure.line) + ": " + failure.pattern + ": " +
                      failure.problem + "\n");
  }
  size_t samples = 0;
  for (const PatternInfo& pattern : (*patterns)->List()) samples += pattern.samples + pattern.counter_samples;
  streams.out.Write(FormatCount(samples - failures.size()) + " samples passed, " + FormatCount(failures.size()) +
                    " failed\n");
  return failures.empty() ? 0 : 1;
}

}  // namespace whittle
