#include "pipeline/segment_rewriter.h"

#include <gtest/gtest.h>

#include <random>

#include "pipeline/test_world.h"

namespace whittle {
namespace {

std::vector<OldSegment> AllSegments(const Manifest& manifest, const std::string& dir) {
  std::vector<OldSegment> old;
  for (const SegmentMeta& meta : manifest.segments)
    old.push_back({StoreLayout(dir).SegmentPath(meta.file_name), meta, {}});
  return old;
}

// Replaces all segments of /store by what the rewriter makes of them.
void ReplaceAll(World* world, std::vector<OldSegment> old, const std::map<std::string, SourceState>& sources) {
  SegmentRewriter rewriter(&world->env, &sources, RewriteOptions());
  for (const OldSegment& segment : old) ASSERT_TRUE(rewriter.Learn(segment.path).ok());
  std::vector<std::string> names;
  for (const OldSegment& segment : old) names.push_back(segment.meta.file_name);
  auto rewritten = rewriter.Rewrite(std::move(old));
  ASSERT_TRUE(rewritten.ok()) << rewritten.status().message();
  auto catalog = Catalog::Open(&world->env, "/store");
  ASSERT_TRUE(catalog.ok());
  std::vector<SegmentCommit> commits;
  commits.push_back(rewritten->Commit());
  const Status replaced = (*catalog)->ReplaceSegments(names, std::move(commits), {"test", "", ""});
  EXPECT_TRUE(replaced.ok()) << replaced.message();
  EXPECT_TRUE((*catalog)->Close().ok());
}

TEST(SegmentRewriter, ManySegmentsBecomeOneAndNothingElseChanges) {
  World world;
  const std::string text = Logs(11, 6000);
  const std::string other = Logs(12, 2000);
  world.Write("/app.log", text);
  world.Write("/other.log", other);
  IngestOptions options = world.Options(2, true);
  world.Ingest("/app.log", "/store", options);
  world.Ingest("/other.log", "/store", options);
  const std::string raw = world.Cat("/store");
  const std::string events = world.Events("/store");
  const auto before = ReadManifest(&world.env, "/store");
  ASSERT_TRUE(before.ok());
  ASSERT_GT(before->segments.size(), 3u);

  ReplaceAll(&world, AllSegments(*before, "/store"), before->sources);

  const auto after = ReadManifest(&world.env, "/store");
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->segments.size(), 1u);
  EXPECT_EQ(world.Cat("/store"), raw);
  EXPECT_EQ(world.Events("/store"), events);
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
  EXPECT_EQ(after->TotalLedger(), before->TotalLedger());
  EXPECT_EQ(after->segments[0].created_ns, before->segments.back().created_ns);
  // A grown file goes on where it stood.
  world.Write("/app.log", "\nmore\n");
  EXPECT_EQ(world.Ingest("/app.log", "/store", options).continued, 1u);
}

// Leaves records out, twice, and checks every position, time and count that is left.
TEST(SegmentRewriter, RecordsLeftOutAreCountedAndTheOthersStayWhereTheyWere) {
  World world;
  const unsigned seed = 21;
  SCOPED_TRACE("seed 21");
  const std::string text = Logs(seed, 3000);
  world.Write("/app.log", text);
  world.Ingest("/app.log", "/store", world.Options(1, true));
  std::mt19937 random(seed);
  Ledger expected = ReadManifest(&world.env, "/store")->TotalLedger();
  for (int round = 0; round < 2; ++round) {
    // Which events stay, as they print, in order.
    std::string kept_events;
    std::vector<std::vector<RecordFate>> fates;
    {
      auto reader = StoreReader::Open(&world.env, "/store");
      ASSERT_TRUE(reader.ok());
      for (const SegmentFile& segment : (*reader)->segments()) fates.emplace_back(segment.footer.records);
    }
    std::vector<std::string> lines;
    std::istringstream stream(world.Events("/store"));
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    size_t next = 0;
    for (auto& segment : fates) {
      for (RecordFate& fate : segment) {
        const bool drop = random() % 3 == 0 || (next > 100 && next < 400);
        fate = !drop ? RecordFate::kKept : random() % 2 == 0 ? RecordFate::kExpired : RecordFate::kSampledOut;
        ASSERT_LT(next, lines.size());
        if (!drop) kept_events += lines[next] + "\n";
        ++next;
      }
    }
    ASSERT_EQ(next, lines.size());
    const auto before = ReadManifest(&world.env, "/store");
    std::vector<OldSegment> old = AllSegments(*before, "/store");
    for (size_t i = 0; i < old.size(); ++i) old[i].edit.fates = fates[i];
    ReplaceAll(&world, std::move(old), before->sources);
    EXPECT_EQ(world.Events("/store"), kept_events);
    EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
    const Ledger after = ReadManifest(&world.env, "/store")->TotalLedger();
    EXPECT_TRUE(after.Balanced());
    EXPECT_EQ(after.in, expected.in);
    EXPECT_GT(after.expired.records, expected.expired.records);
    EXPECT_GT(after.sampled_out.records, expected.sampled_out.records);
    EXPECT_EQ(after.kept.records, static_cast<uint64_t>(std::count(kept_events.begin(), kept_events.end(), '\n')));
    EXPECT_EQ(after.kept.bytes, world.Cat("/store").size());
    expected = after;
  }
}

TEST(SegmentRewriter, WhenNothingIsKeptTheLedgerIs) {
  World world;
  world.Write("/app.log", "one\ntwo\n");
  world.Ingest("/app.log", "/store", world.Options(1, true));
  for (int round = 0; round < 2; ++round) {
    const auto before = ReadManifest(&world.env, "/store");
    ASSERT_TRUE(before.ok());
    std::vector<OldSegment> old = AllSegments(*before, "/store");
    if (round == 0) old[0].edit.fates.assign(2, RecordFate::kExpired);
    ReplaceAll(&world, std::move(old), before->sources);
    EXPECT_EQ(world.Cat("/store"), "");
    EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
    const Ledger ledger = ReadManifest(&world.env, "/store")->TotalLedger();
    EXPECT_EQ(ledger.expired.lines, 2u);
    EXPECT_EQ(ledger.in.bytes, 8u);
  }
  // What was read is not read again.
  EXPECT_EQ(world.Ingest("/app.log", "/store", world.Options(1, true)).unchanged, 1u);
}

TEST(SegmentRewriter, ScrubMarksAndPositionsSurvive) {
  World world;
  std::string text;
  for (int i = 0; i < 1200; ++i) {
    text += "2024-05-01 10:00:00 INFO login of someone" + std::to_string(i) + "@hidden.example ok\nplain line " +
            std::to_string(i) + "\n";
  }
  world.Write("/app.log", text);
  ScrubOptions scrub;
  scrub.patterns = {"email"};
  scrub.key = std::string(32, 'k');
  IngestOptions options = world.Options(1, true);
  options.parsing.scrubbers = {*Scrubber::Create(scrub)};
  options.committer.close_bytes = 8 * 1024;
  world.Ingest("/app.log", "/store", options);
  const std::string events = world.Events("/store");
  const auto before = ReadManifest(&world.env, "/store");
  ASSERT_GT(before->segments.size(), 2u);
  uint64_t marks_before = 0;
  for (const OldSegment& segment : AllSegments(*before, "/store"))
    marks_before += (*OpenSegment(&world.env, segment.path))->LoadSection(10)->size();
  ReplaceAll(&world, AllSegments(*before, "/store"), before->sources);
  EXPECT_EQ(world.Events("/store"), events);
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
  const auto after = ReadManifest(&world.env, "/store");
  const auto reader = OpenSegment(&world.env, AllSegments(*after, "/store")[0].path);
  ASSERT_TRUE(reader.ok());
  const auto marks = (*reader)->LoadSection(10);
  ASSERT_TRUE(marks.ok());
  EXPECT_NEAR(static_cast<double>(marks->size()), static_cast<double>(marks_before), 4.0 * 20);
}

TEST(SegmentRewriter, DamageIsFoundBeforeAnythingIsMade) {
  World world;
  world.Write("/app.log", Logs(31, 500));
  world.Ingest("/app.log", "/store", world.Options(1, true));
  const auto manifest = ReadManifest(&world.env, "/store");
  std::vector<OldSegment> old = AllSegments(*manifest, "/store");
  std::string bytes = *ReadFile(&world.files, old[0].path);
  bytes[bytes.size() / 3] ^= 1;
  ASSERT_TRUE(world.files.Remove(old[0].path).ok());
  world.Write(old[0].path, bytes);
  SegmentRewriter rewriter(&world.env, &manifest->sources, RewriteOptions());
  EXPECT_EQ(rewriter.Rewrite(std::move(old)).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace whittle
