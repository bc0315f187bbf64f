// Shell completion scripts, from the flag table. Pure.
#pragma once

#include <string>

namespace whittle {

std::string BashCompletions();
std::string ZshCompletions();
std::string FishCompletions();

}  // namespace whittle
