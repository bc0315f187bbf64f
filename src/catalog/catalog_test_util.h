// Fake segments and a fake store for the tests of catalog/: a segment is a header, the catalog entry, a payload and a
// checksum, so that torn files are noticed as real ones would be.
#pragma once

#include <string>
#include <vector>

#include "base/varint.h"
#include "catalog/catalog.h"
#include "env/fault_env.h"
#include "env/memory_file_system.h"

namespace whittle {

inline std::string FakeSegment(const SegmentMeta& meta, const std::vector<SourceIdentity>& sources,
                               const std::string& payload = "payload") {
  std::string bytes = "FAKE";
  ByteWriter out(&bytes);
  out.Bytes(EncodeFooterEntry(meta, sources));
  out.Bytes(payload);
  out.U64(Hash64(bytes));
  return bytes;
}

inline Result<std::string> ReadFakeFooter(const Env* env, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(env->files, path));
  const Status damaged(StatusCode::kCorrupt, path + ": damaged");
  if (bytes.size() < 12 || bytes.compare(0, 4, "FAKE") != 0) return damaged;
  ByteReader checksum(std::string_view(bytes).substr(bytes.size() - 8));
  if (checksum.U64() != Hash64(std::string_view(bytes).substr(0, bytes.size() - 8))) return damaged;
  ByteReader in(std::string_view(bytes).substr(4));
  return std::string(in.Bytes());
}

// By value: a range-for over a part of a temporary Result would outlive it.
inline std::vector<DirectoryEntry> Entries(FileSystem* files, const std::string& dir) {
  auto entries = files->List(dir);
  return entries.ok() ? std::move(entries).value() : std::vector<DirectoryEntry>();
}

inline std::string FakeId(char digit) { return std::string(32, digit); }

inline SourceIdentity FakeIdentity(char digit, uint64_t end) {
  SourceIdentity identity;
  identity.id = FakeId(digit);
  identity.host = "host";
  identity.stream = std::string("log") + digit;
  identity.names = {"/var/log/" + identity.stream};
  identity.tails[end].fingerprint = FingerprintOf("the bytes before", end);
  return identity;
}

// Bytes [begin, end) of source `digit`, ten bytes a line, all kept.
inline SegmentMeta FakeMeta(char digit, uint64_t begin, uint64_t end) {
  SegmentMeta meta;
  SourceCoverage coverage;
  coverage.source_id = FakeId(digit);
  coverage.bytes.Add({begin, end});
  coverage.lines.Add({begin / 10, end / 10});
  coverage.ledger.in = {end / 10 - begin / 10, end / 10 - begin / 10, end - begin};
  coverage.ledger.kept = coverage.ledger.in;
  meta.rows = meta.records = coverage.ledger.in.lines;
  meta.text_bytes = end - begin;
  meta.coverage.push_back(std::move(coverage));
  return meta;
}

// Keeps the bytes a SegmentCommit views.
struct FakeCommit {
  std::string bytes;
  SegmentCommit commit;
  FakeCommit(char digit, uint64_t begin, uint64_t end) {
    commit.meta = FakeMeta(digit, begin, end);
    commit.sources = {FakeIdentity(digit, end)};
    bytes = FakeSegment(commit.meta, commit.sources);
  }
  SegmentCommit Take() {
    commit.bytes = bytes;
    return commit;
  }
};

struct FakeWorld {
  ManualClock clock{1'700'000'000'000'000'000};
  SeededEntropy entropy{1};
  FixedHost host{"host"};
  MemoryFileSystem memory{&clock};
  FaultFileSystem files{&memory};
  Env env{&files, &clock, &entropy, &host};
  std::string dir = "/store";

  Result<std::unique_ptr<Catalog>> Open() {
    CatalogOptions options;
    options.read_footer = ReadFakeFooter;
    return Catalog::Open(&env, dir, options);
  }
};

}  // namespace whittle
