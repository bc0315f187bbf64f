#include "cli/flag_parser.h"

#include <gtest/gtest.h>

#include "cli/program.h"

namespace whittle {
namespace {

using Arguments = std::vector<std::string>;

Result<ParsedFlags> Parse(std::string_view command, const Arguments& arguments) {
  return ParseFlags(*FindCommand(command), arguments);
}

std::string Problem(std::string_view command, const Arguments& arguments) {
  const Result<ParsedFlags> flags = Parse(command, arguments);
  return flags.ok() ? "fine" : flags.status().message();
}

TEST(FlagParser, ReadsValuesInBothSpellings) {
  const Result<ParsedFlags> flags = Parse("ingest", {"--jobs", "4", "--memory=1MiB", "a.log", "--tee", "-", "b"});
  ASSERT_TRUE(flags.ok()) << flags.status().message();
  EXPECT_EQ(flags->Integer("jobs"), 4);
  EXPECT_EQ(flags->Integer("memory"), 1048576);
  EXPECT_TRUE(flags->On("tee"));
  EXPECT_FALSE(flags->On("fail-fast"));
  EXPECT_EQ(flags->positionals(), (Arguments{"a.log", "-", "b"}));
}

TEST(FlagParser, DefaultsComeFromTheTable) {
  const Result<ParsedFlags> flags = Parse("ingest", {});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->Integer("memory"), 512 << 20);
  EXPECT_EQ(flags->Integer("jobs"), 0);
  EXPECT_EQ(flags->Text("tz"), "UTC");
  EXPECT_TRUE(flags->All("patterns").empty());
  EXPECT_EQ(flags->Text("patterns"), "");
  EXPECT_FALSE(flags->Given("memory"));
}

TEST(FlagParser, FlagsOfOtherCommandsReadAsNotGiven) {
  const Result<ParsedFlags> flags = Parse("patterns list", {"--patterns", "x"});
  ASSERT_TRUE(flags.ok());
  EXPECT_FALSE(flags->Given("year"));
  EXPECT_EQ(flags->Text("tz"), "UTC");
  EXPECT_EQ(flags->All("patterns"), Arguments{"x"});
}

TEST(FlagParser, StoreComesFromTheEnvironmentUnlessGiven) {
  ::setenv("WHITTLE_STORE", "/elsewhere", 1);
  EXPECT_EQ(Parse("stats", {})->Text("store"), "/elsewhere");
  EXPECT_EQ(Parse("stats", {"--store", "here"})->Text("store"), "here");
  ::unsetenv("WHITTLE_STORE");
  EXPECT_EQ(Parse("stats", {})->Text("store"), "whittle.store");
}

TEST(FlagParser, LastValueWinsAndRepeatableKeepsAll) {
  EXPECT_EQ(Parse("stats", {"--store", "a", "--store", "b"})->Text("store"), "b");
  EXPECT_EQ(Parse("verify", {"--against", "a", "--against", "b"})->All("against"), (Arguments{"a", "b"}));
}

TEST(FlagParser, LogLinesArriveAsTheyAre) {
  for (const std::string line : {"[a, b]", "-", "", "{\"x\": [1,2]}", "'quoted'", "a=b", "\xff\n"}) {
    const Result<ParsedFlags> flags = Parse("explain", {line});
    ASSERT_TRUE(flags.ok()) << line;
    EXPECT_EQ(flags->positional(), line);
  }
  EXPECT_EQ(Parse("explain", {"--", "--not-a-flag"})->positional(), "--not-a-flag");
}

TEST(FlagParser, WrongUsageIsOneLineThatHelps) {
  EXPECT_EQ(Problem("ingest", {"--stroe", "x"}), "whittle ingest: unknown flag '--stroe'; did you mean --store?");
  EXPECT_EQ(Problem("ingest", {"--st=x"}), "whittle ingest: unknown flag '--st'; see `whittle ingest --help`");
  EXPECT_EQ(Problem("cat", {"--tee"}), "whittle cat: unknown flag '--tee'; it belongs to `whittle ingest`");
  EXPECT_EQ(Problem("cat", {"-r"}), "whittle cat: unknown flag '-r'; see `whittle cat --help`");
  EXPECT_EQ(Problem("ingest", {"--jobs"}), "whittle ingest: --jobs needs a value");
  EXPECT_EQ(Problem("ingest", {"--store", "--jobs", "2"}), "whittle ingest: --store needs a value");
  EXPECT_EQ(Problem("ingest", {"--store="}), "whittle ingest: --store needs a path, not ''");
  EXPECT_EQ(Problem("cat", {"--raw=1"}), "whittle cat: --raw takes no value");
  EXPECT_EQ(Problem("cat", {"--raw", "--format", "ndjson"}), "whittle cat: --raw and --format exclude each other");
  EXPECT_EQ(Problem("query", {}), "whittle query: needs QUERY; see `whittle query --help`");
  EXPECT_EQ(Problem("query", {"a", "b"}), "whittle query: unexpected argument 'b'; see `whittle query --help`");
  EXPECT_EQ(Problem("stats", {"--format", "xml"}),
            "whittle stats: --format does not know 'xml'; it is one of table|ndjson");
  for (const std::string number : {"0", "-1", "1025", "2x", "", "99999999999999999999"}) {
    EXPECT_EQ(Problem("ingest", {"--jobs=" + number}),
              "whittle ingest: --jobs needs a whole number from 1 to 1024, not '" + number + "'");
  }
}

TEST(FlagParser, ShortNamesAreTheSameFlags) {
  const auto parsed = ParseFlags(*FindCommand("run"), {"-c", "w.yaml"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->Text("config"), "w.yaml");
  EXPECT_FALSE(ParseFlags(*FindCommand("run"), {"-c"}).ok());
  EXPECT_FALSE(ParseFlags(*FindCommand("run"), {"-x", "w.yaml"}).ok());
  EXPECT_FALSE(ParseFlags(*FindCommand("version"), {"-c", "w.yaml"}).ok());
}

TEST(FlagParser, HelpIsAnsweredWhateverElseIsWrong) {
  const Result<ParsedFlags> flags = Parse("query", {"--nonsense", "-h"});
  ASSERT_TRUE(flags.ok());
  EXPECT_TRUE(flags->help());
}

TEST(FlagParser, SizesHaveBinaryAndDecimalUnits) {
  const std::pair<std::string, int64_t> good[] = {
      {"0", 0},        {"17", 17},          {"17 B", 17},      {"64k", 65536},
      {"64KB", 64000}, {"1.5MiB", 1572864}, {"2g", 2LL << 30}, {"1 TB", 1000000000000}};
  for (const auto& [text, bytes] : good) {
    const Result<int64_t> size = ParseByteSize(text);
    ASSERT_TRUE(size.ok()) << text;
    EXPECT_EQ(*size, bytes) << text;
  }
  for (const std::string text : {"", "k", ".5k", "-1", "1x", "1kk", "0x10", "1e3", "99999999TiB", "nan"}) {
    EXPECT_FALSE(ParseByteSize(text).ok()) << text;
  }
}

TEST(MatchCommand, FindsWordsAndGroups) {
  EXPECT_EQ(MatchCommand({"cat", "x"})->command->name, "cat");
  const Result<CommandMatch> group = MatchCommand({"patterns", "list", "x"});
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(group->command->name, "patterns list");
  EXPECT_EQ(group->words, 2u);
  EXPECT_EQ(MatchCommand({"ingset"}).status().message(), "whittle: unknown command 'ingset'; did you mean 'ingest'?");
  EXPECT_EQ(MatchCommand({"qqqqqq"}).status().message(), "whittle: unknown command 'qqqqqq'; see `whittle --help`");
  EXPECT_EQ(MatchCommand({"patterns"}).status().message(), "whittle patterns: say which of: list, test");
  EXPECT_EQ(MatchCommand({"config", "chek"}).status().message(),
            "whittle config: 'chek' is not known; say which of: check, example, schema");
}

TEST(Program, AnswersHelpAndRefusesNonsense) {
  const auto run = [](const Arguments& arguments, std::string* out, std::string* err) {
    OutputStream out_stream(out), err_stream(err);
    Streams streams{0, out_stream, err_stream};
    return RunProgram(arguments, streams);
  };
  for (const Arguments& arguments : {Arguments{"--help"},
                                     {"help"},
                                     {"help", "cat"},
                                     {"cat", "--help"},
                                     {"patterns", "-h"},
                                     {"--version"},
                                     {"version"},
                                     {"--man"},
                                     {"--completions", "bash"}}) {
    std::string out, err;
    EXPECT_EQ(run(arguments, &out, &err), 0) << arguments[0];
    EXPECT_NE(out, "") << arguments[0];
    EXPECT_EQ(err, "") << arguments[0];
  }
  for (const Arguments& arguments : {Arguments{}, {"--nope"}, {"nope"}, {"cat", "--nope"}, {"--completions", "csh"}}) {
    std::string out, err;
    EXPECT_EQ(run(arguments, &out, &err), 2);
    EXPECT_EQ(out, "");
    EXPECT_NE(err, "");
  }
}

}  // namespace
}  // namespace whittle
