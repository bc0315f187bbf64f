// TailInput: turns the bytes of followed files into batches of lines and hands them to the pipeline. Keeps the last
// record of each file, and a last line that has not ended, back until the next record begins, the file was quiet for
// `idle_ns`, or it ends: so what is written in pieces is stored as one.
//
// One thread. The Tailer that calls it owns its attachments; both must go before the pipeline does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parse/framing.h"
#include "pipeline/ingest.h"
#include "pipeline/live_pipeline.h"
#include "source/tailer.h"

namespace whittle {

struct TailInputOptions {
  std::function<SourceSettings(const Input&)> settings_of;
  std::function<int64_t(const Input&)> idle_ns_of;  // a record, or a line, is complete after this much quiet
  size_t max_held_bytes = size_t{64} << 20;         // of all files; beyond it everything is taken as complete
};

class TailInput : public TailSink {
 public:
  TailInput(const Env* env, LivePipeline* pipeline, TailInputOptions options);
  ~TailInput() override;

  Status Begin(TailFile* file, const SourceMatch& match, std::unique_ptr<TailAttachment>* attachment) override;
  Status Dropped(TailFile* file, TailAttachment* attachment, uint64_t begin, uint64_t end, uint64_t lines) override;
  Status Bytes(TailFile* file, TailAttachment* attachment, std::string_view bytes) override;
  Status End(TailFile* file, TailAttachment* attachment, const Status& damage) override;

  // Hands over what is complete by now. After every round of reading.
  Status Settle();
  // For a shutdown: everything read by now has been handed over. Until then reading has to go on, because it is what
  // comes next, or that nothing comes, that shows a record to be complete.
  void SetGoals();
  bool GoalsReached() const;

  // Sources that were begun since the last call. Once the catalog knows them they are recognised whatever happens to
  // their names before anything of them is committed.
  std::vector<SourceIdentity> TakeBegun() { return std::exchange(begun_, {}); }

  uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Stream;
  static Stream* Of(TailAttachment* attachment);
  Status OpenFramer(Stream* stream, uint64_t offset);

  const Env* const env_;
  LivePipeline* const pipeline_;
  const TailInputOptions options_;
  std::set<Stream*> held_;  // streams with bytes in their framer
  std::vector<SourceIdentity> begun_;
  uint64_t bytes_read_ = 0;
};

}  // namespace whittle
