// The process: streams, signals that concern every command, and nothing else.
#include <csignal>
#include <string>
#include <vector>

#include "cli/program.h"
#include "env/process_memory.h"

namespace {

// Two for each processor that logs are usually read with are enough for threads not to wait for each other. The three
// threads of the catalog's database come first, have one each, and hardly use it.
constexpr int kMemoryPools = 4 + 3;

}  // namespace

int main(int argc, char** argv) {
  whittle::LimitMemoryPools(kMemoryPools);
  // A reader that went away is noticed where it matters: by the stream that was written (streams.h), by sockets.
  std::signal(SIGPIPE, SIG_IGN);
  whittle::OutputStream out(1);
  whittle::OutputStream err(2);
  err.KeepGoingWhenClosed();
  whittle::Streams streams{0, out, err};
  return whittle::RunProgram({argv + 1, argv + argc}, streams);
}
