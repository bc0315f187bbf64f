#include "query/event_output.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "base/varint.h"
#include "query/aggregate.h"
#include "query/event_writer.h"

namespace whittle {
namespace {

// Tables of fields are lined up in pieces of this many rows: they have no end that could be waited for.
constexpr size_t kRowsPerPiece = 10'000;
// Of sorted events, so many or fewer are looked for by their keys before they are read as a whole.
constexpr uint64_t kMaxPickedFirst = 100'000;

// Of every event, to put it in order.
constexpr std::string_view kNeeded[] = {"timestamp", "trace_id"};
constexpr size_t kNeededFields = std::size(kNeeded);

// `names`, what is needed, then those of `keys`.
std::vector<FieldRef> Resolve(const std::vector<FieldName>& names, const std::vector<SortKey>& keys) {
  std::vector<FieldRef> fields;
  const auto add = [&](std::string_view name) {
    fields.push_back(ResolveField(name));
    fields.back().id = static_cast<uint32_t>(fields.size() - 1);
  };
  for (const FieldName& name : names) add(name.text);
  for (const std::string_view name : kNeeded) add(name);
  for (const SortKey& key : keys) add(key.field.text);
  return fields;
}

void EncodeCells(RecordView* record, const std::vector<FieldRef>& fields, size_t count, std::string* out) {
  ByteWriter writer(out);
  for (size_t i = 0; i < count; ++i) {
    const Value* found = record->Lookup(fields[i]);
    if (found == nullptr) {
      writer.U8(0);
      continue;
    }
    const Value value = GroupValue(*found, fields[i]);
    writer.U8(static_cast<uint8_t>(static_cast<uint8_t>(value.type) + 1));
    writer.Signed(value.integer);
    writer.U64(std::bit_cast<uint64_t>(value.real));
    writer.Bytes(value.text);
  }
}

ResultRow DecodeCells(std::string_view bytes, size_t count) {
  ByteReader reader(bytes);
  ResultRow row;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t type = reader.U8();
    row.cells.emplace_back();
    if (type == 0) continue;
    Value value;
    value.type = static_cast<ValueType>(type - 1);
    value.integer = reader.Signed();
    value.real = std::bit_cast<double>(reader.U64());
    value.text = reader.Bytes();
    row.cells.back() = std::move(value);
  }
  return row;
}

}  // namespace

Status EventOutput::InTimeOrder(const FieldDemand& demand, uint64_t limit, const Make& make,
                                const EventSorter::Take& take) {
  EventSorter sorter(reader_.env());
  sorter.KeepFirst(limit);
  const FieldRef trace_id = ResolveField("trace_id");
  const auto* traces = selection_.traces();
  uint64_t taken = 0;
  const EventSorter::Take count_and_take = [&](std::string_view text) -> Result<bool> {
    if (taken == limit) return false;
    ++taken;
    WHITTLE_ASSIGN_OR_RETURN(const bool go_on, take(text));
    return go_on && taken < limit;
  };
  const SegmentRows* segment = nullptr;
  std::string key, text;
  const auto visitor = [&](RecordView* record) -> Result<bool> {
    report_.estimated |= record->sample_rate() != 1.0;
    if (record->origin().segment != segment && traces == nullptr) {
      segment = record->origin().segment;
      // Segments come by their first time: what is before this one's is complete.
      key.clear();
      const int64_t begin = segment->footer().min_time_ns;
      AppendOrderedInteger(begin == kNoTime ? INT64_MIN : begin, &key);
      WHITTLE_RETURN_IF_ERROR(sorter.Drain(key, count_and_take));
      if (taken == limit) return false;
      sorter.KeepFirst(limit - taken);
    }
    key.clear();
    text.clear();
    if (traces != nullptr) {
      const auto found = traces->find(record->Lookup(trace_id)->text);
      AppendOrderedInteger(found == traces->end() ? INT64_MAX : static_cast<int64_t>(found->second), &key);
    }
    AppendTimeKey(record, &key);
    make(record, &text);
    WHITTLE_RETURN_IF_ERROR(sorter.Add(key, text));
    return true;
  };
  if (limit == 0) return Status::Ok();
  WHITTLE_RETURN_IF_ERROR(selection_.Visit(VisitOptions::Order::kSegmentTime, demand, visitor));
  if (taken < limit) WHITTLE_RETURN_IF_ERROR(sorter.Drain(std::nullopt, count_and_take));
  return Status::Ok();
}

