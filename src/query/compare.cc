#include "query/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "base/hash.h"
#include "expr/lexer.h"
#include "expr/parser.h"
#include "render/display_width.h"
#include "render/json_text.h"
#include "render/table.h"

namespace whittle {
namespace {

// Below this a share of errors is not said to have grown.
constexpr double kErrorSignificance = 0.01;

// Columns of a value in the table; the query below has all of it.
constexpr size_t kValueWidth = 60;

std::string Percent(const ShareOf& share) {
  const ShareInterval interval = WilsonInterval(share);
  const double half = 100 * std::max(interval.high - share.share(), share.share() - interval.low);
  const double percent = 100 * share.share();
  std::array<char, 64> text;
  const int decimals = half >= 1 ? 0 : half >= 0.1 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f%% ± %.*f", decimals, percent, decimals, half);
  return text.data();
}

std::string_view KindName(FoundDifference::Kind kind) {
  switch (kind) {
    case FoundDifference::Kind::kValue:
      return "value";
    case FoundDifference::Kind::kMissing:
      return "missing";
    case FoundDifference::Kind::kRange:
      return "range";
    case FoundDifference::Kind::kNewTemplate:
      return "new_template";
    case FoundDifference::Kind::kVanishedTemplate:
      return "vanished_template";
  }
  return "";
}

void AppendShare(std::string_view key, const ShareOf& share, double events, std::string* out) {
  const ShareInterval interval = WilsonInterval(share);
  out->append(",\"").append(key).append("\":{\"share\":");
  AppendJsonDouble(share.share(), out);
  out->append(",\"low\":");
  AppendJsonDouble(interval.low, out);
  out->append(",\"high\":");
  AppendJsonDouble(interval.high, out);
  out->append(",\"count\":").append(std::to_string(std::llround(events))).append("}");
}

std::string ToJson(const FoundDifference& one) {
  std::string out = "{\"field\":";
  AppendJsonString(one.field, &out);
  out += ",\"value\":";
  AppendJsonString(one.value, &out);
  out.append(",\"kind\":\"").append(KindName(one.kind)).append("\"");
  AppendShare("bad", one.bad, one.bad_events, &out);
  AppendShare("base", one.base, one.base_events, &out);
  const ShareInterval interval = DifferenceInterval(one.bad, one.base);
  out += ",\"difference\":{\"estimate\":";
  AppendJsonDouble(one.bad.share() - one.base.share(), &out);
  out += ",\"low\":";
  AppendJsonDouble(interval.low, &out);
  out += ",\"high\":";
  AppendJsonDouble(interval.high, &out);
  out += "},\"score\":";
  AppendJsonDouble(one.score, &out);
  out += ",\"p\":";
  AppendJsonDouble(one.p, &out);
  out += ",\"query\":";
  AppendJsonString(one.query, &out);
  return out + "}\n";
}

std::string ToTable(const std::vector<FoundDifference>& found, size_t width) {
  std::string text;
  Table table({{"#", true}, {"field", false}, {"value", false}, {"bad", true}, {"base", true}, {"", false}});
  size_t number = 0;
  for (const FoundDifference& one : found) {
    const char* mark = one.kind == FoundDifference::Kind::kNewTemplate        ? "new"
                       : one.kind == FoundDifference::Kind::kVanishedTemplate ? "gone"
                       : one.bad.share() > one.base.share()                   ? "more"
                                                                              : "less";
    table.AddRow({std::to_string(++number), one.field, FitWidth(DisplayText(one.value), kValueWidth), Percent(one.bad),
                  Percent(one.base), mark});
  }
  text = table.Render(width) + "\nto narrow down:\n";
  number = 0;
  for (const FoundDifference& one : found) {
    std::string line = std::to_string(++number);
    line.insert(0, 3 - std::min<size_t>(line.size(), 2), ' ');
    text.append(line).append("  ").append(one.query).append("\n");
  }
  return text;
}

// Which side of the comparison an event is on.
class Sides {
 public:
  Sides(const CompareOptions& options) : options_(options) {}  // NOLINT(google-explicit-constructor)

  Status Parse(std::optional<int64_t> now_ns) {
    const ParseOptions parse{.now_ns = now_ns};
    WHITTLE_ASSIGN_OR_RETURN(const auto bad, ParseFilter(options_.bad, parse));
    WHITTLE_ASSIGN_OR_RETURN(bad_, Filter::Bind(*bad));
    if (options_.base.empty()) return Status::Ok();
    WHITTLE_ASSIGN_OR_RETURN(const auto base, ParseFilter(options_.base, parse));
    WHITTLE_ASSIGN_OR_RETURN(base_, Filter::Bind(*base));
    return Status::Ok();
  }

  std::optional<Side> Of(RecordView* record) {
    raw_.clear();
    record->AppendRaw(&raw_);
    EventFields fields(record->ToEvent(), raw_);
    if (options_.around_ns || options_.first_base_segment) {
      const auto side = ByPlace(record);
      if (!side) return std::nullopt;
      const Filter& filter = *side == Side::kBase && !options_.base.empty() ? base_ : bad_;
      return filter.Matches(&fields) ? side : std::nullopt;
    }
    if (bad_.Matches(&fields)) return Side::kBad;
    return options_.base.empty() || base_.Matches(&fields) ? std::optional(Side::kBase) : std::nullopt;
  }

