#include "expr/parser.h"

#include "base/rfc3339.h"
#include "event/value.h"
#include "expr/token_stream.h"

namespace whittle {
namespace {

using ExprPtr = std::unique_ptr<Expr>;

bool IsFieldName(std::string_view text) {
  if (text.empty()) return false;
  const char c = text[0];
  if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$')) return false;
  return text.find_first_of("*\\\"'`") == std::string_view::npos;
}

std::optional<CompareOp> ToCompareOp(TokenKind kind) {
  switch (kind) {
    case TokenKind::kColon:
      return CompareOp::kMatch;
    case TokenKind::kEq:
      return CompareOp::kEq;
    case TokenKind::kNe:
      return CompareOp::kNe;
    case TokenKind::kLt:
      return CompareOp::kLt;
    case TokenKind::kLe:
      return CompareOp::kLe;
    case TokenKind::kGt:
      return CompareOp::kGt;
    case TokenKind::kGe:
      return CompareOp::kGe;
    default:
      return std::nullopt;
  }
}

bool IsStar(const LiteralText& literal) {
  return !literal.quoted && literal.text.size() == 1 && literal.text[0] == '*';
}

ExprPtr MakeExpr(Expr::Kind kind, size_t column) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->column = column;
  return expr;
}

ExprPtr MakeCompare(FieldName field, CompareOp op, LiteralText literal) {
  ExprPtr expr = MakeExpr(Expr::Kind::kCompare, field.column);
  expr->op = op;
  expr->field = std::move(field);
  expr->literals.push_back(std::move(literal));
  return expr;
}

bool LooksLikeDate(std::string_view text) {
  return text.size() >= 7 && text.substr(0, 4).find_first_not_of("0123456789") == std::string_view::npos &&
         text[4] == '-' && text[5] >= '0' && text[5] <= '9';
}

// "A..B" of two times, one of which may be left out: everything from the begin of A to the end of B. Null for other
// texts.
Result<ExprPtr> ParseTimeRange(const FieldName& field, const LiteralText& literal) {
  const size_t dots = literal.text.find("..");
  if (literal.quoted || dots == std::string::npos) return ExprPtr();
  const LiteralText ends[] = {{literal.text.substr(0, dots), true, literal.column},
                              {literal.text.substr(dots + 2), true, literal.column + dots + 2}};
  bool is_time[2];
  for (int i = 0; i < 2; ++i) is_time[i] = ParseTimeSpan(ends[i].text).has_value();
  const bool meant = LooksLikeDate(ends[0].text) || LooksLikeDate(ends[1].text);
  if (!meant && !(is_time[0] && is_time[1])) return ExprPtr();
  ExprPtr both = MakeExpr(Expr::Kind::kAnd, field.column);
  for (int i = 0; i < 2; ++i) {
    if (ends[i].text.empty()) continue;
    if (!is_time[i]) {
      return QueryError(ends[i].column, "\"" + ShownText(ends[i].text) +
                                            "\" is not a time; write 2024-05-01..2024-05-02, with "
                                            "times such as 2024-05-01T10:30");
    }
    both->children.push_back(MakeCompare(field, i == 0 ? CompareOp::kGe : CompareOp::kLe, ends[i]));
  }
  return both;
}

class FilterParser {
 public:
  FilterParser(TokenStream* in, const ParseOptions& options) : in_(*in), options_(options) {}

  Result<ExprPtr> Or(int depth) {
    ExprPtr any = MakeExpr(Expr::Kind::kOr, in_.Peek().column());
    do {
      WHITTLE_ASSIGN_OR_RETURN(ExprPtr one, And(depth));
      any->children.push_back(std::move(one));
    } while (in_.TakeKeyword("or"));
    if (any->children.size() == 1) return std::move(any->children[0]);
    return any;
  }

 private:
  bool AtEndOfTerms() const {
    return in_.At(TokenKind::kEnd) || in_.At(TokenKind::kPipe) || in_.At(TokenKind::kRightParen) || in_.AtKeyword("or");
  }

