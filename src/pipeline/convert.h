// Convert: logs in, events out, nothing kept. One thread; an event leaves as soon as its record is complete, or when
// the pipe it comes from falls silent.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"
#include "event/event.h"
#include "pipeline/ingest.h"
#include "source/byte_stream.h"
#include "source/input_set.h"
#include "templates/ignore_rules.h"

namespace whittle {

struct ConvertOptions {
  ParsingOptions parsing;
  std::function<SourceSettings(const Input&)> settings_of;
  std::string source_name = "stdin";
  std::shared_ptr<const IgnoreRules> ignore;  // events that fit are not emitted; null: none
};

struct ConvertHooks {
  std::function<void(const Event&)> emit;
  std::function<void()> flush;  // nothing more is there right now
  std::function<std::unique_ptr<ByteStream>()> open_stdin;
  std::function<bool()> stop;  // nobody reads any more, or the user has had enough
};

struct ConvertReport {
  uint64_t events = 0;
  std::vector<std::pair<std::string, Status>> failures;  // inputs, by name
};

ConvertReport RunConvert(const Env* env, const std::vector<Input>& inputs, const ConvertOptions& options,
                         const ConvertHooks& hooks);

}  // namespace whittle
