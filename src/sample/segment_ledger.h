// SegmentLedger: the exact account of one segment by (source, window of event time, stratum): how many events, lines
// and bytes came and how many of them were kept, whatever was thrown away. A stratum is a combination of values of the
// sampling key, together with the rule that decided about it; strata beyond the limit are one, `other`. Sections 1 and
// 2 of a segment (docs/segment-format.md) are its bytes.
//
// Bounded: when there are more cells than kMaxCells, windows are joined in pairs until there are not; totals never
// change. A plain value, not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "sample/metric_ledger.h"

namespace whittle {

// Cells of one segment: about 150 bytes each while it is open.
inline constexpr size_t kMaxCells = 1 << 16;
// Strata of one segment, and the bytes of their values.
inline constexpr size_t kMaxSegmentStrata = 1 << 15;
inline constexpr size_t kMaxStratumBytes = 16 << 20;
// Texts of policies that one ledger names; further ones are not named.
inline constexpr size_t kMaxPolicyBytes = 64 << 10;
// A value of a key is cut to this many bytes: a stratum is a group, not a place to keep messages.
inline constexpr size_t kMaxKeyBytes = 256;
// Windows of events without any time.
inline constexpr int64_t kNoWindow = INT64_MIN;

struct EventCounts {
  uint64_t records = 0, lines = 0, bytes = 0;
  EventCounts& operator+=(const EventCounts& other) {
    records += other.records;
    lines += other.lines;
    bytes += other.bytes;
    return *this;
  }
  bool operator==(const EventCounts&) const = default;
};

struct StratumInfo {
  uint32_t rule = 0;  // which of the policy's rules decided, from 1; 0: the budget
  bool other = false;
  std::vector<std::optional<std::string>> values;  // one per key; absent: the event has no such field
  // What a message of it looks like; stored only of strata without a survivor, whose shape is nowhere else.
  std::string form;
  bool operator==(const StratumInfo&) const = default;
};

struct LedgerCell {
  uint32_t source = 0;         // index into the segment's sources
  int64_t window = kNoWindow;  // number of the window: it begins at window * window_ns
  uint32_t stratum = 0;
  EventCounts in, kept;
  bool dropped = false;  // what was not kept was dropped by a rule, not sampled out
  uint64_t late = 0;     // events of a window before the newest one
  double weight = 0;     // sum of r/p over the kept events, r being the rate they came with
  double variance = 0;   // sum of r^2 (1-p)/p^2 over the kept events
  // Of all that came, kept or not: sums of r-1 and r(r-1). 0 when everything came unsampled.
  double more_in = 0, spread_in = 0;

  // An event that came with rate `incoming`.
  void Came(double incoming) {
    more_in += incoming - 1;
    spread_in += incoming * (incoming - 1);
  }
};

class SegmentLedger {
 public:
  // `policy`: its canonical text; `rules`: what each says, for people.
  SegmentLedger(std::string policy, std::vector<std::string> keys, std::vector<std::string> rules, int64_t window_ns);
  SegmentLedger() = default;

  bool empty() const { return cells_.empty(); }

  // The number of a stratum; `id` is a hash of rule and values by which it is found again without them. Nothing when it
  // is not known yet: AddStratum then.
  std::optional<uint32_t> FindStratum(uint64_t id) const;
  // Whether `number` is what FindStratum would answer, for those who remember it.
  bool IsStratum(uint32_t number, uint64_t id) const { return number < ids_.size() && ids_[number] == id && id != 0; }
  // kOtherStratum's number when there are too many. Values longer than kMaxKeyBytes are cut.
  uint32_t AddStratum(uint64_t id, StratumInfo info);

