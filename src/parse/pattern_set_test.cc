#include "parse/pattern_set.h"

#include <gtest/gtest.h>

#include <thread>

#include "env/memory_file_system.h"
#include "parse/builtin_patterns.h"

namespace whittle {
namespace {

std::unique_ptr<PatternSet> LoadTexts(std::vector<PatternText> texts, PatternOptions options = {}) {
  options.builtin = false;
  options.texts = std::move(texts);
  auto set = PatternSet::Load(options);
  EXPECT_TRUE(set.ok()) << set.status().message();
  return set.ok() ? std::move(*set) : nullptr;
}

Status LoadError(const std::string& text) {
  PatternOptions options;
  options.builtin = false;
  options.texts = {{"my.yaml", text}};
  auto set = PatternSet::Load(options);
  return set.ok() ? Status::Ok() : set.status();
}

std::string Pattern(const std::string& name, const std::string& expression, const std::string& extra = "") {
  return "name: " + name + "\ntitle: t\nexpressions:\n  - '" + expression +
         "'\nsamples:\n  - text: x\n    fields: {}\n" + extra;
}

// The library, compiled once for all tests that only read it.
const PatternSet& Builtin() {
  static const std::unique_ptr<PatternSet> set = [] {
    auto loaded = PatternSet::Load({});
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    return loaded.ok() ? std::move(*loaded) : LoadTexts({});
  }();
  return *set;
}

struct PatternFileReader {
  PatternFileReader() {
    for (const BuiltinPatternFile* file = kBuiltinPatternFiles; file->path != nullptr; ++file) {
      auto definition = ParsePatternFile(file->path, file->text, GrokLibrary::Standard());
      if (definition.ok()) definitions.push_back(std::move(*definition));
    }
  }
  std::vector<PatternDefinition> definitions;
};

TEST(BuiltinPatterns, EverySampleIsClaimedByItsOwnPattern) {
  PatternScratch scratch;
  for (const SampleFailure& failure : Builtin().RunSamples(&scratch)) {
    ADD_FAILURE() << failure.path << ":" << failure.line << ": " << failure.pattern << ": " << failure.problem;
  }
}

TEST(BuiltinPatterns, HaveTwoSamplesAndACounterSample) {
  EXPECT_GE(Builtin().List().size(), 40u);
  for (const PatternInfo& info : Builtin().List()) {
    EXPECT_GE(info.samples, 2u) << info.name;
    EXPECT_GE(info.counter_samples, 1u) << info.name;
  }
}

TEST(PatternSet, GivesFieldsWithOffsetsRolesAndTypes) {
  const auto set = LoadTexts({{"a.yaml", Pattern("a",
                                                 "%{ISO_TIME:timestamp} %{WORD:severity_text} took %{INT:my.count:int} "
                                                 "by %{IP:client.address:ip}: %{GREEDYDATA:body}")}});
  PatternScratch scratch;
  PatternMatch match;
  const std::string text = "2024-01-02 03:04:05 INFO took 17 by 192.0.2.1: all fine";
  ASSERT_TRUE(set->Match(text, 100, true, &scratch, &match));
  EXPECT_EQ(match.name, "a");
  ASSERT_EQ(match.fields.size(), 4u);
  EXPECT_EQ(match.fields[0].role, FieldRole::kTimestamp);
  EXPECT_NE(match.fields[0].time_layout, 0);
  EXPECT_EQ(match.fields[0].begin, 100u);
  EXPECT_EQ(match.fields[0].end, 119u);
  EXPECT_EQ(match.fields[1].role, FieldRole::kSeverity);
  EXPECT_EQ(match.fields[2].name, "my.count");
  EXPECT_EQ(match.fields[2].type, ValueType::kInt64);
  EXPECT_EQ(match.fields[3].type, ValueType::kIp);
  ASSERT_TRUE(match.has_body);
  EXPECT_EQ(text.substr(match.body_begin - 100, match.body_end - match.body_begin), "all fine");
}

TEST(PatternSet, TheMoreSpecificPatternWinsWhateverTheOrder) {
  const PatternText wide{"w.yaml", Pattern("aa", "user %{GREEDYDATA:what}")};
  const PatternText narrow{"n.yaml", Pattern("zz", "user %{WORD:user.name} logged in")};
  PatternScratch scratch;
  for (const auto& texts : {std::vector<PatternText>{wide, narrow}, std::vector<PatternText>{narrow, wide}}) {
    const auto set = LoadTexts(texts);
    PatternMatch match;
    ASSERT_TRUE(set->Match("user anna logged in", 0, true, &scratch, &match));
    EXPECT_EQ(match.name, "zz");
    ASSERT_TRUE(set->Match("user anna logged out", 0, true, &scratch, &match));
    EXPECT_EQ(match.name, "aa");
    const auto candidates = set->Explain("user anna logged in", true, &scratch);
    ASSERT_EQ(candidates.size(), 2u);
    EXPECT_TRUE(candidates[0].won);
    EXPECT_TRUE(candidates[1].matched);
    EXPECT_FALSE(candidates[1].won);
  }
}

TEST(PatternSet, PriorityComesBeforeSpecificity) {
  const auto set = LoadTexts({{"w.yaml", Pattern("wide", "user %{GREEDYDATA:what}", "priority: 60\n")},
                              {"n.yaml", Pattern("narrow", "user %{WORD:user.name} logged in")}});
  PatternScratch scratch;
  PatternMatch match;
  ASSERT_TRUE(set->Match("user anna logged in", 0, true, &scratch, &match));
  EXPECT_EQ(match.name, "wide");
}

TEST(PatternSet, LinePatternsDoNotClaimBodies) {
  const auto set =
      LoadTexts({{"a.yaml", Pattern("a", "x=%{INT:x:int}")}, {"b.yaml", Pattern("b", "y=%{INT:y:int}", "on: body\n")}});
  PatternScratch scratch;
  PatternMatch match;
  EXPECT_TRUE(set->Match("x=1", 0, true, &scratch, &match));
  EXPECT_FALSE(set->Match("x=1", 0, false, &scratch, &match));
  EXPECT_TRUE(set->Match("y=1", 0, false, &scratch, &match));
  EXPECT_TRUE(set->Match("y=1", 0, true, &scratch, &match));
}

TEST(PatternSet, TextsOfBytesAreFine) {
  const auto set = LoadTexts({{"a.yaml", Pattern("a", "bytes %{DATA:raw} end")}});
  PatternScratch scratch;
  PatternMatch match;
  const std::string text = std::string("bytes \xff\x00\x80\xc3 end", 14);
  ASSERT_TRUE(set->Match(text, 0, true, &scratch, &match));
  EXPECT_EQ(match.fields[0].end - match.fields[0].begin, 4u);
}

TEST(PatternSet, ATimestampMustBeOne) {
  const auto set = LoadTexts({{"a.yaml", Pattern("a", "at %{NOTSPACE:timestamp}")}});
  PatternScratch scratch;
  PatternMatch match;
  EXPECT_TRUE(set->Match("at 2024-01-02T03:04:05Z", 0, true, &scratch, &match));
  EXPECT_FALSE(set->Match("at noon", 0, true, &scratch, &match));
}

TEST(PatternSet, RefusesBadFilesWithPlaceAndReason) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {
      {"name: a\ntitle: t\nexpressions: ['x %{INT:n:int}']\n", "my.yaml:1:7: no sample, no pattern"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x (?=y)'\nsamples: []\n", "my.yaml:4:8: lookahead"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x %{NOPE:n}'\nsamples: []\n", "my.yaml:4:8: no definition 'NOPE'"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x (a+)+'\nsamples: []\n", "nested repetition"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x %{DATA:a}%{DATA:b} y'\nsamples: []\n", "compete"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x %{INT:a} %{INT:a}'\nsamples: []\n", "set twice"},
      {"name: a\ntitle: t\nexpressions:\n  - '%{GREEDYDATA:all}'\nsamples: []\n", "no constant text"},
      {"name: a\ntitle: t\nexpressions:\n  - '(a)\\1'\nsamples: []\n", "my.yaml:4:9: a back-reference"},
      {"name: A b\ntitle: t\nexpressions: ['x']\n", "my.yaml:1:7: a name has"},
      {"nam: a\n", "my.yaml:1:1: unknown key 'nam'"},
      {"name: a\nname: b\n", "my.yaml:2:1: the key 'name' stands here twice"},
      {"name: [a\n", "my.yaml:"},
      {"- a\n", "my.yaml:1:1: a pattern file is a map"},
      {"", "my.yaml:1:1: a pattern file is a map"},
      {"name: a\ntitle: t\nexpressions:\n  - 'x %{INT:a:number}'\nsamples: []\n", "no type 'number'"},
      {"name: a\ntitle: t\nexpressions: ['x %{INT:n}']\nsamples:\n  - text: x 1\n    fields: {m: 1}\n",
       "my.yaml:6:14: no expression captures 'm'"},
  };
  for (const auto& c : kCases) {
    const Status status = LoadError(c.text);
    EXPECT_EQ(status.code(), StatusCode::kConfig) << c.text;
    EXPECT_NE(status.message().find(c.message), std::string::npos)
        << "got: " << status.message() << "\nwant: " << c.message;
  }
}

TEST(PatternSet, ABuiltinPatternIsReplacedOnlyWhenAsked) {
  PatternOptions options;
  options.texts = {{"my.yaml",
                    "name: squid.access\ntitle: t\nexpressions: ['zebra %{INT:n:int}']\nsamples:\n"
                    "  - {text: zebra 1, fields: {n: 1}}\n  - {text: zebra 2, fields: {n: 2}}\nreject: [x]\n"}};
  const auto refused = PatternSet::Load(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("already defined"), std::string::npos);
  options.replace = true;
  const auto set = PatternSet::Load(options);
  ASSERT_TRUE(set.ok()) << set.status().message();
  PatternScratch scratch;
  PatternMatch match;
  ASSERT_TRUE((*set)->Match("zebra 7", 0, true, &scratch, &match));
  EXPECT_EQ(match.name, "squid.access");
  EXPECT_TRUE((*set)->RunSamples(&scratch).empty());
}

TEST(PatternSet, SamplesThatFailAreNamed) {
  const auto set =
      LoadTexts({{"a.yaml",
                  "name: a\ntitle: t\nexpressions: ['x %{INT:n:int}']\nsamples:\n  - text: x 1\n    fields: {n: 2}\n"
                  "  - text: y\n    fields: {}\n  - {text: x 5, fields: {}}\nreject: [x 3, x y]\n"}});
  PatternScratch scratch;
  const auto failures = set->RunSamples(&scratch);
  ASSERT_EQ(failures.size(), 4u);
  EXPECT_EQ(failures[0].line, 5);
  EXPECT_EQ(failures[0].problem, "n is '1', expected '2'");
  EXPECT_EQ(failures[1].problem, "no pattern matches");
  EXPECT_EQ(failures[2].problem, "unexpected field n: '5'");
  EXPECT_EQ(failures[3].problem, "must not match, but does");
}

TEST(PatternSet, ReadsDirectoriesAndGrokFiles) {
  MemoryFileSystem files;
  ASSERT_TRUE(MakeDirectories(&files, "/p").ok());
  ASSERT_TRUE(WriteFileAtomically(&files, "/p/mine.grok", "TICKET [A-Z]{3}-%{INT}\nBAD (?<!x)y\n").ok());
  ASSERT_TRUE(WriteFileAtomically(&files, "/p/mine.yaml",
                                  "name: tickets\ntitle: t\nexpressions: ['opened %{TICKET:ticket}']\n"
                                  "samples:\n  - {text: opened ABC-1, fields: {ticket: ABC-1}}\n")
                  .ok());
  PatternOptions options;
  options.builtin = false;
  options.dirs = {"/p"};
  options.files = &files;
  auto set = PatternSet::Load(options);
  ASSERT_TRUE(set.ok()) << set.status().message();
  PatternScratch scratch;
  EXPECT_TRUE((*set)->RunSamples(&scratch).empty());
  ASSERT_EQ((*set)->refusals().size(), 1u);
  EXPECT_EQ((*set)->refusals()[0].name, "BAD");
  EXPECT_EQ((*set)->refusals()[0].line, 2u);
}

TEST(PatternSet, TheCompiledDatabaseIsCachedAndAnswersTheSame) {
  MemoryFileSystem files;
  PatternOptions options;
  options.files = &files;
  options.cache_dir = "/cache/whittle";
  auto first = PatternSet::Load(options);
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_FALSE((*first)->from_cache());
  auto second = PatternSet::Load(options);
  ASSERT_TRUE(second.ok()) << second.status().message();
  EXPECT_TRUE((*second)->from_cache());
  PatternScratch scratch;
  EXPECT_TRUE((*second)->RunSamples(&scratch).empty());
  // Damage is noticed and costs only time.
  const auto entries = files.List("/cache/whittle");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
  const std::string path = JoinPath("/cache/whittle", (*entries)[0].name);
  auto bytes = ReadFile(&files, path);
  ASSERT_TRUE(bytes.ok());
  (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 0x40);
  ASSERT_TRUE(WriteFileAtomically(&files, path, *bytes).ok());
  auto third = PatternSet::Load(options);
  ASSERT_TRUE(third.ok()) << third.status().message();
  EXPECT_FALSE((*third)->from_cache());
}

TEST(PatternSet, TheFormTheBuildMakesAnswersTheSame) {
  const auto bytes = PatternSet::CompileBuiltin();
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  PatternOptions options;
  options.compiled = *bytes;
  const auto compiled = PatternSet::Load(options);
  ASSERT_TRUE(compiled.ok());
  ASSERT_EQ((*compiled)->List().size(), Builtin().List().size());
  PatternScratch scratch;
  const PatternFileReader files;
  size_t samples = 0;
  for (const PatternDefinition& definition : files.definitions) {
    for (const PatternSample& sample : definition.samples) {
      for (const bool whole_line : {true, false}) {
        PatternMatch expected, found;
        ASSERT_EQ(Builtin().Match(sample.text, 7, whole_line, &scratch, &expected),
                  (*compiled)->Match(sample.text, 7, whole_line, &scratch, &found));
        EXPECT_EQ(found.name, expected.name);
        EXPECT_EQ(found.has_body, expected.has_body);
        EXPECT_EQ(found.body_begin, expected.body_begin);
        EXPECT_EQ(found.body_end, expected.body_end);
        ASSERT_EQ(found.fields.size(), expected.fields.size());
        for (size_t i = 0; i < found.fields.size(); ++i) {
          EXPECT_EQ(found.fields[i].name, expected.fields[i].name);
          EXPECT_EQ(found.fields[i].begin, expected.fields[i].begin);
          EXPECT_EQ(found.fields[i].end, expected.fields[i].end);
          EXPECT_EQ(found.fields[i].role, expected.fields[i].role);
          EXPECT_EQ(found.fields[i].type, expected.fields[i].type);
          EXPECT_EQ(found.fields[i].time_layout, expected.fields[i].time_layout);
        }
        ++samples;
      }
    }
  }
  EXPECT_GT(samples, 100u);
  // A damaged form is no form: the files are read then.
  options.compiled = std::string_view(*bytes).substr(0, bytes->size() - 1);
  const auto slow = PatternSet::Load(options);
  ASSERT_TRUE(slow.ok());
  EXPECT_TRUE((*slow)->RunSamples(&scratch).empty());
  options.compiled = *bytes;
  options.disable = {"apache.*"};
  const auto fewer = PatternSet::Load(options);
  ASSERT_TRUE(fewer.ok());
  EXPECT_LT((*fewer)->List().size(), Builtin().List().size());
}

TEST(PatternSet, DisabledPatternsAreGone) {
  PatternOptions options;
  options.disable = {"apache.*", "nginx.access"};
  auto set = PatternSet::Load(options);
  ASSERT_TRUE(set.ok());
  for (const PatternInfo& info : (*set)->List()) {
    EXPECT_NE(info.name.substr(0, 7), "apache.");
    EXPECT_NE(info.name, "nginx.access");
  }
}

TEST(PatternSet, ThreadsShareOneSet) {
  std::vector<std::thread> threads;
  std::vector<size_t> failures(4, 1);
  for (size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&failures, t] {
      PatternScratch scratch;
      failures[t] = Builtin().RunSamples(&scratch).size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const size_t count : failures) EXPECT_EQ(count, 0u);
}

}  // namespace
}  // namespace whittle
