#include "expr/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expr/lexer.h"

namespace whittle {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Parsed(std::string_view text) {
  const auto expr = ParseFilter(text);
  return expr.ok() ? FormatExpr(**expr) : "! " + expr.status().message();
}

std::string Error(std::string_view text) {
  const auto query = ParseQuery(text);
  if (query.ok()) return "parsed as " + FormatExpr(*query->filter);
  EXPECT_EQ(query.status().code(), StatusCode::kUsage);
  return query.status().message();
}

TEST(Parser, ANameThatNeedsQuotesStaysAName) {
  const auto parsed = ParseFilter("\"`]\"=*");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(FormatExpr(**parsed), "\"`]\"=*");
}

TEST(Parser, WordsAndPhrases) {
  EXPECT_EQ(Parsed(""), "*");
  EXPECT_EQ(Parsed("*"), "*");
  EXPECT_EQ(Parsed("timeout"), "timeout");
  EXPECT_EQ(Parsed("connection refused"), "(connection and refused)");
  EXPECT_EQ(Parsed("\"connection refused\""), "\"connection refused\"");
  EXPECT_EQ(Parsed("'it\\'s' don't"), "(\"it's\" and don't)");
  EXPECT_EQ(Parsed("10.0.0.1:8080 /var/log 10:20:30"), "(10.0.0.1:8080 and /var/log and 10:20:30)");
  EXPECT_EQ(Parsed("https://example.com/a"), "https://example.com/a");
}

TEST(Parser, Precedence) {
  EXPECT_EQ(Parsed("a or b and c"), "(a or (b and c))");
  EXPECT_EQ(Parsed("a or b c"), "(a or (b and c))");
  EXPECT_EQ(Parsed("(a OR b) AND NOT c"), "((a or b) and not c)");
  EXPECT_EQ(Parsed("not not a"), "not not a");
  EXPECT_EQ(Parsed("not a b"), "(not a and b)");
}

TEST(Parser, Comparisons) {
  EXPECT_EQ(Parsed("user:root"), "`user`:root");
  EXPECT_EQ(Parsed("user: root"), "`user`:root");
  EXPECT_EQ(Parsed("http.response.status_code>=500"), "`http.response.status_code` >= 500");
  EXPECT_EQ(Parsed("duration > 300ms"), "`duration` > 300ms");
  EXPECT_EQ(Parsed("a=1 b==2 c!=3 d<4 e<=5"), "(`a` = 1 and `b` = 2 and `c` != 3 and `d` < 4 and `e` <= 5)");
  EXPECT_EQ(Parsed("`my field` = \"x y\""), "`my field` = \"x y\"");
  EXPECT_EQ(Parsed("\"my field\" = x"), "`my field` = x");
  EXPECT_EQ(Parsed("peer:10.0.0.1:80"), "`peer`:10.0.0.1:80");
  EXPECT_EQ(Parsed("url:https://a/b?c=d&e=f"), "`url`:https://a/b?c=d&e=f");
  EXPECT_EQ(Parsed("x:*"), "exists `x`");
  EXPECT_EQ(Parsed("x = *"), "exists `x`");
  EXPECT_EQ(Parsed("not = 5"), "`not` = 5");
}

TEST(Parser, ListsExistenceAndRegexes) {
  EXPECT_EQ(Parsed("user in (root, \"a b\", c:d)"), "`user` in (root, \"a b\", c:d)");
  EXPECT_EQ(Parsed("user not in (root)"), "not `user` in (root)");
  EXPECT_EQ(Parsed("failed in time"), "(failed and in and time)");
  EXPECT_EQ(Parsed("exists user"), "exists `user`");
  EXPECT_EQ(Parsed("file exists"), "(file and exists)");
  EXPECT_EQ(Parsed("user ~ /^ro+t$/"), "`user` ~ \"^ro+t$\"");
  EXPECT_EQ(Parsed("user !~ /a\\/b/i"), "not `user` ~ \"(?i)a/b\"");
  EXPECT_EQ(Parsed("user =~ /a/"), "`user` ~ \"a\"");
  EXPECT_EQ(Parsed("~ /a b/ c"), "( ~ \"a b\" and c)");
}

TEST(Parser, Times) {
  EXPECT_EQ(Parsed("2024-05-01..2024-05-02"), "(`timestamp` >= \"2024-05-01\" and `timestamp` <= \"2024-05-02\")");
  EXPECT_EQ(Parsed("timestamp:2024-05-01T10:00..2024-05-01T10:30"),
            "(`timestamp` >= \"2024-05-01T10:00\" and `timestamp` <= \"2024-05-01T10:30\")");
  const auto last = ParseFilter("last 2h", ParseOptions{.now_ns = 7'200'000'000'000});
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(FormatExpr(**last), "`timestamp` >= \"1970-01-01T00:00:00.000000000Z\"");
  EXPECT_THAT(Error("last 2h"), StartsWith("column 1: 'last' needs"));
  EXPECT_EQ(Parsed("last week"), "(last and week)");
}

TEST(Parser, ErrorsPointAtTheColumn) {
  EXPECT_THAT(Error("a and"), StartsWith("column 6: expected a condition after 'and'"));
  EXPECT_THAT(Error("(a or b"), StartsWith("column 8: expected ')' for the '(' in column 1"));
  EXPECT_THAT(Error("a)"), StartsWith("column 2: unexpected ')'"));
  EXPECT_THAT(Error("x > "), StartsWith("column 5: expected a value, found the end"));
  EXPECT_THAT(Error("'':x"), StartsWith("column 1: a field's name is empty"));
  EXPECT_THAT(Error("= 5"), StartsWith("column 1: expected a field before '='"));
  EXPECT_THAT(Error("a \"b"), StartsWith("column 3: the quote \" is never closed"));
  EXPECT_THAT(Error("a ! b"), HasSubstr("write 'not'"));
  EXPECT_THAT(Error("a ~ b"), StartsWith("column 5: expected a regular expression"));
  EXPECT_THAT(Error("a ~ /b"), StartsWith("column 5: the regular expression is never closed"));
  EXPECT_THAT(Error("a ~ /b/c"), StartsWith("column 8: unexpected text after"));
  EXPECT_THAT(Error("10.0.0.1 = 5"), StartsWith("column 1: expected a field name"));
  EXPECT_THAT(Error("a in (b c)"), StartsWith("column 9: expected ',' or ')'"));
  EXPECT_THAT(Error("a:(b or c)"), HasSubstr("a in (a, b)"));
  EXPECT_THAT(Error("`a`"), HasSubstr("expected a comparison"));
  EXPECT_THAT(Error("a, b"), StartsWith("column 2: expected a word or a condition, found ','"));
}

TEST(Parser, Stages) {
  const auto query = ParseQuery(
      "error | count, avg(duration) as mean, P99(size) by url.path, `my field` every 1m | sort avg(duration) desc, "
      "url.path "
      "| top 5 by count | limit 3 | select url.path, count");
  ASSERT_TRUE(query.ok()) << query.status().message();
  ASSERT_EQ(query->stages.size(), 5u);
  const Stage& aggregate = query->stages[0];
  ASSERT_EQ(aggregate.calls.size(), 3u);
  EXPECT_EQ(aggregate.calls[0].name, "count");
  EXPECT_EQ(aggregate.calls[1].name, "mean");
  EXPECT_EQ(aggregate.calls[1].field.text, "duration");
  EXPECT_EQ(aggregate.calls[2].name, "p99(size)");
  EXPECT_DOUBLE_EQ(aggregate.calls[2].quantile, 0.99);
  ASSERT_EQ(aggregate.by.size(), 2u);
  EXPECT_EQ(aggregate.by[1].text, "my field");
  EXPECT_EQ(aggregate.every_ns, 60'000'000'000);
  EXPECT_EQ(query->stages[1].keys[0].field.text, "avg(duration)");
  EXPECT_TRUE(query->stages[1].keys[0].descending);
  EXPECT_FALSE(query->stages[1].keys[1].descending);
  EXPECT_EQ(query->stages[2].count, 5u);
  EXPECT_EQ(query->stages[3].count, 3u);
  EXPECT_EQ(query->stages[4].fields[1].text, "count");
}

TEST(Parser, StageErrors) {
  EXPECT_THAT(Error("a | cuont by b"),
              StartsWith("column 5: unknown stage or function 'cuont'; did you mean \"count\"?"));
  EXPECT_THAT(Error("a | srot b"), HasSubstr("did you mean \"sort\"?"));
  EXPECT_THAT(Error("a |"), StartsWith("column 4: expected a stage"));
  EXPECT_THAT(Error("a | sum by b"), HasSubstr("sum needs a field"));
  EXPECT_THAT(Error("a | count every banana"), StartsWith("column 17: expected a duration"));
  EXPECT_THAT(Error("a | top x"), StartsWith("column 9: expected a number"));
  EXPECT_THAT(Error("a | count, agv(x)"), HasSubstr("did you mean \"avg\"?"));
  EXPECT_THAT(Error("a | count b"), StartsWith("column 11: unexpected 'b'"));
}

TEST(Parser, LimitsAreErrors) {
  EXPECT_THAT(Error(std::string(kMaxQueryBytes + 1, 'a')), HasSubstr("longer than"));
  EXPECT_THAT(Error(std::string(10000, '(')), HasSubstr("nested more than"));
  std::string nots;
  for (int i = 0; i < 10000; ++i) nots += "not ";
  EXPECT_THAT(Error(nots + "a"), HasSubstr("nested more than"));
  std::string words;
  for (size_t i = 0; i <= kMaxFilterTerms; ++i) words += "a ";
  EXPECT_THAT(Error(words), HasSubstr("conditions"));
  std::string list = "x in (a";
  for (size_t i = 0; i < kMaxListValues; ++i) list += ",a";
  EXPECT_THAT(Error(list + ")"), HasSubstr("values"));
  std::string stages = "a";
  for (size_t i = 0; i <= kMaxStages; ++i) stages += "|count";
  EXPECT_THAT(Error(stages), HasSubstr("stages"));
}

// What a tree prints parses to the same tree.
TEST(Parser, FormattedTreesParseBack) {
  for (const char* text : {"a b or not (c and d)", "x:\"a\\\"b\\n\"", "f in (a, \"b\")", "not f !~ /x\\/y/",
                           "exists `a b` last", "2024-05-01..2024-05-02 severity>=warn", "a\\*b c*d x:e*"}) {
    const std::string once = Parsed(text);
    EXPECT_EQ(Parsed(once), once) << text;
  }
}

}  // namespace
}  // namespace whittle
