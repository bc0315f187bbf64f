#include "pipeline/kafka_sink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/varint.h"
#include "catalog/manifest.h"
#include "query/store_reader.h"
#include "render/ndjson.h"

namespace whittle {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
// How often the store is asked for something new.
constexpr int64_t kRoundNs = 250 * kMillisecondNs;
// How often it is written down how far it is. What was sent since is sent again after a crash.
constexpr int64_t kSaveNs = 5'000 * kMillisecondNs;
constexpr int kWaitMs = 100;

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

std::string KafkaSinkPlan::name() const {
  std::string brokers;
  for (const std::string& broker : client.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  return "sink/kafka/" + brokers + "/" + topic;
}

Result<std::unique_ptr<KafkaSink>> KafkaSink::Start(const Env* env, Catalog* catalog, KafkaSinkPlan plan,
                                                    std::function<void(const std::string& line)> log) {
  std::unique_ptr<KafkaSink> sink(new KafkaSink(env, catalog, std::move(plan), std::move(log)));
  WHITTLE_RETURN_IF_ERROR(sink->Load());
  KafkaProducerOptions options;
  options.client = sink->plan_.client;
  options.topic = sink->plan_.topic;
  options.trouble = [raw = sink.get()](const std::string& line) {
    raw->log_("sink " + raw->plan_.topic + ": " + (line.empty() ? "well again" : line + "; trying again"));
  };
  WHITTLE_ASSIGN_OR_RETURN(sink->producer_, KafkaProducer::Create(options));
  sink->thread_ = std::thread([raw = sink.get()] { raw->Run(); });
  return sink;
}

KafkaSink::~KafkaSink() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Status KafkaSink::Load() {
  WHITTLE_ASSIGN_OR_RETURN(const auto stored, catalog_->ReadPrivate(plan_.name()));
  if (!stored) return Status::Ok();
  ByteReader in(*stored);
  const bool known = in.U8() == 1;
  for (uint64_t left = in.Varint(); known && in.ok() && left > 0; --left) {
    const std::string id(in.Bytes());
    frontier_[id] = in.Varint();
  }
  if (known && in.ok()) return Status::Ok();
  return Status(StatusCode::kCorrupt, plan_.name() + ": how far it is cannot be read");
}

Status KafkaSink::Save() {
  if (!unsaved_) return Status::Ok();
  CatalogRecords records;
  records.internal[plan_.name()] = EncodeFrontier(frontier_);
  WHITTLE_RETURN_IF_ERROR(catalog_->Update({}, records, std::nullopt));
  unsaved_ = false;
  next_save_ns_ = env_->clock->SteadyNs() + kSaveNs;
  return Status::Ok();
}

void KafkaSink::Run() {
  while (!stop_) {
    Status status = Round();
    if (status.ok() && env_->clock->SteadyNs() >= next_save_ns_) status = Save();
    if (!status.ok() && status.message() != trouble_) {
      trouble_ = status.message();
      log_("sink " + plan_.topic + ": " + trouble_ + "; trying again");
    }
    for (int64_t slept = 0; slept < kRoundNs && !stop_; slept += kWaitMs * kMillisecondNs) producer_->Wait(kWaitMs);
  }
  static_cast<void>(Save().ok());  // else it is sent again
}

// Sends what is committed and not sent yet, segment by segment, oldest first.
Status KafkaSink::Round() {
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

Status KafkaSink::SendSegment(const std::string& path, bool* all_sent) {
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env_, path));
  VisitOptions options;
  options.order = VisitOptions::Order::kAny;
  options.demand.everything = true;
  options.from_offsets = &frontier_;
  options.stop = &stop_;
  bool complete = true;
  WHITTLE_RETURN_IF_ERROR(reader->Visit(options, [&](RecordView* record) -> Result<bool> {
    WHITTLE_ASSIGN_OR_RETURN(complete, SendEvent(record));
    return complete;
  }));
  while (!stop_ && producer_->Wait(kWaitMs) > 0) {
  }
  delivered_ = producer_->delivered();
  if (const uint64_t refused = producer_->refused(); refused != refused_) {
    log_("sink " + plan_.topic + ": " + std::to_string(refused - refused_) +
         " events are larger than the brokers take; they are left out");
    refused_ = refused;
  }
  *all_sent = complete && !stop_ && !producer_->TakeFailure();
  return Status::Ok();
}

// False: it is being stopped.
Result<bool> KafkaSink::SendEvent(RecordView* record) {
  const Event& event = record->ToEvent();
  std::optional<std::string> key;
  if (plan_.key == KafkaSinkPlan::Key::kTraceId && !event.trace_id.empty()) key = event.trace_id;
  if (plan_.key == KafkaSinkPlan::Key::kStratum && !event.stratum.empty()) key = event.stratum;
  std::string text;
  AppendNdjson(event, &text);
  text.pop_back();  // a message is a line by itself
  while (!stop_) {
    const Result<bool> sent = producer_->Send(text, key);
    if (!sent.ok() || *sent) return true;  // what is too large is counted
    producer_->Wait(kWaitMs);
  }
  return false;
}

void KafkaSink::Drain(int64_t timeout_ns) {
  const int64_t until = env_->clock->SteadyNs() + timeout_ns;
  // A round that began after now has seen everything.
  behind_ = UINT64_MAX;
  while (behind_ > 0 && env_->clock->SteadyNs() < until) env_->clock->SleepNs(20 * kMillisecondNs);
}

}  // namespace whittle
