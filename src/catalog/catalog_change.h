// How a commit changes the state: a pure computation from the state before and the change asked for to the database
// batch, the journal entry and the state after. Private to catalog/. Plain values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/database.h"

namespace whittle {

// A segment file that is written; `temporary` until it is installed under meta.file_name.
struct StagedSegment {
  std::string temporary;
  SegmentMeta meta;
  std::vector<SourceIdentity> sources;
  CatalogRecords records;
};

struct CatalogChange {
  std::vector<StagedSegment> staged;
  std::vector<std::string> old_files;   // segments that go
  bool adds_coverage = false;           // the staged ones move frontiers; false: they take the place of the old ones
  std::vector<SourceIdentity> sources;  // beside those of the staged segments
  CatalogRecords records;
  ChangeNote note;
  bool names_author = false;  // the journal says who
  std::string resumes_from;   // JournalEntry::resumes_from
};

struct ChangePlan {
  Database::Batch batch;
  Manifest header;  // no segments, sources or records: those of the state change in place
  std::vector<SegmentMeta> added;
  std::vector<std::string> removed;
  std::map<std::string, SourceState> sources;  // the changed ones
  std::vector<std::string> changed_sources;
  CatalogRecords records;
  std::map<std::string, int64_t> garbage;

  void ApplyTo(Manifest* state);
};

// `name_author`: say who even though the change does not ask for it.
ChangePlan PlanChange(const Manifest& state, CatalogChange change, const Env* env, bool name_author);

}  // namespace whittle
