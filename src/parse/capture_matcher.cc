#include "parse/capture_matcher.h"

#include <algorithm>
#include <optional>

#include "base/same_bytes.h"

namespace whittle {
namespace {

using Kind = RegexNode::Kind;

constexpr size_t kMaxInstructions = 2000;
// Steps of one match: bytes that runs go over, and places that are tried. Some for each byte, and a few more.
constexpr size_t kFreeSteps = 4096;
constexpr size_t kStepsPerByte = 32;

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool MayBeEmpty(const RegexNode& node) {
  switch (node.kind) {
    case Kind::kBytes:
      return false;
    case Kind::kAlternate:
      return std::any_of(node.children.begin(), node.children.end(), MayBeEmpty);
    case Kind::kRepeat:
      return node.min == 0 || MayBeEmpty(node.children[0]);
    default:
      return std::all_of(node.children.begin(), node.children.end(), MayBeEmpty);
  }
}

ByteSet FirstBytes(const RegexNode& node) {
  ByteSet bytes = node.bytes;
  for (const RegexNode& child : node.children) {
    bytes |= FirstBytes(child);
    if (node.kind != Kind::kAlternate && !MayBeEmpty(child)) break;
  }
  return bytes;
}

bool HasCapture(const RegexNode& node) {
  return node.kind == Kind::kCapture || std::any_of(node.children.begin(), node.children.end(), HasCapture);
}

// A sequence of one thing is that thing.
const RegexNode& Unwrapped(const RegexNode& node) {
  const RegexNode* inner = &node;
  while (inner->kind == Kind::kSequence && inner->children.size() == 1) inner = &inner->children[0];
  return *inner;
}

// Of the alternatives of a loop, the one that is a byte and that no other begins with ([^"\\] of (?:[^"\\]|\\.)*); past
// the end when there is none.
size_t PlainAlternative(const RegexNode& node) {
  const size_t none = node.children.size();
  if (node.kind != Kind::kAlternate || HasCapture(node)) return none;
  for (size_t i = 0; i < none; ++i) {
    const RegexNode& plain = Unwrapped(node.children[i]);
    if (plain.kind != Kind::kBytes) continue;
    ByteSet others;
    for (size_t j = 0; j < none; ++j) {
      if (j != i) others |= FirstBytes(node.children[j]);
    }
    if ((others & plain.bytes).none()) return i;
  }
  return none;
}

// The byte that a node is, if it is one.
std::optional<char> OnlyByte(const RegexNode& node) {
  if (node.kind != Kind::kBytes || node.bytes.count() != 1) return std::nullopt;
  size_t byte = 0;
  while (!node.bytes[byte]) ++byte;
  return static_cast<char>(byte);
}

}  // namespace

class CaptureCompiler {
 public:
  // False when there is no program for it.
  bool Compile(const RegexNode& tree, CaptureMatcher* out) {
    out_ = out;
    if (!Write(tree)) return false;
    Add(Op::kAccept);
    for (size_t pc = 0; pc < out->program_.size(); ++pc) {
      Instruction& at = out->program_[pc];
      if (at.op != Op::kRun && at.op != Op::kSplit) continue;
      at.ahead = LookAhead(pc + 1);
      at.decided = at.op == Op::kRun && (at.bytes & at.ahead.bytes).none();
      if (at.op == Op::kSplit) at.ahead_of_target = LookAhead(at.target);
    }
    return true;
  }

 private:
  using Op = CaptureMatcher::Op;
  using Ahead = CaptureMatcher::Ahead;
  using Instruction = CaptureMatcher::Instruction;

  size_t Add(Op op) {
    out_->program_.emplace_back();
    out_->program_.back().op = op;
    return out_->program_.size() - 1;
  }
  Instruction& At(size_t pc) { return out_->program_[pc]; }
  uint32_t Here() const { return static_cast<uint32_t>(out_->program_.size()); }

  bool Write(const RegexNode& node) {
    if (out_->program_.size() > kMaxInstructions) return false;
    switch (node.kind) {
      case Kind::kBytes:
        At(Add(Op::kSet)).bytes = node.bytes;
        return true;
      case Kind::kSequence:
        return WriteAll(node);
      case Kind::kAlternate:
        return WriteAlternatives(node);
      case Kind::kRepeat:
        return WriteRepeat(node);
      case Kind::kCapture: {
        const auto slot = static_cast<uint32_t>(2 * node.capture);
        At(Add(Op::kSave)).min = slot;
        if (!WriteAll(node)) return false;
        At(Add(Op::kSave)).min = slot + 1;
        return true;
      }
      case Kind::kBegin:
        Add(Op::kBegin);
        return true;
      case Kind::kEnd:
        Add(Op::kEnd);
        return true;
      case Kind::kWordBoundary:
        Add(Op::kWordBoundary);
        return true;
      case Kind::kNotWordBoundary:
        Add(Op::kNotWordBoundary);
        return true;
    }
    return false;
  }

