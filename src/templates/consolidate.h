// Templates of a set of shapes. Consolidate is a pure, monotone, order-free function: neither order nor counts matter,
// and more shapes only ever merge templates, never split them (a template id handed out early stays valid as an alias).
//
// Everything outside the slots of a binding is constant text that all shapes of the template share, white-space runs
// aside. Shapes whose `continuation` differs never influence each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "event/shape.h"
#include "event/template.h"
#include "templates/overrides.h"

namespace whittle {

// Distinct body forms that are mined: several times what the most talkative systems have. Those with the smallest
// hashes are admitted, the rest become one slot, "<*>", and are counted. kMaxFormUnits (form_set.h) bounds their total
// length.
inline constexpr size_t kMaxForms = 16'384;

// Whether slots get names, a quarter of the work: who only folds shapes does not need them.
enum class SlotNaming : uint8_t { kNamed, kUnnamed };

struct Consolidation {
  std::vector<Template> templates;        // sorted by text
  std::vector<TemplateBinding> bindings;  // one per shape, in the order given
  uint64_t overflowed_shapes = 0;         // shapes beyond `max_forms`
};

// `origins[i]`, if there, says which of the shapes shape i was folded from (folded_bodies.h): then it is no evidence
// itself and belongs to their template.
Consolidation Consolidate(std::span<const Shape* const> shapes, const Overrides& overrides,
                          size_t max_forms = kMaxForms, std::span<const std::vector<uint32_t>> origins = {},
                          SlotNaming naming = SlotNaming::kNamed);

}  // namespace whittle
