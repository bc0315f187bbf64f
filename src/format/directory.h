// Directory: the list of nodes of a segment (row shapes, row flags, columns, streams) and where their blobs are. It is
// a frame of its own, columnar, so that a thousand tiny columns cost a few bytes each. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "format/footer.h"
#include "format/node.h"

namespace whittle {

// What a node of the directory is; part of the format, where 5 is a column that is one text (kColumn once it is read).
// Nodes of unknown kinds are skipped, unless they are required.
enum class NodeKind : uint8_t { kRowShape = 0, kRowFlags = 1, kColumn = 2, kStream = 3, kGroup = 4 };

struct DirectoryNode {
  NodeKind kind = NodeKind::kColumn;
  bool required = true;
  uint16_t id = 0;     // kStream: StreamId
  uint64_t count = 0;  // values
  std::string descriptor;
  uint64_t blob_count = 0;
  uint64_t first_blob = 0;  // derived
};

struct BlobEntry {
  uint8_t kind = 0;
  uint64_t size = 0;
  uint32_t frame = 0;   // derived: index into SegmentFooter::frames
  uint64_t offset = 0;  // derived: in the decompressed frame
};

struct Directory {
  std::vector<DirectoryNode> nodes;
  std::vector<BlobEntry> blobs;
};

// The ids of its streams, ascending.
std::vector<uint16_t> StreamIds(const Directory& directory);

std::string EncodeDirectory(const Directory& directory);
// Also places every blob in its frame. kCorrupt when anything does not add up.
Result<Directory> DecodeDirectory(std::string_view bytes, const SegmentFooter& footer);

}  // namespace whittle
