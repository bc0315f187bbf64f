// Framing: bytes of one source in, lines and record starts out. Fed with chunks of any size, it yields the same batches
// for the same bytes however they were chunked. Knows nothing about what lines mean beyond RecordRules.
// One Framer per source, not thread-safe. A batch owns its text and outlives the Framer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "event/batch.h"

namespace whittle {

// A batch is closed at the first record that starts after this many bytes: large enough to amortise a hand-over between
// threads, small enough to stay in the second-level cache.
inline constexpr size_t kBatchBytes = 1 << 20;
// A longer line is cut into pieces of this size, lines without terminator; it bounds memory on input without newlines.
inline constexpr size_t kMaxLineBytes = 16 << 20;
// A longer record ends and the next line starts a new one. Deep Java traces have a few thousand lines.
inline constexpr size_t kMaxRecordLines = 20'000;
inline constexpr size_t kMaxRecordBytes = 16 << 20;

struct FramingOptions {
  enum class Multiline { kAuto, kNone, kStartPattern };
  Multiline multiline = Multiline::kAuto;
  std::string
      start_pattern;    // kStartPattern: a line that matches (RE2, bytes, anywhere in its first 4 KiB) starts a record
  uint32_t source = 0;  // copied into the batches
  uint64_t first_offset = 0;  // where the first byte fed stands in the source
  uint64_t first_line = 1;
  size_t batch_bytes = kBatchBytes;
  size_t max_line_bytes = kMaxLineBytes;
  size_t max_record_lines = kMaxRecordLines;
  size_t max_record_bytes = kMaxRecordBytes;
};

class Framer {
 public:
  // Fails when start_pattern is not a valid expression.
  static Result<std::unique_ptr<Framer>> Create(const FramingOptions& options);
  virtual ~Framer() = default;
  Framer(const Framer&) = delete;
  Framer& operator=(const Framer&) = delete;

  // Appends finished batches to `out`. LineBatch::sequence is left 0: the order between sources is the caller's.
  virtual void Feed(std::string_view bytes, std::vector<LineBatch>* out) = 0;
  // Yields every complete line now, without waiting for a full batch or for the record to end (a quiet pipe). Lines
  // that come later may still continue the record: then the next batch begins with record_start false.
  virtual void Drain(std::vector<LineBatch>* out) = 0;
  // Like Drain, but keeps the last record back, because lines that come later may continue it.
  virtual void DrainRecords(std::vector<LineBatch>* out) = 0;
  // Like Drain, and yields what there is of a line that has not ended (a quiet writer). What comes of it later is a
  // line of the same record.
  virtual void DrainPartial(std::vector<LineBatch>* out) = 0;
  // End of the source: yields all that is left, a last line without terminator included.
  virtual void Flush(std::vector<LineBatch>* out) = 0;

  // Offset of the first byte not yet yielded.
  virtual uint64_t next_offset() const = 0;
  virtual uint64_t next_line() const = 0;
  // Fed and not yet yielded.
  virtual size_t pending_bytes() const = 0;

 protected:
  Framer() = default;
};

}  // namespace whittle
