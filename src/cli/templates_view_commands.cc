// templates review and templates diff: what to correct, and what changed.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/template_names.h"
#include "query/store_overrides.h"
#include "query/template_diff.h"
#include "query/template_stats.h"
#include "render/display_width.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

std::string Percent(double part, double whole) { return fmt::format("{:.2f}%", whole > 0 ? 100 * part / whole : 0.0); }

// One event of each of the first `count` templates, as its message.
Result<std::unordered_map<uint64_t, std::string>> Examples(StoreReader* reader, const std::vector<TemplateUse>& uses,
                                                           size_t count) {
  std::unordered_map<uint64_t, std::string> examples;
  for (size_t i = 0; i < count; ++i) examples.emplace(uses[i].mined.id, std::string());
  size_t missing = examples.size();
  VisitOptions visit;
  visit.order = VisitOptions::Order::kAny;
  WHITTLE_RETURN_IF_ERROR(reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    const auto wanted = examples.find(record->plan().template_id);
    if (wanted != examples.end() && wanted->second.empty()) {
      wanted->second = record->ToEvent().body;
      const size_t line_end = wanted->second.find('\n');
      if (line_end != std::string::npos) wanted->second.resize(line_end);
      --missing;
    }
    return missing > 0;
  }));
  return examples;
}

// What the store's corrections say about a template already.
std::string Decision(const Overrides& overrides, const Template& one) {
  std::string out;
  const auto add = [&out](std::string_view what) { out += (out.empty() ? "" : " ") + std::string(what); };
  if (overrides.IsIgnored(one.id)) add("ignored");
  if (std::find(overrides.freeze.begin(), overrides.freeze.end(), one.text) != overrides.freeze.end()) add("frozen");
  for (const NameOverride& entry : overrides.name) {
    if (entry.target.id == one.id) add("named");
  }
  return out;
}

int PrintReview(const ParsedFlags& flags, StoreReader* reader, const std::vector<TemplateUse>& uses, Streams& streams) {
  const auto overrides = ReadStoreOverrides(reader->env(), flags.Text("store"));
  if (!overrides.ok()) return Fail(streams, overrides.status());
  const size_t shown = std::min(uses.size(), static_cast<size_t>(flags.Integer("limit")));
  auto examples = Examples(reader, uses, shown);
  if (!examples.ok()) return Fail(streams, examples.status());
  double bytes = 0;
  for (const TemplateUse& use : uses) bytes += static_cast<double>(use.stats.bytes);
  if (flags.Text("format") == "ndjson") {
    for (size_t i = 0; i < shown; ++i) {
      const TemplateUse& use = uses[i];
      std::string line =
          fmt::format("{{\"template_id\":\"{}\",\"count\":{},\"bytes\":{},\"template\":", ToHex(use.mined.id),
                      use.stats.records, use.stats.bytes);
      AppendJsonString(use.mined.text, &line);
      line += ",\"example\":";
      AppendJsonString((*examples)[use.mined.id], &line);
      line += ",\"decision\":";
      AppendJsonString(Decision(*overrides, use.mined), &line);
      streams.out.Write(line + "}\n");
    }
    return 0;
  }
  for (size_t i = 0; i < shown; ++i) {
    const TemplateUse& use = uses[i];
    const std::string decision = Decision(*overrides, use.mined);
    streams.out.Write(fmt::format("{}  {} events  {} of the bytes{}\n  template  {}\n  example   {}\n  slots    {}\n\n",
                                  ToHex(use.mined.id), FormatCount(use.stats.records),
                                  Percent(static_cast<double>(use.stats.bytes), bytes),
                                  decision.empty() ? "" : "  " + decision, DisplayText(use.mined.text),
                                  DisplayText((*examples)[use.mined.id]), SlotNames(use.mined)));
  }
  streams.out.Write(
      fmt::format("{} of {} templates; --limit shows more\n", FormatCount(shown), FormatCount(uses.size())));
  return 0;
}

bool IsStore(const Env* env, const std::string& text) {
  const auto info = env->files->Stat(text);
  return info.ok() && info->type == FileType::kDirectory;
}

