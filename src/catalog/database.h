// Database: the RocksDB of a store as a small ordered map with atomic, synced batches. The only file, with its adapter,
// that knows RocksDB. One opener at a time (the store's lock sees to that); safe to call from many threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "env/file_system.h"

namespace whittle {

class Database {
 public:
  // Creates it where there is none. `files` must outlive it.
  static Result<std::unique_ptr<Database>> Open(FileSystem* files, const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  struct Batch {
    std::vector<std::pair<std::string, std::string>> puts;
    std::vector<std::string> removes;
  };
  // All of it or nothing, durable on return. After an error it is unknown which until the next Open.
  Status Write(const Batch& batch);

  Result<std::optional<std::string>> Get(std::string_view key);
  // In key order, every key that begins with `prefix`, until `visit` says false. Views live during the call.
  Status Scan(std::string_view prefix, const std::function<bool(std::string_view key, std::string_view value)>& visit);

  // Compacts what piled up in the log when that is worth it, and closes. Calls after it are errors.
  Status Close();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace whittle
