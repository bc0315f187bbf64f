// SampledAnswers: what a query needs to know about sampling in a store: which events stand for others and share a coin,
// what the exact counts by stratum say, and when an answer is exact. docs/sampling.md, "Answers".
//
// Made once per query; not thread-safe. The reader must outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "expr/filter.h"
#include "query/result_table.h"
#include "query/store_ledger.h"
#include "sample/estimate.h"

namespace whittle {

// How much an event counts, and what decided that it is there.
struct Stake {
  Stake(double stands_for = 1) : weight(stands_for) {}  // NOLINT(google-explicit-constructor)
  double weight;
  double incoming = 1;      // Observation::incoming
  uint64_t coin = 0;        // Observation::coin
  uint32_t cell = kNoCell;  // Observation::cell
};

class SampledAnswers {
 public:
  // Reads the counts of all segments that have any; none in most stores.
  static Result<SampledAnswers> Open(StoreReader* reader);

  // Something was sampled out, of this store or before it came.
  bool sampled() const { return store_.sampled_out > 0 || store_.has_incoming; }
  Stake StakeOf(const RecordView& record) const;
  const CellTotals& cells() const { return cells_; }

  // The strata that may hold events which match; those that surely do not are found by the parts of the filter that ask
  // for keys of the sampling alone.
  Status Restrict(const Expr& filter);
  // None of these strata has lost an event to sampling: what is counted is all there was.
  bool complete() const { return complete_; }

  // Which template a stratum's events have: told by those that are kept.
  void Note(const RecordView& record, const Stake& stake);

  // Exact number of events by fields all of which are sampling keys; nothing when the ledger does not know. `in` leaves
  // out what a rule dropped. `kept` counts survivors. What came with rates is known exactly as well, but only estimates
  // what there was before: `more` and `spread` are LedgerCell's more_in and spread_in.
  struct ExactGroup {
    std::vector<Cell> values;
    uint64_t in = 0, kept = 0;
    double more = 0, spread = 0;
    // Events of forms that nothing survived of, which may be of this group's template too.
    uint64_t maybe_more = 0;
  };
  std::optional<std::vector<ExactGroup>> CountBy(const std::vector<FieldName>& by) const;

  // What a metric of the policy counted of all events that pass a filter (canonical, FormatExpr), and added up of `sum`
  // (empty: any metric with that filter will do); nothing unless it saw every event the store accounts for.
  std::optional<MetricCell> MetricOf(const std::string& filter, const std::string& sum) const;

 private:
  class StratumFields;
  SampledAnswers() = default;
  std::optional<size_t> KeyOf(const FieldName& field) const;
  Status RestrictTo(const Expr& part);
  void FindComplete();
  Cell GroupOf(size_t stratum, const FieldName& field, size_t key) const;

  StoreLedger store_;
  std::vector<StratumTotal> totals_;
  CellTotals cells_;
  std::vector<bool> possible_;  // by stratum
  bool filter_by_keys_ = true;  // the whole filter asks for keys alone
  bool complete_ = true;
  bool independent_ = false;  // lines of a trace had coins of their own
  struct StratumTemplate {
    uint64_t id = 0;
    std::string text;
    bool ambiguous = false;
  };
  std::vector<StratumTemplate> templates_;  // by stratum
};

}  // namespace whittle
