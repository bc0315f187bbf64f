#include "pipeline/shared_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/kafka_segment_name.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

TEST(KafkaSegmentNameTest, CarriesTheFirstOffset) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  const KafkaRange range{"c", "a/b_c", 3, 42, 50};
  const std::string name = KafkaSegmentName(id, range);
  EXPECT_EQ("kafka-01234567-a_b_c-3-00000000000000000042.wseg", name);
  EXPECT_EQ(42, KafkaSegmentOffset(name, KafkaSegmentPrefix(id, range)));
}

TEST(KafkaSegmentNameTest, OtherNamesHaveNoOffset) {
  const std::string prefix = "kafka-01234567-t-3-";
  for (const char* name :
       {"kafka-01234567-t-3-00000000000000000042.tmp", "kafka-01234567-t-30000000000000000042.wseg",
        "kafka-01234567-t-4-00000000000000000042.wseg", "kafka-01234567-t-3-0000000000000000004x.wseg",
        "kafka-01234567-t-3-99999999999999999999.wseg", "kafka-01234567-t-3-.wseg", ""}) {
    EXPECT_EQ(std::nullopt, KafkaSegmentOffset(name, prefix)) << name;
  }
}

}  // namespace
}  // namespace whittle
