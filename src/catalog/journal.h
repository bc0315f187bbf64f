// Journal: one entry per manifest version, chained by hashes: who changed what in a store, when, under which policy.
// entry hash = SHA-256(hash of the entry before, encoded entry); the first entry follows 32 zero bytes. Plain values.
// The chain shows that nothing was changed, removed or slipped in between; it is not a signature.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/hash.h"

namespace whittle {

struct JournalEntry {
  uint64_t version = 0;  // the manifest version this entry made, from 1
  int64_t time_ns = 0;
  std::string kind;         // "create", "commit", "replace", "adopt", "rebuild", "recover", or the caller's own
  std::string who;          // user@host[pid]; empty for plain commits of the process that opened the store
  std::string what;         // for people
  std::string policy_hash;  // of the policy in force; empty when none was
  struct Segment {
    std::string file_name;
    Hash128 file_hash;
    bool operator==(const Segment&) const = default;
  };
  std::vector<Segment> added;
  std::vector<Segment> removed;
  // Set where earlier entries were lost ("recover", "rebuild"): the hash the chain goes on from.
  std::string resumes_from;
  bool operator==(const JournalEntry&) const = default;
};

std::string EncodeJournalEntry(const JournalEntry& entry);
Result<JournalEntry> DecodeJournalEntry(std::string_view bytes);

// Hash of the entry that follows the one with hash `before`; the very first follows kJournalStart.
extern const std::string kJournalStart;
std::string ChainHash(std::string_view before, std::string_view encoded_entry);

}  // namespace whittle
