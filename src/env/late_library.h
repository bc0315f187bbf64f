// Shared libraries that few commands need, loaded when one of them does. librdkafka, the HTTP library and what they
// need in turn, OpenSSL above all, took nearly half the time in which `whittle --version` starts and ends, and read
// OpenSSL's configuration. cmake/WhittleLateLibrary.cmake makes the functions of such a library that are called here.
#pragma once

#include <cstdint>
#include <string_view>

#include <whittle/status.h>

namespace whittle {

// Laid out like this by cmake/WhittleLateLibrary.cmake; declare one as `extern "C" const LateLibrary
// whittle_late_NAME;`.
struct LateLibrary {
  const char* file;   // as the dynamic linker looks for it: "librdkafka.so.1"
  const char* names;  // of the functions, each ended by a NUL
  void** functions;   // where they are; null before LoadLate
  uint64_t count;     // 0: the library is linked as usual, nothing else is said
};

// To be called before any function of the library; again is cheap. From any thread. kUnsupported, when the library or
// one of its functions is not there, with what it is needed for ("Kafka").
Status LoadLate(const LateLibrary& library, std::string_view needed_for);

}  // namespace whittle
