// Env: the outside world as whittle sees it, passed down to whatever touches it. Plain pointers; whoever builds an Env
// owns what they point to and keeps it alive.
#pragma once

#include "env/clock.h"
#include "env/entropy.h"
#include "env/file_system.h"
#include "env/host.h"

namespace whittle {

struct Env {
  FileSystem* files = nullptr;
  Clock* clock = nullptr;
  Entropy* entropy = nullptr;
  Host* host = nullptr;
};

// The real one; lives as long as the process. In builds with WHITTLE_FAULT_INJECTION its files obey the environment
// variable WHITTLE_TEST_FAULT (env/fault_env.h); a malformed value makes every write fail.
Env* DefaultEnv();

}  // namespace whittle
