#include "pipeline/store_keeper.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "pipeline/compact.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kDayNs = 86'400 * kSecondNs;

// A world with a store of many small segments, and a keeper of it.
struct KeeperWorld : World {
  std::unique_ptr<Catalog> catalog;
  int files_made = 0;
  std::vector<std::string> log;

  void Open() {
    auto opened = Catalog::Open(&env, "/store");
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    catalog = std::move(*opened);
  }
  // Each file becomes a segment of its own.
  void AddSegments(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const std::string path = "/log" + std::to_string(files_made) + ".log";
      Write(path, Logs(static_cast<uint64_t>(files_made++), 5));
      const auto inputs = ExpandInputs(&files, {path});
      ASSERT_TRUE(inputs.ok());
      const auto report = RunIngest(
          &env, [&] { return catalog.get(); }, inputs->inputs, Options(1, true), IngestHooks());
      ASSERT_TRUE(report.ok()) << report.status().message();
    }
  }
  std::unique_ptr<StoreKeeper> Keeper(StoreKeeperOptions options) {
    return std::make_unique<StoreKeeper>(&env, catalog.get(), std::move(options),
                                         [this](const std::string& line) { log.push_back(line); });
  }
  size_t segments() const { return catalog->manifest().segments.size(); }
};

TEST(StoreKeeper, ManySmallSegmentsBecomeOneNowAndThen) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(StoreKeeper::kManySegments - 1);
  auto keeper = world.Keeper({});
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(world.segments(), StoreKeeper::kManySegments - 1) << "too few to be worth it";
  world.AddSegments(1);
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(world.segments(), StoreKeeper::kManySegments) << "it has only just looked";
  const std::string raw = world.Cat("/store");
  const std::string events = world.Events("/store");
  world.clock.Advance(60 * kSecondNs);
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(world.segments(), 1u);
  EXPECT_EQ(world.Cat("/store"), raw);
  EXPECT_EQ(world.Events("/store"), events);
  const auto journal = world.catalog->ReadJournal();
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(journal->back().kind, "compact");
}

TEST(StoreKeeper, SegmentsThatItMakesWeighNoMoreThanTheirTarget) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(StoreKeeper::kManySegments);
  uint64_t text = 0, weight = 0;
  for (const SegmentMeta& meta : world.catalog->manifest().segments) {
    text += meta.text_bytes;
    weight += CompactionWeight(meta);
  }
  ASSERT_GT(weight, text) << "the lines are short";
  const uint64_t target = weight / 4 + 1;  // less than that of their text
  ASSERT_LT(target, text);
  auto keeper = world.Keeper({.retain = std::nullopt, .compact_bytes = target});
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_GE(world.segments(), 4u) << "by their text alone two would do";
  EXPECT_LE(world.segments(), 6u);
  for (const SegmentMeta& meta : world.catalog->manifest().segments) EXPECT_LE(CompactionWeight(meta), target);
}

TEST(StoreKeeper, CompactsNothingWithoutAShareOfAProcessor) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(StoreKeeper::kManySegments);
  auto keeper = world.Keeper({.retain = std::nullopt, .compact_share = 0});
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(world.segments(), StoreKeeper::kManySegments);
}

TEST(StoreKeeper, OldEventsExpireAndTheLedgerKnows) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(3);
  const Ledger before = world.catalog->manifest().TotalLedger();
  RetainOptions retain;
  retain.age_ns = 36'500 * kDayNs;
  auto keeper = world.Keeper({.retain = retain});
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(world.catalog->manifest().TotalLedger(), before);
  EXPECT_TRUE(world.log.empty());
  world.clock.Advance(37'500 * kDayNs);
  ASSERT_TRUE(keeper->Round().ok());
  const Ledger after = world.catalog->manifest().TotalLedger();
  EXPECT_EQ(after.in, before.in);
  EXPECT_EQ(after.expired, before.kept);
  EXPECT_EQ(world.Cat("/store"), "");
  ASSERT_EQ(world.log.size(), 1u);
  EXPECT_EQ(world.log[0], "retain: " + std::to_string(before.kept.records) + " events of " +
                              std::to_string(before.kept.bytes) + " bytes expired");
}

TEST(StoreKeeper, WorksBesideCommits) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(StoreKeeper::kManySegments);
  auto keeper = world.Keeper({});
  keeper->Start(std::chrono::milliseconds(1));
  for (int round = 0; round < 10'000 && world.segments() >= StoreKeeper::kManySegments; ++round) {
    world.AddSegments(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  keeper.reset();
  EXPECT_LT(world.segments(), StoreKeeper::kManySegments);
  std::string expected;
  for (int i = 0; i < world.files_made; ++i) expected += Logs(static_cast<uint64_t>(i), 5);
  EXPECT_EQ(world.Cat("/store").size(), expected.size());
  ASSERT_TRUE(world.catalog->Close().ok());
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
}

// What somebody asks for goes before what the keeper does by itself, which makes way and goes on afterwards.
TEST(StoreKeeper, DoesWhatItIsAskedInOrderAndItsOwnWorkAfterwards) {
  KeeperWorld world;
  world.Open();
  world.AddSegments(StoreKeeper::kManySegments);
  auto keeper = world.Keeper({});
  std::vector<int> done;
  std::promise<void> last;
  const auto going = std::make_shared<std::atomic<bool>>(false);
  const auto gone = std::make_shared<std::atomic<bool>>(true);
  for (const int number : {1, 2, 3}) {
    // Whoever asked for the second has gone.
    ASSERT_TRUE(keeper->Submit(
        [&, number](const std::atomic<bool>* stop) {
          EXPECT_FALSE(*stop);
          EXPECT_EQ(StoreKeeper::kManySegments, world.segments());
          done.push_back(number);
          if (number == 3) last.set_value();
        },
        number == 2 ? gone : going));
  }
  keeper->Start(std::chrono::milliseconds(1));
  last.get_future().wait();
  EXPECT_EQ((std::vector<int>{1, 3}), done);
  while (world.segments() > 1) std::this_thread::yield();
  keeper.reset();
  EXPECT_EQ(std::vector<std::string>(), world.log);
}

TEST(StoreKeeper, StopsTheWorkUnderWayWhenItGoesAndBeginsNoOther) {
  KeeperWorld world;
  world.Open();
  auto keeper = world.Keeper({});
  keeper->Start(std::chrono::hours(1));
  std::promise<void> begun;
  bool stopped = false, second = false;
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  ASSERT_TRUE(keeper->Submit(
      [&](const std::atomic<bool>* told) {
        begun.set_value();
        while (!*told) std::this_thread::yield();
        stopped = true;
      },
      stop));
  begun.get_future().wait();
  const auto other = std::make_shared<std::atomic<bool>>(false);
  ASSERT_TRUE(keeper->Submit([&](const std::atomic<bool>*) { second = true; }, other));
  keeper.reset();
  EXPECT_TRUE(stopped);
  EXPECT_FALSE(second);
}

TEST(StoreKeeper, TakesOnlySoMuchWork) {
  KeeperWorld world;
  world.Open();
  auto keeper = world.Keeper({});
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  for (size_t i = 0; i < StoreKeeper::kMaxWaitingWork; ++i) {
    ASSERT_TRUE(keeper->Submit([](const std::atomic<bool>*) {}, stop));
  }
  EXPECT_FALSE(keeper->Submit([](const std::atomic<bool>*) {}, stop));
}

}  // namespace
}  // namespace whittle
