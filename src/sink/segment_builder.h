// SegmentBuilder: collects parsed batches in order and turns them into the bytes of one segment, proven byte-exact.
//
// Not thread-safe. Add keeps the batches (and so their text) alive until the builder goes; Close may run on another
// thread than Add, and may use many through EncodeOptions::parallel_for. After Close the builder is spent.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "event/batch.h"
#include "event/shape_stats.h"
#include "format/raw_cursor.h"
#include "format/segment.h"
#include "format/segment_writer.h"
#include "sink/shape_folder.h"
#include "templates/consolidator.h"
#include "templates/folded_bodies.h"
#include "templates/shape_memory.h"

namespace whittle {

// When one record happened: UTC ns since the epoch or kNoTime, and how sure that is (StreamId::kTimeQuality).
struct RecordTime {
  int64_t time_ns = kNoTime;
  uint8_t quality = 0;
};

struct SegmentBuilderOptions {
  EncodeOptions encode;
  // Shapes of its own a segment may have; the rows of further ones go to the raw lane. Those that repeat are admitted
  // before those that stand in one row, and else it is decided by hash.
  size_t max_shapes = 8192;
  size_t max_shape_bytes = size_t{16} << 20;  // of memory that they take; long lines make large shapes
};

// How much of a segment a stored shape heads, and one of the shapes that were folded into it, as the consolidator knows
// it.
struct ShapeTally {
  Hash128 shape;
  ShapeStats stats;
};

struct BuiltSegment {
  std::string bytes;
  std::vector<SourceRun> runs;
  std::vector<SegmentSource> sources;
  uint64_t rows = 0;
  uint64_t records = 0;
  uint64_t raw_bytes = 0;      // of the rows as they render, terminators included
  uint64_t refused_ids = 0;    // trace and span ids that are none (sink/refused_ids.h)
  uint64_t raw_lane_rows = 0;  // kept whole because they could not be understood or did not render back
  uint64_t guessed_times = 0;
  int64_t min_time_ns = kNoTime;
  int64_t max_time_ns = kNoTime;
  std::vector<uint64_t> run_records;  // per run
  std::vector<ShapeTally> shape_tallies;
};

// What rows weigh in memory, in bytes of ordinary text: short lines and many values take more than their text. Fitted
// to peaks of ingests of real logs (90 to 320 bytes and 2 to 10 slots a line, which weigh about what their text does)
// and of short lines whose values are all different (1.6 times and more).
inline uint64_t StructureWeight(uint64_t text_bytes, uint64_t rows, uint64_t slots) {
  return std::max(text_bytes, (3 * text_bytes + 224 * rows + 100 * slots) / 8);
}

class SegmentBuilder {
 public:
  explicit SegmentBuilder(SegmentBuilderOptions options) : options_(std::move(options)) {}

  // `times` has one entry per record start of the batch. Batches of one source come in order. What the batch leaves out
  // of its source is covered too; the caller keeps the account of it.
  void Add(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source);

  uint64_t raw_bytes() const { return raw_bytes_; }
  // What the rows weigh (StructureWeight); lines kept whole count twice, and something for each. A segment is large
  // enough when this is.
  uint64_t weight() const { return weight_; }
  uint64_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }

  // What shapes of the batches were folded from, when they come from another segment.
  void Know(const FoldedBodies& folded) { folded_.Add(folded); }

  // Makes the footer sections of a segment; everything but `bytes` is known then.
  using MakeSections = std::function<std::vector<Section>(const BuiltSegment&)>;

  // `consolidator` holds the shapes of the whole store so far and takes this segment's.
  Result<BuiltSegment> Close(const MakeSections& make_sections, Consolidator* consolidator);

  // After Close: gives the memory of the batches back, on several threads, as it takes about as long as to write the
  // segment.
  void Free();

