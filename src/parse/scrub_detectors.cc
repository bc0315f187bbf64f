#include "parse/scrub_detectors.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "parse/scrub_bytes.h"

namespace whittle {
namespace {

using scrub::EqualsIgnoringCase;
using scrub::InsideWord;
using scrub::Is;
using scrub::IsEscaped;
using scrub::kAlnum;
using scrub::kDigit;
using scrub::kEmailDomain;
using scrub::kEmailLocal;
using scrub::kIdentifier;
using scrub::kToken;
using scrub::kTrigger;
using scrub::kUrlSafe;

// A key is looked at this far back from its separator, and a value's neighbourhood this far ahead: longer names of
// settings do not occur, and the bound keeps the work per byte constant.
constexpr size_t kMaxKeyBytes = 64;
constexpr size_t kMaxSpaces = 4;

// Words that make a key a secret's, looked for anywhere in it after '_', '-' and '.' are taken out.
bool StartsSecretWord(std::string_view name) {
  const auto any_of = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return name.starts_with(word); });
  };
  switch (name.front()) {
    case 'a':
      return any_of({"apikey", "accesskey", "authkey"});
    case 'c':
      return any_of({"credential"});
    case 'p':
      return any_of({"passw", "passphrase", "passcode", "pwd", "privatekey"});
    case 's':
      return any_of({"secret"});
    case 't':
      return name == "token";  // at the end: access_token, X-Auth-Token; not tokens=512
    default:
      return false;
  }
}

bool NamesSecret(std::string_view key) {
  std::array<char, kMaxKeyBytes> folded;
  size_t size = 0;
  for (const char c : key.substr(0, kMaxKeyBytes)) {
    if (c != '_' && c != '-' && c != '.') folded[size++] = scrub::Lower(c);
  }
  for (size_t i = 0; i < size; ++i) {
    if (StartsSecretWord({folded.data() + i, size - i})) return true;
  }
  return false;
}

// The size of what Scrub writes in place of a value (parse/scrub.h), <kind> or <kind:12 hex digits>, at the start of
// `text`; 0 when none stands there. Marks are left alone, so that scrubbing twice is scrubbing once.
size_t MarkSize(std::string_view text) {
  if (!text.starts_with('<')) return 0;
  const size_t end = text.substr(0, 64).find('>');
  if (end == std::string_view::npos) return 0;
  const std::string_view inside = text.substr(1, end - 1);
  const size_t colon = inside.find(':');
  const std::string_view name = inside.substr(0, colon);
  const auto names = {"password", "bearer", "email", "card", "jwt", "aws-key"};
  if (std::find(names.begin(), names.end(), name) == names.end()) return 0;
  if (colon == std::string_view::npos) return end + 1;
  const std::string_view hex = inside.substr(colon + 1);
  return hex.size() == 12 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos ? end + 1 : 0;
}

class Finder {
 public:
  Finder(std::string_view line, ScrubKinds kinds, std::vector<ScrubFinding>* findings)
      : line_(line), kinds_(kinds), findings_(findings) {}

  void Run() {
    if (Wants(ScrubKind::kCard)) FindCards(line_, findings_);
    if ((kinds_ & ~ScrubBit(ScrubKind::kCard)) == 0) return;
    // One pass over the bytes that can be part of something; a detector that found a value moves the pass behind it
    // only where another one could not begin inside.
    for (size_t at = 0; at < line_.size(); ++at) {
      if (!Is(line_[at], kTrigger)) continue;
      switch (line_[at]) {
        case '@':
          Email(at, 1);
          break;
        case '%':
          if (line_.substr(at, 3) == "%40") Email(at, 3);
          break;
        case '\\':
          if (line_.substr(at, 6) == "\\u0040") Email(at, 6);
          break;
        case '=':
        case ':':
          Separator(at);
          break;
        case '>':
          Element(at);
          break;
        case '\'':
          SqlLiteral(at);
          break;
        case '-':
          CommandLineFlag(at);
          break;
        case 'B':
        case 'b':
          Bearer(at);
          break;
        case 'J':
          if (at >= 2) Jwt(at - 2);
          break;
        case 'A':
          AwsKey(at);
          break;
        default:
          break;
      }
    }
  }

