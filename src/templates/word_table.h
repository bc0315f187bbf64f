// The words of all signatures, numbered: what merging needs to know of a word without its text. Owns its text. Not
// thread-safe. Numbers depend on the order of insertion, so nothing that is shown or stored may depend on them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace whittle {

class WordTable {
 public:
  using Id = uint32_t;
  static constexpr Id kBlank = 0;  // "any word"

  struct Info {
    uint64_t hash = 0;
    bool identifier_like = false;
    bool state_name = false;
    bool context_noun = false;
    bool named_thing = false;
    bool preposition = false;
    bool account = false;
    bool label = false;  // ends with ':'
    bool free_text_label = false;
    std::vector<Id> parts;  // the pieces between ':' and '#', when there is more than one
  };

  WordTable();
  Id Intern(std::string_view word);
  const Info& info(Id id) const { return infos_[id]; }
  size_t size() const { return infos_.size(); }

 private:
  std::unordered_map<std::string, Id> ids_;
  std::vector<Info> infos_;
};

}  // namespace whittle
