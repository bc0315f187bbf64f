#include "parse/pattern_database.h"

#include <hs.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "base/hash.h"
#include "env/file_system.h"

namespace whittle {
namespace {

constexpr unsigned kFlags = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
constexpr uint64_t kMaxCacheBytes = 64 << 20;  // a database of the whole library has a few MB

std::string CacheName(const std::vector<std::string>& expressions) {
  hs_platform_info_t platform = {};
  hs_populate_platform(&platform);
  std::string all = std::string(hs_version()) + '\0' + std::to_string(platform.tune) + '\0' +
                    std::to_string(platform.cpu_features) + '\0' + std::to_string(kFlags);
  for (const std::string& expression : expressions) {
    all.push_back('\0');
    all += expression;
  }
  return "patterns-" + ToHex(HashBytes128(all)) + ".hsdb";
}

hs_database_t* ReadCache(FileSystem* files, const std::string& path) {
  const Result<std::string> bytes = ReadFile(files, path, kMaxCacheBytes);
  if (!bytes.ok()) return nullptr;
  hs_database_t* database = nullptr;
  // Checks magic, version, platform and a CRC; the name already says that the content is the same.
  if (hs_deserialize_database(bytes->data(), bytes->size(), &database) != HS_SUCCESS) return nullptr;
  return database;
}

void WriteCache(FileSystem* files, const std::string& dir, const std::string& path, const hs_database_t* database) {
  char* bytes = nullptr;
  size_t size = 0;
  if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) return;
  Status status = MakeDirectories(files, dir);
  if (status.ok()) status = WriteFileAtomically(files, path, std::string_view(bytes, size));
  std::free(bytes);
}

hs_database_t* Compile(const std::vector<const char*>& texts, const std::vector<unsigned>& flags,
                       const std::vector<unsigned>& ids, bool any_processor, std::string* error, int* which) {
  // All zeros: generic tuning, no optional instructions.
  const hs_platform_info_t any = {};
  hs_database_t* database = nullptr;
  hs_compile_error_t* problem = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()), HS_MODE_BLOCK,
                       any_processor ? &any : nullptr, &database, &problem) == HS_SUCCESS) {
    return database;
  }
  *error = problem->message;
  *which = problem->expression;
  hs_free_compile_error(problem);
  return nullptr;
}

}  // namespace

PatternScratch::~PatternScratch() {
  if (scratch_ != nullptr) hs_free_scratch(scratch_);
}
PatternScratch::PatternScratch(PatternScratch&& other) noexcept
    : scratch_(std::exchange(other.scratch_, nullptr)), owner_(std::exchange(other.owner_, 0)) {}
PatternScratch& PatternScratch::operator=(PatternScratch&& other) noexcept {
  std::swap(scratch_, other.scratch_);
  std::swap(owner_, other.owner_);
  return *this;
}

Result<std::unique_ptr<PatternDatabase>> PatternDatabase::Build(const std::vector<std::string>& expressions,
                                                                const std::string& cache_dir, FileSystem* files,
                                                                bool any_processor) {
  std::unique_ptr<PatternDatabase> built(new PatternDatabase);
  built->count_ = static_cast<uint32_t>(expressions.size());
  if (expressions.empty()) return built;
  const bool cached = !cache_dir.empty() && files != nullptr;
  const std::string path = cached ? JoinPath(cache_dir, CacheName(expressions)) : std::string();
  if (cached) built->database_ = ReadCache(files, path);
  if (built->database_ != nullptr) {
    built->from_cache_ = true;
    return built;
  }
  std::vector<const char*> texts;
  std::vector<unsigned> flags(expressions.size(), kFlags), ids;
  for (const std::string& expression : expressions) {
    ids.push_back(static_cast<unsigned>(texts.size()));
    texts.push_back(expression.c_str());
  }
  // An expression that Hyperscan finds too large is taken as a prefilter, which may report too much and never too
  // little.
  for (size_t attempt = 0; attempt <= expressions.size(); ++attempt) {
    std::string error;
    int which = -1;
    built->database_ = Compile(texts, flags, ids, any_processor, &error, &which);
    if (built->database_ != nullptr) break;
    if (which < 0 || (flags[static_cast<size_t>(which)] & HS_FLAG_PREFILTER) != 0) {
      return Status(StatusCode::kConfig, "expression " + std::to_string(which) + ": " + error);
    }
    flags[static_cast<size_t>(which)] |= HS_FLAG_PREFILTER;
  }
  if (cached) WriteCache(files, cache_dir, path, built->database_);
  return built;
}

PatternDatabase::PatternDatabase() {
  static std::atomic<uint64_t> next_serial{1};
  serial_ = next_serial.fetch_add(1);
}

std::string PatternDatabase::Serialize() const {
  char* bytes = nullptr;
  size_t size = 0;
  if (database_ == nullptr || hs_serialize_database(database_, &bytes, &size) != HS_SUCCESS) return {};
  std::string copy(bytes, size);
  std::free(bytes);
  return copy;
}

std::unique_ptr<PatternDatabase> PatternDatabase::FromBytes(std::string_view bytes, uint32_t count) {
  std::unique_ptr<PatternDatabase> read(new PatternDatabase);
  read->count_ = count;
  if (hs_deserialize_database(bytes.data(), bytes.size(), &read->database_) != HS_SUCCESS) return nullptr;
  return read;
}

PatternDatabase::~PatternDatabase() {
  if (database_ != nullptr) hs_free_database(database_);
}

const std::vector<uint32_t>& PatternDatabase::Candidates(std::string_view text, PatternScratch* scratch) const {
  std::vector<uint32_t>& found = scratch->candidates_;
  found.clear();
  if (database_ == nullptr) return found;
  if (scratch->owner_ != serial_) {
    // Grows the scratch to what this database needs.
    scratch->owner_ = hs_alloc_scratch(database_, &scratch->scratch_) == HS_SUCCESS ? serial_ : 0;
  }
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
    static_cast<std::vector<uint32_t>*>(context)->push_back(id);
    return 0;
  };
  if (scratch->owner_ != serial_ || hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0,
                                            scratch->scratch_, on_match, &found) != HS_SUCCESS) {
    // No memory for the selector: every expression is a candidate, which is slow and right.
    found.resize(count_);
    for (uint32_t i = 0; i < count_; ++i) found[i] = i;
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace whittle
