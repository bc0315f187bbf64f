// SourceRegistry: decides which source a file is. A log keeps its source id through growing, rotation, renaming and
// compression, because it is recognised by its decompressed content: the hash of its first 4 KiB and the hash of up to
// 4 KiB before every place where reading stopped.
//
// The rules, for a file whose host and stream name (stream_name.h) are those of a known source:
//  - equal head, equal tails: the same source, whatever the file is called now. What lies behind the frontier is new.
//  - equal head, another tail, or too short to tell: another source (its id gets an ordinal).
//  - less than 4 KiB known: that little may be equal by chance (a start-up banner), so it is the same source only when
//    device and inode are, or when it stands in the same directory and the file known before is not there any more
//    (nor truncated and written anew: then it is another log). Inodes are used again: one of which nothing is stored
//    counts for less than any other, and for nothing in another directory.
// When in doubt a file is a new source: storing something twice can be seen and undone, losing it cannot.
//
// Ids: the hash of host, stream name and DatedBeginning. A file that is followed from its first lines on has the id
// that it has when it is read whole. Look files up in a fixed order: among files with equal beginnings the ordinals
// follow it.
//
// Thread-safe. `read` callbacks run without a lock held.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "catalog/source_state.h"
#include "env/env.h"

namespace whittle {

struct SourceProbe {
  std::string host;       // empty: this machine
  std::string path;       // as the user knows it
  SourceFile file;        // as it stands on disk
  std::string_view head;  // the first kFingerprintBytes of the decompressed content, or all when there are fewer
  std::optional<uint64_t> content_size;  // of the decompressed content, when known without reading it
  // Decompressed bytes [offset, offset + size); fewer at the end.
  std::function<Result<std::string>(uint64_t offset, size_t size)> read;
  // How long the file has waited for a source that is being read (kWait). After a while it is compared all the same,
  // for it may be another one with an equal beginning; later, one that holds more than is stored counts as another.
  int64_t waited_ns = 0;
  int64_t quiet_ns = 0;  // for so long the file did not change: a copy is not being made any more
  // Whether more than the first `end` bytes of a source that is being read were read and wait to be stored. Optional.
  std::function<bool(const std::string& id, uint64_t end)> is_pending;
};

enum class SourceVerdict : uint8_t {
  kNew,        // read it from the start
  kUnchanged,  // all of it is stored
  kContinue,   // known; read what `bytes` does not cover
  kWait,       // like a source that is being read right now: ask again when that one is done (Release)
};

struct SourceMatch {
  SourceVerdict verdict = SourceVerdict::kNew;
  SourceIdentity identity;  // to be committed with the segments that cover it; tails are for the reader to add
  IntervalSet bytes;        // what is covered already
  IntervalSet lines;
  TimeState times;  // as far as the frontier
  uint64_t frontier() const { return bytes.CoveredPrefix(); }
};

// The first lines of a file up to one that tells it from its like: with at least 6 digits, as a time has, and 64 bytes
// in all. At most 4 KiB; all there is while there is no such line.
std::string_view DatedBeginning(std::string_view head);

class SourceRegistry {
 public:
  explicit SourceRegistry(const Env* env) : env_(env) {}

  // Nothing but a stat is needed to know that nothing changed: the cheap question to ask first.
  std::optional<SourceMatch> FindUnchanged(const SourceFile& file) const;

  // Except for kUnchanged and kWait, the source counts as being read from now on, until Release.
  Result<SourceMatch> Lookup(const SourceProbe& probe);

  // The same, but a file that is no known source is nothing, and nothing is remembered of it.
  Result<std::optional<SourceMatch>> Recognise(const SourceProbe& probe);

  // Counts as being read from now on: for a source that is kUnchanged and will be followed. False: it is already.
  bool Claim(const std::string& id);

  // True when something of the file with this device and inode was ever read, whatever stands in it now.
  bool KnowsInode(uint64_t device, uint64_t inode) const;

  // The earliest time at which a known file of this path's stream and directory was last written; nothing: none is
  // known. What was written later and is not known was written while nobody looked.
  std::optional<int64_t> EarliestWrite(const std::string& path) const;

  // The newest name of every known file of this host.
  std::vector<std::string> FileNames() const;

  // A run of standard input. Named ("--source-name"): the id follows from host, name and how many such runs there were;
  // unnamed: it is random. Being read until Release.
  Result<SourceMatch> NewStream(const std::string& host, const std::string& name);

  static std::string KafkaId(std::string_view cluster, std::string_view topic, int32_t partition);

  void Release(const std::string& id);

  // For the catalog: what is stored now.
  void Note(const SourceState& state);

 private:
  enum class Likeness : uint8_t { kOther, kSame, kBusy };

  std::vector<SourceState> Candidates(const SourceProbe& probe, const std::string& host,
                                      const std::string& stream) const;
  Result<Likeness> Compare(const SourceState& known, const SourceProbe& probe) const;
  Result<Likeness> CompareActive(const SourceState& known, const SourceProbe& probe, bool strong) const;
  Result<bool> TailsAgree(const SourceState& known, const SourceProbe& probe) const;
  bool StillThere(const SourceState& known, const std::string& directory) const;
  bool StillHolds(const std::string& path, const SourceState& known) const;
  Result<SourceMatch> Recognised(const SourceState& known, const SourceProbe& probe);
  SourceMatch Register(SourceIdentity identity, const std::string& id_material);

  const Env* const env_;
  mutable std::mutex mutex_;
  std::map<std::string, SourceState> known_;                                        // by id
  std::map<std::pair<std::string, std::string>, std::set<std::string>> by_stream_;  // (host, stream) → ids
  std::map<std::pair<uint64_t, uint64_t>, std::string> by_inode_;                   // (device, inode) → id
  std::set<std::string> active_;                                                    // being read
};

}  // namespace whittle
