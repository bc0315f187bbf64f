// Directories of the user who runs the program, from the environment (XDG Base Directory Specification).
#pragma once

#include <string>

namespace whittle {

// $XDG_CACHE_HOME/whittle, else $HOME/.cache/whittle; empty when neither is set. Need not exist.
std::string UserCacheDirectory();

// $TMPDIR, else /tmp.
std::string TemporaryDirectory();

// $NO_COLOR is set to anything (https://no-color.org).
bool ColourIsUnwanted();

// A variable of the environment that the user named; empty when it is not set.
std::string EnvironmentVariable(const std::string& name);

}  // namespace whittle
