#include "catalog/source_registry.h"

#include <algorithm>
#include <tuple>

#include "catalog/stream_name.h"

namespace whittle {
namespace {

// In a directory with more entries nobody looks for an inode; the file then counts as another one.
constexpr size_t kMaxDirectoryEntries = 100'000;

// A source that is given up is released in less than this; who waits longer may be told to wait for another one.
constexpr int64_t kDoubtNs = 2'000'000'000;
// Who holds more than is stored does not wait longer than this for the one that is being read: a copy being made of it
// is done by then, and a beginning of less than 4 KiB may be equal by chance.
constexpr int64_t kStrongPatienceNs = 30'000'000'000;
constexpr int64_t kWeakPatienceNs = 5'000'000'000;

bool SameInode(const SourceFile& a, const SourceFile& b) {
  return a.inode != 0 && a.inode == b.inode && a.device == b.device;
}

bool HadName(const SourceState& known, const std::string& path) {
  return std::find(known.names.begin(), known.names.end(), path) != known.names.end();
}

bool SharesDirectory(const SourceState& known, const std::string& path) {
  const std::string directory = DirectoryOf(path);
  return std::any_of(known.names.begin(), known.names.end(),
                     [&](const std::string& name) { return DirectoryOf(name) == directory; });
}

// By the magic numbers of gzip, zstd, xz and bzip2: what stands in such a file cannot be compared as it is.
bool LooksCompressed(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd") ||
         bytes.starts_with(
             "\xfd"
             "7zXZ") ||
         bytes.starts_with("BZh");
}

// Parts are length-prefixed, so that no two lists of parts give the same material.
std::string Material(std::initializer_list<std::string_view> parts) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const std::string_view part : parts) out.Bytes(part);
  return bytes;
}

SourceIdentity IdentityFromProbe(const SourceProbe& probe) {
  SourceIdentity identity;
  identity.names = {probe.path};
  const std::string_view head = probe.head.substr(0, kFingerprintBytes);
  identity.head = FingerprintOf(head, head.size());
  identity.file = probe.file;
  return identity;
}

}  // namespace

std::optional<SourceMatch> SourceRegistry::FindUnchanged(const SourceFile& file) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = by_inode_.find({file.device, file.inode});
  if (file.inode == 0 || it == by_inode_.end()) return std::nullopt;
  const SourceState& known = known_.at(it->second);
  if (!known.finished || known.file != file || active_.contains(known.id)) return std::nullopt;
  if (known.bytes.CoveredPrefix() != known.bytes.End()) return std::nullopt;  // a segment in between was lost
  return SourceMatch{SourceVerdict::kUnchanged, known, known.bytes, known.lines, {}};
}

std::vector<SourceState> SourceRegistry::Candidates(const SourceProbe& probe, const std::string& host,
                                                    const std::string& stream) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<SourceState> found;
  std::map<uint32_t, Hash128> hashes;  // of the probe's head cut to the lengths known sources have
  const auto add = [&](const std::string& id) {
    const SourceState& known = known_.at(id);
    const uint32_t size = known.head.size;
    if (known.kind != SourceKind::kFile || size > probe.head.size()) return;
    const auto [it, fresh] = hashes.try_emplace(size);
    if (fresh) it->second = HashBytes128(probe.head.substr(0, size));
    if (it->second == known.head.hash) found.push_back(known);
  };
  if (const auto it = by_stream_.find({host, stream}); it != by_stream_.end()) {
    for (const std::string& id : it->second) add(id);
  }
  // A renamed file keeps its inode even when its new name has nothing to do with the old one.
  if (const auto it = by_inode_.find({probe.file.device, probe.file.inode}); it != by_inode_.end()) {
    const bool listed = std::any_of(found.begin(), found.end(), [&](const auto& s) { return s.id == it->second; });
    if (!listed && known_.at(it->second).host == host) add(it->second);
  }
  // The likeliest first: the same inode, then the one of which most is known. Inodes are used again, so one of which
  // only the beginning was ever seen comes last, whatever its inode.
  const auto likeliness = [&](const SourceState& state) {
    const bool known_well = state.bytes.End() > 0 || state.head.size >= kFingerprintBytes;
    return std::tuple(known_well && SameInode(state.file, probe.file), known_well, state.bytes.End());
  };
  std::stable_sort(found.begin(), found.end(),
                   [&](const SourceState& a, const SourceState& b) { return likeliness(a) > likeliness(b); });
  return found;
}

