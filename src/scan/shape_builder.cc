#include "scan/shape_builder.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "scan/colour_sequence.h"

namespace whittle {
namespace {

// Bytes that become one slot, however many tokens they span: a timestamp, or the value of a field.
struct Range {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint16_t time_layout = 0;  // 0: no timestamp
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPunctuation(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
  return byte > ' ' && byte < 0x7f && !IsDigit(c) && !letter;
}

class Builder {
 public:
  Builder(std::string_view line, const Tokenizer& tokens, const LineAnalysis& analysis)
      : line_(line),
        masks_(tokens.masks()),
        masked_(tokens.masked()),
        analysis_(analysis),
        shape_(std::make_shared<Shape>()),
        recipe_(std::make_shared<Recipe>()) {}

  std::shared_ptr<const Recipe> Build(bool continuation) {
    recipe_->cacheable = analysis_.cacheable;
    CollectTimes();
    CollectValues();
    KeepApart();
    CollectBoundaries();
    if (boundaries_.size() > kMaxPieces) return nullptr;
    MakePieces();
    GuardDecisive();
    GuardNoTimes();
    MakeFields();
    shape_->body = RangeOf(Snap(analysis_.body_begin), Snap(analysis_.body_end));
    shape_->body_unescape = analysis_.body_unescape;
    shape_->continuation = continuation;
    shape_->envelope = analysis_.envelope;
    shape_->header = analysis_.header;
    shape_->body_format = analysis_.body_format;
    shape_->signature = Signature();
    FinishShape(shape_.get());
    recipe_->shape = shape_;
    return recipe_;
  }

 private:
  bool HasMasked(uint32_t begin, uint32_t end) const {
    const auto token = std::upper_bound(masked_.begin(), masked_.end(), begin,
                                        [](uint32_t offset, const MaskedToken& t) { return offset < t.end; });
    return token != masked_.end() && token->begin < end;
  }

  void CollectTimes() {
    for (const FieldSpan& field : analysis_.fields) {
      if (field.time_layout == 0 || field.begin >= field.end || field.end > line_.size()) continue;
      if (HasMasked(field.begin, field.end)) wholes_.push_back({field.begin, field.end, field.time_layout});
    }
  }

  // Values of several tokens that are one thing: a URL with its query, a user agent. As one slot they let lines that
  // differ only there share a shape, and repeat as a whole. Free text (a statement, a message) is no such thing: its
  // words make the template.
  void CollectValues() {
    const std::string_view format = analysis_.body_format;
    const bool pattern = !format.empty() && format != "text" && format != "json" && format != "logfmt";
    for (size_t i = 0; i < analysis_.fields.size(); ++i) {
      const FieldSpan& field = analysis_.fields[i];
      if (IsMemberValue(field)) {
        if (!IsCut(i)) wholes_.push_back({field.begin, field.end, 0});
        continue;
      }
      if (field.time_layout != 0 || field.type != ValueType::kString || field.end > line_.size()) continue;
      if (field.role != FieldRole::kAttribute && field.role != FieldRole::kResource) continue;
      if (masks_.NextDelimiter(field.begin) >= field.end || !HasMasked(field.begin, field.end)) continue;
      const bool quoted =
          field.begin > 0 && line_[field.begin - 1] == '"' && field.end < line_.size() && line_[field.end] == '"';
      const std::string_view value = line_.substr(field.begin, field.end - field.begin);
      if (!(pattern && quoted) && value.find_first_of(" \t") != std::string_view::npos) continue;
      if (!IsCut(i)) wholes_.push_back({field.begin, field.end, 0});
    }
  }

  // What a JSON object or pairs hold beside the message: strings, literals and lists, of words as well. Lines that
  // differ only there have one shape; as constants, a few such members would make more shapes than anybody has lines.
  // Members that name where the line was written say little else than the shape does and stay constant.
  bool IsMemberValue(const FieldSpan& field) const {
    const std::string_view format = analysis_.body_format;
    if (format != "json" && format != "logfmt" && format != "ltsv") return false;
    if (field.role != FieldRole::kAttribute || field.time_layout != 0) return false;
    if (field.type != ValueType::kString && field.type != ValueType::kBool) return false;
    if (field.end > line_.size() || field.begin >= field.end) return false;
    const std::string_view name = field.name;
    return !name.starts_with("log.") && !name.starts_with("code.") && !name.starts_with("syslog.") &&
           !name.starts_with("systemd.") && name != "thread.name";
  }

