#include "catalog/source_registry.h"

#include <gtest/gtest.h>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// Files by content and inode, read the way a pipeline would: look up, "store" what is new, tell the registry.
class SourceRegistryTest : public testing::Test {
 protected:
  static std::string Text(uint64_t lines, const std::string& word = "line") {
    std::string text;
    for (uint64_t i = 0; i < lines; ++i) text += word + " " + std::to_string(i) + " of a log that goes on\n";
    return text;
  }

  Result<SourceMatch> Lookup(const std::string& path, uint64_t inode, const std::string& content,
                             bool compressed = false) {
    SourceProbe probe;
    probe.path = path;
    probe.file = {1, inode, compressed ? content.size() / 7 : content.size(), ++modified_};
    probe.head = std::string_view(content).substr(0, kFingerprintBytes);
    if (!compressed) probe.content_size = content.size();
    probe.read = [&](uint64_t offset, size_t size) -> Result<std::string> {
      return offset >= content.size() ? std::string() : content.substr(offset, size);
    };
    probe.waited_ns = waited_ns_;
    probe.quiet_ns = quiet_ns_;
    probe.is_pending = [this](const std::string& /*id*/, uint64_t /*end*/) { return is_pending_; };
    return registry_.Lookup(probe);
  }

  // Looks up and reads to the end; returns the source id.
  std::string Ingest(const std::string& path, uint64_t inode, const std::string& content, SourceVerdict expected,
                     bool compressed = false) {
    const Result<SourceMatch> match = Lookup(path, inode, content, compressed);
    EXPECT_TRUE(match.ok());
    EXPECT_EQ(match->verdict, expected) << path;
    if (match->verdict == SourceVerdict::kWait) return match->identity.id;
    SourceState state;
    static_cast<SourceIdentity&>(state) = match->identity;
    state.bytes = match->bytes;
    state.bytes.Add({match->frontier(), content.size()});
    if (!content.empty()) state.tails[content.size()].fingerprint = FingerprintOf(content, content.size());
    state.finished = true;
    registry_.Note(state);
    registry_.Release(state.id);
    return state.id;
  }

  FakeWorld world_;
  SourceRegistry registry_{&world_.env};
  int64_t modified_ = 0, waited_ns_ = 0, quiet_ns_ = 0;
  bool is_pending_ = false;
};

TEST_F(SourceRegistryTest, UnchangedGrownRotatedAndCompressedAreOneSource) {
  const std::string text = Text(300);
  ASSERT_GT(text.size(), 2 * kFingerprintBytes);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(Ingest("/log/app.log", 10, text, SourceVerdict::kUnchanged), id);
  const std::string grown = text + Text(50, "more");
  EXPECT_EQ(Ingest("/log/app.log", 10, grown, SourceVerdict::kContinue), id);
  EXPECT_EQ(Ingest("/log/app.log.1", 10, grown, SourceVerdict::kUnchanged), id) << "renamed";
  EXPECT_EQ(Ingest("/log/app.log.2.gz", 11, grown, SourceVerdict::kUnchanged, true), id) << "compressed";
  EXPECT_EQ(Ingest("/elsewhere/app.log-20240101.xz", 12, grown, SourceVerdict::kUnchanged, true), id) << "moved";
  EXPECT_EQ(Ingest("/log/app.log.2.gz", 13, grown + "x\n", SourceVerdict::kContinue, true), id) << "and grown";
}

TEST_F(SourceRegistryTest, ContinuesAtTheFrontier) {
  const std::string text = Text(300);
  Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  const auto match = Lookup("/log/app.log", 10, text + "new\n");
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->frontier(), text.size());
  EXPECT_FALSE(match->identity.finished);
}

TEST_F(SourceRegistryTest, FilesThatGrewBeyondTheHeadAreRecognised) {
  const std::string small = Text(3);
  const std::string id = Ingest("/log/app.log", 10, small, SourceVerdict::kNew);
  const std::string grown = small + Text(500, "more");
  EXPECT_EQ(Ingest("/log/app.log", 10, grown, SourceVerdict::kContinue), id);
  EXPECT_EQ(Ingest("/log/app.log.1.gz", 99, grown, SourceVerdict::kUnchanged, true), id) << "the head has grown along";
}

TEST_F(SourceRegistryTest, EqualHeadsAreTwoSources) {
  const std::string banner = Text(200, "banner");
  ASSERT_GT(banner.size(), kFingerprintBytes);
  const std::string one = Ingest("/log/app.log", 10, banner + Text(100, "one"), SourceVerdict::kNew);
  const std::string two = Ingest("/log/app.log.1", 11, banner + Text(100, "two"), SourceVerdict::kNew);
  EXPECT_NE(one, two);
  EXPECT_EQ(Ingest("/log/app.log.2.gz", 12, banner + Text(100, "one"), SourceVerdict::kUnchanged, true), one);
  EXPECT_EQ(Ingest("/log/app.log.3.gz", 13, banner + Text(100, "two"), SourceVerdict::kUnchanged, true), two);
  Ingest("/log/app.log", 14, banner, SourceVerdict::kNew);  // shorter than both: cannot be told apart from a third
}

