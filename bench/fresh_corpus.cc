// Makes a large log out of small ones for benchmarks: the given files again and again until SIZE bytes, each time a day
// later and with other ids, so that no answer and no compression comes from repetition. Same arguments, same bytes.
//
//   fresh_corpus SIZE FILE... > large.log
//
// Dates move by whole days (2024-02-28, 28/Feb/2024). Numbers of six digits or more move by a constant that depends on
// the round and their length, so that counters stay counters. Runs of eight or more hex digits with a letter become
// other ones of the same form, the same in the whole round.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool HexLetter(char c) { return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool WordByte(char c) { return Digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

uint64_t Mix(uint64_t x) {
  x ^= x >> 31;
  x *= 0x7fb5d329728ea185ull;
  x ^= x >> 27;
  x *= 0x81dadef4bc2dd44dull;
  return x ^ x >> 33;
}

int Number(std::string_view text) {
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

std::tm Later(int year, int month, int day, int days) {
  std::tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = month - 1;
  time.tm_mday = day + days;
  time.tm_hour = 12;
  timegm(&time);
  return time;
}

class Refresher {
 public:
  explicit Refresher(int round) : round_(round) {}

  void Line(std::string_view in, std::string* out) {
    for (size_t i = 0; i < in.size();) {
      if (const size_t size = Date(in, i, out); size > 0) {
        i += size;
        continue;
      }
      if (!WordByte(in[i])) {
        out->push_back(in[i++]);
        continue;
      }
      size_t end = i;
      size_t digits = 0, letters = 0;
      for (; end < in.size() && WordByte(in[end]); ++end) {
        digits += Digit(in[end]) ? 1 : 0;
        letters += HexLetter(in[end]) ? 1 : 0;
      }
      Word(in.substr(i, end - i), digits, letters, out);
      i = end;
    }
  }

 private:
  // "2024-02-28" or "28/Feb/2024" at `i`: its size, and the later date appended; 0 when there is none.
  size_t Date(std::string_view in, size_t i, std::string* out) {
    const std::string_view text = in.substr(i, 11);
    if (i > 0 && Digit(in[i - 1])) return 0;
    const auto digits = [&](size_t at, size_t count) {
      for (size_t k = at; k < at + count; ++k) {
        if (k >= text.size() || !Digit(text[k])) return false;
      }
      return true;
    };
    char buffer[16];
    if (digits(0, 4) && digits(5, 2) && digits(8, 2) && text[4] == '-' && text[7] == '-' &&
        (text[0] == '1' || text[0] == '2')) {
      const std::tm time =
          Later(Number(text.substr(0, 4)), Number(text.substr(5, 2)), Number(text.substr(8, 2)), round_);
      out->append(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d", &time));
      return 10;
    }
    if (!digits(0, 2) || !digits(7, 4) || text[2] != '/' || text[6] != '/') return 0;
    for (int month = 0; month < 12; ++month) {
      if (text.substr(3, 3) != kMonths[month]) continue;
      const std::tm time = Later(Number(text.substr(7, 4)), month + 1, Number(text.substr(0, 2)), round_);
      out->append(buffer, std::strftime(buffer, sizeof buffer, "%d/%b/%Y", &time));
      return 11;
    }
    return 0;
  }

  void Word(std::string_view word, size_t digits, size_t letters, std::string* out) {
    if (round_ > 0 && digits == word.size() && digits >= 6 && digits <= 18) {
      uint64_t value = std::strtoull(std::string(word).c_str(), nullptr, 10), modulus = 1;
      for (size_t k = 0; k < digits; ++k) modulus *= 10;
      value = (value + Mix(static_cast<uint64_t>(round_) * 31 + digits) % modulus) % modulus;
      char buffer[24];
      const int size = std::snprintf(buffer, sizeof buffer, "%0*llu", static_cast<int>(digits),
                                     static_cast<unsigned long long>(value));
      out->append(buffer, static_cast<size_t>(size));
      return;
    }
    if (round_ > 0 && digits > 0 && letters > 0 && digits + letters == word.size() && word.size() >= 8) {
      uint64_t state = static_cast<uint64_t>(round_);
      for (const char c : word) state = Mix(state + static_cast<unsigned char>(c));
      for (const char c : word) {
        state = Mix(state + 1);
        out->push_back(Digit(c) ? static_cast<char>('0' + state % 10)
                                : static_cast<char>((c >= 'a' ? 'a' : 'A') + state % 6));
      }
      return;
    }
    out->append(word);
  }

  const int round_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: fresh_corpus BYTES FILE...\n");
    return 2;
  }
  const uint64_t wanted = std::strtoull(argv[1], nullptr, 10);
  std::vector<std::string> texts;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (texts.back().empty()) {
      std::fprintf(stderr, "fresh_corpus: %s: cannot be read or is empty\n", argv[i]);
      return 1;
    }
  }
  uint64_t written = 0;
  std::string out;
  for (int round = 0; written < wanted; ++round) {
    for (const std::string& text : texts) {
      Refresher refresher(round);
      for (size_t at = 0; at < text.size() && written < wanted;) {
        const size_t end = text.find('\n', at);
        const size_t next = end == std::string::npos ? text.size() : end + 1;
        refresher.Line(std::string_view(text).substr(at, next - at), &out);
        at = next;
        if (out.size() < (size_t{1} << 20) && at < text.size()) continue;
        written += out.size();
        if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 1;
        out.clear();
      }
    }
  }
  return 0;
}
