// Names and types for the slots of a template, from its text and what is known of its slots alone: the same template
// has the same names everywhere and for ever. Pure function, safe from any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "event/template.h"
#include "templates/align.h"

namespace whittle {

// One entry per "<*>" of `text`, in order; names are distinct.
std::vector<TemplateSlot> NameSlots(std::string_view text, std::span<const SlotProfile> profiles);

// False only when no slot of a template with this text can be called `name`: saves the work of finding its names.
// `text` with or without marks.
bool MayNameSlot(std::string_view text, std::string_view name);

}  // namespace whittle
