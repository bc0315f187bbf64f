// WorkerPool: a fixed number of threads that run tasks in the order they were submitted. Bounded by its users: the
// pipeline never has more tasks under way than it has room for batches.
//
// Submit and ParallelFor may be called from any thread, and from inside a task: the caller of ParallelFor works along,
// so it never waits for a free thread. WaitUntil is for threads that are not in a task. Without threads a task runs
// where it is submitted. The destructor runs what was submitted, then joins.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel_for.h"

namespace whittle {

class WorkerPool {
 public:
  // What a thread does that waits: nothing, or the pool's tasks. With one thread that uses the pool and N - 1 in it,
  // N processors are kept busy without a thread more than that to place on them.
  enum class Waiting { kIdle, kWorks };
  // Long tasks are for the pool's threads alone, so that nobody is kept by one from what it waits for. The share that
  // others take in a ParallelFor is a short one.
  enum class Length { kShort, kLong };

  explicit WorkerPool(size_t threads, Waiting waiting = Waiting::kIdle);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Submit(std::function<void()> task, Length length = Length::kShort);

  // Runs body(0) .. body(count - 1), some of them on other threads, and returns when all are done.
  void ParallelFor(size_t count, const std::function<void(size_t)>& body);
  // That, for code that does not know the pool, which must outlive it.
  whittle::ParallelFor AsParallelFor() {
    return [this](size_t count, const std::function<void(size_t)>& body) { ParallelFor(count, body); };
  }

  // Returns when done() is true, which only a task may make it. It is asked again after each task that ends.
  void WaitUntil(const std::function<bool()>& done);

  size_t threads() const { return threads_.size(); }
  // How many tasks may run at the same time.
  size_t workers() const { return threads_.size() + (waiting_ == Waiting::kWorks || threads_.empty() ? 1 : 0); }

 private:
  struct Task {
    std::function<void()> run;
    Length length = Length::kShort;
  };
  enum class Who { kThread, kWaiter };

  void Work();
  void NoteChange();  // with the lock
  // Takes the oldest task that `who` may run and runs it, without the lock. False when there is none.
  bool RunOne(Who who, std::unique_lock<std::mutex>* lock);

  const Waiting waiting_;
  std::latch running_;  // counts the threads that do not run yet
  std::mutex mutex_;
  std::condition_variable wake_;     // for the pool's threads: there is a task
  std::condition_variable changed_;  // for who waits: a task was submitted or ended
  std::deque<Task> tasks_;
  uint64_t changes_ = 0;
  size_t waiting_threads_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace whittle
