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
// What goes wrong for so long is given up: the sink begins the segment anew, and does not hold it meanwhile.
constexpr int64_t kGiveUpNs = 60'000 * kMillisecondNs;
// Events that may be left out one after another; more of them, and it is the collector.
constexpr int kMostRefusedInARow = 10;
// No collector refuses smaller requests for their size.
constexpr size_t kLargeRequestBytes = size_t{64} << 10;

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

struct Answer {
  int status = 0;  // 0: there was none
  int64_t pause_ns = 0;
  std::string body;
  const char* trouble = "";  // why there was none
};

enum class Verdict { kTaken, kRefused, kLater };

// Of an answer that says that a request was taken: an ExportLogsServiceResponse, or nothing.
struct Taken {
  bool is_otlp = false;
  uint64_t rejected = 0;
  std::string why;
};
Taken ReadTaken(std::string_view answer) {
  Taken taken;
  simdjson::dom::parser parser;
  simdjson::dom::object response, partial;
  const bool is_object = parser.parse(answer.data(), answer.size()).get(response) == simdjson::SUCCESS;
  taken.is_otlp = is_object || answer.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!is_object || response["partialSuccess"].get(partial) != simdjson::SUCCESS) return taken;
  std::string_view text;
  if (partial["errorMessage"].get(text) == simdjson::SUCCESS) taken.why = text;
  if (partial["rejectedLogRecords"].get(taken.rejected) == simdjson::SUCCESS) return taken;
  if (partial["rejectedLogRecords"].get(text) == simdjson::SUCCESS) {  // 64 bits are a string in JSON
    std::from_chars(text.data(), text.data() + text.size(), taken.rejected);
  }
  return taken;
}

Verdict Judge(int status) {
  if (status >= 200 && status < 300) return Verdict::kTaken;
  return status == 400 || status == 413 || status == 422 ? Verdict::kRefused : Verdict::kLater;
}

const char* TextOf(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::ConnectionTimeout:
      return "nobody answers there";
    case httplib::Error::SSLConnection:
      return "no TLS connection comes about";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates cannot be used";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not trusted";
    default:
      return "no whole answer comes";
  }
}

