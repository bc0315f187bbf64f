#include "catalog/database.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>

#include "catalog/rocksdb_file_system.h"

namespace whittle {
namespace {

// A commit writes about a kilobyte; a megabyte of them is replayed in milliseconds when a store opens.
constexpr size_t kWriteBufferBytes = 1 << 20;
// On closing, a longer log than this is turned into a table, which holds only the newest value of every key.
constexpr uint64_t kLogBytesWorthFlushing = 4096;
constexpr int kMaxOpenFiles = 64;

Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return Status::Ok();
  const StatusCode code = status.IsCorruption() ? StatusCode::kCorrupt : StatusCode::kIo;
  return Status(code, "catalog: " + status.ToString());
}

rocksdb::Slice ToSlice(std::string_view bytes) { return rocksdb::Slice(bytes.data(), bytes.size()); }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class SilentLogger : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options SmallOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.info_log = std::make_shared<SilentLogger>();
  options.compression = rocksdb::kNoCompression;  // values are small and partly compressed; no library surprises
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 2;
  options.arena_block_size = 16 << 10;
  options.level0_file_num_compaction_trigger = 2;  // stores are opened and closed often: keep tables few
  options.max_background_jobs = 2;
  options.max_open_files = kMaxOpenFiles;
  options.max_file_opening_threads = 1;  // there are few tables; the default starts 15 threads at each open
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.recycle_log_file_num = 0;
  options.max_manifest_file_size = 64 << 10;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // A background error must stay: the catalog stops at the first one and is reopened.
  options.max_bgerror_resume_count = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 << 10;
  table.no_block_cache = true;  // everything is read once, at open
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

struct Database::Impl {
  std::shared_ptr<rocksdb::FileSystem> files;
  std::unique_ptr<rocksdb::Env> env;  // after files, before db: destroyed in reverse
  std::unique_ptr<rocksdb::DB> db;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(FileSystem* files, const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->files = NewRocksDbFileSystem(files);
  impl->env = rocksdb::NewCompositeEnv(impl->files);
  rocksdb::DB* db = nullptr;
  WHITTLE_RETURN_IF_ERROR(ToStatus(rocksdb::DB::Open(SmallOptions(impl->env.get()), path, &db)));
  impl->db.reset(db);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Status Database::Write(const Batch& batch) {
  rocksdb::WriteBatch writes;
  for (const auto& [key, value] : batch.puts) WHITTLE_RETURN_IF_ERROR(ToStatus(writes.Put(key, value)));
  for (const std::string& key : batch.removes) WHITTLE_RETURN_IF_ERROR(ToStatus(writes.Delete(key)));
  rocksdb::WriteOptions options;
  options.sync = true;
  return ToStatus(impl_->db->Write(options, &writes));
}

Result<std::optional<std::string>> Database::Get(std::string_view key) {
  std::string value;
  const rocksdb::Status status = impl_->db->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  WHITTLE_RETURN_IF_ERROR(ToStatus(status));
  return std::optional<std::string>(std::move(value));
}

Status Database::Scan(std::string_view prefix, const std::function<bool(std::string_view, std::string_view)>& visit) {
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions()));
  for (it->Seek(ToSlice(prefix)); it->Valid() && it->key().starts_with(ToSlice(prefix)); it->Next()) {
    if (!visit(ToView(it->key()), ToView(it->value()))) break;
  }
  return ToStatus(it->status());
}

Status Database::Close() {
  if (impl_->db == nullptr) return Status::Ok();
  Status status;
  uint64_t log_bytes = 0;
  rocksdb::VectorLogPtr logs;
  if (impl_->db->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) log_bytes += log->SizeFileBytes();
  }
  if (log_bytes > kLogBytesWorthFlushing) status = ToStatus(impl_->db->Flush(rocksdb::FlushOptions()));
  const Status closed = ToStatus(impl_->db->Close());
  impl_->db.reset();
  return status.ok() ? closed : status;
}

}  // namespace whittle
