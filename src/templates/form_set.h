// The distinct body forms of a set of shapes: shapes that differ outside their body, or only in the text of values,
// have one form. Order-free: which forms are admitted when there are too many is decided by hash. Owns the forms; the
// shapes must outlive the constructor only. Not thread-safe while it is built.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "event/shape.h"
#include "templates/align.h"
#include "templates/word_table.h"

namespace whittle {

// Words, values and delimiters of all forms together: about 25 MB while mining.
inline constexpr size_t kMaxFormUnits = 500'000;

class FormSet {
 public:
  static constexpr uint32_t kOverflow = UINT32_MAX;

  // The shapes `members` of `shapes`; `origins` says, by index into `shapes`, which of these a shape was folded from:
  // then only those are evidence. With `split_words`, values made of words (state=up) make forms of their own, which
  // overrides that split a slot need; templates come out the same.
  FormSet(std::span<const Shape* const> shapes, std::span<const uint32_t> members,
          std::span<const std::vector<uint32_t>> origins, size_t max_forms, bool split_words);

  // What is mined, then the followers: forms of folded shapes that no other shape has. Each belongs where its origin
  // does.
  const std::vector<Form>& forms() const { return forms_; }
  size_t mined_count() const { return forms_.size() - origin_of_follower_.size(); }
  uint32_t OriginOf(uint32_t follower) const { return origin_of_follower_[follower - mined_count()]; }
  const WordTable& words() const { return words_; }
  // The form of the i-th member, or kOverflow.
  uint32_t FormOf(size_t member) const { return members_[member].form; }
  // Which pieces of the member's shape each unit of its form is; nothing for kOverflow.
  std::span<const PieceRange> PiecesOf(size_t member) const {
    return std::span(pieces_).subspan(members_[member].first_piece, members_[member].unit_count);
  }

 private:
  // False when the forms with hashes below `end_hash` are more than the limits allow.
  bool Collect(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words,
               size_t max_forms, uint64_t end_hash);
  // Too many: finds out which hashes are admitted, and begins again.
  void CollectSmallest(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words,
                       size_t max_forms);
  void Follow(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words);
  bool SpeaksForItself(uint32_t shape) const { return shape >= origins_.size() || origins_[shape].empty(); }
  struct Member {
    uint32_t form = kOverflow;
    uint32_t first_piece = 0;  // in pieces_
    uint32_t unit_count = 0;
  };
  void Place(uint32_t form, const std::vector<BodyUnit>& units, Member* member);
  void Add(std::vector<BodyUnit> units);

  WordTable words_;
  std::vector<Form> forms_;
  std::vector<Member> members_;
  std::vector<PieceRange> pieces_;
  std::span<const std::vector<uint32_t>> origins_;  // while it is built
  std::unordered_map<uint64_t, uint32_t> by_hash_;
  std::vector<uint32_t> origin_of_follower_;
};

}  // namespace whittle
