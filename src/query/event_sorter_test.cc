#include "query/event_sorter.h"

#include <gtest/gtest.h>

#include <random>

#include "env/memory_file_system.h"

namespace whittle {
namespace {

std::string Key(int64_t value) {
  std::string key;
  AppendOrderedInteger(value, &key);
  return key;
}

std::vector<std::string> Drained(EventSorter* sorter, std::optional<std::string> limit = std::nullopt) {
  std::vector<std::string> out;
  std::optional<std::string_view> view;
  if (limit) view = *limit;
  const Status status = sorter->Drain(view, [&](std::string_view text) -> Result<bool> {
    out.emplace_back(text);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

TEST(EventSorter, SortsInMemoryAndThroughFilesAlike) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const size_t max_bytes : {size_t{1} << 30, size_t{4000}, size_t{300}}) {
    EventSorter sorter(DefaultEnv(), max_bytes);
    std::vector<std::pair<int64_t, std::string>> expected;
    std::vector<std::string> got;
    int64_t floor = -1000;
    for (int i = 0; i < 3000; ++i) {
      const int64_t key = floor + static_cast<int64_t>(random() % 500);
      const std::string text = "text " + std::to_string(i);
      expected.emplace_back(key, text);
      ASSERT_TRUE(sorter.Add(Key(key), text).ok());
      if (i % 500 != 499) continue;
      floor += 200;  // nothing below comes any more
      for (std::string& one : Drained(&sorter, Key(floor))) got.push_back(std::move(one));
    }
    for (std::string& one : Drained(&sorter)) got.push_back(std::move(one));
    std::stable_sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], expected[i].second) << i << " with " << max_bytes;
    EXPECT_TRUE(Drained(&sorter).empty());
  }
}

TEST(EventSorter, KeepsTheFirst) {
  for (const size_t max_bytes : {size_t{1} << 20, size_t{2000}}) {
    EventSorter sorter(DefaultEnv(), max_bytes);
    sorter.KeepFirst(3);
    for (int i = 10'000; i > 0; --i) ASSERT_TRUE(sorter.Add(Key(i), std::to_string(i)).ok());
    auto got = Drained(&sorter);
    ASSERT_GE(got.size(), 3u);
    got.resize(3);
    EXPECT_EQ(got, (std::vector<std::string>{"1", "2", "3"}));
  }
}

TEST(EventSorter, KeysSortAsValues) {
  const auto key = [](ValueType type, const std::string& text, bool descending) {
    const Value value = ParseValue(type, text);
    std::string out;
    AppendOrderedValue(&value, descending, &out);
    return out;
  };
  std::string absent;
  AppendOrderedValue(nullptr, true, &absent);
  const std::vector<std::pair<ValueType, std::string>> ordered = {{ValueType::kDouble, "-1e300"},
                                                                  {ValueType::kInt64, "-9223372036854775808"},
                                                                  {ValueType::kInt64, "-1"},
                                                                  {ValueType::kDouble, "-0.5"},
                                                                  {ValueType::kInt64, "0"},
                                                                  {ValueType::kDouble, "0.25"},
                                                                  {ValueType::kInt64, "9007199254740992"},
                                                                  {ValueType::kInt64, "9007199254740993"},
                                                                  {ValueType::kInt64, "9223372036854775807"},
                                                                  {ValueType::kString, ""},
                                                                  {ValueType::kString, std::string("a\0b", 3)},
                                                                  {ValueType::kString, "ab"},
                                                                  {ValueType::kString, "abc"},
                                                                  {ValueType::kString, "b"}};
  for (size_t i = 0; i + 1 < ordered.size(); ++i) {
    const auto& [a_type, a] = ordered[i];
    const auto& [b_type, b] = ordered[i + 1];
    EXPECT_LT(key(a_type, a, false), key(b_type, b, false)) << a << " " << b;
    EXPECT_GT(key(a_type, a, true), key(b_type, b, true)) << a << " " << b;
    EXPECT_LT(key(a_type, a, true), absent);
    EXPECT_LT(key(a_type, a, false), absent);
  }
}

}  // namespace
}  // namespace whittle
