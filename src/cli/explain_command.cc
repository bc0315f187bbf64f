#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/reading.h"
#include "env/posix_file_system.h"
#include "parse/trace_context.h"
#include "pipeline/enricher.h"
#include "pipeline/line_parser.h"
#include "pipeline/live_templates.h"
#include "query/store_reader.h"
#include "render/table.h"
#include "source/byte_stream.h"

namespace whittle {
namespace {

// As much of standard input as explain looks at: the first line or record.
constexpr size_t kMaxExplainBytes = 1 << 20;

std::string OrNone(const std::string& name) { return name.empty() ? "none" : name; }

Result<std::string> FirstLines(const ParsedFlags& flags) {
  if (flags.positional() != "-") return flags.positional() + "\n";
  const auto input = NewPipeStream(StandardInput());
  std::string text;
  char buffer[4096];
  while (text.size() < kMaxExplainBytes) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t read, input->Read(buffer, sizeof(buffer)));
    if (read == 0) break;
    text.append(buffer, read);
  }
  return text;
}

class Explainer {
 public:
  Explainer(const Reading& reading, OutputStream* out)
      : reading_(reading),
        out_(out),
        parsing_{reading.analyzer.get(), {}, reading.config.field_rules, {}, false},
        parser_(&parsing_),
        enricher_(&parsing_, ResourceOnly(reading.config)) {}

  void Explain(const LineBatch& lines) {
    EventBatch batch = parser_.Parse(lines);
    enricher_.Enrich(&batch);
    templates_.Learn(batch.shapes);
    for (size_t i = 0; i < lines.lines.size(); ++i) ExplainRow(lines.lines[i], batch, batch.rows[i]);
  }

 private:
  static SegmentSource ResourceOnly(const Config& config) {
    SegmentSource source;
    SetResource(config.field_rules, &source.attributes);
    return source;
  }

  void ExplainRow(const Line& line, const EventBatch& batch, const Row& row) {
    const std::string_view text = batch.Text({line.begin, line.size});
    const LineAnalysis analysis = reading_.analyzer->Analyze(text, !line.record_start);
    const std::shared_ptr<const Shape>& shape = batch.shapes[row.shape];
    const std::string_view end = line.end == LineEnd::kCrLf ? "CRLF" : line.end == LineEnd::kLf ? "LF" : "no line end";
    out_->Write(fmt::format("line      {} bytes, {}, {}\n", line.size, end,
                            line.record_start ? "begins a record" : "continues the record before it"));
    if (shape->body_format == "raw") {
      out_->Write("raw lane  no text, too long, or too many values to analyse: kept whole\n");
      return;
    }
    out_->Write(fmt::format("envelope  {}\nheader    {}\nformat    {}\n", OrNone(analysis.envelope),
                            OrNone(analysis.header), OrNone(analysis.body_format)));
    ExplainPatterns(text, analysis);
    ExplainTrace(text);
    out_->Write("body      " + DisplayBody(text, analysis) + "\n");
    const auto plan = templates_.PlanOf(shape);
    out_->Write(fmt::format("template  {}  {}\n", ToHex(plan->template_id), plan->template_text));
    if (row.flags & Row::kHasTime) {
      const bool zone = (row.flags & Row::kHasZone) != 0;
      const bool year = (row.flags & Row::kHasYear) != 0;
      out_->Write(fmt::format("time      {}{}{}\n", FormatRfc3339(row.local_time_ns),
                              zone ? "" : ", zone taken from --tz",
                              year ? "" : ", year taken from --year or the file"));
    }
    std::vector<std::string_view> slots;
    for (uint32_t k = 0; k < shape->slot_count; ++k) slots.push_back(batch.Text(batch.slots[row.first_slot + k]));
    WriteFields(analysis, text, *plan, slots);
  }

  void ExplainPatterns(std::string_view line, const LineAnalysis& analysis) {
    PatternScratch scratch;
    const bool whole = analysis.body_begin == 0;
    const std::string_view text =
        whole ? line : line.substr(analysis.body_begin, analysis.body_end - analysis.body_begin);
    for (const PatternCandidate& candidate : reading_.patterns->Explain(text, whole, &scratch)) {
      out_->Write(fmt::format("pattern   {} ({}:{}) {}\n", candidate.name, candidate.path, candidate.line,
                              candidate.won       ? "claims it: the most specific that matches"
                              : candidate.matched ? "matches too, less specific"
                                                  : candidate.reason));
    }
  }

