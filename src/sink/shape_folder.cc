#include "sink/shape_folder.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "base/varint.h"

namespace whittle {
namespace {

constexpr int kUnknownClass = -1;

// The class every shape of a template has at a slot, kMixed when they differ: all shapes of one template must fold to
// the same stored shape. kWord, which no single token can have, says that the slot stands for any number of tokens: who
// mines the stored shapes again must not take it for one.
class SlotClasses {
 public:
  SlotClasses(const std::vector<Template>& templates, const std::vector<std::shared_ptr<const Shape>>& fixed,
              const std::vector<TemplateBinding>& bindings) {
    classes_.resize(templates.size());
    for (const Template& one : templates) {
      open_.emplace_back();
      for (const TemplateSlot& slot : one.slots) open_.back().push_back(slot.open);
    }
    for (size_t t = 0; t < templates.size(); ++t) classes_[t].assign(templates[t].slots.size(), kUnknownClass);
    for (size_t i = 0; i < fixed.size(); ++i) {
      std::vector<int>& slots = classes_[bindings[i].template_index];
      for (size_t k = 0; k < slots.size() && k < bindings[i].slots.size(); ++k)
        Join(*fixed[i], bindings[i].slots[k], &slots[k]);
    }
  }

  TokenClass Of(uint32_t template_index, size_t slot) const {
    const std::vector<int>& slots = classes_[template_index];
    if (slot < open_[template_index].size() && open_[template_index][slot]) return TokenClass::kWord;
    return slot < slots.size() && slots[slot] >= 0 ? static_cast<TokenClass>(slots[slot]) : TokenClass::kMixed;
  }

 private:
  static void Join(const Shape& shape, PieceRange range, int* joined) {
    const bool one_piece = range.end == range.begin + 1;
    const TokenClass token_class = one_piece ? shape.pieces[range.begin].token_class : TokenClass::kMixed;
    const int found = static_cast<int>(token_class == TokenClass::kWord ? TokenClass::kMixed : token_class);
    *joined = *joined == kUnknownClass || *joined == found ? found : static_cast<int>(TokenClass::kMixed);
  }
  std::vector<std::vector<int>> classes_;
  std::vector<std::vector<bool>> open_;
};

// Says where each piece of a shape begins, relative to the slots before it.
class PieceEdges {
 public:
  explicit PieceEdges(const Shape& shape) {
    edges_.reserve(shape.pieces.size() + 1);
    FoldEdge edge;
    for (const Piece& piece : shape.pieces) {
      edges_.push_back(edge);
      if (piece.kind == Piece::Kind::kSlot) {
        edge = {static_cast<int32_t>(piece.slot), 0};
      } else {
        edge.delta += static_cast<uint32_t>(piece.text.size());
      }
    }
    edges_.push_back(edge);
  }
  FoldEdge At(size_t piece) const { return edges_[piece]; }

 private:
  std::vector<FoldEdge> edges_;
};

uint64_t ColumnKey(std::string_view kind, uint64_t a, uint64_t b, std::string_view text) {
  std::string key(kind);
  ByteWriter out(&key);
  out.U64(a);
  out.U64(b);
  out.Raw(text);
  return Hash64(key);
}

// One use, folded: what does not depend on the others.
struct FoldedUse {
  Shape stored;
  std::vector<FoldedSlot> slots;
  std::vector<uint64_t> column_keys;
};

// Rewrites one shape. `line` is the shape lines parse to (its slots are what rows carry), `fixed` has the same pieces
// with single values filled in.
class Folder {
 public:
  Folder(const Shape& line, const Shape& fixed, const TemplateBinding* binding, uint64_t template_id,
         const SlotClasses& classes)
      : line_(line), fixed_(fixed), binding_(binding), template_id_(template_id), classes_(classes), edges_(line) {}

