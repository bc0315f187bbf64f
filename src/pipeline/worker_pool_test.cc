#include "pipeline/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

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
  EXPECT_EQ(pool.workers(), 1);
  int ran = 0;
  pool.ParallelFor(10, [&](size_t) { ++ran; });
  EXPECT_EQ(ran, 10);
  pool.Submit([&] { ++ran; }, WorkerPool::Length::kLong);
  EXPECT_EQ(ran, 11);  // where it was submitted
  pool.WaitUntil([&] { return ran == 11; });
}

// Submits `count` tasks and waits until all of them ran; the threads that ran them.
std::set<std::thread::id> ThreadsOf(WorkerPool* pool, int count, WorkerPool::Length length) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  int ran = 0;
  for (int i = 0; i < count; ++i) {
    pool->Submit(
        [&] {
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
          ++ran;
        },
        length);
  }
  pool->WaitUntil([&] {
    const std::lock_guard lock(mutex);
    return ran == count;
  });
  return threads;
}

TEST(WorkerPool, WhoWaitsIsIdleUnlessToldToWork) {
  WorkerPool pool(2);
  EXPECT_EQ(pool.workers(), 2);
  EXPECT_FALSE(ThreadsOf(&pool, 2000, WorkerPool::Length::kShort).contains(std::this_thread::get_id()));
}

TEST(WorkerPool, WhoWaitsRunsShortTasks) {
  std::promise<void> go_on;
  std::atomic<int> ran{0};
  WorkerPool pool(1, WorkerPool::Waiting::kWorks);
  EXPECT_EQ(pool.workers(), 2);
  // The pool's only thread is kept until the others have run: only the waiting thread can run them.
  std::atomic<bool> kept{false};
  pool.Submit(
      [&] {
        kept = true;
        go_on.get_future().wait();
      },
      WorkerPool::Length::kLong);
  while (!kept) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) pool.Submit([&] { ++ran; });
  pool.WaitUntil([&] { return ran == 100; });
  go_on.set_value();
}

TEST(WorkerPool, LongTasksAreForThePoolsThreads) {
  WorkerPool pool(1, WorkerPool::Waiting::kWorks);
  EXPECT_FALSE(ThreadsOf(&pool, 2000, WorkerPool::Length::kLong).contains(std::this_thread::get_id()));
}

// As an ingest does: one thread hands out short tasks and waits for the oldest, a long one fans out beside them.
TEST(WorkerPool, WaitingInsideAndOutsideOfTasksEnds) {
  for (const size_t threads : {0, 1, 3}) {
    WorkerPool pool(threads, WorkerPool::Waiting::kWorks);
    std::atomic<int> pieces{0};
    std::atomic<int> short_tasks{0};
    std::atomic<bool> closed{false};
    for (int round = 0; round < 30; ++round) {
      closed = false;
      pool.Submit(
          [&] {
            for (int i = 0; i < 5; ++i) pool.ParallelFor(20, [&](size_t) { ++pieces; });
            closed = true;
          },
          WorkerPool::Length::kLong);
      for (int i = 1; i <= 10; ++i) {
        std::atomic<bool> done{false};
        pool.Submit([&] {
          ++short_tasks;
          done = true;
        });
        pool.WaitUntil([&] { return done.load(); });
      }
      pool.WaitUntil([&] { return closed.load(); });
    }
    EXPECT_EQ(pieces, 30 * 5 * 20);
    EXPECT_EQ(short_tasks, 300);
  }
}

}  // namespace
}  // namespace whittle
