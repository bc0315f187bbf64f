#include "templates/body_form.h"

#include <algorithm>
#include <string_view>

#include "templates/lexicon.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool HasWordByte(std::string_view text) { return std::any_of(text.begin(), text.end(), IsWordByte); }
bool IsGlue(std::string_view text) { return !text.empty() && text.find_first_not_of(":#") == std::string_view::npos; }
bool IsBlank(std::string_view text) { return std::all_of(text.begin(), text.end(), IsSpace); }

class BodyParser {
 public:
  explicit BodyParser(const Shape& shape) : shape_(shape) {}

  std::vector<BodyUnit> Parse() {
    MakeUnits();
    MarkDates();
    FindSeparators();
    MarkQuotedValues();
    MarkValueWords();
    GlueWords();
    return std::move(units_);
  }

 private:
  void MakeUnits() {
    const auto end = std::min<size_t>(shape_.body.end, shape_.pieces.size());
    units_.reserve(end > shape_.body.begin ? end - shape_.body.begin : 0);
    for (size_t i = shape_.body.begin; i < end; ++i) {
      const Piece& piece = shape_.pieces[i];
      BodyUnit unit;
      unit.begin = static_cast<uint16_t>(i);
      unit.end = static_cast<uint16_t>(i + 1);
      if (piece.kind == Piece::Kind::kSlot || piece.kind == Piece::Kind::kFixed) {
        AddMasked(piece, std::move(unit));
        continue;
      }
      unit.text = shape_.body_unescape == 0 ? piece.text : Unescape(piece.text, shape_.body_unescape);
      unit.kind = piece.kind == Piece::Kind::kWord && HasWordByte(unit.text) ? Kind::kWord : Kind::kDelimiter;
      units_.push_back(std::move(unit));
    }
    for (const Field& field : shape_.fields) TypeUnit(field);
  }

  // A masked piece. What is glued to its left may belong to the value: the word "blk_" of blk_17, the slot of a token
  // that a field cut in two.
  void AddMasked(const Piece& piece, BodyUnit unit) {
    unit.kind = Kind::kValue;
    unit.token_class = piece.token_class;
    unit.has_text = piece.kind == Piece::Kind::kFixed;
    if (unit.has_text) unit.text = shape_.body_unescape == 0 ? piece.text : Unescape(piece.text, shape_.body_unescape);
    if (piece.time_layout != 0) unit.type = ValueType::kTimestamp;
    unit.constant_when_fixed =
        unit.has_text && piece.time_layout == 0 && IsConstantLooking(unit.token_class, unit.text);
    if (!units_.empty() && (units_.back().kind == Kind::kValue ||
                            (units_.back().kind == Kind::kWord && units_.back().text.ends_with('_')))) {
      BodyUnit& left = units_.back();
      unit.begin = left.begin;
      unit.has_text = unit.has_text && left.has_text;
      unit.text = unit.has_text ? left.text + unit.text : std::string();
      unit.token_class = TokenClass::kMixed;
      unit.type = ValueType::kString;
      unit.constant_when_fixed = unit.has_text && IsConstantLooking(TokenClass::kMixed, unit.text);
      left = std::move(unit);
      return;
    }
    units_.push_back(std::move(unit));
  }

  void TypeUnit(const Field& field) {
    if (field.type == ValueType::kString || field.range.empty()) return;
    for (BodyUnit& unit : units_) {
      if (unit.kind == Kind::kValue && unit.begin == field.range.begin && unit.end == field.range.end)
        unit.type = field.type;
    }
  }

  // "Jul 11 10:21:13 2005", "Mon Jul 11 ...", "Fri, 01 Jul 2005": one value.
  void MarkDates() {
    size_t out = 0;
    for (size_t i = 0; i < units_.size();) {
      const size_t end = DateEnd(i);
      if (end == i) {
        if (out != i) units_[out] = std::move(units_[i]);
        ++out;
        ++i;
        continue;
      }
      BodyUnit date;
      date.kind = Kind::kValue;
      date.token_class = TokenClass::kDigitsPunct;
      date.type = ValueType::kTimestamp;
      date.has_text = false;
      date.begin = units_[i].begin;
      date.end = units_[end - 1].end;
      units_[out++] = std::move(date);
      i = end;
    }
    units_.resize(out);
  }

