#include "catalog/catalog_change.h"

#include <algorithm>
#include <set>
#include <utility>

#include "catalog/records.h"

namespace whittle {
namespace {

std::string Who(const Env* env) {
  return env->host->UserName() + "@" + env->host->Name() + "[" + std::to_string(env->host->ProcessId()) + "]";
}

class Planner {
 public:
  Planner(const Manifest& state, CatalogChange change, const Env* env)
      : state_(state), change_(std::move(change)), now_(env->clock->WallNs()) {}

  ChangePlan Plan(const std::string& who) {
    plan_.header.store_id = state_.store_id;
    plan_.header.version = state_.version + 1;
    plan_.header.next_segment = state_.next_segment;
    plan_.header.committed_ns = now_;
    for (const std::string& file : change_.old_files) RemoveSegment(file);
    for (StagedSegment& one : change_.staged) AddSegment(std::move(one));
    for (const SourceIdentity& identity : change_.sources) UpdateIdentity(identity, &Source(identity));
    AddRecords(std::move(change_.records));
    AddJournalEntry(who);
    for (const auto& [id, source] : plan_.sources) {
      std::string value;
      EncodeSourceState(source, &value);
      plan_.batch.puts.emplace_back(Key(kSourcePrefix, id), std::move(value));
      plan_.changed_sources.push_back(id);
    }
    plan_.batch.puts.emplace_back(kHeaderKey, EncodeHeader(plan_.header));
    return std::move(plan_);
  }

 private:
  SourceState& Source(const std::string& id) {
    const auto [it, fresh] = plan_.sources.try_emplace(id);
    if (!fresh) return it->second;
    if (const auto known = state_.sources.find(id); known != state_.sources.end()) {
      it->second = known->second;
    } else {
      it->second.id = id;
    }
    return it->second;
  }

  // A source that is seen for the first time takes over everything; later only what changes.
  SourceState& Source(const SourceIdentity& identity) {
    SourceState& source = Source(identity.id);
    if (source.names.empty()) static_cast<SourceIdentity&>(source) = identity;
    return source;
  }

  void RemoveSegment(const std::string& file) {
    const SegmentMeta* const segment = state_.FindSegment(file);
    if (segment == nullptr) return;
    for (const SourceCoverage& coverage : segment->coverage) Source(coverage.source_id).ledger -= coverage.ledger;
    plan_.batch.removes.push_back(Key(kSegmentPrefix, file));
    plan_.batch.puts.emplace_back(Key(kGarbagePrefix, file), EncodeTime(now_));
    plan_.garbage[file] = now_;
    plan_.removed.push_back(file);
    entry_.removed.push_back({file, segment->file_hash});
  }

  void AddSegment(StagedSegment one) {
    one.meta.commit = plan_.header.version;
    for (const SourceIdentity& identity : one.sources) Source(identity);
    for (const SourceCoverage& coverage : one.meta.coverage) {
      SourceState& source = Source(coverage.source_id);
      source.ledger += coverage.ledger;
      if (!change_.adds_coverage) continue;
      source.bytes.Add(coverage.bytes);
      source.lines.Add(coverage.lines);
    }
    // After the coverage: the tails that matter are those at its ends.
    if (change_.adds_coverage) {
      for (const SourceIdentity& identity : one.sources) UpdateIdentity(identity, &Source(identity));
    }
    std::string value;
    EncodeSegmentMeta(one.meta, &value);
    plan_.batch.puts.emplace_back(Key(kSegmentPrefix, one.meta.file_name), std::move(value));
    entry_.added.push_back({one.meta.file_name, one.meta.file_hash});
    plan_.added.push_back(std::move(one.meta));
    AddRecords(std::move(one.records));
  }

  void AddRecords(CatalogRecords records) {
    const auto write = [this](std::string_view prefix, const std::map<std::string, std::string>& values) {
      for (const auto& [name, value] : values) {
        if (value.empty()) {
          plan_.batch.removes.push_back(Key(prefix, name));
        } else {
          plan_.batch.puts.emplace_back(Key(prefix, name), value);
        }
      }
    };
    write(kPublishedPrefix, records.published);
    write(kPrivatePrefix, records.internal);
    for (auto& [name, value] : records.published) plan_.records.published.insert_or_assign(name, std::move(value));
  }

  void AddJournalEntry(const std::string& who) {
    entry_.version = plan_.header.version;
    entry_.time_ns = now_;
    entry_.kind = change_.note.kind;
    entry_.who = who;
    entry_.what = change_.note.what;
    entry_.policy_hash = change_.note.policy_hash;
    entry_.resumes_from = change_.resumes_from;
    std::string value = EncodeJournalEntry(entry_);
    std::string before = entry_.resumes_from;
    if (before.empty()) before = state_.journal_head.empty() ? kJournalStart : state_.journal_head;
    plan_.header.journal_head = ChainHash(before, value);
    plan_.batch.puts.emplace_back(JournalKey(entry_.version), std::move(value));
  }

  const Manifest& state_;
  CatalogChange change_;
  const int64_t now_;
  ChangePlan plan_;
  JournalEntry entry_;
};

}  // namespace

void ChangePlan::ApplyTo(Manifest* state) {
  state->version = header.version;
  state->journal_head = header.journal_head;
  state->committed_ns = header.committed_ns;
  if (!removed.empty()) {
    const std::set<std::string> gone(removed.begin(), removed.end());
    std::erase_if(state->segments, [&](const SegmentMeta& segment) { return gone.contains(segment.file_name); });
  }
  for (SegmentMeta& meta : added) state->segments.push_back(std::move(meta));
  for (auto& [id, source] : sources) state->sources.insert_or_assign(id, std::move(source));
  for (auto& [name, value] : records.published) {
    if (value.empty()) {
      state->published.erase(name);
    } else {
      state->published.insert_or_assign(name, std::move(value));
    }
  }
}

ChangePlan PlanChange(const Manifest& state, CatalogChange change, const Env* env, bool name_author) {
  const bool says_who = name_author || change.names_author;
  return Planner(state, std::move(change), env).Plan(says_who ? Who(env) : std::string());
}

}  // namespace whittle
