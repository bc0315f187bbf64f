// Any bytes: the parser answers with a tree or an error with a column, what a tree prints parses to the same tree, and
// a bound filter decides about an event without crashing.
#include <cstdlib>

#include "expr/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const whittle::ParseOptions options{.now_ns = 1'700'000'000'000'000'000};
  const auto query = whittle::ParseQuery(text, options);
  if (!query.ok()) {
    if (!query.status().message().starts_with("column ")) std::abort();
    return 0;
  }
  const std::string printed = whittle::FormatExpr(*query->filter);
  const auto again = whittle::ParseFilter(printed, options);
  // Printing adds quotes and parentheses, so only a tree near a limit may be refused the second time.
  if (again.ok() && whittle::FormatExpr(**again) != printed) std::abort();
  const auto filter = whittle::Filter::Bind(*query->filter);
  if (!filter.ok()) return 0;
  whittle::Event event;
  event.body = text;
  event.severity_number = 9;
  event.timestamp_ns = 0;
  event.attributes.push_back({"a", whittle::ParseValue(whittle::ValueType::kDuration, "5ms")});
  event.attributes.push_back({"b", whittle::ParseValue(whittle::ValueType::kIp, "10.0.0.1")});
  (void)filter->Matches(event);
  return 0;
}
