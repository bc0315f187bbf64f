#include "enrich/field_step.h"

#include <algorithm>
#include <array>
#include <optional>

#include "event/resource_names.h"
#include "event/severity.h"

namespace whittle {
namespace {

struct RoleName {
  std::string_view name;
  FieldRole role;
};

// Fields of an event that are not attributes, by the names of the reference rendering.
constexpr std::array<RoleName, 8> kRoleNames = {{{"timestamp", FieldRole::kTimestamp},
                                                 {"observed_timestamp", FieldRole::kObservedTimestamp},
                                                 {"severity_text", FieldRole::kSeverity},
                                                 {"severity", FieldRole::kSeverity},
                                                 {"trace_id", FieldRole::kTraceId},
                                                 {"span_id", FieldRole::kSpanId},
                                                 {"parent_span_id", FieldRole::kParentSpanId},
                                                 {"trace_flags", FieldRole::kTraceFlags}}};

// What an event has besides fields of its line; no step reaches it.
constexpr std::array<std::string_view, 11> kUntouchable = {
    "body",   "message",     "msg",           "template",    "template_id", "severity_number",
    "source", "source.name", "source.offset", "source.line", "sample_rate"};

std::optional<FieldRole> RoleOf(std::string_view name) {
  for (const RoleName& known : kRoleNames) {
    if (known.name == name) return known.role;
  }
  return std::nullopt;
}

FieldRole NewRole(std::string_view name) {
  if (const auto role = RoleOf(name)) return *role;
  return IsResourceName(name) ? FieldRole::kResource : FieldRole::kAttribute;
}

bool IsNamed(const Field& field, std::string_view name) {
  if (name == "severity" && field.role == FieldRole::kSeverity) return true;
  return NameOfField(field) == name;
}

// Text that reads as a number or truth value in its one canonical form is one.
ValueType TypeOf(std::string_view text) {
  if (text == "true" || text == "false") return ValueType::kBool;
  for (const ValueType type : {ValueType::kInt64, ValueType::kDouble}) {
    if (ParseValue(type, text).type == type) return type;
  }
  return ValueType::kString;
}

bool IsPrefix(std::string_view name) { return name.ends_with(".*"); }

bool MatchesName(std::string_view pattern, const Field& field) {
  if (!IsPrefix(pattern)) return IsNamed(field, pattern);
  return NameOfField(field).starts_with(pattern.substr(0, pattern.size() - 1));
}

bool IsHidden(const Field& field) { return field.role == FieldRole::kAttribute && field.name.empty(); }

void Hide(Field* field) {
  field->role = FieldRole::kAttribute;
  field->name.clear();
}

// A constant that nobody is to see is not there at all.
void RemoveHiddenConstants(Shape* shape) {
  std::erase_if(shape->fields, [](const Field& field) { return IsHidden(field) && !field.constant.empty(); });
}

// Something else takes the field's place. The level of the line stays as an attribute.
void Replace(Field* field) {
  const bool level = field->role == FieldRole::kSeverity && field->constant.empty();
  Hide(field);
  if (level) field->name = "log.level";
}

bool Set(std::string_view name, std::string_view value, Shape* shape) {
  const FieldRole role = NewRole(name);
  for (Field& field : shape->fields) {
    if (!IsHidden(field) && IsNamed(field, name)) Replace(&field);
  }
  RemoveHiddenConstants(shape);
  Field constant;
  constant.role = role;
  constant.type = role == FieldRole::kSeverity ? ValueType::kString : TypeOf(value);
  if (role != FieldRole::kSeverity) constant.name = std::string(name);
  constant.constant = std::string(value);
  shape->fields.push_back(std::move(constant));
  return true;
}

bool Rename(std::string_view from, std::string_view to, Shape* shape) {
  const auto is_ours = [&](const Field& field) { return !IsHidden(field) && MatchesName(from, field); };
  if (std::none_of(shape->fields.begin(), shape->fields.end(), is_ours)) return false;
  const auto role = RoleOf(to);
  bool taken = false;
  for (Field& field : shape->fields) {
    if (!is_ours(field)) {
      // One severity, one trace id: the one that is named by hand.
      if (role && field.role == *role) Replace(&field);
    } else if (IsPrefix(from)) {
      std::string name(to.substr(0, to.size() - 1));
      name += NameOfField(field).substr(from.size() - 1);
      field.role = NewRole(name);
      field.name = std::move(name);
    } else if (role && taken) {
      Replace(&field);
    } else {
      field.role = NewRole(to);
      field.name = role ? std::string() : std::string(to);
      if (role && *role != FieldRole::kSeverity) field.type = ValueType::kHexId;
      taken = true;
    }
  }
  return true;
}

bool Drop(std::string_view name, Shape* shape) {
  bool changed = false;
  for (Field& field : shape->fields) {
    if (IsHidden(field) || !MatchesName(name, field)) continue;
    Hide(&field);
    changed = true;
  }
  RemoveHiddenConstants(shape);
  return changed;
}

Status Bad(std::string what) { return Status(StatusCode::kConfig, std::move(what)); }

Status CheckName(std::string_view name, std::string_view verb, bool prefix_allowed) {
  const std::string quoted = "'" + std::string(name) + "'";
  if (std::find(kUntouchable.begin(), kUntouchable.end(), name) != kUntouchable.end()) {
    return Bad(quoted + " is not a field of the line; it cannot be " + std::string(verb));
  }
  const auto role = RoleOf(name);
  if (role == FieldRole::kTimestamp || role == FieldRole::kObservedTimestamp || role == FieldRole::kTraceFlags) {
    return Bad(quoted + " is read from the line and cannot be " + std::string(verb));
  }
  const size_t star = name.find('*');
  if (star == std::string_view::npos) return Status::Ok();
  if (!prefix_allowed || !IsPrefix(name) || star + 1 != name.size() || name.size() < 3) {
    return Bad(quoted + (prefix_allowed ? ": a star stands at the end only, as in 'user.*'"
                                        : ": a name that is set has no star"));
  }
  return Status::Ok();
}

Status CheckSet(const FieldStep& step) {
  for (const auto& [name, value] : step.pairs) {
    WHITTLE_RETURN_IF_ERROR(CheckName(name, "set", false));
    const auto role = RoleOf(name);
    if (role && role != FieldRole::kSeverity) return Bad("'" + name + "' is read from the line and cannot be set");
    if (role && SeverityNumber(value) == 0)
      return Bad("'" + value + "' is no severity; write TRACE, DEBUG, INFO, WARN, ERROR or FATAL");
    if (value.empty()) return Bad("'" + name + "' needs a value; 'drop' takes fields away");
    if (value.size() > kMaxSetValueBytes) {
      return Bad("the value of '" + name + "' is longer than " + std::to_string(kMaxSetValueBytes) + " bytes");
    }
  }
  return Status::Ok();
}

Status CheckRename(const FieldStep& step) {
  for (const auto& [from, to] : step.pairs) {
    WHITTLE_RETURN_IF_ERROR(CheckName(from, "renamed", true));
    WHITTLE_RETURN_IF_ERROR(CheckName(to, "the new name of a field", true));
    if (IsPrefix(from) != IsPrefix(to)) {
      return Bad("'" + from + "' and '" + to + "': both end in '.*', or neither");
    }
    if (to.empty()) return Bad("'" + from + "' needs a new name; 'drop' takes fields away");
  }
  return Status::Ok();
}

}  // namespace

bool IsSeverityName(std::string_view name) { return RoleOf(name) == FieldRole::kSeverity; }

std::string_view NameOfField(const Field& field) {
  if (!field.name.empty()) return field.name;
  for (const RoleName& known : kRoleNames) {
    if (known.role == field.role) return known.name;
  }
  return {};
}

Status CheckFieldStep(const FieldStep& step) {
  if (step.pairs.size() > kMaxStepNames || step.names.size() > kMaxStepNames)
    return Bad("more than " + std::to_string(kMaxStepNames) + " names in one step");
  switch (step.kind) {
    case FieldStep::Kind::kSet:
      return CheckSet(step);
    case FieldStep::Kind::kRename:
      return CheckRename(step);
    case FieldStep::Kind::kDrop:
      for (const std::string& name : step.names) WHITTLE_RETURN_IF_ERROR(CheckName(name, "dropped", true));
      return Status::Ok();
    case FieldStep::Kind::kNone:
      break;
  }
  return Status::Ok();
}

std::shared_ptr<const Shape> ApplyFieldStep(const std::shared_ptr<const Shape>& shape, const FieldStep& step) {
  auto changed = std::make_shared<Shape>(*shape);
  bool any = false;
  for (const auto& [name, value] : step.pairs) {
    any |= step.kind == FieldStep::Kind::kSet ? Set(name, value, changed.get()) : Rename(name, value, changed.get());
  }
  for (const std::string& name : step.names) any |= Drop(name, changed.get());
  if (!any) return shape;
  FinishShape(changed.get());
  return changed;
}

std::shared_ptr<const Shape> WithoutFields(const std::shared_ptr<const Shape>& shape,
                                           const std::vector<std::string>& names) {
  FieldStep drop;
  drop.kind = FieldStep::Kind::kDrop;
  drop.names = names;
  return ApplyFieldStep(shape, drop);
}

}  // namespace whittle
