// SegmentRewriter: makes one new segment of one or more old ones, with all or some of their records. The work of
// compaction (same records, fewer and smaller files), retention (expired records go), thinning (records are sampled
// out after the fact) and of replaying the quarantine (messages come back to where they belong).
//
// What it keeps: every kept row byte for byte and in order, event times and how sure they are, positions in the source,
// scrub marks, all per-record streams (rates, strata, traces ...), names and attributes of sources, coverage and the
// ledger; records that are left out move from `kept` to where they went, and their bytes are still covered. What it
// proves before it answers: the old rows are those that were written (their content hash), the new segment renders back
// to exactly the rows that were kept, and the new ledger balances.
//
// Nothing is written to the store: the caller commits the result, with Catalog::ReplaceSegments or into another store.
// A rewriter is for one thread; old segments are pinned by whoever named them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "pipeline/message_inserter.h"
#include "pipeline/segment_unpacker.h"
#include "sink/segment_builder.h"
#include "templates/consolidator.h"

namespace whittle {

struct OldSegment {
  std::string path;
  SegmentMeta meta;  // as the manifest has it
  SegmentEdit edit;
  // Of a Kafka partition: messages of its range that leave the quarantine, by offset, and the source they are of.
  std::vector<AddedMessage> added;
  SegmentSource added_source;
};

struct RewriteOptions {
  SegmentBuilderOptions builder;
  // More sections of the new segment (exact counts by stratum ...), told what is in it. Optional.
  SegmentBuilder::MakeSections more_sections;
};

// `bytes` and what else Catalog needs to commit them.
struct RewrittenSegment {
  std::string bytes;
  SegmentMeta meta;
  std::vector<SourceIdentity> sources;
  SegmentCommit Commit() const;  // views `bytes`
};

class SegmentRewriter {
 public:
  // `sources` is what the store of the old segments knows of its sources (Manifest::sources). `env` and `sources` must
  // outlive the rewriter.
  // `overrides`: what people decided about the templates of the store.
  SegmentRewriter(const Env* env, const std::map<std::string, SourceState>* sources, RewriteOptions options,
                  Overrides overrides = {});

  // Makes the shapes of a segment known, so that new segments fold as if the whole store were one. Optional.
  Status Learn(const std::string& path);

  // The old segments become one, in the order given. One without rows, coverage and ledger only, when nothing is kept:
  // that is a tombstone. kUnsupported when a segment carries what cannot be carried over.
  Result<RewrittenSegment> Rewrite(std::vector<OldSegment> old);

 private:
  uint32_t NumberOf(const std::string& source_id);
  std::vector<SourceIdentity> IdentitiesOf(const SegmentMeta& meta) const;

  const Env* env_;
  const std::map<std::string, SourceState>& sources_;
  RewriteOptions options_;
  Consolidator consolidator_;
  std::map<std::string, uint32_t> source_numbers_;
};

}  // namespace whittle
