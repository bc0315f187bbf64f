#include "parse/record_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace whittle {
namespace {

// Every case is a text whose record starts are marked with '>' in the first column and continuations with '|'.
void Check(const char* marked) {
  SCOPED_TRACE(marked);
  RecordRules rules;
  std::string_view text(marked);
  if (text.starts_with("\n")) text.remove_prefix(1);
  int number = 0;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    ++number;
    ASSERT_FALSE(line.empty());
    EXPECT_EQ(rules.Starts(line.substr(1)), line[0] == '>') << "line " << number << ": " << line;
  }
}

TEST(RecordRulesTest, EveryPlainLineIsARecord) {
  Check(">2023-01-01 00:00:00 INFO a\n>2023-01-01 00:00:01 INFO b\n>plain\n>plain again\n>\n>after an empty line");
}

TEST(RecordRulesTest, JavaTraceJoinsItsLogLine) {
  Check(R"(
>2015-10-18 18:01:47,978 ERROR [main] a.b.C: Failed
|java.lang.RuntimeException: broken
|	at a.b.C.run(C.java:1)
|	at a.b.D.run(D.java:2)
|Caused by: java.io.IOException: disk
|	at x.y(Z.java:1)
|	... 12 more
|	Suppressed: java.lang.Error
>2015-10-18 18:01:48,000 INFO [main] a.b.C: Next)");
}

TEST(RecordRulesTest, UnindentedFramesAndBareTraces) {
  Check(R"(
>Exception in thread "main" java.lang.NullPointerException
|at a.b.C.run(C.java:1)
|... 3 more
>java.lang.IllegalStateException: another
|	at a.b.C.run(C.java:1))");
}

TEST(RecordRulesTest, PythonTracebackEndsWithItsException) {
  Check(R"(
>2023-01-01 00:00:00,123 ERROR root: failed
|Traceback (most recent call last):
|  File "a.py", line 1, in <module>
|    f()
|    ^^^
|ValueError: bad
|
|During handling of the above exception, another exception occurred:
|
|Traceback (most recent call last):
|  File "a.py", line 3, in <module>
|KeyError: 'x'
>2023-01-01 00:00:01,123 INFO root: next
>plain)");
}

TEST(RecordRulesTest, PythonTracebackAlone) {
  Check(R"(
>Traceback (most recent call last):
|  File "a.py", line 1, in <module>
|requests.exceptions.Timeout: too slow
>Done)");
}

TEST(RecordRulesTest, GoPanic) {
  Check(R"(
>2023/01/29 11:18:29 starting
>panic: runtime error: index out of range [1] with length 0
|
|goroutine 1 [running]:
|main.f(...)
|	/tmp/a.go:4 +0x1d
|main.main()
|	/tmp/a.go:8 +0x1d
|exit status 2
>next)");
  Check(R"(
>2023/01/29 11:18:29 http: panic serving 10.0.0.1:5000: boom
|goroutine 33 [running]:
|net/http.(*conn).serve.func1(0xc0000a0000)
|	/usr/local/go/src/net/http/server.go:1801 +0x147
|created by net/http.(*Server).Serve
|	/usr/local/go/src/net/http/server.go:2969 +0x36c
>2023/01/29 11:18:30 ok)");
}

TEST(RecordRulesTest, NodeAndDotNet) {
  Check(R"(
>/app/x.js:12
|    throw new TypeError("x");
|    ^
|
|TypeError: x
|    at f (file.js:1:2)
>Listening)");
  Check(R"(
>info: 2023-06-14 15:16:01 failed
|System.InvalidOperationException: outer
| ---> System.Exception: inner
|   at A.B() in C.cs:line 3
|   --- End of inner exception stack trace ---
|--- End of stack trace from previous location ---
|   at D.E()
>fail: 2023-06-14 15:16:02 again)");
}

