// Scrubber: takes values that must not be stored out of a line, before anything else sees it. What it returns is the
// new text of the line; the old one must then be forgotten, and the line analysed anew.
//
// A Scrubber is immutable and safe from any thread. Scrub looks at every byte a bounded number of times, allocates
// nothing when it finds nothing, and takes lines of any bytes up to 4 GiB.
//
// Replacement: <kind> or, with `hash`, <kind:1a2b3c4d5e6f>: the first 48 bits of HMAC-SHA-256 over kind and value,
// keyed with `key`. Who holds neither key nor value learns only which values were equal (two different values agree by
// chance once in 2^48 pairs; about 16 million distinct values make one such pair likely). Who holds the key can test
// guesses, so it must be kept apart from the store, and thrown away for the hashes to become meaningless. E-mail
// addresses are hashed in lower case and card numbers without their spaces, so that spellings of one value agree.
//
// Limits of detection: values broken over lines, passwords without a key before them, and encodings other than those
// named in scrub_detectors.h are not found.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

#include "event/shape.h"
#include "parse/scrub_detectors.h"

namespace re2 {
class RE2;
}

namespace whittle {

inline constexpr size_t kMaxScrubFields = 1000;      // names are compared one by one per field of a line
inline constexpr size_t kMaxScrubExpressions = 100;  // each is a pass over every line

struct ScrubOptions {
  enum class With : uint8_t { kHash, kReplace };
  std::vector<std::string> fields;    // attribute names, scrubbed whole; "user.*" for all that begin so
  std::vector<std::string> patterns;  // names of detectors, see ScrubPatternNames
  // Name and RE2 expression; the first group is scrubbed, or all of the match when there is none.
  std::vector<std::pair<std::string, std::string>> expressions;
  With with = With::kHash;
  std::string key;  // at least 16 bytes for kHash
};

// A stretch of the scrubbed text that was put there by Scrub.
struct ScrubMark {
  uint32_t begin = 0;
  uint32_t end = 0;
  ScrubKind kind = ScrubKind::kField;
  bool operator==(const ScrubMark&) const = default;
};

// "email", "card", "bearer", "password", "jwt", "aws-key".
const std::vector<std::string_view>& ScrubPatternNames();

class Scrubber {
 public:
  // kConfig: an unknown pattern, a bad expression, a key that is missing or too short.
  static Result<std::shared_ptr<const Scrubber>> Create(const ScrubOptions& options);
  ~Scrubber();

  // True when something was found: then `scrubbed` is the new text (without a terminator, like `line`) and `marks` says
  // where it differs. Otherwise both are left as they are. `analysis` may be null when NeedsFields() is false; its
  // fields are those of `line`.
  bool Scrub(std::string_view line, const LineAnalysis* analysis, std::string* scrubbed,
             std::vector<ScrubMark>* marks) const;

  // Whether fields are scrubbed by name, so that every line has to be analysed first.
  bool NeedsFields() const { return !field_names_.empty(); }

 private:
  struct Expression {
    std::string name;
    std::unique_ptr<re2::RE2> expression;
  };

  Scrubber() = default;
  void FindFields(const LineAnalysis& analysis, size_t line_size, std::vector<ScrubFinding>* findings) const;
  void FindExpression(std::string_view line, uint16_t index, std::vector<ScrubFinding>* findings) const;
  void AppendReplacement(std::string_view value, const ScrubFinding& finding, std::string* out) const;
  std::string_view NameOf(const ScrubFinding& finding) const;

  std::vector<std::string> field_names_;
  std::vector<Expression> expressions_;
  ScrubKinds kinds_ = 0;
  ScrubOptions::With with_ = ScrubOptions::With::kHash;
  std::string key_;
};

}  // namespace whittle
