#include "query/record_view.h"

#include <algorithm>

#include "base/hash.h"
#include "event/severity.h"

namespace whittle {
namespace {

const PlannedField* FindPlanned(const std::vector<PlannedField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const PlannedField& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

// Values beyond it are left out of the event: an attribute is for looking at. They are in the store all the same.
constexpr size_t kMaxShownBytes = size_t{64} << 10;

void AddBytes(std::string name, const std::string& bytes, std::vector<Attribute>* out) {
  if (bytes.size() <= kMaxShownBytes) out->push_back({std::move(name), Value::String(bytes)});
}

// What the broker knows of the message, in the names of OpenTelemetry.
void AddMessage(const SegmentRows& segment, size_t record, std::vector<Attribute>* out) {
  if (!segment.is_kafka()) return;
  const auto number = [&](const char* name, int64_t value, ValueType type) {
    Value typed = Value::String(std::to_string(value));
    typed.type = type;
    typed.integer = value;
    out->push_back({name, std::move(typed)});
  };
  number("messaging.kafka.offset", segment.KafkaOffset(record), ValueType::kInt64);
  if (const int64_t time_ms = segment.KafkaTimeMs(record); time_ms != kNoTime) {
    number("messaging.kafka.message.timestamp_ms", time_ms, ValueType::kInt64);
  }
  const Message* message = segment.MessageOf(record);
  if (message == nullptr) return;
  if (message->tombstone) {
    Value yes = Value::String("true");
    yes.type = ValueType::kBool;
    yes.integer = 1;
    out->push_back({"messaging.kafka.message.tombstone", std::move(yes)});
  }
  if (message->key) AddBytes("messaging.kafka.message.key", *message->key, out);
  for (const MessageHeader& header : message->headers) {
    if (header.value) AddBytes(std::string(kKafkaPrefix) + "header." + header.name, *header.value, out);
  }
}

// Attributes that only the finished event has: found in the text of the whole record, or native ids kept beside the
// normalised ones.
bool MayBeDerived(const ShapePlan& plan, std::string_view name) {
  if (name.starts_with("exception.") || name.starts_with(kKafkaPrefix)) return true;
  for (const auto* field : {&plan.trace_id, &plan.span_id, &plan.parent_span_id}) {
    if (*field && (*field)->name == name) return true;
  }
  return false;
}

class ColumnMarker {
 public:
  ColumnMarker(const StoredShape& stored, std::vector<bool>* wanted) : stored_(stored), wanted_(*wanted) {}
  void All() {
    for (const uint32_t column : stored_.columns) wanted_[column] = true;
  }
  void Range(const PieceRange& range) {
    for (size_t i = range.begin; i < range.end && i < stored_.shape->pieces.size(); ++i) {
      const Piece& piece = stored_.shape->pieces[i];
      if (piece.kind == Piece::Kind::kSlot) wanted_[stored_.columns[piece.slot]] = true;
    }
  }
  void Optional(const std::optional<PlannedField>& field) {
    if (field) Range(field->range);
  }
  void Body() {
    if (stored_.shape->continuation && stored_.shape->body.empty()) {
      All();
    } else {
      Range(stored_.shape->body);
    }
  }

 private:
  const StoredShape& stored_;
  std::vector<bool>& wanted_;
};

void MarkField(const ShapePlan& plan, const FieldRef& field, ColumnMarker* marker) {
  switch (field.builtin) {
    case Builtin::kBody:
      marker->Body();
      return;
    case Builtin::kRaw:
    case Builtin::kSourceOffset:
      marker->All();
      return;
    case Builtin::kSeverity:
    case Builtin::kSeverityText:
    case Builtin::kSeverityNumber:
      marker->Optional(plan.severity);
      return;
    case Builtin::kTraceId:
      marker->Optional(plan.trace_id);
      return;
    case Builtin::kSpanId:
      marker->Optional(plan.span_id);
      return;
    case Builtin::kParentSpanId:
      marker->Optional(plan.parent_span_id);
      return;
    case Builtin::kNone:
      break;
    default:
      return;
  }
  for (const std::string& name : field.names) {
    if (field.scope != FieldRef::Scope::kResource) {
      if (const PlannedField* planned = FindPlanned(plan.attributes, name)) return marker->Range(planned->range);
      if (MayBeDerived(plan, name)) marker->All();
    }
    if (field.scope != FieldRef::Scope::kAttributes) {
      if (const PlannedField* planned = FindPlanned(plan.resource, name)) return marker->Range(planned->range);
    }
  }
}

}  // namespace

bool NeedsTemplates(const FieldDemand& demand) {
  return demand.everything || std::any_of(demand.fields->begin(), demand.fields->end(), [](const FieldRef& field) {
           return field.builtin == Builtin::kNone || field.builtin == Builtin::kTemplate ||
                  field.builtin == Builtin::kTemplateId || field.builtin == Builtin::kStratum;
         });
}

std::vector<bool> NeededColumns(const SegmentRows& segment, const ShapePlans& plans, const FieldDemand& demand,
                                const std::vector<bool>* shapes) {
  std::vector<bool> wanted(segment.footer().column_count, false);
  const auto whole_record = [](const FieldRef& field) {
    return field.builtin == Builtin::kSourceOffset ||
           std::any_of(field.names.begin(), field.names.end(),
                       [](const std::string& n) { return n.starts_with("exception.") || n.starts_with(kKafkaPrefix); });
  };
  if ((demand.everything && demand.positions) ||
      (!demand.everything && std::any_of(demand.fields->begin(), demand.fields->end(), whole_record))) {
    wanted.assign(wanted.size(), true);
    return wanted;
  }
  for (size_t s = 0; s < segment.shapes().size(); ++s) {
    if (!segment.ShapeHasRows(s) || (shapes != nullptr && !(*shapes)[s])) continue;
    ColumnMarker marker(segment.shapes()[s], &wanted);
    if (demand.everything) {
      marker.All();
      continue;
    }
    for (const FieldRef& field : *demand.fields) MarkField(*plans[s], field, &marker);
  }
  return wanted;
}

const FieldResolver::Resolved& FieldResolver::Resolve(uint32_t shape, const ShapePlan& plan, const FieldRef& field,
                                                      const SegmentSource& source) {
  if (source_ != &source) {
    for (auto& fields : by_shape_) fields.clear();
    source_ = &source;
  }
  auto& fields = by_shape_[shape];
  if (fields.empty()) fields.resize(field_count_);
  Resolved& resolved = fields[field.id];
  if (resolved.kind != Resolved::Kind::kUnknown) return resolved;
  resolved.kind = Resolved::Kind::kAbsent;
  for (const std::string& name : field.names) {
    if (field.scope != FieldRef::Scope::kResource) {
      if ((resolved.planned = FindPlanned(plan.attributes, name)) != nullptr) {
        resolved.kind = Resolved::Kind::kPlanned;
        return resolved;
      }
      if (MayBeDerived(plan, name)) {
        resolved.kind = Resolved::Kind::kEvent;
        return resolved;
      }
    }
    if (field.scope == FieldRef::Scope::kAttributes) continue;
    if ((resolved.planned = FindPlanned(plan.resource, name)) != nullptr) {
      resolved.kind = Resolved::Kind::kPlanned;
      return resolved;
    }
    for (const auto& attribute : source.attributes) {
      if (attribute.name != name) continue;
      resolved.kind = Resolved::Kind::kSourceResource;
      resolved.name = attribute.name;
      return resolved;
    }
  }
  return resolved;
}

void RecordView::Reset(const RecordOrigin& origin, const RecordRows* rows, FieldResolver* resolver) {
  origin_ = origin;
  rows_ = rows;
  resolver_ = resolver;
  has_body_ = has_raw_ = has_event_ = false;
}

const Value* RecordView::Set(ValueType type, int64_t integer, std::string_view text) {
  scratch_.type = type;
  scratch_.integer = integer;
  scratch_.real = 0;
  scratch_.text = text;
  return &scratch_;
}

const Value* RecordView::Keep(std::optional<Value> value) {
  if (!value) return nullptr;
  scratch_ = *std::move(value);
  return &scratch_;
}

const Value* RecordView::FromEvent(const FieldRef& field) {
  ToEvent();
  return event_fields_->Lookup(field);
}

const Value* RecordView::Attribute(const FieldRef& field) {
  const FieldResolver::Resolved& resolved = resolver_->Resolve(rows_->shapes[0], plan(), field, *origin_.source);
  switch (resolved.kind) {
    case FieldResolver::Resolved::Kind::kPlanned:
      return Keep(FieldValue(*plan().shape, *resolved.planned, rows_->Slots(0)));
    case FieldResolver::Resolved::Kind::kSourceResource:
      for (const auto& attribute : origin_.source->attributes) {
        if (attribute.name == resolved.name) return &attribute.value;
      }
      return nullptr;
    case FieldResolver::Resolved::Kind::kEvent:
      return FromEvent(field);
    default:
      return nullptr;
  }
}

const Value* RecordView::Lookup(const FieldRef& field) {
  const ShapePlan& shape_plan = plan();
  switch (field.builtin) {
    case Builtin::kNone:
      return Attribute(field);
    case Builtin::kTimestamp: {
      const auto time = time_ns();
      return time ? Set(ValueType::kTimestamp, *time, "") : nullptr;
    }
    case Builtin::kSeverity:
    case Builtin::kSeverityText:
    case Builtin::kSeverityNumber: {
      if (!shape_plan.severity) return nullptr;
      std::string text;
      AppendFieldText(*shape_plan.shape, *shape_plan.severity, rows_->Slots(0), &text);
      const int number = SeverityNumberOfField(text, shape_plan.shape->envelope.starts_with("syslog"));
      if (field.builtin == Builtin::kSeverityText) return text.empty() ? nullptr : Set(ValueType::kString, 0, text);
      if (number == 0 && (text.empty() || field.builtin == Builtin::kSeverityNumber)) return nullptr;
      return Set(ValueType::kInt64, number, field.builtin == Builtin::kSeverity ? text : std::to_string(number));
    }
    case Builtin::kBody:
      return Set(ValueType::kString, 0, Body());
    case Builtin::kTemplate:
      if (shape_plan.template_id == 0) return nullptr;
      return Set(ValueType::kString, static_cast<int64_t>(shape_plan.template_id), shape_plan.template_text);
    case Builtin::kTemplateId:
      return shape_plan.template_id == 0 ? nullptr : Set(ValueType::kString, 0, ToHex(shape_plan.template_id));
    case Builtin::kSourceName:
      return origin_.source->name.empty() ? nullptr : Set(ValueType::kString, 0, origin_.source->name);
    case Builtin::kSourceLine:
      return origin_.line == 0
                 ? nullptr
                 : Set(ValueType::kInt64, static_cast<int64_t>(origin_.line), std::to_string(origin_.line));
    case Builtin::kSourceOffset:
      return Set(ValueType::kInt64, static_cast<int64_t>(origin_.offset), std::to_string(origin_.offset));
    case Builtin::kSampleRate:
      Set(ValueType::kDouble, 0, std::to_string(sample_rate()));
      scratch_.real = sample_rate();
      return &scratch_;
    // Ids are normalised where events are made; of the event made here only they are looked at.
    case Builtin::kTraceId:
      return shape_plan.trace_id || HasStoredTrace() ? FromEvent(field) : nullptr;
    case Builtin::kSpanId:
      return shape_plan.span_id || HasStoredTrace() ? FromEvent(field) : nullptr;
    case Builtin::kParentSpanId:
      return shape_plan.parent_span_id || HasStoredTrace() ? FromEvent(field) : nullptr;
    case Builtin::kStratum: {
      const std::string stratum = Stratum();
      return stratum.empty() ? nullptr : Set(ValueType::kString, 0, stratum);
    }
    case Builtin::kRaw:
      return Set(ValueType::kString, 0, Raw());
  }
  return nullptr;
}

std::optional<std::string_view> RecordView::Text(const FieldRef& field) {
  if (field.builtin == Builtin::kBody) return Body();
  if (field.builtin == Builtin::kRaw) return Raw();
  if (const Value* value = Lookup(field)) return value->text;
  return std::nullopt;
}

std::string RecordView::Stratum() const {
  if (!rows_->record) return {};
  const SegmentLedger* ledger = origin_.segment->ledger();
  return ledger == nullptr ? std::string() : StratumText(*ledger, origin_.segment->Stratum(*rows_->record));
}

std::string_view RecordView::Body() {
  if (has_body_) return body_;
  body_.clear();
  for (size_t row = 0; row < rows_->shapes.size(); ++row) {
    if (row > 0) body_.push_back('\n');
    AppendBody(*origin_.segment->shapes()[rows_->shapes[row]].shape, rows_->Slots(row), &body_);
  }
  has_body_ = true;
  return body_;
}

std::string_view RecordView::Raw() {
  if (has_raw_) return raw_;
  raw_.clear();
  AppendRaw(&raw_);
  has_raw_ = true;
  return raw_;
}

void RecordView::AppendRaw(std::string* out) const {
  for (size_t row = 0; row < rows_->shapes.size(); ++row) {
    origin_.segment->AppendRow(rows_->first_row + row, rows_->shapes[row], rows_->Slots(row), out);
  }
}

const Event& RecordView::ToEvent() {
  if (has_event_) return event_;
  std::vector<ContinuationLine> rest;
  for (size_t row = 1; row < rows_->shapes.size(); ++row) {
    rest.push_back({origin_.segment->shapes()[rows_->shapes[row]].shape.get(), rows_->Slots(row)});
  }
  RecordInfo info;
  info.source_name = origin_.source->name;
  info.source_offset = origin_.offset;
  info.source_line = origin_.line;
  info.resource = &origin_.source->attributes;
  std::string trace_id, span_id, parent_span_id, stratum;
  if (rows_->record) {
    const SegmentRows& segment = *origin_.segment;
    const size_t record = *rows_->record;
    info.time_ns = segment.Time(record);
    info.time_guessed = info.time_ns && segment.TimeGuessed(record);
    info.sample_rate = segment.SampleRate(record);
    info.stratum = stratum = Stratum();
    if (const int64_t method = segment.TraceMethod(record); method != 0) {
      info.trace_id = trace_id = segment.TraceId(record);
      info.span_id = span_id = segment.SpanId(record);
      info.parent_span_id = parent_span_id = segment.ParentSpanId(record);
      info.correlation_method = method == 1 ? "explicit" : "inferred";
      info.correlation_confidence = segment.TraceConfidence(record);
    }
  }
  Materialize(plan(), rows_->Slots(0), rest, info, &event_);
  if (rows_->record) AddMessage(*origin_.segment, *rows_->record, &event_.attributes);
  event_fields_ = std::make_unique<EventFields>(event_);
  has_event_ = true;
  return event_;
}

}  // namespace whittle
