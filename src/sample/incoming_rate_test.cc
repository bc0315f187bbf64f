#include "sample/incoming_rate.h"

#include <gtest/gtest.h>

#include "sample/coin.h"

namespace whittle {
namespace {

constexpr uint64_t kThreeQuarters = uint64_t{0xC} << 52;
constexpr uint64_t kTrace = 0xa3ce929d0e0e4736;  // its low 56 bits begin with ce

TEST(IncomingRate, ThresholdsAreHexadecimalWithoutTheZerosAtTheEnd) {
  EXPECT_EQ(ParseThreshold("c"), kThreeQuarters);
  EXPECT_EQ(ParseThreshold("C0"), kThreeQuarters);
  EXPECT_EQ(ParseThreshold("0"), 0U);
  EXPECT_EQ(ParseThreshold("ffffffffffffff"), kCoinSides - 1);
  for (const char* bad : {"", "g", "0xc", "-1", "0.5", "fffffffffffffff", " c", "c "})
    EXPECT_EQ(ParseThreshold(bad), std::nullopt) << bad;
  EXPECT_EQ(ParseRandomness("e0000000000000"), uint64_t{0xE} << 52);
  EXPECT_EQ(ParseRandomness("e"), std::nullopt);
}

TEST(IncomingRate, TracestatesOfManyVendors) {
  OtelSampling sampling = ParseTracestate("rojo=00f067aa0ba902b7, ot=th:c;rv:e0000000000000;xy:z ,congo=t61");
  EXPECT_EQ(sampling.threshold, kThreeQuarters);
  EXPECT_EQ(sampling.randomness, uint64_t{0xE} << 52);
  EXPECT_FALSE(sampling.malformed);
  // Unknown stays unknown: no th.
  EXPECT_EQ(ParseTracestate("ot=p:8;r:62").threshold, std::nullopt);
  EXPECT_FALSE(ParseTracestate("ot=p:8;r:62").malformed);
  EXPECT_EQ(ParseTracestate("not=th:c").threshold, std::nullopt);
  EXPECT_TRUE(ParseTracestate("ot=th:xyz").malformed);
  EXPECT_TRUE(ParseTracestate("ot=th:c;rv:e").malformed);
  EXPECT_EQ(ReplaceOtel("rojo=1,ot=th:c,congo=2", "ot=th:e"), "ot=th:e,rojo=1,congo=2");
  EXPECT_EQ(ReplaceOtel("ot=th:c", ""), "");
}

TEST(IncomingRate, RatesAreNumbersFromOneToAMillion) {
  EXPECT_EQ(ParseRate("10"), 10.0);
  EXPECT_EQ(ParseRate("2.5"), 2.5);
  EXPECT_EQ(ParseRate("1"), 1.0);
  EXPECT_EQ(ParseRate("1000000"), kMaxIncomingRate);
  for (const char* bad : {"", "0", "0.5", "-3", "nan", "inf", "1e300", "1000001", "10x", "ten", " 10"})
    EXPECT_EQ(ParseRate(bad), std::nullopt) << bad;
}

TEST(IncomingRate, TheTraceIdIsTheCoinUnlessOneCameAlong) {
  IncomingTexts texts;
  texts.tracestate = "ot=th:c";
  texts.trace = kTrace;
  IncomingSampling in = ReadIncoming(texts);
  EXPECT_EQ(in.rate, 4);
  EXPECT_EQ(in.threshold, kThreeQuarters);
  EXPECT_EQ(in.randomness, W3cCoin(kTrace));
  texts.tracestate = "ot=th:c;rv:d0000000000000";
  EXPECT_EQ(ReadIncoming(texts).randomness, uint64_t{0xD} << 52);
  // A rate without any coin is a rate all the same.
  texts = {};
  texts.tracestate = "ot=th:c";
  EXPECT_EQ(ReadIncoming(texts).rate, 4);
  EXPECT_EQ(ReadIncoming(texts).randomness, std::nullopt);
}

TEST(IncomingRate, WhatCannotBeIsRefused) {
  const auto refused = [](const IncomingTexts& texts) {
    const IncomingSampling in = ReadIncoming(texts);
    EXPECT_EQ(in.rate, 1);
    EXPECT_EQ(in.randomness, std::nullopt);
    return in.refused;
  };
  IncomingTexts texts;
  texts.tracestate = "ot=th:c;rv:b0000000000000";  // would not have been kept
  EXPECT_TRUE(refused(texts));
  texts.tracestate = "ot=th:d";
  texts.trace = kTrace;
  EXPECT_TRUE(refused(texts));
  texts.tracestate = "ot=th:fffffffffffff";  // one in 2^52
  texts.trace = 0;
  EXPECT_TRUE(refused(texts));
  texts = {};
  texts.threshold = "c";  // of what? There is no coin that reached it
  EXPECT_TRUE(refused(texts));
  texts = {};
  texts.rate = "0";
  EXPECT_TRUE(refused(texts));
  texts.rate = "44100000";
  EXPECT_TRUE(refused(texts));
  EXPECT_FALSE(refused(IncomingTexts()));
}

TEST(IncomingRate, APlainRateCountsAndSaysWhetherTheCoinIsKnown) {
  IncomingTexts texts;
  texts.rate = "4.0";
  texts.threshold = "c";
  texts.randomness = "e0000000000000";
  IncomingSampling in = ReadIncoming(texts);
  EXPECT_EQ(in.rate, 4);
  EXPECT_EQ(in.randomness, uint64_t{0xE} << 52);
  texts.rate = "40";  // two stages, and the threshold is that of one of them
  in = ReadIncoming(texts);
  EXPECT_EQ(in.rate, 40);
  EXPECT_EQ(in.randomness, std::nullopt);
}

}  // namespace
}  // namespace whittle
