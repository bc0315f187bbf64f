#include "query/candidate_rows.h"

#include <algorithm>
#include <compare>
#include <map>
#include <set>

#include "expr/text_match.h"
#include "format/shape_words.h"

namespace whittle {
namespace {

// Constant text around a slot that words of the slot may go on in.
struct Context {
  std::string before, after;
  bool beside_letter = false;
  auto operator<=>(const Context&) const = default;
};

// Whether a text has the word: as a part of it, or standing on its own in every context it occurs in.
enum class Hit : uint8_t { kUnknown, kNo, kPart, kWord };

class Finder {
 public:
  Finder(const SegmentRows& rows, const SegmentFilter& filter, std::string_view word)
      : rows_(rows), filter_(filter), word_(word), finder_(word, true), phrase_({std::string(word)}) {}

  Result<CandidateRows> Run() {
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
        contexts_[stored.columns[chain.slots[0]]].insert({chain.literals[0], chain.literals[1], chain.beside_letter});
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
    if (const auto group = rows_.reader().GroupOf(c)) {
      WHITTLE_ASSIGN_OR_RETURN(const bool any, LookAtGroup(*group, contexts_[c]));
      if (!any) return Status::Ok();
    }
    WHITTLE_ASSIGN_OR_RETURN(const LoadedColumn column, rows_.reader().LoadColumn(c));
    const CodedTexts& values = column.values;
    const std::span<const std::string_view> texts = values.texts();
    std::vector<Hit> hits(values.size(), Hit::kNo);
    bool any = false;
    // A text is looked at once, and not at all when no value of this column is it.
    std::vector<Hit> answers(texts.size(), Hit::kUnknown);
    for (size_t i = 0; i < hits.size(); ++i) {
      Hit& answer = answers[values.TextIndex(i)];
      if (answer == Hit::kUnknown) answer = Look(texts[values.TextIndex(i)], contexts_[c]);
      hits[i] = answer;
      any = any || answer != Hit::kNo;
    }
    if (any) hits_[c] = std::move(hits);
    return Status::Ok();
  }

  // Columns of a group have no texts but those of the group: one look at these spares most columns.
  Result<bool> LookAtGroup(uint64_t group, const std::set<Context>& contexts) {
    SegmentReader::SharedTexts texts;
    for (const Context& context : contexts) {
      const auto [known, is_new] = group_hits_.try_emplace({group, context}, false);
      if (is_new) {
        if (texts == nullptr) {
          WHITTLE_ASSIGN_OR_RETURN(texts, rows_.reader().LoadGroupTexts(group));
        }
        known->second = std::any_of(texts->begin(), texts->end(),
                                    [&](std::string_view text) { return Look(text, context) != Hit::kNo; });
      }
      if (known->second) return true;
    }
    return false;
  }

  Hit Look(std::string_view value, const std::set<Context>& contexts) {
    Hit hit = Hit::kNo;
    bool everywhere = true;
    for (const Context& context : contexts) {
      const Hit here = Look(value, context);
      everywhere = everywhere && here == Hit::kWord;
      if (here != Hit::kNo) hit = Hit::kPart;
    }
    return hit == Hit::kPart && everywhere ? Hit::kWord : hit;
  }

  Hit Look(std::string_view value, const Context& context) {
    if (value.size() + context.before.size() + context.after.size() < word_.size()) return Hit::kNo;
    if (!context.before.empty() || !context.after.empty()) {
      joined_.assign(context.before).append(value).append(context.after);
      value = joined_;
    }
    if (finder_.Find(value) == std::string_view::npos) return Hit::kNo;
    return !context.beside_letter && phrase_.Matches(value) ? Hit::kWord : Hit::kPart;
  }

  Result<CandidateRows> Rows() const {
    struct Watch {
      const std::vector<Hit>* hits;
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
    CandidateRows found;
    if (!any) return found;
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      const uint32_t shape = rows_.RowShape(row);
      Hit hit = whole_shape_[shape] ? Hit::kPart : Hit::kNo;
      for (const Watch& watch : watched[shape]) {
        if (*watch.next == watch.hits->size()) return Status(StatusCode::kCorrupt, "segment: columns and rows differ");
        hit = std::max(hit, (*watch.hits)[(*watch.next)++]);
      }
      if (hit == Hit::kNo) continue;
      found.rows.push_back(static_cast<uint32_t>(row));
      // Where a word may reach over two slots, what stands in one of them need not be all of it.
      found.certain.push_back(hit == Hit::kWord && !whole_shape_[shape]);
    }
    return found;
  }

  const SegmentRows& rows_;
  const SegmentFilter& filter_;
  const std::string_view word_;
  const LiteralFinder finder_;
  const PhrasePattern phrase_;
  std::vector<std::set<Context>> contexts_;  // per column that may have it
  std::vector<std::vector<Hit>> hits_;       // per value of a column; empty: none
  std::map<std::pair<uint64_t, Context>, bool> group_hits_;
  std::string joined_;
  std::string constants_;
  std::vector<bool> whole_shape_;  // all its rows are candidates
};

}  // namespace

Result<std::optional<CandidateRows>> FindCandidateRows(const SegmentRows& rows, const SegmentFilter& filter,
                                                       std::string_view word) {
  if (filter.MayBeTime(word)) return std::optional<CandidateRows>();
  WHITTLE_ASSIGN_OR_RETURN(CandidateRows found, Finder(rows, filter, word).Run());
  return std::optional<CandidateRows>(std::move(found));
}

}  // namespace whittle
