// EventSink: sends the events of a store somewhere else, as they are committed. It reads the store as any reader does,
// so segments never wait for it; how far it is stands in the catalog, so it catches up after it was dead, and after a
// crash it sends a little twice and leaves nothing out: at least once. Where to and how is an EventTransport's.
//
// Owns a thread. `env` and `catalog` must outlive it; the destructor ends the thread within half a second, or as soon
// as the transport lets go of it, and forgets what is under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "query/record_view.h"

namespace whittle {

// For the sink's thread alone, but for Interrupt.
class EventTransport {
 public:
  virtual ~EventTransport() = default;
  // False: it holds as much as it may; Wait and try again. What can never be sent is left out and counted.
  virtual Result<bool> Send(RecordView* record) = 0;
  // Goes on sending, for about `timeout_ms`, which it takes too when there is nothing to do. The number of events that
  // are not delivered yet.
  virtual size_t Wait(int timeout_ms) = 0;
  // Since the start: what was taken at the other end, and what never will be.
  virtual uint64_t delivered() const = 0;
  virtual uint64_t refused() const = 0;
  // True once when events were given up since the last call, for whatever reason: they have to be sent again.
  virtual bool TakeFailure() = 0;
  // From any thread: a call under way returns soon.
  virtual void Interrupt() {}
};

// One line for people, from the sink's thread.
using SinkLog = std::function<void(const std::string& line)>;

struct SinkPlan {
  std::string name;   // of its frontier; one sink of a store has it
  std::string label;  // for people and metrics: the topic, the endpoint
  // kConfig: what can never work.
  std::function<Result<std::unique_ptr<EventTransport>>(SinkLog log)> open;
};

class EventSink {
 public:
  static Result<std::unique_ptr<EventSink>> Start(const Env* env, Catalog* catalog, SinkPlan plan, SinkLog log);
  ~EventSink();

  // Since the start: events that were taken at the other end, and that never will be.
  uint64_t delivered() const { return delivered_; }
  uint64_t refused() const { return refused_; }
  // Events that are committed and not sent yet.
  uint64_t behind() const { return behind_; }
  const std::string& label() const { return plan_.label; }

  // Waits until everything that is committed was sent, `timeout_ns` at most.
  void Drain(int64_t timeout_ns);

 private:
  using Frontier = std::map<std::string, uint64_t>;  // by source id: all before it was sent
  EventSink(const Env* env, Catalog* catalog, SinkPlan plan, SinkLog log)
      : env_(env), catalog_(catalog), plan_(std::move(plan)), log_(std::move(log)) {}
  void Log(const std::string& line) const { log_("sink " + plan_.label + ": " + line); }
  void Run();
  Status Round();
  Status SendSegment(const std::string& path, bool* all_sent);
  Result<bool> SendEvent(RecordView* record);
  size_t WaitForTransport();
  Status Save();
  Status Load();

  const Env* const env_;
  Catalog* const catalog_;
  const SinkPlan plan_;
  const SinkLog log_;
  std::unique_ptr<EventTransport> transport_;
  Frontier frontier_;
  bool unsaved_ = false;
  int64_t next_save_ns_ = 0;
  std::string trouble_;  // with the store, that was last told
  std::atomic<bool> stop_{false};
  std::atomic<bool> ended_{false};
  std::atomic<uint64_t> delivered_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> behind_{UINT64_MAX};  // not known yet
  std::atomic<uint64_t> rounds_begun_{0};
  std::atomic<uint64_t> behind_since_{0};  // the round that found out how much
  std::thread thread_;                     // last
};

}  // namespace whittle
