#include "cli/store_change.h"

#include <utility>

#include "cli/failure.h"
#include "cli/interrupt.h"
#include "env/local_socket.h"
#include "query/store_overrides.h"

namespace whittle {
namespace {

// A daemon takes a request at once, whatever it is doing.
constexpr int kSendTimeoutMs = 10'000;

// A daemon that takes up another configuration closes the store and opens it again, which takes a moment.
constexpr int64_t kMostReopeningNs = 10'000'000'000;
constexpr int64_t kUnheardNs = 2'000'000'000;  // of those without a socket: then it has ended
constexpr int64_t kAskAgainNs = 50'000'000;

using ChangeFunction = int (*)(const ParsedFlags& flags, const ChangePlace& place, Streams& streams);

// When the daemon's own writing goes by what a command changes.
enum class Reload : uint8_t {
  kNever,
  kForConfigured,  // when it is a file that the configuration names: readers find its text where the daemon publishes
                   // it
  kAlways,
};

struct Change {
  std::string_view command;
  ChangeFunction run;
  Reload reload;
};

constexpr Change kChanges[] = {
    {"retain", ChangeByRetain, Reload::kNever},
    {"compact", ChangeByCompact, Reload::kNever},
    {"quarantine replay", ChangeByReplay, Reload::kNever},
    {"templates name", ChangeTemplates, Reload::kForConfigured},
    {"templates merge", ChangeTemplates, Reload::kForConfigured},
    {"templates split", ChangeTemplates, Reload::kAlways},
    {"templates ignore", ChangeTemplates, Reload::kAlways},
    {"templates freeze", ChangeTemplates, Reload::kAlways},
};

bool NamesPath(const FlagSpec& flag) { return flag.kind == ValueKind::kFile || flag.kind == ValueKind::kDirectory; }

Status CheckFlags(const ParsedFlags& flags) {
  Status status;
  ForEachFlag(flags.command(), [&](const FlagSpec& flag) {
    if (!NamesPath(flag) || !flags.Given(flag.name)) return;
    status =
        Status(StatusCode::kUsage, "--" + std::string(flag.name) + " names a path, which the daemon does not take");
  });
  if (flags.help()) status = Status(StatusCode::kUsage, "--help is answered without the daemon");
  return status;
}

int Run(const ControlRequest& request, const ChangePlace& place, bool* reloads, Streams& streams) {
  const auto match = MatchCommand(request.arguments);
  if (!match.ok()) return Fail(streams, match.status());
  const Change* change = nullptr;
  for (const Change& one : kChanges) {
    if (one.command == match->command->name) change = &one;
  }
  if (change == nullptr) {
    return Fail(streams,
                Status(StatusCode::kUsage, std::string(match->command->name) + ": the daemon does not do that"));
  }
  const auto begin = request.arguments.begin() + static_cast<std::ptrdiff_t>(match->words);
  const auto flags = ParseFlags(*match->command, {begin, request.arguments.end()});
  if (!flags.ok()) return Fail(streams, flags.status());
  if (const Status status = CheckFlags(*flags); !status.ok()) return Fail(streams, status);
  const int code = change->run(*flags, place, streams);
  const bool concerns_writing =
      change->reload == Reload::kAlways ||
      (change->reload == Reload::kForConfigured && place.corrections != StoreOverridesPath(place.store));
  *reloads = concerns_writing && code == 0;
  return code;
}

// kNotFound: nobody listens.
Result<ControlAnswer> AskOnce(const std::string& store, const std::vector<std::string>& arguments) {
  auto socket = LocalSocket::Connect(ControlSocketPath(store));
  if (!socket.ok() && socket.status().code() == StatusCode::kNotFound) return socket.status();
  if (!socket.ok()) return socket.status().WithContext("the daemon that writes to " + store + " cannot be asked");
  WHITTLE_ASSIGN_OR_RETURN(const std::string line, EncodeControlRequest({arguments, ""}));
  // An answer may come before all was taken: a refusal. So it is looked for in any case.
  const Status sent = socket->Send(line + "\n", kSendTimeoutMs);
  const auto answered = socket->ReceiveLine(kMaxControlAnswerBytes, WatchForInterrupt());
  if (!answered.ok()) {
    return Status(StatusCode::kIo, store + ": the daemon ended before it answered" +
                                       (sent.ok() ? "; what it had committed by then stays, the rest was not done: "
                                                    "run the command again"
                                                  : " and nothing was done: run the command again"));
  }
  return ParseControlAnswer(*answered);
}

}  // namespace

std::vector<std::string> ArgumentsOf(const ParsedFlags& flags) {
  std::vector<std::string> arguments;
  const std::string_view name = flags.command().name;
  const size_t blank = name.find(' ');
  arguments.emplace_back(name.substr(0, blank));
  if (blank != std::string_view::npos) arguments.emplace_back(name.substr(blank + 1));
  ForEachFlag(flags.command(), [&](const FlagSpec& flag) {
    if (!flags.Given(flag.name) || NamesPath(flag) || flag.name == "jobs") return;
    const std::string spelled = "--" + std::string(flag.name);
    if (flag.kind == ValueKind::kSwitch) {
      arguments.push_back(spelled);
      return;
    }
    for (const std::string& value : flags.All(flag.name)) arguments.push_back(spelled + "=" + value);
  });
  if (flags.positionals().empty()) return arguments;
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), flags.positionals().begin(), flags.positionals().end());
  return arguments;
}

