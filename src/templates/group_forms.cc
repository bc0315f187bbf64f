#include "templates/group_forms.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "templates/frozen.h"
#include "templates/merge.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;
constexpr uint32_t kNone = UINT32_MAX;

void Align(const FormSet& forms, FormGroup* group) {
  std::vector<const Form*> members;
  members.reserve(group->forms.size());
  for (const uint32_t form : group->forms) members.push_back(&forms.forms()[form]);
  group->aligned = AlignForms(members);
}

// Bodies without any word group by their punctuation.
uint64_t WordlessKey(const Form& form) {
  std::string key;
  for (const BodyUnit& unit : form.units) {
    if (unit.kind == Kind::kValue) {
      key.push_back('\0');
    } else if (unit.text.find_first_not_of(" \t") == std::string::npos) {
      if (key.empty() || key.back() != ' ') key.push_back(' ');
    } else {
      key += unit.text;
    }
  }
  return Hash64(key);
}

// A record of many values and hardly a word (an access log's line) is told from others by its columns, which are what
// blanks part outside of quotes, brackets and lists. One that was cut short, or has columns more, is another form and
// must not blur the text of the rest. 0 for all bodies that words describe.
constexpr size_t kMaxWordsOfRecord = 2;
constexpr size_t kMinValuesOfRecord = 6;

uint64_t ColumnsKey(const Form& form) {
  if (form.words.size() > kMaxWordsOfRecord) return 0;
  size_t values = 0, columns = 1, depth = 0;
  bool quoted = false, listed = false;
  char before = 0;
  for (const BodyUnit& unit : form.units) {
    if (unit.kind != Kind::kDelimiter) {
      // A list is one value, however long it is.
      values += unit.kind == Kind::kValue && (depth == 0 || !listed) ? 1 : 0;
      listed = listed || depth > 0;
      before = 'x';
      continue;
    }
    for (const char c : unit.text) {
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == '[' || c == '{' || c == '(') listed = depth++ > 0 && listed;
      if ((c == ']' || c == '}' || c == ')') && depth > 0) --depth;
      const bool blank = c == ' ' || c == '\t';
      if (blank && depth == 0 && before != ' ' && before != ',') ++columns;
      before = blank ? ' ' : c;
    }
  }
  return values < kMinValuesOfRecord ? 0 : columns << 1 | (quoted ? 1 : 0);
}

Signature SignatureOf(const Form& form) {
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

// Groups by what the statistics say; forms that are frozen already are left out.
void MineGroups(const FormSet& forms, const std::vector<bool>& taken, std::vector<FormGroup>* groups) {
  std::vector<Signature> signatures;
  std::map<Signature, uint32_t> by_words;
  std::vector<uint32_t> signature_of(forms.mined_count(), kNone);
  for (size_t i = 0; i < forms.mined_count(); ++i) {
    const Form& form = forms.forms()[i];
    if (taken[i] || form.words.empty()) continue;
    const auto [entry, added] = by_words.try_emplace(SignatureOf(form), static_cast<uint32_t>(signatures.size()));
    if (added) signatures.push_back(entry->first);
    signature_of[i] = entry->second;
  }
  const std::vector<uint32_t> sets = GroupSignatures(forms.words(), signatures);
  std::unordered_map<uint64_t, uint32_t> wordless;
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> group_of_set;
  const size_t first = groups->size();
  for (uint32_t i = 0; i < forms.mined_count(); ++i) {
    if (taken[i]) continue;
    const auto next = static_cast<uint32_t>(groups->size());
    const uint32_t group =
        signature_of[i] == kNone
            ? wordless.try_emplace(WordlessKey(forms.forms()[i]), next).first->second
            : group_of_set.try_emplace({sets[signature_of[i]], ColumnsKey(forms.forms()[i])}, next).first->second;
    if (group == next) groups->emplace_back();
    (*groups)[group].forms.push_back(i);
  }
  for (size_t i = first; i < groups->size(); ++i) Align(forms, &(*groups)[i]);
}

// Forms that are instances of a frozen text. The first text that fits wins, so the file's order decides, nothing else.
void TakeFrozen(const FormSet& forms, const Overrides& overrides, std::vector<bool>* taken,
                std::vector<FormGroup>* groups) {
  for (const std::string& text : overrides.freeze) {
    const FrozenTemplate frozen(text);
    FormGroup group;
    for (uint32_t i = 0; i < forms.mined_count(); ++i) {
      if ((*taken)[i]) continue;
      auto ranges = frozen.Match(forms.forms()[i]);
      if (!ranges) continue;
      (*taken)[i] = true;
      group.forms.push_back(i);
      group.aligned.ranges.push_back(std::move(*ranges));
    }
    if (group.forms.empty()) continue;
    group.aligned.text = text;
    group.aligned.slots = ProfileSlots(forms.forms(), group.forms, group.aligned.ranges, frozen.slot_count());
    groups->push_back(std::move(group));
  }
}

// The text of a slot of one form when it is made of known words, else empty.
std::string SlotText(const Form& form, UnitRange range) {
  std::string text;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    if (!form.units[i].has_text) return {};
    text += form.units[i].text;
  }
  return text;
}

