#include <algorithm>
#include <cstring>

#include "format/column_codec.h"
#include "format/integer_codec.h"
#include "format/limits.h"
#include "format/number_text.h"
#include "format/reference_codec.h"
#include "format/small_copy.h"
#include "scan/time_series.h"

namespace whittle {
namespace {

using Views = std::vector<std::string_view>;

// Reads one node and its children. The depth bounds the stack, the arena's budget the memory.
class TextDecoder {
 public:
  TextDecoder(NodeSource* in, TextArena* arena) : in_(in), arena_(arena) {}
  bool Decode(size_t count, int depth, Views* out);
  bool DecodeWhole(size_t count, CodedTexts* out);

 private:
  bool DecodeConst(size_t count, Views* out);
  bool DecodePlain(size_t count, Views* out);
  bool DecodeDigits(size_t count, Views* out);
  bool DecodeTicks(size_t count, Views* out);
  bool DecodeHex(size_t count, Views* out);
  bool DecodeDictionary(size_t count, int depth, Views* out);
  bool DecodeWords(size_t count, int depth, Views* words, std::vector<uint32_t>* numbers);
  bool DecodePartition(size_t count, int depth, Views* out);
  bool DecodeConcat(size_t count, int depth, Views* out);
  template <typename Append>
  bool DecodeNumbers(size_t count, size_t max_size, const Append& append, Views* out);

  NodeSource* in_;
  TextArena* arena_;
};

bool TextDecoder::DecodeConst(size_t count, Views* out) {
  const std::string_view bytes = in_->descriptor.Bytes();
  if (!in_->descriptor.ok()) return false;
  char* copy = arena_->Allocate(bytes.size());
  if (copy == nullptr) return false;
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  out->assign(count, std::string_view(copy, bytes.size()));
  return true;
}

bool TextDecoder::DecodePlain(size_t count, Views* out) {
  std::vector<int64_t> lengths;
  std::string_view bytes;
  if (!DecodeIntegers(in_, count, &lengths) || !in_->blobs->Next(&bytes)) return false;
  out->resize(count);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto length = static_cast<uint64_t>(lengths[i]);
    if (length > bytes.size() - at) return false;
    (*out)[i] = bytes.substr(at, length);
    at += length;
  }
  return at == bytes.size();
}

template <typename Append>
bool TextDecoder::DecodeNumbers(size_t count, size_t max_size, const Append& append, Views* out) {
  std::vector<int64_t> numbers;
  if (!DecodeIntegers(in_, count, &numbers)) return false;
  out->resize(count);
  constexpr size_t kBatch = 1024;  // one allocation for so many values
  for (size_t begin = 0; begin < count; begin += kBatch) {
    const size_t end = std::min(count, begin + kBatch);
    char* p = arena_->Allocate((end - begin) * max_size);
    if (p == nullptr) return false;
    char* const limit = p + (end - begin) * max_size;
    for (size_t i = begin; i < end; ++i) {
      char* const next = append(numbers[i], i, p);
      (*out)[i] = std::string_view(p, static_cast<size_t>(next - p));
      p = next;
    }
    arena_->Shrink(static_cast<size_t>(limit - p));
  }
  return true;
}

bool TextDecoder::DecodeDigits(size_t count, Views* out) {
  const uint64_t width = in_->descriptor.Varint();
  if (!in_->descriptor.ok() || width > kMaxDigits) return false;
  std::vector<int64_t> widths;
  if (width == 0) {
    if (!DecodeIntegers(in_, count, &widths)) return false;
    for (const int64_t w : widths) {
      if (w < 0 || w > static_cast<int64_t>(kMaxDigits)) return false;
    }
  }
  return DecodeNumbers(
      count, kMaxDigits,
      [&](int64_t v, size_t i, char* p) {
        return AppendDigits(v, widths.empty() ? width : static_cast<size_t>(widths[i]), p);
      },
      out);
}

bool TextDecoder::DecodeTicks(size_t count, Views* out) {
  const uint64_t layout = in_->descriptor.Varint();
  if (!in_->descriptor.ok() || layout == 0 || layout >= TimeLayoutCount()) return false;
  std::vector<int64_t> ticks;
  if (!DecodeIntegers(in_, count, &ticks)) return false;
  out->resize(count);
  TimeWriter times(static_cast<TimeLayoutId>(layout));
  for (size_t i = 0; i < count; ++i) {
    if (i > 0 && ticks[i] == ticks[i - 1]) {  // many lines of one second
      (*out)[i] = (*out)[i - 1];
      continue;
    }
    const std::string_view text = times.Format(ticks[i]);
    char* p = arena_->Allocate(text.size());
    if (p == nullptr) return false;
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    (*out)[i] = std::string_view(p, text.size());
  }
  return true;
}

bool TextDecoder::DecodeHex(size_t count, Views* out) {
  constexpr uint64_t kMaxHex = 256;
  const uint64_t width = in_->descriptor.Varint();
  const uint8_t upper = in_->descriptor.U8();
  std::string_view bytes;
  if (!in_->descriptor.ok() || width == 0 || width > kMaxHex || upper > 1) return false;
  const size_t stored = (width + 1) / 2;
  if (!in_->blobs->Next(&bytes) || bytes.size() != stored * count) return false;
  const char* const digits = upper != 0 ? "0123456789ABCDEF" : "0123456789abcdef";
  char* p = arena_->Allocate(count * width);
  if (p == nullptr) return false;
  out->resize(count);
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t i = 0; i < count; ++i) {
    (*out)[i] = std::string_view(p, width);
    size_t k = 0;
    if (width % 2 != 0) *p++ = digits[in[k++] & 15];
    for (; k < stored; ++k) {
      *p++ = digits[in[k] >> 4];
      *p++ = digits[in[k] & 15];
    }
    in += stored;
  }
  return true;
}

