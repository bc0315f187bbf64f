#include "format/segment_writer.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "base/free_memory.h"
#include "event/shape_list.h"
#include "format/column_codec.h"
#include "format/column_groups.h"
#include "format/compressor.h"
#include "format/directory.h"
#include "format/footer.h"
#include "format/frame_packer.h"
#include "format/integer_codec.h"
#include "format/limits.h"
#include "format/reference_codec.h"
#include "format/row_codec.h"
#include "format/segment_filter.h"

namespace whittle {
namespace {

constexpr uint8_t kRecordStartBit = 1;
// Terminator bytes by LineEnd.
constexpr uint8_t kLineEndSize[4] = {0, 1, 2, 0};

Status Contradiction(std::string what) { return Status(StatusCode::kData, "segment input: " + std::move(what)); }

Status CheckLimits(const SegmentInput& input) {
  const auto over = [](const char* what) {
    return Status(StatusCode::kLimit, std::string("segment: too many ") + what);
  };
  if (input.row_shape.size() > kMaxSegmentRows) return over("rows");
  if (input.columns.size() > kMaxColumns) return over("columns");
  if (input.shapes.size() > kMaxShapes) return over("shapes");
  if (input.sources.size() > kMaxSources) return over("sources");
  if (input.runs.size() > kMaxRuns) return over("runs");
  if (input.sections.size() > kMaxSections) return over("sections");
  if (input.streams.size() > kMaxStreams) return over("streams");
  return Status::Ok();
}

// Every row's slots are in the columns and nothing else is; counts what the footer says.
Status CheckRows(const SegmentInput& input, const EncodeOptions& options, SegmentFooter* footer) {
  const size_t rows = input.row_shape.size();
  if (input.row_flags.size() != rows) return Contradiction("row_flags and row_shape differ in size");
  std::vector<uint64_t> shape_rows(input.shapes.size());
  uint64_t line_ends = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (input.row_shape[i] >= input.shapes.size()) return Contradiction("row of an unknown shape");
    if (input.row_flags[i] > 5) return Contradiction("unknown row flags");
    ++shape_rows[input.row_shape[i]];
    footer->records += input.row_flags[i] & kRecordStartBit;
    line_ends += kLineEndSize[input.row_flags[i] >> 1 & 3];
  }
  std::vector<uint64_t> expected(input.columns.size());
  footer->text_bytes = line_ends;
  for (size_t s = 0; s < input.shapes.size(); ++s) {
    const StoredShape& stored = input.shapes[s];
    if (stored.shape == nullptr || stored.columns.size() != stored.shape->slot_count) {
      return Contradiction("shape and columns differ in slots");
    }
    for (const uint32_t column : stored.columns) {
      if (column >= input.columns.size()) return Contradiction("slot of an unknown column");
      expected[column] += shape_rows[s];
    }
    uint64_t constant = 0;
    for (const Piece& piece : stored.shape->pieces) {
      if (piece.kind != Piece::Kind::kSlot) constant += piece.text.size();
    }
    footer->text_bytes += constant * shape_rows[s];
  }
  for (size_t c = 0; c < input.columns.size(); ++c) {
    if (input.columns[c].values.size() != expected[c])
      return Contradiction("column " + std::to_string(c) + " has a wrong size");
    if (expected[c] > kMaxColumnValues) return Status(StatusCode::kLimit, "segment: too many values in a column");
  }
  std::vector<uint64_t> column_bytes(input.columns.size());
  ForEach(options.parallel_for, input.columns.size(), [&](size_t c) {
    for (const std::string_view value : input.columns[c].values) column_bytes[c] += value.size();
  });
  footer->text_bytes = std::accumulate(column_bytes.begin(), column_bytes.end(), footer->text_bytes);
  if (footer->text_bytes > kMaxSegmentText) return Status(StatusCode::kLimit, "segment: too much text");
  if (!input.row_groups.empty() && Sum(input.row_groups).rows != rows) return Contradiction("rows of row groups");
  uint64_t run_rows = 0;
  for (const SourceRun& run : input.runs) {
    if (run.source >= input.sources.size() || run.end_offset < run.first_offset) return Contradiction("run");
    run_rows += run.row_count;
  }
  return run_rows == rows ? Status::Ok() : Contradiction("rows of runs do not add up");
}

bool HasConstantFields(const SegmentInput& input) {
  return std::any_of(input.shapes.begin(), input.shapes.end(), [](const StoredShape& stored) {
    return std::any_of(stored.shape->fields.begin(), stored.shape->fields.end(),
                       [](const Field& field) { return !field.constant.empty(); });
  });
}

Result<std::string> EncodeShapes(const SegmentInput& input) {
  std::string out;
  ByteWriter writer(&out);
  std::vector<const Shape*> shapes;
  ShapeListBudget budget(kShapeLimits);
  for (const StoredShape& stored : input.shapes) {
    if (!budget.Take(*stored.shape)) return Status(StatusCode::kLimit, "segment: too much in its shapes");
    shapes.push_back(stored.shape.get());
  }
  EncodeShapeList(shapes, &writer);
  // Slots of one shape mostly have columns that follow each other.
  for (const StoredShape& stored : input.shapes) {
    int64_t next = 0;
    for (const uint32_t column : stored.columns) {
      writer.Signed(column - next);
      next = int64_t{column} + 1;
    }
  }
  return out;
}

class SegmentEncoder {
 public:
  SegmentEncoder(SegmentInput input, const EncodeOptions& options)
      : input_(std::move(input)), options_(options), compressors_(options.max_effort) {}
  Result<std::string> Run();

