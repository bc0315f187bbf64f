// Ingests from and to a simulated disk, with the real analyser and the real segment format.
#include "pipeline/ingest.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <utility>

#include "pipeline/test_world.h"
#include "query/template_stats.h"

namespace whittle {
namespace {

TEST(Ingest, GivesTheBytesBackWhateverTheJobsTheCacheAndTheMemory) {
  const std::string text = Logs(5, 20'000);
  SCOPED_TRACE("seed 5");
  std::vector<std::string> stores;
  struct Way {
    int jobs = 1;
    bool cache = true;
    uint64_t careful_from_bytes = 0;  // 1: the process always holds more
  };
  for (const Way& way : {Way{1, true, 0}, Way{2, true, 0}, Way{4, true, 0}, Way{1, false, 0}, Way{2, false, 0},
                         Way{4, false, 0}, Way{1, true, 1}, Way{2, true, 1}, Way{4, true, 1}}) {
    World world;
    world.Write("/app.log", text);
    IngestOptions options = world.Options(way.jobs, way.cache);
    options.committer.careful_from_bytes = way.careful_from_bytes;
    const IngestReport report = world.Ingest("/app.log", "/store", options);
    EXPECT_GT(report.segments, 3u);
    EXPECT_EQ(world.Cat("/store"), text);
    EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
    std::string bytes;
    const auto manifest = ReadManifest(&world.env, "/store");
    ASSERT_TRUE(manifest.ok());
    for (const SegmentMeta& segment : manifest->segments) bytes += ToHex(segment.file_hash);
    stores.push_back(bytes);
  }
  for (const std::string& store : stores) EXPECT_EQ(store, stores[0]) << "segments depend on jobs, cache or memory";
}

TEST(Ingest, KnowsTheTemplatesThatTheStoreWouldTell) {
  World world;
  world.Write("/app.log", Logs(7, 20'000));
  const IngestReport report = world.Ingest("/app.log", "/store", world.Options(2, true));
  ASSERT_GT(report.segments, 3u);
  auto reader = StoreReader::Open(&world.env, "/store");
  ASSERT_TRUE(reader.ok());
  const auto stored = CountTemplates(&world.env, reader->get());
  ASSERT_TRUE(stored.ok());
  ASSERT_TRUE(report.templates.has_value());
  ASSERT_EQ(report.templates->size(), stored->size());
  for (size_t i = 0; i < stored->size(); ++i) {
    const TemplateUse& known = (*report.templates)[i];
    const TemplateUse& told = (*stored)[i];
    EXPECT_EQ(known.mined.id, told.mined.id) << known.mined.text << " and " << told.mined.text;
    EXPECT_EQ(known.mined.text, told.mined.text);
    EXPECT_EQ(known.stats.records, told.stats.records) << told.mined.text;
    EXPECT_EQ(known.stats.bytes, told.stats.bytes) << told.mined.text;
    EXPECT_EQ(known.stats.first_ns, told.stats.first_ns) << told.mined.text;
    EXPECT_EQ(known.stats.last_ns, told.stats.last_ns) << told.mined.text;
  }
  // What was there before is only known by reading it.
  world.Write("/more.log", Logs(8, 10));
  EXPECT_FALSE(world.Ingest("/more.log", "/store", world.Options(2, true)).templates.has_value());
}

TEST(Ingest, ReadsWhatIsNewAndNothingTwice) {
  World world;
  const std::string first = Logs(6, 3000) + "\n";
  world.Write("/app.log", first);
  EXPECT_EQ(world.Ingest("/app.log", "/store", world.Options(2, true)).text_bytes, first.size());
  EXPECT_EQ(world.Ingest("/app.log", "/store", world.Options(2, true)).unchanged, 1u);
  world.Write("/app.log", "2024-05-01 11:00:00 INFO more\n");
  const IngestReport grown = world.Ingest("/app.log", "/store", world.Options(2, true));
  EXPECT_EQ(grown.continued, 1u);
  EXPECT_EQ(grown.lines, 1u);
  EXPECT_EQ(world.Cat("/store"), first + "2024-05-01 11:00:00 INFO more\n");
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
}

// A store that is made while its first file is being read: `replace` runs once that is open.
Result<IngestReport> IngestWhileOpening(World* world, const std::vector<std::string>& paths, int jobs,
                                        const IngestHooks& hooks = {}, const std::function<void()>& replace = {}) {
  std::unique_ptr<Catalog> catalog;
  IngestOptions options = world->Options(jobs, true);
  options.store_is_new = true;
  if (replace) {
    options.settings_of = [settings_of = options.settings_of, replace, done = false](const Input& input) mutable {
      if (!std::exchange(done, true)) replace();
      return settings_of(input);
    };
  }
  WHITTLE_ASSIGN_OR_RETURN(const InputSet inputs, ExpandInputs(&world->files, paths));
  const auto open_store = [&]() -> Result<Catalog*> {
    WHITTLE_ASSIGN_OR_RETURN(catalog, Catalog::Open(&world->env, "/store"));
    return catalog.get();
  };
  return RunIngest(&world->env, open_store, inputs.inputs, options, hooks);
}

TEST(Ingest, ReadsAheadWhileAStoreIsMade) {
  const std::string large = Logs(11, 20'000);
  const std::string small = Logs(12, 20);
  for (const int jobs : {1, 2, 4}) {
    SCOPED_TRACE(jobs);
    World world;
    world.Write("/a.log", large);
    world.Write("/b.log", small);
    const auto report = IngestWhileOpening(&world, {"/a.log", "/b.log"}, jobs);
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(report->text_bytes, large.size() + small.size());
    EXPECT_EQ(world.Cat("/store"), large + small);
    EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
    // Another made the store meanwhile, with all of it.
    const auto again = IngestWhileOpening(&world, {"/b.log", "/a.log"}, jobs);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->unchanged, 2u);
    EXPECT_EQ(again->lines, 0u);
    world.Write("/b.log", small);
    const auto more = IngestWhileOpening(&world, {"/b.log"}, jobs);
    ASSERT_TRUE(more.ok());
    EXPECT_EQ(more->continued, 1u);
    EXPECT_EQ(world.Cat("/store"), large + small + small);

    World smaller;
    smaller.Write("/b.log", small);
    ASSERT_TRUE(IngestWhileOpening(&smaller, {"/b.log"}, jobs).ok());
    EXPECT_EQ(smaller.Cat("/store"), small);
  }
}

TEST(Ingest, WhatWasReadAheadIsDroppedWhenItIsNotToBeRead) {
  const std::string old_text = Logs(13, 2000);
  const std::string new_text = Logs(14, 3000);
  for (const int jobs : {1, 2}) {
    SCOPED_TRACE(jobs);
    World replaced;
    replaced.Write("/a.log", old_text);
    const auto other = IngestWhileOpening(&replaced, {"/a.log"}, jobs, {}, [&] {
      ASSERT_TRUE(replaced.files.Remove("/a.log").ok());
      replaced.Write("/a.log", new_text);
    });
    ASSERT_TRUE(other.ok());
    EXPECT_EQ(replaced.Cat("/store"), new_text);

    World removed;
    removed.Write("/a.log", old_text);
    removed.Write("/b.log", new_text);
    IngestHooks pipe;
    pipe.open_stdin = [&] {
      auto file = removed.files.OpenSequential("/b.log");
      return NewPipeStream(std::move(*file));
    };
    const auto rest = IngestWhileOpening(&removed, {"/a.log", "-"}, jobs, pipe,
                                         [&] { ASSERT_TRUE(removed.files.Remove("/a.log").ok()); });
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(rest->failures.size(), 1u);
    EXPECT_EQ(removed.Cat("/store"), new_text);
    EXPECT_EQ(removed.Problems("/store"), std::vector<std::string>());

    World stopped;
    stopped.Write("/a.log", old_text);
    const std::atomic<bool> stop{true};
    IngestHooks hooks;
    hooks.stop = &stop;
    const auto nothing = IngestWhileOpening(&stopped, {"/a.log"}, jobs, hooks);
    ASSERT_TRUE(nothing.ok());
    EXPECT_TRUE(nothing->stopped);
    EXPECT_EQ(nothing->lines, 0u);

    World refused;
    refused.Write("/a.log", old_text);
    refused.Write("/store", "a file");
    EXPECT_FALSE(IngestWhileOpening(&refused, {"/a.log"}, jobs).ok());
  }
}

// Every file of the disk, and every decoded line, field and template.
std::string EverythingStored(World* world, const std::string& dir) {
  std::string all;
  const auto entries = world->files.List(dir);
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = JoinPath(dir, entry.name);
    if (entry.type == FileType::kDirectory) {
      all += EverythingStored(world, path);
    } else if (const auto bytes = ReadFile(&world->files, path); bytes.ok()) {
      all += *bytes;
    }
  }
  return all;
}

TEST(Ingest, ScrubbedValuesAreNowhere) {
  World world;
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += "2024-05-01 10:00:00 INFO login of secret" + std::to_string(i) +
            "@hidden.example with card 4111 1111 1111 1111" + (i % 3 == 0 ? "\r\n" : "\n") + "plain line " +
            std::to_string(i) + "\n";
  }
  text += "not ended: password=hunter2hunter2";
  world.Write("/app.log", text);
  ScrubOptions scrub;
  scrub.patterns = {"email", "card", "password"};
  scrub.key = std::string(32, 'k');
  auto scrubber = Scrubber::Create(scrub);
  ASSERT_TRUE(scrubber.ok());
  IngestOptions options = world.Options(2, true);
  options.parsing.scrubbers = {*scrubber};
  options.committer.close_bytes = 16 * 1024;
  const IngestReport report = world.Ingest("/app.log", "/store", options);
  EXPECT_EQ(report.lines, 1001u);
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());

  const std::string decoded = world.Cat("/store");
  for (const std::string& where : {EverythingStored(&world, "/store"), decoded}) {
    EXPECT_EQ(where.find("hidden.example"), std::string::npos);
    EXPECT_EQ(where.find("secret1"), std::string::npos);
    EXPECT_EQ(where.find("4111 1111"), std::string::npos);
    EXPECT_EQ(where.find("hunter2"), std::string::npos);
  }
  EXPECT_NE(decoded.find("plain line 77\n"), std::string::npos);

  // Offsets are those of the source, so that the scrubbed store goes on at the right byte.
  world.Write("/app.log", "\nlast line\n");
  EXPECT_EQ(world.Ingest("/app.log", "/store", options).continued, 1u);
  auto reader = StoreReader::Open(&world.env, "/store");
  ASSERT_TRUE(reader.ok());
  uint64_t checked = 0;
  ASSERT_TRUE((*reader)
                  ->Visit(VisitOptions(),
                          [&](RecordView* record) -> Result<bool> {
                            std::string raw;
                            record->AppendRaw(&raw);
                            if (raw.starts_with("plain line")) {
                              EXPECT_EQ(text.compare(record->origin().offset, raw.size(), raw), 0);
                              ++checked;
                            }
                            return true;
                          })
                  .ok());
  EXPECT_EQ(checked, 500u);
}

// Rows and values take memory too: of short lines less text fits a segment, and as much as ever of ordinary ones.
TEST(Ingest, ShortLinesMakeSegmentsOfLessText) {
  World world;
  std::string brief, ordinary;
  while (brief.size() < 512 * 1024) brief += "a=" + std::to_string(brief.size()) + " b=7 c=5\n";
  while (ordinary.size() < brief.size()) {
    ordinary += "2024-05-01 10:00:00 INFO [main] the service that answers requests of users has now served " +
                std::to_string(ordinary.size()) + " bytes altogether and goes on doing so until it is told to stop\n";
  }
  world.Write("/brief.log", brief);
  world.Write("/ordinary.log", ordinary);
  const uint64_t of_brief = world.Ingest("/brief.log", "/a", world.Options(1, true)).segments;
  const uint64_t of_ordinary = world.Ingest("/ordinary.log", "/b", world.Options(1, true)).segments;
  EXPECT_LE(of_ordinary, 9u);  // of 64 KiB
  EXPECT_GE(of_brief, 2 * of_ordinary);
  EXPECT_EQ(world.Cat("/a"), brief);
}

TEST(Ingest, EndlessShapesStayBounded) {
  World world;
  std::string text;
  std::mt19937 random(8);
  for (int i = 0; i < 30'000; ++i) {
    for (int word = 0; word < 4; ++word) {
      for (int c = 0; c < 5; ++c) text += static_cast<char>('a' + random() % 26);
      text += ' ';
    }
    text += "7\n";
  }
  world.Write("/app.log", text);
  IngestOptions options = world.Options(2, true);
  options.committer.close_bytes = 16 << 20;
  options.committer.builder.max_shapes = 500;
  const IngestReport report = world.Ingest("/app.log", "/store", options);
  EXPECT_GT(report.raw_lane_rows, 29'000u);  // counted, not hidden
  EXPECT_EQ(world.Cat("/store"), text);
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
}

TEST(Verify, AStoreCutShortInTheMakingIsEmptyAndOneWithoutItsManifestIsBroken) {
  World world;
  ASSERT_TRUE(CreateStoreIfMissing(&world.env, "/store").ok());  // and killed before anything was published
  EXPECT_EQ(world.Problems("/store"), std::vector<std::string>());
  EXPECT_EQ(world.Cat("/store"), "");
  world.Write("/app.log", "a line\n");
  world.Ingest("/app.log", "/store", world.Options(1, true));
  EXPECT_EQ(world.Cat("/store"), "a line\n");
  ASSERT_TRUE(world.files.Remove("/store/MANIFEST").ok());
  EXPECT_FALSE(world.Problems("/store").empty());
}

TEST(Verify, SaysWhatIsBroken) {
  World world;
  world.Write("/app.log", Logs(9, 2000));
  world.Ingest("/app.log", "/store", world.Options(1, true));
  const auto manifest = ReadManifest(&world.env, "/store");
  ASSERT_TRUE(manifest.ok());
  const std::string path = StoreLayout("/store").SegmentPath(manifest->segments[0].file_name);
  std::string bytes = *ReadFile(&world.files, path);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(world.files.Remove(path).ok());
  world.Write(path, bytes);
  EXPECT_FALSE(world.Problems("/store").empty());
  ASSERT_TRUE(world.files.Remove(path).ok());
  EXPECT_FALSE(world.Problems("/store").empty());
}

}  // namespace
}  // namespace whittle