bool SourceRegistry::StillThere(const SourceState& known, const std::string& directory) const {
  if (known.file.inode == 0) return false;
  const auto entries = env_->files->List(directory);
  if (!entries.ok() || entries->size() > kMaxDirectoryEntries) return true;
  return std::any_of(entries->begin(), entries->end(), [&](const DirectoryEntry& entry) {
    if (entry.type != FileType::kRegular) return false;
    const std::string path = JoinPath(directory, entry.name);
    const auto info = env_->files->StatLink(path);
    return info.ok() && info->device == known.file.device && info->inode == known.file.inode && StillHolds(path, known);
  });
}

// A file that was truncated keeps its inode and is another log nevertheless.
bool SourceRegistry::StillHolds(const std::string& path, const SourceState& known) const {
  const auto file = env_->files->OpenForRead(path);
  if (!file.ok()) return true;
  const auto read = [&](uint64_t offset, size_t size) -> Result<std::string> {
    std::string bytes(size, '\0');
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, (*file)->Read(offset, size, bytes.data()));
    bytes.resize(got);
    return bytes;
  };
  const auto head = read(0, kFingerprintBytes);
  const auto info = (*file)->Info();
  if (!head.ok() || !info.ok()) return true;
  if (LooksCompressed(*head)) return info->size == known.file.size && info->modified_ns == known.file.modified_ns;
  if (head->size() < known.head.size) return false;
  if (HashBytes128(std::string_view(*head).substr(0, known.head.size)) != known.head.hash) return false;
  SourceProbe probe;
  probe.head = *head;
  probe.content_size = info->size;
  probe.read = read;
  const auto agree = TailsAgree(known, probe);
  return !agree.ok() || *agree;
}

Result<bool> SourceRegistry::TailsAgree(const SourceState& known, const SourceProbe& probe) const {
  const uint64_t end = known.bytes.End();
  if (probe.content_size && *probe.content_size < end) return false;
  // Without a fingerprint of the last byte covered nothing but a head that long shows that the file has what is stored.
  // The head alone would not do: it is of the file as it was found, and what was read a moment later may be another
  // log.
  if (end > 0 && !known.tails.contains(end)) return end <= probe.head.size() && known.head.size >= end;
  for (const auto& [at, known_tail] : known.tails) {
    const Fingerprint& tail = known_tail.fingerprint;
    if (tail.size > at) return false;
    WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, probe.read(at - tail.size, tail.size));
    if (bytes.size() != tail.size || HashBytes128(bytes) != tail.hash) return false;
  }
  return true;
}

Result<SourceRegistry::Likeness> SourceRegistry::Compare(const SourceState& known, const SourceProbe& probe) const {
  bool active = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    active = active_.contains(known.id);
  }
  const bool same_inode = SameInode(known.file, probe.file);
  // What a truncation under its writer leaves begins with zeros, whatever log it is.
  static const Hash128 zeros = HashBytes128(std::string(kFingerprintBytes, '\0'));
  const bool strong = known.head.size >= kFingerprintBytes && known.head.hash != zeros;
  if (!strong && !same_inode) {
    if (known.head.size == 0 && !HadName(known, probe.path)) return Likeness::kOther;
    if (!SharesDirectory(known, probe.path)) return Likeness::kOther;
    if (StillThere(known, DirectoryOf(probe.path))) return Likeness::kOther;
  }
  // Nothing of it is stored: that it is another one doubles nothing, and its inode may be in use again.
  if (!strong && known.bytes.End() == 0 && !SharesDirectory(known, probe.path)) return Likeness::kOther;
  // What is known of a source that is being read changes under us; its reader will have settled it soon.
  if (active) return CompareActive(known, probe, strong);
  WHITTLE_ASSIGN_OR_RETURN(const bool agree, TailsAgree(known, probe));
  return agree ? Likeness::kSame : Likeness::kOther;
}

