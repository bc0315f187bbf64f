// Detectors of values that must not be stored: e-mail addresses, card numbers, credentials. Each looks at one line and
// appends what it finds. All are linear in the length of the line, whatever stands in it. Pure functions.
//
// They err on the side of finding too much: what is scrubbed needlessly is a nuisance, what is missed is on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace whittle {

// Part of what readers are told about a scrubbed span: append only.
enum class ScrubKind : uint8_t {
  kField = 0,     // named by configuration
  kEmail = 1,     // also with %40 or \u0040 for the at sign
  kCard = 2,      // 13 to 19 digits in a form card numbers have, issuer known, Luhn check right
  kBearer = 3,    // the token after "Bearer" or "Authorization:"
  kPassword = 4,  // the value of a key that names a secret; the password inside a URL
  kJwt = 5,       // a JSON web token anywhere
  kAwsKey = 6,    // an AWS access key id
  kCustom = 7,    // a configured expression
};

// Which detectors run, as bits 1 << kind.
using ScrubKinds = uint32_t;
constexpr ScrubKinds ScrubBit(ScrubKind kind) { return ScrubKinds{1} << static_cast<unsigned>(kind); }

struct ScrubFinding {
  uint32_t begin = 0;  // bytes of the line
  uint32_t end = 0;
  ScrubKind kind = ScrubKind::kField;
  uint16_t name = 0;  // kField, kCustom: which one
};

// Appends the findings of `kinds` (kField and kCustom are not of this place) in no particular order; they may overlap.
// `line` is shorter than 4 GiB.
void FindSecrets(std::string_view line, ScrubKinds kinds, std::vector<ScrubFinding>* findings);

// The part of it for ScrubKind::kCard (scrub_cards.cc).
void FindCards(std::string_view line, std::vector<ScrubFinding>* findings);

}  // namespace whittle
