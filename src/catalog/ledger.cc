#include "catalog/ledger.h"

namespace whittle {

Tally& Tally::operator+=(const Tally& other) {
  lines += other.lines;
  records += other.records;
  bytes += other.bytes;
  return *this;
}

Tally& Tally::operator-=(const Tally& other) {
  lines -= other.lines;
  records -= other.records;
  bytes -= other.bytes;
  return *this;
}

bool Ledger::Balanced() const {
  Tally sum = kept;
  sum += sampled_out;
  sum += quarantined;
  sum += dropped_by_rule;
  sum += expired;
  return sum == in;
}

Ledger& Ledger::operator+=(const Ledger& other) {
  in += other.in;
  kept += other.kept;
  sampled_out += other.sampled_out;
  quarantined += other.quarantined;
  dropped_by_rule += other.dropped_by_rule;
  expired += other.expired;
  return *this;
}

Ledger& Ledger::operator-=(const Ledger& other) {
  in -= other.in;
  kept -= other.kept;
  sampled_out -= other.sampled_out;
  quarantined -= other.quarantined;
  dropped_by_rule -= other.dropped_by_rule;
  expired -= other.expired;
  return *this;
}

void Ledger::Expire() {
  expired += kept;
  kept = {};
}

void Ledger::Encode(ByteWriter* out) const {
  for (const Tally* tally : {&in, &kept, &sampled_out, &quarantined, &dropped_by_rule, &expired}) {
    out->Varint(tally->lines);
    out->Varint(tally->records);
    out->Varint(tally->bytes);
  }
}

Ledger Ledger::Decode(ByteReader* in) {
  Ledger ledger;
  for (Tally* tally :
       {&ledger.in, &ledger.kept, &ledger.sampled_out, &ledger.quarantined, &ledger.dropped_by_rule, &ledger.expired}) {
    tally->lines = in->Varint();
    tally->records = in->Varint();
    tally->bytes = in->Varint();
  }
  return in->ok() ? ledger : Ledger();
}

}  // namespace whittle
