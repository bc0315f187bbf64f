#include "format/integer_codec.h"

#include <algorithm>
#include <cmath>

namespace whittle {
namespace {

// Part of the format.
enum class IntegerOp : uint8_t { kConst = 0, kPlanes = 1, kVarint = 2, kDictionary = 3 };

constexpr size_t kMaxSmallDictionary = 256;
// Values looked at to choose a layout: enough to tell, few enough to be a small share of the work.
constexpr size_t kSmallSample = 768;
constexpr size_t kLargeSample = 2048;
constexpr size_t kManyValues = 32768;  // from so many on, the large sample
constexpr size_t kMaxSample = 65536;   // with max_effort
constexpr size_t kTinyCount = 48;      // below this only varints are tried: planes would not pay for their descriptor

struct Residuals {
  int order = 0;               // how many times differences were taken
  uint64_t first[2] = {0, 0};  // the value (and first difference) before them
  uint64_t base = 0;           // order 0: subtracted from all
  std::vector<uint64_t> values;
  int width = 1;  // bytes of the largest
};

int WidthOf(uint64_t v) {
  int width = 1;
  while (width < 8 && (v >> (8 * width)) != 0) ++width;
  return width;
}

Residuals Residualise(std::span<const int64_t> values, int order) {
  Residuals r;
  r.order = order;
  const size_t n = values.size();
  uint64_t all = 0;
  if (order == 0) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const auto range = static_cast<uint64_t>(*high) - static_cast<uint64_t>(*low);
    // Without need, values keep their own bytes: they may repeat in other columns of the frame.
    if (*low < 0 || WidthOf(range) < WidthOf(static_cast<uint64_t>(*high))) r.base = static_cast<uint64_t>(*low);
    r.values.resize(n);
    for (size_t i = 0; i < n; ++i) all |= r.values[i] = static_cast<uint64_t>(values[i]) - r.base;
  } else {
    r.first[0] = static_cast<uint64_t>(values[0]);
    uint64_t previous = r.first[0];
    uint64_t difference = 0;
    size_t begin = 1;
    if (order == 2 && n > 1) {
      r.first[1] = difference = static_cast<uint64_t>(values[1]) - previous;
      previous = static_cast<uint64_t>(values[1]);
      begin = 2;
    }
    r.values.reserve(n);
    for (size_t i = begin; i < n; ++i) {
      const uint64_t d = static_cast<uint64_t>(values[i]) - previous;
      previous = static_cast<uint64_t>(values[i]);
      const uint64_t z = ZigZag(static_cast<int64_t>(order == 2 ? d - difference : d));
      difference = d;
      all |= z;
      r.values.push_back(z);
    }
  }
  r.width = WidthOf(all);
  return r;
}

void WriteHeader(const Residuals& r, IntegerOp op, NodeSink* out) {
  out->U8(static_cast<uint8_t>(static_cast<int>(op) | (r.order << 4)));
  if (r.order == 0) {
    out->Signed(static_cast<int64_t>(r.base));
  } else {
    out->Signed(static_cast<int64_t>(r.first[0]));
    if (r.order == 2) out->Signed(static_cast<int64_t>(r.first[1]));
  }
}

void WritePlanes(const Residuals& r, NodeSink* out) {
  WriteHeader(r, IntegerOp::kPlanes, out);
  out->U8(static_cast<uint8_t>(r.width));
  for (int k = 0; k < r.width; ++k) {
    std::string plane(r.values.size(), '\0');
    for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<char>(r.values[i] >> (8 * k));
    out->AddBlob(static_cast<BlobKind>(static_cast<int>(BlobKind::kPlane0) + k), std::move(plane));
  }
}

void WriteVarints(const Residuals& r, NodeSink* out) {
  WriteHeader(r, IntegerOp::kVarint, out);
  std::string bytes;
  bytes.reserve(r.values.size() * static_cast<size_t>(r.width));
  for (const uint64_t v : r.values) PutVarint(&bytes, v);
  out->AddBlob(BlobKind::kVarint, std::move(bytes));
}

// The distinct values, most frequent first; empty when there are more than 256.
std::vector<int64_t> SmallDictionary(std::span<const int64_t> values, std::vector<uint8_t>* ids) {
  constexpr size_t kSlots = 1024;
  struct Slot {
    int64_t value = 0;
    uint32_t count = 0;
    uint16_t id = 0;
  };
  std::vector<Slot> table(kSlots);
  std::vector<uint16_t> slot_of(values.size());
  std::vector<uint16_t> used;
  for (size_t i = 0; i < values.size(); ++i) {
    size_t at = (static_cast<uint64_t>(values[i]) * 0x9E3779B97F4A7C15ull) >> 54;
    while (table[at].count != 0 && table[at].value != values[i]) at = (at + 1) % kSlots;
    if (table[at].count++ == 0) {
      if (used.size() == kMaxSmallDictionary) return {};
      table[at].value = values[i];
      used.push_back(static_cast<uint16_t>(at));
    }
    slot_of[i] = static_cast<uint16_t>(at);
  }
  std::sort(used.begin(), used.end(), [&](uint16_t a, uint16_t b) {
    return table[a].count != table[b].count ? table[a].count > table[b].count : table[a].value < table[b].value;
  });
  std::vector<int64_t> dictionary;
  for (size_t id = 0; id < used.size(); ++id) {
    table[used[id]].id = static_cast<uint16_t>(id);
    dictionary.push_back(table[used[id]].value);
  }
  ids->resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) (*ids)[i] = static_cast<uint8_t>(table[slot_of[i]].id);
  return dictionary;
}

