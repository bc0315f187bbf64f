#include "expr/parser.h"

namespace whittle {
namespace {

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      out->append("\\x");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void AppendLiteral(const LiteralText& literal, std::string* out) {
  if (literal.quoted) {
    AppendQuoted(literal.text, out);
  } else {
    out->append(literal.text);
  }
}

// A name with a backtick can only have come from quotes.
void AppendName(const FieldName& field, std::string* out) {
  if (field.text.empty()) return;
  if (field.text.find('`') != std::string::npos) {
    AppendQuoted(field.text, out);
    return;
  }
  out->push_back('`');
  out->append(field.text);
  out->push_back('`');
}

void Append(const Expr& expr, std::string* out) {
  static constexpr std::string_view kOps[] = {":", " = ", " != ", " < ", " <= ", " > ", " >= "};
  switch (expr.kind) {
    case Expr::Kind::kAll:
      out->push_back('*');
      return;
    case Expr::Kind::kAnd:
    case Expr::Kind::kOr:
      out->push_back('(');
      for (size_t i = 0; i < expr.children.size(); ++i) {
        if (i > 0) out->append(expr.kind == Expr::Kind::kAnd ? " and " : " or ");
        Append(*expr.children[i], out);
      }
      out->push_back(')');
      return;
    case Expr::Kind::kNot:
      out->append("not ");
      Append(*expr.children[0], out);
      return;
    case Expr::Kind::kText:
      AppendLiteral(expr.literals[0], out);
      return;
    case Expr::Kind::kCompare:
      AppendName(expr.field, out);
      out->append(kOps[static_cast<size_t>(expr.op)]);
      AppendLiteral(expr.literals[0], out);
      return;
    case Expr::Kind::kIn:
      AppendName(expr.field, out);
      out->append(" in (");
      for (size_t i = 0; i < expr.literals.size(); ++i) {
        if (i > 0) out->append(", ");
        AppendLiteral(expr.literals[i], out);
      }
      out->push_back(')');
      return;
    case Expr::Kind::kExists:
      // After "exists" quotes would be a phrase to search for, so a name that needs them takes the other form.
      if (expr.field.text.find('`') != std::string::npos) {
        AppendName(expr.field, out);
        out->append("=*");
        return;
      }
      out->append("exists ");
      AppendName(expr.field, out);
      return;
    case Expr::Kind::kRegex:
      AppendName(expr.field, out);
      if (expr.ignore_case) {
        out->append(" ~ ");
        AppendQuoted("(?i)" + expr.literals[0].text, out);
        return;
      }
      out->append(" ~ ");
      AppendQuoted(expr.literals[0].text, out);
      return;
  }
}

}  // namespace

std::string FormatExpr(const Expr& expr) {
  std::string out;
  Append(expr, &out);
  return out;
}

}  // namespace whittle
