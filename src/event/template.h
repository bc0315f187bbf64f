// Template: a mined message shape with named slots, and how one Shape's body maps onto it. Plain data, produced by
// templates/, read by render/ and query/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "event/shape.h"

namespace whittle {

struct TemplateSlot {
  std::string name;  // stable, readable: "block_id", "client.address", "arg1"
  ValueType type = ValueType::kString;
  bool open = false;  // may hold any number of tokens
};

struct Template {
  uint64_t id = 0;   // hash of `text`
  std::string text;  // the message with <*> for each slot
  std::vector<TemplateSlot> slots;
};

// One shape's body seen as an instance of a template: slot i of the template is the text of pieces ranges[i].
// Ranges are indexes into Shape::pieces, in order, not overlapping, possibly empty (an optional token that is absent).
struct TemplateBinding {
  uint32_t template_index = 0;
  std::vector<PieceRange> slots;
};

}  // namespace whittle
