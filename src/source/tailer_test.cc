#include "source/tailer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "catalog/catalog_test_util.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// Keeps what it is handed, and tells the registry at once, as if it were stored. What happens between the moment a file
// is recognised and its first read happens in Begin.
class FakeSink : public TailSink {
 public:
  explicit FakeSink(SourceRegistry* registry, std::function<void()> at_first_begin = nullptr)
      : registry_(*registry), at_first_begin_(std::move(at_first_begin)) {}

  Status Begin(TailFile* /*file*/, const SourceMatch& match, std::unique_ptr<TailAttachment>* attachment) override {
    auto own = std::make_unique<Attachment>();
    static_cast<SourceIdentity&>(own->state) = match.identity;
    own->state.bytes = match.bytes;
    *attachment = std::move(own);
    if (at_first_begin_ != nullptr) std::exchange(at_first_begin_, nullptr)();
    return Status::Ok();
  }
  Status Dropped(TailFile* /*file*/, TailAttachment* /*attachment*/, uint64_t /*begin*/, uint64_t /*end*/,
                 uint64_t /*lines*/) override {
    return Status::Ok();
  }
  Status Bytes(TailFile* file, TailAttachment* attachment, std::string_view bytes) override {
    text.append(bytes);
    SourceState& state = static_cast<Attachment*>(attachment)->state;
    state.bytes.Add({file->offset() - bytes.size(), file->offset()});
    state.tails.clear();
    state.tails[file->offset()].fingerprint = FingerprintOf(file->overlap(), file->offset());
    registry_.Note(state);
    states[state.id] = state;
    return Status::Ok();
  }
  Status End(TailFile* file, TailAttachment* attachment, const Status& /*damage*/) override {
    SourceState& state = static_cast<Attachment*>(attachment)->state;
    state.file = file->AsSourceFile();
    registry_.Note(state);
    registry_.Release(state.id);
    return Status::Ok();
  }

  SourceRegistry* registry() const { return &registry_; }

  std::string text;
  std::map<std::string, SourceState> states;  // by source id

 private:
  struct Attachment : TailAttachment {
    SourceState state;
  };
  SourceRegistry& registry_;
  std::function<void()> at_first_begin_;
};

// Counts the reads of one file, and lets something happen before one of them.
class ReadHookFileSystem : public MemoryFileSystem {
 public:
  using MemoryFileSystem::MemoryFileSystem;

  void BeforeRead(const std::string& path, int number, std::function<void()> hook) {
    path_ = path;
    left_ = number;
    hook_ = std::move(hook);
  }
  bool happened() const { return hook_ == nullptr; }

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    WHITTLE_ASSIGN_OR_RETURN(auto file, MemoryFileSystem::OpenForRead(path));
    if (path != path_) return file;
    return std::unique_ptr<RandomAccessFile>(new HookedFile(this, std::move(file)));
  }

 private:
  class HookedFile : public RandomAccessFile {
   public:
    HookedFile(ReadHookFileSystem* owner, std::unique_ptr<RandomAccessFile> file)
        : owner_(owner), file_(std::move(file)) {}
    Result<size_t> Read(uint64_t offset, size_t size, char* buffer) const override {
      owner_->Count();
      return file_->Read(offset, size, buffer);
    }
    Result<FileInfo> Info() const override { return file_->Info(); }
    Result<std::string_view> Map() override { return file_->Map(); }

   private:
    ReadHookFileSystem* const owner_;
    const std::unique_ptr<RandomAccessFile> file_;
  };
  void Count() {
    if (hook_ != nullptr && left_-- == 0) std::exchange(hook_, nullptr)();
  }

  std::string path_;
  int left_ = 0;
  std::function<void()> hook_;
};

std::string Lines(const std::string& word, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += word + " " + std::to_string(i) + " of a log that goes on\n";
  return text;
}

