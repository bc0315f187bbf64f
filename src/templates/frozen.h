// Frozen templates: a text with <*> marks that people pinned, and whether a body form is an instance of it. Pure, safe
// from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "templates/align.h"

namespace whittle {

class FrozenTemplate {
 public:
  explicit FrozenTemplate(std::string_view text);

  // The units of `form` that stand in each slot, or nothing when the form is not an instance. Constants must agree but
  // for how white space is written; slots take what lies between, leftmost first, and begin and end between units.
  std::optional<std::vector<UnitRange>> Match(const Form& form) const;

  const std::string& text() const { return text_; }
  size_t slot_count() const { return constants_.size() - 1; }

 private:
  std::string text_;
  std::vector<std::string> constants_;  // before, between and after the slots, white-space runs as one blank
};

}  // namespace whittle
