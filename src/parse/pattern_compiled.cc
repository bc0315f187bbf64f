// The compiled form of a pattern set: what Load makes of the files, so that starting costs no parsing and no compiling.
//
//   magic, then the patterns, then the rules best rank first, then the serialised database; integers are varints.
// It is made and read by one version of the program (built into it), so it has no version of its own; a database that
// this library or processor does not take is no error, the files are read then.
#include "base/varint.h"
#include "parse/pattern_rule.h"

namespace whittle {
namespace {

constexpr std::string_view kMagic = "whittle patterns\n";

}  // namespace

Result<std::string> PatternSet::CompileBuiltin() {
  PatternOptions options;
  options.any_processor = true;
  WHITTLE_ASSIGN_OR_RETURN(const auto set, Load(options));
  std::string bytes(kMagic);
  ByteWriter out(&bytes);
  out.Varint(set->infos_.size());
  for (const PatternInfo& info : set->infos_) {
    out.Bytes(info.name);
    out.Bytes(info.title);
    out.Bytes(info.path);
    out.U8(static_cast<uint8_t>(info.scope));
    out.Signed(info.priority);
    out.Varint(info.expressions);
    out.Varint(info.samples);
    out.Varint(info.counter_samples);
  }
  out.Varint(set->rules_.size());
  for (const auto& rule : set->rules_) {
    out.Varint(rule->pattern);
    out.Varint(rule->expression_index);
    out.Signed(rule->line);
    out.Varint(rule->constant_bytes);
    out.Varint(rule->constrained_bytes);
    out.Bytes(rule->re2_text);
    out.Varint(rule->fields.size());
    for (const GrokField& field : rule->fields) {
      out.Bytes(field.name);
      out.U8(static_cast<uint8_t>(field.role));
      out.U8(static_cast<uint8_t>(field.type));
      out.U8(field.is_body ? 1 : 0);
    }
  }
  out.Bytes(set->database_->Serialize());
  return bytes;
}

bool PatternSet::ReadCompiled(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return false;
  ByteReader in(bytes.substr(kMagic.size()));
  std::vector<PatternInfo> infos(std::min<uint64_t>(in.Varint(), kMaxPatterns));
  for (PatternInfo& info : infos) {
    info.name = in.Bytes();
    info.title = in.Bytes();
    info.path = in.Bytes();
    info.scope = static_cast<PatternScope>(in.U8());
    info.priority = static_cast<int>(in.Signed());
    info.expressions = in.Varint();
    info.samples = in.Varint();
    info.counter_samples = in.Varint();
  }
  std::vector<std::unique_ptr<Rule>> rules(std::min<uint64_t>(in.Varint(), kMaxPatterns * kMaxPatternExpressions));
  for (auto& rule : rules) {
    rule = std::make_unique<Rule>();
    rule->pattern = in.Varint();
    rule->expression_index = in.Varint();
    rule->line = static_cast<int>(in.Signed());
    rule->constant_bytes = in.Varint();
    rule->constrained_bytes = in.Varint();
    rule->re2_text = in.Bytes();
    rule->fields.resize(std::min<uint64_t>(in.Varint(), in.remaining()));
    for (GrokField& field : rule->fields) {
      field.name = in.Bytes();
      field.role = static_cast<FieldRole>(in.U8());
      field.type = static_cast<ValueType>(in.U8());
      field.is_body = in.U8() != 0;
    }
    if (!in.ok() || rule->pattern >= infos.size()) return false;
  }
  const std::string_view database = in.Bytes();
  if (!in.ok()) return false;
  database_ = PatternDatabase::FromBytes(database, static_cast<uint32_t>(rules.size()));
  if (database_ == nullptr) return false;
  infos_ = std::move(infos);
  rules_ = std::move(rules);
  return true;
}

}  // namespace whittle
