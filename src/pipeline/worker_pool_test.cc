#include "pipeline/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace whittle {
namespace {

TEST(WorkerPool, RunsEveryTaskBeforeItGoes) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(3);
    for (int i = 0; i < 1000; ++i) pool.Submit([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

TEST(WorkerPool, ParallelForVisitsEachIndexOnce) {
  WorkerPool pool(2);
  std::vector<std::atomic<int>> visits(5000);
  pool.ParallelFor(visits.size(), [&](size_t i) { ++visits[i]; });
  for (const auto& count : visits) EXPECT_EQ(count, 1);
  pool.ParallelFor(0, [](size_t) { FAIL(); });
}

TEST(WorkerPool, ParallelForInsideATaskDoesNotDeadlock) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(1);
    for (int i = 0; i < 20; ++i) {
      pool.Submit([&] { pool.ParallelFor(50, [&](size_t) { ++ran; }); });
    }
  }
  EXPECT_EQ(ran, 1000);
}

TEST(WorkerPool, WithoutThreadsTheCallerDoesAll) {
  WorkerPool pool(0);
  int ran = 0;
  pool.ParallelFor(10, [&](size_t) { ++ran; });
  EXPECT_EQ(ran, 10);
}

}  // namespace
}  // namespace whittle
