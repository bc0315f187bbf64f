// Framing speed over ordinary log lines; every run checks the number of lines it found.
#include <benchmark/benchmark.h>

#include <string>

#include "parse/framing.h"

namespace whittle {
namespace {

std::string OrdinaryLog(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    text += "2015-10-18 18:01:47,978 INFO [IPC Server handler " + std::to_string(i % 30) +
            "] org.apache.hadoop.mapred.TaskAttemptListenerImpl: Progress of TaskAttempt "
            "attempt_1445062781478_0016_m_00000" +
            std::to_string(i % 10) + "_0 is : 0.106964506\n";
  }
  return text;
}

void BM_Framing(benchmark::State& state) {
  constexpr size_t kLines = 50000;
  const std::string text = OrdinaryLog(kLines);
  for (auto _ : state) {
    auto framer = std::move(Framer::Create({})).value();
    std::vector<LineBatch> out;
    framer->Feed(text, &out);
    framer->Flush(&out);
    size_t lines = 0;
    for (const LineBatch& batch : out) lines += batch.lines.size();
    if (lines != kLines) state.SkipWithError("wrong number of lines");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_Framing);

}  // namespace
}  // namespace whittle

BENCHMARK_MAIN();
