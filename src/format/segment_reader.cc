#include "format/segment_reader.h"

#include <algorithm>

#include "base/free_memory.h"
#include "base/hash.h"
#include "format/column_codec.h"
#include "format/column_groups.h"
#include "format/compressor.h"
#include "format/integer_codec.h"
#include "format/limits.h"
#include "format/reference_codec.h"
#include "format/row_codec.h"

namespace whittle {
namespace {
Status Corrupt(std::string what) { return Status(StatusCode::kCorrupt, "segment: " + std::move(what)); }
}  // namespace

// Hands the blobs of one node to a decoder and keeps their frames alive.
class SegmentReader::BlobCursor : public BlobReader {
 public:
  BlobCursor(const SegmentReader* reader, const Directory& directory, const DirectoryNode& node)
      : reader_(reader), directory_(directory), next_(node.first_blob), end_(node.first_blob + node.blob_count) {}

  bool Next(std::string_view* bytes) override {
    if (next_ == end_) return false;
    const BlobEntry& blob = directory_.blobs[next_++];
    *bytes = {};
    if (blob.size == 0) return true;
    if (frame_ == nullptr || frame_index_ != blob.frame) {
      Result<std::shared_ptr<const std::string>> frame = reader_->Frame(blob.frame);
      if (!frame.ok()) {
        status_ = frame.status();
        return false;
      }
      frame_ = std::move(*frame);
      frame_index_ = blob.frame;
      owners_.push_back(frame_);
    }
    *bytes = std::string_view(*frame_).substr(blob.offset, blob.size);
    return true;
  }
  bool finished() const { return next_ == end_; }
  const Status& status() const { return status_; }
  void KeepAlive(TextArena* arena) {
    for (auto& owner : owners_) arena->KeepAlive(std::move(owner));
  }

 private:
  const SegmentReader* reader_;
  const Directory& directory_;
  uint64_t next_, end_;
  std::shared_ptr<const std::string> frame_;
  uint32_t frame_index_ = 0;
  std::vector<std::shared_ptr<const std::string>> owners_;
  Status status_;
};

Status SegmentReader::Damaged(const char* what, const BlobCursor& blobs) const {
  return blobs.status().ok() ? Corrupt(std::string(what) + " does not decode") : blobs.status().WithContext(what);
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(std::shared_ptr<const ByteSource> source) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader(std::move(source)));
  WHITTLE_ASSIGN_OR_RETURN(reader->footer_, ReadFooter(*reader->source_));
  reader->frames_.resize(reader->footer_.frames.size());
  return reader;
}

Result<std::shared_ptr<const std::string>> SegmentReader::Frame(size_t index) const {
  {
    const std::lock_guard lock(mutex_);
    if (frames_[index] != nullptr) return frames_[index];
  }
  const FrameInfo& info = footer_.frames[index];
  WHITTLE_ASSIGN_OR_RETURN(std::string bytes, source_->Read(info.offset, info.stored_size));
  if (Hash64(bytes) != info.checksum) return Corrupt("checksum of frame " + std::to_string(index));
  const uint64_t read = bytes.size();
  if (info.method == 1) {
    WHITTLE_ASSIGN_OR_RETURN(bytes, Decompress(bytes, info.raw_size));
  }
  auto frame = std::make_shared<const std::string>(std::move(bytes));
  const std::lock_guard lock(mutex_);
  bytes_read_ += read;
  if (frames_[index] == nullptr) frames_[index] = std::move(frame);
  return frames_[index];
}

Result<std::string> SegmentReader::OnlyFrame(BlobKind kind) const {
  std::string all;
  for (size_t i = 0; i < footer_.frames.size(); ++i) {
    if (footer_.frames[i].kind != static_cast<uint8_t>(kind)) continue;
    WHITTLE_ASSIGN_OR_RETURN(const auto frame, Frame(i));
    all += *frame;
  }
  return all;
}

