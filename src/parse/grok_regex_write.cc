// Writing expression trees out, and what can be told about them without running them.
#include <algorithm>

#include "parse/grok_regex.h"

namespace whittle {
namespace {

using Kind = RegexNode::Kind;

void WriteByte(unsigned byte, bool in_class, std::string* out) {
  const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     byte == '_' ||
                     (!in_class && (byte == ' ' || byte == '"' || byte == ':' || byte == '/' || byte == ',' ||
                                    byte == '=' || byte == '<' || byte == '>'));
  if (plain) {
    out->push_back(static_cast<char>(byte));
    return;
  }
  static const char kHex[] = "0123456789abcdef";
  *out += "\\x";
  out->push_back(kHex[byte >> 4]);
  out->push_back(kHex[byte & 15]);
}

void WriteBytes(const ByteSet& set, std::string* out) {
  if (set.all()) {
    out->push_back('.');
    return;
  }
  if (set.count() == 1) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (set[byte]) WriteByte(byte, false, out);
    }
    return;
  }
  out->push_back('[');
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set[byte]) continue;
    unsigned last = byte;
    while (last < 255 && set[last + 1]) ++last;
    WriteByte(byte, true, out);
    if (last > byte + 1) out->push_back('-');
    if (last > byte) WriteByte(last, true, out);
    byte = last;
  }
  out->push_back(']');
}

// What the selector need not know. An optional piece and a long bounded repetition become `.*`: the selector then names
// a few candidates more and its compiled form is a fraction of the size.
bool IsLoose(const RegexNode& node) {
  constexpr size_t kSmall = 3;
  if (node.kind != Kind::kRepeat) return false;
  if (node.children[0].kind == Kind::kBytes)
    return node.max == -1 && node.min == 0 && node.children[0].bytes.count() > 128;
  return node.min == 0 && CountNodes(node) > kSmall;
}

struct Writer {
  std::vector<int>* order;  // null: for the selector, no captures
  std::string out;

  void Write(const RegexNode& node) {
    switch (node.kind) {
      case Kind::kBytes:
        WriteBytes(node.bytes, &out);
        break;
      case Kind::kBegin:
        out += "\\A";
        break;
      case Kind::kEnd:
        out += "\\z";
        break;
      case Kind::kWordBoundary:
        out += "\\b";
        break;
      case Kind::kNotWordBoundary:
        out += "\\B";
        break;
      case Kind::kSequence:
        WriteAll(node);
        break;
      case Kind::kAlternate:
        WriteAlternatives(node);
        break;
      case Kind::kRepeat:
        WriteRepeat(node);
        break;
      case Kind::kCapture:
        if (order == nullptr) {
          WriteAll(node);
          break;
        }
        order->push_back(node.capture);
        out += "(?P<g" + std::to_string(order->size()) + ">";
        WriteAll(node);
        out.push_back(')');
        break;
    }
  }

  void WriteAll(const RegexNode& node) {
    for (const RegexNode& child : node.children) Write(child);
  }

  void WriteAny() {
    const bool again = out.size() >= 2 && out.compare(out.size() - 2, 2, ".*") == 0 &&
                       (out.size() == 2 || out[out.size() - 3] != '\\');
    if (!again) out += ".*";
  }

  void WriteAlternatives(const RegexNode& node) {
    out += "(?:";
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out.push_back('|');
      Write(node.children[i]);
    }
    out.push_back(')');
  }

  void WriteRepeat(const RegexNode& node) {
    if (order == nullptr && IsLoose(node)) {
      WriteAny();
      return;
    }
    const bool single = node.children[0].kind == Kind::kBytes;
    if (!single) out += "(?:";
    Write(node.children[0]);
    if (!single) out.push_back(')');
    if (node.min == 0 && node.max == -1)
      out.push_back('*');
    else if (node.min == 1 && node.max == -1)
      out.push_back('+');
    else if (node.min == 0 && node.max == 1)
      out.push_back('?');
    else if (order == nullptr && node.max > 8)
      out.push_back(node.min == 0 ? '*' : '+');
    else if (node.max == -1)
      out += "{" + std::to_string(node.min) + ",}";
    else if (node.min == node.max)
      out += "{" + std::to_string(node.min) + "}";
    else
      out += "{" + std::to_string(node.min) + "," + std::to_string(node.max) + "}";
    if (!node.greedy) out.push_back('?');
  }
};

// Counts bytes that every match must contain and that `counts` accepts.
template <typename Predicate>
size_t MandatoryBytes(const RegexNode& node, const Predicate& counts) {
  switch (node.kind) {
    case Kind::kBytes:
      return counts(node.bytes) ? 1 : 0;
    case Kind::kAlternate: {
      size_t least = SIZE_MAX;
      for (const RegexNode& child : node.children) least = std::min(least, MandatoryBytes(child, counts));
      return least;
    }
    case Kind::kRepeat: {
      return std::min<size_t>(static_cast<size_t>(node.min) * MandatoryBytes(node.children[0], counts), 100000);
    }
    default: {
      size_t sum = 0;
      for (const RegexNode& child : node.children) sum += MandatoryBytes(child, counts);
      return std::min<size_t>(sum, 100000);
    }
  }
}

