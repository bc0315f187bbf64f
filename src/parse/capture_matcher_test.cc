#include "parse/capture_matcher.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <optional>
#include <random>

#include "parse/builtin_patterns.h"
#include "parse/grok.h"
#include "parse/pattern_file.h"

namespace whittle {
namespace {

using Captures = std::vector<CaptureMatcher::Capture>;
using Kind = RegexNode::Kind;

// An expression for both engines.
class Twin {
 public:
  Twin(const RegexNode& tree, size_t captures) : matcher_(CaptureMatcher::Build(tree)), captures_(captures) {
    text_ = WriteRe2(tree, &order_);
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    regex_ = std::make_unique<RE2>(text_, options);
  }

  bool has_program() const { return matcher_ != nullptr; }
  const std::string& text() const { return text_; }

  // Nothing when the text does not match.
  std::optional<Captures> ByRe2(std::string_view text) const {
    std::vector<re2::StringPiece> parts(order_.size() + 1);
    const int groups = static_cast<int>(parts.size());
    if (!regex_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::ANCHOR_BOTH, parts.data(),
                       groups)) {
      return std::nullopt;
    }
    Captures captures(captures_);
    for (size_t i = 0; i < order_.size(); ++i) {
      const re2::StringPiece& part = parts[i + 1];
      if (part.data() == nullptr) continue;
      const auto begin = static_cast<uint32_t>(part.data() - text.data());
      captures[static_cast<size_t>(order_[i])] = {begin, begin + static_cast<uint32_t>(part.size())};
    }
    return captures;
  }

  CaptureMatcher::Outcome Match(std::string_view text, Captures* captures) const {
    captures->assign(captures_, CaptureMatcher::Capture());
    return matcher_->Match(text, *captures);
  }

  // Both say the same, unless the matcher gives up; returns whether it did not.
  bool Agree(std::string_view text) const {
    Captures found;
    const CaptureMatcher::Outcome outcome = Match(text, &found);
    if (outcome == CaptureMatcher::Outcome::kGaveUp) return false;
    const auto expected = ByRe2(text);
    EXPECT_EQ(outcome == CaptureMatcher::Outcome::kMatch, expected.has_value()) << text_ << "\non '" << text << "'";
    if (!expected || outcome != CaptureMatcher::Outcome::kMatch) return true;
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].begin, (*expected)[i].begin) << text_ << "\ncapture " << i << " of '" << text << "'";
      EXPECT_EQ(found[i].end, (*expected)[i].end) << text_ << "\ncapture " << i << " of '" << text << "'";
    }
    return true;
  }

 private:
  std::unique_ptr<const CaptureMatcher> matcher_;
  std::unique_ptr<RE2> regex_;
  std::string text_;
  std::vector<int> order_;
  size_t captures_;
};

std::string Edited(std::string text, std::mt19937_64* random) {
  constexpr std::string_view kBytes = " \t-:[]\"'()/.,=019azAZ_%+\\|\xC3\n";
  for (uint64_t edits = (*random)() % 4; edits > 0 && !text.empty(); --edits) {
    const size_t at = (*random)() % text.size();
    const size_t size = 1 + (*random)() % 8;
    switch ((*random)() % 4) {
      case 0:
        text[at] = kBytes[(*random)() % kBytes.size()];
        break;
      case 1:
        text.erase(at, size);
        break;
      case 2:
        text.insert(at, text.substr((*random)() % text.size(), size));
        break;
      default:
        text.insert(at, 1, kBytes[(*random)() % kBytes.size()]);
        break;
    }
  }
  return text;
}

