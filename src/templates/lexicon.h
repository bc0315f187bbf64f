// What a word is by its looks alone: true/false, a weekday, a qualified name, a noun that announces a name. Nothing
// here knows any log; it is the vocabulary all logs share. Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/shape.h"

namespace whittle {

// true, false, null and the like as programs write them (None, but not "none", which is English): values wherever they
// stand.
bool IsLiteralWord(std::string_view word);
bool IsBooleanWord(std::string_view word);  // those of them that mean true or false

// English month and weekday names ("Jan", "January", "Mon", "Monday") and usual zone abbreviations.
bool IsMonthName(std::string_view word);
bool IsWeekdayName(std::string_view word);
bool IsZoneName(std::string_view word);

// Three or more parts joined by '.' or '/': com.example.Service, sub/dir/file. These name things and so are values,
// except names of exceptions and errors, which say what happened.
bool IsQualifiedName(std::string_view word);

// A name on the internet or a local network: www.example.com, printer.local. Told by its last part.
bool IsDomainName(std::string_view word);

// What is a place with ":" and a number behind it: two or more parts joined by '.' without capitals, as a host is
// written (app.example:80), or a qualified name (com.example.Service.run:17). Files of source code are not: they say
// which program speaks, and their line numbers vary with its version.
bool IsPlaceName(std::string_view word);

// What a number counts, when it is a size or a duration: KB, MiB, bytes; ms, sec, minutes.
enum class UnitDimension : uint8_t { kNone = 0, kSize, kDuration };
UnitDimension UnitDimensionOf(std::string_view word);

// Looks made up rather than English: inner . _ $ / - or a lower-case letter followed by an upper-case one.
bool IsIdentifierLike(std::string_view word);

// Three or more capitals, with '_' between: RUNNING, FAIL_TASK_CLEANUP. The way programs write states.
bool IsStateName(std::string_view word);

// Nouns after which a name stands: user, host, ... A trailing ':' does not count.
bool IsContextNoun(std::string_view word);

// "exception:", "message:", "reason:": what people or other programs wrote follows. Other labels say where ("usb:")
// or how bad ("error:"), and what follows is what happened.
bool IsFreeTextLabel(std::string_view word);

// "table", "bucket", "topic": what has a name where it follows a preposition, "from table orders".
bool IsNamedThing(std::string_view word);

// Names that accounts have on every machine: root, Administrator. What "user" or "user=" stands before.
bool IsAccountName(std::string_view word);
bool IsUserNoun(std::string_view word);  // user, username, ruser

// Whether a masked token that had one value everywhere reads better as a constant: "ssh2", "IPv4", "jk2_init", but not
// numbers, addresses and ids, which vary as soon as one looks longer.
bool IsConstantLooking(TokenClass token_class, std::string_view text);

}  // namespace whittle
