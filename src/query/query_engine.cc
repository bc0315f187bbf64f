#include "query/query_engine.h"

#include <algorithm>
#include <cmath>

#include "base/rfc3339.h"
#include "expr/lexer.h"
#include "expr/parser.h"
#include "expr/suggest.h"
#include "query/aggregate.h"
#include "query/column_scan.h"
#include "query/event_output.h"
#include "query/field_summary.h"
#include "query/footer_counts.h"
#include "query/histogram.h"
#include "query/sampled_answers.h"
#include "query/selection.h"
#include "query/table_stages.h"
#include "query/trace_rollup.h"

namespace whittle {
namespace {

// Stages that take events and give events.
bool GivesEvents(const Stage& stage) {
  return stage.kind == Stage::Kind::kLimit || stage.kind == Stage::Kind::kSample || stage.kind == Stage::Kind::kNear ||
         stage.kind == Stage::Kind::kTrace;
}

Value CountValue(uint64_t count) {
  Value value;
  value.type = ValueType::kInt64;
  value.integer = static_cast<int64_t>(count);
  value.text = std::to_string(count);
  return value;
}

Value SumValue(const MetricCell& metric) {
  Value value;
  value.type = metric.unit == MetricUnit::kDuration  ? ValueType::kDuration
               : metric.unit == MetricUnit::kSize    ? ValueType::kSize
               : metric.unit == MetricUnit::kInteger ? ValueType::kInt64
                                                     : ValueType::kDouble;
  value.integer = metric.whole;
  value.real = metric.sum();
  return value;
}

class Engine {
 public:
  Engine(StoreReader* reader, const QueryOptions& options, const Output& output)
      : reader_(*reader),
        options_(options),
        output_(output),
        selection_(reader),
        events_(reader, &selection_, options, output, &report_) {}

  Result<QueryReport> Run(std::string_view text) {
    const ParseOptions parse{.now_ns = options_.now_ns ? options_.now_ns : reader_.newest_time_ns()};
    WHITTLE_ASSIGN_OR_RETURN(const QueryAst query, ParseQuery(text, parse));
    WHITTLE_RETURN_IF_ERROR(selection_.SetFilter(*query.filter));
    filter_text_ = FormatExpr(*query.filter);
    min_time_ns_ = selection_.options().min_time_ns;
    WHITTLE_ASSIGN_OR_RETURN(sampled_, SampledAnswers::Open(&reader_));
    WHITTLE_RETURN_IF_ERROR(sampled_->Restrict(*query.filter));
    filter_names_ = selection_.filter().written_names();
    selection_.StopOn(options_.stop);
    selection_.StartFrom(options_.from_offsets);
    report_.notes = query.hints;
    WHITTLE_RETURN_IF_ERROR(RunStages(query.stages));
    report_.visited = selection_.statistics();
    report_.partial |= report_.visited.stopped;
    WHITTLE_RETURN_IF_ERROR(AddNotes());
    return std::move(report_);
  }

 private:
  // Stages of events, then one that prints them or makes a table, then stages of the table.
  Status RunStages(const std::vector<Stage>& stages) {
    size_t next = 0;
    uint64_t limit = UINT64_MAX;
    for (; next < stages.size() && GivesEvents(stages[next]); ++next) {
      if (stages[next].kind == Stage::Kind::kLimit) {
        limit = std::min(limit, stages[next].count);
        const bool last = next + 1 == stages.size();
        if (last || stages[next + 1].kind == Stage::Kind::kLimit) continue;
        if (stages[next + 1].kind == Stage::Kind::kSelect && next + 2 == stages.size()) continue;
        WHITTLE_RETURN_IF_ERROR(selection_.KeepFirst(limit));
        limit = UINT64_MAX;
      } else if (stages[next].kind == Stage::Kind::kSample) {
        WHITTLE_RETURN_IF_ERROR(selection_.Sample(stages[next].count));
      } else if (stages[next].kind == Stage::Kind::kNear) {
        if (!stages[next].source.empty()) {
          WHITTLE_RETURN_IF_ERROR(selection_.KeepEvent(stages[next].source, stages[next].line));
        }
        WHITTLE_RETURN_IF_ERROR(selection_.AddNear(stages[next].count));
      } else {
        WHITTLE_RETURN_IF_ERROR(selection_.WholeTraces());
      }
    }
    all_events_ = next == 0 && selection_.options().from_offsets == nullptr;
    if (next == stages.size()) return events_.WriteEvents(limit);
    const Stage& first = stages[next];
    const bool sorts = first.kind == Stage::Kind::kSort || first.kind == Stage::Kind::kTop;
    if (options_.format == OutputFormat::kRaw && !sorts) {
      return QueryError(first.column, "raw output is of events; a query with stages gives a table, NDJSON or CSV");
    }
    if (sorts) return SortEvents(stages, next);
    if (first.kind == Stage::Kind::kSelect) {
      if (const auto rows = OnlyRows(stages, next + 1, limit)) return SelectRows(first.fields, *rows);
    }
    ResultTable table;
    WHITTLE_RETURN_IF_ERROR(MakeTable(first, next + 1 < stages.size(), &table));
    return FinishTable(stages, next + 1, std::move(table));
  }

