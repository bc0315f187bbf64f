// What people decided about templates: names, merges, splits, what to ignore and what to freeze. Plain data, safe to
// share once built. The YAML file alone reproduces the result elsewhere, because templates are named by text or by the
// id that is the text's hash; docs/templates.md describes the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "event/template.h"

namespace whittle {

// A template as people write it: its text, or its id as 16 hex digits.
struct TemplateRef {
  std::string spelled;
  uint64_t id = 0;

  static TemplateRef Parse(std::string_view spelled);
  bool operator==(const TemplateRef& other) const { return id == other.id; }
};

// name: slots of a template get these names; the number is the slot's, from 1.
struct NameOverride {
  TemplateRef target;
  std::map<uint32_t, std::string> slots;
};

// merge: these are one template.
struct MergeOverride {
  std::vector<TemplateRef> templates;
};

// split: words that stand in this slot (from 1) make templates of their own. Masked values stay together.
struct SplitOverride {
  TemplateRef target;
  uint32_t slot = 0;
};

struct Overrides {
  std::vector<NameOverride> name;
  std::vector<MergeOverride> merge;
  std::vector<SplitOverride> split;
  std::vector<TemplateRef> ignore;  // texts: events that fit one are dropped by rule, and counted as that
  std::vector<std::string> freeze;  // texts: bodies that fit one are that template and take no part in mining

  bool empty() const { return name.empty() && merge.empty() && split.empty() && ignore.empty() && freeze.empty(); }
  // What `other` says, too: the decisions of several stores read as one.
  void Add(Overrides other);
  bool IsIgnored(uint64_t template_id) const;
  // Renames slots; a name that another slot has already gets a suffix.
  void ApplyNames(Template* one) const;
};

// Limits of one file: a person wrote it.
inline constexpr size_t kMaxOverrideEntries = 10'000;
inline constexpr size_t kMaxOverrideBytes = 16 * 1024 * 1024;

// kConfig with "file:line:column: what is wrong; what to write instead".
Result<Overrides> ParseOverrides(std::string_view yaml, std::string_view file_name);

// The YAML of `overrides`; ParseOverrides gives them back.
std::string FormatOverrides(const Overrides& overrides);

}  // namespace whittle
