// Templates over paths. `--path-fields '{host.name}/{service.name}/%Y-%m-%d.gz'` reads resource attributes and a date
// from where a file lies; `fields: {service.name: "{stem}"}` writes an attribute from it.
//
// A reading template is matched against the end of the path, whole components at a time. In it, `{name}` takes one or
// more bytes of a component, `{}` the same and forgets them, `*` any bytes of a component, %Y %m %d %H %M %S %y %j a
// part of a date, `%%` is a percent sign; everything else stands for itself. Immutable, safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "event/value.h"

namespace re2 {
class RE2;
}

namespace whittle {

struct PathFields {
  bool matched = false;
  std::vector<Attribute> attributes;  // in the order of the template
  std::optional<int64_t> date_s;      // as if UTC, when the template has at least a year
};

class PathTemplate {
 public:
  // kUsage with the place and the reason when `text` is not a template.
  static Result<std::shared_ptr<const PathTemplate>> Parse(std::string_view text);
  ~PathTemplate();

  // `matched` is false when the path does not have the form of the template.
  PathFields Match(std::string_view path) const;

 private:
  PathTemplate() = default;
  struct Capture {
    std::string name;  // attribute, or one byte of strptime after "%"
  };
  std::unique_ptr<re2::RE2> expression_;
  std::vector<Capture> captures_;
};

// Replaces {basename} (the stream's file name: "app.log"), {stem} (without extension: "app") and {directory} (the name
// of the directory it lies in) in `text`. kUsage for any other variable or an unclosed brace.
Result<std::string> ExpandPathVariables(std::string_view text, std::string_view path);

}  // namespace whittle