  // Fields the filters are about: they differ by definition.
  std::vector<std::string> AskedFields() const {
    std::vector<std::string> names;
    for (const Filter* filter : {&bad_, &base_}) {
      for (const FieldRef& field : filter->fields()) {
        names.insert(names.end(), field.names.begin(), field.names.end());
        switch (field.builtin) {
          case Builtin::kSeverity:
          case Builtin::kSeverityText:
          case Builtin::kSeverityNumber:
            names.emplace_back("severity");
            break;
          case Builtin::kTemplate:
          case Builtin::kTemplateId:
          case Builtin::kBody:
            names.emplace_back("template");
            break;
          case Builtin::kSourceName:
            names.emplace_back("source");
            break;
          default:
            break;
        }
      }
    }
    return names;
  }

  // The sides are times or stores, not what events say.
  bool ByWhenOrWhere() const {
    if (options_.around_ns || options_.first_base_segment) return true;
    for (const Filter* filter : {&bad_, &base_}) {
      for (const FieldRef& field : filter->fields()) {
        if (field.builtin != Builtin::kTimestamp && field.builtin != Builtin::kSourceName) return false;
      }
    }
    return true;
  }

 private:
  std::optional<Side> ByPlace(RecordView* record) const {
    if (options_.first_base_segment) {
      return record->origin().segment_index < *options_.first_base_segment ? Side::kBad : Side::kBase;
    }
    const auto time = record->time_ns();
    if (!time || *time < *options_.around_ns - options_.window_ns || *time >= *options_.around_ns + options_.window_ns)
      return std::nullopt;
    return *time >= *options_.around_ns ? Side::kBad : Side::kBase;
  }

  const CompareOptions& options_;
  Filter bad_, base_;
  std::string raw_;
};

Status CompareEvents(StoreReader* reader, const CompareOptions& options, Sides* sides, EventComparison* comparison) {
  VisitOptions visit;
  visit.order = VisitOptions::Order::kAny;
  visit.stop = options.stop;
  return reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    if (const auto side = sides->Of(record))
      comparison->Add(*side, record->ToEvent(), options.unweighted ? 1.0 : record->sample_rate());
    return true;
  });
}

// A trace is bad when one of its events is, and in the base when none is and one is of the base.
Status CompareTraces(StoreReader* reader, const CompareOptions& options, Sides* sides, EventComparison* comparison) {
  VisitOptions visit;
  visit.order = VisitOptions::Order::kAny;
  visit.stop = options.stop;
  std::unordered_map<std::string, Side> traces;
  WHITTLE_RETURN_IF_ERROR(reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    const Event& event = record->ToEvent();
    if (event.trace_id.empty()) return true;
    const auto side = sides->Of(record);
    if (!side) return true;
    const auto [found, is_new] = traces.emplace(event.trace_id, *side);
    if (*side == Side::kBad) found->second = Side::kBad;
    if (traces.size() > kMaxUnitValues / 4) {
      return Status(StatusCode::kLimit, "there are more than " + std::to_string(kMaxUnitValues / 4) +
                                            " traces to compare; narrow the filters");
    }
    return true;
  }));
  return reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    const Event& event = record->ToEvent();
    const auto found = traces.find(event.trace_id);
    if (event.trace_id.empty() || found == traces.end()) return true;
    // The weight of a trace is that of its first event: its lines share a coin.
    const double weight = options.unweighted ? 1.0 : record->sample_rate();
    if (comparison->AddPart(found->second, Hash64(event.trace_id), event, weight)) return true;
    return Status(StatusCode::kLimit, "the traces say more different things than can be held; narrow the filters");
  });
}

}  // namespace

Result<CompareReport> Compare(StoreReader* reader, const CompareOptions& options, const Output& output) {
  Sides sides(options);
  WHITTLE_RETURN_IF_ERROR(sides.Parse(options.now_ns ? options.now_ns : reader->newest_time_ns()));
  EventComparison comparison(sides.AskedFields(), sides.ByWhenOrWhere());
  WHITTLE_RETURN_IF_ERROR(options.by_trace ? CompareTraces(reader, options, &sides, &comparison)
                                           : CompareEvents(reader, options, &sides, &comparison));
  CompareReport report;
  report.partial = reader->statistics().stopped;
  report.bad_events = comparison.events(Side::kBad);
  report.base_events = comparison.events(Side::kBase);
  const std::string what = options.by_trace ? "trace" : "event";
  if (report.bad_events == 0) report.notes.push_back("no " + what + " is bad");
  if (report.base_events == 0) report.notes.push_back("no " + what + " is in the base");
  report.differences = comparison.Find();
  const ShareOf bad = comparison.errors(Side::kBad), base = comparison.errors(Side::kBase);
  report.more_errors = bad.share() > base.share() && DifferenceP(bad, base) < kErrorSignificance;
  std::vector<FoundDifference> shown = report.differences;
  if (shown.size() > options.shown) shown.resize(options.shown);
  if (options.format == OutputFormat::kNdjson) {
    for (const FoundDifference& one : shown) WHITTLE_RETURN_IF_ERROR(output(ToJson(one)));
    return report;
  }
  const auto count = [&](double events) {
    return std::to_string(std::llround(events)) + " " + what + (events == 1 ? "" : "s");
  };
  std::string text = count(report.bad_events) + " bad, " + count(report.base_events) + " in the base\n\n";
  text += shown.empty() ? "no difference that chance would not explain\n" : ToTable(shown, options.width);
  if (report.differences.size() > shown.size()) {
    text += "\nand " + std::to_string(report.differences.size() - shown.size()) + " more: --top N\n";
  }
  WHITTLE_RETURN_IF_ERROR(output(text));
  return report;
}

}  // namespace whittle