  static std::string Origin(const PlannedField& field, std::string_view otherwise) {
    return field.constant.empty() ? std::string(otherwise) : std::string(otherwise) + ", set";
  }

  // Which rule found which id; the first of each kind counts.
  void ExplainTrace(std::string_view line) {
    const auto write = [&](FieldRole role, ValueType type, std::string_view name, std::string_view rule, uint32_t begin,
                           uint32_t end) {
      const std::string_view text = line.substr(begin, end - begin);
      out_->Write(fmt::format("trace     {} by rule '{}': {}{}\n", name, rule, text,
                              IsTraceId(role, type, text) ? "" : " (refused: no such id)"));
    };
    for (const TraceRuleMatch& match : reading_.patterns->trace_rules().Find(line)) {
      const FieldSpan& field = match.field;
      write(field.role, field.type, field.name.empty() ? RoleName(field.role) : field.name, match.rule, field.begin,
            field.end);
    }
    bool stable = true;
    for (const TraceFinding& found : TraceFindings(line, &stable)) {
      write(found.role, found.type, found.name.empty() ? RoleName(found.role) : found.name, found.rule, found.begin,
            found.end);
    }
  }

  static std::string_view RoleName(FieldRole role) {
    switch (role) {
      case FieldRole::kTraceId:
        return "trace id";
      case FieldRole::kSpanId:
        return "span id";
      case FieldRole::kParentSpanId:
        return "parent span id";
      default:
        return "trace flags";
    }
  }

  static std::string DisplayBody(std::string_view line, const LineAnalysis& analysis) {
    return Unescape(line.substr(analysis.body_begin, analysis.body_end - analysis.body_begin), analysis.body_unescape);
  }

  void WriteFields(const LineAnalysis& analysis, std::string_view line, const ShapePlan& plan,
                   const std::vector<std::string_view>& slots) {
    Table table({{"field", false}, {"type", false}, {"from", false}, {"value", false}});
    for (const FieldSpan& field : analysis.fields) {
      if (field.role != FieldRole::kTimestamp) continue;
      table.AddRow({"timestamp", std::string(ValueTypeName(field.type)), "line",
                    Unescape(line.substr(field.begin, field.end - field.begin), field.unescape)});
    }
    const auto add_one = [&](std::string_view name, const std::optional<PlannedField>& field) {
      if (!field) return;
      std::string text;
      AppendFieldText(*plan.shape, *field, slots.data(), &text);
      table.AddRow({std::string(name), std::string(ValueTypeName(field->type)), Origin(*field, "line"), text});
    };
    add_one("severity", plan.severity);
    add_one("trace id", plan.trace_id);
    add_one("span id", plan.span_id);
    add_one("parent span id", plan.parent_span_id);
    const auto add = [&](const std::vector<PlannedField>& fields, std::string_view kind) {
      for (const PlannedField& field : fields) {
        std::string text;
        AppendFieldText(*plan.shape, field, slots.data(), &text);
        table.AddRow({field.name, std::string(ValueTypeName(field.type)), Origin(field, kind), text});
      }
    };
    add(plan.resource, "resource");
    add(plan.attributes, "attribute");
    if (table.row_count() > 0) out_->Write("\n" + table.Render(static_cast<size_t>(out_->terminal_columns())));
  }

  const Reading& reading_;
  OutputStream* out_;
  ParsingOptions parsing_;
  LineParser parser_;
  Enricher enricher_;
  LiveTemplates templates_;
};

int ExplainText(const Env* env, const ParsedFlags& flags, const std::string& text, Streams& streams) {
  const auto reading = PrepareReading(env, flags);
  if (!reading.ok()) return Fail(streams, reading.status());
  auto framer = Framer::Create((*reading)->settings.framing);
  if (!framer.ok()) return Fail(streams, framer.status());
  std::vector<LineBatch> batches;
  (*framer)->Feed(text, &batches);
  (*framer)->Flush(&batches);
  Explainer explainer(**reading, &streams.out);
  for (const LineBatch& batch : batches) explainer.Explain(batch);
  return 0;
}

