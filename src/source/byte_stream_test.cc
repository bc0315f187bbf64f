#include "source/byte_stream.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "env/memory_file_system.h"

namespace whittle {
namespace {

std::string ReadAll(ByteStream* stream, size_t capacity) {
  std::string text;
  std::vector<char> buffer(capacity);
  while (true) {
    auto size = stream->Read(buffer.data(), buffer.size());
    EXPECT_TRUE(size.ok()) << size.status().message();
    if (!size.ok() || *size == 0) return text;
    text.append(buffer.data(), *size);
  }
}

TEST(ByteStreamTest, AFileIsReadToItsEndAndReportsProgress) {
  MemoryFileSystem files;
  const std::string text = "one\ntwo\nthree";
  ASSERT_TRUE(WriteFileAtomically(&files, "/a.log", text).ok());
  auto stream = OpenFileStream(&files, "/a.log");
  ASSERT_TRUE(stream.ok()) << stream.status().message();
  char buffer[4];
  ASSERT_EQ(*(*stream)->Read(buffer, sizeof(buffer)), 4u);
  EXPECT_EQ((*stream)->progress().stored_bytes, 4u);
  EXPECT_EQ((*stream)->progress().stored_total, text.size());
  EXPECT_EQ(ReadAll(stream->get(), 3), text.substr(4));
}

TEST(ByteStreamTest, AFileSkipsToAFrontierButNotBeyondItsEnd) {
  MemoryFileSystem files;
  ASSERT_TRUE(WriteFileAtomically(&files, "/a.log", "0123456789").ok());
  auto stream = OpenFileStream(&files, "/a.log");
  ASSERT_TRUE(stream.ok());
  ASSERT_TRUE((*stream)->Skip(7).ok());
  EXPECT_EQ(ReadAll(stream->get(), 100), "789");
  auto again = OpenFileStream(&files, "/a.log");
  ASSERT_TRUE(again.ok());
  const Status status = (*again)->Skip(11);
  EXPECT_EQ(status.code(), StatusCode::kData);
  EXPECT_EQ(status.message(), "/a.log: ends after 10 bytes, but 11 were read of it before: it was cut or replaced");
  EXPECT_TRUE((*again)->Skip(10).ok());
}

TEST(ByteStreamTest, AnAbsentFileIsNotFound) {
  MemoryFileSystem files;
  EXPECT_EQ(OpenFileStream(&files, "/none").status().code(), StatusCode::kNotFound);
}

// Gives one prepared piece per call, as a live pipe does.
class Pieces final : public SequentialFile {
 public:
  explicit Pieces(std::deque<std::string> pieces) : pieces_(std::move(pieces)) {}
  Result<size_t> Read(size_t size, char* buffer) override {
    EXPECT_FALSE(ended_) << "read again after the end";
    if (pieces_.empty()) {
      ended_ = true;
      return size_t{0};
    }
    const size_t given = pieces_.front().copy(buffer, size);
    pieces_.pop_front();
    return given;
  }
  Result<bool> WaitReadable(int) override { return !pieces_.empty(); }

 private:
  std::deque<std::string> pieces_;
  bool ended_ = false;
};

TEST(ByteStreamTest, APipeGivesWhatIsThereAndStaysAtItsEnd) {
  auto stream = NewPipeStream(std::make_unique<Pieces>(std::deque<std::string>{"first line\n", "sec"}));
  char buffer[100];
  EXPECT_TRUE(*stream->WaitReadable(0));
  EXPECT_EQ(*stream->Read(buffer, sizeof(buffer)), 11u);
  EXPECT_EQ(*stream->Read(buffer, sizeof(buffer)), 3u);
  EXPECT_FALSE(*stream->WaitReadable(0));
  EXPECT_EQ(stream->progress().stored_bytes, 14u);
  EXPECT_FALSE(stream->progress().stored_total.has_value());
  EXPECT_EQ(*stream->Read(buffer, sizeof(buffer)), 0u);
  EXPECT_EQ(*stream->Read(buffer, sizeof(buffer)), 0u);
  EXPECT_TRUE(*stream->WaitReadable(0));
}

TEST(ByteStreamTest, StreamsThatCannotSeekReadAndForget) {
  auto stream = NewStringStream("0123456789", 3);
  ASSERT_TRUE(stream->Skip(4).ok());
  EXPECT_EQ(ReadAll(stream.get(), 100), "456789");
  EXPECT_EQ(stream->Skip(1).code(), StatusCode::kData);
  EXPECT_TRUE(stream->Skip(0).ok());
}

}  // namespace
}  // namespace whittle
