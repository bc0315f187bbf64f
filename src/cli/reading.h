// Reading: everything that says how raw lines are understood, made from the flags (and the configuration) that convert,
// ingest and explain share. Owns the pattern library and the analyser; must outlive what uses them.
#pragma once

#include <memory>

#include <whittle/status.h>

#include "cli/flag_parser.h"
#include "env/env.h"
#include "parse/framing.h"
#include "parse/line_analyzer.h"
#include "parse/pattern_set.h"
#include "pipeline/record_times.h"
#include "source/input_set.h"

namespace whittle {

struct Reading {
  std::unique_ptr<PatternSet> patterns;
  std::unique_ptr<LineAnalyzer> analyzer;
  FramingOptions framing;
  TimeOptions time;
  InputOptions inputs;
};

Result<std::unique_ptr<Reading>> PrepareReading(const Env* env, const ParsedFlags& flags);

// The INPUT arguments of a command; none means standard input. Problems with single inputs are in the set.
Result<InputSet> InputsOf(const Env* env, const ParsedFlags& flags, const Reading& reading);

}  // namespace whittle
