// PatternDatabase: all expressions as one Hyperscan database, which names the few that may match a text. It captures
// nothing; whoever asks confirms with the real expression. Immutable and shared by threads; each thread brings its own
// PatternScratch, which serves any number of databases in turn and may outlive them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

struct hs_database;
struct hs_scratch;

namespace whittle {

class FileSystem;

// Working memory of one thread.
class PatternScratch {
 public:
  PatternScratch() = default;
  ~PatternScratch();
  PatternScratch(PatternScratch&&) noexcept;
  PatternScratch& operator=(PatternScratch&&) noexcept;

 private:
  friend class PatternDatabase;
  friend class PatternSet;
  hs_scratch* scratch_ = nullptr;
  uint64_t owner_ = 0;  // the serial number of the database the memory was made for
  std::vector<uint32_t> candidates_;
};

class PatternDatabase {
 public:
  // Expression i is reported as candidate i. With `cache_dir` (and `files`) the compiled form is read from there when
  // it is the same expressions, library version and processor, and written there otherwise; a cache that cannot be read
  // or written only costs time.
  // `any_processor`: for every processor of this architecture, a little slower.
  static Result<std::unique_ptr<PatternDatabase>> Build(const std::vector<std::string>& expressions,
                                                        const std::string& cache_dir, FileSystem* files,
                                                        bool any_processor = false);
  // The compiled form as bytes, and back: null when this library version or processor does not take them. `count`
  // expressions.
  std::string Serialize() const;
  static std::unique_ptr<PatternDatabase> FromBytes(std::string_view bytes, uint32_t count);
  ~PatternDatabase();

  // The numbers of the expressions that may match `text`, ascending. Valid until the scratch is used again.
  const std::vector<uint32_t>& Candidates(std::string_view text, PatternScratch* scratch) const;

  bool from_cache() const { return from_cache_; }

 private:
  PatternDatabase();
  hs_database* database_ = nullptr;
  bool from_cache_ = false;
  uint32_t count_ = 0;
  uint64_t serial_ = 0;  // of this process, from 1
};

}  // namespace whittle
