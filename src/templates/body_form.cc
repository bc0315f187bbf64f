#include "templates/body_form.h"

#include <algorithm>
#include <string_view>

#include "templates/lexicon.h"

namespace whittle {
namespace {

using Kind = BodyUnit::Kind;

// Words, values and delimiters between two quotes. A quote that is not closed by then is no quotation; without a limit
// a line of nothing but opening quotes would cost its length squared.
constexpr size_t kMaxQuotedUnits = 256;

// Elements of a list without blanks; two may be an English sentence written in haste.
constexpr size_t kMinTightList = 3;
// Names after a label, and the words of a remark behind one of them.
constexpr size_t kMinLabelledList = 4;
constexpr size_t kMaxRemark = 8;
constexpr std::string_view kOpening = "=:([{<\"'";
constexpr std::string_view kClosing = ".;)]}>\"'";

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool HasWordByte(std::string_view text) { return std::any_of(text.begin(), text.end(), IsWordByte); }
bool IsBlank(std::string_view text) { return std::all_of(text.begin(), text.end(), IsSpace); }

class BodyParser {
 public:
  explicit BodyParser(const Shape& shape) : shape_(shape) {}

  std::vector<BodyUnit> Parse() {
    MakeUnits();
    JoinAddresses();
    MarkDates();
    FindSeparators();
    MarkQuotedValues();
    MarkLists();
    MarkTightLists();
    MarkLabelledLists();
    DropInside();
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
      if (StandsForValue(i)) {
        unit.kind = Kind::kValue;
        unit.token_class = TokenClass::kMixed;
        unit.constant_when_fixed = true;
      }
      units_.push_back(std::move(unit));
    }
    for (const Field& field : shape_.fields) TypeUnit(field);
  }

  // "/" is the shortest path, and "-" in quotes says that there is no value: where others have one.
  bool StandsForValue(size_t i) const {
    const std::vector<Piece>& pieces = shape_.pieces;
    const std::string& text = pieces[i].text;
    if ((text != "/" && text != "-") || i == shape_.body.begin || i + 1 >= shape_.body.end) return false;
    const auto apart = [&](const Piece& piece) {
      return piece.kind == Piece::Kind::kDelimiter && (piece.text == "\"" || (text == "/" && IsBlank(piece.text)));
    };
    return apart(pieces[i - 1]) && apart(pieces[i + 1]);
  }

  static ValueType TypeOfMasked(const Piece& piece) {
    if (piece.time_layout != 0) return ValueType::kTimestamp;
    if (piece.token_class == TokenClass::kDuration) return ValueType::kDuration;
    return piece.token_class == TokenClass::kSize ? ValueType::kSize : ValueType::kString;
  }

