#include "cli/reading.h"

#include "catalog/store_layout.h"
#include "parse/trace_context.h"

namespace whittle {
namespace {

// Where compiled patterns are kept between runs: $XDG_CACHE_HOME/whittle or ~/.cache/whittle; empty: nowhere.
std::string CacheDir() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0') return std::string(xdg) + "/whittle";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return std::string(home) + "/.cache/whittle";
  return "";
}

// One scratch per thread: pattern matching needs room to work in.
PatternScratch* ThreadScratch() {
  thread_local PatternScratch scratch;
  return &scratch;
}

bool MatchPattern(const PatternSet& patterns, std::string_view text, uint32_t base, bool whole_line, LineAnalysis* analysis) {
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

}  // namespace

Result<std::unique_ptr<Reading>> PrepareReading(const Env* env, const ParsedFlags& flags) {
  auto reading = std::make_unique<Reading>();
  PatternOptions patterns;
  patterns.dirs = flags.All("patterns");
  patterns.cache_dir = CacheDir();
  patterns.files = env->files;
  WHITTLE_ASSIGN_OR_RETURN(reading->patterns, PatternSet::Load(patterns));
  AnalyzerOptions analyzer;
  analyzer.match_pattern = [set = reading->patterns.get()](std::string_view text, uint32_t base, bool whole_line, LineAnalysis* analysis) {
    return MatchPattern(*set, text, base, whole_line, analysis);
  };
  analyzer.find_trace = FindTraceContext;
  reading->analyzer = std::make_unique<LineAnalyzer>(std::move(analyzer));
  reading->time.zone = flags.Text("tz");
  if (flags.Given("year")) reading->time.year = static_cast<int>(flags.Integer("year"));
  reading->time.start_ns = env->clock->WallNs();
  WHITTLE_RETURN_IF_ERROR(RecordTimes::Check(reading->time));
  if (flags.Given("path-fields")) {
    WHITTLE_ASSIGN_OR_RETURN(reading->inputs.path_fields, PathTemplate::Parse(flags.Text("path-fields")));
  }
  reading->inputs.is_store = [env](const std::string& directory) { return CheckStore(env, directory).ok(); };
  return reading;
}

Result<InputSet> InputsOf(const Env* env, const ParsedFlags& flags, const Reading& reading) {
  std::vector<std::string> arguments = flags.positionals();
  if (arguments.empty()) arguments.push_back("-");
  return ExpandInputs(env->files, arguments, reading.inputs);
}

}  // namespace whittle
