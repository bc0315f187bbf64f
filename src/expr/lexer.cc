#include "expr/lexer.h"

#include <optional>

namespace whittle {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What ends a bare word. Quotes end one only at its start, so that `don't` is a word.
bool EndsWord(char c) { return IsSpace(c) || std::string_view("()|,=!<>~").find(c) != std::string_view::npos; }

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    for (;;) {
      while (position_ < text_.size() && IsSpace(text_[position_])) ++position_;
      Token token;
      token.begin = position_;
      if (position_ == text_.size()) {
        token.end = position_;
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      WHITTLE_RETURN_IF_ERROR(Next(&token));
      token.end = position_;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  char At(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool AfterMatch() const {
    return !tokens_.empty() &&
           (tokens_.back().kind == TokenKind::kMatch || tokens_.back().kind == TokenKind::kNotMatch);
  }

  Status Next(Token* token) {
    const char c = text_[position_];
    const char next = At(position_ + 1);
    switch (c) {
      case '(':
        return Symbol(token, TokenKind::kLeftParen, 1);
      case ')':
        return Symbol(token, TokenKind::kRightParen, 1);
      case '|':
        return Symbol(token, TokenKind::kPipe, 1);
      case ',':
        return Symbol(token, TokenKind::kComma, 1);
      case ':':
        return Symbol(token, TokenKind::kColon, 1);
      case '=':
        return next == '~' ? Symbol(token, TokenKind::kMatch, 2) : Symbol(token, TokenKind::kEq, next == '=' ? 2 : 1);
      case '<':
        return next == '=' ? Symbol(token, TokenKind::kLe, 2) : Symbol(token, TokenKind::kLt, 1);
      case '>':
        return next == '=' ? Symbol(token, TokenKind::kGe, 2) : Symbol(token, TokenKind::kGt, 1);
      case '~':
        return Symbol(token, TokenKind::kMatch, 1);
      case '!':
        if (next == '=') return Symbol(token, TokenKind::kNe, 2);
        if (next == '~') return Symbol(token, TokenKind::kNotMatch, 2);
        return QueryError(token->column(), "'!' stands only in != and !~; write 'not'");
      case '"':
      case '\'':
        return Quoted(token, c);
      case '`':
        return Name(token);
      case '/':
        if (AfterMatch()) return Regex(token);
        return Word(token);
      default:
        return Word(token);
    }
  }

  Status Symbol(Token* token, TokenKind kind, size_t size) {
    token->kind = kind;
    position_ += size;
    return Status::Ok();
  }

  Status Quoted(Token* token, char quote) {
    token->kind = TokenKind::kQuoted;
    size_t i = position_ + 1;
    for (; i < text_.size() && text_[i] != quote; ++i) {
      if (text_[i] != '\\' || i + 1 == text_.size()) {
        token->text.push_back(text_[i]);
        continue;
      }
      i += Escape(text_.substr(i + 1), &token->text);
    }
    if (i >= text_.size()) return QueryError(token->column(), std::string("the quote ") + quote + " is never closed");
    position_ = i + 1;
    return Status::Ok();
  }

  // Undoes one escape after its backslash; returns how many bytes it took. Unknown escapes keep their backslash, so
  // that "C:\dir" means what it says.
  static size_t Escape(std::string_view rest, std::string* out) {
    switch (rest[0]) {
      case 'n':
        out->push_back('\n');
        return 1;
      case 't':
        out->push_back('\t');
        return 1;
      case 'r':
        out->push_back('\r');
        return 1;
      case '\\':
      case '"':
      case '\'':
        out->push_back(rest[0]);
        return 1;
      case 'x':
        if (rest.size() >= 3 && HexValue(rest[1]) >= 0 && HexValue(rest[2]) >= 0) {
          out->push_back(static_cast<char>(HexValue(rest[1]) * 16 + HexValue(rest[2])));
          return 3;
        }
        break;
      default:
        break;
    }
    out->push_back('\\');
    return 0;
  }

  Status Name(Token* token) {
    token->kind = TokenKind::kName;
    const size_t close = text_.find('`', position_ + 1);
    if (close == std::string_view::npos) return QueryError(token->column(), "the quote ` is never closed");
    if (close == position_ + 1) return QueryError(token->column(), "a field name cannot be empty");
    token->text = text_.substr(position_ + 1, close - position_ - 1);
    position_ = close + 1;
    return Status::Ok();
  }

  Status Regex(Token* token) {
    token->kind = TokenKind::kRegex;
    size_t i = position_ + 1;
    for (; i < text_.size() && text_[i] != '/'; ++i) {
      if (text_[i] == '\\' && i + 1 < text_.size()) {
        if (text_[i + 1] != '/') token->text.push_back('\\');
        ++i;
      }
      token->text.push_back(text_[i]);
    }
    if (i >= text_.size()) return QueryError(token->column(), "the regular expression is never closed with '/'");
    position_ = i + 1;
    if (At(position_) == 'i') {
      token->ignore_case = true;
      ++position_;
    }
    if (position_ < text_.size() && !EndsWord(text_[position_])) {
      return QueryError(position_ + 1, "unexpected text after the regular expression; write \\/ for a slash inside it");
    }
    return Status::Ok();
  }

  // A colon ends a word that can be a field name, unless it begins "://".
  Status Word(Token* token) {
    token->kind = TokenKind::kWord;
    const size_t begin = position_;
    const bool may_be_name = IsNameStart(text_[begin]);
    while (position_ < text_.size() && !EndsWord(text_[position_])) {
      if (text_[position_] == ':' && may_be_name && text_.substr(position_, 3) != "://") break;
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) ++position_;
      ++position_;
    }
    token->text = text_.substr(begin, position_ - begin);
    return Status::Ok();
  }

  std::string_view text_;
  size_t position_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::string ShownText(std::string_view text) {
  constexpr size_t kShownBytes = 40;
  return std::string(text.substr(0, kShownBytes)) + (text.size() > kShownBytes ? "…" : "");
}

Status QueryError(size_t column, const std::string& message) {
  return Status(StatusCode::kUsage, "column " + std::to_string(column) + ": " + message);
}

Result<std::vector<Token>> Tokenize(std::string_view query) {
  if (query.size() > kMaxQueryBytes) {
    return QueryError(kMaxQueryBytes + 1, "the query is longer than " + std::to_string(kMaxQueryBytes) + " bytes");
  }
  return Lexer(query).Run();
}

}  // namespace whittle
