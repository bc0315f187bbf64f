#include "parse/grok.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

namespace whittle {
namespace {

// What the whole of `text` gives when matched by a grok expression: "name=value ..." or why not.
std::string Match(std::string_view expression, std::string_view text,
                  const GrokLibrary& library = GrokLibrary::Standard()) {
  GrokExpression compiled;
  RegexError error;
  if (!library.Compile(expression, &compiled, &error))
    return "column " + std::to_string(error.column) + ": " + error.reason;
  std::vector<int> order;
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  const RE2 regex(WriteRe2(compiled.tree, &order), options);
  if (!regex.ok()) return "RE2: " + regex.error();
  std::vector<re2::StringPiece> parts(order.size() + 1);
  if (!regex.Match(text, 0, text.size(), RE2::ANCHOR_BOTH, parts.data(), static_cast<int>(parts.size()))) return "no";
  std::string out = "yes";
  for (size_t i = 0; i < order.size(); ++i) {
    if (parts[i + 1].data() == nullptr) continue;
    out += " " + compiled.fields[static_cast<size_t>(order[i])].name + "=" + std::string(parts[i + 1]);
  }
  return out;
}

std::string Refusal(std::string_view expression) {
  GrokExpression compiled;
  RegexError error;
  if (GrokLibrary::Standard().Compile(expression, &compiled, &error)) return "taken";
  return std::to_string(error.column) + ": " + error.reason;
}

TEST(Grok, CapturesByName) {
  EXPECT_EQ(Match("%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes:int} %{NUMBER:duration:float}",
                  "55.3.244.1 GET /index.html 15824 0.043"),
            "yes client=55.3.244.1 method=GET request=/index.html bytes=15824 duration=0.043");
  EXPECT_EQ(Match("(?<queue>[0-9A-F]{10,11}): %{GREEDYDATA:message}", "BEF25A72965: message-id"),
            "yes queue=BEF25A72965 message=message-id");
  EXPECT_EQ(Match("%{INT:[http][response][status]:int}", "200"), "yes http.response.status=200");
  EXPECT_EQ(Match("a(b|c)d", "acd"), "yes") << "plain groups do not capture";
}

TEST(Grok, StandardDefinitionsAllCompile) {
  for (const GrokDefinitionText* d = kStandardGrokDefinitions; d->name != nullptr; ++d) {
    EXPECT_EQ(Refusal(d->text), "taken") << d->name;
  }
}

TEST(Grok, StandardDefinitionsMeanWhatPeopleExpect) {
  const struct {
    const char* name;
    const char* yes;
    const char* no;
  } kCases[] = {
      {"INT", "-12", "1.5"},
      {"NUMBER", "-12.5", "12,5"},
      {"BASE16NUM", "0xDEAD", "xyz"},
      {"POSINT", "7", "0"},
      {"WORD", "abc_1", "a b"},
      {"QUOTEDSTRING", R"("a \" b")", R"("a)"},
      {"UUID", "7d1c9f2e-0b1a-4c3d-9e8f-001122334455", "7d1c"},
      {"MAC", "00:11:22:aa:bb:cc", "00:11"},
      {"IPV4", "255.1.0.9", "256.1.0.9"},
      {"IPV6", "2001:db8::1", "12:34"},
      {"IP", "::1", "1.2.3"},
      {"HOSTNAME", "a-b.example.org", "-a"},
      {"IPORHOST", "10.0.0.1", "a b"},
      {"HOSTPORT", "db:5432", "db"},
      {"UNIXPATH", "/var/log/x", "var"},
      {"WINPATH", R"(C:\Windows\x)", "C:x"},
      {"URI", "https://u@h.example.org:8080/p?q=1", "/p"},
      {"URIPATHPARAM", "/a/b?c=d", "a"},
      {"MONTH", "Jan", "Foo"},
      {"DAY", "Tuesday", "Someday"},
      {"TIME", "23:59:59.123", "24:00:00"},
      {"TIMESTAMP_ISO8601", "2024-01-02T03:04:05.678+01:00", "2024-13-02T03:04"},
      {"HTTPDATE", "10/Oct/2000:13:55:36 -0700", "10/10/2000"},
      {"SYSLOGTIMESTAMP", "Jan  2 03:04:05", "2 Jan 03:04:05"},
      {"LOGLEVEL", "WARNING", "LOUD"},
      {"JAVACLASS", "a.b.C$D", "1a"},
      {"EMAILADDRESS", "a.b@example.org", "a@"},
      {"DATESTAMP", "12/31/2023 23:59:59", "x"},
      {"URN", "urn:isbn:0451450523", "urn:"},
  };
  for (const auto& c : kCases) {
    const std::string expression = "%{" + std::string(c.name) + "}";
    EXPECT_EQ(Match(expression, c.yes), "yes") << c.name;
    EXPECT_EQ(Match(expression, c.no), "no") << c.name;
  }
}

TEST(Grok, SyntaxOfOniguruma) {
  EXPECT_EQ(Match("[[:alpha:]_]+", "ab_"), "yes");
  EXPECT_EQ(Match("(/[[[:alnum:]]_.-]*)+", "/a_1/b.c"), "yes");
  EXPECT_EQ(Match("[^[:space:]]+", "a b"), "no");
  EXPECT_EQ(Match("[]a]+", "a]"), "yes");
  EXPECT_EQ(Match("[a\\]-]+", "-]a"), "yes");
  EXPECT_EQ(Match("(?i)warn(?-i)X", "WaRnX"), "yes");
  EXPECT_EQ(Match("(?i)warn(?-i)X", "warnx"), "no");
  EXPECT_EQ(Match("(?i:a)b", "Ab"), "yes");
  EXPECT_EQ(Match("(?>a+)b", "aab"), "yes");
  EXPECT_EQ(Match("a++b", "aab"), "yes");
  EXPECT_EQ(Match("a{2,3}", "aaaa"), "no");
  EXPECT_EQ(Match("a{x}", "a{x}"), "yes") << "braces that count nothing are text";
  EXPECT_EQ(Match("\\x41\\x{42}\\t", "AB\t"), "yes");
  EXPECT_EQ(Match("a(?#comment)b", "ab"), "yes");
  EXPECT_EQ(Match("\xc3\xa4+", "\xc3\xa4\xa4"), "yes") << "bytes, not characters";
  EXPECT_EQ(Match(".", "\xff"), "yes");
}

TEST(Grok, RefusesWithColumnAndReason) {
  const struct {
    const char* expression;
    const char* refusal;
  } kCases[] = {
      {"a(?=b)", "1: lookahead"},
      {"a(?!b)", "1: lookahead"},
      {"ab(?<=b)", "2: lookbehind"},
      {"ab(?<!b)", "2: lookbehind"},
      {"(a)\\1", "3: a back-reference"},
      {"(?<n>a)\\k<n>", "7: a reference to a group"},
      {"a\\h", "1: the escape \\h"},
      {"(a", "0: '(' without"},
      {"a)", "1: unmatched ')'"},
      {"[a", "0: '[' without"},
      {"*a", "0: nothing to repeat"},
      {"a**", "2: a repetition of a repetition"},
      {"a{5,2}", "1: a repetition with its smaller"},
      {"a{2000}", "1: a repetition count above"},
      {"%{NOPE}", "0: no definition 'NOPE'"},
      {"a%{INT", "1: '%{' without"},
      {"%{INT:a:c}", "0: no type 'c'"},
      {"%{INT:a b}", "0: 'a b' is not a field name"},
      {"a\\", "1: a backslash"},
      {"[z-a]", "2: a range with its smaller"},
      {"[a&&b]", "2: intersections"},
      {"(?x)a", "0: a kind of group"},
      {"(a+)+", "nested repetition"},
      {"(a*)*", "unbounded repetition of something that can be empty"},
      {"(a|a+)+", "nested repetition"},
      {".*.*", "compete"},
      {"%{DATA:a}%{GREEDYDATA:b}", "compete"},
      {"%{NOTSPACE:a}%{WORD:b}", "compete"},
      {"(%{WORD:a})+", "inside a repetition"},
      {"%{INT:a} %{INT:a}", "set twice"},
  };
  for (const auto& c : kCases)
    EXPECT_NE(Refusal(c.expression).find(c.refusal), std::string::npos)
        << c.expression << " -> " << Refusal(c.expression);
}

TEST(Grok, TakesWhatTheTextDecides) {
  for (const char* expression : {"%{SPACE}%{GREEDYDATA:m}", "%{DATA:a} %{GREEDYDATA:b}", "%{DATA:a}%{SPACE}$",
                                 "(?:%{INT:a}|%{WORD:a})", "(a+b)+", "(?:,[a-z]+)*", "[0-9]+[a-z]+"}) {
    EXPECT_EQ(Refusal(expression), "taken") << expression;
  }
}

TEST(Grok, DefinitionsThatUseThemselvesEnd) {
  GrokLibrary library;
  ASSERT_TRUE(library.Define("A", "x%{B}"));
  ASSERT_TRUE(library.Define("B", "y%{A}"));
  EXPECT_NE(Match("%{A}", "xy", library).find("nest deeper"), std::string::npos);
  std::string text = "x";
  ASSERT_TRUE(library.Define("L0", "(?:a|b)"));
  for (int i = 1; i < 24; ++i)
    ASSERT_TRUE(
        library.Define("L" + std::to_string(i), "%{L" + std::to_string(i - 1) + "}%{L" + std::to_string(i - 1) + "}"));
  EXPECT_NE(Match("%{L23}", "a", library).find("too large"), std::string::npos);
}

TEST(Grok, DeepNestingIsRefused) {
  EXPECT_NE(Refusal(std::string(500, '(') + std::string(500, ')')).find("deeper than 64"), std::string::npos);
  EXPECT_NE(Refusal(std::string(20000, 'a')).find("longer than 16 KiB"), std::string::npos);
}

TEST(GrokFile, TakesWhatItCanAndNamesTheRest) {
  GrokLibrary library = GrokLibrary::Standard();
  std::vector<GrokRefusal> refusals;
  library.AddFile("mine",
                  "# comment\n\nNUMBER (?<![0-9])(?:[0-9]+)\nMYTIME %{HOUR}:%{MINUTE}\r\nUSES_LATER %{LATER} x\nBEHIND "
                  "(?<=a)b\n1BAD\n"
                  "NEEDS_BEHIND %{BEHIND} c\nNAME! x\n",
                  &refusals);
  library.AddFile("more", "LATER [a-z]+\n", &refusals);
  library.CheckDefinitions(&refusals);
  EXPECT_EQ(Match("%{USES_LATER}", "abc x", library), "yes");
  EXPECT_EQ(Match("%{MYTIME}", "10:30", library), "yes");
  EXPECT_EQ(Match("%{NUMBER:n}", "-1.5", library), "yes n=-1.5") << "the standard form stands in";
  std::vector<std::string> names;
  for (const GrokRefusal& refusal : refusals) names.push_back(refusal.name + ":" + std::to_string(refusal.line));
  EXPECT_EQ(names, (std::vector<std::string>{"1BAD:7", "NAME!:9", "BEHIND:6", "NEEDS_BEHIND:8"}));
  EXPECT_EQ(refusals[2].column, 8u);
}

// The two engines read one tree: what RE2 takes, the selector's looser text takes as well.
TEST(GrokRegex, TheSelectorsTextIsNeverNarrower) {
  const uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  const char* pieces[] = {"a", "b",     "[ab]",     "(?:a|bb)",      "a?",  "(?:ab)*", "a{2,9}",
                          ".", "[^a]+", "(?<x>a+)", "(?:(?:ab)?c)?", "\\.", "\\*",     ".*"};
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += pieces[random() % std::size(pieces)];
    GrokExpression compiled;
    RegexError error;
    if (!GrokLibrary::Standard().Compile(text, &compiled, &error)) continue;
    std::vector<int> order;
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_dot_nl(true);
    const RE2 exact(WriteRe2(compiled.tree, &order), options), loose(WriteHyperscan(compiled.tree), options);
    ASSERT_TRUE(exact.ok() && loose.ok()) << text;
    for (int k = 0; k < 60; ++k) {
      std::string candidate;
      for (size_t n = random() % 9; n > 0; --n) candidate.push_back("abc.*"[random() % 5]);
      if (!RE2::FullMatch(candidate, exact)) continue;
      ++compared;
      EXPECT_TRUE(RE2::FullMatch(candidate, loose)) << text << " on " << candidate << " seed " << seed;
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace whittle
