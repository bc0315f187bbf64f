// FieldSource: where a filter finds the fields of one event. Implemented over an Event here (EventFields) and over the
// columns of a segment in query/. One source serves one thread; what it returns is valid until the next call to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"
#include "event/value.h"
#include "expr/field_ref.h"

namespace whittle {

class FieldSource {
 public:
  virtual ~FieldSource() = default;
  // The typed value, or nullptr when the event has no such field.
  //   kSeverity       kInt64 with the OpenTelemetry number and the text as written
  //   kTemplate       kString with the template text, and the id's bits in `integer`
  //   kTimestamp      kTimestamp; the text may be empty
  virtual const Value* Lookup(const FieldRef& field) = 0;
  // The text to search in: as Lookup()->text, without a copy for the message and raw record.
  virtual std::optional<std::string_view> Text(const FieldRef& field) = 0;
};

// Over a finished event. The event, and `raw` where given, must outlive it.
class EventFields : public FieldSource {
 public:
  explicit EventFields(const Event& event, std::optional<std::string_view> raw = std::nullopt)
      : event_(event), raw_(raw) {}
  const Value* Lookup(const FieldRef& field) override;
  std::optional<std::string_view> Text(const FieldRef& field) override;

 private:
  const Value* Attribute(const FieldRef& field) const;
  const Value* Set(ValueType type, int64_t integer, std::string_view text);
  const Value* SetString(std::string_view text);

  const Event& event_;
  std::optional<std::string_view> raw_;
  Value scratch_;
};

}  // namespace whittle
