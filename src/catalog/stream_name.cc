#include "catalog/stream_name.h"

#include <algorithm>

namespace whittle {
namespace {

constexpr std::string_view kCompressed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4", ".z", ".Z", ".lzma"};
constexpr std::string_view kSetAside[] = {".old", ".bak", ".orig"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSeparator(char c) { return c == '.' || c == '-' || c == '_'; }

template <typename Suffixes>
bool StripSuffix(const Suffixes& suffixes, std::string* name) {
  for (const std::string_view suffix : suffixes) {
    if (name->size() > suffix.size() && name->compare(name->size() - suffix.size(), suffix.size(), suffix) == 0) {
      name->resize(name->size() - suffix.size());
      return true;
    }
  }
  return false;
}

// Whether a group of digits can be (a part of) a rotation mark: a counter after a dot, or a date, an hour, a time or
// seconds since the epoch after any separator.
bool IsMark(char separator, size_t digits) {
  if (separator == '.') return digits <= 4 || digits == 6 || digits == 8 || digits == 10 || digits == 14;
  return digits == 2 || digits == 4 || digits == 6 || digits == 8 || digits == 10 || digits == 14;
}

// Moves one "<separator><digits>" from the end of the name to the front of `mark`. Whether all that was moved is a mark
// and not part of a name like "web-01" is for the caller to say.
bool StripDigits(std::string* name, std::string* mark) {
  size_t begin = name->size();
  while (begin > 0 && IsDigit((*name)[begin - 1])) --begin;
  const size_t digits = name->size() - begin;
  if (digits == 0 || begin < 2 || !IsSeparator((*name)[begin - 1]) || !IsMark((*name)[begin - 1], digits)) return false;
  *mark = name->substr(begin - 1) + *mark;
  name->resize(begin - 1);
  return true;
}

// "-01" alone is part of a name (web-01), "-2024-01-01", "-20240101" and ".1" are rotation marks.
bool LooksLikeRotation(std::string_view mark) {
  const auto digits = std::count_if(mark.begin(), mark.end(), IsDigit);
  return mark.front() == '.' || digits >= 6;
}

bool StripRotation(std::string* name) {
  std::string stem = *name, mark;
  while (mark.size() < 24 && StripDigits(&stem, &mark)) {
  }
  // Give back groups from the left until what is left is a mark: "web-01.1" is "web-01" rotated once.
  while (!mark.empty() && !LooksLikeRotation(mark)) {
    size_t next = 1;
    while (next < mark.size() && IsDigit(mark[next])) ++next;
    stem += mark.substr(0, next);
    mark.erase(0, next);
  }
  if (mark.empty()) return false;
  *name = stem;
  return true;
}

}  // namespace

std::string StreamName(std::string_view path) {
  const size_t slash = path.rfind('/');
  std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  while (StripSuffix(kCompressed, &name) || StripSuffix(kSetAside, &name) || StripRotation(&name)) {
  }
  // "app.2024-01-31.log": the mark stands before the extension.
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0 && name.size() - dot <= 5) {
    std::string stem = name.substr(0, dot);
    if (StripRotation(&stem)) name = stem + name.substr(dot);
  }
  return name;
}

}  // namespace whittle
