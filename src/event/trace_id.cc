#include "event/trace_id.h"

#include <algorithm>

namespace whittle {
namespace {

constexpr size_t kMinHexDigits = 8;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool AllDigits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit); }
bool AllHex(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsHex); }

bool PutHex(std::string_view digits, size_t width, std::string* out) {
  if (digits.size() > width || !AllHex(digits)) return false;
  if (std::all_of(digits.begin(), digits.end(), [](char c) { return c == '0'; })) return false;
  out->assign(width - digits.size(), '0');
  for (const char c : digits) out->push_back(IsDigit(c) ? c : static_cast<char>(c | 0x20));
  return true;
}

bool PutDecimal(std::string_view digits, size_t width, std::string* out) {
  uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  if (value == 0) return false;
  *out = std::string(width - 16, '0') + ToHex(value);
  return true;
}

// True when `text` is groups of hex digits of these sizes with '-' between.
bool IsGroups(std::string_view text, std::initializer_list<size_t> sizes) {
  size_t at = 0;
  for (const size_t size : sizes) {
    if (at > 0) {
      if (at >= text.size() || text[at] != '-') return false;
      ++at;
    }
    if (text.size() < at + size || !AllHex(text.substr(at, size))) return false;
    at += size;
  }
  return at == text.size();
}

std::string WithoutDashes(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '-') plain.push_back(c);
  }
  return plain;
}

bool Normalize(std::string_view native, TraceIdKind kind, size_t width, std::string* out) {
  const bool decimal_length = native.size() > 16 && native.size() <= 20;
  const bool decimal = AllDigits(native) && (decimal_length || (kind == TraceIdKind::kDecimal && native.size() <= 20));
  if (decimal) return PutDecimal(native, width, out);
  if (native.size() < kMinHexDigits) return false;
  return PutHex(native, width, out);
}

// "application_1445144423722_0020": the prefix, the cluster's start in ms (13 digits), then groups of digits with '_'
// between; of tasks also "m" and "r". What is asked of the text shows in the skeleton of its line.
bool IsPrefixedNumbers(std::string_view text, std::string_view prefix, size_t min_groups) {
  constexpr size_t kTimeDigits = 13;
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  if (text.size() <= kTimeDigits + 1 || text[kTimeDigits] != '_' || !AllDigits(text.substr(0, kTimeDigits)))
    return false;
  const auto is_number = [](char c) { return (c >= '0' && c <= '9') || c == '_'; };
  const auto is_task = [&](char c) { return is_number(c) || c == 'm' || c == 'r'; };
  if (!std::all_of(text.begin(), text.end(), is_number)) return std::all_of(text.begin(), text.end(), is_task);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '_')) + 1 >= min_groups;
}

}  // namespace

TraceIdKind TraceIdKindOf(ValueType type) {
  switch (type) {
    case ValueType::kInt64:
      return TraceIdKind::kDecimal;
    case ValueType::kString:
      return TraceIdKind::kOpaque;
    default:
      return TraceIdKind::kAuto;
  }
}

bool NormalizeTraceId(std::string_view native, TraceIdKind kind, std::string* hex32) {
  if (kind == TraceIdKind::kOpaque) {
    if (native.size() < kMinHexDigits || native.find_first_not_of("0-.") == std::string_view::npos) return false;
    *hex32 = ToHex(CorrelationHash("trace", native));
    return true;
  }
  if (IsGroups(native, {8, 4, 4, 4, 12})) return PutHex(WithoutDashes(native), 32, hex32);
  if (IsGroups(native, {1, 8, 24})) return PutHex(WithoutDashes(native.substr(2)), 32, hex32);
  return Normalize(native, kind, 32, hex32);
}

bool NormalizeSpanId(std::string_view native, TraceIdKind kind, std::string* hex16) {
  if (kind == TraceIdKind::kOpaque) {
    if (native.empty()) return false;
    *hex16 = ToHex(CorrelationHash("span", native).low);
    return true;
  }
  return Normalize(native, kind, 16, hex16);
}

uint64_t TraceJoinKey(std::string_view hex32) {
  if (hex32.size() != 32 || !AllHex(hex32)) return 0;
  uint64_t low = 0;
  for (const char c : hex32.substr(16)) {
    low = low << 4 | static_cast<uint64_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return low;
}

// job_1445144423722_0: most words of a line are shorter.
constexpr size_t kShortestCorrelationId = 19;

CorrelationIdKind ClassifyCorrelationId(std::string_view text) {
  constexpr std::string_view kFirst = "acjlrt";
  if (text.size() < kShortestCorrelationId || kFirst.find(text[0]) == std::string_view::npos)
    return CorrelationIdKind::kNone;
  if (text.substr(0, 4) == "req-" && IsGroups(text.substr(4), {8, 4, 4, 4, 12}))
    return CorrelationIdKind::kOpenStackRequest;
  if (IsPrefixedNumbers(text, "application_", 2)) return CorrelationIdKind::kYarnApplication;
  if (IsPrefixedNumbers(text, "appattempt_", 3) || IsPrefixedNumbers(text, "attempt_", 4))
    return CorrelationIdKind::kYarnAttempt;
  if (IsPrefixedNumbers(text, "container_", 4)) return CorrelationIdKind::kYarnContainer;
  if (text.substr(0, 11) == "container_e") {
    const size_t epoch_end = text.find('_', 11);
    if (epoch_end != std::string_view::npos && AllDigits(text.substr(11, epoch_end - 11)) &&
        IsPrefixedNumbers(text.substr(epoch_end), "_", 4))
      return CorrelationIdKind::kYarnContainer;
  }
  if (IsPrefixedNumbers(text, "job_", 2)) return CorrelationIdKind::kMapReduceJob;
  if (IsPrefixedNumbers(text, "task_", 4)) return CorrelationIdKind::kMapReduceTask;
  if (text.substr(0, 4) == "app-" && text.size() >= 20 && text[18] == '-' && AllDigits(text.substr(4, 14)) &&
      AllDigits(text.substr(19))) {
    return CorrelationIdKind::kSparkApplication;
  }
  if (text.substr(0, 6) == "local-" && text.size() == 19 && AllDigits(text.substr(6)))
    return CorrelationIdKind::kSparkApplication;
  return CorrelationIdKind::kNone;
}

std::string_view CorrelationIdName(CorrelationIdKind kind) {
  switch (kind) {
    case CorrelationIdKind::kNone:
      return {};
    case CorrelationIdKind::kOpenStackRequest:
      return "openstack.request.id";
    case CorrelationIdKind::kYarnApplication:
      return "yarn.application.id";
    case CorrelationIdKind::kYarnAttempt:
      return "yarn.attempt.id";
    case CorrelationIdKind::kYarnContainer:
      return "yarn.container.id";
    case CorrelationIdKind::kMapReduceJob:
      return "mapreduce.job.id";
    case CorrelationIdKind::kMapReduceTask:
      return "mapreduce.task.id";
    case CorrelationIdKind::kSparkApplication:
      return "spark.application.id";
  }
  return {};
}

Hash128 CorrelationHash(std::string_view name, std::string_view text) {
  std::string bytes(name);
  bytes.push_back('\0');
  bytes += text;
  return HashBytes128(bytes);
}

}  // namespace whittle
