// Which attribute names say where an event comes from rather than what happened: resource attributes of OpenTelemetry.
// Pure functions.
#pragma once

#include <string_view>

namespace whittle {

// service.*, k8s.*, container.*, cloud.*, deployment.*, host.name and host.id.
bool IsResourceName(std::string_view name);

}  // namespace whittle
