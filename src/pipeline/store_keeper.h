// StoreKeeper: what a store needs that somebody writes to for months, done beside the writing: old events go by the
// rules of `retain`, and the many small segments of live sources become large ones. Each is a step of the catalog, so
// readers, sinks and commits go on undisturbed, and a crash leaves a step done or not done.
//
// A thread of its own, one piece of work at a time. Compaction rests after it worked, so that it takes no more than its
// share of a processor; retention is due now and then and takes what it takes. What somebody asks for is done on the
// same thread, in order, as soon as the step under way is done; what the keeper does by itself goes on afterwards. The
// catalog must outlive the keeper; log is called on the keeper's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "pipeline/retain.h"

namespace whittle {

struct StoreKeeperOptions {
  std::optional<RetainOptions> retain;          // nothing: nothing expires
  double compact_share = 0.1;                   // of one processor; 0: nothing is compacted
  uint64_t compact_bytes = uint64_t{32} << 20;  // text of a new segment; to make it takes a few times as much memory
};

class StoreKeeper {
 public:
  using Log = std::function<void(const std::string& line)>;

  // So many small segments are worth a compaction: ten minutes of a store that commits every ten seconds.
  static constexpr size_t kManySegments = 64;
  // Pieces of work that wait; those who ask for more are told so.
  static constexpr size_t kMaxWaitingWork = 64;

  StoreKeeper(const Env* env, Catalog* catalog, StoreKeeperOptions options, Log log);
  // Waits for the step under way.
  ~StoreKeeper();
  StoreKeeper(const StoreKeeper&) = delete;
  StoreKeeper& operator=(const StoreKeeper&) = delete;

  // Begins to look every so often whether there is something to do. Without it nothing happens by itself.
  void Start(std::chrono::milliseconds look_every = std::chrono::seconds(5));

  // Does what is due, on the calling thread; not beside Start.
  Status Round();

  // Has `work` done on the keeper's thread (needs Start). `stop`, which whoever asks may raise too, tells it to finish
  // the step under way; what is stopped before it began is not done at all, nor is what waits when the keeper goes.
  // False: too much waits already. Any thread may ask.
  using Work = std::function<void(const std::atomic<bool>* stop)>;
  bool Submit(Work work, std::shared_ptr<std::atomic<bool>> stop);

 private:
  struct WaitingWork {
    Work work;
    std::shared_ptr<std::atomic<bool>> stop;
  };

  void Run(std::chrono::milliseconds look_every);
  void DoWaiting(std::unique_lock<std::mutex>* lock);
  Status Retain();
  Status Compact();

  const Env* const env_;
  Catalog* const catalog_;
  const StoreKeeperOptions options_;
  const Log log_;
  int64_t next_retain_ns_ = INT64_MIN;  // of the steady clock
  int64_t next_compact_ns_ = INT64_MIN;
  bool retain_made_way_ = false;  // the last time, so there is more to do
  std::string trouble_;           // said last
  // Raised when the keeper's own work is to make way, to the end or to what somebody asks for.
  std::atomic<bool> make_way_{false};
  std::mutex mutex_;
  bool stop_ = false;
  std::deque<WaitingWork> waiting_;
  std::shared_ptr<std::atomic<bool>> under_way_;  // the stop of the work that is being done
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace whittle
