#include "expr/required_words.h"

#include "expr/field_ref.h"
#include "expr/text_match.h"

namespace whittle {
namespace {

using Lists = std::vector<std::vector<std::string>>;

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Whole words of one piece of a phrase. Where a star stands beside it, the word at that edge may go on.
void AddWords(const std::string& piece, bool open_begin, bool open_end, std::vector<std::string>* words) {
  for (size_t begin = 0; begin < piece.size();) {
    if (!IsWordByte(piece[begin])) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < piece.size() && IsWordByte(piece[end])) ++end;
    const bool whole = (begin > 0 || !open_begin) && (end < piece.size() || !open_end);
    if (whole) words->push_back(piece.substr(begin, end - begin));
    begin = end;
  }
}

Lists OfPhrase(const LiteralText& literal) {
  const std::vector<std::string> pieces =
      literal.quoted ? std::vector<std::string>{literal.text} : SplitWildcard(literal.text);
  std::vector<std::string> words;
  for (size_t i = 0; i < pieces.size(); ++i) AddWords(pieces[i], i > 0, i + 1 < pieces.size(), &words);
  return words.empty() ? Lists() : Lists{std::move(words)};
}

Lists Both(const Lists& a, const Lists& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  if (a.size() * b.size() > kMaxWordLists) return a;
  Lists both;
  for (const auto& x : a) {
    for (const auto& y : b) {
      both.push_back(x);
      both.back().insert(both.back().end(), y.begin(), y.end());
    }
  }
  return both;
}

}  // namespace

Lists RequiredWords(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kText:
      return OfPhrase(expr.literals[0]);
    case Expr::Kind::kCompare: {
      if (expr.op != CompareOp::kMatch) return {};
      const Builtin builtin = ResolveField(expr.field.text).builtin;
      return builtin == Builtin::kBody || builtin == Builtin::kRaw ? OfPhrase(expr.literals[0]) : Lists();
    }
    case Expr::Kind::kAnd: {
      Lists all;
      for (const auto& child : expr.children) all = Both(all, RequiredWords(*child));
      return all;
    }
    case Expr::Kind::kOr: {
      Lists any;
      for (const auto& child : expr.children) {
        Lists lists = RequiredWords(*child);
        if (lists.empty() || any.size() + lists.size() > kMaxWordLists) return {};
        any.insert(any.end(), lists.begin(), lists.end());
      }
      return any;
    }
    default:
      return {};
  }
}

}  // namespace whittle
