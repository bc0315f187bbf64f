#include "format/footer.h"

#include <algorithm>

#include "base/hash.h"
#include "base/varint.h"
#include "format/compressor.h"
#include "format/limits.h"

namespace whittle {
namespace {

constexpr std::string_view kHeaderMagic = "WHITTLE\x1a";  // ^Z stops a careless `type` or `cat`
constexpr std::string_view kTrailerMagic =
    "\x1a"
    "ELTTIHW";
constexpr size_t kTrailerSize = 56;
constexpr uint64_t kKnownFeatures = kFeatureConstantFields;
constexpr int kFooterLevel = 9;
constexpr uint16_t kLastKnownSection = static_cast<uint16_t>(SectionId::kMetrics);

Status Corrupt(std::string what) { return Status(StatusCode::kCorrupt, "segment: " + std::move(what)); }

struct Trailer {
  uint64_t required_features = 0;
  uint64_t footer_offset = 0;
  uint64_t footer_stored = 0;
  uint64_t footer_raw = 0;
  uint64_t footer_checksum = 0;
};

std::string EncodeTrailer(const Trailer& trailer) {
  std::string out;
  ByteWriter writer(&out);
  writer.U64(trailer.required_features);
  writer.U64(trailer.footer_offset);
  writer.U64(trailer.footer_stored);
  writer.U64(trailer.footer_raw);
  writer.U64(trailer.footer_checksum);
  writer.U64(Hash64(out));
  writer.Raw(kTrailerMagic);
  return out;
}

void WriteSources(const SegmentFooter& footer, ByteWriter* out) {
  out->Varint(footer.sources.size());
  for (const SegmentSource& source : footer.sources) {
    out->Bytes(source.id);
    out->Bytes(source.name);
    out->Varint(source.attributes.size());
    for (const Attribute& attribute : source.attributes) {
      out->Bytes(attribute.name);
      out->U8(static_cast<uint8_t>(attribute.value.type));
      out->Bytes(attribute.value.text);
    }
  }
  out->Varint(footer.runs.size());
  for (const SourceRun& run : footer.runs) {
    out->Varint(run.source);
    out->Varint(run.first_offset);
    out->Varint(run.end_offset);
    out->Varint(run.first_line);
    out->Varint(run.line_count);
    out->Varint(run.row_count);
  }
}

std::string EncodeBody(const SegmentFooter& footer) {
  std::string out;
  ByteWriter writer(&out);
  writer.Bytes(footer.writer);
  writer.Varint(footer.rows);
  writer.Varint(footer.records);
  writer.Varint(footer.text_bytes);
  writer.Varint(footer.shape_count);
  writer.Varint(footer.column_count);
  writer.Varint(footer.row_groups.size());
  for (const RowGroupInfo& group : footer.row_groups) {
    writer.Varint(group.rows);
    writer.U64(static_cast<uint64_t>(group.min_time_ns));
    writer.U64(static_cast<uint64_t>(group.max_time_ns));
  }
  WriteSources(footer, &writer);
  writer.Varint(footer.sections.size());
  for (const SectionInfo& section : footer.sections) {
    writer.U16(section.id);
    writer.U8(section.required ? 1 : 0);
    writer.Varint(section.size);
  }
  writer.Varint(footer.frames.size());
  for (const FrameInfo& frame : footer.frames) {
    writer.U8(frame.kind);
    writer.U8(frame.method);
    writer.Varint(frame.raw_size);
    writer.Varint(frame.stored_size);
    writer.U64(frame.checksum);
  }
  const std::vector<uint16_t> streams = footer.streams.value_or(std::vector<uint16_t>());
  writer.Varint(streams.size());
  for (const uint16_t id : streams) writer.U16(id);
  return out;
}

// A count of things that take at least `bytes_each` bytes of what is left: bounds allocation by the footer's own size.
bool Count(ByteReader* in, uint64_t limit, size_t bytes_each, uint64_t* count) {
  *count = in->Varint();
  return in->ok() && *count <= limit && *count <= in->remaining() / bytes_each;
}

bool ReadSources(ByteReader* in, SegmentFooter* footer) {
  uint64_t count;
  if (!Count(in, kMaxSources, 3, &count)) return false;
  footer->sources.resize(count);
  for (SegmentSource& source : footer->sources) {
    source.id = in->Bytes();
    source.name = in->Bytes();
    if (!Count(in, kMaxSources, 3, &count)) return false;
    source.attributes.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      std::string name(in->Bytes());
      const auto type = static_cast<ValueType>(in->U8());
      source.attributes.push_back({std::move(name), ParseValue(type, in->Bytes())});
    }
  }
  if (!Count(in, kMaxRuns, 6, &count)) return false;
  footer->runs.resize(count);
  uint64_t rows = 0;
  for (SourceRun& run : footer->runs) {
    const uint64_t source = in->Varint();
    if (source >= footer->sources.size()) return false;
    run.source = static_cast<uint32_t>(source);
    run.first_offset = in->Varint();
    run.end_offset = in->Varint();
    run.first_line = in->Varint();
    run.line_count = in->Varint();
    run.row_count = in->Varint();
    if (run.end_offset < run.first_offset || run.row_count > footer->rows - rows) return false;
    rows += run.row_count;
  }
  return in->ok() && rows == footer->rows;
}

bool ReadSections(ByteReader* in, SegmentFooter* footer) {
  uint64_t count;
  if (!Count(in, kMaxSections, 4, &count)) return false;
  footer->sections.resize(count);
  uint64_t total = 0;
  for (SectionInfo& section : footer->sections) {
    section.id = in->U16();
    const uint8_t required = in->U8();
    section.size = in->Varint();
    if (!in->ok() || required > 1 || section.size > kMaxFrameSize || (total += section.size) > kMaxFrameSize)
      return false;
    section.required = required != 0;
  }
  return true;
}

bool ReadFrames(ByteReader* in, uint64_t frames_end, SegmentFooter* footer) {
  uint64_t count;
  if (!Count(in, kMaxFrames, 12, &count)) return false;
  footer->frames.resize(count);
  uint64_t offset = kSegmentHeaderSize;
  uint64_t raw_total = 0;
  for (FrameInfo& frame : footer->frames) {
    frame.kind = in->U8();
    frame.method = in->U8();
    frame.raw_size = in->Varint();
    frame.stored_size = in->Varint();
    frame.checksum = in->U64();
    frame.offset = offset;
    if (!in->ok() || frame.method > 1 || frame.stored_size > frames_end - offset) return false;
    if (frame.raw_size > kMaxFrameSize || frame.raw_size / kMaxFrameExpansion > frame.stored_size) return false;
    if (frame.method == 0 && frame.raw_size != frame.stored_size) return false;
    if ((raw_total += frame.raw_size) > kMaxStreamBytes) return false;
    offset += frame.stored_size;
  }
  return offset == frames_end;
}

bool ReadStreams(ByteReader* in, SegmentFooter* footer) {
  if (footer->minor == 0) return true;
  uint64_t count;
  if (!Count(in, kMaxStreams, 2, &count)) return false;
  footer->streams.emplace(count);
  for (uint16_t& id : *footer->streams) id = in->U16();
  return std::is_sorted(footer->streams->begin(), footer->streams->end());
}

bool DecodeBody(std::string_view bytes, uint64_t frames_end, SegmentFooter* footer) {
  ByteReader in(bytes);
  footer->writer = in.Bytes();
  footer->rows = in.Varint();
  footer->records = in.Varint();
  footer->text_bytes = in.Varint();
  footer->shape_count = in.Varint();
  footer->column_count = in.Varint();
  if (!in.ok() || footer->rows > kMaxSegmentRows || footer->records > footer->rows ||
      footer->text_bytes > kMaxSegmentText || footer->shape_count > kMaxShapes || footer->column_count > kMaxColumns) {
    return false;
  }
  uint64_t count;
  if (!Count(&in, kMaxRuns, 17, &count)) return false;
  footer->row_groups.resize(count);
  uint64_t rows = 0;
  for (RowGroupInfo& group : footer->row_groups) {
    group.rows = in.Varint();
    group.min_time_ns = static_cast<int64_t>(in.U64());
    group.max_time_ns = static_cast<int64_t>(in.U64());
    // Groups of nothing would make more groups than rows; a segment without rows may have one.
    if (!in.ok() || group.rows > footer->rows - rows || (group.rows == 0 && footer->rows > 0)) return false;
    rows += group.rows;
  }
  const RowGroupInfo all = Sum(footer->row_groups);
  footer->min_time_ns = all.min_time_ns;
  footer->max_time_ns = all.max_time_ns;
  // Minor versions may append to the footer: what follows the streams is theirs.
  return rows == footer->rows && ReadSources(&in, footer) && ReadSections(&in, footer) &&
         ReadFrames(&in, frames_end, footer) && ReadStreams(&in, footer) && in.ok();
}

Status CheckHeader(std::string_view header, SegmentFooter* footer) {
  ByteReader in(header);
  if (in.Raw(8) != kHeaderMagic) return Corrupt("not a segment (wrong magic)");
  footer->major = in.U16();
  footer->minor = in.U16();
  if (footer->major != kSegmentMajor) {
    return Status(StatusCode::kUnsupported, "segment of format " + std::to_string(footer->major) +
                                                "; this program reads format " + std::to_string(kSegmentMajor));
  }
  return Status::Ok();
}

}  // namespace

