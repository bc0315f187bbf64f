#include "cli/writing.h"

#include <algorithm>

#include "cli/reading.h"
#include "pipeline/sampling_config.h"
#include "query/store_overrides.h"

namespace whittle {
namespace {

// Memory that ingesting takes for each byte of a segment's text, and beside it, with two jobs; measured on many logs.
// It must not depend on the number of jobs, as the segments would.
constexpr uint64_t kMemoryPerSegmentByte = 6;
// Of a segment half as large that compaction makes beside them: four times its text.
constexpr uint64_t kMemoryOfCompaction = 2;
constexpr uint64_t kMemoryBesideSegments = uint64_t{80} << 20;
constexpr uint64_t kSmallestSegment = uint64_t{1} << 20;
// Shapes are there as parsed, with what never varied written in, and folded.
constexpr uint64_t kMemoryPerShapeByte = 16;
constexpr uint64_t kFewestShapeBytes = uint64_t{2} << 20;

// What the configuration says about templates, which readers find in the store from then on (`published`), and what the
// store's own file says.
Result<Overrides> OverridesOf(const Env* env, const ParsedFlags& flags, const Config& config, std::string* published) {
  Overrides overrides;
  if (!config.templates.overrides.empty()) {
    WHITTLE_ASSIGN_OR_RETURN(*published, ReadFile(env->files, config.templates.overrides, kMaxOverrideBytes));
    WHITTLE_ASSIGN_OR_RETURN(overrides, ParseOverrides(*published, config.templates.overrides));
  }
  WHITTLE_ASSIGN_OR_RETURN(Overrides own, ReadStoreOverrides(env, StoreOf(flags, config)));
  overrides.Add(std::move(own));
  return overrides;
}

}  // namespace

Result<CommitterOptions> CommitterOptionsOf(const Env* env, const ParsedFlags& flags, const Config& config,
                                            BesideSegments beside) {
  CommitterOptions options;
  if (flags.Given("level")) {
    options.builder.encode.zstd_level = static_cast<int>(flags.Integer("level"));
  } else if (config.segments.level_given) {
    options.builder.encode.zstd_level = config.segments.level;
  }
  const auto memory = flags.Given("memory") || !config.limits.memory_given
                          ? static_cast<uint64_t>(flags.Integer("memory"))
                          : config.limits.memory_bytes;
  const uint64_t for_segments = memory - std::min(memory, kMemoryBesideSegments);
  // Logs that repeat themselves hold less than three quarters at any time.
  options.careful_from_bytes = std::max(memory / 4 * 3, kMemoryBesideSegments + for_segments / 2);
  // A segment being closed and the next one take up to six times their text, at most twice that with hostile text.
  const uint64_t per_byte = kMemoryPerSegmentByte + (beside == BesideSegments::kCompaction ? kMemoryOfCompaction : 0);
  options.close_bytes = std::clamp(for_segments / per_byte, kSmallestSegment, config.segments.close_size_bytes);
  options.builder.max_shape_bytes =
      std::clamp(memory / kMemoryPerShapeByte, kFewestShapeBytes, uint64_t{options.builder.max_shape_bytes});
  WHITTLE_ASSIGN_OR_RETURN(options.overrides, OverridesOf(env, flags, config, &options.overrides_text));
  return options;
}

Result<KeepFlags> KeepFlagsOf(const ParsedFlags& flags) {
  KeepFlags keep;
  keep.errors = flags.On("keep-errors");
  if (flags.Given("keep-per-window")) keep.per_window = static_cast<uint64_t>(flags.Integer("keep-per-window"));
  if (!flags.Given("keep")) return keep;
  keep.keep = ReadKeepFlag(flags.Text("keep"));
  if (keep.keep) return keep;
  return Status(StatusCode::kUsage,
                "--keep needs a percentage above 0%, such as 10%, not '" + flags.Text("keep") + "'");
}

Result<std::shared_ptr<const SamplingPolicy>> SamplingOf(const Env* env, const ParsedFlags& flags,
                                                         const Config& config) {
  std::string published;
  WHITTLE_ASSIGN_OR_RETURN(const Overrides overrides, OverridesOf(env, flags, config, &published));
  WHITTLE_ASSIGN_OR_RETURN(const KeepFlags keep, KeepFlagsOf(flags));
  if (!flags.Given("policy") && !keep.any() && overrides.ignore.empty()) return config.sampling;
  // A policy owns its filters, so it is read again rather than copied.
  PolicyFile file;
  if (flags.Given("policy")) {
    WHITTLE_ASSIGN_OR_RETURN(file, LoadPolicyFile(env->files, flags.Text("policy")));
  } else if (!config.file_name.empty()) {
    WHITTLE_ASSIGN_OR_RETURN(file, LoadPolicyFile(env->files, config.file_name));
  }
  WHITTLE_RETURN_IF_ERROR(ApplyKeepFlags(keep, &file.policy));
  std::vector<std::string> ignored;
  for (const TemplateRef& ref : overrides.ignore) ignored.push_back(ref.spelled);
  IgnoreTemplates(std::move(ignored), &file.policy);
  return std::make_shared<const SamplingPolicy>(std::move(file.policy));
}

int JobsOf(const Env* env, const ParsedFlags& flags) {
  return flags.Given("jobs") ? static_cast<int>(flags.Integer("jobs")) : env->host->UsableProcessors();
}

}  // namespace whittle
