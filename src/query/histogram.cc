#include "query/histogram.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "expr/lexer.h"
#include "query/aggregate.h"
#include "render/display_width.h"

namespace whittle {
namespace {

const AggregateCall kCount{AggregateFunction::kCount, 0, {}, "count", 0};
constexpr size_t kDefaultWidth = 100;
constexpr size_t kMaxEdges = kMaxBuckets + 2;

// Steps people read times by, in seconds.
constexpr double kTimeSteps[] = {1,    2,    5,    10,    15,    30,    60,    120,    300,    600,     900,
                                 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000};

double RoundUpStep(double step, ValueType unit) {
  const bool time = unit == ValueType::kTimestamp || unit == ValueType::kDuration;
  if (time && step >= 1e9) {
    for (const double seconds : kTimeSteps) {
      if (seconds * 1e9 >= step) return seconds * 1e9;
    }
  }
  if (unit == ValueType::kSize && step >= 1) return std::exp2(std::ceil(std::log2(step)));
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (factor * power >= step * (1 - 1e-12)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> LogEdges(double least, double greatest, uint64_t count) {
  const double decades = std::log10(greatest / least);
  const bool fine = decades * 3 <= static_cast<double>(count);
  std::vector<double> edges;
  double power = std::pow(10.0, std::floor(std::log10(least)));
  for (; edges.size() < kMaxEdges; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (!fine && factor != 1.0) continue;
      const double edge = factor * power, next = fine ? (factor == 2.0 ? 2.5 * edge : 2 * edge) : 10 * edge;
      if (edges.empty() && next <= least) continue;
      edges.push_back(edge);
      if (edge > greatest) return edges;
    }
  }
  return edges;
}

Cell InUnit(double amount, ValueType unit) {
  Value value;
  value.type = unit == ValueType::kInt64 && amount != std::floor(amount) ? ValueType::kDouble : unit;
  value.real = amount;
  value.integer = value.type == ValueType::kDouble ? 0 : static_cast<int64_t>(std::llround(amount));
  return value;
}

double CountOf(const Accumulator& events) { return static_cast<double>(events.ValueOf(kCount, 0)->integer); }

std::string Bar(double share, size_t width) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<size_t>(std::llround(share * static_cast<double>(width) * 8));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  return bar.empty() && share > 0 ? "▏" : bar;
}

std::string Padded(const std::string& text, size_t width, bool right) {
  const size_t used = DisplayWidth(text);
  const std::string padding(width > used ? width - used : 0, ' ');
  return right ? padding + text : text + padding;
}

class HistogramBuilder {
 public:
  HistogramBuilder(Selection* selection, const Stage& stage, bool unweighted, size_t width, uint64_t* skipped)
      : selection_(*selection),
        stage_(stage),
        unweighted_(unweighted),
        width_(width == 0 ? kDefaultWidth : width),
        skipped_(*skipped) {
    fields_.push_back(ResolveField("timestamp"));
    fields_.push_back(stage.fields.empty() ? ResolveField("timestamp") : ResolveField(stage.fields[0].text));
    for (const FieldName& name : stage.by) fields_.push_back(ResolveField(name.text));
    for (size_t i = 0; i < fields_.size(); ++i) fields_[i].id = static_cast<uint32_t>(i);
  }

