// From the forms of one group to one template: what they share is the text, what differs becomes slots. Pure functions;
// the forms must outlive the call only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "templates/body_form.h"
#include "templates/word_table.h"

namespace whittle {

// A body form with its words numbered; words[k] is the k-th unit of kind kWord.
struct Form {
  std::vector<BodyUnit> units;
  std::vector<WordTable::Id> words;
};

// Units [begin, end) of a form.
struct UnitRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// What is known of a slot besides its place.
struct SlotProfile {
  uint16_t token_classes = 0;           // bit per TokenClass seen (kWord: unmasked words)
  ValueType type = ValueType::kString;  // what parse/ found all its values to be
  bool typed = false;                   // `type` was set by every value
  bool composite = false;               // spans several units or is sometimes empty
  bool open = false;                    // spans several units in some form
};

struct AlignedGroup {
  std::string text;        // with <*> for each slot, white-space runs as one blank
  bool ambiguous = false;  // a constant part of `text` contains "<*>"
  std::vector<SlotProfile> slots;
  std::vector<std::vector<UnitRange>> ranges;  // [form][slot]
};

// Words at which all forms agree become anchors: position by position when all have the same number of words, else the
// common head and tail. Between anchors, forms are aligned by common prefix, then common suffix; the rest is one slot.
AlignedGroup AlignForms(std::span<const Form* const> forms);

// What the given slots hold: members[k] of `forms` has ranges[k][slot].
std::vector<SlotProfile> ProfileSlots(const std::vector<Form>& forms, const std::vector<uint32_t>& members,
                                      const std::vector<std::vector<UnitRange>>& ranges, size_t slot_count);

}  // namespace whittle
