#include "pipeline/store_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "pipeline/compact.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// What expires is deleted that late; later when to look takes long, as filters have to read what they judge: no more
// than a tenth of the time is spent looking.
constexpr int64_t kRetainEveryNs = 600 * kSecondNs;
constexpr int64_t kRetainRest = 9;
// Nothing is compacted more often than this, however little there was to do.
constexpr int64_t kCompactEveryNs = 30 * kSecondNs;
// ... and when nothing could be merged, not before long.
constexpr int64_t kFruitlessNs = 3600 * kSecondNs;

}  // namespace

StoreKeeper::StoreKeeper(const Env* env, Catalog* catalog, StoreKeeperOptions options, Log log)
    : env_(env), catalog_(catalog), options_(std::move(options)), log_(std::move(log)) {}

StoreKeeper::~StoreKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    make_way_ = true;
    waiting_.clear();
    if (under_way_ != nullptr) *under_way_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StoreKeeper::Start(std::chrono::milliseconds look_every) {
  thread_ = std::thread([this, look_every] { Run(look_every); });
}

bool StoreKeeper::Submit(Work work, std::shared_ptr<std::atomic<bool>> stop) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_ || waiting_.size() >= kMaxWaitingWork) return false;
    waiting_.push_back({std::move(work), std::move(stop)});
    make_way_ = true;
  }
  wake_.notify_all();
  return true;
}

void StoreKeeper::Run(std::chrono::milliseconds look_every) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, look_every, [this] { return stop_ || !waiting_.empty(); });
    if (!waiting_.empty()) DoWaiting(&lock);
    if (stop_) return;
    lock.unlock();
    const Status status = Round();
    const std::string trouble = status.ok() ? "" : status.message();
    if (std::exchange(trouble_, trouble) != trouble && !trouble.empty()) log_(trouble + "; trying again");
    lock.lock();
  }
}

void StoreKeeper::DoWaiting(std::unique_lock<std::mutex>* lock) {
  while (!waiting_.empty()) {
    WaitingWork next = std::move(waiting_.front());
    waiting_.pop_front();
    if (*next.stop) continue;
    under_way_ = next.stop;
    lock->unlock();
    next.work(next.stop.get());
    lock->lock();
    under_way_ = nullptr;
  }
  make_way_ = stop_;
}

Status StoreKeeper::Round() {
  const int64_t now = env_->clock->SteadyNs();
  if (options_.retain && now >= next_retain_ns_) {
    const Status status = Retain();
    const int64_t end = env_->clock->SteadyNs();
    next_retain_ns_ = retain_made_way_ ? end : end + std::max(kRetainEveryNs, kRetainRest * (end - now));
    WHITTLE_RETURN_IF_ERROR(status.WithContext("retain"));
  }
  if (options_.compact_share > 0 && now >= next_compact_ns_) {
    WHITTLE_RETURN_IF_ERROR(Compact().WithContext("compact"));
  }
  return Status::Ok();
}

Status StoreKeeper::Retain() {
  WHITTLE_ASSIGN_OR_RETURN(const RetainReport report,
                           RetainStore(env_, catalog_, nullptr, *options_.retain, &make_way_));
  retain_made_way_ = report.stopped;
  if (report.expired.records > 0) {
    log_("retain: " + std::to_string(report.expired.records) + " events of " + std::to_string(report.expired.bytes) +
         " bytes expired");
  }
  return Status::Ok();
}

Status StoreKeeper::Compact() {
  const int64_t began = env_->clock->SteadyNs();
  next_compact_ns_ = began + kCompactEveryNs;
  const std::vector<SegmentMeta> segments = catalog_->manifest().segments;
  const auto small = std::count_if(segments.begin(), segments.end(), [this](const SegmentMeta& meta) {
    return IsSmallSegment(meta, options_.compact_bytes);
  });
  if (static_cast<size_t>(small) < kManySegments) return Status::Ok();
  CompactOptions options;
  options.target_bytes = options_.compact_bytes;
  CompactHooks hooks;
  hooks.stop = &make_way_;
  const Result<CompactReport> report = CompactStore(env_, catalog_, nullptr, options, hooks);
  const int64_t worked = env_->clock->SteadyNs() - began;
  const auto rest = static_cast<int64_t>(static_cast<double>(worked) * (1 / options_.compact_share - 1));
  const bool fruitless = report.ok() && report->rewritten == 0 && !report->stopped;
  next_compact_ns_ = began + worked + std::max(fruitless ? kFruitlessNs : kCompactEveryNs, rest);
  return report.status();
}

}  // namespace whittle