 private:
  struct Encoded {
    DirectoryNode node;
    NodeSink sink;
  };
  using Task = std::function<void(Compressor*)>;
  struct SizedTask {
    size_t values = 0;
    Task run;
  };

  void RunTasks(std::vector<SizedTask> tasks);
  void EncodeNodes();
  void Pack(FramePacker* packer, uint64_t text_bytes);
  void EncodeColumn(uint32_t column, Compressor* compressor);
  void EncodeGroup(size_t index, Compressor* compressor);
  void EncodeStream(size_t index, Compressor* compressor);
  static void Finish(Encoded* encoded);

  SegmentInput input_;
  const EncodeOptions& options_;
  GroupPlan plan_;
  uint64_t text_bytes_ = 0;
  std::string filter_;
  // In the order in which they are stored.
  Encoded row_shape_;
  Encoded row_flags_;
  std::vector<Encoded> columns_;
  std::vector<Encoded> groups_;
  std::vector<Encoded> streams_;
  CompressorPool compressors_;
};

// The largest first, so that no thread begins a long one when the others are done.
void SegmentEncoder::RunTasks(std::vector<SizedTask> tasks) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const SizedTask& a, const SizedTask& b) { return a.values > b.values; });
  ForEach(options_.parallel_for, tasks.size(), [&](size_t i) { tasks[i].run(compressors_.Borrow().get()); });
}

void SegmentEncoder::Finish(Encoded* encoded) {
  encoded->node.descriptor = std::move(encoded->sink.descriptor);
  encoded->node.blob_count = encoded->sink.blobs.size();
}

void SegmentEncoder::EncodeColumn(uint32_t column, Compressor* compressor) {
  const ColumnInput& input = input_.columns[column];
  Encoded& encoded = columns_[column];
  encoded.node.kind = NodeKind::kColumn;
  encoded.node.count = input.values.size();
  // The plan is there when the column is one that it looks at.
  const bool planned = MayBeGrouped(input);
  if (planned && plan_.group_of[column] >= 0) {
    encoded.sink.U8(static_cast<uint8_t>(TextOp::kGroup));
    encoded.sink.Varint(static_cast<uint64_t>(plan_.group_of[column]));
  } else {
    ColumnHint hint;
    hint.time_layout = input.time_layout;
    hint.is_free_text = input.is_free_text;
    if (planned && !plan_.numbers_of[column].numbers.empty()) hint.numbers = &plan_.numbers_of[column];
    EncodeText(input.values, hint, 0, compressor, &encoded.sink);
    if (planned) FreeMemory(&plan_.numbers_of[column].numbers);
  }
  Finish(&encoded);
}

void SegmentEncoder::EncodeGroup(size_t index, Compressor* compressor) {
  const ColumnGroup& group = plan_.groups[index];
  Encoded& encoded = groups_[index];
  encoded.node.kind = NodeKind::kGroup;
  encoded.node.count = group.numbers.size();
  encoded.sink.Varint(group.words.size());
  EncodeReferences(group.numbers, static_cast<uint32_t>(group.words.size()), compressor, &encoded.sink);
  ColumnHint hint;
  hint.time_layout = group.time_layout;
  EncodeText(group.words, hint, 1, compressor, &encoded.sink);
  Finish(&encoded);
}

void SegmentEncoder::EncodeStream(size_t index, Compressor* compressor) {
  const IntStream& stream = input_.streams[index];
  Encoded& encoded = streams_[index];
  encoded.node.kind = NodeKind::kStream;
  encoded.node.required = false;
  encoded.node.id = static_cast<uint16_t>(stream.id);
  encoded.node.count = stream.values.size();
  EncodeIntegers(stream.values, compressor, &encoded.sink);
  Finish(&encoded);
}

