#include "pipeline/verify.h"

#include <map>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/varint.h"
#include "catalog/rebuild.h"
#include "catalog/store_layout.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "pipeline/ledger_carrier.h"
#include "pipeline/run_sampling.h"
#include "sink/segment_builder.h"

namespace whittle {
namespace {

// Rendered at a time; only the hash is kept of it.
constexpr size_t kRenderBytes = 1 << 20;
// One segment in memory; a file that claims more is damaged or hostile.
constexpr uint64_t kMaxSegmentBytes = uint64_t{2} << 30;

class Verifier {
 public:
  Verifier(const Env* env, Snapshot snapshot, bool has_catalog)
      : env_(env), snapshot_(std::move(snapshot)), has_catalog_(has_catalog) {}

  VerifyReport Run(const std::function<void(size_t, size_t)>& progress) {
    const std::vector<SegmentMeta>& segments = snapshot_.manifest.segments;
    for (size_t i = 0; i < segments.size(); ++i) {
      if (progress) progress(i, segments.size());
      CheckSegment(segments[i]);
    }
    CheckSources();
    if (has_catalog_) CheckCatalog();
    report_.segments = segments.size();
    report_.sources = snapshot_.manifest.sources.size();
    return std::move(report_);
  }

 private:
  void Problem(const std::string& where, const std::string& what) { report_.problems.push_back(where + ": " + what); }

  void CheckSegment(const SegmentMeta& meta) {
    if (const Status status = CheckSegmentMeta(meta); !status.ok()) Problem(meta.file_name, status.message());
    const Result<std::string> bytes = ReadFile(env_->files, snapshot_.SegmentPath(meta), kMaxSegmentBytes);
    if (!bytes.ok()) {
      Problem(meta.file_name, bytes.status().message());
      return;
    }
    if (bytes->size() != meta.file_bytes || HashBytes128(*bytes) != meta.file_hash) {
      Problem(meta.file_name, fmt::format("the file ({} bytes) is not the one that was committed ({} bytes)",
                                          bytes->size(), meta.file_bytes));
    }
    const auto source = std::make_shared<MemorySource>(*bytes);
    const std::vector<std::string> broken = VerifyChecksums(source);
    for (const std::string& what : broken) Problem(meta.file_name, what);
    if (!broken.empty()) return;
    const auto reader = SegmentReader::Open(source);
    if (!reader.ok()) {
      Problem(meta.file_name, reader.status().message());
      return;
    }
    if (const Status status = CheckContent(meta, **reader); !status.ok()) Problem(meta.file_name, status.message());
  }

  // What the strata count adds up to what the sources' ledgers say.
  static Status CheckStrata(const SegmentMeta& meta, const SegmentReader& reader) {
    WHITTLE_ASSIGN_OR_RETURN(const auto ledger, ReadSegmentLedger(reader));
    return ledger ? CheckLedger(*ledger, meta) : Status::Ok();
  }

  Status CheckContent(const SegmentMeta& meta, const SegmentReader& reader) {
    WHITTLE_RETURN_IF_ERROR(CheckStrata(meta, reader));
    WHITTLE_ASSIGN_OR_RETURN(RawCursor cursor, RawCursor::Open(reader));
    StreamHash128 hash;
    uint64_t text_bytes = 0;
    std::string text;
    while (!cursor.done()) {
      text.clear();
      cursor.AppendRows(kRenderBytes, &text);
      text_bytes += text.size();
      hash.Update(text);
    }
    report_.rows += cursor.row_count();
    report_.text_bytes += text_bytes;
    if (cursor.row_count() != meta.rows || text_bytes != meta.text_bytes) {
      return Status(StatusCode::kCorrupt, fmt::format("holds {} lines of {} bytes, the catalog says {} of {}",
                                                      cursor.row_count(), text_bytes, meta.rows, meta.text_bytes));
    }
    WHITTLE_ASSIGN_OR_RETURN(const std::string stored,
                             reader.LoadSection(static_cast<uint16_t>(SectionId::kContentHash)));
    ByteReader in(stored);
    const uint64_t low = in.U64();
    const uint64_t high = in.U64();
    if (!in.ok() || hash.Digest() != Hash128{high, low}) {
      return Status(StatusCode::kCorrupt, "the lines it renders are not the lines that were written");
    }
    return Status::Ok();
  }

  // Readers do without the database, but nothing more can be ingested when it is gone.
  void CheckCatalog() {
    if (snapshot_.manifest.version == 0) return;  // not made yet
    const StoreLayout layout(snapshot_.dir);
    const auto current = FileExists(env_->files, JoinPath(layout.catalog, "CURRENT"));
    if (!current.ok() || !*current)
      Problem("catalog", "the database is gone; whittle verify --rebuild makes it anew from the segments");
  }

  // Nothing twice, nothing missing: the segments' coverage of a source adds up to its frontier, their ledgers to its
  // ledger.
  void CheckSources() {
    struct Sum {
      IntervalSet bytes;
      Ledger ledger;
    };
    std::map<std::string, Sum> sums;
    for (const SegmentMeta& meta : snapshot_.manifest.segments) {
      for (const SourceCoverage& coverage : meta.coverage) {
        Sum& sum = sums[coverage.source_id];
        if (sum.bytes.Intersects(coverage.bytes))
          Problem(meta.file_name, "covers bytes of source " + coverage.source_id + " that another segment covers too");
        sum.bytes.Add(coverage.bytes);
        sum.ledger += coverage.ledger;
      }
    }
    for (const auto& [id, source] : snapshot_.manifest.sources) {
      const std::string where = "source " + (source.names.empty() ? id : source.name());
      const Sum sum = sums[id];
      sums.erase(id);
      if (!source.ledger.Balanced())
        Problem(where, "its ledger does not add up: in is not kept plus what went elsewhere");
      if (sum.bytes != source.bytes) {
        Problem(where, fmt::format("the segments cover {} of its bytes, the frontier says {}", sum.bytes.Total(),
                                   source.bytes.Total()));
      }
      if (sum.ledger != source.ledger) {
        Problem(where, fmt::format("the ledgers of its segments count {} lines, its own {}", sum.ledger.in.lines,
                                   source.ledger.in.lines));
      }
    }
    for (const auto& [id, sum] : sums) Problem("source " + id, "stands in segments but not in the catalog");
  }

  const Env* env_;
  Snapshot snapshot_;
  const bool has_catalog_;  // false: a directory of segments
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> VerifyStore(const Env* env, const std::string& dir,
                                 const std::function<void(size_t, size_t)>& progress) {
  SegmentSurvey left_out;
  WHITTLE_ASSIGN_OR_RETURN(Snapshot snapshot, TakeSnapshotOfAny(env, dir, &left_out));
  const bool has_catalog = snapshot.segments_dir != snapshot.dir;
  VerifyReport report = Verifier(env, std::move(snapshot), has_catalog).Run(progress);
  for (const std::string& file : left_out.unreadable) report.problems.push_back(file);
  for (const std::string& file : left_out.conflicting) {
    report.problems.push_back(file + ": covers some of what a newer segment covers");
  }
  return report;
}

}  // namespace whittle