// An unbounded repetition of single bytes that a piece of the expression can begin or end with.
struct OpenRepeat {
  ByteSet bytes;
  bool greedy = true;
};

struct Edges {
  bool nullable = true;
  std::vector<OpenRepeat> head, tail;
};

bool Compete(const OpenRepeat& left, const OpenRepeat& right) {
  const ByteSet common = left.bytes & right.bytes;
  if (common.none()) return false;
  if (left.bytes == right.bytes) return true;
  if (common == left.bytes) return !left.greedy;  // narrow and greedy, then wide: `\s*.*` is decided by the text
  if (common == right.bytes) return left.greedy;  // wide and lazy, then narrow: `.*?\s*` is decided by the text
  return true;
}

bool AnyCompete(const std::vector<OpenRepeat>& tail, const std::vector<OpenRepeat>& head) {
  for (const OpenRepeat& left : tail) {
    for (const OpenRepeat& right : head) {
      if (Compete(left, right)) return true;
    }
  }
  return false;
}

void Append(const std::vector<OpenRepeat>& from, std::vector<OpenRepeat>* to) {
  constexpr size_t kEnough = 64;  // an expression with more open edges than this is only checked for the first ones
  for (const OpenRepeat& open : from) {
    if (to->size() < kEnough) to->push_back(open);
  }
}

Edges FindEdges(const RegexNode& node, std::string* problem);

Edges SequenceEdges(const RegexNode& node, std::string* problem) {
  Edges all;
  for (const RegexNode& child : node.children) {
    const Edges next = FindEdges(child, problem);
    if (!problem->empty()) return all;
    if (AnyCompete(all.tail, next.head)) {
      *problem = "two neighbouring repetitions compete for the same bytes; put a constant between them";
      return all;
    }
    if (all.nullable) Append(next.head, &all.head);
    if (!next.nullable) all.tail.clear();
    Append(next.tail, &all.tail);
    all.nullable = all.nullable && next.nullable;
  }
  return all;
}

Edges RepeatEdges(const RegexNode& node, std::string* problem) {
  const RegexNode& child = node.children[0];
  Edges edges = FindEdges(child, problem);
  if (!problem->empty()) return edges;
  if (child.kind == Kind::kBytes) {
    if (node.max == -1) edges.head = edges.tail = {OpenRepeat{child.bytes, node.greedy}};
  } else if (node.max == -1 || node.max > 1) {
    if (node.max == -1 && edges.nullable)
      *problem = "an unbounded repetition of something that can be empty";
    else if (AnyCompete(edges.tail, edges.head))
      *problem = "nested repetition can divide one text in several ways";
  }
  edges.nullable = edges.nullable || node.min == 0;
  return edges;
}

Edges FindEdges(const RegexNode& node, std::string* problem) {
  switch (node.kind) {
    case Kind::kBytes: {
      Edges edges;
      edges.nullable = false;
      return edges;
    }
    case Kind::kAlternate: {
      Edges all;
      all.nullable = false;
      for (const RegexNode& child : node.children) {
        const Edges next = FindEdges(child, problem);
        Append(next.head, &all.head);
        Append(next.tail, &all.tail);
        all.nullable = all.nullable || next.nullable;
      }
      return all;
    }
    case Kind::kRepeat:
      return RepeatEdges(node, problem);
    default:
      return SequenceEdges(node, problem);
  }
}

using NameList = std::vector<std::string_view>;

// The names a match can set; reports one that can be set twice.
NameList SetNames(const RegexNode& node, const std::vector<std::string>& names, std::string* problem) {
  NameList all;
  if (node.kind == Kind::kCapture) all.push_back(names[static_cast<size_t>(node.capture)]);
  for (const RegexNode& child : node.children) {
    for (std::string_view name : SetNames(child, names, problem)) {
      const bool known = std::find(all.begin(), all.end(), name) != all.end();
      if (known && node.kind != Kind::kAlternate && problem->empty()) {
        *problem = "the field '" + std::string(name) + "' can be set twice in one match";
      }
      if (!known) all.push_back(name);
    }
  }
  if (node.kind == Kind::kRepeat && node.max != 0 && node.max != 1 && !all.empty() && problem->empty()) {
    *problem = "the field '" + std::string(all[0]) + "' stands inside a repetition, so it could be set twice";
  }
  return all;
}

}  // namespace

std::string WriteRe2(const RegexNode& node, std::vector<int>* order) {
  order->clear();
  Writer writer{order, {}};
  writer.Write(node);
  return writer.out;
}

std::string WriteHyperscan(const RegexNode& node) {
  Writer writer{nullptr, {}};
  writer.Write(node);
  return writer.out;
}

size_t ConstantBytes(const RegexNode& node) {
  return MandatoryBytes(node, [](const ByteSet& set) { return set.count() <= 2; });
}

size_t ConstrainedBytes(const RegexNode& node) {
  return MandatoryBytes(node, [](const ByteSet& set) { return set.count() <= 80; });
}

std::string FindAmbiguity(const RegexNode& node, const std::vector<std::string>& field_names) {
  std::string problem;
  SetNames(node, field_names, &problem);
  if (problem.empty()) FindEdges(node, &problem);
  return problem;
}

}  // namespace whittle
