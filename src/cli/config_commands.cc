#include "cli/commands.h"
#include "cli/failure.h"
#include "env/env.h"
#include "pipeline/config.h"
#include "pipeline/config_schema.h"

namespace whittle {

int RunConfigCheck(const ParsedFlags& flags, Streams& streams) {
  const auto config = LoadConfig(DefaultEnv()->files, flags.positional());
  if (!config.ok()) return Fail(streams, Status(StatusCode::kConfig, config.status().message()));
  streams.out.Write("ok: " + flags.positional() + "\n");
  return 0;
}

int RunConfigExample(const ParsedFlags&, Streams& streams) {
  streams.out.Write(ConfigExample());
  return 0;
}

int RunConfigSchema(const ParsedFlags&, Streams& streams) {
  streams.out.Write(ConfigJsonSchema());
  return 0;
}

}  // namespace whittle
