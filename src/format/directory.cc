#include "format/directory.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/varint.h"
#include "format/column_codec.h"
#include "format/limits.h"

namespace whittle {
namespace {

constexpr uint8_t kRequiredBit = 0x80;
// As it is stored: a column that is one text, which most are of shapes that few rows have. No descriptor, no blobs.
constexpr uint8_t kConstantColumn = 5;

// The text of such a column; nothing when it has none that a zero byte can end.
std::optional<std::string_view> ConstantOf(const DirectoryNode& node) {
  if (node.kind != NodeKind::kColumn || !node.required || node.blob_count != 0) return std::nullopt;
  ByteReader in(node.descriptor);
  if (in.U8() != static_cast<uint8_t>(TextOp::kConst)) return std::nullopt;
  const std::string_view text = in.Bytes();
  if (!in.ok() || in.remaining() != 0 || text.find('\0') != std::string_view::npos) return std::nullopt;
  return text;
}

// Gives each blob the frame and offset it was packed at: blobs of a kind follow each other through the frames of the
// kind.
bool PlaceBlobs(const SegmentFooter& footer, std::vector<BlobEntry>* blobs) {
  struct Position {
    std::vector<uint32_t> frames;
    size_t next = 0;
    uint64_t offset = 0;
  };
  std::array<Position, 256> positions;
  for (size_t i = 0; i < footer.frames.size(); ++i) {
    positions[footer.frames[i].kind].frames.push_back(static_cast<uint32_t>(i));
  }
  for (BlobEntry& blob : *blobs) {
    if (blob.size == 0) continue;
    Position& at = positions[blob.kind];
    if (at.next < at.frames.size() && at.offset == footer.frames[at.frames[at.next]].raw_size) {
      ++at.next;
      at.offset = 0;
    }
    if (at.next == at.frames.size()) return false;
    blob.frame = at.frames[at.next];
    blob.offset = at.offset;
    if (blob.size > footer.frames[blob.frame].raw_size - at.offset) return false;
    at.offset += blob.size;
  }
  return true;
}

}  // namespace

std::vector<uint16_t> StreamIds(const Directory& directory) {
  std::vector<uint16_t> ids;
  for (const DirectoryNode& node : directory.nodes) {
    if (node.kind == NodeKind::kStream) ids.push_back(node.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string EncodeDirectory(const Directory& directory) {
  std::string out;
  ByteWriter writer(&out);
  writer.Varint(directory.nodes.size());
  std::vector<const DirectoryNode*> described;
  std::vector<std::string_view> constants;
  for (const DirectoryNode& node : directory.nodes) {
    const auto constant = ConstantOf(node);
    if (constant) {
      constants.push_back(*constant);
    } else {
      described.push_back(&node);
    }
    const uint8_t kind = constant ? kConstantColumn : static_cast<uint8_t>(node.kind);
    writer.U8(static_cast<uint8_t>(kind | (node.required ? kRequiredBit : 0)));
  }
  for (const DirectoryNode& node : directory.nodes) {
    if (node.kind == NodeKind::kStream) writer.U16(node.id);
  }
  for (const DirectoryNode& node : directory.nodes) writer.Varint(node.count);
  for (const DirectoryNode* node : described) writer.Varint(node->descriptor.size());
  for (const DirectoryNode* node : described) writer.Varint(node->blob_count);
  writer.Varint(directory.blobs.size());
  for (const BlobEntry& blob : directory.blobs) writer.U8(blob.kind);
  for (const BlobEntry& blob : directory.blobs) writer.Varint(blob.size);
  for (const DirectoryNode* node : described) writer.Raw(node->descriptor);
  for (const std::string_view text : constants) {
    writer.Raw(text);
    writer.U8(0);
  }
  return out;
}

Result<Directory> DecodeDirectory(std::string_view bytes, const SegmentFooter& footer) {
  const Status corrupt(StatusCode::kCorrupt, "segment: directory");
  Directory directory;
  ByteReader in(bytes);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > kMaxColumns + kMaxStreams || count > in.remaining()) return corrupt;
  directory.nodes.resize(count);
  std::vector<DirectoryNode*> described;
  std::vector<DirectoryNode*> constants;
  for (DirectoryNode& node : directory.nodes) {
    const uint8_t byte = in.U8();
    const bool constant = byte == (kConstantColumn | kRequiredBit);
    node.kind = constant ? NodeKind::kColumn : static_cast<NodeKind>(byte & ~kRequiredBit);
    node.required = (byte & kRequiredBit) != 0;
    (constant ? constants : described).push_back(&node);
  }
  for (DirectoryNode& node : directory.nodes) {
    if (node.kind == NodeKind::kStream) node.id = in.U16();
  }
  // No column has more values than the text has bytes, but for empty slots; those are bounded per row by the shape.
  for (DirectoryNode& node : directory.nodes) {
    node.count = in.Varint();
    if (node.count > kMaxColumnValues) return corrupt;
  }
  std::vector<uint64_t> sizes(described.size());
  for (uint64_t& size : sizes) size = in.Varint();
  uint64_t total_blobs = 0;
  for (DirectoryNode* node : described) {
    node->blob_count = in.Varint();
    node->first_blob = total_blobs;
    if (!in.ok() || node->blob_count > kMaxBlobs || (total_blobs += node->blob_count) > kMaxBlobs) return corrupt;
  }
  const uint64_t blob_count = in.Varint();
  if (!in.ok() || blob_count != total_blobs || blob_count > in.remaining() / 2) return corrupt;
  directory.blobs.resize(blob_count);
  for (BlobEntry& blob : directory.blobs) blob.kind = in.U8();
  for (BlobEntry& blob : directory.blobs) {
    blob.size = in.Varint();
    if (blob.size > kMaxFrameSize) return corrupt;
  }
  for (size_t i = 0; i < described.size(); ++i) described[i]->descriptor = in.Raw(sizes[i]);
  for (DirectoryNode* node : constants) {
    ByteWriter descriptor(&node->descriptor);
    descriptor.U8(static_cast<uint8_t>(TextOp::kConst));
    descriptor.Bytes(in.Terminated());
  }
  if (!in.ok() || in.remaining() != 0 || !PlaceBlobs(footer, &directory.blobs)) return corrupt;
  for (const DirectoryNode& node : directory.nodes) {
    if (node.required && node.kind > NodeKind::kGroup) {
      return Status(StatusCode::kUnsupported, "segment needs a part this program does not know");
    }
  }
  return directory;
}

}  // namespace whittle
