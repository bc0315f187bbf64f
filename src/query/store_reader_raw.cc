// StoreReader::CopyRaw: all lines of a store at the speed of RawCursor, which puts them together without looking at
// them.
#include <algorithm>

#include "format/raw_cursor.h"
#include "query/store_reader.h"

namespace whittle {
namespace {

// Handed on at a time.
constexpr size_t kPieceBytes = size_t{256} << 10;
// Times a segment is decoded again because its runs stand in another order than their sources, for each segment. With
// more, the way of single records is faster: it keeps decoded segments.
constexpr size_t kMaxReopens = 1;

}  // namespace

Result<bool> StoreReader::CopyRaw(const std::atomic<bool>* stop, const RawOutput& output) {
  statistics_ = {};
  statistics_.segments = list_.segments.size();
  const std::vector<Run> runs = OrderedRuns(VisitOptions());
  if (std::any_of(runs.begin(), runs.end(), [&](const Run& run) { return list_.segments[run.segment].kafka; })) {
    return false;  // messages are looked at one by one
  }
  size_t opens = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool follows = i > 0 && runs[i - 1].segment == runs[i].segment && runs[i - 1].first_row < runs[i].first_row;
    opens += follows ? 0 : 1;
  }
  if (opens > list_.segments.size() * (1 + kMaxReopens)) return false;
  std::optional<RawCursor> cursor;
  std::string piece;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    const std::string& path = list_.segments[run.segment].path;
    if (i == 0 || runs[i - 1].segment != run.segment || cursor->next_row() > run.first_row) {
      cursor.reset();
      WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, path));
      auto opened = RawCursor::Open(*reader);
      if (!opened.ok()) return opened.status().WithContext(path);
      cursor = std::move(*opened);
      ++statistics_.segments_read;
      statistics_.bytes_read += reader->bytes_read();
    }
    for (piece.clear(); cursor->next_row() < run.first_row && !cursor->done(); piece.clear()) cursor->AppendRow(&piece);
    const size_t end = run.first_row + run.run->row_count;
    while (cursor->next_row() < end && !cursor->done()) {
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) {
        statistics_.stopped = true;
        return true;
      }
      piece.clear();
      cursor->AppendRows(kPieceBytes, &piece, end);
      WHITTLE_RETURN_IF_ERROR(output(piece));
    }
    statistics_.records_read = statistics_.records_matched += run.run->row_count;
  }
  return true;
}

}  // namespace whittle