Result<SourceRegistry::Likeness> SourceRegistry::CompareActive(const SourceState& known, const SourceProbe& probe,
                                                               bool strong) const {
  if (probe.waited_ns < kDoubtNs) return Likeness::kBusy;
  const uint64_t end = known.bytes.End();
  // A copy being made while the original goes on, or another log with an equal beginning.
  if (strong && probe.content_size.value_or(UINT64_MAX) < end) {
    return probe.quiet_ns < kStrongPatienceNs ? Likeness::kBusy : Likeness::kOther;
  }
  WHITTLE_ASSIGN_OR_RETURN(const bool agree, TailsAgree(known, probe));
  if (!agree) return Likeness::kOther;
  // However long that takes on a busy machine.
  if (probe.is_pending && probe.is_pending(known.id, end)) return Likeness::kBusy;
  if (probe.waited_ns < (strong ? kStrongPatienceNs : kWeakPatienceNs)) return Likeness::kBusy;
  WHITTLE_ASSIGN_OR_RETURN(const std::string more, probe.read(end, 1));
  return more.empty() ? Likeness::kBusy : Likeness::kOther;
}

Result<SourceMatch> SourceRegistry::Recognised(const SourceState& known, const SourceProbe& probe) {
  SourceMatch match;
  match.identity = known;
  const SourceIdentity seen = IdentityFromProbe(probe);
  std::erase(match.identity.names, probe.path);
  match.identity.names.push_back(probe.path);
  if (seen.head.size > match.identity.head.size) match.identity.head = seen.head;
  match.identity.file = probe.file;
  match.bytes = known.bytes;
  match.lines = known.lines;

  const uint64_t frontier = match.frontier();
  if (const auto tail = known.tails.find(frontier); tail != known.tails.end()) match.times = tail->second.times;
  bool more = known.bytes.size() > 1;
  if (!more && probe.content_size) more = *probe.content_size > frontier;
  if (!more && !probe.content_size) {
    WHITTLE_ASSIGN_OR_RETURN(const std::string next, probe.read(frontier, 1));
    more = !next.empty();
  }
  match.verdict = more ? SourceVerdict::kContinue : SourceVerdict::kUnchanged;
  match.identity.finished = !more;
  match.identity.failure.clear();
  if (more) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!active_.insert(known.id).second) match.verdict = SourceVerdict::kWait;
  }
  return match;
}

Result<std::optional<SourceMatch>> SourceRegistry::Recognise(const SourceProbe& probe) {
  const std::string host = probe.host.empty() ? env_->host->Name() : probe.host;
  for (const SourceState& known : Candidates(probe, host, StreamName(probe.path))) {
    WHITTLE_ASSIGN_OR_RETURN(const Likeness likeness, Compare(known, probe));
    if (likeness == Likeness::kSame) {
      WHITTLE_ASSIGN_OR_RETURN(SourceMatch match, Recognised(known, probe));
      return std::optional<SourceMatch>(std::move(match));
    }
    if (likeness == Likeness::kBusy) {
      SourceMatch match;
      match.verdict = SourceVerdict::kWait;
      match.identity = known;
      return std::optional<SourceMatch>(std::move(match));
    }
  }
  return std::optional<SourceMatch>();
}

bool SourceRegistry::Claim(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return active_.insert(id).second;
}

