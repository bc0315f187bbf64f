// A Sampler against what its parts say: what it keeps is what the coin of every event and the threshold of a rate
// controller of the test's own ask for; with a limit per window never more, whatever the batches and restarts.
#include "pipeline/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "event/trace_id.h"
#include "parse/line_analyzer.h"
#include "parse/trace_context.h"
#include "pipeline/line_parser.h"
#include "pipeline/sampling_config.h"
#include "sample/coin.h"

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr char kSource[] = "00112233445566778899aabbccddeeff";

struct LogLine {
  std::string text;
  int64_t time_ns = kNoTime;
  std::string kind;  // level and word: its stratum
  uint64_t trace = 0;
  uint64_t offset = 0;
};

std::string TraceId(uint64_t trace) { return "0000000000000007" + ToHex(trace); }

// A log of few kinds with very different counts, errors, and traces.
std::vector<LogLine> LogOf(uint64_t seed, int lines, int per_second) {
  const char* const levels[] = {"INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"};
  const char* const words[] = {"alpha", "beta", "gamma", "delta", "kappa", "lambda", "omega", "sigma"};
  std::mt19937_64 random(seed);
  std::vector<LogLine> log;
  uint64_t offset = 0;
  for (int i = 0; i < lines; ++i) {
    LogLine line;
    const int seconds = i / per_second;
    char stamp[32];
    std::snprintf(stamp, sizeof(stamp), "2024-03-01 %02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    const std::string level = levels[random() % 6];
    const std::string word = words[std::min(std::countr_zero(random() | 128), 7)];
    line.time_ns = (1'709'251'200 + int64_t{seconds}) * kSecond;
    line.kind = level + word;
    line.text = stamp + (" " + level) + " [main] Served " + word + " request " + std::to_string(100'000 + i);
    if (i % 3 == 0) {
      line.trace = 1 + random() % 500;
      line.text += " trace_id=" + TraceId(line.trace);
      line.kind += " traced";
    }
    line.text += '\n';
    line.offset = offset;
    offset += line.text.size();
    log.push_back(line);
  }
  return log;
}

SamplingPolicy PolicyOf(const std::string& text) {
  auto file = ParsePolicyFile(text, "policy.yaml");
  EXPECT_TRUE(file.ok()) << file.status().message();
  return std::move(file->policy);
}

struct Kept {
  uint64_t threshold = 0;
  uint32_t stratum = 0;
  bool operator==(const Kept&) const = default;
};

class SamplerRun {
 public:
  explicit SamplerRun(const SamplingPolicy* policy) : policy_(*policy), ledger_(NewSegmentLedger(*policy)) {
    source_.id = kSource;
    Create("");
  }

  // Lines [first, end) as one batch.
  void Feed(const std::vector<LogLine>& log, size_t first, size_t end) {
    LineBatch lines;
    std::string text;
    std::vector<RecordTime> times;
    for (size_t i = first; i < end; ++i) {
      Line line;
      line.begin = static_cast<uint32_t>(text.size());
      line.size = static_cast<uint32_t>(log[i].text.size() - 1);
      lines.lines.push_back(line);
      text += log[i].text;
      times.push_back({log[i].time_ns, 0});
    }
    lines.first_offset = log[first].offset;
    lines.first_line = first + 1;
    lines.text = std::make_shared<std::string>(std::move(text));
    sampler_->Hold(parser_.Parse(lines), std::move(times));
    TakeAll();
  }
  void Release() {
    sampler_->Release();
    TakeAll();
  }
  // As after a crash: what was not given out has to be fed again from the line that is returned.
  size_t Restart() {
    Create(sampler_->State());
    return given_;
  }

  const std::map<size_t, Kept>& kept() const { return kept_; }  // by the number in the line
  const LeftOut& left_out() const { return left_out_; }
  const SegmentLedger& ledger() const { return ledger_; }
  bool holds() const { return sampler_->holds(); }

 private:
  void Create(const std::string& state) {
    auto created = Sampler::Create(&policy_, source_, 1, state);
    ASSERT_TRUE(created.ok()) << created.status().message();
    sampler_ = std::move(*created);
  }
  void TakeAll() {
    EventBatch batch;
    std::vector<RecordTime> times;
    while (sampler_->Take(&batch, &times)) {
      given_ += batch.rows.size();
      const LeftOut left_out = sampler_->Sample(kept_.empty(), &batch, &times, &ledger_);
      left_out_.sampled_out += left_out.sampled_out;
      left_out_.dropped_by_rule += left_out.dropped_by_rule;
      ASSERT_EQ(times.size(), batch.rows.size());
      const auto stream = [&](StreamId id) {
        return std::find_if(batch.streams.begin(), batch.streams.end(),
                            [&](const RecordStream& s) { return s.id == static_cast<uint16_t>(id); });
      };
      for (size_t i = 0; i < batch.rows.size(); ++i) {
        const Row& row = batch.rows[i];
        const std::string line(batch.Text({row.begin, row.size}));
        const size_t at = line.find("request ");
        kept_[std::stoul(line.substr(at + 8)) - 100'000] = {
            static_cast<uint64_t>(stream(StreamId::kSampleThreshold)->values[i]),
            static_cast<uint32_t>(stream(StreamId::kStratum)->values[i])};
      }
    }
  }

  const SamplingPolicy& policy_;
  const LineAnalyzer analyzer_{[] {
    AnalyzerOptions options;
    options.find_trace = FindTraceContext;
    return options;
  }()};
  ParsingOptions options_ = [this] {
    ParsingOptions options;
    options.analyzer = &analyzer_;
    return options;
  }();
  LineParser parser_{&options_};
  SegmentSource source_;
  SegmentLedger ledger_;
  std::unique_ptr<Sampler> sampler_;
  std::map<size_t, Kept> kept_;
  LeftOut left_out_;
  size_t given_ = 0;
};

uint64_t CoinOf(const SamplingPolicy& policy, const LogLine& line) {
  if (line.trace != 0 && policy.traces != SamplingPolicy::Traces::kIndependent)
    return TraceCoin(policy.seed, TraceJoinKey(TraceId(line.trace)));
  Hash128 source;
  source.high = 0x0011223344556677;
  source.low = 0x8899aabbccddeeff;
  return PositionCoin(policy.seed, source, line.offset);
}

// R >= T for every event that was kept, and the T that is recorded; R < T for every one that was not.
TEST(Sampler, KeepsWhatReachesItsThresholdAndNothingElse) {
  const auto log = LogOf(1, 30'000, 40);
  for (const char* text : {"budget: {keep: 10%}\n", "budget: {keep_bytes: 20%}\nwindow: 5s\ncurve: sqrt\n",
                           "budget: {events_per_s: 3}\ntraces: independent\n", "budget: {rate: 7}\nseed: 9\n",
                           "budget: {keep: 10%}\ncap: {keep: 30%}\n", "cap: {keep: 25%}\n"}) {
    for (const bool keeps_errors : {true, false}) {
      const SamplingPolicy policy =
          PolicyOf(text + std::string(keeps_errors ? "rules: [{when: 'severity >= error', keep: all}]\n" : ""));
      SamplerRun run(&policy);
      std::mt19937_64 random(2);
      for (size_t at = 0; at < log.size();) {
        const size_t end = std::min(log.size(), at + 1 + random() % 900);
        run.Feed(log, at, end);
        at = end;
      }
      RateController controller(&policy);
      size_t dropped = 0;
      for (size_t i = 0; i < log.size(); ++i) {
        const LogLine& line = log[i];
        const bool fixed = keeps_errors && line.kind.starts_with("ERROR");
        const RateController::Arrival arrival{std::hash<std::string>()(line.kind), line.time_ns, line.text.size(),
                                              fixed ? std::optional<double>(1) : std::nullopt};
        const uint64_t threshold = controller.Arrive(arrival).threshold;
        const auto kept = run.kept().find(i);
        ASSERT_EQ(kept != run.kept().end(), CoinOf(policy, line) >= threshold) << text << line.text;
        if (kept == run.kept().end()) {
          ++dropped;
        } else {
          ASSERT_EQ(kept->second.threshold, threshold) << text << line.text;
        }
      }
      EXPECT_EQ(dropped, run.left_out().sampled_out.records) << text;
      EXPECT_GT(run.kept().size(), 500U) << text;
      EXPECT_GT(dropped, log.size() / 2) << text;
    }
  }
}

std::map<int64_t, size_t> KeptByWindow(const std::vector<LogLine>& log, const SamplerRun& run, int64_t window_ns) {
  std::map<int64_t, size_t> kept;
  for (const auto& [i, what] : run.kept()) ++kept[log[i].time_ns / window_ns];
  return kept;
}

std::map<size_t, Kept> WithoutStrata(std::map<size_t, Kept> kept) {
  for (auto& [i, what] : kept) what.stratum = 0;  // numbered as they come in a ledger
  return kept;
}

TEST(Sampler, ALimitIsNeverExceededAndTheSameWhateverTheBatchesAndRestarts) {
  const auto log = LogOf(3, 20'000, 40);
  const SamplingPolicy policy = PolicyOf(
      "budget: {events_per_window: 100}\nwindow: 10s\nrules: [{when: 'severity >= error', keep: all}, "
      "{when: 'severity = warn', rate: 3}, {when: 'severity = debug', keep: first 2, per: source}]\n");
  SamplerRun whole(&policy);
  whole.Feed(log, 0, log.size());
  whole.Release();
  EXPECT_FALSE(whole.holds());
  const auto by_window = KeptByWindow(log, whole, policy.window_ns);
  ASSERT_EQ(by_window.size(), 50U);
  for (const auto& [window, kept] : by_window) EXPECT_EQ(kept, 100U) << window;
  // The threshold of a stratum is that of all its events in the window.
  std::map<std::pair<int64_t, std::string>, uint64_t> thresholds;
  for (const auto& [i, what] : whole.kept()) {
    ASSERT_GE(CoinOf(policy, log[i]), what.threshold);
    if (log[i].kind.starts_with("DEBUG")) continue;  // the first ones are a stratum of their own
    const auto at = thresholds.emplace(std::pair(log[i].time_ns / policy.window_ns, log[i].kind), what.threshold).first;
    ASSERT_EQ(at->second, what.threshold);
  }
  for (size_t i = 0; i < log.size(); ++i) {
    const auto at = thresholds.find({log[i].time_ns / policy.window_ns, log[i].kind});
    if (at == thresholds.end() || whole.kept().contains(i)) continue;
    ASSERT_LT(CoinOf(policy, log[i]), at->second) << log[i].text;
  }
  // Other batches, and crashes at any of them.
  std::mt19937_64 random(4);
  for (const size_t longest : {1, 40, 700, 5000}) {
    SamplerRun run(&policy);
    for (size_t at = 0; at < log.size();) {
      const size_t end = std::min(log.size(), at + 1 + random() % longest);
      run.Feed(log, at, end);
      // Not so often that no window is ever over.
      at = random() % std::max<size_t>(2, 3000 / longest) == 0 ? run.Restart() : end;
    }
    run.Release();
    EXPECT_EQ(WithoutStrata(run.kept()), WithoutStrata(whole.kept())) << longest;
    EXPECT_EQ(run.left_out().sampled_out, whole.left_out().sampled_out) << longest;
  }
}

TEST(Sampler, LateEventsShareTheLimitOfTheWindowTheyComeIn) {
  auto log = LogOf(7, 12'000, 40);
  std::mt19937_64 random(8);
  for (size_t i = 800; i < log.size(); ++i) {
    if (random() % 5 == 0) log[i].time_ns -= 15 * kSecond;
  }
  const SamplingPolicy policy = PolicyOf("budget: {events_per_window: 100}\nwindow: 10s\n");
  SamplerRun run(&policy);
  run.Feed(log, 0, log.size());
  run.Release();
  size_t late = 0, in = 0;
  double weight = 0;
  for (const LedgerCell& cell : run.ledger().cells()) {
    late += cell.late;
    in += cell.in.records;
    weight += cell.weight;
  }
  EXPECT_GT(late, 2000U);
  EXPECT_EQ(in, log.size());
  EXPECT_LE(run.kept().size(), 100U * 31);
  EXPECT_NEAR(weight / static_cast<double>(in), 1, 0.1);
}

// A window that does not fit in memory is decided in parts; when nothing of the limit is left the rest is dropped, and
// said to be.
TEST(Sampler, ALimitHoldsForWindowsThatDoNotFitInMemory) {
  const auto log = LogOf(9, 60'000, 2000);
  for (const uint64_t limit : {40, 2000}) {
    SamplingPolicy policy = PolicyOf("budget: {events_per_window: " + std::to_string(limit) + "}\nwindow: 10s\n");
    policy.hold_bytes = 64 << 10;
    SamplerRun run(&policy);
    for (size_t at = 0; at < log.size(); at += 1000) run.Feed(log, at, at + 1000);
    run.Release();
    const auto by_window = KeptByWindow(log, run, policy.window_ns);
    ASSERT_EQ(by_window.size(), 3U);
    for (const auto& [window, kept] : by_window) {
      EXPECT_LE(kept, limit) << window;
      EXPECT_GT(kept, limit / 2) << window;
    }
    EXPECT_EQ(run.left_out().dropped_by_rule.records > 0, limit == 40) << limit;
    double weight = 0;
    size_t sampled = 0;
    for (const LedgerCell& cell : run.ledger().cells()) {
      weight += cell.weight;
      if (!cell.dropped) sampled += cell.in.records;
    }
    EXPECT_NEAR(weight / static_cast<double>(sampled), 1, limit == 40 ? 0.5 : 0.15) << limit;
  }
}

TEST(Sampler, LimitsSayWhatDoesNotGoWithThem) {
  for (const char* more : {"cap: {keep: 30%}\n", "traces: whole\n", "traces: shared-coin\n"}) {
    const auto file = ParsePolicyFile("budget: {events_per_window: 100}\n" + std::string(more), "policy.yaml");
    ASSERT_FALSE(file.ok()) << more;
    EXPECT_NE(file.status().message().find("policy.yaml:2:"), std::string::npos) << file.status().message();
  }
  for (const char* number : {"1", "2.5", "many"}) {
    EXPECT_FALSE(ParsePolicyFile("budget: {events_per_window: " + std::string(number) + "}\n", "p").ok()) << number;
  }
}

}  // namespace
}  // namespace whittle
