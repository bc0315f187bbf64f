#include "parse/scrub.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/hmac.h"
#include "parse/scrub_bytes.h"

namespace whittle {
namespace {

constexpr size_t kMinKeyBytes = 16;  // 128 bits: not to be guessed
constexpr size_t kHashBytes = 6;     // 12 hex digits: short enough to read, see scrub.h for what it means
constexpr size_t kMaxNameBytes = 64;
// An expression may look far ahead for every match, which makes finding all of them quadratic. The bytes ahead of each
// search are added up, and beyond this many times the line (counted as kSmallLineBytes at least) the rest of the line
// is scrubbed as one value: slow is not an option, and letting it pass is neither.
constexpr uint64_t kMaxSearchFactor = 64;
constexpr size_t kSmallLineBytes = 64 * 1024;

struct Pattern {
  std::string_view name;
  ScrubKind kind;
};
constexpr Pattern kPatterns[] = {{"email", ScrubKind::kEmail},   {"card", ScrubKind::kCard},
                                 {"bearer", ScrubKind::kBearer}, {"password", ScrubKind::kPassword},
                                 {"jwt", ScrubKind::kJwt},       {"aws-key", ScrubKind::kAwsKey}};

Status BadConfig(std::string what) { return Status(StatusCode::kConfig, "scrub: " + std::move(what)); }

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return scrub::Is(c, scrub::kIdentifier); });
}

Status CheckNames(const ScrubOptions& options) {
  if (options.fields.size() > kMaxScrubFields) {
    return BadConfig("more than " + std::to_string(kMaxScrubFields) + " fields; end names with * to cover many");
  }
  if (options.expressions.size() > kMaxScrubExpressions) {
    return BadConfig("more than " + std::to_string(kMaxScrubExpressions) + " expressions; join them with |");
  }
  for (const std::string& field : options.fields) {
    const std::string_view name = field.ends_with('*') ? std::string_view(field).substr(0, field.size() - 1) : field;
    if (!IsName(name)) return BadConfig("'" + field + "' is not an attribute name");
  }
  for (const auto& [name, expression] : options.expressions) {
    if (!IsName(name))
      return BadConfig("'" + name + "' is not a name for an expression: use letters, digits, '_', '-', '.'");
  }
  return Status::Ok();
}

// The spelling that is hashed: equal for all the ways in which one value is written.
std::string Canonical(ScrubKind kind, std::string_view value) {
  std::string out;
  if (kind == ScrubKind::kCard) {
    std::copy_if(value.begin(), value.end(), std::back_inserter(out),
                 [](char c) { return scrub::Is(c, scrub::kDigit); });
  } else if (kind == ScrubKind::kEmail) {
    std::transform(value.begin(), value.end(), std::back_inserter(out), scrub::Lower);
    for (const std::string_view at_sign : {"%40", "\\u0040"}) {
      if (const size_t at = out.find(at_sign); at != std::string::npos) out.replace(at, at_sign.size(), "@");
    }
  } else {
    out = value;
  }
  return out;
}

// A JSON value without quotes, as in {"card": 4111111111111111}, becomes a string, or the line would no longer be JSON.
// Returns the quote to put around it (behind its backslashes, in JSON inside JSON), or nothing.
std::string QuoteFor(std::string_view line, size_t begin) {
  const auto skip_spaces_back = [&](size_t at) {
    for (int i = 0; i < 4 && at > 0 && line[at - 1] == ' '; ++i) --at;
    return at;
  };
  size_t at = skip_spaces_back(begin);
  if (at == 0 || line[at - 1] != ':') return {};
  at = skip_spaces_back(at - 1);
  if (at == 0 || line[at - 1] != '"') return {};
  size_t backslashes = at - 1;
  while (backslashes > 0 && at - backslashes < 16 && line[backslashes - 1] == '\\') --backslashes;
  return std::string(line.substr(backslashes, at - backslashes));
}

// Sorts and joins overlapping findings; of several that begin together the longest gives the kind.
void Merge(std::vector<ScrubFinding>* findings) {
  std::sort(findings->begin(), findings->end(), [](const ScrubFinding& a, const ScrubFinding& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end > b.end : a.kind < b.kind;
  });
  size_t kept = 0;
  for (const ScrubFinding& finding : *findings) {
    if (kept > 0 && finding.begin < (*findings)[kept - 1].end) {
      (*findings)[kept - 1].end = std::max((*findings)[kept - 1].end, finding.end);
    } else {
      (*findings)[kept++] = finding;
    }
  }
  findings->resize(kept);
}

}  // namespace

const std::vector<std::string_view>& ScrubPatternNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Pattern& pattern : kPatterns) all.push_back(pattern.name);
    return all;
  }();
  return names;
}

Scrubber::~Scrubber() = default;