  // Constant bytes in a row are one instruction.
  bool WriteAll(const RegexNode& node) {
    for (size_t i = 0; i < node.children.size();) {
      const size_t begin = i;
      const size_t text_at = out_->texts_.size();
      while (i < node.children.size()) {
        const auto byte = OnlyByte(node.children[i]);
        if (!byte) break;
        out_->texts_.push_back(*byte);
        ++i;
      }
      if (i > begin) {
        Instruction& text = At(Add(Op::kText));
        text.min = static_cast<uint32_t>(text_at);
        text.max = static_cast<uint32_t>(i - begin);
      } else if (!Write(node.children[i++])) {
        return false;
      }
    }
    return true;
  }

  bool WriteAlternatives(const RegexNode& node) {
    std::vector<size_t> ends;
    for (size_t i = 0; i + 1 < node.children.size(); ++i) {
      const size_t split = Add(Op::kSplit);
      if (!Write(node.children[i])) return false;
      ends.push_back(Add(Op::kJump));
      At(split).target = Here();
    }
    if (!Write(node.children.back())) return false;
    for (const size_t end : ends) At(end).target = Here();
    return true;
  }

  void AddRun(const ByteSet& bytes, int min, int max, bool greedy) {
    Instruction& run = At(Add(Op::kRun));
    run.bytes = bytes;
    run.min = static_cast<uint32_t>(min);
    run.max = max < 0 ? UINT32_MAX : static_cast<uint32_t>(max);
    run.greedy = greedy;
  }

  bool WriteRepeat(const RegexNode& node) {
    const RegexNode& child = Unwrapped(node.children[0]);
    if (child.kind == Kind::kBytes) {
      AddRun(child.bytes, node.min, node.max, node.greedy);
      return true;
    }
    if (node.max != 1 && MayBeEmpty(child)) return false;  // what such a loop captures is a matter of the engine
    for (int i = 0; i < node.min; ++i) {
      if (!Write(child)) return false;
    }
    if (node.max < 0) return WriteLoop(child, node.greedy);
    std::vector<size_t> splits;
    for (int i = node.min; i < node.max; ++i) {
      splits.push_back(Add(Op::kSplit));
      At(splits.back()).greedy = node.greedy;
      if (!Write(child)) return false;
    }
    for (const size_t split : splits) At(split).target = Here();
    return true;
  }

  // (?:x)*. With an alternative that is a byte, (?:[s]|x)* is written as [s]*(?:x[s]*)*: one run in place of a choice
  // for every byte.
  bool WriteLoop(const RegexNode& child, bool greedy) {
    const size_t plain = greedy ? PlainAlternative(child) : child.children.size();
    const bool has_plain = child.kind == Kind::kAlternate && plain < child.children.size();
    const size_t begin = Here();
    RegexNode others;
    if (has_plain) {
      AddRun(Unwrapped(child.children[plain]).bytes, 0, -1, true);
      others = child;
      others.children.erase(others.children.begin() + static_cast<std::ptrdiff_t>(plain));
    }
    const size_t split = Add(Op::kSplit);
    At(split).greedy = greedy;
    if (!Write(has_plain ? others : child)) return false;
    At(Add(Op::kJump)).target = static_cast<uint32_t>(begin);
    At(split).target = Here();
    return true;
  }

  Ahead LookAhead(size_t pc) {
    Ahead ahead;
    seen_.assign(out_->program_.size(), false);
    Collect(pc, &ahead);
    return ahead;
  }

  void Collect(size_t pc, Ahead* ahead) {
    for (; !seen_[pc]; ++pc) {
      seen_[pc] = true;
      const Instruction& at = out_->program_[pc];
      switch (at.op) {
        case Op::kText:
          ahead->bytes.set(static_cast<unsigned char>(out_->texts_[at.min]));
          return;
        case Op::kSet:
          ahead->bytes |= at.bytes;
          return;
        case Op::kRun:
          ahead->bytes |= at.bytes;
          if (at.min > 0) return;
          break;
        case Op::kSplit:
          Collect(at.target, ahead);
          break;
        case Op::kJump:
          Collect(at.target, ahead);
          return;
        case Op::kAccept:
          ahead->accepts = true;
          return;
        default:
          break;
      }
    }
  }

  CaptureMatcher* out_ = nullptr;
  std::vector<bool> seen_;  // by LookAhead
};

std::unique_ptr<const CaptureMatcher> CaptureMatcher::Build(const RegexNode& tree) {
  auto matcher = std::make_unique<CaptureMatcher>();
  if (!CaptureCompiler().Compile(tree, matcher.get())) return nullptr;
  return matcher;
}

// One match: where it stands, and what is left to try.
class CaptureMatcher::Attempt {
 public:
  Attempt(const CaptureMatcher& matcher, std::string_view text, std::span<Capture> captures)
      : matcher_(matcher), text_(text), captures_(captures), most_steps_(kFreeSteps + kStepsPerByte * text.size()) {}

  Outcome Run() {
    std::fill(captures_.begin(), captures_.end(), Capture());
    for (;;) {
      if (Follow()) return Outcome::kMatch;
      if (steps_ > most_steps_) return Outcome::kGaveUp;
      if (!TakeNext()) return steps_ > most_steps_ ? Outcome::kGaveUp : Outcome::kNoMatch;
    }
  }

