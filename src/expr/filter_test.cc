#include "expr/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "expr/severity_range.h"

namespace whittle {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Event Sample() {
  Event event;
  event.timestamp_ns = 1674991109104384446;  // 2023-01-29T11:18:29.104384446Z
  event.severity_text = "WARN";
  event.severity_number = 13;
  event.body = "Connection to 10.0.0.1:8080 refused for user Root: took 350 ms";
  event.template_id = 0x9f3c00000000abcd;
  event.template_text = "Connection to <*> refused for user <*>: took <*> ms";
  const auto add = [&](const char* name, ValueType type, const char* text) {
    event.attributes.push_back({name, ParseValue(type, text)});
  };
  add("http.response.status_code", ValueType::kInt64, "503");
  add("duration", ValueType::kDuration, "350 ms");
  add("request_time_ms", ValueType::kInt64, "350");
  add("size", ValueType::kSize, "3 MiB");
  add("ratio", ValueType::kDouble, "0.75");
  add("ok", ValueType::kBool, "false");
  add("client.address", ValueType::kIp, "10.1.2.3");
  add("request.id", ValueType::kUuid, "123e4567-e89b-12d3-a456-426614174000");
  add("user", ValueType::kString, "Root");
  add("code", ValueType::kString, "007");
  add("latency", ValueType::kString, "35ms");
  add("seen", ValueType::kTimestamp, "2023-01-29T10:00:00Z");
  add("line", ValueType::kInt64, "42");
  event.resource.push_back({"service.name", Value::String("web-17")});
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.source_name = "app.log";
  event.source_line = 7;
  return event;
}

bool Matches(const std::string& text) {
  const auto filter = Filter::Parse(text);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status().message();
  return filter.ok() && filter->Matches(Sample());
}

std::string Error(const std::string& text) {
  const auto filter = Filter::Parse(text);
  return filter.ok() ? "no error" : filter.status().message();
}

struct Case {
  const char* text;
  bool matches;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(Matches(c.text), c.matches) << c.text;
}

TEST(Filter, WordsStandOnTheirOwnWithoutCase) {
  Check({{"", true},
         {"*", true},
         {"connection", true},
         {"CONNECTION refused", true},
         {"connect", false},
         {"connect*", true},
         {"*nnect*", true},
         {"nnection", false},
         {"\"to 10.0.0.1\"", true},
         {"\"to 10.0.0\"", true},
         {"0.0.0.1:8080", false},
         {"0.0.1:8080", true},
         {"10.0.0.1:80", false},
         {"10.0.0.1:80*", true},
         {"conn*refused", true},
         {"refused*conn", false},
         {"missing", false},
         {"refused or missing", true},
         {"not missing", true},
         {"refused not missing", true},
         {"warn", false}});
}

TEST(Filter, Numbers) {
  Check({{"http.response.status_code = 503", true},
         {"http.response.status_code:503", true},
         {"http.response.status_code >= 500", true},
         {"http.response.status_code > 503", false},
         {"http.response.status_code != 503", false},
         {"http.response.status_code:5*", true},
         {"http.response.status_code < 502.5", false},
         {"http.response.status_code in (502, 503)", true},
         {"ratio > 0.5", true},
         {"ratio = 0.75", true},
         {"ratio > 1", false},
         {"ratio = .75", true},
         {"http.response.status_code > abc", false},
         {"line = 42", true}});
}

TEST(Filter, OldNamesMeanTheNewOnes) {
  Check({{"http.status_code = 503", true}, {"net.peer.ip = 10.1.2.3", true}, {"exists http.method", false}});
}

TEST(Filter, Units) {
  Check({{"duration > 300ms", true},
         {"duration > 0.4s", false},
         {"duration = 350000us", true},
         {"duration > 300", false},
         {"request_time_ms > 300ms", true},
         {"request_time_ms < 0.3s", false},
         {"size >= 2MiB", true},
         {"size > 4MiB", false},
         {"size > 1000", true},
         {"latency > 30ms", true},
         {"latency > 1s", false}});
}

TEST(Filter, TextAndNumbersInText) {
  Check({{"user = Root", true},
         {"user = root", false},
         {"user:root", true},
         {"user = R*t", true},
         {"user != x", true},
         {"code = 7", true},
         {"code = \"7\"", false},
         {"code = \"007\"", true},
         {"code > 5", true},
         {"user > Apple", true},
         {"nothing != x", false},
         {"not nothing = x", true},
         {"user ~ /^R/", true},
         {"user ~ /^r/", false},
         {"user ~ /^r/i", true},
         {"user !~ /x/", true},
         {"~ /took \\d+ ms/", true},
         {"exists user", true},
         {"user:*", true},
         {"exists nothing", false},
         {"service.name:web", true},
         {"service.name = web-*", true},
         {"resource.service.name = web-17", true},
         {"attributes.service.name = web-17", false}});
}

TEST(Filter, AddressesAndIds) {
  Check({{"client.address = 10.0.0.0/8", true},
         {"client.address:10.1.0.0/16", true},
         {"client.address = 10.2.0.0/16", false},
         {"client.address != 10.2.0.0/16", true},
         {"client.address = ::ffff:10.1.2.3", true},
         {"client.address:10.1.*", true},
         {"client.address in (192.168.0.0/16, 10.0.0.0/8)", true},
         {"request.id = 123E4567-e89b-12d3-a456-426614174000", true},
         {"trace_id = 0af7651916cd43dd8448eb211c80319c", true},
         {"ok = false", true},
         {"ok:true", false},
         {"ok != true", true}});
}

TEST(Filter, SeverityComparesByNumber) {
  Check({{"severity >= warn", true},
         {"severity > warn", false},
         {"severity >= error", false},
         {"severity < error", true},
         {"severity = warning", true},
         {"level:warn", true},
         {"severity in (info, warn)", true},
         {"severity = 13", true},
         {"severity != info", true},
         {"severity_text = WARN", true},
         {"severity_number > 12", true}});
  EXPECT_EQ(ParseSeverityRange("ERROR2"), (SeverityRange{18, 18}));
  EXPECT_EQ(ParseSeverityRange("Fatal"), (SeverityRange{21, 24}));
  EXPECT_EQ(ParseSeverityRange("25"), std::nullopt);
  EXPECT_EQ(ParseSeverityRange("0"), std::nullopt);
}

TEST(Filter, TimesHaveThePrecisionTheyAreWrittenWith) {
  Check({{"timestamp:2023-01-29", true},
         {"timestamp:2023-01", true},
         {"timestamp = 2023-01-29T11:18", true},
         {"timestamp > 2023-01-29", false},
         {"timestamp >= 2023-01-29", true},
         {"timestamp > 2023-01-28", true},
         {"timestamp <= 2023-01-29", true},
         {"timestamp < \"2023-01-29 11:18:30\"", true},
         {"2023-01-28..2023-01-29", true},
         {"2023-01-27..2023-01-28", false},
         {"seen < 2023-01-29T10:30", true},
         {"seen:2023-01-29", true}});
}

TEST(Filter, TemplateAndSource) {
  Check({{"template:9f3c00000000abcd", true},
         {"template = 9F3C00000000ABCD", true},
         {"template:0000000000000001", false},
         {"template:\"refused for user\"", true},
         {"template:banana", false},
         {"template = \"Connection to <*> refused for user <*>: took <*> ms\"", true},
         {"template_id = 9f3c00000000abcd", true},
         {"source = app.log", true},
         {"source:app", true},
         {"source.line = 7", true},
         {"sample_rate = 1", true},
         {"attributes.line = 42", true}});
}

TEST(Filter, BindingErrorsPointAtTheColumn) {
  EXPECT_THAT(Error("a timestamp > tomorrow"), StartsWith("column 15: \"tomorrow\" is not a time"));
  EXPECT_THAT(Error("severity > x"), StartsWith("column 12: \"x\" is not a severity"));
  EXPECT_THAT(Error("user > a*"), StartsWith("column 8: a wildcard"));
  EXPECT_THAT(Error("user ~ /a(/"), StartsWith("column 8: the regular expression is refused"));
  EXPECT_THAT(Error("user ~ /(a{1000}){1000}/"), HasSubstr("refused"));
  EXPECT_THAT(Error("user ~ /" + std::string(kMaxRegexBytes + 1, 'a') + "/"), HasSubstr("longer than"));
  std::string many = "x";
  for (size_t i = 0; i <= kMaxRegexes; ++i) many += " ~ /a/";
  EXPECT_THAT(Error(many), HasSubstr("more than"));
}

TEST(Filter, FieldsAreKnownAndDense) {
  const auto filter = Filter::Parse("a:1 b>2 (a:3 or error) timestamp > 2023-01-01");
  ASSERT_TRUE(filter.ok());
  ASSERT_EQ(filter->fields().size(), 5u);  // a word reads the message and the line
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(filter->fields()[i].id, i);
  EXPECT_EQ(filter->written_names()[1].text, "b");
  EXPECT_EQ(filter->written_names()[1].column, 5u);
}

// The slow twin: the same meaning in the plainest words, over strings and int64 attributes only.
bool NaiveWord(std::string text, std::string word) {
  const auto lower = [](std::string* s) {
    for (char& c : *s) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  };
  lower(&text);
  lower(&word);
  const auto joined = [&](size_t i) {
    const auto in_word = [](char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    return i > 0 && i < text.size() && in_word(text[i - 1]) && in_word(text[i]);
  };
  for (size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (text.compare(i, word.size(), word) == 0 && !joined(i) && !joined(i + word.size())) return true;
  }
  return false;
}

bool Naive(const Expr& expr, const Event& event) {
  const auto find = [&](const std::string& name) -> const Value* {
    for (const auto& attribute : event.attributes) {
      if (attribute.name == name) return &attribute.value;
    }
    return nullptr;
  };
  const auto compare = [&](const Value& value, CompareOp op, const std::string& text) {
    if (value.type == ValueType::kInt64) {
      const int64_t right = std::stoll(text);
      const int64_t left = value.integer;
      return op == CompareOp::kNe   ? left != right
             : op == CompareOp::kLt ? left < right
             : op == CompareOp::kGe ? left >= right
                                    : left == right;
    }
    if (op == CompareOp::kMatch) return NaiveWord(value.text, text);
    const int order = value.text.compare(text);
    return op == CompareOp::kNe   ? order != 0
           : op == CompareOp::kLt ? order < 0
           : op == CompareOp::kGe ? order >= 0
                                  : order == 0;
  };
  switch (expr.kind) {
    case Expr::Kind::kAll:
      return true;
    case Expr::Kind::kAnd:
      return std::all_of(expr.children.begin(), expr.children.end(), [&](const auto& c) { return Naive(*c, event); });
    case Expr::Kind::kOr:
      return std::any_of(expr.children.begin(), expr.children.end(), [&](const auto& c) { return Naive(*c, event); });
    case Expr::Kind::kNot:
      return !Naive(*expr.children[0], event);
    case Expr::Kind::kText:
      return NaiveWord(event.body, expr.literals[0].text);
    case Expr::Kind::kExists:
      return find(expr.field.text) != nullptr;
    case Expr::Kind::kCompare: {
      const Value* value = find(expr.field.text);
      return value != nullptr && compare(*value, expr.op, expr.literals[0].text);
    }
    case Expr::Kind::kIn: {
      const Value* value = find(expr.field.text);
      if (value == nullptr) return false;
      return std::any_of(expr.literals.begin(), expr.literals.end(),
                         [&](const auto& l) { return compare(*value, CompareOp::kEq, l.text); });
    }
    default:
      return false;
  }
}

TEST(Filter, AgreesWithThePlainEvaluator) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  static const char* const kWords[] = {"aa", "a", "Ab", "b_a", "aab", "ba"};
  const std::function<std::string(int)> condition = [&](int depth) -> std::string {
    switch (depth > 4 ? pick(6) : pick(9)) {
      case 0:
        return kWords[pick(6)];
      case 1:
        return std::string("s:") + kWords[pick(6)];
      case 2: {
        static const char* const kOps[] = {"=", "!=", "<", ">="};
        return std::string("s ") + kOps[pick(4)] + " \"" + kWords[pick(6)] + "\"";
      }
      case 3: {
        static const char* const kOps[] = {":", "=", "!=", "<", ">="};
        return std::string("n") + kOps[pick(5)] + std::to_string(pick(5));
      }
      case 4:
        return std::string("n in (") + std::to_string(pick(5)) + ", " + std::to_string(pick(5)) + ")";
      case 5:
        return pick(2) == 0 ? "exists s" : "exists n";
      case 6:
        return "not " + condition(depth + 1);
      case 7:
        return "(" + condition(depth + 1) + (pick(2) == 0 ? " or " : " ") + condition(depth + 1) + ")";
      default:
        return condition(depth + 1) + (pick(2) == 0 ? " or " : " and ") + condition(depth + 1);
    }
  };
  int matched = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string text = condition(0);
    const auto expr = ParseFilter(text);
    ASSERT_TRUE(expr.ok()) << text << ": " << expr.status().message();
    const auto filter = Filter::Bind(**expr);
    ASSERT_TRUE(filter.ok()) << text;
    for (int i = 0; i < 10; ++i) {
      Event event;
      for (size_t n = pick(6); n > 0; --n) event.body += std::string(kWords[pick(6)]) + (pick(3) == 0 ? "" : " ");
      if (pick(3) > 0) event.attributes.push_back({"s", Value::String(kWords[pick(6)])});
      if (pick(3) > 0) event.attributes.push_back({"n", ParseValue(ValueType::kInt64, std::to_string(pick(5)))});
      const bool expected = Naive(**expr, event);
      matched += expected;
      ASSERT_EQ(filter->Matches(event), expected) << text << " on body \"" << event.body << '"';
    }
  }
  EXPECT_GT(matched, 2000);
  EXPECT_LT(matched, 18000);
}

// A phrase that overlaps itself in a text made of it must not make the search quadratic: this would take minutes.
TEST(Filter, HostileTextIsSearchedInLinearTime) {
  Event event;
  event.body = std::string(4 << 20, 'a');
  const auto filter = Filter::Parse(std::string(30000, 'a'));
  ASSERT_TRUE(filter.ok());
  EXPECT_FALSE(filter->Matches(event));
}

}  // namespace
}  // namespace whittle
