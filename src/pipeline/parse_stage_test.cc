#include "pipeline/parse_stage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parse/line_analyzer.h"
#include "pipeline/test_batches.h"

namespace whittle {
namespace {

constexpr int kBatches = 40;

// Batches of different sizes, so that they are not finished in the order in which they began.
LineBatch Batch(int number) {
  std::string text;
  for (int i = 0; i < 1 + number * 7 % 40; ++i) {
    text += "2024-03-01 10:00:00 INFO batch " + std::to_string(number) + " took " + std::to_string(i * 31) + " ms\n";
  }
  LineBatch batch = BatchOf(text);
  batch.sequence = static_cast<uint64_t>(number);
  return batch;
}

class ParseStageTest : public testing::TestWithParam<int> {
 protected:
  ParseStageTest() { options_.analyzer = &analyzer_; }

  // What the stage makes of all batches, in the order of Take.
  std::vector<EventBatch> Parse(ParseStage* stage) {
    std::vector<EventBatch> parsed;
    for (int i = 0; i < kBatches; ++i) {
      while (!stage->has_room()) parsed.push_back(*stage->Take());
      stage->Submit(Batch(i));
      while (auto batch = stage->TryTake()) parsed.push_back(std::move(*batch));
    }
    while (auto batch = stage->Take()) parsed.push_back(std::move(*batch));
    return parsed;
  }

  void ExpectRight(const std::vector<EventBatch>& parsed) {
    ASSERT_EQ(parsed.size(), static_cast<size_t>(kBatches));
    LineParser alone(&options_);
    for (int i = 0; i < kBatches; ++i) {
      EXPECT_EQ(parsed[static_cast<size_t>(i)].sequence, static_cast<uint64_t>(i));
      ExpectSame(parsed[static_cast<size_t>(i)], alone.Parse(Batch(i)));
    }
  }

  const LineAnalyzer analyzer_{AnalyzerOptions()};
  ParsingOptions options_;
};

TEST_P(ParseStageTest, BatchesComeOutInTheOrderTheyWentIn) {
  for (const auto waiting : {WorkerPool::Waiting::kIdle, WorkerPool::Waiting::kWorks}) {
    WorkerPool pool(static_cast<size_t>(GetParam()), waiting);
    ParseStage stage(&pool, &options_);
    ExpectRight(Parse(&stage));
  }
}

TEST_P(ParseStageTest, WhatItForgetsItLearnsAgain) {
  WorkerPool pool(static_cast<size_t>(GetParam()), WorkerPool::Waiting::kWorks);
  ParseStage stage(&pool, &options_);
  ExpectRight(Parse(&stage));
  const LineParserStats before = stage.stats();
  stage.Forget();
  EXPECT_EQ(stage.stats().lines, before.lines);
  ExpectRight(Parse(&stage));
  EXPECT_EQ(stage.stats().lines, 2 * before.lines);
  EXPECT_GT(stage.stats().analysed, before.analysed);
}

INSTANTIATE_TEST_SUITE_P(Threads, ParseStageTest, testing::Values(0, 1, 3));

}  // namespace
}  // namespace whittle
