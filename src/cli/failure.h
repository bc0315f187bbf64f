// How commands say that something went wrong: one line on standard error, and the exit code that goes with its kind.
#pragma once

#include <string_view>

#include <whittle/status.h>

#include "cli/streams.h"

namespace whittle {

// 2 for usage and configuration, 1 for everything else.
int ExitCodeOf(const Status& status);

// Prints "whittle: message" and returns the exit code.
int Fail(Streams& streams, const Status& status);

// The same for a query: on a terminal, where the message names a column, the place in `query` is shown under it.
int FailQuery(Streams& streams, const Status& status, std::string_view query);

}  // namespace whittle