  // Whether the body or another field begins or ends inside this one, or it is the body. Fields are sorted and nest, so
  // what is inside a field comes right after it.
  bool IsCut(size_t index) const {
    const FieldSpan& field = analysis_.fields[index];
    const auto inside = [&](uint32_t offset) { return field.begin < offset && offset < field.end; };
    if (inside(analysis_.body_begin) || inside(analysis_.body_end)) return true;
    if (field.begin == analysis_.body_begin && field.end == analysis_.body_end) return true;
    for (size_t i = index + 1; i < analysis_.fields.size() && analysis_.fields[i].begin < field.end; ++i) {
      if (inside(analysis_.fields[i].begin) || inside(analysis_.fields[i].end)) return true;
    }
    return false;
  }

  // Of overlapping ranges the first wins.
  void KeepApart() {
    std::sort(wholes_.begin(), wholes_.end(), [](const Range& a, const Range& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.time_layout > b.time_layout;
    });
    size_t kept = 0;
    for (const Range& range : wholes_) {
      if (kept == 0 || range.begin >= wholes_[kept - 1].end) wholes_[kept++] = range;
    }
    wholes_.resize(kept);
  }

  // The range that holds `offset` strictly inside, or null.
  const Range* WholeAround(uint32_t offset) const {
    auto after = std::lower_bound(wholes_.begin(), wholes_.end(), offset,
                                  [](const Range& range, uint32_t value) { return range.begin < value; });
    if (after == wholes_.begin() || offset >= std::prev(after)->end) return nullptr;
    return &*std::prev(after);
  }

  uint32_t Snap(uint32_t offset) const {
    offset = std::min(offset, static_cast<uint32_t>(line_.size()));
    const Range* whole = WholeAround(offset);
    return whole == nullptr ? offset : whole->end;
  }

  void AddBoundary(uint32_t offset) {
    if (offset <= line_.size()) cuts_[offset / 64] |= uint64_t{1} << (offset % 64);
  }

