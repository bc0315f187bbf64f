// The words naming knows: prepositions, words that never name a value, units, generic nouns. Vocabulary of English logs
// in general. Pure functions over constant tables, safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace whittle {

// from, to, at, on, in, by, for, with, via, into, under, over, after, ...
bool IsPreposition(std::string_view lower_word);

// is, was, are, ... : the name stands before them.
bool IsCopula(std::string_view lower_word);

// Articles, pronouns, conjunctions, adverbs, common verbs; and any verb form by its ending (-ing, -ed).
bool IsNeverAName(std::string_view lower_word);

// Says too little alone: id, code, number, name, size, count, ... ("error code" rather than "code").
bool IsGenericNoun(std::string_view lower_word);

// What a message starts with rather than a key: error, warning, info, failed, exception, ...
bool IsSeverityLikeWord(std::string_view lower_word);

// What a unit measures: "duration" (ms, seconds, minutes), "size" (bytes, KB), "percent", "frequency"; empty when it is
// none.
std::string_view QuantityOfUnit(std::string_view unit);

// The short form of a time or size unit for names ("ms", "s", "min", "bytes", "kb"); empty when QuantityOfUnit is
// empty.
std::string_view ShortUnit(std::string_view unit);

}  // namespace whittle
