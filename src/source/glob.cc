#include "source/glob.h"

#include <utility>
#include <vector>

namespace whittle {
namespace {

// One step of the pattern; the pattern becomes a list of them, and matching walks sets of positions in that list.
struct Step {
  enum class Kind { kByte, kAnyByte, kClass, kStar, kDeepStar, kDeepDirectories };
  Kind kind = Kind::kByte;
  char byte = 0;
  bool negated = false;
  std::vector<std::pair<unsigned char, unsigned char>> ranges;
};

bool Repeats(const Step& step) {
  return step.kind == Step::Kind::kStar || step.kind == Step::Kind::kDeepStar ||
         step.kind == Step::Kind::kDeepDirectories;
}

// Reads the class that begins at pattern[at] == '['; its end, or npos when it is not closed (then '[' is a plain byte).
size_t ReadClass(std::string_view pattern, size_t at, Step* step) {
  size_t i = at + 1;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
    step->negated = true;
    ++i;
  }
  for (const size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      step->kind = Step::Kind::kClass;
      return i + 1;
    }
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    step->ranges.emplace_back(low, high);
  }
  return std::string_view::npos;
}

std::vector<Step> Compile(std::string_view pattern) {
  std::vector<Step> steps;
  for (size_t i = 0; i < pattern.size();) {
    Step step;
    if (pattern[i] == '*') {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == '*') ++end;
      const bool deep = end - i >= 2;
      const bool whole = (i == 0 || pattern[i - 1] == '/') && end < pattern.size() && pattern[end] == '/';
      step.kind = !deep ? Step::Kind::kStar : whole ? Step::Kind::kDeepDirectories : Step::Kind::kDeepStar;
      i = deep && whole ? end + 1 : end;
    } else if (pattern[i] == '?') {
      step.kind = Step::Kind::kAnyByte;
      ++i;
    } else if (size_t end = 0; pattern[i] == '[' && (end = ReadClass(pattern, i, &step)) != std::string_view::npos) {
      i = end;
    } else {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      step = Step{Step::Kind::kByte, pattern[i++], false, {}};
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

bool TakesByte(const Step& step, char byte) {
  switch (step.kind) {
    case Step::Kind::kByte:
      return byte == step.byte;
    case Step::Kind::kAnyByte:
    case Step::Kind::kStar:
      return byte != '/';
    case Step::Kind::kDeepStar:
    case Step::Kind::kDeepDirectories:
      return true;
    case Step::Kind::kClass:
      break;
  }
  if (byte == '/') return false;
  const auto value = static_cast<unsigned char>(byte);
  bool inside = false;
  for (const auto& [low, high] : step.ranges) inside |= low <= value && value <= high;
  return inside != step.negated;
}

}  // namespace

bool IsGlob(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

bool GlobMatches(std::string_view pattern, std::string_view path) {
  const std::vector<Step> steps = Compile(pattern);
  // active[i]: the path so far is matched by the first i steps. A repeating step may also be passed over, except that
  // kDeepDirectories, once it took a byte, may only be left after a '/'; `inside` keeps that case apart.
  std::vector<char> active(steps.size() + 1), inside(steps.size() + 1), next(steps.size() + 1),
      next_inside(steps.size() + 1);
  const auto close = [&](std::vector<char>* set) {
    for (size_t i = 0; i < steps.size(); ++i) {
      if ((*set)[i] && Repeats(steps[i])) (*set)[i + 1] = 1;
    }
  };
  active[0] = 1;
  close(&active);
  for (const char byte : path) {
    next.assign(steps.size() + 1, 0);
    next_inside.assign(steps.size() + 1, 0);
    for (size_t i = 0; i < steps.size(); ++i) {
      if (!(active[i] || inside[i]) || !TakesByte(steps[i], byte)) continue;
      if (steps[i].kind == Step::Kind::kDeepDirectories) {
        (byte == '/' ? next : next_inside)[i] = 1;
      } else if (active[i]) {
        next[Repeats(steps[i]) ? i : i + 1] = 1;
      }
    }
    close(&next);
    active.swap(next);
    inside.swap(next_inside);
  }
  return active[steps.size()] != 0;
}

std::string GlobRoot(std::string_view pattern) {
  const size_t special = pattern.find_first_of("*?[\\");
  const size_t slash = pattern.substr(0, special).rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(pattern.substr(0, slash));
}

}  // namespace whittle
