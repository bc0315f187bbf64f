// Commands that change a store, wherever that has to happen: here, when the store's lock is free, else in the daemon
// that holds it, which runs the same function and sends back what it printed (docs/streaming.md, "Changing a store that
// is written"). Free functions; what they run prints to the streams it gets and nowhere else.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "cli/flag_parser.h"
#include "cli/streams.h"
#include "env/env.h"
#include "pipeline/config.h"
#include "pipeline/control_protocol.h"
#include "pipeline/line_parser.h"
#include "pipeline/worker_pool.h"
#include "sink/segment_builder.h"

namespace whittle {

// Where a change happens, and with what.
struct ChangePlace {
  const Env* env = nullptr;
  std::string store;
  Catalog* catalog = nullptr;                 // null: the command needs none (corrections of templates)
  WorkerPool* pool = nullptr;                 // null: only the calling thread works
  const std::atomic<bool>* stop = nullptr;    // finish the step under way, then return
  std::string corrections;                    // the file with corrections of templates
  std::string asked_by;                       // for the journal, where another process does it
  std::optional<uint64_t> new_segment_bytes;  // what compaction may make, where memory is another's
  // How raw text becomes events, for commands that read some; null for others.
  const ParsingOptions* parsing = nullptr;
  const SegmentBuilderOptions* builder = nullptr;
  const Config* config = nullptr;
};

// The command line of `flags` that means the same in another directory: without flags that name paths, and without
// --jobs, which is for the process that works.
std::vector<std::string> ArgumentsOf(const ParsedFlags& flags);

// Runs `change` on the opened store, or has the daemon that owns it run `arguments`. Returns the exit code.
int ChangeStore(const Env* env, const std::string& store, const ParsedFlags& flags,
                const std::vector<std::string>& arguments,
                const std::function<int(const ChangePlace& place, Streams& streams)>& change, Streams& streams);

// Has the daemon that owns the store run a command, prints what it printed, and returns its exit code; asks again while
// the daemon closes the store to open it under another configuration. Nothing: there is no such daemon.
std::optional<int> AskDaemon(const Env* env, const std::string& store, const std::vector<std::string>& arguments,
                             Streams& streams);

// The daemon's side: runs what was asked in `place`. Commands that change no store, and flags that name paths, are
// refused with exit code 2.
ControlAnswer ExecuteRequest(const ControlRequest& request, const ChangePlace& place);

// What requests run; each is beside its command.
int ChangeByRetain(const ParsedFlags& flags, const ChangePlace& place, Streams& streams);
// Needs `parsing`, `builder` and `config`.
int ChangeByReplay(const ParsedFlags& flags, const ChangePlace& place, Streams& streams);
int ChangeByCompact(const ParsedFlags& flags, const ChangePlace& place, Streams& streams);
int ChangeTemplates(const ParsedFlags& flags, const ChangePlace& place, Streams& streams);

}  // namespace whittle
