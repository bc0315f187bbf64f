#include "pipeline/daemon.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "catalog/segment_file.h"
#include "env/process_memory.h"
#include "pipeline/control.h"
#include "pipeline/kafka_input.h"
#include "source/progress.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kMillisecondNs = 1'000'000;
// Bytes read between two looks at the clock: some 50 ms of work.
constexpr uint64_t kRoundBytes = 8 << 20;
// Files are looked at this often when nobody says that they changed, names too; many files less often.
constexpr int64_t kSweepNs = 250 * kMillisecondNs;
constexpr int64_t kScanNs = 2 * kSecondNs;
constexpr size_t kManyFiles = 2000;
constexpr int64_t kManyFilesSweepNs = 2 * kSecondNs;
// A look at all names may take this part of the time.
constexpr int64_t kScanShare = 20;
// After a notification, others of the same burst are waited for.
constexpr int kGatherMs = 20;
constexpr int kLongestWaitMs = 200;
// Waiting after trouble with the store: doubled each time.
constexpr int64_t kFirstBackOffNs = kSecondNs / 2;
constexpr int64_t kLongestBackOffNs = 30 * kSecondNs;
// What waits for a source to be released (a copy of a truncated file) does not wait for the segment's age.
constexpr int64_t kFinishNs = 200 * kMillisecondNs;
constexpr int64_t kTickNs = kSecondNs;
// Lines of other threads between two ticks; they say each trouble once.
constexpr size_t kMaxThreadLines = 100;

bool MayHeal(const Status& status) {
  return status.code() == StatusCode::kIo || status.code() == StatusCode::kBusy ||
         status.code() == StatusCode::kNotFound || status.code() == StatusCode::kAlreadyExists;
}

