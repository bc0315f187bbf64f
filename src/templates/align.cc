#include "templates/align.h"

#include <algorithm>
#include <string_view>

#include "event/template_text.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsBlank(std::string_view text) { return std::all_of(text.begin(), text.end(), IsSpace); }

// Alignment does not care how white space is written.
bool SameDelimiter(std::string_view a, std::string_view b) { return a == b || (IsBlank(a) && IsBlank(b)); }

bool Alignable(const BodyUnit& a, const BodyUnit& b) {
  if (a.open || b.open) return false;
  if ((a.kind == Kind::kDelimiter) != (b.kind == Kind::kDelimiter)) return false;
  return a.kind != Kind::kDelimiter || SameDelimiter(a.text, b.text);
}

// Which of the words are anchors, for one form of the group.
class Anchors {
 public:
  explicit Anchors(std::span<const Form* const> forms) : first_(*forms[0]) {
    shortest_ = first_.words.size();
    for (const Form* form : forms) {
      same_length_ = same_length_ && form->words.size() == first_.words.size();
      shortest_ = std::min(shortest_, form->words.size());
    }
    same_length_ ? CompareAll(forms) : CompareEnds(forms);
  }

  bool IsAnchor(const Form& form, size_t word) const {
    if (word < from_front_.size()) return from_front_[word];
    const size_t behind = form.words.size() - 1 - word;
    return !same_length_ && behind < from_back_.size() && from_back_[behind];
  }

 private:
  void CompareAll(std::span<const Form* const> forms) { from_front_ = Agreement(forms, first_.words.size(), false); }

  // Words in front of whatever differs in length agree counted from the beginning, those behind it from the end.
  void CompareEnds(std::span<const Form* const> forms) {
    from_front_ = Agreement(forms, shortest_, false);
    while (!from_front_.empty() && !from_front_.back()) from_front_.pop_back();
    from_back_ = Agreement(forms, shortest_ - from_front_.size(), true);
  }

  std::vector<bool> Agreement(std::span<const Form* const> forms, size_t count, bool backwards) const {
    const auto word = [backwards](const Form& form, size_t i) {
      return form.words[backwards ? form.words.size() - 1 - i : i];
    };
    std::vector<bool> agree(count, true);
    for (const Form* form : forms) {
      for (size_t i = 0; i < count; ++i) {
        if (word(*form, i) != word(first_, i)) agree[i] = false;
      }
    }
    return agree;
  }

  const Form& first_;
  bool same_length_ = true;
  size_t shortest_ = 0;
  std::vector<bool> from_front_, from_back_;
};

// Units [begin, end) of `form` stand in the slot.
void AddToProfile(const Form& form, uint32_t begin, uint32_t end, SlotProfile* slot) {
  size_t values = 0;
  for (uint32_t i = begin; i < end; ++i) {
    const BodyUnit& unit = form.units[i];
    if (unit.kind == Kind::kDelimiter) continue;
    ++values;
    slot->open = slot->open || unit.open;
    const bool first = slot->token_classes == 0;
    slot->token_classes = static_cast<uint16_t>(slot->token_classes | 1u << static_cast<unsigned>(unit.token_class));
    const ValueType type = unit.kind == Kind::kValue ? unit.type : ValueType::kString;
    slot->typed = type != ValueType::kString && (first || (slot->typed && slot->type == type));
    slot->type = type;
  }
  slot->composite = slot->composite || values != 1 || end - begin != 1;
  slot->open = slot->open || end > begin + 1;
}

void FinishProfile(SlotProfile* slot) {
  if (!slot->typed) slot->type = ValueType::kString;
}

class Aligner {
 public:
  explicit Aligner(std::span<const Form* const> forms) : forms_(forms) {
    const Anchors anchors(forms);
    cuts_.reserve(forms.size());
    for (const Form* form : forms) cuts_.push_back(AnchorUnits(*form, anchors));
    group_.ranges.resize(forms.size());
  }

  AlignedGroup Align() {
    const size_t gaps = cuts_[0].size();
    for (size_t gap = 0; gap < gaps; ++gap) {
      AlignGap(gap);
      if (gap + 1 < gaps) text_.AddConstant(forms_[0]->units[cuts_[0][gap]].text);
    }
    group_.text = text_.Take();
    size_t marks = 0;
    for (size_t at = 0; (at = group_.text.find(TemplateText::kSlotMark, at)) != std::string::npos; ++at) ++marks;
    group_.ambiguous = marks != group_.slots.size();
    for (SlotProfile& slot : group_.slots) FinishProfile(&slot);
    return std::move(group_);
  }

