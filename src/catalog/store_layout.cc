#include "catalog/store_layout.h"

#include <charconv>
#include <string_view>

namespace whittle {
namespace {

constexpr std::string_view kFormatPrefix = "whittle store ";
constexpr uint64_t kMaxFormatBytes = 4096;

std::string FormatText() {
  return std::string(kFormatPrefix) + std::to_string(kStoreMajor) + "." + std::to_string(kStoreMinor) + "\n";
}

Status NotAStore(const std::string& dir) {
  return Status(StatusCode::kUsage, dir +
                                        ": is not a whittle store (it has no readable FORMAT file); name another "
                                        "directory with --store");
}

}  // namespace

StoreLayout::StoreLayout(std::string store_dir)
    : dir(std::move(store_dir)),
      format(JoinPath(dir, "FORMAT")),
      lock(JoinPath(dir, "LOCK")),
      readers(JoinPath(dir, "READERS")),
      manifest(JoinPath(dir, "MANIFEST")),
      segments(JoinPath(dir, "segments")),
      catalog(JoinPath(dir, "catalog")) {}

std::string StoreLayout::SegmentPath(const std::string& file_name) const { return JoinPath(segments, file_name); }

Status CheckStore(const Env* env, const std::string& dir) {
  const StoreLayout layout(dir);
  const Result<FileInfo> info = env->files->Stat(dir);
  if (!info.ok()) {
    if (info.status().code() != StatusCode::kNotFound) return info.status();
    return Status(StatusCode::kNotFound, dir + ": there is no such store");
  }
  if (info->type != FileType::kDirectory) return NotAStore(dir);
  const Result<std::string> text = ReadFile(env->files, layout.format, kMaxFormatBytes);
  if (!text.ok()) return text.status().code() == StatusCode::kIo ? text.status() : NotAStore(dir);
  std::string_view rest = *text;
  if (rest.substr(0, kFormatPrefix.size()) != kFormatPrefix) return NotAStore(dir);
  rest.remove_prefix(kFormatPrefix.size());
  int major = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), major);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '.' || major < 1) return NotAStore(dir);
  if (major > kStoreMajor) {
    return Status(StatusCode::kUnsupported, dir + ": was written by a newer whittle (store version " +
                                                std::to_string(major) + ", this one knows " +
                                                std::to_string(kStoreMajor) + "); use that version or a later one");
  }
  return Status::Ok();
}

Status CheckOwnDirectories(const Env* env, const StoreLayout& layout) {
  for (const std::string& path : {layout.segments, layout.catalog}) {
    const Result<FileInfo> info = env->files->StatLink(path);
    if (info.ok() ? info->type == FileType::kDirectory : info.status().code() == StatusCode::kNotFound) continue;
    if (!info.ok()) return info.status();
    return Status(StatusCode::kUsage, path + ": is not a directory; a store keeps its files in directories of its own");
  }
  return Status::Ok();
}

Status WriteStoreFormat(const Env* env, const std::string& dir) {
  return WriteFileAtomically(env->files, StoreLayout(dir).format, FormatText());
}

Status CreateStoreIfMissing(const Env* env, const std::string& dir) {
  FileSystem* const fs = env->files;
  const StoreLayout layout(dir);
  Status status = CheckStore(env, dir);
  if (status.code() == StatusCode::kUsage) {
    // An empty directory may become a store, and so may one that a crash left before FORMAT was written.
    const Result<FileInfo> info = fs->Stat(dir);
    if (!info.ok() || info->type != FileType::kDirectory) return status;
    WHITTLE_ASSIGN_OR_RETURN(const auto entries, fs->List(dir));
    for (const DirectoryEntry& entry : entries) {
      if (entry.name != "segments" && entry.name != "catalog" && entry.name != "LOCK" && entry.name != "READERS" &&
          entry.name != "FORMAT.tmp") {
        return status;
      }
      if (entry.name != "segments" && entry.name != "catalog") continue;
      // Segments without FORMAT are somebody's data, not a beginning.
      WHITTLE_ASSIGN_OR_RETURN(const auto inside, fs->List(JoinPath(dir, entry.name)));
      if (!inside.empty()) return status;
    }
  } else if (!status.ok() && status.code() != StatusCode::kNotFound) {
    return status;
  }
  WHITTLE_RETURN_IF_ERROR(MakeDirectories(fs, dir));
  for (const std::string& sub : {layout.segments, layout.catalog}) {
    const Status made = fs->MakeDirectory(sub);
    if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  }
  WHITTLE_RETURN_IF_ERROR(CheckOwnDirectories(env, layout));
  WHITTLE_ASSIGN_OR_RETURN(const bool pins, FileExists(fs, layout.readers));
  if (!pins) {
    WHITTLE_ASSIGN_OR_RETURN(const auto file, fs->OpenForWrite(layout.readers, WriteMode::kAppend));
    WHITTLE_RETURN_IF_ERROR(file->Close());
  }
  if (status.ok()) return status;
  // FORMAT last: with it, the directory is a store.
  WHITTLE_RETURN_IF_ERROR(WriteStoreFormat(env, dir));
  return fs->SyncDirectory(DirectoryOf(dir));
}

}  // namespace whittle
