// Nodes: how an encoded column or stream is written down. A node is a few descriptor bytes (which encoding, its
// parameters, then its children) plus blobs of data. Blobs are not named: a reader meets them in the order in which the
// writer added them. NodeSink collects, NodeSource walks; neither is thread-safe. See docs/segment-format.md, "nodes".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/varint.h"

namespace whittle {

// Which frames a blob goes to: blobs of one kind have like statistics and share frames. Part of the format.
enum class BlobKind : uint8_t {
  kDirectory = 0,  // columns, streams and the blob table
  kShapes = 1,
  kSections = 2,
  kRowShape = 3,  // the shape number of each row
  kText = 4,      // values as they are
  kIds = 7,       // dictionary references, one byte each
  kRanks = 8,     // recency ranks of shared dictionaries
  kVarint = 9,
  kHex = 10,
  kPlane0 = 16,  // the least significant bytes of integers; kPlane0 + k the k-th
  kPlane7 = 23,
};
inline constexpr uint8_t kBlobKindCount = 24;

struct Blob {
  BlobKind kind;
  std::string bytes;
};

class NodeSink {
 public:
  void U8(uint8_t v) { descriptor.push_back(static_cast<char>(v)); }
  void Varint(uint64_t v) { PutVarint(&descriptor, v); }
  void Signed(int64_t v) { PutVarint(&descriptor, ZigZag(v)); }
  void Bytes(std::string_view bytes) {
    Varint(bytes.size());
    descriptor.append(bytes);
  }
  void AddBlob(BlobKind kind, std::string bytes) { blobs.push_back({kind, std::move(bytes)}); }
  void Append(NodeSink&& child) {
    descriptor += child.descriptor;
    for (Blob& blob : child.blobs) blobs.push_back(std::move(blob));
  }

  std::string descriptor;
  std::vector<Blob> blobs;
};

// Gives the next blob of the node being read. False when there is none or its frame is damaged.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual bool Next(std::string_view* bytes) = 0;
};

struct NodeSource {
  ByteReader descriptor;
  BlobReader* blobs;
};

}  // namespace whittle
