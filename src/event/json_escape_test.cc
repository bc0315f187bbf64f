#include "event/json_escape.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(JsonEscape, OnlyWhatTheTextBehindCompletesIsOpen) {
  for (const char* open : {"\\", "a\\", "\\u", "a\\u00", "\\u00e", "\\\\\\"}) {
    EXPECT_TRUE(EndsWithinEscape(open)) << open;
  }
  for (const char* closed : {"", "a", "\\n", "\\\\", "\\u00e9", "\\\\u00", "u00"}) {
    EXPECT_FALSE(EndsWithinEscape(closed)) << closed;
  }
}

}  // namespace
}  // namespace whittle
