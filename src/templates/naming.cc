#include "templates/naming.h"

namespace whittle {

std::vector<TemplateSlot> NameSlots(std::string_view /*text*/, std::span<const SlotProfile> profiles) {
  std::vector<TemplateSlot> slots;
  for (size_t i = 0; i < profiles.size(); ++i) slots.push_back({"arg" + std::to_string(i + 1), profiles[i].type});
  return slots;
}

}  // namespace whittle
