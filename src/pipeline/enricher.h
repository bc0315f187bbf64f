// Enricher: the field steps of the configuration, applied to the records of one source, and the rates that they bring
// along (incoming_rates.h), which may be among the fields. A step without condition costs
// nothing per line, since it works on shapes; one with a condition looks at the first line of each record and gives the
// rows that meet it a shape of their own. A pure function of line, source and configuration, so chunks, threads and
// restarts change nothing.
//
// Not thread-safe: one per source, on the thread that assembles batches. The options are shared and must outlive it.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "pipeline/field_rules.h"
#include "pipeline/incoming_rates.h"
#include "pipeline/line_parser.h"
#include "pipeline/sampling_fields.h"

namespace whittle {

// Shapes whose enriched form is remembered for one source and step; when there are more they are worked out anew.
inline constexpr size_t kMaxEnrichedShapes = 20'000;

class Enricher {
 public:
  Enricher(const ParsingOptions* options, SegmentSource source);

  // Rows get the shapes that the rules make of theirs. First rows of records are known as such by then.
  void Enrich(EventBatch* batch);

  // Of the rates that were found since the call before.
  IncomingRateCounts TakeRateCounts() { return rates_.TakeCounts(); }

 private:
  struct Step {
    const FieldRule* rule = nullptr;
    FieldStep step;                          // what is done to shapes
    std::unique_ptr<SamplingFields> fields;  // null: no condition
    std::unordered_map<Hash128, std::shared_ptr<const Shape>, Hash128Hasher> enriched;
  };
  const std::shared_ptr<const Shape>& Enriched(const std::shared_ptr<const Shape>& shape, Step* step);
  void EnrichAll(Step* step, EventBatch* batch);
  void EnrichSome(Step* step, EventBatch* batch);

  const SegmentSource source_;
  std::vector<Step> steps_;
  IncomingRates rates_;
};

}  // namespace whittle
