#include "source/tailer.h"

#include <algorithm>

namespace whittle {
namespace {

// A file that cannot be read, or is like one that is being read, is tried again after this long.
constexpr int64_t kRetryNs = 1'000'000'000;
constexpr int64_t kBusyRetryNs = 200'000'000;
// Passing over bytes costs little, so a turn is longer.
constexpr size_t kPassTurnBytes = 16 << 20;
constexpr size_t kPassReadBytes = 1 << 20;

bool LooksPacked(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) return true;
  }
  return false;
}

// Whether what `file` is to go on behind is what is stored of it.
bool StandsBehind(const TailFile& file, const SourceMatch& match) {
  const auto tail = match.identity.tails.find(match.frontier());
  if (tail == match.identity.tails.end()) return true;
  const Fingerprint& stored = tail->second.fingerprint;
  const std::string_view before = file.overlap();
  return before.size() < stored.size || HashBytes128(before.substr(before.size() - stored.size)) == stored.hash;
}

}  // namespace

Tailer::Tailer(const Env* env, TailOptions options, Report report)
    : env_(env), options_(std::move(options)), report_(std::move(report)) {}

Tailer::~Tailer() = default;

void Tailer::Detach() {
  registry_ = nullptr;
  for (auto& [key, file] : files_) {
    file->attachment_.reset();
    file->packed_.reset();
    file->match_ = {};
    file->begun_ = false;
    file->waiting_ = false;
    file->retry_ns_ = 0;
    file->offset_ = 0;
    file->overlap_.clear();
    file->verified_ns_ = -1;
  }
  // What was handed over and not committed has to be read again, of ended files too.
  settled_.clear();
}

void Tailer::SetOptions(TailOptions options) {
  options_ = std::move(options);
  first_scan_ = true;
}

void Tailer::Queue(TailFile* file) {
  if (file->ready_) return;
  file->ready_ = true;
  ready_.push_back(KeyOf(file->input_.info));
}

void Tailer::NoteChange(const std::string& path) {
  if (path.starts_with("./")) return NoteChange(path.substr(2));
  if (const auto it = by_path_.find(path); it != by_path_.end()) Queue(files_.at(it->second).get());
}

void Tailer::NoteAll() {
  for (auto& [key, file] : files_) Queue(file.get());
}

void Tailer::Follow(Input input, bool sibling) {
  const Key key = KeyOf(input.info);
  auto file = std::make_unique<TailFile>(env_->files, std::move(input));
  file->sibling_ = sibling;
  file->named_ = !sibling;
  file->changed_ns_ = Now();
  by_path_[file->input_.path] = key;
  TailFile* const raw = file.get();
  files_[key] = std::move(file);
  Queue(raw);
}

std::vector<Tailer::Lag> Tailer::Lags() const {
  std::vector<Lag> lags;
  for (const auto& [key, file] : files_) {
    lags.push_back({file->input_.path, file->input_.name, file->offset_, file->size_, file->begun_});
  }
  return lags;
}

size_t Tailer::open_files() const {
  return static_cast<size_t>(
      std::count_if(files_.begin(), files_.end(), [](const auto& entry) { return entry.second->is_open(); }));
}

Result<uint64_t> Tailer::ReadSome(uint64_t budget, TailSink* sink) {
  uint64_t done = 0;
  // Those that are looked at and have nothing leave the queue, so this ends.
  while (!ready_.empty() && done < budget) {
    const Key key = ready_.front();
    ready_.pop_front();
    const auto it = files_.find(key);
    if (it == files_.end() || !it->second->ready_) continue;
    TailFile* const file = it->second.get();
    file->ready_ = false;
    if (file->retry_ns_ > Now()) continue;
    WHITTLE_ASSIGN_OR_RETURN(const uint64_t bytes, Turn(file, sink));
    done += bytes;
  }
  return done;
}

void Tailer::Fail(TailFile* file, const Status& status) {
  file->retry_ns_ = Now() + kRetryNs;
  if (!file->failing_) report_(file->input_.path, status);
  file->failing_ = true;
}

