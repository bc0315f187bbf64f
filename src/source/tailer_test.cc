#include "source/tailer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// Keeps what it is handed, and tells the registry at once, as if it were stored. What happens between the moment a file
// is recognised and its first read happens in Begin.
class FakeSink : public TailSink {
 public:
  FakeSink(SourceRegistry* registry, std::function<void()> at_first_begin)
      : registry_(*registry), at_first_begin_(std::move(at_first_begin)) {}

  Status Begin(TailFile* file, const SourceMatch& match, std::unique_ptr<TailAttachment>* attachment) override {
    auto own = std::make_unique<Attachment>();
    static_cast<SourceIdentity&>(own->state) = match.identity;
    own->state.bytes = match.bytes;
    *attachment = std::move(own);
    begun.push_back(file->input().path);
    if (begun.size() == 1) at_first_begin_();
    return Status::Ok();
  }
  Status Dropped(TailFile* /*file*/, TailAttachment* /*attachment*/, uint64_t begin, uint64_t end,
                 uint64_t /*lines*/) override {
    dropped += end - begin;
    return Status::Ok();
  }
  Status Bytes(TailFile* file, TailAttachment* attachment, std::string_view bytes) override {
    text.append(bytes);
    SourceState& state = static_cast<Attachment*>(attachment)->state;
    state.bytes.Add({file->offset() - bytes.size(), file->offset()});
    state.tails.clear();
    state.tails[file->offset()].fingerprint = FingerprintOf(file->overlap(), file->offset());
    registry_.Note(state);
    return Status::Ok();
  }
  Status End(TailFile* file, TailAttachment* attachment, const Status& /*damage*/) override {
    SourceState& state = static_cast<Attachment*>(attachment)->state;
    state.file = file->AsSourceFile();
    registry_.Note(state);
    registry_.Release(state.id);
    return Status::Ok();
  }

  std::vector<std::string> begun;
  std::string text;
  uint64_t dropped = 0;

 private:
  struct Attachment : TailAttachment {
    SourceState state;
  };
  SourceRegistry& registry_;
  const std::function<void()> at_first_begin_;
};

class TailerTest : public testing::Test {
 protected:
  static std::string Lines(const std::string& word, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += word + " " + std::to_string(i) + " of a log that goes on\n";
    return text;
  }
  // Keeps the inode, as a writer who truncates does.
  void Put(const std::string& path, const std::string& text) {
    auto file = world_.memory.OpenForWrite(path, WriteMode::kTruncate);
    ASSERT_TRUE(file.ok()) << file.status().message();
    ASSERT_TRUE((*file)->Append(text).ok());
  }
  void Follow(FakeSink* sink) {
    Tailer tailer(&world_.env, {.include = {"/log/app.log"}}, [](const std::string& path, const Status& status) {
      EXPECT_TRUE(status.ok()) << path << ": " << status.message();
    });
    tailer.Attach(&registry_);
    // Less than a copy waits for an original that goes on and on.
    for (int second = 0; second < 25; ++second) {
      ASSERT_TRUE(tailer.Scan().ok());
      tailer.NoteAll();
      const auto read = tailer.ReadSome(uint64_t{1} << 30, sink);
      ASSERT_TRUE(read.ok()) << read.status().message();
      world_.clock.Advance(kSecondNs);
    }
  }

  FakeWorld world_;
  SourceRegistry registry_{&world_.env};
};

TEST_F(TailerTest, TruncatedAndWrittenOnAfterItWasRecognisedAndBeforeItWasRead) {
  ASSERT_TRUE(world_.memory.MakeDirectory("/log").ok());
  for (const bool keeps_position : {false, true}) {
    static_cast<void>(world_.memory.Remove("/log/app.log.1"));
    const std::string before = Lines(keeps_position ? "first" : "second", 300), after = Lines("after", 900);
    ASSERT_GT(before.size(), 2 * kFingerprintBytes);
    Put("/log/app.log", before);
    FakeSink sink(&registry_, [&] {
      Put("/log/app.log.1", before);
      Put("/log/app.log", (keeps_position ? std::string(before.size(), '\0') : "") + after);
    });
    Follow(&sink);
    EXPECT_NE(sink.text.find(before), std::string::npos) << "the copy holds what was truncated";
    EXPECT_NE(sink.text.find(after), std::string::npos);
    EXPECT_EQ(sink.text.size() - static_cast<size_t>(std::count(sink.text.begin(), sink.text.end(), '\0')),
              before.size() + after.size())
        << "each once";
  }
}

}  // namespace
}  // namespace whittle
