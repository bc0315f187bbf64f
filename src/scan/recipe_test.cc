#include "scan/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan/shape_builder.h"

namespace whittle {
namespace {

using ::testing::AnyOf;

LineAnalysis WholeBody(std::string_view line) {
  LineAnalysis analysis;
  analysis.body_end = static_cast<uint32_t>(line.size());
  return analysis;
}

std::shared_ptr<const Recipe> Build(std::string_view line, const LineAnalysis& analysis) {
  Tokenizer tokenizer;
  EXPECT_TRUE(tokenizer.Scan(line));
  return BuildRecipe(line, tokenizer, analysis, false);
}

std::vector<std::string> Slots(const Recipe& recipe, std::string_view line) {
  Tokenizer tokenizer;
  EXPECT_TRUE(tokenizer.Scan(line));
  std::vector<Span> spans(recipe.shape->slot_count);
  RowTime time;
  TimeReader times;
  if (!recipe.Apply(line, tokenizer.masked(), &times, spans.data(), &time)) return {"refused"};
  std::vector<std::string> texts;
  for (const Span& span : spans) texts.emplace_back(line.substr(span.begin, span.size));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Tokenizer, MasksNumbersPathsAndAddresses) {
  Tokenizer tokenizer;
  const std::string_view line = "took 35ms from /10.0.0.1:80 to bob@example.com at http://a/b, blk_-160, done.";
  ASSERT_TRUE(tokenizer.Scan(line));
  Texts texts;
  for (const MaskedToken& token : tokenizer.masked())
    texts.emplace_back(line.substr(token.begin, token.end - token.begin));
  EXPECT_EQ(texts, (Texts{"35ms", "/10.0.0.1:80", "bob@example.com", "http://a/b", "-160"}));
}

TEST(Tokenizer, SkeletonIgnoresValuesAndSeesConstants) {
  Tokenizer tokenizer;
  const auto hash = [&](std::string_view line) {
    EXPECT_TRUE(tokenizer.Scan(line));
    return tokenizer.skeleton_hash();
  };
  EXPECT_EQ(hash("took 35 ms"), hash("took 7 ms"));
  EXPECT_NE(hash("took 35 ms"), hash("took 35 s"));
  EXPECT_NE(hash("took 35 ms"), hash("took  35 ms"));
  EXPECT_NE(hash("took 35 ms"), hash("took 3.5 ms"));
  EXPECT_NE(hash("x 081109 y"), hash("x 08110 y"));
  EXPECT_NE(hash("10.0.0.1 x"), hash("2015-10-18 x"));
  EXPECT_NE(hash("73-05-02 10:00:00 x"), hash("2026-05-02 10:00:00 x"));
  EXPECT_NE(hash("73-05-02T10:00:00Z x"), hash("2026-05-02T10:00:00Z x"));
  EXPECT_EQ(hash("10.0.0.1 x"), hash("192.168.100.20 x"));
  // Lengths of trace ids, wherever they stand.
  EXPECT_NE(hash("a b c d e [4bf92f3577b34da6-00f067aa0ba902b7]"), hash("a b c d e [4bf92f3577b34d-00f067aa0ba902b7]"));
  EXPECT_NE(hash("a b c d e [1234567890123456-1234567890123456]"), hash("a b c d e [12-3]"));
  EXPECT_NE(hash("a b c d e [x,1234567890123456,b]"), hash("a b c d e [x,123456,b]"));
  EXPECT_NE(hash("a b c d e [x,4bf92f3577b34da6,b]"), hash("a b c d e [x,0xf92f3577b34da6,b]"));
}

TEST(Tokenizer, ClassesAreWhatTheySay) {
  EXPECT_EQ(ClassifyToken("-42"), TokenClass::kInteger);
  EXPECT_EQ(ClassifyToken("4.25"), TokenClass::kDecimal);
  EXPECT_EQ(ClassifyToken("10.0.0.1:80"), TokenClass::kDigitsPunct);
  EXPECT_EQ(ClassifyToken("dead10cc"), TokenClass::kHex);
  EXPECT_EQ(ClassifyToken("0x7fed"), TokenClass::kHex);
  EXPECT_EQ(ClassifyToken("abc123xyz"), TokenClass::kAlnum);
  EXPECT_EQ(ClassifyToken("/var/log"), TokenClass::kPath);
  EXPECT_EQ(ClassifyToken("a-1_b"), TokenClass::kMixed);
  for (const char* token : {"35ms", "1.5s", "2m30.5s", "1h2m3s", "7us", "0.25ns", "3.2\xC2\xB5s", "3.2\xCE\xBCs"})
    EXPECT_EQ(ClassifyToken(token), TokenClass::kDuration) << token;
  for (const char* token : {"10KB", "1.5MiB", "3kB", "20GB"})
    EXPECT_EQ(ClassifyToken(token), TokenClass::kSize) << token;
  for (const char* token : {"5m", "2h", "10M", "8xs", "s5s", "2s3s", "2s3m", "1.s", "1..2s", "3KB2", "4iB", "5KiBs"})
    EXPECT_THAT(ClassifyToken(token), AnyOf(TokenClass::kAlnum, TokenClass::kMixed)) << token;
}

TEST(Tokenizer, EscapesBeforeAQuoteAreDelimiters) {
  Tokenizer tokenizer;
  const std::string_view line = R"({"log":"id \"a1\" b2\n","t":"x\\y3"})";
  ASSERT_TRUE(tokenizer.Scan(line));
  Texts texts;
  for (const MaskedToken& token : tokenizer.masked())
    texts.emplace_back(line.substr(token.begin, token.end - token.begin));
  EXPECT_EQ(texts, (Texts{"a1", "b2", "x\\\\y3"}));
}

