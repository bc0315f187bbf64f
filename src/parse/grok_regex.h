// The regular expressions of patterns: parses the syntax grok files use (Oniguruma's) into a tree over bytes, refuses
// what a linear-time engine cannot do, and writes the tree out for RE2 (with captures) and Hyperscan (without). Both
// engines get text written from one tree, so that they cannot disagree about syntax. Plain values; no shared state.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

namespace whittle {

using ByteSet = std::bitset<256>;

struct RegexNode {
  enum class Kind : uint8_t {
    kBytes,
    kSequence,
    kAlternate,
    kRepeat,
    kCapture,
    kBegin,
    kEnd,
    kWordBoundary,
    kNotWordBoundary
  };
  Kind kind = Kind::kSequence;  // an empty sequence matches the empty text
  bool greedy = true;           // kRepeat
  int min = 0, max = 0;         // kRepeat; max -1 = no bound
  int capture = -1;             // kCapture: index into the list of fields
  ByteSet bytes;                // kBytes: one byte of this set
  std::vector<RegexNode> children;
};

// Why an expression was refused and where: `column` is 0-based in the text that was parsed.
struct RegexError {
  size_t column = 0;
  std::string reason;
};

// What the parser does not know itself: `%{NAME:field:type}` references and named groups. Each returns false and
// fills the error (its column is relative to the reference) when the thing is not known.
struct RegexHooks {
  // `reference` is the text between "%{" and "}".
  std::function<bool(std::string_view reference, RegexNode* node, RegexError* error)> reference;
  // A group `(?<name>...)`: returns the capture's index, or -1 with an error.
  std::function<int(std::string_view name, RegexError* error)> named_group;
};

// Limits: text longer than this, deeper nesting or larger repetition counts are refused.
inline constexpr size_t kMaxGrokRegexBytes = 16 * 1024;
inline constexpr int kMaxRegexDepth = 64;        // recursion of the parser
inline constexpr int kMaxRegexRepeat = 1000;     // RE2's own limit
inline constexpr size_t kMaxRegexNodes = 20000;  // of one expression with its definitions expanded

bool ParseRegex(std::string_view text, const RegexHooks& hooks, RegexNode* node, RegexError* error);

size_t CountNodes(const RegexNode& node);

// The tree as text for RE2 in Latin-1 mode with dot_nl, one group per capture in the order of `order` (filled with the
// capture index of group 1, 2, ...). Groups are named g1, g2, ..., so that ParseRegex reads the text too.
std::string WriteRe2(const RegexNode& node, std::vector<int>* order);
// ... and for Hyperscan with HS_FLAG_DOTALL; no groups that capture.
std::string WriteHyperscan(const RegexNode& node);

// Bytes of constant text every match contains: how specific an expression is.
size_t ConstantBytes(const RegexNode& node);
// The same for bytes drawn from a narrow set (digits, hex, ...): counts sets that are not "anything" or "anything but".
size_t ConstrainedBytes(const RegexNode& node);

// Empty when where each repetition ends is decided by the text; otherwise what is ambiguous: nested repetition that
// can divide one text in several ways, two neighbouring repetitions that compete for the same bytes, or a field that
// can be set twice in one match.
std::string FindAmbiguity(const RegexNode& node, const std::vector<std::string>& field_names);

}  // namespace whittle