  Result<ResultTable> Run() {
    if (stage_.by.size() > 1) return QueryError(stage_.by[1].column, "a histogram is drawn by one field");
    const bool heat = stage_.kind == Stage::Kind::kHeatmap;
    WHITTLE_RETURN_IF_ERROR(FindRange());
    if (least_ > greatest_) return heat ? Heat() : Bars();
    const uint64_t count = stage_.count == 0 ? kDefaultBuckets : stage_.count;
    const double every = static_cast<double>(stage_.every_ns);
    if (!heat && every > 0) {
      if (unit_ != ValueType::kTimestamp)
        return QueryError(stage_.column, "'every' is for histograms of times: '| histogram every 1m'");
      WHITTLE_RETURN_IF_ERROR(TimeEdges(least_, greatest_, every, &edges_));
    } else {
      edges_ = RoundEdges(least_, greatest_, count, unit_);
    }
    if (heat) {
      if (first_time_ > last_time_) return Status(StatusCode::kData, "no event with the field has a time");
      if (every > 0) {
        WHITTLE_RETURN_IF_ERROR(TimeEdges(first_time_, last_time_, every, &time_edges_));
      } else {
        time_edges_ = RoundEdges(first_time_, last_time_, kDefaultHeatmapColumns, ValueType::kTimestamp);
      }
    }
    WHITTLE_RETURN_IF_ERROR(Count());
    return heat ? Heat() : Bars();
  }

 private:
  static Status TimeEdges(double first, double last, double every, std::vector<double>* edges) {
    const auto step = static_cast<int64_t>(every);
    const int64_t begin = BucketBegin(static_cast<int64_t>(first), step);
    const double count = (last - static_cast<double>(begin)) / every + 1;
    if (count > static_cast<double>(kMaxBuckets)) {
      return Status(StatusCode::kUsage, "that would be more than " + std::to_string(kMaxBuckets) +
                                            " buckets of time; ask for wider ones after 'every'");
    }
    for (int64_t edge = begin;; edge += step) {
      edges->push_back(static_cast<double>(edge));
      if (static_cast<double>(edge) > last) return Status::Ok();
    }
  }

  std::optional<Amount> AmountIn(RecordView* record) {
    const Value* value = record->Lookup(fields_[1]);
    const auto amount = value == nullptr ? std::nullopt : AmountOf(*value);
    if (!amount || !std::isfinite(static_cast<double>(amount->value))) return std::nullopt;
    return amount;
  }

  Status FindRange() {
    return selection_.Visit(VisitOptions::Order::kAny, {&fields_, false}, [&](RecordView* record) -> Result<bool> {
      const auto amount = AmountIn(record);
      if (!amount) {
        ++skipped_;
        return true;
      }
      if (least_ > greatest_) unit_ = amount->unit;
      if (unit_ != amount->unit) unit_ = ValueType::kDouble;
      least_ = std::min(least_, static_cast<double>(amount->value));
      greatest_ = std::max(greatest_, static_cast<double>(amount->value));
      if (const auto time = record->time_ns()) {
        first_time_ = std::min(first_time_, static_cast<double>(*time));
        last_time_ = std::max(last_time_, static_cast<double>(*time));
      }
      return true;
    });
  }

  static size_t BucketOf(const std::vector<double>& edges, double value) {
    const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, value);
    return static_cast<size_t>(above - edges.begin() - 1);
  }

  Status Count() {
    return selection_.Visit(VisitOptions::Order::kAny, {&fields_, false}, [&](RecordView* record) -> Result<bool> {
      const auto amount = AmountIn(record);
      if (!amount) return true;
      const double weight = unweighted_ ? 1.0 : record->sample_rate();
      const size_t bucket = BucketOf(edges_, static_cast<double>(amount->value));
      std::string group;
      if (stage_.kind == Stage::Kind::kHeatmap) {
        const auto time = record->time_ns();
        if (!time) return true;
        const size_t column = BucketOf(time_edges_, static_cast<double>(*time));
        Cells(std::to_string(column))[bucket].AddEvent(weight);
        return true;
      }
      if (!stage_.by.empty()) {
        const Value* value = record->Lookup(fields_[2]);
        group = value == nullptr ? "" : GroupValue(*value, fields_[2]).text;
      }
      Cells(group)[bucket].AddEvent(weight);
      return true;
    });
  }

  std::vector<Accumulator>& Cells(std::string group) {
    if (!groups_.contains(group) && groups_.size() >= kMaxHistogramGroups) group = "(other)";
    auto& cells = groups_[group];
    if (cells.empty()) cells.resize(edges_.size() - 1);
    return cells;
  }

