#include "templates/naming.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "scan/colour_sequence.h"
#include "templates/lexicon.h"
#include "templates/naming_words.h"

namespace whittle {
namespace {

constexpr std::string_view kMark = "<*>";
constexpr size_t kMaxName = 64;

// What Semantic gives beside the words of the text. A new one belongs in here.
constexpr std::string_view kSemanticNames[] = {"user.name",   "url.path",    "client.address",
                                               "client.port", "process.pid", "http.response.status_code"};

// What RawName gives, or begins what it gives with, beside the words of the text. A new one belongs in here.
constexpr std::string_view kOwnNames[] = {"arg",  "count",   "duration", "frequency", "hex_id", "ip",
                                          "path", "percent", "size",     "time",      "uuid"};

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNameByte(char c) { return IsAlpha(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '$'; }
bool IsOpening(char c) { return std::string_view("\"'([{<@#*\\").find(c) != std::string_view::npos; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

bool HasLetter(std::string_view text) { return std::any_of(text.begin(), text.end(), IsAlpha); }

std::string_view TrimRight(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The name-like word that ends `text`; the rest of the text in *rest. Empty when it ends otherwise.
std::string_view LastWord(std::string_view text, std::string_view* rest = nullptr) {
  size_t begin = text.size();
  while (begin > 0 && IsNameByte(text[begin - 1])) --begin;
  std::string_view word = text.substr(begin);
  if (rest != nullptr) *rest = text.substr(0, begin);
  while (!word.empty() && !IsAlpha(word.front()) && word.front() != '_') word.remove_prefix(1);
  while (!word.empty() && (word.back() == '.' || word.back() == '-' || word.back() == '$')) word.remove_suffix(1);
  return HasLetter(word) && word.size() <= kMaxName ? word : std::string_view();
}

std::string_view FirstWord(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && (IsNameByte(text[end]) || text[end] == '%')) ++end;
  std::string_view word = text.substr(0, end);
  while (!word.empty() && (word.back() == '.' || word.back() == '-')) word.remove_suffix(1);
  return word;
}

// A slot with the constant text on both sides, up to the neighbouring slots.
struct Place {
  std::string_view left, right;
  std::string_view whole_left;  // from the start of the template, marks included
  const SlotProfile* profile = nullptr;
};

bool OnlyClasses(const SlotProfile& slot, std::initializer_list<TokenClass> classes) {
  unsigned allowed = 0;
  for (const TokenClass one : classes) allowed |= 1u << static_cast<unsigned>(one);
  return slot.token_classes != 0 && (slot.token_classes & ~allowed) == 0;
}

bool IsNumber(const SlotProfile& slot) {
  return !slot.composite && OnlyClasses(slot, {TokenClass::kInteger, TokenClass::kDecimal});
}

// "error code" rather than "code", when there is such a word before.
std::string WithQualifier(std::string_view word, std::string_view before) {
  std::string name(word);
  if (!IsGenericNoun(Lower(word)) || before.empty() || before.back() != ' ') return name;
  const std::string_view word_before = LastWord(TrimRight(before));
  const std::string qualifier = Lower(word_before);
  if (qualifier.empty() || IsIdentifierLike(word_before) || IsNeverAName(qualifier) || IsPreposition(qualifier) ||
      IsCopula(qualifier))
    return name;
  return qualifier + "_" + Lower(name);
}

// key=value, key = value, key="value", key={value
std::string NameFromEquals(std::string_view left) {
  left = TrimRight(left);
  while (!left.empty() && IsOpening(left.back())) left.remove_suffix(1);
  left = TrimRight(left);
  if (left.empty() || left.back() != '=') return {};
  left.remove_suffix(1);
  if (!left.empty() && left.back() == '"') left.remove_suffix(1);
  return std::string(LastWord(TrimRight(left)));
}

// key: value, key:value, "key":value
std::string NameFromColon(std::string_view left) {
  left = TrimRight(left);
  while (!left.empty() && IsOpening(left.back())) left.remove_suffix(1);
  left = TrimRight(left);
  if (left.empty() || left.back() != ':') return {};
  while (!left.empty() && left.back() == ':') left.remove_suffix(1);
  left = TrimRight(left);
  if (!left.empty() && (left.back() == '"' || left.back() == ']')) left.remove_suffix(1);
  std::string_view before;
  const std::string_view word = LastWord(left, &before);
  const std::string lower = Lower(word);
  if (word.empty() || IsSeverityLikeWord(lower) || IsPreposition(lower)) return {};
  if (IsCopula(lower)) return {};
  return WithQualifier(IsIdentifierLike(word) ? word : std::string_view(lower), before);
}

// "value (name)" when the name looks made up: "5 (n.zxid)".
std::string NameFromParentheses(std::string_view right) {
  if (!right.starts_with(" (")) return {};
  const std::string_view word = FirstWord(right.substr(2));
  if (word.empty() || !IsIdentifierLike(word) || 2 + word.size() >= right.size() || right[2 + word.size()] != ')')
    return {};
  return std::string(word);
}

// The noun a phrase ends with, looking past "is", "set to", "of", "#", ...
std::string NounOf(std::string_view left, int depth) {
  while (!left.empty() && (left.back() == ' ' || IsOpening(left.back()) || left.back() == '-')) left.remove_suffix(1);
  std::string_view before;
  const std::string_view word = LastWord(left, &before);
  if (word.empty()) return {};
  const std::string lower = Lower(word);
  const bool look_past =
      IsCopula(lower) || lower == "of" || lower == "to" || lower == "set" || lower == "value" || lower == "now";
  if (look_past && depth > 0) {
    const std::string noun = NounOf(before, depth - 1);
    if (lower == "to" && !Lower(TrimRight(before)).ends_with("set")) return {};
    return noun;
  }
  const bool made_up = IsIdentifierLike(word);
  if (IsPreposition(lower) || IsSeverityLikeWord(lower) || (!made_up && IsNeverAName(lower))) return {};
  return WithQualifier(made_up ? word : std::string_view(lower), before);
}

std::string PrepositionOf(std::string_view left) {
  while (!left.empty() && (left.back() == ' ' || IsOpening(left.back()))) left.remove_suffix(1);
  const std::string word = Lower(LastWord(left));
  return IsPreposition(word) && word != "of" && word != "as" && word != "than" ? word : std::string();
}

// "data cache size.........<*>": the label in front of the leader dots, up to three words of it.
std::string NameFromLeader(std::string_view left) {
  size_t end = left.size();
  while (end > 0 && left[end - 1] == '.') --end;
  if (left.size() - end < 3) return {};
  left = TrimRight(left.substr(0, end));
  std::string name;
  for (int words = 0; words < 3 && !left.empty(); ++words) {
    const std::string_view word = LastWord(left, &left);
    if (word.empty()) break;
    name = name.empty() ? Lower(word) : Lower(word) + "_" + name;
    if (left.empty() || left.back() != ' ' || (left.size() > 1 && left[left.size() - 2] == ':')) break;
    left = TrimRight(left);
  }
  return name;
}

bool IsPlural(std::string_view lower) {
  return lower.size() > 3 && lower.ends_with('s') && !lower.ends_with("ss") && !IsNeverAName(lower) && !IsCopula(lower);
}

// "3 sorted segments", "4 ddr error(s)": the first plural among the next words.
std::string PluralAhead(std::string_view right) {
  for (int words = 0; words < 5 && !right.empty(); ++words) {
    const std::string_view word = FirstWord(right);
    const std::string lower = Lower(word);
    if (word.empty() || IsPreposition(lower) || IsCopula(lower)) return {};
    right.remove_prefix(word.size());
    if (right.starts_with("(s)")) return lower + "s";
    if (IsPlural(lower)) return lower;
    if (!right.starts_with(' ')) return {};
    right.remove_prefix(1);
  }
  return {};
}

// What a number and the word behind it are together: "35 ms" a duration, "12 KB" a size, else nothing certain.
ValueType TypeWithUnit(std::string_view right) {
  if (!right.starts_with(' ')) return ValueType::kString;
  const std::string_view word = FirstWord(right.substr(1));
  const std::string_view quantity = QuantityOfUnit(word);
  for (const ValueType type : {ValueType::kDuration, ValueType::kSize}) {
    if (quantity == ValueTypeName(type) && ParseValue(type, "1 " + std::string(word)).type == type) return type;
  }
  return ValueType::kString;
}

// "35 ms" → duration; "12 files" → files.
std::string NameFromRight(const Place& place) {
  std::string_view right = place.right;
  if (right.starts_with(' ')) right.remove_prefix(1);
  const std::string_view word = FirstWord(right);
  if (word.empty() || !IsNumber(*place.profile)) return {};
  const std::string_view quantity = QuantityOfUnit(word);
  if (quantity == "percent") return "percent";
  if (TypeWithUnit(place.right) != ValueType::kString) return std::string(quantity);
  if (!quantity.empty()) return std::string(quantity) + "_" + std::string(ShortUnit(word));
  const std::string lower = Lower(word);
  if (lower == "times" || lower == "time") return "count";
  return PluralAhead(right);
}

std::string NameFromCertainType(const SlotProfile& slot) {
  if (!slot.typed) return {};
  switch (slot.type) {
    case ValueType::kIp:
      return "ip";
    case ValueType::kUuid:
      return "uuid";
    case ValueType::kTimestamp:
      return "time";
    case ValueType::kDuration:
      return "duration";
    case ValueType::kSize:
      return "size";
    default:
      return {};
  }
}

std::string NameFromClass(const SlotProfile& slot) {
  if (slot.composite) return {};
  if (OnlyClasses(slot, {TokenClass::kPath})) return "path";
  if (OnlyClasses(slot, {TokenClass::kHex})) return "hex_id";
  return {};
}

bool IsRequestLine(std::string_view left) {
  for (const std::string_view method : {"GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS "}) {
    if (left.ends_with(method)) return true;
  }
  return false;
}

// The first field of an access log: <*> "GET ..., <*> - - [time].
bool StartsAccessLog(const std::string_view left, std::string_view right) {
  if (!left.empty()) return false;
  for (const std::string_view next : {" \"GET ", " \"POST ", " \"PUT ", " \"DELETE ", " \"HEAD ", " - - ["}) {
    if (right.starts_with(next)) return true;
  }
  return false;
}

bool IsAddressKey(std::string_view lower) {
  return lower == "rhost" || lower == "client" || lower == "client_ip" || lower == "clientip" ||
         lower == "remote_addr" || lower == "remote_ip";
}

class Namer {
 public:
  Namer(std::string_view text, std::span<const SlotProfile> profiles) : text_(text), profiles_(profiles) {}

  std::vector<TemplateSlot> Run() {
    size_t begin = 0;
    for (size_t i = 0; i < profiles_.size(); ++i) {
      Place place;
      const size_t mark = std::min(text_.find(kMark, begin), text_.size());
      const size_t after = std::min(mark + kMark.size(), text_.size());
      place.left = text_.substr(begin, mark - begin);
      place.whole_left = text_.substr(0, mark);
      place.right = text_.substr(after, std::min(text_.find(kMark, after), text_.size()) - after);
      place.profile = &profiles_[i];
      begin = after;
      Add(place, i);
    }
    return std::move(slots_);
  }

 private:
  void Add(const Place& place, size_t index) {
    const std::string raw = RawName(place);
    TemplateSlot slot;
    slot.type = TypeOf(*place.profile, raw, place);
    slot.name = Sanitize(Semantic(raw, place, slot.type));
    if (slot.name == "user.name") slot.type = ValueType::kString;  // some users are called 0
    bases_.push_back(slot.name);
    last_classes_ = place.profile->token_classes;
    if (slot.name.empty()) slot.name = "arg" + std::to_string(index + 1);
    // Collisions get the next free suffix.
    std::string unique = slot.name;
    size_t& suffix = suffixes_[slot.name];
    while (!used_.insert(unique).second) unique = slot.name + "_" + std::to_string(++suffix + 1);
    slot.name = unique;
    slots_.push_back(std::move(slot));
  }

  // "[<*>, <*>]", "<*>|<*>", "<*> (<*>)": more of the same.
  bool ContinuesList(const Place& place) const {
    if (slots_.empty() || place.left.empty()) return false;
    if (place.profile->typed && place.profile->type != slots_.back().type) return false;
    // "GET /x HTTP/1.1", "port 22 ssh2": what a blank alone parts is the next column, unless it looks the same.
    if (place.left == " " && (place.profile->token_classes != last_classes_ || bases_.back() == "url.path"))
      return false;
    return std::none_of(place.left.begin(), place.left.end(), [](char c) { return IsNameByte(c) && c != '-'; }) &&
           place.left.find_first_of(":>") == std::string_view::npos && place.left != " = ";
  }

  std::string RawName(const Place& place) const {
    std::string_view right = place.right;
    if (right.starts_with(' ')) right.remove_prefix(1);
    // "10.0.0.1 (7 connections now open)": what stands in parentheses is counted for itself.
    if (place.left.ends_with('(')) {
      if (std::string name = NameFromRight(place); !name.empty()) return name;
    }
    if (ContinuesList(place) && QuantityOfUnit(FirstWord(right)).empty()) return bases_.back();
    if (std::string name = NameFromEquals(place.left); !name.empty()) return name;
    if (std::string name = NameFromParentheses(place.right); !name.empty()) return name;
    if (std::string name = NameFromColon(place.left); !name.empty()) return name;
    if (IsRequestLine(place.left)) return "url.path";
    if (StartsAccessLog(place.whole_left, place.right)) return "client.address";
    if (std::string name = NameFromLeader(place.left); !name.empty()) return name;
    if (place.profile->typed && place.profile->type == ValueType::kBool) {
      if (const std::string_view flag = LastWord(TrimRight(place.left)); !flag.empty() && !IsCopula(Lower(flag)))
        return std::string(flag);
    }
    if (std::string name = NounOf(place.left, 3); !name.empty()) return name;
    if (std::string name = NameFromRight(place); !name.empty()) return name;
    if (std::string name = NameFromCertainType(*place.profile); !name.empty()) return name;
    if (std::string name = PrepositionOf(place.left); !name.empty()) return name;
    return NameFromClass(*place.profile);
  }

  ValueType TypeOf(const SlotProfile& slot, const std::string& raw, const Place& place) const {
    if (slot.typed) return slot.type;
    if (slot.composite) return ValueType::kString;
    if (const ValueType type = TypeWithUnit(place.right); IsNumber(slot) && type != ValueType::kString) return type;
    if (OnlyClasses(slot, {TokenClass::kInteger})) return ValueType::kInt64;
    if (IsNumber(slot)) return ValueType::kDouble;
    if (OnlyClasses(slot, {TokenClass::kHex}) || (OnlyClasses(slot, {TokenClass::kHex, TokenClass::kInteger})))
      return ValueType::kHexId;
    const std::string lower = Lower(raw);
    // Digits and punctuation where only an address can stand.
    if (OnlyClasses(slot, {TokenClass::kDigitsPunct}) &&
        (IsAddressKey(lower) || lower == "ip" || lower == "client.address" || PortFollows(place)))
      return ValueType::kIp;
    return ValueType::kString;
  }

  static bool PortFollows(const Place& place) { return place.right == " port "; }

  // Names of the semantic conventions, where there is no doubt.
  std::string Semantic(const std::string& raw, const Place& place, ValueType type) const {
    const std::string lower = Lower(raw);
    if (lower == "user" || lower == "username" || lower == "user_name") return "user.name";
    if (lower == "uuid" || lower == "url.path") return lower;
    const bool from = PrepositionOf(place.left) == "from";
    if (type == ValueType::kIp && (from || IsAddressKey(lower))) return "client.address";
    const bool number = type == ValueType::kInt64 || type == ValueType::kDouble || type == ValueType::kHexId;
    // A client may have a name that is no address ("Client sensor7 disconnected"); what is called rhost has one.
    const bool address =
        lower != "client" || !OnlyClasses(*place.profile, {TokenClass::kAlnum, TokenClass::kMixed, TokenClass::kWord});
    if (IsAddressKey(lower) && !number && address) return "client.address";
    if (lower == "port" && !slots_.empty() && slots_.back().name == "client.address" && place.left == " port ")
      return "client.port";
    if (lower == "pid" && type == ValueType::kInt64) return "process.pid";
    if (lower == "status" && text_.find("HTTP/") != std::string_view::npos && type == ValueType::kInt64)
      return "http.response.status_code";
    return raw;
  }

  static std::string Sanitize(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, kMaxName)) out.push_back(IsNameByte(c) && c != '$' && c != '-' ? c : '_');
    while (!out.empty() && (out.back() == '_' || out.back() == '.')) out.pop_back();
    return out;
  }

  std::string_view text_;
  std::span<const SlotProfile> profiles_;
  std::vector<TemplateSlot> slots_;
  std::vector<std::string> bases_;  // names before collisions were resolved
  uint16_t last_classes_ = 0;       // of the slot before
  std::unordered_map<std::string, size_t> suffixes_;
  std::unordered_set<std::string> used_;
};

}  // namespace

std::vector<TemplateSlot> NameSlots(std::string_view text, std::span<const SlotProfile> profiles) {
  if (text.find('\x1b') == std::string_view::npos) return Namer(text, profiles).Run();
  return Namer(WithoutColours(text), profiles).Run();
}

bool MayNameSlot(std::string_view text, std::string_view name) {
  // Colours may stand in the middle of a word.
  if (text.find('\x1b') != std::string_view::npos) return true;
  const auto starts = [&](std::string_view given) { return name.starts_with(given); };
  if (std::any_of(std::begin(kSemanticNames), std::end(kSemanticNames), starts)) return true;
  // All other names begin with a word of the text, whole up to where a replaced byte, a second word or the suffix of a
  // collision may begin; a name with a dot in it is one word.
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos && std::any_of(std::begin(kOwnNames), std::end(kOwnNames), starts)) return true;
  const size_t begin = dot == std::string_view::npos ? 0 : dot;
  std::string part = Lower(name.substr(begin, name.find('_', begin) - begin));
  if (part.ends_with('s')) part.pop_back();  // "error(s)": errors
  const auto same = [](char a, char b) { return (IsAlpha(a) ? static_cast<char>(a | 0x20) : a) == b; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace whittle
