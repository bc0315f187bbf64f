#include "pipeline/convert.h"

#include "pipeline/enricher.h"
#include "pipeline/line_parser.h"
#include "pipeline/live_templates.h"
#include "pipeline/source_feed.h"
#include "render/materialize.h"
#include "source/decompressor.h"

namespace whittle {
namespace {

constexpr int kPipeWaitMs = 200;

class Converter {
 public:
  Converter(const Env* env, const ConvertOptions& options, const ConvertHooks& hooks)
      : env_(env), options_(options), hooks_(hooks), parser_(&options.parsing) {}

  Status Convert(const Input& input) {
    const SourceSettings settings = options_.settings_of(input);
    std::unique_ptr<ByteStream> stream;
    if (input.kind == InputKind::kStdin) {
      DecompressOptions decompress;
      decompress.name = "standard input";
      stream = std::make_unique<Decompressor>(hooks_.open_stdin(), decompress);
    } else {
      WHITTLE_ASSIGN_OR_RETURN(stream, OpenDecompressed(env_->files, input.path));
    }
    WHITTLE_ASSIGN_OR_RETURN(const auto feed, SourceFeed::Open(std::move(stream), settings.framing, nullptr));
    WHITTLE_ASSIGN_OR_RETURN(times_, RecordTimes::Create(settings.time, input));
    resource_ = &input.resource;
    source_name_ = input.kind == InputKind::kStdin ? options_.source_name : input.name;
    enricher_ =
        std::make_unique<Enricher>(&options_.parsing, SegmentSource{std::string(), source_name_, input.resource});
    offset_ = 0;
    line_ = 1;
    std::vector<LineBatch> batches;
    for (bool more = true; more && !hooks_.stop();) {
      if (!feed->WaitReadable(0)) {
        // The pipe is silent: nobody shall wait for what is complete.
        feed->Drain(&batches);
        EmitAll(&batches);
        hooks_.flush();
        if (!feed->WaitReadable(kPipeWaitMs)) continue;
      }
      more = feed->Pump(&batches);
      EmitAll(&batches);
    }
    hooks_.flush();
    return feed->damage();
  }

  uint64_t events() const { return events_; }

 private:
  void EmitAll(std::vector<LineBatch>* batches) {
    for (LineBatch& lines : *batches) {
      lines.sequence = sequence_++;
      EventBatch events = parser_.Parse(lines);
      enricher_->Enrich(&events);
      Emit(events);
    }
    batches->clear();
  }

  void Emit(const EventBatch& batch) {
    templates_.Learn(batch.shapes);
    std::vector<std::string_view> slots;
    for (const Span& span : batch.slots) slots.push_back(batch.Text(span));
    for (size_t i = 0; i < batch.rows.size();) {
      const size_t head = i++;
      std::vector<ContinuationLine> more;
      uint64_t bytes = batch.rows[head].size + TerminatorSize(batch.rows[head].end);
      for (; i < batch.rows.size() && (batch.rows[i].flags & Row::kRecordStart) == 0; ++i) {
        more.push_back({batch.shapes[batch.rows[i].shape].get(), slots.data() + batch.rows[i].first_slot});
        bytes += batch.rows[i].size + TerminatorSize(batch.rows[i].end);
      }
      EmitRecord(batch.rows[head], batch.shapes[batch.rows[head].shape], slots.data() + batch.rows[head].first_slot,
                 more);
      offset_ += bytes;
      line_ += i - head;
    }
  }

  void EmitRecord(const Row& row, const std::shared_ptr<const Shape>& shape, const std::string_view* slots,
                  const std::vector<ContinuationLine>& more) {
    const RecordTime time = times_->Resolve(row);  // of every record: each is the next one's past
    if (options_.ignore != nullptr && options_.ignore->MayIgnore(*shape) && options_.ignore->Ignores(*shape, slots))
      return;
    RecordInfo info;
    if (time.time_ns != kNoTime) info.time_ns = time.time_ns;
    info.time_guessed = time.quality != 0;
    info.source_name = source_name_;
    info.source_offset = offset_;
    info.source_line = line_;
    info.resource = resource_;
    Event event;
    Materialize(*templates_.PlanOf(shape), slots, more, info, &event);
    hooks_.emit(event);
    ++events_;
  }

  const Env* env_;
  const ConvertOptions& options_;
  const ConvertHooks& hooks_;
  LineParser parser_;
  LiveTemplates templates_;
  std::unique_ptr<RecordTimes> times_;
  std::unique_ptr<Enricher> enricher_;
  const std::vector<Attribute>* resource_ = nullptr;
  std::string source_name_;
  uint64_t sequence_ = 0;
  uint64_t offset_ = 0;
  uint64_t line_ = 1;
  uint64_t events_ = 0;
};

}  // namespace

ConvertReport RunConvert(const Env* env, const std::vector<Input>& inputs, const ConvertOptions& options,
                         const ConvertHooks& hooks) {
  Converter converter(env, options, hooks);
  ConvertReport report;
  for (const Input& input : inputs) {
    if (hooks.stop()) break;
    if (const Status status = converter.Convert(input); !status.ok()) report.failures.emplace_back(input.path, status);
  }
  report.events = converter.events();
  return report;
}

}  // namespace whittle
