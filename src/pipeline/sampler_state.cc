// What a Sampler knows, written down and read back.
#include <algorithm>

#include "pipeline/sampler.h"

namespace whittle {
namespace {

// First byte of a written state. States of earlier versions are not read: rates are learned anew, as under another
// policy. Anything else is refused, so that no state is read for what it is not.
constexpr uint8_t kStateVersion = 3;

}  // namespace

std::string Sampler::State() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kStateVersion);
  out.Bytes(policy_->text);
  controller_.Encode(&out);
  // Maps in an order of their own, so that equal states are equal bytes.
  std::vector<std::pair<uint64_t, uint64_t>> firsts(firsts_.begin(), firsts_.end());
  std::sort(firsts.begin(), firsts.end());
  out.Varint(firsts.size());
  for (const auto& [key, count] : firsts) {
    out.U64(key);
    out.Varint(count);
  }
  std::vector<std::pair<uint64_t, int64_t>> seen(first_seen_.begin(), first_seen_.end());
  std::sort(seen.begin(), seen.end());
  out.Varint(seen.size());
  for (const auto& [signature, time] : seen) {
    out.U64(signature);
    out.Signed(time);
  }
  clock_.Encode(&out);
  const Decision& d = decision_;
  out.U8(static_cast<uint8_t>((d.known ? 1 : 0) | (d.kept ? 2 : 0) | (d.dropped ? 4 : 0) | (d.late ? 8 : 0) |
                              (d.info->other ? 16 : 0)));
  out.Varint(d.threshold);
  out.U64(d.stratum_id);
  out.Signed(d.time_ns);
  out.Varint(d.info->rule);
  out.Bytes(d.info->form);
  out.Varint(d.info->values.size());
  for (const auto& value : d.info->values) {
    out.Varint(value ? value->size() + 1 : 0);
    if (value) out.Raw(*value);
  }
  if (hold_ != nullptr) hold_->Encode(&out);
  if (window_hold_ != nullptr) window_hold_->Encode(&out);
  return bytes;
}

Status Sampler::Restore(std::string_view state) {
  const Status damaged(StatusCode::kCorrupt, "the sampler's state of source " + source_.id + " is damaged");
  ByteReader in(state);
  const uint8_t version = in.U8();
  if (version > 0 && version < kStateVersion) return Status::Ok();
  if (version != kStateVersion) return damaged;
  // What was learned under another policy is about other strata.
  if (in.Bytes() != policy_->text && in.ok()) return Status::Ok();
  if (!controller_.Decode(&in)) return damaged;
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    const uint64_t key = in.U64();
    firsts_[key] = in.Varint();
  }
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    const uint64_t signature = in.U64();
    first_seen_[signature] = in.Signed();
  }
  clock_.Decode(&in);
  Decision& d = decision_;
  StratumInfo info;
  const uint8_t flags = in.U8();
  d.known = (flags & 1) != 0;
  d.kept = (flags & 2) != 0;
  d.dropped = (flags & 4) != 0;
  d.late = (flags & 8) != 0;
  info.other = (flags & 16) != 0;
  d.threshold = in.Varint();
  d.stratum_id = in.U64();
  d.time_ns = in.Signed();
  info.rule = static_cast<uint32_t>(in.Varint());
  info.form = in.Bytes();
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    const uint64_t size = in.Varint();
    info.values.emplace_back();
    if (size > 0) info.values.back() = std::string(in.Raw(size - 1));
  }
  d.info = std::make_shared<const StratumInfo>(std::move(info));
  if (hold_ != nullptr && !hold_->Decode(&in)) return damaged;
  if (window_hold_ != nullptr && !window_hold_->Decode(&in, clock_)) return damaged;
  begun_ = d.known;
  held_time_ns_ = clock_.time_ns();
  return in.ok() && in.remaining() == 0 ? Status::Ok() : damaged;
}

}  // namespace whittle
