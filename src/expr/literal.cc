#include "expr/literal.h"

#include <arpa/inet.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "expr/token_stream.h"

namespace whittle {
namespace {

// `value op [first, last]`, for anything ordered.
template <typename T>
bool CompareRange(const T& value, CompareOp op, const T& first, const T& last) {
  switch (op) {
    case CompareOp::kMatch:
    case CompareOp::kEq:
      return first <= value && value <= last;
    case CompareOp::kNe:
      return value < first || last < value;
    case CompareOp::kLt:
      return value < first;
    case CompareOp::kLe:
      return value <= last;
    case CompareOp::kGt:
      return last < value;
    case CompareOp::kGe:
      return first <= value;
  }
  return false;
}

template <typename T>
bool CompareOne(const T& value, CompareOp op, const T& literal) {
  return CompareRange(value, op, literal, literal);
}

bool IsOrdering(CompareOp op) { return op >= CompareOp::kLt; }
bool Negate(CompareOp op, bool equal) { return op == CompareOp::kNe ? !equal : equal; }

// As people write numbers: a sign, leading zeros and exponents are fine. Nothing for "inf" and "nan".
std::optional<double> ReadNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 64 || std::string_view("0123456789.-").find(text[0]) == std::string_view::npos)
    return {};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<int64_t> ReadQuantity(ValueType type, std::string_view text) {
  const Value value = ParseValue(type, text);
  if (value.type != type) return {};
  return value.integer;
}

std::optional<uint64_t> ReadTemplateId(std::string_view text) {
  uint64_t id = 0;
  if (text.size() != 16) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return id;
}

std::string Join(const std::vector<std::string>& pieces) {
  std::string text = pieces.front();
  for (size_t i = 1; i < pieces.size(); ++i) text += "*" + pieces[i];
  return text;
}

std::vector<std::string> Pieces(const LiteralText& written) {
  return written.quoted ? std::vector<std::string>{written.text} : SplitWildcard(written.text);
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view WithoutHexPrefix(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return text;
}

}  // namespace

bool IpRange::Contains(const std::array<uint8_t, 16>& other) const {
  const auto whole = static_cast<size_t>(prefix_bits / 8);
  if (std::memcmp(address.data(), other.data(), whole) != 0) return false;
  const int rest = prefix_bits % 8;
  return rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::optional<std::array<uint8_t, 16>> ParseIpAddress(std::string_view text) {
  text = text.substr(0, text.find('%'));
  std::array<char, 64> terminated;
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return {};
  std::memcpy(terminated.data(), text.data(), text.size());
  terminated[text.size()] = '\0';
  std::array<uint8_t, 16> address{};
  if (inet_pton(AF_INET, terminated.data(), address.data() + 12) == 1) {
    address[10] = address[11] = 0xff;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.data(), address.data()) == 1) return address;
  return {};
}

std::optional<IpRange> ParseIpRange(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address) return {};
  IpRange range{*address, 128};
  if (slash == std::string_view::npos) return range;
  const bool v4 = text.find(':') == std::string_view::npos;
  const auto bits = ReadInteger(text.substr(slash + 1));
  if (!bits || *bits < 0 || *bits > (v4 ? 32 : 128)) return {};
  range.prefix_bits = static_cast<int>(*bits) + (v4 ? 96 : 0);
  return range;
}

bool Literal::is_impossible_network() const {
  const size_t slash = text_.find('/');
  if (quoted_ || ip_ || slash == std::string::npos || !ParseIpAddress(text_.substr(0, slash))) return false;
  return ReadInteger(std::string_view(text_).substr(slash + 1)).has_value();
}

Literal::Literal(const LiteralText& written)
    : text_(Join(Pieces(written))),
      quoted_(written.quoted),
      has_wildcard_(Pieces(written).size() > 1),
      phrase_(Pieces(written)),
      wildcard_(Pieces(written)),
      integer_(ReadInteger(text_)),
      duration_(ReadQuantity(ValueType::kDuration, text_)),
      size_(ReadQuantity(ValueType::kSize, text_)),
      real_(ReadNumber(text_)),
      time_(ParseTimeSpan(text_)),
      ip_(ParseIpRange(text_)),
      severity_(ParseSeverityRange(text_)),
      template_id_(ReadTemplateId(text_)) {
  if (EqualsKeyword(text_, "true") || text_ == "1") boolean_ = true;
  if (EqualsKeyword(text_, "false") || text_ == "0") boolean_ = false;
}

