// KafkaInput: from a consumer group to committed segments. Every partition that this member owns has a pipeline of its
// own, because its segments hold nothing else: it closes, commits and goes by itself.
//
// Reading begins where the store's frontier stands, or at what the group has committed when that is further: then
// another member has stored what lies between. A partition that is revoked is committed first; one that was lost is
// forgotten, because its next owner has begun with it already. With a directory that the members share, the frontier is
// what stands there, whoever put it there; a member that finds that another has gone on in its place joins anew.
//
// One thread, the daemon's. `env`, `catalog`, `pool` and what the options point to must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "pipeline/daemon_status.h"
#include "pipeline/kafka_batcher.h"
#include "pipeline/kafka_plan.h"
#include "pipeline/live_pipeline.h"
#include "pipeline/quarantine.h"
#include "pipeline/shared_segments.h"
#include "source/kafka_consumer.h"

namespace whittle {

struct KafkaInputOptions {
  const ParsingOptions* parsing = nullptr;
  CommitterOptions committer;
  std::shared_ptr<const SamplingPolicy> sampling;
  int64_t close_after_ns = 0;
  // Text of all partitions that is not committed; beyond it the partition with the most is committed.
  uint64_t max_pending_bytes = uint64_t{128} << 20;
  std::unique_ptr<SharedSegments> shared;  // null: segments go into the catalog's store
  std::function<void(const std::string& line)> log;
  std::function<void(const std::string& line)> trouble;  // empty: it is well again
  std::function<void(int64_t pending_ns)> committed;     // for each segment that was due: how long it was open
};

class KafkaInput : private KafkaListener {
 public:
  static Result<std::unique_ptr<KafkaInput>> Create(const Env* env, Catalog* catalog, WorkerPool* pool,
                                                    KafkaSourcePlan plan, KafkaInputOptions options);
  ~KafkaInput() override;

  // Waits up to `timeout_ms` for messages and takes what is there; commits what is due. Returns the bytes read.
  Result<uint64_t> Step(int timeout_ms);

  // Commits everything and leaves the group.
  Status Close();

  // When the oldest message that is not being committed yet came, on the steady clock; 0: there is none.
  int64_t pending_since_ns() const;
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t quarantined() const { return quarantined_; }
  // What the pipelines have counted, those that are gone included.
  CommitTotals totals() const;
  LineParserStats parser_stats() const;
  void AddStatus(std::vector<SourceStatus>* sources);

 private:
  struct Partition;
  KafkaInput(const Env* env, Catalog* catalog, WorkerPool* pool, KafkaSourcePlan plan, KafkaInputOptions options);

  Result<std::optional<int64_t>> Assigned(const KafkaPartition& name, const KafkaPartitionState& state) override;
  Status Revoked(const std::vector<KafkaPartition>& names) override;
  void Lost(const std::vector<KafkaPartition>& names) override;
  Status Received(const KafkaRecord& record) override;
  Status Unreadable(const KafkaPartition& name, int64_t offset, const std::string& why) override;
  void Trouble(const std::string& line) override { options_.trouble(line); }

  Partition* Find(const KafkaPartition& name);
  Status Begin(Partition* partition, const KafkaPartition& name, const std::string& id, int64_t first_offset,
               bool resumes);
  QuarantinedMessage NewQuarantined(const Partition& partition, std::string reason) const;
  Status Quarantine(Partition* partition, QuarantinedMessage message);
  Result<int64_t> FindStored(Partition* partition);
  int64_t StoredEnd(const Partition& partition) const;
  int64_t FirstOffset(const Partition& partition, int64_t offset) const;
  Status Fenced(const Partition& partition, const Status& status) const;
  Status Submit(Partition* partition);
  Status SubmitAll();
  Status CommitDue();
  Status CommitPartitions(const std::vector<Partition*>& partitions);
  void Advise();
  void Forget(const KafkaPartition& name);

  const Env* const env_;
  Catalog* const catalog_;
  WorkerPool* const pool_;
  const KafkaSourcePlan plan_;
  const KafkaInputOptions options_;
  std::string cluster_;
  std::map<KafkaPartition, std::unique_ptr<Partition>> partitions_;
  Partition* last_ = nullptr;  // that a message came of
  uint64_t bytes_read_ = 0;
  uint64_t quarantined_ = 0;
  int64_t next_advice_ns_ = 0;
  CommitTotals gone_totals_;  // of partitions that went
  LineParserStats gone_parser_;
  // Last: while it goes it may still call the rest.
  std::unique_ptr<KafkaConsumer> consumer_;
};

}  // namespace whittle
