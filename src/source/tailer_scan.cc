// The part of the Tailer that looks at names: which files there are, which were renamed, which siblings are ours.
#include <algorithm>

#include "source/glob.h"
#include "source/tailer.h"

namespace whittle {
namespace {

// Entries of a directory in which siblings are looked for.
constexpr size_t kMaxSiblingEntries = 100'000;

}  // namespace

void Tailer::Attach(SourceRegistry* registry) {
  registry_ = registry;
  known_streams_.clear();
  for (const std::string& path : registry->FileNames()) {
    Input input;
    input.path = path;
    input.rotated = ParseRotatedName(BaseName(path));
    const std::string directory = DirectoryOf(path);
    // The name it had before it was rotated is the one that patterns name.
    const std::string unrotated = directory == "." ? input.rotated.stream : JoinPath(directory, input.rotated.stream);
    if (!IsFollowed(path) && !IsFollowed(unrotated)) continue;
    input.stream = unrotated;
    input.name = input.rotated.stream;
    if (options_.describe && !options_.describe(&input).ok()) continue;
    known_streams_[directory].try_emplace(input.rotated.stream, std::move(input));
  }
}

bool Tailer::IsFollowed(const std::string& path) const {
  return std::any_of(options_.include.begin(), options_.include.end(), [&](const std::string& pattern) {
    return GlobMatches(pattern, path) || path.starts_with(pattern + "/");
  });
}

Status Tailer::Scan() {
  WHITTLE_ASSIGN_OR_RETURN(InputSet set, ExpandInputs(env_->files, options_.include, options_.inputs));
  std::set<std::string> reported;
  for (const InputProblem& problem : set.problems) {
    // Names that nothing has yet are what following is for.
    if (problem.status.code() == StatusCode::kNotFound) continue;
    if (!reported_.contains(problem.path)) report_(problem.path, problem.status);
    reported.insert(problem.path);
  }
  reported_ = std::move(reported);
  directories_.clear();
  for (const std::string& pattern : options_.include) {
    const auto info = env_->files->Stat(pattern);
    const bool directory = info.ok() && info->type == FileType::kDirectory;
    directories_.insert(directory ? pattern : IsGlob(pattern) ? GlobRoot(pattern) : DirectoryOf(pattern));
  }
  std::set<Key> present;
  const int64_t now_wall_ns = env_->clock->WallNs();
  for (Input& input : set.inputs) {
    if (input.kind != InputKind::kFile) continue;
    directories_.insert(DirectoryOf(input.path));
    const Key key = KeyOf(input.info);
    present.insert(key);
    if (const auto it = files_.find(key); it != files_.end()) {
      TailFile* const file = it->second.get();
      if (file->input_.path != input.path) {
        by_path_.erase(file->input_.path);
        file->input_.path = input.path;
      }
      by_path_[input.path] = key;
      file->named_ = true;
      file->sibling_ = false;
      continue;
    }
    const auto settled = settled_.find(key);
    if (settled != settled_.end() && settled->second.size == input.info.size &&
        settled->second.modified_ns == input.info.modified_ns) {
      continue;
    }
    if (files_.size() >= kMaxTailedFiles) {
      return Status(StatusCode::kLimit, input.path + ": more than " + std::to_string(kMaxTailedFiles) +
                                            " files to follow; the rest waits until some are gone");
    }
    const int64_t max_age_ns = options_.max_age_ns ? options_.max_age_ns(input) : 0;
    const bool old = max_age_ns > 0 && now_wall_ns - input.info.modified_ns > max_age_ns;
    if (old && !registry_->KnowsInode(key.first, key.second)) continue;
    if (options_.describe) WHITTLE_RETURN_IF_ERROR(options_.describe(&input));
    const bool at_end = first_scan_ && options_.begins_at_end && options_.begins_at_end(input);
    Input kept = input;
    Follow(std::move(kept), false);
    files_.at(key)->begins_at_end_ = at_end;
  }
  FindSiblings(set.inputs, &present);
  LoseNames(present);
  first_scan_ = false;
  return Status::Ok();
}

// Rotated files that no pattern names. In the order in which they were written, those after a known one are ours.
void Tailer::FindSiblings(const std::vector<Input>& inputs, std::set<Key>* present) {
  std::map<std::string, std::map<std::string, const Input*>> streams;  // by directory, then stream
  for (const Input& input : inputs) {
    if (input.kind == InputKind::kFile) streams[DirectoryOf(input.path)][input.rotated.stream] = &input;
  }
  for (const auto& [key, file] : files_) {
    streams[DirectoryOf(file->input_.path)].try_emplace(file->input_.rotated.stream, &file->input_);
  }
  for (const auto& [directory, by_stream] : known_streams_) {
    for (const auto& [stream, input] : by_stream) streams[directory].try_emplace(stream, &input);
  }
  for (const auto& [directory, by_stream] : streams) {
    const auto entries = env_->files->List(directory);
    if (!entries.ok() || entries->size() > kMaxSiblingEntries) continue;
    std::map<std::string, std::vector<Input>> found;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.type != FileType::kRegular) continue;
      const RotatedName rotated = ParseRotatedName(entry.name);
      const auto stream = by_stream.find(rotated.stream);
      if (stream == by_stream.end()) continue;
      const std::string path = directory == "." ? entry.name : JoinPath(directory, entry.name);
      const bool excluded = std::any_of(
          options_.inputs.exclude.begin(), options_.inputs.exclude.end(),
          [&](const std::string& pattern) { return GlobMatches(pattern, path) || GlobMatches(pattern, entry.name); });
      if (excluded) continue;
      const auto info = env_->files->StatLink(path);
      if (!info.ok() || info->type != FileType::kRegular) continue;
      Input input = *stream->second;
      input.path = path;
      input.rotated = rotated;
      input.info = *info;
      if (input.date_origin != DateOrigin::kPathTemplate) {
        input.date_s = rotated.date_s ? rotated.date_s : info->modified_ns / 1'000'000'000;
        input.date_origin = rotated.date_s ? DateOrigin::kFileName : DateOrigin::kModified;
      }
      found[rotated.stream].push_back(std::move(input));
    }
    for (auto& [stream, siblings] : found) {
      std::stable_sort(siblings.begin(), siblings.end(),
                       [](const Input& a, const Input& b) { return WrittenBefore(a.rotated, b.rotated); });
      bool after_known = false;
      for (Input& input : siblings) {
        const Key key = KeyOf(input.info);
        if (present->contains(key)) {
          after_known = after_known || registry_->KnowsInode(key.first, key.second);
          continue;
        }
        present->insert(key);
        TakeSibling(std::move(input), &after_known);
      }
    }
  }
}

