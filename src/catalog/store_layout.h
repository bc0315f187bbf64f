// Where things stand in a store, and whether a directory is one. docs/store-layout.md describes every file.
#pragma once

#include <string>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

// Written to STORE/FORMAT as "whittle store MAJOR.MINOR". A greater major version is refused.
inline constexpr int kStoreMajor = 1;
inline constexpr int kStoreMinor = 0;

struct StoreLayout {
  explicit StoreLayout(std::string store_dir);

  std::string dir;
  std::string format;    // FORMAT: the version of all of this
  std::string lock;      // LOCK: held by the one writer
  std::string readers;   // READERS: held, shared, by readers that pin segments
  std::string manifest;  // MANIFEST: the published state
  std::string segments;  // segments/: *.wseg
  std::string catalog;   // catalog/: RocksDB

  std::string SegmentPath(const std::string& file_name) const;
};

// Ok when `dir` is a store this program can read. kNotFound: nothing there; kUsage: something else is there;
// kUnsupported: a newer major version wrote it.
Status CheckStore(const Env* env, const std::string& dir);

// CheckStore, and where nothing is there yet (no directory, or an empty one) makes an empty store.
Status CreateStoreIfMissing(const Env* env, const std::string& dir);

// Not ok when segments/ or catalog/ is not a directory of the store's own: a link could lead writes out of it. One that
// is missing is fine.
Status CheckOwnDirectories(const Env* env, const StoreLayout& layout);

// Marks `dir` as a store of this version.
Status WriteStoreFormat(const Env* env, const std::string& dir);

}  // namespace whittle
