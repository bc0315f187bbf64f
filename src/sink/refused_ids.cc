#include "sink/refused_ids.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "event/trace_id.h"

namespace whittle {
namespace {

bool IsIdRole(FieldRole role) {
  return role == FieldRole::kTraceId || role == FieldRole::kSpanId || role == FieldRole::kParentSpanId;
}

bool IsPlaceholder(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kNone = {"",    "null",   "none",      "nil",  "n/a",
                                                            "nan", "(null)", "undefined", "<nil>"};
  std::string lower(text.substr(0, 16));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text.find_first_not_of("-") == std::string_view::npos ||
         std::find(kNone.begin(), kNone.end(), lower) != kNone.end();
}

bool IsRefused(const Field& field, std::string_view text) {
  std::string hex;
  const TraceIdKind kind = TraceIdKindOf(field.type);
  const bool valid =
      field.role == FieldRole::kTraceId ? NormalizeTraceId(text, kind, &hex) : NormalizeSpanId(text, kind, &hex);
  return !valid && !IsPlaceholder(text);
}

}  // namespace

uint64_t CountRefusedIds(const EventBatch& batch) {
  std::vector<std::vector<const Field*>> ids(batch.shapes.size());
  for (size_t i = 0; i < batch.shapes.size(); ++i) {
    for (const Field& field : batch.shapes[i]->fields) {
      if (IsIdRole(field.role)) ids[i].push_back(&field);
    }
  }
  if (std::all_of(ids.begin(), ids.end(), [](const auto& fields) { return fields.empty(); })) return 0;
  uint64_t refused = 0;
  std::string text;
  std::vector<std::string_view> slots;
  for (const Row& row : batch.rows) {
    if ((row.flags & Row::kRecordStart) == 0 || ids[row.shape].empty()) continue;
    const Shape& shape = *batch.shapes[row.shape];
    slots.clear();
    for (uint32_t k = 0; k < shape.slot_count; ++k) slots.push_back(batch.Text(batch.slots[row.first_slot + k]));
    for (const Field* field : ids[row.shape]) {
      text.clear();
      RenderPieces(shape, field->range, slots.data(), &text);
      if (IsRefused(*field, field->unescape == 0 ? text : Unescape(text, field->unescape))) ++refused;
    }
  }
  return refused;
}

}  // namespace whittle
