// A cursor over the tokens of a query, shared by the parsers of filters and of pipeline stages. Never moves past kEnd.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/ast.h"
#include "expr/lexer.h"

namespace whittle {

// ASCII letters only.
inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

inline bool EqualsKeyword(std::string_view text, std::string_view lower_case_keyword) {
  if (text.size() != lower_case_keyword.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower_case_keyword[i]) return false;
  }
  return true;
}

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& Peek(size_t ahead = 0) const {
    return position_ + ahead < tokens_.size() ? tokens_[position_ + ahead] : tokens_.back();
  }
  bool At(TokenKind kind, size_t ahead = 0) const { return Peek(ahead).kind == kind; }
  bool AtKeyword(std::string_view keyword, size_t ahead = 0) const {
    return At(TokenKind::kWord, ahead) && EqualsKeyword(Peek(ahead).text, keyword);
  }
  // The next token starts where the one before it ended.
  bool Adjacent(size_t ahead = 0) const {
    return position_ + ahead > 0 && Peek(ahead).begin == tokens_[position_ + ahead - 1].end;
  }
  const Token& Next() {
    const Token& token = Peek();
    if (position_ + 1 < tokens_.size()) ++position_;
    return token;
  }
  bool Take(TokenKind kind) {
    if (!At(kind)) return false;
    Next();
    return true;
  }
  bool TakeKeyword(std::string_view keyword) {
    if (!AtKeyword(keyword)) return false;
    Next();
    return true;
  }

  // A field name: a bare word that looks like one, or anything in backticks or quotes.
  Result<FieldName> TakeName(const std::string& what);
  // The next token for a message: "'x'" or "the end of the query".
  std::string Describe() const;

 private:
  std::vector<Token> tokens_;
  size_t position_ = 0;
};

// Parses `or` level up to kEnd, `|` or an unmatched `)`; the caller looks at what stopped it.
struct ParseOptions;
Result<std::unique_ptr<Expr>> ParseFilterTokens(TokenStream* in, const ParseOptions& options);
// At a word that begins a stage and is not compared with anything: `count`, not `count = 5`.
bool AtStage(const TokenStream& in);
bool IsAggregateFunction(std::string_view name);
// The function or stage whose name is like this one; empty for none.
std::string_view NearestFunction(std::string_view name);
// Parses one stage; the caller looks at what stopped it.
Result<Stage> ParseOneStage(TokenStream* in);
// Parses `| stage | stage …` up to kEnd.
Status ParseStageTokens(TokenStream* in, std::vector<Stage>* stages);

}  // namespace whittle
