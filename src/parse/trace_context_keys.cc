#include "parse/trace_context_keys.h"

#include <algorithm>
#include <array>

namespace whittle {
namespace {

constexpr FieldRole kTrace = FieldRole::kTraceId;
constexpr FieldRole kSpan = FieldRole::kSpanId;
constexpr FieldRole kParent = FieldRole::kParentSpanId;
constexpr FieldRole kAttribute = FieldRole::kAttribute;

// Sorted by name. For attributes `rule` is the attribute's name.
constexpr std::array<TraceKey, 47> kKeys = {{
    {"@sp", TraceForm::kId, kSpan, "serilog"},
    {"@tr", TraceForm::kId, kTrace, "serilog"},
    {"awsrequestid", TraceForm::kAttribute, kAttribute, "aws.request_id"},
    {"awsxraytraceid", TraceForm::kId, kTrace, "x-ray"},
    {"b3", TraceForm::kB3, kTrace, "b3-single"},
    {"b3parentspanid", TraceForm::kId, kParent, "b3"},
    {"b3spanid", TraceForm::kId, kSpan, "b3"},
    {"b3traceid", TraceForm::kId, kTrace, "b3"},
    {"correlationid", TraceForm::kAttribute, kAttribute, "correlation.id"},
    {"dd.spanid", TraceForm::kDecimalId, kSpan, "datadog"},
    {"dd.traceid", TraceForm::kDecimalId, kTrace, "datadog"},
    {"ddspanid", TraceForm::kDecimalId, kSpan, "datadog"},
    {"ddtraceid", TraceForm::kDecimalId, kTrace, "datadog"},
    {"otelspanid", TraceForm::kId, kSpan, "opentelemetry"},
    {"oteltraceflags", TraceForm::kFlags, FieldRole::kTraceFlags, "opentelemetry"},
    {"oteltraceid", TraceForm::kId, kTrace, "opentelemetry"},
    {"parent.id", TraceForm::kId, kParent, "key"},
    {"parentid", TraceForm::kId, kParent, "key"},
    {"parentspanid", TraceForm::kId, kParent, "key"},
    {"reqid", TraceForm::kAttribute, kAttribute, "request.id"},
    {"request.id", TraceForm::kAttribute, kAttribute, "request.id"},
    {"requestid", TraceForm::kAttribute, kAttribute, "request.id"},
    {"root", TraceForm::kXRay, kTrace, "x-ray"},
    {"sp", TraceForm::kId, kSpan, "serilog"},
    {"span.id", TraceForm::kId, kSpan, "key"},
    {"spanid", TraceForm::kId, kSpan, "key"},
    {"swctx", TraceForm::kSkyWalkingContext, kTrace, "skywalking-context"},
    {"tid", TraceForm::kSkyWalking, kTrace, "skywalking"},
    {"trace", TraceForm::kCloudResource, kTrace, "google-cloud"},
    {"trace.id", TraceForm::kId, kTrace, "key"},
    {"traceflags", TraceForm::kFlags, FieldRole::kTraceFlags, "key"},
    {"traceid", TraceForm::kId, kTrace, "key"},
    {"traceparent", TraceForm::kTraceparent, kTrace, "traceparent"},
    {"transaction.id", TraceForm::kAttribute, kAttribute, "transaction.id"},
    {"ubertraceid", TraceForm::kJaeger, kTrace, "jaeger"},
    {"xamznrequestid", TraceForm::kAttribute, kAttribute, "aws.request_id"},
    {"xamzntraceid", TraceForm::kXRay, kTrace, "x-ray"},
    {"xb3parentspanid", TraceForm::kId, kParent, "b3"},
    {"xb3spanid", TraceForm::kId, kSpan, "b3"},
    {"xb3traceid", TraceForm::kId, kTrace, "b3"},
    {"xcloudtracecontext", TraceForm::kCloudTrace, kTrace, "google-cloud"},
    {"xcorrelationid", TraceForm::kAttribute, kAttribute, "correlation.id"},
    {"xdatadogparentid", TraceForm::kDecimalId, kSpan, "datadog"},
    {"xdatadogtraceid", TraceForm::kDecimalId, kTrace, "datadog"},
    {"xraytraceid", TraceForm::kId, kTrace, "x-ray"},
    {"xrequestid", TraceForm::kAttribute, kAttribute, "request.id"},
    {"xtraceid", TraceForm::kId, kTrace, "key"},
}};

static_assert(std::is_sorted(kKeys.begin(), kKeys.end(),
                             [](const TraceKey& a, const TraceKey& b) { return a.name < b.name; }));

const TraceKey* Find(std::string_view name) {
  const auto found = std::lower_bound(kKeys.begin(), kKeys.end(), name,
                                      [](const TraceKey& key, std::string_view value) { return key.name < value; });
  return found != kKeys.end() && found->name == name ? &*found : nullptr;
}

// Every key ends in one of a few ways; most words of a line end otherwise.
bool WorthALook(std::string_view written) {
  const auto take = [&] {
    while (!written.empty() && (written.back() == '-' || written.back() == '_')) written.remove_suffix(1);
    const char last = written.empty() ? '\0' : written.back();
    if (!written.empty()) written.remove_suffix(1);
    return static_cast<char>(last | 0x20);
  };
  const char last = take();
  switch (last) {
    case 'd':
      return take() == 'i';  // ...id
    case 's':
      return written.size() >= 9;  // traceflags
    case 't':
      return written.size() >= 3;  // traceparent, root, ...context
    case 'e':
      return take() == 'c';  // trace
    case '3':
    case 'x':
    case 'r':
    case 'p':
      return true;  // b3, swctx, @tr, @sp
    default:
      return false;
  }
}

}  // namespace

const TraceKey* FindTraceKey(std::string_view written) {
  if (written.size() > kMaxTraceKeyBytes || !WorthALook(written)) return nullptr;
  std::array<char, kMaxTraceKeyBytes> buffer;
  size_t size = 0;
  for (const char c : written) {
    if (c == '-' || c == '_') continue;
    buffer[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  const std::string_view name(buffer.data(), size);
  const TraceKey* key = Find(name);
  const size_t dot = name.rfind('.');
  if (key == nullptr && dot != std::string_view::npos) {
    const size_t earlier = dot == 0 ? std::string_view::npos : name.rfind('.', dot - 1);
    if (earlier != std::string_view::npos) key = Find(name.substr(earlier + 1));
    if (key == nullptr) key = Find(name.substr(dot + 1));
  }
  if (key == nullptr) return nullptr;
  if (key->form == TraceForm::kSkyWalking && written != "TID") return nullptr;
  if (key->name == "root" && written != "Root") return nullptr;
  if (key->name == "sp") return nullptr;
  return key;
}

}  // namespace whittle
