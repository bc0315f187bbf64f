#include "query/query_engine.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "expr/lexer.h"
#include "expr/suggest.h"
#include "expr/time_bounds.h"
#include "query/aggregate.h"
#include "query/event_writer.h"

namespace whittle {
namespace {

class Engine {
 public:
  Engine(StoreReader* reader, const QueryOptions& options, const Output& output)
      : reader_(*reader), options_(options), output_(output) {}

  Result<QueryReport> Run(std::string_view text) {
    const ParseOptions parse{.now_ns = options_.now_ns ? options_.now_ns : reader_.newest_time_ns()};
    WHITTLE_ASSIGN_OR_RETURN(const QueryAst query, ParseQuery(text, parse));
    WHITTLE_ASSIGN_OR_RETURN(filter_, Filter::Bind(*query.filter));
    const TimeBounds bounds = FindTimeBounds(*query.filter);
    visit_.filter = &filter_;
    visit_.min_time_ns = bounds.min_ns;
    visit_.max_time_ns = bounds.max_ns;
    visit_.order = options_.order;
    WHITTLE_RETURN_IF_ERROR(RunStages(query.stages));
    report_.visited = reader_.statistics();
    WHITTLE_RETURN_IF_ERROR(AddNotes());
    return std::move(report_);
  }

 private:
  // Leading limits cut the events; then they are written, selected or aggregated; the rest works on the table.
  Status RunStages(const std::vector<Stage>& stages) {
    size_t next = 0;
    uint64_t limit = UINT64_MAX;
    for (; next < stages.size() && stages[next].kind == Stage::Kind::kLimit; ++next)
      limit = std::min(limit, stages[next].count);
    if (next == stages.size()) return WriteEvents(limit);
    ResultTable table;
    const Stage& first = stages[next];
    if (options_.format == OutputFormat::kRaw) {
      return QueryError(first.column, "raw output is of events; a query with stages gives a table, NDJSON or CSV");
    }
    if (first.kind == Stage::Kind::kAggregate) {
      WHITTLE_RETURN_IF_ERROR(Aggregate(first, limit, &table));
    } else if (first.kind == Stage::Kind::kSelect) {
      WHITTLE_RETURN_IF_ERROR(Select(first, limit, &table));
    } else {
      return QueryError(first.column,
                        "sort and top work on columns; put '| select FIELDS' or '| count by FIELD' before them");
    }
    for (++next; next < stages.size(); ++next) WHITTLE_RETURN_IF_ERROR(RunTableStage(stages[next], &table));
    report_.results = table.rows.size();
    switch (options_.format) {
      case OutputFormat::kNdjson:
        return output_(RenderNdjson(table));
      case OutputFormat::kCsv:
        return output_(RenderCsv(table));
      default:
        return output_(RenderTable(table, options_.width));
    }
  }

  Status RunTableStage(const Stage& stage, ResultTable* table) {
    switch (stage.kind) {
      case Stage::Kind::kSort:
        return SortTable(stage.keys, table);
      case Stage::Kind::kTop: {
        // `by` comes before the result's columns, so the first number after them is what a group is ranked by.
        SortKey key = stage.keys.empty() ? SortKey{FieldName{ranked_by_, stage.column}, true} : stage.keys[0];
        if (key.field.text.empty()) return QueryError(stage.column, "top needs a column: top 10 by FIELD");
        WHITTLE_RETURN_IF_ERROR(SortTable({key}, table));
        if (table->rows.size() > stage.count) table->rows.resize(stage.count);
        return Status::Ok();
      }
      case Stage::Kind::kLimit:
        if (table->rows.size() > stage.count) table->rows.resize(stage.count);
        return Status::Ok();
      case Stage::Kind::kSelect:
        return SelectColumns(stage.fields, table);
      case Stage::Kind::kAggregate:
        return QueryError(stage.column, "a second aggregation over the result of the first is not available yet");
    }
    return Status::Ok();
  }

  Status WriteEvents(uint64_t limit) {
    EventWriter writer(options_.format, output_);
    visit_.demand = {nullptr, true};
    if (limit > 0) {
      WHITTLE_RETURN_IF_ERROR(reader_.Visit(visit_, [&](RecordView* record) -> Result<bool> {
        report_.estimated |= record->sample_rate() != 1.0;
        WHITTLE_RETURN_IF_ERROR(writer.Write(record));
        return writer.written() < limit;
      }));
    }
    report_.results = writer.written();
    return writer.Flush();
  }

