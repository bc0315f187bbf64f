#include "scan/tokenizer.h"

#include <algorithm>
#include <cstring>

#include "event/trace_id.h"

namespace whittle {
namespace {

uint8_t ClassOf(char c) { return ClassOfByte(c); }

uint64_t Load64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}
uint64_t Load32(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}

__extension__ using Uint128 = unsigned __int128;

// Multiply-fold mixing as in wyhash (public domain, Wang Yi).
uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<Uint128>(a ^ 0xa0761d6478bd642fULL) * (b ^ 0xe7037ed1a0b428dbULL);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t MixBytes(uint64_t hash, const char* p, size_t size) {
  hash ^= size << 56;
  for (; size >= 8; p += 8, size -= 8) hash = Mix(hash, Load64(p));
  if (size >= 4) return Mix(hash, Load32(p) | Load32(p + size - 4) << 32);
  if (size > 0) {
    const auto byte = [p](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(p[i])); };
    return Mix(hash, byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16);
  }
  return hash;
}

uint8_t ClassBits(std::string_view token) {
  uint8_t bits = 0;
  for (const char c : token) bits |= ClassOf(c);
  return bits;
}

bool HasInnerAt(std::string_view token) {
  const size_t at = token.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < token.size();
}

// Whether a token that has a '/' or '@' is a URL.
bool HasScheme(std::string_view token, uint8_t bits) {
  if ((bits & kSlashOrAtByte) == 0) return false;
  for (size_t i = 0; i + 2 < token.size(); ++i) {
    if (token[i] == ':' && token[i + 1] == '/' && token[i + 2] == '/') return true;
  }
  return false;
}

// Whether a token without digits is one that varies.
bool IsMaskedWord(std::string_view token, uint8_t bits) {
  return token.size() >= 2 && (token[0] == '/' || HasScheme(token, bits) || HasInnerAt(token));
}

// Length of a prefix of letters and '_' that stands right before a number, else 0.
size_t WordPrefix(std::string_view token) {
  size_t i = 0;
  while (i < token.size() && (ClassOf(token[i]) & (kHexLetterByte | kLetterByte)) != 0) ++i;
  if (i == 0 || i + 1 >= token.size() || token[i] != '_') return 0;
  ++i;
  const size_t number = token[i] == '-' ? i + 1 : i;
  return number < token.size() && ClassOf(token[number]) == kDigitByte ? i : 0;
}

// Length of the head of a masked token that names what follows and stays constant: up to the last ':' or '#' before the
// first digit ("PendingReds:" of PendingReds:0, "CPU#" of CPU#1), a '.' right before it ("core." of core.512), an '@'
// in front of an address; then a word prefix. Heads of hex letters belong to MAC and IPv6 addresses; paths have no
// head. `bits` are the classes of the token's bytes.
size_t ConstantHead(std::string_view token, uint8_t bits) {
  if (ClassOf(token[0]) == kDigitByte || token[0] == '/') return 0;
  if ((bits & (kPunctuationByte | kDotByte | kSlashOrAtByte)) == 0) return 0;
  size_t digit = 0;
  size_t joint = 0;  // one past the last ':' or '#'
  bool hex_head = true;
  for (; digit < token.size() && ClassOf(token[digit]) != kDigitByte; ++digit) {
    const char c = token[digit];
    if (c == ':' || c == '#') joint = digit + 1;
    hex_head = hex_head && (c == ':' || ClassOf(c) == kHexLetterByte);
  }
  if (digit == token.size() || (joint > 0 && hex_head)) return 0;
  if (joint == 0) joint = token[digit - 1] == '.' ? digit : token[0] == '@' ? 1 : 0;
  return joint + WordPrefix(token.substr(joint));
}

// Length of the token without a word that hangs on a number by ':' ("10.0.0.1:80" of 10.0.0.1:80:Got).
size_t WithoutTailWord(std::string_view token, uint8_t bits) {
  if ((bits & kLetterByte) == 0 || (bits & kPunctuationByte) == 0 || token[0] == '/') return token.size();
  size_t last = token.size();
  size_t joint = token.size();
  bool letter = false;
  for (; last > 0 && ClassOf(token[last - 1]) != kDigitByte; --last) {
    if (token[last - 1] == ':') joint = last - 1;
    letter = letter || ClassOf(token[last - 1]) == kLetterByte;
  }
  return last > 0 && letter ? joint : token.size();
}

