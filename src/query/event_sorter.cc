#include "query/event_sorter.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "base/varint.h"
#include "env/user_directories.h"
#include "query/accumulator.h"

namespace whittle {
namespace {

constexpr size_t kRunBufferBytes = 64 * 1024;
constexpr size_t kMaxTextBytes = UINT32_MAX;

std::string OrderedBytes(uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

}  // namespace

// A sorted file, read from front to back.
class EventSorter::Run {
 public:
  explicit Run(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}

  // Moves to the next entry; false at the end.
  Result<bool> Next() {
    WHITTLE_ASSIGN_OR_RETURN(const bool more, Fill(8));
    if (!more) return false;
    ByteReader sizes(std::string_view(buffer_).substr(position_, 8));
    const uint32_t key_size = sizes.U32(), text_size = sizes.U32();
    position_ += 8;
    WHITTLE_ASSIGN_OR_RETURN(const bool whole, Fill(size_t{key_size} + text_size));
    if (!whole) return Status(StatusCode::kIo, "a temporary file of the sort is shorter than what was written to it");
    key_ = std::string_view(buffer_).substr(position_, key_size);
    text_ = std::string_view(buffer_).substr(position_ + key_size, text_size);
    position_ += size_t{key_size} + text_size;
    return true;
  }
  std::string_view key() const { return key_; }
  std::string_view text() const { return text_; }
  bool started = false;

 private:
  // Makes `size` bytes available at position_; false when nothing is left.
  Result<bool> Fill(size_t size) {
    if (buffer_.size() - position_ >= size) return true;
    buffer_.erase(0, position_);
    position_ = 0;
    const size_t have = buffer_.size();
    buffer_.resize(std::max(size, kRunBufferBytes));
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, file_->Read(offset_, buffer_.size() - have, buffer_.data() + have));
    offset_ += got;
    buffer_.resize(have + got);
    return buffer_.size() >= size;
  }

  std::unique_ptr<RandomAccessFile> file_;
  uint64_t offset_ = 0;
  std::string buffer_;
  size_t position_ = 0;
  std::string_view key_, text_;
};

EventSorter::EventSorter(const Env* env, size_t max_bytes) : env_(env), max_bytes_(max_bytes) {}
EventSorter::~EventSorter() = default;

Status EventSorter::Add(std::string_view key, std::string_view text) {
  if (key.size() > kMaxTextBytes || text.size() > kMaxTextBytes)
    return Status(StatusCode::kLimit, "an event of more than 4 GiB cannot be sorted");
  const Entry entry{arena_.size(), static_cast<uint32_t>(key.size()), static_cast<uint32_t>(text.size())};
  if (sorted_ && !entries_.empty() && key < Key(entries_.back())) sorted_ = false;
  arena_.append(key).append(text);
  entries_.push_back(entry);
  if (keep_first_ != UINT64_MAX && entries_.size() > 2 * keep_first_ + 1024) ForgetLast();
  if (arena_.size() + entries_.size() * sizeof(Entry) < max_bytes_) return Status::Ok();
  ForgetLast();
  return arena_.size() + entries_.size() * sizeof(Entry) < max_bytes_ / 2 ? Status::Ok() : Spill();
}

void EventSorter::Sort() {
  if (sorted_) return;
  std::stable_sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) { return Key(a) < Key(b); });
  sorted_ = true;
}

void EventSorter::ForgetLast() {
  if (entries_.size() <= keep_first_) return;
  Sort();
  entries_.resize(keep_first_);
  Compact(0);
}

// Forgets the first `done` entries and what no entry needs.
void EventSorter::Compact(size_t done) {
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(done));
  std::string arena;
  size_t size = 0;
  for (const Entry& entry : entries_) size += size_t{entry.key_size} + entry.text_size;
  arena.reserve(size);
  for (Entry& entry : entries_) {
    const size_t begin = arena.size();
    arena.append(arena_, entry.begin, size_t{entry.key_size} + entry.text_size);
    entry.begin = begin;
  }
  arena_ = std::move(arena);
}

