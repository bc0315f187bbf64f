// LocalSocket: a connection to another process of this machine through a socket in the file system, and how such a
// socket is made. Bytes in order, as on a pipe, both ways.
//
// A LocalSocket owns its descriptor and is for one thread at a time. Names of any length work: the system takes 107
// bytes, so a longer one is reached through its directory.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include <whittle/status.h>

namespace whittle {

class LocalSocket {
 public:
  // kNotFound: nobody listens there, or nothing stands there; kIo: it cannot be reached, by permissions for example.
  static Result<LocalSocket> Connect(const std::string& path);
  LocalSocket(LocalSocket&& other) noexcept;
  LocalSocket& operator=(LocalSocket&&) = delete;
  ~LocalSocket();

  // All of `bytes`. kIo when the other side has gone or does not take them within `timeout_ms`.
  Status Send(std::string_view bytes, int timeout_ms);

  // Up to the next '\n', without it, however long that takes. When `stop` is raised, the other side is told that nobody
  // will send more (it reads the end) and its answer is waited for all the same. kNotFound: it ended before a whole
  // line came; kLimit: the line is longer than `limit`.
  Result<std::string> ReceiveLine(size_t limit, const std::atomic<bool>* stop);

 private:
  explicit LocalSocket(int fd) : fd_(fd) {}
  int fd_;
};

// A descriptor that listens at `path`, readable and writable by its owner only, and does not block. A socket that
// stands there is removed, so only who knows that nobody else listens (the holder of the store's lock) may call this;
// anything else that stands there is left alone: kAlreadyExists.
Result<int> ListenLocally(const std::string& path, int backlog);

}  // namespace whittle
