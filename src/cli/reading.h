// Reading: everything that says how raw lines are understood, made from the configuration and the flags that convert,
// ingest and explain share; flags win. Owns the pattern library and the analyser; must outlive what uses them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "cli/flag_parser.h"
#include "env/env.h"
#include "parse/line_analyzer.h"
#include "parse/pattern_set.h"
#include "pipeline/config.h"
#include "pipeline/ingest.h"
#include "source/input_set.h"

namespace whittle {

struct Reading {
  Config config;
  std::unique_ptr<PatternSet> patterns;
  std::unique_ptr<LineAnalyzer> analyzer;
  SourceSettings settings;  // where no source of the configuration says otherwise
  InputOptions inputs;

  // How one input is framed and dated: the source of the configuration that names it, then the flags.
  SourceSettings SettingsOf(const Input& input) const;

  bool zone_flag = false;  // --tz and --year were given, so they win
  bool year_flag = false;
};

// Adds the resource attributes that the configuration gives to an input.
Status AddResource(const Config& config, Input* input);

Result<std::unique_ptr<Reading>> PrepareReading(const Env* env, const ParsedFlags& flags);

// The inputs of a command: its INPUT arguments, else the files of the configuration, else standard input. Resource
// attributes of the configuration are on them. Problems with single inputs are in the set.
Result<InputSet> InputsOf(const Env* env, const ParsedFlags& flags, const Reading& reading);

// The scrubbers of the configuration. Without a key file, hashing uses the key in `store` (made when there is none) or,
// when `store` is empty, a random key that is forgotten.
Result<std::vector<std::shared_ptr<const Scrubber>>> MakeScrubbers(const Env* env, const Config& config,
                                                                   const std::string& store);

// The store a command works on: --store, else that of the configuration, else $WHITTLE_STORE or the default.
std::string StoreOf(const ParsedFlags& flags, const Config& config);

}  // namespace whittle
