// Tailer: follows files that grow. It finds them by name, recognises each through the SourceRegistry (so a file goes on
// where its frontier stands, whatever it is called now, and a compressed copy of something read is not read twice), and
// reads them in turns, so that a huge file cannot starve small ones.
//
// Rotation: a file that loses its name is read on, through the descriptor that is kept, until it was quiet for
// `rotate_wait`. Siblings by rotation name ("app.log.1" beside a followed "app.log") that no pattern names are read too
// when they continue something known, or were rotated or written after it: what happened while nobody looked is not
// lost. Truncation ends a source and begins another; what stood between the last read and the truncation is lost unless
// a copy of it with a rotation name is there.
//
// The sink gets, for each TailFile: Begin, then Dropped and Bytes in order, then End. One thread. `env` and `registry`
// must outlive it, except that Detach lets the registry go.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

#include "catalog/source_registry.h"
#include "env/env.h"
#include "source/input_set.h"
#include "source/tail_file.h"

namespace whittle {

// Bytes of one file per turn: as large as a read of batch ingest, and 10,000 files still have their turn every second.
inline constexpr size_t kTailTurnBytes = 256 * 1024;
// Followed at a time; more are not begun, which is said. About 1 KiB each, and what is held back of their last records.
inline constexpr size_t kMaxTailedFiles = 100'000;

struct TailOptions {
  std::vector<std::string> include;  // files, directories, globs
  InputOptions inputs;
  std::function<bool(const Input&)> begins_at_end;  // of files that stand there at the start and are not known
  std::function<int64_t(const Input&)> max_age_ns;  // unknown files that were not written for longer are left; 0: none
  std::function<Status(Input*)> describe;           // adds resource attributes
  int64_t rotate_wait_ns = 5'000'000'000;           // a file without a name is followed until it is quiet for this long
  int64_t settle_ns = 1'000'000'000;                // a compressed file is looked at when it did not change for so long
  size_t max_open_files = 1024;                     // closed when quiet and named; the rest wait for their turn
};

class TailSink {
 public:
  virtual ~TailSink() = default;
  // `file` was recognised as `match`; bytes come from match.frontier() on.
  virtual Status Begin(TailFile* file, const SourceMatch& match, std::unique_ptr<TailAttachment>* attachment) = 0;
  // Bytes [begin, end) with that many line ends are passed over: before the start, or NULs of a truncation.
  virtual Status Dropped(TailFile* file, TailAttachment* attachment, uint64_t begin, uint64_t end, uint64_t lines) = 0;
  virtual Status Bytes(TailFile* file, TailAttachment* attachment, std::string_view bytes) = 0;
  // No more will come. `damage`: why the rest could not be read.
  virtual Status End(TailFile* file, TailAttachment* attachment, const Status& damage) = 0;
};

class Tailer {
 public:
  // What is wrong with a single file; an ok status: not any more.
  using Report = std::function<void(const std::string& path, const Status& status)>;

  Tailer(const Env* env, TailOptions options, Report report);
  ~Tailer();

  // From now on files are recognised through `registry`. After Detach or at first.
  void Attach(SourceRegistry* registry);
  // Forgets what was recognised and read, not the files: after another Attach they go on at their frontiers.
  void Detach();
  // Other names to follow; Detach first. Files that are followed no more are ended when they have been read.
  void SetOptions(TailOptions options);

  // Looks for new, renamed and removed files. kLimit when there are too many.
  Status Scan();
  // Files whose content may have changed.
  void NoteChange(const std::string& path);
  void NoteAll();
  // Reads until `budget` bytes are handed over or nothing is ready. The number of bytes. An error is one of the sink.
  Result<uint64_t> ReadSome(uint64_t budget, TailSink* sink);
  bool idle() const { return ready_.empty(); }

  // Directories in which names matter, for a watcher.
  std::vector<std::string> Directories() const;

  struct Lag {
    std::string path, name;
    uint64_t offset = 0, size = 0;
    bool begun = false;
  };
  std::vector<Lag> Lags() const;
  size_t file_count() const { return files_.size(); }
  size_t open_files() const;

 private:
  using Key = std::pair<uint64_t, uint64_t>;  // device, inode
  struct Settled {
    uint64_t size = 0;
    int64_t modified_ns = 0;
  };

  static Key KeyOf(const FileInfo& info) { return {info.device, info.inode}; }
  void Queue(TailFile* file);
  void Follow(Input input, bool sibling);
  bool IsFollowed(const std::string& path) const;
  void FindSiblings(const std::vector<Input>& inputs, std::set<Key>* present);
  void TakeSibling(Input input, bool* after_known);
  void LoseNames(const std::set<Key>& present);
  bool IsPending(const std::string& id, uint64_t end) const;
  SourceProbe ProbeOf(TailFile* file, std::string* head, Compression compression);
  // True: the file has been begun. False: not now, or never; then it may be gone from files_.
  Result<bool> BeginFile(TailFile* file, TailSink* sink);
  Result<bool> Recognise(TailFile* file, TailSink* sink, Compression compression);
  Result<uint64_t> Turn(TailFile* file, TailSink* sink);
  Result<uint64_t> TurnPacked(TailFile* file, TailSink* sink);
  Result<uint64_t> PassOver(TailFile* file, TailSink* sink);
  Status EndFile(TailFile* file, TailSink* sink, const Status& damage, bool settled);
  Status Replace(TailFile* file, TailSink* sink);
  void Fail(TailFile* file, const Status& status);
  void Heal(TailFile* file);
  bool MakeRoom(const TailFile* wanted);
  void Remove(TailFile* file);
  int64_t Now() const { return env_->clock->SteadyNs(); }

  const Env* const env_;
  TailOptions options_;
  Report report_;
  SourceRegistry* registry_ = nullptr;
  std::map<Key, std::unique_ptr<TailFile>> files_;
  std::map<std::string, Key> by_path_;
  std::deque<Key> ready_;
  std::map<Key, Settled> settled_;  // read, or not ours, as they stood
  std::set<std::string> directories_;
  // Streams the store knows and the patterns name, by directory: all their files may have been rotated meanwhile.
  std::map<std::string, std::map<std::string, Input>> known_streams_;
  std::set<std::string> reported_;  // paths with a problem that Scan found
  bool first_scan_ = true;
};

}  // namespace whittle
