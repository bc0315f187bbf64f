#include "source/input_set.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/glob.h"

namespace whittle {
namespace {

using FileKey = std::pair<uint64_t, uint64_t>;  // device and inode

// "./a//b/" → "a/b", so that one file has one name however it was written. ".." stays: a link may stand before it.
std::string Normalise(std::string_view path) {
  std::string out = path.starts_with('/') ? "/" : "";
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") {
      if (!out.empty() && out.back() != '/') out += '/';
      out += part;
    }
    begin = end + 1;
  }
  return out.empty() ? "." : out;
}

std::string Join(const std::string& directory, const std::string& name) {
  return directory == "." ? name : JoinPath(directory, name);
}

struct Candidate {
  Input input;
  bool is_link = false;
};

class Expander {
 public:
  Expander(FileSystem* files, const InputOptions& options) : files_(files), options_(options) {
    for (const std::string& path : options.skip) {
      if (auto info = files->Stat(path); info.ok()) skipped_.insert({info->device, info->inode});
    }
  }

  Status Add(const std::string& argument) {
    if (argument == "-") return AddStdin();
    const std::string path = Normalise(argument);
    auto info = files_->Stat(path);
    if (!info.ok() && IsGlob(argument) && info.status().code() == StatusCode::kNotFound) return AddGlob(path);
    if (!info.ok()) return Problem(path, info.status());
    if (info->type == FileType::kDirectory) return Walk(path, path, 0);
    return AddFile(path, *info);
  }

  InputSet Finish();

 private:
  Status Problem(const std::string& path, Status status) {
    set_.problems.push_back({path, std::move(status)});
    return Status::Ok();
  }

  Status AddStdin() {
    for (const Candidate& candidate : found_) {
      if (candidate.input.kind == InputKind::kStdin) return Status::Ok();
    }
    Input input;
    input.kind = InputKind::kStdin;
    input.path = input.stream = input.name = "-";
    found_.push_back({std::move(input), false});
    return Status::Ok();
  }

  Status AddFile(const std::string& path, const FileInfo& info) {
    if (skipped_.count({info.device, info.inode}) != 0) return Status::Ok();
    if (found_.size() == kMaxInputs) {
      return Status(StatusCode::kLimit, path + ": one command reads at most " + std::to_string(kMaxInputs) +
                                            " files; name fewer, or a directory at a time");
    }
    Candidate candidate;
    candidate.input.kind = info.type == FileType::kRegular ? InputKind::kFile : InputKind::kPipe;
    candidate.input.path = path;
    candidate.input.info = info;
    if (const auto link = files_->StatLink(path); link.ok()) candidate.is_link = link->type == FileType::kSymlink;
    found_.push_back(std::move(candidate));
    return Status::Ok();
  }

  bool Excluded(const std::string& path, const std::string& root) const {
    if (options_.exclude.empty()) return false;
    std::string_view inside = path;
    if (root != "." && inside.size() > root.size()) inside.remove_prefix(root.size() + (root == "/" ? 0 : 1));
    const std::string base = BaseName(path);
    return std::any_of(options_.exclude.begin(), options_.exclude.end(), [&](const std::string& pattern) {
      return GlobMatches(pattern, path) || GlobMatches(pattern, inside) || GlobMatches(pattern, base);
    });
  }

  // Everything below `directory` that `pattern` (all when null) matches. Links are followed, but no directory is
  // entered twice by one argument, so loops end.
  Status Walk(const std::string& root, const std::string& directory, size_t depth,
              const std::string* pattern = nullptr) {
    if (depth == 0) entered_.clear();
    if (depth > kMaxInputDepth) {
      return Problem(directory, Status(StatusCode::kLimit, directory + ": lies more than " +
                                                               std::to_string(kMaxInputDepth) + " directories deep"));
    }
    auto here = files_->Stat(directory);
    if (!here.ok()) return Problem(directory, here.status());
    if (skipped_.count({here->device, here->inode}) != 0) return Status::Ok();
    if (!entered_.insert({here->device, here->inode}).second) return Status::Ok();
    if (options_.is_store && options_.is_store(directory)) return Status::Ok();
    auto entries = files_->List(directory);
    if (!entries.ok()) return Problem(directory, entries.status());
    // Where the pattern has no "**", nothing deeper than it can match.
    const bool deep = pattern == nullptr || pattern->find("**") != std::string::npos ||
                      std::count(pattern->begin(), pattern->end(), '/') > Slashes(directory);
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = Join(directory, entry.name);
      if (Excluded(path, root)) continue;
      auto stat = files_->Stat(path);
      if (!stat.ok()) {
        if (pattern == nullptr || GlobMatches(*pattern, path)) WHITTLE_RETURN_IF_ERROR(Problem(path, stat.status()));
        continue;
      }
      WHITTLE_RETURN_IF_ERROR(Visit(root, path, *stat, depth, pattern, deep));
    }
    return Status::Ok();
  }

  static ptrdiff_t Slashes(const std::string& directory) {
    if (directory == ".") return 0;
    if (directory == "/") return 1;
    return std::count(directory.begin(), directory.end(), '/') + 1;
  }

  Status Visit(const std::string& root, const std::string& path, const FileInfo& info, size_t depth,
               const std::string* pattern, bool deep) {
    const bool matches = pattern == nullptr || GlobMatches(*pattern, path);
    if (info.type == FileType::kDirectory) {
      // A directory that a glob names is read whole, as if it were an argument.
      if (matches) return Walk(root, path, depth + 1);
      return deep ? Walk(root, path, depth + 1, pattern) : Status::Ok();
    }
    if (!matches) return Status::Ok();
    if (info.type == FileType::kRegular) return AddFile(path, info);
    ++set_.skipped_special;
    return Status::Ok();
  }

  Status AddGlob(const std::string& pattern) {
    const size_t files_before = found_.size(), problems_before = set_.problems.size();
    const std::string root = GlobRoot(pattern);
    if (!files_->Stat(root).ok()) return Problem(pattern, NothingMatches(pattern));
    WHITTLE_RETURN_IF_ERROR(Walk(root, root, 0, &pattern));
    if (found_.size() == files_before && set_.problems.size() == problems_before) {
      return Problem(pattern, NothingMatches(pattern));
    }
    return Status::Ok();
  }

  static Status NothingMatches(const std::string& pattern) {
    return Status(StatusCode::kNotFound, pattern + ": no file matches");
  }

  void DropDuplicates();
  void Describe(Input* input);
  void Order();
  void NameStreams();

  FileSystem* files_;
  const InputOptions& options_;
  InputSet set_;
  std::vector<Candidate> found_;
  std::set<FileKey> skipped_;
  std::set<FileKey> entered_;
};

