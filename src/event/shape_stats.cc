#include "event/shape_stats.h"

#include <algorithm>

#include "base/varint.h"

namespace whittle {

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
  for (const ShapeStats& shape : stats) {
    out.Varint(shape.records);
    out.Varint(shape.bytes);
    out.U8(shape.first_ns ? 1 : 0);
    if (!shape.first_ns) continue;
    out.Signed(*shape.first_ns);
    out.Signed(*shape.last_ns);
  }
  return bytes;
}

std::optional<std::vector<ShapeStats>> DecodeShapeStats(std::string_view bytes, size_t shape_count) {
  ByteReader in(bytes);
  if (shape_count > bytes.size()) return std::nullopt;
  std::vector<ShapeStats> stats(shape_count);
  for (ShapeStats& shape : stats) {
    shape.records = in.Varint();
    shape.bytes = in.Varint();
    const uint8_t has_time = in.U8();
    if (has_time > 1) return std::nullopt;
    if (has_time == 0) continue;
    shape.first_ns = in.Signed();
    shape.last_ns = in.Signed();
  }
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  return stats;
}

}  // namespace whittle
