// For tests: a directory of its own on the real disk. Not for production.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace whittle {

// Made when the object is and removed with all that is in it when it goes, also what the test made unreadable.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = std::filesystem::path(testing::TempDir()) / "whittle_XXXXXX";  // mkdtemp replaces the X
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    using std::filesystem::perms;
    std::filesystem::recursive_directory_iterator at(path_, ignored), end;
    for (; at != end; at.increment(ignored)) {
      if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
        std::filesystem::permissions(at->path(), perms::owner_all, std::filesystem::perm_options::add, ignored);
      }
    }
    std::filesystem::remove_all(path_, ignored);
    EXPECT_FALSE(std::filesystem::exists(path_)) << path_ << " stays behind";
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace whittle
