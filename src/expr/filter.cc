#include "expr/filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <unordered_set>

#include "expr/lexer.h"
#include "expr/literal.h"

namespace whittle {
namespace {

struct Node {
  Expr::Kind kind = Expr::Kind::kAll;
  CompareOp op = CompareOp::kEq;
  uint32_t field = 0;
  uint32_t line = 0;  // kText: the field of the record as it was read
  uint32_t leaf = 0;  // number among the conditions
  std::vector<Literal> literals;
  std::unordered_set<std::string> texts;  // kIn over ids, of which there may be very many
  std::unique_ptr<PhrasePattern> phrase;
  std::unique_ptr<re2::RE2> regex;
  std::vector<Node> children;
};

// Depth is bounded by kMaxFilterDepth.
template <typename AnswerLeaf>
bool Evaluate(const Node& node, const AnswerLeaf& answer) {
  switch (node.kind) {
    case Expr::Kind::kAll:
      return true;
    case Expr::Kind::kAnd:
      for (const Node& child : node.children) {
        if (!Evaluate(child, answer)) return false;
      }
      return true;
    case Expr::Kind::kOr:
      for (const Node& child : node.children) {
        if (Evaluate(child, answer)) return true;
      }
      return false;
    case Expr::Kind::kNot:
      return !Evaluate(node.children[0], answer);
    default:
      return answer(node);
  }
}

bool EvaluateLeaf(const Node& node, const std::vector<FieldRef>& fields, FieldSource* source) {
  switch (node.kind) {
    case Expr::Kind::kText: {
      const auto message = source->Text(fields[node.field]);
      if (message && node.phrase->Matches(*message)) return true;
      const auto line = source->Text(fields[node.line]);
      return line && node.phrase->Matches(*line);
    }
    case Expr::Kind::kCompare: {
      if (node.phrase) {
        const auto text = source->Text(fields[node.field]);
        return text && node.phrase->Matches(*text);
      }
      const Value* value = source->Lookup(fields[node.field]);
      return value != nullptr && node.literals[0].Compare(*value, node.op, fields[node.field]);
    }
    case Expr::Kind::kIn: {
      const Value* value = source->Lookup(fields[node.field]);
      if (value == nullptr) return false;
      if (!node.texts.empty()) return node.texts.contains(value->text);
      for (const Literal& literal : node.literals) {
        if (literal.Compare(*value, CompareOp::kEq, fields[node.field])) return true;
      }
      return false;
    }
    case Expr::Kind::kExists:
      return source->Lookup(fields[node.field]) != nullptr;
    case Expr::Kind::kRegex: {
      const auto text = source->Text(fields[node.field]);
      return text && re2::RE2::PartialMatch(re2::StringPiece(text->data(), text->size()), *node.regex);
    }
    default:
      return false;
  }
  return false;
}

}  // namespace

struct Filter::Program {
  Node root;
  std::vector<const Node*> leaves;
  std::vector<FieldRef> fields;
  std::vector<FieldName> written_names;
};

namespace {

class Binder {
 public:
  Binder(std::vector<FieldRef>* fields, std::vector<FieldName>* written) : fields_(*fields), written_(*written) {}

  Status Bind(const Expr& expr, Node* node) {
    node->kind = expr.kind;
    node->op = expr.op;
    switch (expr.kind) {
      case Expr::Kind::kAll:
        return Status::Ok();
      case Expr::Kind::kAnd:
      case Expr::Kind::kOr:
      case Expr::Kind::kNot:
        node->children.resize(expr.children.size());
        for (size_t i = 0; i < expr.children.size(); ++i)
          WHITTLE_RETURN_IF_ERROR(Bind(*expr.children[i], &node->children[i]));
        return Status::Ok();
      case Expr::Kind::kText: {
        const LiteralText& literal = expr.literals[0];
        node->field = Field(FieldName{"body", expr.column});
        node->line = Field(FieldName{"raw", expr.column});
        node->phrase = MakePhrase(literal);
        return Status::Ok();
      }
      case Expr::Kind::kCompare:
        return BindCompare(expr, node);
      case Expr::Kind::kIn:
        node->field = Field(expr.field);
        if (IsPlainIds(fields_[node->field], expr.literals)) {
          for (const LiteralText& literal : expr.literals) node->texts.insert(literal.text);
          return Status::Ok();
        }
        for (const LiteralText& literal : expr.literals) {
          node->literals.emplace_back(literal);
          WHITTLE_RETURN_IF_ERROR(Check(fields_[node->field], node->literals.back(), CompareOp::kEq, literal.column));
        }
        return Status::Ok();
      case Expr::Kind::kExists:
        node->field = Field(expr.field);
        return Status::Ok();
      case Expr::Kind::kRegex:
        node->field = Field(expr.field.text.empty() ? FieldName{"body", expr.column} : expr.field);
        return BindRegex(expr, node);
    }
    return Status::Ok();
  }

 private:
  static std::unique_ptr<PhrasePattern> MakePhrase(const LiteralText& literal) {
    return std::make_unique<PhrasePattern>(literal.quoted ? std::vector<std::string>{literal.text}
                                                          : SplitWildcard(literal.text));
  }

  // Ids are lower-case hex, so quoted ones compare as they are.
  static bool IsPlainIds(const FieldRef& field, const std::vector<LiteralText>& literals) {
    const bool id = field.builtin == Builtin::kTraceId || field.builtin == Builtin::kSpanId;
    return id && std::all_of(literals.begin(), literals.end(), [](const LiteralText& one) { return one.quoted; });
  }

