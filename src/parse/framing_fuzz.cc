// Any bytes, any chunking, small limits: the lines must render back to the bytes.
#include <cstdlib>
#include <string>
#include <vector>

#include "parse/framing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  whittle::FramingOptions options;
  options.batch_bytes = 1 + data[0];
  options.max_line_bytes = 1 + data[1];
  options.max_record_lines = 1 + data[2] % 16;
  options.max_record_bytes = 1 + data[2];
  const size_t chunk = 1 + data[3] % 64;
  const std::string text(reinterpret_cast<const char*>(data) + 4, size - 4);
  auto created = whittle::Framer::Create(options);
  if (!created.ok()) std::abort();
  std::vector<whittle::LineBatch> out;
  for (size_t at = 0; at < text.size(); at += chunk) (*created)->Feed(std::string_view(text).substr(at, chunk), &out);
  (*created)->Flush(&out);
  std::string back;
  for (const auto& batch : out) {
    if (batch.lines.empty() || !batch.lines[0].record_start) std::abort();
    for (const auto& line : batch.lines) {
      back.append(*batch.text, line.begin, line.size);
      back.append(line.end == whittle::LineEnd::kLf ? "\n" : line.end == whittle::LineEnd::kCrLf ? "\r\n" : "");
    }
  }
  if (back != text) std::abort();
  return 0;
}
