#include "render/shape_plan.h"

#include <algorithm>
#include <unordered_map>

#include "scan/time_layout.h"

namespace whittle {
namespace {

PlannedField Plan(const Field& field, std::string name) {
  return {std::move(name), field.type, field.unescape, field.time_layout, field.range, false, {}, field.constant};
}

bool Contains(const PieceRange& outer, const PieceRange& inner) {
  return outer.begin <= inner.begin && inner.end <= outer.end;
}

// A field that is the whole message (a JSON "msg") says nothing about the slots inside it.
bool IsParsedAlready(const PieceRange& slot, const Shape& shape) {
  const auto says_something = [&](const Field& field) {
    return !field.range.empty() && !(Contains(field.range, shape.body) && !(slot == shape.body));
  };
  const auto covered = [&](uint16_t i) {
    return std::any_of(shape.fields.begin(), shape.fields.end(), [&](const Field& field) {
      return says_something(field) && field.range.begin <= i && i < field.range.end;
    });
  };
  // All but punctuation in the slot is some field's ("address:port"), or a part of a single word is ("HTTP/1.1").
  bool any = false, all = true, blank = false;
  for (uint16_t i = slot.begin; i < slot.end; ++i) {
    const Piece& piece = shape.pieces[i];
    const bool is_covered = covered(i);
    any = any || is_covered;
    all = all && (is_covered || piece.kind == Piece::Kind::kDelimiter);
    blank = blank || (!is_covered && piece.text.find_first_of(" \t") != std::string::npos);
  }
  if (any && (all || !blank)) return true;
  // The key of a field: "a0" of a0=7ffd.
  return slot.end + 1u < shape.pieces.size() && shape.pieces[slot.end].text.starts_with('=') &&
         (covered(static_cast<uint16_t>(slot.end + 1)));
}

// Fields with names that are distinct: the second of one name is name_2. A line may have hundreds of one name.
class DistinctFields {
 public:
  explicit DistinctFields(std::vector<PlannedField>* fields) : fields_(*fields) {}

  void Add(PlannedField field) {
    const auto [known, is_new] = last_.try_emplace(field.name, 1);
    if (!is_new) {
      const std::string name = field.name;
      int n = known->second;
      do {
        field.name = name + "_" + std::to_string(++n);
      } while (!last_.try_emplace(field.name, 1).second);
      last_[name] = n;
    }
    fields_.push_back(std::move(field));
  }

