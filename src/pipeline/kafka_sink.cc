#include "pipeline/kafka_sink.h"

#include <optional>
#include <utility>

#include "render/ndjson.h"
#include "source/kafka_producer.h"

namespace whittle {
namespace {

class KafkaTransport : public EventTransport {
 public:
  KafkaTransport(std::unique_ptr<KafkaProducer> producer, KafkaSinkPlan::Key key)
      : producer_(std::move(producer)), key_(key) {}

  Result<bool> Send(RecordView* record) override {
    const Event& event = record->ToEvent();
    std::optional<std::string> key;
    if (key_ == KafkaSinkPlan::Key::kTraceId && !event.trace_id.empty()) key = event.trace_id;
    if (key_ == KafkaSinkPlan::Key::kStratum && !event.stratum.empty()) key = event.stratum;
    text_.clear();
    AppendNdjson(event, &text_);
    text_.pop_back();  // a message is a line by itself
    const Result<bool> sent = producer_->Send(text_, key);
    return !sent.ok() || *sent;  // what is too large is counted
  }
  size_t Wait(int timeout_ms) override { return producer_->Wait(timeout_ms); }
  uint64_t delivered() const override { return producer_->delivered(); }
  uint64_t refused() const override { return producer_->refused(); }
  bool TakeFailure() override { return producer_->TakeFailure(); }

 private:
  std::unique_ptr<KafkaProducer> producer_;
  KafkaSinkPlan::Key key_;
  std::string text_;
};

}  // namespace

SinkPlan MakeSinkPlan(KafkaSinkPlan plan) {
  SinkPlan sink;
  std::string brokers;
  for (const std::string& broker : plan.client.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  sink.name = "sink/kafka/" + brokers + "/" + plan.topic;
  sink.label = plan.topic;
  sink.open = [plan = std::move(plan)](SinkLog log) -> Result<std::unique_ptr<EventTransport>> {
    KafkaProducerOptions options;
    options.client = plan.client;
    options.topic = plan.topic;
    options.trouble = [log = std::move(log)](const std::string& line) {
      log(line.empty() ? "well again" : line + "; trying again");
    };
    WHITTLE_ASSIGN_OR_RETURN(auto producer, KafkaProducer::Create(options));
    return std::unique_ptr<EventTransport>(std::make_unique<KafkaTransport>(std::move(producer), plan.key));
  };
  return sink;
}

}  // namespace whittle
