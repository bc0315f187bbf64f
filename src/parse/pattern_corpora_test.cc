// Detection on real logs: which pattern claims the lines of which file. Skips without WHITTLE_CORPORA.
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "parse/line_analyzer.h"
#include "parse/pattern_set.h"

namespace whittle {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (path.size() < 4 || path.substr(path.size() - 4) != ".zst" || bytes.empty()) return bytes;
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size > (1u << 30)) return {};
  std::string text(size, '\0');
  text.resize(ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size()));
  return text;
}

// Every `stride`-th line; the share of them that each pattern claims, "" for none.
std::map<std::string, double> Shares(const std::string& text, size_t stride, const LineAnalyzer& analyzer,
                                     const std::vector<std::string>& names) {
  std::map<std::string, double> count;
  size_t number = 0, looked_at = 0;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (number % stride != 0) continue;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++looked_at;
    const std::string format = analyzer.Analyze(line, false).body_format;
    ++count[std::find(names.begin(), names.end(), format) != names.end() ? format : ""];
  }
  for (auto& [name, share] : count) share /= static_cast<double>(looked_at);
  return count;
}

// What may claim lines of a file, and the share that must be claimed by these together.
struct ExpectedFile {
  const char* path;
  std::vector<std::string> right;
  double at_least;
  size_t stride;
};

void CheckClaims(const std::string& folder, const std::vector<ExpectedFile>& files) {
  auto set = PatternSet::Load({});
  ASSERT_TRUE(set.ok()) << set.status().message();
  std::vector<std::string> names;
  for (const PatternInfo& info : (*set)->List()) names.push_back(info.name);
  PatternScratch scratch;
  AnalyzerOptions options;
  options.match_pattern = [&](std::string_view text, uint32_t, bool whole_line, LineAnalysis* analysis) {
    PatternMatch match;
    if (!(*set)->Match(text, 0, whole_line, &scratch, &match)) return false;
    analysis->body_format = match.name;
    return true;
  };
  const LineAnalyzer analyzer(options);
  for (const ExpectedFile& file : files) {
    const std::string text = ReadAll(folder + "/" + file.path);
    if (text.empty()) continue;
    double right = 0, wrong = 0;
    std::string who;
    for (const auto& [name, share] : Shares(text, file.stride, analyzer, names)) {
      if (name.empty()) continue;
      const bool is_right = std::find(file.right.begin(), file.right.end(), name) != file.right.end();
      (is_right ? right : wrong) += share;
      who += " " + name + "=" + std::to_string(share);
    }
    std::printf("%-45s right %6.2f%% wrong %6.3f%%  %s\n", file.path, 100 * right, 100 * wrong, who.c_str());
    EXPECT_GE(right, file.at_least) << file.path << who;
    EXPECT_LE(wrong, 0.001) << file.path << who;
  }
}

TEST(PatternCorpora, LinesAreClaimedByTheRightPatternOrNone) {
  const char* folder = std::getenv("WHITTLE_CORPORA");
  if (folder == nullptr) GTEST_SKIP() << "WHITTLE_CORPORA is not set";
  CheckClaims(folder, {
                          {"large/access.log.zst", {"apache.access"}, 1.0, 5},
                          {"large/postgres.log.zst", {"postgresql", "postgresql.csv", "pgbouncer"}, 0.90, 17},
                          {"large/hadoop.log.zst", {"hadoop"}, 0, 17},
                          {"large/iotdb.log.zst", {}, 0, 17},
                          {"large/jvm_gc.log.zst", {}, 0, 17},
                          {"large/online_boutique_k8s.jsonl.zst", {}, 0, 3},
                          {"loghub-2k/Android/Android_2k.log", {}, 0, 1},
                          {"loghub-2k/Apache/Apache_2k.log", {"apache.error"}, 1.0, 1},
                          {"loghub-2k/BGL/BGL_2k.log", {}, 0, 1},
                          {"loghub-2k/HDFS/HDFS_2k.log", {"hadoop"}, 0, 1},
                          {"loghub-2k/Hadoop/Hadoop_2k.log", {"hadoop"}, 0, 1},
                          {"loghub-2k/Linux/Linux_2k.log", {"linux.auth", "sshd"}, 0.30, 1},
                          {"loghub-2k/OpenSSH/OpenSSH_2k.log", {"sshd", "linux.auth"}, 0.95, 1},
                          {"loghub-2k/OpenStack/OpenStack_2k.log", {}, 0, 1},
                          {"loghub-2k/Windows/Windows_2k.log", {}, 0, 1},
                          {"loghub-2k/Zookeeper/Zookeeper_2k.log", {"zookeeper"}, 0.99, 1},
                      });
}

TEST(PatternCorpora, TheExamplesAreClaimedByTheRightPatternOrNone) {
  CheckClaims(std::string(WHITTLE_SOURCE_DIR) + "/examples/logs",
              {{"apache-access.log", {"apache.vhost"}, 1.0, 1},
               {"apache-error.log", {"apache.error"}, 0.9, 1},
               {"auth.log", {"sshd", "linux.auth"}, 0.5, 1},
               {"dpkg.log", {}, 0, 1},
               {"haproxy.log", {"haproxy.http", "haproxy.tcp"}, 0.9, 1},
               {"java-logback.log", {}, 0, 1},
               {"jvm-gc.log", {}, 0, 1},
               {"nginx-access.log", {"apache.access", "nginx.access"}, 1.0, 1},
               {"nginx-error.log", {"nginx.error"}, 1.0, 1},
               {"postgresql.log", {"postgresql"}, 0.8, 1},
               {"python-logging.log", {}, 0, 1},
               {"redis.log", {"redis"}, 0.9, 1},
               {"shop-gateway.docker.log", {}, 0, 1},
               {"shop-orders.cri.log", {}, 0, 1},
               {"shop-payments.docker.log", {}, 0, 1},
               {"syslog-rfc5424.log", {}, 0, 1}});
}

}  // namespace
}  // namespace whittle
