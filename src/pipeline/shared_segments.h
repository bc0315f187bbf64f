// SharedSegments: a directory into which all members of a consumer group publish the segments of their partitions. The
// directory is the truth: how far a partition is stored is what the segments there say, and a segment is committed when
// it has its name.
//
// Segments of a partition form a chain: each begins at the offset where the one before ends, the first at offset 0, and
// the name carries that offset. Names are given without replacing, so a member that was away (stopped, cut off) while
// another went on cannot publish the same offsets again, whatever it believes: the name is taken. Nothing else is
// needed: no lock, no clock, no fresh listing.
//
// Thread-safe. `env` must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"

namespace whittle {

class SharedSegments {
 public:
  // Where a partition goes on.
  struct Frontier {
    int64_t end_offset = 0;
    std::string sampler_state;  // section 14 of the last segment
  };

  // Makes `dir` when it is not there. kUsage when it is a store. `writer`: tells those that write here apart; what an
  // earlier process of the same name has left half-written is removed.
  static Result<std::unique_ptr<SharedSegments>> Open(const Env* env, const std::string& dir,
                                                      const std::string& writer);

  const std::string& dir() const { return dir_; }

  // Looks it up in the directory; nothing: no segment of this partition is there.
  Result<std::optional<Frontier>> FindFrontier(const KafkaRange& partition, const std::string& source_id);

  // Durable when it is ok. kAlreadyExists: another member was faster, and nothing has changed.
  Result<SegmentMeta> Publish(SegmentCommit commit);

  // How far this process has seen the partition stored; -1: it has seen nothing.
  int64_t stored_end(const std::string& source_id) const;

 private:
  SharedSegments(const Env* env, std::string dir, std::string writer)
      : env_(env), dir_(std::move(dir)), temporary_prefix_("." + std::move(writer) + "-") {}
  Status RemoveTemporaries();

  const Env* const env_;
  const std::string dir_;
  const std::string temporary_prefix_;
  std::atomic<uint64_t> next_temporary_{0};
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> ends_;  // by source id
};

}  // namespace whittle
