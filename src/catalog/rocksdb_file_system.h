// Lets RocksDB reach its files through env/, so that injected faults and simulated power cuts happen to it as well, and
// keeps the store small: RocksDB's option files, lock file and preallocation are left out (the store has a lock of its
// own, and options come from the program).
//
// Thread-safe as FileSystem is. `files` must outlive the returned object and every database opened through it.
#pragma once

#include <memory>

#include <rocksdb/file_system.h>

#include "env/file_system.h"

namespace whittle {

std::shared_ptr<rocksdb::FileSystem> NewRocksDbFileSystem(FileSystem* files);

}  // namespace whittle
