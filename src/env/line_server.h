// LineServer: answers requests of one line over a socket in the file system, one request a connection. What it is asked
// and what it answers is for others to know; it only keeps clients from doing harm: who says nothing, too much, or
// garbage, or does not take the answer, is put out, and there are never more than a few of them.
//
// Owns a thread, on which the handler is called; it has to return at once and may answer later, from any thread. The
// name is removed by the destructor, which tells those that still wait that there will be no answer.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <whittle/status.h>

#include "env/clock.h"

namespace whittle {

class LineServer {
 public:
  struct Request {
    uint64_t id = 0;
    std::string line;  // without its end
    uid_t user = 0;    // whose process asks: that of this process, or root
    // Raised when the client went away or said that it will wait no longer than it must.
    std::shared_ptr<std::atomic<bool>> gone;
  };
  struct Options {
    std::function<void(LineServer* server, Request request)> handle;
    // What is sent, as a line, to somebody who is put out.
    std::function<std::string(std::string_view why)> refuse;
    int request_timeout_ms = 5000;  // for a whole request to come, and for an answer to be taken
  };

  // More at a time are refused: people and scripts, not services, ask.
  // Why what still waits is refused when the server goes.
  static constexpr std::string_view kEnding = "it is ending";
  static constexpr size_t kMaxClients = 8;
  // A longer request is refused without being read to its end.
  static constexpr size_t kMaxRequestBytes = 64 * 1024;

  // As ListenLocally (local_socket.h): the caller knows that nobody else listens at `path`.
  static Result<std::unique_ptr<LineServer>> Start(const std::string& path, Clock* clock, Options options);
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  // Sends `line` and its end to whoever asked, if still there, and closes. From any thread.
  void Answer(uint64_t id, std::string line);

 private:
  struct Client;

  LineServer(std::string path, Clock* clock, Options options, int listener, int wake);
  void Run();
  void Round(int timeout_ms);
  void Accept();
  void Receive(Client* client);
  void Transmit(Client* client);
  void Refuse(Client* client, std::string_view why);
  void TakeAnswers();
  void Finish();
  int NextTimeout() const;

  const std::string path_;
  Clock* const clock_;
  const Options options_;
  const int listener_;
  const int wake_;
  std::vector<std::unique_ptr<Client>> clients_;  // of the server's thread
  uint64_t next_id_ = 1;
  int64_t accept_after_ns_ = INT64_MIN;
  std::mutex mutex_;
  std::map<uint64_t, std::string> answers_;  // not yet taken by the server's thread
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace whittle
