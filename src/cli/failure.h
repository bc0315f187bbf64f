// How commands say that something went wrong: one line on standard error, and the exit code that goes with its kind.
#pragma once

#include <whittle/status.h>

#include "cli/streams.h"

namespace whittle {

// 2 for usage and configuration, 1 for everything else.
int ExitCodeOf(const Status& status);

// Prints "whittle: message" and returns the exit code.
int Fail(Streams& streams, const Status& status);

}  // namespace whittle
