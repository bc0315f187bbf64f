// Messages of a partition, cut into batches and segments in every way: each segment is committed and each message comes
// out of it as it was.
#include "pipeline/kafka_batcher.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "pipeline/live_pipeline.h"
#include "pipeline/shared_segments.h"
#include "pipeline/test_world.h"

namespace whittle {
namespace {

const std::string kPartitionId = std::string(32, 'a');
// Longer than the buffer in which rows are put together when a segment is proven.
constexpr size_t kLargeBytes = 70'000;

struct Sent {
  std::optional<std::string> value;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

// What comes before the next message.
enum class Cut : uint8_t { kNothing, kBatch, kSegment };

class KafkaSegmentsTest : public testing::Test {
 protected:
  KafkaSegmentsTest() {
    parsing_.analyzer = &world_.analyzer;
    auto opened = Catalog::Open(&world_.env, "/store");
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    if (opened.ok()) catalog_ = std::move(*opened);
  }

  // Stores the messages in a directory of their own, as a member of a group that shares its segments does.
  Status Store(const std::string& dir, const std::vector<Sent>& messages, const std::vector<Cut>& cuts) {
    WHITTLE_ASSIGN_OR_RETURN(const auto shared, SharedSegments::Open(&world_.env, dir, "member"));
    CommitterOptions committer;
    committer.publish = [&](SegmentCommit commit) { return shared->Publish(std::move(commit)); };
    LivePipeline pipeline(&world_.env, catalog_.get(), &pool_, &parsing_, committer, nullptr);
    auto context = std::make_shared<SourceContext>();
    context->identity.id = kPartitionId;
    context->identity.kind = SourceKind::kKafka;
    context->identity.names = {"t/0"};
    context->segment_source = {kPartitionId, "t/0", {}};
    context->kafka = KafkaRange{"c", "t", 0, 0, 0};
    Input input;
    input.kind = InputKind::kPipe;
    WHITTLE_ASSIGN_OR_RETURN(auto times, RecordTimes::Create(TimeOptions(), input));
    WHITTLE_ASSIGN_OR_RETURN(const uint32_t source, pipeline.AddSource(context, std::move(times), false));
    KafkaBatcher batcher(source, &parsing_);
    const auto submit = [&] {
      std::vector<LineBatch> batches;
      batches.push_back(batcher.Take());
      return pipeline.Submit(&batches);
    };
    const KafkaPartition name{"t", 0};
    for (size_t i = 0; i < messages.size(); ++i) {
      if (i > 0 && cuts[i - 1] != Cut::kNothing) WHITTLE_RETURN_IF_ERROR(submit());
      if (i > 0 && cuts[i - 1] == Cut::kSegment) WHITTLE_RETURN_IF_ERROR(pipeline.Flush());
      const auto offset = static_cast<int64_t>(i);
      std::vector<KafkaRecord::Header> headers;
      for (const auto& [header, value] : messages[i].headers) headers.push_back({header, value});
      batcher.Add({&name, offset, 1'700'000'000'000 + offset, messages[i].value, messages[i].key, &headers});
    }
    WHITTLE_RETURN_IF_ERROR(submit());
    return pipeline.Flush();
  }

  void ExpectEachMessage(const std::string& dir, const std::vector<Sent>& messages) {
    auto reader = StoreReader::Open(&world_.env, dir);
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    size_t next = 0;
    const Status visited = (*reader)->Visit(VisitOptions(), [&](RecordView* record) -> Result<bool> {
      std::string raw;
      record->AppendRaw(&raw);
      EXPECT_LT(next, messages.size());
      if (next >= messages.size()) return false;
      EXPECT_EQ(messages[next].value.value_or(""), raw) << "message " << next;
      const Event event = record->ToEvent();
      EXPECT_EQ(next, event.source_offset);
      ++next;
      return true;
    });
    ASSERT_TRUE(visited.ok()) << visited.message();
    EXPECT_EQ(messages.size(), next);
    EXPECT_EQ(std::vector<std::string>(), world_.Problems(dir));
  }

