// Header: everything a logging framework writes in front of the message. Recognised item by item from the left, by what
// the items look like and never by which program wrote them, until the message begins. A function of the text alone.
//
//   2015-10-18 18:01:47,978 INFO [main] a.b.C: Took 35 ms
//   time                    level thread logger message
//
// The parser finds the time first (columns may stand before it), then takes levels, bracket groups, numbers and names
// while they are followed by something that shows that the header goes on or ends there: a colon, " - ", a bar, a
// column gap, another bracket. What cannot be told from the beginning of a sentence belongs to the message.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/shape.h"

namespace whittle {

// Headers are not looked for beyond this many bytes.
inline constexpr size_t kMaxHeaderBytes = 512;

enum class HeaderMode {
  kAny,         // anything that looks like a header
  kInEnvelope,  // the text came in an envelope that had a header already: only a time or an upper-case level begins one
};

// Reads the header of `text`. On success adds fields (offsets into `text`), sets body_begin and header, and for syslog
// lines envelope. Without a header returns false and changes nothing but perhaps `cacheable`, which is cleared whenever
// the values of digits, not their form, decided.
bool ParseHeader(std::string_view text, HeaderMode mode, LineAnalysis* analysis);

}  // namespace whittle