// One file may have many names. A name that is no link wins over one that is, then the first.
void Expander::DropDuplicates() {
  std::map<FileKey, size_t> chosen;
  for (size_t i = 0; i < found_.size(); ++i) {
    if (found_[i].input.kind != InputKind::kFile) continue;
    const FileKey key{found_[i].input.info.device, found_[i].input.info.inode};
    const auto [at, is_new] = chosen.emplace(key, i);
    if (!is_new && found_[at->second].is_link && !found_[i].is_link) at->second = i;
  }
  for (size_t i = 0; i < found_.size(); ++i) {
    Input& input = found_[i].input;
    if (input.kind == InputKind::kFile && chosen.at({input.info.device, input.info.inode}) != i) continue;
    set_.inputs.push_back(std::move(input));
  }
}

void Expander::Describe(Input* input) {
  if (input->kind == InputKind::kStdin) return;
  input->rotated = ParseRotatedName(BaseName(input->path));
  if (input->kind == InputKind::kPipe) input->rotated = {BaseName(input->path), {}, {}};
  const std::string directory = DirectoryOf(input->path);
  input->stream = Join(directory, input->rotated.stream);
  if (options_.path_fields != nullptr) {
    PathFields fields = options_.path_fields->Match(input->path);
    if (!fields.matched) ++set_.unmatched_path_fields;
    input->resource = std::move(fields.attributes);
    input->date_s = fields.date_s;
    if (fields.date_s) input->date_origin = DateOrigin::kPathTemplate;
  }
  if (!input->date_s && input->rotated.date_s) {
    input->date_s = input->rotated.date_s;
    input->date_origin = DateOrigin::kFileName;
  }
  if (!input->date_s && input->kind == InputKind::kFile) {
    input->date_s = input->info.modified_ns / 1'000'000'000;
    input->date_origin = DateOrigin::kModified;
  }
  set_.total_bytes += input->kind == InputKind::kFile ? input->info.size : 0;
}

void Expander::Order() {
  std::unordered_map<std::string, size_t> rank;  // of a stream: when it was first named
  for (const Input& input : set_.inputs) rank.emplace(input.stream, rank.size());
  std::stable_sort(set_.inputs.begin(), set_.inputs.end(), [&](const Input& a, const Input& b) {
    const size_t rank_a = rank.at(a.stream), rank_b = rank.at(b.stream);
    if (rank_a != rank_b) return rank_a < rank_b;
    if (WrittenBefore(a.rotated, b.rotated)) return true;
    return !WrittenBefore(b.rotated, a.rotated) && a.path < b.path;
  });
}

// The shortest end of the stream's path, in whole components, that no other stream of this set ends in.
void Expander::NameStreams() {
  const auto ending = [](std::string_view stream, size_t components) {
    size_t at = stream.size();
    for (size_t i = 0; i < components && at != std::string_view::npos && at > 0; ++i) at = stream.rfind('/', at - 1);
    return at == std::string_view::npos || at == 0 ? stream : stream.substr(at + 1);
  };
  std::map<std::string, std::string> name_of;
  for (const Input& input : set_.inputs) name_of[input.stream];
  size_t unnamed = name_of.size();
  for (size_t components = 1; unnamed > 0; ++components) {
    std::map<std::string_view, size_t> uses;
    for (const auto& [stream, name] : name_of) ++uses[ending(stream, components)];
    for (auto& [stream, name] : name_of) {
      const std::string_view end = ending(stream, components);
      if (!name.empty() || (uses.at(end) > 1 && end.size() < stream.size())) continue;
      name = end;
      --unnamed;
    }
  }
  for (Input& input : set_.inputs) input.name = name_of.at(input.stream);
}

InputSet Expander::Finish() {
  DropDuplicates();
  for (Input& input : set_.inputs) Describe(&input);
  Order();
  NameStreams();
  return std::move(set_);
}

}  // namespace

Result<InputSet> ExpandInputs(FileSystem* files, const std::vector<std::string>& arguments,
                              const InputOptions& options) {
  Expander expander(files, options);
  for (const std::string& argument : arguments) WHITTLE_RETURN_IF_ERROR(expander.Add(argument));
  return expander.Finish();
}

}  // namespace whittle
