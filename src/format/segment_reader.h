// SegmentReader: reads a segment, lazily. Open reads header, trailer and footer only; everything else is read, checked
// and decompressed when asked for. All const methods are safe to call from several threads at once. What they return
// owns its memory (or shares it) and outlives the reader. Frames that were read stay decompressed, and groups decoded,
// until ReleaseFrames.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/parallel_for.h"
#include "format/byte_source.h"
#include "format/coded_texts.h"
#include "format/column_codec.h"
#include "format/directory.h"
#include "format/footer.h"
#include "format/segment.h"
#include "format/text_arena.h"

namespace whittle {

// One decoded column. Views die with it; moving it keeps them.
struct LoadedColumn {
  CodedTexts values;  // in row order
  TextArena arena{0};
};

struct LoadedRows {
  std::vector<uint32_t> row_shape;  // index into the shapes
  std::vector<uint8_t> row_flags;   // bit 0 record start, bits 1-2 LineEnd
};

class SegmentReader {
 public:
  static Result<std::unique_ptr<SegmentReader>> Open(std::shared_ptr<const ByteSource> source);

  const SegmentFooter& footer() const { return footer_; }

  // The shapes with their column binding. The pointer is valid as long as the reader.
  Result<const std::vector<StoredShape>*> Shapes() const;
  Result<LoadedRows> LoadRows() const;
  // Values of one column in row order; only the frames it lies in are read. kUsage when there is no such column.
  Result<LoadedColumn> LoadColumn(uint32_t column) const;
  // The same for many columns: their texts share one arena, made by NewArena.
  Status LoadColumn(uint32_t column, TextArena* arena, CodedTexts* values) const;
  TextArena NewArena() const;
  // The rows, and beside them, possibly on several threads, what columns share: for who wants most columns. Without it
  // that is decoded when the first such column is loaded, and takes the rows once more. kCorrupt when a column has more
  // or fewer values than the rows ask for.
  Result<LoadedRows> LoadRowsAndGroups(const ParallelFor& parallel_for) const;
  // The group that the column shares its texts with; nothing when it has texts of its own or does not decode.
  std::optional<uint64_t> GroupOf(uint32_t column) const;
  // All texts of a group, each once, in no order: enough to know that none of its columns has some text, and quicker
  // than one of these. Valid as long as the pointer.
  using SharedTexts = std::shared_ptr<const std::vector<std::string_view>>;
  Result<SharedTexts> LoadGroupTexts(uint64_t group) const;
  // How the column is stored, which bounds what its texts may be. Nothing when the directory does not decode.
  std::optional<TextOp> ColumnEncoding(uint32_t column) const;
  size_t ColumnValueCount(uint32_t column) const;  // 0 when the directory does not decode
  bool HasStream(StreamId id) const;
  Result<std::vector<StreamId>> Streams() const;  // those it has, unknown ones too
  // kNotFound when the segment has no such stream: its values are the default.
  Result<std::vector<int64_t>> LoadStream(StreamId id) const;
  // kNotFound when there is no such section. The first one, when there are several.
  Result<std::string> LoadSection(uint16_t id) const;

  // Every byte of the file is covered: header, frames, footer and trailer. Returns what is broken, empty when nothing
  // is.
  std::vector<std::string> VerifyChecksums() const;
  void ReleaseFrames() const;
  uint64_t bytes_read() const;  // from the source so far

 private:
  class BlobCursor;
  struct Group;
  explicit SegmentReader(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {}
  Status LoadDirectory() const;
  Result<std::shared_ptr<const std::string>> Frame(size_t index) const;
  Result<std::string> OnlyFrame(BlobKind kind) const;  // all frames of a kind, joined
  Status LoadGrouped(uint32_t column, uint64_t count, uint64_t group, TextArena* arena, CodedTexts* values) const;
  Result<std::shared_ptr<const Group>> LoadGroup(uint64_t group) const;
  Status DecodeGroups(const std::vector<uint32_t>& wanted, const ParallelFor& parallel_for) const;
  Status CheckColumnCounts(const std::vector<uint32_t>& row_shape) const;
  Status DealGroups(const std::vector<uint32_t>& row_shape, const ParallelFor& parallel_for) const;
  Result<std::vector<uint32_t>> LoadRowShapes() const;
  Status Damaged(const char* what, const BlobCursor& blobs) const;

  std::shared_ptr<const ByteSource> source_;
  SegmentFooter footer_;
  mutable std::mutex mutex_;  // guards everything below
  mutable std::vector<std::shared_ptr<const std::string>> frames_;
  mutable uint64_t bytes_read_ = 0;
  mutable std::mutex directory_mutex_;
  mutable std::unique_ptr<const Directory> directory_;
  mutable std::vector<size_t> column_nodes_;
  mutable std::vector<size_t> group_nodes_;
  mutable std::mutex group_mutex_;                      // taken before the others
  mutable std::vector<std::shared_ptr<Group>> groups_;  // null until decoded
  mutable std::unique_ptr<const std::vector<StoredShape>> shapes_;
};

// All of a segment in memory, checked: what is broken, by part. Also for bytes that do not open. Empty: nothing is.
std::vector<std::string> VerifyChecksums(std::shared_ptr<const ByteSource> source);

}  // namespace whittle