void EncodeTiny(std::span<const int64_t> values, NodeSink* out) {
  NodeSink plain;
  WriteVarints(Residualise(values, 0), &plain);
  NodeSink delta;
  WriteVarints(Residualise(values, 1), &delta);
  const auto size = [](const NodeSink& s) { return s.descriptor.size() + s.blobs[0].bytes.size(); };
  out->Append(size(delta) < size(plain) ? std::move(delta) : std::move(plain));
}

enum class Layout : uint8_t { kPlanes, kVarints, kDictionary };
struct Choice {
  int order = 0;
  Layout layout = Layout::kPlanes;
};

// Estimates by compressing a sample: the number of differences first, then the layout for that number.
Choice Choose(std::span<const int64_t> values, Compressor* compressor) {
  std::span<const int64_t> sample = values;
  const size_t wanted = compressor->max_effort()       ? kMaxSample
                        : values.size() >= kManyValues ? kLargeSample
                                                       : kSmallSample;
  if (sample.size() > wanted) sample = sample.subspan((sample.size() - wanted) / 2, wanted);
  Choice best;
  Residuals best_residuals;
  size_t best_size = SIZE_MAX;
  std::string& bytes = compressor->scratch();
  for (int order = 0; order < 3; ++order) {
    Residuals r = Residualise(sample, order);
    bytes.clear();
    for (int k = 0; k < r.width; ++k) {
      for (const uint64_t v : r.values) bytes.push_back(static_cast<char>(v >> (8 * k)));
    }
    const size_t size = compressor->Estimate(bytes);
    if (size < best_size) {
      best_size = size;
      best.order = order;
      best_residuals = std::move(r);
    }
  }
  if (best_residuals.width > 1) {
    bytes.clear();
    for (const uint64_t v : best_residuals.values) PutVarint(&bytes, v);
    const size_t size = compressor->Estimate(bytes);
    if (size < best_size) {
      best_size = size;
      best.layout = Layout::kVarints;
    }
  }
  if (best_residuals.width > 1 || best.order != 0) {
    std::vector<uint8_t> ids;
    if (const std::vector<int64_t> dictionary = SmallDictionary(sample, &ids); !dictionary.empty()) {
      bytes.assign(ids.begin(), ids.end());
      if (compressor->Estimate(bytes) + 2 * dictionary.size() < best_size) best = {0, Layout::kDictionary};
    }
  }
  return best;
}

}  // namespace

void EncodeIntegers(std::span<const int64_t> values, Compressor* compressor, NodeSink* out) {
  const bool constant = std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == values[0]; });
  if (constant) {
    out->U8(static_cast<uint8_t>(IntegerOp::kConst));
    out->Signed(values.empty() ? 0 : values[0]);
    return;
  }
  if (values.size() < kTinyCount) return EncodeTiny(values, out);
  const Choice choice = Choose(values, compressor);
  if (choice.layout == Layout::kDictionary) {
    std::vector<uint8_t> ids;
    const std::vector<int64_t> dictionary = SmallDictionary(values, &ids);
    if (!dictionary.empty()) {
      out->U8(static_cast<uint8_t>(IntegerOp::kDictionary));
      out->Varint(dictionary.size());
      EncodeTiny(dictionary, out);
      out->AddBlob(BlobKind::kIds, std::string(ids.begin(), ids.end()));
      return;
    }
  }
  const Residuals r = Residualise(values, choice.order);
  if (choice.layout == Layout::kVarints) {
    WriteVarints(r, out);
  } else {
    WritePlanes(r, out);
  }
}

