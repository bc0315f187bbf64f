#include "expr/suggest.h"

#include <algorithm>
#include <array>

namespace whittle {
namespace {

constexpr size_t kMaxNameBytes = 64;  // the distance takes the square of it

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance.
size_t Distance(std::string_view a, std::string_view b) {
  using Line = std::array<size_t, kMaxNameBytes + 1>;
  Line before{}, previous{}, current{};
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before = previous;
    previous = current;
  }
  return previous[b.size()];
}

}  // namespace

std::string_view NearestName(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.empty() || name.size() > kMaxNameBytes) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kMaxNameBytes || candidate == name) continue;
    const size_t distance = Distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

namespace {

// The shortest of the names that have `name` as whole parts: duration → db.client.operation.duration.
std::string_view NameWithParts(std::string_view name, const std::vector<std::string_view>& candidates) {
  constexpr size_t kLeastBytes = 3;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    const size_t at = candidate.find(name);
    if (name.size() < kLeastBytes || at == std::string_view::npos) continue;
    const size_t end = at + name.size();
    const bool parts = (at == 0 || candidate[at - 1] == '.' || candidate[at - 1] == '_') &&
                       (end == candidate.size() || candidate[end] == '.' || candidate[end] == '_');
    if (parts && candidate != name && (best.empty() || candidate.size() < best.size())) best = candidate;
  }
  return best;
}

}  // namespace

std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& candidates) {
  std::string_view nearest = NameWithParts(name, candidates);
  if (nearest.empty()) nearest = NearestName(name, candidates);
  return nearest.empty() ? std::string() : "; did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace whittle