Status SegmentReader::LoadDirectory() const {
  const std::lock_guard lock(directory_mutex_);
  if (directory_ != nullptr) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, OnlyFrame(BlobKind::kDirectory));
  WHITTLE_ASSIGN_OR_RETURN(Directory directory, DecodeDirectory(bytes, footer_));
  std::vector<size_t> columns;
  std::vector<size_t> groups;
  for (size_t i = 0; i < directory.nodes.size(); ++i) {
    if (directory.nodes[i].kind == NodeKind::kColumn) columns.push_back(i);
    if (directory.nodes[i].kind == NodeKind::kGroup) groups.push_back(i);
  }
  const bool rows_first = directory.nodes.size() >= 2 && directory.nodes[0].kind == NodeKind::kRowShape &&
                          directory.nodes[1].kind == NodeKind::kRowFlags && directory.nodes[0].count == footer_.rows &&
                          directory.nodes[1].count == footer_.rows;
  if (!rows_first || columns.size() != footer_.column_count) return Corrupt("directory");
  if (footer_.streams && *footer_.streams != StreamIds(directory)) return Corrupt("directory");
  column_nodes_ = std::move(columns);
  group_nodes_ = std::move(groups);
  directory_ = std::make_unique<const Directory>(std::move(directory));
  return Status::Ok();
}

Result<const std::vector<StoredShape>*> SegmentReader::Shapes() const {
  {
    const std::lock_guard lock(directory_mutex_);
    if (shapes_ != nullptr) return shapes_.get();
  }
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, OnlyFrame(BlobKind::kShapes));
  ByteReader in(bytes);
  SharedShapes list;
  if (!DecodeShapeList(&in, kShapeLimits, &list) || list.size() != footer_.shape_count) return Corrupt("shapes");
  auto shapes = std::make_unique<std::vector<StoredShape>>(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    StoredShape& stored = (*shapes)[i];
    stored.shape = std::move(list[i]);
    if (stored.shape->slot_count > in.remaining()) return Corrupt("shapes");
    stored.columns.resize(stored.shape->slot_count);
    uint64_t next = 0;
    for (uint32_t& column : stored.columns) {
      const uint64_t number = next + static_cast<uint64_t>(in.Signed());
      if (!in.ok() || number >= footer_.column_count) return Corrupt("shapes");
      column = static_cast<uint32_t>(number);
      next = number + 1;
    }
  }
  if (!in.ok() || in.remaining() != 0) return Corrupt("shapes");
  const std::lock_guard lock(directory_mutex_);
  if (shapes_ == nullptr) shapes_ = std::move(shapes);
  return shapes_.get();
}

Result<std::vector<uint32_t>> SegmentReader::LoadRowShapes() const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  std::vector<uint32_t> row_shape;
  const DirectoryNode& node = directory_->nodes[0];
  BlobCursor blobs(this, *directory_, node);
  NodeSource source{ByteReader(node.descriptor), &blobs};
  if (!DecodeRowShapes(&source, footer_.rows, footer_.shape_count, &row_shape)) return Damaged("row shapes", blobs);
  return row_shape;
}

Result<LoadedRows> SegmentReader::LoadRows() const {
  LoadedRows rows;
  WHITTLE_ASSIGN_OR_RETURN(rows.row_shape, LoadRowShapes());
  const DirectoryNode& flag_node = directory_->nodes[1];
  BlobCursor flag_blobs(this, *directory_, flag_node);
  NodeSource flag_source{ByteReader(flag_node.descriptor), &flag_blobs};
  if (!DecodeRowFlags(&flag_source, rows.row_shape, footer_.shape_count, &rows.row_flags)) {
    return Damaged("row flags", flag_blobs);
  }
  return rows;
}

std::optional<TextOp> SegmentReader::ColumnEncoding(uint32_t column) const {
  if (!LoadDirectory().ok() || column >= column_nodes_.size()) return std::nullopt;
  const DirectoryNode& node = directory_->nodes[column_nodes_[column]];
  if (node.descriptor.empty()) return std::nullopt;
  return static_cast<TextOp>(node.descriptor[0]);
}

size_t SegmentReader::ColumnValueCount(uint32_t column) const {
  if (!LoadDirectory().ok() || column >= column_nodes_.size()) return 0;
  return directory_->nodes[column_nodes_[column]].count;
}

// Chunks of an arena are not filled to the end: a little more than the text.
TextArena SegmentReader::NewArena() const { return TextArena(footer_.text_bytes * 2 + (uint64_t{1} << 22)); }

Result<LoadedColumn> SegmentReader::LoadColumn(uint32_t column) const {
  LoadedColumn loaded;
  loaded.arena = NewArena();
  WHITTLE_RETURN_IF_ERROR(LoadColumn(column, &loaded.arena, &loaded.values));
  return loaded;
}