void Tailer::Heal(TailFile* file) {
  if (file->failing_) report_(file->input_.path, Status::Ok());
  file->failing_ = false;
}

// Closes the quiet, named files when too many are open. False: there is no room for one more.
bool Tailer::MakeRoom(const TailFile* wanted) {
  if (wanted->is_open() || open_files() < options_.max_open_files) return true;
  bool room = false;
  for (auto& [key, file] : files_) {
    if (!file->is_open() || !file->named_ || file->packed_ != nullptr || file->offset_ < file->size_) continue;
    file->Close();
    room = true;
  }
  return room;
}

void Tailer::Remove(TailFile* file) {
  const Key key = KeyOf(file->input_.info);
  if (const auto it = by_path_.find(file->input_.path); it != by_path_.end() && it->second == key) by_path_.erase(it);
  files_.erase(key);
}

SourceProbe Tailer::ProbeOf(TailFile* file, std::string* head, Compression compression) {
  SourceProbe probe;
  probe.path = file->input_.path;
  probe.file = file->AsSourceFile();
  if (compression == Compression::kNone) {
    probe.content_size = file->size_;
    probe.read = [file](uint64_t offset, size_t size) { return file->ReadAt(offset, size); };
  } else {
    probe.read = [file](uint64_t offset, size_t size) -> Result<std::string> {
      const auto stream = file->Decompressed();
      if (offset > 0 && !stream->Skip(offset).ok()) return std::string();
      std::string content(size, '\0');
      size_t filled = 0;
      while (filled < size) {
        WHITTLE_ASSIGN_OR_RETURN(const size_t read, stream->Read(content.data() + filled, size - filled));
        if (read == 0) break;
        filled += read;
      }
      content.resize(filled);
      return content;
    };
  }
  if (auto bytes = probe.read(0, kFingerprintBytes); bytes.ok()) *head = std::move(*bytes);
  probe.head = *head;
  return probe;
}

// A source that no file stands for any more has ended, and is released as soon as the rest of it is stored.
bool Tailer::IsPending(const std::string& id, uint64_t end) const {
  const auto file = std::find_if(files_.begin(), files_.end(), [&](const auto& entry) {
    return entry.second->begun_ && entry.second->match_.identity.id == id;
  });
  return file == files_.end() || file->second->offset_ > end;
}

Result<bool> Tailer::BeginFile(TailFile* file, TailSink* sink) {
  const auto info = file->Info();
  if (!info.ok()) {
    if (info.status().code() == StatusCode::kNotFound) {
      Remove(file);
    } else {
      Fail(file, info.status());
    }
    return false;
  }
  if (info->size != file->size_ || info->modified_ns != file->modified_ns_) file->changed_ns_ = Now();
  file->size_ = info->size;
  file->modified_ns_ = info->modified_ns;
  if (file->size_ == 0) {
    if (!file->named_ && Now() - file->changed_ns_ >= options_.rotate_wait_ns) Remove(file);
    return false;
  }
  Compression compression = Compression::kNone;
  if (!MakeRoom(file)) {
    file->retry_ns_ = Now() + kBusyRetryNs;
    return false;
  }
  const Status opened = file->Open();
  if (!opened.ok() && opened.code() == StatusCode::kNotFound) {
    Remove(file);
    return false;
  }
  if (!opened.ok()) {
    Fail(file, opened);
    return false;
  }
  if (LooksPacked(file->input_.path) && Now() - file->changed_ns_ < options_.settle_ns) {
    file->retry_ns_ = file->changed_ns_ + options_.settle_ns;
    return false;
  }
  const auto magic = file->ReadAt(0, kMaxMagicBytes);
  if (magic.ok()) compression = DetectCompression(*magic, true).compression;
  return Recognise(file, sink, compression);
}

