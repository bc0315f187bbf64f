#include "pipeline/incoming_rates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "event/trace_id.h"

namespace whittle {
namespace {

using Names = std::initializer_list<std::string_view>;

// Where the attributes of an event stand that a collector or whittle itself wrote out as JSON.
constexpr std::array<std::string_view, 4> kHomes = {"", "attributes.", "Attributes.", "data."};

const PlannedField* FindNamed(const ShapePlan& plan, Names names) {
  for (const std::string_view home : kHomes) {
    for (const std::string_view name : names) {
      const std::string whole = std::string(home).append(name);
      for (const PlannedField& field : plan.attributes) {
        if (field.name == whole) return &field;
      }
    }
  }
  return nullptr;
}

bool Has(const ShapePlan& plan, std::string_view name) {
  return std::any_of(plan.attributes.begin(), plan.attributes.end(), [&](const auto& f) { return f.name == name; });
}

// A member whose value is an object.
bool HasObject(const Shape& shape, std::string_view name) {
  std::string text;
  for (const Piece& piece : shape.pieces) text += piece.kind == Piece::Kind::kSlot ? "0" : piece.text;
  return text.find("\"" + std::string(name) + "\":{") != std::string::npos;
}

}  // namespace

// By the names of the fields alone: nearly all shapes have none of them, and are done with here.
bool IncomingRates::MayTell(const Shape& shape) const {
  if (choice_.kind == IncomingChoice::Kind::kOff || shape.continuation) return false;
  return std::any_of(shape.fields.begin(), shape.fields.end(), [&](const Field& field) {
    const std::string_view name = field.name;
    if (name.size() < 10) return choice_.kind == IncomingChoice::Kind::kField && name == choice_.field;
    return name.ends_with("ampleRate") || name.ends_with("ample_rate") || name.ends_with("amplerate") ||
           name.ends_with("racestate") || name.ends_with("raceState") || name.ends_with("race_state") ||
           name.ends_with(".threshold") || (choice_.kind == IncomingChoice::Kind::kField && name == choice_.field);
  });
}

// A plain rate is a number with a name that other things have, too: the rate of a sound, of a profiler. So it counts
// where the rest of the event says who wrote it.
const PlannedField* IncomingRates::FindRate(const ShapePlan& plan) const {
  if (choice_.kind == IncomingChoice::Kind::kField) return FindNamed(plan, {choice_.field});
  const std::string& envelope = plan.shape->envelope;
  const std::string& format = plan.shape->body_format;
  if (envelope.find("json") == std::string::npos && format != "json") return nullptr;
  // whittle cat --format ndjson.
  if (Has(plan, "template_id") && Has(plan, "sample_rate")) return FindNamed(plan, {"sample_rate"});
  // Honeycomb's: an event of a trace with SampleRate, or one of a batch for its API.
  if (Has(plan, "samplerate") && HasObject(*plan.shape, "data")) return FindNamed(plan, {"samplerate"});
  return plan.trace_id ? FindNamed(plan, {"SampleRate"}) : nullptr;
}

IncomingRates::Fields IncomingRates::Find(const std::shared_ptr<const Shape>& shape) const {
  Fields fields;
  fields.plan = PlanShape(shape, nullptr, nullptr);
  fields.rate = FindRate(*fields.plan);
  fields.tracestate = FindNamed(*fields.plan, {"tracestate", "traceState", "trace_state", "TraceState"});
  fields.threshold = FindNamed(*fields.plan, {"sampling.threshold"});
  fields.randomness = FindNamed(*fields.plan, {"sampling.randomness"});
  return fields;
}

const IncomingRates::Fields* IncomingRates::FieldsOf(const std::shared_ptr<const Shape>& shape) {
  if (!MayTell(*shape)) return nullptr;
  auto found = fields_of_.find(shape->id);
  if (found == fields_of_.end()) {
    if (fields_of_.size() >= kMaxRateShapes) fields_of_.clear();
    found = fields_of_.emplace(shape->id, Find(shape)).first;
  }
  return found->second.any() ? &found->second : nullptr;
}

IncomingSampling IncomingRates::Of(const EventBatch& batch, size_t row, uint64_t trace) {
  const Row& record = batch.rows[row];
  const Fields* fields = FieldsOf(batch.shapes[record.shape]);
  if (fields == nullptr) return {};
  const Shape& shape = *fields->plan->shape;
  std::vector<std::string_view> slots(shape.slot_count);
  for (uint32_t k = 0; k < shape.slot_count; ++k) slots[k] = batch.Text(batch.slots[record.first_slot + k]);
  std::string rate, tracestate, threshold, randomness, id;
  const auto read = [&](const PlannedField* field, std::string* text) -> std::optional<std::string_view> {
    if (field == nullptr) return std::nullopt;
    AppendFieldText(shape, *field, slots.data(), text);
    return text->empty() ? std::nullopt : std::optional<std::string_view>(*text);
  };
  IncomingTexts texts;
  texts.rate = read(fields->rate, &rate);
  texts.tracestate = read(fields->tracestate, &tracestate);
  texts.threshold = read(fields->threshold, &threshold);
  texts.randomness = read(fields->randomness, &randomness);
  texts.trace = trace;
  if (const auto& field = fields->plan->trace_id; field && trace == 0) {
    std::string text;
    AppendFieldText(shape, *field, slots.data(), &text);
    if (NormalizeTraceId(text, TraceIdKindOf(field->type), &id)) texts.trace = TraceJoinKey(id);
  }
  return ReadIncoming(texts);
}

void IncomingRates::AddTo(EventBatch* batch) {
  std::vector<bool> tells(batch->shapes.size());
  bool any = false;
  for (size_t s = 0; s < tells.size(); ++s) {
    tells[s] = FieldsOf(batch->shapes[s]) != nullptr;
    any = any || tells[s];
  }
  if (!any) return;
  RecordStream stream{static_cast<uint16_t>(StreamId::kIncomingRate), {}};
  bool sampled = false;
  for (size_t row = 0; row < batch->rows.size(); ++row) {
    if ((batch->rows[row].flags & Row::kRecordStart) == 0) continue;
    IncomingSampling in;
    if (tells[batch->rows[row].shape]) in = Of(*batch, row, 0);
    counts_.refused += in.refused ? 1 : 0;
    if (in.rate > 1) {
      ++counts_.records;
      counts_.stand_for += in.rate;
      sampled = true;
    }
    stream.values.push_back(std::bit_cast<int64_t>(in.rate));
  }
  if (sampled) batch->streams.push_back(std::move(stream));
}

RecordStream* IncomingStream(EventBatch* batch) {
  for (RecordStream& stream : batch->streams) {
    if (stream.id == static_cast<uint16_t>(StreamId::kIncomingRate)) return &stream;
  }
  return nullptr;
}

double IncomingRateOf(int64_t bits) {
  const auto rate = std::bit_cast<double>(bits);
  return std::isfinite(rate) && std::fabs(rate) >= 1 ? rate : 1;
}

}  // namespace whittle
