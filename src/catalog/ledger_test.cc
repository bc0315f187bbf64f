#include "catalog/ledger.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

Ledger RandomLedger(std::mt19937_64* random) {
  Ledger ledger;
  for (Tally* part :
       {&ledger.kept, &ledger.sampled_out, &ledger.quarantined, &ledger.dropped_by_rule, &ledger.expired}) {
    *part = {(*random)() % 1000, (*random)() % 1000, (*random)() % 100000};
    ledger.in += *part;
  }
  return ledger;
}

TEST(LedgerTest, TheIdentitySurvivesEveryOperation) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Ledger total;
  for (int i = 0; i < 200; ++i) {
    const Ledger ledger = RandomLedger(&random);
    ASSERT_TRUE(ledger.Balanced());
    const Ledger before = total;
    total += ledger;
    ASSERT_TRUE(total.Balanced());
    Ledger back = total;
    back -= ledger;
    ASSERT_EQ(back, before);
    Ledger expired = total;
    expired.Expire();
    ASSERT_TRUE(expired.Balanced());
    ASSERT_EQ(expired.in, total.in);
    ASSERT_EQ(expired.kept, Tally());

    std::string bytes;
    ByteWriter out(&bytes);
    total.Encode(&out);
    ByteReader in(bytes);
    ASSERT_EQ(Ledger::Decode(&in), total);
    ASSERT_TRUE(in.ok());
    ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
    ASSERT_EQ(Ledger::Decode(&cut), Ledger());
    ASSERT_FALSE(cut.ok());
  }
}

TEST(LedgerTest, OneUnitOffIsNoticed) {
  std::mt19937_64 random(1);
  const Ledger ledger = RandomLedger(&random);
  for (uint64_t Tally::*unit : {&Tally::lines, &Tally::records, &Tally::bytes}) {
    Ledger off = ledger;
    off.sampled_out.*unit += 1;
    EXPECT_FALSE(off.Balanced());
  }
}

}  // namespace
}  // namespace whittle
