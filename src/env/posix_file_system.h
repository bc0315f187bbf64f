// The FileSystem of the operating system, and the process's standard streams. Lives as long as the process.
#pragma once

#include <memory>

#include "env/file_system.h"

namespace whittle {

FileSystem* PosixFileSystem();

// Descriptor 0 and 1. The objects do not close the descriptors.
std::unique_ptr<SequentialFile> StandardInput();
std::unique_ptr<WritableFile> StandardOutput();

}  // namespace whittle