  void AddRow(ResultTable* table, std::vector<Cell> front, size_t bucket, const Accumulator& events) const {
    ResultRow row;
    row.cells = std::move(front);
    row.cells.push_back(InUnit(edges_[bucket], unit_));
    row.cells.push_back(InUnit(edges_[bucket + 1], unit_));
    row.cells.push_back(events.ValueOf(kCount, 0));
    row.bounds.push_back(events.BoundsOf(kCount, 0));
    table->rows.push_back(std::move(row));
  }

  std::string Label(double edge) const { return FormatAmountForPeople(edge, unit_); }

  Result<ResultTable> Bars() {
    ResultTable table;
    if (!stage_.by.empty()) table.AddColumn(stage_.by[0].text);
    table.AddColumn("from");
    table.AddColumn("to");
    table.columns.push_back({"count", 0});
    if (edges_.empty()) {
      table.drawing = "no event has a number there\n";
      return table;
    }
    if (stage_.by.empty()) Cells("");
    for (const auto& [group, cells] : groups_) {
      std::vector<Cell> front;
      if (!stage_.by.empty()) front.push_back(group.empty() ? Cell() : Cell(Value::String(group)));
      for (size_t i = 0; i < cells.size(); ++i) AddRow(&table, front, i, cells[i]);
    }
    table.drawing = stage_.by.empty() ? DrawBars() : DrawSparklines();
    return table;
  }

  std::string DrawBars() {
    const std::vector<Accumulator>& cells = groups_[""];
    double greatest = 1;
    size_t label_width = 0, count_width = 0;
    std::vector<std::string> counts;
    for (size_t i = 0; i < cells.size(); ++i) {
      greatest = std::max(greatest, CountOf(cells[i]));
      label_width = std::max(label_width, Label(edges_[i]).size());
      counts.push_back(cells[i].estimated() ? "~" : "");
      counts.back().append(std::to_string(static_cast<int64_t>(CountOf(cells[i]))));
      count_width = std::max(count_width, counts.back().size());
    }
    const size_t used = label_width + count_width + 4;
    const size_t bar_width = width_ > used + 10 ? width_ - used : 10;
    std::string out;
    for (size_t i = 0; i < cells.size(); ++i) {
      std::string line = Padded(Label(edges_[i]), label_width, true) + "  " + Padded(counts[i], count_width, true) +
                         "  " + Bar(CountOf(cells[i]) / greatest, bar_width);
      while (line.ends_with(' ')) line.pop_back();
      out += line + "\n";
    }
    return out;
  }

  std::string DrawSparklines() {
    std::vector<std::pair<double, std::string>> order;
    size_t name_width = 0;
    for (const auto& [group, cells] : groups_) {
      double total = 0;
      for (const Accumulator& events : cells) total += CountOf(events);
      order.emplace_back(-total, group);
    }
    std::sort(order.begin(), order.end());
    const size_t left_out = order.size() > kGroupsDrawn ? order.size() - kGroupsDrawn : 0;
    order.resize(order.size() - left_out);
    const auto shown = [](const std::string& group) { return group.empty() ? std::string("-") : DisplayText(group); };
    for (const auto& [total, group] : order) name_width = std::max(name_width, DisplayWidth(shown(group)));
    name_width = std::min(name_width, std::max<size_t>(width_ / 2, 8));
    std::string out;
    for (const auto& [total, group] : order) {
      std::vector<double> counts;
      for (const Accumulator& events : groups_[group]) counts.push_back(CountOf(events));
      out += Padded(FitWidth(shown(group), name_width), name_width, false) + "  " + Sparkline(counts) + "  " +
             std::to_string(static_cast<int64_t>(-total)) + "\n";
    }
    if (left_out > 0) out += "and " + std::to_string(left_out) + " groups more\n";
    return out + Padded("", name_width, false) + "  from " + Label(edges_.front()) + " to " + Label(edges_.back()) +
           "\n";
  }

