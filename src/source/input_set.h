// InputSet: what the INPUT arguments of a command mean: standard input, files, globs and directories become one ordered
// list of inputs. Nothing is opened, only names, types and sizes are looked at. Plain data, owned by the caller.
//
// Order: streams in the order in which the arguments first name them (a directory's in byte order of their paths), the
// files of one stream together and oldest first (source/stream_name.h). It depends on names only, not on the order in
// which the operating system lists them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/file_system.h"
#include "event/value.h"
#include "source/path_fields.h"
#include "source/stream_name.h"

namespace whittle {

// Nesting of directories below an argument; deeper ones are listed as problems. Real trees stay below 30.
inline constexpr size_t kMaxInputDepth = 100;
// Inputs of one command, about 400 bytes each here; beyond it the expansion is refused with kLimit.
inline constexpr size_t kMaxInputs = 1'000'000;

enum class InputKind : uint8_t {
  kFile,
  kPipe,  // a named pipe or /dev/fd/N: named by the user, read once, no size
  kStdin,
};

// Where a date came from; it resolves years and days that the lines leave out.
enum class DateOrigin : uint8_t { kNone, kPathTemplate, kFileName, kModified };

struct Input {
  InputKind kind = InputKind::kFile;
  std::string path;    // to open; "-" for standard input
  std::string stream;  // directory of `path` and stream name: equal for the rotated siblings of one stream
  std::string name;    // what people see: the end of `stream`, long enough to be unique in this set
  RotatedName rotated;
  FileInfo info;
  std::vector<Attribute> resource;  // from the path template
  std::optional<int64_t> date_s;    // seconds since 1970
  DateOrigin date_origin = DateOrigin::kNone;
};

struct InputProblem {
  std::string path;
  Status status;
};

struct InputSet {
  std::vector<Input> inputs;
  std::vector<InputProblem> problems;  // in the order found; the rest is usable
  uint64_t total_bytes = 0;            // stored size of all files
  uint64_t unmatched_path_fields = 0;  // files whose path does not have the form of the template
  uint64_t skipped_special = 0;        // sockets, devices and pipes inside directories
};

struct InputOptions {
  std::vector<std::string> exclude;  // globs on the path, on the path inside a directory argument, or on the file name
  std::shared_ptr<const PathTemplate> path_fields;
  std::vector<std::string> skip;  // files and directories never to be read: the store itself
  std::function<bool(const std::string& directory)> is_store;  // any store inside a directory argument is passed over
};

// Expands `arguments`. A file that is named by several arguments, links or hard links is read once. Only kLimit fails
// the whole; everything else that is missing or unreadable is listed in `problems`.
Result<InputSet> ExpandInputs(FileSystem* files, const std::vector<std::string>& arguments,
                              const InputOptions& options = {});

}  // namespace whittle
