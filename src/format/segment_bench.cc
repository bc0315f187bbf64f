// Encoding and rendering one segment of made-up but log-like rows. Checks that what was rendered is what went in, and
// reports text bytes per second and the ratio.
#include <benchmark/benchmark.h>

#include "format/format_testing.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "format/segment_writer.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

const testing::SegmentMaker& Rows() {
  static const testing::SegmentMaker* const made = [] {
    auto* maker = new testing::SegmentMaker();
    std::mt19937_64 random(1);
    const auto digits = [](uint64_t v, size_t width) { return std::to_string(v + 1000000).substr(7 - width); };
    for (uint64_t i = 0; i < 60000; ++i) {
      const std::string time = "2015-10-18 " + digits(i / 9000 + 10, 2) + ":" + digits(i / 150 % 60, 2) + ":" +
                               digits(i * 2 / 5 % 60, 2) + "," + digits(random() % 1000, 3);
      const std::string block = testing::RandomValue(9, i - random() % 40 % (i + 1), &random);
      switch (random() % 4) {
        case 0:
          maker->Row("%0 INFO [main] org.example.Store: Received block % of size % from %",
                     {time, block, std::to_string(random() % 100000), testing::RandomValue(7, i, &random)});
          break;
        case 1:
          maker->Row("%0 INFO [main] org.example.Store: Deleting block % took % ms",
                     {time, block, testing::RandomValue(4, i, &random)});
          break;
        case 2:
          maker->Row("%0 WARN [worker-%] org.example.Http: GET % user=%",
                     {time, std::to_string(random() % 8), testing::RandomValue(17, i, &random),
                      testing::RandomValue(13, i, &random)});
          break;
        default:
          maker->Row("%0 DEBUG [main] org.example.Loop: heartbeat %", {time, std::to_string(i)});
          break;
      }
    }
    maker->Finish().columns[0].time_layout = MatchTime("2015-10-18 18:01:47,978")->layout;
    return maker;
  }();
  return *made;
}

const SegmentInput& Input() { return const_cast<testing::SegmentMaker&>(Rows()).input(); }

void EncodeRows(benchmark::State& state) {
  EncodeOptions options;
  options.max_effort = state.range(0) != 0;
  size_t stored = 0;
  for (auto _ : state) {
    const Result<std::string> bytes = EncodeSegment(Input(), options);
    if (!bytes.ok()) return state.SkipWithError(bytes.status().message().c_str());
    stored = bytes->size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * Rows().text().size()));
  state.counters["ratio"] = static_cast<double>(Rows().text().size()) / static_cast<double>(stored);
}
BENCHMARK(EncodeRows)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void RenderRows(benchmark::State& state) {
  const Result<std::string> bytes = EncodeSegment(Input(), {});
  if (!bytes.ok()) return state.SkipWithError(bytes.status().message().c_str());
  const auto source = std::make_shared<MemorySource>(*bytes);
  std::string text;
  for (auto _ : state) {
    const auto reader = SegmentReader::Open(source);
    if (!reader.ok()) return state.SkipWithError(reader.status().message().c_str());
    Result<RawCursor> cursor = RawCursor::Open(**reader);
    if (!cursor.ok()) return state.SkipWithError(cursor.status().message().c_str());
    text.clear();
    cursor->AppendRows(SIZE_MAX / 2, &text);
  }
  if (text != Rows().text()) return state.SkipWithError("rendered text differs");
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(RenderRows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace whittle

BENCHMARK_MAIN();
