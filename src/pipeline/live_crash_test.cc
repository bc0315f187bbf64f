// The live pipeline on a disk that dies: at every step of its commits the machine loses what was not synced, or the
// process ends, or a call fails. What is read again afterwards is in the store exactly once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "env/fault_env.h"
#include "env/file_watcher.h"
#include "pipeline/daemon.h"
#include "pipeline/kafka_batcher.h"
#include "pipeline/shared_segments.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

constexpr int64_t kMessages = 120;
constexpr int64_t kPerBatch = 10;
constexpr int64_t kPerCommit = 30;
const std::string kPartitionId = std::string(32, 'a');

struct CrashWorld {
  MemoryFileSystem memory;
  FaultFileSystem files{&memory};
  ManualClock clock{1'700'000'000'000'000'000};
  SeededEntropy entropy{1};
  FixedHost host{"host"};
  Env env{&files, &clock, &entropy, &host};
  LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions parsing;
  std::vector<std::string> said;  // by the daemon

  CrashWorld() { parsing.analyzer = &analyzer; }
  void FailAt(uint64_t call, Fault::Action action) {
    Fault fault;
    fault.call = call;
    fault.action = action;
    fault.error = 28;  // no space left
    files.SetFault(fault);
  }
};

// Reads the partition from where it is stored to its end, as a member of a group does; into `shared`, or the store.
Status ReadPartition(CrashWorld* world, bool shared) {
  WHITTLE_ASSIGN_OR_RETURN(const auto catalog, Catalog::Open(&world->env, "/store"));
  KafkaRange range{"c", "t", 0, 0, 0};
  CommitterOptions committer;
  std::unique_ptr<SharedSegments> directory;
  if (shared) {
    WHITTLE_ASSIGN_OR_RETURN(directory, SharedSegments::Open(&world->env, "/shared", "member"));
    WHITTLE_ASSIGN_OR_RETURN(const auto frontier, directory->FindFrontier(range, kPartitionId));
    if (frontier) range.first_offset = frontier->end_offset;
    committer.publish = [&](SegmentCommit commit) { return directory->Publish(std::move(commit)); };
  } else if (const auto known = catalog->FindSource(kPartitionId); known && !known->bytes.empty()) {
    range.first_offset = static_cast<int64_t>(known->bytes.End());
  }
  range.end_offset = range.first_offset;
  WorkerPool pool(1);
  LivePipeline pipeline(&world->env, catalog.get(), &pool, &world->parsing, committer, nullptr);
  auto context = std::make_shared<SourceContext>();
  context->identity.id = kPartitionId;
  context->identity.kind = SourceKind::kKafka;
  context->identity.names = {"t/0"};
  context->segment_source = {kPartitionId, "t/0", {}};
  context->kafka = range;
  Input input;
  input.kind = InputKind::kPipe;
  WHITTLE_ASSIGN_OR_RETURN(auto times, RecordTimes::Create(TimeOptions(), input));
  WHITTLE_ASSIGN_OR_RETURN(const uint32_t source, pipeline.AddSource(context, std::move(times), false));
  KafkaBatcher batcher(source, &world->parsing);
  const KafkaPartition name{"t", 0};
  const std::vector<KafkaRecord::Header> headers;
  for (int64_t offset = range.first_offset; offset < kMessages; ++offset) {
    const std::string value = "request " + std::to_string(offset) + " took " + std::to_string(offset % 7) + " ms";
    batcher.Add({&name, offset, 1'700'000'000'000 + offset, value, std::nullopt, &headers});
    if ((offset + 1) % kPerBatch == 0) {
      std::vector<LineBatch> batches;
      batches.push_back(batcher.Take());
      WHITTLE_RETURN_IF_ERROR(pipeline.Submit(&batches));
    }
    if ((offset + 1) % kPerCommit == 0) WHITTLE_RETURN_IF_ERROR(pipeline.Flush());
  }
  return catalog->Close();
}

void ExpectEachMessageOnce(CrashWorld* world, bool shared, const std::string& where) {
  const std::string path = shared ? "/shared" : "/store";
  std::string raw, expected;
  auto reader = StoreReader::Open(&world->env, path);
  ASSERT_TRUE(reader.ok()) << where << reader.status().message();
  const Status visited = (*reader)->Visit(VisitOptions(), [&](RecordView* record) -> Result<bool> {
    record->AppendRaw(&raw);
    raw += '\n';
    return true;
  });
  ASSERT_TRUE(visited.ok()) << where << visited.message();
  for (int64_t offset = 0; offset < kMessages; ++offset) {
    expected += "request " + std::to_string(offset) + " took " + std::to_string(offset % 7) + " ms\n";
  }
  ASSERT_EQ(expected, raw) << where;
  const auto report = VerifyStore(&world->env, path, nullptr);
  ASSERT_TRUE(report.ok()) << where << report.status().message();
  ASSERT_EQ(std::vector<std::string>(), report->problems) << where;
}

