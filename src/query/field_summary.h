// FieldSummary: which fields events have, of what types, with how many and which values: the stages `fields` and
// `facets`. Bounded in memory whatever the fields and values. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "event/event.h"
#include "expr/ast.h"
#include "query/accumulator.h"
#include "query/result_table.h"
#include "query/selection.h"

namespace whittle {

// Fields that are told apart; what comes later is left out and the summary says so.
inline constexpr size_t kMaxSummaryFields = 10'000;
// Values of one field that are counted one by one, and all of them together. A field with more is an identifier or a
// measurement: its values are not what it tells.
inline constexpr size_t kMaxFacetValues = 2'000;
inline constexpr size_t kMaxFacetBytes = size_t{128} << 20;
// Values shown of each field, and fields shown when none are named.
inline constexpr size_t kFacetValuesShown = 5;
inline constexpr size_t kFacetFieldsShown = 20;

class FieldSummary {
 public:
  FieldSummary() = default;
  void Add(const Event& event, double weight);
  // field, type, events, share, distinct, example; the most frequent first.
  ResultTable Fields() const;
  // field, value, count, share: the most frequent values of `fields`, or of the fields with few values.
  ResultTable Facets(const std::vector<FieldName>& fields) const;
  bool too_many_fields() const { return too_many_fields_; }
  bool estimated() const { return total_.estimated(); }

 private:
  struct Field {
    std::map<ValueType, uint64_t> types;
    Accumulator events;
    DistinctCounter distinct;
    std::unordered_map<std::string, Accumulator> values;
    bool many = false;  // more values than are counted
    std::string example;
  };
  void AddValue(const std::string& name, ValueType type, std::string_view text, double weight);
  bool IsIdentifier(const Field& field) const;

  std::unordered_map<std::string, Field> fields_;
  Accumulator total_;
  size_t value_bytes_ = 0;
  bool too_many_fields_ = false;
};

// Runs over the events of a selection.
Status SummarizeFields(Selection* selection, bool unweighted, FieldSummary* summary);

}  // namespace whittle
