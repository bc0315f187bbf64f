#include "templates/frozen.h"

#include <algorithm>

namespace whittle {
namespace {

constexpr std::string_view kMark = "<*>";
// Stands for a value without text: equal to nothing a constant may hold.
constexpr char kUnknown = '\0';

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A form as one string as templates are written, white-space runs as one blank and none around it, and where its units
// begin in it.
struct Flat {
  std::string text;
  std::vector<uint32_t> begin;  // per unit, then text.size()

  explicit Flat(const Form& form) {
    for (const BodyUnit& unit : form.units) {
      begin.push_back(static_cast<uint32_t>(text.size()));
      if (!unit.has_text) {
        text.push_back(kUnknown);
        continue;
      }
      for (const char c : unit.text) {
        if (!IsSpace(c)) {
          text.push_back(c);
        } else if (!text.empty() && text.back() != ' ') {
          text.push_back(' ');
        }
      }
    }
    if (!text.empty() && text.back() == ' ') text.pop_back();
    for (uint32_t& at : begin) at = std::min(at, static_cast<uint32_t>(text.size()));
    begin.push_back(static_cast<uint32_t>(text.size()));
  }

  // The first unit that begins at `offset`, or nothing when that is inside a unit.
  std::optional<uint32_t> UnitAt(size_t offset) const {
    const auto found = std::lower_bound(begin.begin(), begin.end(), offset);
    if (found == begin.end() || *found != offset) return std::nullopt;
    return static_cast<uint32_t>(found - begin.begin());
  }
  // ... the last one: white space around a body is in no slot.
  std::optional<uint32_t> LastUnitAt(size_t offset) const {
    if (!UnitAt(offset)) return std::nullopt;
    return static_cast<uint32_t>(std::upper_bound(begin.begin(), begin.end(), offset) - begin.begin()) - 1;
  }
};

}  // namespace

FrozenTemplate::FrozenTemplate(std::string_view text) : text_(text) {
  std::string constant;
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with(kMark)) {
      constants_.push_back(std::move(constant));
      constant.clear();
      i += kMark.size();
      continue;
    }
    if (!IsSpace(text[i]) || constant.empty() || constant.back() != ' ')
      constant.push_back(IsSpace(text[i]) ? ' ' : text[i]);
    ++i;
  }
  constants_.push_back(std::move(constant));
  if (constants_.front().starts_with(' ')) constants_.front().erase(0, 1);
  if (constants_.back().ends_with(' ')) constants_.back().pop_back();
}

std::optional<std::vector<UnitRange>> FrozenTemplate::Match(const Form& form) const {
  const Flat flat(form);
  std::vector<UnitRange> ranges;
  size_t at = 0;
  for (size_t i = 0; i < constants_.size(); ++i) {
    const std::string& constant = constants_[i];
    const bool last = i + 1 == constants_.size();
    size_t found = i == 0 ? 0 : flat.text.find(constant, at);
    if (last && i > 0)
      found = flat.text.size() < at + constant.size() ? std::string::npos : flat.text.size() - constant.size();
    // A slot begins and ends between units: look on until it does.
    while (i > 0 && !last && found != std::string::npos && !flat.UnitAt(found))
      found = flat.text.find(constant, found + 1);
    if (found == std::string::npos || flat.text.compare(found, constant.size(), constant) != 0) return std::nullopt;
    if (i > 0) {
      const auto end = flat.UnitAt(found);
      if (!end) return std::nullopt;
      ranges.back() = {std::min(ranges.back().begin, *end), *end};
    }
    at = found + constant.size();
    if (last) break;
    const auto begin = flat.LastUnitAt(at);
    if (!begin) return std::nullopt;
    ranges.push_back({*begin, *begin});
  }
  if (at != flat.text.size()) return std::nullopt;
  return ranges;
}

}  // namespace whittle
