// RecordView: one record of a segment as a filter, an aggregation or a printer sees it. It looks up single fields
// straight from the columns, resolving names once per shape, and builds the whole Event only when asked; both say the
// same. Not thread-safe. Lives inside a reader; valid until the reader moves on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/field_source.h"
#include "query/segment_rows.h"
#include "query/template_set.h"
#include "render/materialize.h"

namespace whittle {

// Attributes of messages begin so; they stand beside the text.
inline constexpr std::string_view kKafkaPrefix = "messaging.kafka.";

// Which columns of a segment are needed to answer for `fields`, or for whole events.
struct FieldDemand {
  const std::vector<FieldRef>* fields = nullptr;
  bool everything = false;
  bool positions = true;  // with everything: offsets in the source too, which depend on all lines before
};
// True when a plan needs to know the shape's template to answer.
bool NeedsTemplates(const FieldDemand& demand);
// `plans` by shape. Of shapes with rows, and only of those in `shapes` unless that is null.
using ShapePlans = std::vector<std::shared_ptr<const ShapePlan>>;
std::vector<bool> NeededColumns(const SegmentRows& segment, const ShapePlans& plans, const FieldDemand& demand,
                                const std::vector<bool>* shapes);

// What a list of fields is in each shape of one segment, worked out on first use.
class FieldResolver {
 public:
  explicit FieldResolver(size_t shape_count, size_t field_count) : by_shape_(shape_count), field_count_(field_count) {}

  struct Resolved {
    enum class Kind : uint8_t { kUnknown, kPlanned, kSourceResource, kEvent, kAbsent };
    Kind kind = Kind::kUnknown;
    const PlannedField* planned = nullptr;
    std::string_view name;  // kSourceResource
  };
  const Resolved& Resolve(uint32_t shape, const ShapePlan& plan, const FieldRef& field, const SegmentSource& source);

 private:
  std::vector<std::vector<Resolved>> by_shape_;
  size_t field_count_;
  const SegmentSource* source_ = nullptr;  // the answers hold for this one
};

// Where the record comes from; set by the reader.
struct RecordOrigin {
  const SegmentRows* segment = nullptr;
  const std::vector<std::shared_ptr<const ShapePlan>>* plans = nullptr;  // by shape of the segment
  const SegmentSource* source = nullptr;
  size_t segment_index = 0;  // into StoreReader::segments()
  uint64_t offset = 0;
  uint64_t line = 0;
};

class RecordView : public FieldSource {
 public:
  // `resolver` belongs to the list of fields that Lookup will be asked for.
  void Reset(const RecordOrigin& origin, const RecordRows* rows, FieldResolver* resolver);

  const Value* Lookup(const FieldRef& field) override;
  std::optional<std::string_view> Text(const FieldRef& field) override;

  // The whole event; needs all columns. Valid until the next Reset.
  const Event& ToEvent();
  // The bytes as they were read, line ends included; needs all columns. Appended to `out`.
  void AppendRaw(std::string* out) const;

  // A message of a broker: its last line need not end.
  bool is_message() const { return origin_.segment->is_kafka(); }
  bool ends_line() const { return !origin_.segment->LineEndOf(rows_->first_row + rows_->shapes.size() - 1).empty(); }

  double sample_rate() const { return rows_->record ? origin_.segment->SampleRate(*rows_->record) : 1.0; }
  std::optional<int64_t> time_ns() const {
    return rows_->record ? origin_.segment->Time(*rows_->record) : std::nullopt;
  }
  const RecordOrigin& origin() const { return origin_; }
  const RecordRows& rows() const { return *rows_; }
  const ShapePlan& plan() const { return *(*origin_.plans)[rows_->shapes[0]]; }

 private:
  const Value* Set(ValueType type, int64_t integer, std::string_view text);
  const Value* Keep(std::optional<Value> value);
  const Value* Attribute(const FieldRef& field);
  const Value* FromEvent(const FieldRef& field);
  bool HasStoredTrace() const { return rows_->record && origin_.segment->TraceMethod(*rows_->record) != 0; }
  std::string Stratum() const;
  std::string_view Body();
  std::string_view Raw();

  RecordOrigin origin_;
  const RecordRows* rows_ = nullptr;
  FieldResolver* resolver_ = nullptr;
  Value scratch_;
  std::string body_, raw_;
  bool has_body_ = false, has_raw_ = false, has_event_ = false;
  Event event_;
  std::unique_ptr<EventFields> event_fields_;
};

}  // namespace whittle
