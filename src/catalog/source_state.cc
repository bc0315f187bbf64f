#include "catalog/source_state.h"

#include <algorithm>

namespace whittle {
namespace {

Status Damaged() { return Status(StatusCode::kCorrupt, "a source entry is damaged"); }

void EncodeFingerprint(const Fingerprint& fingerprint, ByteWriter* out) {
  out->Varint(fingerprint.end);
  out->Varint(fingerprint.size);
  out->U64(fingerprint.hash.high);
  out->U64(fingerprint.hash.low);
}

Fingerprint DecodeFingerprint(ByteReader* in) {
  Fingerprint fingerprint;
  fingerprint.end = in->Varint();
  fingerprint.size = static_cast<uint32_t>(in->Varint());
  fingerprint.hash.high = in->U64();
  fingerprint.hash.low = in->U64();
  return fingerprint;
}

// A byte that says which there are, then those.
void EncodeTimes(const TimeState& times, ByteWriter* out) {
  out->U8(static_cast<uint8_t>((times.record_ns ? 1 : 0) | (times.local_ns ? 2 : 0) | (times.utc_ns ? 4 : 0) |
                               (times.year ? 8 : 0)));
  for (const auto& time : {times.record_ns, times.local_ns, times.utc_ns}) {
    if (time) out->Signed(*time);
  }
  if (times.year) out->Signed(*times.year);
}

TimeState DecodeTimes(ByteReader* in) {
  TimeState times;
  const uint8_t which = in->U8();
  if ((which & 1) != 0) times.record_ns = in->Signed();
  if ((which & 2) != 0) times.local_ns = in->Signed();
  if ((which & 4) != 0) times.utc_ns = in->Signed();
  if ((which & 8) != 0) times.year = static_cast<int32_t>(in->Signed());
  return times;
}

}  // namespace

Fingerprint FingerprintOf(std::string_view bytes, uint64_t end) {
  if (bytes.size() > kFingerprintBytes) bytes.remove_prefix(bytes.size() - kFingerprintBytes);
  return {end, static_cast<uint32_t>(bytes.size()), HashBytes128(bytes)};
}

const std::string& SourceIdentity::name() const { return names.empty() ? stream : names.back(); }

void EncodeSourceIdentity(const SourceIdentity& identity, std::string* out) {
  ByteWriter writer(out);
  writer.Bytes(identity.id);
  writer.U8(static_cast<uint8_t>(identity.kind));
  writer.Bytes(identity.host);
  writer.Bytes(identity.stream);
  writer.Varint(identity.names.size());
  for (const std::string& name : identity.names) writer.Bytes(name);
  EncodeFingerprint(identity.head, &writer);
  writer.Varint(identity.tails.size());
  for (const auto& [end, tail] : identity.tails) EncodeFingerprint(tail.fingerprint, &writer);
  writer.Varint(identity.file.device);
  writer.Varint(identity.file.inode);
  writer.Varint(identity.file.size);
  writer.Signed(identity.file.modified_ns);
  writer.U8(identity.finished ? 1 : 0);
  writer.Bytes(identity.failure);
  for (const auto& [end, tail] : identity.tails) EncodeTimes(tail.times, &writer);
}

Result<SourceIdentity> DecodeSourceIdentity(std::string_view bytes) {
  ByteReader in(bytes);
  SourceIdentity identity;
  identity.id = in.Bytes();
  identity.kind = static_cast<SourceKind>(in.U8());
  identity.host = in.Bytes();
  identity.stream = in.Bytes();
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) identity.names.emplace_back(in.Bytes());
  identity.head = DecodeFingerprint(&in);
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    const Fingerprint tail = DecodeFingerprint(&in);
    identity.tails[tail.end].fingerprint = tail;
  }
  identity.file.device = in.Varint();
  identity.file.inode = in.Varint();
  identity.file.size = in.Varint();
  identity.file.modified_ns = in.Signed();
  identity.finished = in.U8() != 0;
  identity.failure = in.Bytes();
  for (auto tail = identity.tails.begin(); tail != identity.tails.end() && in.remaining() > 0; ++tail)
    tail->second.times = DecodeTimes(&in);
  // Bytes after these belong to later minor versions.
  if (!in.ok()) return Damaged();
  return identity;
}

void EncodeSourceState(const SourceState& state, std::string* out) {
  std::string identity;
  EncodeSourceIdentity(state, &identity);
  ByteWriter writer(out);
  writer.Bytes(identity);
  state.bytes.Encode(&writer);
  state.lines.Encode(&writer);
  state.ledger.Encode(&writer);
}

Result<SourceState> DecodeSourceState(std::string_view bytes) {
  ByteReader in(bytes);
  SourceState state;
  WHITTLE_ASSIGN_OR_RETURN(static_cast<SourceIdentity&>(state), DecodeSourceIdentity(in.Bytes()));
  if (!IntervalSet::Decode(&in, &state.bytes) || !IntervalSet::Decode(&in, &state.lines)) return Damaged();
  state.ledger = Ledger::Decode(&in);
  if (!in.ok()) return Damaged();
  return state;
}

void UpdateIdentity(const SourceIdentity& update, SourceState* state) {
  for (const std::string& name : update.names) {
    std::erase(state->names, name);
    state->names.push_back(name);
  }
  if (state->names.size() > kMaxSourceNames) {
    state->names.erase(state->names.begin(), state->names.end() - static_cast<std::ptrdiff_t>(kMaxSourceNames));
  }
  if (update.head.size > state->head.size) state->head = update.head;
  for (const auto& [end, tail] : update.tails) state->tails[end] = tail;
  std::map<uint64_t, SourceTail> ends;
  for (const Interval& interval : state->bytes.ToVector()) {
    if (const auto it = state->tails.find(interval.end); it != state->tails.end()) ends.insert(*it);
  }
  state->tails = std::move(ends);
  if (update.file != SourceFile()) state->file = update.file;
  state->finished = update.finished;
  state->failure = update.failure;
}

}  // namespace whittle
