// RecordRules: does a line start a record or continue the one before? A small state machine over the classes of the
// lines seen so far; what it remembers after a line that starts a record depends on that line alone, so reading may
// resume at any record. One per source, not thread-safe; keeps no views.
//
// A line continues a record when it is indented, when it is part of a stack trace (Java, Python, Go, Node.js, .NET,
// PHP, Rust), closes a block that was opened by a continued record, or follows a partial line of a container runtime.
// Any other line is a record, with or without a timestamp: joining strangers hides events, splitting them does not.
#pragma once

#include <cstdint>
#include <string_view>

namespace whittle {

class RecordRules {
 public:
  // True when `line` (without terminator) starts a record.
  bool Starts(std::string_view line);

 private:
  enum class State : uint8_t {
    kNothing,      // no line yet, or the last one was an empty record
    kPlain,        // a record without a header
    kHeaded,       // a record that begins like a log line
    kBlock,        // inside of indented lines
    kTrace,        // inside of a Java or .NET trace
    kCaret,        // after "    ^", which Node.js and Python print under the offending source line
    kPython,       // after "Traceback (most recent call last):"
    kPythonFinal,  // after the exception that ends a Python traceback
    kGo,           // after "panic:" or "goroutine 1 [running]:"
    kRust,         // after "thread 'main' panicked at"
    kPhp,          // after "Stack trace:"
    kJournal,      // inside of an entry of journald's export format, which begins with __CURSOR=
  };

  // The class of the inner text of `line`; sets state_.
  bool StartsInner(std::string_view text);
  bool StartsUnindented(std::string_view text);
  bool Continue(State next) { return state_ = next, false; }
  bool Start(State next) { return state_ = next, true; }

  State state_ = State::kNothing;
  bool partial_ = false;  // the last line was cut by a container runtime; the next one is its rest
};

// Cheap: does `line` begin like a log line, with a time of day, a level word, a bracketed item or as a JSON object?
bool LooksHeaded(std::string_view line);

}  // namespace whittle
