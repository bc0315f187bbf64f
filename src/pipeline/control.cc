#include "pipeline/control.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace whittle {
namespace {

// Of a request in the log.
constexpr size_t kLoggedBytes = 200;

ControlAnswer Refusal(std::string_view why) {
  ControlAnswer answer{1, "", "whittle: the daemon refuses: " + std::string(why) + "\n"};
  answer.ending = why == LineServer::kEnding;
  return answer;
}

std::string LineOf(const ControlRequest& request, const ControlAnswer& answer) {
  std::string line = "asked by " + request.asked_by + ":";
  for (const std::string& argument : request.arguments) line += ' ' + argument;
  for (char& c : line) c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (line.size() > kLoggedBytes) line = line.substr(0, kLoggedBytes) + "…";
  return line + ": exit " + std::to_string(answer.exit_code);
}

}  // namespace

Control::Control(StoreKeeper* keeper, Execute execute, Log log)
    : execute_(std::move(execute)), log_(std::move(log)), keeper_(keeper) {}

Result<std::unique_ptr<Control>> Control::Start(const std::string& store, Clock* clock, StoreKeeper* keeper,
                                                Execute execute, Log log) {
  std::unique_ptr<Control> control(new Control(keeper, std::move(execute), std::move(log)));
  LineServer::Options options;
  options.handle = [raw = control.get()](LineServer* server, LineServer::Request request) {
    raw->Handle(server, std::move(request));
  };
  options.refuse = [](std::string_view why) { return EncodeControlAnswer(Refusal(why)); };
  WHITTLE_ASSIGN_OR_RETURN(control->server_, LineServer::Start(ControlSocketPath(store), clock, std::move(options)));
  return control;
}

void Control::Detach() {
  const std::lock_guard lock(mutex_);
  keeper_ = nullptr;
}

bool Control::detached() {
  const std::lock_guard lock(mutex_);
  return keeper_ == nullptr;
}

void Control::Handle(LineServer* server, LineServer::Request request) {
  const auto answer = [server, id = request.id](const ControlAnswer& text) {
    server->Answer(id, EncodeControlAnswer(text));
  };
  auto parsed = ParseControlRequest(request.line);
  if (!parsed.ok()) return answer({2, "", "whittle: " + parsed.status().message() + "\n", false});
  parsed->asked_by = "user " + std::to_string(request.user);
  const std::lock_guard lock(mutex_);
  if (keeper_ == nullptr) return answer(Refusal(LineServer::kEnding));
  const bool taken = keeper_->Submit(
      [this, answer, asked = *parsed](const std::atomic<bool>* stop) {
        ControlAnswer done = execute_(asked, stop);
        if (*stop && detached()) {
          // Nobody who asked has stopped it, and a script must not take half of it for all.
          done.exit_code = std::max(done.exit_code, 1);
          done.err += "whittle: the daemon closed the store meanwhile; run the command again\n";
        }
        log_(LineOf(asked, done));
        answer(done);
      },
      request.gone);
  if (!taken) answer(Refusal("too much waits to be done already"));
}

}  // namespace whittle
