#include "templates/consolidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>
#include <set>
#include <string>

#include "templates/consolidator.h"
#include "templates/test_shapes.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using Shapes = std::vector<std::shared_ptr<const Shape>>;

Consolidation RunOn(const Shapes& shapes, size_t max_forms = kMaxForms) {
  std::vector<const Shape*> pointers;
  for (const auto& shape : shapes) pointers.push_back(shape.get());
  return Consolidate(pointers, Overrides{}, max_forms);
}

std::vector<std::string> Texts(const Consolidation& result) {
  std::vector<std::string> texts;
  for (const Template& one : result.templates) texts.push_back(one.text);
  return texts;
}

std::vector<std::string> Mine(const std::vector<std::string>& lines) {
  Shapes shapes;
  for (const std::string& line : lines) shapes.push_back(testing::ShapeOf(line));
  return Texts(RunOn(shapes));
}

TEST(ConsolidateTest, NumbersAreSlotsAndWordsWithAFewDigitsThatNeverVaryAreNot) {
  const auto shape = testing::ShapeOf(std::vector<std::string>{"Failed password for root from 10.0.0.1 port 4242 ssh2",
                                                               "Failed password for root from 10.0.0.9 port 17 ssh2"});
  EXPECT_THAT(Texts(RunOn({shape})), ElementsAre("Failed password for root from <*> port <*> ssh2"));
  EXPECT_THAT(Mine({"took 35 ms"}), ElementsAre("took <*> ms"));
}

TEST(ConsolidateTest, AConstantThatVariesLaterBecomesASlot) {
  EXPECT_THAT(Mine({"link on eth0 is up", "link on eth1 is up"}), ElementsAre("link on <*> is up"));
}

TEST(ConsolidateTest, TwoWordsInOnePlaceAreTwoTemplatesAndManyAreOne) {
  EXPECT_THAT(Mine({"VM instance Started", "VM instance Paused"}),
              ElementsAre("VM instance Paused", "VM instance Started"));
  EXPECT_THAT(Mine({"loaded module alpha fine", "loaded module beta fine", "loaded module gamma fine",
                    "loaded module delta fine", "loaded module epsilon fine", "loaded module zeta fine"}),
              ElementsAre("loaded module <*> fine"));
}

TEST(ConsolidateTest, ARecordCutShortDoesNotBlurTheOthers) {
  const std::string head = "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a/1 HTTP/1.0\" 200 ";
  const std::string whole = "<*> - - [<*> <*>] \"GET <*> HTTP/1.0\" <*> <*> \"<*>\" \"<*>\"";
  EXPECT_THAT(Mine({head + "12 \"http://x/1\" \"M/5.0\"", head + "12 \"http://x/1\" \"M/5.0 (X11; Linux 5)\"",
                    head + "12 \"http://x/1\"", head + "12 \"http://x/1\" \"M/5.0"}),
              ::testing::AllOf(::testing::SizeIs(3), ::testing::Contains(whole)));
  // Sentences are told by their words, however many values there are.
  EXPECT_THAT(Mine({"copied all files: 1 2 3 4 5 6", "copied all files: 1 2 3 4 5 6 7"}), ::testing::SizeIs(1));
}

TEST(ConsolidateTest, TheKeysOfJsonObjectsAreWords) {
  EXPECT_THAT(
      Mine({R"({"user":"a1","request":"GET /x HTTP/1.1"})", R"({"peer":"a1","answer":"GET /x HTTP/1.1"})"}),
      ElementsAre(R"({"peer":"<*>","answer":"GET <*> HTTP/1.1"})", R"({"user":"<*>","request":"GET <*> HTTP/1.1"})"));
}

TEST(ConsolidateTest, NamesAfterAContextNounNeedLessEvidence) {
  EXPECT_THAT(Mine({"session closed for user alice", "session closed for user bob"}),
              ElementsAre("session closed for user <*>"));
}

TEST(ConsolidateTest, ValuesOfKeysAreSlotsOnceTheyVary) {
  EXPECT_THAT(Mine({"state change mode=fast tty=ssh", "state change mode=slow tty=ssh"}),
              ElementsAre("state change mode=<*> tty=ssh"));
  EXPECT_THAT(Mine({"cache enabled=true"}), ElementsAre("cache enabled=<*>"));
}

TEST(ConsolidateTest, ListsOfAnyLengthAreOneSlot) {
  EXPECT_THAT(Mine({"replicas [1, 2] chosen", "replicas [3] chosen", "replicas [4, 5, 6] chosen"}),
              ElementsAre("replicas [<*>] chosen"));
}

