// Manifest: the state of a store at one commit, and its published form, the file STORE/MANIFEST. Readers need nothing
// else: they never open RocksDB, take no lock a writer waits for, and see one consistent version however the store
// changes meanwhile.
//
// Rule for segments that go (compaction, retention): the writer removes a file only after a manifest without it is
// published, and not while a reader holds the pin of a Snapshot, except after kPinPatience. A reader without a pin, or
// slower than that, gets kNotFound on opening the file: it takes a new Snapshot and goes on. Every byte the old file
// covered is covered by its replacements, so skipping (source, offset) positions already seen is enough to continue. An
// open file stays readable whatever happens.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "catalog/journal.h"
#include "catalog/segment_meta.h"
#include "catalog/source_state.h"
#include "env/env.h"

namespace whittle {

// How long a removed segment waits for readers that hold a pin: longer than any answer a person waits for.
inline constexpr int64_t kPinPatienceNs = int64_t{24} * 3600 * 1'000'000'000;
// Name in Manifest::published of the YAML file with people's decisions about templates (templates/overrides.h).
inline constexpr const char* kPublishedOverrides = "template-overrides";
// A manifest greater than this is refused: it would describe some ten million segments.
inline constexpr uint64_t kMaxManifestBytes = uint64_t{4} << 30;

struct Manifest {
  std::string store_id;                          // 32 hex digits, random
  uint64_t version = 0;                          // number of commits; equals the number of journal entries
  std::string journal_head;                      // hash of the newest journal entry, 32 raw bytes
  int64_t committed_ns = 0;                      // when this version was made
  uint64_t next_segment = 1;                     // number for the next file name
  std::vector<SegmentMeta> segments;             // in order of their commit
  std::map<std::string, SourceState> sources;    // by id
  std::map<std::string, std::string> published;  // by name: what other layers publish to readers (template aliases ...)

  Ledger TotalLedger() const;  // over all sources
  const SegmentMeta* FindSegment(std::string_view file_name) const;
};

// Magic, version, length, body, checksum; docs/store-layout.md.
std::string EncodeManifest(const Manifest& manifest);
// kCorrupt, or kUnsupported for a newer major version. Safe on any bytes.
Result<Manifest> DecodeManifest(std::string_view bytes);

// Replaces the published manifest: readers see the one before or this one. For the writer only.
// Returns its size.
Result<uint64_t> PublishManifest(const Env* env, const std::string& dir, const Manifest& manifest);

// The published manifest of the store at `dir`: any time, from any process. Checks that `dir` is a store of a version
// this program knows. A store that is just being made, nothing published and no segment there, reads as version 0:
// empty.
Result<Manifest> ReadManifest(const Env* env, const std::string& dir);

// A manifest whose segments are not removed while the Snapshot lives (see above).
struct Snapshot {
  std::string dir;
  std::string segments_dir;
  Manifest manifest;
  std::unique_ptr<FileLock> pin;  // null when the store is being cleaned at this moment, or cannot be locked

  std::string SegmentPath(const SegmentMeta& segment) const;
};
Result<Snapshot> TakeSnapshot(const Env* env, const std::string& dir);

}  // namespace whittle
