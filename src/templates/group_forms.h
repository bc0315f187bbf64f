// Groups of forms that are one template, and what people's overrides make of them. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "templates/align.h"
#include "templates/form_set.h"
#include "templates/overrides.h"

namespace whittle {

// One template in the making.
struct FormGroup {
  std::vector<uint32_t> forms;  // indexes into FormSet::forms()
  AlignedGroup aligned;         // aligned.ranges[k] belongs to forms[k]
};

// The id of a group's template: the hash of its text. A constant "<*>" in the text would make it say two things, so
// such templates get ids of their own.
uint64_t GroupId(const AlignedGroup& group);

// Every form in exactly one group.
std::vector<FormGroup> GroupForms(const FormSet& forms, const Overrides& overrides);

}  // namespace whittle
