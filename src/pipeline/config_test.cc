#include "pipeline/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "env/memory_file_system.h"
#include "pipeline/config_check.h"
#include "pipeline/config_schema.h"
#include "pipeline/config_tree.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Config Parse(const std::string& text) {
  auto config = ParseConfig(text, "w.yaml");
  EXPECT_TRUE(config.ok()) << config.status().message();
  return config.ok() ? std::move(*config) : Config{};
}

std::string ErrorOf(const std::string& text) {
  const auto config = ParseConfig(text, "w.yaml");
  if (config.ok()) return "no error";
  EXPECT_EQ(config.status().code(), StatusCode::kConfig);
  return config.status().message();
}

TEST(ConfigTest, NothingGivesTheDefaults) {
  for (const char* text : {"", "\n# only a comment\n", "---\n", "~\n", "{}\n"}) {
    const Config config = Parse(text);
    EXPECT_EQ(config.store, "whittle.store");
    EXPECT_FALSE(config.store_given);
    EXPECT_TRUE(config.sources.empty());
    EXPECT_EQ(config.segments.close_after_ns, 10'000'000'000);
    EXPECT_EQ(config.segments.close_size_bytes, 64u << 20);
    EXPECT_EQ(config.segments.level, 3);
    EXPECT_EQ(config.limits.memory_bytes, 512u << 20);
    EXPECT_EQ(config.templates.max, 200'000u);
  }
}

TEST(ConfigTest, EveryKeyArrives) {
  const Config config = Parse(R"yaml(
store: /var/lib/whittle
sources:
  - files: {include: ["/var/log/**/*.log", "/srv/x"], exclude: "*.tmp", start: end}
    path_fields: '{host.name}/%Y.log'
    fields: {service.name: "{stem}", tier: 1}
    multiline: {start: '^\d{4}-'}
    time: {zone: Europe/Berlin, year: 2023}
  - files:
      include: other.log
    multiline: none
patterns: {dirs: [patterns.d], disable: [nginx_access]}
templates: {overrides: templates.yaml, max: 5000}
enrich:
  - scrub: {fields: [user.email], patterns: [email, card], expressions: {ssn: '\d+'}, with: replace, key_file: /run/key}
  - set: {deployment.environment.name: prod}
segments: {close_after: 1m30s, close_size: 8 MiB, level: 9}
limits: {memory: 1GiB}
)yaml");
  EXPECT_EQ(config.store, "/var/lib/whittle");
  EXPECT_TRUE(config.store_given);
  ASSERT_EQ(config.sources.size(), 2u);
  const FilesSource& source = config.sources[0];
  EXPECT_THAT(source.include, ElementsAre("/var/log/**/*.log", "/srv/x"));
  EXPECT_THAT(source.exclude, ElementsAre("*.tmp"));
  EXPECT_EQ(source.start, FilesSource::Start::kEnd);
  EXPECT_EQ(source.path_fields, "{host.name}/%Y.log");
  EXPECT_THAT(source.fields, ElementsAre(Pair("service.name", "{stem}"), Pair("tier", "1")));
  EXPECT_EQ(source.multiline, FilesSource::Multiline::kStartPattern);
  EXPECT_EQ(source.multiline_start, "^\\d{4}-");
  EXPECT_EQ(source.time_zone, "Europe/Berlin");
  EXPECT_EQ(source.time_year, 2023);
  EXPECT_THAT(config.sources[1].include, ElementsAre("other.log"));
  EXPECT_EQ(config.sources[1].multiline, FilesSource::Multiline::kNone);
  EXPECT_EQ(config.sources[1].time_year, std::nullopt);
  EXPECT_EQ(config.sources[1].time_zone, "UTC");
  EXPECT_THAT(config.patterns.dirs, ElementsAre("patterns.d"));
  EXPECT_THAT(config.patterns.disable, ElementsAre("nginx_access"));
  EXPECT_EQ(config.templates.overrides, "templates.yaml");
  EXPECT_EQ(config.templates.max, 5000u);
  ASSERT_EQ(config.scrub.size(), 1u);
  ASSERT_EQ(config.field_rules.size(), 1u);
  const ScrubConfig& scrub = config.scrub.at(0);
  EXPECT_THAT(scrub.fields, ElementsAre("user.email"));
  EXPECT_THAT(scrub.patterns, ElementsAre("email", "card"));
  EXPECT_THAT(scrub.expressions, ElementsAre(Pair("ssn", "\\d+")));
  EXPECT_FALSE(scrub.hash);
  EXPECT_EQ(scrub.key_file, "/run/key");
  EXPECT_THAT(config.field_rules[0].step.pairs, ElementsAre(Pair("deployment.environment.name", "prod")));
  EXPECT_EQ(config.segments.close_after_ns, 90'000'000'000);
  EXPECT_EQ(config.segments.close_size_bytes, 8u << 20);
  EXPECT_EQ(config.segments.level, 9);
  EXPECT_EQ(config.limits.memory_bytes, 1u << 30);
  EXPECT_EQ(config.file_hash.size(), 64u);
}

TEST(ConfigTest, ErrorsNameThePlaceTheProblemAndTheRemedy) {
  EXPECT_EQ(ErrorOf("stor: x\n"), "w.yaml:1:1: unknown key 'stor'; did you mean \"store\"?");
  EXPECT_EQ(ErrorOf("segments:\n  levle: 3\n"),
            "w.yaml:2:3: unknown key 'levle' in 'segments'; did you mean \"level\"?");
  EXPECT_THAT(ErrorOf("limits: {zzz: 1}\n"), HasSubstr("w.yaml:1:10: unknown key 'zzz' in 'limits'; known are memory"));
  EXPECT_EQ(ErrorOf("segments.level: 3\n").substr(0, 44), "w.yaml:1:1: unknown key 'segments.level'; kn");
  EXPECT_EQ(ErrorOf("segments: {level: 3, level: 4}\n"),
            "w.yaml:1:22: 'level' stands here a second time; the first is in line 1");
  EXPECT_EQ(ErrorOf("segments: {level: 99}\n"), "w.yaml:1:19: 'level' needs a whole number from 1 to 19, not '99'");
  EXPECT_EQ(ErrorOf("segments: {level: high}\n"), "w.yaml:1:19: 'level' needs a whole number from 1 to 19, not 'high'");
  EXPECT_EQ(ErrorOf("segments: {close_after: 10}\n"),
            "w.yaml:1:25: 'close_after' needs a duration such as 10s or 1h30m from 100ms to 3600s, not '10'");
  EXPECT_THAT(ErrorOf("limits: {memory: 1MiB}\n"),
              HasSubstr("needs a size such as 64MiB from 64MiB to 1048576MiB, not '1MiB'"));
  EXPECT_THAT(ErrorOf("limits: {memory: [1]}\n"), HasSubstr("1:18: 'memory' needs one value: a size"));
  EXPECT_THAT(ErrorOf("store: {a: b}\n"), HasSubstr("'store' needs one value: a path"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("w.yaml:1:1: must be 'key: value' lines"));
  EXPECT_THAT(ErrorOf("segments: 3\n"), HasSubstr("'segments' must be a group of keys, such as 'close_after: …'"));
  EXPECT_THAT(ErrorOf("sources: {files: x}\n"), HasSubstr("'sources' must be a list: begin each item with '- '"));
  EXPECT_THAT(ErrorOf("sources: [{fields: {a: b}}]\n"), HasSubstr("an item of 'sources' needs 'files:'"));
  EXPECT_THAT(ErrorOf("sources: [{files: {}}]\n"), HasSubstr("'files' needs 'include: [\"/var/log/**/*.log\"]'"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: []}}]\n"), HasSubstr("'include' is empty"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a, start: middle}}]\n"),
              HasSubstr("needs one of beginning, end, not 'middle'"));
  EXPECT_THAT(ErrorOf("enrich: [{set: {a: b}, scrub: {patterns: [email]}}]\n"),
              HasSubstr("not several; begin another with '- '"));
  EXPECT_THAT(ErrorOf("enrich: [{scrub: {with: hash}}]\n"), HasSubstr("it says nothing to scrub"));
  EXPECT_THAT(ErrorOf("enrich: [{scrub: {patterns: [email]}, when: 'a=1'}]\n"), HasSubstr("'scrub' has no 'when'"));
  EXPECT_THAT(ErrorOf("enrich: [{set: {severity: loud}}]\n"), HasSubstr("w.yaml:1:16: 'loud' is no severity"));
  EXPECT_THAT(ErrorOf("enrich: [{set: {body: x}}]\n"), HasSubstr("not a field of the line"));
  EXPECT_THAT(ErrorOf("enrich: [{set: {timestamp: x}}]\n"), HasSubstr("cannot be set"));
  EXPECT_THAT(ErrorOf("enrich: [{rename: {'a.*': b}}]\n"), HasSubstr("both end in '.*', or neither"));
  EXPECT_THAT(ErrorOf("enrich: [{drop: []}]\n"), HasSubstr("'drop' is empty"));
  EXPECT_THAT(ErrorOf("enrich: [{drop: ['a*b']}]\n"), HasSubstr("a star stands at the end only"));
  EXPECT_THAT(ErrorOf("enrich: [{drop: [a], when: 'b >'}]\n"), HasSubstr("'when': "));
  EXPECT_THAT(ErrorOf("enrich: [{drop: [a], when: 'template_id=x'}]\n"), HasSubstr("not known yet"));
  EXPECT_THAT(ErrorOf("enrich: [{when: 'a=1'}]\n"), HasSubstr("needs 'scrub:' or 'set:' or 'rename:' or 'drop:'"));
  EXPECT_THAT(ErrorOf("enrich: [{scrub: {patterns: [mail]}}]\n"), HasSubstr("no pattern is called 'mail'"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, multiline: {start: '(('}}]\n"),
              HasSubstr("'((' is no expression"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, multiline: {}}]\n"),
              HasSubstr("'multiline' needs 'start: …' in it"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, time: {zone: Mars}}]\n"), HasSubstr("w.yaml:1:46: "));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, time: {year: 99}}]\n"),
              HasSubstr("'year' needs a year from 1970"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, fields: {x: '{base}'}}]\n"),
              HasSubstr("use {basename}, {stem} or {directory}"));
  EXPECT_THAT(ErrorOf("sources: [{files: {include: a}, path_fields: '{x'}]\n"), HasSubstr("'{' is not closed"));
}

