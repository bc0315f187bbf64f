#include <algorithm>
#include <charconv>
#include <optional>

#include "event/value.h"
#include "expr/parser.h"
#include "expr/suggest.h"
#include "expr/token_stream.h"

namespace whittle {
namespace {

struct NamedFunction {
  std::string_view name;
  AggregateFunction function;
};

constexpr NamedFunction kFunctions[] = {
    {"count", AggregateFunction::kCount},  {"sum", AggregateFunction::kSum},
    {"avg", AggregateFunction::kAvg},      {"min", AggregateFunction::kMin},
    {"max", AggregateFunction::kMax},      {"p50", AggregateFunction::kQuantile},
    {"p90", AggregateFunction::kQuantile}, {"p95", AggregateFunction::kQuantile},
    {"p99", AggregateFunction::kQuantile}, {"distinct", AggregateFunction::kDistinct},
    {"rate", AggregateFunction::kRate},
};

constexpr std::string_view kStageNames[] = {"sort",      "top",     "limit",  "select", "facets", "fields",
                                            "histogram", "heatmap", "sample", "near",   "trace",  "rollup"};
// Records around a match when `near` does not say how many.
constexpr uint64_t kDefaultNear = 5;

// "p99" → 0.99, "p999" → 0.999; two digits or more, so that p5 is not mistaken for the median.
std::optional<double> ParseQuantileName(std::string_view name) {
  if (name.size() < 3 || name.size() > 6 || (name[0] != 'p' && name[0] != 'P')) return std::nullopt;
  double value = 0, scale = 1;
  for (const char c : name.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
    scale *= 10;
  }
  return value / scale;
}

std::optional<AggregateFunction> FindFunction(std::string_view name) {
  for (const auto& known : kFunctions) {
    if (EqualsKeyword(name, known.name)) return known.function;
  }
  if (ParseQuantileName(name)) return AggregateFunction::kQuantile;
  return std::nullopt;
}

class StageParser {
 public:
  explicit StageParser(TokenStream* in) : in_(*in) {}

  Result<Stage> Parse() {
    Stage stage;
    stage.column = in_.Peek().column();
    if (!in_.At(TokenKind::kWord)) {
      return QueryError(
          stage.column,
          "expected a stage after '|' (count, sum, sort, top, limit, select, facets …), found " + in_.Describe());
    }
    Status status;
    if (in_.TakeKeyword("sort")) {
      status = Sort(&stage);
    } else if (in_.TakeKeyword("top")) {
      status = Top(&stage);
    } else if (in_.TakeKeyword("limit")) {
      stage.kind = Stage::Kind::kLimit;
      status = Count("limit", &stage.count);
    } else if (in_.TakeKeyword("select")) {
      stage.kind = Stage::Kind::kSelect;
      status = Names("select", &stage.fields);
    } else if (in_.TakeKeyword("facets")) {
      stage.kind = Stage::Kind::kFacets;
      if (!AtEnd()) status = Names("facets", &stage.fields);
    } else if (in_.TakeKeyword("fields")) {
      stage.kind = Stage::Kind::kFields;
    } else if (in_.TakeKeyword("histogram")) {
      status = Histogram(&stage);
    } else if (in_.TakeKeyword("heatmap")) {
      status = Heatmap(&stage);
    } else if (in_.TakeKeyword("sample")) {
      stage.kind = Stage::Kind::kSample;
      status = Count("sample", &stage.count);
    } else if (in_.TakeKeyword("near")) {
      status = Near(&stage);
    } else if (in_.TakeKeyword("trace")) {
      stage.kind = Stage::Kind::kTrace;
    } else if (in_.TakeKeyword("rollup")) {
      stage.kind = Stage::Kind::kRollup;
      if (!in_.TakeKeyword("trace")) {
        status = QueryError(in_.Peek().column(), "only traces roll up: '| rollup trace'; found " + in_.Describe());
      }
    } else if (FindFunction(in_.Peek().text)) {
      status = Aggregate(&stage);
    } else {
      status = UnknownStage();
    }
    if (!status.ok()) return status;
    return stage;
  }

 private:
  Status UnknownStage() {
    return QueryError(in_.Peek().column(), "unknown stage or function " + in_.Describe() +
                                               DidYouMean(in_.Peek().text, {NearestFunction(in_.Peek().text)}));
  }

  Status Aggregate(Stage* stage) {
    stage->kind = Stage::Kind::kAggregate;
    do {
      AggregateCall call;
      WHITTLE_RETURN_IF_ERROR(Call(&call));
      if (stage->calls.size() == kMaxStageColumns) return TooManyColumns(call.column);
      stage->calls.push_back(std::move(call));
    } while (in_.Take(TokenKind::kComma));
    return Grouping(stage);
  }

