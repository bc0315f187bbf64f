#include "event/resource_names.h"

namespace whittle {

bool IsResourceName(std::string_view name) {
  if (name == "host.name" || name == "host.id") return true;
  for (const std::string_view prefix : {"service.", "k8s.", "container.", "cloud.", "deployment."}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace whittle
