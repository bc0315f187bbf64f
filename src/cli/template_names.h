// How people name templates on the command line: the id, its first digits, or the text. Pure functions.
#pragma once

#include <string>
#include <vector>

#include <whittle/status.h>

#include "event/template.h"

namespace whittle {

// Digits of an id that are enough when only one template begins so.
inline constexpr size_t kMinIdDigits = 4;

// kUsage when there is none, or more than one; the message says what to write.
Result<Template> FindTemplate(const std::vector<Template>& templates, const std::string& spelled);

// " 1=user.name 2=arg1", for messages.
std::string SlotNames(const Template& one);

}  // namespace whittle