std::string EncodeSegmentHeader() {
  std::string out;
  ByteWriter writer(&out);
  writer.Raw(kHeaderMagic);
  writer.U16(kSegmentMajor);
  writer.U16(kSegmentMinor);
  writer.U32(0);
  return out;
}

Result<std::string> EncodeFooter(const SegmentFooter& footer, uint64_t frames_end) {
  const std::string body = EncodeBody(footer);
  if (body.size() > kMaxFooterSize)
    return Status(StatusCode::kLimit, "segment footer too large: fewer sources or runs");
  Compressor compressor;
  WHITTLE_ASSIGN_OR_RETURN(std::string stored, compressor.Compress(body, kFooterLevel));
  Trailer trailer;
  trailer.required_features = footer.required_features;
  trailer.footer_offset = frames_end;
  trailer.footer_stored = stored.size();
  trailer.footer_raw = body.size();
  trailer.footer_checksum = Hash64(EncodeSegmentHeader() + stored);
  return stored + EncodeTrailer(trailer);
}

Result<SegmentFooter> ReadFooter(const ByteSource& source) {
  SegmentFooter footer;
  const uint64_t size = source.size();
  if (size < kSegmentHeaderSize + kTrailerSize) return Corrupt("too short");
  Result<std::string> header_bytes = source.Read(0, kSegmentHeaderSize);
  if (!header_bytes.ok()) return header_bytes.status();
  const std::string& header = *header_bytes;
  WHITTLE_RETURN_IF_ERROR(CheckHeader(header, &footer));
  WHITTLE_ASSIGN_OR_RETURN(const std::string tail, source.Read(size - kTrailerSize, kTrailerSize));
  const std::string_view tail_view(tail);
  ByteReader in(tail_view);
  Trailer trailer;
  trailer.required_features = in.U64();
  trailer.footer_offset = in.U64();
  trailer.footer_stored = in.U64();
  trailer.footer_raw = in.U64();
  trailer.footer_checksum = in.U64();
  const uint64_t own_checksum = in.U64();
  if (in.Raw(8) != kTrailerMagic) return Corrupt("no trailer: the file is cut off or damaged");
  if (own_checksum != Hash64(tail_view.substr(0, 40))) return Corrupt("trailer checksum");
  if ((trailer.required_features & ~kKnownFeatures) != 0) {
    return Status(StatusCode::kUnsupported, "segment needs features this program does not have");
  }
  const uint64_t footer_end = size - kTrailerSize;
  if (trailer.footer_offset < kSegmentHeaderSize || trailer.footer_offset > footer_end ||
      trailer.footer_stored != footer_end - trailer.footer_offset || trailer.footer_raw > kMaxFooterSize ||
      trailer.footer_raw / kMaxFrameExpansion > trailer.footer_stored) {
    return Corrupt("trailer points outside the file");
  }
  WHITTLE_ASSIGN_OR_RETURN(const std::string stored, source.Read(trailer.footer_offset, trailer.footer_stored));
  if (Hash64(header + stored) != trailer.footer_checksum) return Corrupt("footer checksum");
  WHITTLE_ASSIGN_OR_RETURN(const std::string body, Decompress(stored, trailer.footer_raw));
  footer.required_features = trailer.required_features;
  if (!DecodeBody(body, trailer.footer_offset, &footer)) return Corrupt("footer");
  for (const SectionInfo& section : footer.sections) {
    if (section.required && (section.id == 0 || section.id > kLastKnownSection)) {
      return Status(StatusCode::kUnsupported, "segment needs section " + std::to_string(section.id));
    }
  }
  return footer;
}

}  // namespace whittle
