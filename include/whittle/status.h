// Status and Result: how every fallible call of whittle answers. No exception crosses a folder boundary.
// Both are values; they own their message and may be moved between threads.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace whittle {

// What went wrong, by what the caller can do about it. The command line maps usage kinds to exit code 2 and the
// rest to 1.
enum class StatusCode {
  kOk,
  kUsage,          // a wrong flag or argument (exit 2)
  kConfig,         // a wrong configuration, pattern or policy file (exit 2)
  kNotFound,       // the named thing does not exist
  kAlreadyExists,  // the named thing exists and must not be replaced
  kIo,             // the operating system refused
  kCorrupt,        // stored bytes are not what was written
  kUnsupported,    // written by a newer version, or a feature this build lacks
  kLimit,          // a named limit was reached
  kBusy,           // held by another process
  kCancelled,      // the user or a shutdown asked to stop
  kData,           // input data that was asked to be checked has a problem
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}
  static Status Ok() { return {}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same problem seen from one level up: "context: message".
  Status WithContext(const std::string& context) const {
    return ok() ? *this : Status(code_, context + ": " + message_);
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                  // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace whittle

#define WHITTLE_CONCAT_INNER_(a, b) a##b
#define WHITTLE_CONCAT_(a, b) WHITTLE_CONCAT_INNER_(a, b)

// Returns early from a function that itself returns Status or Result.
#define WHITTLE_RETURN_IF_ERROR(expression) \
  WHITTLE_RETURN_IF_ERROR_IMPL_(WHITTLE_CONCAT_(whittle_status_, __LINE__), expression)
#define WHITTLE_RETURN_IF_ERROR_IMPL_(status, expression)        \
  do {                                                           \
    if (auto status = (expression); !status.ok()) return status; \
  } while (false)

// WHITTLE_ASSIGN_OR_RETURN(auto x, Call()): x is the value, or the function returns the Status.
#define WHITTLE_ASSIGN_OR_RETURN(declaration, expression) \
  WHITTLE_ASSIGN_OR_RETURN_IMPL_(WHITTLE_CONCAT_(whittle_result_, __LINE__), declaration, expression)
#define WHITTLE_ASSIGN_OR_RETURN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                           \
  if (!result.ok()) return result.status();                             \
  declaration = std::move(result).value()
