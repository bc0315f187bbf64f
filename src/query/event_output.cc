#include "query/event_output.h"

#include <algorithm>
#include <bit>

#include "base/varint.h"
#include "query/aggregate.h"
#include "query/event_writer.h"

namespace whittle {
namespace {

// Tables of fields are lined up in pieces of this many rows: they have no end that could be waited for.
constexpr size_t kRowsPerPiece = 10'000;

std::vector<FieldRef> Resolve(const std::vector<FieldName>& names) {
  std::vector<FieldRef> fields;
  for (const FieldName& name : names) {
    fields.push_back(ResolveField(name.text));
    fields.back().id = static_cast<uint32_t>(fields.size() - 1);
  }
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

// Time, then the place in the sources: the same order however the store is cut into segments.
void EventOutput::AppendTimeKey(RecordView* record, std::string* key) const {
  AppendOrderedInteger(record->time_ns().value_or(INT64_MIN), key);
  const RecordOrigin& origin = record->origin();
  key->append(origin.source->name).append(1, '\0').append(origin.source->id);
  AppendOrderedInteger(static_cast<int64_t>(origin.line), key);
}

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

Status EventOutput::WriteSorted(const std::vector<SortKey>& keys, uint64_t limit) {
  std::vector<FieldName> names;
  for (const SortKey& key : keys) names.push_back(key.field);
  const std::vector<FieldRef> fields = Resolve(names);
  EventWriter writer(options_, output_);
  EventSorter sorter(reader_.env());
  sorter.KeepFirst(limit);
  std::string key, text;
  const auto visitor = [&](RecordView* record) -> Result<bool> {
    report_.estimated |= record->sample_rate() != 1.0;
    key.clear();
    text.clear();
    EventFields whole(record->ToEvent());
    for (size_t i = 0; i < keys.size(); ++i) AppendOrderedValue(whole.Lookup(fields[i]), keys[i].descending, &key);
    AppendTimeKey(record, &key);
    writer.Render(record, &text);
    WHITTLE_RETURN_IF_ERROR(sorter.Add(key, text));
    return true;
  };
  if (limit > 0) WHITTLE_RETURN_IF_ERROR(selection_.Visit(VisitOptions::Order::kAny, {nullptr, true}, visitor));
  WHITTLE_RETURN_IF_ERROR(sorter.Drain(std::nullopt, [&](std::string_view one) -> Result<bool> {
    if (writer.written() == limit) return false;
    WHITTLE_RETURN_IF_ERROR(writer.Write(one));
    return true;
  }));
  report_.results = writer.written();
  return writer.Flush();
}

Status EventOutput::WriteFields(const std::vector<FieldName>& names, uint64_t limit) {
  std::vector<FieldRef> fields = Resolve(names);
  for (const char* needed : {"timestamp", "trace_id"}) {
    fields.push_back(ResolveField(needed));
    fields.back().id = static_cast<uint32_t>(fields.size() - 1);
  }
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
  WHITTLE_RETURN_IF_ERROR(InTimeOrder({&fields, false}, limit, make, [&](std::string_view text) -> Result<bool> {
    table.rows.push_back(DecodeCells(text, names.size()));
    ++report_.results;
    if (table.rows.size() == kRowsPerPiece) WHITTLE_RETURN_IF_ERROR(flush());
    return true;
  }));
  if (table.rows.empty() && !first_piece) return Status::Ok();
  return flush();
}

Result<ResultTable> SelectFields(Selection* selection, const std::vector<FieldName>& names) {
  std::vector<FieldRef> fields = Resolve(names);
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
