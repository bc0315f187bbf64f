// What leaves the quarantine stands where it belongs, once, and the ledger knows; whatever stops the replay.
#include "pipeline/quarantine_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/fault_env.h"
#include "pipeline/kafka_batcher.h"
#include "pipeline/live_pipeline.h"
#include "pipeline/quarantine.h"
#include "pipeline/sampling_config.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMessages = 40;
constexpr int64_t kPerCommit = 20;
const std::string kPartitionId = SourceRegistry::KafkaId("c", "t", 0);

struct ReplayWorld {
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  ManualClock clock{1'700'000'000'000'000'000};
  SeededEntropy entropy{1};
  FixedHost host{"host"};
  Env env{&files, &clock, &entropy, &host};
  LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions parsing;
  ReplayWorld() { parsing.analyzer = &analyzer; }
};

// What stands at an offset; every fifth message was put aside when it came.
bool IsQuarantined(int64_t offset) { return offset % 5 == 2; }
std::optional<std::string> ValueAt(int64_t offset) {
  switch (offset) {
    case 2:
      return "2024-05-01 10:00:00 INFO first\n\tsecond\r\nthird";
    case 7:
      return "";
    case 12:
      return std::nullopt;
    case 17:
      return std::string(70'000, 'x') + "\n";
    default:
      return "request " + std::to_string(offset) + " took " + std::to_string(offset % 7) + " ms";
  }
}
// These stay: the one is larger than what is taken, of the others nothing is kept.
constexpr int64_t kTooLarge = 22, kWithheld = 27, kUnreadable = 32;
bool Stays(int64_t offset) { return offset == kTooLarge || offset == kWithheld || offset == kUnreadable; }

QuarantinedMessage MessageAt(int64_t offset) {
  QuarantinedMessage message;
  message.cluster = "c";
  message.topic = "t";
  message.message.offset = offset;
  message.message.key = "k" + std::to_string(offset);
  message.message.headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  message.time_ms = 1'700'000'000'000 + offset;
  message.reason = "has its reasons";
  message.value = ValueAt(offset);
  message.message.tombstone = !message.value;
  message.lines = CountLines(message.value.value_or(""));
  message.bytes = message.value.value_or("").size();
  if (offset == kTooLarge) message.value = std::string(100'000, 'y');
  if (offset == kWithheld || offset == kUnreadable) message.value.reset();
  message.value_withheld = offset == kWithheld;
  return message;
}

void Fill(ReplayWorld* world, const std::shared_ptr<const SamplingPolicy>& policy) {
  auto catalog = Catalog::Open(&world->env, "/store");
  ASSERT_TRUE(catalog.ok()) << catalog.status().message();
  WorkerPool pool(1);
  LivePipeline pipeline(&world->env, catalog->get(), &pool, &world->parsing, CommitterOptions(), policy);
  auto context = std::make_shared<SourceContext>();
  context->identity.id = kPartitionId;
  context->identity.kind = SourceKind::kKafka;
  context->segment_source = {kPartitionId, "t/0", {}};
  context->kafka = KafkaRange{"c", "t", 0, 0, 0};
  Input input;
  input.kind = InputKind::kPipe;
  auto times = RecordTimes::Create(TimeOptions(), input);
  ASSERT_TRUE(times.ok());
  const auto source = pipeline.AddSource(context, std::move(*times), false);
  ASSERT_TRUE(source.ok()) << source.status().message();
  KafkaBatcher batcher(*source, &world->parsing);
  const KafkaPartition name{"t", 0};
  const std::vector<KafkaRecord::Header> headers;
  for (int64_t offset = 0; offset < kMessages; ++offset) {
    const std::optional<std::string> value = ValueAt(offset);
    if (IsQuarantined(offset)) {
      const QuarantinedMessage message = MessageAt(offset);
      ASSERT_TRUE(WriteQuarantined(&world->env, "/store", message).ok());
      batcher.AddQuarantined(offset, message.lines, message.bytes);
    } else {
      batcher.Add({&name, offset, 1'700'000'000'000 + offset, value, std::nullopt, &headers});
    }
    if ((offset + 1) % kPerCommit != 0) continue;
    std::vector<LineBatch> batches;
    batches.push_back(batcher.Take());
    ASSERT_TRUE(pipeline.Submit(&batches).ok());
    const Status flushed = pipeline.Flush();
    ASSERT_TRUE(flushed.ok()) << flushed.message();
  }
  ASSERT_TRUE((*catalog)->Close().ok());
}

Result<ReplayReport> Replay(ReplayWorld* world, const std::vector<std::string>& names = {}) {
  CatalogOptions catalog_options;
  catalog_options.create = false;
  WHITTLE_ASSIGN_OR_RETURN(const auto catalog, Catalog::Open(&world->env, "/store", catalog_options));
  ReplayOptions options;
  options.parsing = &world->parsing;
  options.plan_of = [](const std::string&) -> Result<KafkaSourcePlan> {
    KafkaSourcePlan plan;
    plan.max_message_bytes = 80'000;
    return plan;
  };
  WHITTLE_ASSIGN_OR_RETURN(ReplayReport report,
                           ReplayQuarantine(&world->env, catalog.get(), nullptr, names, options, nullptr));
  WHITTLE_RETURN_IF_ERROR(catalog->Close());
  return report;
}

Ledger LedgerOf(ReplayWorld* world) {
  const auto snapshot = TakeSnapshot(&world->env, "/store");
  EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
  return snapshot.ok() ? snapshot->manifest.TotalLedger() : Ledger();
}

// All but those that stay; `sampled`: those that were never put aside may be missing.
void ExpectReplayed(ReplayWorld* world, bool sampled, const Ledger& before) {
  auto reader = StoreReader::Open(&world->env, "/store");
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  std::vector<int64_t> seen;
  const Status visited = (*reader)->Visit(VisitOptions(), [&](RecordView* record) -> Result<bool> {
    std::string raw;
    record->AppendRaw(&raw);
    const Event& event = record->ToEvent();
    const auto offset = static_cast<int64_t>(event.source_offset);
    seen.push_back(offset);
    EXPECT_EQ(ValueAt(offset).value_or(""), raw) << offset;
    EXPECT_TRUE(event.timestamp_ns.has_value()) << offset;
    EXPECT_EQ(IsQuarantined(offset) ? "0af7651916cd43dd8448eb211c80319c" : "", event.trace_id) << offset;
    EXPECT_TRUE(!IsQuarantined(offset) || event.sample_rate == 1.0) << offset;
    bool has_key = false;
    for (const Attribute& attribute : event.attributes) {
      if (attribute.name != "messaging.kafka.message.key") continue;
      has_key = true;
      EXPECT_EQ("k" + std::to_string(offset), attribute.value.text);
    }
    EXPECT_EQ(IsQuarantined(offset), has_key) << offset;
    return true;
  });
  ASSERT_TRUE(visited.ok()) << visited.message();
  std::vector<int64_t> expected;
  for (int64_t offset = 0; offset < kMessages; ++offset) {
    const bool kept = std::find(seen.begin(), seen.end(), offset) != seen.end();
    if (IsQuarantined(offset) ? !Stays(offset) : !sampled || kept) expected.push_back(offset);
  }
  EXPECT_EQ(expected, seen);
  const Ledger after = LedgerOf(world);
  EXPECT_EQ(before.in, after.in);
  EXPECT_EQ(before.sampled_out, after.sampled_out);
  EXPECT_EQ(3u, after.quarantined.records);
  EXPECT_TRUE(after.Balanced());
  const auto verified = VerifyStore(&world->env, "/store", nullptr);
  ASSERT_TRUE(verified.ok()) << verified.status().message();
  EXPECT_EQ(std::vector<std::string>(), verified->problems);
}

std::vector<std::string> InQuarantine(ReplayWorld* world) {
  std::vector<std::string> names;
  const auto entries = ListQuarantined(&world->env, "/store");
  EXPECT_TRUE(entries.ok());
  for (const QuarantineEntry& entry : *entries) {
    const auto message = ReadQuarantined(&world->env, "/store", entry.file);
    EXPECT_TRUE(message.ok());
    if (message.ok()) names.push_back(message->name());
  }
  return names;
}

TEST(QuarantineReplay, MessagesComeBackToTheirOffsets) {
  for (const bool sampled : {false, true}) {
    SCOPED_TRACE(sampled);
    ReplayWorld world;
    SamplingPolicy policy;
    ASSERT_TRUE(!sampled || ApplyKeepFlags({.keep = 0.5}, &policy).ok());
    Fill(&world, sampled ? std::make_shared<const SamplingPolicy>(std::move(policy)) : nullptr);
    const Ledger before = LedgerOf(&world);
    EXPECT_EQ(8u, before.quarantined.records);
    EXPECT_EQ(sampled, before.sampled_out.records > 0);
    const auto report = Replay(&world);
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(5u, report->replayed);
    ASSERT_EQ(3u, report->left.size());
    EXPECT_EQ("t-0-22", report->left[0].name);
    EXPECT_EQ("has 100069 bytes; at most 80000 are taken", report->left[0].why);
    EXPECT_EQ("its value is not kept", report->left[1].why);
    EXPECT_EQ("has its reasons", report->left[2].why);
    ExpectReplayed(&world, sampled, before);
    EXPECT_THAT(InQuarantine(&world), ElementsAre("t-0-22", "t-0-27", "t-0-32"));
    const auto again = Replay(&world);
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(0u, again->replayed);
    ExpectReplayed(&world, sampled, before);
  }
}

TEST(QuarantineReplay, OnlyWhatIsNamed) {
  ReplayWorld world;
  Fill(&world, nullptr);
  const auto report = Replay(&world, {"t-0-7", "t-0-8"});
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(1u, report->replayed);
  ASSERT_EQ(1u, report->left.size());
  EXPECT_EQ("t-0-8", report->left[0].name);
  EXPECT_EQ(7u, InQuarantine(&world).size());
}

TEST(QuarantineReplay, OnceWhateverStopsIt) {
  ReplayWorld counted;
  Fill(&counted, nullptr);
  const uint64_t filled = counted.files.Calls(FileOperation::kAny);
  ASSERT_TRUE(Replay(&counted).ok());
  const uint64_t calls = counted.files.Calls(FileOperation::kAny) - filled;
  ASSERT_GT(calls, 40u);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const int how : {0, 1, 2}) {  // the power goes, the process is killed, the call fails
      SCOPED_TRACE("call " + std::to_string(call) + " of " + std::to_string(calls) + ", way " + std::to_string(how));
      ReplayWorld world;
      Fill(&world, nullptr);
      const Ledger before = LedgerOf(&world);
      Fault fault;
      fault.call = call;
      fault.action = how == 2 ? Fault::Action::kFail : Fault::Action::kCrash;
      fault.error = 28;  // no space left
      world.files.SetFault(fault);
      static_cast<void>(Replay(&world).ok());
      if (how == 0) world.memory.PowerLoss(call);
      world.files.ClearFault();
      const auto report = Replay(&world);
      ASSERT_TRUE(report.ok()) << report.status().message();
      ExpectReplayed(&world, false, before);
      EXPECT_THAT(InQuarantine(&world), ElementsAre("t-0-22", "t-0-27", "t-0-32"));
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace whittle
