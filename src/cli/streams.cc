#include "cli/streams.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace whittle {

OutputStream::OutputStream(int descriptor) : descriptor_(descriptor), is_terminal_(::isatty(descriptor) == 1) {}

OutputStream::~OutputStream() { Flush(); }

void OutputStream::Write(std::string_view bytes) {
  if (capture_ != nullptr) {
    capture_->append(bytes);
    return;
  }
  if (closed_ || error_ != 0) return;
  buffer_.append(bytes);
  // Standard error is for people: they see it at once.
  if (buffer_.size() >= kOutputBufferBytes || descriptor_ == STDERR_FILENO) Flush();
}

void OutputStream::Flush() {
  size_t done = 0;
  while (done < buffer_.size() && !closed_ && error_ == 0) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno == EPIPE) {
      closed_ = true;
      if (!keep_going_) {
        std::signal(SIGPIPE, SIG_DFL);
        std::raise(SIGPIPE);
      }
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
}

int OutputStream::terminal_columns() const {
  winsize size{};
  if (!is_terminal_ || ::ioctl(descriptor_, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace whittle
