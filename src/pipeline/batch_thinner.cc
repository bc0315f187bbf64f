#include "pipeline/batch_thinner.h"

#include <algorithm>
#include <memory>
#include <string>

#include "catalog/source_state.h"

namespace whittle {
namespace {

// A batch that keeps less than this part of its text gives the rest of the memory back.
constexpr double kCompactBelow = 0.75;

void Add(const RowGap& from, RowGap* into) {
  into->bytes += from.bytes;
  into->lines += from.lines;
}

}  // namespace

void BatchThinner::Apply() {
  if (left_out_ == 0) return;
  KeepTail();
  std::vector<uint32_t> new_number(keep_.size(), UINT32_MAX);
  std::vector<Row> rows;
  std::vector<RowGap> gaps;
  std::vector<uint32_t> sizes;
  RowGap gap;
  for (size_t i = 0; i < keep_.size(); ++i) {
    if (!batch_.gaps.empty()) Add(batch_.gaps[i], &gap);
    if (!keep_[i]) {
      Add({batch_.SourceSize(i), 1}, &gap);
      continue;
    }
    new_number[i] = static_cast<uint32_t>(rows.size());
    rows.push_back(batch_.rows[i]);
    gaps.push_back(gap);
    if (!batch_.source_sizes.empty()) sizes.push_back(batch_.source_sizes[i]);
    gap = {};
  }
  Add(batch_.last_gap, &gap);
  batch_.last_gap = gap;
  batch_.rows = std::move(rows);
  batch_.gaps = std::move(gaps);
  batch_.source_sizes = std::move(sizes);
  std::vector<ScrubbedSpan> spans;
  for (ScrubbedSpan span : batch_.scrubbed) {
    if (new_number[span.row] == UINT32_MAX) continue;
    span.row = new_number[span.row];
    spans.push_back(span);
  }
  batch_.scrubbed = std::move(spans);
  Compact();
  ForgetUnusedShapes();
}

// The last bytes of the source recognise it later, kept or not.
void BatchThinner::KeepTail() {
  if (!batch_.source_tail.empty() || batch_.rows.empty()) return;
  const Row& last = batch_.rows.back();
  const uint32_t end = last.begin + last.size + TerminatorSize(last.end);
  const uint32_t begin =
      std::max(batch_.rows.front().begin, end - std::min(end, static_cast<uint32_t>(kFingerprintBytes)));
  batch_.source_tail = batch_.Text({begin, end - begin});
}

// A segment stores the shapes of the rows it has, not of those that came.
void BatchThinner::ForgetUnusedShapes() {
  std::vector<uint32_t> new_number(batch_.shapes.size(), UINT32_MAX);
  std::vector<std::shared_ptr<const Shape>> shapes;
  for (Row& row : batch_.rows) {
    uint32_t& number = new_number[row.shape];
    if (number == UINT32_MAX) {
      number = static_cast<uint32_t>(shapes.size());
      shapes.push_back(batch_.shapes[row.shape]);
    }
    row.shape = number;
  }
  batch_.shapes = std::move(shapes);
}

void BatchThinner::Compact() {
  uint64_t bytes = 0;
  for (const Row& row : batch_.rows) bytes += row.size + TerminatorSize(row.end);
  if (static_cast<double>(bytes) > kCompactBelow * static_cast<double>(batch_.text->size())) return;
  auto text = std::make_shared<std::string>();
  text->reserve(bytes);
  std::vector<Span> slots;
  for (Row& row : batch_.rows) {
    const auto begin = static_cast<uint32_t>(text->size());
    const uint32_t moved = begin - row.begin;  // wraps
    text->append(batch_.Text({row.begin, row.size + TerminatorSize(row.end)}));
    row.begin = begin;
    const auto first = static_cast<uint32_t>(slots.size());
    for (uint32_t k = 0; k < batch_.shapes[row.shape]->slot_count; ++k) {
      Span span = batch_.slots[row.first_slot + k];
      span.begin += moved;
      slots.push_back(span);
    }
    row.first_slot = first;
  }
  batch_.text = std::move(text);
  batch_.slots = std::move(slots);
}

}  // namespace whittle
