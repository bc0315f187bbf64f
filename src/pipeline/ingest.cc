#include "pipeline/ingest.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "pipeline/enricher.h"
#include "pipeline/run_sampling.h"
#include "pipeline/source_feed.h"
#include "source/decompressor.h"

namespace whittle {
namespace {

// How long to wait on a silent pipe before looking at the clock and the stop flag again.
constexpr int kPipeWaitMs = 200;

// Decompressed bytes [offset, offset + size) of a file, read from its start if need be.
Result<std::string> ReadContent(FileSystem* files, const std::string& path, uint64_t offset, size_t size) {
  WHITTLE_ASSIGN_OR_RETURN(const auto stream, OpenDecompressed(files, path));
  if (offset > 0) {
    if (!stream->Skip(offset).ok()) return std::string();  // shorter than that
  }
  std::string content(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const Result<size_t> read = stream->Read(content.data() + filled, size - filled);
    if (!read.ok() || *read == 0) break;
    filled += *read;
  }
  content.resize(filled);
  return content;
}

class Run {
 public:
  // `pipes`: something is read that is not a file. Whoever writes it must not wait for a segment to be closed, so one
  // thread is there for that even where there is one job.
  Run(const Env* env, bool pipes, const IngestOptions& options, const IngestHooks& hooks)
      : env_(env),
        options_(options),
        hooks_(hooks),
        pool_(static_cast<size_t>(std::max(pipes ? 1 : 0, options.jobs - 1)),
              options.jobs > 1 ? WorkerPool::Waiting::kWorks : WorkerPool::Waiting::kIdle),
        parse_(&pool_, &options.parsing),
        sampling_(options.sampling) {}

  Result<IngestReport> Execute(const OpenStore& open_store, const std::vector<Input>& inputs) {
    WHITTLE_RETURN_IF_ERROR(Open(open_store, inputs));
    const bool store_was_empty = catalog_->manifest().segments.empty();
    report_.inputs = progress_.inputs_total = inputs.size();
    sampling_.set_share(options_.sampling_share);
    for (const Input& input : inputs) progress_.stored_total += input.kind == InputKind::kFile ? input.info.size : 0;
    for (const Input& input : inputs) {
      if (Stopped()) break;
      WHITTLE_RETURN_IF_ERROR(ReadInput(input));
      DropAhead();
      ++progress_.inputs_done;
      if (options_.fail_fast && !report_.failures.empty()) break;
    }
    DropAhead();
    WHITTLE_RETURN_IF_ERROR(AssembleAll());
    WHITTLE_RETURN_IF_ERROR(committer_->StartClose());
    parse_.Forget();
    WHITTLE_RETURN_IF_ERROR(committer_->Flush());
    const CommitTotals totals = committer_->totals();
    Tally gone = totals.ledger.sampled_out;
    gone += totals.ledger.dropped_by_rule;
    report_.lines = totals.rows + gone.lines;
    report_.records = totals.records + gone.records;
    report_.text_bytes = totals.text_bytes + gone.bytes;
    report_.segments = totals.segments;
    report_.ledger = totals.ledger;
    report_.guessed_times = totals.guessed_times;
    report_.raw_lane_rows = totals.raw_lane_rows;
    report_.refused_ids = totals.refused_ids;
    report_.parser = parse_.stats();
    if (store_was_empty) report_.templates = committer_->Templates();
    report_.stopped = Stopped();
    return report_;
  }

 private:
  struct Source {
    std::shared_ptr<SourceContext> context;
    std::unique_ptr<RecordTimes> times;
    std::unique_ptr<Enricher> enricher;
    std::unique_ptr<Sampler> sampler;
  };

  struct Reading {
    std::unique_ptr<SourceFeed> feed;
    std::vector<LineBatch> batches;  // read, and not given to the parsers yet
    bool more = true;
  };

  // A file that is read before the store could be asked what it has of it.
  struct Ahead {
    FileInfo file;
    Reading reading;
  };

  // A store takes a while to open, most of it to wait for the disk. One that is new has nothing of the first file, so
  // that is read and parsed meanwhile.
  Status Open(const OpenStore& open_store, const std::vector<Input>& inputs) {
    if (options_.store_is_new && !inputs.empty()) {
      std::optional<Result<Catalog*>> opened;
      std::thread opener([&] { opened = open_store(); });
      std::this_thread::yield();  // where both have one processor, it goes ahead as far as the disk
      ReadAhead(inputs.front());
      opener.join();
      WHITTLE_ASSIGN_OR_RETURN(catalog_, std::move(*opened));
    } else {
      WHITTLE_ASSIGN_OR_RETURN(catalog_, open_store());
    }
    if (!catalog_->manifest().sources.empty()) DropAhead();  // somebody else made the store meanwhile
    committer_.emplace(env_, catalog_, &pool_, WithSampling(options_.committer));
    return Status::Ok();
  }