bool IsTrimmedTail(char c) { return c == '.' || c == ':' || c == '!' || c == '?'; }

// The punctuation of a token of digits, in order: tells 10.0.0.1:80 from 2015-10-18.
uint64_t PunctuationOrder(std::string_view token) {
  uint64_t order = 0;
  for (const char c : token.substr(0, 40)) {
    if (ClassOf(c) != kDigitByte) order = order * 131 + static_cast<unsigned char>(c);
  }
  return order;
}

// Lengths at which an integer may be a date, a time or an epoch; only the head of a line is where that matters.
constexpr size_t kHeadTokens = 4;
bool IsTimeLength(size_t size) {
  constexpr uint32_t kLengths = 1u << 6 | 1u << 8 | 1u << 10 | 1u << 13 | 1u << 14 | 1u << 16 | 1u << 19;
  return size < 32 && (kLengths >> size & 1) != 0;
}

// Whether a token may be a date or a time: a short number, then a separator, and not an IPv4 address.
bool LooksDated(std::string_view token) {
  size_t digits = 0;
  while (digits < token.size() && ClassOf(token[digits]) == kDigitByte) ++digits;
  if (digits == 0 || digits > 4 || digits == token.size()) return false;
  const char separator = token[digits];
  if (separator == '.') return std::count(token.begin(), token.end(), '.') != 3;
  return separator == '-' || separator == '/' || separator == ':';
}

// Eight bytes with every digit as '0'.
uint64_t WithoutDigits(uint64_t bytes) {
  constexpr uint64_t kEach = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x80 * kEach;
  const uint64_t value = bytes ^ '0' * kEach;  // below ten for digits
  const uint64_t other = (((value & ~kHigh) + (0x80 - 10) * kEach) | value) & kHigh;
  const uint64_t digit = (other ^ kHigh) >> 7;
  return bytes & ~(digit * 0x0f);
}

// The lengths of the runs of digits and what stands between them: whether a token is a date and which layout it has.
uint64_t DigitLayout(std::string_view token) {
  constexpr size_t kMost = 40;
  const size_t size = std::min(token.size(), kMost);
  uint64_t layout = size;
  size_t at = 0;
  for (; at + 8 <= size; at += 8) layout = Mix(layout, WithoutDigits(Load64(token.data() + at)));
  if (at == size) return layout;
  uint64_t rest = 0;
  std::memcpy(&rest, token.data() + at, size - at);
  return Mix(layout, WithoutDigits(rest));
}

bool IsUuid(std::string_view t) {
  return t.size() == 36 && t[8] == '-' && t[13] == '-' && t[18] == '-' && t[23] == '-';
}

// The lengths of trace ids in hex.
bool IsTraceIdLength(size_t size) { return size == 16 || size == 32; }

// "<trace>-<span>", both hex.
bool IsIdPair(std::string_view t) {
  if (t.size() != 33 && t.size() != 49) return false;
  const size_t dash = t.size() - 17;
  constexpr uint8_t kHexBits = kDigitByte | kHexLetterByte;
  return t[dash] == '-' && (ClassBits(t.substr(0, dash)) & ~kHexBits) == 0 &&
         (ClassBits(t.substr(dash + 1)) & ~kHexBits) == 0;
}

// "1445144423722_": the start of a cluster, in ms, with which the ids of its jobs begin.
bool HasClusterTime(std::string_view token) { return token.size() > 14 && token[13] == '_'; }

// The numbers that stand behind it, and the letters of map and reduce tasks.
bool IsClusterId(std::string_view token) {
  return HasClusterTime(token) && std::all_of(token.begin(), token.end(), [](char c) {
           return ClassOf(c) == kDigitByte || c == '_' || c == 'm' || c == 'r';
         });
}