  // Which rows of a selection there are: by `keys`, or by time, the first `limit`.
  struct Rows {
    std::vector<SortKey> keys;
    uint64_t limit = UINT64_MAX;
  };

  // What stages after a select come to, if all they do is to put its rows in order and cut them off.
  static std::optional<Rows> OnlyRows(const std::vector<Stage>& stages, size_t next, uint64_t limit) {
    const std::vector<FieldName>& fields = stages[next - 1].fields;
    Rows rows{{}, limit};
    for (; next < stages.size(); ++next) {
      const Stage& stage = stages[next];
      const bool limits = stage.kind == Stage::Kind::kLimit, tops = stage.kind == Stage::Kind::kTop;
      if (!limits) {
        // A cut before the sort chose other rows.
        if ((stage.kind != Stage::Kind::kSort && !tops) || stage.keys.empty() || !rows.keys.empty() ||
            rows.limit != UINT64_MAX)
          return std::nullopt;
        for (const SortKey& key : stage.keys) {
          const auto same = [&](const FieldName& field) { return field.text == key.field.text; };
          if (std::none_of(fields.begin(), fields.end(), same)) return std::nullopt;
        }
        rows.keys = stage.keys;
      }
      if (limits || tops) rows.limit = std::min(rows.limit, stage.count);
    }
    return rows;
  }

  // Any number of rows: they need not be in memory at once.
  Status SelectRows(const std::vector<FieldName>& fields, const Rows& rows) {
    Ask(fields);
    return events_.WriteFields(fields, rows.keys, rows.limit);
  }

  // FILTER | sort F | limit N prints events.
  Status SortEvents(const std::vector<Stage>& stages, size_t next) {
    const Stage& sort = stages[next];
    if (sort.keys.empty()) return QueryError(sort.column, "top of events needs a field: top 10 by FIELD");
    uint64_t limit = sort.kind == Stage::Kind::kTop ? sort.count : UINT64_MAX;
    for (++next; next < stages.size() && stages[next].kind == Stage::Kind::kLimit; ++next)
      limit = std::min(limit, stages[next].count);
    for (const SortKey& key : sort.keys) asked_.push_back(key.field);
    if (next == stages.size()) return events_.WriteSorted(sort.keys, limit);
    if (stages[next].kind == Stage::Kind::kSelect) {
      const auto rows = OnlyRows(stages, next + 1, limit);
      if (rows && rows->keys.empty()) return SelectRows(stages[next].fields, {sort.keys, rows->limit});
    }
    if (stages[next].kind != Stage::Kind::kSelect) {
      return QueryError(stages[next].column,
                        "after sorting events comes limit or select; put this stage before the sort");
    }
    // The columns of both, sorted, then those that were asked for.
    std::vector<FieldName> fields = stages[next].fields;
    for (const SortKey& key : sort.keys) {
      const auto same = [&](const FieldName& field) { return field.text == key.field.text; };
      if (std::none_of(fields.begin(), fields.end(), same)) fields.push_back(key.field);
    }
    Ask(fields);
    WHITTLE_ASSIGN_OR_RETURN(ResultTable table, SelectFields(&selection_, fields));
    WHITTLE_RETURN_IF_ERROR(SortTable(sort.keys, &table));
    if (table.rows.size() > limit) table.rows.resize(limit);
    return FinishTable(stages, next, std::move(table));
  }

  void Ask(const std::vector<FieldName>& names) { asked_.insert(asked_.end(), names.begin(), names.end()); }

