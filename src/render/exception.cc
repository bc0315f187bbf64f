#include "render/exception.h"

namespace whittle {
namespace {

// A message or trace longer than this is searched no further: the head says what it is.
constexpr size_t kMaxSearchBytes = 256 * 1024;
// An exception named after other words stands this near to the front of its line.
constexpr size_t kMaxPrefixBytes = 512;
// Node.js error codes in brackets are short.
constexpr size_t kMaxCodeBytes = 128;

bool IsSpace(char c) { return c == ' ' || c == '\t'; }
bool IsIdentifierByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '$' || c == '`' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view TrimLeft(std::string_view line) {
  while (!line.empty() && IsSpace(line[0])) line.remove_prefix(1);
  return line;
}

std::string_view LineAt(std::string_view body, size_t begin) {
  const size_t end = body.find('\n', begin);
  std::string_view line = body.substr(begin, end == std::string_view::npos ? end : end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool IsAtFrame(std::string_view line) { return !line.empty() && IsSpace(line[0]) && TrimLeft(line).starts_with("at "); }
bool IsPythonFrame(std::string_view line) {
  return !line.empty() && IsSpace(line[0]) && TrimLeft(line).starts_with("File \"");
}

struct TypeAndMessage {
  std::string_view type, message;
};

// "a.b.FooException: message" or "a.b.FooException" at the front of `text`.
std::optional<TypeAndMessage> ReadType(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && IsIdentifierByte(text[size])) ++size;
  const std::string_view type = text.substr(0, size);
  if (type.empty() || type.front() == '.' || type.back() == '.' || (type[0] >= '0' && type[0] <= '9'))
    return std::nullopt;
  std::string_view rest = text.substr(size);
  if (rest.empty()) return TypeAndMessage{type, {}};
  if (rest.starts_with(" [")) {  // Node.js: Error [ERR_CODE]: message
    const size_t close = rest.substr(0, kMaxCodeBytes).find(']');
    if (close == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(close + 1);
  }
  if (!rest.starts_with(':')) return std::nullopt;
  return TypeAndMessage{type, TrimLeft(rest.substr(1))};
}

bool EndsLikeException(std::string_view type) {
  for (const std::string_view suffix :
       {"Exception", "Error", "Throwable", "Failure", "Fault", "Interrupt", "Warning", "Exit"}) {
    if (type.ends_with(suffix)) return true;
  }
  return false;
}

// "Error: java.io.IOException: gone" is about the exception with the full name.
TypeAndMessage Unwrap(TypeAndMessage found) {
  if (found.type.find('.') != std::string_view::npos) return found;
  const auto inner = ReadType(found.message);
  const bool better = inner && EndsLikeException(inner->type) && inner->type.find('.') != std::string_view::npos;
  return better ? *inner : found;
}

// The exception named in one line: at its front, or after words such as "Exception in thread "main"" or "failed:".
std::optional<TypeAndMessage> ReadTypeLine(std::string_view line, bool must_look_like_one) {
  for (const std::string_view prefix : {"Uncaught ", "Unhandled exception. ", "Unhandled Exception: ", "Caused by: "}) {
    if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  }
  const auto front = ReadType(line);
  if (front && (!must_look_like_one || EndsLikeException(front->type))) return Unwrap(*front);
  for (size_t space = line.find(' '); space < kMaxPrefixBytes; space = line.find(' ', space + 1)) {
    if (space + 1 < line.size() && IsSpace(line[space + 1])) continue;
    const auto later = ReadType(line.substr(space + 1));
    if (later && EndsLikeException(later->type)) return Unwrap(*later);
  }
  return std::nullopt;
}

std::optional<ExceptionText> FindPython(std::string_view body, size_t traceback, size_t frame) {
  // The exception's line is the first one after the frames that is not indented.
  for (size_t begin = frame; begin < body.size();) {
    const std::string_view line = LineAt(body, begin);
    if (!line.empty() && !IsSpace(line[0])) {
      const auto found = ReadType(line);
      if (!found) return std::nullopt;
      return ExceptionText{found->type, found->message, body.substr(traceback)};
    }
    const size_t next = body.find('\n', begin);
    if (next == std::string_view::npos) break;
    begin = next + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ExceptionText> FindException(std::string_view body) {
  std::optional<TypeAndMessage> candidate;  // the last line that names an exception
  size_t candidate_begin = 0;
  size_t traceback = std::string_view::npos;
  std::optional<TypeAndMessage> panic;
  size_t panic_begin = 0;
  for (size_t begin = 0; begin < body.size() && begin < kMaxSearchBytes;) {
    const std::string_view line = LineAt(body, begin);
    if (begin > 0 && IsAtFrame(line)) {
      if (!candidate) return std::nullopt;
      return ExceptionText{candidate->type, candidate->message, body.substr(candidate_begin)};
    }
    if (traceback != std::string_view::npos && IsPythonFrame(line)) return FindPython(body, traceback, begin);
    if (panic && line.starts_with("goroutine "))
      return ExceptionText{panic->type, panic->message, body.substr(panic_begin)};
    if (line.find("Traceback (most recent call last)") != std::string_view::npos) {
      traceback = begin;
    } else if (line.starts_with("panic: ") || line.starts_with("fatal error: ")) {
      const size_t colon = line.find(':');
      panic = TypeAndMessage{line.substr(0, colon), line.substr(colon + 2)};
      panic_begin = begin;
    } else if (const auto named = ReadTypeLine(line, true)) {
      candidate = named;
      candidate_begin = begin;
    }
    begin += line.size();
    const size_t next = body.find('\n', begin);
    if (next == std::string_view::npos) break;
    begin = next + 1;
  }
  return std::nullopt;
}

}  // namespace whittle
