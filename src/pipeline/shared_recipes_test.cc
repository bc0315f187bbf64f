#include "pipeline/shared_recipes.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "parse/line_analyzer.h"
#include "pipeline/line_parser.h"
#include "pipeline/test_batches.h"

namespace whittle {
namespace {

std::string Lines(int from, int count) {
  std::string text;
  for (int i = from; i < from + count; ++i) {
    text += "2024-03-01 10:00:00 INFO worker-" + std::to_string(i % 7) + " handled request " + std::to_string(i) + "\n";
    text += "2024-03-01 10:00:00 WARN stage" + std::string(static_cast<size_t>(i % 5), 'x') + " user=u" +
            std::to_string(i * 31) + " took 1" + std::to_string(i) + " ms\n";
  }
  return text;
}

TEST(SharedRecipes, AnotherWorkerNeedNotAnalyseAgain) {
  const LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions options;
  options.analyzer = &analyzer;
  SharedRecipes shared;
  LineParser first(&options, &shared), second(&options, &shared), alone(&options);
  const LineBatch batch = BatchOf(Lines(0, 50));
  const EventBatch expected = alone.Parse(batch);
  ExpectSame(first.Parse(batch), expected);
  ExpectSame(second.Parse(batch), expected);
  EXPECT_GT(first.stats().analysed, 0u);
  EXPECT_EQ(second.stats().analysed, 0u);
  EXPECT_EQ(second.stats().recipe_hits, expected.rows.size());
}

TEST(SharedRecipes, ManyWorkersGetWhatOneGets) {
  const LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions options;
  options.analyzer = &analyzer;
  SharedRecipes shared;
  constexpr int kBatches = 16;
  std::vector<EventBatch> together(kBatches);
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&, w] {
      LineParser parser(&options, &shared);
      for (int i = w; i < kBatches; i += 4) together[static_cast<size_t>(i)] = parser.Parse(BatchOf(Lines(i * 20, 60)));
    });
  }
  for (std::thread& worker : workers) worker.join();
  LineParser alone(&options);
  for (int i = 0; i < kBatches; ++i)
    ExpectSame(together[static_cast<size_t>(i)], alone.Parse(BatchOf(Lines(i * 20, 60))));
}

}  // namespace
}  // namespace whittle