 private:
  // What is tried when everything after it fails: the program from `pc` on, at one of the places [low, high], the
  // greatest first or the least.
  struct Choice {
    uint32_t pc = 0;
    uint32_t low = 0;
    uint32_t high = 0;
    bool greatest_first = true;
    const Ahead* ahead = nullptr;
    size_t changes = 0;  // of captures before it
  };
  struct Change {
    uint32_t slot = 0;
    uint32_t before = 0;
  };

  bool May(const Ahead& ahead, uint32_t at) const {
    return at == text_.size() ? ahead.accepts : ahead.bytes[static_cast<unsigned char>(text_[at])];
  }

  uint32_t& Slot(uint32_t slot) { return slot % 2 == 0 ? captures_[slot / 2].begin : captures_[slot / 2].end; }

  bool AtWordBoundary() const {
    const bool before = at_ > 0 && IsWordByte(text_[at_ - 1]);
    const bool behind = at_ < text_.size() && IsWordByte(text_[at_]);
    return before != behind;
  }

  // Runs from here on; false when it fails.
  bool Follow() {
    for (;; ++pc_) {
      const Instruction& now = matcher_.program_[pc_];
      switch (now.op) {
        case Op::kText:
          if (text_.size() - at_ < now.max || !SameBytes(text_.data() + at_, matcher_.texts_.data() + now.min, now.max))
            return false;
          at_ += now.max;
          break;
        case Op::kSet:
          if (at_ == text_.size() || !now.bytes[static_cast<unsigned char>(text_[at_])]) return false;
          ++at_;
          break;
        case Op::kRun:
          if (!Repeat(now)) return false;
          break;
        case Op::kSplit:
          if (!Split(now)) return false;
          break;
        case Op::kJump:
          pc_ = now.target - 1;
          break;
        case Op::kSave:
          if (!choices_.empty()) changes_.push_back({now.min, Slot(now.min)});
          Slot(now.min) = at_;
          break;
        case Op::kBegin:
          if (at_ != 0) return false;
          break;
        case Op::kEnd:
          if (at_ != text_.size()) return false;
          break;
        case Op::kWordBoundary:
          if (!AtWordBoundary()) return false;
          break;
        case Op::kNotWordBoundary:
          if (AtWordBoundary()) return false;
          break;
        case Op::kAccept:
          return at_ == text_.size();
      }
    }
  }

  bool Repeat(const Instruction& run) {
    const auto size = static_cast<uint32_t>(text_.size());
    const uint32_t limit = size - at_ < run.max ? size : at_ + run.max;
    uint32_t end = at_;
    while (end < limit && run.bytes[static_cast<unsigned char>(text_[end])]) ++end;
    steps_ += end - at_ + 1;
    if (end - at_ < run.min) return false;
    if (run.decided) {
      at_ = end;
      return true;
    }
    choices_.push_back({pc_ + 1, at_ + run.min, end, run.greedy, &run.ahead, changes_.size()});
    return Choose();
  }

  bool Split(const Instruction& split) {
    const bool next = May(split.ahead, at_);
    const bool target = May(split.ahead_of_target, at_);
    if (!next && !target) return false;
    const bool first_is_next = split.greedy ? next : !target;
    if (next && target) {
      const uint32_t other = first_is_next ? split.target : pc_ + 1;
      choices_.push_back({other, at_, at_, true, nullptr, changes_.size()});
    }
    if (!first_is_next) pc_ = split.target - 1;
    return true;
  }

  // Takes the next place of the last choice, with pc_ before its instruction; false, and without that choice, when
  // there is none left.
  bool Choose() {
    Choice& choice = choices_.back();
    uint32_t& next = choice.greatest_first ? choice.high : choice.low;
    for (;;) {
      if (++steps_ > most_steps_) return false;
      const bool last = choice.low == choice.high;
      const uint32_t at = next;
      const bool possible = choice.ahead == nullptr || May(*choice.ahead, at);
      if (possible) {
        at_ = at;
        pc_ = choice.pc - 1;
      }
      if (last) {
        choices_.pop_back();
        return possible;
      }
      choice.greatest_first ? --next : ++next;
      if (possible) return true;
    }
  }

  bool TakeNext() {
    while (!choices_.empty() && steps_ <= most_steps_) {
      for (; changes_.size() > choices_.back().changes; changes_.pop_back())
        Slot(changes_.back().slot) = changes_.back().before;
      if (Choose()) {
        ++pc_;
        return true;
      }
    }
    return false;
  }

  const CaptureMatcher& matcher_;
  std::string_view text_;
  std::span<Capture> captures_;
  uint32_t pc_ = 0;
  uint32_t at_ = 0;
  size_t steps_ = 0;
  const size_t most_steps_;
  std::vector<Choice> choices_;
  std::vector<Change> changes_;
};

CaptureMatcher::Outcome CaptureMatcher::Match(std::string_view text, std::span<Capture> captures) const {
  if (text.size() >= kNotSet) return Outcome::kGaveUp;
  return Attempt(*this, text, captures).Run();
}

}  // namespace whittle
