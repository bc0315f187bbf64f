// Where JSON's escapes stand in the pieces of a shape: what belongs together may be parted by a slot. Pure functions.
#pragma once

#include <string_view>

namespace whittle {

// The last bytes are the begin of an escape that the text behind completes.
bool EndsWithinEscape(std::string_view text);

}  // namespace whittle