  Result<ExprPtr> And(int depth) {
    ExprPtr all = MakeExpr(Expr::Kind::kAnd, in_.Peek().column());
    do {
      WHITTLE_ASSIGN_OR_RETURN(ExprPtr one, Unary(depth));
      all->children.push_back(std::move(one));
      if (in_.TakeKeyword("and") && AtEndOfTerms()) {
        return QueryError(in_.Peek().column(), "expected a condition after 'and', found " + in_.Describe());
      }
    } while (!AtEndOfTerms());
    if (all->children.size() == 1) return std::move(all->children[0]);
    return all;
  }

  Result<ExprPtr> Unary(int depth) {
    const size_t column = in_.Peek().column();
    if (depth >= kMaxFilterDepth) {
      return QueryError(column, "conditions are nested more than " + std::to_string(kMaxFilterDepth) + " deep");
    }
    if (++terms_ > kMaxFilterTerms) {
      return QueryError(column, "the filter has more than " + std::to_string(kMaxFilterTerms) + " conditions");
    }
    if (in_.AtKeyword("not") && !ToCompareOp(in_.Peek(1).kind)) {
      in_.Next();
      WHITTLE_ASSIGN_OR_RETURN(ExprPtr operand, Unary(depth + 1));
      ExprPtr negation = MakeExpr(Expr::Kind::kNot, column);
      negation->children.push_back(std::move(operand));
      return negation;
    }
    if (in_.Take(TokenKind::kLeftParen)) {
      WHITTLE_ASSIGN_OR_RETURN(ExprPtr inner, Or(depth + 1));
      if (!in_.Take(TokenKind::kRightParen)) {
        return QueryError(in_.Peek().column(),
                          "expected ')' for the '(' in column " + std::to_string(column) + ", found " + in_.Describe());
      }
      return inner;
    }
    return Condition();
  }

  Result<ExprPtr> Condition() {
    const Token& token = in_.Peek();
    switch (token.kind) {
      case TokenKind::kMatch:
      case TokenKind::kNotMatch:
        return Regex(FieldName{"", token.column()});
      case TokenKind::kWord:
      case TokenKind::kQuoted:
      case TokenKind::kName:
        break;
      default:
        if (ToCompareOp(token.kind)) return QueryError(token.column(), "expected a field before " + in_.Describe());
        return QueryError(token.column(), "expected a word or a condition, found " + in_.Describe());
    }
    if (ToCompareOp(in_.Peek(1).kind)) return Compare();
    if (in_.At(TokenKind::kMatch, 1) || in_.At(TokenKind::kNotMatch, 1)) {
      WHITTLE_ASSIGN_OR_RETURN(FieldName field, in_.TakeName("before '~'"));
      return Regex(std::move(field));
    }
    const bool negated = in_.AtKeyword("not", 1);
    const size_t in_ahead = negated ? 2 : 1;
    if (in_.AtKeyword("in", in_ahead) && in_.At(TokenKind::kLeftParen, in_ahead + 1)) return In(negated);
    if (in_.AtKeyword("exists") && AtExistsOperand()) return Exists();
    if (token.kind == TokenKind::kName)
      return QueryError(token.column(), "expected a comparison after the field " + in_.Describe());
    if (in_.AtKeyword("last") && in_.At(TokenKind::kWord, 1)) {
      const Value duration = ParseValue(ValueType::kDuration, in_.Peek(1).text);
      if (duration.type == ValueType::kDuration) return Last(duration.integer);
    }
    if (in_.AtKeyword("and") || in_.AtKeyword("or") || in_.AtKeyword("not")) {
      return QueryError(token.column(),
                        "expected a condition, found " + in_.Describe() + "; quote it to search for the word");
    }
    return Text();
  }

  bool AtOperatorWord(size_t ahead) const {
    return in_.AtKeyword("and", ahead) || in_.AtKeyword("or", ahead) || in_.AtKeyword("not", ahead);
  }

  // exists NAME and exists(NAME).
  bool AtExistsOperand() const {
    if (in_.At(TokenKind::kLeftParen, 1)) return true;
    return (IsFieldName(in_.Peek(1).text) || in_.At(TokenKind::kName, 1)) && !AtOperatorWord(1);
  }