// Which form of a known kind of id a token of class kMixed has, 0 for none: prefix and id in one token, or the numbers
// behind a prefix that stays outside ("1445144423722_0020_m_000003_0" of a task attempt).
uint64_t IdForm(std::string_view token) {
  switch (token[0]) {
    case 'a':
    case 'c':
    case 'l':
    case 'r':
      return static_cast<uint64_t>(ClassifyCorrelationId(token));
    default:
      return IsClusterId(token) ? 15 : 0;
  }
}

// What the skeleton remembers of a masked token: everything an analysis may depend on.
uint64_t SkeletonCode(std::string_view token, TokenClass token_class, size_t index) {
  uint64_t detail = 0;
  switch (token_class) {
    case TokenClass::kInteger:
      if ((index < kHeadTokens && IsTimeLength(token.size())) ||
          (IsTraceIdLength(token.size()) && ClassOf(token[0]) == kDigitByte)) {
        detail = token.size();
      }
      break;
    case TokenClass::kDecimal:
      if (index < kHeadTokens && IsTimeLength(token.find('.'))) detail = token.find('.');
      break;
    case TokenClass::kDigitsPunct:
      detail = index < kHeadTokens && LooksDated(token) ? DigitLayout(token) : PunctuationOrder(token);
      if (HasClusterTime(token)) detail = ~detail;
      if (IsIdPair(token)) detail = token.size();
      break;
    case TokenClass::kHex:
      detail = IsTraceIdLength(token.size()) && token[1] != 'x' ? token.size() : 0;
      break;
    case TokenClass::kMixed:
      if (index < kHeadTokens && LooksDated(token)) return DigitLayout(token) << 4 | static_cast<uint64_t>(token_class);
      detail = IsUuid(token)                                               ? 1
               : token.size() == 55 && token[2] == '-' && token[35] == '-' ? 2
               : IsIdPair(token)                                           ? token.size()
                                                                           : IdForm(token) << 8;
      break;
    default:
      break;
  }
  return detail << 4 | static_cast<uint64_t>(token_class);
}

bool IsSecondsUnit(std::string_view unit) {
  return unit == "s" || unit == "ms" || unit == "us" || unit == "ns" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs";
}

bool IsSizeUnit(std::string_view unit) {
  if (unit.size() == 3 && unit[1] == 'i') return std::string_view("KMGTP").find(unit[0]) != std::string_view::npos;
  return unit.size() == 2 && std::string_view("kKMGTP").find(unit[0]) != std::string_view::npos;
}

// kDuration or kSize for a number with a unit that can hardly be anything else, else `other`. A lone m, h, d, k, M or G
// can, and so can what is hex ("12B").
TokenClass QuantityOr(TokenClass other, std::string_view token) {
  const char last = token.back();
  if ((last != 's' && last != 'B') || ClassOf(token[0]) != kDigitByte) return other;
  size_t previous_rank = 4;  // units descend: h, m, s or parts of it
  for (size_t at = 0; at < token.size();) {
    const size_t number = at;
    bool dot = false;
    for (; at < token.size() && (ClassOf(token[at]) == kDigitByte || (token[at] == '.' && !dot && at > number)); ++at)
      dot = dot || token[at] == '.';
    if (at == number || token[at - 1] == '.') return other;
    const size_t unit_begin = at;
    while (at < token.size() && ClassOf(token[at]) != kDigitByte && token[at] != '.') ++at;
    const std::string_view unit = token.substr(unit_begin, at - unit_begin);
    if (last == 'B') return at == token.size() && number == 0 && IsSizeUnit(unit) ? TokenClass::kSize : other;
    const size_t rank = unit == "h" ? 3 : unit == "m" ? 2 : IsSecondsUnit(unit) ? 1 : 4;
    if (rank >= previous_rank) return other;
    previous_rank = rank;
  }
  return previous_rank == 1 ? TokenClass::kDuration : other;
}

