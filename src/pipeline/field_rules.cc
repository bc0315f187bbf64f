#include "pipeline/field_rules.h"

namespace whittle {

Result<std::shared_ptr<const SamplingPolicy>> CompileCondition(const std::string& when) {
  auto policy = std::make_shared<SamplingPolicy>();
  policy->key.clear();
  SamplingRule rule;
  rule.when = when;
  WHITTLE_ASSIGN_OR_RETURN(rule.filter, Filter::Parse(when));
  for (const FieldRef& field : rule.filter.fields()) {
    switch (field.builtin) {
      case Builtin::kTimestamp:
      case Builtin::kTemplate:
      case Builtin::kTemplateId:
      case Builtin::kSampleRate:
      case Builtin::kStratum:
      case Builtin::kSourceOffset:
      case Builtin::kSourceLine:
        return Status(StatusCode::kConfig,
                      "time, template, place in the source and sample rate are not known yet when fields are set; "
                      "conditions look at severity, body, attributes, resource, source and ids");
      default:
        break;
    }
  }
  policy->rules.push_back(std::move(rule));
  return std::shared_ptr<const SamplingPolicy>(std::move(policy));
}

void SetResource(const std::vector<FieldRule>& rules, std::vector<Attribute>* resource) {
  for (const FieldRule& rule : rules) {
    if (rule.step.kind != FieldStep::Kind::kSet || rule.condition != nullptr) continue;
    for (const auto& [name, value] : rule.step.pairs) {
      if (IsSeverityName(name)) continue;
      std::erase_if(*resource, [&same = name](const Attribute& attribute) { return attribute.name == same; });
      resource->push_back({name, Value::String(value)});
    }
  }
}

}  // namespace whittle