  // Marks the cuts in a bit set, one bit per byte of the line, so that they come out sorted and each once.
  void CollectBoundaries() {
    cuts_.assign(line_.size() / 64 + 1, 0);
    AddBoundary(0);
    AddBoundary(static_cast<uint32_t>(line_.size()));
    AddBoundary(Snap(analysis_.body_begin));
    AddBoundary(Snap(analysis_.body_end));
    for (const FieldSpan& field : analysis_.fields) {
      AddBoundary(field.begin);
      AddBoundary(field.end);
    }
    for (const Range& range : wholes_) {
      AddBoundary(range.begin);
      AddBoundary(range.end);
    }
    for (const MaskedToken& token : masked_) {
      AddBoundary(token.begin);
      AddBoundary(token.end);
    }
    AddWordBoundaries();
    boundaries_.reserve(CountCuts());
    for (size_t word = 0; word < cuts_.size(); ++word) {
      for (uint64_t bits = cuts_[word]; bits != 0; bits &= bits - 1) {
        boundaries_.push_back(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
      }
    }
  }

  // Cuts inside of what is one slot count for nothing.
  size_t CountCuts() {
    for (const Range& range : wholes_) DropCuts(range.begin + 1, range.end);
    size_t count = 0;
    for (const uint64_t bits : cuts_) count += static_cast<size_t>(std::popcount(bits));
    return count;
  }

  // Those before the bytes [begin, end).
  void DropCuts(uint32_t begin, uint32_t end) {
    for (uint32_t at = begin; at < end; at = (at / 64 + 1) * 64) {
      const uint32_t size = std::min(end, (at / 64 + 1) * 64) - at;
      const uint64_t ones = size == 64 ? ~uint64_t{0} : (uint64_t{1} << size) - 1;
      cuts_[at / 64] &= ~(ones << (at % 64));
    }
  }

  // Where constant text may be cut: templates begin and end their slots at pieces. Text is cut up to each masked token
  // and each value of several (`wholes_`, sorted and apart by now), not across them. Lines with very many cuts are cut
  // coarsely.
  void AddWordBoundaries() {
    const std::vector<uint64_t> before = cuts_;
    uint32_t begin = 0;
    auto whole = wholes_.cbegin();  // the first that does not end before `begin`
    const auto add_until = [&](uint32_t end) {
      for (; whole != wholes_.cend() && whole->begin < end; ++whole) {
        if (begin < whole->begin) AddFineBoundaries(begin, whole->begin);
        begin = std::max(begin, whole->end);
        if (whole->end > end) return;
      }
      if (begin < end) AddFineBoundaries(begin, end);
    };
    for (const MaskedToken& token : masked_) {
      add_until(token.begin);
      begin = std::max(begin, token.end);
    }
    add_until(static_cast<uint32_t>(line_.size()));
    if (CountCuts() <= kMaxPieces) return;
    cuts_ = before;
    for (size_t i = 0; i < line_.size();) {
      const size_t word = masks_.NextNonDelimiter(i);
      i = masks_.NextDelimiter(word);
      AddBoundary(static_cast<uint32_t>(word));
      AddBoundary(static_cast<uint32_t>(i));
    }
  }

  // Cuts [begin, end), which has no masked token in it: words; ':', '#' and the punctuation that ends a word; each run
  // of one delimiter; the first of several blanks, so that nothing between two blanks can be an empty value. Escapes
  // and colours stay whole.
  void AddFineBoundaries(uint32_t begin, uint32_t end) {
    const auto is_joint = [this](uint32_t i) { return line_[i] == ':' || line_[i] == '#'; };
    for (uint32_t i = begin; i < end;) {
      AddBoundary(i);
      if (const auto colour = static_cast<uint32_t>(ColourSequenceSize(line_, i)); colour > 0) {
        i += colour;
        continue;
      }
      if (masks_.IsDelimiter(i) || is_joint(i)) {
        const char c = line_[i++];
        if (c == ' ' || c == '\t') AddBoundary(i);
        while (i < end && (line_[i] == c || line_[i - 1] == '\\')) ++i;
        continue;
      }
      while (i < end && !masks_.IsDelimiter(i) && !is_joint(i)) ++i;
      uint32_t tail = i;
      while (tail > begin && (line_[tail - 1] == '.' || line_[tail - 1] == '!' || line_[tail - 1] == '?')) --tail;
      AddBoundary(tail);
    }
    AddBoundary(end);
  }

  void MakePieces() {
    std::string gap;
    shape_->pieces.reserve(boundaries_.size());
    piece_at_.reserve(boundaries_.size());
    auto whole_at = wholes_.cbegin();  // the first that has not ended yet, and the same of the masked tokens
    auto token_at = masked_.cbegin();
    for (size_t i = 0; i + 1 < boundaries_.size(); ++i) {
      const uint32_t begin = boundaries_[i];
      const uint32_t end = boundaries_[i + 1];
      while (whole_at != wholes_.cend() && whole_at->end <= begin) ++whole_at;
      while (token_at != masked_.cend() && token_at->end <= begin) ++token_at;
      const bool is_whole = whole_at != wholes_.cend() && whole_at->begin == begin && whole_at->end == end;
      const bool in_token = token_at != masked_.cend() && token_at->begin <= begin && end <= token_at->end;
      const Range* whole = is_whole ? &*whole_at : nullptr;
      const MaskedToken* token = !is_whole && in_token ? &*token_at : nullptr;
      const bool lone_punctuation =
          token != nullptr && end - begin == 1 && token->end - token->begin > 1 && IsPunctuation(line_[begin]);
      piece_at_.push_back(begin);
      if (whole != nullptr || (token != nullptr && !lone_punctuation)) {
        AddSlot(begin, end, whole, token);
        recipe_->gaps.push_back(std::move(gap));
        gap.clear();
      } else {
        AddConstant(begin, end);
        gap.append(line_.substr(begin, end - begin));
      }
    }
    piece_at_.push_back(static_cast<uint32_t>(line_.size()));
    recipe_->gaps.push_back(std::move(gap));
  }

  // Constants are compared anyway. A slot that goes beyond such bytes cannot be: another line may have others around.
  void GuardDecisive() {
    for (const ByteRange& range : analysis_.decisive) {
      auto slot = std::upper_bound(slot_ranges_.begin(), slot_ranges_.end(), range.begin,
                                   [](uint32_t offset, const ByteRange& s) { return offset < s.end; });
      for (; slot != slot_ranges_.end() && slot->begin < range.end; ++slot) {
        if (slot->begin < range.begin || slot->end > range.end) recipe_->cacheable = false;
        SlotRule& rule = recipe_->slots[static_cast<size_t>(slot - slot_ranges_.begin())];
        if (rule.literal != 0) continue;
        recipe_->literals.emplace_back(line_.substr(slot->begin, slot->end - slot->begin));
        rule.literal = static_cast<uint16_t>(recipe_->literals.size());
      }
    }
  }

  void GuardNoTimes() {
    for (const ByteRange& range : analysis_.no_times) {
      if (!HasMasked(range.begin, range.end)) continue;  // a constant
      const auto slot = std::lower_bound(slot_ranges_.begin(), slot_ranges_.end(), range.begin,
                                         [](const ByteRange& s, uint32_t offset) { return s.begin < offset; });
      if (slot != slot_ranges_.end() && slot->begin == range.begin && slot->end == range.end) {
        recipe_->slots[static_cast<size_t>(slot - slot_ranges_.begin())].no_time = true;
      } else {
        recipe_->cacheable = false;
      }
    }
  }

  void AddSlot(uint32_t begin, uint32_t end, const Range* whole, const MaskedToken* token) {
    if (!analysis_.decisive.empty() || !analysis_.no_times.empty()) slot_ranges_.push_back({begin, end});
    Piece& piece = shape_->pieces.emplace_back();
    piece.kind = Piece::Kind::kSlot;
    piece.slot = shape_->slot_count++;
    SlotRule& rule = recipe_->slots.emplace_back();
    rule.begin = EdgeAt(begin, true);
    rule.end = EdgeAt(end, false);
    if (whole != nullptr) {
      piece.time_layout = rule.time_layout = whole->time_layout;
      piece.token_class = whole->time_layout != 0 ? TokenClass::kDigitsPunct : TokenClass::kMixed;
    } else {
      const bool entire = token->begin == begin && token->end == end;
      piece.token_class = entire ? token->token_class : ClassifyToken(line_.substr(begin, end - begin));
      rule.check_class = !entire;
      rule.token_class = piece.token_class;
    }
  }

  void AddConstant(uint32_t begin, uint32_t end) {
    Piece& piece = shape_->pieces.emplace_back();
    const std::string_view text = line_.substr(begin, end - begin);
    const bool delimiter = masks_.IsDelimiter(begin) || std::all_of(text.begin(), text.end(), IsPunctuation);
    piece.kind = delimiter ? Piece::Kind::kDelimiter : Piece::Kind::kWord;
    piece.text = text;
  }

  // A slot's edge. At a token's border the border itself describes it; `is_begin` picks the token that begins here over
  // one that ends here.
  Edge EdgeAt(uint32_t offset, bool is_begin) {
    auto token = std::lower_bound(masked_.begin(), masked_.end(), offset,
                                  [](const MaskedToken& t, uint32_t value) { return t.end < value; });
    if (token != masked_.end() && is_begin && token->end == offset && std::next(token) != masked_.end() &&
        std::next(token)->begin == offset) {
      ++token;  // two masked tokens touch: the slot begins with the second
    }
    const auto index = static_cast<uint16_t>(token - masked_.begin());
    if (token != masked_.end() && token->begin <= offset) {
      if (offset == token->begin && is_begin) return {Edge::Base::kTokenBegin, 0, index, 0, 0};
      if (offset == token->end) return {Edge::Base::kTokenEnd, 0, index, 0, 0};
      if (offset > token->begin) return InnerEdge(offset, index);
    }
    if (index == 0) return {Edge::Base::kLineBegin, 0, 0, 0, static_cast<int32_t>(offset)};
    // Among constants: relative to the token before.
    return {Edge::Base::kTokenEnd, 0, static_cast<uint16_t>(index - 1), 0,
            static_cast<int32_t>(offset - masked_[index - 1u].end)};
  }

  Edge InnerEdge(uint32_t offset, uint16_t index) {
    const MaskedToken& token = masked_[index];
    const std::string_view before = line_.substr(token.begin, offset - token.begin);
    const auto count = [](std::string_view text, char c) {
      return static_cast<uint16_t>(std::count(text.begin(), text.end(), c));
    };
    if (IsPunctuation(line_[offset]))
      return {Edge::Base::kBeforeChar, line_[offset], index, count(before, line_[offset]), 0};
    if (IsPunctuation(line_[offset - 1])) {
      return {Edge::Base::kAfterChar, line_[offset - 1], index,
              static_cast<uint16_t>(count(before, line_[offset - 1]) - 1), 0};
    }
    uint16_t transitions = 0;
    for (size_t i = token.begin + 1; i < offset; ++i) transitions += IsDigit(line_[i]) != IsDigit(line_[i - 1]) ? 1 : 0;
    if (IsDigit(line_[offset]) == IsDigit(line_[offset - 1])) recipe_->cacheable = false;
    return {Edge::Base::kTransition, 0, index, transitions, 0};
  }

  PieceRange RangeOf(uint32_t begin, uint32_t end) const {
    const auto index = [this](uint32_t offset) {
      return static_cast<uint16_t>(std::lower_bound(piece_at_.begin(), piece_at_.end(), offset) - piece_at_.begin());
    };
    return begin >= end ? PieceRange{index(begin), index(begin)} : PieceRange{index(begin), index(end)};
  }

  void MakeFields() {
    for (const FieldSpan& span : analysis_.fields) {
      if (span.begin > span.end || span.end > line_.size() || WholeAround(span.begin) != nullptr ||
          WholeAround(span.end) != nullptr)
        continue;
      shape_->fields.push_back(
          {span.role, span.type, span.unescape, span.time_layout, RangeOf(span.begin, span.end), span.name});
    }
  }

  // Words of the body, with one mark for each run of masked tokens; delimiters do not count.
  uint64_t Signature() const {
    std::string words;
    for (size_t i = shape_->body.begin; i < shape_->body.end; ++i) {
      const Piece& piece = shape_->pieces[i];
      if (piece.kind == Piece::Kind::kWord) {
        words.append(piece.text).push_back('\0');
      } else if (piece.kind == Piece::Kind::kSlot && !words.ends_with('\1')) {
        words.push_back('\1');
      }
    }
    return Hash64(words);
  }

  std::string_view line_;
  const ByteMasks& masks_;
  const std::vector<MaskedToken>& masked_;
  const LineAnalysis& analysis_;
  std::shared_ptr<Shape> shape_;
  std::shared_ptr<Recipe> recipe_;
  std::vector<Range> wholes_;
  std::vector<uint64_t> cuts_;        // bit i: a piece begins or ends before byte i
  std::vector<uint32_t> boundaries_;  // the same as sorted offsets
  std::vector<uint32_t> piece_at_;    // where each piece begins, then the line's end
  std::vector<ByteRange> slot_ranges_;
};

}  // namespace

std::shared_ptr<const Recipe> BuildRecipe(std::string_view line, const Tokenizer& tokens, const LineAnalysis& analysis,
                                          bool continuation) {
  return Builder(line, tokens, analysis).Build(continuation);
}

std::shared_ptr<const Shape> RawShape() {
  static const std::shared_ptr<const Shape> raw = [] {
    auto shape = std::make_shared<Shape>();
    Piece piece;
    piece.kind = Piece::Kind::kSlot;
    shape->pieces.push_back(piece);
    shape->slot_count = 1;
    shape->body = {0, 1};
    shape->body_format = "raw";
    FinishShape(shape.get());
    return shape;
  }();
  return raw;
}

}  // namespace whittle