namespace {

void Integrate(int order, const uint64_t* first, std::vector<int64_t>* out) {
  if (order == 0 || out->empty()) return;
  uint64_t value = first[0];
  uint64_t difference = first[1];
  std::vector<int64_t>& v = *out;
  size_t i = 0;
  v[i++] = static_cast<int64_t>(value);
  if (order == 1) {
    for (; i < v.size(); ++i) {
      value += static_cast<uint64_t>(UnZigZag(static_cast<uint64_t>(v[i])));
      v[i] = static_cast<int64_t>(value);
    }
    return;
  }
  if (i < v.size()) {
    value += difference;
    v[i++] = static_cast<int64_t>(value);
  }
  for (; i < v.size(); ++i) {
    difference += static_cast<uint64_t>(UnZigZag(static_cast<uint64_t>(v[i])));
    value += difference;
    v[i] = static_cast<int64_t>(value);
  }
}

bool DecodeNode(NodeSource* in, size_t count, bool nested, std::vector<int64_t>* out);

bool DecodeDictionary(NodeSource* in, size_t count, std::vector<int64_t>* out) {
  const uint64_t size = in->descriptor.Varint();
  if (!in->descriptor.ok() || size == 0 || size > kMaxSmallDictionary) return false;
  std::vector<int64_t> dictionary;
  if (!DecodeNode(in, size, true, &dictionary)) return false;
  std::string_view ids;
  if (!in->blobs->Next(&ids) || ids.size() != count) return false;
  out->resize(count);
  uint8_t highest = 0;
  for (size_t i = 0; i < count; ++i) highest = std::max(highest, static_cast<uint8_t>(ids[i]));
  if (count > 0 && highest >= size) return false;
  for (size_t i = 0; i < count; ++i) (*out)[i] = dictionary[static_cast<uint8_t>(ids[i])];
  return true;
}

// A dictionary's values are never a dictionary: `nested` bounds the recursion.
bool DecodeNode(NodeSource* in, size_t count, bool nested, std::vector<int64_t>* out) {
  const uint8_t head = in->descriptor.U8();
  const int order = head >> 4;
  const auto op = static_cast<IntegerOp>(head & 15);
  if (!in->descriptor.ok() || order > 2) return false;
  if (op == IntegerOp::kDictionary) return !nested && order == 0 && DecodeDictionary(in, count, out);
  uint64_t first[2] = {static_cast<uint64_t>(in->descriptor.Signed()), 0};
  if (op == IntegerOp::kConst) {
    out->assign(count, static_cast<int64_t>(first[0]));
    return in->descriptor.ok() && order == 0;
  }
  if (order == 2) first[1] = static_cast<uint64_t>(in->descriptor.Signed());
  if (count < static_cast<size_t>(order)) return false;
  const uint64_t base = order == 0 ? first[0] : 0;
  const size_t stored = count - static_cast<size_t>(order);
  out->assign(count, static_cast<int64_t>(base));
  int64_t* values = out->data() + order;
  if (op == IntegerOp::kPlanes) {
    const uint8_t width = in->descriptor.U8();
    if (!in->descriptor.ok() || width == 0 || width > 8) return false;
    for (int k = 0; k < width; ++k) {
      std::string_view plane;
      if (!in->blobs->Next(&plane) || plane.size() != stored) return false;
      for (size_t i = 0; i < stored; ++i) {
        values[i] = static_cast<int64_t>(static_cast<uint64_t>(values[i]) +
                                         (static_cast<uint64_t>(static_cast<uint8_t>(plane[i])) << (8 * k)));
      }
    }
  } else if (op == IntegerOp::kVarint) {
    std::string_view bytes;
    if (!in->descriptor.ok() || !in->blobs->Next(&bytes)) return false;
    ByteReader reader(bytes);
    for (size_t i = 0; i < stored; ++i) {
      values[i] = static_cast<int64_t>(static_cast<uint64_t>(values[i]) + reader.Varint());
    }
    if (!reader.ok() || reader.remaining() != 0) return false;
  } else {
    return false;
  }
  Integrate(order, first, out);
  return true;
}

}  // namespace

bool DecodeIntegers(NodeSource* in, size_t count, std::vector<int64_t>* out) {
  return DecodeNode(in, count, false, out);
}

std::optional<int64_t> TakeConstant(NodeSource* in) {
  ByteReader ahead = in->descriptor;
  if (ahead.U8() != static_cast<uint8_t>(IntegerOp::kConst)) return std::nullopt;
  const int64_t value = ahead.Signed();
  if (!ahead.ok()) return std::nullopt;
  in->descriptor = ahead;
  return value;
}

}  // namespace whittle
