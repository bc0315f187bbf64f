// What is said on a store's control socket (docs/streaming.md, "Changing a store that is written"): one line of JSON
// each way. A request is the command line of a command that changes a store, an answer what the command would have
// printed and its exit code. Pure functions and plain values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

namespace whittle {

// Of the protocol. Another one is refused by both sides.
inline constexpr int kControlVersion = 1;

// In the store's directory.
inline constexpr const char* kControlSocketFile = "control.sock";
std::string ControlSocketPath(const std::string& store);

// More arguments than people write; what a line may hold limits them too (LineServer::kMaxRequestBytes).
inline constexpr size_t kMaxControlArguments = 1024;
// Of each text of an answer; what is longer is cut, and ends with a line that says so.
inline constexpr size_t kMaxControlTextBytes = size_t{256} << 10;
// Of an answer as a line: JSON writes a byte as six at most.
inline constexpr size_t kMaxControlAnswerBytes = 2 * 6 * kMaxControlTextBytes + 1024;

struct ControlRequest {
  std::vector<std::string> arguments;  // without the program: {"retain", "--age=30d"}
  std::string asked_by;                // "user 1000"; not sent: whoever receives it knows whose socket it is
};

struct ControlAnswer {
  int exit_code = 0;
  std::string out, err;  // for standard output and standard error
  bool reloads = false;  // the daemon is to read its configuration again; not sent
  bool ending = false;   // nothing was done: the daemon closes the store, perhaps to open it again at once
};

// kUsage: an argument that is not UTF-8 cannot be sent, nor can more than there is room for.
Result<std::string> EncodeControlRequest(const ControlRequest& request);
// kUsage for anything that is no request of this version; members that are not known are skipped.
Result<ControlRequest> ParseControlRequest(std::string_view line);

std::string EncodeControlAnswer(const ControlAnswer& answer);
// kCorrupt for anything that is no answer of this version.
Result<ControlAnswer> ParseControlAnswer(std::string_view line);

}  // namespace whittle
