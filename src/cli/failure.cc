#include "cli/failure.h"

#include <charconv>
#include <string>

#include "render/display_width.h"

namespace whittle {
namespace {

// Bytes of a query before and after what is wrong with it.
constexpr size_t kShownAround = 60;

}  // namespace

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

int FailQuery(Streams& streams, const Status& status, std::string_view query) {
  const int code = Fail(streams, status);
  constexpr std::string_view kBefore = "column ";
  const std::string_view message = status.message();
  size_t column = 0;
  if (!streams.err.is_terminal() || !message.starts_with(kBefore)) return code;
  std::from_chars(message.data() + kBefore.size(), message.data() + message.size(), column);
  if (column == 0 || column > query.size() + 1) return code;
  // Of a long query, what stands around the place.
  size_t begin = column - 1 > kShownAround ? column - 1 - kShownAround : 0;
  while (begin > 0 && (static_cast<unsigned char>(query[begin]) & 0xC0) == 0x80) --begin;
  const std::string before = DisplayText(query.substr(begin, column - 1 - begin));
  const std::string after = FitWidth(DisplayText(query.substr(column - 1, kShownAround)), kShownAround);
  streams.err.Write("  " + before + after + "\n  " + std::string(DisplayWidth(before), ' ') + "^\n");
  return code;
}

}  // namespace whittle
