#include "event/shape_stats.h"

#include <algorithm>

#include "base/varint.h"

namespace whittle {
namespace {

// Nanoseconds from one time to a later one, and back: modulo 2^64, as the format says.
uint64_t Span(int64_t from, int64_t to) { return static_cast<uint64_t>(to) - static_cast<uint64_t>(from); }
int64_t Later(int64_t from, uint64_t span) { return static_cast<int64_t>(static_cast<uint64_t>(from) + span); }

// The largest power of ten that divides every time: logs write milliseconds, or seconds.
uint64_t UnitOf(const std::vector<ShapeStats>& stats, int64_t base) {
  constexpr uint64_t kMost = 1'000'000'000;
  uint64_t unit = kMost;
  for (const ShapeStats& shape : stats) {
    if (!shape.first_ns) continue;
    while (Span(base, *shape.first_ns) % unit != 0 || Span(*shape.first_ns, *shape.last_ns) % unit != 0) unit /= 10;
  }
  return unit;
}

}  // namespace

void ShapeStats::AddTime(int64_t time_ns) {
  first_ns = first_ns ? std::min(*first_ns, time_ns) : time_ns;
  last_ns = last_ns ? std::max(*last_ns, time_ns) : time_ns;
}

ShapeStats& ShapeStats::operator+=(const ShapeStats& other) {
  records += other.records;
  bytes += other.bytes;
  if (other.first_ns) AddTime(*other.first_ns);
  if (other.last_ns) AddTime(*other.last_ns);
  return *this;
}

std::string EncodeShapeStats(const std::vector<ShapeStats>& stats) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const ShapeStats& shape : stats) out.Varint(shape.records);
  for (const ShapeStats& shape : stats) out.Varint(shape.bytes);
  std::optional<int64_t> base;
  for (const ShapeStats& shape : stats) {
    if (shape.first_ns) base = base ? std::min(*base, *shape.first_ns) : shape.first_ns;
  }
  out.U8(base ? 1 : 0);
  if (!base) return bytes;
  const uint64_t unit = UnitOf(stats, *base);
  out.Signed(*base);
  out.Varint(unit);
  for (const ShapeStats& shape : stats) out.Varint(shape.first_ns ? Span(*base, *shape.first_ns) / unit + 1 : 0);
  for (const ShapeStats& shape : stats) {
    if (shape.first_ns) out.Varint(Span(*shape.first_ns, *shape.last_ns) / unit);
  }
  return bytes;
}

std::optional<std::vector<ShapeStats>> DecodeShapeStats(std::string_view bytes, size_t shape_count) {
  ByteReader in(bytes);
  if (shape_count > bytes.size()) return std::nullopt;
  std::vector<ShapeStats> stats(shape_count);
  for (ShapeStats& shape : stats) shape.records = in.Varint();
  for (ShapeStats& shape : stats) shape.bytes = in.Varint();
  const uint8_t has_times = in.U8();
  if (!in.ok() || has_times > 1) return std::nullopt;
  if (has_times == 1) {
    const int64_t base = in.Signed();
    const uint64_t unit = in.Varint();
    for (ShapeStats& shape : stats) {
      const uint64_t first = in.Varint();
      if (first != 0) shape.first_ns = Later(base, (first - 1) * unit);
    }
    for (ShapeStats& shape : stats) {
      if (shape.first_ns) shape.last_ns = Later(*shape.first_ns, in.Varint() * unit);
    }
  }
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  return stats;
}

}  // namespace whittle
