#include "templates/form_set.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/hash.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;

// What makes two bodies one form: everything but the text of values.
uint64_t FormHash(const std::vector<BodyUnit>& units, bool split_words) {
  std::string key;
  for (const BodyUnit& unit : units) {
    key.push_back(static_cast<char>(static_cast<int>(unit.kind) << 4 | static_cast<int>(unit.token_class)));
    const bool counts = unit.kind != Kind::kValue || (split_words && unit.token_class == TokenClass::kWord);
    if (counts) key.append(unit.text).push_back('\0');
  }
  return Hash64(key);
}

bool IsJoint(const BodyUnit& unit) { return unit.kind == Kind::kDelimiter && IsGlue(unit.text); }

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

struct HashedSize {
  uint64_t hash = 0;
  size_t units = 0;
  bool operator<(const HashedSize& other) const { return hash < other.hash; }
  bool operator==(const HashedSize& other) const { return hash == other.hash; }
};

// Forms are admitted by hash until a limit is reached: one past the largest hash that is.
uint64_t AdmissionEnd(std::vector<HashedSize> forms, size_t max_forms) {
  std::sort(forms.begin(), forms.end());
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  size_t units = 0;
  for (size_t i = 0; i < forms.size(); ++i) {
    units += forms[i].units;
    if (i == max_forms || units > kMaxFormUnits) return forms[i].hash;
  }
  return UINT64_MAX;
}

}  // namespace

FormSet::FormSet(std::span<const Shape* const> shapes, std::span<const uint32_t> members,
                 std::span<const std::vector<uint32_t>> origins, size_t max_forms, bool split_words)
    : members_(members.size()), origins_(origins) {
  if (max_forms == 0) return;
  if (!Collect(shapes, members, split_words, max_forms, UINT64_MAX)) {
    CollectSmallest(shapes, members, split_words, max_forms);
  }
  if (!origins.empty()) Follow(shapes, members, split_words);
}

void FormSet::CollectSmallest(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words,
                              size_t max_forms) {
  std::vector<HashedSize> hashed;
  hashed.reserve(members.size());
  for (const uint32_t member : members) {
    if (!SpeaksForItself(member)) continue;
    const std::vector<BodyUnit> units = ParseBody(*shapes[member]);
    hashed.push_back({FormHash(units, split_words), units.size()});
  }
  Collect(shapes, members, split_words, max_forms, AdmissionEnd(std::move(hashed), max_forms));
}

bool FormSet::Collect(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words,
                      size_t max_forms, uint64_t end_hash) {
  words_ = WordTable();
  forms_.clear();
  std::fill(members_.begin(), members_.end(), Member());
  pieces_.clear();
  by_hash_.clear();
  size_t total_units = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (!SpeaksForItself(members[i])) continue;
    std::vector<BodyUnit> units = ParseBody(*shapes[members[i]]);
    const uint64_t hash = FormHash(units, split_words);
    if (hash >= end_hash) continue;
    const auto [entry, added] = by_hash_.try_emplace(hash, static_cast<uint32_t>(forms_.size()));
    Place(entry->second, units, &members_[i]);
    if (!added) {
      Absorb(units, &forms_[entry->second]);
    } else {
      total_units += units.size();
      if (forms_.size() == max_forms || total_units > kMaxFormUnits) return false;
      Add(std::move(units));
    }
  }
  return true;
}

// A folded shape has the form of others, or one of its own that is no evidence. Where all its origins were too many, so
// is it.
void FormSet::Follow(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words) {
  std::unordered_map<uint32_t, uint32_t> member_of_shape;
  for (uint32_t i = 0; i < members.size(); ++i) member_of_shape.emplace(members[i], i);
  for (size_t i = 0; i < members.size(); ++i) {
    if (SpeaksForItself(members[i])) continue;
    uint32_t origin = kOverflow;
    for (const uint32_t shape : origins_[members[i]]) {
      if (const auto member = member_of_shape.find(shape); member != member_of_shape.end())
        origin = std::min(origin, members_[member->second].form);
    }
    if (origin == kOverflow) continue;
    std::vector<BodyUnit> units = ParseBody(*shapes[members[i]]);
    const auto [entry, added] =
        by_hash_.try_emplace(FormHash(units, split_words), static_cast<uint32_t>(forms_.size()));
    Place(entry->second, units, &members_[i]);
    if (!added) continue;
    Add(std::move(units));
    origin_of_follower_.push_back(origin);
  }
}

void FormSet::Place(uint32_t form, const std::vector<BodyUnit>& units, Member* member) {
  *member = {form, static_cast<uint32_t>(pieces_.size()), static_cast<uint32_t>(units.size())};
  for (const BodyUnit& unit : units) pieces_.push_back({unit.begin, unit.end});
}

void FormSet::Add(std::vector<BodyUnit> units) {
  Form form;
  form.units = std::move(units);
  for (size_t i = 0; i < form.units.size(); ++i) {
    if (form.units[i].kind != Kind::kWord) continue;
    // "error:" is another word than "error".
    const bool joint = i + 1 < form.units.size() && IsJoint(form.units[i + 1]) &&
                       (i + 2 == form.units.size() || form.units[i + 2].kind != Kind::kValue);
    form.words.push_back(words_.Intern(joint ? form.units[i].text + form.units[i + 1].text : form.units[i].text));
  }
  forms_.push_back(std::move(form));
}

}  // namespace whittle
