// WorkerPool: a fixed number of threads that run tasks in the order they were submitted. Bounded by its users: the
// pipeline never has more tasks under way than it has room for batches.
//
// Submit and ParallelFor may be called from any thread, ParallelFor from inside a task too: the calling thread works
// along, so it never waits for a free thread. The destructor runs what was submitted, then joins.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace whittle {

class WorkerPool {
 public:
  explicit WorkerPool(size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Submit(std::function<void()> task);

  // Runs body(0) .. body(count - 1), some of them on other threads, and returns when all are done.
  void ParallelFor(size_t count, const std::function<void(size_t)>& body);

  size_t threads() const { return threads_.size(); }

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace whittle
