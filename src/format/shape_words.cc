#include "format/shape_words.h"

#include <algorithm>

namespace whittle {
namespace {

class ChainFinder {
 public:
  explicit ChainFinder(std::vector<WordChain>* chains) : chains_(*chains) {}

  void Range(const Shape& shape, PieceRange range) {
    Begin(false);
    for (size_t i = range.begin; i < range.end; ++i) {
      const Piece& piece = shape.pieces[i];
      if (piece.kind == Piece::Kind::kSlot) {
        chain_.slots.push_back(piece.slot);
        chain_.literals.emplace_back();
        continue;
      }
      for (const char c : piece.text) {
        if (IsWordByte(c)) {
          chain_.literals.back().push_back(c);
        } else {
          const bool letter = static_cast<unsigned char>(c) >= 0x80;
          chain_.beside_letter = chain_.beside_letter || letter;
          End();
          Begin(c == '\\');
          chain_.beside_letter = letter;
        }
      }
    }
    End();
  }

 private:
  void Begin(bool after_backslash) {
    chain_ = {};
    chain_.literals.emplace_back();
    chain_.after_backslash = after_backslash;
  }
  void End() {
    if (chain_.slots.empty() && chain_.literals[0].empty()) return;
    chains_.push_back(std::move(chain_));
  }

  std::vector<WordChain>& chains_;
  WordChain chain_;
};

// True when a word may go on from piece `at` - 1 to piece `at`.
bool MayJoin(const Shape& shape, size_t at) {
  if (at == 0 || at >= shape.pieces.size()) return false;
  const Piece& before = shape.pieces[at - 1];
  const Piece& after = shape.pieces[at];
  const auto word = [](const Piece& piece, bool at_end) {
    return piece.kind == Piece::Kind::kSlot || piece.text.empty() ||
           IsWordByte(at_end ? piece.text.back() : piece.text.front());
  };
  return word(before, true) && word(after, false);
}

}  // namespace

std::vector<WordChain> ChainsOf(const Shape& shape) {
  std::vector<WordChain> chains;
  ChainFinder finder(&chains);
  finder.Range(shape, {0, static_cast<uint16_t>(shape.pieces.size())});
  if (MayJoin(shape, shape.body.begin) || MayJoin(shape, shape.body.end)) finder.Range(shape, shape.body);
  return chains;
}

bool Unescapes(const Shape& shape) {
  return shape.body_unescape != 0 ||
         std::any_of(shape.fields.begin(), shape.fields.end(), [](const Field& field) { return field.unescape != 0; });
}

}  // namespace whittle
