#include "event/value.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/rfc3339.h"

namespace whittle {
namespace {

// No number with a unit is longer; keeps a megabyte of digits from being looked at.
constexpr size_t kMaxQuantityBytes = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsHexDigit(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f'); }

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

// Only the canonical form is an integer: "007" and "+7" are somebody's identifiers and keep their text.
std::optional<int64_t> ReadInt(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0') || text == "-0") return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ReadDouble(std::string_view text) {
  if (text.empty() || text.size() > kMaxQuantityBytes || !(IsDigit(text.back()) || text.back() == '.'))
    return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool IsIp(std::string_view text) {
  std::array<char, 64> terminated;
  std::string_view address = text.substr(0, text.find('%'));  // fe80::1%eth0
  if (address.empty() || address.size() >= terminated.size() || address.find('\0') != std::string_view::npos)
    return false;
  std::memcpy(terminated.data(), address.data(), address.size());
  terminated[address.size()] = '\0';
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  if (address.size() == text.size() && inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return true;
  return address.find(':') != std::string_view::npos && inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHexDigit(text[i])) return false;
  }
  return true;
}

bool IsHexId(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.empty()) return false;
  for (char c : text) {
    if (!IsHexDigit(c)) return false;
  }
  return true;
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr int64_t kMicro = 1'000, kMilli = 1'000'000, kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

constexpr Unit kDurationUnits[] = {
    {"ns", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"NANOSECONDS", 1},  // as java.util.concurrent.TimeUnit prints itself
    {"us", kMicro},
    {"\xC2\xB5s", kMicro},
    {"\xCE\xBCs", kMicro},
    {"usec", kMicro},
    {"micros", kMicro},
    {"microsecond", kMicro},
    {"microseconds", kMicro},
    {"MICROSECONDS", kMicro},
    {"ms", kMilli},
    {"msec", kMilli},
    {"msecs", kMilli},
    {"millis", kMilli},
    {"millisecond", kMilli},
    {"milliseconds", kMilli},
    {"MILLISECONDS", kMilli},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"SECONDS", kSecond},
    {"m", kMinute},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"MINUTES", kMinute},
    {"h", kHour},
    {"hr", kHour},
    {"hrs", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"HOURS", kHour},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"DAYS", kDay},
};