TEST(RecordRulesTest, RustAndPhp) {
  Check(R"(
>thread 'main' panicked at 'boom', src/main.rs:2:5
|stack backtrace:
|   0: rust_begin_unwind
|note: Some details are omitted
>next)");
  Check(R"(
>[14-Jun-2023 15:16:01 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:3
|Stack trace:
|#0 /a.php(5): f()
|#1 {main}
|  thrown in /a.php on line 3
>[14-Jun-2023 15:16:02 UTC] PHP Notice: y)");
}

TEST(RecordRulesTest, PostgresTabsJoinAndHeadedDetailsDoNot) {
  Check(R"(
>2023-06-14 15:16:01.123 UTC [12] ERROR:  syntax error
>2023-06-14 15:16:01.123 UTC [12] STATEMENT:  select
|	from x
|	where y
>2023-06-14 15:16:01.124 UTC [12] LOG:  ok)");
}

TEST(RecordRulesTest, PrettyPrintedObjectStaysTogether) {
  Check(">2023-06-14 15:16:01 request {\n|  \"a\": 1,\n|  \"b\": {}\n|}\n>next");
}

TEST(RecordRulesTest, IndentedLogLinesAreRecords) {
  Check(
      ">  2023-06-14 15:16:01 a\n>  2023-06-14 15:16:02 b\n>     0.000045 open(\"x\") = 3\n>     0.000051 close(3) = "
      "0");
}

TEST(RecordRulesTest, LooksInsideOfContainerLines) {
  Check(R"(
>{"log":"2023-06-14 15:16:01 ERROR x\n","stream":"stdout","time":"2023-06-14T15:16:01.1Z"}
|{"log":"java.lang.Exception: y\n","stream":"stdout","time":"2023-06-14T15:16:01.1Z"}
|{"log":"\tat a.b(C.java:1)\n","stream":"stdout","time":"2023-06-14T15:16:01.1Z"}
>{"log":"next\n","stream":"stdout","time":"2023-06-14T15:16:01.1Z"})");
  Check(R"(
>2023-06-14T15:16:01.123456789Z stdout F 15:16:01 ERROR x
|2023-06-14T15:16:01.123456789Z stdout F   indented
>2023-06-14T15:16:01.123456789Z stderr P part one
|2023-06-14T15:16:01.123456789Z stderr P part two
|2023-06-14T15:16:01.123456789Z stderr F end
>2023-06-14T15:16:01.123456789Z stdout F next)");
}

TEST(RecordRulesTest, JournalExportEntries) {
  Check(
      ">__CURSOR=s=1\n|__REALTIME_TIMESTAMP=1686755761123456\n|MESSAGE=a: "
      "b\n|_PID=1\n|\n>__CURSOR=s=2\n|MESSAGE=c\n>other");
}

TEST(RecordRulesTest, RememberedStateDependsOnTheStartingLineAlone) {
  // Whatever came before, after a line that starts a record the next lines are judged alike.
  const std::vector<std::string> before = {
      "", "x", "panic: y", "Traceback (most recent call last):", "  indented", "2023-01-01 10:00:00 z"};
  const std::vector<std::string> lines = {"plain", "2023-01-01 10:00:00 a",     "panic: b", "INFO c",
                                          "",      "thread 'm' panicked at 'x'"};
  const std::vector<std::string> after = {
      "  i", "java.lang.Exception: e", "goroutine 1 [running]:", "Caused by: x", "at a.b(C.java:1)", "", "}"};
  for (const auto& line : lines) {
    for (const auto& next : after) {
      RecordRules fresh;
      fresh.Starts(line);
      const bool expected = fresh.Starts(next);
      for (const auto& first : before) {
        RecordRules rules;
        rules.Starts(first);
        if (!rules.Starts(line)) continue;
        EXPECT_EQ(rules.Starts(next), expected) << first << " / " << line << " / " << next;
      }
    }
  }
}

}  // namespace
}  // namespace whittle
