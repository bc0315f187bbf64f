#include "pipeline/control.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "env/env_test_util.h"
#include "env/local_socket.h"
#include "pipeline/retain.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

constexpr int kSendMs = 60'000;

// A store in memory with a keeper, and its control socket on the real disk.
class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    world_.Write("/a.log", "2024-05-01 10:00:00 INFO one 1\n2024-05-01 10:00:01 INFO two 2\n");
    world_.Ingest("/a.log", "/store", world_.Options(1, true));
    auto catalog = Catalog::Open(&world_.env, "/store");
    ASSERT_TRUE(catalog.ok()) << catalog.status().message();
    catalog_ = std::move(*catalog);
    keeper_ =
        std::make_unique<StoreKeeper>(&world_.env, catalog_.get(), StoreKeeperOptions{}, [](const std::string&) {});
    keeper_->Start(std::chrono::hours(1));
  }
  void TearDown() override {
    keeper_.reset();
    control_.reset();
  }
  void Listen(Control::Execute execute) {
    auto control = Control::Start(root_, SystemClock(), keeper_.get(), std::move(execute),
                                  [this](const std::string& line) { log_.push_back(line); });
    ASSERT_TRUE(control.ok()) << control.status().message();
    control_ = std::move(*control);
  }
  Result<LocalSocket> Send(const std::string& line) {
    auto socket = LocalSocket::Connect(ControlSocketPath(root_));
    if (socket.ok()) WHITTLE_RETURN_IF_ERROR(socket->Send(line, kSendMs));
    return socket;
  }
  static ControlAnswer Receive(LocalSocket* socket) {
    const auto line = socket->ReceiveLine(kMaxControlAnswerBytes, nullptr);
    auto answer = line.ok() ? ParseControlAnswer(*line) : Result<ControlAnswer>(line.status());
    EXPECT_TRUE(answer.ok()) << answer.status().message();
    return answer.ok() ? *answer : ControlAnswer();
  }
  ControlAnswer Ask(const std::string& line) {
    auto socket = Send(line);
    EXPECT_TRUE(socket.ok()) << socket.status().message();
    return socket.ok() ? Receive(&*socket) : ControlAnswer();
  }

  World world_;
  const ScratchDirectory scratch_;
  const std::string root_ = scratch_.path();
  std::unique_ptr<Catalog> catalog_;
  std::vector<std::string> log_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<StoreKeeper> keeper_;
};

TEST_F(ControlTest, TheJournalAndTheLogKnowWhoAsked) {
  Listen([this](const ControlRequest& request, const std::atomic<bool>* stop) {
    RetainOptions options;
    options.filter = request.arguments.at(1);
    options.asked_by = request.asked_by;
    const auto report = RetainStore(&world_.env, catalog_.get(), nullptr, options, stop);
    return ControlAnswer{report.ok() ? 0 : 1, std::to_string(report->expired.records), "", false};
  });
  const ControlAnswer answer = Ask("{\"version\":1,\"arguments\":[\"retain\",\"one\\t\"]}\n");
  EXPECT_EQ(0, answer.exit_code);
  EXPECT_EQ("1", answer.out);
  const std::string user = "user " + std::to_string(geteuid());
  keeper_.reset();
  EXPECT_EQ(std::vector<std::string>{"asked by " + user + ": retain one : exit 0"}, log_);
  const auto journal = catalog_->ReadJournal();
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ("retain", journal->back().kind);
  EXPECT_NE(std::string::npos, journal->back().what.find("; asked by " + user));
}

TEST_F(ControlTest, WhatIsNoRequestIsAnsweredAndNeverExecuted) {
  bool executed = false;
  Listen([&](const ControlRequest&, const std::atomic<bool>*) {
    executed = true;
    return ControlAnswer();
  });
  EXPECT_EQ(2, Ask("hello\n").exit_code);
  EXPECT_EQ(2, Ask("{\"version\":7,\"arguments\":[\"retain\"]}\n").exit_code);
  keeper_.reset();
  EXPECT_FALSE(executed);
}

TEST_F(ControlTest, WhatIsUnderWayWhenTheDaemonEndsIsStoppedAndAnswered) {
  std::atomic<bool> begun{false};
  Listen([&](const ControlRequest&, const std::atomic<bool>* stop) {
    begun = true;
    while (!*stop) std::this_thread::yield();
    return ControlAnswer{0, "stopped before the end\n", "", false};
  });
  auto first = Send("{\"version\":1,\"arguments\":[\"compact\"]}\n");
  ASSERT_TRUE(first.ok());
  while (!begun) std::this_thread::yield();
  auto second = Send("{\"version\":1,\"arguments\":[\"compact\"]}\n");
  ASSERT_TRUE(second.ok());
  control_->Detach();
  const ControlAnswer late = Ask("{\"version\":1,\"arguments\":[\"x\"]}\n");
  EXPECT_EQ("whittle: the daemon refuses: it is ending\n", late.err);
  EXPECT_TRUE(late.ending);
  keeper_.reset();
  control_.reset();
  const ControlAnswer stopped = Receive(&*first);
  EXPECT_EQ(1, stopped.exit_code);
  EXPECT_FALSE(stopped.ending);  // some of it was done
  EXPECT_EQ("stopped before the end\n", stopped.out);
  EXPECT_EQ("whittle: the daemon closed the store meanwhile; run the command again\n", stopped.err);
  const ControlAnswer waiting = Receive(&*second);
  EXPECT_EQ(1, waiting.exit_code);
  EXPECT_EQ("whittle: the daemon refuses: it is ending\n", waiting.err);
}

}  // namespace
}  // namespace whittle
