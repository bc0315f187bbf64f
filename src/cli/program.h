// The program without its main(): finds the command, parses its flags, answers --help, --version and the hidden
// --man and --completions, and runs the command. Tests call it with strings in place of the streams.
#pragma once

#include <string>
#include <vector>

#include "cli/streams.h"

namespace whittle {

// `arguments` without the program's name. Returns the exit code.
int RunProgram(const std::vector<std::string>& arguments, Streams& streams);

}  // namespace whittle