TEST(Tokenizer, RefusesWhatExceedsItsLimits) {
  Tokenizer tokenizer;
  EXPECT_FALSE(tokenizer.Scan(std::string(kMaxScanBytes + 1, 'a')));
  std::string numbers;
  for (size_t i = 0; i <= kMaxMaskedTokens; ++i) numbers += "1 ";
  EXPECT_FALSE(tokenizer.Scan(numbers));
}

TEST(Recipe, ReplaysOnLinesOfTheSameForm) {
  const std::string_view line = "Received block blk_-1608 of size 91178 from /10.250.10.6";
  const auto recipe = Build(line, WholeBody(line));
  EXPECT_EQ(Slots(*recipe, line), (Texts{"-1608", "91178", "/10.250.10.6"}));
  EXPECT_EQ(Slots(*recipe, "Received block blk_77 of size 1 from /1.1.1.1"), (Texts{"77", "1", "/1.1.1.1"}));
  EXPECT_EQ(Slots(*recipe, "Received chunk blk_77 of size 1 from /1.1.1.1"), (Texts{"refused"}));
  EXPECT_EQ(Slots(*recipe, "Received block blk_77 of size 1 from /1.1.1.1 twice"), (Texts{"refused"}));
}

TEST(Recipe, CutsTokensWhereFieldsEnd) {
  const std::string_view line = "peer 10.0.0.1:5000 after 35ms";
  LineAnalysis analysis = WholeBody(line);
  const auto field = [&](std::string_view text, const char* name) {
    const auto begin = static_cast<uint32_t>(line.find(text));
    FieldSpan span;
    span.begin = begin;
    span.end = begin + static_cast<uint32_t>(text.size());
    span.name = name;
    analysis.fields.push_back(span);
  };
  field("10.0.0.1", "client.address");
  field("5000", "client.port");
  field("35", "duration");
  const auto recipe = Build(line, analysis);
  EXPECT_TRUE(recipe->cacheable);
  EXPECT_EQ(Slots(*recipe, line), (Texts{"10.0.0.1", "5000", "35", "ms"}));
  EXPECT_EQ(Slots(*recipe, "peer 192.168.0.77:1 after 7ms"), (Texts{"192.168.0.77", "1", "7", "ms"}));
  ASSERT_EQ(recipe->shape->fields.size(), 3u);
  const std::string_view slots[] = {"192.168.0.77", "1", "7", "ms"};
  std::string text;
  RenderPieces(*recipe->shape, recipe->shape->fields[0].range, slots, &text);
  EXPECT_EQ(text, "192.168.0.77");
}

TEST(Recipe, HoldsForTheSameDecisiveBytesOnly) {
  const std::string_view line = "a0=5 a1=7 x1:9";
  LineAnalysis analysis = WholeBody(line);
  const auto decides = [&](std::string_view text) {
    const auto begin = static_cast<uint32_t>(line.find(text));
    analysis.decisive.push_back({begin, begin + static_cast<uint32_t>(text.size())});
  };
  decides("a0=");
  decides("a1=");
  const auto recipe = Build(line, analysis);
  EXPECT_TRUE(recipe->cacheable);
  EXPECT_EQ(Slots(*recipe, line), Slots(*Build(line, WholeBody(line)), line));
  EXPECT_EQ(Slots(*recipe, "a0=1 a1=2 x2:8").front(), "a0");
  EXPECT_EQ(Slots(*recipe, "a1=1 a0=2 x1:9"), (Texts{"refused"}));
  EXPECT_EQ(Slots(*recipe, "a0=1 a2=2 x1:9"), (Texts{"refused"}));
  // Not to be told apart from what stands around it: nothing else may be taken for it.
  decides("x1");
  EXPECT_FALSE(Build(line, analysis)->cacheable);
}

