#include "format/value_dictionary.h"

#include <bit>

#include "base/same_bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace whittle {
namespace {
constexpr size_t kMaxProbes = 32;  // after these a text is listed again; random texts probe twice on average
}

ValueDictionary::ValueDictionary(size_t expected) : slots_(std::bit_ceil(expected < 16 ? 32 : expected * 2)) {}

uint32_t ValueDictionary::HashOf(std::string_view text) {
  return static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
}

uint32_t ValueDictionary::Add(std::string_view text, uint32_t hash) {
  if (texts_.size() * 2 >= slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.number_plus_one == 0) {
      slot = {hash, static_cast<uint32_t>(texts_.size() + 1)};
      break;
    }
    if (slot.hash == hash && SameText(texts_[slot.number_plus_one - 1], text)) return slot.number_plus_one - 1;
  }
  texts_.push_back(text);
  return static_cast<uint32_t>(texts_.size() - 1);
}

std::vector<uint32_t> ValueDictionary::Hashes() const {
  std::vector<uint32_t> hashes(texts_.size());
  std::vector<bool> known(texts_.size());
  for (const Slot& slot : slots_) {
    if (slot.number_plus_one == 0) continue;
    hashes[slot.number_plus_one - 1] = slot.hash;
    known[slot.number_plus_one - 1] = true;
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    if (!known[i]) hashes[i] = HashOf(texts_[i]);  // its probes ran out
  }
  return hashes;
}

void ValueDictionary::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number_plus_one == 0) continue;
    size_t at = slot.hash & mask;
    for (size_t probe = 0; probe < kMaxProbes && slots_[at].number_plus_one != 0; ++probe) at = (at + 1) & mask;
    if (slots_[at].number_plus_one == 0) slots_[at] = slot;
  }
}

}  // namespace whittle
