// Globs over paths: `*` and `?` match within a path component, `**` over any number of them, `[a-z]` and `[!a-z]` one
// byte, `\x` the byte x. Time is at most pattern length times path length, whatever the pattern. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace whittle {

// True when `pattern` holds anything a glob treats specially.
bool IsGlob(std::string_view pattern);

// All of `path` against all of `pattern`. "**/" also matches nothing, so "a/**/b" matches "a/b".
bool GlobMatches(std::string_view pattern, std::string_view path);

// The directory to start looking in: the components before the first special one; "." or "/" when there are none.
std::string GlobRoot(std::string_view pattern);

}  // namespace whittle