TEST(ConsolidateTest, DatesInTheTextAreOneSlot) {
  EXPECT_THAT(Mine({"connection from 10.0.0.1 at Mon Jul 11 10:21:13 2005",
                    "connection from 10.0.0.2 at Sat Jun 4 11:00:00 2005"}),
              ElementsAre("connection from <*> at <*>"));
}

TEST(ConsolidateTest, NamesOfHostsAreValuesWithTheirPort) {
  EXPECT_THAT(Mine({"www.example.com:443 open through proxy relay.corp.lan:5070 HTTPS"}),
              ElementsAre("<*> open through proxy <*> HTTPS"));
  EXPECT_THAT(Mine({"resolved example.org at last"}), ElementsAre("resolved <*> at last"));
  EXPECT_THAT(Mine({"opened main.conf at last"}), ElementsAre("opened main.conf at last"));
}

TEST(ConsolidateTest, UnitsThatVaryAreOneValueWithTheirNumber) {
  EXPECT_THAT(Mine({"size 12 KB, free 3 MB", "size 7 MB, free 900 B", "size 1 B, free 2 MB"}),
              ElementsAre("size <*>, free <*>"));
  EXPECT_THAT(Mine({"size 12 KB, free 3 MB", "size 9 KB, free 4 MB"}), ElementsAre("size <*> KB, free <*> MB"));
  EXPECT_THAT(Mine({"done in 35 ms (views)", "done in 2s (views)"}), ElementsAre("done in <*> (views)"));
}

TEST(ConsolidateTest, QuotedWordsAndListsOfWordsAreValuesOnceTheyVary) {
  EXPECT_THAT(Mine({"profile \"web front\" loaded"}), ElementsAre("profile \"web front\" loaded"));
  EXPECT_THAT(Mine({"profile \"web front\" loaded", "profile \"backup\" loaded"}),
              ElementsAre("profile \"<*>\" loaded"));
  EXPECT_THAT(Mine({"it isn't open", "it isn't there"}), ElementsAre("it isn't open", "it isn't there"));
  EXPECT_THAT(Mine({"members are [alpha, beta] now", "members are [gamma, delta, zeta] now"}),
              ElementsAre("members are [<*>] now"));
}

