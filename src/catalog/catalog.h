// Catalog: the one writer of a store. It takes finished segments and makes them, with the frontiers they cover, visible
// and durable in one step; it knows every source, keeps the ledger and the journal, and publishes the manifest.
//
// A commit writes the segment as a temporary file, syncs it, renames it without replacing, syncs the directory, writes
// one synced RocksDB batch (segment, sources, ledger, journal, caller's records), and then replaces STORE/MANIFEST.
// What a crash leaves in between is sorted out by the next Open: a renamed segment that the catalog does not know is
// adopted when nothing it covers is stored yet, else removed; temporary files are removed.
//
// Thread-safe: any thread may commit; commits are serialised, but write their files in parallel. One process at a time:
// a second Open is kBusy. After an error of the later steps of a commit it is unknown whether it counts; the catalog
// then takes no more commits (`failed()`), and the next Open finds out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "catalog/journal.h"
#include "catalog/manifest.h"
#include "catalog/segment_file.h"
#include "catalog/segment_meta.h"
#include "catalog/source_registry.h"
#include "catalog/store_layout.h"
#include "env/env.h"

namespace whittle {

class Database;
struct StagedSegment;
struct CatalogChange;

// Reads the content of section kCatalogEntrySection out of a segment file. kCorrupt when the file is damaged, kNotFound
// when it has no such section.
using FooterEntryReader = std::function<Result<std::string>(const Env* env, const std::string& path)>;

struct CatalogOptions {
  bool create = true;  // make an empty store where nothing is
  FooterEntryReader read_footer = ReadSegmentEntry;
};

// What Open found and did about what a crash left behind.
struct RecoveryReport {
  std::vector<std::string> adopted;     // segment files taken into the catalog
  std::vector<std::string> duplicates;  // removed: all they cover is stored
  std::vector<std::string> set_aside;   // renamed to NAME.orphan: unreadable, or only partly stored
  std::vector<std::string> missing;     // in the catalog, but the file is gone; left there for verify to report
  uint64_t temporaries_removed = 0;
  bool from_manifest = false;  // the database had lost commits that MANIFEST still knew
  bool empty() const;
};

// Records of other layers that commit together with a segment.
struct CatalogRecords {
  std::map<std::string, std::string> published;  // to readers, in the manifest; an empty value removes
  std::map<std::string, std::string> internal;   // to the writer only (sampler state ...); likewise
};

struct SegmentCommit {
  std::string_view bytes;               // the whole file; must hold EncodeFooterEntry(meta, sources) as its section
  std::string file_name;                // empty: named by the catalog; else ends in ".wseg" (Kafka names carry offsets)
  SegmentMeta meta;                     // file_* and commit are filled in
  std::vector<SourceIdentity> sources;  // of every source in meta.coverage
  CatalogRecords records;
};

// What the journal says about a change that somebody asked for.
struct ChangeNote {
  std::string kind;
  std::string what;
  std::string policy_hash;
};

class Catalog {
 public:
  static Result<std::unique_ptr<Catalog>> Open(const Env* env, const std::string& dir, CatalogOptions options = {});
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // kAlreadyExists: some of what it covers is stored already, or the file name is taken; nothing has changed then.
  // Returns the meta as stored.
  Result<SegmentMeta> CommitSegment(SegmentCommit commit);

  // Removes `old_files` and adds `commits` in one step: compaction (same coverage) and retention (rowless segments
  // whose ledger says expired). The new ones must cover exactly what the old ones did.
  Status ReplaceSegments(const std::vector<std::string>& old_files, std::vector<SegmentCommit> commits,
                         const ChangeNote& note);

  // Changes without a segment: what is newly known about sources (finished, failure, names), records, a journal note.
  Status Update(const std::vector<SourceIdentity>& sources, const CatalogRecords& records,
                const std::optional<ChangeNote>& note);

  // Policies that later commits name in the journal.
  void SetPolicyHash(std::string policy_hash);

  Result<std::optional<std::string>> ReadPrivate(const std::string& name);
  // All journal entries in order, the hash chain checked: kCorrupt names the first entry that does not fit.
  Result<std::vector<JournalEntry>> ReadJournal();

  // A copy of the current state; what ReadManifest would give.
  Manifest manifest() const;
  std::optional<SourceState> FindSource(const std::string& id) const;
  SourceRegistry* sources() { return &registry_; }
  const RecoveryReport& recovery() const { return recovery_; }
  const StoreLayout& layout() const { return layout_; }
  bool failed() const;

  // Every change publishes the manifest; only one above 1 MiB (thousands of segments or sources) is not rewritten for
  // more than a tenth of the time: a commit that comes too soon is published with a later one. This publishes it if
  // that is due; for those who commit and then wait. Close, Update and ReplaceSegments publish at once.
  Status PublishPending();

  // Removes replaced segments that no reader pins any more. Also done by every commit and on opening and closing.
  Status RemoveGarbage();

  // Orderly end; the destructor does it too, without a word.
  Status Close();

 private:
  Catalog(const Env* env, const std::string& dir, CatalogOptions options);

  Status Load();
  Status LoadState();
  Status CreateState();
  Status TakeNewerManifest(const Manifest& manifest);
  Status Recover();
  Status RecoverFile(const std::string& file_name);
  Status SetAside(const std::string& file_name);

  Result<StagedSegment> Stage(SegmentCommit commit);
  void Discard(const std::vector<StagedSegment>& staged);
  Status Install(std::vector<StagedSegment>* staged);
  Status CheckUsable() const;
  Status CheckUncovered(const SegmentMeta& meta) const;
  Status CheckReplacement(const std::vector<std::string>& old_files, const std::vector<StagedSegment>& staged) const;
  Status Apply(CatalogChange change, bool publish_now = true);
  Status Publish();
  Status RemoveGarbageLocked();

  const Env* const env_;
  const StoreLayout layout_;
  const CatalogOptions options_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Database> database_;
  mutable std::mutex mutex_;
  Manifest state_;
  std::map<std::string, int64_t> garbage_;  // replaced files still on disk, and since when
  std::string policy_hash_;
  bool signed_ = false;  // a journal entry of this process has said who it is
  SourceRegistry registry_;
  RecoveryReport recovery_;
  Status failure_;  // the first error of a commit's later steps
  uint64_t next_temporary_ = 0;
  bool unpublished_ = false;      // state_ is newer than MANIFEST
  int64_t publish_after_ns_ = 0;  // steady clock
  bool closed_ = false;
};

}  // namespace whittle
