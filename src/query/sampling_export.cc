#include "query/sampling_export.h"

#include <charconv>
#include <cmath>

#include "base/hash.h"
#include "event/trace_id.h"
#include "sample/coin.h"

namespace whittle {
namespace {

constexpr size_t kCoinDigits = 14;

struct EventCoin {
  uint64_t randomness = 0;
  bool is_trace_id = false;  // the trace id says it by itself
};

EventCoin CoinOfRecord(const CoinRecipe& recipe, const RecordView& record, const Event& event) {
  if (!recipe.independent && event.correlation_method == "explicit" && !event.trace_id.empty()) {
    const uint64_t trace = TraceJoinKey(event.trace_id);
    if (trace != 0) return {recipe.w3c ? W3cCoin(trace) : TraceCoin(recipe.seed, trace), recipe.w3c};
  }
  const SegmentRows& segment = *record.origin().segment;
  const size_t number = *record.rows().record;
  const uint64_t position =
      segment.is_kafka() ? static_cast<uint64_t>(segment.KafkaOffset(number)) : record.origin().offset;
  Hash128 source;
  const std::string& id = record.origin().source->id;
  if (id.size() == 32) {
    std::from_chars(id.data(), id.data() + 16, source.high, 16);
    std::from_chars(id.data() + 16, id.data() + 32, source.low, 16);
  }
  return {PositionCoin(recipe.seed, source, position), false};
}

void AddText(const char* name, std::string text, Event* event) {
  event->attributes.push_back({name, Value::String(std::move(text))});
}

}  // namespace

std::string RandomnessText(uint64_t coin) { return ToHex(coin).substr(16 - kCoinDigits); }

std::string ThresholdText(uint64_t threshold) {
  std::string text = RandomnessText(threshold);
  text.erase(text.find_last_not_of('0') + 1);
  return text.empty() ? "0" : text;
}

void AddSamplingFields(const RecordView& record, SamplingExport what, Event* event) {
  if (what == SamplingExport::kNone || !record.rows().record) return;
  if (what == SamplingExport::kHoneycomb) {
    Value rate = Value::String(std::to_string(std::llround(std::max(1.0, event->sample_rate))));
    rate.type = ValueType::kInt64;
    rate.integer = std::llround(std::max(1.0, event->sample_rate));
    event->attributes.push_back({"SampleRate", std::move(rate)});
    return;
  }
  const SegmentRows& segment = *record.origin().segment;
  if (segment.ledger() == nullptr) return;
  const auto recipe = ParseCoinRecipe(segment.ledger()->policy());
  if (!recipe) return;
  const uint64_t threshold = segment.Threshold(*record.rows().record);
  const EventCoin coin = CoinOfRecord(*recipe, record, *event);
  if (coin.randomness < threshold) return;  // not the coin that was thrown
  std::string state = "ot=th:" + ThresholdText(threshold);
  AddText("sampling.threshold", ThresholdText(threshold), event);
  if (!coin.is_trace_id) {
    AddText("sampling.randomness", RandomnessText(coin.randomness), event);
    state += ";rv:" + RandomnessText(coin.randomness);
  }
  AddText("tracestate", std::move(state), event);
}

}  // namespace whittle
