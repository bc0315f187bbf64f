#include "parse/json_scan.h"

#include <simdjson.h>

#include "parse/well_known.h"

namespace whittle {
namespace {

// Walks text that is known to be valid JSON; stays safe on any other.
class Scanner {
 public:
  Scanner(std::string_view text, std::vector<JsonMember>* members, std::vector<ByteRange>* varying_keys)
      : text_(text), members_(members), varying_keys_(varying_keys) {}

  bool Object(const std::string& prefix, int depth) {
    ++at_;  // {
    for (bool first = true;; first = false) {
      Blanks();
      if (Peek() == '}') return ++at_, true;
      if (!first) {
        if (Peek() != ',') return false;
        ++at_;
        Blanks();
      }
      size_t begin = 0, end = 0;
      if (!String(&begin, &end)) return false;
      if (KeyVaries(text_.substr(begin, end - begin))) {
        varying_keys_->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
      }
      std::string name = prefix + Unescape(text_.substr(begin, end - begin), 1);
      Blanks();
      if (Peek() != ':') return false;
      ++at_;
      Blanks();
      if (!Value(std::move(name), depth)) return false;
    }
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool String(size_t* begin, size_t* end) {
    if (Peek() != '"') return false;
    *begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return false;
    *end = at_++;
    return true;
  }

  bool SkipNested() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        size_t begin = 0, end = 0;
        if (!String(&begin, &end)) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

  bool Value(std::string name, int depth) {
    JsonMember member;
    const size_t begin = at_;
    switch (Peek()) {
      case '"':
        member.kind = JsonKind::kString;
        if (!String(&member.begin, &member.end)) return false;
        Add(std::move(name), member);
        return true;
      case '{': {
        size_t next = at_ + 1;
        while (next < text_.size() && static_cast<unsigned char>(text_[next]) <= ' ') ++next;
        const bool empty = next < text_.size() && text_[next] == '}';
        if (depth < kMaxJsonDepth && !empty && members_->size() < kMaxJsonMembers) return Object(name + ".", depth + 1);
        member.kind = JsonKind::kObject;
        if (!SkipNested()) return false;
        break;
      }
      case '[':
        member.kind = JsonKind::kArray;
        if (!SkipNested()) return false;
        break;
      default: {
        member.kind = JsonKind::kInteger;
        while (at_ < text_.size() && std::string_view(",}] \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
        const std::string_view token = text_.substr(begin, at_ - begin);
        if (token.empty()) return false;
        if (token == "true" || token == "false") member.kind = JsonKind::kBool;
        if (token == "null") member.kind = JsonKind::kNull;
        if (member.kind == JsonKind::kInteger && token.find_first_of(".eE") != std::string_view::npos)
          member.kind = JsonKind::kReal;
        break;
      }
    }
    member.begin = begin;
    member.end = at_;
    Add(std::move(name), member);
    return true;
  }

  void Add(std::string name, JsonMember member) {
    if (members_->size() >= kMaxJsonMembers) return;
    member.name = std::move(name);
    members_->push_back(std::move(member));
  }

  std::string_view text_;
  std::vector<JsonMember>* members_;
  std::vector<ByteRange>* varying_keys_;
  size_t at_ = 0;

 public:
  void Skip(size_t bytes) { at_ = bytes; }
};

bool IsValidJson(std::string_view text) {
  // Memory stays with the thread and is bounded by kMaxJsonBytes.
  thread_local simdjson::dom::parser parser(kMaxJsonBytes);
  thread_local std::string padded;
  padded.assign(text);
  padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
  const auto document = parser.parse(padded.data(), text.size(), false);
  return document.error() == simdjson::SUCCESS && document.is_object();
}

}  // namespace

bool ScanJsonObject(std::string_view text, std::vector<JsonMember>* members, std::vector<ByteRange>* varying_keys) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text[begin] != '{' || text.size() > kMaxJsonBytes) return false;
  const size_t last = text.find_last_not_of(" \t\r\n");
  if (text[last] != '}' || !IsValidJson(text)) return false;
  Scanner scanner(text, members, varying_keys);
  scanner.Skip(begin);
  return scanner.Object("", 1);
}

}  // namespace whittle
