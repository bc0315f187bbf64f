// Finds the exception in the text of a multi-line record: Java, Kotlin, Scala, .NET, Node.js ("at …" frames), Python
// tracebacks, Go panics. Pure and linear in the text. A heuristic: nothing is found in text without stack frames.
#pragma once

#include <optional>
#include <string_view>

namespace whittle {

// Views into the body. OpenTelemetry: exception.type, exception.message, exception.stacktrace.
struct ExceptionText {
  std::string_view type;
  std::string_view message;  // may be empty
  std::string_view stacktrace;
};

std::optional<ExceptionText> FindException(std::string_view body);

}  // namespace whittle
