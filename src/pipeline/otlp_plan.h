// What is written about a collector in the configuration, and what it comes to. Functions for any thread.
#pragma once

#include <string>
#include <string_view>

#include <whittle/status.h>

#include "env/env.h"
#include "pipeline/config.h"
#include "pipeline/otlp_sink.h"

namespace whittle {

// "http://127.0.0.1:4318/x" is "http://127.0.0.1:4318" and "/x/v1/logs", as OTLP's exporters have it. kConfig when it
// is no http or https URL of a server.
Result<OtlpTarget> ParseOtlpEndpoint(const std::string& endpoint);

// RFC 9110, token.
bool IsHeaderName(std::string_view name);

// kConfig when it is no name of a header, or of one that whittle sets itself.
Status CheckOtlpTokenHeader(const std::string& name);

// The same, and when the value has bytes that none has, or the name says that it is a secret.
Status CheckOtlpHeader(const std::string& name, const std::string& value);

// Reads the token. kConfig, or kIo: its file cannot be read.
Result<OtlpSinkPlan> MakeOtlpSinkPlan(const Env* env, const OtlpSinkConfig& config);

}  // namespace whittle
