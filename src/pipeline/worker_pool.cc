#include "pipeline/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>

namespace whittle {

// A new thread may be put on the processor of the one that makes it, and not run there for milliseconds. So that one
// sleeps until all of them run; then each has a processor.
WorkerPool::WorkerPool(size_t threads, Waiting waiting)
    : waiting_(waiting), running_(static_cast<std::ptrdiff_t>(threads)) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      running_.count_down();
      Work();
    });
  }
  running_.wait();
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Submit(std::function<void()> task, Length length) {
  if (threads_.empty()) return task();
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(task), length});
    NoteChange();
  }
  wake_.notify_one();
}

void WorkerPool::NoteChange() {
  ++changes_;
  if (waiting_threads_ > 0) changed_.notify_all();
}

bool WorkerPool::RunOne(Who who, std::unique_lock<std::mutex>* lock) {
  const auto found = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& task) {
    return who == Who::kThread || task.length == Length::kShort;
  });
  if (found == tasks_.end()) return false;
  std::function<void()> run = std::move(found->run);
  tasks_.erase(found);
  lock->unlock();
  run();
  run = nullptr;  // what it holds is given back without the lock
  lock->lock();
  NoteChange();
  return true;
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (RunOne(Who::kThread, &lock)) continue;
    if (stopping_) return;
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  }
}

void WorkerPool::WaitUntil(const std::function<bool()>& done) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const uint64_t changes = changes_;
    lock.unlock();
    if (done()) return;
    lock.lock();
    if (changes != changes_) continue;
    if (waiting_ == Waiting::kWorks && RunOne(Who::kWaiter, &lock)) continue;
    ++waiting_threads_;
    changed_.wait(lock, [&] { return changes != changes_; });
    --waiting_threads_;
  }
}

void WorkerPool::ParallelFor(size_t count, const std::function<void(size_t)>& body) {
  // Shared by the helpers: one that starts after the work is done finds nothing left and touches nothing but this.
  struct Job {
    std::function<void(size_t)> body;
    size_t count = 0;
    std::atomic<size_t> next{0};
    std::atomic<size_t> done{0};

    void Run() {
      size_t finished = 0;
      for (size_t i; (i = next.fetch_add(1)) < count; ++finished) body(i);
      done += finished;
    }
  };
  if (count == 0) return;
  auto job = std::make_shared<Job>();
  job->body = body;
  job->count = count;
  const size_t helpers = std::min(threads_.size(), count - 1);
  for (size_t i = 0; i < helpers; ++i) Submit([job] { job->Run(); });
  job->Run();
  WaitUntil([&] { return job->done == job->count; });
}

}  // namespace whittle
