#include "parse/grok_regex.h"

#include <array>
#include <optional>
#include <utility>

namespace whittle {
namespace {

using Kind = RegexNode::Kind;

ByteSet Range(unsigned char from, unsigned char to) {
  ByteSet set;
  for (int byte = from; byte <= to; ++byte) set.set(static_cast<size_t>(byte));
  return set;
}

ByteSet Digits() { return Range('0', '9'); }
ByteSet Letters() { return Range('a', 'z') | Range('A', 'Z'); }
ByteSet WordBytes() { return Digits() | Letters() | Range('_', '_'); }
ByteSet SpaceBytes() { return Range('\t', '\r') | Range(' ', ' '); }
ByteSet HexBytes() { return Digits() | Range('a', 'f') | Range('A', 'F'); }

std::optional<ByteSet> PosixClass(std::string_view name) {
  const ByteSet graph = Range(0x21, 0x7e);
  if (name == "alpha") return Letters();
  if (name == "digit") return Digits();
  if (name == "alnum") return Letters() | Digits();
  if (name == "upper") return Range('A', 'Z');
  if (name == "lower") return Range('a', 'z');
  if (name == "space") return SpaceBytes();
  if (name == "blank") return Range(' ', ' ') | Range('\t', '\t');
  if (name == "punct") return graph & ~(Letters() | Digits());
  if (name == "xdigit") return HexBytes();
  if (name == "word") return WordBytes();
  if (name == "cntrl") return Range(0, 31) | Range(127, 127);
  if (name == "print") return Range(0x20, 0x7e);
  if (name == "graph") return graph;
  return std::nullopt;
}

ByteSet FoldCase(ByteSet set) {
  for (size_t i = 0; i < 26; ++i) {
    if (set['a' + i] || set['A' + i]) set.set('a' + i), set.set('A' + i);
  }
  return set;
}

RegexNode BytesNode(const ByteSet& set) {
  RegexNode node;
  node.kind = Kind::kBytes;
  node.bytes = set;
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, const RegexHooks& hooks, RegexError* error)
      : text_(text), hooks_(hooks), error_(error) {}

  bool ParseAll(RegexNode* node) {
    if (text_.size() > kMaxGrokRegexBytes) return Fail(0, "the expression is longer than 16 KiB");
    if (!Alternatives(node)) return false;
    if (at_ < text_.size()) return Fail(at_, "unmatched ')'");
    return true;
  }

 private:
  bool Fail(size_t column, std::string reason) {
    error_->column = column;
    error_->reason = std::move(reason);
    return false;
  }
  bool More() const { return at_ < text_.size(); }
  bool Take(std::string_view prefix) {
    if (text_.substr(at_, prefix.size()) != prefix) return false;
    at_ += prefix.size();
    return true;
  }

  bool Alternatives(RegexNode* node) {
    if (++depth_ > kMaxRegexDepth) return Fail(at_, "groups nest deeper than 64");
    const bool outer_fold = fold_case_;
    std::vector<RegexNode> branches(1);
    for (;;) {
      if (!Sequence(&branches.back())) return false;
      if (!Take("|")) break;
      branches.emplace_back();
    }
    if (branches.size() == 1) {
      *node = std::move(branches[0]);
    } else {
      node->kind = Kind::kAlternate;
      node->children = std::move(branches);
    }
    fold_case_ = outer_fold;
    --depth_;
    return true;
  }

  bool Sequence(RegexNode* node) {
    node->kind = Kind::kSequence;
    while (More() && text_[at_] != '|' && text_[at_] != ')') {
      RegexNode atom;
      bool present = true;
      const size_t begin = at_;
      if (!Atom(&atom, &present)) return false;
      if (!present) continue;
      if (!Quantifiers(begin, &atom)) return false;
      node->children.push_back(std::move(atom));
    }
    return true;
  }