  struct Entry {
    std::string_view source_id;
    int64_t time_ns = INT64_MIN;
    uint32_t stratum = 0;
    double probability = 1;  // of a kept one
    double incoming = 1;     // the rate it came with
  };
  // The number of a source, for as long as the ledger lives.
  uint32_t SourceNumber(std::string_view source_id);
  // The cell of an event; valid until another one is asked for.
  size_t FindCell(const Entry& entry);
  // The same for who has the number of the source, and keeps in `hint` that of the cell it used last for the stratum;
  // whatever that says, the answer is right.
  LedgerCell* Cell(uint32_t source, int64_t time_ns, uint32_t stratum, uint32_t* hint) {
    const int64_t window = time_ns >= last_begin_ns_ && time_ns < last_end_ns_ ? last_window_ : WindowOf(time_ns);
    if (*hint < cells_.size()) {
      LedgerCell& cell = cells_[*hint];
      if (cell.window == window && cell.stratum == stratum && cell.source == source) return &cell;
    }
    *hint = static_cast<uint32_t>(CellAt(source, window, stratum));
    return &cells_[*hint];
  }

  // A kept event goes after all. `expired`: it is counted no more at all, else as sampled out or `dropped`.
  void LeaveOut(const Entry& entry, const EventCounts& counts, bool expired, bool dropped);

  // Everything of `other` too, which may have another key and other rules: strata are told apart by their values.
  // Windows of another width are joined to the wider one when one is a multiple of the other, else kept by their
  // beginning. `renumbered`[old stratum] is its number here.
  void Merge(const SegmentLedger& other, std::vector<uint32_t>* renumbered);

  // Sections 1 and 2. `source_ids`: the segment's sources, in order; kCorrupt when one of the ledger's is not there.
  std::string EncodeStrata() const;
  Result<std::string> EncodeCells(const std::vector<std::string>& source_ids) const;
  static Result<SegmentLedger> Decode(std::string_view strata, std::string_view cells,
                                      const std::vector<std::string>& source_ids);

  const std::string& policy() const { return policy_; }
  const std::vector<std::string>& keys() const { return keys_; }
  const std::vector<std::string>& rules() const { return rules_; }
  int64_t window_ns() const { return window_ns_; }
  const std::vector<StratumInfo>& strata() const { return strata_; }
  const std::vector<LedgerCell>& cells() const { return cells_; }  // `source` numbers sources(); in no order
  std::vector<LedgerCell>* mutable_cells() { return &cells_; }
  void ForgetCells() {
    cells_.clear();
    cell_index_.clear();
  }
  const std::vector<std::string>& sources() const { return sources_; }
  // Counts of chosen events, taken before sampling: section 20.
  const MetricLedger& metrics() const { return metrics_; }
  MetricLedger* mutable_metrics() { return &metrics_; }

 private:
  uint32_t OtherStratum();
  size_t CellAt(uint32_t source, int64_t window, uint32_t stratum);
  size_t CellFor(const Entry& entry, const EventCounts& counts);
  uint32_t* PlaceOf(uint32_t source, int64_t window, uint32_t stratum);
  void IndexCells();
  void JoinWindows();
  int64_t WindowOf(int64_t time_ns);

  std::string policy_;
  std::vector<std::string> keys_, rules_;
  MetricLedger metrics_;
  int64_t window_ns_ = 1;
  std::vector<std::string> sources_;
  std::vector<StratumInfo> strata_;
  size_t stratum_bytes_ = 0;
  std::optional<uint32_t> other_;
  std::unordered_map<uint64_t, uint32_t> stratum_index_;
  std::vector<uint64_t> ids_;  // of strata_, 0: found by its values only
  std::vector<LedgerCell> cells_;
  // Numbers of cells where the hashes of their places say, or behind it. As many as a power of two.
  std::vector<uint32_t> cell_index_;
  uint32_t last_source_ = 0;
  size_t last_cell_ = 0;
  int64_t last_window_ = 0, last_begin_ns_ = 0, last_end_ns_ = 0;  // of WindowOf
};

// "signature=… severity=INFO", keys without a value left out; "other" for what is beyond the limit of strata.
std::string StratumText(const SegmentLedger& ledger, size_t stratum);

// The hash that FindStratum asks for.
uint64_t StratumId(const StratumInfo& info);

}  // namespace whittle