 private:
  bool Wants(ScrubKind kind) const { return (kinds_ & ScrubBit(kind)) != 0; }
  bool At(size_t at, uint16_t bytes) const { return at < line_.size() && Is(line_[at], bytes); }
  size_t RunEnd(size_t at, uint16_t bytes) const {
    while (At(at, bytes)) ++at;
    return at;
  }
  size_t SkipSpaces(size_t at) const {
    const size_t limit = std::min(line_.size(), at + kMaxSpaces);
    while (at < limit && (line_[at] == ' ' || line_[at] == '\t')) ++at;
    return at;
  }
  void Found(size_t begin, size_t end, ScrubKind kind) {
    if (begin < end) findings_->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), kind, 0});
  }
  // A credential ends at its value's end, and nothing inside it has to be looked at again: that keeps
  // "password=password=password=..." linear.
  void FoundCredential(size_t begin, size_t end, ScrubKind kind) {
    if (begin < end && MarkSize(line_.substr(begin, end - begin)) != end - begin) Found(begin, end, kind);
    covered_ = std::max(covered_, end);
  }

  // `at` is an at sign of `width` bytes.
  void Email(size_t at, size_t width) {
    if (!Wants(ScrubKind::kEmail)) return;
    const size_t floor = email_floor_;  // nothing before the previous at sign belongs to this one
    email_floor_ = at + width;
    size_t begin = at;
    while (begin > floor) {
      const char c = line_[begin - 1];
      // An apostrophe belongs to o'brien@, not to '...@'.
      const bool apostrophe =
          c == '\'' && begin >= 2 && begin < at && Is(line_[begin - 2], kAlnum) && Is(line_[begin], kAlnum);
      if (!Is(c, kEmailLocal) && !apostrophe) break;
      --begin;
    }
    size_t end = at + width;
    size_t last_dot = 0;
    for (; At(end, kEmailDomain); ++end) {
      if (line_[end] == '.' && end > at + width) last_dot = end;
    }
    while (end > at + width && (line_[end - 1] == '.' || line_[end - 1] == '-')) --end;  // end of a sentence
    if (last_dot >= end) {
      const size_t inside = line_.substr(at + width, end - at - width).rfind('.');
      last_dot = inside == std::string_view::npos ? 0 : at + width + inside;
    }
    // A top-level domain has two letters at least, so that root@web-1, a@10.0.0.1 and Bar@1f.2e are none.
    if (begin == at || last_dot <= at + width) return;
    const std::string_view top = line_.substr(last_dot + 1, end - last_dot - 1);
    if (top.size() < 2 || std::any_of(top.begin(), top.end(), [](char c) { return Is(c, kDigit); })) {
      if (!top.starts_with("xn--")) return;
    }
    // In escaped text the n of "\n" is no letter of the name, and the first letter of a name may be "\u00e9".
    if (begin > floor && IsEscaped(line_, begin)) {
      if (line_[begin] == 'u')
        --begin;
      else if (line_[begin] == 'n' || line_[begin] == 't' || line_[begin] == 'r')
        ++begin;
    }
    Found(begin, end, ScrubKind::kEmail);
  }

  // The identifier that ends right before `end`.
  std::string_view KeyBefore(size_t end) const {
    size_t begin = end;
    while (begin > 0 && end - begin < kMaxKeyBytes && Is(line_[begin - 1], kIdentifier)) --begin;
    return line_.substr(begin, end - begin);
  }

  // `key=value`, `key: value`, `"key":"value"`, `key => value`, and `scheme://user:password@host`.
  void Separator(size_t at) {
    if (line_[at] == ':' && line_.substr(at, 3) == "://") {
      if (Wants(ScrubKind::kPassword)) UrlPassword(at + 3);
      return;
    }
    if (at + 1 < line_.size() && line_[at + 1] == '=') return;  // ":=" and "==": the last byte is the separator
    if (at < covered_ || (!Wants(ScrubKind::kPassword) && !Wants(ScrubKind::kBearer))) return;
    // 12:30:11, the most frequent colons there are.
    if (at >= 3 && Is(line_[at - 1], kDigit) && Is(line_[at - 2], kDigit) && !Is(line_[at - 3], kIdentifier)) return;
    size_t key_end = at;
    while (key_end > 0 && (line_[key_end - 1] == ':' || line_[key_end - 1] == '=') && at - key_end < 2) --key_end;
    while (key_end > 0 && (line_[key_end - 1] == ' ' || line_[key_end - 1] == '\t') && at - key_end < kMaxSpaces)
      --key_end;
    if (key_end > 0 && line_[key_end - 1] == ']') --key_end;  // config['password'] =
    if (key_end > 0 && (line_[key_end - 1] == '"' || line_[key_end - 1] == '\'')) {
      --key_end;
      while (key_end > 0 && line_[key_end - 1] == '\\' && at - key_end < 16) --key_end;
    }
    const std::string_view key = KeyBefore(key_end);
    if (key.size() < 3) return;
    if (const size_t begin = key_end - key.size(); begin > 0 && MarkSize(line_.substr(begin - 1)) > 0) return;
    size_t value = at + 1;
    if (value < line_.size() && line_[value] == '>') ++value;
    value = SkipSpaces(value);
    if (Wants(ScrubKind::kBearer) && key.size() >= 13 &&
        EqualsIgnoringCase(key.substr(key.size() - 13), "authorization")) {
      Authorization(value);
      return;
    }
    if (!Wants(ScrubKind::kPassword) || !NamesSecret(key)) return;
    // The working directory that sudo and shells write: PWD=/home/x.
    if ((key == "PWD" || key == "OLDPWD") && value < line_.size() && line_[value] == '/') return;
    SecretValue(value, ScrubKind::kPassword);
  }

  // Where the value at `at` ends, and whether it is in quotes (then [*begin, end) is inside them).
  void SecretValue(size_t at, ScrubKind kind) {
    size_t quote = at;
    while (quote < line_.size() && line_[quote] == '\\' && quote - at < 16) ++quote;
    if (quote < line_.size() && (line_[quote] == '"' || line_[quote] == '\'')) {
      FoundCredential(quote + 1, ClosingQuote(quote + 1, line_[quote], quote - at), kind);
      return;
    }
    size_t end = at;
    for (; end < line_.size(); ++end) {
      const char c = line_[end];
      if (c == ' ' || c == '\t' || c == '"' || c == '&' || (c == '<' && end > at)) break;
      if ((c == ',' || c == ';') && EndsValue(end + 1)) break;
    }
    // Brackets and punctuation that close what the value stands in: "(password=abc)", "password=abc."
    while (end > at && std::string_view(")]},;.'\\").find(line_[end - 1]) != std::string_view::npos) --end;
    FoundCredential(at, end, kind);
  }

  // After a comma or semicolon: true when another key or the end follows, so that it is no part of the value.
  bool EndsValue(size_t at) const {
    if (at >= line_.size() || line_[at] == ' ' || line_[at] == '\t') return true;
    size_t end = at;
    if (line_[end] == '"' || line_[end] == '\'') return true;
    while (end < line_.size() && end - at < kMaxKeyBytes && Is(line_[end], kIdentifier)) ++end;
    return end > at && end < line_.size() && (line_[end] == '=' || line_[end] == ':');
  }

  // The quote that closes a value opened by `quote` behind `backslashes` backslashes: one behind at most as many. More
  // of them escape it for the value itself. The end of the line when there is none.
  size_t ClosingQuote(size_t at, char quote, size_t backslashes) const {
    size_t run = 0;
    for (; at < line_.size(); ++at) {
      if (line_[at] == '\\') {
        ++run;
        continue;
      }
      // Two backslashes are one escaped backslash at the innermost level, so an even surplus escapes nothing.
      if (line_[at] == quote && (run <= backslashes || (backslashes == 0 && run % 2 == 0))) {
        return at - std::min(run, backslashes);
      }
      run = 0;
    }
    return line_.size();
  }

  // "Basic dXNlcjpwYXNz", "Bearer eyJ...", or a bare token.
  void Authorization(size_t at) {
    while (at < line_.size() && (line_[at] == '"' || line_[at] == '\'' || line_[at] == '\\')) ++at;
    const size_t word = RunEnd(at, kToken);
    const size_t token = SkipSpaces(word);
    if (token > word && MarkSize(line_.substr(token)) > 0) return;
    const size_t end = token > word ? RunEnd(token, kToken) : word;
    if (end > token && token > word) {
      FoundCredential(token, end, ScrubKind::kBearer);
    } else {
      FoundCredential(at, word, ScrubKind::kBearer);
    }
  }

  void UrlPassword(size_t at) {
    size_t colon = std::string_view::npos, last_at = std::string_view::npos;
    for (size_t i = at; i < line_.size(); ++i) {
      const char c = line_[i];
      if (c == '/' || c == ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\t' || c == '?') break;
      if (c == ':' && colon == std::string_view::npos) colon = i;
      if (c == '@') last_at = i;
    }
    if (last_at != std::string_view::npos && colon < last_at) FoundCredential(colon + 1, last_at, ScrubKind::kPassword);
  }

  // <password>value</password>
  void Element(size_t at) {
    if (!Wants(ScrubKind::kPassword) || at < covered_) return;
    const std::string_view key = KeyBefore(at);
    const size_t before = at - key.size();
    if (key.empty() || before == 0 || (line_[before - 1] != '<' && line_[before - 1] != ':') || !NamesSecret(key))
      return;
    if (next_open_ < at) next_open_ = std::min(line_.find('<', at), line_.size());
    // Without an end tag it is a mark of ours, or its value stands on another line.
    if (line_.substr(next_open_, 2) == "</") FoundCredential(at + 1, next_open_, ScrubKind::kPassword);
  }

  // PASSWORD 'value', IDENTIFIED BY 'value'
  void SqlLiteral(size_t at) {
    if (!Wants(ScrubKind::kPassword) || at == 0 || at < covered_) return;
    size_t end = at;
    while (end > 0 && line_[end - 1] == ' ' && at - end < kMaxSpaces) --end;
    const std::string_view key = KeyBefore(end);
    if (end == at || key.empty()) return;
    const bool by = key.size() == 2 && EqualsIgnoringCase(key, "by") &&
                    EqualsIgnoringCase(line_.substr(end - std::min<size_t>(end, 13), 10), "identified");
    if (!by && !NamesSecret(key)) return;
    size_t close = line_.find('\'', at + 1);
    while (close != std::string_view::npos && line_.substr(close, 2) == "''") close = line_.find('\'', close + 2);
    FoundCredential(at + 1, std::min(close, line_.size()), ScrubKind::kPassword);
  }

  // --password value
  void CommandLineFlag(size_t at) {
    if (!Wants(ScrubKind::kPassword) || at < covered_ || line_.substr(at, 2) != "--" || !At(at + 2, kAlnum)) return;
    if (at > 0 && line_[at - 1] == '-') return;
    size_t end = at + 2;
    while (end < line_.size() && end - at < kMaxKeyBytes && Is(line_[end], kIdentifier)) ++end;
    if (end >= line_.size() || line_[end] != ' ' || !NamesSecret(line_.substr(at + 2, end - at - 2))) return;
    const size_t value = SkipSpaces(end);
    if (value < line_.size() && line_[value] != '-') SecretValue(value, ScrubKind::kPassword);
  }

  void Bearer(size_t at) {
    if (!Wants(ScrubKind::kBearer) || at < covered_ || !EqualsIgnoringCase(line_.substr(at, 6), "bearer")) return;
    if (InsideWord(line_, at)) return;
    const size_t token = SkipSpaces(at + 6);
    if (token == at + 6) return;
    const size_t end = RunEnd(token, kToken);
    // "Bearer authentication failed" is prose: a token is long, or not just letters.
    constexpr size_t kLongerThanWords = 20;
    const std::string_view text = line_.substr(token, end - token);
    const bool letters = std::all_of(text.begin(), text.end(), [](char c) { return Is(c, kAlnum) && !Is(c, kDigit); });
    if (text.size() >= kLongerThanWords || !letters) FoundCredential(token, end, ScrubKind::kBearer);
  }

  void Jwt(size_t at) {
    if (!Wants(ScrubKind::kJwt) || at < jwt_end_ || line_.substr(at, 3) != "eyJ") return;
    // One start per run of such bytes, so that every byte is looked at once.
    if (at > 0 && Is(line_[at - 1], kUrlSafe) &&
        (line_[at - 1] == '-' || line_[at - 1] == '_' || InsideWord(line_, at)))
      return;
    const size_t header = RunEnd(at, kUrlSafe);
    if (header - at < 10 || header >= line_.size() || line_[header] != '.') return;
    const size_t payload = RunEnd(header + 1, kUrlSafe);
    if (payload == header + 1) return;
    size_t end = payload;
    while (end < line_.size() && line_[end] == '.') end = RunEnd(end + 1, kUrlSafe);  // signature; JWE has five parts
    Found(at, end, ScrubKind::kJwt);
    jwt_end_ = end;
  }

  void AwsKey(size_t at) {
    constexpr size_t kKeyBytes = 20;
    const std::string_view key = line_.substr(at, kKeyBytes);
    if (!Wants(ScrubKind::kAwsKey) || key.size() < kKeyBytes) return;
    if (!key.starts_with("AKIA") && !key.starts_with("ASIA")) return;
    if (InsideWord(line_, at) || At(at + kKeyBytes, kAlnum)) return;
    const bool upper =
        std::all_of(key.begin(), key.end(), [](char c) { return Is(c, kDigit) || (c >= 'A' && c <= 'Z'); });
    if (upper) Found(at, at + kKeyBytes, ScrubKind::kAwsKey);
  }

  std::string_view line_;
  ScrubKinds kinds_;
  std::vector<ScrubFinding>* findings_;
  size_t email_floor_ = 0;  // end of the last at sign
  size_t covered_ = 0;      // end of the last credential
  size_t jwt_end_ = 0;
  size_t next_open_ = 0;  // the first '<' at or after the last element's begin
};

}  // namespace

void FindSecrets(std::string_view line, ScrubKinds kinds, std::vector<ScrubFinding>* findings) {
  Finder(line, kinds, findings).Run();
}

}  // namespace whittle