  Status MakeTable(const Stage& stage, bool more_stages, ResultTable* table) {
    switch (stage.kind) {
      case Stage::Kind::kAggregate:
        return Aggregate(stage, table);
      case Stage::Kind::kSelect: {
        Ask(stage.fields);
        WHITTLE_ASSIGN_OR_RETURN(*table, SelectFields(&selection_, stage.fields));
        return Status::Ok();
      }
      case Stage::Kind::kFields:
      case Stage::Kind::kFacets: {
        Ask(stage.fields);
        FieldSummary summary;
        WHITTLE_RETURN_IF_ERROR(SummarizeFields(&selection_, options_.unweighted, &summary));
        report_.estimated = summary.estimated();
        if (summary.too_many_fields()) {
          report_.notes.push_back("there are more than " + std::to_string(kMaxSummaryFields) +
                                  " fields; the rest is left out");
        }
        *table = stage.kind == Stage::Kind::kFields ? summary.Fields() : summary.Facets(stage.fields);
        return Status::Ok();
      }
      case Stage::Kind::kHistogram:
      case Stage::Kind::kHeatmap: {
        Ask(stage.fields);
        Ask(stage.by);
        uint64_t skipped = 0;
        WHITTLE_ASSIGN_OR_RETURN(*table,
                                 DrawHistogram(&selection_, stage, options_.unweighted, options_.width, &skipped));
        if (skipped > 0) {
          report_.notes.push_back(std::to_string(skipped) + " events have no number in \"" +
                                  (stage.fields.empty() ? "timestamp" : stage.fields[0].text) + "\" and are left out");
        }
        return Status::Ok();
      }
      case Stage::Kind::kRollup: {
        TraceRollup rollup;
        WHITTLE_RETURN_IF_ERROR(RollUpTraces(&selection_, &rollup));
        *table = rollup.Finish(more_stages || options_.format != OutputFormat::kTable);
        return Status::Ok();
      }
      default:
        return QueryError(stage.column, "this stage cannot stand here");
    }
  }

  Status Aggregate(const Stage& stage, ResultTable* table) {
    WHITTLE_ASSIGN_OR_RETURN(Aggregator aggregator, Aggregator::Make(stage));
    Ask(stage.by);
    for (const AggregateCall& call : stage.calls) {
      if (!call.field.text.empty()) asked_.push_back(call.field);
    }
    const bool weighted = !options_.unweighted;
    std::vector<FieldRef> fields = aggregator.fields();
    const bool sampled = weighted && sampled_->sampled();
    if (sampled) {
      aggregator.SetSampling(&sampled_->cells(), sampled_->complete());
      // Events of one trace share a coin, and so their errors.
      fields.push_back(ResolveField("trace_id"));
      fields.back().id = static_cast<uint32_t>(fields.size() - 1);
    }
    const FieldDemand demand{&fields, false};
    const auto add = [&](RecordView* record) -> Result<bool> {
      const Stake stake = weighted ? sampled_->StakeOf(*record) : Stake(1.0);
      sampled_->Note(*record, stake);
      WHITTLE_RETURN_IF_ERROR(aggregator.Add(record, stake));
      return true;
    };
    ColumnScan scan(&selection_.filter(), selection_.options(), &aggregator);
    FooterCounts footers(&selection_.filter(), selection_.options(), &aggregator);
    StoreReader::WholeVisitors whole;
    if (!options_.record_by_record && !sampled) {
      if (footers.usable())
        whole.segment = [&](const StoreReader::SegmentShapes& segment) { return footers.Count(segment); };
      whole.run = [&](const StoreReader::RunRows& run) { return scan.Run(run); };
    }
    WHITTLE_RETURN_IF_ERROR(selection_.Visit(VisitOptions::Order::kAny, demand, add, whole));
    report_.estimated = aggregator.estimated();
    if (aggregator.not_numbers() > 0) {
      report_.notes.push_back(std::to_string(aggregator.not_numbers()) + " values were not numbers and are left out");
    }
    *table = aggregator.Finish();
    ranked_by_ = stage.calls[0].name;
    return weighted && all_events_ ? CountExactly(stage, table) : Status::Ok();
  }

  // Counts and sums of events that a metric of the policy chose are known exactly: they were taken before sampling.
  void UseMetrics(const Stage& stage, ResultTable* table) {
    if (stage.every_ns != 0 || !stage.by.empty() || table->rows.size() != 1) return;
    ResultRow& row = table->rows[0];
    bool all = true, any = false;
    for (size_t i = 0; i < stage.calls.size(); ++i) {
      const AggregateCall& call = stage.calls[i];
      const bool counts = call.function == AggregateFunction::kCount && call.field.text.empty();
      const bool sums = call.function == AggregateFunction::kSum;
      const auto metric = counts || sums ? sampled_->MetricOf(filter_text_, sums ? call.field.text : "") : std::nullopt;
      if (!metric || (sums && metric->values == 0)) {
        all = all && row.bounds[i].exact;
        continue;
      }
      any = true;
      const double amount = counts ? static_cast<double>(metric->events) : metric->sum();
      row.cells[i] = counts ? CountValue(metric->events) : SumValue(*metric);
      row.bounds[i] = {amount, amount, true, row.bounds[i].kept, counts ? metric->events : metric->values};
    }
    if (!any) return;
    report_.estimated = !all;
    report_.notes.push_back("exact: a metric of the sampling policy counted these events before sampling");
  }