  // "by F, G" and "every 1m", in either order.
  Status Grouping(Stage* stage) {
    for (;;) {
      if (stage->by.empty() && in_.TakeKeyword("by")) {
        WHITTLE_RETURN_IF_ERROR(Names("by", &stage->by));
      } else if (stage->every_ns == 0 && in_.TakeKeyword("every")) {
        WHITTLE_RETURN_IF_ERROR(Width(&stage->every_ns));
      } else {
        return Status::Ok();
      }
    }
  }

  Status Width(int64_t* width_ns) {
    const Value width = ParseValue(ValueType::kDuration, in_.Peek().text);
    if (width.type != ValueType::kDuration || width.integer <= 0) {
      return QueryError(in_.Peek().column(), "expected a duration such as 1m after 'every', found " + in_.Describe());
    }
    in_.Next();
    *width_ns = width.integer;
    return Status::Ok();
  }

  bool AtEnd() const { return in_.At(TokenKind::kEnd) || in_.At(TokenKind::kPipe); }

  // histogram [F] [by G] [every 1m] [in N]
  Status Histogram(Stage* stage) {
    stage->kind = Stage::Kind::kHistogram;
    if (!AtEnd() && !in_.AtKeyword("by") && !in_.AtKeyword("every") && !in_.AtKeyword("in")) {
      FieldName field;
      WHITTLE_ASSIGN_OR_RETURN(field, in_.TakeName("after 'histogram'"));
      stage->fields.push_back(std::move(field));
    }
    WHITTLE_RETURN_IF_ERROR(Grouping(stage));
    return Buckets(stage);
  }

  Status Heatmap(Stage* stage) {
    stage->kind = Stage::Kind::kHeatmap;
    FieldName field;
    WHITTLE_ASSIGN_OR_RETURN(field, in_.TakeName("after 'heatmap'"));
    stage->fields.push_back(std::move(field));
    if (in_.TakeKeyword("every")) WHITTLE_RETURN_IF_ERROR(Width(&stage->every_ns));
    return Buckets(stage);
  }

  // near [SOURCE:LINE] [N]
  Status Near(Stage* stage) {
    stage->kind = Stage::Kind::kNear;
    stage->count = kDefaultNear;
    const bool colon_follows = in_.At(TokenKind::kColon, 1) && in_.Adjacent(1);
    if (in_.At(TokenKind::kQuoted) || colon_follows || in_.Peek().text.find(':') != std::string::npos) {
      WHITTLE_RETURN_IF_ERROR(Place(stage));
    }
    return AtEnd() ? Status::Ok() : Count("near", &stage->count);
  }

  // app.log:120, "my app.log:120"
  Status Place(Stage* stage) {
    const size_t column = in_.Peek().column();
    const bool quoted = in_.At(TokenKind::kQuoted);
    std::string text = in_.Next().text;
    while (!quoted && in_.Adjacent() && (in_.At(TokenKind::kWord) || in_.At(TokenKind::kColon))) {
      const Token& token = in_.Next();
      text += token.kind == TokenKind::kColon ? ":" : token.text;
    }
    const size_t colon = text.rfind(':');
    const char* const begin = text.data() + (colon == std::string::npos ? text.size() : colon + 1);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, stage->line);
    if (error != std::errc() || stop != end || stage->line == 0 || colon == 0) {
      return QueryError(column, "an event is written SOURCE:LINE, such as near \"app.log:120\" 5");
    }
    stage->source = text.substr(0, colon);
    return Status::Ok();
  }

  Status Buckets(Stage* stage) {
    if (!in_.TakeKeyword("in")) return Status::Ok();
    const size_t column = in_.Peek().column();
    WHITTLE_RETURN_IF_ERROR(Count("in", &stage->count));
    if (stage->count == 0 || stage->count > kMaxBuckets) {
      return QueryError(column, "a histogram has 1 to " + std::to_string(kMaxBuckets) + " buckets");
    }
    return Status::Ok();
  }

  Status Call(AggregateCall* call) {
    const Token& token = in_.Peek();
    call->column = token.column();
    const auto function = token.kind == TokenKind::kWord ? FindFunction(token.text) : std::nullopt;
    if (!function) return UnknownFunction();
    call->function = *function;
    if (const auto quantile = ParseQuantileName(token.text)) call->quantile = *quantile;
    call->name = LowerCase(token.text);
    in_.Next();
    if (in_.Take(TokenKind::kLeftParen)) {
      if (!in_.At(TokenKind::kRightParen)) {
        WHITTLE_ASSIGN_OR_RETURN(call->field, in_.TakeName("in the parentheses"));
        call->name += "(" + call->field.text + ")";
      }
      if (!in_.Take(TokenKind::kRightParen)) {
        return QueryError(in_.Peek().column(), "expected ')', found " + in_.Describe());
      }
    }
    const bool needs_field = call->function != AggregateFunction::kCount && call->function != AggregateFunction::kRate;
    if (needs_field && call->field.text.empty()) {
      return QueryError(call->column, call->name + " needs a field: " + call->name + "(duration)");
    }
    if (in_.TakeKeyword("as")) {
      WHITTLE_ASSIGN_OR_RETURN(const FieldName name, in_.TakeName("after 'as'"));
      call->name = name.text;
    }
    return Status::Ok();
  }