TEST(Recipe, SlotsOfALineWithoutMaskedTokensAreFound) {
  const std::string_view line = R"({"error":"disk full","msg":"went wrong"})";
  LineAnalysis analysis;
  analysis.body_format = "json";
  FieldSpan error;
  error.begin = 10;
  error.end = 19;
  error.name = "error";
  analysis.fields.push_back(error);
  analysis.body_begin = 28;
  analysis.body_end = 38;
  const auto recipe = Build(line, analysis);
  ASSERT_NE(recipe, nullptr);
  EXPECT_EQ(Slots(*recipe, line), (Texts{"disk full"}));
}

TEST(Recipe, MembersBesideTheMessageAreOneSlotEach) {
  const auto shape_of = [](std::string_view line) {
    LineAnalysis analysis;
    analysis.body_format = "json";
    const auto field = [&](std::string_view begin_after, char end_before, const char* name, ValueType type) {
      FieldSpan span;
      span.begin = static_cast<uint32_t>(line.find(begin_after) + begin_after.size());
      span.end = static_cast<uint32_t>(line.find(end_before, span.begin));
      span.name = name;
      span.type = type;
      analysis.fields.push_back(span);
    };
    field(R"("error":")", '"', "error", ValueType::kString);
    field(R"("ok":)", ',', "ok", ValueType::kBool);
    field(R"("logger":")", '"', "log.logger", ValueType::kString);
    analysis.body_begin = static_cast<uint32_t>(line.find("\"msg\":\"") + 7);
    analysis.body_end = static_cast<uint32_t>(line.find('"', analysis.body_begin));
    return Build(line, analysis)->shape->id;
  };
  const auto first = shape_of(R"({"error":"disk full","ok":true,"logger":"a.b","msg":"went wrong"})");
  EXPECT_EQ(first, shape_of(R"({"error":"host 7 is gone now","ok":false,"logger":"a.b","msg":"went wrong"})"));
  EXPECT_NE(first, shape_of(R"({"error":"disk full","ok":true,"logger":"a.c","msg":"went wrong"})"));
  EXPECT_NE(first, shape_of(R"({"error":"disk full","ok":true,"logger":"a.b","msg":"went well"})"));
}

TEST(Recipe, RenderingItsSpansGivesTheLineBack) {
  const std::string_view line = "  a=1, b=[x-2; 'y'] \x01\xff 3.5% end.";
  const auto recipe = Build(line, WholeBody(line));
  const Texts texts = Slots(*recipe, line);
  std::vector<std::string_view> slots(texts.begin(), texts.end());
  std::string out;
  RenderPieces(*recipe->shape, {0, static_cast<uint16_t>(recipe->shape->pieces.size())}, slots.data(), &out);
  EXPECT_EQ(out, line);
}

TEST(RecipeCache, KeepsSeveralRecipesOfOneSkeleton) {
  RecipeCache cache;
  std::vector<std::shared_ptr<const Recipe>> recipes;
  for (uint32_t i = 0; i < RecipeCache::kMaxAlternatives + 3; ++i) {
    auto recipe = std::make_shared<Recipe>();
    recipe->shape = RawShape();
    recipes.push_back(std::move(recipe));
    cache.Insert(7, recipes.back());
    cache.Insert(8, recipes.back());
  }
  uint32_t found = 0;
  bool newest = false;
  for (const RecipeCache::Entry* entry = cache.Find(7); entry != nullptr; entry = cache.Next(entry), ++found) {
    EXPECT_EQ(entry->skeleton_hash, 7u);
    newest = newest || entry->recipe == recipes.back();
  }
  EXPECT_EQ(found, RecipeCache::kMaxAlternatives);
  EXPECT_TRUE(newest);
}

TEST(RecipeCache, ForgetsWhenFull) {
  RecipeCache cache;
  const std::string_view line = "x 1";
  const auto recipe = Build(line, WholeBody(line));
  for (size_t i = 0; i <= RecipeCache::kMaxRecipes; ++i) cache.Insert(i, recipe);
  EXPECT_LE(cache.size(), RecipeCache::kMaxRecipes);
  EXPECT_NE(cache.Find(RecipeCache::kMaxRecipes), nullptr);
}

}  // namespace
}  // namespace whittle
