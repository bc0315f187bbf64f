// For tests: a machine with a simulated disk, ingest into a store on it, and what the store says afterwards.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "env/memory_file_system.h"
#include "pipeline/ingest.h"
#include "pipeline/verify.h"
#include "query/query_engine.h"
#include "query/store_reader.h"

namespace whittle {

struct World {
  MemoryFileSystem files;
  ManualClock clock{1'700'000'000'000'000'000};
  SeededEntropy entropy{1};
  FixedHost host{"host"};
  Env env{&files, &clock, &entropy, &host};
  LineAnalyzer analyzer{AnalyzerOptions()};

  void Write(const std::string& path, std::string_view bytes) {
    auto file = files.OpenForWrite(path, WriteMode::kAppend);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(bytes).ok());
    ASSERT_TRUE((*file)->Close().ok());
  }

  IngestOptions Options(int jobs, bool cache) {
    IngestOptions options;
    options.jobs = jobs;
    options.parsing.analyzer = &analyzer;
    options.parsing.use_recipe_cache = cache;
    options.settings_of = [](const Input&) {
      SourceSettings settings;
      settings.framing.batch_bytes = 8 * 1024;  // segments are cut between batches: many of both
      return settings;
    };
    options.committer.close_bytes = 64 * 1024;
    return options;
  }

  IngestReport Ingest(const std::string& path, const std::string& store, const IngestOptions& options) {
    auto catalog = Catalog::Open(&env, store);
    EXPECT_TRUE(catalog.ok()) << catalog.status().message();
    const auto inputs = ExpandInputs(&files, {path});
    EXPECT_TRUE(inputs.ok());
    auto report = RunIngest(
        &env, [&] { return catalog->get(); }, inputs->inputs, options, IngestHooks());
    EXPECT_TRUE(report.ok()) << report.status().message();
    EXPECT_TRUE((*catalog)->Close().ok());
    return report.ok() ? *report : IngestReport();
  }

  std::string Cat(const std::string& store) {
    std::string raw;
    auto reader = StoreReader::Open(&env, store);
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    EXPECT_TRUE((*reader)
                    ->Visit(VisitOptions(),
                            [&](RecordView* record) -> Result<bool> {
                              record->AppendRaw(&raw);
                              return true;
                            })
                    .ok());
    return raw;
  }

  // Every event of the store as one JSON object a line.
  std::string Events(const std::string& store) {
    std::string out;
    auto reader = StoreReader::Open(&env, store);
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    const auto report =
        RunQuery(reader->get(), "", {.format = OutputFormat::kNdjson, .order = VisitOptions::Order::kSourcePosition},
                 [&](std::string_view piece) {
                   out += piece;
                   return Status::Ok();
                 });
    EXPECT_TRUE(report.ok()) << report.status().message();
    return out;
  }

  std::vector<std::string> Problems(const std::string& store) {
    const auto report = VerifyStore(&env, store, nullptr);
    return report.ok() ? report->problems : std::vector<std::string>{report.status().message()};
  }
};

inline std::string Logs(unsigned seed, size_t lines) {
  std::mt19937 random(seed);
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    switch (random() % 6) {
      case 0:
        text += "2024-05-01 10:00:0" + std::to_string(random() % 10) + " ERROR [main] a.B: lost " +
                std::to_string(random());
        break;
      case 1:
        text += "\tat a.b.C(D.java:" + std::to_string(random() % 100) + ")";
        break;
      case 2:
        text += "user u" + std::string(1 + random() % 5, static_cast<char>('a' + random() % 26)) +
                " logged in from 10.0.0." + std::to_string(random() % 256);
        break;
      case 3:
        text += R"({"level":"info","msg":"took )" + std::to_string(random() % 999) + R"( ms","path":"/x/y"})";
        break;
      case 4:
        for (unsigned bytes = random() % 40; bytes > 0; --bytes) text += static_cast<char>(random());
        break;
      default:
        break;
    }
    text += random() % 10 == 0 ? "\r\n" : "\n";
  }
  return text + "no line end";
}

}  // namespace whittle
