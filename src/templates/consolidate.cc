#include "templates/consolidate.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "templates/align.h"
#include "templates/form_set.h"
#include "templates/group_forms.h"
#include "templates/naming.h"

namespace whittle {
namespace {

// Templates by text; groups with one text are one template.
class TemplateTable {
 public:
  struct Draft {
    std::string text;
    uint64_t id = 0;
    std::vector<SlotProfile> slots;
    uint32_t final_index = 0;
  };

  uint32_t Add(const AlignedGroup& group) {
    const uint64_t id = GroupId(group);
    const auto [entry, added] = by_id_.try_emplace(id, static_cast<uint32_t>(drafts_.size()));
    if (added) {
      drafts_.push_back({group.text, id, group.slots, 0});
    } else {
      Widen(group.slots, &drafts_[entry->second].slots);
    }
    return entry->second;
  }

  std::vector<Template> Finish(const Overrides& overrides, SlotNaming naming) {
    std::vector<uint32_t> order(drafts_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
      return drafts_[a].text != drafts_[b].text ? drafts_[a].text < drafts_[b].text : drafts_[a].id < drafts_[b].id;
    });
    std::vector<Template> templates;
    for (const uint32_t i : order) {
      drafts_[i].final_index = static_cast<uint32_t>(templates.size());
      templates.push_back({drafts_[i].id, drafts_[i].text, {}});
      if (naming == SlotNaming::kNamed) {
        templates.back().slots = NameSlots(drafts_[i].text, drafts_[i].slots);
      } else {
        templates.back().slots.resize(drafts_[i].slots.size());
      }
      std::vector<TemplateSlot>& slots = templates.back().slots;
      for (size_t k = 0; k < slots.size() && k < drafts_[i].slots.size(); ++k) slots[k].open = drafts_[i].slots[k].open;
      if (naming == SlotNaming::kNamed) overrides.ApplyNames(&templates.back());
    }
    return templates;
  }

  uint32_t FinalIndex(uint32_t draft) const { return drafts_[draft].final_index; }

 private:
  static void Widen(const std::vector<SlotProfile>& from, std::vector<SlotProfile>* to) {
    for (size_t i = 0; i < to->size() && i < from.size(); ++i) {
      SlotProfile& slot = (*to)[i];
      slot.token_classes = static_cast<uint16_t>(slot.token_classes | from[i].token_classes);
      slot.composite = slot.composite || from[i].composite;
      slot.open = slot.open || from[i].open;
      slot.typed = slot.typed && from[i].typed && slot.type == from[i].type;
      if (!slot.typed) slot.type = ValueType::kString;
    }
  }

  std::vector<Draft> drafts_;
  std::unordered_map<uint64_t, uint32_t> by_id_;
};

PieceRange PiecesOf(std::span<const PieceRange> units, UnitRange range, const Shape& shape) {
  if (range.begin < range.end) return {units[range.begin].begin, units[range.end - 1].end};
  const uint16_t at = range.begin < units.size() ? units[range.begin].begin : shape.body.end;
  return {at, at};
}

AlignedGroup OverflowGroup() {
  AlignedGroup group;
  group.text = "<*>";
  group.slots.push_back(
      {static_cast<uint16_t>(1u << static_cast<unsigned>(TokenClass::kMixed)), ValueType::kString, false, true, true});
  return group;
}

// Binds the shapes of one lane: those that may influence each other.
void BindLane(std::span<const Shape* const> shapes, std::span<const uint32_t> members, const Overrides& overrides,
              std::span<const std::vector<uint32_t>> origins, size_t max_forms, TemplateTable* table,
              Consolidation* out) {
  const FormSet forms(shapes, members, origins, max_forms, !overrides.split.empty());
  const std::vector<FormGroup> groups = GroupForms(forms, overrides);
  struct Place {
    uint32_t draft = 0;
    const std::vector<UnitRange>* ranges = nullptr;
  };
  std::vector<Place> place_of_form(forms.forms().size());
  for (const FormGroup& group : groups) {
    const uint32_t draft = table->Add(group.aligned);
    for (size_t k = 0; k < group.forms.size(); ++k) place_of_form[group.forms[k]] = {draft, &group.aligned.ranges[k]};
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const Shape& shape = *shapes[members[i]];
    TemplateBinding& binding = out->bindings[members[i]];
    if (forms.FormOf(i) == FormSet::kOverflow) {
      ++out->overflowed_shapes;
      binding = {table->Add(OverflowGroup()), {shape.body}};
      continue;
    }
    const Place& place = place_of_form[forms.FormOf(i)];
    binding.template_index = place.draft;
    binding.slots.reserve(place.ranges->size());
    for (const UnitRange& range : *place.ranges) binding.slots.push_back(PiecesOf(forms.PiecesOf(i), range, shape));
  }
}

}  // namespace

Consolidation Consolidate(std::span<const Shape* const> shapes, const Overrides& overrides, size_t max_forms,
                          std::span<const std::vector<uint32_t>> origins, SlotNaming naming) {
  Consolidation out;
  out.bindings.resize(shapes.size());
  TemplateTable table;
  for (const bool continuation : {false, true}) {
    std::vector<uint32_t> members;
    for (uint32_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i]->continuation == continuation) members.push_back(i);
    }
    if (!members.empty()) BindLane(shapes, members, overrides, origins, max_forms, &table, &out);
  }
  out.templates = table.Finish(overrides, naming);
  for (TemplateBinding& binding : out.bindings) binding.template_index = table.FinalIndex(binding.template_index);
  return out;
}

}  // namespace whittle
