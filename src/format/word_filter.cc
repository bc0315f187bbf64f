#include "format/word_filter.h"

#include <algorithm>
#include <bit>
namespace whittle {
namespace {

// A throw fails seldom, so many failures in a row are no accident.
constexpr uint64_t kMaxThrows = 64;

// Part of the format.
uint64_t MixKey(uint64_t key, uint64_t seed) {
  uint64_t x = key + seed;
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
  return x ^ x >> 33;
}
uint8_t Fingerprint(uint64_t mixed) { return static_cast<uint8_t>(mixed ^ mixed >> 32); }
// The place in the k-th third.
uint64_t Place(uint64_t mixed, int k, uint64_t third) {
  const uint64_t low = std::rotl(mixed, 21 * k) & 0xffffffff;
  return static_cast<uint64_t>(k) * third + (low * third >> 32);
}

struct Cell {
  uint64_t keys = 0;  // exclusive or of the mixed keys that have a place here
  uint32_t count = 0;
};

struct Peeled {
  uint64_t mixed = 0;
  uint64_t place = 0;
};

// Takes away, again and again, a key that is alone in one of its places. False when some keys are never alone.
bool Peel(const std::vector<uint64_t>& keys, uint64_t seed, uint64_t third, std::vector<Peeled>* order) {
  std::vector<Cell> cells(third * 3);
  for (const uint64_t key : keys) {
    const uint64_t mixed = MixKey(key, seed);
    for (int k = 0; k < 3; ++k) {
      Cell& cell = cells[Place(mixed, k, third)];
      cell.keys ^= mixed;
      ++cell.count;
    }
  }
  std::vector<uint64_t> alone;
  for (uint64_t i = 0; i < cells.size(); ++i) {
    if (cells[i].count == 1) alone.push_back(i);
  }
  order->clear();
  while (!alone.empty()) {
    const uint64_t place = alone.back();
    alone.pop_back();
    if (cells[place].count != 1) continue;
    const uint64_t mixed = cells[place].keys;
    order->push_back({mixed, place});
    for (int k = 0; k < 3; ++k) {
      const uint64_t at = Place(mixed, k, third);
      cells[at].keys ^= mixed;
      if (--cells[at].count == 1) alone.push_back(at);
    }
  }
  return order->size() == keys.size();
}

}  // namespace

std::optional<WordFilter> WordFilter::Build(std::vector<uint64_t> keys) {
  WordFilter filter;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) return filter;
  // With 1.23 places a key peeling succeeds nearly always; another seed makes it another throw.
  filter.third_ = (keys.size() * 123 / 100 + 32) / 3 + 1;
  std::vector<Peeled> order;
  while (!Peel(keys, filter.seed_, filter.third_, &order)) {
    if (++filter.seed_ == kMaxThrows) return std::nullopt;
  }
  filter.table_.assign(filter.third_ * 3, '\0');
  std::for_each(order.rbegin(), order.rend(), [&](const Peeled& peeled) {
    uint8_t value = Fingerprint(peeled.mixed);
    for (int k = 0; k < 3; ++k) value ^= static_cast<uint8_t>(filter.table_[Place(peeled.mixed, k, filter.third_)]);
    filter.table_[peeled.place] = static_cast<char>(value);
  });
  return filter;
}

bool WordFilter::Contains(uint64_t key) const {
  if (table_.empty()) return false;
  const uint64_t mixed = MixKey(key, seed_);
  uint8_t value = 0;
  for (int k = 0; k < 3; ++k) value ^= static_cast<uint8_t>(table_[Place(mixed, k, third_)]);
  return value == Fingerprint(mixed);
}

void WordFilter::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.U64(seed_);
  writer.Varint(third_);
  writer.Raw(table_);
}

bool WordFilter::Decode(ByteReader* in) {
  seed_ = in->U64();
  third_ = in->Varint();
  if (!in->ok() || third_ > UINT32_MAX) return false;
  table_ = in->Raw(third_ * 3);
  return in->ok();
}

}  // namespace whittle
