// Segment files as the format's reader wants them, and the catalog's own section read out of one.
#pragma once

#include <memory>
#include <string>

#include <whittle/status.h>

#include "env/env.h"
#include "format/byte_source.h"

namespace whittle {

// The file as a ByteSource: it stays readable after its name is removed. kNotFound when there is none (manifest.h says
// what a reader does then). `env` must outlive it.
Result<std::shared_ptr<const ByteSource>> OpenSegmentFile(const Env* env, const std::string& path);

// The content of section kCatalogEntrySection (segment_meta.h decodes it). Reads header, footer and that section only.
// kNotFound when the segment has none: it was not written into a store.
Result<std::string> ReadSegmentEntry(const Env* env, const std::string& path);

}  // namespace whittle
