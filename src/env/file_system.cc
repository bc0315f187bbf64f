#include "env/file_system.h"

#include <cerrno>
#include <system_error>

namespace whittle {

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || (!name.empty() && name.front() == '/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path.push_back('/');
  path.append(name);
  return path;
}

std::string DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Status ErrnoStatus(std::string_view path, std::string_view verb, int error_number) {
  StatusCode code = StatusCode::kIo;
  if (error_number == ENOENT) code = StatusCode::kNotFound;
  if (error_number == EEXIST) code = StatusCode::kAlreadyExists;
  if (error_number == EWOULDBLOCK) code = StatusCode::kBusy;
  if (error_number == EOPNOTSUPP) code = StatusCode::kUnsupported;
  std::string message(path);
  message.append(": cannot ").append(verb).append(": ");
  // ELOOP is what O_NOFOLLOW answers; the system's text ("too many levels") would mislead.
  message.append(error_number == ELOOP ? "it is a symbolic link" : std::generic_category().message(error_number));
  return Status(code, std::move(message));
}

Result<bool> FileExists(FileSystem* fs, const std::string& path) {
  const Result<FileInfo> info = fs->StatLink(path);
  if (info.ok()) return true;
  if (info.status().code() == StatusCode::kNotFound) return false;
  return info.status();
}

Result<std::string> ReadFile(FileSystem* fs, const std::string& path, uint64_t limit) {
  WHITTLE_ASSIGN_OR_RETURN(const auto file, fs->OpenForRead(path));
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.size > limit) {
    return Status(StatusCode::kLimit, path + ": has " + std::to_string(info.size) + " bytes, at most " +
                                          std::to_string(limit) + " expected");
  }
  std::string bytes(info.size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, file->Read(done, bytes.size() - done, bytes.data() + done));
    if (got == 0) break;
    done += got;
  }
  bytes.resize(done);
  return bytes;
}

namespace {
Status WriteAndSync(FileSystem* fs, const std::string& path, std::string_view bytes) {
  WHITTLE_ASSIGN_OR_RETURN(const auto file, fs->OpenForWrite(path, WriteMode::kTruncate));
  WHITTLE_RETURN_IF_ERROR(file->Append(bytes));
  WHITTLE_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}
}  // namespace

Status WriteFileAtomically(FileSystem* fs, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  Status status = WriteAndSync(fs, temporary, bytes);
  if (status.ok()) status = fs->Rename(temporary, path);
  if (!status.ok()) {
    // The first error is the one worth reporting; a leftover .tmp is overwritten by the next attempt.
    static_cast<void>(fs->Remove(temporary).ok());
    return status;
  }
  return fs->SyncDirectory(DirectoryOf(path));
}

Status MakeDirectories(FileSystem* fs, const std::string& path) {
  if (path.empty() || path == "/" || path == ".") return Status::Ok();
  const Result<FileInfo> info = fs->Stat(path);
  if (info.ok()) {
    if (info->type == FileType::kDirectory) return Status::Ok();
    return Status(StatusCode::kIo, path + ": is not a directory");
  }
  if (info.status().code() != StatusCode::kNotFound) return info.status();
  std::string_view trimmed = path;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.remove_suffix(1);
  WHITTLE_RETURN_IF_ERROR(MakeDirectories(fs, DirectoryOf(trimmed)));
  const Status made = fs->MakeDirectory(std::string(trimmed));
  // Somebody else may have made it meanwhile.
  if (made.code() == StatusCode::kAlreadyExists) return Status::Ok();
  return made;
}

}  // namespace whittle
