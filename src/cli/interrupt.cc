#include "cli/interrupt.h"

#include <csignal>

namespace whittle {
namespace {

std::atomic<bool> interrupted{false};

void OnSignal(int signal) {
  if (interrupted.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

std::atomic<bool> reload_requested{false};

void OnHangUp(int) { reload_requested.store(true); }

}  // namespace

bool TakeReloadRequest() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_handler = OnHangUp;
    return sigaction(SIGHUP, &action, nullptr) == 0;
  }();
  return installed && reload_requested.exchange(false);
}

const std::atomic<bool>* WatchForInterrupt() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;  // without SA_RESTART: a read that waits returns
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return &interrupted;
}

}  // namespace whittle