class LiveCrashTest : public testing::TestWithParam<bool> {};

TEST_P(LiveCrashTest, EveryMessageOnceWhateverFails) {
  const bool shared = GetParam();
  CrashWorld counted;
  const Status whole = ReadPartition(&counted, shared);
  ASSERT_TRUE(whole.ok()) << whole.message();
  ExpectEachMessageOnce(&counted, shared, "nothing failed: ");
  const uint64_t calls = counted.files.Calls(FileOperation::kAny);
  ASSERT_GT(calls, 40u);
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const int how : {0, 1, 2}) {  // the power goes, the process is killed, the call fails
      CrashWorld world;
      world.FailAt(call, how == 2 ? Fault::Action::kFail : Fault::Action::kCrash);
      static_cast<void>(ReadPartition(&world, shared).ok());
      if (how == 0) world.memory.PowerLoss(call);
      world.files.ClearFault();
      const std::string where = "call " + std::to_string(call) + " of " + std::to_string(calls) +
                                (how == 0   ? ", power loss: "
                                 : how == 1 ? ", killed: "
                                            : ", no space: ");
      const Status again = ReadPartition(&world, shared);
      ASSERT_TRUE(again.ok()) << where << again.message();
      ExpectEachMessageOnce(&world, shared, where);
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Destinations, LiveCrashTest, testing::Values(false, true),
                         [](const auto& destination) { return destination.param ? "SharedSegments" : "Store"; });

// A member that was away while another went on has the same frontier in mind and other messages in hand.
TEST(SharedSegmentsFenceTest, ASecondSegmentWithTheSameStartIsRefused) {
  CrashWorld world;
  ASSERT_TRUE(ReadPartition(&world, true).ok());
  auto late = SharedSegments::Open(&world.env, "/shared", "late");
  ASSERT_TRUE(late.ok());
  SegmentCommit commit;
  commit.bytes = "anything";
  commit.meta.kafka = KafkaRange{"c", "t", 0, kPerCommit, kMessages + 5};
  commit.meta.coverage.resize(1);
  commit.meta.coverage[0].source_id = kPartitionId;
  EXPECT_EQ(StatusCode::kAlreadyExists, (*late)->Publish(commit).status().code());
  ExpectEachMessageOnce(&world, true, "after a refusal: ");
  EXPECT_EQ(-1, (*late)->stored_end(kPartitionId));
  const auto frontier = (*late)->FindFrontier(*commit.meta.kafka, kPartitionId);
  ASSERT_TRUE(frontier.ok() && *frontier);
  EXPECT_EQ(kMessages, (*frontier)->end_offset);
}

TEST(SharedSegmentsFenceTest, AStoreIsNoSharedDirectory) {
  CrashWorld world;
  ASSERT_TRUE(ReadPartition(&world, false).ok());
  const auto opened = SharedSegments::Open(&world.env, "/store", "member");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(std::string::npos, opened.status().message().find("is a store"));
}

std::string TailLine(int number) {
  return "2024-05-01 10:00:00 INFO line " + std::to_string(number) + " of the file\n";
}

// Follows /log for `ticks` seconds; what `each_tick` writes goes to the disk directly and is synced there.
void Follow(CrashWorld* world, int ticks, const std::function<void(int)>& each_tick) {
  auto plan = std::make_shared<DaemonPlan>();
  plan->parsing.analyzer = &world->analyzer;
  plan->tail.include = {"/log/a.log*"};
  plan->tail.begins_at_end = [](const Input&) { return false; };
  plan->tail.max_age_ns = [](const Input&) { return int64_t{0}; };
  plan->tail.describe = [](Input*) { return Status::Ok(); };
  plan->tail_input.settings_of = [](const Input&) { return SourceSettings(); };
  plan->tail_input.idle_ns_of = [](const Input&) { return int64_t{200'000'000}; };
  plan->close_after_ns = 1'000'000'000;
  plan->poll_only = true;
  std::atomic<bool> stop{false};
  int tick = 0;
  DaemonHooks hooks;
  hooks.stop = &stop;
  hooks.log = [&](std::string_view line) { world->said.emplace_back(line); };
  hooks.tick = [&](const DaemonStatus&) {
    each_tick(tick++);
    if (tick >= ticks) stop = true;
  };
  static_cast<void>(RunDaemon(&world->env, "/store", plan, hooks).ok());
}

