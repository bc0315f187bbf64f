#include "env/host.h"

#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "env/file_system.h"
#include "env/posix_file_system.h"

namespace whittle {
namespace {

// cpu.max of cgroup v2 ("max 100000" or "150000 100000"): processors granted, 0 for no limit.
double ProcessorsOfCpuMax(const std::string& text) {
  double quota = 0, period = 0;
  if (std::sscanf(text.c_str(), "%lf %lf", &quota, &period) != 2 || quota <= 0 || period <= 0) return 0;
  return quota / period;
}

std::string ReadSmall(const std::string& path) {
  // Files of /proc and /sys report size 0, so they are read to their end.
  auto file = PosixFileSystem()->OpenSequential(path);
  if (!file.ok()) return {};
  std::string text(65536, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const Result<size_t> got = (*file)->Read(text.size() - done, text.data() + done);
    if (!got.ok() || *got == 0) break;
    done += *got;
  }
  text.resize(done);
  return text;
}

double CgroupV2Processors() {
  // The line "0::/path" names our group; every ancestor may limit as well.
  std::string groups = ReadSmall("/proc/self/cgroup");
  const size_t at = groups.rfind("0::", 0) == 0 ? 3 : groups.find("\n0::");
  if (at == std::string::npos) return 0;
  std::string path = groups.substr(at == 3 ? 3 : at + 4);
  path.resize(std::min(path.size(), path.find('\n')));
  double least = 0;
  while (true) {
    const double here = ProcessorsOfCpuMax(ReadSmall("/sys/fs/cgroup" + path + "/cpu.max"));
    if (here > 0 && (least == 0 || here < least)) least = here;
    if (path.empty() || path == "/") break;
    path = path.substr(0, path.rfind('/'));
  }
  return least;
}

double CgroupV1Processors() {
  const std::string quota = ReadSmall("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const std::string period = ReadSmall("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return ProcessorsOfCpuMax(quota + " " + period);
}

class SystemHostImpl : public Host {
 public:
  std::string Name() override {
    char name[256] = {};
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
  }
  std::string UserName() override {
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
      return found->pw_name;
    }
    return std::to_string(geteuid());
  }
  int64_t ProcessId() override { return getpid(); }
  int UsableProcessors() override {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = 1;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) count = std::max(1, CPU_COUNT(&set));
    for (const double limit : {CgroupV2Processors(), CgroupV1Processors()}) {
      if (limit > 0) count = std::min(count, std::max(1, static_cast<int>(limit + 0.5)));
    }
    return count;
  }
};

}  // namespace

Host* SystemHost() {
  static SystemHostImpl* const host = new SystemHostImpl;
  return host;
}

}  // namespace whittle
