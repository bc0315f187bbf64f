#include "env/line_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <optional>

#include "env/env_test_util.h"
#include "env/file_system.h"
#include "env/local_socket.h"
#include "env/posix_file_system.h"

namespace whittle {
namespace {

constexpr int kSendMs = 60'000;
constexpr size_t kLineBytes = 1 << 20;

// A server that answers "said: LINE", or keeps requests until it is told what to answer.
class LineServerTest : public testing::Test {
 protected:
  void Start(bool keeps = false, int timeout_ms = kSendMs) {
    LineServer::Options options;
    options.request_timeout_ms = timeout_ms;
    options.refuse = [](std::string_view why) { return "no: " + std::string(why); };
    options.handle = [this, keeps](LineServer* server, LineServer::Request request) {
      if (!keeps) return server->Answer(request.id, "said: " + request.line);
      const std::lock_guard lock(mutex_);
      kept_.push_back(std::move(request));
    };
    auto server = LineServer::Start(path_, SystemClock(), std::move(options));
    ASSERT_TRUE(server.ok()) << server.status().message();
    server_ = std::move(*server);
  }
  // What is kept, once there is something.
  LineServer::Request Kept() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (!kept_.empty()) {
          LineServer::Request request = std::move(kept_.front());
          kept_.pop_front();
          return request;
        }
      }
      SystemClock()->SleepNs(1'000'000);
    }
  }
  static std::string Receive(LocalSocket* socket) {
    const auto line = socket->ReceiveLine(kLineBytes, nullptr);
    return line.ok() ? *line : "ended";
  }
  std::string Ask(const std::string& bytes) {
    auto socket = LocalSocket::Connect(path_);
    if (!socket.ok()) return socket.status().message();
    static_cast<void>(socket->Send(bytes, kSendMs).ok());
    return Receive(&*socket);
  }
  static void WaitFor(const std::atomic<bool>& flag) {
    while (!flag) SystemClock()->SleepNs(1'000'000);
  }

  const ScratchDirectory scratch_;
  const std::string root_ = scratch_.path();
  std::string path_ = root_ + "/control.sock";
  std::mutex mutex_;
  std::deque<LineServer::Request> kept_;
  std::unique_ptr<LineServer> server_;
};

TEST_F(LineServerTest, AnswersAndIsForItsOwnerOnly) {
  Start();
  struct stat st = {};
  ASSERT_EQ(0, lstat(path_.c_str(), &st));
  EXPECT_EQ(0600u, st.st_mode & 0777u);
  EXPECT_EQ("said: hello", Ask("hello\n"));
  EXPECT_EQ("said: ", Ask("\n"));
  server_.reset();
  EXPECT_NE(0, lstat(path_.c_str(), &st));
  const auto gone = LocalSocket::Connect(path_);
  EXPECT_EQ(StatusCode::kNotFound, gone.status().code());
}

TEST_F(LineServerTest, NamesMayBeLongerThanTheSystemTakes) {
  path_ = root_;
  for (int i = 0; i < 3; ++i) {
    path_ += "/" + std::string(100, 'd');
    ASSERT_EQ(0, mkdir(path_.c_str(), 0700));
  }
  path_ += "/control.sock";
  Start();
  EXPECT_EQ("said: hello", Ask("hello\n"));
  server_.reset();
  EXPECT_FALSE(*FileExists(PosixFileSystem(), path_));
}

TEST_F(LineServerTest, TakesTheNameOfOneThatWasKilledAndNothingElse) {
  const auto left = ListenLocally(path_, 1);
  ASSERT_TRUE(left.ok());
  close(*left);  // as kill -9 leaves it
  EXPECT_EQ(StatusCode::kNotFound, LocalSocket::Connect(path_).status().code());
  Start();
  EXPECT_EQ("said: hello", Ask("hello\n"));
  server_.reset();
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), path_, "mine").ok());
  EXPECT_EQ(StatusCode::kAlreadyExists, ListenLocally(path_, 1).status().code());
  EXPECT_EQ("mine", *ReadFile(PosixFileSystem(), path_));
}

TEST_F(LineServerTest, WhoSaysTooMuchIsPutOut) {
  Start();
  const std::string full(LineServer::kMaxRequestBytes, 'x');
  EXPECT_EQ("said: " + full, Ask(full + "\n"));
  // The rest of what was sent may cut the refusal short; in no case is there an answer.
  for (const std::string& bytes : {full + "x\n", std::string(64 << 20, 'x'), std::string("one\ntwo\n")}) {
    const std::string answer = Ask(bytes);
    EXPECT_TRUE(answer.starts_with("no: ") || answer == "ended") << answer.substr(0, 80);
  }
  EXPECT_EQ("said: hello", Ask("hello\n"));
}

TEST_F(LineServerTest, WhoSaysNothingIsPutOutInTime) {
  Start(false, 50);
  auto silent = LocalSocket::Connect(path_);
  auto half = LocalSocket::Connect(path_);
  ASSERT_TRUE(silent.ok() && half.ok());
  ASSERT_TRUE(half->Send("half a requ", kSendMs).ok());
  EXPECT_EQ("no: no whole request came in time", Receive(&*silent));
  EXPECT_EQ("no: no whole request came in time", Receive(&*half));
}

TEST_F(LineServerTest, OnlyAFewAtATime) {
  Start(true);
  std::vector<LocalSocket> clients;
  for (size_t i = 0; i < LineServer::kMaxClients; ++i) {
    auto client = LocalSocket::Connect(path_);
    ASSERT_TRUE(client.ok());
    ASSERT_TRUE(client->Send(std::to_string(i) + "\n", kSendMs).ok());
    clients.push_back(std::move(*client));
  }
  std::vector<LineServer::Request> requests;
  for (size_t i = 0; i < clients.size(); ++i) requests.push_back(Kept());
  EXPECT_EQ("no: too many ask at the same time", Ask("one more\n"));
  for (const auto& request : requests) server_->Answer(request.id, "done " + request.line);
  for (size_t i = 0; i < clients.size(); ++i) EXPECT_EQ("done " + std::to_string(i), Receive(&clients[i]));
}

TEST_F(LineServerTest, WhoGoesAwayIsKnownToHaveGone) {
  Start(true);
  auto connected = LocalSocket::Connect(path_);
  ASSERT_TRUE(connected.ok());
  std::optional<LocalSocket> client(std::move(*connected));
  ASSERT_TRUE(client->Send("long work\n", kSendMs).ok());
  const LineServer::Request request = Kept();
  EXPECT_FALSE(*request.gone);
  client.reset();
  WaitFor(*request.gone);
  server_->Answer(request.id, "nobody hears this");
}

TEST_F(LineServerTest, WhoStopsStillGetsTheAnswer) {
  Start(true);
  auto client = LocalSocket::Connect(path_);
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->Send("long work\n", kSendMs).ok());
  const LineServer::Request request = Kept();
  std::thread answering([&] {
    WaitFor(*request.gone);
    server_->Answer(request.id, "stopped half way");
  });
  const std::atomic<bool> stop{true};
  const auto line = client->ReceiveLine(kLineBytes, &stop);
  answering.join();
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ("stopped half way", *line);
}

TEST_F(LineServerTest, TheEndIsSaidToThoseWhoWait) {
  Start(true);
  auto client = LocalSocket::Connect(path_);
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->Send("long work\n", kSendMs).ok());
  const LineServer::Request request = Kept();
  server_.reset();
  EXPECT_TRUE(*request.gone);
  EXPECT_EQ("no: it is ending", Receive(&*client));
}

}  // namespace
}  // namespace whittle
