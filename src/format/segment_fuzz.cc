// Any bytes as a segment: every read path must answer, never crash or hang. Checksums would stop nearly every mutation,
// so inputs that start with N are decoded as one node, and with R as the directory and shapes behind a valid footer.
#include <cstdint>
#include <memory>
#include <string>

#include "format/column_codec.h"
#include "format/directory.h"
#include "format/format_testing.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"

namespace {

using namespace whittle;

// The input as one node: half descriptor, half blobs of 1..64 bytes.
void DecodeNode(std::string_view data) {
  if (data.size() < 4) return;
  const size_t count = static_cast<uint8_t>(data[0]) * 4u;
  const size_t split = std::min<size_t>(static_cast<uint8_t>(data[1]), data.size() - 2);
  NodeSink sink;
  sink.descriptor = std::string(data.substr(2, split));
  std::string_view rest = data.substr(2 + split);
  while (!rest.empty()) {
    const size_t size = std::min<size_t>(static_cast<uint8_t>(rest[0]) * 4u, rest.size() - 1);
    sink.AddBlob(BlobKind::kText, std::string(rest.substr(1, size)));
    rest.remove_prefix(1 + size);
  }
  whittle::testing::SinkBlobs blobs(sink);
  NodeSource source{ByteReader(sink.descriptor), &blobs};
  TextArena arena(uint64_t{1} << 22);
  std::vector<std::string_view> texts;
  (void)DecodeText(&source, count, 0, &arena, &texts);
}

// One stored frame with the input as directory and shapes, behind a valid footer.
void DecodeRepaired(std::string_view data) {
  if (data.size() < 4) return;
  const size_t directory_size = std::min<size_t>(static_cast<uint8_t>(data[0]) * 8u, data.size() - 2);
  const std::string parts[2] = {std::string(data.substr(2, directory_size)),
                                std::string(data.substr(2 + directory_size))};
  SegmentFooter footer;
  footer.rows = static_cast<uint8_t>(data[1]) % 16;
  footer.shape_count = 1;
  footer.column_count = static_cast<uint8_t>(data[1]) / 16;
  footer.text_bytes = 4096;
  footer.sources.resize(1);
  footer.runs.resize(1);
  footer.runs[0].row_count = footer.rows;
  footer.row_groups.push_back({footer.rows, kNoTime, kNoTime});
  std::string file = EncodeSegmentHeader();
  for (const BlobKind kind : {BlobKind::kDirectory, BlobKind::kShapes, BlobKind::kRowShape, BlobKind::kText}) {
    const std::string& part = kind == BlobKind::kDirectory ? parts[0] : parts[1];
    footer.frames.push_back({static_cast<uint8_t>(kind), 0, file.size(), part.size(), part.size(), Hash64(part)});
    file += part;
  }
  // The streams of the footer are those of the directory, mostly: else nothing behind that check is ever reached.
  const auto directory = DecodeDirectory(parts[0], footer);
  if (directory.ok() && data.size() % 16 != 0) footer.streams = StreamIds(*directory);
  const auto tail = EncodeFooter(footer, file.size());
  if (!tail.ok()) return;
  const auto reader = SegmentReader::Open(std::make_shared<MemorySource>(file + *tail));
  if (!reader.ok()) return;
  (void)RawCursor::Open(**reader);
  (void)(*reader)->LoadStream(StreamId::kTimeResidual);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  if (input[0] == 'N') {
    DecodeNode(input.substr(1));
  } else if (input[0] == 'R') {
    DecodeRepaired(input.substr(1));
  } else {
    const auto source = std::make_shared<MemorySource>(std::string(input));
    (void)VerifyChecksums(source);
    const auto reader = SegmentReader::Open(source);
    if (!reader.ok()) return 0;
    const auto cursor = RawCursor::Open(**reader);
    (void)cursor;
  }
  return 0;
}