  Result<ResultTable> Heat() {
    ResultTable table;
    for (const char* name : {"timestamp", "from", "to"}) table.AddColumn(name);
    table.columns.push_back({"count", 0});
    if (edges_.empty()) {
      table.drawing = "no event has a number there\n";
      return table;
    }
    double greatest = 1;
    std::vector<std::vector<double>> counts(edges_.size() - 1, std::vector<double>(time_edges_.size() - 1));
    for (size_t column = 0; column + 1 < time_edges_.size(); ++column) {
      const std::vector<Accumulator>& cells = Cells(std::to_string(column));
      for (size_t i = 0; i < cells.size(); ++i) {
        AddRow(&table, {InUnit(time_edges_[column], ValueType::kTimestamp)}, i, cells[i]);
        counts[i][column] = CountOf(cells[i]);
        greatest = std::max(greatest, counts[i][column]);
      }
    }
    static constexpr const char* kShades[] = {" ", "·", "░", "▒", "▓", "█"};
    size_t label_width = 0;
    for (const double edge : edges_) label_width = std::max(label_width, Label(edge).size());
    for (size_t i = counts.size(); i-- > 0;) {
      table.drawing += Padded(Label(edges_[i]), label_width, true) + " │";
      for (const double count : counts[i]) {
        // By the logarithm: a cell of one event is seen beside one of ten thousand.
        const double level = count <= 0 ? 0 : 1 + 4 * std::log1p(count - 1) / std::max(std::log(greatest), 1e-9);
        table.drawing += kShades[static_cast<size_t>(std::clamp(level, 0.0, 5.0))];
      }
      table.drawing += "│\n";
    }
    table.drawing += Padded("", label_width, false) + "  " +
                     FormatAmountForPeople(time_edges_.front(), ValueType::kTimestamp) + " to " +
                     FormatAmountForPeople(time_edges_.back(), ValueType::kTimestamp) + ", darkest " +
                     std::to_string(static_cast<int64_t>(greatest)) + " events\n";
    return table;
  }

  Selection& selection_;
  const Stage& stage_;
  bool unweighted_;
  size_t width_;
  uint64_t& skipped_;
  std::vector<FieldRef> fields_;  // time, the field, [the group]
  ValueType unit_ = ValueType::kInt64;
  double least_ = INFINITY, greatest_ = -INFINITY;
  double first_time_ = INFINITY, last_time_ = -INFINITY;
  std::vector<double> edges_, time_edges_;
  std::map<std::string, std::vector<Accumulator>> groups_;  // of a heatmap: by column of time
};

}  // namespace

std::vector<double> RoundEdges(double least, double greatest, uint64_t count, ValueType unit) {
  constexpr double kFarApart = 100;
  if (unit != ValueType::kTimestamp && least > 0 && greatest / least > kFarApart)
    return LogEdges(least, greatest, count);
  const double range = greatest - least;
  const double alone = unit == ValueType::kTimestamp ? 1e9 : std::max(std::fabs(least) / 10, 1.0);
  double step = RoundUpStep(range > 0 ? range / static_cast<double>(count) : alone, unit);
  if (unit == ValueType::kInt64) step = std::max(step, 1.0);
  std::vector<double> edges;
  const double first = std::floor(least / step) * step;
  for (size_t i = 0; i < kMaxEdges; ++i) {
    edges.push_back(first + static_cast<double>(i) * step);
    if (i > 0 && edges.back() > greatest) return edges;
  }
  return edges;
}

std::string Sparkline(const std::vector<double>& counts) {
  static constexpr const char* kLevels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double greatest = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  std::string line;
  for (const double count : counts) {
    line +=
        count <= 0 ? kLevels[0] : kLevels[static_cast<size_t>(std::clamp(std::ceil(8 * count / greatest), 1.0, 8.0))];
  }
  return line;
}

Result<ResultTable> DrawHistogram(Selection* selection, const Stage& stage, bool unweighted, size_t width,
                                  uint64_t* skipped) {
  return HistogramBuilder(selection, stage, unweighted, width, skipped).Run();
}

}  // namespace whittle
