#include "templates/ignore_rules.h"

#include <algorithm>

#include "templates/body_form.h"

namespace whittle {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string LongestWord(std::string_view text) {
  std::string_view longest;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && IsLetter(text[end])) ++end;
    // A word that hangs on a digit may be part of a slot.
    const bool apart = (begin == 0 || text[begin - 1] == ' ') && (end == text.size() || text[end] == ' ');
    if (apart && end - begin > longest.size()) longest = text.substr(begin, end - begin);
    begin = end + 1;
  }
  return std::string(longest);
}

}  // namespace

IgnoreRules::IgnoreRules(const Overrides& overrides) {
  for (const TemplateRef& ref : overrides.ignore)
    rules_.push_back({FrozenTemplate(ref.spelled), LongestWord(ref.spelled)});
}

bool IgnoreRules::MayIgnore(const Shape& shape) const {
  return std::any_of(rules_.begin(), rules_.end(), [&shape](const Rule& rule) {
    if (rule.word.empty()) return true;
    for (size_t i = shape.body.begin; i < shape.body.end && i < shape.pieces.size(); ++i) {
      if (shape.pieces[i].text == rule.word) return true;
    }
    return false;
  });
}

bool IgnoreRules::Ignores(const Shape& shape, const std::string_view* slots) const {
  if (rules_.empty() || shape.body.empty()) return false;
  Shape line = shape;
  for (Piece& piece : line.pieces) {
    if (piece.kind != Piece::Kind::kSlot) continue;
    piece.kind = Piece::Kind::kFixed;
    piece.text = std::string(slots[piece.slot]);
  }
  Form form;
  form.units = ParseBody(line);
  return std::any_of(rules_.begin(), rules_.end(),
                     [&form](const Rule& rule) { return rule.text.Match(form).has_value(); });
}

}  // namespace whittle
