#include "env/file_watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <set>

#include "env/file_system.h"

namespace whittle {
namespace {

constexpr uint32_t kNameEvents = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF;
constexpr uint32_t kContentEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
// Holds a few hundred events; what does not fit comes with the next read.
constexpr size_t kEventBufferBytes = 64 * 1024;
constexpr size_t kMaxReadsPerWait = 64;
// One wait's list of changed files; with more of them looking at all is cheaper.
constexpr size_t kMaxChanged = 4096;

class InotifyWatcher : public FileWatcher {
 public:
  explicit InotifyWatcher(int fd) : fd_(fd), buffer_(kEventBufferBytes, '\0') {}
  ~InotifyWatcher() override { close(fd_); }

  bool Watch(const std::string& directory) override {
    if (directories_.size() >= kMaxWatches) return false;
    const int watch = inotify_add_watch(fd_, directory.c_str(), kNameEvents | kContentEvents | IN_ONLYDIR);
    if (watch < 0) return false;
    directories_[watch] = directory;
    return true;
  }

  WatchReport Wait(int timeout_ms) override {
    WatchReport report;
    pollfd request{fd_, POLLIN, 0};
    if (poll(&request, 1, timeout_ms) <= 0) return report;
    std::set<std::string> changed;
    for (size_t i = 0; i < kMaxReadsPerWait; ++i) {
      const ssize_t got = read(fd_, buffer_.data(), buffer_.size());
      if (got <= 0) break;
      Take(static_cast<size_t>(got), &changed, &report);
    }
    report.changed.assign(changed.begin(), changed.end());
    return report;
  }

 private:
  void Take(size_t size, std::set<std::string>* changed, WatchReport* report) {
    for (size_t at = 0; at + sizeof(inotify_event) <= size;) {
      inotify_event event;
      std::memcpy(&event, buffer_.data() + at, sizeof(event));
      const char* name = buffer_.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) report->lost = true;
      const auto directory = directories_.find(event.wd);
      if ((event.mask & IN_IGNORED) != 0 && directory != directories_.end()) {
        directories_.erase(directory);
        continue;
      }
      if ((event.mask & kNameEvents) != 0) report->names_changed = true;
      if ((event.mask & kContentEvents) == 0 || directory == directories_.end() || event.len == 0) continue;
      if (changed->size() >= kMaxChanged) {
        report->lost = true;
      } else {
        changed->insert(JoinPath(directory->second, std::string(name, strnlen(name, event.len))));
      }
    }
  }

  const int fd_;
  std::string buffer_;
  std::map<int, std::string> directories_;
};

class PollingWatcher : public FileWatcher {
 public:
  explicit PollingWatcher(Clock* clock) : clock_(clock) {}
  bool Watch(const std::string&) override { return false; }
  WatchReport Wait(int timeout_ms) override {
    clock_->SleepNs(int64_t{timeout_ms} * 1'000'000);
    return {};
  }

 private:
  Clock* const clock_;
};

}  // namespace

std::unique_ptr<FileWatcher> NewFileWatcher() {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  return fd < 0 ? nullptr : std::make_unique<InotifyWatcher>(fd);
}

std::unique_ptr<FileWatcher> NewPollingWatcher(Clock* clock) { return std::make_unique<PollingWatcher>(clock); }

}  // namespace whittle
