// plan and thin: what a sampling policy would keep of a store, and a store of what it keeps.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/writing.h"
#include "pipeline/resample.h"
#include "pipeline/sampling_config.h"
#include "query/store_ledger.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

constexpr double kNormal95 = 1.959963984540054;
constexpr double kBytesPerGb = 1e9;
// Strata that the table of a plan shows; NDJSON has all.
constexpr size_t kShownStrata = 20;

struct NamedPolicy {
  std::string name;
  PolicyFile file;
};

Result<std::vector<NamedPolicy>> PoliciesOf(const Env* env, const ParsedFlags& flags) {
  std::vector<NamedPolicy> policies;
  for (const std::string& path : flags.All("policy")) {
    WHITTLE_ASSIGN_OR_RETURN(PolicyFile file, LoadPolicyFile(env->files, path));
    policies.push_back({path, std::move(file)});
  }
  WHITTLE_ASSIGN_OR_RETURN(const KeepFlags keep, KeepFlagsOf(flags));
  if (policies.empty() && !keep.any()) {
    return Status(StatusCode::kUsage, "say what to keep: --policy FILE or --keep 10%");
  }
  if (policies.empty()) {
    policies.push_back(
        {keep.per_window ? "--keep-per-window " + std::to_string(*keep.per_window) : "--keep " + flags.Text("keep"),
         {}});
  }
  for (NamedPolicy& policy : policies) {
    WHITTLE_RETURN_IF_ERROR(ApplyKeepFlags(keep, &policy.file.policy));
    if (!policy.file.policy.samples())
      return Status(StatusCode::kUsage, policy.name + ": keeps everything; there is nothing to sample");
  }
  return policies;
}

struct PlanSums {
  EventCounts in, kept;
  uint64_t dropped = 0, strata = 0, without_survivor = 0;
  double variance = 0, stands_for = 0;
};

// Of the estimated count of a stratum; what came sampled is unsure by itself.
double VarianceOf(const StratumTotal& total) { return total.variance + total.spread_in; }

PlanSums SumsOf(const std::vector<StratumTotal>& totals) {
  PlanSums sums;
  for (const StratumTotal& total : totals) {
    if (total.in.records == 0) continue;
    sums.in += total.in;
    sums.kept += total.kept;
    ++sums.strata;
    if (total.dropped) sums.dropped += total.in.records - total.kept.records;
    if (!total.dropped && total.kept.records == 0) ++sums.without_survivor;
    sums.variance += VarianceOf(total);
    sums.stands_for += total.stands_for();
  }
  return sums;
}

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

// The 95% half width of an estimated count, relative to it.
double RelativeError(double variance, double count) { return Ratio(kNormal95 * std::sqrt(variance), count); }

// A simple random sample that knows the count of every stratum of at least one event in a hundred to a tenth, at 95%.
double ShareForTenPercent(const std::vector<StratumTotal>& totals, uint64_t all) {
  const double needed = std::pow(kNormal95 / 0.1, 2);
  double kept = 0;
  for (const StratumTotal& total : totals) {
    const auto count = static_cast<double>(total.in.records);
    // The variance of a count under p is N (1-p)/p: p = needed / (N + needed).
    if (count * 100 >= static_cast<double>(all)) kept += count * needed / (count + needed);
  }
  return Ratio(kept, static_cast<double>(all));
}

std::string Money(double before, double after) { return fmt::format("{:.2f} -> {:.2f}", before, after); }

void WritePlanTable(const std::vector<NamedPolicy>& policies, const std::vector<ResamplePlan>& plans,
                    OutputStream* out) {
  Table summary({{"policy", false},
                 {"events", true},
                 {"kept", true},
                 {"share", true},
                 {"bytes", true},
                 {"bytes kept", true},
                 {"stored now", true},
                 {"stored then", true},
                 {"error of count", true},
                 {"strata", true},
                 {"without survivor", true}});
  for (size_t i = 0; i < plans.size(); ++i) {
    const PlanSums sums = SumsOf(TotalsByStratum(plans[i].ledger));
    summary.AddRow({policies[i].name, FormatCount(sums.in.records), FormatCount(sums.kept.records),
                    fmt::format("{:.2f}%", 100 * Ratio(static_cast<double>(sums.kept.records),
                                                       static_cast<double>(sums.in.records))),
                    FormatCount(sums.in.bytes), FormatCount(sums.kept.bytes), FormatCount(plans[i].stored_before),
                    FormatCount(plans[i].stored_bytes),
                    fmt::format("±{:.2f}%", 100 * RelativeError(sums.variance, sums.stands_for)),
                    FormatCount(sums.strata), FormatCount(sums.without_survivor)});
  }
  const auto width = static_cast<size_t>(out->terminal_columns());
  out->Write(summary.Render(width));
  for (size_t i = 0; i < plans.size(); ++i) {
    std::vector<StratumTotal> totals = TotalsByStratum(plans[i].ledger);
    const PlanSums sums = SumsOf(totals);
    const Prices& prices = policies[i].file.prices;
    out->Write("\n" + policies[i].name + "\n");
    if (prices.any()) {
      const auto sent = [&](const EventCounts& counts) {
        return prices.ingest_gb * static_cast<double>(counts.bytes) / kBytesPerGb +
               prices.million_events * static_cast<double>(counts.records) / 1e6;
      };
      const auto stored = [&](uint64_t bytes) {
        return prices.stored_gb_month * static_cast<double>(bytes) / kBytesPerGb;
      };
      out->Write(fmt::format("  sent on {}; stored, a month {}\n", Money(sent(sums.in), sent(sums.kept)),
                             Money(stored(plans[i].stored_before), stored(plans[i].stored_bytes))));
    }
    out->Write(fmt::format("  for ±10% at 95% on every stratum of at least 1% of the events: keep {:.2f}%\n",
                           100 * ShareForTenPercent(totals, sums.in.records)));
    std::vector<size_t> order(totals.size());
    for (size_t s = 0; s < order.size(); ++s) order[s] = s;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return totals[a].in.records > totals[b].in.records; });
    Table strata({{"events", true},
                  {"kept", true},
                  {"bytes saved", true},
                  {"error of count", true},
                  {"rule", false},
                  {"stratum", false},
                  {"message", false}});
    for (size_t n = 0; n < std::min(order.size(), kShownStrata); ++n) {
      const size_t s = order[n];
      const StratumTotal& total = totals[s];
      const StratumInfo& info = plans[i].ledger.strata()[s];
      strata.AddRow({FormatCount(total.in.records), FormatCount(total.kept.records),
                     FormatCount(total.in.bytes - total.kept.bytes),
                     total.kept.records == 0
                         ? "none kept"
                         : fmt::format("±{:.1f}%", 100 * RelativeError(VarianceOf(total), total.stands_for())),
                     info.rule == 0 ? "budget" : plans[i].ledger.rules()[info.rule - 1],
                     StratumText(plans[i].ledger, s), info.form});
    }
    out->Write(strata.Render(width));
  }
}

