#include "catalog/marks.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "catalog/store_layout.h"

namespace whittle {
namespace {

constexpr const char* kMarksFile = "MARKS";

bool HasControls(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string NameOf(const Mark& mark) { return mark.version.empty() ? mark.name : mark.name + " " + mark.version; }

}  // namespace

Status AddMark(const Env* env, const std::string& store, const Mark& mark) {
  WHITTLE_RETURN_IF_ERROR(CheckStore(env, store));
  if (mark.name.empty()) return Status(StatusCode::kUsage, "a mark needs a name");
  if (mark.name.size() + mark.version.size() > kMaxMarkBytes || HasControls(mark.name) || HasControls(mark.version)) {
    return Status(StatusCode::kUsage,
                  "the name of a mark is one line of at most " + std::to_string(kMaxMarkBytes) + " bytes without tabs");
  }
  WHITTLE_ASSIGN_OR_RETURN(auto file, env->files->OpenForWrite(JoinPath(store, kMarksFile), WriteMode::kAppend));
  WHITTLE_RETURN_IF_ERROR(file->Append(FormatRfc3339(mark.time_ns) + "\t" + mark.name + "\t" + mark.version + "\n"));
  WHITTLE_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

Result<std::vector<Mark>> ReadMarks(const Env* env, const std::string& store) {
  std::vector<Mark> marks;
  const auto text = ReadFile(env->files, JoinPath(store, kMarksFile), kMaxMarksBytes);
  if (!text.ok() && text.status().code() == StatusCode::kNotFound) return marks;
  WHITTLE_RETURN_IF_ERROR(text.status());
  for (size_t begin = 0; begin < text->size();) {
    const size_t end = std::min(text->find('\n', begin), text->size());
    const std::string line = text->substr(begin, end - begin);
    begin = end + 1;
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos) continue;
    const auto time = ParseTimeSpan(line.substr(0, first));
    if (time) marks.push_back({time->begin, line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return marks;
}

Result<Mark> FindMark(const Env* env, const std::string& store, const std::string& wanted) {
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<Mark> marks, ReadMarks(env, store));
  const Mark* latest = nullptr;
  std::string known;
  for (const Mark& mark : marks) {
    known.append(known.empty() ? "" : ", ").append(NameOf(mark));
    if (mark.name != wanted && NameOf(mark) != wanted) continue;
    if (latest == nullptr || mark.time_ns >= latest->time_ns) latest = &mark;
  }
  if (latest != nullptr) return *latest;
  return Status(StatusCode::kNotFound, "the store has no mark \"" + wanted + "\"" +
                                           (known.empty() ? "; whittle mark NAME makes one" : "; it has " + known));
}

}  // namespace whittle