void AppendSide(std::string_view name, double count, double share, std::string* out) {
  *out += fmt::format(",\"{}\":{{\"count\":{:.15g},\"share\":{:.6g}}}", name, count, share);
}

void PrintChanges(const std::vector<TemplateChange>& changes, const std::vector<Template>& templates, bool json,
                  bool all, OutputStream* out) {
  Table table({{"change", false},
               {"A", true},
               {"B", true},
               {"share A", true},
               {"share B", true},
               {"id", false},
               {"template", false}});
  size_t same = 0;
  for (const TemplateChange& change : changes) {
    const Template& one = templates[change.template_index];
    if (change.kind == TemplateChange::Kind::kSame && !all) {
      ++same;
      continue;
    }
    if (!json) {
      table.AddRow({std::string(ChangeName(change.kind)), fmt::format("{:.15g}", change.before),
                    fmt::format("{:.15g}", change.after), Percent(change.before_share, 1),
                    Percent(change.after_share, 1), ToHex(one.id), one.text});
      continue;
    }
    std::string line =
        fmt::format("{{\"change\":\"{}\",\"template_id\":\"{}\",\"template\":", ChangeName(change.kind), ToHex(one.id));
    AppendJsonString(one.text, &line);
    AppendSide("a", change.before, change.before_share, &line);
    AppendSide("b", change.after, change.after_share, &line);
    out->Write(line + "}\n");
  }
  if (json) return;
  out->Write(table.Render(static_cast<size_t>(out->terminal_columns())));
  if (same > 0) out->Write(fmt::format("\n{} templates did not change; --all lists them\n", FormatCount(same)));
}

// Both sides by one reader, so that a template has one id and one text on both.
int Compare(const Env* env, const ParsedFlags& flags, Streams& streams) {
  const std::vector<std::string>& given = flags.positionals();
  const bool stores = IsStore(env, given[0]);
  if (stores != IsStore(env, given[1])) {
    return Fail(streams, Status(StatusCode::kUsage, "'" + given[stores ? 1 : 0] +
                                                        "' is no store; compare two stores, or two filters (such as "
                                                        "2024-05-01..2024-05-02) of one store"));
  }
  std::vector<std::string> paths = stores ? given : std::vector<std::string>{flags.Text("store")};
  auto reader = StoreReader::Open(env, paths);
  if (!reader.ok()) return Fail(streams, reader.status());
  TemplateCounts counts[2];
  for (size_t side = 0; side < 2; ++side) {
    Filter filter;
    std::function<bool(size_t)> wants;
    if (stores) {
      const std::string prefix = given[side].ends_with('/') ? given[side] : given[side] + "/";
      wants = [&, prefix](size_t segment) { return (*reader)->segments()[segment].path.starts_with(prefix); };
    } else {
      ParseOptions parse;
      parse.now_ns = flags.Text("now") == "data" ? (*reader)->newest_time_ns() : env->clock->WallNs();
      auto parsed = Filter::Parse(given[side], parse);
      if (!parsed.ok()) return Fail(streams, parsed.status().WithContext("'" + given[side] + "'"));
      filter = std::move(*parsed);
    }
    auto counted = CountEvents(reader->get(), stores ? nullptr : &filter, wants);
    if (!counted.ok()) return Fail(streams, counted.status());
    counts[side] = std::move(*counted);
    if (counts[side].empty()) streams.err.Write("whittle: no events in '" + given[side] + "'\n");
  }
  const auto templates = (*reader)->Templates();
  if (!templates.ok()) return Fail(streams, templates.status());
  PrintChanges(CompareTemplates(counts[0], counts[1]), (*templates)->templates(), flags.Text("format") == "ndjson",
               flags.On("all"), &streams.out);
  return 0;
}

}  // namespace

int RunTemplatesReview(const ParsedFlags& flags, Streams& streams) {
  auto reader = StoreReader::Open(DefaultEnv(), flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  const auto uses = CountTemplates(DefaultEnv(), reader->get());
  if (!uses.ok()) return Fail(streams, uses.status());
  return PrintReview(flags, reader->get(), *uses, streams);
}

int RunTemplatesDiff(const ParsedFlags& flags, Streams& streams) { return Compare(DefaultEnv(), flags, streams); }

}  // namespace whittle