class Collector {
 public:
  Collector(const Env* env, const OtlpSinkPlan& plan)
      : env_(env),
        timeout_ns_(plan.timeout_ns),
        client_(plan.target.server, plan.cert_file, plan.key_file),
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
    client_.set_tcp_nodelay(true);  // head and body are written apart
    if (!plan.ca_file.empty()) client_.set_ca_cert_path(plan.ca_file.c_str());
  }

  Answer Post(const std::string& body) {
    httplib::Request request;
    request.method = "POST";
    request.path = path_;
    request.headers = headers_;
    if (gzip_) request.body = Gzip(body);
    if (request.body.empty()) {
      request.body = body;
    } else {
      request.headers.emplace("Content-Encoding", "gzip");
    }
    Answer answer;
    const int64_t until = env_->clock->SteadyNs() + timeout_ns_;
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      answer.body.append(data, std::min(size, kMaxAnswerBytes - answer.body.size()));
      return env_->clock->SteadyNs() < until;
    };
    const httplib::Result result = client_.send(request);
    if (!result) {
      answer.trouble = TextOf(result.error());
      return answer;
    }
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
  const Env* const env_;
  const int64_t timeout_ns_;
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
  bool TakeFailure() override { return std::exchange(failed_, false); }
  void Interrupt() override {
    interrupted_ = true;
    collector_->Interrupt();
  }

 private:
  void Post() {
    const size_t count = std::min(request_.events(), most_);
    const std::string body = request_.Body(count, env_->clock->WallNs());
    const Answer answer = collector_->Post(body);
    switch (Judge(answer.status)) {
      case Verdict::kTaken: {
        const Taken taken = ReadTaken(answer.body);
        if (!taken.is_otlp) return Later(answer);
        const uint64_t rejected = std::min<uint64_t>(taken.rejected, count);
        if (rejected > 0) Refused(rejected, Shown(taken.why));
        request_.RemoveFirst(count);
        delivered_ += count - rejected;
        may_refuse_ = kMostRefusedInARow;
        most_ = kMaxOtlpEvents;
        return Well();
      }
      case Verdict::kRefused:
        if (count > 1) {
          most_ = count / 2;
        } else if (may_refuse_ > 0 || (answer.status == 413 && body.size() >= kLargeRequestBytes)) {
          may_refuse_ -= may_refuse_ > 0 ? 1 : 0;
          Refused(1, TextOf(answer));
          request_.RemoveFirst(1);
          Well();
        } else if (++passed_over_ < request_.events()) {
          request_.MoveFirstToEnd();  // perhaps it takes another
        } else {
          Later(answer);
        }
        return;
      case Verdict::kLater:
        return Later(answer);
    }
  }

  void Well() {
    pause_ns_ = trouble_since_ns_ = 0;
    passed_over_ = 0;
    if (!std::exchange(told_, {}).empty()) log_("well again");
  }

  // What is counted is said by the sink; here only why, when it was not said yet.
  void Refused(uint64_t count, std::string why) {
    refused_ += count;
    if (why != std::exchange(why_refused_, why)) log_("refused: " + why);
  }

  void Later(const Answer& answer) {
    if (interrupted_) return;
    passed_over_ = 0;
    const int64_t now = env_->clock->SteadyNs();
    if (trouble_since_ns_ == 0) trouble_since_ns_ = now;
    pause_ns_ = std::clamp(2 * pause_ns_, kFirstPauseNs, kLongestPauseNs);
    next_ns_ = now + std::max(WithJitter(pause_ns_), answer.pause_ns);
    const std::string what = TextOf(answer);
    if (what != std::exchange(told_, what)) log_(what + "; trying again");
    if (now - trouble_since_ns_ < kGiveUpNs) return;
    trouble_since_ns_ = 0;
    request_.RemoveFirst(request_.events());
    failed_ = true;
  }

  // Three to five quarters, so that many senders do not come back together.
  int64_t WithJitter(int64_t ns) const {
    const auto random = env_->entropy->Bytes(1);
    const int64_t part = random.ok() && !random->empty() ? static_cast<unsigned char>(random->front()) : 128;
    return ns / 4 * 3 + ns / 2 * part / 256;
  }

  static std::string TextOf(const Answer& answer) {
    if (answer.status == 0) return answer.trouble;
    if (Judge(answer.status) == Verdict::kTaken) return "what answers there does not speak OTLP";
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
  int64_t trouble_since_ns_ = 0;  // 0: nothing is wrong
  int may_refuse_ = 0;            // events that may be left out before one is taken
  size_t passed_over_ = 0;        // refused, while it is not known whether it is them
  bool failed_ = false;
  std::string told_;  // what is wrong; empty: nothing is
  std::string why_refused_;
  uint64_t delivered_ = 0;
  uint64_t refused_ = 0;
  std::atomic<bool> interrupted_{false};
};

}  // namespace

SinkPlan MakeSinkPlan(const Env* env, OtlpSinkPlan plan) {
  SinkPlan sink;
  // A path may have a secret in it.
  const std::string path = plan.target.path == kOtlpLogsPath ? "" : "/" + ToHex(Hash64(plan.target.path)).substr(0, 8);
  sink.label = plan.target.server + path;
  sink.name = "sink/otlp/" + sink.label;
  sink.open = [env, plan = std::move(plan)](SinkLog log) -> Result<std::unique_ptr<EventTransport>> {
    WHITTLE_RETURN_IF_ERROR(LoadHttpLibrary());
    return std::unique_ptr<EventTransport>(
        std::make_unique<OtlpTransport>(env, std::make_unique<Collector>(env, plan), std::move(log)));
  };
  return sink;
}

}  // namespace whittle
