// The daemon: follows sources into a store until it is told to stop. Wires the Tailer, the pipeline and the catalog,
// closes segments by age, reloads its plan, and goes on after trouble with the store: it drops what was not committed,
// waits, opens the store anew and reads from the frontiers again, so nothing is lost and nothing is stored twice.
//
// RunDaemon is called once, on one thread; hooks run on that thread, except execute.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <whittle/status.h>

#include "env/file_watcher.h"
#include "pipeline/control_protocol.h"
#include "pipeline/daemon_status.h"
#include "pipeline/event_sink.h"
#include "pipeline/ingest.h"
#include "pipeline/kafka_plan.h"
#include "pipeline/store_keeper.h"
#include "pipeline/tail_input.h"
#include "source/tailer.h"

namespace whittle {

// Everything a configuration says. Never changes; a reload makes another one.
struct DaemonPlan {
  std::shared_ptr<const void> owner;  // of what the options point to
  ParsingOptions parsing;
  CommitterOptions committer;
  std::shared_ptr<const SamplingPolicy> sampling;
  TailOptions tail;
  TailInputOptions tail_input;
  std::vector<KafkaSourcePlan> kafka;
  std::vector<SinkPlan> sinks;
  StoreKeeperOptions keeper;
  uint64_t max_pending_bytes = uint64_t{128} << 20;  // of messages that are not committed, for each group
  int jobs = 1;
  int64_t close_after_ns = 10'000'000'000;
  int64_t drain_ns = 10'000'000'000;  // how long a shutdown may take to store what is there
  bool poll_only = false;             // never ask the system for notifications
  std::string policy_hash;            // for the journal
  std::string description;            // "3 sources"
};

struct DaemonHooks {
  const std::atomic<bool>* stop = nullptr;  // finish, commit, return
  std::function<bool()> take_reload;        // true once after each request
  std::function<Result<std::shared_ptr<const DaemonPlan>>()> load_plan;
  std::function<void(std::string_view line)> log;        // for people: one event, one line
  std::function<void(const DaemonStatus& status)> tick;  // about every second, and when something important changed
  std::function<std::unique_ptr<FileWatcher>()> new_watcher;  // nullptr: polling
  // Executes what is asked over the control socket (control.h), on a thread of the daemon's. Empty: nothing listens.
  std::function<ControlAnswer(const DaemonPlan& plan, const ControlRequest& request, Catalog* catalog,
                              const std::atomic<bool>* stop)>
      execute;
};

// Not ok: nothing can be done about it by waiting. `env` must live through the call.
Status RunDaemon(const Env* env, const std::string& store, std::shared_ptr<const DaemonPlan> plan,
                 const DaemonHooks& hooks);

}  // namespace whittle