  size_t DateEnd(size_t begin) const {
    const auto is_name = [](const BodyUnit& unit) {
      return unit.kind == Kind::kWord && (IsMonthName(unit.text) || IsWeekdayName(unit.text));
    };
    if (!is_name(units_[begin])) return begin;
    size_t end = begin;
    bool number = false;
    for (size_t i = begin; i < units_.size(); ++i) {
      const BodyUnit& unit = units_[i];
      if (unit.kind == Kind::kDelimiter && (IsBlank(unit.text) || unit.text == ",")) continue;
      const bool digits = unit.kind == Kind::kValue &&
                          (unit.token_class == TokenClass::kInteger || unit.token_class == TokenClass::kDigitsPunct);
      if (!digits && !is_name(unit) && !(unit.kind == Kind::kWord && IsZoneName(unit.text))) break;
      number = number || digits;
      end = i + 1;
    }
    return number ? end : begin;
  }

  // before_[i], after_[i]: the delimiters around unit i, up to its neighbours.
  void FindSeparators() {
    before_.assign(units_.size(), {});
    after_.assign(units_.size(), {});
    std::string run;
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter) {
        run += units_[i].text;
      } else {
        before_[i] = std::move(run);
        run.clear();
      }
    }
    for (size_t i = units_.size(), next = i; i-- > 0;) {
      if (units_[i].kind == Kind::kDelimiter) continue;
      after_[i] = next < units_.size() ? before_[next] : run;
      next = i;
    }
  }

  void ToValue(BodyUnit* unit) {
    unit->kind = Kind::kValue;
    unit->token_class = TokenClass::kWord;
    unit->constant_when_fixed = !IsLiteralWord(unit->text) && !IsQualifiedName(unit->text);
    if (IsBooleanWord(unit->text)) unit->type = ValueType::kBool;
  }

  // key="a b c": everything between the quotes is the value.
  void MarkQuotedValues() {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter) continue;
      const std::string_view before = before_[i];
      if (!before.ends_with("=\"") && !before.ends_with("='")) continue;
      const char quote = before.back();
      size_t last = i;
      while (last < units_.size() &&
             (units_[last].kind == Kind::kDelimiter || after_[last].find(quote) == std::string::npos))
        ++last;
      if (last == units_.size()) continue;
      for (size_t k = i; k <= last; ++k) {
        if (units_[k].kind == Kind::kWord) ToValue(&units_[k]);
      }
      i = last;
    }
  }

  void MarkValueWords() {
    for (size_t i = 0; i < units_.size(); ++i) {
      BodyUnit& unit = units_[i];
      const std::string_view before = before_[i];
      const std::string_view after = after_[i];
      if (unit.kind == Kind::kValue) {
        // "r24=0x0": a masked token that names what follows.
        if (unit.has_text && after.starts_with('=') && unit.token_class != TokenClass::kInteger &&
            unit.token_class != TokenClass::kHex)
          unit.constant_when_fixed = true;
        continue;
      }
      if (unit.kind != Kind::kWord) continue;
      const bool is_key =
          after.starts_with('=') || after.starts_with(':') || after.starts_with(" =") || after.starts_with(" :");
      const bool right_side = before.ends_with('=') ||
                              (before.ends_with("= ") &&
                               (after.empty() || std::string_view(",;)]}").find(after[0]) != std::string_view::npos));
      // "(1.16 KB)": the unit of a number that stands alone in parentheses.
      const bool unit_in_parentheses = before == " " && after.starts_with(')') && i >= 2 &&
                                       units_[i - 2].kind == Kind::kValue && before_[i - 2].ends_with('(');
      if (right_side || unit_in_parentheses || IsLiteralWord(unit.text) || (!is_key && IsQualifiedName(unit.text)))
        ToValue(&unit);
    }
  }

  // Words joined by ':' or '#' without white space are one word to the miner, with the joint that follows the last one
  // unless a value hangs on it.
  void GlueWords() {
    size_t out = 0;
    for (size_t i = 0; i < units_.size();) {
      size_t end = i + 1;
      if (units_[i].kind == Kind::kWord) {
        while (end < units_.size() &&
               (units_[end].kind == Kind::kWord || (units_[end].kind == Kind::kDelimiter && IsGlue(units_[end].text))))
          ++end;
        if (end < units_.size() && units_[end].kind == Kind::kValue) {
          while (units_[end - 1].kind == Kind::kDelimiter) --end;
        }
      }
      const uint16_t piece_end = units_[end - 1].end;
      if (out != i) units_[out] = std::move(units_[i]);
      for (size_t k = i + 1; k < end; ++k) units_[out].text += units_[k].text;
      units_[out].end = piece_end;
      ++out;
      i = end;
    }
    units_.resize(out);
  }

  const Shape& shape_;
  std::vector<BodyUnit> units_;
  std::vector<std::string> before_, after_;
};

}  // namespace

std::vector<BodyUnit> ParseBody(const Shape& shape) { return BodyParser(shape).Parse(); }

}  // namespace whittle
