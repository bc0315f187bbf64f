// SourceState: everything the catalog knows about one source (one log file through all its renamings, one run of
// standard input, one Kafka partition). Plain values; source_registry.h recognises files with them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/hash.h"
#include "catalog/interval_set.h"
#include "catalog/ledger.h"
#include "event/time_state.h"

namespace whittle {

// Bytes at the beginning of a file, and before a frontier, that recognise it. 4 KiB hold some thirty typical lines with
// their time stamps, and are one page to read.
inline constexpr uint64_t kFingerprintBytes = 4096;
// Names a source was seen under that are remembered: rotations keep seldom more.
inline constexpr size_t kMaxSourceNames = 16;

enum class SourceKind : uint8_t {
  kFile = 0,    // recognised by its content
  kStream = 1,  // standard input: every run is a source of its own
  kKafka = 2,   // cluster, topic, partition
};

// Hash of the `size` bytes of decompressed content that end at `end`.
struct Fingerprint {
  uint64_t end = 0;
  uint32_t size = 0;
  Hash128 hash;
  bool operator==(const Fingerprint&) const = default;
};
// Of the last kFingerprintBytes of `bytes`, which end at position `end` of the decompressed source.
Fingerprint FingerprintOf(std::string_view bytes, uint64_t end);

// The end of what a segment covers of a source.
struct SourceTail {
  Fingerprint fingerprint;
  TimeState times;
  bool operator==(const SourceTail&) const = default;
};

// The file as it stood on disk (compressed or not) when it was last looked at.
struct SourceFile {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t modified_ns = 0;
  bool operator==(const SourceFile&) const = default;
};

// What identifies a source. Written into the footer of every segment that covers some of it, so that a lost catalog can
// be rebuilt.
struct SourceIdentity {
  std::string id;  // 32 hex digits
  SourceKind kind = SourceKind::kFile;
  std::string host;
  std::string stream;                    // name without directory, rotation and compression suffixes
  std::vector<std::string> names;        // as the user knows it: paths, newest last, at most kMaxSourceNames
  Fingerprint head;                      // of the first bytes: head.end == head.size
  std::map<uint64_t, SourceTail> tails;  // by end: one for every end of a covered interval, as far as known
  SourceFile file;
  bool finished = false;  // everything `file` held has been read
  std::string failure;    // why it could not be read to its end; empty when it could

  const std::string& name() const;  // the newest name
};

struct SourceState : SourceIdentity {
  IntervalSet bytes;  // of the decompressed content that are durably stored or accounted for
  IntervalSet lines;  // 0-based line numbers, likewise
  Ledger ledger;
};

void EncodeSourceIdentity(const SourceIdentity& identity, std::string* out);
Result<SourceIdentity> DecodeSourceIdentity(std::string_view bytes);
void EncodeSourceState(const SourceState& state, std::string* out);
Result<SourceState> DecodeSourceState(std::string_view bytes);

// Takes over what `update` knows better: newest name, longer head, new tails, file, finished, failure. Tails that no
// longer end a covered interval are dropped.
void UpdateIdentity(const SourceIdentity& update, SourceState* state);

}  // namespace whittle
