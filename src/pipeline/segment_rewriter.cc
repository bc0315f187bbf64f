#include "pipeline/segment_rewriter.h"

#include <algorithm>

#include "pipeline/ledger_carrier.h"
#include "pipeline/segment_facts.h"
#include "query/segment_catalog.h"
#include "query/template_set.h"

namespace whittle {
namespace {

// False when there is less than that to move.
bool MoveTo(const Tally& tally, Tally* from, Tally* to) {
  const bool enough = tally.lines <= from->lines && tally.records <= from->records && tally.bytes <= from->bytes;
  *from -= tally;
  *to += tally;
  return enough;
}

// Of one old segment into the new one.
Status AddCoverage(const SegmentMeta& meta, const LeftOutBySource& left_out, SegmentMeta* merged) {
  for (const SourceCoverage& coverage : meta.coverage) {
    auto into = std::find_if(merged->coverage.begin(), merged->coverage.end(),
                             [&](const SourceCoverage& c) { return c.source_id == coverage.source_id; });
    if (into == merged->coverage.end()) {
      into = merged->coverage.insert(into, SourceCoverage());
      into->source_id = coverage.source_id;
    }
    if (into->bytes.Intersects(coverage.bytes)) {
      return Status(StatusCode::kCorrupt, "two segments cover the same bytes of source " + coverage.source_id);
    }
    into->bytes.Add(coverage.bytes);
    into->lines.Add(coverage.lines);
    Ledger ledger = coverage.ledger;
    if (const auto found = left_out.find(coverage.source_id); found != left_out.end()) {
      const LeftOut& out = found->second;
      if (!MoveTo(out.sampled_out, &ledger.kept, &ledger.sampled_out) ||
          !MoveTo(out.dropped_by_rule, &ledger.kept, &ledger.dropped_by_rule) ||
          !MoveTo(out.expired, &ledger.kept, &ledger.expired)) {
        return Status(StatusCode::kCorrupt, "has more records of source " + coverage.source_id + " than its ledger");
      }
    }
    into->ledger += ledger;
  }
  merged->created_ns = std::max(merged->created_ns, meta.created_ns);
  return Status::Ok();
}

// What leaves the quarantine is kept.
Status MoveFromQuarantine(const Tally& tally, SegmentMeta* meta) {
  if (tally.records == 0) return Status::Ok();
  if (meta->kafka && meta->coverage.size() == 1) {
    Ledger& ledger = meta->coverage[0].ledger;
    if (MoveTo(tally, &ledger.quarantined, &ledger.kept)) return Status::Ok();
  }
  return Status(StatusCode::kCorrupt, "counts fewer messages in quarantine than are to leave it");
}

Status CheckKafka(const std::vector<OldSegment>& old) {
  const auto has_range = [](const OldSegment& segment) { return segment.meta.kafka.has_value(); };
  if (old.size() > 1 && std::any_of(old.begin(), old.end(), has_range)) {
    // The name of such a file says where its range begins, and that is what keeps two writers apart.
    return Status(StatusCode::kUnsupported, "segments of Kafka partitions are not merged");
  }
  return Status::Ok();
}

}  // namespace

SegmentCommit RewrittenSegment::Commit() const {
  SegmentCommit commit;
  commit.bytes = bytes;
  commit.meta = meta;
  commit.sources = sources;
  return commit;
}

SegmentRewriter::SegmentRewriter(const Env* env, const std::map<std::string, SourceState>* sources,
                                 RewriteOptions options, Overrides overrides)
    : env_(env),
      sources_(*sources),
      options_(std::move(options)),
      consolidator_(std::move(overrides), kMaxForms, SlotNaming::kUnnamed) {}

Status SegmentRewriter::Learn(const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, path));
  const auto shapes = reader->Shapes();
  if (!shapes.ok()) return shapes.status().WithContext(path);
  const auto folded = LoadFoldedBodies(*reader);
  if (!folded.ok()) return folded.status().WithContext(path);
  for (const StoredShape& stored : **shapes) consolidator_.Add(stored.shape, folded->Of(stored.shape->id));
  return Status::Ok();
}