  Status UnknownFunction() {
    std::vector<std::string_view> names;
    for (const auto& known : kFunctions) names.push_back(known.name);
    return QueryError(in_.Peek().column(), "expected a function (count, sum, avg, min, max, p99 …), found " +
                                               in_.Describe() + DidYouMean(in_.Peek().text, names));
  }

  Status Sort(Stage* stage) {
    stage->kind = Stage::Kind::kSort;
    in_.TakeKeyword("by");
    do {
      SortKey key;
      WHITTLE_RETURN_IF_ERROR(ResultColumn("after 'sort'", &key.field));
      if (in_.TakeKeyword("desc")) {
        key.descending = true;
      } else {
        in_.TakeKeyword("asc");
      }
      if (stage->keys.size() == kMaxStageColumns) return TooManyColumns(key.field.column);
      stage->keys.push_back(std::move(key));
    } while (in_.Take(TokenKind::kComma));
    return Status::Ok();
  }

  Status Top(Stage* stage) {
    stage->kind = Stage::Kind::kTop;
    WHITTLE_RETURN_IF_ERROR(Count("top", &stage->count));
    if (!in_.TakeKeyword("by")) return Status::Ok();
    SortKey key;
    key.descending = true;
    WHITTLE_RETURN_IF_ERROR(ResultColumn("after 'by'", &key.field));
    stage->keys.push_back(std::move(key));
    return Status::Ok();
  }

  // A column of a result: a name, or a call as it was written: avg(duration).
  Status ResultColumn(const std::string& what, FieldName* column) {
    WHITTLE_ASSIGN_OR_RETURN(*column, in_.TakeName(what));
    if (!FindFunction(column->text) || !in_.Take(TokenKind::kLeftParen)) return Status::Ok();
    column->text = LowerCase(column->text);
    if (!in_.At(TokenKind::kRightParen)) {
      WHITTLE_ASSIGN_OR_RETURN(const FieldName field, in_.TakeName("in the parentheses"));
      column->text += "(" + field.text + ")";
    }
    if (!in_.Take(TokenKind::kRightParen))
      return QueryError(in_.Peek().column(), "expected ')', found " + in_.Describe());
    return Status::Ok();
  }

  Status Names(const std::string& after, std::vector<FieldName>* names) {
    do {
      WHITTLE_ASSIGN_OR_RETURN(FieldName name, in_.TakeName("after '" + after + "'"));
      if (names->size() == kMaxStageColumns) return TooManyColumns(name.column);
      names->push_back(std::move(name));
    } while (in_.Take(TokenKind::kComma));
    return Status::Ok();
  }

  Status Count(const std::string& after, uint64_t* count) {
    const Token& token = in_.Peek();
    const char* end = token.text.data() + token.text.size();
    const auto [stop, error] = std::from_chars(token.text.data(), end, *count);
    if (token.kind != TokenKind::kWord || error != std::errc() || stop != end) {
      return QueryError(token.column(), "expected a number after '" + after + "', found " + in_.Describe());
    }
    in_.Next();
    return Status::Ok();
  }

  static Status TooManyColumns(size_t column) {
    return QueryError(column, "a stage has more than " + std::to_string(kMaxStageColumns) + " columns");
  }

  TokenStream& in_;
};

}  // namespace

std::string_view NearestFunction(std::string_view name) {
  std::vector<std::string_view> names(std::begin(kStageNames), std::end(kStageNames));
  for (const auto& known : kFunctions) names.push_back(known.name);
  return NearestName(name, names);
}

bool IsAggregateFunction(std::string_view name) { return FindFunction(name).has_value(); }

bool AtStage(const TokenStream& in) {
  if (!in.At(TokenKind::kWord)) return false;
  const std::string& word = in.Peek().text;
  const bool known =
      FindFunction(word) || std::any_of(std::begin(kStageNames), std::end(kStageNames),
                                        [&](std::string_view name) { return EqualsKeyword(word, name); });
  if (!known) return false;
  switch (in.Peek(1).kind) {
    case TokenKind::kEnd:
    case TokenKind::kPipe:
    case TokenKind::kWord:
    case TokenKind::kName:
    case TokenKind::kQuoted:
    case TokenKind::kLeftParen:
    case TokenKind::kComma:
      return true;
    default:
      return false;  // compared with something: a field
  }
}

Result<Stage> ParseOneStage(TokenStream* in) { return StageParser(in).Parse(); }

Status ParseStageTokens(TokenStream* in, std::vector<Stage>* stages) {
  while (in->Take(TokenKind::kPipe)) {
    if (stages->size() == kMaxStages) {
      return QueryError(in->Peek().column(), "the query has more than " + std::to_string(kMaxStages) + " stages");
    }
    WHITTLE_ASSIGN_OR_RETURN(Stage stage, StageParser(in).Parse());
    stages->push_back(std::move(stage));
  }
  return Status::Ok();
}

}  // namespace whittle