// What does not need the plan of groups is encoded during the half of making it that one thread has to do.
void SegmentEncoder::EncodeNodes() {
  constexpr size_t kFirst = SIZE_MAX;
  const size_t rows = input_.row_shape.size();
  columns_.resize(input_.columns.size());
  streams_.resize(input_.streams.size());
  std::vector<SizedTask> tasks;
  std::vector<SizedTask> later;
  tasks.push_back({rows, [&](Compressor* compressor) {
                     row_shape_.node.kind = NodeKind::kRowShape;
                     row_shape_.node.count = rows;
                     EncodeRowShapes(input_.row_shape, input_.shapes.size(), compressor, &row_shape_.sink);
                     Finish(&row_shape_);
                   }});
  tasks.push_back({rows, [&](Compressor* compressor) {
                     row_flags_.node.kind = NodeKind::kRowFlags;
                     row_flags_.node.count = rows;
                     EncodeRowFlags(input_.row_flags, input_.row_shape, input_.shapes.size(), compressor,
                                    &row_flags_.sink);
                     Finish(&row_flags_);
                   }});
  for (uint32_t c = 0; c < columns_.size(); ++c) {
    auto& list = MayBeGrouped(input_.columns[c]) ? later : tasks;
    list.push_back(
        {input_.columns[c].values.size(), [this, c](Compressor* compressor) { EncodeColumn(c, compressor); }});
  }
  for (size_t i = 0; i < streams_.size(); ++i) {
    tasks.push_back(
        {input_.streams[i].values.size(), [this, i](Compressor* compressor) { EncodeStream(i, compressor); }});
  }
  plan_ = PlanGroups(input_, options_.parallel_for, [&](const std::function<void()>& second_half) {
    tasks.push_back({kFirst, [&](Compressor*) { second_half(); }});
    RunTasks(std::move(tasks));
  });
  groups_.resize(plan_.groups.size());
  for (size_t i = 0; i < groups_.size(); ++i) {
    later.push_back(
        {plan_.groups[i].numbers.size(), [this, i](Compressor* compressor) { EncodeGroup(i, compressor); }});
  }
  if (text_bytes_ >= options_.filter_from_bytes) {
    later.push_back({kFirst, [&](Compressor*) {
                       filter_ = SegmentFilter::Build(input_, MaxFilterWords(text_bytes_), plan_.numbers_of);
                     }});
  }
  RunTasks(std::move(later));
}

// The values are not needed any more. To give their memory back takes a while, so threads that find no frame left do
// it.
void SegmentEncoder::Pack(FramePacker* packer, uint64_t text_bytes) {
  constexpr size_t kFreeTasks = 16;
  const size_t frames = packer->Seal(text_bytes, options_.zstd_level, options_.max_effort);
  ForEach(options_.parallel_for, frames + kFreeTasks, [&](size_t i) {
    if (i < frames) return packer->Compress(i, compressors_.Borrow().get());
    for (size_t c = i - frames; c < input_.columns.size(); c += kFreeTasks) {
      FreeMemory(&input_.columns[c].values);
      plan_.numbers_of[c] = {};
    }
    for (size_t g = i - frames; g < plan_.groups.size(); g += kFreeTasks) plan_.groups[g] = {};
  });
}

Result<std::string> SegmentEncoder::Run() {
  SegmentFooter footer;
  WHITTLE_RETURN_IF_ERROR(CheckLimits(input_));
  footer.rows = input_.row_shape.size();
  WHITTLE_RETURN_IF_ERROR(CheckRows(input_, options_, &footer));
  footer.writer = options_.writer;
  footer.shape_count = input_.shapes.size();
  footer.column_count = input_.columns.size();
  if (HasConstantFields(input_)) footer.required_features |= kFeatureConstantFields;
  footer.sources = input_.sources;
  footer.runs = input_.runs;
  footer.row_groups = input_.row_groups;
  if (footer.row_groups.empty()) footer.row_groups.push_back({footer.rows, kNoTime, kNoTime});

  text_bytes_ = footer.text_bytes;
  EncodeNodes();
  FramePacker packer;
  Directory directory;
  const auto store = [&](Encoded* encoded) {
    directory.nodes.push_back(std::move(encoded->node));
    for (Blob& blob : encoded->sink.blobs) {
      directory.blobs.push_back({static_cast<uint8_t>(blob.kind), blob.bytes.size()});
      packer.Add(blob.kind, std::move(blob.bytes));
    }
  };
  store(&row_shape_);
  store(&row_flags_);
  for (std::vector<Encoded>* list : {&columns_, &groups_, &streams_}) {
    for (Encoded& encoded : *list) store(&encoded);
  }
  footer.streams = StreamIds(directory);
  packer.Add(BlobKind::kDirectory, EncodeDirectory(directory));
  WHITTLE_ASSIGN_OR_RETURN(std::string shapes, EncodeShapes(input_));
  packer.Add(BlobKind::kShapes, std::move(shapes));
  std::string sections;
  for (const Section& section : input_.sections) {
    footer.sections.push_back({section.id, section.required, section.bytes.size()});
    sections += section.bytes;
  }
  // Last, so that what compresses well stands together.
  if (!filter_.empty()) {
    footer.sections.push_back({static_cast<uint16_t>(SectionId::kFilters), false, filter_.size()});
    sections += filter_;
  }
  if (sections.size() > kMaxFrameSize) return Status(StatusCode::kLimit, "segment: sections too large");
  packer.Add(BlobKind::kSections, std::move(sections));

  std::string file = EncodeSegmentHeader();
  Pack(&packer, footer.text_bytes);
  WHITTLE_RETURN_IF_ERROR(packer.Write(&file, &footer.frames));
  WHITTLE_ASSIGN_OR_RETURN(const std::string tail, EncodeFooter(footer, file.size()));
  file += tail;
  return file;
}

}  // namespace

Result<std::string> EncodeSegment(SegmentInput input, const EncodeOptions& options) {
  return SegmentEncoder(std::move(input), options).Run();
}

}  // namespace whittle
