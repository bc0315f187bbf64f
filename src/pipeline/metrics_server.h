// MetricsServer: answers GET /metrics and GET /healthz with what the daemon last told it. Plain HTTP, for a loopback
// address or a trusted network: nothing but counts and paths is served, nothing can be changed.
//
// Owns its threads. Update may be called from any thread; a request sees the newest status. The destructor stops it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <whittle/status.h>

#include "env/clock.h"
#include "pipeline/daemon_status.h"

namespace whittle {

// "127.0.0.1:9464" or "[::1]:9464". kConfig when it is neither.
Status SplitMetricsAddress(const std::string& address, std::string* host, int* port);

class MetricsServer {
 public:
  // "127.0.0.1:9464", "[::1]:9464"; port 0 takes a free one. kConfig when it is no address, kIo when it is taken.
  static Result<std::unique_ptr<MetricsServer>> Start(const std::string& address, Clock* clock);
  ~MetricsServer();

  void Update(const DaemonStatus& status, int64_t close_after_ns);
  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace whittle
