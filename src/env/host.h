// Host: what whittle may know about the machine and the process it runs in. Safe to call from many threads.
#pragma once

#include <cstdint>
#include <string>

namespace whittle {

class Host {
 public:
  virtual ~Host() = default;
  virtual std::string Name() = 0;      // host name; "localhost" when the system does not say
  virtual std::string UserName() = 0;  // login name, else the numeric id
  virtual int64_t ProcessId() = 0;
  // Processors this process may really use: affinity and cgroup quota (v1 and v2) considered, at least 1.
  virtual int UsableProcessors() = 0;
};

class FixedHost : public Host {
 public:
  explicit FixedHost(std::string name) : name_(std::move(name)) {}
  std::string Name() override { return name_; }
  std::string UserName() override { return "tester"; }
  int64_t ProcessId() override { return 1; }
  int UsableProcessors() override { return 2; }

 private:
  std::string name_;
};

// Lives as long as the process.
Host* SystemHost();

}  // namespace whittle
