#include "query/group_table.h"

#include <algorithm>

#include "base/varint.h"

namespace whittle {
namespace {

constexpr size_t kFirstSlots = 64;

// Times are told apart by their instant, everything else by its text.
void EncodeKey(const Cell& cell, std::string* key) {
  key->clear();
  ByteWriter out(key);
  if (!cell) return;
  if (cell->type == ValueType::kTimestamp) {
    out.U8(1);
    out.Signed(cell->integer);
  } else {
    out.U8(2);
    out.Raw(cell->text);
  }
}

uint64_t Mix(uint64_t hash, uint32_t id) {
  hash = (hash ^ id) * 0x9E3779B97F4A7C15ULL;
  return hash ^ hash >> 32;
}

}  // namespace

uint32_t GroupTable::Intern(size_t dimension, const Cell& value) {
  Dimension& one = values_[dimension];
  EncodeKey(value, &key_);
  const auto [found, is_new] = one.index.emplace(key_, static_cast<uint32_t>(one.cells.size()));
  if (is_new) {
    one.cells.push_back(value);
    // The text twice, where it is not kept within the string; a node of the map; the cell, which a vector that grows
    // has up to twice.
    const size_t text = key_.size() < sizeof(std::string) / 2 ? 0 : 2 * key_.size();
    bytes_ += text + 72 + sizeof(Cell) * 3 / 2;
  }
  return found->second;
}

size_t GroupTable::SlotOf(const uint32_t* ids) const {
  uint64_t hash = dimensions_;
  for (size_t i = 0; i < dimensions_; ++i) hash = Mix(hash, ids[i]);
  size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot] != 0 &&
         !std::equal(ids, ids + dimensions_, ids_.begin() + static_cast<ptrdiff_t>((slots_[slot] - 1) * dimensions_))) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void GroupTable::Grow() {
  slots_.assign(std::max(kFirstSlots, slots_.size() * 2), 0);
  for (size_t group = 0; group < group_count_; ++group) {
    slots_[SlotOf(ids_.data() + group * dimensions_)] = static_cast<uint32_t>(group) + 1;
  }
}

uint32_t GroupTable::Group(const uint32_t* ids) {
  if (group_count_ * 2 >= slots_.size()) Grow();
  const size_t slot = SlotOf(ids);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  ids_.insert(ids_.end(), ids, ids + dimensions_);
  slots_[slot] = static_cast<uint32_t>(++group_count_);
  bytes_ += dimensions_ * 6 + 16;
  return static_cast<uint32_t>(group_count_ - 1);
}

}  // namespace whittle
