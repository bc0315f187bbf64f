// TailFile: one generation of one followed file, from its first byte until it is truncated, replaced, or rotated away
// and quiet: what one source is. It reads what was appended, and knows when the bytes it stands behind are no longer
// the ones it read (copytruncate). Owned by the Tailer; one thread.
//
// Every read takes the last 4 KiB read before along and compares them, in one system call with the new bytes, so a file
// that was truncated and has grown past the old size is noticed unless those 4 KiB are equal by chance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <whittle/status.h>

#include "catalog/source_registry.h"
#include "env/file_system.h"
#include "source/decompressor.h"
#include "source/input_set.h"

namespace whittle {

// What the pipeline hangs on a file it is handed.
struct TailAttachment {
  virtual ~TailAttachment() = default;
};

enum class TailRead : uint8_t {
  kBytes,     // `bytes` was filled
  kCaughtUp,  // nothing new
  kReplaced,  // what was read is not there any more: truncated or rewritten
  kMoved,     // the name leads to another file now and this one was not open
};

class TailFile {
 public:
  TailFile(FileSystem* files, Input input);

  const Input& input() const { return input_; }
  bool Is(const FileInfo& info) const { return info.device == input_.info.device && info.inode == input_.info.inode; }

  bool is_packed() const { return packed_ != nullptr; }  // compressed: ReadAt gives the stored bytes
  bool is_open() const { return file_ != nullptr; }
  // kNotFound also when `path` leads to another file.
  Status Open();
  void Close() { file_.reset(); }
  Result<FileInfo> Info() const;

  // Bytes of the file as it is, by position. For recognising it.
  Result<std::string> ReadAt(uint64_t offset, size_t size) const;

  // The text of a compressed file, from its beginning, whatever its name leads to by now. Needs is_open().
  std::unique_ptr<Decompressor> Decompressed() const;

  // Goes on at `offset`, and remembers what stands before it. At 0 that is nothing: then what is read has to begin with
  // `head`, as the file did when it was recognised.
  Status Seek(uint64_t offset, std::string head = "");
  // False: `text`, read from the beginning, is not what Seek was told, as far as it goes.
  bool IsExpected(std::string_view text) const {
    return text.substr(0, head_.size()) == std::string_view(head_).substr(0, text.size());
  }
  // At most `capacity` bytes behind offset(), which moves.
  Result<TailRead> Read(size_t capacity, std::string* bytes);

  uint64_t offset() const { return offset_; }
  // Up to kFingerprintBytes before offset().
  const std::string& overlap() const { return overlap_; }
  uint64_t size() const { return size_; }  // when last looked at
  // Without an inode when the file holds something else by now.
  SourceFile AsSourceFile() const {
    if (replaced_) return {input_.info.device, 0, 0, verified_ns_};
    return {input_.info.device, input_.info.inode, size_, modified_ns_};
  }

 private:
  friend class Tailer;

  FileSystem* const files_;
  Input input_;
  std::shared_ptr<RandomAccessFile> file_;
  uint64_t offset_ = 0;
  std::string overlap_;
  std::string head_;  // that a file read from its beginning has to have
  uint64_t size_ = 0;
  int64_t modified_ns_ = 0;
  int64_t verified_ns_ = -1;  // modification time for which the bytes before offset_ were compared

  // For the Tailer.
  SourceMatch match_;
  std::unique_ptr<TailAttachment> attachment_;
  std::unique_ptr<Decompressor> packed_;  // a compressed file, read once
  bool begun_ = false;                    // recognised, and the sink knows of it
  bool named_ = true;                     // one of the followed names leads to it
  bool sibling_ = false;                  // only its rotation name says that it belongs to us
  bool ready_ = false;                    // stands in the queue
  bool begins_at_end_ = false;            // unless it is known: not what stood there when it was found
  bool after_truncation_ = false;         // this inode held something else before
  bool skip_to_end_ = false;              // passing over what stood there
  bool skip_nuls_ = false;                // passing over leading NULs
  int64_t changed_ns_ = 0;                // steady: when it last grew or lost its name
  int64_t retry_ns_ = 0;                  // steady: not before
  bool waiting_ = false;                  // for another file of the same source to be released
  int64_t waiting_ns_ = 0;                // steady: since when
  bool replaced_ = false;
  bool failing_ = false;  // a problem was reported
};

}  // namespace whittle