bool IsNamed(const std::string& source, const std::string& name) {
  return source == name || (source.size() > name.size() && source.ends_with("/" + name));
}

// The sources of a store that have or had a name, as its events or its statistics show it.
std::vector<const SourceState*> SourcesNamed(const StoreReader& reader, const std::string& name) {
  std::set<std::string> ids;
  for (const SegmentFile& segment : reader.segments()) {
    for (const SegmentSource& source : segment.footer.sources) {
      if (IsNamed(source.name, name)) ids.insert(source.id);
    }
  }
  std::vector<const SourceState*> found;
  for (const Snapshot& store : reader.snapshots()) {
    for (const auto& [id, state] : store.manifest.sources) {
      const bool named =
          ids.contains(id) || std::any_of(state.names.begin(), state.names.end(),
                                          [&](const std::string& known) { return IsNamed(known, name); });
      if (named) found.push_back(&state);
    }
  }
  return found;
}

Status NotStored(const std::vector<const SourceState*>& sources, uint64_t number, const std::string& name) {
  for (const SourceState* source : sources) {
    if (source->lines.Contains({number - 1, number})) {
      return Status(StatusCode::kData,
                    fmt::format("line {} of '{}' came in and is not there: sampled out, dropped by a rule, "
                                "or expired; whittle stats has the counts",
                                number, name));
    }
  }
  return Status(StatusCode::kData,
                fmt::format("no stored line {} of a source named '{}'; whittle stats lists the sources", number, name));
}

// What an earlier stage has to do with its rate.
std::string IncomingText(const RecordView& record) {
  if (!record.rows().record) return "";
  const SegmentRows& segment = *record.origin().segment;
  const double rate = segment.IncomingRate(*record.rows().record);
  if (rate == 1) return "";
  const bool same = segment.SharesCoin(*record.rows().record);
  return fmt::format(" (came with rate {}{})", rate, same ? ", by the same coin" : "");
}

// The stored record that holds line `number` of a source whose name is or ends in `name`; says where it lies.
int ExplainStored(const Env* env, const ParsedFlags& flags, Streams& streams) {
  const std::string& name = flags.Text("source");
  const auto number = static_cast<uint64_t>(flags.Integer("line"));
  auto reader = StoreReader::Open(env, flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  const std::vector<const SourceState*> sources = SourcesNamed(**reader, name);
  std::string text;
  VisitOptions visit;
  visit.demand = {nullptr, true};
  const Status status = (*reader)->Visit(visit, [&](RecordView* record) -> Result<bool> {
    const RecordOrigin& origin = record->origin();
    const std::string& source = origin.source->name;
    const bool named =
        IsNamed(source, name) || std::any_of(sources.begin(), sources.end(),
                                             [&](const SourceState* state) { return state->id == origin.source->id; });
    const uint64_t lines = record->rows().shapes.size();
    if (!named || number < origin.line || number >= origin.line + lines) return true;
    record->AppendRaw(&text);
    streams.out.Write(fmt::format("stored    {} line {} (byte {}), kept, sample rate {}{}\n\n", source, origin.line,
                                  origin.offset, record->sample_rate(), IncomingText(*record)));
    return false;
  });
  if (!status.ok()) return Fail(streams, status);
  if (text.empty()) return Fail(streams, NotStored(sources, number, name));
  return ExplainText(env, flags, text, streams);
}

}  // namespace

int RunExplain(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  if (flags.Given("source") != flags.Given("line"))
    return Fail(streams, Status(StatusCode::kUsage, "--source and --line go together"));
  if (flags.Given("source")) return ExplainStored(env, flags, streams);
  if (flags.positionals().empty()) {
    return Fail(streams,
                Status(StatusCode::kUsage, "explain needs a LINE, - for standard input, or --source NAME --line N"));
  }
  const auto text = FirstLines(flags);
  if (!text.ok()) return Fail(streams, text.status());
  return ExplainText(env, flags, *text, streams);
}

}  // namespace whittle