  // A masked piece. What is glued to its left may belong to the value: the word "blk_" of blk_17, the slot of a token
  // that a field cut in two.
  void AddMasked(const Piece& piece, BodyUnit unit) {
    unit.kind = Kind::kValue;
    unit.token_class = piece.token_class;
    unit.has_text = piece.kind == Piece::Kind::kFixed;
    if (unit.has_text) unit.text = shape_.body_unescape == 0 ? piece.text : Unescape(piece.text, shape_.body_unescape);
    unit.open = piece.kind == Piece::Kind::kSlot && piece.token_class == TokenClass::kWord;
    unit.type = TypeOfMasked(piece);
    unit.constant_when_fixed =
        unit.has_text && piece.time_layout == 0 && IsConstantLooking(unit.token_class, unit.text);
    if (!units_.empty() && (units_.back().kind == Kind::kValue ||
                            (units_.back().kind == Kind::kWord && units_.back().text.ends_with('_')))) {
      BodyUnit& left = units_.back();
      unit.begin = left.begin;
      unit.open = unit.open || left.open;
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

  // "www.example.com:443": a place, and one value.
  void JoinAddresses() {
    size_t out = 0;
    for (size_t i = 0; i < units_.size(); ++out) {
      const bool place = i + 2 < units_.size() && units_[i].kind == Kind::kWord && units_[i + 1].text == ":" &&
                         units_[i + 2].kind == Kind::kValue && units_[i + 2].token_class == TokenClass::kInteger &&
                         IsPlaceName(units_[i].text);
      if (out != i) units_[out] = std::move(units_[i]);
      if (!place) {
        ++i;
        continue;
      }
      BodyUnit& joined = units_[out];
      joined.kind = Kind::kValue;
      joined.token_class = TokenClass::kMixed;
      joined.has_text = units_[i + 2].has_text;
      joined.text = joined.has_text ? joined.text + ":" + units_[i + 2].text : std::string();
      joined.end = units_[i + 2].end;
      i += 3;
    }
    units_.resize(out);
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

  // "7 Apr 2026"
  bool StartsDayMonthYear(size_t i) const {
    const auto integer = [&](size_t k) {
      return units_[k].kind == Kind::kValue && units_[k].token_class == TokenClass::kInteger;
    };
    const auto blank = [&](size_t k) { return units_[k].kind == Kind::kDelimiter && IsBlank(units_[k].text); };
    return i + 4 < units_.size() && integer(i) && blank(i + 1) && units_[i + 2].kind == Kind::kWord &&
           IsMonthName(units_[i + 2].text) && blank(i + 3) && integer(i + 4);
  }

  size_t DateEnd(size_t begin) const {
    const auto is_name = [](const BodyUnit& unit) {
      return unit.kind == Kind::kWord && (IsMonthName(unit.text) || IsWeekdayName(unit.text));
    };
    if (StartsDayMonthYear(begin)) return begin + 5;
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
    unit->constant_when_fixed = !IsLiteralWord(unit->text) && !IsQualifiedName(unit->text) && !IsDomainName(unit->text);
    if (IsBooleanWord(unit->text)) unit->type = ValueType::kBool;
  }

  // key="a b c", file "a b c": everything between the quotes is one value. A request ("GET /x HTTP/1.1") has a
  // structure of its own.
  void MarkQuotedValues() {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter) continue;
      const std::string_view before = before_[i];
      if (before.empty() || (before.back() != '"' && before.back() != '\'')) continue;
      const char quote = before.back();
      const bool keyed = before.size() >= 2 && before[before.size() - 2] == '=';
      // A quote that hangs on a word is an apostrophe.
      if (!keyed && before.size() == 1 && !IsFirstUnit(i)) continue;
      size_t last = i;
      const size_t end = std::min(units_.size(), i + kMaxQuotedUnits);
      while (last < end && (units_[last].kind == Kind::kDelimiter || after_[last].find(quote) == std::string::npos))
        ++last;
      if (last == end || IsRequest(i, last) || IsJsonKey(before, after_[last])) continue;
      JoinText(i, last);
      i = last;
    }
  }

  bool IsRequest(size_t first, size_t last) const {
    return units_[first].kind == Kind::kWord && IsStateName(units_[first].text) && first + 2 <= last &&
           units_[first + 2].kind == Kind::kValue && after_[first] == " ";
  }

  // {"key": and ,"key": say what stands behind them.
  static bool IsJsonKey(std::string_view before, std::string_view after) {
    if (before.back() != '"' || !after.starts_with('"')) return false;
    const auto trimmed = [](std::string_view text, size_t from) {
      while (from > 0 && IsSpace(text[from - 1])) --from;
      return text.substr(0, from);
    };
    const std::string_view opening = trimmed(before, before.size() - 1);
    after.remove_prefix(1);
    while (!after.empty() && IsSpace(after.front())) after.remove_prefix(1);
    return after.starts_with(':') && (opening.ends_with('{') || opening.ends_with(','));
  }

  bool IsFirstUnit(size_t i) const {
    while (i > 0 && units_[i - 1].kind == Kind::kDelimiter) --i;
    return i == 0;
  }

  // "[a, b, c]": two or more single words in brackets with commas between are one value.
  void MarkLists() {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter || before_[i].empty() || IsInside(i)) continue;
      const char open = before_[i].back();
      const char close = open == '[' ? ']' : open == '(' ? ')' : open == '{' ? '}' : '\0';
      if (close == '\0') continue;
      size_t elements = 1;
      size_t last = i;
      bool words = false;
      for (; last < units_.size(); ++last) {
        if (units_[last].kind == Kind::kDelimiter || IsInside(last)) continue;
        words = words || units_[last].kind == Kind::kWord;
        if (after_[last] != "," && after_[last] != ", ") break;
        ++elements;
      }
      if (last < units_.size() && elements >= 2 && words && after_[last].starts_with(close)) JoinText(i, last);
    }
  }

