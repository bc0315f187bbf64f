#include "parse/framing.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "parse/record_rules.h"

namespace whittle {
namespace {

// Chunks are copied and searched in slices that stay in the first-level cache between the two.
constexpr size_t kSliceBytes = 16 << 10;
// How much of a line start_pattern sees, so that a hostile line costs little.
constexpr size_t kPatternWindow = 4096;

class BufferedFramer : public Framer {
 public:
  BufferedFramer(const FramingOptions& options, std::unique_ptr<RE2> start)
      : options_(options), start_(std::move(start)), offset_(options.first_offset), line_(options.first_line) {
    options_.batch_bytes = std::max<size_t>(options_.batch_bytes, 1);
    options_.max_line_bytes = std::clamp<size_t>(options_.max_line_bytes, 1, size_t{1} << 30);
  }

  void Feed(std::string_view bytes, std::vector<LineBatch>* out) override {
    while (!bytes.empty()) {
      const std::string_view slice = bytes.substr(0, kSliceBytes);
      bytes.remove_prefix(slice.size());
      if (text_.capacity() == 0) text_.reserve(options_.batch_bytes + 2 * kSliceBytes);
      text_.append(slice);
      FindLines(out);
    }
  }

  void Drain(std::vector<LineBatch>* out) override { Cut(lines_.size(), line_begin_, out); }

  void DrainRecords(std::vector<LineBatch>* out) override {
    if (options_.multiline == FramingOptions::Multiline::kNone) return Drain(out);
    size_t count = lines_.size();
    while (count > 0 && !lines_[count - 1].record_start) --count;
    if (count <= 1) return;
    Cut(count - 1, lines_[count - 1].begin, out);
  }

  void DrainPartial(std::vector<LineBatch>* out) override {
    if (line_begin_ < text_.size()) {
      AddLine(text_.size(), text_.size(), LineEnd::kNone, out);
      in_cut_line_ = true;
    }
    Drain(out);
  }

  void Flush(std::vector<LineBatch>* out) override {
    if (line_begin_ < text_.size()) AddLine(text_.size(), text_.size(), LineEnd::kNone, out);
    Drain(out);
  }

  uint64_t next_offset() const override { return offset_; }
  uint64_t next_line() const override { return line_; }
  size_t pending_bytes() const override { return text_.size(); }

 private:
  void FindLines(std::vector<LineBatch>* out) {
    while (searched_ < text_.size()) {
      // A line is cut only when a byte beyond the limit shows that it goes on.
      const size_t limit = line_begin_ + options_.max_line_bytes;
      const size_t window_end = std::min(text_.size(), limit + 1);
      const void* newline = std::memchr(text_.data() + searched_, '\n', window_end - searched_);
      if (newline != nullptr) {
        const auto end = static_cast<size_t>(static_cast<const char*>(newline) - text_.data());
        const bool crlf = end > line_begin_ && text_[end - 1] == '\r';
        AddLine(crlf ? end - 1 : end, end + 1, crlf ? LineEnd::kCrLf : LineEnd::kLf, out);
      } else if (text_.size() > limit) {
        AddLine(limit, limit, LineEnd::kNone, out);
        in_cut_line_ = true;
      } else {
        searched_ = text_.size();
      }
    }
  }

  void AddLine(size_t end, size_t next, LineEnd line_end, std::vector<LineBatch>* out) {
    const std::string_view line(text_.data() + line_begin_, end - line_begin_);
    bool start = StartsRecord(line);
    const size_t size = next - line_begin_;
    if (!start && (record_lines_ >= options_.max_record_lines || record_bytes_ + size > options_.max_record_bytes)) {
      // As if reading began here, so that it may resume here.
      start = true;
      rules_ = RecordRules();
      if (options_.multiline == FramingOptions::Multiline::kAuto) rules_.Starts(line);
    }
    if (start) {
      record_lines_ = 0;
      record_bytes_ = 0;
      if (line_begin_ >= options_.batch_bytes) {
        Cut(lines_.size(), line_begin_, out);
        end -= cut_bytes_;
        next -= cut_bytes_;
      }
    }
    ++record_lines_;
    record_bytes_ += size;
    in_cut_line_ = false;
    lines_.push_back({static_cast<uint32_t>(line_begin_), static_cast<uint32_t>(end - line_begin_), line_end, start});
    line_begin_ = searched_ = next;
  }

  bool StartsRecord(std::string_view line) {
    if (in_cut_line_) return false;
    switch (options_.multiline) {
      case FramingOptions::Multiline::kNone:
        return true;
      case FramingOptions::Multiline::kAuto:
        return rules_.Starts(line);
      case FramingOptions::Multiline::kStartPattern:
        line = line.substr(0, kPatternWindow);
        return first_ ? (first_ = false, true) : RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *start_);
    }
    return true;
  }

  // Yields the first `count` lines, which are `bytes` long, and moves what follows to a new text.
  void Cut(size_t count, size_t bytes, std::vector<LineBatch>* out) {
    cut_bytes_ = bytes;
    if (count == 0) return;
    std::string rest;
    if (bytes < text_.size() || text_.size() > options_.batch_bytes) {
      rest.reserve(options_.batch_bytes + 2 * kSliceBytes);
      rest.append(text_, bytes, std::string::npos);
    }
    text_.resize(bytes);
    LineBatch batch;
    batch.text = std::make_shared<const std::string>(std::move(text_));
    std::vector<Line> rest_lines(lines_.begin() + static_cast<ptrdiff_t>(count), lines_.end());
    for (Line& line : rest_lines) line.begin -= static_cast<uint32_t>(bytes);
    lines_.resize(count);
    batch.lines = std::move(lines_);
    batch.source = options_.source;
    batch.first_offset = offset_;
    batch.first_line = line_;
    offset_ += bytes;
    line_ += count;
    rest_lines.reserve(batch.lines.size() + 16);
    lines_ = std::move(rest_lines);
    out->push_back(std::move(batch));
    text_ = std::move(rest);
    line_begin_ -= bytes;
    searched_ -= bytes;
  }

  FramingOptions options_;
  std::unique_ptr<RE2> start_;
  RecordRules rules_;
  std::string text_;         // bytes not yet yielded, from offset_
  std::vector<Line> lines_;  // complete lines of text_
  size_t line_begin_ = 0;    // of the first line that is not complete
  size_t searched_ = 0;      // no newline in [line_begin_, searched_)
  size_t cut_bytes_ = 0;     // how far the last Cut moved the text
  size_t record_lines_ = 0;
  size_t record_bytes_ = 0;
  uint64_t offset_;
  uint64_t line_;
  bool in_cut_line_ = false;
  bool first_ = true;
};

}  // namespace

Result<std::unique_ptr<Framer>> Framer::Create(const FramingOptions& options) {
  std::unique_ptr<RE2> start;
  if (options.multiline == FramingOptions::Multiline::kStartPattern) {
    RE2::Options re2_options(RE2::Latin1);
    re2_options.set_log_errors(false);
    start = std::make_unique<RE2>(options.start_pattern, re2_options);
    if (!start->ok()) {
      return Status(StatusCode::kConfig,
                    "multiline start '" + options.start_pattern + "' is not a regular expression: " + start->error());
    }
  }
  return std::unique_ptr<Framer>(std::make_unique<BufferedFramer>(options, std::move(start)));
}

}  // namespace whittle
