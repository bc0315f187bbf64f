#include "pipeline/event_sink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/varint.h"
#include "catalog/manifest.h"
#include "query/store_reader.h"

namespace whittle {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
// How often the store is asked for something new.
constexpr int64_t kRoundNs = 250 * kMillisecondNs;
// How often it is written down how far it is. What was sent since is sent again after a crash.
constexpr int64_t kSaveNs = 5'000 * kMillisecondNs;
constexpr int kWaitMs = 100;
// While it is being stopped, between two interruptions of what may have begun meanwhile.
constexpr int64_t kInterruptNs = 5 * kMillisecondNs;

uint64_t EndOf(const SourceCoverage& coverage) { return coverage.bytes.End(); }

std::string EncodeFrontier(const std::map<std::string, uint64_t>& frontier) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(1);
  out.Varint(frontier.size());
  for (const auto& [id, end] : frontier) {
    out.Bytes(id);
    out.Varint(end);
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<EventSink>> EventSink::Start(const Env* env, Catalog* catalog, SinkPlan plan, SinkLog log) {
  std::unique_ptr<EventSink> sink(new EventSink(env, catalog, std::move(plan), std::move(log)));
  WHITTLE_RETURN_IF_ERROR(sink->Load());
  WHITTLE_ASSIGN_OR_RETURN(sink->transport_,
                           sink->plan_.open([raw = sink.get()](const std::string& line) { raw->Log(line); }));
  sink->thread_ = std::thread([raw = sink.get()] { raw->Run(); });
  return sink;
}

EventSink::~EventSink() {
  stop_ = true;
  if (!thread_.joinable()) return;
  while (!ended_) {
    transport_->Interrupt();
    env_->clock->SleepNs(kInterruptNs);
  }
  thread_.join();
}

Status EventSink::Load() {
  WHITTLE_ASSIGN_OR_RETURN(const auto stored, catalog_->ReadPrivate(plan_.name));
  if (!stored) return Status::Ok();
  ByteReader in(*stored);
  const bool known = in.U8() == 1;
  for (uint64_t left = in.Varint(); known && in.ok() && left > 0; --left) {
    const std::string id(in.Bytes());
    frontier_[id] = in.Varint();
  }
  if (known && in.ok()) return Status::Ok();
  return Status(StatusCode::kCorrupt, plan_.name + ": how far it is cannot be read");
}

Status EventSink::Save() {
  if (!unsaved_) return Status::Ok();
  CatalogRecords records;
  records.internal[plan_.name] = EncodeFrontier(frontier_);
  WHITTLE_RETURN_IF_ERROR(catalog_->Update({}, records, std::nullopt));
  unsaved_ = false;
  next_save_ns_ = env_->clock->SteadyNs() + kSaveNs;
  return Status::Ok();
}

void EventSink::Run() {
  while (!stop_) {
    Status status = Round();
    if (status.ok() && env_->clock->SteadyNs() >= next_save_ns_) status = Save();
    if (!status.ok() && status.message() != trouble_) {
      trouble_ = status.message();
      Log(trouble_ + "; trying again");
    }
    for (int64_t slept = 0; slept < kRoundNs && !stop_; slept += kWaitMs * kMillisecondNs) transport_->Wait(kWaitMs);
  }
  static_cast<void>(Save().ok());  // else it is sent again
  ended_ = true;
}

// Sends what is committed and not sent yet, segment by segment, oldest first.
Status EventSink::Round() {
  const uint64_t round = ++rounds_begun_;
  WHITTLE_ASSIGN_OR_RETURN(const Snapshot snapshot, TakeSnapshot(env_, catalog_->layout().dir));
  std::vector<const SegmentMeta*> news;
  uint64_t behind = 0;
  for (const SegmentMeta& segment : snapshot.manifest.segments) {
    const bool is_new = std::any_of(segment.coverage.begin(), segment.coverage.end(), [&](const auto& coverage) {
      const auto found = frontier_.find(coverage.source_id);
      return (found == frontier_.end() ? 0 : found->second) < EndOf(coverage);
    });
    if (!is_new) continue;
    news.push_back(&segment);
    behind += segment.records;
  }
  behind_ = behind;
  behind_since_ = round;
  for (const SegmentMeta* segment : news) {
    bool all_sent = false;
    if (segment->rows > 0) {
      WHITTLE_RETURN_IF_ERROR(SendSegment(snapshot.SegmentPath(*segment), &all_sent));
      if (!all_sent) return Status::Ok();  // stopping, or it has to be sent again
    }
    for (const SourceCoverage& coverage : segment->coverage) {
      uint64_t& end = frontier_[coverage.source_id];
      end = std::max(end, EndOf(coverage));
    }
    unsaved_ = true;
    behind_ -= std::min<uint64_t>(behind_, segment->records);
    if (env_->clock->SteadyNs() >= next_save_ns_) WHITTLE_RETURN_IF_ERROR(Save());
  }
  return Status::Ok();
}

Status EventSink::SendSegment(const std::string& path, bool* all_sent) {
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env_, path));
  VisitOptions options;
  options.order = VisitOptions::Order::kAny;
  options.demand.everything = true;
  options.from_offsets = &frontier_;
  options.stop = &stop_;
  bool complete = true;
  const uint64_t refused_before = refused_;
  WHITTLE_RETURN_IF_ERROR(reader->Visit(options, [&](RecordView* record) -> Result<bool> {
    WHITTLE_ASSIGN_OR_RETURN(complete, SendEvent(record));
    return complete;
  }));
  while (!stop_ && WaitForTransport() > 0) {
  }
  if (const uint64_t refused = refused_ - refused_before; refused > 0) {
    Log(std::to_string(refused) + " events are not taken at the other end; they are left out");
  }
  *all_sent = complete && !stop_ && !transport_->TakeFailure();
  return Status::Ok();
}

size_t EventSink::WaitForTransport() {
  const size_t left = transport_->Wait(kWaitMs);
  delivered_ = transport_->delivered();
  refused_ = transport_->refused();
  return left;
}

// False: it is being stopped.
Result<bool> EventSink::SendEvent(RecordView* record) {
  while (!stop_) {
    WHITTLE_ASSIGN_OR_RETURN(const bool sent, transport_->Send(record));
    if (sent) return true;
    WaitForTransport();
    if (transport_->TakeFailure()) return false;
  }
  return false;
}

void EventSink::Drain(int64_t timeout_ns) {
  const int64_t until = env_->clock->SteadyNs() + timeout_ns;
  // A round that begins after now sees everything.
  const uint64_t begun = rounds_begun_;
  while ((behind_since_ <= begun || behind_ > 0) && env_->clock->SteadyNs() < until) {
    env_->clock->SleepNs(20 * kMillisecondNs);
  }
}

}  // namespace whittle