std::vector<SourceIdentity> SegmentRewriter::IdentitiesOf(const SegmentMeta& meta) const {
  std::vector<SourceIdentity> identities;
  for (const SourceCoverage& coverage : meta.coverage) {
    const auto known = sources_.find(coverage.source_id);
    if (known != sources_.end()) {
      identities.push_back(known->second);
    } else {
      identities.emplace_back().id = coverage.source_id;
    }
  }
  return identities;
}

Result<RewrittenSegment> SegmentRewriter::Rewrite(std::vector<OldSegment> old) {
  if (old.empty()) return Status(StatusCode::kUsage, "no segments to rewrite");
  WHITTLE_RETURN_IF_ERROR(CheckKafka(old));
  SegmentBuilder builder(options_.builder);
  SegmentMeta meta;
  meta.kafka = old[0].meta.kafka;
  LedgerCarrier ledgers;
  std::optional<MessageTable> messages;
  for (const OldSegment& segment : old) {
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, segment.path));
    ledgers.Meet(*reader);
  }
  for (OldSegment& segment : old) {
    WHITTLE_ASSIGN_OR_RETURN(auto reader, OpenSegment(env_, segment.path));
    WHITTLE_RETURN_IF_ERROR(ledgers.Number(*reader, &segment.edit).WithContext(segment.path));
    MessageInserter inserter(std::move(segment.added), std::move(segment.added_source));
    for (AddedMessage& added : *inserter.added()) ledgers.Add(segment.meta, &added);
    segment.edit.cuts = inserter.Offsets();
    auto unpacker = SegmentUnpacker::Open(std::move(reader), std::move(segment.edit));
    if (!unpacker.ok()) return unpacker.status().WithContext(segment.path);
    const auto add = [&](EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
      // The builder tells sources apart by this number when it fills gaps.
      batch.source = NumberOf(source.id);
      builder.Add(std::move(batch), std::move(times), source);
    };
    const Status unpacked =
        (*unpacker)->Unpack([&](EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
          ledgers.Pass(batch, source.id);
          inserter.Pass(std::move(batch), std::move(times), source, add);
        });
    if (!unpacked.ok()) return unpacked.WithContext(segment.path);
    inserter.Finish(add);
    builder.Know((*unpacker)->folded());
    ledgers.Take(**unpacker, segment.meta);
    messages = (*unpacker)->messages();
    if (messages) inserter.AddTo(&*messages);
    WHITTLE_RETURN_IF_ERROR(AddCoverage(segment.meta, (*unpacker)->left_out(), &meta).WithContext(segment.path));
    WHITTLE_RETURN_IF_ERROR(MoveFromQuarantine(inserter.Total(), &meta).WithContext(segment.path));
  }
  RewrittenSegment result;
  result.sources = IdentitiesOf(meta);
  Status carrying;
  const auto make_sections = [&](const BuiltSegment& facts) {
    DescribeRows(facts, &meta);
    std::vector<Section> sections{{kCatalogEntrySection, false, EncodeFooterEntry(meta, result.sources)}};
    if (messages) sections.push_back({static_cast<uint16_t>(SectionId::kKafka), false, EncodeMessages(*messages)});
    if (auto carried = ledgers.Sections(facts, meta); !carried.ok()) {
      carrying = carried.status();
    } else {
      for (Section& section : *carried) sections.push_back(std::move(section));
    }
    if (options_.more_sections) {
      for (Section& section : options_.more_sections(facts)) sections.push_back(std::move(section));
    }
    return sections;
  };
  WHITTLE_ASSIGN_OR_RETURN(BuiltSegment built, builder.Close(make_sections, &consolidator_));
  WHITTLE_RETURN_IF_ERROR(carrying);
  WHITTLE_RETURN_IF_ERROR(CheckSegmentMeta(meta));
  result.bytes = std::move(built.bytes);
  result.meta = std::move(meta);
  return result;
}

uint32_t SegmentRewriter::NumberOf(const std::string& source_id) {
  return source_numbers_.try_emplace(source_id, static_cast<uint32_t>(source_numbers_.size())).first->second;
}

}  // namespace whittle
