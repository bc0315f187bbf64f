#include "templates/consolidate.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "templates/align.h"
#include "templates/body_form.h"
#include "templates/merge.h"
#include "templates/naming.h"
#include "templates/word_table.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;
constexpr uint32_t kNone = UINT32_MAX;

// What makes two bodies one form: everything but the text of values.
uint64_t FormHash(const std::vector<BodyUnit>& units) {
  std::string key;
  for (const BodyUnit& unit : units) {
    key.push_back(static_cast<char>(static_cast<int>(unit.kind) << 4 | static_cast<int>(unit.token_class)));
    if (unit.kind != Kind::kValue) key.append(unit.text).push_back('\0');
  }
  return Hash64(key);
}

// A second body of the same form: values that differ have no text from here on.
void Absorb(const std::vector<BodyUnit>& units, Form* form) {
  for (size_t i = 0; i < units.size() && i < form->units.size(); ++i) {
    BodyUnit& known = form->units[i];
    if (known.kind != Kind::kValue) continue;
    if (known.type != units[i].type) known.type = ValueType::kString;
    known.constant_when_fixed = known.constant_when_fixed && units[i].constant_when_fixed;
    if (known.has_text && (!units[i].has_text || known.text != units[i].text)) {
      known.has_text = false;
      known.text.clear();
    }
  }
}

// Bodies without any word group by their punctuation.
uint64_t WordlessKey(const Form& form) {
  std::string key;
  for (const BodyUnit& unit : form.units) {
    if (unit.kind == Kind::kValue) {
      key.push_back('\0');
    } else if (std::all_of(unit.text.begin(), unit.text.end(), [](char c) { return c == ' ' || c == '\t'; })) {
      if (key.empty() || key.back() != ' ') key.push_back(' ');
    } else {
      key += unit.text;
    }
  }
  return Hash64(key);
}

// One template in the making: a group of forms and how they align.
struct Group {
  std::vector<uint32_t> forms;
  AlignedGroup aligned;
};

// Mines one lane: all shapes that may influence each other.
class Lane {
 public:
  Lane(std::span<const Shape* const> shapes, std::vector<uint32_t> members, size_t max_forms)
      : shapes_(shapes), members_(std::move(members)) {
    CollectForms(max_forms);
    GroupForms();
    for (Group& group : groups_) {
      std::vector<const Form*> forms;
      for (const uint32_t form : group.forms) forms.push_back(&forms_[form]);
      group.aligned = AlignForms(forms);
    }
  }

  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<uint32_t>& members() const { return members_; }
  uint32_t FormOf(size_t member) const { return form_of_member_[member]; }  // kNone: overflow
  uint32_t GroupOf(uint32_t form) const { return group_of_form_[form]; }
  uint32_t IndexInGroup(uint32_t form) const { return index_in_group_[form]; }

