// For tests: segments from lines of text, parsed as the program parses them, in a directory of a simulated disk.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "env/memory_file_system.h"
#include "format/segment_writer.h"
#include "parse/line_analyzer.h"
#include "scan/shape_builder.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {

struct TestLine {
  std::string text;
  bool record_start = true;
  uint64_t gap_bytes = 0;  // of the source, left out just before this line
  uint64_t gap_lines = 0;
  int64_t sample_threshold = 0;
  LineEnd end = LineEnd::kLf;
};

class TestSegment {
 public:
  uint64_t rows_per_group = 4;  // few, so that tests have groups, and records lie across their borders

  // Lines of one source from `offset` on; `id` is repeated to 32 digits.
  void AddRun(char id, const std::string& name, uint64_t offset, uint64_t first_line,
              const std::vector<TestLine>& lines, std::vector<Attribute> resource = {}) {
    SourceRun run;
    run.source = static_cast<uint32_t>(input_.sources.size());
    run.first_offset = offset;
    run.first_line = first_line;
    input_.sources.push_back({std::string(32, id), name, std::move(resource)});
    for (const TestLine& line : lines) {
      AddRow(line);
      offset += line.gap_bytes + line.text.size() + (line.end == LineEnd::kNone ? 0 : line.end == LineEnd::kLf ? 1 : 2);
      run.line_count += line.gap_lines + 1;
      ++run.row_count;
    }
    run.end_offset = offset;
    input_.runs.push_back(run);
  }

  std::string Encode() {
    input_.streams = {{StreamId::kTimeResidual, residual_}};
    // As segments are written: what says nothing is not there. Thresholds, even of 0, keep queries off the columns.
    for (const IntStream& stream :
         {IntStream{StreamId::kSampleThreshold, threshold_}, IntStream{StreamId::kGapBytes, gap_bytes_},
          IntStream{StreamId::kGapLines, gap_lines_}}) {
      if (std::any_of(stream.values.begin(), stream.values.end(), [](int64_t v) { return v != 0; }))
        input_.streams.push_back(stream);
    }
    EncodeOptions options;
    options.filter_from_bytes = 0;  // segments of tests are small
    auto bytes = EncodeSegment(input_, options);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    return bytes.ok() ? *bytes : std::string();
  }

 private:
  void AddRow(const TestLine& line) {
    texts_.push_back(line.text);
    const std::string_view text = texts_.back();
    Tokenizer tokens;
    EXPECT_TRUE(tokens.Scan(text));
    const auto recipe = BuildRecipe(text, tokens, analyzer_.Analyze(text, !line.record_start), !line.record_start);
    ASSERT_NE(recipe, nullptr);
    std::vector<Span> spans(recipe->shape->slot_count);
    RowTime time;
    TimeReader times;
    ASSERT_TRUE(recipe->Apply(text, tokens.masked(), &times, spans.data(), &time)) << text;
    const StoredShape& stored = input_.shapes[ShapeIndex(recipe->shape)];
    for (size_t k = 0; k < spans.size(); ++k) {
      input_.columns[stored.columns[k]].values.push_back(text.substr(spans[k].begin, spans[k].size));
    }
    input_.row_shape.push_back(shape_index_.at(recipe->shape->id));
    input_.row_flags.push_back(static_cast<uint8_t>((line.record_start ? 1 : 0) | static_cast<uint8_t>(line.end) << 1));
    gap_bytes_.push_back(static_cast<int64_t>(line.gap_bytes));
    gap_lines_.push_back(static_cast<int64_t>(line.gap_lines));
    if (input_.row_groups.empty() || input_.row_groups.back().rows == rows_per_group) input_.row_groups.emplace_back();
    ++input_.row_groups.back().rows;
    const bool has_time = (time.flags & Row::kHasTime) != 0;
    if (line.record_start) time_of_record_ = has_time ? time.local_time_ns : kNoTime;
    input_.row_groups.back().See(time_of_record_);
    if (!line.record_start) return;
    residual_.push_back(has_time ? 0 : kNoTime);
    threshold_.push_back(line.sample_threshold);
  }

  uint32_t ShapeIndex(const std::shared_ptr<const Shape>& shape) {
    const auto [found, is_new] = shape_index_.emplace(shape->id, static_cast<uint32_t>(input_.shapes.size()));
    if (!is_new) return found->second;
    StoredShape stored{shape, {}};
    for (uint32_t k = 0; k < shape->slot_count; ++k) {
      stored.columns.push_back(static_cast<uint32_t>(input_.columns.size()));
      input_.columns.emplace_back();
    }
    input_.shapes.push_back(std::move(stored));
    return found->second;
  }

  LineAnalyzer analyzer_{AnalyzerOptions{}};
  SegmentInput input_;
  std::deque<std::string> texts_;
  std::map<Hash128, uint32_t> shape_index_;
  int64_t time_of_record_ = kNoTime;
  std::vector<int64_t> residual_, threshold_, gap_bytes_, gap_lines_;
};

// A directory /d of segments on a simulated disk.
struct TestDirectory {
  MemoryFileSystem files;
  Env env;
  TestDirectory() {
    env.files = &files;
    EXPECT_TRUE(files.MakeDirectory("/d").ok());
  }
  void Write(const std::string& name, const std::string& bytes) {
    auto file = files.OpenForWrite("/d/" + name, WriteMode::kCreateNew);
    ASSERT_TRUE(file.ok()) << file.status().message();
    ASSERT_TRUE((*file)->Append(bytes).ok());
    ASSERT_TRUE((*file)->Close().ok());
  }
};

}  // namespace whittle