  bool Quantifiers(size_t begin, RegexNode* atom) {
    for (int stacked = 0; More(); ++stacked) {
      int min = 0, max = -1;
      const size_t at = at_;
      if (Take("*")) {
      } else if (Take("+")) {
        min = 1;
      } else if (Take("?")) {
        max = 1;
      } else if (!Counted(&min, &max)) {
        return error_->reason.empty();
      }
      if (stacked > 0) return Fail(at, "a repetition of a repetition can divide one text in several ways");
      if (atom->kind == Kind::kBegin || atom->kind == Kind::kEnd) return Fail(begin, "an anchor cannot repeat");
      RegexNode repeat;
      repeat.kind = Kind::kRepeat;
      repeat.min = min;
      repeat.max = max;
      // A possessive "+" only forbids giving back, which RE2 never needs: the greedy form accepts what it accepts.
      if (Take("?"))
        repeat.greedy = false;
      else
        Take("+");
      repeat.children.push_back(std::move(*atom));
      *atom = std::move(repeat);
    }
    return true;
  }

  // {n} {n,} {,m} {n,m}; anything else in braces is literal text, as in every grok engine.
  bool Counted(int* min, int* max) {
    if (text_[at_] != '{') return false;
    size_t at = at_ + 1;
    auto number = [&](int* value) {
      const size_t from = at;
      int64_t sum = 0;
      while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9' && at - from < 6) {
        sum = sum * 10 + (text_[at++] - '0');
      }
      *value = static_cast<int>(sum);
      return at > from;
    };
    const bool has_min = number(min);
    bool has_max = false;
    *max = *min;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      has_max = number(max);
      if (!has_max) *max = -1;
    }
    if ((!has_min && !has_max) || at >= text_.size() || text_[at] != '}') return false;
    if (*min > kMaxRegexRepeat || *max > kMaxRegexRepeat) return Fail(at_, "a repetition count above 1000");
    if (*max >= 0 && *max < *min) return Fail(at_, "a repetition with its smaller count last");
    at_ = at + 1;
    return true;
  }

  bool Atom(RegexNode* node, bool* present) {
    const size_t begin = at_;
    const char c = text_[at_];
    if (c == '%' && text_.substr(at_, 2) == "%{") return Reference(node);
    ++at_;
    switch (c) {
      case '(':
        return Group(begin, node, present);
      case '[':
        return Class(begin, node);
      case '.':
        *node = BytesNode(~ByteSet());
        return true;
      case '^':
        node->kind = Kind::kBegin;
        return true;
      case '$':
        node->kind = Kind::kEnd;
        return true;
      case '\\':
        return EscapeAtom(begin, node);
      case '*':
      case '+':
      case '?':
        return Fail(begin, "nothing to repeat before this");
      default:
        return Literal(static_cast<unsigned char>(c), node);
    }
  }

  bool Literal(unsigned char byte, RegexNode* node) {
    ByteSet set = Range(byte, byte);
    *node = BytesNode(fold_case_ ? FoldCase(set) : set);
    return true;
  }

  bool Reference(RegexNode* node) {
    const size_t begin = at_;
    const size_t close = text_.find('}', at_);
    if (close == std::string_view::npos) return Fail(begin, "'%{' without its '}'");
    const std::string_view inside = text_.substr(begin + 2, close - begin - 2);
    at_ = close + 1;
    RegexError inner;
    if (!hooks_.reference || !hooks_.reference(inside, node, &inner)) {
      return Fail(begin + inner.column, inner.reason.empty() ? "a reference is not allowed here" : inner.reason);
    }
    return true;
  }

  bool Group(size_t begin, RegexNode* node, bool* present) {
    if (!Take("?")) return Body(begin, node);              // grok captures by name only, so a plain group just groups
    if (Take(":") || Take(">")) return Body(begin, node);  // atomic groups: see possessive quantifiers
    if (Take("#")) {
      const size_t close = text_.find(')', at_);
      if (close == std::string_view::npos) return Fail(begin, "a comment without its ')'");
      at_ = close + 1;
      *present = false;
      return true;
    }
    if (Take("=") || Take("!"))
      return Fail(begin, "lookahead needs a backtracking engine; say what may follow instead");
    if (Take("<=") || Take("<!"))
      return Fail(begin, "lookbehind needs a backtracking engine; say what stands before instead");
    if (Take("P<") || Take("<")) return NamedGroup(begin, node);
    return Flags(begin, node, present);
  }

  bool Body(size_t begin, RegexNode* node) {
    if (!Alternatives(node)) return false;
    if (!Take(")")) return Fail(begin, "'(' without its ')'");
    return true;
  }

  bool NamedGroup(size_t begin, RegexNode* node) {
    const size_t close = text_.find('>', at_);
    if (close == std::string_view::npos) return Fail(begin, "a group's name without its '>'");
    RegexError inner;
    const int index = hooks_.named_group ? hooks_.named_group(text_.substr(at_, close - at_), &inner) : -1;
    if (index < 0) return Fail(at_, inner.reason.empty() ? "a named group is not allowed here" : inner.reason);
    at_ = close + 1;
    node->kind = Kind::kCapture;
    node->capture = index;
    node->children.resize(1);
    return Body(begin, &node->children[0]);
  }

  bool Flags(size_t begin, RegexNode* node, bool* present) {
    bool on = true, fold = fold_case_;
    for (; More(); ++at_) {
      const char c = text_[at_];
      if (c == '-')
        on = false;
      else if (c == 'i')
        fold = on;
      else if (c == 'm' || c == 's')
        continue;  // '.' already takes every byte and a text is one line
      else
        break;
    }
    if (Take(")")) {  // holds to the end of the enclosing group
      fold_case_ = fold;
      *present = false;
      return true;
    }
    if (!Take(":")) return Fail(begin, "a kind of group that is not supported");
    const bool outer = std::exchange(fold_case_, fold);
    const bool ok = Body(begin, node);
    fold_case_ = outer;
    return ok;
  }

  bool EscapeAtom(size_t begin, RegexNode* node) {
    if (!More()) return Fail(begin, "a backslash at the end");
    switch (text_[at_]) {
      case 'A':
        ++at_;
        node->kind = Kind::kBegin;
        return true;
      case 'z':
      case 'Z':
        ++at_;
        node->kind = Kind::kEnd;
        return true;
      case 'b':
        ++at_;
        node->kind = Kind::kWordBoundary;
        return true;
      case 'B':
        ++at_;
        node->kind = Kind::kNotWordBoundary;
        return true;
      default:
        break;
    }
    ByteSet set;
    if (!EscapeSet(begin, &set)) return false;
    *node = BytesNode(fold_case_ ? FoldCase(set) : set);
    return true;
  }

  // After a backslash, inside or outside a class: a set of bytes.
  bool EscapeSet(size_t begin, ByteSet* set) {
    const char c = text_[at_++];
    auto one = [&](int byte) { *set = Range(static_cast<unsigned char>(byte), static_cast<unsigned char>(byte)); };
    switch (c) {
      case 'd':
        *set = Digits();
        return true;
      case 'D':
        *set = ~Digits();
        return true;
      case 'w':
        *set = WordBytes();
        return true;
      case 'W':
        *set = ~WordBytes();
        return true;
      case 's':
        *set = SpaceBytes();
        return true;
      case 'S':
        *set = ~SpaceBytes();
        return true;
      case 't':
        one('\t');
        return true;
      case 'n':
        one('\n');
        return true;
      case 'r':
        one('\r');
        return true;
      case 'f':
        one('\f');
        return true;
      case 'v':
        one('\v');
        return true;
      case 'a':
        one(7);
        return true;
      case 'e':
        one(27);
        return true;
      case 'x':
        return HexEscape(begin, set);
      default:
        break;
    }
    if (c >= '1' && c <= '9') return Fail(begin, "a back-reference needs a backtracking engine");
    if (c == '0') return one(0), true;
    if (c == 'k' || c == 'g') return Fail(begin, "a reference to a group needs a backtracking engine");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      return Fail(begin, std::string("the escape \\") + c + " is not supported; write the bytes it stands for");
    }
    one(static_cast<unsigned char>(c));
    return true;
  }

  bool HexEscape(size_t begin, ByteSet* set) {
    const bool braces = Take("{");
    int value = 0, digits = 0;
    for (; More() && digits < 2; ++at_, ++digits) {
      const char c = text_[at_];
      if (!HexBytes()[static_cast<unsigned char>(c)]) break;
      value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (digits == 0 || (braces && !Take("}"))) return Fail(begin, "\\x needs one byte in hex, such as \\x1b");
    *set = Range(static_cast<unsigned char>(value), static_cast<unsigned char>(value));
    return true;
  }

  bool Class(size_t begin, RegexNode* node) {
    const bool negated = Take("^");
    ByteSet all;
    for (bool first = true;; first = false) {
      if (!More()) return Fail(begin, "'[' without its ']'");
      if (!first && Take("]")) break;
      if (text_.substr(at_, 2) == "&&") return Fail(at_, "intersections of classes are not supported");
      ByteSet item;
      if (!ClassItem(&item)) return false;
      if (text_.substr(at_, 1) == "-" && at_ + 1 < text_.size() && text_[at_ + 1] != ']' && item.count() == 1) {
        const size_t at = at_++;
        ByteSet last;
        if (!ClassItem(&last)) return false;
        if (last.count() != 1) return Fail(at, "a range needs one byte on each side");
        const int from = FirstByte(item), to = FirstByte(last);
        if (to < from) return Fail(at, "a range with its smaller byte last");
        item = Range(static_cast<unsigned char>(from), static_cast<unsigned char>(to));
      }
      all |= item;
    }
    if (fold_case_) all = FoldCase(all);
    if (negated) all = ~all;
    if (all.none()) return Fail(begin, "a class that matches nothing");
    *node = BytesNode(all);
    return true;
  }

  static int FirstByte(const ByteSet& set) {
    int byte = 0;
    while (!set[static_cast<size_t>(byte)]) ++byte;
    return byte;
  }

  // A class inside a class, as Oniguruma has them: [[[:alnum:]]_-] is [[:alnum:]_-]. A '[' that nothing closes soon is
  // itself.
  bool NestedClass(ByteSet* item) {
    constexpr size_t kMost = 256;
    if (text_[at_] != '[' || in_nested_class_) return false;
    const size_t begin = at_;
    if (text_.substr(begin, kMost).find("]") == std::string_view::npos) return false;
    in_nested_class_ = true;
    ++at_;
    RegexNode node;
    const bool ok = Class(begin, &node) && at_ - begin <= kMost && text_.find(']', at_) != std::string_view::npos;
    in_nested_class_ = false;
    if (ok)
      *item = node.bytes;
    else
      at_ = begin, *error_ = RegexError();
    return ok;
  }

  bool ClassItem(ByteSet* item) {
    const size_t begin = at_;
    if (Take("[:")) {
      const size_t close = text_.find(":]", at_);
      if (close != std::string_view::npos) {
        std::string_view name = text_.substr(at_, close - at_);
        const bool negated = !name.empty() && name[0] == '^';
        if (negated) name.remove_prefix(1);
        const auto set = PosixClass(name);
        if (!set) return Fail(begin, "no class of this name");
        *item = negated ? ~*set : *set;
        at_ = close + 2;
        return true;
      }
      at_ = begin;
    }
    if (NestedClass(item)) return true;
    const char c = text_[at_++];
    if (c == '\\') {
      if (!More()) return Fail(begin, "a backslash at the end");
      if (text_[at_] == 'b') return ++at_, *item = Range(8, 8), true;
      return EscapeSet(begin, item);
    }
    *item = Range(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
    return true;
  }

  std::string_view text_;
  const RegexHooks& hooks_;
  RegexError* error_;
  size_t at_ = 0;
  int depth_ = 0;
  bool fold_case_ = false;
  bool in_nested_class_ = false;
};

}  // namespace

bool ParseRegex(std::string_view text, const RegexHooks& hooks, RegexNode* node, RegexError* error) {
  *error = RegexError();
  *node = RegexNode();
  return Parser(text, hooks, error).ParseAll(node);
}

size_t CountNodes(const RegexNode& node) {
  size_t count = 1;
  for (const RegexNode& child : node.children) count += CountNodes(child);
  return count;
}

}  // namespace whittle
