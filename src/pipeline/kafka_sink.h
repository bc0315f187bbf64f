// KafkaSink: sends the events of a store to a topic, as they are committed: one NDJSON object a message. It reads the
// store as any reader does, so segments never wait for it; how far it is stands in the catalog, so it catches up after
// it was dead, and after a crash it sends a little twice and leaves nothing out: at least once.
//
// Owns a thread. `env` and `catalog` must outlive it; the destructor ends the thread within half a second and forgets
// what is under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "source/kafka_producer.h"

namespace whittle {

class RecordView;

struct KafkaSinkPlan {
  enum class Key : uint8_t { kNone, kTraceId, kStratum };
  KafkaClientOptions client;
  std::string topic;
  Key key = Key::kTraceId;
  std::string name() const;  // of its frontier
};

class KafkaSink {
 public:
  // `log`: one line for people, from the sink's thread. kConfig: what librdkafka does not take.
  static Result<std::unique_ptr<KafkaSink>> Start(const Env* env, Catalog* catalog, KafkaSinkPlan plan,
                                                  std::function<void(const std::string& line)> log);
  ~KafkaSink();

  uint64_t delivered() const { return delivered_; }
  // Events that are committed and not sent yet.
  uint64_t behind() const { return behind_; }
  const std::string& topic() const { return plan_.topic; }

  // Waits until everything that is committed was sent, `timeout_ns` at most.
  void Drain(int64_t timeout_ns);

 private:
  using Frontier = std::map<std::string, uint64_t>;  // by source id: all before it was sent
  KafkaSink(const Env* env, Catalog* catalog, KafkaSinkPlan plan, std::function<void(const std::string&)> log)
      : env_(env), catalog_(catalog), plan_(std::move(plan)), log_(std::move(log)) {}
  void Run();
  Status Round();
  Status SendSegment(const std::string& path, bool* all_sent);
  Result<bool> SendEvent(RecordView* record);
  Status Save();
  Status Load();

  const Env* const env_;
  Catalog* const catalog_;
  const KafkaSinkPlan plan_;
  const std::function<void(const std::string&)> log_;
  std::unique_ptr<KafkaProducer> producer_;
  Frontier frontier_;
  bool unsaved_ = false;
  int64_t next_save_ns_ = 0;
  uint64_t refused_ = 0;
  std::string trouble_;  // with the store, that was last told
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> delivered_{0};
  std::atomic<uint64_t> behind_{UINT64_MAX};  // not known yet
  std::thread thread_;                        // last
};

}  // namespace whittle