  void ExpectStored(const std::vector<Sent>& messages, const std::vector<Cut>& cuts) {
    const std::string dir = "/shared-" + std::to_string(next_dir_++);
    std::string how = "cuts: ";
    for (const Cut cut : cuts) how += cut == Cut::kNothing ? '.' : cut == Cut::kBatch ? 'b' : 's';
    SCOPED_TRACE(how);
    const Status stored = Store(dir, messages, cuts);
    ASSERT_TRUE(stored.ok()) << stored.message();
    ExpectEachMessage(dir, messages);
  }

  World world_;
  ParsingOptions parsing_;
  WorkerPool pool_{1};
  std::unique_ptr<Catalog> catalog_;
  int next_dir_ = 0;
};

TEST_F(KafkaSegmentsTest, EveryWayToCutValuesThatAreHardlyLines) {
  const std::vector<Sent> messages = {{"a line", "k0", {}},
                                      {"one\ntwo\r\nthree", "k1", {{"app", "shop"}, {"none", std::nullopt}}},
                                      {"ends\n", "k2", {}},
                                      {"\n", "k3", {}},
                                      {"", "k4", {}},
                                      {std::nullopt, "k5", {}},
                                      {std::string("\xff\x00\xfe", 3), "k6", {}},
                                      {std::string(kLargeBytes, 'x'), "k7", {}}};
  const size_t gaps = messages.size() - 1;
  std::vector<Cut> cuts(gaps, Cut::kNothing);
  for (;;) {
    ExpectStored(messages, cuts);
    if (HasFailure()) return;
    size_t gap = 0;
    for (; gap < gaps && cuts[gap] == Cut::kSegment; ++gap) cuts[gap] = Cut::kNothing;
    if (gap == gaps) return;
    cuts[gap] = static_cast<Cut>(static_cast<int>(cuts[gap]) + 1);
  }
}

Sent RandomMessage(std::mt19937_64* random) {
  const auto below = [&](uint64_t limit) { return (*random)() % limit; };
  Sent sent;
  if (below(8) != 0) {
    std::string& value = sent.value.emplace();
    for (uint64_t lines = below(4); lines > 0; --lines) {
      switch (below(6)) {
        case 0:
          break;
        case 1:
          value += "2024-05-01 10:00:0" + std::to_string(below(10)) + " INFO did request " + std::to_string(below(999));
          break;
        case 2:
          value += R"({"level":"warn","msg":"took )" + std::to_string(below(99)) + R"( ms"})";
          break;
        case 3:
          for (uint64_t bytes = below(30); bytes > 0; --bytes) value += static_cast<char>(below(256));
          break;
        case 4:
          value +=
              below(20) == 0 ? std::string(kLargeBytes, 'x') : "\tat a.b.C(D.java:" + std::to_string(below(99)) + ")";
          break;
        default:
          value += below(2) == 0 ? "\r" : "";
          break;
      }
      value += below(5) == 0 ? "\r\n" : lines > 1 || below(2) == 0 ? "\n" : "";
    }
  }
  if (below(3) == 0) sent.key = std::string(below(5), 'k');
  if (below(5) == 0) sent.headers.emplace_back("h", below(2) == 0 ? std::optional<std::string>("v") : std::nullopt);
  return sent;
}

TEST_F(KafkaSegmentsTest, RandomMessagesRandomlyCut) {
  const char* const given = std::getenv("WHITTLE_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("WHITTLE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const uint64_t cuts_of_ten = random() % 11;
    std::vector<Sent> messages;
    std::vector<Cut> cuts;
    for (uint64_t i = 1 + random() % 40; i > 0; --i) {
      messages.push_back(RandomMessage(&random));
      cuts.push_back(random() % 10 >= cuts_of_ten ? Cut::kNothing : random() % 3 == 0 ? Cut::kSegment : Cut::kBatch);
    }
    cuts.pop_back();
    ExpectStored(messages, cuts);
  }
}

}  // namespace
}  // namespace whittle