int ChangeStore(const Env* env, const std::string& store, const ParsedFlags& flags,
                const std::vector<std::string>& arguments,
                const std::function<int(const ChangePlace& place, Streams& streams)>& change, Streams& streams) {
  CatalogOptions options;
  options.create = false;
  auto catalog = Catalog::Open(env, store, options);
  if (!catalog.ok() && catalog.status().code() == StatusCode::kBusy) {
    if (const auto code = AskDaemon(env, store, arguments, streams)) return *code;
    catalog = Catalog::Open(env, store, options);  // nobody listens: perhaps it has just ended
  }
  if (!catalog.ok()) return Fail(streams, catalog.status());
  const int jobs = flags.Given("jobs") ? static_cast<int>(flags.Integer("jobs")) : env->host->UsableProcessors();
  WorkerPool pool(static_cast<size_t>(jobs - 1));
  ChangePlace place;
  place.env = env;
  place.store = store;
  place.catalog = catalog->get();
  place.pool = &pool;
  place.stop = WatchForInterrupt();
  const int code = change(place, streams);
  const Status closed = (*catalog)->Close();
  return code != 0 || closed.ok() ? code : Fail(streams, closed);
}

std::optional<int> AskDaemon(const Env* env, const std::string& store, const std::vector<std::string>& arguments,
                             Streams& streams) {
  const int64_t begun = env->clock->SteadyNs();
  int64_t heard = begun;
  bool reopening = false;
  for (;; env->clock->SleepNs(kAskAgainNs)) {
    const auto answer = AskOnce(store, arguments);
    const int64_t now = env->clock->SteadyNs();
    if (!answer.ok() && answer.status().code() == StatusCode::kNotFound) {
      if (reopening && now - heard < kUnheardNs) continue;
      return std::nullopt;
    }
    if (!answer.ok()) return Fail(streams, answer.status());
    heard = now;
    reopening = answer->ending;
    if (reopening && now - begun < kMostReopeningNs) continue;
    streams.out.Write(answer->out);
    streams.err.Write(answer->err);
    return answer->exit_code;
  }
}

ControlAnswer ExecuteRequest(const ControlRequest& request, const ChangePlace& place) {
  ControlAnswer answer;
  OutputStream out(&answer.out);
  OutputStream err(&answer.err);
  Streams streams{-1, out, err};
  answer.exit_code = Run(request, place, &answer.reloads, streams);
  return answer;
}

}  // namespace whittle
