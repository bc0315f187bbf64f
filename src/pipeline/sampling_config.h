// Sampling policies as people write them: the `sampling` part of a configuration, a policy file of its own, and the
// short forms of the command line. Pure functions; the policies own everything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <whittle/status.h>

#include "env/file_system.h"
#include "pipeline/config_tree.h"
#include "sample/policy.h"

namespace whittle {

// What things cost, for plan; 0: not said.
struct Prices {
  double ingest_gb = 0;        // a gigabyte that is sent on
  double million_events = 0;   // a million events that are sent on
  double stored_gb_month = 0;  // a gigabyte stored for a month
  bool any() const { return ingest_gb > 0 || million_events > 0 || stored_gb_month > 0; }
};

// Reads the checked group `sampling` (config_schema.h); null gives a policy that keeps everything. kConfig with file,
// line and column when a value makes no sense.
Result<SamplingPolicy> ReadSamplingPolicy(const ConfigNode* sampling, std::string_view file_name, Prices* prices);

// A policy file: a configuration that says `sampling:`, or only what stands below it.
struct PolicyFile {
  SamplingPolicy policy;
  Prices prices;
};
Result<PolicyFile> ParsePolicyFile(std::string_view text, std::string_view file_name);
Result<PolicyFile> LoadPolicyFile(FileSystem* files, const std::string& path);

// "10%" of --keep: 0.1. Nothing for what is no percentage above 0.
std::optional<double> ReadKeepFlag(std::string_view text);
// What the short forms of the command line change of a policy.
struct KeepFlags {
  std::optional<double> keep;          // --keep: the budget
  std::optional<uint64_t> per_window;  // --keep-per-window: the budget, as a limit
  bool errors = false;                 // --keep-errors: `severity >= error: keep all` before all rules
  bool any() const { return keep || per_window || errors; }
};
Status ApplyKeepFlags(const KeepFlags& flags, SamplingPolicy* policy);

// Puts a rule before all others that drops events whose message fits one of the texts (templates.ignore).
void IgnoreTemplates(std::vector<std::string> texts, SamplingPolicy* policy);

// The policy in one line, the same for the same policy however it was written: recorded in the store.
std::string DescribePolicy(const SamplingPolicy& policy);

}  // namespace whittle
