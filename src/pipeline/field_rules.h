// FieldRule: a step of enrichment as the configuration gives it: what to do to fields, and when. Plain values; shared
// by everything that reads lines.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "enrich/field_step.h"
#include "event/value.h"
#include "sample/policy.h"

namespace whittle {

struct FieldRule {
  FieldStep step;
  std::string when;  // as written; empty: always
  // A policy with one rule, whose filter is the condition; null: none.
  std::shared_ptr<const SamplingPolicy> condition;
};

// kConfig when `when` is no filter, or looks at what is not known when lines come in.
Result<std::shared_ptr<const SamplingPolicy>> CompileCondition(const std::string& when);

// The resource attributes that steps without a condition give to a source, added to `resource`; they win over what is
// there.
void SetResource(const std::vector<FieldRule>& rules, std::vector<Attribute>* resource);

}  // namespace whittle
