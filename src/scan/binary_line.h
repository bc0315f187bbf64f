// IsBinaryLine: tells bytes that are no text from lines of logs, so that nobody looks for structure in them. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "scan/tokenizer.h"

namespace whittle {

// True when more than a sixteenth of at least 16 bytes outside of the masked tokens are control characters that text
// does not have: an archive or an image between the lines, UTF-16. Lines with the same skeleton get the same answer.
// Tabs, the escape of colours and the SOH that separates fields of FIX messages are text, and so is every byte from 128
// on, in whatever encoding.
bool IsBinaryLine(std::string_view line, const std::vector<MaskedToken>& masked);

}  // namespace whittle
