#include "pipeline/restore.h"

#include <memory>
#include <set>

#include "query/store_reader.h"

namespace whittle {
namespace {

constexpr size_t kWriteBytes = 1 << 20;

class Restorer {
 public:
  Restorer(const Env* env, std::string to) : env_(env), to_(std::move(to)) {}

  Status Prepare() {
    const Status made = env_->files->MakeDirectory(to_);
    if (made.ok()) return made;
    if (made.code() != StatusCode::kAlreadyExists) return made;
    WHITTLE_ASSIGN_OR_RETURN(const auto entries, env_->files->List(to_));
    return entries.empty() ? Status::Ok()
                           : Status(StatusCode::kUsage, to_ + " is not empty; name a directory that does not exist");
  }

  Status Take(const RecordView& record) {
    const SegmentSource& source = *record.origin().source;
    if (file_ == nullptr || source.id != source_id_) WHITTLE_RETURN_IF_ERROR(Begin(source));
    const size_t before = buffer_.size();
    if (record.origin().offset != offset_) restored_.back().complete = false;
    record.AppendRaw(&buffer_);
    offset_ = record.origin().offset + (buffer_.size() - before);
    return buffer_.size() < kWriteBytes ? Status::Ok() : Write();
  }

  Status Finish() {
    if (file_ == nullptr) return Status::Ok();
    WHITTLE_RETURN_IF_ERROR(Write());
    WHITTLE_RETURN_IF_ERROR(file_->Sync());
    const Status closed = file_->Close();
    file_.reset();
    return closed;
  }

  // A source without a single byte is a file too.
  Status AddEmpty(const std::string& name) {
    SegmentSource source;
    source.name = name;
    WHITTLE_RETURN_IF_ERROR(Begin(source));
    return Finish();
  }

  std::vector<RestoredFile>& restored() { return restored_; }

 private:
  Status Begin(const SegmentSource& source) {
    WHITTLE_RETURN_IF_ERROR(Finish());
    const std::string base = source.name.empty() ? "stdin" : BaseName(source.name);
    std::string name = base;
    for (int n = 2; !names_.insert(name).second; ++n) name = base + "." + std::to_string(n);
    const std::string path = JoinPath(to_, name);
    WHITTLE_ASSIGN_OR_RETURN(file_, env_->files->OpenForWrite(path, WriteMode::kCreateNew));
    source_id_ = source.id;
    offset_ = 0;
    restored_.push_back({source.name, path, 0, true});
    return Status::Ok();
  }

  Status Write() {
    WHITTLE_RETURN_IF_ERROR(file_->Append(buffer_));
    restored_.back().bytes += buffer_.size();
    buffer_.clear();
    return Status::Ok();
  }

  const Env* env_;
  std::string to_;
  std::unique_ptr<WritableFile> file_;
  std::string source_id_;
  uint64_t offset_ = 0;  // where the next record of the source should begin
  std::string buffer_;
  std::set<std::string> names_;
  std::vector<RestoredFile> restored_;
};

}  // namespace

Result<std::vector<RestoredFile>> RestoreStore(const Env* env, const std::string& store, const std::string& to) {
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env, store));
  Restorer restorer(env, to);
  WHITTLE_RETURN_IF_ERROR(restorer.Prepare());
  VisitOptions visit;
  visit.demand = {nullptr, true};
  WHITTLE_RETURN_IF_ERROR(reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
    WHITTLE_RETURN_IF_ERROR(restorer.Take(*record));
    return true;
  }));
  WHITTLE_RETURN_IF_ERROR(restorer.Finish());
  if (const Manifest* manifest = reader->manifest()) {
    for (const auto& [id, source] : manifest->sources) {
      if (source.bytes.empty() && source.finished)
        WHITTLE_RETURN_IF_ERROR(restorer.AddEmpty(source.names.empty() ? id : source.name()));
    }
  }
  return std::move(restorer.restored());
}

}  // namespace whittle