  // What is wrong with the file is said when it is its turn.
  void ReadAhead(const Input& input) {
    if (input.kind != InputKind::kFile || hooks_.tee) return;
    const auto file = env_->files->Stat(input.path);
    auto stream = OpenDecompressed(env_->files, input.path);
    if (!file.ok() || !stream.ok()) return;
    auto reading = OpenFeed(input, std::move(*stream), 0, 1);
    if (!reading.ok()) return;
    while (reading->more && parse_.has_room()) {
      reading->more = reading->feed->Pump(&reading->batches);
      auto batch = reading->batches.begin();
      for (; batch != reading->batches.end() && parse_.has_room(); ++batch) Parse(std::move(*batch));
      reading->batches.erase(reading->batches.begin(), batch);
    }
    ahead_ = Ahead{*file, std::move(*reading)};
  }

  // Whether the file is what was read ahead, and not another that took its name, or was written over it, meanwhile.
  bool IsAhead(const Input& input) const {
    if (!ahead_) return false;
    const auto now = env_->files->Stat(input.path);
    const FileInfo& then = ahead_->file;
    return now.ok() && now->device == then.device && now->inode == then.inode &&
           (now->size > then.size || (now->size == then.size && now->modified_ns == then.modified_ns));
  }

  // Before anything else is parsed.
  void DropAhead() {
    if (!ahead_) return;
    ahead_.reset();
    while (parse_.Take()) {
    }
  }

  bool Stopped() const { return hooks_.stop != nullptr && hooks_.stop->load(); }

  void Fail(const Input& input, const Status& status) { report_.failures.push_back({input.path, status}); }

  // Errors of the input are noted in the report; an error returned is one of the store.
  Status ReadInput(const Input& input) {
    if (input.kind != InputKind::kFile) return ReadStream(input);
    const SourceFile file{input.info.device, input.info.inode, input.info.size, input.info.modified_ns};
    if (const auto known = catalog_->sources()->FindUnchanged(file)) {
      if (known->identity.failure.empty()) {
        ++report_.unchanged;
        progress_.stored_bytes += file.size;
        return Status::Ok();
      }
      if (!options_.retry_failed) {
        Fail(input,
             Status(StatusCode::kData, known->identity.failure + " (failed before; --retry-failed reads it again)"));
        return Status::Ok();
      }
    }
    return ReadFile(input, file);
  }

  Status ReadFile(const Input& input, const SourceFile& file) {
    Result<SourceMatch> match = LookUp(input, file);
    if (match.ok() && match->verdict == SourceVerdict::kWait) {
      // A copy of something that is still being read: once that is committed it can be compared.
      WHITTLE_RETURN_IF_ERROR(AssembleAll());
      WHITTLE_RETURN_IF_ERROR(committer_->Flush());
      match = LookUp(input, file);
    }
    if (!match.ok()) {
      Fail(input, match.status());
      return Status::Ok();
    }
    if (match->verdict == SourceVerdict::kUnchanged) {
      ++report_.unchanged;
      progress_.stored_bytes += file.size;
      return catalog_->Update({match->identity}, {}, std::nullopt);
    }
    const uint64_t frontier = match->frontier();
    if (frontier > 0) ++report_.continued;
    if (IsAhead(input)) {
      Reading reading = std::move(ahead_->reading);
      ahead_.reset();
      return ReadSource(input, std::move(*match), std::move(reading));
    }
    DropAhead();
    auto stream = OpenDecompressed(env_->files, input.path);
    Status opened = stream.status();
    if (opened.ok() && frontier > 0) opened = (*stream)->Skip(frontier);
    if (!opened.ok()) {
      Fail(input, opened);
      catalog_->sources()->Release(match->identity.id);
      return Status::Ok();
    }
    auto reading = OpenFeed(input, std::move(*stream), frontier, match->lines.CoveredPrefix() + 1);
    WHITTLE_RETURN_IF_ERROR(reading.status());
    return ReadSource(input, std::move(*match), std::move(*reading));
  }

  Result<SourceMatch> LookUp(const Input& input, const SourceFile& file) {
    WHITTLE_ASSIGN_OR_RETURN(const std::string head, ReadHead(input.path));
    SourceProbe probe;
    probe.path = input.path;
    probe.file = file;
    probe.head = head;
    WHITTLE_ASSIGN_OR_RETURN(const auto stream, OpenDecompressed(env_->files, input.path));
    WHITTLE_ASSIGN_OR_RETURN(const Compression compression, stream->compression());
    if (compression == Compression::kNone) probe.content_size = file.size;
    probe.read = [&](uint64_t offset, size_t size) { return ReadContent(env_->files, input.path, offset, size); };
    return catalog_->sources()->Lookup(probe);
  }