  // Counts by sampling keys are known exactly, also of groups that have no survivor.
  Status CountExactly(const Stage& stage, ResultTable* table) {
    const bool only_counts =
        stage.every_ns == 0 && std::all_of(stage.calls.begin(), stage.calls.end(), [](const AggregateCall& call) {
          return call.function == AggregateFunction::kCount && call.field.text.empty();
        });
    if (!only_counts) {
      UseMetrics(stage, table);
      return Status::Ok();
    }
    const auto groups = sampled_->CountBy(stage.by);
    if (!groups) {
      UseMetrics(stage, table);
      return Status::Ok();
    }
    table->rows.clear();
    uint64_t gone = 0;
    bool open_ended = false, came_sampled = false;
    for (const SampledAnswers::ExactGroup& group : *groups) {
      ResultRow row;
      row.cells = group.values;
      // What came stands for more when an earlier stage sampled it.
      const Estimate count = CountWithVariance(static_cast<double>(group.in) + group.more, group.spread, group.kept);
      for (size_t i = 0; i < stage.calls.size(); ++i) {
        row.cells.emplace_back(CountValue(static_cast<uint64_t>(std::llround(count.value))));
        row.bounds.push_back({count.low, count.high + static_cast<double>(group.maybe_more),
                              count.exact && group.maybe_more == 0, group.kept, group.in});
      }
      gone += group.kept == 0 ? 1 : 0;
      came_sampled = came_sampled || !count.exact;
      open_ended = open_ended || group.maybe_more > 0;
      table->rows.push_back(std::move(row));
    }
    const size_t first = stage.by.size();
    std::stable_sort(table->rows.begin(), table->rows.end(), [first](const ResultRow& a, const ResultRow& b) {
      return CompareCells(a.cells[first], b.cells[first]) > 0;
    });
    report_.estimated = open_ended || came_sampled;
    report_.notes.push_back(
        std::string(came_sampled ? "what came is counted, by the rates of the stage that had sampled it before"
                    : open_ended ? "counted before sampling; forms of which nothing was kept stand alone, and may "
                                   "belong to a template above"
                                 : "exact: counted before sampling") +
        (gone > 0 ? "; of " + std::to_string(gone) + " groups no event was kept" : std::string()));
    return Status::Ok();
  }

  Status FinishTable(const std::vector<Stage>& stages, size_t next, ResultTable table) {
    for (; next < stages.size(); ++next) WHITTLE_RETURN_IF_ERROR(RunTableStage(stages[next], &table));
    report_.results = table.rows.size();
    switch (options_.format) {
      case OutputFormat::kNdjson:
        return output_(RenderNdjson(table));
      case OutputFormat::kCsv:
        return output_(RenderCsv(table));
      default:
        return output_(table.drawing.empty() ? RenderTable(table, options_.width) : table.drawing);
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
        table->drawing.clear();
        return Status::Ok();
      case Stage::Kind::kSelect:
        return SelectColumns(stage.fields, table);
      case Stage::Kind::kAggregate:
        ranked_by_ = stage.calls[0].name;
        return AggregateTable(stage, table);
      default:
        return QueryError(stage.column, "this stage works on events; put it before the one that makes a table");
    }
  }

  // Names that no event of the store has are more often mistyped than meant.
  Status AddNotes() {
    Ask(filter_names_);
    std::vector<std::string> known;
    const auto own = [](const FieldName& name) { return ResolveField(name.text).builtin == Builtin::kNone; };
    if (std::any_of(asked_.begin(), asked_.end(), own)) {
      WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, reader_.Templates());
      known = templates->FieldNames();
    }
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
    if (min_time_ns_ && newest && *newest < *min_time_ns_) {
      report_.notes.push_back("the newest event is of " + FormatTimeForPeople(*newest) +
                              "; with --now data 'last' counts back from there");
    }
    return Status::Ok();
  }

  std::string filter_text_;  // canonical
  StoreReader& reader_;
  const QueryOptions& options_;
  const Output& output_;
  QueryReport report_;
  Selection selection_;
  EventOutput events_;
  std::optional<SampledAnswers> sampled_;
  bool all_events_ = false;  // no stage before the aggregate narrows or widens what the filter matches
  std::optional<int64_t> min_time_ns_;
  std::vector<FieldName> asked_, filter_names_;
  std::string ranked_by_;  // the aggregate's first result
};

}  // namespace

Result<QueryReport> RunQuery(StoreReader* reader, std::string_view text, const QueryOptions& options,
                             const Output& output) {
  return Engine(reader, options, output).Run(text);
}

}  // namespace whittle