// The class of a token whose bytes together are `bits`.
TokenClass ClassifyKnown(std::string_view token, uint8_t bits) {
  if (bits == kDigitByte) return TokenClass::kInteger;
  if (token[0] == '/' || HasScheme(token, bits)) return TokenClass::kPath;
  const std::string_view unsigned_part = token[0] == '-' || token[0] == '+' ? token.substr(1) : token;
  const uint8_t unsigned_bits = unsigned_part.size() == token.size() ? bits : ClassBits(unsigned_part);
  if (unsigned_bits == kDigitByte) return TokenClass::kInteger;
  if (unsigned_bits == (kDigitByte | kDotByte)) {
    const size_t dot = unsigned_part.find('.');
    const bool one_inner_dot = dot == unsigned_part.rfind('.') && dot > 0 && dot + 1 < unsigned_part.size();
    return one_inner_dot ? TokenClass::kDecimal : TokenClass::kDigitsPunct;
  }
  constexpr uint8_t kAnyLetter = kHexLetterByte | kLetterByte;
  if ((bits & kDigitByte) != 0 && (bits & (kAnyLetter | kBackslashByte)) == 0) return TokenClass::kDigitsPunct;
  if (bits == (kDigitByte | kHexLetterByte)) return TokenClass::kHex;
  if (token.size() > 2 && token[0] == '0' && token[1] == 'x' &&
      (ClassBits(token.substr(2)) & ~(kDigitByte | kHexLetterByte)) == 0) {
    return TokenClass::kHex;
  }
  return QuantityOr((bits & ~(kDigitByte | kAnyLetter)) == 0 ? TokenClass::kAlnum : TokenClass::kMixed, token);
}

}  // namespace

bool IsDelimiter(unsigned char byte) { return byte_masks::kClasses[byte] == kDelimiterByte; }

TokenClass ClassifyToken(std::string_view token) {
  return token.empty() ? TokenClass::kMixed : ClassifyKnown(token, ClassBits(token));
}

TokenClass Tokenizer::Trim(std::string_view* token, size_t begin, uint8_t bits) const {
  constexpr uint8_t kPlainBytes = kDigitByte | kHexLetterByte | kLetterByte | kBackslashByte;
  if ((bits & ~kPlainBytes) == 0) return ClassifyKnown(*token, bits);
  const auto look_again = [&] { bits = masks_.ClassesOf(begin, token->size()); };
  if (IsTrimmedTail(token->back())) {
    while (token->size() > 1 && IsTrimmedTail(token->back())) token->remove_suffix(1);
    look_again();
  }
  if (HasScheme(*token, bits)) return TokenClass::kPath;
  if (const size_t size = WithoutTailWord(*token, bits); size < token->size()) {
    *token = token->substr(0, size);
    look_again();
  }
  if (const size_t head = ConstantHead(*token, bits); head > 0) {
    token->remove_prefix(head);
    begin += head;
    look_again();
  }
  return ClassifyKnown(*token, bits);
}

bool Tokenizer::Scan(std::string_view line) {
  masked_.clear();
  if (line.size() > kMaxScanBytes) return false;
  masks_.Build(line);
  const char* const text = line.data();
  const size_t size = line.size();
  uint64_t hash = 0x2545F4914F6CDD1DULL;
  size_t constant_begin = 0;
  size_t end = 0;
  for (size_t mark; (mark = masks_.NextMark(end)) < size;) {
    const size_t begin = masks_.TokenBegin(mark);
    end = masks_.NextDelimiter(mark);
    const uint8_t bits = masks_.ClassesOf(begin, end - begin);
    std::string_view token(text + begin, end - begin);
    if ((bits & kDigitByte) == 0 && !IsMaskedWord(token, bits)) continue;
    const TokenClass token_class = bits == kDigitByte ? TokenClass::kInteger : Trim(&token, begin, bits);
    if (masked_.size() == kMaxMaskedTokens) return false;
    const auto token_begin = static_cast<uint32_t>(token.data() - text);
    hash = MixBytes(hash, text + constant_begin, token_begin - constant_begin);
    hash = Mix(hash, SkeletonCode(token, token_class, masked_.size()));
    constant_begin = token_begin + token.size();
    masked_.push_back({token_begin, static_cast<uint32_t>(constant_begin), token_class});
  }
  hash_ = MixBytes(hash, text + constant_begin, size - constant_begin);
  return true;
}

}  // namespace whittle
