#include "env/env.h"

#include <cstdlib>

#include "env/posix_file_system.h"

#ifdef WHITTLE_FAULT_INJECTION
#include "env/fault_env.h"
#endif

namespace whittle {
namespace {

FileSystem* FilesOfThisProcess() {
#ifdef WHITTLE_FAULT_INJECTION
  if (const char* const text = std::getenv("WHITTLE_TEST_FAULT"); text != nullptr && *text != '\0') {
    auto* const files = new FaultFileSystem(PosixFileSystem());  // lives as long as the process
    Result<Fault> fault = ParseFault(text);
    if (!fault.ok()) {
      // A test with a typo must not pass: nothing can be written, so nobody takes that for a result.
      fault = Fault{};
      fault->sticky = true;
    }
    files->SetFault(std::move(*fault));
    return files;
  }
#endif
  return PosixFileSystem();
}

}  // namespace

Env* DefaultEnv() {
  static Env* const env = new Env{FilesOfThisProcess(), SystemClock(), SystemEntropy(), SystemHost()};
  return env;
}

}  // namespace whittle
