#include "query/candidate_rows.h"

#include <algorithm>
#include <set>

#include "expr/text_match.h"
#include "format/shape_words.h"

namespace whittle {
namespace {

// Constant text around a slot that words of the slot may go on in.
using Context = std::pair<std::string, std::string>;

class Finder {
 public:
  Finder(const SegmentRows& rows, const SegmentFilter& filter, std::string_view word)
      : rows_(rows), filter_(filter), word_(word), finder_(word, true) {}

  Result<std::vector<uint32_t>> Run() {
    const size_t columns = rows_.footer().column_count;
    contexts_.resize(columns);
    hits_.resize(columns);
    whole_shape_.assign(rows_.shapes().size(), false);
    for (size_t s = 0; s < rows_.shapes().size(); ++s) {
      if (rows_.ShapeHasRows(s)) LookAtShape(s);
    }
    for (uint32_t c = 0; c < columns; ++c) {
      if (!contexts_[c].empty()) WHITTLE_RETURN_IF_ERROR(LookAtColumn(c));
    }
    return Rows();
  }

 private:
  void LookAtShape(size_t s) {
    const StoredShape& stored = rows_.shapes()[s];
    const bool any_slot = std::any_of(stored.columns.begin(), stored.columns.end(),
                                      [&](uint32_t column) { return filter_.ColumnMayContain(column, word_); });
    if (!any_slot) {
      whole_shape_[s] = ConstantsHave(*stored.shape);
      return;
    }
    for (const WordChain& chain : ChainsOf(*stored.shape)) {
      const bool possible = std::any_of(chain.slots.begin(), chain.slots.end(), [&](uint32_t slot) {
        return filter_.ColumnMayContain(stored.columns[slot], word_);
      });
      if (chain.slots.empty()) {
        if (finder_.Find(chain.literals[0]) != std::string_view::npos) whole_shape_[s] = true;
      } else if (possible && chain.slots.size() > 1) {
        whole_shape_[s] = true;  // a word over two slots: look at the lines
      } else if (possible) {
        contexts_[stored.columns[chain.slots[0]]].insert({chain.literals[0], chain.literals[1]});
      }
    }
  }

  bool ConstantsHave(const Shape& shape) {
    constants_.clear();
    for (const Piece& piece : shape.pieces) {
      if (piece.kind == Piece::Kind::kSlot) {
        constants_ += ' ';
      } else {
        constants_ += piece.text;
      }
    }
    return finder_.Find(constants_) != std::string_view::npos;
  }

  Status LookAtColumn(uint32_t c) {
    WHITTLE_ASSIGN_OR_RETURN(const LoadedColumn column, rows_.reader().LoadColumn(c));
    const CodedTexts& values = column.values;
    const std::span<const std::string_view> texts = values.texts();
    std::vector<bool> hits(values.size());
    bool any = false;
    std::string joined;
    // A text is looked at once, and not at all when no value of this column is it.
    enum : uint8_t { kUnknown, kNo, kYes };
    std::vector<uint8_t> answers(texts.size(), kUnknown);
    for (size_t i = 0; i < hits.size(); ++i) {
      const size_t text = values.TextIndex(i);
      if (answers[text] == kUnknown) answers[text] = Has(texts[text], contexts_[c], &joined) ? kYes : kNo;
      if (answers[text] == kYes) hits[i] = any = true;
    }
    if (any) hits_[c] = std::move(hits);
    return Status::Ok();
  }

  bool Has(std::string_view value, const std::set<Context>& contexts, std::string* joined) const {
    for (const auto& [before, after] : contexts) {
      if (value.size() + before.size() + after.size() < word_.size()) continue;
      if (before.empty() && after.empty()) {
        if (finder_.Find(value) != std::string_view::npos) return true;
        continue;
      }
      joined->assign(before).append(value).append(after);
      if (finder_.Find(*joined) != std::string_view::npos) return true;
    }
    return false;
  }

  Result<std::vector<uint32_t>> Rows() const {
    struct Watch {
      const std::vector<bool>* hits;
      size_t* next;
    };
    std::vector<size_t> next(hits_.size());
    std::vector<std::vector<Watch>> watched(rows_.shapes().size());
    bool any = false;
    for (size_t s = 0; s < watched.size(); ++s) {
      any = any || whole_shape_[s];
      for (const uint32_t column : rows_.shapes()[s].columns) {
        if (!hits_[column].empty()) watched[s].push_back({&hits_[column], &next[column]});
      }
      any = any || !watched[s].empty();
    }
    std::vector<uint32_t> found;
    if (!any) return found;
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      const uint32_t shape = rows_.RowShape(row);
      bool hit = whole_shape_[shape];
      for (const Watch& watch : watched[shape]) {
        if (*watch.next == watch.hits->size()) return Status(StatusCode::kCorrupt, "segment: columns and rows differ");
        hit = (*watch.hits)[(*watch.next)++] || hit;
      }
      if (hit) found.push_back(static_cast<uint32_t>(row));
    }
    return found;
  }

  const SegmentRows& rows_;
  const SegmentFilter& filter_;
  const std::string_view word_;
  const LiteralFinder finder_;
  std::vector<std::set<Context>> contexts_;  // per column that may have it
  std::vector<std::vector<bool>> hits_;      // per value of a column; empty: none
  std::string constants_;
  std::vector<bool> whole_shape_;  // all its rows are candidates
};

}  // namespace

Result<std::optional<std::vector<uint32_t>>> FindCandidateRows(const SegmentRows& rows, const SegmentFilter& filter,
                                                               std::string_view word) {
  if (filter.MayBeTime(word)) return std::optional<std::vector<uint32_t>>();
  WHITTLE_ASSIGN_OR_RETURN(std::vector<uint32_t> found, Finder(rows, filter, word).Run());
  return std::optional<std::vector<uint32_t>>(std::move(found));
}

}  // namespace whittle