struct TailerWorld {
  ManualClock clock{1'700'000'000'000'000'000};
  SeededEntropy entropy{1};
  FixedHost host{"host"};
  ReadHookFileSystem files{&clock};
  Env env{&files, &clock, &entropy, &host};
  SourceRegistry registry{&env};

  // Keeps the inode, as a writer who truncates does.
  void Put(const std::string& path, const std::string& text) {
    auto file = files.OpenForWrite(path, WriteMode::kTruncate);
    ASSERT_TRUE(file.ok()) << file.status().message();
    ASSERT_TRUE((*file)->Append(text).ok());
  }
  // Follows /log/app.log from a start on, for less time than a copy waits for an original that goes on and on.
  void Follow(FakeSink* sink) {
    Tailer tailer(&env, {.include = {"/log/app.log"}}, [](const std::string& path, const Status& status) {
      EXPECT_TRUE(status.ok()) << path << ": " << status.message();
    });
    tailer.Attach(sink->registry());
    for (int second = 0; second < 25; ++second) {
      ASSERT_TRUE(tailer.Scan().ok());
      tailer.NoteAll();
      const auto read = tailer.ReadSome(uint64_t{1} << 30, sink);
      ASSERT_TRUE(read.ok()) << read.status().message();
      clock.Advance(kSecondNs);
    }
  }
};

TEST(TailerTest, TruncatedAndWrittenOnAfterItWasRecognisedAndBeforeItWasRead) {
  for (const bool keeps_position : {false, true}) {
    TailerWorld world;
    ASSERT_TRUE(world.files.MakeDirectory("/log").ok());
    const std::string before = Lines("before", 300), after = Lines("after", 900);
    ASSERT_GT(before.size(), 2 * kFingerprintBytes);
    world.Put("/log/app.log", before);
    FakeSink sink(&world.registry, [&] {
      world.Put("/log/app.log.1", before);
      world.Put("/log/app.log", (keeps_position ? std::string(before.size(), '\0') : "") + after);
    });
    world.Follow(&sink);
    EXPECT_NE(sink.text.find(before), std::string::npos) << "the copy holds what was truncated";
    EXPECT_NE(sink.text.find(after), std::string::npos);
    EXPECT_EQ(sink.text.size() - static_cast<size_t>(std::count(sink.text.begin(), sink.text.end(), '\0')),
              before.size() + after.size())
        << "each once";
  }
}

// The same before each of the reads with which a log of which something is stored, much or little, goes on after a
// start.
TEST(TailerTest, TruncatedAndWrittenOnBeforeAnyOfItsReads) {
  int windows = 0;
  for (const int stored_lines : {3, 300}) {
    for (int number = 0; number < 12; ++number) {
      SCOPED_TRACE(std::to_string(stored_lines) + " lines stored, read " + std::to_string(number));
      TailerWorld world;
      ASSERT_TRUE(world.files.MakeDirectory("/log").ok());
      const std::string stored = Lines("stored", stored_lines), more = Lines("more", 300), after = Lines("after", 900);
      FakeSink first(&world.registry);
      world.Put("/log/app.log", stored);
      world.Follow(&first);
      ASSERT_EQ(first.text, stored);
      SourceRegistry restarted(&world.env);
      for (const auto& [id, state] : first.states) restarted.Note(state);

      const std::string before = stored + more;
      world.Put("/log/app.log", before);
      world.files.BeforeRead("/log/app.log", number, [&] {
        world.Put("/log/app.log.1", before);
        world.Put("/log/app.log", after);
      });
      FakeSink sink(&restarted);
      world.Follow(&sink);
      if (!world.files.happened()) continue;  // there are not that many
      ++windows;
      EXPECT_NE(sink.text.find(more), std::string::npos) << "the copy holds what was truncated";
      EXPECT_NE(sink.text.find(after), std::string::npos);
      EXPECT_EQ(sink.text.size(), more.size() + after.size()) << "each once";
    }
  }
  EXPECT_GE(windows, 6);
}

}  // namespace
}  // namespace whittle
