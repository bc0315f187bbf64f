// Header: everything a logging framework writes in front of the message. Recognised item by item from the left, by what
// the items look like and never by which program wrote them, until the message begins. A function of the text alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/shape.h"

namespace whittle {

// Reads the header of `text`, which begins at byte `base` of the line and is escaped `unescape` times. Adds fields, sets
// body_begin (never beyond base + text.size()) and header; clears cacheable when the digits' values decided.
// Returns false, and changes nothing but perhaps cacheable, when there is no header.
bool ParseHeader(std::string_view text, uint32_t base, uint8_t unescape, LineAnalysis* analysis);

}  // namespace whittle
