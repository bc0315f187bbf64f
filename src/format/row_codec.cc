#include "format/row_codec.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "format/integer_codec.h"

namespace whittle {

// Shapes are numbered by frequency, so that the low byte says nearly everything; bytes lie in planes of the row-shape
// kind.
void EncodeRowShapes(std::span<const uint32_t> row_shape, size_t shape_count, Compressor* compressor, NodeSink* out) {
  std::vector<uint64_t> counts(shape_count);
  for (const uint32_t shape : row_shape) ++counts[shape];
  std::vector<uint32_t> order(shape_count);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; });
  std::vector<uint32_t> rank(shape_count);
  for (uint32_t k = 0; k < shape_count; ++k) rank[order[k]] = k;
  EncodeIntegers(std::vector<int64_t>(order.begin(), order.end()), compressor, out);
  const int width = shape_count > 65536 ? 3 : shape_count > 256 ? 2 : shape_count > 1 ? 1 : 0;
  out->U8(static_cast<uint8_t>(width));
  for (int k = 0; k < width; ++k) {
    std::string plane(row_shape.size(), '\0');
    for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<char>(rank[row_shape[i]] >> (8 * k));
    out->AddBlob(BlobKind::kRowShape, std::move(plane));
  }
}

bool DecodeRowShapes(NodeSource* in, size_t rows, size_t shape_count, std::vector<uint32_t>* out) {
  std::vector<int64_t> order;
  if (!DecodeIntegers(in, shape_count, &order)) return false;
  for (const int64_t shape : order) {
    if (shape < 0 || static_cast<uint64_t>(shape) >= shape_count) return false;
  }
  const uint8_t width = in->descriptor.U8();
  if (!in->descriptor.ok() || width > 3 || (rows > 0 && shape_count == 0)) return false;
  out->assign(rows, 0);
  for (int k = 0; k < width; ++k) {
    std::string_view plane;
    if (!in->blobs->Next(&plane) || plane.size() != rows) return false;
    for (size_t i = 0; i < rows; ++i) (*out)[i] |= static_cast<uint32_t>(static_cast<uint8_t>(plane[i])) << (8 * k);
  }
  for (uint32_t& shape : *out) {
    if (shape >= shape_count) return false;
    shape = static_cast<uint32_t>(order[shape]);
  }
  return true;
}

void EncodeRowFlags(std::span<const uint8_t> flags, std::span<const uint32_t> row_shape, size_t shape_count,
                    Compressor* compressor, NodeSink* out) {
  constexpr size_t kFlagValues = 8;
  std::vector<std::array<uint32_t, kFlagValues>> counts(shape_count);
  for (size_t i = 0; i < flags.size(); ++i) ++counts[row_shape[i]][flags[i] % kFlagValues];
  std::vector<int64_t> usual(shape_count);
  for (size_t s = 0; s < shape_count; ++s) {
    usual[s] = std::max_element(counts[s].begin(), counts[s].end()) - counts[s].begin();
  }
  std::vector<int64_t> differences(flags.size());
  for (size_t i = 0; i < flags.size(); ++i) differences[i] = flags[i] ^ usual[row_shape[i]];
  EncodeIntegers(usual, compressor, out);
  EncodeIntegers(differences, compressor, out);
}

bool DecodeRowFlags(NodeSource* in, std::span<const uint32_t> row_shape, size_t shape_count,
                    std::vector<uint8_t>* out) {
  std::vector<int64_t> usual;
  if (!DecodeIntegers(in, shape_count, &usual)) return false;
  out->resize(row_shape.size());
  // Nearly always every row has its shape's flags.
  if (const auto all = TakeConstant(in)) {
    for (int64_t& flags : usual) flags ^= *all;
    for (size_t i = 0; i < out->size(); ++i) {
      (*out)[i] = static_cast<uint8_t>(usual[row_shape[i]]);
      if (((*out)[i] >> 1 & 3) == 3) return false;
    }
    return true;
  }
  std::vector<int64_t> differences;
  if (!DecodeIntegers(in, row_shape.size(), &differences)) return false;
  for (size_t i = 0; i < out->size(); ++i) {
    (*out)[i] = static_cast<uint8_t>(usual[row_shape[i]] ^ differences[i]);
    // The line end has two bits and three values.
    if (((*out)[i] >> 1 & 3) == 3) return false;
  }
  return true;
}

}  // namespace whittle