  bool Fold() {
    const size_t count = fixed_.pieces.size();
    new_index_.assign(count + 1, kInside);
    size_t next_range = 0;
    for (size_t i = 0; i <= count;) {
      new_index_[i] = static_cast<int32_t>(stored_.pieces.size());
      if (binding_ != nullptr && next_range < binding_->slots.size() && binding_->slots[next_range].begin == i) {
        const PieceRange range = binding_->slots[next_range];
        AddTemplateSlot(next_range++, range);
        i = std::max<size_t>(range.end, i);
        // An empty range is a slot between two pieces; the boundary belongs behind it.
        if (range.empty() && i < count && !StartsRange(next_range, i)) AddPiece(i++);
        continue;
      }
      if (i == count) break;
      AddPiece(i++);
    }
    new_index_[count] = static_cast<int32_t>(stored_.pieces.size());
    return MapFields();
  }

  FoldedUse Take() { return {std::move(stored_), std::move(slots_), std::move(column_keys_)}; }

 private:
  static constexpr int32_t kInside = -1;

  bool StartsRange(size_t range, size_t piece) const {
    return range < binding_->slots.size() && binding_->slots[range].begin == piece;
  }

  void AddTemplateSlot(size_t index, PieceRange range) {
    Piece piece;
    piece.kind = Piece::Kind::kSlot;
    piece.slot = stored_.slot_count++;
    piece.token_class = classes_.Of(binding_->template_index, index);
    const bool one_slot = range.end == range.begin + 1 && line_.pieces[range.begin].kind == Piece::Kind::kSlot;
    if (one_slot) piece.time_layout = line_.pieces[range.begin].time_layout;
    stored_.pieces.push_back(std::move(piece));
    FoldedSlot slot;
    slot.direct = one_slot ? static_cast<int32_t>(line_.pieces[range.begin].slot) : -1;
    slot.begin = edges_.At(range.begin);
    slot.end = edges_.At(range.end);
    slots_.push_back(slot);
    column_keys_.push_back(ColumnKey("body", template_id_, index, ""));
  }

  void AddPiece(size_t i) {
    if (new_index_[i] == kInside) new_index_[i] = static_cast<int32_t>(stored_.pieces.size());
    Piece piece = fixed_.pieces[i];
    if (piece.kind == Piece::Kind::kSlot) {
      piece.slot = stored_.slot_count++;
      FoldedSlot slot;
      slot.direct = static_cast<int32_t>(line_.pieces[i].slot);
      slots_.push_back(slot);
      column_keys_.push_back(LooseKey(i, piece));
    }
    stored_.pieces.push_back(std::move(piece));
  }

  // Slots outside the template: those of envelope and header share a column over all shapes of that header.
  uint64_t LooseKey(size_t i, const Piece& piece) {
    const bool in_body = i >= fixed_.body.begin && i < fixed_.body.end;
    if (in_body) return ColumnKey("loose", template_id_, i - fixed_.body.begin, "");
    std::string form = fixed_.envelope + '\0' + fixed_.header + '\0';
    for (const Field& field : fixed_.fields) {
      if (field.range.begin <= i && i < field.range.end) form += field.name + '\0' + static_cast<char>(field.role);
    }
    const auto nth = static_cast<uint64_t>(std::count(header_forms_.begin(), header_forms_.end(), form));
    header_forms_.push_back(form);
    return ColumnKey("header", piece.time_layout, nth, form);
  }

  bool MapRange(PieceRange* range) const {
    const int32_t begin = new_index_[range->begin];
    const int32_t end = new_index_[range->end];
    if (begin == kInside || end == kInside) return false;
    *range = {static_cast<uint16_t>(begin), static_cast<uint16_t>(end)};
    return true;
  }

