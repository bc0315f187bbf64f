// Sections 1 and 2 of a segment: a SegmentLedger written down and read back (docs/segment-format.md).
#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "base/varint.h"
#include "sample/segment_ledger.h"

namespace whittle {
namespace {

// First byte of sections 1 and 2; a reader refuses a greater one. Section 2 has the second when events came with rates.
constexpr uint8_t kVersion = 1, kVersionWithRates = 2;
constexpr uint8_t kOtherFlag = 1, kFormFlag = 2;
constexpr uint8_t kDroppedFlag = 1, kOneRateFlag = 2, kWeightedFlag = 4, kIncomingFlag = 8;
Status Damaged(const char* what) {
  return Status(StatusCode::kCorrupt, std::string("segment: its exact counts are damaged: ") + what);
}

void PutFloat(double value, ByteWriter* out) { out->U32(std::bit_cast<uint32_t>(static_cast<float>(value))); }
double TakeFloat(ByteReader* in) { return static_cast<double>(std::bit_cast<float>(in->U32())); }

// The variance when all events of the cell were kept with one probability.
double VarianceOfOneRate(const LedgerCell& cell) {
  const auto kept = static_cast<double>(cell.kept.records);
  return kept > 0 ? std::max(0.0, cell.weight * (cell.weight / kept - 1)) : 0;
}

uint8_t FlagsOf(const LedgerCell& cell) {
  const auto dropped = static_cast<uint8_t>((cell.dropped ? kDroppedFlag : 0) | (cell.more_in > 0 ? kIncomingFlag : 0));
  if (cell.variance == 0 && cell.weight == static_cast<double>(cell.kept.records)) return dropped;
  const bool one = std::abs(VarianceOfOneRate(cell) - cell.variance) <= 1e-4 * cell.variance;
  return static_cast<uint8_t>(dropped | (one ? kOneRateFlag : kWeightedFlag));
}

}  // namespace

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
  // Cells are large: their places are sorted.
  struct Place {
    uint32_t source;
    uint32_t stratum;
    int64_t window;
    uint32_t cell;
    bool operator<(const Place& other) const {
      return std::tie(source, window, stratum) < std::tie(other.source, other.window, other.stratum);
    }
  };
  std::vector<Place> places;
  places.reserve(cells_.size());
  for (uint32_t i = 0; i < cells_.size(); ++i)
    places.push_back({numbers[cells_[i].source], cells_[i].stratum, cells_[i].window, i});
  std::sort(places.begin(), places.end());
  std::vector<LedgerCell> cells;
  std::vector<uint8_t> all_flags;
  cells.reserve(places.size());
  all_flags.reserve(places.size());
  for (const Place& place : places) {
    cells.push_back(cells_[place.cell]);
    cells.back().source = place.source;
    all_flags.push_back(FlagsOf(cells.back()));
  }
  std::string bytes;
  ByteWriter out(&bytes);
  const bool has_rates =
      std::any_of(cells.begin(), cells.end(), [](const LedgerCell& cell) { return cell.more_in > 0; });
  out.U8(has_rates ? kVersionWithRates : kVersion);
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
  for (const uint8_t flags : all_flags) out.U8(flags);
  for (size_t i = 0; i < cells.size(); ++i) {
    const LedgerCell& cell = cells[i];
    const uint8_t flags = all_flags[i];
    if ((flags & (kOneRateFlag | kWeightedFlag)) != 0) PutFloat(cell.weight, &out);
    if ((flags & kWeightedFlag) != 0) PutFloat(cell.variance, &out);
    if ((flags & kIncomingFlag) == 0) continue;
    out.U64(std::bit_cast<uint64_t>(cell.more_in));
    out.U64(std::bit_cast<uint64_t>(cell.spread_in));
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
  if (in.ok() && cells_version > kVersionWithRates)
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
    if ((flags[i] & kIncomingFlag) != 0) {
      cell.more_in = std::bit_cast<double>(in.U64());
      cell.spread_in = std::bit_cast<double>(in.U64());
    }
    if (cell.source >= source_ids.size() || cell.stratum >= ledger.strata_.size()) return Damaged("cells");
    if (cell.kept.records > cell.in.records || cell.kept.lines > cell.in.lines || cell.kept.bytes > cell.in.bytes)
      return Damaged("more kept than came");
    const double sums[] = {cell.weight, cell.variance, cell.more_in, cell.spread_in};
    if (!std::all_of(std::begin(sums), std::end(sums), [](double sum) { return std::isfinite(sum) && sum >= 0; }))
      return Damaged("weights");
  }
  ledger.IndexCells();
  if (!in.ok() || in.remaining() != 0) return Damaged("cells");
  return ledger;
}

}  // namespace whittle