  Result<ExprPtr> Exists() {
    in_.Next();
    const bool parenthesis = in_.Take(TokenKind::kLeftParen);
    ExprPtr exists = MakeExpr(Expr::Kind::kExists, in_.Peek().column());
    WHITTLE_ASSIGN_OR_RETURN(exists->field, in_.TakeName("after 'exists'"));
    if (parenthesis && !in_.Take(TokenKind::kRightParen)) {
      return QueryError(in_.Peek().column(), "expected ')' after the field of exists, found " + in_.Describe());
    }
    return exists;
  }

  Result<ExprPtr> Text() {
    const size_t column = in_.Peek().column();
    WHITTLE_ASSIGN_OR_RETURN(LiteralText literal, TakeLiteral(false));
    if (IsStar(literal)) return MakeExpr(Expr::Kind::kAll, column);
    WHITTLE_ASSIGN_OR_RETURN(ExprPtr range, ParseTimeRange(FieldName{"timestamp", column}, literal));
    if (range != nullptr) return range;
    ExprPtr text = MakeExpr(Expr::Kind::kText, column);
    text->literals.push_back(std::move(literal));
    return text;
  }

  Result<ExprPtr> Last(int64_t width_ns) {
    const size_t column = in_.Next().column();
    const size_t width_column = in_.Next().column();
    if (!options_.now_ns)
      return QueryError(column, "'last' needs to know what time it is, and this filter is not tied to a time");
    int64_t from = 0;
    if (width_ns < 0 || __builtin_sub_overflow(*options_.now_ns, width_ns, &from)) {
      return QueryError(width_column, "the duration after 'last' is out of range");
    }
    return MakeCompare(FieldName{"timestamp", column}, CompareOp::kGe,
                       LiteralText{FormatRfc3339(from), true, width_column});
  }

  Result<ExprPtr> Compare() {
    WHITTLE_ASSIGN_OR_RETURN(FieldName field, in_.TakeName("before " + Operator(1)));
    const CompareOp op = *ToCompareOp(in_.Next().kind);
    if (op == CompareOp::kMatch && in_.At(TokenKind::kLeftParen)) {
      return QueryError(in_.Peek().column(), "a list of values is written: " + field.text + " in (a, b)");
    }
    WHITTLE_ASSIGN_OR_RETURN(LiteralText literal, TakeLiteral(true));
    const bool equality = op == CompareOp::kEq || op == CompareOp::kMatch;
    if (equality && IsStar(literal)) {
      ExprPtr exists = MakeExpr(Expr::Kind::kExists, field.column);
      exists->field = std::move(field);
      return exists;
    }
    if (equality) {
      WHITTLE_ASSIGN_OR_RETURN(ExprPtr range, ParseTimeRange(field, literal));
      if (range != nullptr) return range;
    }
    return MakeCompare(std::move(field), op, std::move(literal));
  }

  std::string Operator(size_t ahead) const {
    static constexpr std::string_view kNames[] = {":", "=", "!=", "<", "<=", ">", ">="};
    const auto op = ToCompareOp(in_.Peek(ahead).kind);
    return op ? "'" + std::string(kNames[static_cast<size_t>(*op)]) + "'" : "the operator";
  }

  Result<ExprPtr> In(bool negated) {
    const size_t column = in_.Peek().column();
    ExprPtr list = MakeExpr(Expr::Kind::kIn, column);
    WHITTLE_ASSIGN_OR_RETURN(list->field, in_.TakeName("before 'in'"));
    if (negated) in_.Next();
    in_.Next();
    in_.Next();
    do {
      if (list->literals.size() == kMaxListValues) {
        return QueryError(in_.Peek().column(), "the list has more than " + std::to_string(kMaxListValues) + " values");
      }
      WHITTLE_ASSIGN_OR_RETURN(LiteralText literal, TakeLiteral(true));
      list->literals.push_back(std::move(literal));
    } while (in_.Take(TokenKind::kComma));
    if (!in_.Take(TokenKind::kRightParen)) {
      return QueryError(in_.Peek().column(), "expected ',' or ')' in the list, found " + in_.Describe());
    }
    if (!negated) return list;
    ExprPtr negation = MakeExpr(Expr::Kind::kNot, column);
    negation->children.push_back(std::move(list));
    return negation;
  }

