#include "env/line_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "env/file_system.h"
#include "env/local_socket.h"

namespace whittle {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr size_t kReceiveBytes = 16 * 1024;
// Connections the system keeps before they are accepted.
constexpr int kBacklog = 8;
// When no descriptor is left, accepting is tried again after this.
constexpr int64_t kAcceptPauseNs = 1000 * kMillisecondNs;
// Those who wait for an answer at the end have so long to take what there is.
constexpr int64_t kFinishNs = 1000 * kMillisecondNs;

}  // namespace

struct LineServer::Client {
  enum class State : uint8_t { kAsking, kWaiting, kAnswering, kDone };
  Client(int descriptor, uint64_t number) : fd(descriptor), id(number) {}
  ~Client() { close(fd); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const int fd;
  const uint64_t id;
  State state = State::kAsking;
  uid_t user = 0;
  std::string in, out;
  bool half_closed = false;
  int64_t deadline_ns = 0;  // of asking and of answering
  std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);

  short Events() const {
    if (state == State::kAnswering) return POLLOUT;
    return half_closed ? 0 : POLLIN;
  }
};

Result<std::unique_ptr<LineServer>> LineServer::Start(const std::string& path, Clock* clock, Options options) {
  WHITTLE_ASSIGN_OR_RETURN(const int listener, ListenLocally(path, kBacklog));
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    const int error = errno;
    close(listener);
    unlink(path.c_str());
    return ErrnoStatus(path, "listen at", error);
  }
  std::unique_ptr<LineServer> server(new LineServer(path, clock, std::move(options), listener, wake));
  server->thread_ = std::thread([raw = server.get()] { raw->Run(); });
  return server;
}

LineServer::LineServer(std::string path, Clock* clock, Options options, int listener, int wake)
    : path_(std::move(path)), clock_(clock), options_(std::move(options)), listener_(listener), wake_(wake) {}

LineServer::~LineServer() {
  // No name, no new clients. It is ours as long as we listen: whoever takes it over does so after us.
  unlink(path_.c_str());
  stop_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
  close(listener_);
  close(wake_);
}

void LineServer::Answer(uint64_t id, std::string line) {
  {
    const std::lock_guard lock(mutex_);
    answers_[id] = std::move(line);
  }
  eventfd_write(wake_, 1);
}

void LineServer::Run() {
  while (!stop_) Round(NextTimeout());
  Finish();
}

// Until the nearest deadline; -1: there is none.
int LineServer::NextTimeout() const {
  int64_t nearest = INT64_MAX;
  for (const auto& client : clients_) {
    if (client->state != Client::State::kWaiting) nearest = std::min(nearest, client->deadline_ns);
  }
  const int64_t now = clock_->SteadyNs();
  if (accept_after_ns_ > now) nearest = std::min(nearest, accept_after_ns_);
  if (nearest == INT64_MAX) return -1;
  return static_cast<int>(std::max<int64_t>(0, nearest - now) / kMillisecondNs + 1);
}

void LineServer::Round(int timeout_ms) {
  std::vector<pollfd> polled;
  polled.push_back({wake_, POLLIN, 0});
  polled.push_back({clock_->SteadyNs() < accept_after_ns_ ? -1 : listener_, POLLIN, 0});
  for (const auto& client : clients_) polled.push_back({client->fd, client->Events(), 0});
  const size_t count = clients_.size();
  if (poll(polled.data(), polled.size(), timeout_ms) < 0) return;  // a signal
  if (polled[0].revents != 0) {
    eventfd_t ignored = 0;
    eventfd_read(wake_, &ignored);
  }
  for (size_t i = 0; i < count; ++i) {
    Client* const client = clients_[i].get();
    const short events = polled[i + 2].revents;
    if (client->state == Client::State::kAnswering) {
      if (events != 0) Transmit(client);
    } else if ((events & POLLIN) != 0) {
      Receive(client);
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
      client->state = Client::State::kDone;
    }
  }
  TakeAnswers();
  if (!stop_ && polled[1].revents != 0) Accept();
  const int64_t now = clock_->SteadyNs();
  for (const auto& client : clients_) {
    if (client->state == Client::State::kAsking && now >= client->deadline_ns) {
      Refuse(client.get(), "no whole request came in time");
    } else if (client->state == Client::State::kAnswering && now >= client->deadline_ns) {
      client->state = Client::State::kDone;
    }
  }
  for (const auto& client : clients_) {
    if (client->state == Client::State::kDone) *client->gone = true;
  }
  std::erase_if(clients_, [](const auto& client) { return client->state == Client::State::kDone; });
}

