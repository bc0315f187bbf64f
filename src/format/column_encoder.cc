#include <algorithm>
#include <cstring>

#include "base/same_bytes.h"
#include "format/column_codec.h"
#include "format/integer_codec.h"
#include "format/limits.h"
#include "format/number_text.h"
#include "format/pattern_split.h"
#include "format/reference_codec.h"
#include "format/text_prefetch.h"
#include "format/value_dictionary.h"
#include "scan/time_series.h"

namespace whittle {
namespace {

using Texts = std::span<const std::string_view>;

constexpr size_t kSampleTexts = 256;   // texts looked at before one encoding is tried on all
constexpr double kNumericShare = 0.9;  // of the sample must parse before numbers are tried
constexpr size_t kFewTexts = 12;       // below this, structure costs more than it saves
constexpr size_t kMaxSplitPatterns = 96;
constexpr double kSplitCoverage = 0.75;    // of the sample in admitted patterns
constexpr int kMaxSplitDepth = 7;          // nesting a writer uses; each level adds two
constexpr double kDictionaryShare = 0.75;  // distinct / all, above which a dictionary does not pay

class TextEncoder {
 public:
  TextEncoder(Compressor* compressor, NodeSink* out) : compressor_(compressor), out_(out) {}
  void Encode(Texts values, const ColumnHint& hint, int depth, bool distinct);
  void WriteText(Texts values);

 private:
  // Each tries one encoding and answers whether it wrote the node.
  bool TryConst(Texts values);
  bool TryTicks(Texts values, const ColumnHint& hint, int depth);
  bool TryNumbers(Texts values, int depth);
  bool TryHex(Texts values);
  bool TryDictionary(Texts values, const ColumnHint& hint, int depth);
  bool TrySplit(Texts values, CutKind cut, int depth);

  template <typename Parse, typename WriteHead>
  bool WriteNumbers(Texts values, int depth, const Parse& parse, const WriteHead& write_head);
  void WriteSplit(Texts values, PatternSplit split, int depth);
  void WriteConcat(Texts values, const SplitPattern& pattern, int depth);
  void Op(TextOp op) { out_->U8(static_cast<uint8_t>(op)); }

