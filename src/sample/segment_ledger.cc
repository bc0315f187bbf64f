#include "sample/segment_ledger.h"

#include <algorithm>
#include <tuple>

#include "base/hash.h"
#include "base/varint.h"

namespace whittle {
namespace {

constexpr uint32_t kNoCellHere = UINT32_MAX;
constexpr size_t kFewestPlaces = 64;

uint64_t PlaceHash(uint32_t source, int64_t window, uint32_t stratum) {
  uint64_t hash = static_cast<uint64_t>(window) * 0x9E3779B97F4A7C15ULL;
  hash ^= (static_cast<uint64_t>(source) << 32 | stratum) * 0xC2B2AE3D27D4EB4FULL;
  return hash ^ hash >> 29 ^ hash >> 47;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

void AddTo(const LedgerCell& from, LedgerCell* into) {
  into->in += from.in;
  into->kept += from.kept;
  into->late += from.late;
  into->weight += from.weight;
  into->variance += from.variance;
  into->more_in += from.more_in;
  into->spread_in += from.spread_in;
  into->dropped = into->dropped || from.dropped;
}

}  // namespace

uint64_t StratumId(const StratumInfo& info) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(info.rule);
  out.U8(info.other ? 1 : 0);
  for (const auto& value : info.values) {
    out.Varint(value ? value->size() + 1 : 0);
    if (value) out.Raw(*value);
  }
  return Hash64(bytes);
}

std::string StratumText(const SegmentLedger& ledger, size_t stratum) {
  const StratumInfo& info = ledger.strata()[stratum];
  if (info.other) return "other";
  std::string text;
  for (size_t k = 0; k < info.values.size() && k < ledger.keys().size(); ++k) {
    if (!info.values[k]) continue;
    text += (text.empty() ? "" : " ") + ledger.keys()[k] + "=" + *info.values[k];
  }
  return text;
}

SegmentLedger::SegmentLedger(std::string policy, std::vector<std::string> keys, std::vector<std::string> rules,
                             int64_t window_ns)
    : policy_(std::move(policy)), keys_(std::move(keys)), rules_(std::move(rules)), window_ns_(window_ns) {}

std::optional<uint32_t> SegmentLedger::FindStratum(uint64_t id) const {
  const auto found = stratum_index_.find(id);
  return found == stratum_index_.end() ? std::nullopt : std::optional<uint32_t>(found->second);
}

uint32_t SegmentLedger::OtherStratum() {
  if (!other_) {
    other_ = static_cast<uint32_t>(strata_.size());
    StratumInfo info;
    info.other = true;
    info.values.resize(keys_.size());
    strata_.push_back(std::move(info));
  }
  return *other_;
}

uint32_t SegmentLedger::AddStratum(uint64_t id, StratumInfo info) {
  if (info.other) return OtherStratum();
  if (info.form.size() > kMaxKeyBytes) info.form.resize(kMaxKeyBytes);
  size_t bytes = 64 + info.form.size();
  for (auto& value : info.values) {
    if (value && value->size() > kMaxKeyBytes) value->resize(kMaxKeyBytes);
    bytes += sizeof(value) + (value ? value->size() : 0);
  }
  if (strata_.size() + 1 >= kMaxSegmentStrata || stratum_bytes_ + bytes > kMaxStratumBytes) return OtherStratum();
  stratum_bytes_ += bytes;
  const auto number = static_cast<uint32_t>(strata_.size());
  stratum_index_.emplace(id, number);
  strata_.push_back(std::move(info));
  ids_.resize(number);
  ids_.push_back(id);
  return number;
}

uint32_t SegmentLedger::SourceNumber(std::string_view source_id) {
  if (last_source_ < sources_.size() && sources_[last_source_] == source_id) return last_source_;
  const auto found = std::find(sources_.begin(), sources_.end(), source_id);
  last_source_ = static_cast<uint32_t>(found - sources_.begin());
  if (found == sources_.end()) sources_.emplace_back(source_id);
  return last_source_;
}

// Where the index names the cell, or would.
uint32_t* SegmentLedger::PlaceOf(uint32_t source, int64_t window, uint32_t stratum) {
  // At most half full, so that the way to any place is short.
  if (2 * (cells_.size() + 1) > cell_index_.size()) IndexCells();
  const size_t mask = cell_index_.size() - 1;
  size_t at = PlaceHash(source, window, stratum) & mask;
  for (; cell_index_[at] != kNoCellHere; at = (at + 1) & mask) {
    const LedgerCell& cell = cells_[cell_index_[at]];
    if (cell.source == source && cell.window == window && cell.stratum == stratum) break;
  }
  return &cell_index_[at];
}

void SegmentLedger::IndexCells() {
  size_t slots = kFewestPlaces;
  while (slots < 4 * cells_.size()) slots *= 2;
  cell_index_.assign(slots, kNoCellHere);
  for (uint32_t i = 0; i < cells_.size(); ++i) {
    size_t at = PlaceHash(cells_[i].source, cells_[i].window, cells_[i].stratum) & (slots - 1);
    while (cell_index_[at] != kNoCellHere) at = (at + 1) & (slots - 1);
    cell_index_[at] = i;
  }
}

size_t SegmentLedger::CellAt(uint32_t source, int64_t window, uint32_t stratum) {
  const auto is_it = [&](const LedgerCell& cell) {
    return cell.source == source && cell.window == window && cell.stratum == stratum;
  };
  if (last_cell_ < cells_.size() && is_it(cells_[last_cell_])) return last_cell_;
  uint32_t* place = PlaceOf(source, window, stratum);
  if (*place != kNoCellHere) return last_cell_ = *place;
  if (cells_.size() >= kMaxCells) {
    const int64_t before = window_ns_;
    JoinWindows();
    if (window_ns_ != before && window != kNoWindow)
      return CellAt(source, FloorDivide(window, window_ns_ / before), stratum);
    place = PlaceOf(source, window, stratum);
  }
  *place = static_cast<uint32_t>(cells_.size());
  LedgerCell cell;
  cell.source = source;
  cell.window = window;
  cell.stratum = stratum;
  cells_.push_back(cell);
  return last_cell_ = cells_.size() - 1;
}

// Doubles the width of the windows until half the cells are free, or nothing is left to join.
void SegmentLedger::JoinWindows() {
  while (cells_.size() > kMaxCells / 2 && window_ns_ <= INT64_MAX / 4) {
    window_ns_ *= 2;
    last_end_ns_ = last_begin_ns_ = 0;
    for (LedgerCell& cell : cells_) {
      if (cell.window != kNoWindow) cell.window = FloorDivide(cell.window, 2);
    }
    const auto place = [](const LedgerCell& cell) { return std::tie(cell.source, cell.stratum, cell.window); };
    std::sort(cells_.begin(), cells_.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
    std::vector<LedgerCell> joined;
    for (const LedgerCell& cell : cells_) {
      if (!joined.empty() && place(joined.back()) == place(cell)) {
        AddTo(cell, &joined.back());
      } else {
        joined.push_back(cell);
      }
    }
    cells_ = std::move(joined);
  }
  IndexCells();
  last_cell_ = cells_.size();
}

int64_t SegmentLedger::WindowOf(int64_t time_ns) {
  if (time_ns == INT64_MIN) return kNoWindow;
  if (time_ns >= last_begin_ns_ && time_ns < last_end_ns_) return last_window_;
  const int64_t window = FloorDivide(time_ns, window_ns_);
  if (window > INT64_MIN / window_ns_ && window < INT64_MAX / window_ns_ - 1) {
    last_window_ = window;
    last_begin_ns_ = window * window_ns_;
    last_end_ns_ = last_begin_ns_ + window_ns_;
  }
  return window;
}

size_t SegmentLedger::FindCell(const Entry& entry) {
  return CellAt(SourceNumber(entry.source_id), WindowOf(entry.time_ns), entry.stratum);
}

void SegmentLedger::LeaveOut(const Entry& entry, const EventCounts& counts, bool expired, bool dropped) {
  // Events without a time of their own may stand in another window than the one they are read with: then in the nearest
  // of their stratum that has them.
  size_t at = CellFor(entry, counts);
  LedgerCell& cell = cells_[at];
  const auto subtract = [&](EventCounts* from) {
    from->records -= std::min(from->records, counts.records);
    from->lines -= std::min(from->lines, counts.lines);
    from->bytes -= std::min(from->bytes, counts.bytes);
  };
  subtract(&cell.kept);
  if (expired) subtract(&cell.in);
  cell.dropped = cell.dropped || dropped;
  const double weight = entry.incoming / entry.probability;
  cell.weight = std::max(0.0, cell.weight - weight);
  cell.variance = std::max(0.0, cell.variance - (1 - entry.probability) * weight * weight);
  if (!expired) return;
  cell.more_in = std::max(0.0, cell.more_in - (entry.incoming - 1));
  cell.spread_in = std::max(0.0, cell.spread_in - entry.incoming * (entry.incoming - 1));
}

size_t SegmentLedger::CellFor(const Entry& entry, const EventCounts& counts) {
  const auto has_it = [&](const LedgerCell& cell) {
    return cell.kept.records >= counts.records && cell.kept.lines >= counts.lines && cell.kept.bytes >= counts.bytes;
  };
  const size_t at = FindCell(entry);
  if (has_it(cells_[at])) return at;
  const LedgerCell& wanted = cells_[at];
  size_t nearest = at;
  uint64_t distance = UINT64_MAX;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const LedgerCell& cell = cells_[i];
    if (cell.source != wanted.source || cell.stratum != wanted.stratum || !has_it(cell)) continue;
    const uint64_t apart = cell.window > wanted.window
                               ? static_cast<uint64_t>(cell.window) - static_cast<uint64_t>(wanted.window)
                               : static_cast<uint64_t>(wanted.window) - static_cast<uint64_t>(cell.window);
    if (apart < distance) {
      nearest = i;
      distance = apart;
    }
  }
  return nearest;
}

void SegmentLedger::Merge(const SegmentLedger& other, std::vector<uint32_t>* renumbered) {
  metrics_.Merge(other.metrics_);
  if (strata_.empty() && cells_.empty()) {
    policy_ = other.policy_;
    keys_ = other.keys_;
    rules_ = other.rules_;
    window_ns_ = other.window_ns_;
    last_end_ns_ = last_begin_ns_ = 0;
  } else if (!other.policy_.empty() && ('\n' + policy_ + '\n').find('\n' + other.policy_ + '\n') == std::string::npos) {
    // Counted under more than one policy: all of them, one a line, so that none is taken for what it is not.
    if (policy_.size() + other.policy_.size() < kMaxPolicyBytes) policy_ += '\n' + other.policy_;
  }
  // Values by the names of our keys; rules by what they say.
  std::vector<size_t> columns;
  for (const std::string& key : other.keys_) {
    auto at = std::find(keys_.begin(), keys_.end(), key);
    if (at == keys_.end()) {
      keys_.push_back(key);
      for (StratumInfo& info : strata_) info.values.resize(keys_.size());
      stratum_index_.clear();
      ids_.clear();
      for (uint32_t i = 0; i < strata_.size(); ++i) stratum_index_.emplace(StratumId(strata_[i]), i);
      at = keys_.end() - 1;
    }
    columns.push_back(static_cast<size_t>(at - keys_.begin()));
  }
  std::vector<uint32_t> rule_numbers{0};
  for (const std::string& rule : other.rules_) {
    auto at = std::find(rules_.begin(), rules_.end(), rule);
    if (at == rules_.end()) at = rules_.insert(rules_.end(), rule);
    rule_numbers.push_back(static_cast<uint32_t>(at - rules_.begin()) + 1);
  }
  renumbered->clear();
  for (const StratumInfo& theirs : other.strata_) {
    StratumInfo info;
    info.rule = theirs.rule < rule_numbers.size() ? rule_numbers[theirs.rule] : 0;
    info.other = theirs.other;
    info.form = theirs.form;
    info.values.resize(keys_.size());
    for (size_t i = 0; i < columns.size() && i < theirs.values.size(); ++i) info.values[columns[i]] = theirs.values[i];
    const uint64_t id = StratumId(info);
    const auto known = FindStratum(id);
    if (known && strata_[*known].form.empty()) strata_[*known].form = info.form;
    renumbered->push_back(known ? *known : AddStratum(id, std::move(info)));
  }
  while (window_ns_ < other.window_ns_ && other.window_ns_ % window_ns_ == 0 && !cells_.empty()) {
    // Ours become as wide as theirs.
    const int64_t factor = other.window_ns_ / window_ns_;
    for (LedgerCell& cell : cells_) {
      if (cell.window != kNoWindow) cell.window = FloorDivide(cell.window, factor);
    }
    window_ns_ = other.window_ns_;
    last_end_ns_ = last_begin_ns_ = 0;
    std::vector<LedgerCell> cells = std::move(cells_);
    cells_.clear();
    cell_index_.clear();
    for (const LedgerCell& cell : cells) AddTo(cell, &cells_[CellAt(cell.source, cell.window, cell.stratum)]);
  }
  for (const LedgerCell& theirs : other.cells_) {
    const uint32_t source = SourceNumber(other.sources_[theirs.source]);
    int64_t window = theirs.window;
    if (window != kNoWindow) window = FloorDivide(window * other.window_ns_, window_ns_);
    AddTo(theirs, &cells_[CellAt(source, window, (*renumbered)[theirs.stratum])]);
  }
}

}  // namespace whittle
