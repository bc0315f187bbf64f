// retain: old events go, the account of them stays.
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/reading.h"
#include "cli/store_change.h"
#include "pipeline/config_check.h"
#include "pipeline/retain.h"
#include "source/progress.h"

namespace whittle {
namespace {

Result<RetainOptions> OptionsFrom(const ParsedFlags& flags, const Config& config) {
  RetainOptions options = config.retain;
  if (flags.Given("age")) {
    options.age_ns = ReadConfigDuration(flags.Text("age"));
    if (!options.age_ns) {
      return Status(StatusCode::kUsage, "--age needs a duration such as 30d or 12h, not '" + flags.Text("age") + "'");
    }
  }
  if (flags.Given("size")) options.size_bytes = static_cast<uint64_t>(flags.Integer("size"));
  for (const std::string& hold : flags.All("hold")) options.holds.push_back(hold);
  if (flags.Given("filter")) options.filter = flags.Text("filter");
  options.dry_run = flags.On("dry-run");
  return options;
}

// As --age takes it: "2592000s".
std::string AgeText(int64_t age_ns) {
  constexpr int64_t kSecondNs = 1'000'000'000;
  std::string text = std::to_string(age_ns / kSecondNs) + "s";
  if (age_ns % kSecondNs != 0) text += std::to_string(age_ns % kSecondNs) + "ns";
  return text;
}

// What the daemon is to run: what the flags and the configuration together say.
std::vector<std::string> ArgumentsOf(const RetainOptions& options, bool quiet) {
  std::vector<std::string> arguments{"retain"};
  if (options.age_ns) arguments.push_back("--age=" + AgeText(*options.age_ns));
  if (options.size_bytes) arguments.push_back("--size=" + std::to_string(*options.size_bytes));
  if (!options.filter.empty()) arguments.push_back("--filter=" + options.filter);
  for (const std::string& hold : options.holds) arguments.push_back("--hold=" + hold);
  if (options.dry_run) arguments.emplace_back("--dry-run");
  if (quiet) arguments.emplace_back("--quiet");
  return arguments;
}

int Retain(RetainOptions options, bool quiet, const ChangePlace& place, Streams& streams) {
  options.asked_by = place.asked_by;
  const auto report = RetainStore(place.env, place.catalog, place.pool, options, place.stop);
  if (!report.ok()) return Fail(streams, report.status());
  for (const std::string& what : report->left_alone) streams.err.Write("whittle: left as it is: " + what + "\n");
  if (quiet) return 0;
  if (options.dry_run) {
    streams.out.Write("would expire " + FormatCount(report->expired.records) +
                      " events: " + FormatCount(report->segments_expired) + " segments whole, " +
                      FormatCount(report->segments_rewritten) + " in part\n");
    return 0;
  }
  streams.out.Write("expired " + FormatCount(report->expired.records) + " events of " +
                    FormatCount(report->expired.bytes) + " bytes: " + FormatCount(report->segments_expired) +
                    " segments whole, " + FormatCount(report->segments_rewritten) + " in part; segments take " +
                    FormatCount(report->bytes_after) + " bytes, " + FormatCount(report->bytes_before) + " before\n");
  if (report->stopped) streams.out.Write("stopped before the end; what went is committed\n");
  return 0;
}

}  // namespace

int ChangeByRetain(const ParsedFlags& flags, const ChangePlace& place, Streams& streams) {
  const auto options = OptionsFrom(flags, *ParseConfig("", ""));
  if (!options.ok()) return Fail(streams, options.status());
  return Retain(*options, flags.On("quiet"), place, streams);
}

int RunRetain(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  auto config = flags.Given("config") ? LoadConfig(env->files, flags.Text("config")) : ParseConfig("", "");
  if (!config.ok()) return Fail(streams, Status(StatusCode::kConfig, config.status().message()));
  const auto options = OptionsFrom(flags, *config);
  if (!options.ok()) return Fail(streams, options.status());
  const bool quiet = flags.On("quiet");
  const auto change = [&](const ChangePlace& place, Streams& to) { return Retain(*options, quiet, place, to); };
  return ChangeStore(env, StoreOf(flags, *config), flags, ArgumentsOf(*options, quiet), change, streams);
}

}  // namespace whittle