TEST(CaptureMatcherTest, CapturesWhatRe2CapturesForEveryBuiltinPattern) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  size_t expressions = 0, matches = 0, undecided = 0, texts = 0;
  for (const BuiltinPatternFile* file = kBuiltinPatternFiles; file->path != nullptr; ++file) {
    const auto pattern = ParsePatternFile(file->path, file->text, GrokLibrary::Standard());
    ASSERT_TRUE(pattern.ok()) << file->path;
    for (const PatternExpression& expression : pattern->expressions) {
      const Twin twin(expression.grok.tree, expression.grok.fields.size());
      ASSERT_TRUE(twin.has_program()) << file->path << ": " << twin.text();
      ++expressions;
      for (const PatternSample& sample : pattern->samples) {
        EXPECT_TRUE(twin.Agree(sample.text)) << "gives up on a sample of " << file->path;
        matches += twin.ByRe2(sample.text) ? 1 : 0;
        for (int round = 0; round < 20; ++round, ++texts) undecided += twin.Agree(Edited(sample.text, &random)) ? 0 : 1;
      }
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(expressions, 60u);
  EXPECT_GE(matches, expressions / 2);
  EXPECT_LT(undecided, texts / 100) << "of " << texts;
}

// A tree over the bytes a to c; captures are numbered as they come.
RegexNode RandomTree(int depth, int* captures, std::mt19937_64* random) {
  RegexNode node;
  const uint64_t kind = depth == 0 ? 0 : (*random)() % 10;
  if (kind < 3) {
    node.kind = Kind::kBytes;
    do {
      for (unsigned char byte = 'a'; byte <= 'c'; ++byte) node.bytes[byte] = (*random)() % 2 == 0;
    } while (node.bytes.none());
    if ((*random)() % 16 == 0) node.kind = (*random)() % 2 == 0 ? Kind::kWordBoundary : Kind::kNotWordBoundary;
    return node;
  }
  node.kind = kind < 5 ? Kind::kSequence : kind < 7 ? Kind::kAlternate : kind < 9 ? Kind::kRepeat : Kind::kCapture;
  if (node.kind == Kind::kCapture) node.capture = (*captures)++;
  if (node.kind == Kind::kRepeat) {
    node.greedy = (*random)() % 2 == 0;
    node.min = static_cast<int>((*random)() % 3);
    node.max = (*random)() % 2 == 0 ? -1 : node.min + static_cast<int>((*random)() % 3);
    if (node.max == 0) node.max = 1;
  }
  const uint64_t children = node.kind == Kind::kRepeat ? 1 : 2 + (*random)() % 2;
  for (uint64_t i = 0; i < children; ++i) node.children.push_back(RandomTree(depth - 1, captures, random));
  return node;
}

TEST(CaptureMatcherTest, CapturesWhatRe2CapturesForRandomExpressions) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  size_t matches = 0;
  for (int round = 0; round < 1500; ++round) {
    int captures = 0;
    const RegexNode tree = RandomTree(4, &captures, &random);
    const Twin twin(tree, static_cast<size_t>(captures));
    if (!twin.has_program()) continue;
    for (int i = 0; i < 40; ++i) {
      std::string text;
      for (uint64_t size = random() % 12; size > 0; --size) text.push_back(static_cast<char>('a' + random() % 3));
      twin.Agree(text);
      Captures found;
      matches += twin.Match(text, &found) == CaptureMatcher::Outcome::kMatch ? 1 : 0;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(matches, 1000u);
}

// A text read with the names that WriteRe2 gives to groups is the same expression.
TEST(CaptureMatcherTest, ReadsWhatIsWrittenForRe2) {
  GrokExpression expression;
  RegexError error;
  ASSERT_TRUE(GrokLibrary::Standard().Compile("%{WORD:a} (?:%{INT:b}|-) %{GREEDYDATA:c}", &expression, &error));
  std::vector<int> order;
  RegexHooks hooks;
  int group = 0;
  hooks.named_group = [&](std::string_view, RegexError*) { return group++; };
  RegexNode tree;
  ASSERT_TRUE(ParseRegex(WriteRe2(expression.tree, &order), hooks, &tree, &error)) << error.reason;
  const auto matcher = CaptureMatcher::Build(tree);
  ASSERT_NE(matcher, nullptr);
  Captures found(3);
  ASSERT_EQ(matcher->Match("GET - the rest", found), CaptureMatcher::Outcome::kMatch);
  EXPECT_EQ(found[0].end, 3u);
  EXPECT_FALSE(found[1].is_set());
  EXPECT_EQ(found[2].begin, 6u);
}

TEST(CaptureMatcherTest, GivesUpInsteadOfTryingForever) {
  RegexNode tree;
  for (int i = 0; i < 12; ++i) {
    RegexNode bytes, repeat;
    bytes.kind = Kind::kBytes;
    bytes.bytes.set('a');
    repeat.kind = Kind::kRepeat;
    repeat.max = -1;
    repeat.children = {bytes};
    tree.children.push_back(repeat);
  }
  const auto matcher = CaptureMatcher::Build(tree);
  ASSERT_NE(matcher, nullptr);
  EXPECT_EQ(matcher->Match(std::string(200, 'a') + "b", {}), CaptureMatcher::Outcome::kGaveUp);
  EXPECT_EQ(matcher->Match(std::string(200, 'a'), {}), CaptureMatcher::Outcome::kMatch);
}

// Few attempts may still look at the same bytes again and again.
TEST(CaptureMatcherTest, CountsTheBytesItLooksAt) {
  GrokExpression expression;
  RegexError error;
  ASSERT_TRUE(GrokLibrary::Standard().Compile("%{GREEDYDATA:x}a%{GREEDYDATA:y}b%{GREEDYDATA:z}", &expression, &error));
  const Twin twin(expression.tree, 3);
  EXPECT_FALSE(twin.Agree("ab" + std::string(60'000, 'a')));
  EXPECT_TRUE(twin.Agree("aaab" + std::string(20, 'a')));
}

TEST(CaptureMatcherTest, HasNoProgramForLoopsOfNothing) {
  RegexNode bytes, optional, star;
  bytes.kind = Kind::kBytes;
  bytes.bytes.set('a');
  optional.kind = star.kind = Kind::kRepeat;
  optional.max = 1;
  star.max = -1;
  optional.children = {bytes};
  star.children = {optional};
  EXPECT_EQ(CaptureMatcher::Build(star), nullptr);
}

}  // namespace
}  // namespace whittle
