#include "pipeline/otlp_sink.h"

#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <utility>

#include "base/hash.h"
#include "pipeline/http_library.h"
#include "query/sampling_export.h"
#include "render/otlp.h"

namespace whittle {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr int64_t kFirstPauseNs = 1'000 * kMillisecondNs;
constexpr int64_t kLongestPauseNs = 30'000 * kMillisecondNs;
// A collector that asks for more than this is asked again all the same.
constexpr int64_t kLongestAskedPauseNs = 300'000 * kMillisecondNs;
constexpr int64_t kConnectNs = 3'000 * kMillisecondNs;
constexpr size_t kMaxAnswerBytes = size_t{64} << 10;

// RFC 1952. Empty when there is no memory.
std::string Gzip(std::string_view bytes) {
  constexpr int kGzipFormat = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib does not write to its input; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

// How many of the records an answer says were refused: an ExportLogsServiceResponse.
uint64_t RejectedOf(std::string_view answer, std::string* why) {
  simdjson::dom::parser parser;
  simdjson::dom::object partial;
  if (parser.parse(answer.data(), answer.size())["partialSuccess"].get(partial) != simdjson::SUCCESS) return 0;
  std::string_view text;
  if (partial["errorMessage"].get(text) == simdjson::SUCCESS) *why = text;
  uint64_t count = 0;
  if (partial["rejectedLogRecords"].get(count) == simdjson::SUCCESS) return count;
  if (partial["rejectedLogRecords"].get(text) != simdjson::SUCCESS) return 0;  // 64 bits are a string in JSON
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

struct Answer {
  int status = 0;  // 0: there was none
  int64_t pause_ns = 0;
  std::string body;
};

enum class Verdict { kTaken, kRefused, kLater };

Verdict Judge(int status) {
  if (status >= 200 && status < 300) return Verdict::kTaken;
  return status == 400 || status == 413 || status == 422 ? Verdict::kRefused : Verdict::kLater;
}

class Collector {
 public:
  explicit Collector(const OtlpSinkPlan& plan)
      : client_(plan.target.server, plan.cert_file, plan.key_file),
        path_(plan.target.path),
        headers_{{"Content-Type", "application/json"}, {"User-Agent", "whittle/" WHITTLE_VERSION}},
        gzip_(plan.gzip) {
    for (const auto& [name, value] : plan.headers) headers_.emplace(name, value);
    const auto set = [](int64_t ns, const auto& call) {
      call(static_cast<time_t>(ns / 1'000'000'000), static_cast<time_t>(ns % 1'000'000'000 / 1000));
    };
    set(std::min(plan.timeout_ns, kConnectNs), [&](time_t s, time_t us) { client_.set_connection_timeout(s, us); });
    set(plan.timeout_ns, [&](time_t s, time_t us) { client_.set_read_timeout(s, us); });
    set(plan.timeout_ns, [&](time_t s, time_t us) { client_.set_write_timeout(s, us); });
    client_.set_keep_alive(true);
    if (!plan.ca_file.empty()) client_.set_ca_cert_path(plan.ca_file.c_str());
  }

  Answer Post(const std::string& body) {
    httplib::Request request;
    request.method = "POST";
    request.path = path_;
    request.headers = headers_;
    request.body = gzip_ ? Gzip(body) : body;
    if (gzip_ && !request.body.empty()) {
      request.headers.emplace("Content-Encoding", "gzip");
    } else {
      request.body = body;
    }
    Answer answer;
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      answer.body.append(data, std::min(size, kMaxAnswerBytes - std::min(kMaxAnswerBytes, answer.body.size())));
      return true;
    };
    const httplib::Result result = client_.send(request);
    if (!result) return answer;
    answer.status = result->status;
    const auto pause = result->headers.find("Retry-After");
    if (pause == result->headers.end()) return answer;
    int64_t seconds = 0;  // a date is passed over
    std::from_chars(pause->second.data(), pause->second.data() + pause->second.size(), seconds);
    answer.pause_ns = std::clamp<int64_t>(seconds, 0, kLongestAskedPauseNs / 1'000'000'000) * 1'000'000'000;
    return answer;
  }

  void Interrupt() { client_.stop(); }

 private:
  httplib::Client client_;
  const std::string path_;
  httplib::Headers headers_;
  const bool gzip_;
};

class OtlpTransport : public EventTransport {
 public:
  OtlpTransport(const Env* env, std::unique_ptr<Collector> collector, SinkLog log)
      : env_(env), collector_(std::move(collector)), log_(std::move(log)) {}

  Result<bool> Send(RecordView* record) override {
    if (request_.events() >= kMaxOtlpEvents || request_.bytes() >= kMaxOtlpBytes) return false;
    Event event = record->ToEvent();
    AddSamplingFields(*record, SamplingExport::kOtel, &event);
    const RecordOrigin& origin = record->origin();
    request_.Add(event, ToHex(HashBytes128(origin.source->id + '/' + std::to_string(origin.offset))));
    return true;
  }

  size_t Wait(int timeout_ms) override {
    const int64_t now = env_->clock->SteadyNs();
    if (request_.empty() || now < next_ns_ || interrupted_) {
      const int64_t left = request_.empty() ? INT64_MAX : std::max<int64_t>(next_ns_ - now, kMillisecondNs);
      env_->clock->SleepNs(std::min(left, timeout_ms * kMillisecondNs));
    } else {
      Post();
    }
    return request_.events();
  }

  uint64_t delivered() const override { return delivered_; }
  uint64_t refused() const override { return refused_; }
  bool TakeFailure() override { return false; }  // nothing is given up
  void Interrupt() override {
    interrupted_ = true;
    collector_->Interrupt();
  }

 private:
  void Post() {
    const size_t count = std::min(request_.events(), most_);
    const Answer answer = collector_->Post(request_.Body(count, env_->clock->WallNs()));
    switch (Judge(answer.status)) {
      case Verdict::kTaken: {
        std::string why;
        const uint64_t rejected = std::min<uint64_t>(RejectedOf(answer.body, &why), count);
        why = Shown(why);
        if (rejected > 0) Refused(rejected, why);
        Done(count, count - rejected);
        most_ = kMaxOtlpEvents;
        return;
      }
      case Verdict::kRefused:
        if (count > 1) {
          most_ = count / 2;
        } else if (answer.status == 413 || TakesOthers()) {
          Refused(1, TextOf(answer));
          Done(1, 0);
        } else {
          Later(answer);
        }
        return;
      case Verdict::kLater:
        return Later(answer);
    }
  }

  // Whether it is the event, and not whoever answers there: a request without events is none to refuse.
  bool TakesOthers() { return Judge(collector_->Post(OtlpRequest({}).Body(0, 0)).status) == Verdict::kTaken; }

  void Done(size_t count, uint64_t delivered) {
    request_.RemoveFirst(count);
    delivered_ += delivered;
    pause_ns_ = 0;
    if (!std::exchange(told_, {}).empty()) log_("well again");
  }

  // What is counted is said by the sink; here only why, when it was not said yet.
  void Refused(uint64_t count, std::string why) {
    refused_ += count;
    if (why != std::exchange(why_refused_, why)) log_("refused: " + why);
  }

  void Later(const Answer& answer) {
    if (interrupted_) return;
    pause_ns_ = std::clamp(2 * pause_ns_, kFirstPauseNs, kLongestPauseNs);
    next_ns_ = env_->clock->SteadyNs() + std::max(pause_ns_, answer.pause_ns);
    const std::string what = TextOf(answer);
    if (what != std::exchange(told_, what)) log_(what + "; trying again");
  }

  static std::string TextOf(const Answer& answer) {
    if (answer.status == 0) return "nobody answers there";
    const std::string body = Shown(answer.body);
    return "the answer is HTTP status " + std::to_string(answer.status) + (body.empty() ? "" : ": " + body);
  }

  // The first line of what came from the other end, without what a terminal would obey.
  static std::string Shown(std::string_view text) {
    constexpr size_t kMaxShown = 200;
    std::string line(text.substr(0, std::min(text.find('\n'), kMaxShown)));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, ' ');
    return line;
  }

  const Env* const env_;
  const std::unique_ptr<Collector> collector_;
  const SinkLog log_;
  OtlpRequest request_{WHITTLE_VERSION};
  size_t most_ = kMaxOtlpEvents;  // events of the next request
  int64_t next_ns_ = 0;           // when it may be sent
  int64_t pause_ns_ = 0;          // the last one
  std::string told_;              // what is wrong; empty: nothing is
  std::string why_refused_;
  uint64_t delivered_ = 0;
  uint64_t refused_ = 0;
  std::atomic<bool> interrupted_{false};
};

}  // namespace

SinkPlan MakeSinkPlan(const Env* env, OtlpSinkPlan plan) {
  SinkPlan sink;
  sink.name = "sink/otlp/" + plan.target.server + plan.target.path;
  sink.label = plan.target.server + plan.target.path;
  sink.open = [env, plan = std::move(plan)](SinkLog log) -> Result<std::unique_ptr<EventTransport>> {
    WHITTLE_RETURN_IF_ERROR(LoadHttpLibrary());
    return std::unique_ptr<EventTransport>(
        std::make_unique<OtlpTransport>(env, std::make_unique<Collector>(plan), std::move(log)));
  };
  return sink;
}

}  // namespace whittle
