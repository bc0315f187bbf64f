// Filter: a syntax tree bound to fields, with its regular expressions compiled, ready to decide about events. Immutable
// and safe from any thread; owns everything; cheap to move. The same filter serves cat, query, rules and policies.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "expr/field_ref.h"
#include "expr/field_source.h"
#include "expr/parser.h"

namespace whittle {

// A regular expression longer than this is refused; RE2 is linear in the text, but its program grows with the pattern.
inline constexpr size_t kMaxRegexBytes = 4096;
// What RE2 may use for the program and its cached states, each; a pattern that needs more (a{1000}{1000}) is refused.
inline constexpr int64_t kMaxRegexMemoryBytes = 8 << 20;
// Regular expressions of one filter: together at most 128 MiB, whatever is typed.
inline constexpr size_t kMaxRegexes = 16;

class Filter {
 public:
  // Matches everything.
  Filter();
  ~Filter();
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;

  static Result<Filter> Parse(std::string_view text, const ParseOptions& options = {});
  static Result<Filter> Bind(const Expr& expr);

  bool Matches(FieldSource* fields) const;
  bool Matches(const Event& event) const;
  bool matches_all() const;

  // The conditions by themselves, numbered from 0, for a reader that knows the answers of many events at once.
  struct Leaf {
    const FieldRef* field = nullptr;
    std::string_view word;  // in lower case: a whole word, to be found in the text of the field
    bool any_text = false;  // in the message (the field), or anywhere in the record as it was read
  };
  size_t leaf_count() const;
  Leaf leaf(size_t index) const;
  bool LeafMatches(size_t index, FieldSource* fields) const;
  class LeafAnswers {
   public:
    virtual ~LeafAnswers() = default;
    virtual bool Answer(size_t leaf) = 0;
  };
  bool Matches(LeafAnswers* answers) const;

  // Fields the filter looks at, fields()[i].id == i: the reader decodes only these.
  const std::vector<FieldRef>& fields() const;
  // The names of attributes as the user wrote them, with columns, for suggestions.
  const std::vector<FieldName>& written_names() const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

}  // namespace whittle
