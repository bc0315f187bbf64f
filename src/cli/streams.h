// The standard streams as commands see them: results go to `out`, messages for people to `err`. Tests put strings in
// their place. One thread at a time; each OutputStream flushes itself when destroyed.
#pragma once

#include <string>
#include <string_view>

namespace whittle {

// Buffered output to a descriptor or a string. When the reader of a pipe has gone away the process ends quietly by
// SIGPIPE, as any filter does, unless KeepGoingWhenClosed() was called: then what is written is discarded.
class OutputStream {
 public:
  explicit OutputStream(int descriptor);
  explicit OutputStream(std::string* capture) : capture_(capture) {}
  ~OutputStream();
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  void Write(std::string_view bytes);
  // Flushes when the descriptor is a terminal or pipe latency matters; cheap on an empty buffer.
  void Flush();
  void KeepGoingWhenClosed() { keep_going_ = true; }

  bool closed() const { return closed_; }  // nobody reads any more
  int error() const { return error_; }     // errno of a failed write (disk full), 0 = none; later writes are discarded
  bool is_terminal() const { return is_terminal_; }
  int terminal_columns() const;  // 0 when it is no terminal

 private:
  int descriptor_ = -1;
  std::string* capture_ = nullptr;
  std::string buffer_;
  bool keep_going_ = false;
  bool closed_ = false;
  bool is_terminal_ = false;
  int error_ = 0;
};

struct Streams {
  int in = 0;  // descriptor of standard input
  OutputStream& out;
  OutputStream& err;
};

// Standard output gathers this much before a write; measured on pipes, larger gains nothing.
inline constexpr size_t kOutputBufferBytes = 64 * 1024;

}  // namespace whittle