void AppendSynced(CrashWorld* world, const std::string& path, const std::string& text) {
  auto file = world->memory.OpenForWrite(path, WriteMode::kAppend);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append(text).ok() && (*file)->Sync().ok() && (*file)->Close().ok());
  ASSERT_TRUE(world->memory.SyncDirectory("/log").ok());
}

TEST(TailCrashTest, EveryLineOnceWhateverFails) {
  const char* const given = std::getenv("WHITTLE_TAIL_CRASHES");
  const uint64_t steps = given == nullptr ? 40 : std::strtoull(given, nullptr, 10);
  uint64_t calls = 400;  // until counted
  for (uint64_t step = 0; step <= steps; ++step) {
    const uint64_t call = step == 0 ? UINT64_MAX : 1 + (step - 1) * calls / steps;
    for (const int how : {0, 1, 2}) {
      if (step == 0 && how != 1) continue;
      CrashWorld world;
      ASSERT_TRUE(world.memory.MakeDirectory("/log").ok());
      world.memory.SyncAll();
      int lines = 0;
      const auto write = [&](int tick) {
        if (tick >= 6) return;
        if (tick == 3) {  // rotated, and written on under the old name
          ASSERT_TRUE(world.memory.Rename("/log/a.log", "/log/a.log.1").ok());
        }
        std::string text;
        for (int i = 0; i < 5; ++i) text += TailLine(lines++);
        AppendSynced(&world, "/log/a.log", text);
      };
      if (step > 0) world.FailAt(call, how == 2 ? Fault::Action::kFail : Fault::Action::kCrash);
      Follow(&world, 12, write);
      if (step == 0) calls = world.files.Calls(FileOperation::kAny);
      if (how == 0) world.memory.PowerLoss(call);
      world.files.ClearFault();
      world.said.clear();
      Follow(&world, 10, [](int) {});
      const std::string where =
          "call " + std::to_string(call) + " of " + std::to_string(calls) + ", way " + std::to_string(how) + ": ";
      std::multiset<std::string> expected, stored;
      for (int i = 0; i < lines; ++i) expected.insert(TailLine(i));
      auto reader = StoreReader::Open(&world.env, "/store");
      ASSERT_TRUE(reader.ok()) << where << reader.status().message();
      const Status visited = (*reader)->Visit(VisitOptions(), [&](RecordView* record) -> Result<bool> {
        std::string raw;
        record->AppendRaw(&raw);
        stored.insert(raw);
        return true;
      });
      ASSERT_TRUE(visited.ok()) << where << visited.message();
      ASSERT_EQ(expected, stored) << where << (world.said.empty() ? "" : world.said.front());
      const auto report = VerifyStore(&world.env, "/store", nullptr);
      ASSERT_TRUE(report.ok() && report->problems.empty()) << where;
    }
  }
}

// The wall clock of a machine whose time is put right.
class JumpingClock : public Clock {
 public:
  explicit JumpingClock(Clock* base) : base_(base) {}
  int64_t WallNs() override { return base_->WallNs() - back_ns; }
  int64_t SteadyNs() override { return base_->SteadyNs(); }
  void SleepNs(int64_t duration_ns) override { base_->SleepNs(duration_ns); }
  int64_t back_ns = 0;

 private:
  Clock* const base_;
};

struct Trouble {
  std::string name;
  std::string fault;  // empty: the clock jumps back by a day
  std::string said;   // the beginning of what is said about it, once; empty: nothing
  std::string healed;
};

class TailTroubleTest : public testing::TestWithParam<Trouble> {};