bool SourceRegistry::KnowsInode(uint64_t device, uint64_t inode) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return by_inode_.contains({device, inode});
}

std::optional<int64_t> SourceRegistry::EarliestWrite(const std::string& path) const {
  const std::string host = env_->host->Name();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::optional<int64_t> earliest;
  const auto it = by_stream_.find({host, StreamName(path)});
  if (it == by_stream_.end()) return earliest;
  for (const std::string& id : it->second) {
    const SourceState& known = known_.at(id);
    if (known.file.modified_ns == 0 || !SharesDirectory(known, path)) continue;
    earliest = std::min(earliest.value_or(INT64_MAX), known.file.modified_ns);
  }
  return earliest;
}

std::vector<std::string> SourceRegistry::FileNames() const {
  const std::string host = env_->host->Name();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [id, known] : known_) {
    if (known.kind == SourceKind::kFile && known.host == host) names.push_back(known.name());
  }
  return names;
}

std::string_view DatedBeginning(std::string_view head) {
  constexpr size_t kMinBytes = 64;
  constexpr size_t kMinDigits = 6;
  head = head.substr(0, kFingerprintBytes);
  size_t digits = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] >= '0' && head[i] <= '9') ++digits;
    if (head[i] != '\n') continue;
    if (digits >= kMinDigits && i + 1 >= kMinBytes) return head.substr(0, i + 1);
    digits = 0;
  }
  return head;
}

Result<SourceMatch> SourceRegistry::Lookup(const SourceProbe& probe) {
  WHITTLE_ASSIGN_OR_RETURN(auto known, Recognise(probe));
  if (known) return std::move(*known);
  const std::string host = probe.host.empty() ? env_->host->Name() : probe.host;
  const std::string stream = StreamName(probe.path);
  SourceIdentity identity = IdentityFromProbe(probe);
  identity.kind = SourceKind::kFile;
  identity.host = host;
  identity.stream = stream;
  return Register(std::move(identity), Material({"whittle source", host, stream, DatedBeginning(probe.head)}));
}

Result<SourceMatch> SourceRegistry::NewStream(const std::string& host, const std::string& name) {
  SourceIdentity identity;
  identity.kind = SourceKind::kStream;
  identity.host = host.empty() ? env_->host->Name() : host;
  identity.stream = name.empty() ? "stdin" : name;
  identity.names = {identity.stream};
  std::string material = Material({"whittle stream", identity.host, identity.stream});
  if (name.empty()) {
    WHITTLE_ASSIGN_OR_RETURN(const std::string random, env_->entropy->Bytes(16));
    material = Material({"whittle stream", random});
  }
  return Register(std::move(identity), material);
}

std::string SourceRegistry::KafkaId(std::string_view cluster, std::string_view topic, int32_t partition) {
  return ToHex(HashBytes128(Material({"whittle kafka", cluster, topic, std::to_string(partition)})));
}

SourceMatch SourceRegistry::Register(SourceIdentity identity, const std::string& id_material) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (uint64_t ordinal = 0;; ++ordinal) {
    identity.id = ToHex(HashBytes128(id_material, ordinal));
    if (!known_.contains(identity.id)) break;
  }
  SourceState state;
  static_cast<SourceIdentity&>(state) = identity;
  known_[identity.id] = state;
  by_stream_[{identity.host, identity.stream}].insert(identity.id);
  if (identity.file.inode != 0) by_inode_[{identity.file.device, identity.file.inode}] = identity.id;
  active_.insert(identity.id);
  return {SourceVerdict::kNew, std::move(identity), {}, {}, {}};
}

void SourceRegistry::Release(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  active_.erase(id);
}

void SourceRegistry::Note(const SourceState& state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  known_[state.id] = state;
  by_stream_[{state.host, state.stream}].insert(state.id);
  if (state.file.inode != 0) by_inode_[{state.file.device, state.file.inode}] = state.id;
}

}  // namespace whittle