 private:
  static constexpr uint32_t kNotAdmitted = UINT32_MAX;
  struct Part {
    size_t first_row = 0;
    EventBatch batch;
    std::vector<uint32_t> shape_of;  // batch shape → index into uses_, or kNotAdmitted
    std::vector<RecordTime> times;
  };

  uint32_t UseIndex(const std::shared_ptr<const Shape>& shape, uint64_t rows);
  void AdmitShapes();
  // Calls body(begin, end) for ranges that together are [0, count), several at the same time.
  void ForRanges(size_t count, const std::function<void(size_t, size_t)>& body) const;
  // Of a part: for each shape that has rows, the one value of each of its slots; null where there are several.
  struct SingleValues {
    static constexpr uint32_t kNoRows = UINT32_MAX;
    std::vector<uint32_t> first;  // per shape of the batch: where its slots begin in `values`
    std::vector<std::string_view> values;
  };
  static SingleValues SingleValuesOf(const Part& part);
  void FindSingleValues();
  bool IsRaw(const Part& part, size_t row) const;
  FoldResult Fold(Consolidator* consolidator);
  Section FoldedBodiesOf(const FoldResult& fold) const;
  void FillShapes(const FoldResult& fold, const Part& part, SegmentInput* input,
                  std::vector<uint64_t>* column_values) const;
  void FillValues(const FoldResult& fold, const Part& part, std::vector<std::string_view*>* starts) const;
  // Runs `beside` on other threads while values are filled in; input->row_shape is there then.
  void FillRows(const FoldResult& fold, SegmentInput* input, const std::vector<std::function<void()>>& beside);
  // What can be known of the rows before shapes are folded: a walk over all of them.
  struct RowFacts {
    IntStream residual{StreamId::kTimeResidual, {}};
    IntStream quality{StreamId::kTimeQuality, {}};
    uint64_t guessed_times = 0;
    std::vector<RowGroupInfo> row_groups;
  };
  void FindTimes(RowFacts* facts) const;
  // Calls all of them, several at the same time.
  void RunBeside(const std::vector<std::function<void()>>& tasks) const;
  Result<size_t> FirstRowThatDiffers(const std::string& bytes) const;
  bool PartIs(const Part& part, RawCursor* cursor) const;
  size_t FirstDifference(const Part& part, RawCursor cursor) const;
  Result<BuiltSegment> Encode(const MakeSections& make_sections, const FoldResult& fold, RowFacts facts);
  Section ContentHash() const;
  void FillGaps(SegmentInput* input) const;
  void FillStreams(SegmentInput* input) const;
  Section ScrubMarks() const;
  std::vector<ShapeStats> CountShapes(const SegmentInput& input) const;
  std::vector<ShapeTally> TallyShapes(const FoldResult& fold, const std::vector<ShapeStats>& stats) const;

  SegmentBuilderOptions options_;
  std::vector<Part> parts_;
  std::vector<ShapeUse> uses_;
  // Per use, once folded.
  std::vector<std::shared_ptr<const Shape>> fixed_;
  std::vector<TemplateBinding> bindings_;
  FoldedBodies folded_;  // of shapes in uses_
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> use_index_;
  std::vector<uint64_t> rows_of_use_;  // of uses_, so far
  // New shapes whose hash is not below are not admitted: those in one row, and those in several rows of a batch.
  uint64_t single_limit_ = UINT64_MAX;
  uint64_t repeated_limit_ = UINT64_MAX;
  size_t shape_bytes_ = 0;  // of uses_
  std::vector<SegmentSource> sources_;
  std::vector<SourceRun> runs_;
  std::vector<uint64_t> run_records_;
  Section content_hash_;         // once Close has begun
  std::vector<bool> force_raw_;  // per row, after a row did not render back
  bool has_scrubbed_ = false;
  bool has_gaps_ = false;                     // source bytes that the rows are not: scrubbed, or left out
  static constexpr uint64_t kRowMemory = 64;  // of a row beside its text
  uint64_t refused_ids_ = 0;
  uint64_t raw_bytes_ = 0;
  uint64_t weight_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace whittle
