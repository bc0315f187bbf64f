#include "pipeline/shared_segments.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "catalog/segment_file.h"
#include "catalog/store_layout.h"
#include "format/footer.h"
#include "format/segment_reader.h"
#include "pipeline/kafka_segment_name.h"
#include "pipeline/quarantine.h"

namespace whittle {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";

Result<SharedSegments::Frontier> ReadFrontier(const Env* env, const std::string& path, const std::string& source_id,
                                              int64_t first_offset) {
  WHITTLE_ASSIGN_OR_RETURN(auto source, OpenSegmentFile(env, path));
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(std::move(source)));
  WHITTLE_ASSIGN_OR_RETURN(const std::string section, reader->LoadSection(kCatalogEntrySection));
  WHITTLE_ASSIGN_OR_RETURN(const FooterEntry entry, DecodeFooterEntry(section));
  const auto& kafka = entry.meta.kafka;
  if (!kafka || entry.meta.coverage.size() != 1 || entry.meta.coverage[0].source_id != source_id ||
      kafka->first_offset != first_offset || kafka->end_offset <= first_offset) {
    return Status(StatusCode::kCorrupt, "does not hold what its name says");
  }
  SharedSegments::Frontier frontier;
  frontier.end_offset = kafka->end_offset;
  auto state = reader->LoadSection(static_cast<uint16_t>(SectionId::kSamplerState));
  if (state.ok()) {
    frontier.sampler_state = std::move(*state);
  } else if (state.status().code() != StatusCode::kNotFound) {
    return state.status();
  }
  return frontier;
}

}  // namespace

Result<std::unique_ptr<SharedSegments>> SharedSegments::Open(const Env* env, const std::string& dir,
                                                             const std::string& writer) {
  if (CheckStore(env, dir).ok()) {
    return Status(StatusCode::kConfig, dir +
                                           ": is a store; shared segments need a directory of their own, which only "
                                           "members of the group write to");
  }
  WHITTLE_RETURN_IF_ERROR(MakeDirectories(env->files, dir));
  const Status made = env->files->MakeDirectory(QuarantineDirectory(dir));
  if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  std::unique_ptr<SharedSegments> shared(new SharedSegments(env, dir, writer));
  WHITTLE_RETURN_IF_ERROR(shared->RemoveTemporaries());
  return shared;
}

Status SharedSegments::RemoveTemporaries() {
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, env_->files->List(dir_));
  for (const DirectoryEntry& entry : entries) {
    if (!entry.name.starts_with(temporary_prefix_) || !entry.name.ends_with(kTemporarySuffix)) continue;
    WHITTLE_RETURN_IF_ERROR(env_->files->Remove(JoinPath(dir_, entry.name)));
  }
  return Status::Ok();
}

Result<std::optional<SharedSegments::Frontier>> SharedSegments::FindFrontier(const KafkaRange& partition,
                                                                             const std::string& source_id) {
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, env_->files->List(dir_));
  const std::string prefix = KafkaSegmentPrefix(source_id, partition);
  int64_t newest = -1;
  std::string name;
  for (const DirectoryEntry& entry : entries) {
    const std::optional<int64_t> offset = KafkaSegmentOffset(entry.name, prefix);
    if (!offset || *offset <= newest) continue;
    newest = *offset;
    name = entry.name;
  }
  if (name.empty()) return std::optional<Frontier>();
  const std::string path = JoinPath(dir_, name);
  Result<Frontier> frontier = ReadFrontier(env_, path, source_id, newest);
  if (!frontier.ok()) {
    // Not kCorrupt: somebody can put it right while we wait.
    return Status(StatusCode::kIo, path + ": " + frontier.status().message() +
                                       "; it says how far the partition is stored. Moved away, its messages are read "
                                       "again");
  }
  const std::lock_guard lock(mutex_);
  int64_t& end = ends_[source_id];
  end = std::max(end, frontier->end_offset);
  return std::optional<Frontier>(std::move(*frontier));
}

Result<SegmentMeta> SharedSegments::Publish(SegmentCommit commit) {
  if (!commit.meta.kafka || commit.meta.coverage.size() != 1) {
    return Status(StatusCode::kCorrupt, "only segments of one Kafka partition can be shared");
  }
  const std::string& source_id = commit.meta.coverage[0].source_id;
  SegmentMeta meta = commit.meta;
  meta.file_name = KafkaSegmentName(source_id, *meta.kafka);
  meta.file_bytes = commit.bytes.size();
  const std::string temporary =
      JoinPath(dir_, temporary_prefix_ + std::to_string(next_temporary_++) + std::string(kTemporarySuffix));
  const auto write = [&]() -> Status {
    WHITTLE_ASSIGN_OR_RETURN(const auto file, env_->files->OpenForWrite(temporary, WriteMode::kTruncate));
    WHITTLE_RETURN_IF_ERROR(file->Append(commit.bytes));
    WHITTLE_RETURN_IF_ERROR(file->Sync());
    return file->Close();
  };
  Status status = write();
  if (status.ok()) status = env_->files->RenameNoReplace(temporary, JoinPath(dir_, meta.file_name));
  if (!status.ok()) {
    static_cast<void>(env_->files->Remove(temporary));  // the next Open tries again
    return status;
  }
  // Without it a power cut may take the name away again. The offsets are not told to the group then, so they are read
  // again; whoever has gone on behind it has synced the same directory.
  WHITTLE_RETURN_IF_ERROR(env_->files->SyncDirectory(dir_));
  const std::lock_guard lock(mutex_);
  int64_t& end = ends_[source_id];
  end = std::max(end, meta.kafka->end_offset);
  return meta;
}

int64_t SharedSegments::stored_end(const std::string& source_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(source_id);
  return found == ends_.end() ? -1 : found->second;
}

}  // namespace whittle
