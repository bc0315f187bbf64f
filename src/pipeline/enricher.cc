#include "pipeline/enricher.h"

#include <algorithm>
#include <utility>

namespace whittle {
namespace {

// What a step without condition does to shapes: names that it sets belong to the source, so the fields of the line make
// way for them.
FieldStep StepOfShapes(const FieldRule& rule) {
  if (rule.step.kind != FieldStep::Kind::kSet || rule.condition != nullptr) return rule.step;
  FieldStep step;
  step.kind = FieldStep::Kind::kSet;
  for (const auto& [name, value] : rule.step.pairs) {
    if (IsSeverityName(name)) {
      step.pairs.emplace_back(name, value);
    } else {
      step.names.push_back(name);
    }
  }
  return step;
}

}  // namespace

Enricher::Enricher(const ParsingOptions* options, SegmentSource source)
    : source_(std::move(source)), rates_(&options->incoming) {
  for (const FieldRule& rule : options->field_rules) {
    Step step;
    step.rule = &rule;
    step.step = StepOfShapes(rule);
    if (rule.condition != nullptr) step.fields = std::make_unique<SamplingFields>(rule.condition.get(), &source_);
    steps_.push_back(std::move(step));
  }
}

const std::shared_ptr<const Shape>& Enricher::Enriched(const std::shared_ptr<const Shape>& shape, Step* step) {
  if (step->enriched.size() >= kMaxEnrichedShapes) step->enriched.clear();
  auto [at, added] = step->enriched.try_emplace(shape->id);
  if (added) at->second = ApplyFieldStep(shape, step->step);
  return at->second;
}

void Enricher::EnrichAll(Step* step, EventBatch* batch) {
  for (std::shared_ptr<const Shape>& shape : batch->shapes) {
    if (!shape->continuation) shape = Enriched(shape, step);
  }
}

void Enricher::EnrichSome(Step* step, EventBatch* batch) {
  constexpr uint32_t kUnknown = UINT32_MAX;
  std::vector<uint32_t> meets;  // rows
  for (size_t row = 0; row < batch->rows.size(); ++row) {
    if ((batch->rows[row].flags & Row::kRecordStart) == 0) continue;
    step->fields->Reset(*batch, row, row + 1, std::nullopt);
    if (step->fields->Matches(0)) meets.push_back(static_cast<uint32_t>(row));
  }
  std::vector<uint32_t> enriched(batch->shapes.size(), kUnknown);
  for (const uint32_t row : meets) {
    uint32_t& shape = batch->rows[row].shape;
    uint32_t& own = enriched[shape];
    if (own == kUnknown) {
      own = static_cast<uint32_t>(batch->shapes.size());
      batch->shapes.push_back(Enriched(batch->shapes[shape], step));
    }
    shape = own;
  }
}

// What a step left without rows, and shapes that became the same.
static void JoinShapes(EventBatch* batch) {
  constexpr uint32_t kUnknown = UINT32_MAX;
  std::vector<std::shared_ptr<const Shape>> used;
  std::vector<uint32_t> number(batch->shapes.size(), kUnknown);
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> by_id;
  for (Row& row : batch->rows) {
    uint32_t& shape = number[row.shape];
    if (shape == kUnknown) {
      const auto [at, added] = by_id.try_emplace(batch->shapes[row.shape]->id, static_cast<uint32_t>(used.size()));
      if (added) used.push_back(batch->shapes[row.shape]);
      shape = at->second;
    }
    row.shape = shape;
  }
  batch->shapes = std::move(used);
}

void Enricher::Enrich(EventBatch* batch) {
  for (Step& step : steps_) {
    if (step.fields == nullptr) {
      EnrichAll(&step, batch);
    } else {
      EnrichSome(&step, batch);
    }
  }
  if (!steps_.empty()) JoinShapes(batch);
  rates_.AddTo(batch);
}

}  // namespace whittle
