#include "cli/failure.h"

namespace whittle {

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 0;
    case StatusCode::kUsage:
    case StatusCode::kConfig:
    case StatusCode::kUnsupported:
      return 2;
    default:
      return 1;
  }
}

int Fail(Streams& streams, const Status& status) {
  streams.err.Write("whittle: " + status.message() + "\n");
  return ExitCodeOf(status);
}

}  // namespace whittle
