#include "pipeline/tail_input.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace whittle {

struct TailInput::Stream : TailAttachment {
  explicit Stream(TailInput* owner) : input(owner) {}
  ~Stream() override { input->held_.erase(this); }

  TailInput* const input;
  uint32_t source = 0;
  FramingOptions framing;
  std::unique_ptr<Framer> framer;  // made with the first bytes
  uint64_t next_line = 1;
  int64_t idle_ns = 0;
  int64_t grown_ns = 0;  // steady: when the last bytes came
  uint64_t goal = 0;     // offset to be handed over before a shutdown
};

TailInput::TailInput(const Env* env, LivePipeline* pipeline, TailInputOptions options)
    : env_(env), pipeline_(pipeline), options_(std::move(options)) {}

TailInput::~TailInput() = default;

TailInput::Stream* TailInput::Of(TailAttachment* attachment) { return static_cast<Stream*>(attachment); }

Status TailInput::Begin(TailFile* file, const SourceMatch& match, std::unique_ptr<TailAttachment>* attachment) {
  const Input& input = file->input();
  const SourceSettings settings = options_.settings_of(input);
  auto stream = std::make_unique<Stream>(this);
  WHITTLE_ASSIGN_OR_RETURN(auto times, RecordTimes::Create(settings.time, input));
  times->Restore(match.times);
  auto context = std::make_shared<SourceContext>();
  context->identity = match.identity;
  context->segment_source = {match.identity.id, input.name, input.resource};
  context->tail = file->overlap();
  WHITTLE_ASSIGN_OR_RETURN(stream->source,
                           pipeline_->AddSource(std::move(context), std::move(times), match.frontier() > 0));
  stream->framing = settings.framing;
  stream->framing.source = stream->source;
  stream->next_line = match.lines.CoveredPrefix() + 1;
  stream->idle_ns = options_.idle_ns_of(input);
  if (match.verdict == SourceVerdict::kNew) begun_.push_back(match.identity);
  *attachment = std::move(stream);
  return Status::Ok();
}

Status TailInput::OpenFramer(Stream* stream, uint64_t offset) {
  if (stream->framer != nullptr) return Status::Ok();
  stream->framing.first_offset = offset;
  stream->framing.first_line = stream->next_line;
  WHITTLE_ASSIGN_OR_RETURN(stream->framer, Framer::Create(stream->framing));
  return Status::Ok();
}

Status TailInput::Dropped(TailFile* file, TailAttachment* attachment, uint64_t begin, uint64_t end, uint64_t lines) {
  Stream* const stream = Of(attachment);
  const uint64_t first_line = stream->next_line - 1;
  stream->next_line += lines;
  pipeline_->context(stream->source)->tail = file->overlap();
  return pipeline_->Drop(stream->source, {begin, end}, {first_line, first_line + lines});
}

Status TailInput::Bytes(TailFile* file, TailAttachment* attachment, std::string_view bytes) {
  Stream* const stream = Of(attachment);
  WHITTLE_RETURN_IF_ERROR(OpenFramer(stream, file->offset() - bytes.size()));
  SourceIdentity& identity = pipeline_->context(stream->source)->identity;
  if (identity.head.size < kFingerprintBytes && file->is_open() && !file->is_packed()) {
    // It was shorter when it was recognised; the more is known the surer it is known again.
    auto head = file->ReadAt(0, std::min<uint64_t>(kFingerprintBytes, file->offset()));
    // Unless it was truncated and written anew just now.
    if (head.ok() && head->size() > identity.head.size &&
        FingerprintOf(std::string_view(*head).substr(0, identity.head.size), identity.head.end) == identity.head) {
      identity.head = FingerprintOf(*head, head->size());
    }
  }
  bytes_read_ += bytes.size();
  stream->grown_ns = env_->clock->SteadyNs();
  std::vector<LineBatch> batches;
  stream->framer->Feed(bytes, &batches);
  held_.insert(stream);
  return pipeline_->Submit(&batches);
}

Status TailInput::Settle() {
  const int64_t now = env_->clock->SteadyNs();
  size_t held_bytes = 0;
  for (const Stream* stream : held_) held_bytes += stream->framer->pending_bytes();
  const bool all = held_bytes > options_.max_held_bytes;
  std::vector<LineBatch> batches;
  for (auto it = held_.begin(); it != held_.end();) {
    Stream* const stream = *it;
    if (all || now - stream->grown_ns >= stream->idle_ns) {
      stream->framer->DrainPartial(&batches);
    } else {
      stream->framer->DrainRecords(&batches);
    }
    it = stream->framer->pending_bytes() == 0 ? held_.erase(it) : std::next(it);
    if (!batches.empty()) WHITTLE_RETURN_IF_ERROR(pipeline_->Submit(&batches));
  }
  return Status::Ok();
}

void TailInput::SetGoals() {
  for (Stream* stream : held_) stream->goal = stream->framer->next_offset() + stream->framer->pending_bytes();
}

bool TailInput::GoalsReached() const {
  return std::all_of(held_.begin(), held_.end(),
                     [](const Stream* stream) { return stream->framer->next_offset() >= stream->goal; });
}

Status TailInput::End(TailFile* file, TailAttachment* attachment, const Status& damage) {
  Stream* const stream = Of(attachment);
  held_.erase(stream);
  std::vector<LineBatch> batches;
  if (stream->framer != nullptr) stream->framer->Flush(&batches);
  WHITTLE_RETURN_IF_ERROR(pipeline_->Submit(&batches));
  SourceIdentity& identity = pipeline_->context(stream->source)->identity;
  identity.file = file->AsSourceFile();
  if (!damage.ok()) identity.failure = damage.message();
  return pipeline_->FinishSource(stream->source);
}

}  // namespace whittle