bool Literal::Compare(const Value& value, CompareOp op, const FieldRef& field) const {
  if (field.builtin == Builtin::kSeverity) return CompareSeverity(value, op);
  if (field.builtin == Builtin::kTemplate) return CompareTemplate(value, op);
  if (has_wildcard_) return CompareString(value, op);
  switch (value.type) {
    case ValueType::kString:
    case ValueType::kBytes:
      return CompareString(value, op);
    case ValueType::kInt64:
    case ValueType::kDouble:
      return CompareNumber(value, op, field);
    case ValueType::kBool:
      if (boolean_ && !IsOrdering(op)) return Negate(op, (value.integer != 0) == *boolean_);
      return CompareText(value.text, op);
    case ValueType::kIp:
      return CompareIp(value.text, op);
    case ValueType::kUuid:
    case ValueType::kHexId:
      if (IsOrdering(op)) return CompareText(value.text, op);
      return Negate(op, EqualsIgnoreCase(WithoutHexPrefix(value.text), WithoutHexPrefix(text_)));
    case ValueType::kDuration:
      if (duration_) return CompareOne(value.integer, op, *duration_);
      return !IsOrdering(op) && CompareText(value.text, op);
    case ValueType::kTimestamp:
      if (time_) return CompareRange(value.integer, op, time_->begin, time_->end - 1);
      return !IsOrdering(op) && CompareText(value.text, op);
    case ValueType::kSize:
      if (size_) return CompareOne(value.integer, op, *size_);
      if (integer_) return CompareOne(value.integer, op, *integer_);
      return !IsOrdering(op) && CompareText(value.text, op);
  }
  return false;
}

bool Literal::CompareNumber(const Value& value, CompareOp op, const FieldRef& field) const {
  // 64 bits of mantissa or more on the machines we build for: exact for every int64 and every double.
  const auto number =
      value.type == ValueType::kInt64 ? static_cast<long double>(value.integer) : static_cast<long double>(value.real);
  if (integer_) return CompareOne(number, op, static_cast<long double>(*integer_));
  if (real_) return CompareOne(number, op, static_cast<long double>(*real_));
  const auto& quantity = field.unit_is_time ? duration_ : size_;
  if (field.unit != 0 && quantity) {
    return CompareOne(number * static_cast<long double>(field.unit), op, static_cast<long double>(*quantity));
  }
  return !IsOrdering(op) && CompareText(value.text, op);
}

// Text that was not given a type by whoever parsed the line may still be a number or quantity; the literal says which
// is meant, and quoting it says that text is meant.
bool Literal::CompareString(const Value& value, CompareOp op) const {
  if (op == CompareOp::kMatch) {
    if (ip_ && ip_->prefix_bits < 128 && !quoted_ && ParseIpAddress(value.text)) return CompareIp(value.text, op);
    return phrase_.Matches(value.text);
  }
  if (has_wildcard_) return !IsOrdering(op) && Negate(op, wildcard_.Matches(value.text));
  if (quoted_) return CompareText(value.text, op);
  if (real_) {
    if (const auto number = ReadNumber(value.text)) return CompareOne(*number, op, *real_);
    return !IsOrdering(op) && CompareText(value.text, op);
  }
  if (duration_ || size_) {
    if (const auto duration = duration_ ? ReadQuantity(ValueType::kDuration, value.text) : std::nullopt) {
      return CompareOne(*duration, op, *duration_);
    }
    if (const auto size = size_ ? ReadQuantity(ValueType::kSize, value.text) : std::nullopt)
      return CompareOne(*size, op, *size_);
    return !IsOrdering(op) && CompareText(value.text, op);
  }
  if (ip_ && ip_->prefix_bits < 128 && ParseIpAddress(value.text)) return CompareIp(value.text, op);
  return CompareText(value.text, op);
}

bool Literal::CompareText(std::string_view text, CompareOp op) const {
  return CompareOne(text, op, std::string_view(text_));
}

bool Literal::CompareIp(std::string_view text, CompareOp op) const {
  const auto address = ParseIpAddress(text);
  if (!address || !ip_) return CompareText(text, op);
  if (!IsOrdering(op)) return Negate(op, ip_->Contains(*address));
  return CompareOne(*address, op, ip_->address);
}

bool Literal::CompareSeverity(const Value& value, CompareOp op) const {
  const bool same_text = !value.text.empty() && EqualsIgnoreCase(value.text, text_);
  if (has_wildcard_) return !IsOrdering(op) && Negate(op, wildcard_.Matches(value.text));
  if (!severity_) return !IsOrdering(op) && Negate(op, same_text);
  if (value.integer == 0) return op == CompareOp::kNe ? !same_text : !IsOrdering(op) && same_text;
  const bool in_range = severity_->first <= value.integer && value.integer <= severity_->last;
  if (!IsOrdering(op)) return Negate(op, in_range || same_text);
  return CompareRange<int64_t>(value.integer, op, severity_->first, severity_->last);
}

// A template by its id, by its whole text (=) or by words of it (:).
bool Literal::CompareTemplate(const Value& value, CompareOp op) const {
  if (IsOrdering(op)) return false;
  const bool same_id = template_id_ && *template_id_ == static_cast<uint64_t>(value.integer);
  if (op == CompareOp::kMatch)
    return same_id || (has_wildcard_ ? wildcard_.Matches(value.text) : false) || phrase_.Matches(value.text);
  return Negate(op, same_id || wildcard_.Matches(value.text));
}

}  // namespace whittle
