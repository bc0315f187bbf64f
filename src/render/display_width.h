// How wide text is on a terminal, and text that is safe to show on one. Pure functions over UTF-8; the tables follow
// Unicode's East Asian Width (W and F are two columns) and combining marks (no column), by ranges, not by locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace whittle {

// `text` with control characters as \n, \t, \x1b …, and bytes that are not UTF-8 as U+FFFD: one line, nothing a
// terminal would obey.
std::string DisplayText(std::string_view text);

// Columns taken by text that came from DisplayText.
size_t DisplayWidth(std::string_view text);

// The text itself if it fits `width` columns, else its front with "…" as the last column.
std::string FitWidth(std::string_view text, size_t width);

}  // namespace whittle
