#include "sample/metric_ledger.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace whittle {
namespace {

// First byte of section 20; a reader refuses a greater one.
constexpr uint8_t kMetricsVersion = 1;
constexpr int64_t kTimeless = INT64_MIN;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t SaturatingSum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? INT64_MIN : INT64_MAX;
  return sum;
}

Status Damaged(const char* what) {
  return Status(StatusCode::kCorrupt, std::string("segment: its metrics are damaged: ") + what);
}

}  // namespace

void MetricCell::Add(const MetricCell& other) {
  if (unit == MetricUnit::kNone) {
    unit = other.unit;
  } else if (other.unit != MetricUnit::kNone && other.unit != unit) {
    unit = MetricUnit::kReal;
  }
  events += other.events;
  values += other.values;
  whole = SaturatingSum(whole, other.whole);
  real += other.real;
}

MetricLedger::MetricLedger(std::vector<MetricDefinition> definitions, int64_t window_ns)
    : definitions_(std::move(definitions)), window_ns_(window_ns) {}

MetricLedger::MetricLedger(const MetricLedger& other) { *this = other; }

// The shortcut to the last window must not point into another ledger.
MetricLedger& MetricLedger::operator=(const MetricLedger& other) {
  definitions_ = other.definitions_;
  window_ns_ = other.window_ns_;
  seen_ = other.seen_;
  more_seen_ = other.more_seen_;
  windows_ = other.windows_;
  last_ = nullptr;
  return *this;
}

std::vector<MetricCell>& MetricLedger::At(int64_t time_ns) {
  if (last_ != nullptr && time_ns >= last_begin_ns_ && time_ns < last_end_ns_) return *last_;
  if (windows_.size() * std::max<size_t>(1, definitions_.size()) >= kMaxMetricCells) JoinWindows();
  const int64_t window = time_ns == kTimeless ? kTimeless : FloorDivide(time_ns, window_ns_);
  std::vector<MetricCell>& cells = windows_[window];
  cells.resize(definitions_.size());
  last_ = nullptr;
  if (window > INT64_MIN / window_ns_ && window < INT64_MAX / window_ns_ - 1) {
    last_ = &cells;
    last_begin_ns_ = window * window_ns_;
    last_end_ns_ = last_begin_ns_ + window_ns_;
  }
  return cells;
}

void MetricLedger::Widen(int64_t window_ns) {
  std::map<int64_t, std::vector<MetricCell>> wide;
  for (const auto& [window, cells] : windows_) {
    const int64_t at =
        window == kTimeless
            ? kTimeless
            : static_cast<int64_t>(std::floor(static_cast<long double>(window) * window_ns_ / window_ns));
    std::vector<MetricCell>& into = wide[at];
    into.resize(definitions_.size());
    for (size_t m = 0; m < cells.size(); ++m) into[m].Add(cells[m]);
  }
  windows_ = std::move(wide);
  window_ns_ = window_ns;
  last_ = nullptr;
}

void MetricLedger::JoinWindows() {
  const size_t most = kMaxMetricCells / 2 / std::max<size_t>(1, definitions_.size());
  while (windows_.size() > std::max<size_t>(2, most) && window_ns_ <= INT64_MAX / 4) Widen(window_ns_ * 2);
}

void MetricLedger::Merge(const MetricLedger& other) {
  if (other.definitions_.empty()) return;
  if (definitions_.empty()) window_ns_ = other.window_ns_;
  // Each metric counts for itself what it has seen.
  more_seen_.resize(definitions_.size());
  for (uint64_t& seen : more_seen_) seen += seen_;
  seen_ = 0;
  std::vector<size_t> numbers;
  for (size_t m = 0; m < other.definitions_.size(); ++m) {
    auto at = std::find(definitions_.begin(), definitions_.end(), other.definitions_[m]);
    if (at == definitions_.end()) {
      if (definitions_.size() >= kMaxMergedMetrics) {
        numbers.push_back(SIZE_MAX);
        continue;
      }
      definitions_.push_back(other.definitions_[m]);
      more_seen_.push_back(0);
      at = definitions_.end() - 1;
    }
    numbers.push_back(static_cast<size_t>(at - definitions_.begin()));
    more_seen_[numbers.back()] += other.seen(m);
  }
  for (auto& [window, cells] : windows_) cells.resize(definitions_.size());
  if (other.window_ns_ > window_ns_) Widen(other.window_ns_);
  last_ = nullptr;
  for (const auto& [window, theirs] : other.windows_) {
    const int64_t begin_ns =
        window == kTimeless || std::abs(window) > INT64_MAX / other.window_ns_ ? window : window * other.window_ns_;
    std::vector<MetricCell>& cells = At(begin_ns);
    for (size_t m = 0; m < theirs.size(); ++m) {
      if (numbers[m] != SIZE_MAX) cells[numbers[m]].Add(theirs[m]);
    }
  }
}