 private:
  void CollectForms(size_t max_forms) {
    std::vector<uint64_t> hashes;
    hashes.reserve(members_.size());
    for (const uint32_t member : members_) hashes.push_back(FormHash(ParseBody(*shapes_[member])));
    uint64_t limit = UINT64_MAX;
    std::vector<uint64_t> distinct = hashes;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() > max_forms) limit = max_forms == 0 ? 0 : distinct[max_forms - 1];
    std::unordered_map<uint64_t, uint32_t> by_hash;
    form_of_member_.assign(members_.size(), kNone);
    for (size_t i = 0; i < members_.size(); ++i) {
      if (hashes[i] > limit || max_forms == 0) continue;
      std::vector<BodyUnit> units = ParseBody(*shapes_[members_[i]]);
      const auto [entry, added] = by_hash.try_emplace(hashes[i], static_cast<uint32_t>(forms_.size()));
      form_of_member_[i] = entry->second;
      if (added) {
        AddForm(std::move(units));
      } else {
        Absorb(units, &forms_[entry->second]);
      }
    }
  }

  void AddForm(std::vector<BodyUnit> units) {
    Form form;
    form.units = std::move(units);
    for (const BodyUnit& unit : form.units) {
      if (unit.kind == Kind::kWord) form.words.push_back(words_.Intern(unit.text));
    }
    forms_.push_back(std::move(form));
  }

  static Signature SignatureOf(const Form& form) {
    Signature signature;
    size_t word = 0;
    for (const BodyUnit& unit : form.units) {
      if (unit.kind == Kind::kWord) {
        signature.push_back(form.words[word++]);
      } else if (unit.kind == Kind::kValue && (signature.empty() || signature.back() != WordTable::kBlank)) {
        signature.push_back(WordTable::kBlank);
      }
    }
    return signature;
  }

  void GroupForms() {
    std::vector<Signature> signatures;
    std::map<Signature, uint32_t> by_words;
    std::unordered_map<uint64_t, uint32_t> wordless;
    std::vector<uint32_t> signature_of_form(forms_.size(), kNone);
    for (size_t i = 0; i < forms_.size(); ++i) {
      if (forms_[i].words.empty()) continue;
      const auto [entry, added] = by_words.try_emplace(SignatureOf(forms_[i]), static_cast<uint32_t>(signatures.size()));
      if (added) signatures.push_back(entry->first);
      signature_of_form[i] = entry->second;
    }
    const std::vector<uint32_t> merged = GroupSignatures(words_, signatures);
    std::unordered_map<uint32_t, uint32_t> group_of_set;
    group_of_form_.resize(forms_.size());
    index_in_group_.resize(forms_.size());
    for (uint32_t i = 0; i < forms_.size(); ++i) {
      const auto next = static_cast<uint32_t>(groups_.size());
      const uint32_t group = signature_of_form[i] == kNone
                                 ? wordless.try_emplace(WordlessKey(forms_[i]), next).first->second
                                 : group_of_set.try_emplace(merged[signature_of_form[i]], next).first->second;
      if (group == next) groups_.emplace_back();
      group_of_form_[i] = group;
      index_in_group_[i] = static_cast<uint32_t>(groups_[group].forms.size());
      groups_[group].forms.push_back(i);
    }
  }

  std::span<const Shape* const> shapes_;
  std::vector<uint32_t> members_;  // indexes into shapes_
  WordTable words_;
  std::vector<Form> forms_;
  std::vector<uint32_t> form_of_member_;
  std::vector<uint32_t> group_of_form_;
  std::vector<uint32_t> index_in_group_;
  std::vector<Group> groups_;
};

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
    // A constant "<*>" in the text would make it say two things; such templates get ids of their own.
    const uint64_t id = Hash64(group.text, group.ambiguous ? group.slots.size() + 1 : 0);
    const auto [entry, added] = by_id_.try_emplace(id, static_cast<uint32_t>(drafts_.size()));
    if (added) {
      drafts_.push_back({group.text, id, group.slots, 0});
    } else {
      Widen(group.slots, &drafts_[entry->second].slots);
    }
    return entry->second;
  }

  std::vector<Template> Finish() {
    std::vector<uint32_t> order(drafts_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
      return drafts_[a].text != drafts_[b].text ? drafts_[a].text < drafts_[b].text : drafts_[a].id < drafts_[b].id;
    });
    std::vector<Template> templates;
    for (const uint32_t i : order) {
      drafts_[i].final_index = static_cast<uint32_t>(templates.size());
      templates.push_back({drafts_[i].id, drafts_[i].text, NameSlots(drafts_[i].text, drafts_[i].slots)});
    }
    return templates;
  }

  uint32_t FinalIndex(uint32_t draft) const { return drafts_[draft].final_index; }

 private:
  static void Widen(const std::vector<SlotProfile>& from, std::vector<SlotProfile>* to) {
    for (size_t i = 0; i < to->size() && i < from.size(); ++i) {
      SlotProfile& slot = (*to)[i];
      slot.token_classes = static_cast<uint8_t>(slot.token_classes | from[i].token_classes);
      slot.composite = slot.composite || from[i].composite;
      slot.typed = slot.typed && from[i].typed && slot.type == from[i].type;
      if (!slot.typed) slot.type = ValueType::kString;
    }
  }

  std::vector<Draft> drafts_;
  std::unordered_map<uint64_t, uint32_t> by_id_;
};

PieceRange PiecesOf(const std::vector<BodyUnit>& units, UnitRange range, const Shape& shape) {
  if (range.begin < range.end) return {units[range.begin].begin, units[range.end - 1].end};
  const uint16_t at = range.begin < units.size() ? units[range.begin].begin : shape.body.end;
  return {at, at};
}

AlignedGroup OverflowGroup() {
  AlignedGroup group;
  group.text = "<*>";
  group.slots.push_back({static_cast<uint8_t>(1u << static_cast<unsigned>(TokenClass::kMixed)), ValueType::kString, false, true});
  return group;
}

void BindLane(const Lane& lane, std::span<const Shape* const> shapes, TemplateTable* table, Consolidation* out) {
  std::vector<uint32_t> draft_of_group;
  for (const Group& group : lane.groups()) draft_of_group.push_back(table->Add(group.aligned));
  for (size_t i = 0; i < lane.members().size(); ++i) {
    const uint32_t member = lane.members()[i];
    TemplateBinding& binding = out->bindings[member];
    const uint32_t form = lane.FormOf(i);
    if (form == kNone) {
      ++out->overflowed_shapes;
      binding.template_index = table->Add(OverflowGroup());
      binding.slots = {shapes[member]->body};
      continue;
    }
    const Group& group = lane.groups()[lane.GroupOf(form)];
    binding.template_index = draft_of_group[lane.GroupOf(form)];
    const std::vector<BodyUnit> units = ParseBody(*shapes[member]);
    for (const UnitRange& range : group.aligned.ranges[lane.IndexInGroup(form)]) {
      binding.slots.push_back(PiecesOf(units, range, *shapes[member]));
    }
  }
}

}  // namespace

Consolidation Consolidate(std::span<const Shape* const> shapes, const Overrides& /*overrides*/, size_t max_forms) {
  Consolidation out;
  out.bindings.resize(shapes.size());
  TemplateTable table;
  for (const bool continuation : {false, true}) {
    std::vector<uint32_t> members;
    for (uint32_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i]->continuation == continuation) members.push_back(i);
    }
    if (!members.empty()) BindLane(Lane(shapes, std::move(members), max_forms), shapes, &table, &out);
  }
  out.templates = table.Finish();
  for (TemplateBinding& binding : out.bindings) binding.template_index = table.FinalIndex(binding.template_index);
  return out;
}

}  // namespace whittle