Status SegmentReader::LoadColumn(uint32_t column, TextArena* arena, CodedTexts* values) const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  if (column >= column_nodes_.size()) return Status(StatusCode::kUsage, "no such column");
  const DirectoryNode& node = directory_->nodes[column_nodes_[column]];
  BlobCursor blobs(this, *directory_, node);
  NodeSource source{ByteReader(node.descriptor), &blobs};
  if (const auto group = GroupOf(column)) return LoadGrouped(column, node.count, *group, arena, values);
  if (!DecodeColumn(&source, node.count, arena, values)) return Damaged("column", blobs);
  blobs.KeepAlive(arena);
  return Status::Ok();
}

// The columns of a group, as numbers of its words. Dealt out for all groups at once, because that walks all rows.
struct SegmentReader::Group {
  TextArena arena{0};
  std::vector<std::string_view> words;
  bool dealt = false;
  std::vector<uint32_t> numbers;                      // in row order, until they are dealt out
  std::vector<std::vector<uint32_t>> column_numbers;  // by position of the column in `columns`
  std::vector<uint32_t> columns;
};

Status SegmentReader::LoadGrouped(uint32_t column, uint64_t count, uint64_t group_index, TextArena* arena,
                                  CodedTexts* values) const {
  WHITTLE_ASSIGN_OR_RETURN(const std::shared_ptr<const Group> group, LoadGroup(group_index));
  for (size_t k = 0; k < group->columns.size(); ++k) {
    if (group->columns[k] != column) continue;
    const std::vector<uint32_t>& numbers = group->column_numbers[k];
    if (numbers.size() != count) return Corrupt("column group");
    *values = CodedTexts::BorrowedDictionary(group->words, numbers);
    arena->KeepAlive(group);
    return Status::Ok();
  }
  return Corrupt("column group");
}

// Who wants a second group will want more: then all the others are decoded, and the rows are read no third time.
Result<std::shared_ptr<const SegmentReader::Group>> SegmentReader::LoadGroup(uint64_t group) const {
  const std::lock_guard lock(group_mutex_);
  groups_.resize(group_nodes_.size());
  if (group >= groups_.size()) return Corrupt("column group");
  if (groups_[group] == nullptr) {
    const bool first = std::none_of(groups_.begin(), groups_.end(),
                                    [](const auto& known) { return known != nullptr && known->dealt; });
    std::vector<uint32_t> wanted;
    for (uint32_t g = 0; g < groups_.size(); ++g) {
      if (g == group || (!first && groups_[g] == nullptr)) wanted.push_back(g);
    }
    WHITTLE_RETURN_IF_ERROR(DecodeGroups(wanted, {}));
  }
  if (!groups_[group]->dealt) {
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<uint32_t> row_shape, LoadRowShapes());
    WHITTLE_RETURN_IF_ERROR(CheckColumnCounts(row_shape));
    WHITTLE_RETURN_IF_ERROR(DealGroups(row_shape, {}));
  }
  return std::shared_ptr<const Group>(groups_[group]);
}

Result<LoadedRows> SegmentReader::LoadRowsAndGroups(const ParallelFor& parallel_for) const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  const std::lock_guard lock(group_mutex_);
  groups_.resize(group_nodes_.size());
  std::vector<uint32_t> wanted;
  for (uint32_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g] == nullptr) wanted.push_back(g);
  }
  std::optional<Result<LoadedRows>> rows;
  Status decoded;
  const auto load = [&](size_t task) {
    if (task == 0) {
      rows = LoadRows();
    } else {
      decoded = DecodeGroups(wanted, parallel_for);
    }
  };
  ForEach(parallel_for, 2, load);
  WHITTLE_RETURN_IF_ERROR(rows->status());
  WHITTLE_RETURN_IF_ERROR(decoded);
  WHITTLE_RETURN_IF_ERROR(CheckColumnCounts((*rows)->row_shape));
  WHITTLE_RETURN_IF_ERROR(DealGroups((*rows)->row_shape, parallel_for));
  return std::move(*rows);
}

Result<SegmentReader::SharedTexts> SegmentReader::LoadGroupTexts(uint64_t group) const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  const std::lock_guard lock(group_mutex_);
  groups_.resize(group_nodes_.size());
  if (group >= groups_.size()) return Status(StatusCode::kUsage, "no such column group");
  if (groups_[group] == nullptr) WHITTLE_RETURN_IF_ERROR(DecodeGroups({static_cast<uint32_t>(group)}, {}));
  return SharedTexts(groups_[group], &groups_[group]->words);
}

