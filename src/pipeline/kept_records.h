// KeptRecords: what is known of the records of a batch beside their rows - times, streams, thresholds and strata - for
// those that sampling keeps. For one batch and its times, which must outlive it, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "event/batch.h"
#include "format/segment.h"
#include "sink/segment_builder.h"

namespace whittle {

class KeptRecords {
 public:
  KeptRecords(EventBatch* batch, std::vector<RecordTime>* times) : batch_(*batch), times_(*times) {
    thresholds_.values.reserve(times->size());
    strata_.values.reserve(times->size());
  }

  // Record `record` of the batch.
  void Add(size_t record, uint64_t threshold, uint32_t stratum) {
    if (!all_) {
      kept_times_.push_back(times_[record]);
      for (size_t s = 0; s < streams_.size(); ++s) streams_[s].values.push_back(batch_.streams[s].values[record]);
    }
    Decided(threshold, stratum);
  }
  // Lines of a record of another batch, made one of their own; before all others.
  void Add(RecordTime time, uint64_t threshold, uint32_t stratum) {
    Skip(0);
    kept_times_.push_back(time);
    for (RecordStream& stream : streams_) stream.values.push_back(DefaultOf(static_cast<StreamId>(stream.id)));
    Decided(threshold, stratum);
  }
  // The first that goes: until then all is as it came.
  void Skip(size_t record) {
    if (!all_) return;
    all_ = false;
    const auto count = static_cast<std::ptrdiff_t>(record);
    kept_times_.reserve(times_.size() + 1);
    kept_times_.assign(times_.begin(), times_.begin() + count);
    for (const RecordStream& stream : batch_.streams)
      streams_.push_back({stream.id, {stream.values.begin(), stream.values.begin() + count}});
  }
  void Apply() {
    if (!all_) {
      times_ = std::move(kept_times_);
      batch_.streams = std::move(streams_);
    }
    batch_.streams.push_back(std::move(thresholds_));
    batch_.streams.push_back(std::move(strata_));
  }

 private:
  void Decided(uint64_t threshold, uint32_t stratum) {
    thresholds_.values.push_back(static_cast<int64_t>(threshold));
    strata_.values.push_back(stratum);
  }

  EventBatch& batch_;
  std::vector<RecordTime>& times_;
  bool all_ = true;  // so far
  std::vector<RecordTime> kept_times_;
  std::vector<RecordStream> streams_;
  RecordStream thresholds_{static_cast<uint16_t>(StreamId::kSampleThreshold), {}};
  RecordStream strata_{static_cast<uint16_t>(StreamId::kStratum), {}};
};

}  // namespace whittle
