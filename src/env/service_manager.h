// What a service tells systemd: ready, alive, stopping (sd_notify). Nothing happens outside a service.
#pragma once

#include <string_view>

namespace whittle {

// "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=..."; several, one per line. False when nobody listens.
bool NotifyServiceManager(std::string_view state);

}  // namespace whittle
