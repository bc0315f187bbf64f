// Requests come from whoever can open the socket, answers from whatever listens there: any bytes are refused or read,
// and what was read says the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pipeline/control_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto request = whittle::ParseControlRequest(line); request.ok()) {
    const auto written = whittle::EncodeControlRequest(*request);
    if (written.ok()) {
      const auto again = whittle::ParseControlRequest(*written);
      if (!again.ok() || again->arguments != request->arguments) std::abort();
    }
  }
  if (const auto answer = whittle::ParseControlAnswer(line); answer.ok()) {
    const auto again = whittle::ParseControlAnswer(whittle::EncodeControlAnswer(*answer));
    if (!again.ok() || again->exit_code != answer->exit_code) std::abort();
    if (answer->out.size() <= whittle::kMaxControlTextBytes && again->out != answer->out) std::abort();
  }
  return 0;
}
