#include "pipeline/line_parser.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "pipeline/scrub_lines.h"
#include "scan/binary_line.h"
#include "scan/shape_builder.h"

namespace whittle {
namespace {

// A continuation line is analysed differently, so it has recipes of its own.
constexpr uint64_t kContinuationKey = 0x9E3779B97F4A7C15ULL;

// Skeletons looked at to judge a batch: at least, and at most.
constexpr size_t kFewestSampled = 16;
constexpr size_t kSampledSkeletons = 256;

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
  batch.messages = source_lines.messages;
  if (batch.messages != nullptr) batch.streams = batch.messages->streams;
  is_flood_ = false;
  if (look_first_ || !ParseLines(lines, true, &batch)) {
    FindAdmitted(lines);
    ParseLines(lines, false, &batch);
  }
  batch.slots.assign(slots_.begin(), slots_.end());
  stats_.lines += lines.lines.size();
  return batch;
}

bool LineParser::ParseLines(const LineBatch& lines, bool may_give_up, EventBatch* batch) {
  batch->rows.clear();
  slots_.clear();
  batch->shapes.clear();
  batch->rows.reserve(lines.lines.size());
  batch_shapes_.clear();
  skeletons_.Clear();
  ++round_;
  for (const Line& line : lines.lines) {
    ParseLine(line, batch);
    if (may_give_up && skeletons_.full()) return false;
  }
  return true;
}

uint64_t LineParser::KeyOf(std::string_view text, bool record_start) const {
  return tokenizer_.skeleton_hash() ^ analyzer_->Key(text) ^ (record_start ? 0 : kContinuationKey);
}

// Depends on what is in the batch and not on what comes first.
void LineParser::FindAdmitted(const LineBatch& lines) {
  std::vector<Skeleton> found;
  found.reserve(lines.lines.size());
  for (uint32_t i = 0; i < lines.lines.size(); ++i) {
    const Line& line = lines.lines[i];
    const std::string_view text(lines.text->data() + line.begin, line.size);
    if (tokenizer_.Scan(text)) found.push_back({KeyOf(text, line.record_start), line.size, i, false});
  }
  // Of lines with one skeleton the shortest counts.
  std::sort(found.begin(), found.end(), [](const Skeleton& a, const Skeleton& b) {
    return std::tie(a.key, a.bytes, a.line) < std::tie(b.key, b.bytes, b.line);
  });
  size_t distinct = 0;
  size_t bytes = 0;
  for (const Skeleton& skeleton : found) {
    if (distinct > 0 && found[distinct - 1].key == skeleton.key) {
      found[distinct - 1].repeats = true;
    } else {
      bytes += skeleton.bytes;
      found[distinct++] = skeleton;
    }
  }
  found.resize(distinct);
  look_first_ = distinct > kMaxBatchSkeletons || bytes > kMaxBatchSkeletonBytes;
  is_flood_ = look_first_ && ShapesDiffer(lines, found);
  admitted_.clear();
  if (!is_flood_) return;
  const auto admit = [&](bool repeats, size_t most, size_t most_bytes) {
    size_t count = 0;
    size_t total = 0;
    for (const Skeleton& skeleton : found) {
      if (skeleton.repeats != repeats) continue;
      total += skeleton.bytes;
      if (++count > most || total > most_bytes) return;
      admitted_.push_back(skeleton.key);
    }
  };
  admit(true, kMaxBatchSkeletons, kMaxBatchSkeletonBytes);
  admit(false, kFloodSkeletons, kFloodSkeletonBytes);
  std::sort(admitted_.begin(), admitted_.end());
}

// Whether new skeletons mean new shapes, judged by those with the smallest hashes. An access log has as many skeletons
// as there are wordings of its URLs and agents, and a handful of shapes; a service that logs JSON has some hundreds.
// How many the batch has is estimated from those that were seen once and twice (Chao 1984), so a sample that holds
// hardly one twice is still told from one that never would.
bool LineParser::ShapesDiffer(const LineBatch& lines, const std::vector<Skeleton>& skeletons) {
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> seen;
  size_t looked_at = 0;
  size_t bytes = 0;
  for (const Skeleton& skeleton : skeletons) {
    if (looked_at == kSampledSkeletons || (looked_at >= kFewestSampled && bytes >= kFloodSkeletonBytes)) break;
    const Line& line = lines.lines[skeleton.line];
    const std::string_view text(lines.text->data() + line.begin, line.size);
    ++looked_at;
    bytes += text.size();
    if (!tokenizer_.Scan(text)) continue;
    const bool continuation = !line.record_start;
    const auto recipe = BuildRecipe(text, tokenizer_, analyzer_->Analyze(text, continuation), continuation);
    if (recipe != nullptr) ++seen[recipe->shape->id];
  }
  size_t once = 0, twice = 0;
  for (const auto& [shape, count] : seen) {
    once += count == 1 ? 1 : 0;
    twice += count == 2 ? 1 : 0;
  }
  const size_t unseen = twice == 0 ? once * (once - std::min<size_t>(once, 1)) / 2 : once * once / (2 * twice);
  const size_t bearable = kMaxBatchSkeletonBytes / std::max<size_t>(bytes / std::max<size_t>(looked_at, 1), 1);
  return seen.size() + unseen > std::min(kMaxBatchSkeletons, bearable);
}

void LineParser::ParseLine(const Line& line, EventBatch* batch) {
  Row row;
  row.begin = line.begin;
  row.size = line.size;
  row.end = line.end;
  row.flags = line.record_start ? Row::kRecordStart : 0;
  row.first_slot = static_cast<uint32_t>(slots_.size());
  const std::string_view text(batch->text->data() + line.begin, line.size);
  if (!tokenizer_.Scan(text)) {
    MakeRaw(text, batch, &row);
  } else {
    const uint64_t key = KeyOf(text, line.record_start);
    skeletons_.Add(key, text.size());
    if (is_flood_ && !std::binary_search(admitted_.begin(), admitted_.end(), key)) {
      MakeRaw(text, batch, &row);
    } else if (!TryCache(text, key, batch, &row) && !TryShared(text, key, batch, &row) &&
               !Analyse(text, !line.record_start, key, batch, &row)) {
      MakeRaw(text, batch, &row);
    }
  }
  batch->rows.push_back(row);
}

bool LineParser::TryCache(std::string_view text, uint64_t key, EventBatch* batch, Row* row) {
  if (!options_->use_recipe_cache) return false;
  RecipeCache::Entry* entry = cache_.Find(key);
  while (entry != nullptr && !Emit(*entry->recipe, text, row)) entry = cache_.Next(entry);
  if (entry == nullptr) return false;
  if (entry->batch != round_) {
    entry->batch = round_;
    entry->batch_shape = ShapeIndex(entry->recipe->shape, batch);
  }
  row->shape = entry->batch_shape;
  ++stats_.recipe_hits;
  return true;
}

// What another worker found out about the skeleton.
bool LineParser::TryShared(std::string_view text, uint64_t key, EventBatch* batch, Row* row) {
  if (shared_ == nullptr || !options_->use_recipe_cache) return false;
  for (std::shared_ptr<const Recipe>& recipe : shared_->Find(key)) {
    if (!Emit(*recipe, text, row)) continue;
    row->shape = ShapeIndex(recipe->shape, batch);
    cache_.Insert(key, std::move(recipe));
    ++stats_.recipe_hits;
    return true;
  }
  return false;
}

bool LineParser::Analyse(std::string_view text, bool continuation, uint64_t key, EventBatch* batch, Row* row) {
  if (IsBinaryLine(text, tokenizer_.masked())) return false;
  ++stats_.analysed;
  const LineAnalysis analysis = analyzer_->Analyze(text, continuation);
  std::shared_ptr<const Recipe> recipe = BuildRecipe(text, tokenizer_, analysis, continuation);
  if (recipe == nullptr || !Emit(*recipe, text, row)) return false;
  row->shape = ShapeIndex(recipe->shape, batch);
  if (options_->use_recipe_cache && recipe->cacheable) {
    if (shared_ != nullptr) shared_->Add(key, recipe);
    cache_.Insert(key, std::move(recipe));
  }
  return true;
}

bool LineParser::Emit(const Recipe& recipe, std::string_view text, Row* row) {
  const uint32_t slot_count = recipe.shape->slot_count;
  slots_.resize(row->first_slot + slot_count);
  RowTime time;
  if (!recipe.Apply(text, tokenizer_.masked(), &times_, slots_.data() + row->first_slot, &time)) {
    slots_.resize(row->first_slot);
    return false;
  }
  for (uint32_t k = 0; k < slot_count; ++k) slots_[row->first_slot + k].begin += row->begin;
  row->local_time_ns = time.local_time_ns;
  row->flags = static_cast<uint8_t>(row->flags | time.flags);
  return true;
}

void LineParser::MakeRaw(std::string_view text, EventBatch* batch, Row* row) {
  ++stats_.raw_lines;
  row->shape = ShapeIndex(RawShape(), batch);
  slots_.push_back({row->begin, static_cast<uint32_t>(text.size())});
}

uint32_t LineParser::ShapeIndex(const std::shared_ptr<const Shape>& shape, EventBatch* batch) {
  const auto [at, added] = batch_shapes_.try_emplace(shape->id, static_cast<uint32_t>(batch->shapes.size()));
  if (added) batch->shapes.push_back(shape);
  return at->second;
}

}  // namespace whittle