Status EventOutput::InSourceOrder(uint64_t limit) {
  if (options_.format == OutputFormat::kRaw && limit == UINT64_MAX && selection_.selects_everything() &&
      options_.order.value_or(VisitOptions::Order::kSourcePosition) == VisitOptions::Order::kSourcePosition) {
    WHITTLE_ASSIGN_OR_RETURN(const bool copied, reader_.CopyRaw(options_.stop, output_));
    if (copied) {
      report_.results = reader_.statistics().records_matched;
      report_.partial = report_.partial || reader_.statistics().stopped;
      const Manifest* manifest = reader_.manifest();
      report_.estimated |= manifest != nullptr && manifest->TotalLedger().sampled_out.records > 0;
      return Status::Ok();
    }
  }
  EventWriter writer(options_, output_);
  const SegmentSource* source = nullptr;
  uint64_t next_line = 0;
  std::string text;
  const auto visitor = [&](RecordView* record) -> Result<bool> {
    if (writer.written() == limit) return false;
    report_.estimated |= record->sample_rate() != 1.0;
    const RecordOrigin& origin = record->origin();
    const bool apart = origin.line != next_line || source == nullptr || source->id != origin.source->id;
    if (selection_.in_source_order() && writer.written() > 0 && apart) WHITTLE_RETURN_IF_ERROR(writer.WriteGap());
    source = origin.source;
    next_line = origin.line + record->rows().shapes.size();
    text.clear();
    writer.Render(record, &text);
    WHITTLE_RETURN_IF_ERROR(writer.Write(text));
    return writer.written() < limit;
  };
  Status status;
  if (limit > 0) {
    const auto order = selection_.in_source_order() ? VisitOptions::Order::kSourcePosition
                                                    : options_.order.value_or(VisitOptions::Order::kSourcePosition);
    // Original bytes need no times and no templates, and only JSON says where in the source an event stood.
    const std::vector<FieldRef> raw = {ResolveField("raw")};
    const FieldDemand demand = options_.format == OutputFormat::kRaw
                                   ? FieldDemand{&raw, false}
                                   : FieldDemand{nullptr, true, options_.format == OutputFormat::kNdjson};
    status = selection_.Visit(order, demand, visitor);
  }
  report_.results = writer.written();
  WHITTLE_RETURN_IF_ERROR(status);
  return writer.Flush();
}

Status EventOutput::WriteEvents(uint64_t limit) {
  if (selection_.in_source_order() || (options_.order && selection_.traces() == nullptr)) return InSourceOrder(limit);
  EventWriter writer(options_, output_);
  const Make make = [&](RecordView* record, std::string* text) { writer.Render(record, text); };
  WHITTLE_RETURN_IF_ERROR(InTimeOrder({nullptr, true, options_.format == OutputFormat::kNdjson}, limit, make,
                                      [&](std::string_view text) -> Result<bool> {
                                        WHITTLE_RETURN_IF_ERROR(writer.Write(text));
                                        return true;
                                      }));
  report_.results = writer.written();
  return writer.Flush();
}

