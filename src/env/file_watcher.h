// FileWatcher: wakes a thread when something changes in directories, so that following files costs nothing while they
// are quiet. What it says is a hint: events may be lost, come twice or never (network file systems), so whoever uses it
// looks again from time to time anyway; the polling watcher never has a hint.
//
// One thread at a time. Owns its descriptors. A watch belongs to the directory itself, not to its name: call Watch
// again to follow a name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/clock.h"

namespace whittle {

// Watched directories; beyond it the rest is polled. The kernel takes about 1 KiB for each.
inline constexpr size_t kMaxWatches = 8192;

struct WatchReport {
  std::vector<std::string> changed;  // files whose content changed, "directory/name", each once
  bool names_changed = false;        // something was created, renamed or removed
  bool lost = false;                 // more happened than can be told: look at everything
};

class FileWatcher {
 public:
  virtual ~FileWatcher() = default;
  // False when this directory cannot be watched.
  virtual bool Watch(const std::string& directory) = 0;
  // Returns when something happened, a signal arrived or after `timeout_ms`.
  virtual WatchReport Wait(int timeout_ms) = 0;
};

// By inotify; nullptr when the system has none left.
std::unique_ptr<FileWatcher> NewFileWatcher();
// Sleeps.
std::unique_ptr<FileWatcher> NewPollingWatcher(Clock* clock);

}  // namespace whittle