MetricCell MetricLedger::Total(size_t metric) const {
  MetricCell total;
  for (const auto& [window, cells] : windows_) total.Add(cells[metric]);
  return total;
}

std::string MetricLedger::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kMetricsVersion);
  out.Varint(static_cast<uint64_t>(window_ns_));
  out.Varint(definitions_.size());
  for (size_t m = 0; m < definitions_.size(); ++m) {
    out.Bytes(definitions_[m].name);
    out.Bytes(definitions_[m].when);
    out.Bytes(definitions_[m].sum);
    out.Varint(seen(m));
  }
  out.Varint(windows_.size());
  int64_t before = 0;
  for (const auto& [window, cells] : windows_) {
    out.Varint(window == kTimeless ? 0 : ZigZag(window - before) + 1);
    if (window != kTimeless) before = window;
    for (const MetricCell& cell : cells) {
      out.Varint(cell.events);
      out.Varint(cell.values);
      if (cell.values == 0) continue;
      out.U8(static_cast<uint8_t>(cell.unit));
      out.Signed(cell.whole);
      if (cell.unit == MetricUnit::kReal) out.U64(std::bit_cast<uint64_t>(cell.real));
    }
  }
  return bytes;
}

Result<MetricLedger> MetricLedger::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.U8();
  if (in.ok() && version > kMetricsVersion)
    return Status(StatusCode::kUnsupported, "segment: metrics of a newer version");
  MetricLedger ledger;
  const uint64_t window_ns = in.Varint();
  if (!in.ok() || window_ns == 0 || window_ns > static_cast<uint64_t>(INT64_MAX)) return Damaged("window");
  ledger.window_ns_ = static_cast<int64_t>(window_ns);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > kMaxMergedMetrics) return Damaged("definitions");
  for (uint64_t m = 0; m < count && in.ok(); ++m) {
    MetricDefinition definition;
    definition.name = in.Bytes();
    definition.when = in.Bytes();
    definition.sum = in.Bytes();
    ledger.definitions_.push_back(std::move(definition));
    ledger.more_seen_.push_back(in.Varint());
  }
  const uint64_t windows = in.Varint();
  // Every cell takes two bytes at least.
  if (!in.ok() || windows > in.remaining()) return Damaged("windows");
  int64_t before = 0;
  for (uint64_t w = 0; w < windows && in.ok(); ++w) {
    const uint64_t step = in.Varint();
    if (step > 0)
      before = static_cast<int64_t>(static_cast<uint64_t>(before) + static_cast<uint64_t>(UnZigZag(step - 1)));
    std::vector<MetricCell>& cells = ledger.windows_[step == 0 ? kTimeless : before];
    if (!cells.empty()) return Damaged("a window twice");
    cells.resize(count);
    for (MetricCell& cell : cells) {
      cell.events = in.Varint();
      cell.values = in.Varint();
      if (!in.ok() || cell.values > cell.events) return Damaged("counts");
      if (cell.values == 0) continue;
      const uint8_t unit = in.U8();
      if (unit == 0 || unit > static_cast<uint8_t>(MetricUnit::kSize)) return Damaged("unit");
      cell.unit = static_cast<MetricUnit>(unit);
      cell.whole = in.Signed();
      if (cell.unit == MetricUnit::kReal) cell.real = std::bit_cast<double>(in.U64());
    }
  }
  if (!in.ok() || in.remaining() != 0) return Damaged("cells");
  return ledger;
}

}  // namespace whittle