void Split(const FormSet& forms, const SplitOverride& split, std::vector<FormGroup>* groups) {
  for (size_t g = 0, count = groups->size(); g < count; ++g) {
    if (GroupId((*groups)[g].aligned) != split.target.id || split.slot > (*groups)[g].aligned.slots.size()) continue;
    const FormGroup whole = std::move((*groups)[g]);
    std::map<std::string, FormGroup> parts;
    for (size_t k = 0; k < whole.forms.size(); ++k) {
      const std::string text = SlotText(forms.forms()[whole.forms[k]], whole.aligned.ranges[k][split.slot - 1]);
      parts[text].forms.push_back(whole.forms[k]);
    }
    (*groups)[g] = FormGroup();
    for (auto& [text, part] : parts) {
      Align(forms, &part);
      if ((*groups)[g].forms.empty()) {
        (*groups)[g] = std::move(part);
      } else {
        groups->push_back(std::move(part));
      }
    }
  }
}

void Merge(const FormSet& forms, const MergeOverride& merge, std::vector<FormGroup>* groups) {
  std::vector<FormGroup> kept;
  FormGroup merged;
  for (FormGroup& group : *groups) {
    const TemplateRef self{{}, GroupId(group.aligned)};
    if (std::find(merge.templates.begin(), merge.templates.end(), self) == merge.templates.end()) {
      kept.push_back(std::move(group));
    } else {
      merged.forms.insert(merged.forms.end(), group.forms.begin(), group.forms.end());
    }
  }
  if (!merged.forms.empty()) {
    Align(forms, &merged);
    kept.push_back(std::move(merged));
  }
  *groups = std::move(kept);
}

// Puts the followers where their origins are. What they say, the origins said in more detail: so they change neither
// text nor slots, unless the text does not tell where in them the slots are.
void AddFollowers(const FormSet& forms, const Overrides& overrides, std::vector<FormGroup>* groups) {
  std::vector<uint32_t> group_of(forms.mined_count(), kNone);
  for (uint32_t g = 0; g < groups->size(); ++g) {
    for (const uint32_t form : (*groups)[g].forms) group_of[form] = g;
  }
  for (auto i = static_cast<uint32_t>(forms.mined_count()); i < forms.forms().size(); ++i) {
    FormGroup& group = (*groups)[group_of[forms.OriginOf(i)]];
    const std::string& text = group.aligned.text;
    auto ranges = FrozenTemplate(text).Match(forms.forms()[i]);
    if (ranges && ranges->size() == group.aligned.slots.size()) {
      group.forms.push_back(i);
      group.aligned.ranges.push_back(*std::move(ranges));
    } else if (std::find(overrides.freeze.begin(), overrides.freeze.end(), text) == overrides.freeze.end()) {
      group.forms.push_back(i);
      Align(forms, &group);
    } else {
      FormGroup& alone = groups->emplace_back();
      alone.forms.push_back(i);
      Align(forms, &alone);
    }
  }
}

}  // namespace

uint64_t GroupId(const AlignedGroup& group) { return Hash64(group.text, group.ambiguous ? group.slots.size() + 1 : 0); }

std::vector<FormGroup> GroupForms(const FormSet& forms, const Overrides& overrides) {
  std::vector<FormGroup> groups;
  std::vector<bool> taken(forms.forms().size(), false);
  TakeFrozen(forms, overrides, &taken, &groups);
  MineGroups(forms, taken, &groups);
  for (const SplitOverride& split : overrides.split) Split(forms, split, &groups);
  for (const MergeOverride& merge : overrides.merge) Merge(forms, merge, &groups);
  AddFollowers(forms, overrides, &groups);
  return groups;
}

}  // namespace whittle