TEST(ConfigTest, WhichRatesComeIn) {
  const auto read = [](const std::string& text) { return ParsePolicyFile("sampling:\n" + text, "p.yaml"); };
  auto file = read("  seed: 2\n");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->policy.incoming.kind, IncomingChoice::Kind::kAuto);
  EXPECT_EQ(file->policy.text.find("incoming"), std::string::npos);
  file = read("  incoming: off\n");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->policy.incoming.kind, IncomingChoice::Kind::kOff);
  EXPECT_NE(file->policy.text.find("; incoming off"), std::string::npos);
  file = read("  incoming: kept_1_in\n");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->policy.incoming.kind, IncomingChoice::Kind::kField);
  EXPECT_EQ(file->policy.incoming.field, "kept_1_in");
  file = read("  incoming: \"\"\n");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.status().message(), HasSubstr("'incoming' needs text"));
}

TEST(ConfigTest, ReadsKafkaSources) {
  const Config config = Parse(
      "sources:\n- kafka: {brokers: [\"b1:9092\", \"b2:9092\"], topics: logs, group: g, start: end, max_message: "
      "1MiB, group_instance: \"{host}-1\",\n"
      "    sasl: {mechanism: SCRAM-SHA-512, username: u, password_env: SECRET}, tls: {ca_file: /ca.pem},\n"
      "    properties: {session.timeout.ms: 30000}}\n  fields: {service.name: \"{topic}\"}\n"
      "  time: {zone: Europe/Berlin}\n- kafka: {brokers: b, topics: [t1, t2]}\n");
  ASSERT_EQ(config.kafka.size(), 2u);
  const KafkaSource& source = config.kafka[0];
  EXPECT_THAT(source.brokers, ElementsAre("b1:9092", "b2:9092"));
  EXPECT_THAT(source.topics, ElementsAre("logs"));
  EXPECT_EQ(source.group, "g");
  EXPECT_EQ(source.group_instance, "{host}-1");
  EXPECT_TRUE(source.from_end);
  EXPECT_EQ(source.max_message_bytes, 1u << 20);
  EXPECT_EQ(source.sasl.mechanism, "SCRAM-SHA-512");
  EXPECT_EQ(source.sasl.password_env, "SECRET");
  EXPECT_TRUE(source.tls.enabled);
  EXPECT_EQ(source.time_zone, "Europe/Berlin");
  EXPECT_EQ(source.properties.size(), 1u);
  EXPECT_EQ(config.kafka[1].group, "whittle");
  EXPECT_EQ(config.kafka[1].group_instance, "");
  EXPECT_TRUE(config.kafka[1].sasl.mechanism.empty());
  EXPECT_FALSE(config.kafka[1].tls.enabled);
  EXPECT_TRUE(config.sources.empty());
}