void AppendCounts(std::string_view name, const EventCounts& counts, std::string* out) {
  *out += fmt::format(",\"{}\":{{\"records\":{},\"lines\":{},\"bytes\":{}}}", name, counts.records, counts.lines,
                      counts.bytes);
}

void WritePlanNdjson(const NamedPolicy& policy, const ResamplePlan& plan, OutputStream* out) {
  const std::vector<StratumTotal> totals = TotalsByStratum(plan.ledger);
  const PlanSums sums = SumsOf(totals);
  std::string line = "{\"policy\":";
  AppendJsonString(policy.name, &line);
  line += ",\"total\":true";
  AppendCounts("in", sums.in, &line);
  AppendCounts("kept", sums.kept, &line);
  line += fmt::format(
      ",\"dropped_by_rule\":{},\"strata\":{},\"without_survivor\":{},\"relative_error\":{},"
      "\"stored_before\":{},\"stored_after\":{},\"keep_for_10_percent\":{}}}\n",
      sums.dropped, sums.strata, sums.without_survivor, RelativeError(sums.variance, sums.stands_for),
      plan.stored_before, plan.stored_bytes, ShareForTenPercent(totals, sums.in.records));
  out->Write(line);
  for (size_t s = 0; s < totals.size(); ++s) {
    const StratumInfo& info = plan.ledger.strata()[s];
    line = "{\"policy\":";
    AppendJsonString(policy.name, &line);
    line += ",\"stratum\":";
    AppendJsonString(StratumText(plan.ledger, s), &line);
    line += ",\"rule\":";
    AppendJsonString(info.rule == 0 ? "budget" : plan.ledger.rules()[info.rule - 1], &line);
    line += ",\"form\":";
    AppendJsonString(info.form, &line);
    AppendCounts("in", totals[s].in, &line);
    AppendCounts("kept", totals[s].kept, &line);
    const double error = RelativeError(VarianceOf(totals[s]), totals[s].stands_for());
    line += totals[s].kept.records == 0 ? std::string(",\"relative_error\":null}\n")
                                        : fmt::format(",\"relative_error\":{}}}\n", error);
    out->Write(line);
  }
}

}  // namespace

int RunPlan(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto policies = PoliciesOf(env, flags);
  if (!policies.ok()) return Fail(streams, policies.status());
  std::vector<ResamplePlan> plans;
  for (const NamedPolicy& policy : *policies) {
    auto plan = PlanStore(env, flags.Text("store"), policy.file.policy, WatchForInterrupt());
    if (!plan.ok()) return Fail(streams, plan.status());
    plans.push_back(std::move(*plan));
  }
  if (flags.Text("format") == "ndjson") {
    for (size_t i = 0; i < plans.size(); ++i) WritePlanNdjson((*policies)[i], plans[i], &streams.out);
  } else {
    WritePlanTable(*policies, plans, &streams.out);
  }
  return 0;
}

int RunThin(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  if (!flags.Given("to"))
    return Fail(streams, Status(StatusCode::kUsage, "say where to: whittle thin --store A --to B --policy FILE"));
  auto policies = PoliciesOf(env, flags);
  if (!policies.ok()) return Fail(streams, policies.status());
  if (policies->size() > 1)
    return Fail(streams, Status(StatusCode::kUsage, "thin takes one policy; plan compares several"));
  auto catalog = Catalog::Open(env, flags.Text("to"), CatalogOptions());
  if (!catalog.ok()) return Fail(streams, catalog.status());
  const auto policy = std::make_shared<const SamplingPolicy>(std::move((*policies)[0].file.policy));
  (*catalog)->SetPolicyHash(ToHex(HashBytes128(policy->text)));
  const auto report =
      ThinStore(env, flags.Text("store"), catalog->get(), policy, env->host->UsableProcessors(), WatchForInterrupt());
  if (!report.ok()) return Fail(streams, report.status());
  if (const Status closed = (*catalog)->Close(); !closed.ok()) return Fail(streams, closed);
  streams.out.Write(fmt::format("kept {} of {} events: {} bytes stored, {} before\n",
                                FormatCount(report->ledger.kept.records), FormatCount(report->ledger.in.records),
                                FormatCount(report->stored_bytes), FormatCount(report->stored_before)));
  return 0;
}

}  // namespace whittle
