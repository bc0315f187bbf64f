#include "templates/naming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace whittle {
namespace {

using ::testing::ElementsAre;

SlotProfile Seen(const std::string& classes) {
  static const std::map<std::string, TokenClass> kClasses = {
      {"word", TokenClass::kWord}, {"int", TokenClass::kInteger},       {"dec", TokenClass::kDecimal},
      {"hex", TokenClass::kHex},   {"punct", TokenClass::kDigitsPunct}, {"alnum", TokenClass::kAlnum},
      {"path", TokenClass::kPath}, {"mixed", TokenClass::kMixed}};
  static const std::map<std::string, ValueType> kTypes = {
      {"bool", ValueType::kBool},         {"ip", ValueType::kIp},
      {"uuid", ValueType::kUuid},         {"timestamp", ValueType::kTimestamp},
      {"duration", ValueType::kDuration}, {"size", ValueType::kSize}};
  SlotProfile profile;
  std::stringstream stream(classes);
  for (std::string one; std::getline(stream, one, ',');) {
    if (one == "composite") {
      profile.composite = true;
    } else if (const auto type = kTypes.find(one); type != kTypes.end()) {
      profile.typed = true;
      profile.type = type->second;
    } else {
      profile.token_classes =
          static_cast<uint16_t>(profile.token_classes | 1u << static_cast<unsigned>(kClasses.at(one)));
    }
  }
  return profile;
}

std::vector<std::string> Names(const std::string& text, const std::vector<std::string>& seen) {
  std::vector<SlotProfile> profiles;
  for (const std::string& classes : seen) profiles.push_back(Seen(classes));
  std::vector<std::string> names;
  for (const TemplateSlot& slot : NameSlots(text, profiles)) names.push_back(slot.name);
  return names;
}

ValueType TypeOf(const std::string& text, const std::string& seen) {
  const std::vector<SlotProfile> profiles = {Seen(seen)};
  return NameSlots(text, profiles)[0].type;
}

TEST(NamingTest, KeysNameTheirValues) {
  EXPECT_THAT(Names("uid=<*> tag=\"<*>\" flags = <*>, pool: <*> {\"took\":<*>}", {"int", "word", "hex", "int", "int"}),
              ElementsAre("uid", "tag", "flags", "pool", "took"));
}

TEST(NamingTest, TheNounBefore) {
  EXPECT_THAT(Names("Failed password for user <*> from <*> port <*> ssh2", {"word", "punct", "int"}),
              ElementsAre("user.name", "client.address", "client.port"));
  EXPECT_THAT(Names("pool size is <*>", {"int"}), ElementsAre("pool_size"));
  EXPECT_THAT(Names("fetcher#<*> about to shuffle", {"int"}), ElementsAre("fetcher"));
}

TEST(NamingTest, TheUnitAfter) {
  EXPECT_THAT(Names("done in <*> ms, wrote <*> bytes to <*> files", {"int", "int", "int"}),
              ElementsAre("duration", "size", "files"));
  EXPECT_THAT(Names("kept for <*> weeks at <*> MHz", {"int", "int"}), ElementsAre("duration_weeks", "frequency_mhz"));
  EXPECT_THAT(Names("slow query (<*> rows)", {"int"}), ElementsAre("rows"));
  EXPECT_THAT(Names("accepted from <*> (<*> connections open)", {"punct", "int"}), ElementsAre("from", "connections"));
}

TEST(NamingTest, CollisionsGetSuffixes) {
  EXPECT_THAT(Names("read id=<*> then id=<*> and id=<*>", {"int", "int", "int"}), ElementsAre("id", "id_2", "id_3"));
}

TEST(NamingTest, NothingKnownIsNumbered) { EXPECT_THAT(Names("<*>", {"mixed"}), ElementsAre("arg1")); }

TEST(NamingTest, ANumberIsNoAddress) {
  EXPECT_THAT(Names("client @<*> gone", {"hex"}), ElementsAre("client"));
  EXPECT_THAT(Names("client=<*>", {"punct"}), ElementsAre("client.address"));
  EXPECT_THAT(Names("Client <*> disconnected.", {"mixed"}), ElementsAre("client"));
}

TEST(NamingTest, TypesFollowWhatWasSeen) {
  EXPECT_EQ(TypeOf("x=<*>", "int"), ValueType::kInt64);
  EXPECT_EQ(TypeOf("x=<*>", "int,dec"), ValueType::kDouble);
  EXPECT_EQ(TypeOf("x=<*> ms", "int,dec"), ValueType::kDuration);
  EXPECT_EQ(TypeOf("heap: <*> KB.", "int"), ValueType::kSize);
  EXPECT_EQ(TypeOf("kept for <*> weeks", "int"), ValueType::kInt64);
  EXPECT_EQ(TypeOf("run <*> ms", "mixed"), ValueType::kString);
  EXPECT_EQ(TypeOf("x=<*>", "hex,int"), ValueType::kHexId);
  EXPECT_EQ(TypeOf("x=<*>", "bool,word"), ValueType::kBool);
  EXPECT_EQ(TypeOf("x=<*>", "int,composite"), ValueType::kString);
  EXPECT_EQ(TypeOf("x=<*>", "duration,alnum"), ValueType::kDuration);
}

TEST(NamingTest, NamesAreCleanAndDistinctWhateverTheText) {
  const std::vector<std::string> texts = {
      "<*><*>", "=<*>:<*>", "\"<*>\\\"=<*>", std::string(500, 'x') + "=<*> <*>", "\xff\xfe=<*>, <*>", "<*> <*> <*>"};
  for (const std::string& text : texts) {
    const std::vector<std::string> names = Names(text, {"int", "mixed"});
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << text;
    for (const std::string& name : names) {
      EXPECT_FALSE(name.empty()) << text;
      EXPECT_TRUE(MayNameSlot(text, name)) << text;
    }
  }
}

TEST(NamingTest, NamesThatCannotBeAreKnownBeforehand) {
  EXPECT_FALSE(MayNameSlot("Took <*> ms for user <*>", "service.name"));
  EXPECT_TRUE(MayNameSlot("the Service.Name=<*>", "service.name"));
  EXPECT_TRUE(MayNameSlot("a.b-c=<*> a.b-c=<*>", "a.b_c_2"));
  EXPECT_TRUE(MayNameSlot("login <*>", "user.name"));
  EXPECT_FALSE(MayNameSlot("Took <*> ms for user <*>", "service"));
  EXPECT_TRUE(MayNameSlot("SERVICE <*>", "service_2"));
  EXPECT_TRUE(MayNameSlot("s\x1b[0mervice <*>", "service"));
  EXPECT_TRUE(MayNameSlot("<*> error(s)", "errors"));
  for (const char* name :
       {"arg1", "duration", "frequency_hz", "size_kb", "count", "ip_2", "uuid", "time", "path", "hex_id", "percent"})
    EXPECT_TRUE(MayNameSlot("", name)) << name;
}

struct Label {
  std::string text, seen, names, type;
  size_t slot = 0;
};

std::vector<Label> ReadLabels() {
  std::vector<Label> labels;
  std::ifstream file(std::string(WHITTLE_SOURCE_DIR) + "/tests/data/slot_names.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::stringstream stream(line);
    Label label;
    std::string slot;
    std::getline(stream, label.text, '\t');
    std::getline(stream, slot, '\t');
    std::getline(stream, label.seen, '\t');
    std::getline(stream, label.names, '\t');
    std::getline(stream, label.type, '\t');
    label.slot = std::stoul(slot);
    labels.push_back(label);
  }
  return labels;
}

TEST(NamingTest, MostSlotsOfTheCheckSetAreNamedAcceptablyAndTypedRightly) {
  const std::vector<Label> labels = ReadLabels();
  ASSERT_GE(labels.size(), 300u);
  size_t named = 0;
  size_t typed = 0;
  for (size_t begin = 0; begin < labels.size();) {
    size_t end = begin;
    std::vector<SlotProfile> profiles;
    while (end < labels.size() && labels[end].text == labels[begin].text && labels[end].slot == end - begin + 1)
      profiles.push_back(Seen(labels[end++].seen));
    ASSERT_GT(end, begin) << labels[begin].text;
    const std::vector<TemplateSlot> slots = NameSlots(labels[begin].text, profiles);
    for (size_t i = begin; i < end; ++i) {
      const TemplateSlot& slot = slots[i - begin];
      EXPECT_TRUE(MayNameSlot(labels[i].text, slot.name)) << labels[i].text << " " << slot.name;
      const bool name_ok = ("|" + labels[i].names + "|").find("|" + slot.name + "|") != std::string::npos;
      const bool type_ok = ValueTypeName(slot.type) == labels[i].type;
      named += name_ok ? 1 : 0;
      typed += type_ok ? 1 : 0;
      if (!name_ok || !type_ok) {
        std::cout << labels[i].text.substr(0, 100) << " #" << labels[i].slot << ": " << slot.name << " ("
                  << ValueTypeName(slot.type) << "), labelled " << labels[i].names << " (" << labels[i].type << ")\n";
      }
    }
    begin = end;
  }
  const double total = static_cast<double>(labels.size());
  std::cout << "named acceptably " << 100.0 * static_cast<double>(named) / total << "%, typed rightly "
            << 100.0 * static_cast<double>(typed) / total << "% of " << labels.size() << " slots\n";
  EXPECT_GE(static_cast<double>(named) / total, 0.80);
  EXPECT_GE(static_cast<double>(typed) / total, 0.95);
}

}  // namespace
}  // namespace whittle