  Result<ExprPtr> Regex(FieldName field) {
    const bool negated = in_.Next().kind == TokenKind::kNotMatch;
    const Token& token = in_.Peek();
    if (token.kind != TokenKind::kRegex && token.kind != TokenKind::kQuoted) {
      return QueryError(token.column(),
                        "expected a regular expression between slashes after '~', found " + in_.Describe());
    }
    ExprPtr regex = MakeExpr(Expr::Kind::kRegex, token.column());
    regex->field = std::move(field);
    regex->ignore_case = token.ignore_case;
    regex->literals.push_back(LiteralText{token.text, true, token.column()});
    in_.Next();
    if (!negated) return regex;
    ExprPtr negation = MakeExpr(Expr::Kind::kNot, regex->column);
    negation->children.push_back(std::move(regex));
    return negation;
  }

  // A quoted text, or a word. In a value the colons and equal signs that touch it belong to it: ip:[::1]:80, a=b=c.
  Result<LiteralText> TakeLiteral(bool join) {
    const Token& first = in_.Peek();
    LiteralText literal{first.text, first.kind == TokenKind::kQuoted, first.column()};
    if (first.kind == TokenKind::kQuoted) {
      in_.Next();
      return literal;
    }
    const bool joinable = join && (first.kind == TokenKind::kWord || first.kind == TokenKind::kColon);
    if (!joinable && first.kind != TokenKind::kWord) {
      return QueryError(first.column(), "expected a value, found " + in_.Describe());
    }
    if (first.kind == TokenKind::kColon) literal.text = ":";
    in_.Next();
    while (join && in_.Adjacent() &&
           (in_.At(TokenKind::kWord) || in_.At(TokenKind::kColon) || in_.At(TokenKind::kEq))) {
      const Token& token = in_.Next();
      if (token.kind == TokenKind::kWord) {
        literal.text += token.text;
      } else if (token.kind == TokenKind::kColon) {
        literal.text += ":";
      } else {
        literal.text.append(token.end - token.begin, '=');
      }
    }
    return literal;
  }

  TokenStream& in_;
  const ParseOptions& options_;
  size_t terms_ = 0;
};

}  // namespace

std::string TokenStream::Describe() const {
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the query";
    case TokenKind::kLeftParen:
      return "'('";
    case TokenKind::kRightParen:
      return "')'";
    case TokenKind::kPipe:
      return "'|'";
    case TokenKind::kComma:
      return "','";
    case TokenKind::kColon:
      return "':'";
    case TokenKind::kEq:
      return "'='";
    case TokenKind::kNe:
      return "'!='";
    case TokenKind::kLt:
      return "'<'";
    case TokenKind::kLe:
      return "'<='";
    case TokenKind::kGt:
      return "'>'";
    case TokenKind::kGe:
      return "'>='";
    case TokenKind::kMatch:
      return "'~'";
    case TokenKind::kNotMatch:
      return "'!~'";
    default:
      break;
  }
  return "'" + ShownText(token.text) + "'";
}

Result<FieldName> TokenStream::TakeName(const std::string& what) {
  const Token& token = Peek();
  const bool quoted = token.kind == TokenKind::kName || token.kind == TokenKind::kQuoted;
  if (!quoted && !(token.kind == TokenKind::kWord && IsFieldName(token.text))) {
    return QueryError(token.column(), "expected a field name " + what + ", found " + Describe() +
                                          "; put unusual names in backticks: `my field`");
  }
  if (token.text.empty()) return QueryError(token.column(), "a field's name is empty " + what);
  FieldName name{token.text, token.column()};
  Next();
  return name;
}

Result<ExprPtr> ParseFilterTokens(TokenStream* in, const ParseOptions& options) {
  if (in->At(TokenKind::kEnd) || in->At(TokenKind::kPipe)) return MakeExpr(Expr::Kind::kAll, in->Peek().column());
  return FilterParser(in, options).Or(0);
}

