// Difference: how two groups of events ("bad" and "base") differ in what they say: fields and values ranked by how
// differently they are distributed, weighted by sample rates, with false discoveries under control. Not thread-safe.
//
// Every value of every field is a share of its side; "field missing" is one too. Identifiers, whose values are nearly
// all different, are left out; numbers with many values are compared in ranges. A difference is named when it is
// significant (significance.h) and ranked by the lower end of its 95% interval, so that certain small differences go
// before uncertain great ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <whittle/status.h>

#include "event/event.h"
#include "query/distinct_counter.h"
#include "query/significance.h"

namespace whittle {

// Fields that are told apart, values of one field, and bytes of all: what comes later is not compared.
inline constexpr size_t kMaxComparedFields = 5'000;
inline constexpr size_t kMaxComparedValues = 20'000;
inline constexpr size_t kMaxComparedBytes = size_t{192} << 20;
// Values of all units together that are told apart, at some 40 bytes each.
inline constexpr size_t kMaxUnitValues = 6'000'000;
// Share of false ones among the differences that are named; where nothing differs, of comparisons that name something.
inline constexpr double kFalseDiscoveryRate = 0.05;

enum class Side : uint8_t { kBad = 0, kBase = 1 };

struct FoundDifference {
  enum class Kind : uint8_t { kValue, kMissing, kRange, kNewTemplate, kVanishedTemplate };
  Kind kind = Kind::kValue;
  std::string field, value;                // value: of a range "256ms..512ms"
  ShareOf bad, base;                       // effective counts
  double bad_events = 0, base_events = 0;  // as they stand in the store, weighted
  double p = 1;
  double score = 0;   // the lower end of the interval of the difference
  std::string query;  // a filter that narrows to it
};

class EventComparison {
 public:
  // `left_out`: fields the question itself is about. `templates_are_new`: sides are times or stores, so that a template
  // on one side only is news and goes first.
  EventComparison(std::vector<std::string> left_out, bool templates_are_new)
      : left_out_(std::move(left_out)), templates_are_new_(templates_are_new) {}

  void Add(Side side, const Event& event, double weight);
  // An event of a unit of many (a trace): for the unit each value counts once, however many of its events say it.
  // False when there are too many to tell apart.
  [[nodiscard]] bool AddPart(Side side, uint64_t unit, const Event& event, double weight);

  double events(Side side) const { return totals_[static_cast<size_t>(side)].weight; }
  // Shares of events at error or worse, for canaries.
  ShareOf errors(Side side) const { return Effective(side, errors_[static_cast<size_t>(side)]); }

  // The most telling first.
  std::vector<FoundDifference> Find() const;

 private:
  struct Total {
    double weight = 0, squares = 0;
  };
  struct Value {
    double weight[2] = {0, 0};
    std::string query;
  };
  struct Field {
    double weight[2] = {0, 0};
    uint64_t events = 0;
    DistinctCounter distinct;
    std::unordered_map<std::string, Value> values;
    std::map<int, Value> ranges;  // of numbers: by power of two
    std::string unit;
  };
  struct Seen;  // what one unit says
  void Collect(const Event& event, Seen* seen) const;
  void AddSeen(Side side, const Seen& seen, double weight, std::optional<uint64_t> unit);
  bool First(std::optional<uint64_t> unit, uint64_t what);
  ShareOf Effective(Side side, double weight) const;
  void Weigh(const std::string& name, const Field& field, std::vector<FoundDifference>* all) const;
  FoundDifference Make(const std::string& name, const std::string& value, const double* weight) const;

  std::vector<std::string> left_out_;
  bool templates_are_new_;
  Total totals_[2];
  double errors_[2] = {0, 0};
  std::unordered_map<std::string, Field> fields_;
  std::unordered_set<uint64_t> said_;  // by units: hashes of unit and value
  size_t bytes_ = 0;
};

}  // namespace whittle
