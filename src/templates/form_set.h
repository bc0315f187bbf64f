// The distinct body forms of a set of shapes: shapes that differ outside their body, or only in the text of values,
// have one form. Order-free: which forms are admitted when there are too many is decided by hash. Owns the forms; the
// shapes must outlive the constructor only. Not thread-safe while it is built.
#pragma once

#include <cstdint>
#include <span>
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

  // `members` are indexes into `shapes`. With `split_words`, values made of words (state=up) make forms of their own,
  // which overrides that split a slot need; templates come out the same.
  FormSet(std::span<const Shape* const> shapes, std::span<const uint32_t> members, size_t max_forms, bool split_words);

  const std::vector<Form>& forms() const { return forms_; }
  const WordTable& words() const { return words_; }
  // The form of the i-th member, or kOverflow.
  uint32_t FormOf(size_t member) const { return form_of_member_[member]; }

 private:
  // False when the forms with hashes below `end_hash` are more than the limits allow.
  bool Collect(std::span<const Shape* const> shapes, std::span<const uint32_t> members, bool split_words,
               size_t max_forms, uint64_t end_hash);
  void Add(std::vector<BodyUnit> units);

  WordTable words_;
  std::vector<Form> forms_;
  std::vector<uint32_t> form_of_member_;
};

}  // namespace whittle
