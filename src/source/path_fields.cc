#include "source/path_fields.h"

#include <re2/re2.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "env/file_system.h"
#include "source/stream_name.h"

namespace whittle {
namespace {

constexpr size_t kMaxTemplateBytes = 4096;  // PATH_MAX: a longer template matches no path
constexpr int kTwoDigitYearPivot = 69;      // POSIX strptime: %y 69..99 is 19xx, 00..68 is 20xx

struct Conversion {
  char letter;
  const char* expression;
  int low, high;
};
constexpr Conversion kConversions[] = {
    {'Y', "([0-9]{4})", 1, 9999}, {'y', "([0-9]{2})", 0, 99}, {'m', "([0-9]{2})", 1, 12}, {'d', "([0-9]{2})", 1, 31},
    {'j', "([0-9]{3})", 1, 366},  {'H', "([0-9]{2})", 0, 23}, {'M', "([0-9]{2})", 0, 59}, {'S', "([0-9]{2})", 0, 60},
};

const Conversion* FindConversion(char letter) {
  for (const Conversion& conversion : kConversions) {
    if (conversion.letter == letter) return &conversion;
  }
  return nullptr;
}

Status BadTemplate(std::string_view text, size_t at, const std::string& why) {
  return Status(StatusCode::kUsage,
                "path template '" + std::string(text) + "', character " + std::to_string(at + 1) + ": " + why);
}

bool IsAttributeName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '.' || c == '_' || c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
}

// The parts of a date as the template gives them; nullopt when there is no such day.
struct DateParts {
  std::optional<int> year, month, day, day_of_year;
  int hour = 0, minute = 0, second = 0;

  void Set(char letter, int value) {
    switch (letter) {
      case 'Y':
        year = value;
        break;
      case 'y':
        year = value + (value < kTwoDigitYearPivot ? 2000 : 1900);
        break;
      case 'm':
        month = value;
        break;
      case 'd':
        day = value;
        break;
      case 'j':
        day_of_year = value;
        break;
      case 'H':
        hour = value;
        break;
      case 'M':
        minute = value;
        break;
      default:
        second = value;
        break;
    }
  }

  std::optional<int64_t> Seconds() const {
    using namespace std::chrono;
    if (!year) return std::nullopt;
    const year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month.value_or(1))),
                              std::chrono::day(static_cast<unsigned>(day.value_or(1)))};
    if (!date.ok()) return std::nullopt;
    int64_t days = sys_days(date).time_since_epoch().count();
    if (day_of_year && !month) days += *day_of_year - 1;
    return days * 86400 + hour * 3600 + minute * 60 + second;
  }
};

}  // namespace

PathTemplate::~PathTemplate() = default;

Result<std::shared_ptr<const PathTemplate>> PathTemplate::Parse(std::string_view text) {
  if (text.empty()) return BadTemplate(text, 0, "is empty");
  if (text.size() > kMaxTemplateBytes) {
    return Status(StatusCode::kUsage, "path template is longer than " + std::to_string(kMaxTemplateBytes) + " bytes");
  }
  std::shared_ptr<PathTemplate> out(new PathTemplate);
  std::string expression = "(?:^|/)";
  for (size_t i = text.front() == '/' ? 1 : 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '{') {
      const size_t close = text.find('}', i);
      if (close == std::string_view::npos) return BadTemplate(text, i, "'{' is not closed; write {attribute.name}");
      const std::string_view name = text.substr(i + 1, close - i - 1);
      if (!IsAttributeName(name)) {
        return BadTemplate(text, i, "'" + std::string(name) + "' is not an attribute name");
      }
      expression += name.empty() ? "[^/]+?" : "([^/]+?)";
      if (!name.empty()) out->captures_.push_back({std::string(name)});
      i = close;
    } else if (c == '%') {
      const char letter = i + 1 < text.size() ? text[i + 1] : '\0';
      const Conversion* conversion = FindConversion(letter);
      if (conversion == nullptr && letter != '%') {
        return BadTemplate(text, i,
                           "unknown part of a date; known are %Y %y %m %d %j %H %M %S, and %% for a percent sign");
      }
      expression += conversion != nullptr ? conversion->expression : "%";
      if (conversion != nullptr) out->captures_.push_back({std::string{'%', letter}});
      ++i;
    } else if (c == '*') {
      expression += "[^/]*?";
    } else {
      expression += RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
  }
  RE2::Options options(RE2::Quiet);
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  options.set_never_nl(false);
  out->expression_ = std::make_unique<RE2>(expression + "$", options);
  if (!out->expression_->ok()) return BadTemplate(text, 0, "is too large");
  return std::shared_ptr<const PathTemplate>(std::move(out));
}

PathFields PathTemplate::Match(std::string_view path) const {
  PathFields fields;
  std::vector<re2::StringPiece> groups(captures_.size() + 1);
  if (!expression_->Match(re2::StringPiece(path.data(), path.size()), 0, path.size(), RE2::UNANCHORED, groups.data(),
                          static_cast<int>(groups.size()))) {
    return fields;
  }
  DateParts date;
  for (size_t i = 0; i < captures_.size(); ++i) {
    const std::string text(groups[i + 1].data(), groups[i + 1].size());
    const std::string& name = captures_[i].name;
    if (name[0] != '%') {
      fields.attributes.push_back({name, Value::String(text)});
      continue;
    }
    const Conversion* conversion = FindConversion(name[1]);
    const int value = std::stoi(text);
    if (value < conversion->low || value > conversion->high) return {};
    date.Set(name[1], value);
  }
  fields.date_s = date.Seconds();
  fields.matched = true;
  return fields;
}

Result<std::string> ExpandPathVariables(std::string_view text, std::string_view path) {
  const std::string base = ParseRotatedName(BaseName(path)).stream;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      out += text[i];
      continue;
    }
    const size_t close = text.find('}', i);
    const std::string_view name = text.substr(i + 1, close == std::string_view::npos ? close : close - i - 1);
    if (close == std::string_view::npos) {
      return Status(StatusCode::kUsage, "'" + std::string(text) + "': '{' is not closed");
    }
    if (name == "basename") {
      out += base;
    } else if (name == "stem") {
      const size_t dot = base.rfind('.');
      out += dot == 0 ? base : base.substr(0, dot);
    } else if (name == "directory") {
      const std::string directory = DirectoryOf(path);
      out += directory == "." ? "" : BaseName(directory);
    } else {
      return Status(StatusCode::kUsage, "'" + std::string(text) + "': {" + std::string(name) +
                                            "} is not known; use {basename}, {stem} or {directory}");
    }
    i = close;
  }
  return out;
}

}  // namespace whittle