TEST(ConsolidateTest, WhatFilledASlotAfterAWordIsAValueWhereverItFollowsThatWord) {
  std::vector<std::string> lines;
  for (const char* name : {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"})
    lines.push_back(std::string("Job ") + name + " finished early");
  lines.push_back("Job beta was lost on the way");
  lines.push_back("Job zeta was lost on the way");
  EXPECT_THAT(Mine(lines), ElementsAre("Job <*> finished early", "Job <*> was lost on the way"));
}

TEST(ConsolidateTest, ManyTextsBehindOneLabelAreOneTemplate) {
  std::vector<std::string> lines;
  for (const char* word :
       {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"})
    lines.push_back(std::string("request 7 did not go well: ") + word + " is wrong" +
                    (lines.size() % 2 == 0 ? " for " + std::string(word) : ""));
  EXPECT_EQ(Mine(lines).size(), 1u) << Mine(lines)[0];
  std::vector<std::string> quoted, placed;
  for (const std::string& line : lines) {
    quoted.push_back("x 7 reason: " + line.substr(27));
    placed.push_back("resolver 7 debug: " + line.substr(27));
  }
  EXPECT_EQ(Mine(quoted).size(), 1u) << Mine(quoted)[0];
  EXPECT_GT(Mine(placed).size(), 6u);
  lines.resize(5);
  EXPECT_EQ(Mine(lines).size(), 5u);
}

TEST(ConsolidateTest, ThingsThatVerbsHappenToAreNames) {
  std::vector<std::string> lines;
  for (const char* verb : {"Started", "Stopping", "Reloaded"}) {
    for (const char* thing : {"alpha beta", "web server", "mail server of anna", "disk check", "job runner", "old log"})
      lines.push_back(std::string(verb) + " " + thing + ".");
  }
  EXPECT_THAT(Mine(lines), ElementsAre("Reloaded <*>.", "Started <*>.", "Stopping <*>."));
  // One entity with many states is not that.
  EXPECT_EQ(Mine({"VM Started", "VM Paused", "VM Resumed", "Job Started", "Job Paused", "Job Resumed"}).size(), 6u);
}

TEST(ConsolidateTest, HostsAndMethodsWithNumbersArePlacesSourceFilesAreNot) {
  EXPECT_THAT(Mine({"at cache.example.org:80 now", "at cache.example.net:81 now"}), ElementsAre("at <*> now"));
  EXPECT_THAT(Mine({"by com.example.Job$Task.run:17 now"}), ElementsAre("by <*> now"));
  EXPECT_THAT(Mine({"[sweep.c:17]: no change", "[sweep.c:9]: no change"}), ElementsAre("[sweep.c:<*>]: no change"));
  EXPECT_THAT(Mine({"clip.topAmount:0, i:7", "clip.topAmount:3, i:8"}), ElementsAre("clip.topAmount:<*>, i:<*>"));
}

TEST(ConsolidateTest, AccountsThatEveryMachineHasAreNames) {
  EXPECT_THAT(Mine({"session closed for user root", "login uid=7 user=root"}),
              ElementsAre("login uid=<*> user=<*>", "session closed for user <*>"));
  EXPECT_THAT(Mine({"too many failures for root [x]", "too many failures for admin [x]"}),
              ElementsAre("too many failures for <*> [x]"));
  EXPECT_EQ(Mine({"too many failures for anna [x]", "too many failures for admin [x]"}).size(), 2u);
}

TEST(ConsolidateTest, HashesPartValues) {
  EXPECT_THAT(Mine({"steps=170000##17##4", "steps=180000##2##19"}), ElementsAre("steps=<*>##<*>##<*>"));
}

TEST(ConsolidateTest, ListsWithoutBlanksAreValues) {
  EXPECT_THAT(
      Mine({"ciphers ctos: aes128-ctr,aes256-ctr,none [preauth]", "ciphers ctos: aes128-ctr,none,rc4,des [preauth]"}),
      ElementsAre("ciphers ctos: <*> [preauth]"));
  EXPECT_THAT(Mine({"mode=7,size=8,name=9 done"}), ElementsAre("mode=<*>,size=<*>,name=<*> done"));
  EXPECT_THAT(Mine({"17,ok,3.5,none"}), ElementsAre("<*>,ok,<*>,none"));
}

TEST(ConsolidateTest, MembersOfPrintedObjectsAreValues) {
  EXPECT_THAT(Mine({"config {Name:web N:7 OK:true}", "config {Name:db N:9 OK:false}"}),
              ElementsAre("config {Name:<*> N:<*> OK:<*>}"));
  EXPECT_THAT(Mine({"failed: Os { code: 2, kind: NotFound }", "failed: Os { code: 13, kind: Denied }"}),
              ElementsAre("failed: Os { code: <*>, kind: <*> }"));
}

TEST(ConsolidateTest, DatesThatBeginWithTheDayAreOneValue) {
  EXPECT_THAT(Mine({"built on 7 Apr 2026 here", "built on 17 May 2025 here"}), ElementsAre("built on <*> here"));
}

TEST(ConsolidateTest, ANameBeforeAValueIsOneWhereElsewhereTwoValuesStand) {
  EXPECT_THAT(Mine({"closed by invalid user bob 10.0.0.1 port 7", "closed by invalid user b0b 10.0.0.1 port 7"}),
              ElementsAre("closed by invalid user <*> <*> port <*>"));
}

TEST(ConsolidateTest, ThingsBehindPrepositionsHaveNames) {
  EXPECT_THAT(
      Mine({"loaded 7 rows from table orders", "loaded 7 rows from table users", "loaded 9 rows from table tags"}),
      ElementsAre("loaded <*> rows from table <*>"));
  EXPECT_EQ(Mine({"the 7 table dropped", "the 7 table created", "the 7 table locked"}).size(), 3u);
}

TEST(ConsolidateTest, AListIsOneColumnOfARecord) {
  EXPECT_EQ(Mine({"Limits: {a1=1, b2=2, c3=3}", "Limits: {a1=1}", "Limits: {}"}).size(), 1u);
}

TEST(ConsolidateTest, SlotsEndBeforeAColon) {
  EXPECT_THAT(Mine({"ssh.service: Succeeded.", "user@1000.service: Succeeded."}), ElementsAre("<*>: Succeeded."));
}

TEST(ConsolidateTest, PrefixOfAnIdBelongsToTheSlot) {
  EXPECT_THAT(Mine({"Deleting block blk_-1608999687919862906 now"}), ElementsAre("Deleting block <*> now"));
}

TEST(ConsolidateTest, StatesInPairsAreSlotsOnlyWithManyPairs) {
  std::vector<std::string> lines;
  const std::vector<std::string> states = {"NEW", "READY", "RUNNING", "FAILED", "KILLED", "DONE"};
  for (size_t i = 0; i + 1 < states.size(); ++i) {
    for (size_t j = i + 1; j < states.size(); ++j)
      lines.push_back("task moved from " + states[i] + " to " + states[j] + " again");
  }
  EXPECT_THAT(Mine(lines), ElementsAre("task moved from <*> to <*> again"));
  lines.resize(4);
  EXPECT_EQ(Mine(lines).size(), 4u);
}

TEST(ConsolidateTest, ContinuationLinesAreMinedByThemselves) {
  Shapes shapes;
  for (const char* name : {"alpha", "beta", "gamma", "delta", "epsilon"})
    shapes.push_back(testing::ShapeOf(std::string("loaded module ") + name + " fine"));
  shapes.push_back(testing::ShapeOf(std::vector<std::string>{"loaded module zeta fine"}, true));
  EXPECT_EQ(RunOn(shapes).templates.size(), 6u);
}

TEST(ConsolidateTest, NoShapesAndEmptyBodies) {
  EXPECT_TRUE(RunOn({}).templates.empty());
  EXPECT_THAT(Mine({""}), ElementsAre(""));
  EXPECT_THAT(Mine({"----"}), ElementsAre("----"));
}

TEST(ConsolidateTest, AConstantThatLooksLikeASlotKeepsItsOwnId) {
  const Consolidation result = RunOn({testing::ShapeOf("<*>"), testing::ShapeOf("5")});
  ASSERT_EQ(result.templates.size(), 2u);
  EXPECT_EQ(result.templates[0].text, result.templates[1].text);
  EXPECT_NE(result.templates[0].id, result.templates[1].id);
}

TEST(ConsolidateTest, OverflowIsFoldedAndCountedWhateverTheOrder) {
  Shapes shapes;
  for (int i = 0; i < 40; ++i)
    shapes.push_back(testing::ShapeOf("event " + std::string(static_cast<size_t>(i + 1), 'x') + " happened today"));
  const Consolidation result = RunOn(shapes, 10);
  EXPECT_EQ(result.overflowed_shapes, 30u);
  std::reverse(shapes.begin(), shapes.end());
  EXPECT_EQ(Texts(RunOn(shapes, 10)), Texts(result));
  for (const TemplateBinding& binding : result.bindings) ASSERT_LT(binding.template_index, result.templates.size());
}

// A body as its template and the texts in its slots.
std::string Fill(const Template& one, const TemplateBinding& binding, const Shape& shape) {
  std::string out;
  size_t piece = shape.body.begin;
  const auto constants = [&](size_t end) {
    for (; piece < end; ++piece) out += shape.pieces[piece].text;
  };
  EXPECT_EQ(binding.slots.size(), one.slots.size()) << one.text;
  for (const PieceRange& range : binding.slots) {
    EXPECT_LE(piece, range.begin) << one.text;
    constants(range.begin);
    out += "<*>";
    piece = range.end;
  }
  constants(shape.body.end);
  return out;
}

std::string CollapseBlanks(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out.push_back(c);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Texts that say next to nothing.
bool IsVague(const std::string& text) {
  size_t words = 0;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool letter = std::isalpha(static_cast<unsigned char>(text[i])) != 0;
    words += letter && !in_word ? 1 : 0;
    in_word = letter;
    if (letter && i >= 3 && text.compare(i - 3, 3, "<*>") == 0) return true;
    if (letter && text.compare(i + 1, 3, "<*>") == 0) return true;
  }
  return words < 2;
}

// Messages that exercise every rule: few words, so that all kinds of merges happen.
std::string RandomMessage(std::mt19937* random) {
  static const std::vector<std::string> kWords = {
      "user",   "from",      "Started",     "RUNNING", "KILLED",  "a.b.c",  "x=",      "[1, 2]", "[7]",
      "eth0",   "ssh2",      "alpha",       "beta",    "gamma",   "delta",  "epsilon", "zeta",   "foo.bar",
      "fooBar", "barBaz",    "true",        "12",      "0x1f",    "Jul 4",  "(a)",     "()",     "  ",
      "k=v",    "k=\"v w\"", "10.0.0.1:80", "NEW",     "DONE",    "FAILED", "host:",   "<*>",    "blk_77",
      "end.",   "q:r",       "5 ms",        "9 KB",    "\"a b\"", "[p, q]", "h.com:80"};
  std::string out;
  const size_t count = 3 + (*random)() % 4;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    // Skewed, so that messages have words in common.
    const size_t range = (*random)() % 3 == 0 ? kWords.size() : 4 + i;
    out += kWords[(*random)() % range];
  }
  return out;
}

class ConsolidatePropertyTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  Shapes RandomShapes(size_t count) {
    std::mt19937 random(GetParam());
    Shapes shapes;
    for (size_t i = 0; i < count; ++i) shapes.push_back(testing::ShapeOf(RandomMessage(&random)));
    return shapes;
  }
};

TEST_P(ConsolidatePropertyTest, BindingsRenderToTheTemplate) {
  const Shapes shapes = RandomShapes(600);
  const Consolidation result = RunOn(shapes);
  ASSERT_EQ(result.bindings.size(), shapes.size());
  for (size_t i = 0; i < shapes.size(); ++i) {
    const Template& one = result.templates[result.bindings[i].template_index];
    EXPECT_EQ(CollapseBlanks(Fill(one, result.bindings[i], *shapes[i])), CollapseBlanks(one.text));
  }
}

// A shape as a segment stores it: the slots of its template in place of its own.
std::shared_ptr<const Shape> Folded(const Shape& shape, const Consolidation& mined, size_t index) {
  const TemplateBinding& binding = mined.bindings[index];
  const Template& one = mined.templates[binding.template_index];
  auto folded = std::make_shared<Shape>(shape);
  folded->pieces.clear();
  folded->slot_count = 0;
  size_t next = 0;
  for (size_t i = 0; i <= shape.body.end;) {
    if (next < binding.slots.size() && binding.slots[next].begin == i) {
      Piece slot;
      slot.kind = Piece::Kind::kSlot;
      slot.slot = folded->slot_count++;
      const PieceRange range = binding.slots[next++];
      slot.token_class = range.end == range.begin + 1 ? shape.pieces[range.begin].token_class : TokenClass::kMixed;
      if (slot.token_class == TokenClass::kWord) slot.token_class = TokenClass::kMixed;
      if (one.slots[next - 1].open) slot.token_class = TokenClass::kWord;
      folded->pieces.push_back(slot);
      const bool empty = range.empty();
      i = range.end;
      if (!empty) continue;
      if (next < binding.slots.size() && binding.slots[next].begin == i) continue;
    }
    if (i == shape.body.end) break;
    folded->pieces.push_back(shape.pieces[i++]);
  }
  folded->body.end = static_cast<uint16_t>(folded->pieces.size());
  FinishShape(folded.get());
  return folded;
}

// Messages of a program: known texts, values of all kinds.
std::string RealisticMessage(std::mt19937* random) {
  static const std::vector<std::string> kUsers = {"alice", "bob",   "carol", "dave",
                                                  "erin",  "frank", "root",  "www-data7"};
  const auto number = [&] { return std::to_string((*random)() % 100000); };
  const std::string user = kUsers[(*random)() % kUsers.size()];
  switch ((*random)() % 12) {
    case 0:
      return "session opened for user " + user + " by (uid=" + number() + ")";
    case 1:
      return "Failed password for " + user + " from 10.0.0." + number() + " port " + number() + " ssh2";
    case 2:
      return "replicas [" + number() + ((*random)() % 2 == 0 ? ", " + number() : "") + "] chosen for block blk_" +
             number();
    case 3:
      return "cache enabled=" + std::string((*random)() % 2 == 0 ? "true" : "false") + " mode=" + user;
    case 4:
      return "connection from 10.1.1.1 (" + std::string((*random)() % 2 == 0 ? "" : "host" + number()) +
             ") at Mon Jul 11 10:21:13 2005";
    case 5:
      return "VM " + std::string((*random)() % 2 == 0 ? "Started" : "Paused") + " (Lifecycle Event)";
    case 6:
      return "task moved from " + std::string((*random)() % 2 == 0 ? "NEW" : "RUNNING") + " to DONE in " + number() +
             " ms";
    case 7:
      return "Loading class com.example." + user + ".Main took " + number() + "ms.";
    case 8:
      return "stored in memory (size " + number() + ((*random)() % 2 == 0 ? " KB" : "MB") + ", free " + number() +
             " B)";
    case 9:
      return "upload of \"" + user + " notes\" to " + user + ".example.com:443 done";
    case 10:
      return "rebalanced members [" + user + ((*random)() % 2 == 0 ? ", alice" : "") + ", bob] again";
    default:
      return "ioerror on /dev/sd" + user + ": retry " + number();
  }
}

// Reading a store consolidates what is stored, and must find what writing found.
TEST_P(ConsolidatePropertyTest, StoredShapesGiveTheSameTemplates) {
  std::mt19937 random(GetParam());
  Shapes shapes;
  for (int i = 0; i < 400; ++i) shapes.push_back(testing::ShapeOf(RealisticMessage(&random)));
  const Consolidation before = RunOn(shapes);
  Shapes folded;
  for (size_t i = 0; i < shapes.size(); ++i) folded.push_back(Folded(*shapes[i], before, i));
  const Consolidation after = RunOn(folded);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string& text = before.templates[before.bindings[i].template_index].text;
    EXPECT_EQ(after.templates[after.bindings[i].template_index].text, text) << "seed " << GetParam();
  }
}

// A second segment, written with less evidence, joins the templates of the first.
TEST(ConsolidateTest, WordsJoinTheSlotsThatStoredShapesHave) {
  Shapes shapes;
  for (const char* name : {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"})
    shapes.push_back(testing::ShapeOf(std::string("loaded module ") + name + " fine"));
  const Consolidation before = RunOn(shapes);
  const Shapes stored = {Folded(*shapes[0], before, 0), testing::ShapeOf("loaded module eta fine")};
  EXPECT_THAT(Texts(RunOn(stored)), ElementsAre("loaded module <*> fine"));
}

TEST_P(ConsolidatePropertyTest, OrderAndRepetitionDoNotMatter) {
  Shapes shapes = RandomShapes(600);
  const auto as_map = [](const Shapes& in, const Consolidation& result) {
    std::map<Hash128, std::string> out;
    for (size_t i = 0; i < in.size(); ++i) out[in[i]->id] = result.templates[result.bindings[i].template_index].text;
    return out;
  };
  const auto expected = as_map(shapes, RunOn(shapes));
  std::mt19937 random(GetParam() + 1);
  for (int round = 0; round < 3; ++round) {
    std::shuffle(shapes.begin(), shapes.end(), random);
    shapes.push_back(shapes[random() % shapes.size()]);
    const Consolidation again = RunOn(shapes);
    for (size_t i = 0; i < shapes.size(); ++i) {
      const Template& one = again.templates[again.bindings[i].template_index];
      EXPECT_EQ(one.text, expected.at(shapes[i]->id)) << "seed " << GetParam();
    }
  }
}

TEST_P(ConsolidatePropertyTest, MoreShapesOnlyMergeTemplates) {
  const Shapes all = RandomShapes(600);
  for (const size_t part : {50u, 200u, 400u}) {
    const Shapes some(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(part));
    const Consolidation before = RunOn(some);
    const Consolidation after = RunOn(all);
    std::map<uint32_t, uint32_t> became;
    for (size_t i = 0; i < part; ++i) {
      // Two groups may spell one text by accident when next to no word is left or a slot holds white space
      // ("<*>Started"); such texts may part again.
      if (IsVague(before.templates[before.bindings[i].template_index].text)) continue;
      const auto [entry, added] =
          became.try_emplace(before.bindings[i].template_index, after.bindings[i].template_index);
      EXPECT_EQ(entry->second, after.bindings[i].template_index)
          << "split: " << before.templates[entry->first].text << " seed " << GetParam();
    }
  }
}

TEST_P(ConsolidatePropertyTest, TheIncrementalFormSaysTheSame) {
  const Shapes shapes = RandomShapes(400);
  Consolidator consolidator;
  std::mt19937 random(GetParam() + 2);
  std::vector<uint32_t> index;
  for (const auto& shape : shapes) {
    index.push_back(consolidator.Add(shape));
    if (random() % 50 == 0) {
      EXPECT_EQ(consolidator.Result()->bindings.size(), consolidator.shape_count());
    }
  }
  const Consolidation expected = RunOn(shapes);
  const auto result = consolidator.Result();
  EXPECT_EQ(Texts(*result), Texts(expected));
  for (size_t i = 0; i < shapes.size(); ++i) {
    EXPECT_EQ(result->bindings[index[i]].template_index, expected.bindings[i].template_index);
    EXPECT_EQ(result->bindings[index[i]].slots, expected.bindings[i].slots);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConsolidatePropertyTest, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace whittle