 private:
  std::vector<PlannedField>& fields_;
  std::unordered_map<std::string, int> last_;  // name → the number that its last one got
};

struct PlanBuilder {
  explicit PlanBuilder(ShapePlan* to) : plan(to), attributes(&to->attributes), resource(&to->resource) {}
  ShapePlan* plan;
  DistinctFields attributes, resource;
};

void AddShapeFields(const Shape& shape, PlanBuilder* builder) {
  ShapePlan* plan = builder->plan;
  for (const Field& field : shape.fields) {
    switch (field.role) {
      case FieldRole::kAttribute:
        if (!field.name.empty()) builder->attributes.Add(Plan(field, field.name));
        break;
      case FieldRole::kResource:
        if (!field.name.empty()) builder->resource.Add(Plan(field, field.name));
        break;
      case FieldRole::kTimestamp:
        break;  // resolved by whoever knows year and zone
      case FieldRole::kObservedTimestamp:
        builder->attributes.Add(Plan(field, "observed_timestamp"));
        break;
      case FieldRole::kSeverity:
        if (!plan->severity) plan->severity = Plan(field, "severity_text");
        break;
      case FieldRole::kTraceId:
        if (!plan->trace_id) plan->trace_id = Plan(field, field.name.empty() ? "trace_id" : field.name);
        break;
      case FieldRole::kSpanId:
        if (!plan->span_id) plan->span_id = Plan(field, field.name.empty() ? "span_id" : field.name);
        break;
      case FieldRole::kParentSpanId:
        if (!plan->parent_span_id)
          plan->parent_span_id = Plan(field, field.name.empty() ? "parent_span_id" : field.name);
        break;
      case FieldRole::kTraceFlags:
        builder->attributes.Add(Plan(field, "trace_flags"));
        break;
    }
  }
}

// The unit that stands behind the number of a slot and is the same in all its lines: " ms" of "35 ms". Values of slots
// that hold their units themselves (35ms) are followed by none.
std::string UnitBehind(const Shape& shape, const PieceRange& range, ValueType type) {
  if ((type != ValueType::kDuration && type != ValueType::kSize) || range.end - range.begin != 1) return {};
  if (range.end + size_t{2} > shape.pieces.size()) return {};
  const Piece& blank = shape.pieces[range.end];
  const Piece& word = shape.pieces[range.end + size_t{1}];
  if (word.kind != Piece::Kind::kWord || blank.text != " ") return {};
  const std::string_view unit = std::string_view(word.text).substr(0, word.text.find_last_not_of(".:!?") + 1);
  return ParseValue(type, "1 " + std::string(unit)).type == type ? blank.text + std::string(unit) : std::string();
}

void AddTemplateSlots(const Shape& shape, const Template& mined, const TemplateBinding& binding,
                      DistinctFields* fields) {
  const size_t count = std::min(mined.slots.size(), binding.slots.size());
  for (size_t i = 0; i < count; ++i) {
    const PieceRange& range = binding.slots[i];
    if (range.empty() || range.end > shape.pieces.size() || mined.slots[i].name.empty()) continue;
    if (IsParsedAlready(range, shape)) continue;
    const TemplateSlot& slot = mined.slots[i];
    const uint16_t layout = range.end - range.begin == 1 ? shape.pieces[range.begin].time_layout : uint16_t{0};
    fields->Add(
        {slot.name, slot.type, shape.body_unescape, layout, range, true, UnitBehind(shape, range, slot.type), {}});
  }
}

Value ParseTimeValue(const PlannedField& field, std::string text) {
  ParsedTime time;
  if (field.time_layout == 0 || !ParseTime(field.time_layout, text, &time) || !time.has_date || !time.has_year ||
      !time.has_zone) {
    return field.time_layout == 0 ? ParseValue(ValueType::kTimestamp, text) : Value::String(text);
  }
  Value value;
  value.type = ValueType::kTimestamp;
  value.integer = time.nanos;
  value.text = std::move(text);
  return value;
}

}  // namespace

std::shared_ptr<const ShapePlan> PlanShape(std::shared_ptr<const Shape> shape, const Template* mined,
                                           const TemplateBinding* binding) {
  auto plan = std::make_shared<ShapePlan>();
  PlanBuilder builder(plan.get());
  AddShapeFields(*shape, &builder);
  if (mined != nullptr && binding != nullptr) {
    plan->template_id = mined->id;
    plan->template_text = mined->text;
    AddTemplateSlots(*shape, *mined, *binding, &builder.attributes);
  }
  plan->shape = std::move(shape);
  return plan;
}

void AppendFieldText(const Shape& shape, const PlannedField& field, const std::string_view* slots, std::string* out) {
  if (!field.constant.empty()) {
    out->append(field.constant);
    return;
  }
  const size_t begin = out->size();
  if (field.unescape == 0) {
    RenderPieces(shape, field.range, slots, out);
  } else {
    std::string escaped;
    RenderPieces(shape, field.range, slots, &escaped);
    out->append(Unescape(escaped, field.unescape));
  }
  if (out->size() > begin) out->append(field.unit);
}

std::optional<Value> FieldValue(const Shape& shape, const PlannedField& field, const std::string_view* slots) {
  std::string text;
  AppendFieldText(shape, field, slots, &text);
  if (field.mined && text.empty()) return std::nullopt;
  if (field.type == ValueType::kTimestamp) return ParseTimeValue(field, std::move(text));
  return ParseValue(field.type, text);
}

void AppendBody(const Shape& shape, const std::string_view* slots, std::string* out) {
  const PieceRange whole{0, static_cast<uint16_t>(shape.pieces.size())};
  const PieceRange range = shape.continuation && shape.body.empty() ? whole : shape.body;
  if (shape.body_unescape == 0) {
    RenderPieces(shape, range, slots, out);
    return;
  }
  std::string escaped;
  RenderPieces(shape, range, slots, &escaped);
  std::string body = Unescape(escaped, shape.body_unescape);
  // A line that a transport wrapped in JSON carries its own line end inside: {"log":"text\n", …}.
  if (!shape.envelope.empty() && body.ends_with('\n')) {
    body.pop_back();
    if (body.ends_with('\r')) body.pop_back();
  }
  out->append(body);
}

}  // namespace whittle