void LineServer::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      accept_after_ns_ = clock_->SteadyNs() + kAcceptPauseNs;
    }
    return;
  }
  auto client = std::make_unique<Client>(fd, next_id_++);
  client->deadline_ns = clock_->SteadyNs() + options_.request_timeout_ms * kMillisecondNs;
  ucred who = {};
  socklen_t size = sizeof(who);
  const bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
  client->user = who.uid;
  if (clients_.size() >= kMaxClients) {
    // What fits into the socket's buffer at once is enough for one who will not be kept.
    const std::string line = options_.refuse("too many ask at the same time") + "\n";
    static_cast<void>(send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    return;
  }
  clients_.push_back(std::move(client));
  if (!known || (who.uid != 0 && who.uid != geteuid())) Refuse(clients_.back().get(), "it belongs to another user");
}

void LineServer::Receive(Client* client) {
  char buffer[kReceiveBytes];
  const ssize_t got = recv(client->fd, buffer, sizeof(buffer), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) client->state = Client::State::kDone;
    return;
  }
  if (got == 0) {
    // Whoever asked and will say nothing more may still wait for the answer; it is to come soon.
    client->half_closed = true;
    *client->gone = true;
    if (client->state == Client::State::kAsking) client->state = Client::State::kDone;
    return;
  }
  if (client->state == Client::State::kWaiting) return Refuse(client, "one request a connection");
  client->in.append(buffer, static_cast<size_t>(got));
  const size_t end = client->in.find('\n');
  if (end == std::string::npos) {
    if (client->in.size() > kMaxRequestBytes) Refuse(client, "the request is too long");
    return;
  }
  if (end > kMaxRequestBytes) return Refuse(client, "the request is too long");
  if (end + 1 != client->in.size()) return Refuse(client, "one request a connection");
  client->in.resize(end);
  client->state = Client::State::kWaiting;
  options_.handle(this, {client->id, std::exchange(client->in, {}), client->user, client->gone});
}

void LineServer::Refuse(Client* client, std::string_view why) {
  *client->gone = true;
  client->out = options_.refuse(why) + "\n";
  client->state = Client::State::kAnswering;
  client->deadline_ns = clock_->SteadyNs() + options_.request_timeout_ms * kMillisecondNs;
  Transmit(client);
}

void LineServer::Transmit(Client* client) {
  const ssize_t sent = send(client->fd, client->out.data(), client->out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) client->state = Client::State::kDone;
    return;
  }
  client->out.erase(0, static_cast<size_t>(sent));
  if (client->out.empty()) client->state = Client::State::kDone;
}

void LineServer::TakeAnswers() {
  std::map<uint64_t, std::string> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (const auto& client : clients_) {
    const auto answer = answers.find(client->id);
    if (answer == answers.end() || client->state != Client::State::kWaiting) continue;
    client->out = std::move(answer->second) + "\n";
    client->state = Client::State::kAnswering;
    client->deadline_ns = clock_->SteadyNs() + options_.request_timeout_ms * kMillisecondNs;
    Transmit(client.get());
  }
}

void LineServer::Finish() {
  TakeAnswers();
  for (const auto& client : clients_) {
    if (client->state == Client::State::kWaiting || client->state == Client::State::kAsking) {
      Refuse(client.get(), kEnding);
    }
  }
  const int64_t limit = clock_->SteadyNs() + kFinishNs;
  const auto answering = [](const auto& client) { return client->state == Client::State::kAnswering; };
  while (clock_->SteadyNs() < limit && std::any_of(clients_.begin(), clients_.end(), answering)) {
    for (const auto& client : clients_) {
      pollfd request{client->fd, POLLOUT, 0};
      if (answering(client) && poll(&request, 1, 10) > 0) Transmit(client.get());
    }
  }
  clients_.clear();
}

}  // namespace whittle
