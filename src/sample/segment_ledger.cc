#include "sample/segment_ledger.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>

#include "base/hash.h"
#include "base/varint.h"

namespace whittle {
namespace {

// First byte of sections 1 and 2; a reader refuses a greater one.
constexpr uint8_t kVersion = 1;
constexpr uint8_t kOtherFlag = 1, kFormFlag = 2;
constexpr uint8_t kDroppedFlag = 1, kOneRateFlag = 2, kWeightedFlag = 4;

Status Damaged(const char* what) {
  return Status(StatusCode::kCorrupt, std::string("segment: its exact counts are damaged: ") + what);
}

uint64_t PlaceHash(uint32_t source, int64_t window, uint32_t stratum) {
  uint64_t hash = static_cast<uint64_t>(window) * 0x9E3779B97F4A7C15ULL;
  hash ^= (static_cast<uint64_t>(source) << 32 | stratum) * 0xC2B2AE3D27D4EB4FULL;
  return hash ^ hash >> 29;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

void AddTo(const LedgerCell& from, LedgerCell* into) {
  into->in += from.in;
  into->kept += from.kept;
  into->late += from.late;
  into->weight += from.weight;
  into->variance += from.variance;
  into->dropped = into->dropped || from.dropped;
}

void PutFloat(double value, ByteWriter* out) { out->U32(std::bit_cast<uint32_t>(static_cast<float>(value))); }
double TakeFloat(ByteReader* in) { return static_cast<double>(std::bit_cast<float>(in->U32())); }

// The variance when all events of the cell were kept with one probability.
double VarianceOfOneRate(const LedgerCell& cell) {
  const auto kept = static_cast<double>(cell.kept.records);
  return kept > 0 ? std::max(0.0, cell.weight * (cell.weight / kept - 1)) : 0;
}

uint8_t FlagsOf(const LedgerCell& cell) {
  const uint8_t dropped = cell.dropped ? kDroppedFlag : 0;
  if (cell.variance == 0 && cell.weight == static_cast<double>(cell.kept.records)) return dropped;
  const bool one = std::abs(VarianceOfOneRate(cell) - cell.variance) <= 1e-4 * cell.variance;
  return static_cast<uint8_t>(dropped | (one ? kOneRateFlag : kWeightedFlag));
}

}  // namespace

EventCounts& EventCounts::operator+=(const EventCounts& other) {
  records += other.records;
  lines += other.lines;
  bytes += other.bytes;
  return *this;
}

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

size_t SegmentLedger::CellAt(uint32_t source, int64_t window, uint32_t stratum) {
  const auto is_it = [&](const LedgerCell& cell) {
    return cell.source == source && cell.window == window && cell.stratum == stratum;
  };
  if (last_cell_ < cells_.size() && is_it(cells_[last_cell_])) return last_cell_;
  const uint64_t hash = PlaceHash(source, window, stratum);
  if (const auto found = cell_index_.find(hash); found != cell_index_.end()) {
    for (const uint32_t i : found->second) {
      if (is_it(cells_[i])) return last_cell_ = i;
    }
  }
  if (cells_.size() >= kMaxCells) {
    const int64_t before = window_ns_;
    JoinWindows();
    if (window_ns_ != before && window != kNoWindow)
      return CellAt(source, FloorDivide(window, window_ns_ / before), stratum);
  }
  cell_index_[hash].push_back(static_cast<uint32_t>(cells_.size()));
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
  cell_index_.clear();
  for (uint32_t i = 0; i < cells_.size(); ++i)
    cell_index_[PlaceHash(cells_[i].source, cells_[i].window, cells_[i].stratum)].push_back(i);
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
  const int64_t window = WindowOf(entry.time_ns);
  const uint32_t source = entry.source != Entry::kBySourceId ? entry.source : SourceNumber(entry.source_id);
  size_t at = entry.hint != nullptr ? *entry.hint : cells_.size();
  if (at >= cells_.size() || cells_[at].source != source || cells_[at].window != window ||
      cells_[at].stratum != entry.stratum) {
    at = CellAt(source, window, entry.stratum);
    if (entry.hint != nullptr) *entry.hint = static_cast<uint32_t>(at);
  }
  cells_[at].dropped = cells_[at].dropped || entry.dropped;
  return at;
}

size_t SegmentLedger::AddRecord(const Entry& entry) {
  const size_t at = FindCell(entry);
  LedgerCell& cell = cells_[at];
  ++cell.in.records;
  cell.late += entry.late ? 1 : 0;
  if (entry.kept) {
    ++cell.kept.records;
    if (entry.probability == 1) {
      cell.weight += 1;
      return at;
    }
    cell.weight += 1 / entry.probability;
    cell.variance += (1 - entry.probability) / entry.probability / entry.probability;
  }
  return at;
}

void SegmentLedger::AddLine(size_t index, uint64_t bytes, bool kept) {
  LedgerCell& cell = cells_[index];
  ++cell.in.lines;
  cell.in.bytes += bytes;
  if (!kept) return;
  ++cell.kept.lines;
  cell.kept.bytes += bytes;
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
  cell.weight = std::max(0.0, cell.weight - 1 / entry.probability);
  cell.variance = std::max(0.0, cell.variance - (1 - entry.probability) / entry.probability / entry.probability);
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

std::string SegmentLedger::EncodeStrata() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kVersion);
  out.Bytes(policy_);
  out.Varint(static_cast<uint64_t>(window_ns_));
  out.Varint(keys_.size());
  for (const std::string& key : keys_) out.Bytes(key);
  out.Varint(rules_.size());
  for (const std::string& rule : rules_) out.Bytes(rule);
  std::vector<bool> survives(strata_.size());
  for (const LedgerCell& cell : cells_) survives[cell.stratum] = survives[cell.stratum] || cell.kept.records > 0;
  out.Varint(strata_.size());
  for (size_t i = 0; i < strata_.size(); ++i) {
    const StratumInfo& info = strata_[i];
    const bool has_form = !survives[i] && !info.form.empty();
    out.Varint(info.rule);
    out.U8(static_cast<uint8_t>((info.other ? kOtherFlag : 0) | (has_form ? kFormFlag : 0)));
    if (has_form) out.Bytes(info.form);
    for (const auto& value : info.values) {
      out.Varint(value ? value->size() + 1 : 0);
      if (value) out.Raw(*value);
    }
  }
  return bytes;
}

Result<std::string> SegmentLedger::EncodeCells(const std::vector<std::string>& source_ids) const {
  std::vector<uint32_t> numbers;
  for (const std::string& id : sources_) {
    const auto at = std::find(source_ids.begin(), source_ids.end(), id);
    if (at == source_ids.end())
      return Status(StatusCode::kCorrupt, "counts of source " + id + ", which the segment lacks");
    numbers.push_back(static_cast<uint32_t>(at - source_ids.begin()));
  }
  std::vector<LedgerCell> cells = cells_;
  for (LedgerCell& cell : cells) cell.source = numbers[cell.source];
  const auto place = [](const LedgerCell& cell) { return std::tie(cell.source, cell.window, cell.stratum); };
  std::sort(cells.begin(), cells.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kVersion);
  out.Varint(cells.size());
  // Column by column: neighbours are alike and compress.
  for (const LedgerCell& cell : cells) out.Varint(cell.source);
  int64_t window = 0;
  for (const LedgerCell& cell : cells) {
    // 0: no time; else one more than the zigzag of the difference to the window before.
    out.Varint(cell.window == kNoWindow ? 0 : ZigZag(cell.window - window) + 1);
    if (cell.window != kNoWindow) window = cell.window;
  }
  for (const LedgerCell& cell : cells) out.Varint(cell.stratum);
  for (const LedgerCell& cell : cells) out.Varint(cell.in.records);
  for (const LedgerCell& cell : cells) out.Signed(static_cast<int64_t>(cell.in.lines - cell.in.records));
  for (const LedgerCell& cell : cells) out.Varint(cell.in.bytes);
  for (const LedgerCell& cell : cells) out.Varint(cell.kept.records);
  for (const LedgerCell& cell : cells) out.Signed(static_cast<int64_t>(cell.kept.lines - cell.kept.records));
  for (const LedgerCell& cell : cells) out.Varint(cell.kept.bytes);
  for (const LedgerCell& cell : cells) out.Varint(cell.late);
  for (const LedgerCell& cell : cells) out.U8(FlagsOf(cell));
  for (const LedgerCell& cell : cells) {
    const uint8_t flags = FlagsOf(cell);
    if ((flags & (kOneRateFlag | kWeightedFlag)) != 0) PutFloat(cell.weight, &out);
    if ((flags & kWeightedFlag) != 0) PutFloat(cell.variance, &out);
  }
  return bytes;
}

Result<SegmentLedger> SegmentLedger::Decode(std::string_view strata, std::string_view cells,
                                            const std::vector<std::string>& source_ids) {
  ByteReader in(strata);
  const uint8_t version = in.U8();
  if (in.ok() && version > kVersion) return Status(StatusCode::kUnsupported, "segment: strata of a newer version");
  SegmentLedger ledger;
  ledger.sources_ = source_ids;
  ledger.policy_ = in.Bytes();
  const uint64_t window_ns = in.Varint();
  if (!in.ok() || window_ns == 0 || window_ns > static_cast<uint64_t>(INT64_MAX)) return Damaged("window");
  ledger.window_ns_ = static_cast<int64_t>(window_ns);
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) ledger.keys_.emplace_back(in.Bytes());
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) ledger.rules_.emplace_back(in.Bytes());
  if (!in.ok() || ledger.keys_.size() > kMaxSegmentStrata) return Damaged("keys");
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    StratumInfo info;
    const uint64_t rule = in.Varint();
    const uint8_t flags = in.U8();
    info.other = (flags & kOtherFlag) != 0;
    if ((flags & kFormFlag) != 0) info.form = in.Bytes();
    for (size_t k = 0; k < ledger.keys_.size() && in.ok(); ++k) {
      const uint64_t size = in.Varint();
      info.values.emplace_back();
      if (size > 0) info.values.back() = std::string(in.Raw(size - 1));
    }
    if (!in.ok() || rule > ledger.rules_.size() || ledger.strata_.size() >= kMaxSegmentStrata) return Damaged("strata");
    info.rule = static_cast<uint32_t>(rule);
    const auto number = static_cast<uint32_t>(ledger.strata_.size());
    if (info.other)
      ledger.other_ = number;
    else
      ledger.stratum_index_.emplace(StratumId(info), number);
    ledger.strata_.push_back(std::move(info));
  }
  if (!in.ok()) return Damaged("strata");
  in = ByteReader(cells);
  const uint8_t cells_version = in.U8();
  if (in.ok() && cells_version > kVersion)
    return Status(StatusCode::kUnsupported, "segment: counts of a newer version");
  const uint64_t count = in.Varint();
  // Every cell takes a byte of each column at least.
  if (!in.ok() || count > in.remaining()) return Damaged("cells");
  std::vector<LedgerCell>& read = ledger.cells_;
  read.resize(count);
  const auto column = [&](auto take) {
    for (size_t i = 0; i < read.size() && in.ok(); ++i) take(&read[i]);
  };
  column([&](LedgerCell* cell) { cell->source = static_cast<uint32_t>(std::min<uint64_t>(in.Varint(), UINT32_MAX)); });
  int64_t window = 0;
  column([&](LedgerCell* cell) {
    const uint64_t step = in.Varint();
    if (step == 0) return;
    window = static_cast<int64_t>(static_cast<uint64_t>(window) + static_cast<uint64_t>(UnZigZag(step - 1)));
    cell->window = window;
  });
  column([&](LedgerCell* cell) { cell->stratum = static_cast<uint32_t>(std::min<uint64_t>(in.Varint(), UINT32_MAX)); });
  column([&](LedgerCell* cell) { cell->in.records = in.Varint(); });
  column([&](LedgerCell* cell) { cell->in.lines = cell->in.records + static_cast<uint64_t>(in.Signed()); });
  column([&](LedgerCell* cell) { cell->in.bytes = in.Varint(); });
  column([&](LedgerCell* cell) { cell->kept.records = in.Varint(); });
  column([&](LedgerCell* cell) { cell->kept.lines = cell->kept.records + static_cast<uint64_t>(in.Signed()); });
  column([&](LedgerCell* cell) { cell->kept.bytes = in.Varint(); });
  column([&](LedgerCell* cell) { cell->late = in.Varint(); });
  std::vector<uint8_t> flags;
  column([&](LedgerCell*) { flags.push_back(in.U8()); });
  if (!in.ok()) return Damaged("cells");
  for (size_t i = 0; i < read.size(); ++i) {
    LedgerCell& cell = read[i];
    cell.dropped = (flags[i] & kDroppedFlag) != 0;
    cell.weight = static_cast<double>(cell.kept.records);
    if ((flags[i] & (kOneRateFlag | kWeightedFlag)) != 0) cell.weight = TakeFloat(&in);
    if ((flags[i] & kOneRateFlag) != 0) cell.variance = VarianceOfOneRate(cell);
    if ((flags[i] & kWeightedFlag) != 0) cell.variance = TakeFloat(&in);
    if (cell.source >= source_ids.size() || cell.stratum >= ledger.strata_.size()) return Damaged("cells");
    if (cell.kept.records > cell.in.records || cell.kept.lines > cell.in.lines || cell.kept.bytes > cell.in.bytes)
      return Damaged("more kept than came");
    if (!std::isfinite(cell.weight) || !std::isfinite(cell.variance)) return Damaged("weights");
    ledger.cell_index_[PlaceHash(cell.source, cell.window, cell.stratum)].push_back(static_cast<uint32_t>(i));
  }
  if (!in.ok() || in.remaining() != 0) return Damaged("cells");
  return ledger;
}

}  // namespace whittle
