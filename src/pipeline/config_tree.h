// The YAML of a configuration file as a tree that knows where everything stands. Duplicate keys, keys that are no plain
// text, several documents, endless nesting and alias bombs are refused here, so that nobody after this has to think of
// them. Immutable once parsed; nodes are owned by the tree and shared where the file uses aliases.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

namespace whittle {

// A configuration is written by people. The largest honest ones have a few hundred lines.
inline constexpr size_t kMaxConfigBytes = 256 * 1024;
inline constexpr size_t kMaxConfigDepth = 32;
inline constexpr size_t kMaxConfigNodes = 20'000;  // counted as if every alias were written out

struct ConfigPosition {
  int line = 1;    // from 1
  int column = 1;  // from 1, in bytes
};

struct ConfigNode {
  enum class Kind : uint8_t { kNull, kText, kList, kMap };
  struct Entry {
    std::string key;
    ConfigPosition position;
    std::shared_ptr<const ConfigNode> value;
  };

  Kind kind = Kind::kNull;
  ConfigPosition position;
  std::string text;                                      // kText
  bool quoted = false;                                   // kText: "true" and "1" in quotes are no bool and no number
  std::vector<std::shared_ptr<const ConfigNode>> items;  // kList
  std::vector<Entry> entries;                            // kMap, in the order of the file
  size_t weight = 1;                                     // nodes in it, aliases written out

  const ConfigNode* Find(std::string_view key) const;
};

// "name:line:column: what".
Status ConfigError(std::string_view file_name, ConfigPosition position, const std::string& what);

// `file_name` is what messages call it. An empty file is an empty map. Errors are kConfig.
Result<std::shared_ptr<const ConfigNode>> ParseConfigTree(std::string_view text, std::string_view file_name);

}  // namespace whittle
