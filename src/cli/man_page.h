// The manual page whittle(1) in roff, from the flag table. Pure.
#pragma once

#include <string>

namespace whittle {

std::string ManPage(const std::string& version);

}  // namespace whittle
