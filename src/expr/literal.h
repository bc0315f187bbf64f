// Literal: a value as written in a query with everything it can mean, worked out once, and how it compares with the
// typed value of an event. The event's type decides which meaning counts. Immutable, safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/rfc3339.h"
#include "event/value.h"
#include "expr/ast.h"
#include "expr/field_ref.h"
#include "expr/severity_range.h"
#include "expr/text_match.h"

namespace whittle {

// Addresses that share a prefix: IPv4 as ::ffff:a.b.c.d, so that both notations compare.
struct IpRange {
  std::array<uint8_t, 16> address{};
  int prefix_bits = 128;
  bool Contains(const std::array<uint8_t, 16>& other) const;
};
std::optional<std::array<uint8_t, 16>> ParseIpAddress(std::string_view text);
std::optional<IpRange> ParseIpRange(std::string_view text);  // 10.0.0.0/8, 2001:db8::/32, or one address

class Literal {
 public:
  explicit Literal(const LiteralText& written);

  // `value op this`; false whenever the two cannot be compared. `field` says what the value is a value of.
  bool Compare(const Value& value, CompareOp op, const FieldRef& field) const;

  const std::string& text() const { return text_; }
  const std::optional<TimeSpan>& time() const { return time_; }
  const std::optional<SeverityRange>& severity() const { return severity_; }
  bool has_wildcard() const { return has_wildcard_; }
  // 10.0.0.0/33: a network that no address can be in.
  bool is_impossible_network() const;

 private:
  bool CompareNumber(const Value& value, CompareOp op, const FieldRef& field) const;
  bool CompareText(std::string_view text, CompareOp op) const;
  bool CompareString(const Value& value, CompareOp op) const;
  bool CompareIp(std::string_view text, CompareOp op) const;
  bool CompareSeverity(const Value& value, CompareOp op) const;
  bool CompareTemplate(const Value& value, CompareOp op) const;

  std::string text_;  // escapes undone
  bool quoted_;
  bool has_wildcard_;
  PhrasePattern phrase_;
  WildcardPattern wildcard_;
  std::optional<int64_t> integer_, duration_, size_;
  std::optional<double> real_;
  std::optional<bool> boolean_;
  std::optional<TimeSpan> time_;
  std::optional<IpRange> ip_;
  std::optional<SeverityRange> severity_;
  std::optional<uint64_t> template_id_;
};

}  // namespace whittle
