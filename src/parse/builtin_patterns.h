// The files of patterns/, embedded at build time (cmake/EmbedPatterns.cmake). Constant data.
#pragma once

namespace whittle {

struct BuiltinPatternFile {
  const char* path;  // "patterns/nginx_access.yaml", for messages
  const char* text;
};

// Sorted by path, ended by a null path.
extern const BuiltinPatternFile kBuiltinPatternFiles[];

}  // namespace whittle
