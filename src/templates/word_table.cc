#include "templates/word_table.h"

#include "base/hash.h"
#include "templates/lexicon.h"
#include "templates/naming_words.h"

namespace whittle {

WordTable::WordTable() {
  infos_.push_back({Hash64("", 1), false, false, false, false, false, false, false, false, {}});
}

WordTable::Id WordTable::Intern(std::string_view word) {
  const auto [entry, added] = ids_.try_emplace(std::string(word), static_cast<Id>(infos_.size()));
  if (!added) return entry->second;
  const Id id = entry->second;
  infos_.push_back({Hash64(word),
                    IsIdentifierLike(word),
                    IsStateName(word),
                    IsContextNoun(word),
                    IsNamedThing(word),
                    IsPreposition(word),
                    IsAccountName(word),
                    word.ends_with(':'),
                    IsFreeTextLabel(word),
                    {}});
  if (word.find_first_of(":#") == std::string_view::npos) return id;
  std::vector<Id> parts;
  for (size_t begin = 0; begin < word.size();) {
    const size_t end = std::min(word.find_first_of(":#", begin), word.size());
    if (end > begin) parts.push_back(Intern(word.substr(begin, end - begin)));
    begin = end + 1;
  }
  infos_[id].parts = std::move(parts);
  return id;
}

}  // namespace whittle
