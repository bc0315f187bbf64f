// The part of a Sampler that throws coins, also for events that another stage has thrown one for, and writes down what
// the kept ones weigh.
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "pipeline/sampler.h"
#include "sample/coin.h"

namespace whittle {

uint64_t Sampler::Coin() {
  if (policy_->traces != SamplingPolicy::Traces::kIndependent) {
    if (const uint64_t trace = trace_ != 0 ? trace_ : fields_.Trace(); trace != 0) {
      return policy_->w3c_coin ? W3cCoin(trace) : TraceCoin(policy_->seed, trace);
    }
  }
  return PositionCoin(policy_->seed, source_hash_, offset_);
}

// A record that came with a rate. Three cases: the stage before threw the coin that is thrown here, so the two are one
// stage; it threw another one; or nobody knows which, and then the coin is one that no stage before can have thrown.
void Sampler::ThrowAfterOther(const EventBatch& batch, size_t first, size_t end, bool is_rate) {
  LookAgain(batch, first, end, clock_.time_ns());
  const uint64_t trace = trace_ != 0 ? trace_ : fields_.Trace();
  const bool by_trace = trace != 0 && policy_->traces != SamplingPolicy::Traces::kIndependent;
  const IncomingSampling before = incoming_rates_.Of(batch, first, trace_);
  uint64_t coin = Coin();
  if (by_trace && before.randomness && policy_->w3c_coin) coin = *before.randomness;
  if (before.randomness && *before.randomness == coin && before.rate == incoming_) {
    const double p = ProbabilityOf(decision_.threshold);
    // Rates are of all there was: the lower probability holds. Budgets are of what comes, and take their share of it.
    decision_.threshold = is_rate ? std::max(before.threshold, decision_.threshold)
                                  : std::max(before.threshold, ThresholdOf(p / incoming_));
    incoming_ = -incoming_;
  } else if (by_trace && !before.randomness) {
    coin = TraceCoinAfter(policy_->seed, trace, incoming_);
  }
  decision_.kept = coin >= decision_.threshold;
}

void Sampler::CountAny(const EventCounts& counts, LedgerCell* cell) {
  cell->dropped = cell->dropped || decision_.dropped;
  cell->in += counts;
  if (decision_.late) cell->late += counts.records;
  const bool came_sampled = incoming_ != 1 && counts.records > 0;
  if (came_sampled) cell->Came(std::fabs(incoming_));
  if (!decision_.kept) return;
  cell->kept += counts;
  if (came_sampled) {
    const double p = ProbabilityOf(decision_.threshold);
    const double weight = incoming_ < 0 ? 1 / p : incoming_ / p;
    cell->weight += weight;
    cell->variance += (1 - std::min(1.0, std::fabs(incoming_) / weight)) * weight * weight;
    return;
  }
  if (decision_.threshold == 0 || counts.records == 0) {
    cell->weight += static_cast<double>(counts.records);
    return;
  }
  KnownStratum once;
  KnownStratum& known = current_ == nullptr ? once : *current_;
  if (known.threshold != decision_.threshold) {
    const double p = ProbabilityOf(decision_.threshold);
    known.threshold = decision_.threshold;
    known.weight = 1 / p;
    known.variance = (1 - p) / p / p;
  }
  cell->weight += known.weight;
  cell->variance += known.variance;
}

}  // namespace whittle
