// The HTTP library, which is loaded late (env/late_library.h): included in place of <httplib.h>, and LoadHttpLibrary is
// called before anything of it.
#pragma once

#include <httplib.h>

#include "env/late_library.h"

extern "C" const whittle::LateLibrary whittle_late_httplib;

namespace whittle {

inline Status LoadHttpLibrary() { return LoadLate(whittle_late_httplib, "HTTP"); }

}  // namespace whittle
