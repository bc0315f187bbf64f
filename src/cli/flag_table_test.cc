#include "cli/flag_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cli/completions.h"
#include "cli/flag_parser.h"
#include "cli/help.h"
#include "cli/man_page.h"

namespace whittle {
namespace {

TEST(FlagTable, RowsAreComplete) {
  std::set<std::string_view> names;
  for (const CommandSpec& command : Commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.name;
    EXPECT_TRUE(command.description.ends_with('.')) << command.name;
    std::set<std::string_view> flags{"help"};
    ForEachFlag(command, [&](const FlagSpec& flag) {
      EXPECT_TRUE(flags.insert(flag.name).second) << command.name << " --" << flag.name;
      EXPECT_FALSE(flag.help.empty() || flag.help.ends_with('.')) << flag.name;
      EXPECT_EQ(flag.kind == ValueKind::kSwitch, flag.argument.empty()) << flag.name;
      EXPECT_EQ(flag.kind == ValueKind::kChoice, !flag.choices.empty()) << flag.name;
      EXPECT_EQ(flag.kind == ValueKind::kInteger, flag.maximum > flag.minimum) << flag.name;
    });
  }
}

// A default has to be a value the flag accepts.
TEST(FlagTable, DefaultsParse) {
  for (const CommandSpec& command : Commands()) {
    ForEachFlag(command, [&](const FlagSpec& flag) {
      if (flag.default_value.empty()) return;
      std::vector<std::string> arguments{"--" + std::string(flag.name) + "=" + std::string(flag.default_value)};
      arguments.insert(arguments.end(), command.positional.minimum, "x");
      const Result<ParsedFlags> parsed = ParseFlags(command, arguments);
      EXPECT_TRUE(parsed.ok()) << command.name << " " << arguments[0] << ": " << parsed.status().message();
    });
  }
}

TEST(FlagTable, EverythingMadeFromItShowsWhatIsNotHidden) {
  const std::string man = ManPage("1.2.3"), bash = BashCompletions(), zsh = ZshCompletions(), fish = FishCompletions();
  const std::string program = ProgramHelp();
  const auto roff = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '-' ? std::string("\\-") : std::string(1, c);
    return out;
  };
  for (const CommandSpec& command : Commands()) {
    const std::string help = CommandHelp(command);
    EXPECT_NE(program.find("  " + std::string(command.name) + " "), program.npos) << command.name;
    ForEachFlag(command, [&](const FlagSpec& flag) {
      const std::string name = "--" + std::string(flag.name);
      EXPECT_EQ(help.find(name) != help.npos, !flag.hidden) << name;
      EXPECT_EQ(man.find(roff(name)) != man.npos, !flag.hidden) << name;
      EXPECT_EQ(bash.find(name) != bash.npos, !flag.hidden) << name;
      EXPECT_EQ(zsh.find(name) != zsh.npos, !flag.hidden) << name;
      EXPECT_EQ(fish.find("-l " + std::string(flag.name)) != fish.npos, !flag.hidden) << name;
    });
  }
}

TEST(Help, LinesFitTheTerminal) {
  for (const CommandSpec& command : Commands()) {
    for (const size_t columns : {80u, 100u, 110u}) {
      const std::string help = CommandHelp(command, columns);
      for (size_t begin = 0; begin < help.size();) {
        const size_t end = help.find('\n', begin);
        ASSERT_NE(end, help.npos);
        EXPECT_LE(end - begin, columns) << help.substr(begin, end - begin);
        begin = end + 1;
      }
    }
  }
}

TEST(Help, WrapKeepsParagraphsAndLongWords) {
  EXPECT_EQ(Wrap("", 2, 80), "");
  EXPECT_EQ(Wrap("a b\n\nc", 2, 80), "  a b\n\n  c\n");
  const std::string word(200, 'x');
  EXPECT_EQ(Wrap("a " + word + " b", 0, 50), "a\n" + word + "\nb\n");
}

}  // namespace
}  // namespace whittle
