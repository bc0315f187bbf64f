// Reading segments without their catalog: as a plain directory of segments, and to restore a catalog that was lost.
#pragma once

#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "catalog/manifest.h"

namespace whittle {

// What the footers of segment files say together.
struct SegmentSurvey {
  std::vector<FooterEntry> entries;      // segments to use, oldest first; file name, size and hash filled in
  std::vector<std::string> duplicates;   // all they cover is covered by newer ones (an interrupted compaction)
  std::vector<std::string> conflicting;  // cover some of the same bytes as a newer one
  std::vector<std::string> unreadable;   // "file: reason"
};

// Looks at every *.wseg file of a directory. Where segments cover the same bytes the newest is used: it replaced the
// others. Not ok only when the directory cannot be read or a segment needs a newer program.
Result<SegmentSurvey> SurveySegments(const Env* env, const std::string& segments_dir,
                                     const FooterEntryReader& read_footer = ReadSegmentEntry);

// A store, or a directory that merely holds segments: one that the members of a consumer group share, or files that
// were copied out of a store. `left_out`, when given, says which of its files are not part of the snapshot.
Result<Snapshot> TakeSnapshotOfAny(const Env* env, const std::string& dir, SegmentSurvey* left_out = nullptr,
                                   const FooterEntryReader& read_footer = ReadSegmentEntry);

struct RebuildReport {
  bool needed = true;  // false: the catalog is there and readable; at most MANIFEST was written again
  uint64_t segments = 0;
  uint64_t sources = 0;
  SegmentSurvey survey;                   // without entries
  std::vector<std::string> not_restored;  // one line each, for people
};

// Restores the catalog of the store at `dir` from its segments, and from MANIFEST as far as that is readable. kBusy
// while somebody writes to the store. A crash in the middle leaves a store that still asks for a rebuild.
Result<RebuildReport> RebuildCatalog(const Env* env, const std::string& dir,
                                     const FooterEntryReader& read_footer = ReadSegmentEntry);

}  // namespace whittle
