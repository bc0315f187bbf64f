// The name a log keeps through rotation and compression: "app.log", "app.log.1", "app.log.3.gz", "app.log-20240131" and
// "app.2024-01-31.log" are all "app.log".
#pragma once

#include <string>
#include <string_view>

namespace whittle {

std::string StreamName(std::string_view path);

}  // namespace whittle