  bool MapFields() {
    stored_.body = fixed_.body;
    if (!MapRange(&stored_.body)) return false;
    stored_.fields = fixed_.fields;
    for (Field& field : stored_.fields) {
      if (!MapRange(&field.range)) return false;
    }
    stored_.body_unescape = fixed_.body_unescape;
    stored_.continuation = fixed_.continuation;
    stored_.envelope = fixed_.envelope;
    stored_.header = fixed_.header;
    stored_.body_format = fixed_.body_format;
    stored_.signature = binding_ != nullptr ? template_id_ : fixed_.signature;
    FinishShape(&stored_);
    return true;
  }

  const Shape& line_;
  const Shape& fixed_;
  const TemplateBinding* binding_;
  uint64_t template_id_;
  const SlotClasses& classes_;
  PieceEdges edges_;
  Shape stored_;
  std::vector<FoldedSlot> slots_;
  std::vector<uint64_t> column_keys_;
  std::vector<int32_t> new_index_;
  std::vector<std::string> header_forms_;  // of the header slots so far
};

}  // namespace

std::shared_ptr<const Shape> FixSingleValues(const ShapeUse& use) {
  auto fixed = std::make_shared<Shape>(*use.shape);
  uint32_t next_slot = 0;
  for (size_t i = 0; i < fixed->pieces.size(); ++i) {
    Piece& piece = fixed->pieces[i];
    if (piece.kind != Piece::Kind::kSlot) continue;
    const std::string_view value = use.single_values[piece.slot];
    const bool in_body = i >= fixed->body.begin && i < fixed->body.end;
    if (in_body && value.data() != nullptr && piece.time_layout == 0) {
      piece.kind = Piece::Kind::kFixed;
      piece.text = std::string(value);
      piece.slot = 0;
    } else {
      piece.slot = next_slot++;
    }
  }
  fixed->slot_count = next_slot;
  FinishShape(fixed.get());
  return fixed;
}

namespace {

FoldedUse FoldUse(const Shape& line, const Shape& fixed, const TemplateBinding& binding, uint64_t template_id,
                  const SlotClasses& classes) {
  Folder folder(line, fixed, &binding, template_id, classes);
  if (folder.Fold()) return folder.Take();
  // A field that ends inside a template slot could not be told apart any more: such a shape keeps its own slots.
  Folder unfolded(line, fixed, nullptr, template_id, classes);
  unfolded.Fold();
  return unfolded.Take();
}

}  // namespace

FoldResult FoldShapes(const std::vector<ShapeUse>& uses, const std::vector<std::shared_ptr<const Shape>>& fixed,
                      const std::vector<Template>& templates, const std::vector<TemplateBinding>& bindings,
                      const RangeRunner& for_ranges) {
  FoldResult result;
  const SlotClasses classes(templates, fixed, bindings);
  std::vector<FoldedUse> folded(uses.size());
  for_ranges(uses.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      folded[i] = FoldUse(*uses[i].shape, *fixed[i], bindings[i], templates[bindings[i].template_index].id, classes);
    }
  });
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> stored_index;
  std::unordered_map<uint64_t, uint32_t> column_index;
  for (FoldedUse& use : folded) {
    const auto [at, added] = stored_index.try_emplace(use.stored.id, static_cast<uint32_t>(result.shapes.size()));
    if (added) {
      StoredShape stored;
      for (const uint64_t key : use.column_keys) {
        const auto [column, new_column] = column_index.try_emplace(key, static_cast<uint32_t>(result.columns.size()));
        if (new_column) result.columns.emplace_back();
        stored.columns.push_back(column->second);
      }
      for (const Piece& piece : use.stored.pieces) {
        if (piece.kind != Piece::Kind::kSlot) continue;
        ColumnInput& column = result.columns[stored.columns[piece.slot]];
        column.token_class = piece.token_class;
        if (piece.time_layout != 0) column.time_layout = piece.time_layout;
      }
      stored.shape = std::make_shared<const Shape>(std::move(use.stored));
      result.shapes.push_back(std::move(stored));
    }
    result.plans.push_back({at->second, std::move(use.slots)});
    use = {};  // its memory
  }
  return result;
}

}  // namespace whittle
