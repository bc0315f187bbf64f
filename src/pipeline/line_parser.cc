#include "pipeline/line_parser.h"

#include <algorithm>

#include "pipeline/scrub_lines.h"
#include "scan/shape_builder.h"

namespace whittle {
namespace {

// A continuation line is analysed differently, so it has recipes of its own.
constexpr uint64_t kContinuationKey = 0x9E3779B97F4A7C15ULL;

}  // namespace

EventBatch LineParser::Parse(const LineBatch& source_lines) {
  EventBatch batch;
  LineBatch scrubbed;
  const bool changed = !options_->scrubbers.empty() && ScrubLines(*options_, source_lines, &scrubbed, &batch);
  const LineBatch& lines = changed ? scrubbed : source_lines;
  batch.text = lines.text;
  batch.source = lines.source;
  batch.first_offset = lines.first_offset;
  batch.first_line = lines.first_line;
  batch.sequence = lines.sequence;
  const uint64_t limit = expect_many_ ? SkeletonLimit(lines) : kNoLimit;
  if (!ParseLines(lines, limit, &batch)) ParseLines(lines, SkeletonLimit(lines), &batch);
  stats_.lines += lines.lines.size();
  return batch;
}

bool LineParser::ParseLines(const LineBatch& lines, uint64_t limit, EventBatch* batch) {
  batch->rows.clear();
  batch->slots.clear();
  batch->shapes.clear();
  batch->rows.reserve(lines.lines.size());
  batch->slots.reserve(lines.lines.size() * 8);
  batch_shapes_.clear();
  skeletons_.Clear();
  skeleton_limit_ = limit;
  ++round_;
  for (const Line& line : lines.lines) {
    ParseLine(line, batch);
    if (skeletons_.size() > kMaxBatchSkeletons && limit == kNoLimit) return false;
  }
  return true;
}

uint64_t LineParser::KeyOf(std::string_view text, bool record_start) const {
  return tokenizer_.skeleton_hash() ^ analyzer_->Key(text) ^ (record_start ? 0 : kContinuationKey);
}

// The largest hash that is admitted: those with the smallest hashes are, so that it depends on what is in the batch and
// not on what comes first.
uint64_t LineParser::SkeletonLimit(const LineBatch& lines) {
  std::vector<uint64_t> keys;
  keys.reserve(lines.lines.size());
  for (const Line& line : lines.lines) {
    const std::string_view text(lines.text->data() + line.begin, line.size);
    if (tokenizer_.Scan(text)) keys.push_back(KeyOf(text, line.record_start));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  expect_many_ = keys.size() > kMaxBatchSkeletons;
  return expect_many_ ? keys[kMaxBatchSkeletons - 1] : kNoLimit;
}

void LineParser::ParseLine(const Line& line, EventBatch* batch) {
  Row row;
  row.begin = line.begin;
  row.size = line.size;
  row.end = line.end;
  row.flags = line.record_start ? Row::kRecordStart : 0;
  row.first_slot = static_cast<uint32_t>(batch->slots.size());
  const std::string_view text(batch->text->data() + line.begin, line.size);
  if (!tokenizer_.Scan(text)) {
    MakeRaw(text, batch, &row);
  } else {
    const uint64_t key = KeyOf(text, line.record_start);
    skeletons_.Add(key);
    if (key > skeleton_limit_) {
      MakeRaw(text, batch, &row);
    } else if (!TryCache(text, key, batch, &row) && !Analyse(text, !line.record_start, key, batch, &row)) {
      MakeRaw(text, batch, &row);
    }
  }
  batch->rows.push_back(row);
}

bool LineParser::TryCache(std::string_view text, uint64_t key, EventBatch* batch, Row* row) {
  if (!options_->use_recipe_cache) return false;
  RecipeCache::Entry* entry = cache_.Find(key);
  while (entry != nullptr && !Emit(*entry->recipe, text, batch, row)) entry = cache_.Next(entry);
  if (entry == nullptr) return false;
  if (entry->batch != round_) {
    entry->batch = round_;
    entry->batch_shape = ShapeIndex(entry->recipe->shape, batch);
  }
  row->shape = entry->batch_shape;
  ++stats_.recipe_hits;
  return true;
}

bool LineParser::Analyse(std::string_view text, bool continuation, uint64_t key, EventBatch* batch, Row* row) {
  ++stats_.analysed;
  const LineAnalysis analysis = analyzer_->Analyze(text, continuation);
  std::shared_ptr<const Recipe> recipe = BuildRecipe(text, tokenizer_, analysis, continuation);
  if (recipe == nullptr || !Emit(*recipe, text, batch, row)) return false;
  row->shape = ShapeIndex(recipe->shape, batch);
  if (options_->use_recipe_cache && recipe->cacheable) cache_.Insert(key, std::move(recipe));
  return true;
}

bool LineParser::Emit(const Recipe& recipe, std::string_view text, EventBatch* batch, Row* row) {
  const uint32_t slot_count = recipe.shape->slot_count;
  batch->slots.resize(row->first_slot + slot_count);
  RowTime time;
  if (!recipe.Apply(text, tokenizer_.masked(), batch->slots.data() + row->first_slot, &time)) {
    batch->slots.resize(row->first_slot);
    return false;
  }
  for (uint32_t k = 0; k < slot_count; ++k) batch->slots[row->first_slot + k].begin += row->begin;
  row->local_time_ns = time.local_time_ns;
  row->flags = static_cast<uint8_t>(row->flags | time.flags);
  return true;
}

void LineParser::MakeRaw(std::string_view text, EventBatch* batch, Row* row) {
  ++stats_.raw_lines;
  row->shape = ShapeIndex(RawShape(), batch);
  batch->slots.push_back({row->begin, static_cast<uint32_t>(text.size())});
}

uint32_t LineParser::ShapeIndex(const std::shared_ptr<const Shape>& shape, EventBatch* batch) {
  const auto [at, added] = batch_shapes_.try_emplace(shape->id, static_cast<uint32_t>(batch->shapes.size()));
  if (added) batch->shapes.push_back(shape);
  return at->second;
}

}  // namespace whittle