  Status BindCompare(const Expr& expr, Node* node) {
    node->field = Field(expr.field);
    const LiteralText& literal = expr.literals[0];
    const Builtin builtin = fields_[node->field].builtin;
    if (expr.op == CompareOp::kMatch && (builtin == Builtin::kBody || builtin == Builtin::kRaw)) {
      node->phrase = MakePhrase(literal);
      return Status::Ok();
    }
    node->literals.emplace_back(literal);
    return Check(fields_[node->field], node->literals[0], expr.op, literal.column);
  }

  // Comparisons that could never hold, whatever the event.
  static Status Check(const FieldRef& field, const Literal& literal, CompareOp op, size_t column) {
    if (field.builtin == Builtin::kTimestamp && !literal.time()) {
      return QueryError(column, "\"" + ShownText(literal.text()) +
                                    "\" is not a time; write 2024-05-01, \"2024-05-01 10:30\" or 2024-05-01T10:30:00Z");
    }
    if (literal.is_impossible_network()) {
      return QueryError(column, "\"" + ShownText(literal.text()) +
                                    "\" is not a network: 0 to 32 bits of IPv4, 0 to 128 of IPv6; " +
                                    "quote it to compare text");
    }
    const bool ordering = op >= CompareOp::kLt;
    if (field.builtin == Builtin::kSeverity && ordering && !literal.severity()) {
      return QueryError(column, "\"" + ShownText(literal.text()) +
                                    "\" is not a severity; write trace, debug, info, warn, error, fatal or 1..24");
    }
    if (ordering && literal.has_wildcard())
      return QueryError(column, "a wildcard cannot be compared with < or >; quote a literal '*'");
    return Status::Ok();
  }

  Status BindRegex(const Expr& expr, Node* node) {
    const LiteralText& pattern = expr.literals[0];
    if (pattern.text.size() > kMaxRegexBytes) {
      return QueryError(pattern.column,
                        "the regular expression is longer than " + std::to_string(kMaxRegexBytes) + " bytes");
    }
    if (++regexes_ > kMaxRegexes) {
      return QueryError(pattern.column,
                        "the filter has more than " + std::to_string(kMaxRegexes) + " regular expressions");
    }
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // logs are bytes, not always UTF-8
    options.set_case_sensitive(!expr.ignore_case);
    options.set_max_mem(kMaxRegexMemoryBytes);
    options.set_log_errors(false);
    options.set_never_capture(true);
    node->regex = std::make_unique<re2::RE2>(pattern.text, options);
    if (!node->regex->ok())
      return QueryError(pattern.column, "the regular expression is refused: " + node->regex->error());
    return Status::Ok();
  }

  uint32_t Field(const FieldName& name) {
    for (size_t i = 0; i < written_.size(); ++i) {
      if (written_[i].text == name.text) return static_cast<uint32_t>(i);
    }
    FieldRef field = ResolveField(name.text);
    field.id = static_cast<uint32_t>(fields_.size());
    fields_.push_back(std::move(field));
    written_.push_back(name);
    return fields_.back().id;
  }

  std::vector<FieldRef>& fields_;
  std::vector<FieldName>& written_;
  size_t regexes_ = 0;
};

}  // namespace

namespace {

void NumberLeaves(Node* node, std::vector<const Node*>* leaves) {
  for (Node& child : node->children) NumberLeaves(&child, leaves);
  if (!node->children.empty() || node->kind == Expr::Kind::kAll) return;
  node->leaf = static_cast<uint32_t>(leaves->size());
  leaves->push_back(node);
}

}  // namespace

Filter::Filter() : program_(std::make_shared<Program>()) {}
Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

Result<Filter> Filter::Bind(const Expr& expr) {
  auto program = std::make_shared<Program>();
  WHITTLE_RETURN_IF_ERROR(Binder(&program->fields, &program->written_names).Bind(expr, &program->root));
  NumberLeaves(&program->root, &program->leaves);
  Filter filter;
  filter.program_ = std::move(program);
  return filter;
}

Result<Filter> Filter::Parse(std::string_view text, const ParseOptions& options) {
  WHITTLE_ASSIGN_OR_RETURN(const auto expr, ParseFilter(text, options));
  return Bind(*expr);
}

bool Filter::Matches(FieldSource* fields) const {
  return Evaluate(program_->root, [&](const Node& leaf) { return EvaluateLeaf(leaf, program_->fields, fields); });
}

bool Filter::Matches(LeafAnswers* answers) const {
  return Evaluate(program_->root, [&](const Node& leaf) { return answers->Answer(leaf.leaf); });
}

size_t Filter::leaf_count() const { return program_->leaves.size(); }

Filter::Leaf Filter::leaf(size_t index) const {
  const Node& node = *program_->leaves[index];
  const bool one_word = node.phrase != nullptr && node.phrase->IsOneWord();
  return {&program_->fields[node.field], one_word ? std::string_view(node.phrase->first_piece()) : std::string_view(),
          node.kind == Expr::Kind::kText};
}

bool Filter::LeafMatches(size_t index, FieldSource* fields) const {
  return EvaluateLeaf(*program_->leaves[index], program_->fields, fields);
}

bool Filter::Matches(const Event& event) const {
  EventFields fields(event);
  return Matches(&fields);
}

bool Filter::matches_all() const { return program_->root.kind == Expr::Kind::kAll; }
const std::vector<FieldRef>& Filter::fields() const { return program_->fields; }
const std::vector<FieldName>& Filter::written_names() const { return program_->written_names; }

}  // namespace whittle
