#include "pipeline/source_feed.h"

namespace whittle {

Result<std::unique_ptr<SourceFeed>> SourceFeed::Open(std::unique_ptr<ByteStream> stream, const FramingOptions& framing,
                                                     std::function<void(std::string_view)> tee) {
  WHITTLE_ASSIGN_OR_RETURN(auto framer, Framer::Create(framing));
  return std::unique_ptr<SourceFeed>(new SourceFeed(std::move(stream), std::move(framer), std::move(tee)));
}

SourceFeed::SourceFeed(std::unique_ptr<ByteStream> stream, std::unique_ptr<Framer> framer,
                       std::function<void(std::string_view)> tee)
    : stream_(std::move(stream)), framer_(std::move(framer)), tee_(std::move(tee)), buffer_(new char[kReadBytes]) {}

bool SourceFeed::Pump(std::vector<LineBatch>* out) {
  const Result<size_t> read = stream_->Read(buffer_.get(), kReadBytes);
  if (!read.ok()) damage_ = read.status();
  if (!read.ok() || *read == 0) {
    framer_->Flush(out);
    return false;
  }
  const std::string_view bytes(buffer_.get(), *read);
  bytes_read_ += bytes.size();
  if (tee_) tee_(bytes);
  framer_->Feed(bytes, out);
  return true;
}

bool SourceFeed::WaitReadable(int timeout_ms) {
  const Result<bool> readable = stream_->WaitReadable(timeout_ms);
  return !readable.ok() || *readable;  // an error shows itself at the next read
}

}  // namespace whittle
