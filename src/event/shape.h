// Shape: everything that lines of one form have in common. A line is its shape plus the text of the shape's slots, so
// rendering a line back is "concatenate the pieces, take the next slot text where a piece is a slot".
//
// A Shape is immutable once built, is shared between threads by pointer, and owns all its text. It is a pure function
// of one line and the source's configuration, never of lines seen before.
//
//   line    2015-10-18 18:01:47,978 INFO [main] a.b.C: Took 35 ms
//   pieces  <slot0 timestamp>| |INFO| [|main|] |a.b.C:| |Took| |<slot1>| |ms
//   fields  timestamp=[0,1) severity=[2,3) thread.name=[4,5) ...     body=[8,13)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "event/value.h"

namespace whittle {

// What role a field plays in the event. The numbers are part of the segment format: append only.
enum class FieldRole : uint8_t {
  kAttribute = 0,
  kResource = 1,           // resource attributes: service.name, host.name, k8s.*
  kTimestamp = 2,          // the event's own time (at most one per shape)
  kObservedTimestamp = 3,  // when a transport saw it (Docker "time", syslog relay)
  kSeverity = 4,           // severity text as written
  kTraceId = 5,
  kSpanId = 6,
  kParentSpanId = 7,
  kTraceFlags = 8,
};

// A field as parse/ finds it: bytes [begin, end) of the line.
struct FieldSpan {
  uint32_t begin = 0;
  uint32_t end = 0;
  FieldRole role = FieldRole::kAttribute;
  ValueType type = ValueType::kString;
  uint8_t unescape = 0;      // levels of JSON string escaping around the bytes (0, 1 or 2)
  uint16_t time_layout = 0;  // kTimestamp type or role: index into the table of scan/time_layout.h, 0 = none
  std::string name;          // attribute name (OpenTelemetry), empty for roles that have one meaning
};

// Bytes [begin, end) of a line.
struct ByteRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// What parse/ says about one line. Offsets are bytes of the line without its terminator.
struct LineAnalysis {
  std::vector<FieldSpan> fields;  // may nest the body, may not overlap each other partly
  uint32_t body_begin = 0;        // the message: without envelope and header
  uint32_t body_end = 0;
  uint8_t body_unescape = 0;
  std::string envelope;     // "docker-json", "cri", "syslog-3164", ... or empty
  std::string header;       // name of the header form, or empty
  std::string body_format;  // "json", "logfmt", "text", or a pattern's name
  // Names and the like that the skeleton may hide, as they have digits: only lines with the same bytes there are
  // analysed alike.
  std::vector<ByteRange> decisive;
  // Values that would have been taken for times, had they been any: only lines with none there are analysed alike.
  std::vector<ByteRange> no_times;
  bool cacheable = true;  // false: another line with the same skeleton might be analysed differently all the same
};

// Coarse class of a token that is masked in the skeleton; part of the segment format: append only.
enum class TokenClass : uint8_t {
  kWord = 0,         // not masked
  kInteger = 1,      // digits, optional sign in front
  kDecimal = 2,      // digits and one dot, optional sign
  kHex = 3,          // hex digits only, at least one digit and one letter, or 0x…
  kDigitsPunct = 4,  // digits and punctuation: dates, times, IPv4, host:port, versions
  kAlnum = 5,        // letters and digits, no punctuation
  kPath = 6,         // begins with '/' or contains "://"
  kMixed = 7,        // anything else that is masked
  kDuration = 8,     // a number and its unit in one token: 35ms, 1.5s, 2m30s
  kSize = 9,         // ... of bytes: 10KB, 1.5MiB
};

struct Piece {
  enum class Kind : uint8_t {
    kDelimiter = 0,  // a maximal run of delimiter bytes (white space and ,;=()[]{}"'|<> ...), or bytes between splits
    kWord = 1,       // an unmasked token
    kSlot = 2,       // text differs per line; `slot` says which
    kFixed = 3,      // a masked token that had one value in everything this shape stands for; `text` is it
  };
  Kind kind = Kind::kDelimiter;
  TokenClass token_class = TokenClass::kWord;
  uint16_t time_layout = 0;  // slots that are timestamps
  uint32_t slot = 0;         // kSlot only
  std::string text;          // everything but kSlot: the raw bytes as they stand in the line (still escaped)
};

// Pieces [begin, end).
struct PieceRange {
  uint16_t begin = 0;
  uint16_t end = 0;
  bool empty() const { return begin == end; }
  bool operator==(const PieceRange&) const = default;
};

struct Field {
  FieldRole role = FieldRole::kAttribute;
  ValueType type = ValueType::kString;
  uint8_t unescape = 0;
  uint16_t time_layout = 0;
  PieceRange range;
  std::string name;
  // Not empty: the value itself, which stands nowhere in the line (enrichment put it there); `range` is empty then.
  std::string constant;
};

struct Shape {
  Hash128 id;  // content hash
  std::vector<Piece> pieces;
  uint32_t slot_count = 0;  // slots are numbered 0.. in the order of the pieces
  std::vector<Field> fields;
  PieceRange body;
  uint8_t body_unescape = 0;
  bool continuation = false;  // a later line of a multi-line record: no envelope header, body is the whole line
  uint64_t signature = 0;     // hash of the body's words with masked tokens as one mark; the sampling key's `signature`
  int32_t timestamp_slot = -1;  // the slot of the kTimestamp field, or -1
  std::string envelope, header, body_format;
};

// Computes id (a hash of all that the shape says) and timestamp_slot from the rest.
void FinishShape(Shape* shape);

// The text of one line (or one range of its pieces) from its slot texts: appended to `out`.
void RenderPieces(const Shape& shape, PieceRange range, const std::string_view* slots, std::string* out);

// Undoes `levels` of JSON string escaping. Malformed escapes are kept as they are.
std::string Unescape(std::string_view text, int levels);

inline constexpr size_t kMaxPieces = 8192;  // more pieces than this and the line goes to the raw lane
}  // namespace whittle
