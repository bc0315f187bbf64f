// One column of texts as a node, and back. The encoder looks at a sample, then at all values, and picks an encoding;
// what it stores decodes to the same bytes or it would not have picked it. Not thread-safe per Compressor/TextArena.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "format/coded_texts.h"
#include "format/compressor.h"
#include "format/node.h"
#include "format/text_arena.h"

namespace whittle {

// Which encoding a text node has. Part of the format.
enum class TextOp : uint8_t {
  kConst = 0,
  kText = 1,        // lengths and bytes
  kInteger = 2,     // canonical decimal integers
  kDigits = 3,      // digits with leading zeros: fixed width, or a width each
  kDecimal = 4,     // integers scaled by a fixed number of fraction digits
  kTicks = 5,       // a time layout
  kHex = 6,         // fixed width, one case
  kDictionary = 7,  // distinct values, and a reference per row
  kPartition = 8,   // a class per row, and a column per class
  kConcat = 9,      // literals and columns in turn
  kGroup = 10,      // values stand in a group (column_groups.h); only as a whole column, resolved by the reader
};

// A column's distinct values and the number of each value, by first appearance.
struct ValueNumbers {
  std::vector<std::string_view> words;
  std::vector<uint32_t> numbers;
};

struct ColumnHint {
  uint16_t time_layout = 0;
  bool is_free_text =
      false;  // whole lines without structure: stored as they are, as looking for any costs and finds none
  const ValueNumbers* numbers = nullptr;  // of the column, when somebody has hashed its values before
};

// `depth` is the nesting of this node, 0 for a column.
void EncodeText(std::span<const std::string_view> values, const ColumnHint& hint, int depth, Compressor* compressor,
                NodeSink* out);

// Replaces `*out` by `count` texts whose bytes live in `arena` (or in blobs, which the caller keeps alive). False when
// the node is damaged or the arena's budget is spent.
bool DecodeText(NodeSource* in, size_t count, int depth, TextArena* arena, std::vector<std::string_view>* out);
// The same for a whole column: what is stored as numbers of a dictionary stays that.
bool DecodeColumn(NodeSource* in, size_t count, TextArena* arena, CodedTexts* out);

}  // namespace whittle
