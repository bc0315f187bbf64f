// Tokens of the query language. A token is a piece of the query text with its column; the text must outlive the tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

namespace whittle {

enum class TokenKind : uint8_t {
  kWord,    // bare word; backslash escapes are still in it
  kQuoted,  // "…" or '…', escapes undone
  kName,    // `…`
  kRegex,   // /…/ or /…/i after ~
  kLeftParen,
  kRightParen,
  kPipe,
  kComma,
  kColon,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kMatch,
  kNotMatch,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  size_t begin = 0;  // byte offset in the query; the column is begin + 1
  size_t end = 0;
  bool ignore_case = false;  // kRegex
  size_t column() const { return begin + 1; }
};

// A query longer than this is refused: nobody types it, and all work on a query is at least linear in it.
inline constexpr size_t kMaxQueryBytes = 64 * 1024;

// All tokens of `query`, kEnd last.
Result<std::vector<Token>> Tokenize(std::string_view query);

// The Status of every mistake in a query: "column 12: MESSAGE".
// Text of a query for a message: its front, when it is long.
std::string ShownText(std::string_view text);

Status QueryError(size_t column, const std::string& message);

}  // namespace whittle
