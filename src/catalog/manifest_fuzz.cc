// Manifests, segment entries and journal entries come from disks: any bytes must be refused or read, quickly.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/varint.h"
#include "catalog/journal.h"
#include "catalog/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(whittle::DecodeManifest(bytes).ok());
  // The same as a body, with header and checksum put right, so that the decoder behind them is reached.
  std::string framed("WHTMANI\n\1\0\0\0", 12);
  whittle::ByteWriter out(&framed);
  out.U64(size);
  out.Raw(bytes);
  out.U64(whittle::Hash64(framed));
  static_cast<void>(whittle::DecodeManifest(framed).ok());
  static_cast<void>(whittle::DecodeFooterEntry(bytes).ok());
  static_cast<void>(whittle::DecodeJournalEntry(bytes).ok());
  return 0;
}