// Every number is that of a word.
bool TextDecoder::DecodeWords(size_t count, int depth, Views* words, std::vector<uint32_t>* numbers) {
  const uint64_t size = in_->descriptor.Varint();
  if (!in_->descriptor.ok() || size == 0 || size > count) return false;
  return DecodeReferences(in_, count, static_cast<uint32_t>(size), numbers) && Decode(size, depth + 1, words);
}

bool TextDecoder::DecodeDictionary(size_t count, int depth, Views* out) {
  std::vector<uint32_t> numbers;
  Views words;
  if (!DecodeWords(count, depth, &words, &numbers)) return false;
  out->resize(count);
  for (size_t i = 0; i < count; ++i) (*out)[i] = words[numbers[i]];
  return true;
}

bool TextDecoder::DecodePartition(size_t count, int depth, Views* out) {
  const uint64_t classes = in_->descriptor.Varint();
  if (!in_->descriptor.ok() || classes < 1 || classes > kMaxPartitions) return false;
  std::vector<int64_t> ids;
  if (!DecodeIntegers(in_, count, &ids)) return false;
  std::vector<size_t> counts(classes);
  for (const int64_t id : ids) {
    if (id < 0 || static_cast<uint64_t>(id) >= classes) return false;
    ++counts[static_cast<size_t>(id)];
  }
  std::vector<Views> children(classes);
  for (size_t k = 0; k < classes; ++k) {
    if (!Decode(counts[k], depth + 1, &children[k])) return false;
  }
  out->resize(count);
  std::vector<const std::string_view*> next(classes);
  for (size_t k = 0; k < classes; ++k) next[k] = children[k].data();
  for (size_t i = 0; i < count; ++i) (*out)[i] = *next[static_cast<size_t>(ids[i])]++;
  return true;
}

bool TextDecoder::DecodeConcat(size_t count, int depth, Views* out) {
  const uint64_t parts = in_->descriptor.Varint();
  if (!in_->descriptor.ok() || parts == 0 || parts > kMaxParts) return false;
  std::vector<std::string_view> literals(parts + 1);
  size_t literal_bytes = 0;
  for (auto& literal : literals) literal_bytes += (literal = in_->descriptor.Bytes()).size();
  if (!in_->descriptor.ok()) return false;
  TextArena scratch(arena_->remaining());
  TextDecoder child(in_, &scratch);
  std::vector<Views> columns(parts);
  uint64_t total = literal_bytes * count;
  for (Views& column : columns) {
    if (!child.Decode(count, depth + 1, &column)) return false;
    for (const std::string_view v : column) total += v.size();
  }
  char* p = arena_->Allocate(total);
  if (p == nullptr) return false;
  out->resize(count);
  const auto append = [&p](std::string_view v) { p = SmallCopy(v, p); };
  for (size_t i = 0; i < count; ++i) {
    char* const begin = p;
    append(literals[0]);
    for (size_t k = 0; k < parts; ++k) {
      append(columns[k][i]);
      append(literals[k + 1]);
    }
    (*out)[i] = std::string_view(begin, static_cast<size_t>(p - begin));
  }
  return true;
}

bool TextDecoder::Decode(size_t count, int depth, Views* out) {
  if (depth > kMaxNodeDepth) return false;
  const auto op = static_cast<TextOp>(in_->descriptor.U8());
  if (!in_->descriptor.ok()) return false;
  switch (op) {
    case TextOp::kConst:
      return DecodeConst(count, out);
    case TextOp::kText:
      return DecodePlain(count, out);
    case TextOp::kInteger:
      return DecodeNumbers(
          count, 20, [](int64_t v, size_t, char* p) { return AppendInteger(v, p); }, out);
    case TextOp::kDigits:
      return DecodeDigits(count, out);
    case TextOp::kDecimal: {
      const uint64_t fraction = in_->descriptor.Varint();
      if (!in_->descriptor.ok() || fraction == 0 || fraction > kMaxDigits) return false;
      return DecodeNumbers(
          count, kMaxNumberText, [&](int64_t v, size_t, char* p) { return AppendDecimal(v, fraction, p); }, out);
    }
    case TextOp::kTicks:
      return DecodeTicks(count, out);
    case TextOp::kHex:
      return DecodeHex(count, out);
    case TextOp::kDictionary:
      return DecodeDictionary(count, depth, out);
    case TextOp::kPartition:
      return DecodePartition(count, depth, out);
    case TextOp::kConcat:
      return DecodeConcat(count, depth, out);
    case TextOp::kGroup:
      return false;
  }
  return false;
}

bool TextDecoder::DecodeWhole(size_t count, CodedTexts* out) {
  const auto op = static_cast<TextOp>(ByteReader(in_->descriptor).U8());
  Views texts;
  if (op == TextOp::kDictionary) {
    in_->descriptor.U8();
    std::vector<uint32_t> numbers;
    if (!DecodeWords(count, 0, &texts, &numbers)) return false;
    *out = CodedTexts::Dictionary(std::move(texts), std::move(numbers));
    return true;
  }
  const bool constant = op == TextOp::kConst && count > 0;
  if (!Decode(constant ? 1 : count, 0, &texts)) return false;
  *out = constant ? CodedTexts::Constant(texts[0], count) : CodedTexts::Plain(std::move(texts));
  return true;
}

}  // namespace

bool DecodeColumn(NodeSource* in, size_t count, TextArena* arena, CodedTexts* out) {
  return TextDecoder(in, arena).DecodeWhole(count, out);
}

bool DecodeText(NodeSource* in, size_t count, int depth, TextArena* arena, std::vector<std::string_view>* out) {
  return TextDecoder(in, arena).Decode(count, depth, out);
}

}  // namespace whittle
