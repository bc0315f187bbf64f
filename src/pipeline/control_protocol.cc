#include "pipeline/control_protocol.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "env/file_system.h"
#include "env/line_server.h"
#include "render/json_text.h"

namespace whittle {
namespace {

// Objects within objects mean nothing here; a few levels let a later version have some.
constexpr size_t kMaxDepth = 8;
constexpr std::string_view kCut = "\n… and more\n";

// The object on a line, when it is one of this version. `keeper` owns what the object points into.
Result<simdjson::dom::object> ObjectOf(std::string_view line, simdjson::dom::parser* keeper, StatusCode code) {
  simdjson::dom::object object;
  if (keeper->allocate(std::max<size_t>(line.size(), 1), kMaxDepth) != simdjson::SUCCESS ||
      keeper->parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
    return Status(code, "control socket: that is no JSON object");
  }
  int64_t version = 0;
  if (object["version"].get(version) != simdjson::SUCCESS) {
    return Status(code, "control socket: 'version' is missing");
  }
  if (version != kControlVersion) {
    return Status(code, "control socket: version " + std::to_string(version) + " is not " +
                            std::to_string(kControlVersion) +
                            ", which is spoken here; the daemon and the command are of different versions of whittle");
  }
  return object;
}

bool TakeText(const simdjson::dom::object& object, std::string_view name, std::string* out) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return false;
  out->assign(text);
  return true;
}

void AppendText(std::string_view name, std::string_view text, std::string* line) {
  *line += ",\"";
  *line += name;
  *line += "\":";
  if (text.size() <= kMaxControlTextBytes) {
    AppendJsonString(text, line);
    return;
  }
  std::string cut(text.substr(0, kMaxControlTextBytes - kCut.size()));
  cut += kCut;
  AppendJsonString(cut, line);
}

}  // namespace

std::string ControlSocketPath(const std::string& store) { return JoinPath(store, kControlSocketFile); }

Result<std::string> EncodeControlRequest(const ControlRequest& request) {
  std::string line = "{\"version\":" + std::to_string(kControlVersion) + ",\"arguments\":[";
  for (const std::string& argument : request.arguments) {
    if (line.back() != '[') line += ',';
    if (!AppendJsonString(argument, &line)) {
      return Status(StatusCode::kUsage, "'" + argument + "' is not UTF-8, so the daemon cannot be asked");
    }
  }
  line += "]}";
  if (line.size() > LineServer::kMaxRequestBytes || request.arguments.size() > kMaxControlArguments) {
    return Status(StatusCode::kUsage, "the daemon takes at most " + std::to_string(kMaxControlArguments) +
                                          " arguments and " + std::to_string(LineServer::kMaxRequestBytes) +
                                          " bytes of them");
  }
  return line;
}

Result<ControlRequest> ParseControlRequest(std::string_view line) {
  simdjson::dom::parser parser;
  WHITTLE_ASSIGN_OR_RETURN(const simdjson::dom::object object, ObjectOf(line, &parser, StatusCode::kUsage));
  simdjson::dom::array arguments;
  if (object["arguments"].get(arguments) != simdjson::SUCCESS) {
    return Status(StatusCode::kUsage, "control socket: 'arguments' is no list");
  }
  ControlRequest request;
  for (const simdjson::dom::element argument : arguments) {
    std::string_view text;
    if (argument.get(text) != simdjson::SUCCESS) {
      return Status(StatusCode::kUsage, "control socket: an argument is no text");
    }
    if (request.arguments.size() == kMaxControlArguments) {
      return Status(StatusCode::kUsage,
                    "control socket: more than " + std::to_string(kMaxControlArguments) + " arguments");
    }
    // No argument of a program has one; whoever prints or compares it would stop there.
    if (text.find('\0') != std::string_view::npos) {
      return Status(StatusCode::kUsage, "control socket: an argument has a NUL");
    }
    request.arguments.emplace_back(text);
  }
  if (request.arguments.empty()) return Status(StatusCode::kUsage, "control socket: no command");
  return request;
}

std::string EncodeControlAnswer(const ControlAnswer& answer) {
  std::string line =
      "{\"version\":" + std::to_string(kControlVersion) + ",\"exit\":" + std::to_string(answer.exit_code);
  AppendText("out", answer.out, &line);
  AppendText("err", answer.err, &line);
  if (answer.ending) line += ",\"ending\":true";
  line += '}';
  return line;
}

Result<ControlAnswer> ParseControlAnswer(std::string_view line) {
  simdjson::dom::parser parser;
  WHITTLE_ASSIGN_OR_RETURN(const simdjson::dom::object object, ObjectOf(line, &parser, StatusCode::kCorrupt));
  ControlAnswer answer;
  int64_t exit_code = 0;
  if (object["exit"].get(exit_code) != simdjson::SUCCESS || exit_code < 0 || exit_code > 255 ||
      !TakeText(object, "out", &answer.out) || !TakeText(object, "err", &answer.err)) {
    return Status(StatusCode::kCorrupt, "control socket: that is no answer");
  }
  answer.exit_code = static_cast<int>(exit_code);
  answer.ending = object["ending"].get(answer.ending) == simdjson::SUCCESS && answer.ending;
  return answer;
}

}  // namespace whittle
