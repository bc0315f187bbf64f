#include "parse/header_rest.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "parse/header_items.h"
#include "parse/well_known.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

bool IsDelimiterAt(std::string_view text, size_t at) { return IsDelimiter(static_cast<unsigned char>(text[at])); }

bool IsKey(std::string_view word) {
  return !word.empty() && IsAsciiLetter(word[0]) && std::all_of(word.begin(), word.end(), [](char c) {
    return IsAsciiLetter(c) || c == '_' || c == '.' || c == '-';
  });
}

bool HasLetterOrDigit(std::string_view token) {
  return std::any_of(token.begin(), token.end(), [](char c) { return IsAsciiLetter(c) || IsAsciiDigit(c); });
}

class Rest {
 public:
  Rest(std::string_view text, LineAnalysis* analysis)
      : text_(text.substr(0, analysis->body_begin)), analysis_(analysis), known_(analysis->fields.size()) {}

  void Run() {
    for (size_t at = 0; at < text_.size() && columns_ < kMaxHeaderRest;) {
      if (IsDelimiterAt(text_, at)) {
        ++at;
        continue;
      }
      size_t end = at;
      while (end < text_.size() && !IsDelimiterAt(text_, end)) ++end;
      if (!IsTouched(at, end)) Token(at, end);
      at = end;
    }
  }

 private:
  bool IsTouched(size_t begin, size_t end) const {
    return std::any_of(analysis_->fields.begin(), analysis_->fields.begin() + static_cast<std::ptrdiff_t>(known_),
                       [&](const FieldSpan& field) { return field.begin < end && begin < field.end; });
  }

  void Token(size_t begin, size_t end) {
    const std::string_view before = std::exchange(previous_, text_.substr(begin, end - begin));
    const size_t before_end = std::exchange(previous_end_, end);
    if (end < text_.size() && text_[end] == '=' && IsKey(previous_)) return;  // the value comes next
    if (previous_ == "pid" || previous_ == "tid") return;                     // so it does here, and has a name
    while (end > begin + 1 && (text_[end - 1] == ':' || text_[end - 1] == '.')) --end;
    if (before_end + 1 == begin && text_[before_end] == '=' && IsKey(before)) {
      if (HasLetterOrDigit(text_.substr(begin, end - begin))) AddKeyed(begin, end, before);
      return;
    }
    const size_t colon = text_.substr(begin, end - begin).find(':');
    if (colon != std::string_view::npos && IsKey(text_.substr(begin, colon))) {
      if (HasLetterOrDigit(text_.substr(begin + colon + 1, end - begin - colon - 1)))
        AddKeyed(begin + colon + 1, end, text_.substr(begin, colon));
      return;
    }
    ++columns_;
    if (HasLetterOrDigit(text_.substr(begin, end - begin))) Add(begin, end, "header." + std::to_string(columns_));
  }

  void AddKeyed(size_t begin, size_t end, std::string_view key) {
    const WellKnown known = LookUpField(key);
    const bool resource = known.field == KnownField::kResource;
    const bool named = (resource || known.field == KnownField::kAttribute) && !known.name.empty();
    Add(begin, end, std::string(named ? known.name : key), resource ? FieldRole::kResource : FieldRole::kAttribute);
  }

  void Add(size_t begin, size_t end, std::string name, FieldRole role = FieldRole::kAttribute) {
    const bool number = HasDigit(text_.substr(begin, end - begin)) &&
                        ClassifyToken(text_.substr(begin, end - begin)) == TokenClass::kInteger;
    analysis_->fields.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), role,
                                 number ? ValueType::kInt64 : ValueType::kString, 0, 0, std::move(name)});
  }

  std::string_view text_;
  LineAnalysis* analysis_;
  const size_t known_;
  std::string_view previous_;  // the token before
  size_t previous_end_ = static_cast<size_t>(-2);
  size_t columns_ = 0;
};

}  // namespace

void AddHeaderRest(std::string_view text, LineAnalysis* analysis) { Rest(text, analysis).Run(); }

}  // namespace whittle
