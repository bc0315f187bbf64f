// Ctrl-C and SIGTERM as a flag that long commands look at, so that they can finish what they hold and say so.
#pragma once

#include <atomic>

namespace whittle {

// Installs the handlers once and returns the flag; a second signal ends the process at once.
const std::atomic<bool>* WatchForInterrupt();

// From now on SIGHUP asks for a reload; true once after each such request.
bool TakeReloadRequest();

}  // namespace whittle
