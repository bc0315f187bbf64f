// What commands that write a store have in common: how segments are made, from the configuration and the flags; flags
// win.
#pragma once

#include <cstdint>
#include <memory>

#include <whittle/status.h>

#include "cli/flag_parser.h"
#include "env/env.h"
#include "pipeline/config.h"
#include "pipeline/sampling_config.h"
#include "pipeline/segment_committer.h"

namespace whittle {

// `beside`: what else takes memory while segments are made.
enum class BesideSegments : uint8_t { kNothing, kCompaction };
Result<CommitterOptions> CommitterOptionsOf(const Env* env, const ParsedFlags& flags, const Config& config,
                                            BesideSegments beside = BesideSegments::kNothing);

// --keep, --keep-per-window and --keep-errors.
Result<KeepFlags> KeepFlagsOf(const ParsedFlags& flags);

// The sampling policy: --policy, else that of the configuration, with the --keep flags on top.
Result<std::shared_ptr<const SamplingPolicy>> SamplingOf(const Env* env, const ParsedFlags& flags,
                                                         const Config& config);

// Worker threads: --jobs, else the processors this process may use.
int JobsOf(const Env* env, const ParsedFlags& flags);

}  // namespace whittle