TEST_F(SourceRegistryTest, OtherStreamsAndHostsAreOtherSources) {
  const std::string text = Text(300);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  EXPECT_NE(Ingest("/log/other.log", 11, text, SourceVerdict::kNew), id);
  SourceProbe probe;
  probe.host = "elsewhere";
  probe.path = "/log/app.log";
  probe.file = {1, 12, text.size(), 1};
  probe.head = std::string_view(text).substr(0, kFingerprintBytes);
  probe.content_size = text.size();
  probe.read = [&](uint64_t offset, size_t size) -> Result<std::string> { return text.substr(offset, size); };
  EXPECT_EQ(registry_.Lookup(probe)->verdict, SourceVerdict::kNew);
}

TEST_F(SourceRegistryTest, RenamedBeyondRecognitionButSameInode) {
  const std::string text = Text(300);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  EXPECT_EQ(Ingest("/log/incident-42.txt", 10, text, SourceVerdict::kUnchanged), id);
}

TEST_F(SourceRegistryTest, ReusedInodeWithOtherContentIsNew) {
  const std::string id = Ingest("/log/app.log", 10, Text(300), SourceVerdict::kNew);
  EXPECT_NE(Ingest("/log/app.log", 10, Text(300, "fresh"), SourceVerdict::kNew), id);
}

// Many logs begin with the same lines. Of one that was deleted at once only those were seen, nothing was stored, and
// its inode is in use again: by the compressed copy of a log in another directory, whose original is gone.
TEST_F(SourceRegistryTest, ReusedInodeOfALogOfWhichOnlyTheBeginningWasSeen) {
  const std::string banner = Text(2, "starting up"), rest = Text(40, "rest"), text = banner + rest;
  ASSERT_LT(text.size(), kFingerprintBytes);
  ASSERT_TRUE(world_.memory.MakeDirectory("/log").ok());
  const std::string id = Ingest("/log/app.log.1", 11, text, SourceVerdict::kNew);
  uint64_t inode = 20;
  for (const char* const deleted : {"/other/app.log", "/log/app.log"}) {
    const auto begun = Lookup(deleted, ++inode, banner);
    ASSERT_EQ(begun->verdict, SourceVerdict::kNew) << deleted;
    SourceState state;
    static_cast<SourceIdentity&>(state) = begun->identity;
    registry_.Note(state);
    registry_.Release(state.id);
    EXPECT_EQ(Ingest("/log/app.log.1.gz", inode, text, SourceVerdict::kUnchanged, true), id) << deleted;
    EXPECT_NE(Ingest("/third/app.log", inode, banner + Text(9, "more"), SourceVerdict::kNew), state.id) << deleted;
  }
}

TEST_F(SourceRegistryTest, TruncatedAndRewrittenIsNew) {
  const std::string text = Text(300);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  EXPECT_NE(Ingest("/log/app.log", 10, text.substr(0, 5000), SourceVerdict::kNew), id);
}

// A short file may equal another one by chance: a start-up banner. Then what stands in the directory decides.
TEST_F(SourceRegistryTest, ShortEqualFiles) {
  FileSystem& fs = world_.memory;
  ASSERT_TRUE(fs.MakeDirectory("/log").ok());
  const auto put = [&](const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(&fs, "/log/" + name, bytes).ok());
    return fs.Stat("/log/" + name)->inode;
  };
  const uint64_t first = put("app.log", "started\n");
  const std::string one = Ingest("/log/app.log", first, "started\n", SourceVerdict::kNew);
  // Rotated, and a new file began with the same banner.
  ASSERT_TRUE(fs.Rename("/log/app.log", "/log/app.log.1").ok());
  const uint64_t second = put("app.log", "started\n");
  const std::string two = Ingest("/log/app.log", second, "started\n", SourceVerdict::kNew);
  EXPECT_NE(one, two);
  EXPECT_EQ(Ingest("/log/app.log.1", first, "started\n", SourceVerdict::kUnchanged), one);
  // Compressed in place: the old inode is gone.
  ASSERT_TRUE(fs.Remove("/log/app.log.1").ok());
  const uint64_t third = put("app.log.1.gz", "gzip");
  EXPECT_EQ(Ingest("/log/app.log.1.gz", third, "started\n", SourceVerdict::kUnchanged, true), one);
  // Replaced by a longer version of itself (editors, rsync).
  const uint64_t fourth = put("app.log", "started\nand more\n");
  EXPECT_EQ(Ingest("/log/app.log", fourth, "started\nand more\n", SourceVerdict::kContinue), two);
  // Somewhere else: another program's banner.
  EXPECT_EQ(Lookup("/pod/app.log", 77, "started\n")->verdict, SourceVerdict::kNew);
}

