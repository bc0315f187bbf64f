// FoldedBodies: what the bodies of lines looked like before a segment folded them into its stored shapes. A stored
// shape has a slot where the miner found words to be values, and a slot is no evidence for words: so a segment keeps
// the bodies themselves, and who mines the shapes of a store again comes to the same templates wherever segments were
// cut.
//
// A shape that is not in here was stored as it came and speaks for itself. Owns what it holds; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/shape.h"
#include "event/shape_list.h"
#include "event/template.h"

namespace whittle {

class FoldedBodies {
 public:
  // `body`: a BodyAlone that was folded into `stored`.
  void Add(const Hash128& stored, std::shared_ptr<const Shape> body);
  void Add(const FoldedBodies& other);
  void Remove(const Hash128& stored) { bodies_.erase(stored); }

  std::span<const std::shared_ptr<const Shape>> Of(const Hash128& stored) const;
  bool empty() const { return bodies_.empty(); }

 private:
  struct Entry {
    SharedShapes bodies;
    std::unordered_map<Hash128, uint32_t, Hash128Hasher> index;
  };
  std::unordered_map<Hash128, Entry, Hash128Hasher> bodies_;
  std::unordered_map<Hash128, std::shared_ptr<const Shape>, Hash128Hasher> shared_;  // one copy of equal bodies
};

// The body of a shape and all that decides how it is mined, as a shape without anything around it. Masked tokens, long
// lists and long quoted texts in a slot of its template lose their text: that it varies is known.
std::shared_ptr<const Shape> BodyAlone(const Shape& shape, const TemplateBinding& binding);

// What miners look at of a field that stands in `range` of a body: its type.
Field TypeOnly(const Field& field, PieceRange range);

// Whether `stored` tells the miner all that `line` did, texts of values aside.
bool MinesAlike(const Shape& line, const Shape& stored);

}  // namespace whittle
