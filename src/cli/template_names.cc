#include "cli/template_names.h"

#include "base/hash.h"

namespace whittle {

Result<Template> FindTemplate(const std::vector<Template>& templates, const std::string& spelled) {
  const bool digits =
      spelled.size() >= kMinIdDigits && spelled.find_first_not_of("0123456789abcdef") == std::string::npos;
  const Template* found = nullptr;
  size_t matches = 0;
  for (const Template& one : templates) {
    if (one.text == spelled) return one;
    if (!digits || !ToHex(one.id).starts_with(spelled)) continue;
    found = &one;
    ++matches;
  }
  if (matches == 1) return *found;
  if (matches > 1)
    return Status(StatusCode::kUsage, "'" + spelled + "': several templates begin so; write more digits");
  return Status(StatusCode::kUsage,
                "no template '" + spelled + "'; write its id or its whole text as 'whittle templates' prints them");
}

std::string SlotNames(const Template& one) {
  if (one.slots.empty()) return " none";
  std::string names;
  for (size_t i = 0; i < one.slots.size(); ++i) names += " " + std::to_string(i + 1) + "=" + one.slots[i].name;
  return names;
}

}  // namespace whittle
