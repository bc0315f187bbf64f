#include "pipeline/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>

namespace whittle {

WorkerPool::WorkerPool(size_t threads) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void WorkerPool::Work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void WorkerPool::ParallelFor(size_t count, const std::function<void(size_t)>& body) {
  // Shared by the helpers: one that starts after the work is done finds nothing left and touches nothing but this.
  struct Job {
    std::function<void(size_t)> body;
    size_t count = 0;
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::condition_variable done_changed;
    size_t done = 0;

    void Run() {
      size_t finished = 0;
      for (size_t i; (i = next.fetch_add(1)) < count; ++finished) body(i);
      const std::lock_guard lock(mutex);
      done += finished;
      if (done == count) done_changed.notify_all();
    }
  };
  if (count == 0) return;
  auto job = std::make_shared<Job>();
  job->body = body;
  job->count = count;
  const size_t helpers = std::min(threads_.size(), count - 1);
  for (size_t i = 0; i < helpers; ++i) Submit([job] { job->Run(); });
  job->Run();
  std::unique_lock lock(job->mutex);
  job->done_changed.wait(lock, [&] { return job->done == job->count; });
}

}  // namespace whittle
