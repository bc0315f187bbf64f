#include "pipeline/parse_stage.h"

#include <utility>

namespace whittle {
namespace {

// Batches under way beyond those being parsed, so that no thread runs dry while the reader reads. A batch may take ten
// times its text, so not more of them than needed.
constexpr size_t kWaitingBatches = 3;

}  // namespace

ParseStage::ParseStage(WorkerPool* pool, const ParsingOptions* options)
    : pool_(pool), options_(options), room_(pool->workers() + kWaitingBatches) {}

ParseStage::~ParseStage() {
  while (Take().has_value()) {
  }
}

void ParseStage::Submit(LineBatch lines) {
  auto job = std::make_unique<Job>();
  job->lines = std::move(lines);
  Job* const raw = job.get();
  in_flight_.push_back(std::move(job));
  pool_->Submit([this, raw] { Run(raw); });
}

void ParseStage::Run(Job* job) {
  std::unique_ptr<LineParser> parser;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_parsers_.empty()) {
      parser = std::move(idle_parsers_.back());
      idle_parsers_.pop_back();
    }
  }
  if (parser == nullptr)
    parser = std::make_unique<LineParser>(options_, pool_->workers() > 1 ? shared_.get() : nullptr);
  const LineParserStats before = parser->stats();
  EventBatch events = parser->Parse(job->lines);
  const LineParserStats& after = parser->stats();
  const std::lock_guard lock(mutex_);
  stats_.lines += after.lines - before.lines;
  stats_.recipe_hits += after.recipe_hits - before.recipe_hits;
  stats_.analysed += after.analysed - before.analysed;
  stats_.raw_lines += after.raw_lines - before.raw_lines;
  job->events = std::move(events);
  job->done = true;
  idle_parsers_.push_back(std::move(parser));
}

std::optional<EventBatch> ParseStage::Take() {
  if (in_flight_.empty()) return std::nullopt;
  pool_->WaitUntil([this] { return OldestIsDone(); });
  EventBatch events = std::move(in_flight_.front()->events);
  in_flight_.pop_front();
  return events;
}

std::optional<EventBatch> ParseStage::TryTake() {
  if (in_flight_.empty() || !OldestIsDone()) return std::nullopt;
  return Take();
}

bool ParseStage::OldestIsDone() const {
  const std::lock_guard lock(mutex_);
  return in_flight_.front()->done;
}

void ParseStage::Forget() {
  struct Learnt {
    std::vector<std::unique_ptr<LineParser>> parsers;
    std::shared_ptr<SharedRecipes> shared;
  };
  auto learnt = std::make_shared<Learnt>();
  {
    const std::lock_guard lock(mutex_);
    if (idle_parsers_.empty() || !in_flight_.empty()) return;
    learnt->parsers.swap(idle_parsers_);
    learnt->shared = std::exchange(shared_, std::make_shared<SharedRecipes>());
  }
  pool_->Submit([learnt = std::move(learnt)]() mutable { learnt.reset(); });
}

LineParserStats ParseStage::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace whittle
