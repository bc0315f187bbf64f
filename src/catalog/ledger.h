// Ledger: the exact account of what came in and where it went, in lines, records and bytes. Kept per source, in every
// segment (for what the segment covers) and in the catalog (for everything). The identity
//   in = kept + sampled_out + quarantined + dropped_by_rule + expired
// holds at all times and is checked at every commit. A plain value.
#pragma once

#include <cstdint>

#include "base/varint.h"

namespace whittle {

struct Tally {
  uint64_t lines = 0;
  uint64_t records = 0;
  uint64_t bytes = 0;  // of the source, line ends included

  Tally& operator+=(const Tally& other);
  Tally& operator-=(const Tally& other);  // of something that was added before
  bool operator==(const Tally&) const = default;
};

struct Ledger {
  Tally in;
  Tally kept;
  Tally sampled_out;
  Tally quarantined;
  Tally dropped_by_rule;
  Tally expired;  // was kept, and retention removed it

  bool Balanced() const;
  Ledger& operator+=(const Ledger& other);
  Ledger& operator-=(const Ledger& other);  // of something that was added before
  // What was kept is gone: moves kept to expired.
  void Expire();
  bool operator==(const Ledger&) const = default;

  // 18 varints in the order above, lines, records, bytes each.
  void Encode(ByteWriter* out) const;
  static Ledger Decode(ByteReader* in);  // a failed reader gives an empty ledger
};

}  // namespace whittle
