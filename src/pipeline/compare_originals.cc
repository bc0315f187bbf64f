#include "pipeline/compare_originals.h"

#include <map>

#include <fmt/format.h>

#include "base/hash.h"
#include "catalog/manifest.h"
#include "catalog/store_layout.h"
#include "query/store_reader.h"
#include "source/decompressor.h"
#include "source/input_set.h"

namespace whittle {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

struct Content {
  uint64_t bytes = 0;
  Hash128 hash;
  bool operator==(const Content&) const = default;
};

Result<Content> ReadOriginal(FileSystem* files, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(const auto stream, OpenDecompressed(files, path));
  StreamHash128 hash;
  Content content;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t read, stream->Read(buffer.data(), buffer.size()));
    if (read == 0) break;
    content.bytes += read;
    hash.Update(std::string_view(buffer).substr(0, read));
  }
  content.hash = hash.Digest();
  return content;
}

// What the store renders of every source, by source id; a source with gaps is missing.
class RenderedSources {
 public:
  Status Read(StoreReader* reader) {
    VisitOptions visit;
    visit.demand = {nullptr, true};
    std::string raw;
    return reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
      raw.clear();
      record->AppendRaw(&raw);
      Source& source = sources_[record->origin().source->id];
      if (source.hash == nullptr) source.hash = std::make_unique<StreamHash128>();
      source.whole = source.whole && record->origin().offset == source.bytes;
      source.bytes += raw.size();
      source.hash->Update(raw);
      return true;
    });
  }

  // Whether some source of the store is exactly this content.
  bool Has(const Content& content) const {
    if (content.bytes == 0) return true;
    for (const auto& [id, source] : sources_) {
      if (source.whole && source.bytes == content.bytes && source.hash->Digest() == content.hash) return true;
    }
    return false;
  }

 private:
  struct Source {
    uint64_t bytes = 0;
    bool whole = true;
    std::unique_ptr<StreamHash128> hash;
  };
  std::map<std::string, Source> sources_;
};

}  // namespace

Result<std::vector<OriginalCheck>> CompareWithOriginals(const Env* env, const std::string& store,
                                                        const std::vector<std::string>& paths) {
  InputOptions options;
  options.skip.push_back(store);
  options.is_store = [env](const std::string& directory) { return CheckStore(env, directory).ok(); };
  WHITTLE_ASSIGN_OR_RETURN(const InputSet inputs, ExpandInputs(env->files, paths, options));
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env, store));
  RenderedSources rendered;
  WHITTLE_RETURN_IF_ERROR(rendered.Read(reader.get()));
  std::vector<OriginalCheck> checks;
  for (const InputProblem& problem : inputs.problems) checks.push_back({problem.path, false, problem.status.message()});
  for (const Input& input : inputs.inputs) {
    if (input.kind != InputKind::kFile) continue;
    const auto original = ReadOriginal(env->files, input.path);
    if (!original.ok()) {
      checks.push_back({input.path, false, original.status().message()});
    } else if (rendered.Has(*original)) {
      checks.push_back({input.path, true, ""});
    } else {
      checks.push_back(
          {input.path, false, fmt::format("the store does not hold exactly these {} bytes", original->bytes)});
    }
  }
  return checks;
}

}  // namespace whittle
