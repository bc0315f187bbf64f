#include "env/late_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace whittle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LateLibrary, FindsFunctionsAndKeepsThem) {
  void* functions[2] = {};
  const LateLibrary library{"libm.so.6", "cos\0floor", functions, 2};
  ASSERT_TRUE(LoadLate(library, "the test").ok());
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(functions[0])(0.0), 1.0);
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(functions[1])(2.5), 2.0);
  void* const cosine = functions[0];
  EXPECT_TRUE(LoadLate(library, "the test").ok());
  EXPECT_EQ(functions[0], cosine);
}

TEST(LateLibrary, SaysWhichFileIsMissingAndWhatNeedsIt) {
  void* functions[1] = {};
  const Status status = LoadLate({"libnever.so.7", "f", functions, 1}, "Kafka");
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("libnever.so.7"), HasSubstr("Kafka needs it")));
  EXPECT_EQ(functions[0], nullptr);
}

// An older version than the one the program was built with.
TEST(LateLibrary, HalfALibraryIsNone) {
  void* functions[2] = {};
  const Status status = LoadLate({"libm.so.6", "cos\0no_such_function", functions, 2}, "Kafka");
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("no_such_function"));
  EXPECT_EQ(functions[0], nullptr);
}

TEST(LateLibrary, OneThatIsLinkedNeedsNothing) { EXPECT_TRUE(LoadLate({"", "", nullptr, 0}, "Kafka").ok()); }

}  // namespace
}  // namespace whittle
