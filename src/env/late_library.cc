#include "env/late_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace whittle {

Status LoadLate(const LateLibrary& library, std::string_view needed_for) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (library.count == 0 || library.functions[0] != nullptr) return Status::Ok();
  const auto refuse = [&] {
    const char* const why = dlerror();
    return Status(StatusCode::kUnsupported,
                  std::string(why == nullptr ? library.file : why) + "; " + std::string(needed_for) + " needs it");
  };
  // Never closed: what was loaded may have started threads.
  void* const handle = dlopen(library.file, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return refuse();
  std::vector<void*> found(library.count);
  const char* name = library.names;
  for (void*& function : found) {
    function = dlsym(handle, name);
    if (function == nullptr) return refuse();
    name += std::strlen(name) + 1;
  }
  std::copy(found.begin(), found.end(), library.functions);
  return Status::Ok();
}

}  // namespace whittle