// "…: No space left on device": the last part.
std::string ReasonOf(const std::string& message) {
  const size_t colon = message.rfind(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

class Daemon {
 public:
  Daemon(const Env* env, const std::string& store, std::shared_ptr<const DaemonPlan> plan, const DaemonHooks& hooks)
      : env_(env),
        store_(store),
        plan_(std::move(plan)),
        hooks_(hooks),
        tailer_(env, plan_->tail, [this](const std::string& path, const Status& status) { Report(path, status); }) {
    status_.started_ns = env_->clock->WallNs();
    NewWatcher();
  }

  Status Run() {
    while (!Stopped()) {
      Status status = OpenCatalog();
      if (status.ok()) {
        status = Session();
        const bool clean = Close(&status);
        if (status.ok() && clean) {
          if (reload_ == nullptr) break;  // asked to stop
          plan_ = std::exchange(reload_, nullptr);
          tailer_.SetOptions(plan_->tail);
          NewWatcher();
          continue;
        }
      }
      if (!MayHeal(status)) return status;
      WaitAfter(status);
    }
    Tick(true);
    return Status::Ok();
  }

 private:
  int64_t Now() const { return env_->clock->SteadyNs(); }
  bool Stopped() const { return hooks_.stop != nullptr && hooks_.stop->load(); }

  void NewWatcher() {
    watcher_ = plan_->poll_only || !hooks_.new_watcher ? nullptr : hooks_.new_watcher();
    if (watcher_ == nullptr) watcher_ = NewPollingWatcher(env_->clock);
  }

  // Sinks and the keeper have threads of their own; what they say is said by the daemon's.
  void LogFromThread(const std::string& line) {
    const std::lock_guard lock(thread_lines_mutex_);
    if (thread_lines_.size() < kMaxThreadLines) thread_lines_.push_back(line);
  }
  void LogThreads() {
    std::vector<std::string> lines;
    {
      const std::lock_guard lock(thread_lines_mutex_);
      lines.swap(thread_lines_);
    }
    for (const std::string& line : lines) hooks_.log(line);
  }

  void Report(const std::string& path, const Status& status) {
    hooks_.log(status.ok() ? path + ": can be read again" : status.message() + "; trying again");
  }

  Status OpenCatalog() {
    CatalogOptions options;
    options.read_footer = ReadSegmentEntry;
    WHITTLE_ASSIGN_OR_RETURN(catalog_, Catalog::Open(env_, store_, options));
    if (!plan_->policy_hash.empty()) catalog_->SetPolicyHash(plan_->policy_hash);
    return Status::Ok();
  }

  // Everything between opening the store and closing it. Ok when it was asked to stop or has another plan.
  Status Session() {
    if (pool_ == nullptr || static_cast<int>(pool_->threads()) != plan_->jobs) {
      pool_ = std::make_unique<WorkerPool>(static_cast<size_t>(std::max(1, plan_->jobs)));
    }
    pipeline_ = std::make_unique<LivePipeline>(env_, catalog_.get(), pool_.get(), &plan_->parsing, plan_->committer,
                                               plan_->sampling);
    input_ = std::make_unique<TailInput>(env_, pipeline_.get(), plan_->tail_input);
    WHITTLE_RETURN_IF_ERROR(JoinGroups());
    for (const SinkPlan& plan : plan_->sinks) {
      WHITTLE_ASSIGN_OR_RETURN(auto sink, EventSink::Start(env_, catalog_.get(), plan,
                                                           [this](const std::string& line) { LogFromThread(line); }));
      sinks_.push_back(std::move(sink));
    }
    keeper_ = std::make_unique<StoreKeeper>(env_, catalog_.get(), plan_->keeper,
                                            [this](const std::string& line) { LogFromThread(line); });
    keeper_->Start();
    Listen();
    tailer_.Attach(catalog_->sources());
    WHITTLE_RETURN_IF_ERROR(Scan());
    tailer_.NoteAll();
    status_.state = DaemonStatus::State::kRunning;
    session_since_ns_ = Now();
    Tick(true);
    while (!Stopped()) {
      WHITTLE_RETURN_IF_ERROR(Step(kLongestWaitMs));
      if (ReloadWanted() && LoadPlan()) return Drain();
    }
    status_.state = DaemonStatus::State::kStopping;
    Tick(true);
    return Drain();
  }

  // Without a socket everything else works, so what is wrong with it is said, once, and no more.
  void Listen() {
    if (!hooks_.execute) return;
    auto control = Control::Start(
        store_, env_->clock, keeper_.get(),
        [this, plan = plan_](const ControlRequest& request, const std::atomic<bool>* stop) {
          ControlAnswer answer = hooks_.execute(*plan, request, catalog_.get(), stop);
          if (answer.reloads) reload_asked_ = true;
          return answer;
        },
        [this](const std::string& line) { LogFromThread(line); });
    if (control.ok()) {
      control_ = std::move(*control);
    } else if (!std::exchange(control_said_, true)) {
      hooks_.log(control.status().message() + "; commands cannot change the store while it is written");
    }
  }

  bool ReloadWanted() {
    const bool asked = reload_asked_.exchange(false);
    return (hooks_.take_reload && hooks_.take_reload()) || asked;
  }

  // True: the store was closed in good order.
  bool Close(Status* status) {
    AddTotals();
    if (control_ != nullptr) control_->Detach();
    keeper_.reset();
    control_.reset();
    sinks_.clear();
    tailer_.Detach();
    kafka_.clear();
    input_.reset();
    pipeline_.reset();
    const Status closed = catalog_->Close();
    catalog_.reset();
    if (status->ok()) *status = closed;
    return status->ok();
  }

  // Reads, hands over, commits what is due, and waits when there was nothing to do.
  Status Step(int longest_wait_ms) {
    const int64_t now = Now();
    if (now >= next_scan_ns_) WHITTLE_RETURN_IF_ERROR(Scan());
    if (now >= next_sweep_ns_) {
      tailer_.NoteAll();
      next_sweep_ns_ = now + (tailer_.file_count() > kManyFiles ? kManyFilesSweepNs : kSweepNs);
    }
    WHITTLE_ASSIGN_OR_RETURN(const uint64_t bytes, Read());
    WHITTLE_RETURN_IF_ERROR(CommitIfDue());
    if (!said_reason_.empty() && now - session_since_ns_ > plan_->close_after_ns + kSecondNs) Healed();
    Tick(false);
    const bool quiet = bytes == 0 && tailer_.idle();
    WHITTLE_ASSIGN_OR_RETURN(const uint64_t messages, ReadKafka(quiet ? longest_wait_ms : 0));
    if (quiet && messages == 0) Wait(kafka_.empty() ? longest_wait_ms : 0);
    return Status::Ok();
  }

  Status JoinGroups() {
    for (const KafkaSourcePlan& source : plan_->kafka) {
      KafkaInputOptions options;
      options.parsing = &plan_->parsing;
      options.committer = plan_->committer;
      options.sampling = plan_->sampling;
      options.close_after_ns = plan_->close_after_ns;
      options.max_pending_bytes = plan_->max_pending_bytes;
      if (!source.shared_segments.empty()) {
        WHITTLE_ASSIGN_OR_RETURN(options.shared,
                                 SharedSegments::Open(env_, source.shared_segments, catalog_->manifest().store_id));
      }
      options.log = [this](const std::string& line) { hooks_.log(line); };
      options.trouble = [this](const std::string& line) {
        hooks_.log(line.empty() ? "kafka: well again" : line + "; trying again");
        status_.trouble = line;
      };
      options.committed = [this](int64_t age_ns) { NoteCommit(age_ns); };
      WHITTLE_ASSIGN_OR_RETURN(auto input,
                               KafkaInput::Create(env_, catalog_.get(), pool_.get(), source, std::move(options)));
      kafka_.push_back(std::move(input));
    }
    return Status::Ok();
  }

  // Waits up to `wait_ms` when nothing is there; while files are followed too, not for so long.
  Result<uint64_t> ReadKafka(int wait_ms) {
    if (kafka_.empty()) return uint64_t{0};
    if (!plan_->tail.include.empty()) wait_ms = std::min(wait_ms, kGatherMs);
    uint64_t bytes = 0;
    for (const auto& input : kafka_) {
      WHITTLE_ASSIGN_OR_RETURN(const uint64_t read, input->Step(wait_ms / static_cast<int>(kafka_.size())));
      bytes += read;
    }
    return bytes;
  }

  Result<uint64_t> Read() {
    WHITTLE_ASSIGN_OR_RETURN(const uint64_t bytes, tailer_.ReadSome(kRoundBytes, input_.get()));
    const std::vector<SourceIdentity> begun = input_->TakeBegun();
    if (!begun.empty()) WHITTLE_RETURN_IF_ERROR(catalog_->Update(begun, {}, std::nullopt));
    WHITTLE_RETURN_IF_ERROR(input_->Settle());
    return bytes;
  }

  Status Scan() {
    const int64_t start = Now();
    const Status status = tailer_.Scan();
    const int64_t end = Now();
    next_scan_ns_ = end + std::max(kScanNs, (end - start) * kScanShare);
    for (const std::string& directory : tailer_.Directories()) static_cast<void>(watcher_->Watch(directory));
    if (status.ok() || status.code() != StatusCode::kLimit) return status;
    if (!limit_said_) hooks_.log(status.message());
    limit_said_ = true;
    return Status::Ok();
  }

  Status CommitIfDue() {
    const int64_t pending_since = pipeline_->pending_since_ns();
    const bool old = pending_since > 0 && Now() - pending_since >= plan_->close_after_ns;
    const bool finished = pipeline_->has_finished_sources() && Now() - last_flush_ns_ >= kFinishNs;
    return old || finished ? Commit() : Status::Ok();
  }

  Status Commit() {
    const int64_t pending_since = pipeline_->pending_since_ns();
    WHITTLE_RETURN_IF_ERROR(pipeline_->Flush());
    WHITTLE_RETURN_IF_ERROR(catalog_->PublishPending());
    last_flush_ns_ = Now();
    if (pending_since == 0) return Status::Ok();
    NoteCommit(last_flush_ns_ - pending_since);
    return Status::Ok();
  }

  // Something was committed, or there was nothing to commit for as long as that may take.
  void Healed() {
    back_off_ns_ = 0;
    if (said_reason_.empty()) return;
    said_reason_.clear();
    status_.trouble.clear();
    hooks_.log(store_ + ": writing again");
  }

  void NoteCommit(int64_t age_ns) {
    Healed();
    const double age_s = static_cast<double>(age_ns) / kSecondNs;
    size_t bucket = 0;
    while (bucket < kLatencyBounds_s.size() && age_s > kLatencyBounds_s[bucket]) ++bucket;
    ++status_.latency[bucket];
    status_.latency_sum_s += age_s;
    status_.last_commit_ns = env_->clock->WallNs();
  }

  void Wait(int longest_ms) {
    const WatchReport first = watcher_->Wait(longest_ms);
    Take(first);
    if (first.changed.empty() && !first.names_changed && !first.lost) return;
    Take(watcher_->Wait(0));
    env_->clock->SleepNs(kGatherMs * kMillisecondNs);
    Take(watcher_->Wait(0));
  }

  void Take(const WatchReport& report) {
    if (report.lost) {
      tailer_.NoteAll();
      next_scan_ns_ = 0;
    }
    for (const std::string& path : report.changed) tailer_.NoteChange(path);
    // Names of files we follow come and go with every rotation: look at once.
    if (report.names_changed) next_scan_ns_ = std::min(next_scan_ns_, Now());
  }

  // Stores what stood in the files when it was called, records that are still being written too, as soon as they are
  // complete. What does not become complete in time is left in the files.
  Status Drain() {
    const int64_t limit = Now() + plan_->drain_ns;
    WHITTLE_RETURN_IF_ERROR(Scan());
    tailer_.NoteAll();
    uint64_t left = kRoundBytes;  // what is written while we drain belongs to the next run
    for (const auto& lag : tailer_.Lags()) left += lag.size > lag.offset ? lag.size - lag.offset : 0;
    for (uint64_t read = 0; !tailer_.idle() && read < left && Now() < limit;) {
      WHITTLE_ASSIGN_OR_RETURN(const uint64_t bytes, Read());
      read += bytes;
    }
    const bool caught_up = tailer_.idle() || Now() < limit;
    input_->SetGoals();
    while (!input_->GoalsReached() && Now() < limit) {
      tailer_.NoteAll();
      WHITTLE_RETURN_IF_ERROR(Read().status());
      if (!input_->GoalsReached()) static_cast<void>(watcher_->Wait(kGatherMs));
    }
    WHITTLE_RETURN_IF_ERROR(Commit());
    for (const auto& input : kafka_) WHITTLE_RETURN_IF_ERROR(input->Close());
    for (const auto& sink : sinks_) sink->Drain(std::max<int64_t>(0, limit - Now()));
    if (!caught_up || !input_->GoalsReached()) {
      hooks_.log("not everything could be stored within " +
                 FormatDuration(static_cast<double>(plan_->drain_ns) / kSecondNs) +
                 "; the rest stays in the files and is read next time");
    }
    return Status::Ok();
  }

  bool LoadPlan() {
    auto plan = hooks_.load_plan();
    if (!plan.ok()) {
      ++status_.failed_reloads;
      hooks_.log(plan.status().message() + "; the configuration in force is kept");
      return false;
    }
    ++status_.reloads;
    reload_ = std::move(*plan);
    hooks_.log("configuration reloaded: " + reload_->description);
    return true;
  }

  void WaitAfter(const Status& status) {
    back_off_ns_ = back_off_ns_ == 0 ? kFirstBackOffNs : std::min(back_off_ns_ * 2, kLongestBackOffNs);
    ++status_.store_failures;
    // A full disk fails here today and there tomorrow: what is said once is the reason.
    const std::string reason = ReasonOf(status.message());
    if (std::exchange(said_reason_, reason) != reason) {
      hooks_.log(status.message() + "; nothing is lost, trying again");
    }
    status_.trouble = status.message();
    status_.state = DaemonStatus::State::kWaiting;
    for (const int64_t until = Now() + back_off_ns_; Now() < until && !Stopped();) {
      Tick(false);
      static_cast<void>(watcher_->Wait(kLongestWaitMs));
    }
  }

  // What this session's pipeline has counted is added to the status when it goes.
  void AddTotals() {
    if (pipeline_ == nullptr) return;
    FillCounts(&status_);
    base_ = status_;
    base_read_ = status_.bytes_read;
  }

  void FillCounts(DaemonStatus* status) const {
    CommitTotals totals = pipeline_->totals();
    LineParserStats parser = pipeline_->parser_stats();
    status->bytes_read = base_read_ + input_->bytes_read();
    status->quarantined = base_.quarantined;
    for (const auto& input : kafka_) {
      totals += input->totals();
      parser += input->parser_stats();
      status->bytes_read += input->bytes_read();
      status->quarantined += input->quarantined();
    }
    status->lines_committed = base_.lines_committed + totals.rows;
    status->records_committed = base_.records_committed + totals.records;
    status->bytes_committed = base_.bytes_committed + totals.text_bytes;
    status->segments = base_.segments + totals.segments;
    status->segment_bytes = base_.segment_bytes + totals.segment_bytes;
    status->raw_lane_rows = base_.raw_lane_rows + totals.raw_lane_rows;
    status->recipe_hits = base_.recipe_hits + parser.recipe_hits;
    status->came_sampled = base_.came_sampled + parser.came_sampled;
    status->refused_rates = base_.refused_rates + parser.refused_rates;
    status->lines_parsed = base_.lines_parsed + parser.lines;
  }

  void Tick(bool now) {
    LogThreads();
    if (!hooks_.tick || (!now && Now() < next_tick_ns_)) return;
    next_tick_ns_ = Now() + kTickNs;
    if (pipeline_ != nullptr) {
      FillCounts(&status_);
      int64_t pending_since = pipeline_->pending_since_ns();
      for (const auto& input : kafka_) {
        const int64_t since = input->pending_since_ns();
        if (since > 0 && (pending_since == 0 || since < pending_since)) pending_since = since;
      }
      status_.oldest_pending_ns = pending_since == 0 ? 0 : Now() - pending_since;
    }
    status_.resident_bytes = ResidentBytes();
    status_.files = tailer_.file_count();
    status_.open_files = tailer_.open_files();
    status_.sources.clear();
    for (const Tailer::Lag& lag : tailer_.Lags()) {
      status_.sources.push_back({lag.name, "file", lag.path, lag.offset, lag.size});
    }
    for (const auto& input : kafka_) input->AddStatus(&status_.sources);
    status_.sinks.clear();
    for (const auto& sink : sinks_) {
      status_.sinks.push_back(
          {sink->label(), sink->delivered(), sink->refused(), sink->behind() == UINT64_MAX ? 0 : sink->behind()});
    }
    hooks_.tick(status_);
  }

  const Env* const env_;
  const std::string store_;
  std::shared_ptr<const DaemonPlan> plan_;
  std::shared_ptr<const DaemonPlan> reload_;
  const DaemonHooks& hooks_;
  std::unique_ptr<FileWatcher> watcher_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<LivePipeline> pipeline_;
  std::unique_ptr<TailInput> input_;
  std::vector<std::unique_ptr<KafkaInput>> kafka_;
  std::mutex thread_lines_mutex_;
  std::vector<std::string> thread_lines_;
  std::vector<std::unique_ptr<EventSink>> sinks_;
  std::unique_ptr<StoreKeeper> keeper_;
  std::unique_ptr<Control> control_;
  std::atomic<bool> reload_asked_{false};  // by what was executed for somebody
  Tailer tailer_;                          // outlives catalogs: it keeps files open that have no name any more
  DaemonStatus status_;
  DaemonStatus base_;  // counts of the sessions before
  uint64_t base_read_ = 0;
  int64_t next_scan_ns_ = 0;
  int64_t next_sweep_ns_ = 0;
  int64_t next_tick_ns_ = 0;
  int64_t last_flush_ns_ = 0;
  int64_t back_off_ns_ = 0;
  int64_t session_since_ns_ = 0;
  std::string said_reason_;  // of the trouble with the store; empty: it is well
  bool limit_said_ = false;
  bool control_said_ = false;
};

}  // namespace

Status RunDaemon(const Env* env, const std::string& store, std::shared_ptr<const DaemonPlan> plan,
                 const DaemonHooks& hooks) {
  return Daemon(env, store, std::move(plan), hooks).Run();
}

}  // namespace whittle
