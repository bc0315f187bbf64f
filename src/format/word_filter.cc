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

// The cells of the table while keys are put in: the exclusive or of the mixed keys that have a place there, and how
// many. Side by side in two lists, as a million keys take 20 MB otherwise.
struct Cells {
  explicit Cells(size_t count) : keys(count), counts(count) {}
  std::vector<uint64_t> keys;
  std::vector<uint32_t> counts;
};

// A key that was taken away, and in which of its three places it was alone.
struct Peeled {
  std::vector<uint64_t> mixed;
  std::vector<uint8_t> place;
};

// Takes away, again and again, a key that is alone in one of its places. False when some keys are never alone.
bool Peel(const std::vector<uint64_t>& keys, uint64_t seed, uint64_t third, Peeled* order) {
  Cells cells(third * 3);
  for (const uint64_t key : keys) {
    const uint64_t mixed = MixKey(key, seed);
    for (int k = 0; k < 3; ++k) {
      const uint64_t at = Place(mixed, k, third);
      cells.keys[at] ^= mixed;
      ++cells.counts[at];
    }
  }
  std::vector<uint32_t> alone;  // a table has fewer than 2^32 places
  for (uint64_t i = 0; i < cells.counts.size(); ++i) {
    if (cells.counts[i] == 1) alone.push_back(static_cast<uint32_t>(i));
  }
  order->mixed.clear();
  order->place.clear();
  order->mixed.reserve(keys.size());
  order->place.reserve(keys.size());
  while (!alone.empty()) {
    const uint64_t place = alone.back();
    alone.pop_back();
    if (cells.counts[place] != 1) continue;
    const uint64_t mixed = cells.keys[place];
    order->mixed.push_back(mixed);
    order->place.push_back(static_cast<uint8_t>(place / third));
    for (int k = 0; k < 3; ++k) {
      const uint64_t at = Place(mixed, k, third);
      cells.keys[at] ^= mixed;
      if (--cells.counts[at] == 1) alone.push_back(static_cast<uint32_t>(at));
    }
  }
  return order->mixed.size() == keys.size();
}

}  // namespace

std::optional<WordFilter> WordFilter::Build(std::vector<uint64_t> keys) {
  WordFilter filter;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) return filter;
  // With 1.23 places a key peeling succeeds nearly always; another seed makes it another throw.
  filter.third_ = (keys.size() * 123 / 100 + 32) / 3 + 1;
  Peeled order;
  while (!Peel(keys, filter.seed_, filter.third_, &order)) {
    if (++filter.seed_ == kMaxThrows) return std::nullopt;
  }
  filter.table_.assign(filter.third_ * 3, '\0');
  for (size_t i = order.mixed.size(); i-- > 0;) {
    const uint64_t mixed = order.mixed[i];
    uint8_t value = Fingerprint(mixed);
    for (int k = 0; k < 3; ++k) value ^= static_cast<uint8_t>(filter.table_[Place(mixed, k, filter.third_)]);
    filter.table_[Place(mixed, order.place[i], filter.third_)] = static_cast<char>(value);
  }
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