Result<ExprPtr> ParseFilter(std::string_view text, const ParseOptions& options) {
  WHITTLE_ASSIGN_OR_RETURN(auto tokens, Tokenize(text));
  TokenStream in(std::move(tokens));
  WHITTLE_ASSIGN_OR_RETURN(ExprPtr filter, ParseFilterTokens(&in, options));
  if (in.At(TokenKind::kPipe))
    return QueryError(in.Peek().column(), "a filter alone is expected here, without '|' stages");
  if (!in.At(TokenKind::kEnd)) return QueryError(in.Peek().column(), "unexpected " + in.Describe());
  return filter;
}

namespace {

// Words that were meant as a stage whose '|' is missing: "severity>=error count by template".
void HintAtMissingPipe(const TokenStream& in, QueryAst* query) {
  if (in.At(TokenKind::kWord) && (in.AtKeyword("by", 1) || in.AtKeyword("every", 1))) {
    if (const std::string_view nearest = NearestFunction(in.Peek().text); !nearest.empty()) {
      query->hints.push_back("column " + std::to_string(in.Peek().column()) + ": \"" + in.Peek().text +
                             "\" is searched as a word; did you mean \"" + std::string(nearest) + "\"?");
    }
  }
  for (size_t i = 1; !in.At(TokenKind::kEnd, i) && !in.At(TokenKind::kPipe, i); ++i) {
    if (!in.At(TokenKind::kWord, i) || !in.AtKeyword("by", i + 1) || !IsAggregateFunction(in.Peek(i).text)) continue;
    query->hints.push_back("column " + std::to_string(in.Peek(i).column()) + ": \"" + in.Peek(i).text +
                           "\" is searched as a word; for a stage put '|' before it");
  }
}

// A query may begin with a stage: "count by severity" is "* | count by severity". It is one if all of it up to the next
// '|' reads as a stage; else its words are searched, unless it can hardly be anything but a stage.
Result<bool> ParseLeadingStage(TokenStream* in, QueryAst* query) {
  if (!AtStage(*in)) return false;
  const bool one_word = in->At(TokenKind::kEnd, 1) || in->At(TokenKind::kPipe, 1);
  const bool meant = in->AtKeyword("by", 1) || in->At(TokenKind::kLeftParen, 1) || in->At(TokenKind::kComma, 1);
  const std::string word = in->Peek().text;
  TokenStream ahead = *in;
  auto stage = ParseOneStage(&ahead);
  const bool whole = stage.ok() && (ahead.At(TokenKind::kEnd) || ahead.At(TokenKind::kPipe));
  if (!whole) {
    if (meant && !stage.ok()) return stage.status();
    if (meant) return QueryError(ahead.Peek().column(), "unexpected " + ahead.Describe());
    return false;
  }
  if (one_word && ahead.At(TokenKind::kEnd)) {
    query->hints.push_back("\"" + word + "\" is read as a stage; to search for the word write '\"" + word + "\"'");
  }
  *in = std::move(ahead);
  query->stages.push_back(std::move(stage).value());
  return true;
}

}  // namespace

Result<QueryAst> ParseQuery(std::string_view text, const ParseOptions& options) {
  WHITTLE_ASSIGN_OR_RETURN(auto tokens, Tokenize(text));
  TokenStream in(std::move(tokens));
  QueryAst query;
  WHITTLE_ASSIGN_OR_RETURN(const bool leading_stage, ParseLeadingStage(&in, &query));
  if (leading_stage) {
    query.filter = MakeExpr(Expr::Kind::kAll, 1);
  } else {
    HintAtMissingPipe(in, &query);
    WHITTLE_ASSIGN_OR_RETURN(query.filter, ParseFilterTokens(&in, options));
  }
  WHITTLE_RETURN_IF_ERROR(ParseStageTokens(&in, &query.stages));
  if (!in.At(TokenKind::kEnd)) return QueryError(in.Peek().column(), "unexpected " + in.Describe());
  return query;
}

}  // namespace whittle
