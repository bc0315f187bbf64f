// CaptureMatcher: finds the captures of an expression in a text, anchored at both ends. Same captures as RE2 (leftmost,
// alternatives and repetitions in the order of Perl), which is what a test holds it against.
//
// Expressions of log formats are mostly decided by the next byte: a run of \S ends at a blank, whatever comes behind
// the blank. The expression becomes a program whose repetitions and alternatives know which bytes may follow, so
// hardly anything is ever tried twice. What does need many attempts is given up, and the caller takes the linear-time
// engine: this one never costs more than some dozens of steps a byte.
//
// Immutable once built; any thread may match.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parse/grok_regex.h"

namespace whittle {

class CaptureMatcher {
 public:
  static constexpr uint32_t kNotSet = UINT32_MAX;
  struct Capture {
    uint32_t begin = kNotSet;
    uint32_t end = kNotSet;
    bool is_set() const { return end != kNotSet; }
  };
  enum class Outcome { kMatch, kNoMatch, kGaveUp };

  // Null for expressions that are too large as a program, or repeat what may be empty.
  static std::unique_ptr<const CaptureMatcher> Build(const RegexNode& tree);

  // `captures` has an entry for each capture index of the tree and is filled on a match.
  Outcome Match(std::string_view text, std::span<Capture> captures) const;

 private:
  friend class CaptureCompiler;
  class Attempt;

  enum class Op : uint8_t {
    kText,
    kSet,
    kRun,
    kSplit,
    kJump,
    kSave,
    kBegin,
    kEnd,
    kWordBoundary,
    kNotWordBoundary,
    kAccept
  };
  // What may come next: a byte of a set or, when `accepts`, nothing.
  struct Ahead {
    ByteSet bytes;
    bool accepts = false;
  };
  // Goes on with the next instruction unless said otherwise.
  struct Instruction {
    Op op = Op::kAccept;
    bool greedy = true;     // kRun; kSplit: the next instruction is tried before `target`
    bool decided = false;   // kRun: what follows begins with none of its bytes
    uint32_t min = 0;       // kRun; kText: where in texts_; kSave: 2 * capture, + 1 for its end
    uint32_t max = 0;       // kRun; kText: how many bytes
    uint32_t target = 0;    // kSplit, kJump
    ByteSet bytes;          // kSet, kRun
    Ahead ahead;            // kRun, kSplit: of the next instruction
    Ahead ahead_of_target;  // kSplit
  };

  std::vector<Instruction> program_;
  std::string texts_;
};

}  // namespace whittle