TEST_P(TailTroubleTest, IsOneLineAndLosesNothing) {
  CrashWorld world;
  JumpingClock clock(&world.clock);
  world.env.clock = &clock;
  ASSERT_TRUE(world.memory.MakeDirectory("/log").ok());
  int lines = 0;
  Follow(&world, 40, [&](int tick) {
    if (tick >= 30) return;
    if (tick == 4 && GetParam().fault.empty()) clock.back_ns = int64_t{86'400} * 1'000'000'000;
    if (tick == 4 && !GetParam().fault.empty()) world.files.SetFault(*ParseFault(GetParam().fault));
    if (tick == 20) world.files.ClearFault();
    AppendSynced(&world, "/log/a.log", TailLine(lines++));
  });
  const auto count = [&](const std::string& text) {
    return std::count_if(world.said.begin(), world.said.end(),
                         [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  const std::string all = testing::PrintToString(world.said);
  if (!GetParam().said.empty()) {
    EXPECT_EQ(1, count(GetParam().said)) << all;
    EXPECT_EQ(1, count("trying again")) << all;
    EXPECT_EQ(1, count(GetParam().healed)) << all;
  } else {
    EXPECT_TRUE(world.said.empty()) << all;
  }
  std::string stored, expected;
  for (int i = 0; i < lines; ++i) expected += TailLine(i);
  auto reader = StoreReader::Open(&world.env, "/store");
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  ASSERT_TRUE((*reader)
                  ->Visit(VisitOptions(),
                          [&](RecordView* record) -> Result<bool> {
                            record->AppendRaw(&stored);
                            return true;
                          })
                  .ok());
  EXPECT_EQ(expected, stored) << all;
}

INSTANTIATE_TEST_SUITE_P(
    Troubles, TailTroubleTest,
    testing::Values(Trouble{"DiskFull", "any:1+:ENOSPC:/store", "No space left", "writing again"},
                    Trouble{"ReadOnlyStore", "any:1+:EROFS:/store", "Read-only", "writing again"},
                    // The store opens, and only what would be stored has no room.
                    Trouble{"NoRoomForSegments", "write:1+:ENOSPC:/store/segments", "No space left", "writing again"},
                    Trouble{"NoPermission", "create:1+:EACCES:/store", "Permission denied", "writing again"},
                    Trouble{"UnreadableFile", "read:1+:EACCES:/log", "Permission denied", "can be read again"},
                    Trouble{"ClockGoesBack", "", "", ""}),
    [](const auto& trouble) { return trouble.param.name; });

// A store whose lock another process holds for a while.
class LockedFiles : public FaultFileSystem {
 public:
  LockedFiles(FileSystem* base, Clock* clock) : FaultFileSystem(base), clock_(clock) {}
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    if (path != "/store/LOCK" || !held) return FaultFileSystem::Lock(path);
    refused_ns.push_back(clock_->SteadyNs());
    return Status(StatusCode::kBusy, path + ": cannot lock: Resource temporarily unavailable");
  }
  bool held = false;
  std::vector<int64_t> refused_ns;

 private:
  Clock* const clock_;
};

class HeldLockTest : public testing::TestWithParam<bool> {};

TEST_P(HeldLockTest, IsOneLineTriedAgainMoreAndMoreSeldomAndLosesNothing) {
  const bool while_running = GetParam();
  CrashWorld world;
  LockedFiles files(&world.memory, &world.clock);
  world.env.files = &files;
  ASSERT_TRUE(world.memory.MakeDirectory("/log").ok());
  files.held = !while_running;
  int lines = 0;
  Follow(&world, 60, [&](int tick) {
    if (tick >= 50) return;
    if (tick == 6 && while_running) {
      // It lets go of the store after an error, and somebody else is faster.
      files.SetFault(*ParseFault("write:1:ENOSPC:/store/segments"));
      files.held = true;
    }
    if (tick == 15) {
      ASSERT_TRUE(world.memory.Rename("/log/a.log", "/log/a.log.1").ok());
    }
    if (tick == 25) files.held = false;
    AppendSynced(&world, "/log/a.log", TailLine(lines++));
  });
  const std::string all = testing::PrintToString(world.said);
  const auto count = [&](const std::string& text) {
    return std::count_if(world.said.begin(), world.said.end(),
                         [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  EXPECT_EQ(1, count("/store: another whittle is writing to this store")) << all;
  EXPECT_EQ(while_running ? 2 : 1, count("trying again")) << all;
  EXPECT_EQ(1, count("/store: writing again")) << all;
  // Each wait is about twice as long as the one before it (a wait ends with a look at the files).
  ASSERT_GE(files.refused_ns.size(), 4u);
  EXPECT_LE(files.refused_ns.size(), 7u);
  for (size_t i = 2; i < files.refused_ns.size(); ++i) {
    EXPECT_GT(files.refused_ns[i] - files.refused_ns[i - 1],
              3 * (files.refused_ns[i - 1] - files.refused_ns[i - 2]) / 2);
  }
  std::multiset<std::string> stored, expected;
  for (int i = 0; i < lines; ++i) expected.insert(TailLine(i));
  auto reader = StoreReader::Open(&world.env, "/store");
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  ASSERT_TRUE((*reader)
                  ->Visit(VisitOptions(),
                          [&](RecordView* record) -> Result<bool> {
                            std::string raw;
                            record->AppendRaw(&raw);
                            stored.insert(raw);
                            return true;
                          })
                  .ok());
  EXPECT_EQ(expected, stored) << all;
}

INSTANTIATE_TEST_SUITE_P(When, HeldLockTest, testing::Values(false, true),
                         [](const auto& when) { return when.param ? "WhileRunning" : "AtTheStart"; });

}  // namespace
}  // namespace whittle