  // "ciphers: aes,des,rc4": three or more with commas and no blanks between, set off from what is around. A line that
  // is nothing but columns is no list.
  void MarkTightLists() {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter || IsInside(i) || before_[i].empty() || after_[i] != ",") continue;
      const char ahead = before_[i].back();
      size_t elements = 1;
      size_t last = i;
      for (size_t k = i + 1; k < units_.size() && after_[last] == ","; ++k) {
        if (units_[k].kind == Kind::kDelimiter || IsInside(k)) continue;
        last = k;
        ++elements;
      }
      const char behind = after_[last].empty() ? ' ' : after_[last].front();
      const bool apart = IsSpace(ahead) || kOpening.find(ahead) != std::string_view::npos;
      const bool ends = IsSpace(behind) || kClosing.find(behind) != std::string_view::npos;
      if (elements >= kMinTightList && apart && ends && !IsFirstUnit(i)) JoinText(i, last);
      i = last;
    }
  }

  // The next unit that is no delimiter and no part of one before it; the count of units when there is none.
  size_t UnitAfter(size_t i) const {
    do ++i;
    while (i < units_.size() && (units_[i].kind == Kind::kDelimiter || IsInside(i)));
    return i;
  }

  // "packages: idna, certifi, urllib3", "Install: bash:amd64 (5.2), gawk:amd64 (5.1, automatic)": names, some with a
  // value in parentheses, from a label to the end of the line.
  void MarkLabelledLists() {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].kind == Kind::kDelimiter || IsInside(i) || !before_[i].ends_with(": ") || IsFirstUnit(i)) continue;
      size_t elements = 0;
      size_t last = i;
      bool words = false;
      std::string_view behind;
      for (size_t k = i; k < units_.size(); k = UnitAfter(k)) {
        words = words || units_[k].kind == Kind::kWord;
        while (IsGlue(after_[k]) && UnitAfter(k) < units_.size()) k = UnitAfter(k);
        last = k;
        behind = after_[k];
        if (behind.starts_with(" (")) {
          // "3 (n.leader)": here the remark is the name, and others write other values.
          const size_t remark = UnitAfter(k);
          if (remark == units_.size() || units_[remark].kind == Kind::kWord) break;
          size_t close = behind.find(')');
          for (size_t words_left = kMaxRemark; close == std::string_view::npos && words_left > 0; --words_left) {
            k = UnitAfter(k);
            if (k == units_.size()) break;
            behind = after_[k];
            close = behind.find(')');
          }
          if (close == std::string_view::npos) break;
          behind.remove_prefix(close + 1);
          last = behind.empty() ? units_.size() - 1 : k;
        }
        ++elements;
        if (behind != ", ") break;
      }
      if (behind.empty() && words && elements >= kMinLabelledList) JoinText(i, last);
    }
  }

  // Units [first, last] become one value. It reads as a constant as long as its text never varies.
  void JoinText(size_t first, size_t last) {
    BodyUnit& joined = units_[first];
    if (first == last) {
      if (joined.kind == Kind::kWord) ToValue(&joined);
      return;
    }
    joined.kind = Kind::kValue;
    joined.token_class = TokenClass::kMixed;
    joined.type = ValueType::kString;
    for (size_t k = first + 1; k <= last; ++k) {
      if (IsInside(k)) continue;
      joined.has_text = joined.has_text && units_[k].has_text;
      joined.text += units_[k].text;
    }
    if (!joined.has_text) joined.text.clear();
    joined.constant_when_fixed = joined.has_text;
    joined.end = units_[last].end;
    after_[first] = after_[last];
    if (inside_.empty()) inside_.resize(units_.size());
    for (size_t k = first + 1; k <= last; ++k) inside_[k] = true;
  }

  bool IsInside(size_t i) const { return !inside_.empty() && inside_[i]; }

  // Takes out the units that others were joined with.
  void DropInside() {
    if (inside_.empty()) return;
    size_t out = 0;
    for (size_t i = 0; i < units_.size(); ++i) {
      if (inside_[i]) continue;
      if (out != i) {
        units_[out] = std::move(units_[i]);
        before_[out] = std::move(before_[i]);
        after_[out] = std::move(after_[i]);
      }
      ++out;
    }
    units_.resize(out);
    before_.resize(out);
    after_.resize(out);
  }

  void MarkValueWords() {
    size_t braces = 0;
    for (size_t i = 0; i < units_.size(); ++i) {
      BodyUnit& unit = units_[i];
      const std::string_view before = before_[i];
      const std::string_view after = after_[i];
      for (const char c : before) braces = c == '{' ? braces + 1 : c == '}' && braces > 0 ? braces - 1 : braces;
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
      // "{name:web size:3}", "Os { code: 2, kind: NotFound }": members of an object that was printed.
      const bool member = braces > 0 && (before == ":" || before == ": ") && !is_key;
      unit.unit_of_number = CountsNumber(i);
      if (NamesUser(i, right_side) && IsAccountName(unit.text)) {
        ToValue(&unit);
        unit.constant_when_fixed = false;
        continue;
      }
      if (right_side || member || unit.unit_of_number || IsLiteralWord(unit.text) ||
          (!is_key && (IsQualifiedName(unit.text) || IsDomainName(unit.text))))
        ToValue(&unit);
      if (unit.unit_of_number) {
        unit.type = UnitDimensionOf(unit.text) == UnitDimension::kSize ? ValueType::kSize : ValueType::kDuration;
      }
    }
  }

  // "for user root", "user=root": other lines name other users, even if these do not.
  bool NamesUser(size_t i, bool right_side) const {
    if (i < 2 || units_[i - 2].kind != Kind::kWord) return false;
    return (right_side || IsBlank(before_[i])) && IsUserNoun(units_[i - 2].text);
  }

  // "35 ms", "(1.16 KB)": the unit of the number before it.
  bool CountsNumber(size_t i) const {
    if (i < 2 || before_[i] != " " || UnitDimensionOf(units_[i].text) == UnitDimension::kNone) return false;
    if (after_[i].starts_with(':') || after_[i].starts_with('=')) return false;
    const BodyUnit& number = units_[i - 2];
    return number.kind == Kind::kValue && number.begin + 1 == number.end &&
           (number.token_class == TokenClass::kInteger || number.token_class == TokenClass::kDecimal);
  }

  // Words joined by ':' or '#' without white space are one word to the miner. The joint that follows the last one stays
  // outside, so that a slot ends before it.
  void GlueWords() {
    size_t out = 0;
    for (size_t i = 0; i < units_.size();) {
      size_t end = i + 1;
      if (units_[i].kind == Kind::kWord) {
        while (end < units_.size() &&
               (units_[end].kind == Kind::kWord || (units_[end].kind == Kind::kDelimiter && IsGlue(units_[end].text))))
          ++end;
        while (units_[end - 1].kind == Kind::kDelimiter) --end;
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
  std::vector<bool> inside_;  // units that became part of one before them; empty: none did
};

}  // namespace

bool IsGlue(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c == ':' || c == '#'; });
}

std::vector<BodyUnit> ParseBody(const Shape& shape) { return BodyParser(shape).Parse(); }

}  // namespace whittle