Status SegmentReader::DecodeGroups(const std::vector<uint32_t>& wanted, const ParallelFor& parallel_for) const {
  std::vector<std::shared_ptr<Group>> groups(wanted.size());
  std::vector<Status> statuses(groups.size());
  const auto decode = [&](size_t i) {
    const DirectoryNode& node = directory_->nodes[group_nodes_[wanted[i]]];
    BlobCursor blobs(this, *directory_, node);
    NodeSource source{ByteReader(node.descriptor), &blobs};
    auto group = std::make_shared<Group>();
    group->arena = NewArena();
    const uint64_t words = source.descriptor.Varint();
    if (!source.descriptor.ok() || words > node.count ||
        !DecodeReferences(&source, node.count, static_cast<uint32_t>(words), &group->numbers) ||
        !DecodeText(&source, words, 1, &group->arena, &group->words)) {
      statuses[i] = Damaged("column group", blobs);
      return;
    }
    blobs.KeepAlive(&group->arena);
    groups[i] = std::move(group);
  };
  ForEach(parallel_for, groups.size(), decode);
  for (Status& status : statuses) WHITTLE_RETURN_IF_ERROR(std::move(status));
  for (size_t i = 0; i < wanted.size(); ++i) groups_[wanted[i]] = std::move(groups[i]);
  return Status::Ok();
}

std::optional<uint64_t> SegmentReader::GroupOf(uint32_t column) const {
  if (!LoadDirectory().ok() || column >= column_nodes_.size()) return std::nullopt;
  ByteReader descriptor(directory_->nodes[column_nodes_[column]].descriptor);
  if (descriptor.U8() != static_cast<uint8_t>(TextOp::kGroup)) return std::nullopt;
  const uint64_t group = descriptor.Varint();
  return descriptor.ok() ? std::optional(group) : std::nullopt;
}

// Before there is room for as many values as a column claims: a hostile count would only be bounded by
// kMaxColumnValues.
Status SegmentReader::CheckColumnCounts(const std::vector<uint32_t>& row_shape) const {
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, Shapes());
  std::vector<uint64_t> shape_rows(shapes->size());
  for (const uint32_t shape : row_shape) ++shape_rows[shape];
  std::vector<uint64_t> expected(column_nodes_.size());
  for (size_t s = 0; s < shapes->size(); ++s) {
    for (const uint32_t column : (*shapes)[s].columns) expected[column] += shape_rows[s];
  }
  for (uint32_t c = 0; c < expected.size(); ++c) {
    if (ColumnValueCount(c) != expected[c]) return Corrupt("columns and rows differ");
  }
  return Status::Ok();
}

// Gives the columns of all groups that are decoded their numbers.
Status SegmentReader::DealGroups(const std::vector<uint32_t>& row_shape, const ParallelFor& parallel_for) const {
  std::vector<Group*> groups;
  std::vector<int32_t> place(groups_.size(), -1);
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g] == nullptr || groups_[g]->dealt) continue;
    place[g] = static_cast<int32_t>(groups.size());
    groups.push_back(groups_[g].get());
    groups.back()->columns.clear();
  }
  if (groups.empty()) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, Shapes());
  std::vector<int32_t> group_of(column_nodes_.size(), -1);
  std::vector<std::vector<uint32_t>*> numbers_of(column_nodes_.size());
  for (uint32_t c = 0; c < column_nodes_.size(); ++c) {
    const auto g = GroupOf(c);
    if (!g) continue;
    if (*g >= groups_.size()) return Corrupt("column group");
    if (place[*g] < 0) continue;
    group_of[c] = place[*g];
    groups[static_cast<size_t>(group_of[c])]->columns.push_back(c);
  }
  for (Group* group : groups) {
    group->column_numbers.assign(group->columns.size(), {});
    for (size_t k = 0; k < group->columns.size(); ++k) {
      const uint32_t column = group->columns[k];
      numbers_of[column] = &group->column_numbers[k];
      numbers_of[column]->reserve(ColumnValueCount(column));
    }
  }
  // Several walks over the rows, each for some of the groups.
  constexpr size_t kMaxWalks = 4;
  const size_t walks = parallel_for ? std::min(groups.size(), kMaxWalks) : 1;
  std::vector<uint8_t> fits(walks, 1);
  const auto walk = [&](size_t w) {
    std::vector<int32_t> mine = group_of;
    for (int32_t& g : mine) g = g >= 0 && static_cast<size_t>(g) % walks == w ? g : -1;
    std::vector<size_t> next(groups.size());
    WalkGroups(*shapes, row_shape, mine, [&](uint32_t g, uint32_t column) {
      if (next[g] == groups[g]->numbers.size()) {
        fits[w] = 0;
      } else {
        numbers_of[column]->push_back(groups[g]->numbers[next[g]++]);
      }
    });
    for (size_t g = w; g < groups.size(); g += walks) {
      if (next[g] != groups[g]->numbers.size()) fits[w] = 0;
    }
  };
  ForEach(parallel_for, walks, walk);
  if (std::find(fits.begin(), fits.end(), 0) != fits.end()) return Corrupt("column group");
  for (Group* group : groups) {
    FreeMemory(&group->numbers);
    group->dealt = true;
  }
  return Status::Ok();
}