 private:
  // Indexes of the anchor units, then the number of units: gap g ends at cut g.
  static std::vector<uint32_t> AnchorUnits(const Form& form, const Anchors& anchors) {
    std::vector<uint32_t> cuts;
    size_t word = 0;
    for (uint32_t i = 0; i < form.units.size(); ++i) {
      if (form.units[i].kind != Kind::kWord) continue;
      if (anchors.IsAnchor(form, word++)) cuts.push_back(i);
    }
    cuts.push_back(static_cast<uint32_t>(form.units.size()));
    return cuts;
  }

  uint32_t GapBegin(size_t form, size_t gap) const { return gap == 0 ? 0 : cuts_[form][gap - 1] + 1; }
  uint32_t GapEnd(size_t form, size_t gap) const { return cuts_[form][gap]; }
  const BodyUnit& Unit(size_t form, uint32_t unit) const { return forms_[form]->units[unit]; }

  void AlignGap(size_t gap) {
    uint32_t shortest = UINT32_MAX;
    uint32_t longest = 0;
    for (size_t f = 0; f < forms_.size(); ++f) {
      const uint32_t size = GapEnd(f, gap) - GapBegin(f, gap);
      shortest = std::min(shortest, size);
      longest = std::max(longest, size);
    }
    uint32_t prefix = 0;
    while (prefix < shortest && AllAlignable([&](size_t f) { return GapBegin(f, gap) + prefix; })) ++prefix;
    const bool whole = prefix == shortest && prefix == longest;
    uint32_t suffix = 0;
    if (!whole) {
      while (suffix < shortest - prefix && AllAlignable([&](size_t f) { return GapEnd(f, gap) - 1 - suffix; }))
        ++suffix;
    }
    if (!whole) {
      // Words that vary beside what varies in length are one text with it, not a slot each.
      const auto front = [&](uint32_t i) { return [this, gap, i](size_t f) { return GapBegin(f, gap) + i; }; };
      const auto back = [&](uint32_t i) { return [this, gap, i](size_t f) { return GapEnd(f, gap) - 1 - i; }; };
      prefix = TrimWords(prefix, front);
      suffix = TrimWords(suffix, back);
    }
    for (uint32_t i = 0; i < prefix; ++i) EmitColumn([&](size_t f) { return GapBegin(f, gap) + i; });
    if (!whole) EmitMiddle(gap, prefix, suffix);
    for (uint32_t i = suffix; i > 0; --i) EmitColumn([&](size_t f) { return GapEnd(f, gap) - i; });
  }

  // How many of `count` columns stay when those next to the middle (the last ones) that hold differing words join it.
  template <typename ColumnOf>
  uint32_t TrimWords(uint32_t count, const ColumnOf& column_of) const {
    for (;;) {
      if (count > 0 && WordsDiffer(column_of(count - 1))) {
        count -= 1;
      } else if (count > 1 && IsBlankColumn(column_of(count - 1)) && WordsDiffer(column_of(count - 2))) {
        count -= 2;
      } else {
        return count;
      }
    }
  }

  template <typename UnitOf>
  bool WordsDiffer(const UnitOf& unit_of) const {
    bool words = false;
    for (size_t f = 0; f < forms_.size() && !words; ++f) words = Unit(f, unit_of(f)).kind == Kind::kWord;
    return words && !IsConstantColumn(unit_of);
  }

  template <typename UnitOf>
  bool IsBlankColumn(const UnitOf& unit_of) const {
    const BodyUnit& first = Unit(0, unit_of(0));
    return first.kind == Kind::kDelimiter && IsBlank(first.text);
  }

  template <typename UnitOf>
  bool IsConstantColumn(const UnitOf& unit_of) const {
    const BodyUnit& first = Unit(0, unit_of(0));
    for (size_t f = 0; f < forms_.size(); ++f) {
      const BodyUnit& unit = Unit(f, unit_of(f));
      if (unit.kind == Kind::kDelimiter) continue;
      if (!unit.has_text || unit.text != first.text || (unit.kind != Kind::kWord && !unit.constant_when_fixed))
        return false;
    }
    return true;
  }

  template <typename UnitOf>
  bool AllAlignable(const UnitOf& unit_of) const {
    const BodyUnit& first = Unit(0, unit_of(0));
    for (size_t f = 1; f < forms_.size(); ++f) {
      if (!Alignable(first, Unit(f, unit_of(f)))) return false;
    }
    return true;
  }

  // The same unit of every form: a delimiter, a value that never varied, or a slot.
  template <typename UnitOf>
  void EmitColumn(const UnitOf& unit_of) {
    if (IsConstantColumn(unit_of)) {
      text_.AddConstant(Unit(0, unit_of(0)).text);
      return;
    }
    OpenSlot();
    for (size_t f = 0; f < forms_.size(); ++f) Extend(f, unit_of(f), unit_of(f) + 1);
  }