void Tailer::TakeSibling(Input input, bool* after_known) {
  const Key key = KeyOf(input.info);
  if (const auto it = files_.find(key); it != files_.end()) {
    TailFile* const file = it->second.get();
    if (file->input_.path != input.path) {
      by_path_.erase(file->input_.path);
      file->input_.path = input.path;
      by_path_[input.path] = key;
    }
    // Rotated away from the names we follow: read on until it is quiet.
    if (file->named_) file->changed_ns_ = Now();
    file->named_ = false;
    *after_known = true;
    return;
  }
  const auto settled = settled_.find(key);
  if (settled != settled_.end() && settled->second.size == input.info.size &&
      settled->second.modified_ns == input.info.modified_ns) {
    *after_known = *after_known || registry_->KnowsInode(key.first, key.second);
    return;
  }
  if (files_.size() >= kMaxTailedFiles || input.info.size == 0) return;
  TailFile probe_file(env_->files, input);
  std::string head;
  // A file that is being compressed changes; it is looked at again when it is done.
  if (!probe_file.Open().ok()) return;
  const auto magic = probe_file.ReadAt(0, kMaxMagicBytes);
  if (!magic.ok()) return;
  const Compression compression = DetectCompression(*magic, true).compression;
  const auto known = registry_->Recognise(ProbeOf(&probe_file, &head, compression));
  if (!known.ok()) return;  // half a compressed file
  if (*known && (*known)->verdict == SourceVerdict::kUnchanged) {
    settled_[key] = {input.info.size, input.info.modified_ns};
    *after_known = true;
    return;
  }
  const auto earliest = registry_->EarliestWrite(input.path);
  if (!*known && !*after_known && (!earliest || input.info.modified_ns <= *earliest)) {
    settled_[key] = {input.info.size, input.info.modified_ns};
    return;
  }
  // Recognised ones are claimed anew when they are begun.
  if (*known && (*known)->verdict == SourceVerdict::kContinue) registry_->Release((*known)->identity.id);
  *after_known = true;
  Follow(std::move(input), true);
}

void Tailer::LoseNames(const std::set<Key>& present) {
  std::erase_if(settled_, [&](const auto& entry) { return !present.contains(entry.first); });
  for (auto& [key, file] : files_) {
    if (present.contains(key)) continue;
    if (file->named_) file->changed_ns_ = Now();
    file->named_ = false;
    Queue(file.get());
  }
}

std::vector<std::string> Tailer::Directories() const { return {directories_.begin(), directories_.end()}; }

}  // namespace whittle
