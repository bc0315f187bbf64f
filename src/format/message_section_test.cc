#include "format/message_section.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

MessageTable Sample() {
  MessageTable table{"c1", "logs", 3, {}};
  table.messages.push_back({7, "key", {{"h", "v"}, {"h", std::nullopt}, {"", ""}}, false});
  table.messages.push_back({8, std::nullopt, {}, true});
  table.messages.push_back({4'000'000'000, std::string(), {}, false});
  return table;
}

TEST(MessageSectionTest, ReadsBackWhatWasWritten) {
  const MessageTable table = Sample();
  const auto back = DecodeMessages(EncodeMessages(table));
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->cluster, "c1");
  EXPECT_EQ(back->topic, "logs");
  EXPECT_EQ(back->partition, 3);
  EXPECT_EQ(back->messages, table.messages);
  ASSERT_NE(back->Find(8), nullptr);
  EXPECT_TRUE(back->Find(8)->tombstone);
  EXPECT_EQ(back->Find(9), nullptr);
  EXPECT_EQ(back->Find(INT64_MAX), nullptr);
}

TEST(MessageSectionTest, EveryCutIsDamage) {
  const std::string bytes = EncodeMessages(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMessages(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeMessages(bytes + "x").ok());
}

TEST(MessageSectionTest, EveryFlippedByteIsDamageOrAnotherTable) {
  const std::string bytes = EncodeMessages(Sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {1, 0x80}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ bit);
      const auto back = DecodeMessages(damaged);  // must not crash, nor take memory by a number that lies
      if (back.ok()) {
        EXPECT_LE(back->messages.size(), bytes.size());
      }
    }
  }
}

TEST(MessageSectionTest, ALaterVersionIsRefused) {
  std::string bytes = EncodeMessages(Sample());
  bytes[0] = 2;
  EXPECT_EQ(DecodeMessages(bytes).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace whittle