  // What neither prefix nor suffix explains: one slot, empty where a form has nothing there. When the forms differ in
  // white space only, there is nothing to name.
  void EmitMiddle(size_t gap, uint32_t prefix, uint32_t suffix) {
    bool blank = true;
    for (size_t f = 0; f < forms_.size() && blank; ++f) {
      for (uint32_t i = GapBegin(f, gap) + prefix; i < GapEnd(f, gap) - suffix && blank; ++i) {
        blank = Unit(f, i).kind == Kind::kDelimiter && IsBlank(Unit(f, i).text);
      }
    }
    if (blank) {
      text_.AddConstant(" ");
      return;
    }
    OpenSlot();
    for (size_t f = 0; f < forms_.size(); ++f) Extend(f, GapBegin(f, gap) + prefix, GapEnd(f, gap) - suffix);
  }

  // A slot right after a slot is the same slot.
  void OpenSlot() {
    if (!text_.AddSlot()) {
      group_.slots.back().composite = true;
      return;
    }
    group_.slots.push_back({});
    for (std::vector<UnitRange>& ranges : group_.ranges) ranges.push_back({UINT32_MAX, 0});
  }

  void Extend(size_t form, uint32_t begin, uint32_t end) {
    UnitRange& range = group_.ranges[form].back();
    range.begin = std::min(range.begin, begin);
    range.end = std::max(range.end, end);
    AddToProfile(*forms_[form], begin, end, &group_.slots.back());
  }

  std::span<const Form* const> forms_;
  std::vector<std::vector<uint32_t>> cuts_;
  AlignedGroup group_;
  TemplateText text_;
};

// A form whose numbers and their units are one value each ("35 ms" beside "2 min" or "35ms").
class FoldedForm {
 public:
  explicit FoldedForm(const Form& form) {
    for (uint32_t i = 0; i < form.units.size(); ++i) {
      if (!form.units[i].unit_of_number || folded_.units.size() < 2) {
        folded_.units.push_back(form.units[i]);
        first_.push_back(i);
        continue;
      }
      folded_.units.pop_back();
      first_.pop_back();
      BodyUnit& number = folded_.units.back();
      number.end = form.units[i].end;
      number.type = form.units[i].type;
      number.token_class = TokenClass::kMixed;
      number.has_text = false;
      number.constant_when_fixed = false;
      number.text.clear();
    }
    first_.push_back(static_cast<uint32_t>(form.units.size()));
    folded_.words = form.words;
  }

  const Form& form() const { return folded_; }
  UnitRange Unfold(UnitRange range) const {
    return {first_[range.begin], range.begin < range.end ? first_[range.end] : first_[range.begin]};
  }

 private:
  Form folded_;
  std::vector<uint32_t> first_;  // unit of the form → where it begins in the original
};

// Whether numbers in one place are counted in different units, or some without.
bool UnitsVary(std::span<const Form* const> forms) {
  bool open = false;  // a unit whose text differs within one form
  const auto units_of = [&open](const Form& form) {
    std::vector<std::string_view> units;
    for (const BodyUnit& unit : form.units) {
      if (unit.unit_of_number) units.push_back(unit.text);
      open = open || (unit.unit_of_number && !unit.has_text);
    }
    return units;
  };
  const std::vector<std::string_view> first = units_of(*forms[0]);
  return std::any_of(forms.begin(), forms.end(), [&](const Form* form) { return units_of(*form) != first; }) || open;
}

AlignedGroup AlignFolded(std::span<const Form* const> forms) {
  std::vector<FoldedForm> folded;
  folded.reserve(forms.size());
  std::vector<const Form*> pointers;
  for (const Form* form : forms) pointers.push_back(&folded.emplace_back(*form).form());
  AlignedGroup group = Aligner(pointers).Align();
  for (size_t f = 0; f < forms.size(); ++f) {
    for (UnitRange& range : group.ranges[f]) range = folded[f].Unfold(range);
  }
  return group;
}

}  // namespace

AlignedGroup AlignForms(std::span<const Form* const> forms) {
  return UnitsVary(forms) ? AlignFolded(forms) : Aligner(forms).Align();
}

std::vector<SlotProfile> ProfileSlots(const std::vector<Form>& forms, const std::vector<uint32_t>& members,
                                      const std::vector<std::vector<UnitRange>>& ranges, size_t slot_count) {
  std::vector<SlotProfile> slots(slot_count);
  for (size_t k = 0; k < members.size(); ++k) {
    for (size_t i = 0; i < slot_count; ++i)
      AddToProfile(forms[members[k]], ranges[k][i].begin, ranges[k][i].end, &slots[i]);
  }
  for (SlotProfile& slot : slots) FinishProfile(&slot);
  return slots;
}

}  // namespace whittle