  Result<std::string> ReadHead(const std::string& path) { return ReadContent(env_->files, path, 0, kFingerprintBytes); }

  Status ReadStream(const Input& input) {
    std::unique_ptr<ByteStream> stored;
    if (input.kind == InputKind::kStdin) {
      stored = hooks_.open_stdin();
    } else {
      auto pipe = env_->files->OpenSequential(input.path);
      if (!pipe.ok()) {
        Fail(input, pipe.status());
        return Status::Ok();
      }
      stored = NewPipeStream(std::move(*pipe));
    }
    const std::string name = input.kind == InputKind::kStdin ? options_.source_name : input.path;
    WHITTLE_ASSIGN_OR_RETURN(SourceMatch match, catalog_->sources()->NewStream("", name));
    DecompressOptions decompress;
    decompress.name = input.kind == InputKind::kStdin ? "standard input" : input.path;
    auto stream = std::make_unique<Decompressor>(std::move(stored), decompress);
    WHITTLE_ASSIGN_OR_RETURN(Reading reading, OpenFeed(input, std::move(stream), 0, 1));
    return ReadSource(input, std::move(match), std::move(reading));
  }

  std::string NameOf(const Input& input) const {
    if (input.kind != InputKind::kStdin) return input.name;
    return options_.source_name.empty() ? "stdin" : options_.source_name;
  }

  // Batches of the feed belong to the source that is made next.
  Result<Reading> OpenFeed(const Input& input, std::unique_ptr<ByteStream> stream, uint64_t offset, uint64_t line) {
    FramingOptions framing = options_.settings_of(input).framing;
    framing.source = static_cast<uint32_t>(sources_.size());
    framing.first_offset = offset;
    framing.first_line = line;
    Reading reading;
    WHITTLE_ASSIGN_OR_RETURN(reading.feed, SourceFeed::Open(std::move(stream), framing, hooks_.tee));
    return reading;
  }

  Status ReadSource(const Input& input, SourceMatch match, Reading reading) {
    const bool continues = match.frontier() > 0;
    SourceFeed* const feed = reading.feed.get();
    Source source;
    source.context = std::make_shared<SourceContext>();
    source.context->identity = std::move(match.identity);
    source.context->identity.failure.clear();
    source.context->segment_source = {source.context->identity.id, NameOf(input), input.resource};
    WHITTLE_ASSIGN_OR_RETURN(source.times, RecordTimes::Create(options_.settings_of(input).time, input));
    source.times->Restore(match.times);
    source.enricher = std::make_unique<Enricher>(&options_.parsing, source.context->segment_source);
    WHITTLE_ASSIGN_OR_RETURN(source.sampler, sampling_.NewSampler(catalog_, source.context->segment_source, continues));
    const auto context = source.context;
    sources_.push_back(std::move(source));

    const uint64_t progress_before = progress_.stored_bytes;
    WHITTLE_RETURN_IF_ERROR(Pump(input, &reading, progress_before));
    WHITTLE_RETURN_IF_ERROR(AssembleAll());
    // A file that was not read to its end is read again from where its last segment ends, so nothing is decided early.
    if (!Stopped() || input.kind != InputKind::kFile) WHITTLE_RETURN_IF_ERROR(AddHeld(&sources_.back()));
    if (input.kind == InputKind::kFile) progress_.stored_bytes = progress_before + input.info.size;
    if (!feed->damage().ok()) {
      context->identity.failure = feed->damage().message();
      Fail(input, feed->damage());
    }
    context->tail = std::string();
    sources_.back().times.reset();
    sources_.back().enricher.reset();
    sampling_.Finish(context->identity.id);
    sources_.back().sampler.reset();
    if (Stopped()) return Status::Ok();
    context->finished = true;
    if (feed->bytes_read() > 0) return Status::Ok();
    // Nothing new was in it, so no segment will carry the news.
    context->identity.finished = true;
    catalog_->sources()->Release(context->identity.id);
    return catalog_->Update({context->identity}, {}, std::nullopt);
  }