TEST(ConfigTest, WrongKafkaSourcesAreOneClearLine) {
  const auto error = [](const std::string& kafka) {
    return ErrorOf("sources: [{kafka: {brokers: b, topics: t, " + kafka + "}}]\n");
  };
  EXPECT_THAT(ErrorOf("sources: [{kafka: {topics: t}}]"), HasSubstr("'kafka' needs 'brokers"));
  EXPECT_THAT(error("sasl: {username: u}"), HasSubstr("one of 'password_file: …' and 'password_env: …'"));
  EXPECT_THAT(error("sasl: {password_env: X}"), HasSubstr("'sasl' needs 'username"));
  EXPECT_THAT(error("properties: {sasl.password: hush}"), HasSubstr("password_file"));
  EXPECT_THAT(error("properties: {sasl.password: hush}"), Not(HasSubstr("hush")));
  EXPECT_THAT(error("properties: {group.id: x}"), HasSubstr("'group'"));
  EXPECT_THAT(error("properties: {group.instance.id: x}"), HasSubstr("'group_instance'"));
  EXPECT_THAT(error("properties: {sesion.timeout.ms: x}"), HasSubstr("librdkafka has no property"));
  EXPECT_THAT(error("properties: {session.timeout.ms: hush}"), Not(HasSubstr("hush")));
  EXPECT_THAT(ErrorOf("sources: [{kafka: {brokers: b, topics: t}, multiline: none}]"), HasSubstr("is for files"));
}