TEST_F(SourceRegistryTest, EmptyFiles) {
  const std::string one = Ingest("/log/a.log", 10, "", SourceVerdict::kNew);
  EXPECT_NE(Ingest("/log/b.log", 11, "", SourceVerdict::kNew), one);
  EXPECT_EQ(Ingest("/log/a.log", 10, "", SourceVerdict::kUnchanged), one);
  EXPECT_EQ(Ingest("/log/a.log", 10, "first line\n", SourceVerdict::kContinue), one);
}

TEST_F(SourceRegistryTest, FastAnswerForWhatDidNotChange) {
  const std::string text = Text(300);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  const SourceFile file{1, 10, text.size(), modified_};
  const auto match = registry_.FindUnchanged(file);
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->identity.id, id);
  SourceFile touched = file;
  touched.modified_ns += 1;
  EXPECT_FALSE(registry_.FindUnchanged(touched).has_value());
}

TEST_F(SourceRegistryTest, ACopyWaitsForItsOriginal) {
  const std::string text = Text(300);
  const auto reading = Lookup("/log/app.log", 10, text);
  ASSERT_EQ(reading->verdict, SourceVerdict::kNew);
  EXPECT_EQ(Lookup("/log/app.log.1", 11, text)->verdict, SourceVerdict::kWait);
  SourceState state;
  static_cast<SourceIdentity&>(state) = reading->identity;
  state.bytes.Add({0, text.size()});
  state.tails[text.size()].fingerprint = FingerprintOf(text, text.size());
  registry_.Note(state);
  registry_.Release(state.id);
  EXPECT_EQ(Lookup("/log/app.log.1", 11, text)->verdict, SourceVerdict::kUnchanged);
}

// A copy that grows is waited for while its original is read; one that does not is another log with the same beginning,
// and waits for nobody who may be read for months.
TEST_F(SourceRegistryTest, AShorterFileDoesNotWaitForEver) {
  const std::string text = Text(300);
  const auto reading = Lookup("/log/app.log", 10, text);
  ASSERT_EQ(reading->verdict, SourceVerdict::kNew);
  SourceState state;
  static_cast<SourceIdentity&>(state) = reading->identity;
  state.bytes.Add({0, text.size()});
  state.tails[text.size()].fingerprint = FingerprintOf(text, text.size());
  registry_.Note(state);
  waited_ns_ = 3600 * kSecondNs;
  quiet_ns_ = kSecondNs;
  const std::string part = text.substr(0, text.size() - 100);
  EXPECT_EQ(Lookup("/log/app.log.1", 11, part)->verdict, SourceVerdict::kWait);
  quiet_ns_ = 60 * kSecondNs;
  EXPECT_EQ(Lookup("/log/app.log.1", 11, part)->verdict, SourceVerdict::kNew);
}

// On a busy machine what was read can wait for long to be stored: the compressed copy, which has all of it, waits too.
TEST_F(SourceRegistryTest, ACopyWaitsForWhatIsReadAndNotYetStored) {
  const std::string text = Text(20);
  ASSERT_LT(text.size(), kFingerprintBytes);
  ASSERT_TRUE(world_.memory.MakeDirectory("/log").ok());
  ASSERT_EQ(Lookup("/log/app.log.1", 10, text)->verdict, SourceVerdict::kNew);
  waited_ns_ = 3600 * kSecondNs;
  is_pending_ = true;
  EXPECT_EQ(Lookup("/log/app.log.1.gz", 11, text, true)->verdict, SourceVerdict::kWait);
  is_pending_ = false;
  EXPECT_EQ(Lookup("/log/app.log.1.gz", 11, text, true)->verdict, SourceVerdict::kNew);
}

TEST_F(SourceRegistryTest, GapsAreRead) {
  const std::string text = Text(600);
  const auto match = Lookup("/log/app.log", 10, text);
  SourceState state;
  static_cast<SourceIdentity&>(state) = match->identity;
  state.bytes = {{0, 5000}, {9000, 12000}};
  for (const uint64_t end : {uint64_t{5000}, uint64_t{12000}}) {
    state.tails[end].fingerprint = FingerprintOf(std::string_view(text).substr(0, end), end);
  }
  registry_.Note(state);
  registry_.Release(state.id);
  const auto again = Lookup("/log/app.log", 10, text.substr(0, 12000));
  EXPECT_EQ(again->verdict, SourceVerdict::kContinue) << "nothing behind the last byte, but a gap before it";
  EXPECT_EQ(again->bytes.Gaps(12000), (std::vector<Interval>{{5000, 9000}}));
}