bool SegmentReader::HasStream(StreamId id) const {
  if (footer_.streams) {
    return std::binary_search(footer_.streams->begin(), footer_.streams->end(), static_cast<uint16_t>(id));
  }
  const auto streams = Streams();
  return streams.ok() && std::find(streams->begin(), streams->end(), id) != streams->end();
}

Result<std::vector<StreamId>> SegmentReader::Streams() const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  std::vector<StreamId> ids;
  for (const DirectoryNode& node : directory_->nodes) {
    if (node.kind == NodeKind::kStream) ids.push_back(static_cast<StreamId>(node.id));
  }
  return ids;
}

Result<std::vector<int64_t>> SegmentReader::LoadStream(StreamId id) const {
  WHITTLE_RETURN_IF_ERROR(LoadDirectory());
  for (const DirectoryNode& node : directory_->nodes) {
    if (node.kind != NodeKind::kStream || node.id != static_cast<uint16_t>(id)) continue;
    BlobCursor blobs(this, *directory_, node);
    NodeSource source{ByteReader(node.descriptor), &blobs};
    std::vector<int64_t> values;
    if (!DecodeIntegers(&source, node.count, &values)) return Damaged("stream", blobs);
    return values;
  }
  return Status(StatusCode::kNotFound, "no such stream");
}

Result<std::string> SegmentReader::LoadSection(uint16_t id) const {
  uint64_t offset = 0;
  for (const SectionInfo& section : footer_.sections) {
    if (section.id != id) {
      offset += section.size;
      continue;
    }
    WHITTLE_ASSIGN_OR_RETURN(const std::string all, OnlyFrame(BlobKind::kSections));
    if (offset > all.size() || section.size > all.size() - offset) return Corrupt("sections");
    return all.substr(offset, section.size);
  }
  return Status(StatusCode::kNotFound, "no such section");
}

std::vector<std::string> SegmentReader::VerifyChecksums() const {
  std::vector<std::string> broken;
  if (Result<SegmentFooter> footer = ReadFooter(*source_); !footer.ok()) broken.push_back(footer.status().message());
  for (size_t i = 0; i < footer_.frames.size(); ++i) {
    const FrameInfo& info = footer_.frames[i];
    Result<std::string> bytes = source_->Read(info.offset, info.stored_size);
    if (!bytes.ok()) {
      broken.push_back("frame " + std::to_string(i) + ": " + bytes.status().message());
    } else if (Hash64(*bytes) != info.checksum) {
      broken.push_back("frame " + std::to_string(i) + " (kind " + std::to_string(info.kind) + ") at byte " +
                       std::to_string(info.offset) + ": checksum");
    }
  }
  return broken;
}

void SegmentReader::ReleaseFrames() const {
  {
    const std::lock_guard lock(group_mutex_);
    groups_.clear();
  }
  const std::lock_guard lock(mutex_);
  for (auto& frame : frames_) frame.reset();
}

uint64_t SegmentReader::bytes_read() const {
  const std::lock_guard lock(mutex_);
  return bytes_read_;
}

std::vector<std::string> VerifyChecksums(std::shared_ptr<const ByteSource> source) {
  Result<std::unique_ptr<SegmentReader>> reader = SegmentReader::Open(std::move(source));
  if (!reader.ok()) return {reader.status().message()};
  return (*reader)->VerifyChecksums();
}

}  // namespace whittle