// KB and kB are 1000 bytes (IEC 80000-13), KiB is 1024; a bare K, M, G or T is what `ls -h`, `df -h` and the JVM write:
// 1024.
constexpr Unit kSizeUnits[] = {
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"kb", 1'000},
    {"mb", 1'000'000},
    {"gb", 1'000'000'000},
    {"tb", 1'000'000'000'000},
    {"pb", 1'000'000'000'000'000},
    {"kib", 1LL << 10},
    {"mib", 1LL << 20},
    {"gib", 1LL << 30},
    {"tib", 1LL << 40},
    {"pib", 1LL << 50},
    {"k", 1LL << 10},
    {"m", 1LL << 20},
    {"g", 1LL << 30},
    {"t", 1LL << 40},
};

__extension__ typedef __int128 Int128;

// A decimal number at the front of *text times a unit's factor is computed exactly in 128-bit integers; digits below
// one part in 10^18 are dropped.
struct Decimal {
  Int128 mantissa = 0;
  Int128 scale = 1;
};

std::optional<Decimal> TakeDecimal(std::string_view* text) {
  Decimal number;
  int digits = 0;
  bool fraction = false, any = false;
  size_t i = 0;
  for (; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!IsDigit(c)) break;
    any = true;
    if (digits < 18) {
      number.mantissa = number.mantissa * 10 + (c - '0');
      if (fraction) number.scale *= 10;
      digits += number.mantissa != 0;
    } else if (!fraction) {
      return std::nullopt;
    }
    if (number.scale > static_cast<Int128>(kSecond) * kSecond) return std::nullopt;
  }
  if (!any) return std::nullopt;
  text->remove_prefix(i);
  return number;
}

template <size_t N>
std::optional<int64_t> FindUnit(const Unit (&units)[N], std::string_view name, bool ignore_case) {
  for (const Unit& unit : units) {
    if (ignore_case ? EqualsIgnoreCase(unit.name, name) : unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

// The unit at the front of *text: letters (and the bytes of µ), up to a digit or space.
std::string_view TakeUnit(std::string_view* text) {
  size_t i = 0;
  while (i < text->size() && !IsDigit((*text)[i]) && (*text)[i] != ' ' && (*text)[i] != '.') ++i;
  const std::string_view unit = text->substr(0, i);
  text->remove_prefix(i);
  return unit;
}

void SkipSpaces(std::string_view* text) {
  while (text->starts_with(' ')) text->remove_prefix(1);
}

// True when `text` is numbers with units, as in "2m30s" or "1 h 5 min" (several only if `compound`).
template <size_t N>
std::optional<int64_t> ReadQuantity(const Unit (&units)[N], std::string_view text, bool compound, bool ignore_case) {
  if (text.size() > kMaxQuantityBytes) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Int128 total = 0;
  int64_t previous = std::numeric_limits<int64_t>::max();
  while (!text.empty()) {
    const auto number = TakeDecimal(&text);
    if (!number) return std::nullopt;
    SkipSpaces(&text);
    const auto factor = FindUnit(units, TakeUnit(&text), ignore_case);
    if (!factor || *factor >= previous) return std::nullopt;  // units descend: "30s2m" is something else
    previous = *factor;
    total += number->mantissa * *factor / number->scale;
    if (total > std::numeric_limits<int64_t>::max()) return std::nullopt;
    if (!compound && !text.empty()) return std::nullopt;
    if (!text.empty() && text[0] == ' ') {
      SkipSpaces(&text);
      if (text.empty()) return std::nullopt;
    }
  }
  return static_cast<int64_t>(negative ? -total : total);
}

}  // namespace

std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return "string";
    case ValueType::kInt64:
      return "int64";
    case ValueType::kDouble:
      return "double";
    case ValueType::kBool:
      return "bool";
    case ValueType::kBytes:
      return "bytes";
    case ValueType::kIp:
      return "ip";
    case ValueType::kUuid:
      return "uuid";
    case ValueType::kHexId:
      return "hex_id";
    case ValueType::kDuration:
      return "duration";
    case ValueType::kTimestamp:
      return "timestamp";
    case ValueType::kSize:
      return "size";
  }
  return "unknown";
}

Value ParseValue(ValueType type, std::string_view text) {
  Value value = Value::String(text);
  const auto as_integer = [&](std::optional<int64_t> integer) {
    if (!integer) return;
    value.type = type;
    value.integer = *integer;
  };
  switch (type) {
    case ValueType::kString:
      break;
    case ValueType::kBytes:
      value.type = type;
      break;
    case ValueType::kInt64:
      as_integer(ReadInt(text));
      break;
    case ValueType::kDouble:
      if (const auto real = ReadDouble(text)) {
        value.type = type;
        value.real = *real;
      }
      break;
    case ValueType::kBool:
      if (EqualsIgnoreCase(text, "true")) as_integer(1);
      if (EqualsIgnoreCase(text, "false")) as_integer(0);
      break;
    case ValueType::kIp:
      if (IsIp(text)) value.type = type;
      break;
    case ValueType::kUuid:
      if (IsUuid(text)) value.type = type;
      break;
    case ValueType::kHexId:
      if (IsHexId(text)) value.type = type;
      break;
    case ValueType::kDuration:
      as_integer(ReadQuantity(kDurationUnits, text, true, false));
      break;
    case ValueType::kTimestamp:
      if (const auto span = ParseTimeSpan(text)) as_integer(span->begin);
      break;
    case ValueType::kSize:
      as_integer(ReadQuantity(kSizeUnits, text, false, true));
      break;
  }
  return value;
}

}  // namespace whittle
