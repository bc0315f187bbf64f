// PatternSet: the pattern library, loaded. Says which pattern claims a text and which fields it has. Loaded once and
// then immutable: any number of threads may call Match, each with its own PatternScratch. Results own their names.
//
// All expressions together select candidates in one pass (PatternDatabase); the candidates are confirmed from the most
// specific to the least, and the first that matches the whole text, with every field of its type, wins. Rank: higher
// priority, then more constant bytes, then more constrained bytes, then the name, then the order in the file. The rank
// is fixed at load, so the winner depends on the text alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>
#include "event/shape.h"
#include "parse/pattern_database.h"
#include "parse/pattern_file.h"
#include "parse/trace_rules.h"

namespace whittle {

class FileSystem;

struct PatternText {
  std::string path;  // for messages
  std::string text;
};

struct PatternOptions {
  bool builtin = true;
  bool replace = false;              // a pattern of dirs or texts takes the place of a built-in one of its name
  std::vector<std::string> dirs;     // *.yaml and *.yml are patterns; *.grok and files without extension definitions
  std::vector<PatternText> texts;    // pattern files that are in memory already
  std::vector<std::string> disable;  // names of patterns; "http.*" disables all that begin with "http."
  std::string_view compiled;         // what CompileBuiltin gave: used when the built-in patterns are all there are
  bool any_processor = false;        // compile for every processor of the architecture, not for this one
  std::string cache_dir;             // empty: compile every time
  FileSystem* files = nullptr;       // needed for dirs and cache_dir
};

struct PatternMatch {
  std::string name;               // the pattern's; a view of it lives as long as the PatternSet
  std::vector<FieldSpan> fields;  // offsets include base_offset; a field that took part with no bytes is left out
  bool has_body = false;          // the pattern says which part is the message
  uint32_t body_begin = 0, body_end = 0;
};

// One candidate as `explain` shows it, in the order they were tried.
struct PatternCandidate {
  std::string name;
  std::string path;
  int line = 0;  // of the expression
  int priority = 0;
  size_t constant_bytes = 0;
  bool matched = false;
  bool won = false;
  std::string reason;  // why it did not match
};

struct PatternInfo {
  std::string name, title, path;
  PatternScope scope = PatternScope::kLine;
  int priority = 50;
  size_t expressions = 0, samples = 0, counter_samples = 0;
  bool disabled = false;  // known, but never matches; not listed
};

struct SampleFailure {
  std::string path;
  int line = 0;
  std::string pattern;
  std::string problem;  // what was expected and what came
};

class PatternSet {
 public:
  // Texts longer than this are never claimed: patterns describe lines.
  static constexpr size_t kMaxTextBytes = 64 * 1024;
  static constexpr size_t kMaxPatterns = 5000;

  // The first bad file is the answer, unless it is only a definition of a grok file that cannot be expressed: those are
  // left out and named in refusals().
  static Result<std::unique_ptr<PatternSet>> Load(const PatternOptions& options);
  ~PatternSet();

  // True when a pattern claims all of `text`. `whole_line`: the text is a whole line (patterns for lines and for bodies
  // are tried), else it is the message after a header (only those for bodies).
  bool Match(std::string_view text, uint32_t base_offset, bool whole_line, PatternScratch* scratch,
             PatternMatch* match) const;

  // Every candidate for `text`, best rank first.
  std::vector<PatternCandidate> Explain(std::string_view text, bool whole_line, PatternScratch* scratch) const;

  // The rules among the patterns that find ids anywhere in a line.
  const TraceRules& trace_rules() const { return trace_rules_; }

  std::vector<PatternInfo> List() const;
  const std::vector<GrokRefusal>& refusals() const { return refusals_; }
  bool from_cache() const;

  // The built-in patterns in the form PatternOptions::compiled takes; for the build.
  static Result<std::string> CompileBuiltin();

  // Runs every sample against the whole set: samples must be claimed by their own pattern with exactly the expected
  // fields, counter-samples must not be claimed by it. The compiled form has no samples.
  std::vector<SampleFailure> RunSamples(PatternScratch* scratch) const;

 private:
  struct Rule;
  PatternSet();
  Status ReadFiles(const PatternOptions& options);
  Status ReadDirectory(FileSystem* files, const std::string& dir, GrokLibrary* library,
                       std::vector<PatternText>* texts);
  Status AddPattern(PatternDefinition definition);
  Status Compile(const PatternOptions& options);
  bool ReadCompiled(std::string_view bytes);
  std::string TraceSampleProblem(const PatternDefinition& definition, const PatternSample& sample) const;
  void RunSample(const PatternDefinition& definition, const PatternSample& sample, PatternScratch* scratch,
                 std::vector<SampleFailure>* failures) const;

  std::vector<PatternDefinition> definitions_;  // empty when loaded from the compiled form
  std::vector<PatternInfo> infos_;
  std::vector<std::unique_ptr<Rule>> rules_;  // best rank first; the database numbers them so
  TraceRules trace_rules_;
  std::vector<GrokRefusal> refusals_;
  std::unique_ptr<PatternDatabase> database_;
};

}  // namespace whittle
