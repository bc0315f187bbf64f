#include "query/sampling_export.h"

#include <charconv>
#include <cmath>

#include "base/hash.h"
#include "event/trace_id.h"
#include "sample/coin.h"
#include "sample/incoming_rate.h"

namespace whittle {
namespace {

constexpr size_t kCoinDigits = 14;

// The name, or the name below what a collector calls its attributes.
bool IsNamed(std::string_view attribute, std::string_view name) {
  return attribute == name || (attribute.size() > name.size() && attribute.ends_with(name) &&
                               attribute.substr(0, attribute.size() - name.size()) == "attributes.");
}

struct EventCoin {
  uint64_t randomness = 0;
  bool is_trace_id = false;  // the trace id says it by itself
};

// What an attribute of the event says, wherever a JSON line has it.
const std::string* FindText(const Event& event, std::string_view name) {
  for (const Attribute& attribute : event.attributes) {
    if (IsNamed(attribute.name, name)) return &attribute.value.text;
  }
  return nullptr;
}

// An event whose stage before threw the coin that was thrown here may have brought it along.
std::optional<uint64_t> RandomnessOf(const Event& event) {
  const std::string* state = FindText(event, "tracestate");
  if (state != nullptr) {
    if (const auto randomness = ParseTracestate(*state).randomness) return randomness;
  }
  const std::string* text = FindText(event, "sampling.randomness");
  return text == nullptr ? std::nullopt : ParseRandomness(*text);
}

EventCoin CoinOfRecord(const CoinRecipe& recipe, const RecordView& record, const Event& event) {
  if (!recipe.independent && event.correlation_method == "explicit" && !event.trace_id.empty()) {
    const uint64_t trace = TraceJoinKey(event.trace_id);
    if (recipe.w3c && record.origin().segment->SharesCoin(*record.rows().record)) {
      if (const auto randomness = RandomnessOf(event)) return {*randomness, *randomness == W3cCoin(trace)};
    }
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

// What the event brought along is out of date once it was sampled here.
void ForgetIncoming(SamplingExport what, Event* event) {
  std::string state;
  std::erase_if(event->attributes, [&](const Attribute& attribute) {
    if (what == SamplingExport::kHoneycomb) return IsNamed(attribute.name, "SampleRate");
    if (IsNamed(attribute.name, "tracestate")) state = ReplaceOtel(attribute.value.text, "");
    return IsNamed(attribute.name, "tracestate") || IsNamed(attribute.name, "sampling.threshold") ||
           IsNamed(attribute.name, "sampling.randomness");
  });
  if (!state.empty()) event->attributes.push_back({"tracestate", Value::String(std::move(state))});
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
    ForgetIncoming(what, event);
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
  const size_t number = *record.rows().record;
  const uint64_t threshold = segment.Threshold(number);
  const bool came_sampled = segment.IncomingRate(number) > 1;
  if (came_sampled && threshold == 0) return;  // what it says of itself holds
  const EventCoin coin = CoinOfRecord(*recipe, record, *event);
  std::string state = "ot=th:" + ThresholdText(threshold);
  if (came_sampled) ForgetIncoming(what, event);
  // Two coins have no threshold together; and it may not be the coin that was thrown.
  if ((came_sampled && !segment.SharesCoin(number)) || coin.randomness < threshold) return;
  AddText("sampling.threshold", ThresholdText(threshold), event);
  if (!coin.is_trace_id) {
    AddText("sampling.randomness", RandomnessText(coin.randomness), event);
    state += ";rv:" + RandomnessText(coin.randomness);
  }
  for (Attribute& attribute : event->attributes) {
    if (attribute.name != "tracestate") continue;
    attribute.value = Value::String(ReplaceOtel(attribute.value.text, state));
    return;
  }
  AddText("tracestate", std::move(state), event);
}

}  // namespace whittle