Result<std::shared_ptr<const Scrubber>> Scrubber::Create(const ScrubOptions& options) {
  WHITTLE_RETURN_IF_ERROR(CheckNames(options));
  if (options.with == ScrubOptions::With::kHash && options.key.size() < kMinKeyBytes) {
    return BadConfig("hashing needs a key of at least " + std::to_string(kMinKeyBytes) +
                     " bytes, or anybody could find the values by trying; 'with: replace' needs none");
  }
  std::shared_ptr<Scrubber> scrubber(new Scrubber);
  scrubber->field_names_ = options.fields;
  scrubber->with_ = options.with;
  scrubber->key_ = options.key;
  for (const std::string& name : options.patterns) {
    const auto* pattern =
        std::find_if(std::begin(kPatterns), std::end(kPatterns), [&](const Pattern& p) { return p.name == name; });
    if (pattern == std::end(kPatterns)) {
      return BadConfig("no pattern is called '" + name + "'; there are email, card, bearer, password, jwt and aws-key");
    }
    scrubber->kinds_ |= ScrubBit(pattern->kind);
  }
  for (const auto& [name, text] : options.expressions) {
    RE2::Options re2_options(RE2::Quiet);
    re2_options.set_encoding(RE2::Options::EncodingLatin1);
    auto expression = std::make_unique<RE2>(text, re2_options);
    if (!expression->ok()) return BadConfig("expression '" + name + "': " + expression->error());
    scrubber->expressions_.push_back({name, std::move(expression)});
  }
  return std::shared_ptr<const Scrubber>(std::move(scrubber));
}

void Scrubber::FindFields(const LineAnalysis& analysis, size_t line_size, std::vector<ScrubFinding>* findings) const {
  for (const FieldSpan& field : analysis.fields) {
    if (field.begin >= field.end || field.end > line_size) continue;
    for (size_t i = 0; i < field_names_.size(); ++i) {
      const std::string_view name = field_names_[i];
      const bool matches = name.ends_with('*')
                               ? std::string_view(field.name).starts_with(name.substr(0, name.size() - 1))
                               : field.name == name;
      if (!matches) continue;
      findings->push_back({field.begin, field.end, ScrubKind::kField, static_cast<uint16_t>(i)});
      break;
    }
  }
}

void Scrubber::FindExpression(std::string_view line, uint16_t index, std::vector<ScrubFinding>* findings) const {
  const RE2& expression = *expressions_[index].expression;
  const re2::StringPiece text(line.data(), line.size());
  const int group = expression.NumberOfCapturingGroups() > 0 ? 1 : 0;
  const uint64_t limit = kMaxSearchFactor * std::max(line.size(), kSmallLineBytes);
  uint64_t searched = 0;
  for (size_t at = 0; at <= line.size();) {
    searched += line.size() - at;
    if (searched > limit) {
      findings->push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(line.size()), ScrubKind::kCustom, index});
      return;
    }
    re2::StringPiece groups[2];
    if (!expression.Match(text, at, line.size(), RE2::UNANCHORED, groups, group + 1)) return;
    const re2::StringPiece& value = groups[group];
    if (!value.empty()) {
      const auto begin = static_cast<uint32_t>(value.data() - line.data());
      findings->push_back({begin, begin + static_cast<uint32_t>(value.size()), ScrubKind::kCustom, index});
    }
    const auto end = static_cast<size_t>(groups[0].data() - line.data()) + groups[0].size();
    at = groups[0].empty() ? end + 1 : end;
  }
}

std::string_view Scrubber::NameOf(const ScrubFinding& finding) const {
  if (finding.kind == ScrubKind::kCustom) return expressions_[finding.name].name;
  if (finding.kind == ScrubKind::kField) {
    const std::string_view name = field_names_[finding.name];
    return name.ends_with('*') ? "scrubbed" : name;
  }
  for (const Pattern& pattern : kPatterns) {
    if (pattern.kind == finding.kind) return pattern.name;
  }
  return "scrubbed";
}

void Scrubber::AppendReplacement(std::string_view value, const ScrubFinding& finding, std::string* out) const {
  const std::string_view name = NameOf(finding);
  *out += '<';
  *out += name;
  if (with_ == ScrubOptions::With::kHash) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string message(name);
    message += '\0';  // so that no kind and value read like another pair
    message += Canonical(finding.kind, value);
    *out += ':';
    for (const char c : HmacSha256(key_, message).substr(0, kHashBytes)) {
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[c & 15];
    }
  }
  *out += '>';
}

bool Scrubber::Scrub(std::string_view line, const LineAnalysis* analysis, std::string* scrubbed,
                     std::vector<ScrubMark>* marks) const {
  std::vector<ScrubFinding> findings;
  if (kinds_ != 0) FindSecrets(line, kinds_, &findings);
  if (analysis != nullptr && !field_names_.empty()) FindFields(*analysis, line.size(), &findings);
  for (uint16_t i = 0; i < expressions_.size(); ++i) FindExpression(line, i, &findings);
  if (findings.empty()) return false;
  Merge(&findings);
  scrubbed->clear();
  marks->clear();
  size_t copied = 0;
  for (const ScrubFinding& finding : findings) {
    scrubbed->append(line, copied, finding.begin - copied);
    const std::string quote = QuoteFor(line, finding.begin);
    *scrubbed += quote;
    const size_t begin = scrubbed->size();
    AppendReplacement(line.substr(finding.begin, finding.end - finding.begin), finding, scrubbed);
    marks->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(scrubbed->size()), finding.kind});
    *scrubbed += quote;
    copied = finding.end;
  }
  scrubbed->append(line, copied);
  return true;
}

}  // namespace whittle