  Status Pump(const Input& input, Reading* reading, uint64_t progress_before) {
    SourceFeed* const feed = reading->feed.get();
    std::vector<LineBatch>& batches = reading->batches;
    bool& more = reading->more;
    WHITTLE_RETURN_IF_ERROR(Submit(&batches));
    while (more) {
      const bool readable = feed->WaitReadable(kPipeWaitMs);
      if (readable && !Stopped()) {
        more = feed->Pump(&batches);
      } else {
        feed->Drain(&batches);
        more = !Stopped();
      }
      WHITTLE_RETURN_IF_ERROR(Submit(&batches));
      if (!readable || Stopped()) {
        WHITTLE_RETURN_IF_ERROR(AssembleAll());
      }
      if (!readable && options_.sampling != nullptr &&
          env_->clock->SteadyNs() - held_since_ns_ > options_.sampling->hold_ns) {
        WHITTLE_RETURN_IF_ERROR(AddHeld(&sources_.back()));
      }
      if (input.kind != InputKind::kFile && committer_->pending_bytes() > 0 &&
          env_->clock->SteadyNs() - committer_->pending_since_ns() > options_.close_after_ns) {
        feed->Drain(&batches);
        WHITTLE_RETURN_IF_ERROR(Submit(&batches));
        WHITTLE_RETURN_IF_ERROR(AssembleAll());
        WHITTLE_RETURN_IF_ERROR(committer_->StartClose());
      }
      progress_.text_bytes = text_bytes_before_ + feed->bytes_read();
      progress_.stored_bytes = progress_before + feed->progress().stored_bytes;
      if (hooks_.progress) hooks_.progress(progress_);
    }
    text_bytes_before_ += feed->bytes_read();
    return Status::Ok();
  }

  void Parse(LineBatch batch) {
    batch.sequence = next_sequence_++;
    parse_.Submit(std::move(batch));
  }

  Status Submit(std::vector<LineBatch>* batches) {
    for (LineBatch& batch : *batches) {
      while (!parse_.has_room()) WHITTLE_RETURN_IF_ERROR(Assemble(*parse_.Take()));
      Parse(std::move(batch));
    }
    batches->clear();
    while (auto events = parse_.TryTake()) WHITTLE_RETURN_IF_ERROR(Assemble(std::move(*events)));
    return Status::Ok();
  }

  Status AssembleAll() {
    while (auto events = parse_.Take()) WHITTLE_RETURN_IF_ERROR(Assemble(std::move(*events)));
    return Status::Ok();
  }

  Status Assemble(EventBatch batch) {
    if (batch.rows.empty()) return Status::Ok();
    // A segment never begins in the middle of a record, nor does a source's first line.
    Source& source = sources_[batch.source];
    const bool begins = committer_->pending_bytes() == 0;
    if ((begins && source.sampler == nullptr) || batch.first_offset == 0) {
      batch.rows.front().flags |= Row::kRecordStart;
    }
    source.enricher->Enrich(&batch);
    report_.rates += source.enricher->TakeRateCounts();
    std::vector<RecordTime> times;
    times.reserve(batch.rows.size());
    for (const Row& row : batch.rows) {
      if ((row.flags & Row::kRecordStart) != 0) times.push_back(source.times->Resolve(row));
    }
    batch.times_after = source.times->state();
    if (source.sampler == nullptr) return committer_->Add(std::move(batch), std::move(times), source.context, {});
    source.sampler->Hold(std::move(batch), std::move(times));
    held_since_ns_ = env_->clock->SteadyNs();
    return AddSampled(&source);
  }

  Status AddSampled(Source* source) {
    EventBatch batch;
    std::vector<RecordTime> times;
    while (source->sampler->Take(&batch, &times)) {
      const LeftOut left_out =
          source->sampler->Sample(committer_->pending_bytes() == 0, &batch, &times, sampling_.ledger());
      sampling_.Note(source->context->identity.id, source->sampler.get());
      WHITTLE_RETURN_IF_ERROR(committer_->Add(std::move(batch), std::move(times), source->context, left_out));
    }
    return Status::Ok();
  }

  // What waits for more of its traces waits no longer.
  Status AddHeld(Source* source) {
    if (source->sampler == nullptr || !source->sampler->holds()) return Status::Ok();
    source->sampler->Release();
    return AddSampled(source);
  }

  CommitterOptions WithSampling(CommitterOptions options) {
    if (sampling_.active()) options.extras = [this](const auto& source_ids) { return sampling_.Close(source_ids); };
    return options;
  }

  const Env* env_;
  const IngestOptions& options_;
  const IngestHooks& hooks_;
  WorkerPool pool_;
  Catalog* catalog_ = nullptr;  // once it is open
  ParseStage parse_;
  RunSampling sampling_;
  std::optional<SegmentCommitter> committer_;  // once the catalog is open
  std::optional<Ahead> ahead_;
  std::vector<Source> sources_;
  uint64_t next_sequence_ = 0;
  int64_t held_since_ns_ = 0;  // when the newest record came that may wait for its trace
  uint64_t text_bytes_before_ = 0;
  IngestProgress progress_;
  IngestReport report_;
};

}  // namespace

Result<IngestReport> RunIngest(const Env* env, const OpenStore& open_store, const std::vector<Input>& inputs,
                               const IngestOptions& options, const IngestHooks& hooks) {
  const bool pipes =
      std::any_of(inputs.begin(), inputs.end(), [](const Input& input) { return input.kind != InputKind::kFile; });
  return Run(env, pipes, options, hooks).Execute(open_store, inputs);
}

}  // namespace whittle
