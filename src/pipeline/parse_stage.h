// ParseStage: many threads parse, the results come out in the order the lines went in.
//
// Submit and Take are for one thread (the one that reads); parsing is the pool's. Bounded by its user, who
// submits no more than `room` batches ahead of Take.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "event/batch.h"
#include "pipeline/line_parser.h"
#include "pipeline/worker_pool.h"

namespace whittle {

class ParseStage {
 public:
  // `pool` and `options` must outlive the stage.
  ParseStage(WorkerPool* pool, const ParsingOptions* options);
  ~ParseStage();  // waits for what is under way
  ParseStage(const ParseStage&) = delete;
  ParseStage& operator=(const ParseStage&) = delete;

  void Submit(LineBatch lines);
  size_t in_flight() const { return in_flight_.size(); }
  bool has_room() const { return in_flight_.size() < room_; }

  // The oldest batch under way; waits for it. Nothing when none is under way.
  std::optional<EventBatch> Take();
  // The same, but nothing when it is not finished yet.
  std::optional<EventBatch> TryTake();

  // What was learnt of lines is not needed any more: gives its memory back, on the pool. Nothing is done while batches
  // are under way.
  void Forget();

  LineParserStats stats() const;  // of the batches that are finished

 private:
  struct Job {
    LineBatch lines;
    EventBatch events;
    bool done = false;
  };
  void Run(Job* job);
  bool OldestIsDone() const;

  WorkerPool* pool_;
  const ParsingOptions* options_;
  size_t room_;
  std::deque<std::unique_ptr<Job>> in_flight_;
  std::shared_ptr<SharedRecipes> shared_ = std::make_shared<SharedRecipes>();
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<LineParser>> idle_parsers_;
  LineParserStats stats_;
};

}  // namespace whittle