Result<bool> Tailer::Recognise(TailFile* file, TailSink* sink, Compression compression) {
  std::string head;
  SourceProbe probe = ProbeOf(file, &head, compression);
  if (head.empty()) return false;
  probe.waited_ns = file->waiting_ ? Now() - file->waiting_ns_ : 0;
  probe.quiet_ns = Now() - file->changed_ns_;
  probe.is_pending = [this](const std::string& id, uint64_t end) { return IsPending(id, end); };
  file->after_truncation_ = file->after_truncation_ || registry_->KnowsInode(probe.file.device, probe.file.inode);
  auto match = registry_->Lookup(probe);
  if (!match.ok()) {
    Fail(file, match.status());
    return false;
  }
  Heal(file);
  const auto leave = [&] {
    settled_[KeyOf(file->input_.info)] = {file->size_, file->modified_ns_};
    Remove(file);
    return false;
  };
  const bool packed = compression != Compression::kNone;
  if (match->verdict == SourceVerdict::kUnchanged) {
    if (packed || !file->named_ || !registry_->Claim(match->identity.id)) return leave();
  }
  if (match->verdict == SourceVerdict::kWait) {
    if (!file->waiting_) file->waiting_ns_ = Now();
    file->waiting_ = true;
    file->retry_ns_ = Now() + kBusyRetryNs;
    return false;
  }
  match->identity.failure.clear();
  match->identity.finished = false;
  const uint64_t frontier = match->frontier();
  Status positioned;
  if (packed) {
    file->packed_ = file->Decompressed();
    if (frontier > 0) positioned = file->packed_->Skip(frontier);
    file->offset_ = frontier;
  } else {
    positioned = file->Seek(frontier, frontier == 0 ? head : "");
  }
  if (!positioned.ok()) {
    registry_->Release(match->identity.id);
    file->packed_.reset();
    Fail(file, positioned);
    return false;
  }
  if (!packed && !StandsBehind(*file, *match)) {
    // Truncated and written anew since it was recognised: it is looked at again.
    registry_->Release(match->identity.id);
    file->retry_ns_ = Now() + kBusyRetryNs;
    return false;
  }
  const bool is_new = match->verdict == SourceVerdict::kNew;
  file->skip_to_end_ = file->begins_at_end_ && is_new && !packed;
  file->skip_nuls_ = file->after_truncation_ && is_new && !packed;
  file->begun_ = true;
  file->match_ = std::move(*match);
  file->changed_ns_ = Now();
  WHITTLE_RETURN_IF_ERROR(sink->Begin(file, file->match_, &file->attachment_));
  return true;
}

Result<uint64_t> Tailer::Turn(TailFile* file, TailSink* sink) {
  if (!file->begun_) {
    WHITTLE_ASSIGN_OR_RETURN(const bool begun, BeginFile(file, sink));
    if (!begun) return 0;
  }
  if (file->packed_ != nullptr) return TurnPacked(file, sink);
  if (file->skip_to_end_ || file->skip_nuls_) return PassOver(file, sink);
  if (!MakeRoom(file)) {
    Queue(file);
    file->retry_ns_ = Now() + kBusyRetryNs;
    return 0;
  }
  std::string bytes;
  const auto read = file->Read(kTailTurnBytes, &bytes);
  if (!read.ok()) {
    Fail(file, read.status());
    return 0;
  }
  Heal(file);
  switch (*read) {
    case TailRead::kBytes:
      file->changed_ns_ = Now();
      Queue(file);
      WHITTLE_RETURN_IF_ERROR(sink->Bytes(file, file->attachment_.get(), bytes));
      return bytes.size();
    case TailRead::kReplaced:
      WHITTLE_RETURN_IF_ERROR(Replace(file, sink));
      return 0;
    case TailRead::kMoved:
      // Not open, so everything of it was read; under its new name it is found again.
      WHITTLE_RETURN_IF_ERROR(EndFile(file, sink, Status::Ok(), false));
      return 0;
    case TailRead::kCaughtUp:
      if (!file->named_ && Now() - file->changed_ns_ >= options_.rotate_wait_ns) {
        WHITTLE_RETURN_IF_ERROR(EndFile(file, sink, Status::Ok(), true));
      }
      return 0;
  }
  return 0;
}

