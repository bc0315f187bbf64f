#include "pipeline/metrics_server.h"

#include <charconv>
#include <mutex>
#include <thread>

#include "pipeline/http_library.h"
#include "pipeline/metrics.h"

namespace whittle {
namespace {

// A scraper asks one thing at a time; more than this wait in line.
constexpr size_t kServerThreads = 2;
constexpr size_t kMaxRequestBytes = 16 * 1024;
constexpr time_t kRequestTimeout_s = 5;

bool SplitAddress(const std::string& address, std::string* host, int* port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  *host = address.substr(0, colon);
  if (host->size() > 2 && host->front() == '[' && host->back() == ']') *host = host->substr(1, host->size() - 2);
  const char* const end = address.data() + address.size();
  const auto [at, error] = std::from_chars(address.data() + colon + 1, end, *port);
  return error == std::errc() && at == end && *port >= 0 && *port <= 65535;
}

}  // namespace

Status SplitMetricsAddress(const std::string& address, std::string* host, int* port) {
  if (SplitAddress(address, host, port)) return Status::Ok();
  return Status(StatusCode::kConfig, "metrics address '" + address + "' is not HOST:PORT, such as 127.0.0.1:9464");
}

struct MetricsServer::Impl {
  httplib::Server server;
  std::thread thread;
  std::mutex mutex;
  DaemonStatus status;
  int64_t close_after_ns = 0;
  int port = 0;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

MetricsServer::~MetricsServer() {
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int MetricsServer::port() const { return impl_->port; }

void MetricsServer::Update(const DaemonStatus& status, int64_t close_after_ns) {
  const std::lock_guard lock(impl_->mutex);
  impl_->status = status;
  impl_->close_after_ns = close_after_ns;
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& address, Clock* clock) {
  std::string host;
  int port = 0;
  WHITTLE_RETURN_IF_ERROR(SplitMetricsAddress(address, &host, &port));
  WHITTLE_RETURN_IF_ERROR(LoadHttpLibrary());
  auto impl = std::make_unique<Impl>();
  Impl* const raw = impl.get();
  raw->server.new_task_queue = [] { return new httplib::ThreadPool(kServerThreads); };
  raw->server.set_payload_max_length(kMaxRequestBytes);
  raw->server.set_read_timeout(kRequestTimeout_s);
  raw->server.set_write_timeout(kRequestTimeout_s);
  raw->server.set_keep_alive_max_count(1);
  raw->server.Get("/metrics", [raw, clock](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(raw->mutex);
    response.set_content(FormatMetrics(raw->status, clock->WallNs()), "text/plain; version=0.0.4");
  });
  raw->server.Get("/healthz", [raw](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(raw->mutex);
    const std::string problem = HealthProblem(raw->status, raw->close_after_ns);
    response.status = problem.empty() ? 200 : 500;
    response.set_content(problem.empty() ? "ok\n" : problem + "\n", "text/plain");
  });
  if (port == 0) {
    raw->port = raw->server.bind_to_any_port(host.c_str());
  } else {
    raw->port = raw->server.bind_to_port(host.c_str(), port) ? port : -1;
  }
  if (raw->port <= 0) {
    return Status(StatusCode::kIo, "metrics: cannot listen on " + address + "; is it taken, or another machine's?");
  }
  raw->thread = std::thread([raw] { raw->server.listen_after_bind(); });
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

}  // namespace whittle