Status EventOutput::BySortKeys(const std::vector<SortKey>& keys, const std::vector<FieldRef>& fields, size_t first_key,
                               bool whole_events, uint64_t limit, const Make& make, const EventSorter::Take& take) {
  if (limit == 0) return Status::Ok();
  const auto append_key = [&](RecordView* record, std::string* key) {
    for (size_t i = 0; i < keys.size(); ++i) {
      AppendOrderedValue(record->Lookup(fields[first_key + i]), keys[i].descending, key);
    }
    AppendTimeKey(record, key);
  };
  // A few of many are found by their keys alone, and only they are put together.
  if (limit <= kMaxPickedFirst) {
    WHITTLE_RETURN_IF_ERROR(selection_.KeepFirst(limit, VisitOptions::Order::kAny, {&fields, false}, append_key));
  }
  EventSorter sorter(reader_.env());
  sorter.KeepFirst(limit);
  std::string key, text;
  const auto visitor = [&](RecordView* record) -> Result<bool> {
    report_.estimated |= record->sample_rate() != 1.0;
    key.clear();
    text.clear();
    append_key(record, &key);
    make(record, &text);
    WHITTLE_RETURN_IF_ERROR(sorter.Add(key, text));
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(selection_.Visit(VisitOptions::Order::kAny, {&fields, whole_events}, visitor));
  uint64_t taken = 0;
  return sorter.Drain(std::nullopt, [&](std::string_view one) -> Result<bool> {
    if (taken == limit) return false;
    ++taken;
    return take(one);
  });
}

Status EventOutput::WriteSorted(const std::vector<SortKey>& keys, uint64_t limit) {
  const std::vector<FieldRef> fields = Resolve({}, keys);
  EventWriter writer(options_, output_);
  const Make make = [&](RecordView* record, std::string* text) { writer.Render(record, text); };
  WHITTLE_RETURN_IF_ERROR(
      BySortKeys(keys, fields, kNeededFields, true, limit, make, [&](std::string_view text) -> Result<bool> {
        WHITTLE_RETURN_IF_ERROR(writer.Write(text));
        return true;
      }));
  report_.results = writer.written();
  return writer.Flush();
}

Status EventOutput::WriteFields(const std::vector<FieldName>& names, const std::vector<SortKey>& keys, uint64_t limit) {
  const std::vector<FieldRef> fields = Resolve(names, keys);
  ResultTable table;
  for (const FieldName& name : names) table.AddColumn(name.text);
  bool first_piece = true;
  const auto flush = [&]() -> Status {
    std::string text = options_.format == OutputFormat::kNdjson ? RenderNdjson(table)
                       : options_.format == OutputFormat::kCsv  ? RenderCsv(table)
                                                                : RenderTable(table, options_.width);
    if (options_.format == OutputFormat::kCsv && !first_piece) text.erase(0, text.find('\n') + 1);
    first_piece = false;
    table.rows.clear();
    return output_(text);
  };
  const Make make = [&](RecordView* record, std::string* text) { EncodeCells(record, fields, names.size(), text); };
  const EventSorter::Take take = [&](std::string_view text) -> Result<bool> {
    table.rows.push_back(DecodeCells(text, names.size()));
    ++report_.results;
    if (table.rows.size() == kRowsPerPiece) WHITTLE_RETURN_IF_ERROR(flush());
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(keys.empty()
                              ? InTimeOrder({&fields, false}, limit, make, take)
                              : BySortKeys(keys, fields, names.size() + kNeededFields, false, limit, make, take));
  if (table.rows.empty() && !first_piece) return Status::Ok();
  return flush();
}

Result<ResultTable> SelectFields(Selection* selection, const std::vector<FieldName>& names) {
  const std::vector<FieldRef> fields = Resolve(names, {});
  ResultTable table;
  for (const FieldName& name : names) table.AddColumn(name.text);
  std::string text;
  const auto visitor = [&](RecordView* record) -> Result<bool> {
    if (table.rows.size() == kMaxTableRows) {
      return Status(StatusCode::kLimit, "the rows to work on are more than " + std::to_string(kMaxTableRows) +
                                            "; filter more, or put '| limit N' before");
    }
    text.clear();
    EncodeCells(record, fields, names.size(), &text);
    table.rows.push_back(DecodeCells(text, names.size()));
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(selection->Visit(VisitOptions::Order::kSourcePosition, {&fields, false}, visitor));
  return table;
}

}  // namespace whittle