  Compressor* compressor_;
  NodeSink* out_;
};

std::vector<std::string_view> Sample(Texts values) {
  std::vector<std::string_view> sample;
  const size_t count = std::min(values.size(), kSampleTexts);
  sample.reserve(count);
  for (size_t i = 0; i < count; ++i) sample.push_back(values[i * values.size() / count]);
  return sample;
}

bool TextEncoder::TryConst(Texts values) {
  for (size_t i = 1; i < values.size(); ++i) {
    PrefetchText(values, i);
    if (!SameText(values[i], values[0])) return false;
  }
  Op(TextOp::kConst);
  out_->Bytes(values.empty() ? std::string_view() : values[0]);
  return true;
}

// All values that `parse` takes as integers; the rest, when few, as a second class of a partition.
template <typename Parse, typename WriteHead>
bool TextEncoder::WriteNumbers(Texts values, int depth, const Parse& parse, const WriteHead& write_head) {
  std::vector<int64_t> numbers;
  numbers.reserve(values.size());
  std::vector<std::string_view> exceptions;
  std::vector<int64_t> classes;
  const size_t most = values.size() / 8 + 1;
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t number = 0;
    PrefetchText(values, i);
    if (parse(values[i], &number)) {
      numbers.push_back(number);
      if (!classes.empty()) classes.push_back(0);
      continue;
    }
    if (exceptions.size() == most || depth >= kMaxSplitDepth) return false;
    if (classes.empty()) classes.resize(i);
    classes.push_back(1);
    exceptions.push_back(values[i]);
  }
  if (numbers.empty()) return false;
  if (!exceptions.empty()) {
    Op(TextOp::kPartition);
    out_->Varint(2);
    EncodeIntegers(classes, compressor_, out_);
  }
  write_head();
  EncodeIntegers(numbers, compressor_, out_);
  if (!exceptions.empty()) Encode(exceptions, {}, depth + 1, false);
  return true;
}

bool TextEncoder::TryTicks(Texts values, const ColumnHint& hint, int depth) {
  if (hint.time_layout == 0) return false;
  TimeReader times;
  return WriteNumbers(
      values, depth, [&](std::string_view text, int64_t* v) { return times.ParseTicks(hint.time_layout, text, v); },
      [&] {
        Op(TextOp::kTicks);
        out_->Varint(hint.time_layout);
      });
}

size_t FractionDigits(std::string_view text) {
  const size_t dot = text.find('.');
  return dot == std::string_view::npos ? 0 : text.size() - dot - 1;
}

bool LooksNumeric(std::string_view text) { return !text.empty() && (IsDigit(text[0]) || text[0] == '-'); }

bool TextEncoder::TryNumbers(Texts values, int depth) {
  // Most columns that hold no numbers say so in their first, middle and last value.
  if (!LooksNumeric(values[0]) && !LooksNumeric(values[values.size() / 2]) && !LooksNumeric(values.back()))
    return false;
  const std::vector<std::string_view> sample = Sample(values);
  size_t integers = 0, digits = 0;
  size_t decimals[kMaxDigits + 1] = {};
  for (const std::string_view text : sample) {
    int64_t v;
    if (text.empty() || !(IsDigit(text[0]) || text[0] == '-')) continue;
    if (ParseInteger(text, &v)) ++integers;
    if (ParseDigits(text, &v)) ++digits;
    const size_t fraction = FractionDigits(text);
    if (fraction > 0 && fraction < kMaxDigits && ParseDecimal(text, fraction, &v)) ++decimals[fraction];
  }
  const auto enough = [&](size_t n) {
    return static_cast<double>(n) >= kNumericShare * static_cast<double>(sample.size());
  };
  if (enough(integers)) {
    return WriteNumbers(
        values, depth, [](std::string_view text, int64_t* v) { return ParseInteger(text, v); },
        [&] { Op(TextOp::kInteger); });
  }
  if (enough(digits)) {
    const size_t width = sample[0].size();
    const bool fixed = std::all_of(values.begin(), values.end(), [&](std::string_view v) { return v.size() == width; });
    if (fixed) {
      return WriteNumbers(
          values, depth, [](std::string_view text, int64_t* v) { return ParseDigits(text, v); },
          [&] {
            Op(TextOp::kDigits);
            out_->Varint(width);
          });
    }
    std::vector<int64_t> widths;
    int64_t v;
    for (const std::string_view text : values) {
      if (!ParseDigits(text, &v)) return false;
      widths.push_back(static_cast<int64_t>(text.size()));
    }
    return WriteNumbers(
        values, depth, [](std::string_view text, int64_t* number) { return ParseDigits(text, number); },
        [&] {
          Op(TextOp::kDigits);
          out_->Varint(0);
          EncodeIntegers(widths, compressor_, out_);
        });
  }
  const size_t fraction = static_cast<size_t>(std::max_element(decimals, decimals + kMaxDigits + 1) - decimals);
  if (!enough(decimals[fraction])) return false;
  return WriteNumbers(
      values, depth, [&](std::string_view text, int64_t* v) { return ParseDecimal(text, fraction, v); },
      [&] {
        Op(TextOp::kDecimal);
        out_->Varint(fraction);
      });
}

int HexValue(char c, bool upper) {
  if (IsDigit(c)) return c - '0';
  const char a = upper ? 'A' : 'a';
  return c >= a && c <= a + 5 ? c - a + 10 : -1;
}

// Fixed-width ids of hex digits in one case: two digits a byte, an odd width has a zero digit in front.
bool TextEncoder::TryHex(Texts values) {
  constexpr size_t kMinHex = 6, kMaxHex = 256;
  const size_t width = values[0].size();
  if (width < kMinHex || width > kMaxHex) return false;
  bool upper = false;
  for (const std::string_view v : values.first(std::min<size_t>(values.size(), 64))) {
    upper = upper || std::any_of(v.begin(), v.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  }
  std::string bytes;
  bytes.reserve(values.size() * ((width + 1) / 2));
  for (const std::string_view v : values) {
    if (v.size() != width) return false;
    size_t k = 0;
    if (width % 2 != 0) {
      const int low = HexValue(v[k++], upper);
      if (low < 0) return false;
      bytes.push_back(static_cast<char>(low));
    }
    for (; k < width; k += 2) {
      const int high = HexValue(v[k], upper), low = HexValue(v[k + 1], upper);
      if (high < 0 || low < 0) return false;
      bytes.push_back(static_cast<char>(high << 4 | low));
    }
  }
  Op(TextOp::kHex);
  out_->Varint(width);
  out_->U8(upper ? 1 : 0);
  out_->AddBlob(BlobKind::kHex, std::move(bytes));
  return true;
}

ValueNumbers NumberValues(Texts values) {
  ValueNumbers result;
  ValueDictionary dictionary(std::min<size_t>(values.size(), 4096));
  result.numbers.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) result.numbers[i] = dictionary.Add(values[i]);
  result.words = dictionary.TakeTexts();
  return result;
}

bool TextEncoder::TryDictionary(Texts values, const ColumnHint& hint, int depth) {
  if (depth >= kMaxSplitDepth) return false;
  ValueNumbers found;
  if (hint.numbers == nullptr) found = NumberValues(values);
  const ValueNumbers& known = hint.numbers != nullptr ? *hint.numbers : found;
  if (static_cast<double>(known.words.size()) > kDictionaryShare * static_cast<double>(values.size())) return false;
  Op(TextOp::kDictionary);
  out_->Varint(known.words.size());
  EncodeReferences(known.numbers, static_cast<uint32_t>(known.words.size()), compressor_, out_);
  Encode(known.words, {}, depth + 1, true);
  return true;
}

void TextEncoder::WriteConcat(Texts values, const SplitPattern& pattern, int depth) {
  Op(TextOp::kConcat);
  out_->Varint(pattern.parts());
  for (const std::string& literal : pattern.literals) out_->Bytes(literal);
  std::vector<std::string_view> part;
  for (size_t k = 0; k < pattern.parts(); ++k) {
    TakePart(values, pattern, k, &part);
    Encode(part, {}, depth + 1, false);
  }
}

void TextEncoder::WriteSplit(Texts values, PatternSplit split, int depth) {
  const bool has_rest = std::count(split.pattern_of.begin(), split.pattern_of.end(), PatternSplit::kRest) > 0;
  const size_t classes = split.patterns.size() + (has_rest ? 1 : 0);
  if (classes == 1) return WriteConcat(values, split.patterns[0], depth);
  Op(TextOp::kPartition);
  out_->Varint(classes);
  {
    std::vector<int64_t> ids(values.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      ids[i] = split.pattern_of[i] == PatternSplit::kRest ? static_cast<int64_t>(split.patterns.size())
                                                          : split.pattern_of[i];
    }
    EncodeIntegers(ids, compressor_, out_);
  }
  for (SplitPattern& pattern : split.patterns) {
    WriteConcat(values, pattern, depth + 1);
    pattern = {};  // what is written needs no memory any more
  }
  if (has_rest) WriteText(RestOf(values, split));
}

bool TextEncoder::TrySplit(Texts values, CutKind cut, int depth) {
  if (depth >= kMaxSplitDepth) return false;
  const SplitOutlook outlook = JudgeSplit(Sample(values), cut, kMaxSplitPatterns);
  if (!outlook.composite || outlook.coverage < kSplitCoverage) return false;
  if (outlook.patterns > values.size() / 4) return false;
  PatternSplit split = SplitByPattern(values, cut, kMaxSplitPatterns);
  if (split.patterns.empty()) return false;
  WriteSplit(values, std::move(split), depth);
  return true;
}

void TextEncoder::WriteText(Texts values) {
  std::vector<int64_t> lengths;
  lengths.reserve(values.size());
  size_t total = 0;
  for (const std::string_view v : values) {
    lengths.push_back(static_cast<int64_t>(v.size()));
    total += v.size();
  }
  std::string bytes;
  bytes.reserve(total);
  for (const std::string_view v : values) bytes.append(v);
  Op(TextOp::kText);
  EncodeIntegers(lengths, compressor_, out_);
  out_->AddBlob(BlobKind::kText, std::move(bytes));
}

void TextEncoder::Encode(Texts values, const ColumnHint& hint, int depth, bool distinct) {
  if (values.empty() || TryConst(values)) {
    if (values.empty()) TryConst(values);
    return;
  }
  if (hint.is_free_text) return WriteText(values);
  if (TryTicks(values, hint, depth) || TryNumbers(values, depth)) return;
  if (values.size() >= kFewTexts) {
    if (!distinct && TryDictionary(values, hint, depth)) return;
    if (TryHex(values)) return;
    if (TrySplit(values, CutKind::kPunctuation, depth)) return;
    if (TrySplit(values, CutKind::kLetterDigit, depth)) return;
  }
  WriteText(values);
}

size_t EstimateNode(const NodeSink& node, Compressor* compressor) {
  size_t size = node.descriptor.size();
  for (const Blob& blob : node.blobs) size += compressor->Estimate(blob.bytes);
  return size;
}

// Structure that does not pay: what is hardly smaller than its text is held against the plain text, both compressed.
void PreferPlainText(Texts values, Compressor* compressor, NodeSink* node) {
  constexpr size_t kWorthChecking = 256;  // bytes of text: below, neither choice matters
  if (node->descriptor[0] <= static_cast<char>(TextOp::kText)) return;
  size_t text_bytes = 0;
  for (const std::string_view value : values) text_bytes += value.size();
  size_t encoded = node->descriptor.size();
  for (const Blob& blob : node->blobs) encoded += blob.bytes.size();
  if (text_bytes < kWorthChecking || encoded * 2 < text_bytes) return;
  NodeSink plain;
  TextEncoder(compressor, &plain).WriteText(values);
  // Small blobs do better in shared frames than alone, so the plain text must win clearly.
  if (EstimateNode(plain, compressor) * 5 < EstimateNode(*node, compressor) * 4) *node = std::move(plain);
}

}  // namespace

void EncodeText(Texts values, const ColumnHint& hint, int depth, Compressor* compressor, NodeSink* out) {
  NodeSink node;
  TextEncoder(compressor, &node).Encode(values, hint, depth, false);
  PreferPlainText(values, compressor, &node);
  out->Append(std::move(node));
}

}  // namespace whittle
