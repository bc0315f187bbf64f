// What people decided about templates: names, merges, splits, what to ignore and what to freeze. Plain data, safe to share
// once built. The YAML file alone reproduces the result elsewhere; docs/templates.md describes it.
#pragma once

namespace whittle {

struct Overrides {};

}  // namespace whittle
