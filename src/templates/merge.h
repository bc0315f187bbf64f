// Which signatures are one template. A signature is the sequence of a body's words and values; how many values stand in
// a row, and the punctuation, do not matter. Signatures with the same words in a row are one template whatever values
// stand between (lists, optional values). Words that turn out to be values are found by statistics over the *set* of
// signatures:
//
//   value      a word where another signature has a value, all else equal, is a value
//   position   signatures equal but for one word, with many different fillers there, are one template
//   pair       the same for two words at once when both are written like states (RUNNING -> KILLED)
//   vocabulary two fillers known to share a slot elsewhere are enough
//   name       a word that filled a slot after some word is a value wherever it follows that word
//   tail       after a common head, endings made of such known fillers only are one template
//   verbs      what several first words have in common behind them is the name of a thing
//   free text  after a common head that ends with a label ("Unhandled exception:"), many endings are one template
//
// The rules only ever add evidence (a pattern, once accepted, stays a member and counts as a filler itself), so the
// result is the least fixpoint: independent of order, and more signatures can only join groups, never part them. Cost
// is O(words log words) per round and the rounds are bounded by kMaxBlanks. docs/templates.md has the reasons.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "templates/word_table.h"

namespace whittle {

// Numbered words in order; WordTable::kBlank stands for one or more values in a row, so no two blanks touch.
using Signature = std::vector<WordTable::Id>;

// Distinct words that must have been seen at a position before it is a value. Two templates that differ in one word are
// usually two templates; from about six fillers on they are nearly always one, and results hardly change from 4 to 8.
inline constexpr size_t kMinFillers = 6;
// The first word names the event or the component more often than not.
inline constexpr size_t kMinFirstFillers = 14;
// Names programs make up (job.tracker, onStartup) are values sooner than English words.
inline constexpr size_t kMinIdentifierFillers = 3;
// After "user", "host", ... a name stands.
inline constexpr size_t kMinContextFillers = 2;
// "from table orders", "to bucket logs": a thing, and a preposition before it.
inline constexpr size_t kMinNamedFillers = 3;
inline constexpr size_t kMinVocabularyFillers = 2;
inline constexpr size_t kMinTails = 3;
inline constexpr size_t kMinTailHead = 3;  // words before a tail
inline constexpr size_t kMaxTail = 8;      // words in a tail
// Free text: this many endings, which begin with this many different words. A list of known causes is shorter.
inline constexpr size_t kMinFreeTexts = 12;
inline constexpr size_t kMinFreeTextBeginnings = 8;
// A label that ends a sentence ("Could not open file: "); with fewer words before it says where ("usb core: ").
inline constexpr size_t kMinWordsBeforeLabel = 3;
// Transitions: this many distinct pairs with this many different words on either side, at most kMaxPairDistance apart.
inline constexpr size_t kMinPairs = 10;
inline constexpr size_t kMinPairSide = 5;
inline constexpr size_t kMaxPairDistance = 4;
// Things that verbs happen to ("Started the web server"): endings of this many words that this many first words share,
// for each of which it is so with this many endings. One entity with many states has shorter endings.
inline constexpr size_t kMinVerbs = 3;
inline constexpr size_t kMinVerbEndings = 6;
inline constexpr size_t kMinVerbEndingWords = 2;
// A template that says less than this would swallow everything.
inline constexpr size_t kMinConstants = 2;
// Unless elsewhere a value stands in the place of a name programs made up ("ssh.service: Succeeded").
inline constexpr size_t kMinConstantsBesideValue = 1;
// Words found to be values in one signature; bounds the rounds.
inline constexpr size_t kMaxBlanks = 4;
// Positions that are looked at; longer signatures merge only when all later words agree.
inline constexpr size_t kMaxPositions = 64;

// A group number per signature; equal numbers are one template. Signatures must be distinct and have a word each.
std::vector<uint32_t> GroupSignatures(const WordTable& words, std::span<const Signature> signatures);

}  // namespace whittle
