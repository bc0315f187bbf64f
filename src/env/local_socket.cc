#include "env/local_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "env/clock.h"
#include "env/file_system.h"

namespace whittle {
namespace {

constexpr mode_t kSocketMode = 0600;
constexpr int64_t kMillisecondNs = 1'000'000;
// How often a wait looks whether it is to stop.
constexpr int kLookMs = 100;
constexpr size_t kReceiveBytes = 16 * 1024;

// The address of `path`; of one that is too long, by its directory's descriptor, which has to stay open meanwhile.
class Address {
 public:
  explicit Address(const std::string& path) {
    address_.sun_family = AF_UNIX;
    std::string name = path;
    if (name.size() >= sizeof(address_.sun_path)) {
      directory_ = open(DirectoryOf(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (directory_ < 0) {
        error_ = errno;
        return;
      }
      name = "/proc/self/fd/" + std::to_string(directory_) + "/" + BaseName(path);
    }
    if (name.size() >= sizeof(address_.sun_path)) {
      error_ = ENAMETOOLONG;
      return;
    }
    std::memcpy(address_.sun_path, name.data(), name.size());
  }
  ~Address() {
    if (directory_ >= 0) close(directory_);
  }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;

  int error() const { return error_; }  // errno, 0: there is an address
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size() { return sizeof(sockaddr_un); }

 private:
  sockaddr_un address_ = {};
  int directory_ = -1;
  int error_ = 0;
};

Status ErrorAndClose(int fd, const std::string& path, std::string_view verb, int error) {
  close(fd);
  return ErrnoStatus(path, verb, error);
}

}  // namespace

LocalSocket::LocalSocket(LocalSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LocalSocket::~LocalSocket() {
  if (fd_ >= 0) close(fd_);
}

Result<LocalSocket> LocalSocket::Connect(const std::string& path) {
  const Address address(path);
  if (address.error() != 0) return ErrnoStatus(path, "connect to", address.error());
  LocalSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd_ < 0) return ErrnoStatus(path, "connect to", errno);
  int done;
  do {
    done = connect(socket.fd_, address.get(), Address::size());
  } while (done != 0 && errno == EINTR);
  if (done == 0) return socket;
  if (errno == ECONNREFUSED) return Status(StatusCode::kNotFound, path + ": nobody listens there");
  return ErrnoStatus(path, "connect to", errno);
}

Status LocalSocket::Send(std::string_view bytes, int timeout_ms) {
  const int64_t limit = SystemClock()->SteadyNs() + timeout_ms * kMillisecondNs;
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (SystemClock()->SteadyNs() >= limit) return ErrnoStatus("socket", "send", ETIMEDOUT);
      pollfd request{fd_, POLLOUT, 0};
      poll(&request, 1, kLookMs);
    } else if (errno != EINTR) {
      return ErrnoStatus("socket", "send", errno);
    }
  }
  return Status::Ok();
}

Result<std::string> LocalSocket::ReceiveLine(size_t limit, const std::atomic<bool>* stop) {
  std::string line;
  bool told = false;
  while (true) {
    if (!told && stop != nullptr && stop->load()) {
      shutdown(fd_, SHUT_WR);
      told = true;
    }
    pollfd request{fd_, POLLIN, 0};
    if (poll(&request, 1, kLookMs) <= 0) continue;
    char buffer[kReceiveBytes];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Status(StatusCode::kNotFound, "the other side ended before a whole line came");
    const std::string_view piece(buffer, static_cast<size_t>(got));
    const size_t end = piece.find('\n');
    line.append(piece.substr(0, end));
    if (line.size() > limit)
      return Status(StatusCode::kLimit, "the line has more than " + std::to_string(limit) + " bytes");
    if (end != std::string_view::npos) return line;
  }
}

Result<int> ListenLocally(const std::string& path, int backlog) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return Status(StatusCode::kAlreadyExists, path + ": stands there and is no socket");
    if (unlink(path.c_str()) != 0) return ErrnoStatus(path, "remove", errno);
  }
  const Address address(path);
  if (address.error() != 0) return ErrnoStatus(path, "listen at", address.error());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return ErrnoStatus(path, "listen at", errno);
  // The name gets the mode of the descriptor, so there is no moment at which others could connect.
  if (fchmod(fd, kSocketMode) != 0) return ErrorAndClose(fd, path, "protect", errno);
  if (bind(fd, address.get(), Address::size()) != 0) return ErrorAndClose(fd, path, "listen at", errno);
  if (listen(fd, backlog) != 0) return ErrorAndClose(fd, path, "listen at", errno);
  return fd;
}

}  // namespace whittle