  Status Aggregate(const Stage& stage, uint64_t limit, ResultTable* table) {
    WHITTLE_ASSIGN_OR_RETURN(Aggregator aggregator, Aggregator::Make(stage));
    for (const FieldName& name : stage.by) asked_.push_back(name);
    for (const AggregateCall& call : stage.calls) {
      if (!call.field.text.empty()) asked_.push_back(call.field);
    }
    visit_.demand = {&aggregator.fields(), false};
    if (limit == UINT64_MAX) visit_.order = VisitOptions::Order::kAny;
    uint64_t seen = 0;
    if (limit > 0) {
      WHITTLE_RETURN_IF_ERROR(reader_.Visit(visit_, [&](RecordView* record) -> Result<bool> {
        WHITTLE_RETURN_IF_ERROR(aggregator.Add(record, record->sample_rate()));
        return ++seen < limit;
      }));
    }
    report_.estimated = aggregator.estimated();
    if (aggregator.not_numbers() > 0) {
      report_.notes.push_back(std::to_string(aggregator.not_numbers()) + " values were not numbers and are left out");
    }
    *table = aggregator.Finish();
    ranked_by_ = stage.calls[0].name;
    return Status::Ok();
  }

  Status Select(const Stage& stage, uint64_t limit, ResultTable* table) {
    std::vector<FieldRef> fields;
    for (const FieldName& name : stage.fields) {
      FieldRef field = ResolveField(name.text);
      field.id = static_cast<uint32_t>(fields.size());
      fields.push_back(std::move(field));
      table->columns.push_back(name.text);
      asked_.push_back(name);
    }
    visit_.demand = {&fields, false};
    if (limit == 0) return Status::Ok();
    return reader_.Visit(visit_, [&](RecordView* record) -> Result<bool> {
      if (table->rows.size() == kMaxTableRows) {
        return Status(StatusCode::kLimit, "the answer has more than " + std::to_string(kMaxTableRows) +
                                              " rows; filter more, or end with '| limit N'");
      }
      std::vector<Cell> row;
      for (const FieldRef& field : fields) {
        const Value* value = record->Lookup(field);
        row.push_back(value == nullptr ? Cell() : Cell(GroupValue(*value, field)));
      }
      table->rows.push_back(std::move(row));
      return table->rows.size() < limit;
    });
  }

  // Names that no event of the store has are more often mistyped than meant.
  Status AddNotes() {
    for (const FieldName& name : filter_.written_names()) asked_.push_back(name);
    WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, reader_.Templates());
    std::vector<std::string> known = templates->FieldNames();
    for (const SegmentFile& segment : reader_.segments()) {
      for (const SegmentSource& source : segment.footer.sources) {
        for (const Attribute& attribute : source.attributes) known.push_back(attribute.name);
      }
    }
    std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto builtins = BuiltinNames();
    candidates.insert(candidates.end(), builtins.begin(), builtins.end());
    std::vector<std::string_view> noted;
    for (const FieldName& name : asked_) {
      const FieldRef field = ResolveField(name.text);
      if (field.builtin != Builtin::kNone || std::find(noted.begin(), noted.end(), name.text) != noted.end()) continue;
      const bool exists = std::any_of(field.names.begin(), field.names.end(), [&](const std::string& candidate) {
        return candidate.starts_with("exception.") || std::find(known.begin(), known.end(), candidate) != known.end();
      });
      if (exists) continue;
      noted.push_back(name.text);
      report_.notes.push_back("column " + std::to_string(name.column) + ": no event has a field \"" + name.text + "\"" +
                              DidYouMean(name.text, candidates));
    }
    const auto newest = reader_.newest_time_ns();
    if (report_.results == 0 && visit_.min_time_ns && newest && *newest < *visit_.min_time_ns) {
      report_.notes.push_back("the newest event is of " + FormatRfc3339(*newest) +
                              "; --now data makes 'last' count back from it");
    }
    return Status::Ok();
  }

  StoreReader& reader_;
  const QueryOptions& options_;
  const Output& output_;
  Filter filter_;
  VisitOptions visit_;
  QueryReport report_;
  std::vector<FieldName> asked_;
  std::string ranked_by_;  // the aggregate's first result
};

}  // namespace

Result<QueryReport> RunQuery(StoreReader* reader, std::string_view text, const QueryOptions& options,
                             const Output& output) {
  return Engine(reader, options, output).Run(text);
}

}  // namespace whittle