Status EventSorter::Spill() {
  Sort();
  WHITTLE_ASSIGN_OR_RETURN(const std::string name, env_->entropy->Bytes(16));
  const std::string path = JoinPath(TemporaryDirectory(), "whittle-sort-" + ToHex(HashBytes128(name)));
  WHITTLE_ASSIGN_OR_RETURN(auto file, env_->files->OpenForWrite(path, WriteMode::kCreateNew));
  const auto write = [&]() -> Status {
    std::string buffer;
    for (const Entry& entry : entries_) {
      ByteWriter out(&buffer);
      out.U32(entry.key_size);
      out.U32(entry.text_size);
      buffer.append(arena_, entry.begin, size_t{entry.key_size} + entry.text_size);
      if (buffer.size() < kRunBufferBytes) continue;
      WHITTLE_RETURN_IF_ERROR(file->Append(buffer));
      buffer.clear();
    }
    WHITTLE_RETURN_IF_ERROR(file->Append(buffer));
    return file->Close();
  };
  Status status = write();
  auto opened = status.ok() ? env_->files->OpenForRead(path) : Result<std::unique_ptr<RandomAccessFile>>(status);
  const Status removed = env_->files->Remove(path);  // the open file stays readable
  if (!opened.ok()) return opened.status();
  WHITTLE_RETURN_IF_ERROR(removed);
  runs_.push_back(std::make_unique<Run>(std::move(opened).value()));
  entries_.clear();
  arena_.clear();
  return Status::Ok();
}

Status EventSorter::Drain(std::optional<std::string_view> limit, const Take& take) {
  Sort();
  if (!runs_.empty()) return Merge(limit, take);
  size_t done = 0;
  for (; done < entries_.size() && (!limit || Key(entries_[done]) < *limit); ++done) {
    WHITTLE_ASSIGN_OR_RETURN(const bool go_on, take(Text(entries_[done])));
    if (!go_on) break;
  }
  if (done == entries_.size()) {
    entries_.clear();
    arena_.clear();
  } else if (done > 0) {
    Compact(done);
  }
  return Status::Ok();
}

// The runs in the order they were written, then what is in memory: the first of equal keys comes first.
Status EventSorter::Merge(std::optional<std::string_view> limit, const Take& take) {
  for (size_t i = 0; i < runs_.size();) {
    if (!runs_[i]->started) {
      WHITTLE_ASSIGN_OR_RETURN(const bool more, runs_[i]->Next());
      runs_[i]->started = true;
      if (!more) {
        runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(i));
        continue;
      }
    }
    ++i;
  }
  size_t done = 0;
  bool go_on = true;
  while (go_on) {
    Run* first = nullptr;
    for (const auto& run : runs_) {
      if (first == nullptr || run->key() < first->key()) first = run.get();
    }
    const bool memory = done < entries_.size() && (first == nullptr || Key(entries_[done]) < first->key());
    if (!memory && first == nullptr) break;
    if (limit && (memory ? Key(entries_[done]) : first->key()) >= *limit) break;
    WHITTLE_ASSIGN_OR_RETURN(go_on, take(memory ? Text(entries_[done]) : first->text()));
    if (memory) {
      ++done;
      continue;
    }
    WHITTLE_ASSIGN_OR_RETURN(const bool more, first->Next());
    if (!more) std::erase_if(runs_, [&](const auto& run) { return run.get() == first; });
  }
  if (done > 0) Compact(done);
  return Status::Ok();
}

void AppendOrderedInteger(int64_t value, std::string* key) {
  key->append(OrderedBytes(static_cast<uint64_t>(value) ^ uint64_t{1} << 63));
}

void AppendOrderedValue(const Value* value, bool descending, std::string* key) {
  if (value == nullptr) {
    key->push_back('\xff');
    return;
  }
  std::string encoded;
  if (const auto amount = AmountOf(*value)) {
    // A double in the order of its bits, then what a long double has beyond it.
    const auto rounded = static_cast<double>(amount->value);
    const auto bits = std::bit_cast<uint64_t>(rounded);
    encoded.push_back('\x01');
    encoded.append(OrderedBytes((bits >> 63) != 0 ? ~bits : bits | uint64_t{1} << 63));
    const long double rest = amount->value - static_cast<long double>(rounded);
    AppendOrderedInteger(std::isfinite(rest) ? static_cast<int64_t>(rest) : 0, &encoded);
  } else {
    encoded.push_back('\x02');
    for (const char c : value->text) {
      encoded.push_back(c);
      if (c == '\0') encoded.push_back('\x01');
    }
    encoded.append(2, '\0');
  }
  if (descending) {
    for (char& c : encoded) c = static_cast<char>(~static_cast<unsigned char>(c));
    encoded[0] = encoded[0] == static_cast<char>(~'\x01') ? '\x02' : '\x01';
  }
  key->append(encoded);
}

}  // namespace whittle
