#include "parse/header.h"

#include <gtest/gtest.h>

#include <string>

#include "parse/line_analyzer.h"

namespace whittle {
namespace {

struct Case {
  const char* line;
  const char* body;
  const char* level = "";
  const char* name = "";  // log.logger, syslog.appname, code.file.path or code.location
  const char* thread = "";
  const char* pid = "";
};

std::string Field(std::string_view line, const LineAnalysis& analysis, FieldRole role,
                  std::initializer_list<std::string_view> names) {
  for (const FieldSpan& field : analysis.fields) {
    if (field.role != role) continue;
    for (const std::string_view name : names) {
      if (field.name == name) return std::string(line.substr(field.begin, field.end - field.begin));
    }
  }
  return {};
}

const Case kCases[] = {
    // Java
    {"2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for "
     "app_1",
     "Created MRAppMaster for app_1", "INFO", "org.apache.hadoop.mapreduce.v2.app.MRAppMaster", "main"},
    {"2015-10-18 18:06:18,045 INFO [IPC Server handler 21 on 19061] org.apache.hadoop.ipc.Client: Retrying", "Retrying",
     "INFO", "org.apache.hadoop.ipc.Client", "IPC Server handler 21 on 19061"},
    {"2015-07-29 19:29:03,816 - WARN  [RecvWorker:188978561024:QuorumCnxManager$RecvWorker@765] - Interrupting "
     "SendWorker",
     "Interrupting SendWorker", "WARN", "", "RecvWorker:188978561024:QuorumCnxManager$RecvWorker@765"},
    {"2015-07-31 19:30:07,452 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:Follower@63] - FOLLOWING - LEADER "
     "ELECTION TOOK - 49",
     "FOLLOWING - LEADER ELECTION TOOK - 49", "INFO", "", "QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:Follower@63"},
    {"17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]",
     "Registered signal handlers for [TERM, HUP, INT]", "INFO", "executor.CoarseGrainedExecutorBackend"},
    {"081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 terminating",
     "PacketResponder 1 terminating", "INFO", "dfs.DataNode$PacketResponder", "", "148"},
    {"2024-03-11T08:12:44.123+01:00  INFO 17 --- [shop] [nio-8080-exec-1] "
     "[4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7] c.e.shop.OrderController : order 17 created",
     "order 17 created", "INFO", "c.e.shop.OrderController", "nio-8080-exec-1", "17"},
    {"2024-03-11 08:12:44.123  WARN [shop,4bf92f3577b34da6a3ce929d0e0e4736,00f067aa0ba902b7,true] 17 --- "
     "[nio-8080-exec-1] c.e.shop.OrderController : slow",
     "slow", "WARN", "c.e.shop.OrderController", "nio-8080-exec-1", "17"},
    {"INFO  [main] 2024-03-11 08:12:44,123 StorageService.java:1650 - JOINING: Finish", "JOINING: Finish", "INFO",
     "StorageService.java", "main"},
    {"WARNING 2024-03-11 08:12:46,123 log 1234 Not Found: /favicon.ico", "log 1234 Not Found: /favicon.ico", "WARNING"},
    {"[2024-03-11 08:12:44] production.ERROR: Connection refused", "Connection refused", "ERROR", "production"},
    {"2024/03/11 08:12:44 http: TLS handshake error", "http: TLS handshake error", ""},
    {"Mar 11 2024 08:12:45: %ASA-4-106023: Deny tcp", "%ASA-4-106023: Deny tcp", ""},
    {"15:16:01.123 [main] INFO  com.foo.Bar - started in 5 ms", "started in 5 ms", "INFO", "com.foo.Bar", "main"},
    {"2023-06-14 15:16:01.123  INFO 12345 --- [           main] c.e.demo.DemoApplication                 : Started",
     "Started", "INFO", "c.e.demo.DemoApplication", "main", "12345"},
    {"14-Jun-2023 15:16:01.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [500] "
     "milliseconds",
     "Server startup in [500] milliseconds", "INFO", "org.apache.catalina.startup.Catalina.start", "main"},
    {"2023-06-14 15:16:01,123 DEBUG [org.hibernate.SQL] (default task-1) select 1", "select 1", "DEBUG",
     "org.hibernate.SQL", "default task-1"},
    {"2023-06-14 15:16:01.1234|INFO|MyApp.Program|Hello", "Hello", "INFO", "MyApp.Program"},
    {"- 2023-11-18 10:36:24,065 [main] INFO  o.a.ratis.conf.ConfUtils:46 - raft.grpc.server.port = 10760 (custom) ",
     "raft.grpc.server.port = 10760 (custom) ", "INFO", "o.a.ratis.conf.ConfUtils:46", "main"},
    {"[0.016s][info][gc,heap] Heap region size: 1M", "Heap region size: 1M", "info", "gc,heap"},
    {"[2023-06-14 15:16:01,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
     "[KafkaServer id=0] started (kafka.server.KafkaServer)", "INFO"},
    // Python, Ruby, Go, Rust, JavaScript
    {"2023-01-01 00:00:00,123 - mylogger - INFO - hello world", "hello world", "INFO"},
    {"WARNING:__main__:hello 3", "hello 3", "WARNING", "__main__"},
    {"2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b - - -] 10.11.10.1 \"GET /\"",
     "10.11.10.1 \"GET /\"", "INFO", "nova.osapi_compute.wsgi.server", "", "25746"},
    {"[Nest] 4711  - 03/11/2024, 8:12:44 AM     LOG [NestFactory] Starting", "Starting", "LOG", "", "NestFactory"},
    {"[I 230614 15:16:01 web:2] 200 GET /x", "200 GET /x", "I", "web:2"},
    {"E, [2023-06-14T15:16:01.123456 #1234] ERROR -- : Something", "Something", "ERROR", "", "", "1234"},
    {"2023/01/29 11:18:29 starting server on :8080", "starting server on :8080"},
    {"I0614 15:16:01.123456   12345 server.go:123] \"Starting controller\" controller=\"x\"",
     "\"Starting controller\" controller=\"x\"", "I", "server.go", "", "12345"},
    {"2023-06-14T15:16:01.123Z\tINFO\tserver/main.go:12\tlistening", "listening", "INFO", "server/main.go"},
    {"[2023-06-14 15:16:01,123: WARNING/ForkPoolWorker-1] Task done", "Task done", "WARNING", "", "ForkPoolWorker-1"},
    {"[2023-06-14 15:16:01,123: INFO/MainProcess] Connected", "Connected", "INFO", "", "MainProcess"},
    {"[2023-06-14T15:16:01Z INFO  my_crate] hello", "hello", "INFO", "my_crate"},
    {"2023-06-14T15:16:01.123456Z  INFO my_crate::module: hello", "hello", "INFO", "my_crate::module"},
    // Servers
    {"14-Jun-2023 15:16:01.123 security: error: client denied", "client denied", "error", "security"},
    {"2023/01/29 11:18:29 [error] 29#30: *4 open() \"/x\" failed", "*4 open() \"/x\" failed", "error", "", "", "29"},
    {"[Wed Jun 14 15:16:01.123456 2023] [core:error] [pid 123:tid 140] AH00128: File does not exist",
     "AH00128: File does not exist", "error", "", "", "123"},
    {"[Sun Dec 04 20:32:37 2005] [notice] jk2_init() Found child 1998 in scoreboard slot 9",
     "jk2_init() Found child 1998 in scoreboard slot 9", "notice"},
    {"2023-06-14T15:16:01.123+0000 I NETWORK  [conn1] end connection 127.0.0.1:5000", "end connection 127.0.0.1:5000",
     "I", "NETWORK"},
    {"1234:M 14 Jun 2023 15:16:01.123 * Ready to accept connections", "Ready to accept connections"},
    {"2023-06-14 15:16:01.123 UTC [12] LOG:  database system is ready", "database system is ready", "LOG", "", "",
     "12"},
    {"2023-06-14 15:16:01 UTC:10.0.0.1(1234):user@db:[123]:LOG:  checkpoint starting", "checkpoint starting", "LOG", "",
     "", "123"},
    {"2018-09-12 16:13:20.385 3394 LOG C-0x562376c02c50: closing because: request", "closing because: request", "LOG",
     "C-0x562376c02c50", "", "3394"},
    {"Jun 14 15:16:01 auth: Error: no such user", "no such user", "Error", "auth"},
    {"2023/06/14 15:16:01 kid1| Accepting connections", "Accepting connections"},
    {"[1686755761] unbound[32590:0] debug: cache memory", "cache memory", "debug", "unbound", "", "32590"},
    {"2023.06.14 15:16:01 LOG6[ui]: no cipher", "no cipher", "", "LOG6", "ui"},
    {"2023-06-14 15:16:01 mailer[12]: sent", "sent", "", "mailer", "", "12"},
    {"2023-06-14T15:16:01.123Z verbose hostd[23996] [Originator@6876 sub=Vim] ready", "[Originator@6876 sub=Vim] ready",
     "verbose", "hostd", "", "23996"},
    {"2023-06-14 15:16:01.123456+00:00 [error] <0.212.0> node down", "node down", "error", "", "0.212.0"},
    {"Jun 14 15:16:01 06[CFG] added configuration", "added configuration", "", "CFG"},
    {"2023-06-14T15:16:01.123456+0000 7f3a2b1c9700 -1 osd is full", "osd is full"},
    {"[2023/06/14 15:16:01.123456,  0] server.c:1741(main) started", "server.c:1741(main) started"},
    {"D [14/Jun/2023:15:16:01 +0000] cupsd is busy", "cupsd is busy", "D"},
    {"Wed Jun 14 15:16:01 2023 : Auth: Login incorrect", "Login incorrect", "", "Auth"},
    {"NOTICE    Jun 14 15:16:01.425 [994]: Reloading", "Reloading", "NOTICE", "", "", "994"},
    {"2023-06-14 15:16:01;WARN;billing;balance is low", "balance is low", "WARN", "billing"},
    {"[2023-06-14 15:16:01,123] ERROR in views: no page", "no page", "ERROR", "views"},
    {"[15:16:01.336] INFO (27523): listening", "listening", "INFO", "", "", "27523"},
    {"[15:16:01.336] INFO (shop/27523 on web-1): listening", "listening", "INFO", "shop", "", "27523"},
    {"2023-06-14 15:16:01,123 17 INFO worker [-] polling", "polling", "INFO", "worker", "", "17"},
    {"3:16PM INF listening port=80", "listening port=80", "INF"},
    {"2023-06-14 15:16:01.123456 I | embed: listening", "listening", "I", "embed"},
    {"2023-06-14 15:16:01,123 DEBG fd 5 closed", "fd 5 closed", "DEBG"},
    // Systems
    {"Jun 14 15:16:01 mini-3 Web Browser[77]: page is slow", "page is slow", "", "Web Browser", "", "77"},
    {"06-14 15:16:01.123 W/Radio( 1702): no signal", "no signal", "W", "Radio", "", "1702"},
    {"Jun 14 15:16:01 web kernel: [   12.345678] usb 1-1: new device", "usb 1-1: new device", "", "kernel"},
    {"2023-06-14T15:16:01.123456+02:00 web cron: reloading", "reloading", "", "cron"},
    {"Jun 15 02:04:59 combo sshd(pam_unix)[20882]: authentication failure", "authentication failure", "",
     "sshd(pam_unix)", "", "20882"},
    {"Jul  1 10:17:44 host com.apple.xpc.launchd[1] (com.apple.pid.37963): Path not allowed", "Path not allowed", "",
     "com.apple.xpc.launchd", "", "1"},
    {"Jul  4 15:49:14 --- last message repeated 1 time ---", "--- last message repeated 1 time ---"},
    {"03-17 16:15:08.066  1702  2644 D PowerManagerService: Acquiring suspend blocker", "Acquiring suspend blocker",
     "D", "PowerManagerService", "", "1702"},
    {"D/WifiService(  123): acquireWifiLockLocked: WifiLock", "acquireWifiLockLocked: WifiLock", "D", "WifiService", "",
     "123"},
    {"2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1", "Loaded Servicing Stack v6.1",
     "Info", "CBS"},
    {"- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO 1005 "
     "floating point",
     "1005 floating point", "INFO"},
    {"APPREAD 1117869872 2005.06.04 R04-M1-N4-I:J18-U11 2005-06-04-00.24.32.432192 R04-M1-N4-I:J18-U11 RAS APP FATAL "
     "ciod: failed",
     "ciod: failed", "FATAL"},
    {"- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed", "session closed",
     "", "crond(pam_unix)", "", "2915"},
    {"134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change: x",
     "Component State Change: x", "", "", "", "1"},
    {"20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579", "onStandStepChanged 3579", "", "Step_LSC", "",
     "30002312"},
    {"[10.30 16:49:06] chrome.exe *64 - proxy.example:5070 close", "proxy.example:5070 close", "", "chrome.exe"},
    {"[   12.345678] usb 1-1: new high-speed USB device", "usb 1-1: new high-speed USB device"},
    // Messages that only look like headers
    {"2023-06-14 15:16:01 ERROR Failed to connect to 10.0.0.1: timeout", "Failed to connect to 10.0.0.1: timeout",
     "ERROR"},
    {"2023-06-14 15:16:01 Shutdown - complete", "Shutdown - complete"},
    {"2023-06-14 15:16:01 ERROR getTasks: caller 7 may not", "getTasks: caller 7 may not", "ERROR"},
    {"2023-06-14T15:16:01.123456Z starting server: please wait", "starting server: please wait"},
    {"2023-06-14 15:16:01,123 INFO exited: worker (status 1)", "exited: worker (status 1)", "INFO"},
    {"05:19:21.371 INFO  - TraceID: 744b", "TraceID: 744b", "INFO"},
    {"2023-06-14 15:16:01 [warning] [client 1.2.3.4] hmm", "[client 1.2.3.4] hmm", "warning"},
};

TEST(HeaderTest, CutsTheMessageAsAPersonWould) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.line);
    LineAnalysis analysis;
    ASSERT_TRUE(ParseHeader(c.line, HeaderMode::kAny, &analysis));
    SettleFields(c.line, &analysis);
    EXPECT_EQ(std::string_view(c.line).substr(analysis.body_begin), c.body) << analysis.header;
    EXPECT_EQ(Field(c.line, analysis, FieldRole::kSeverity, {""}), c.level);
    EXPECT_EQ(Field(c.line, analysis, FieldRole::kAttribute,
                    {"log.logger", "syslog.appname", "code.file.path", "code.location"}),
              c.name)
        << analysis.header;
    EXPECT_EQ(Field(c.line, analysis, FieldRole::kAttribute, {"thread.name"}), c.thread) << analysis.header;
    EXPECT_EQ(Field(c.line, analysis, FieldRole::kAttribute, {"process.pid"}), c.pid) << analysis.header;
    EXPECT_TRUE(analysis.cacheable);
  }
}

