#include "sample/rate_controller.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sample/coin.h"

namespace whittle {
namespace {

constexpr int64_t kNoTimeNs = INT64_MIN;
constexpr double kNsPerSecond = 1e9, kSecondsPerDay = 86'400;
// Weight of the newest step among those before.
constexpr double kSmoothing = 0.5;
// A stratum that is expected less often than this is forgotten: three windows without it after a single event.
constexpr double kForgotten = 0.2;
// What was overspent is saved again, but never more than half of a step's budget; what was left over is not.
constexpr double kMostSaved = 0.5;
// A step is over when it would spend so much more than it may.
constexpr double kTolerance = 1.05;
// The shortest time that an absolute budget is divided by: bursts within one second of coarse timestamps are no rate.
constexpr int64_t kShortestStepNs = 1'000'000'000;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

}  // namespace

RateController::RateController(const SamplingPolicy* policy, double share) : policy_(policy), share_(share) {
  if (policy->budget.kind == SamplingBudget::Kind::kKeep || policy->budget.kind == SamplingBudget::Kind::kKeepBytes) {
    newcomers_[0].probability = std::min(1.0, policy->budget.amount);
  }
}

// The shortest time that a step is taken to last. Windows of less than half a minute want less, unless timestamps are
// coarse.
int64_t RateController::ShortestNs() const {
  const int64_t part_ns = policy_->window_ns / 30;
  return part_ns >= kShortestStepNs || newest_ns_ != step_begin_ns_ ? part_ns : kShortestStepNs;
}

// What the budget allows for the step so far, in its unit. `shortest_ns`: the time it is taken to last at least.
double RateController::Allowed(int64_t shortest_ns) const {
  const SamplingBudget& budget = policy_->budget;
  if (!budget.absolute()) return budget.amount * step_cost_;
  const int64_t elapsed =
      step_begin_ns_ == kNoTimeNs ? shortest_ns : std::max(shortest_ns, newest_ns_ - step_begin_ns_);
  const double seconds = static_cast<double>(elapsed) / kNsPerSecond;
  const double per_second =
      budget.kind == SamplingBudget::Kind::kBytesPerDay ? budget.amount / kSecondsPerDay : budget.amount;
  return per_second * share_ * seconds;
}

// Spending comes in whole events: so much too early is no sign of anything.
double RateController::Slack() const {
  const double event =
      policy_->budget.of_bytes() && step_events_ > 0 ? step_cost_ / static_cast<double>(step_events_) : 1;
  return 16 * event;
}

void RateController::AdvanceWindow(int64_t time_ns) {
  if (time_ns == kNoTimeNs) return;
  newest_ns_ = std::max(newest_ns_, time_ns);
  if (step_begin_ns_ == kNoTimeNs) step_begin_ns_ = time_ns;
  if (time_ns < window_end_ns_) return;
  const int64_t window = FloorDivide(time_ns, policy_->window_ns);
  if (window_ != INT64_MIN && window > window_) window_over_ = true;
  window_ = std::max(window_, window);
  if (window_ < INT64_MAX / policy_->window_ns - 1) window_end_ns_ = (window_ + 1) * policy_->window_ns;
}

bool RateController::StepIsOver() const {
  if (step_events_ < std::max<uint64_t>(kMinStepEvents, strata_.size() / 4)) return false;
  if (window_over_ || step_events_ >= kMaxStepEvents) return true;
  if (!policy_->budget.absolute() && static_cast<double>(step_events_) >= 2 * expected_events_) return true;
  if (step_expected_ > kTolerance * Allowed(ShortestNs()) + Slack()) return true;
  return policy_->cap < 1 && all_expected_ > kTolerance * policy_->cap * all_cost_ + Slack();
}

void RateController::SetThreshold(uint64_t threshold, Stratum* stratum) {
  stratum->threshold = threshold;
  stratum->probability = ProbabilityOf(threshold);
}

RateController::Stratum* RateController::Find(uint64_t key, double fixed, uint32_t* hint, bool* other) {
  if (key == kOtherKey) key = 1;
  if (hint != nullptr && *hint < strata_.size() && strata_[*hint].key == key) return &strata_[*hint];
  auto found = index_.find(key);
  if (found == index_.end() && strata_.size() >= policy_->max_strata) {
    *other = true;
    key = kOtherKey;
    fixed = -1;
    found = index_.find(key);
  }
  if (found == index_.end()) {
    found = index_.emplace(key, static_cast<uint32_t>(strata_.size())).first;
    Stratum stratum;
    stratum.key = key;
    stratum.fixed = fixed;
    const Newcomers& newcomers = newcomers_[fixed >= 0 ? 1 : 0];
    SetThreshold(ThresholdOf(newcomers.probability * (fixed >= 0 ? fixed : 1)), &stratum);
    strata_.push_back(stratum);
  }
  if (hint != nullptr) *hint = found->second;
  return &strata_[found->second];
}

RateController::Verdict RateController::Arrive(const Arrival& arrival) {
  if (arrival.fixed && !tracks_rules()) return {ThresholdOf(*arrival.fixed), false};
  const SamplingBudget::Kind kind = policy_->budget.kind;
  if (!tracks_rules()) {
    if (arrival.pinned) return {*arrival.pinned, false};
    if (kind == SamplingBudget::Kind::kEverything) return {};
    if (kind == SamplingBudget::Kind::kRate) return {ThresholdOf(policy_->budget.amount), false};
  }
  AdvanceWindow(arrival.time_ns);
  if (StepIsOver()) {
    EndStep(!window_over_);
    step_begin_ns_ = newest_ns_;
    window_over_ = false;
  }
  Verdict verdict;
  Stratum* stratum = Find(arrival.key, arrival.fixed.value_or(-1), arrival.hint, &verdict.other);
  verdict.threshold = arrival.pinned.value_or(stratum->threshold);
  ++stratum->events;
  stratum->bytes += arrival.bytes;
  if (stratum->is_new) {
    Newcomers& newcomers = newcomers_[stratum->fixed >= 0 ? 1 : 0];
    ++newcomers.step_events;
    newcomers.step_keys += stratum->events == 1 ? 1 : 0;
  }
  const double cost = Cost(arrival.bytes);
  const double expected = cost * (arrival.pinned ? ProbabilityOf(*arrival.pinned) : stratum->probability);
  ++step_events_;
  all_cost_ += cost;
  all_expected_ += expected;
  if (stratum->fixed < 0) {
    step_cost_ += cost;
    step_expected_ += expected;
    total_expected_ += expected;
  }
  return verdict;
}

// Keys that came once, as in a flood of unique ones, hardly come again: the budget that was put aside for them would be
// lost to all others. How much of it is called for is measured.
void RateController::ExpectReturns(double scale, double weight) {
  // As if one event had been expected and had come: a few keys prove little.
  double expected = 1, came = 1;
  for (Stratum& s : strata_) {
    if (s.is_new || s.returned) continue;
    expected += s.smoothed;
    came += static_cast<double>(s.events) * scale;
    s.returned = s.events > 0;
  }
  returning_ = (1 - weight) * returning_ + weight * std::min(1.0, came / expected);
}

void RateController::Smooth(bool early) {
  // Counts of a step as counts of a window.
  double scale = 1;
  if (policy_->budget.absolute()) {
    const int64_t shortest_ns = std::min(kShortestStepNs, ShortestNs());
    const int64_t elapsed = std::max(shortest_ns, newest_ns_ == kNoTimeNs ? 0 : newest_ns_ - step_begin_ns_);
    scale = static_cast<double>(policy_->window_ns) / static_cast<double>(elapsed);
    early = early || steps_ == 0 || 2 * scale * static_cast<double>(step_events_) < expected_events_;
  } else if (early) {
    scale = std::max(1.0, expected_events_ / static_cast<double>(step_events_));
  }
  const auto events = static_cast<double>(step_events_);
  // An early end, or half of what was expected, means that the past is no guide: only this step counts.
  const double weight = early ? 1 : kSmoothing;
  const auto smooth = [&](double before, double now) { return (1 - weight) * before + weight * now * scale; };
  expected_events_ =
      early ? std::max(events, std::min(expected_events_, events * scale)) : smooth(expected_events_, events);
  ExpectReturns(scale, weight);
  for (Stratum& s : strata_) {
    if (s.events > 0 && policy_->budget.of_bytes())
      s.cost = static_cast<double>(s.bytes) / static_cast<double>(s.events);
    s.smoothed = s.is_new ? static_cast<double>(s.events) * scale : smooth(s.smoothed, static_cast<double>(s.events));
    s.expected = s.smoothed * (s.returned ? 1 : returning_);
    s.events = s.bytes = 0;
    s.is_new = false;
  }
  for (Newcomers& n : newcomers_) {
    n.events = smooth(n.events, static_cast<double>(n.step_events));
    n.keys = smooth(n.keys, static_cast<double>(n.step_keys));
    n.step_events = n.step_keys = 0;
  }
  const size_t before = strata_.size();
  std::erase_if(strata_, [](const Stratum& s) { return s.smoothed < kForgotten; });
  if (strata_.size() == before) return;
  index_.clear();
  for (uint32_t i = 0; i < strata_.size(); ++i) index_.emplace(strata_[i].key, i);
}

void RateController::EndStep(bool early) {
  // By the time that did pass: steps shorter than a second would else spend the budget of one each.
  const double allowed = Allowed(0);
  const double mean_cost = step_events_ > 0 ? all_cost_ / static_cast<double>(step_events_) : 1;
  debt_ = std::max(0.0, debt_ + step_expected_ - allowed);
  Smooth(early);
  for (Stratum& s : strata_) {
    if (!policy_->budget.of_bytes()) s.cost = 1;
  }
  if (policy_->budget.kind != SamplingBudget::Kind::kEverything &&
      policy_->budget.kind != SamplingBudget::Kind::kRate) {
    Divide();
  } else {
    for (Stratum& s : strata_) {
      SetThreshold(ThresholdOf(s.fixed >= 0 ? s.fixed : policy_->budget.amount), &s);
    }
    newcomers_[0].probability = policy_->budget.amount;
  }
  if (policy_->cap < 1) {
    for (Stratum& s : strata_) {
      if (s.fixed >= 0) SetThreshold(ThresholdOf(s.fixed), &s);
    }
    newcomers_[1].probability = 1;
    ApplyCap(mean_cost);
  }
  ++steps_;
  step_events_ = 0;
  step_cost_ = step_expected_ = all_cost_ = all_expected_ = 0;
}

void RateController::Divide() {
  const bool of_bytes = policy_->budget.of_bytes();
  std::vector<AllocationItem> items;
  std::vector<uint32_t> which;
  double total = 0, mean_cost = 0, cost_events = 0;
  for (uint32_t i = 0; i < strata_.size(); ++i) {
    const Stratum& s = strata_[i];
    if (s.fixed >= 0) continue;
    items.push_back({s.expected, s.cost, policy_->floor, s.expected, 1});
    which.push_back(i);
    total += s.expected * s.cost;
    mean_cost += s.expected * s.cost;
    cost_events += s.expected;
  }
  mean_cost = of_bytes && cost_events > 0 ? mean_cost / cost_events : 1;
  // At least one newcomer is always expected, so that the first event of a new kind is no surprise to the budget.
  Newcomers& newcomers = newcomers_[0];
  const double keys = std::max(1.0, newcomers.keys);
  const double each = std::max(1.0, newcomers.events / keys);
  items.push_back({each, mean_cost, policy_->floor, each, keys});
  total += newcomers.events * mean_cost;

  const SamplingBudget& budget = policy_->budget;
  double amount = budget.amount * total;
  if (budget.absolute()) {
    const double per_second =
        budget.kind == SamplingBudget::Kind::kBytesPerDay ? budget.amount / kSecondsPerDay : budget.amount;
    amount = per_second * share_ * static_cast<double>(policy_->window_ns) / kNsPerSecond;
  }
  const double saved = std::min(debt_, kMostSaved * amount);
  const std::vector<double> kept = Allocate(items, policy_->curve, amount - saved);
  for (size_t i = 0; i < which.size(); ++i) {
    Stratum& s = strata_[which[i]];
    SetThreshold(ThresholdOf(s.expected > 0 ? kept[i] / s.expected : 0), &s);
  }
  newcomers.probability = std::clamp(kept.back() / each, kLeastProbability, 1.0);
}

// The cap is a second filling: of what everything would keep by now, at most so much.
void RateController::ApplyCap(double mean_cost) {
  std::vector<AllocationItem> items;
  double total = 0, wanted = 0;
  for (const Stratum& s : strata_) {
    const double most = s.expected * s.probability;
    items.push_back({s.expected, s.cost, 0, most, 1});
    total += s.expected * s.cost;
    wanted += most * s.cost;
  }
  for (const Newcomers& n : newcomers_) {
    const double keys = std::max(1.0, n.keys);
    const double each = std::max(1.0, n.events / keys);
    items.push_back({each, policy_->budget.of_bytes() ? mean_cost : 1, 0, each * n.probability, keys});
    total += n.events * items.back().cost;
    wanted += n.events * n.probability * items.back().cost;
  }
  if (wanted <= policy_->cap * total) return;
  const std::vector<double> kept = Allocate(items, policy_->curve, policy_->cap * total);
  for (size_t i = 0; i < strata_.size(); ++i) {
    Stratum& s = strata_[i];
    SetThreshold(std::max(s.threshold, ThresholdOf(s.expected > 0 ? kept[i] / s.expected : 0)), &s);
  }
  for (size_t n = 0; n < 2; ++n) {
    const size_t i = strata_.size() + n;
    newcomers_[n].probability = std::clamp(kept[i] / items[i].count, kLeastProbability, newcomers_[n].probability);
  }
}

void RateController::Encode(ByteWriter* out) const {
  for (const double value :
       {expected_events_, step_cost_, step_expected_, all_cost_, all_expected_, debt_, total_expected_, returning_})
    out->U64(Bits(value));
  for (const Newcomers& n : newcomers_) {
    for (const double value : {n.events, n.keys, n.probability}) out->U64(Bits(value));
    out->Varint(n.step_events);
    out->Varint(n.step_keys);
  }
  out->Varint(step_events_);
  out->Varint(steps_);
  for (const int64_t value : {window_, step_begin_ns_, newest_ns_}) out->U64(static_cast<uint64_t>(value));
  out->U8(window_over_ ? 1 : 0);
  out->Varint(strata_.size());
  for (const Stratum& s : strata_) {
    out->U64(s.key);
    out->U64(Bits(s.smoothed));
    out->U64(Bits(s.cost));
    out->U64(Bits(s.fixed));
    out->Varint(s.threshold);
    out->Varint(s.events);
    out->Varint(s.bytes);
    out->U8(static_cast<uint8_t>((s.is_new ? 1 : 0) | (s.returned ? 2 : 0)));
  }
}

bool RateController::Decode(ByteReader* in) {
  const auto real = [&] { return std::bit_cast<double>(in->U64()); };
  for (double* value : {&expected_events_, &step_cost_, &step_expected_, &all_cost_, &all_expected_, &debt_,
                        &total_expected_, &returning_})
    *value = real();
  for (Newcomers& n : newcomers_) {
    for (double* value : {&n.events, &n.keys, &n.probability}) *value = real();
    n.step_events = in->Varint();
    n.step_keys = in->Varint();
  }
  step_events_ = in->Varint();
  steps_ = in->Varint();
  for (int64_t* value : {&window_, &step_begin_ns_, &newest_ns_}) *value = static_cast<int64_t>(in->U64());
  window_over_ = in->U8() != 0;
  strata_.clear();
  index_.clear();
  for (uint64_t count = in->Varint(); count > 0 && in->ok(); --count) {
    Stratum s;
    s.key = in->U64();
    s.smoothed = real();
    s.cost = real();
    s.fixed = real();
    SetThreshold(in->Varint(), &s);
    s.events = in->Varint();
    s.bytes = in->Varint();
    const uint8_t flags = in->U8();
    s.is_new = (flags & 1) != 0;
    s.returned = (flags & 2) != 0;
    index_.emplace(s.key, static_cast<uint32_t>(strata_.size()));
    strata_.push_back(s);
  }
  return in->ok() && index_.size() == strata_.size();
}

}  // namespace whittle
