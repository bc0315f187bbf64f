// Which lines people decided to drop: those whose body is an instance of an ignored template's text. A function of one
// line and the texts alone, so that what is dropped does not depend on what else was seen. Immutable once built; safe
// from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"
#include "templates/frozen.h"
#include "templates/overrides.h"

namespace whittle {

class IgnoreRules {
 public:
  explicit IgnoreRules(const Overrides& overrides);

  bool empty() const { return rules_.empty(); }
  // False: no line of this shape is ignored. Cheap, so that only the few others are looked at one by one.
  bool MayIgnore(const Shape& shape) const;
  // `slots` are the texts of the shape's slots. For the first line of a record: the rest goes where that goes.
  bool Ignores(const Shape& shape, const std::string_view* slots) const;

 private:
  struct Rule {
    FrozenTemplate text;
    std::string word;  // the longest word of letters in it; empty: none
  };
  std::vector<Rule> rules_;
};

}  // namespace whittle