TEST(HeaderTest, NamesProcessAndThread) {
  const auto field = [](std::string_view line, std::string_view name) {
    LineAnalysis analysis;
    EXPECT_TRUE(ParseHeader(line, HeaderMode::kAny, &analysis));
    return Field(line, analysis, FieldRole::kAttribute, {name});
  };
  EXPECT_EQ(field("2023/06/14 15:16:01 kid1| x", "process.name"), "kid1");
  EXPECT_EQ(field("[1686755761] unbound[32590:7] debug: x", "thread.id"), "7");
  EXPECT_EQ(field("Jun 14 15:16:01 06[CFG] x", "thread.id"), "06");
  EXPECT_EQ(field("2023-06-14T15:16:01.123456+0000 7f3a2b1c9700 -1 x", "thread.id"), "7f3a2b1c9700");
  EXPECT_EQ(field("Jun 14 15:16:01 web kernel: [   12.345678] x", "system.uptime"), "12.345678");
}

TEST(HeaderTest, PicksTheRightOneOfSeveralTimes) {
  const auto time = [](std::string_view line) {
    LineAnalysis analysis;
    EXPECT_TRUE(ParseHeader(line, HeaderMode::kAny, &analysis));
    return Field(line, analysis, FieldRole::kTimestamp, {""});
  };
  EXPECT_EQ(time("nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO a.b [-] x"),
            "2017-05-16 00:00:00.008");
  EXPECT_EQ(time("- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO x"),
            "2005-06-03-15.42.50.675872");
  // The second has no year.
  EXPECT_EQ(time("- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond[2915]: x"), "1131566461");
  EXPECT_EQ(time("Jul  9 12:16:49 combo ftpd[23142]: connection from 211.167.68.59 () at Sat Jul  9 12:16:49 2005 "),
            "Jul  9 12:16:49");
}

TEST(HeaderTest, TextWithoutHeaderIsAllMessage) {
  for (const char* line : {"", " ", "hello world", "Error: something bad at 2023-06-14 15:16:01",
                           "level=info msg=\"x\"", "{\"a\":1}", "5 packets received", "12345", "\tat a.b.C(D.java:1)",
                           "Received 5 at 1077804742", "error: no such file", "statement: select 1", "note: x"}) {
    LineAnalysis analysis;
    EXPECT_FALSE(ParseHeader(line, HeaderMode::kAny, &analysis)) << line;
    EXPECT_TRUE(analysis.fields.empty());
  }
}

TEST(HeaderTest, SaysWhenDigitsDecided) {
  for (const char* line : {"2023-13-14 15:16:01 INFO x", "9999999999 something", "- 9117838570 2005.06.03 x"}) {
    LineAnalysis analysis;
    ParseHeader(line, HeaderMode::kAny, &analysis);
    EXPECT_FALSE(analysis.cacheable) << line;
  }
}

}  // namespace
}  // namespace whittle
