#include "format/reference_codec.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "format/integer_codec.h"

namespace whittle {
namespace {

// Part of the format.
enum class ReferenceOp : uint8_t { kIntegers = 0, kRanks = 1 };
constexpr size_t kRankCount = 254;
constexpr uint8_t kFar = 254;
constexpr uint8_t kNew = 255;

// The most recent distinct numbers, latest first.
class RecentNumbers {
 public:
  RecentNumbers() { std::fill(std::begin(numbers_), std::end(numbers_), kNobody); }
  // The rank of `number`, or kFar. Looks at a block at a time, which compilers turn into vector instructions.
  uint8_t Find(uint32_t number) const {
    for (size_t begin = 0; begin < size_; begin += kBlock) {
      uint32_t found = 0;
      for (size_t i = 0; i < kBlock; ++i) found |= numbers_[begin + i] == number ? 1 : 0;
      if (found == 0) continue;
      while (numbers_[begin] != number) ++begin;
      return static_cast<uint8_t>(begin);
    }
    return kFar;
  }
  bool At(size_t rank, uint32_t* number) const {
    if (rank >= size_) return false;
    *number = numbers_[rank];
    return true;
  }
  // Moves the entry at `rank` to the front; kFar and kNew bring in a number from outside.
  void Touch(size_t rank, uint32_t number) {
    if (rank >= kRankCount) {
      size_ = std::min(size_ + 1, kRankCount);
      rank = size_ - 1;
    }
    std::memmove(numbers_ + 1, numbers_, rank * sizeof(uint32_t));
    numbers_[0] = number;
  }

 private:
  static constexpr size_t kBlock = 16;
  static constexpr uint32_t kNobody = UINT32_MAX;  // no dictionary has so many words
  uint32_t numbers_[(kRankCount + kBlock - 1) / kBlock * kBlock];
  size_t size_ = 0;
};

// Fills one rank byte per number, and the distances of those out of the ranks' reach.
void Rank(std::span<const uint32_t> numbers, uint32_t next, std::string* ranks, std::vector<int64_t>* far) {
  RecentNumbers recent;
  ranks->resize(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const uint32_t number = numbers[i];
    uint8_t rank;
    if (number >= next) {
      rank = kNew;
      next = number + 1;
    } else {
      rank = recent.Find(number);
      if (rank == kFar) far->push_back(static_cast<int64_t>(next) - number);
    }
    recent.Touch(rank, number);
    (*ranks)[i] = static_cast<char>(rank);
  }
}

// True when ranks look smaller on a sample. It does not begin at number 0; its smallest is taken as the first new one.
bool RanksPay(std::span<const uint32_t> numbers, uint32_t dictionary_size, Compressor* compressor) {
  constexpr size_t kSample = 2048;
  constexpr size_t kMaxSample = 65536;
  const size_t wanted = compressor->max_effort() ? kMaxSample : kSample;
  if (numbers.size() > wanted) numbers = numbers.subspan((numbers.size() - wanted) / 2, wanted);
  const uint32_t first = *std::min_element(numbers.begin(), numbers.end());
  std::string& bytes = compressor->scratch();
  bytes.clear();
  for (uint32_t size = dictionary_size - 1, shift = 0; size != 0; size >>= 8, shift += 8) {
    for (const uint32_t number : numbers) bytes.push_back(static_cast<char>(number >> shift));
  }
  const size_t plain = compressor->Estimate(bytes);
  std::vector<int64_t> far;
  Rank(numbers, first, &bytes, &far);
  for (const int64_t distance : far) PutVarint(&bytes, static_cast<uint64_t>(distance));
  return compressor->Estimate(bytes) < plain;
}

}  // namespace

void EncodeReferences(std::span<const uint32_t> numbers, uint32_t dictionary_size, Compressor* compressor,
                      NodeSink* out) {
  constexpr size_t kFewNumbers = 64;  // too few to tell
  if (numbers.size() < kFewNumbers || dictionary_size < 4 || !RanksPay(numbers, dictionary_size, compressor)) {
    out->U8(static_cast<uint8_t>(ReferenceOp::kIntegers));
    EncodeIntegers(std::vector<int64_t>(numbers.begin(), numbers.end()), compressor, out);
    return;
  }
  std::string ranks;
  std::vector<int64_t> far;
  Rank(numbers, 0, &ranks, &far);
  out->U8(static_cast<uint8_t>(ReferenceOp::kRanks));
  out->AddBlob(BlobKind::kRanks, std::move(ranks));
  out->Varint(far.size());
  EncodeIntegers(far, compressor, out);
}

namespace {

bool DecodeRanks(NodeSource* in, size_t count, uint32_t dictionary_size, std::vector<uint32_t>* out) {
  std::string_view ranks;
  if (!in->blobs->Next(&ranks) || ranks.size() != count) return false;
  const uint64_t far_count = in->descriptor.Varint();
  if (!in->descriptor.ok() || far_count > count) return false;
  std::vector<int64_t> far;
  if (!DecodeIntegers(in, far_count, &far)) return false;
  RecentNumbers recent;
  uint32_t next = 0;
  size_t next_far = 0;
  out->resize(count);
  for (size_t i = 0; i < count; ++i) {
    const auto rank = static_cast<uint8_t>(ranks[i]);
    uint32_t number = 0;
    if (rank == kNew) {
      number = next++;
      if (number >= dictionary_size) return false;
    } else if (rank == kFar) {
      if (next_far == far_count) return false;
      const int64_t distance = far[next_far++];
      if (distance <= 0 || distance > next) return false;
      number = next - static_cast<uint32_t>(distance);
    } else if (!recent.At(rank, &number)) {
      return false;
    }
    recent.Touch(rank, number);
    (*out)[i] = number;
  }
  return next_far == far_count;
}

}  // namespace

bool DecodeReferences(NodeSource* in, size_t count, uint32_t dictionary_size, std::vector<uint32_t>* out) {
  const auto op = static_cast<ReferenceOp>(in->descriptor.U8());
  if (!in->descriptor.ok()) return false;
  if (op == ReferenceOp::kRanks) return DecodeRanks(in, count, dictionary_size, out);
  std::vector<int64_t> wide;
  if (op != ReferenceOp::kIntegers || !DecodeIntegers(in, count, &wide)) return false;
  out->resize(count);
  for (size_t i = 0; i < count; ++i) {
    if (wide[i] < 0 || wide[i] >= static_cast<int64_t>(dictionary_size)) return false;
    (*out)[i] = static_cast<uint32_t>(wide[i]);
  }
  return true;
}

}  // namespace whittle