Result<uint64_t> Tailer::TurnPacked(TailFile* file, TailSink* sink) {
  std::string bytes(kTailTurnBytes, '\0');
  const Result<size_t> read = file->packed_->Read(bytes.data(), bytes.size());
  if (read.ok() && *read > 0) {
    bytes.resize(*read);
    file->offset_ += *read;
    Queue(file);
    WHITTLE_RETURN_IF_ERROR(sink->Bytes(file, file->attachment_.get(), bytes));
    return bytes.size();
  }
  if (!read.ok()) report_(file->input_.path, read.status());
  WHITTLE_RETURN_IF_ERROR(EndFile(file, sink, read.status(), true));
  return 0;
}

// Passes over what stood there before the start, up to the last line end, or the NULs that a writer leaves who does not
// notice that his file was truncated.
Result<uint64_t> Tailer::PassOver(TailFile* file, TailSink* sink) {
  const uint64_t begin = file->offset_;
  uint64_t at = begin, end = begin, lines = 0;
  bool done = false;
  std::string buffer;
  while (!done && at - begin < kPassTurnBytes) {
    const uint64_t limit = file->skip_to_end_ ? file->input_.info.size : UINT64_MAX;
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(kPassReadBytes, limit - std::min(at, limit)));
    auto bytes = wanted == 0 ? Result<std::string>(std::string()) : file->ReadAt(at, wanted);
    if (!bytes.ok()) {
      Fail(file, bytes.status());
      return 0;
    }
    buffer = std::move(*bytes);
    if (at == 0 && !file->IsExpected(buffer)) {
      WHITTLE_RETURN_IF_ERROR(Replace(file, sink));
      return 0;
    }
    if (buffer.empty()) {
      done = file->skip_to_end_;  // NULs up to the end: more of them may come
      break;
    }
    if (file->skip_to_end_) {
      lines += static_cast<uint64_t>(std::count(buffer.begin(), buffer.end(), '\n'));
      if (const size_t last = buffer.rfind('\n'); last != std::string::npos) end = at + last + 1;
      at += buffer.size();
    } else {
      const size_t text = buffer.find_first_not_of('\0');
      at = end = at + (text == std::string::npos ? buffer.size() : text);
      done = text != std::string::npos;
    }
  }
  // A line longer than a turn is passed over when its end is seen.
  if (end > begin) {
    if (const Status moved = file->Seek(end); !moved.ok()) {
      WHITTLE_RETURN_IF_ERROR(Replace(file, sink));
      return 0;
    }
    WHITTLE_RETURN_IF_ERROR(sink->Dropped(file, file->attachment_.get(), begin, end, lines));
  }
  if (done || (file->skip_to_end_ && end == begin)) file->skip_to_end_ = file->skip_nuls_ = false;
  if (file->skip_to_end_ || !file->skip_nuls_) Queue(file);
  return end - begin;
}

Status Tailer::EndFile(TailFile* file, TailSink* sink, const Status& damage, bool settled) {
  if (settled) settled_[KeyOf(file->input_.info)] = {file->size_, file->modified_ns_};
  const Status status = sink->End(file, file->attachment_.get(), damage);
  Remove(file);
  return status;
}

// The same file with other content: another source.
Status Tailer::Replace(TailFile* file, TailSink* sink) {
  Input input = file->input_;
  const bool named = file->named_, sibling = file->sibling_;
  file->replaced_ = true;
  WHITTLE_RETURN_IF_ERROR(EndFile(file, sink, Status::Ok(), false));
  const auto info = env_->files->Stat(input.path);
  if (!info.ok() || KeyOf(*info) != KeyOf(input.info)) return Status::Ok();
  input.info = *info;
  const Key key = KeyOf(input.info);
  Follow(std::move(input), sibling);
  files_.at(key)->named_ = named;
  files_.at(key)->after_truncation_ = true;
  return Status::Ok();
}

}  // namespace whittle