TEST(ConfigTest, CollectorsAreReadWhole) {
  const Config config = Parse(
      "sinks: [{otlp: {endpoint: 'http://127.0.0.1:4318', what: kept}},\n"
      "  {otlp: {endpoint: 'https://c/x', headers: {X-A: b}, token_env: T, token_header: X-Key, compression: none,\n"
      "          timeout: 2s, tls: {ca_file: a, cert_file: b, key_file: c}}}]");
  ASSERT_EQ(config.otlp_sinks.size(), 2u);
  const OtlpSinkConfig& plain = config.otlp_sinks[0];
  EXPECT_EQ(plain.endpoint, "http://127.0.0.1:4318");
  EXPECT_TRUE(plain.gzip);
  EXPECT_EQ(plain.timeout_ns, 10'000'000'000);
  EXPECT_EQ(plain.token_header, "Authorization");
  const OtlpSinkConfig& full = config.otlp_sinks[1];
  EXPECT_THAT(full.headers, ElementsAre(Pair("X-A", "b")));
  EXPECT_EQ(full.token_env, "T");
  EXPECT_EQ(full.token_header, "X-Key");
  EXPECT_FALSE(full.gzip);
  EXPECT_EQ(full.timeout_ns, 2'000'000'000);
  EXPECT_EQ(full.ca_file + full.cert_file + full.key_file, "abc");
}

TEST(ConfigTest, KeysOfLaterVersionsAreRefusedNotIgnored) {
  const char* text = "correlation: {infer: true}";
  EXPECT_THAT(ErrorOf(text), HasSubstr("is not available in this version of whittle; take it out"));
}

TEST(ConfigTest, BrokenYamlSaysWhere) {
  EXPECT_THAT(ErrorOf("store: [a\n"), HasSubstr("w.yaml:2:1: not valid YAML: "));
  EXPECT_EQ(ErrorOf("store: \"a\nlimits: {memory: 1GiB}\n"), "w.yaml:1:8: this quote is never closed");
  EXPECT_EQ(ErrorOf("store: 'it''s\n"), "w.yaml:1:8: this quote is never closed");
  EXPECT_EQ(Parse("store: 'it''s'\n").store, "it's");
  EXPECT_EQ(Parse("\xef\xbb\xbfstore: \"a\\\"b\"\n").store, "a\"b");
  EXPECT_EQ(ErrorOf("store: \xff\n"), "w.yaml: not a text file in UTF-8");
  EXPECT_THAT(ErrorOf("store: a\n---\nstore: b\n"), HasSubstr("a second document"));
  EXPECT_THAT(ErrorOf("[a]: b\n"), HasSubstr("a key must be a word, not a list"));
  EXPECT_THAT(ErrorOf("? {a: b}\n: c\n"), HasSubstr("a key must be a word, not a group of keys"));
  EXPECT_THAT(ErrorOf("~: c\n"), HasSubstr("a key must be a word, not nothing"));
  EXPECT_THAT(ErrorOf("store: *x\n"), HasSubstr("not valid YAML"));
  EXPECT_THAT(ErrorOf("store: &x [*x]\n"), HasSubstr("inside of what it stands for"));
}

TEST(ConfigTest, LimitsHold) {
  EXPECT_THAT(ErrorOf(std::string(kMaxConfigBytes + 1, ' ')), HasSubstr("larger than 256 KiB"));
  EXPECT_THAT(ErrorOf("store: " + std::string(40, '[') + std::string(40, ']')), HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(ErrorOf("store: " + std::string(100'000, '[')), HasSubstr("w.yaml"));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i), last = "*a" + std::to_string(i - 1);
    bomb += name + ": &" + name + " [" + last;
    for (int j = 0; j < 9; ++j) bomb += "," + last;
    bomb += "]\n";
  }
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("more than 20000 values, aliases written out"));
}

TEST(ConfigTest, AliasesAreWrittenOut) {
  const Config config = Parse("sources:\n- files: &f {include: a}\n- files: *f\n  multiline: none\n");
  ASSERT_EQ(config.sources.size(), 2u);
  EXPECT_THAT(config.sources[1].include, ElementsAre("a"));
}

TEST(ConfigTest, ASourceIsFoundByItsGlobs) {
  const Config config =
      Parse("sources:\n- files: {include: '/a/**/*.log', exclude: 'x*'}\n- files: {include: ['/a/**', b.log]}\n");
  EXPECT_EQ(SourceForPath(config, "/a/q/y.log"), &config.sources[0]);
  EXPECT_EQ(SourceForPath(config, "/a/q/x.log"), &config.sources[1]);
  EXPECT_EQ(SourceForPath(config, "b.log"), &config.sources[1]);
  EXPECT_EQ(SourceForPath(config, "/c"), nullptr);
}

TEST(ConfigTest, FilesAreLoadedByPath) {
  MemoryFileSystem files;
  ASSERT_TRUE(WriteFileAtomically(&files, "/w.yaml", "segments: {level: 7}\n").ok());
  auto config = LoadConfig(&files, "/w.yaml");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->segments.level, 7);
  EXPECT_EQ(config->file_name, "/w.yaml");
  EXPECT_EQ(LoadConfig(&files, "/none.yaml").status().code(), StatusCode::kNotFound);
}

TEST(ConfigValuesTest, AreReadWhole) {
  EXPECT_EQ(ReadConfigInteger("12"), 12);
  EXPECT_EQ(ReadConfigInteger("12x"), std::nullopt);
  EXPECT_EQ(ReadConfigInteger(""), std::nullopt);
  EXPECT_EQ(ReadConfigInteger("99999999999999999999"), std::nullopt);
  EXPECT_EQ(ReadConfigDuration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(ReadConfigDuration("250ms"), 250'000'000);
  EXPECT_EQ(ReadConfigDuration("soon"), std::nullopt);
  EXPECT_EQ(ReadConfigSize("512MiB"), 512 << 20);
  EXPECT_EQ(ReadConfigSize("4096"), 4096);
  EXPECT_EQ(ReadConfigSize("-1"), std::nullopt);
  EXPECT_EQ(ReadConfigSize("1 parsec"), std::nullopt);
  EXPECT_EQ(ReadConfigPercent("10%"), 0.1);
  EXPECT_EQ(ReadConfigPercent("110%"), std::nullopt);
  EXPECT_EQ(ReadConfigPercent("10"), std::nullopt);
  EXPECT_EQ(ReadConfigPercent("nan%"), std::nullopt);
  EXPECT_EQ(ReadConfigBool("true"), true);
  EXPECT_EQ(ReadConfigBool("yes"), std::nullopt);
}

// --- what is made from the table

TEST(ConfigSchemaTest, TheTableIsSound) {
  std::set<std::string_view> paths;
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path << " stands twice";
    EXPECT_FALSE(key.help.empty()) << key.path;
    EXPECT_FALSE(key.help.ends_with('.')) << key.path;
    const size_t dot = key.path.rfind('.');
    if (dot == std::string_view::npos) continue;
    std::string parent(key.path.substr(0, dot));
    if (parent.ends_with("[]")) parent.resize(parent.size() - 2);
    const ConfigKey* found = FindConfigKey(parent);
    ASSERT_NE(found, nullptr) << key.path << " has no group";
    EXPECT_TRUE(!found->planned || key.planned) << key.path;
  }
}

// Deletes the '#' of every line that is a setting.
std::string SwitchedOn(const std::string& example) {
  std::istringstream lines(example);
  std::string out, line;
  while (std::getline(lines, line)) {
    const bool setting = line.size() > 1 && line[0] == '#' && line.find_first_not_of(" ", 1) != std::string::npos &&
                         (line[1] != ' ' || line.find(": ") != std::string::npos || line.ends_with(":"));
    const bool comment = line.starts_with("# ") && line[2] != ' ' && line[2] != '-';
    out += (setting && !comment ? line.substr(1) : line) + "\n";
  }
  return out;
}

TEST(ConfigSchemaTest, TheExampleLoadsAsItIsAndSwitchedOn) {
  const std::string example = ConfigExample();
  EXPECT_EQ(Parse(example).segments.level, 3);
  const std::string switched_on = SwitchedOn(example);
  const auto config = ParseConfig(switched_on, "example");
  ASSERT_TRUE(config.ok()) << config.status().message() << "\n" << switched_on;
  EXPECT_EQ(config->store, "/var/lib/whittle");
  ASSERT_EQ(config->sources.size(), 1u);
  EXPECT_EQ(config->sources[0].time_zone, "Europe/Berlin");
  EXPECT_EQ(config->scrub.size(), 1u);
  EXPECT_EQ(config->field_rules.size(), 3u);
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_TRUE(key.planned || example.find(std::string(ConfigKeyName(key)) + ":") != std::string::npos) << key.path;
  }
}

TEST(ConfigSchemaTest, TheJsonSchemaIsJsonAndKnowsEveryKey) {
  const std::string schema = ConfigJsonSchema();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(schema).get(root), simdjson::SUCCESS) << schema;
  std::string_view help;
  ASSERT_EQ(
      root["properties"]["sources"]["items"]["properties"]["files"]["properties"]["include"]["description"].get(help),
      simdjson::SUCCESS);
  EXPECT_THAT(std::string(help), HasSubstr("globs"));
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_TRUE(key.planned || schema.find("\"" + std::string(ConfigKeyName(key)) + "\": {") != std::string::npos)
        << key.path;
  }
}

TEST(ConfigSchemaTest, TheDocumentationHoldsTheReference) {
  std::ifstream file(WHITTLE_SOURCE_DIR "/docs/configuration.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(text.find(ConfigReference()), std::string::npos)
      << "docs/configuration.md must hold this table, word for word:\n"
      << ConfigReference();
}

}  // namespace
}  // namespace whittle