TEST_F(SourceRegistryTest, Streams) {
  const auto one = registry_.NewStream("", ""), two = registry_.NewStream("", "");
  EXPECT_NE(one->identity.id, two->identity.id);
  EXPECT_EQ(one->identity.kind, SourceKind::kStream);
  EXPECT_EQ(one->identity.name(), "stdin");
  SourceRegistry again(&world_.env);
  const std::string named = registry_.NewStream("", "nginx")->identity.id;
  EXPECT_EQ(again.NewStream("", "nginx")->identity.id, named) << "the same in every store";
  EXPECT_NE(registry_.NewStream("", "nginx")->identity.id, named) << "but every run is a source";
  EXPECT_EQ(SourceRegistry::KafkaId("c", "t", 1), SourceRegistry::KafkaId("c", "t", 1));
  EXPECT_NE(SourceRegistry::KafkaId("c", "t", 1), SourceRegistry::KafkaId("c", "t1", 0));
}

TEST_F(SourceRegistryTest, IdsAgreeAcrossStores) {
  SourceRegistry other(&world_.env);
  const std::string text = Text(300);
  const std::string id = Ingest("/log/app.log", 10, text, SourceVerdict::kNew);
  SourceProbe probe;
  probe.path = "/archive/app.log.3.gz";
  probe.file = {2, 999, 1234, 5};
  probe.head = std::string_view(text).substr(0, kFingerprintBytes);
  probe.read = [&](uint64_t offset, size_t size) -> Result<std::string> { return text.substr(offset, size); };
  EXPECT_EQ(other.Lookup(probe)->identity.id, id);
}

// Found, then truncated and written anew before it was read: what is stored is not what the head says. A copy of the
// old content has yet to be read.
TEST_F(SourceRegistryTest, ReplacedBetweenLookAndRead) {
  const std::string old_text = Text(5);
  const std::string new_text = "another line, shorter than the old text\n";
  FileSystem& fs = world_.memory;
  ASSERT_TRUE(fs.MakeDirectory("/log").ok());
  ASSERT_TRUE(WriteFileAtomically(&fs, "/log/app.log", new_text).ok());
  const auto match = Lookup("/log/app.log", fs.Stat("/log/app.log")->inode, old_text);
  ASSERT_TRUE(match.ok());
  SourceState state;
  static_cast<SourceIdentity&>(state) = match->identity;
  state.bytes.Add({0, new_text.size()});
  state.tails[new_text.size()].fingerprint = FingerprintOf(new_text, new_text.size());
  registry_.Note(state);
  registry_.Release(state.id);
  const auto copy = Lookup("/log/app.log.1", 77, old_text);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->verdict, SourceVerdict::kNew);
  EXPECT_NE(copy->identity.id, state.id);
}

// What coins are made of must not depend on how much of a file was there when it was first seen.
TEST_F(SourceRegistryTest, AFileSeenEarlyHasTheIdOfTheWholeFile) {
  const std::string text =
      "#Software: something\n2024-05-01T10:00:00Z a first line that is long enough to be told apart\n" + Text(300);
  const std::string id = Ingest("/log/app.log", 10, text.substr(0, text.find('\n', 30) + 1), SourceVerdict::kNew);
  SourceRegistry other(&world_.env);
  SourceProbe probe;
  probe.path = "/archive/app.log";
  probe.file = {2, 999, 1234, 5};
  probe.head = std::string_view(text).substr(0, kFingerprintBytes);
  probe.read = [&](uint64_t offset, size_t size) -> Result<std::string> { return text.substr(offset, size); };
  EXPECT_EQ(other.Lookup(probe)->identity.id, id);
}

TEST(DatedBeginningTest, EndsWithTheFirstLineThatTellsFilesApart) {
  const std::string dated = "2024-05-01T10:00:00Z a line that is certainly longer than 64 bytes, see?\n";
  EXPECT_EQ(DatedBeginning(dated + dated), dated);
  const std::string banner = "a banner without any number that is longer than the 64 bytes it needs to be\n";
  EXPECT_EQ(DatedBeginning(banner + dated + dated), banner + dated);
  EXPECT_EQ(DatedBeginning("10:00:00 short\n10:00:01 short\n"), "10:00:00 short\n10:00:01 short\n");
  EXPECT_EQ(DatedBeginning(dated.substr(0, 70)), dated.substr(0, 70)) << "not a whole line yet";
  EXPECT_EQ(DatedBeginning(std::string(5000, '1')).size(), kFingerprintBytes);
  EXPECT_EQ(DatedBeginning(""), "");
}

}  // namespace
}  // namespace whittle
