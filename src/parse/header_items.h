// The items headers are made of, each recognised at one position of a text: level words, bracket groups, identifiers,
// syslog tags. Pure functions of the text; used by the header and envelope parsers only.
//
// Rule for all of them: about a token that the tokenizer masks (one with a digit) only its class may decide, because
// analyses are cached by skeleton.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace whittle {

constexpr bool IsAsciiDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool IsAsciiUpper(char c) { return static_cast<unsigned char>(c - 'A') < 26; }
constexpr bool IsAsciiLower(char c) { return static_cast<unsigned char>(c - 'a') < 26; }
constexpr bool IsAsciiLetter(char c) { return IsAsciiUpper(c) || IsAsciiLower(c); }
constexpr bool IsBlankByte(char c) { return c == ' ' || c == '\t'; }

// Position of the first blank at or after `at`; text.size() when there is none.
size_t TokenEnd(std::string_view text, size_t at);
size_t SkipBlanks(std::string_view text, size_t at);
bool HasDigit(std::string_view text);

// Level words in small letters that are no everyday words.
bool IsUnmistakableLevel(std::string_view word);

// A level at text[at]: [begin, end) is the level itself, `next` what follows its brackets or colon.
struct LevelItem {
  size_t begin = 0, end = 0, next = 0;
  bool bracketed = false;
  bool colon = false;
  bool letter = false;  // a single letter
  bool strong = false;  // could not be a word of a sentence
};
bool MatchLevel(std::string_view text, size_t at, LevelItem* item);

// The content [begin, end) of a bracket group at text[at] ('[', '(', '<' or '{'), nested ones included; `next` follows
// the closing bracket. Fails when it is not closed within 256 bytes.
struct BracketItem {
  size_t begin = 0, end = 0, next = 0;
};
bool MatchBracket(std::string_view text, size_t at, BracketItem* item);

// How much a token looks like the name of a logger, class, program or file.
enum class NameKind {
  kNone,        // not a name
  kPlain,       // one word that could begin a sentence
  kStructured,  // dots, underscores, inner capitals, digits
};
NameKind ClassifyName(std::string_view token);

// What follows the host in a syslog line: `sshd[123]:`, `kernel:`, `sshd(pam_unix)[123]:`, `postfix/smtpd[1]:`,
// `a.b.launchd[1] (c.d):`, `syslogd 1.4.1:`. Offsets into the text; empty pid: begin == end.
struct SyslogTag {
  size_t name_begin = 0, name_end = 0;
  size_t pid_begin = 0, pid_end = 0;
  size_t next = 0;  // the message, blanks skipped
};
bool MatchSyslogTag(std::string_view text, size_t at, SyslogTag* tag);

}  // namespace whittle
