#include "format/directory.h"

#include <array>

#include "base/varint.h"
#include "format/limits.h"

namespace whittle {
namespace {

constexpr uint8_t kRequiredBit = 0x80;

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

std::string EncodeDirectory(const Directory& directory) {
  std::string out;
  ByteWriter writer(&out);
  writer.Varint(directory.nodes.size());
  for (const DirectoryNode& node : directory.nodes) {
    writer.U8(static_cast<uint8_t>(static_cast<uint8_t>(node.kind) | (node.required ? kRequiredBit : 0)));
  }
  for (const DirectoryNode& node : directory.nodes) {
    if (node.kind == NodeKind::kStream) writer.U16(node.id);
  }
  for (const DirectoryNode& node : directory.nodes) writer.Varint(node.count);
  for (const DirectoryNode& node : directory.nodes) writer.Varint(node.descriptor.size());
  for (const DirectoryNode& node : directory.nodes) writer.Varint(node.blob_count);
  writer.Varint(directory.blobs.size());
  for (const BlobEntry& blob : directory.blobs) writer.U8(blob.kind);
  for (const BlobEntry& blob : directory.blobs) writer.Varint(blob.size);
  for (const DirectoryNode& node : directory.nodes) writer.Raw(node.descriptor);
  return out;
}

Result<Directory> DecodeDirectory(std::string_view bytes, const SegmentFooter& footer) {
  const Status corrupt(StatusCode::kCorrupt, "segment: directory");
  Directory directory;
  ByteReader in(bytes);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > kMaxColumns + kMaxStreams || count > in.remaining()) return corrupt;
  directory.nodes.resize(count);
  for (DirectoryNode& node : directory.nodes) {
    const uint8_t byte = in.U8();
    node.kind = static_cast<NodeKind>(byte & ~kRequiredBit);
    node.required = (byte & kRequiredBit) != 0;
  }
  for (DirectoryNode& node : directory.nodes) {
    if (node.kind == NodeKind::kStream) node.id = in.U16();
  }
  // No column has more values than the text has bytes, but for empty slots; those are bounded per row by the shape.
  for (DirectoryNode& node : directory.nodes) {
    node.count = in.Varint();
    if (node.count > kMaxColumnValues) return corrupt;
  }
  std::vector<uint64_t> sizes(count);
  for (uint64_t& size : sizes) size = in.Varint();
  uint64_t total_blobs = 0;
  for (DirectoryNode& node : directory.nodes) {
    node.blob_count = in.Varint();
    node.first_blob = total_blobs;
    if (!in.ok() || node.blob_count > kMaxBlobs || (total_blobs += node.blob_count) > kMaxBlobs) return corrupt;
  }
  const uint64_t blob_count = in.Varint();
  if (!in.ok() || blob_count != total_blobs || blob_count > in.remaining() / 2) return corrupt;
  directory.blobs.resize(blob_count);
  for (BlobEntry& blob : directory.blobs) blob.kind = in.U8();
  for (BlobEntry& blob : directory.blobs) {
    blob.size = in.Varint();
    if (blob.size > kMaxFrameSize) return corrupt;
  }
  for (size_t i = 0; i < count; ++i) directory.nodes[i].descriptor = in.Raw(sizes[i]);
  if (!in.ok() || in.remaining() != 0 || !PlaceBlobs(footer, &directory.blobs)) return corrupt;
  for (const DirectoryNode& node : directory.nodes) {
    if (node.required && node.kind > NodeKind::kGroup) {
      return Status(StatusCode::kUnsupported, "segment needs a part this program does not know");
    }
  }
  return directory;
}

}  // namespace whittle
