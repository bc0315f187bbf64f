#!/usr/bin/env bash
# What takes too long for every commit, run before a claim is made: long fuzzing, a thousand kills, every failing disk
# operation, thousands of flipped bytes. About three hours on two cores; the summary is kept in bench/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh --ci
scripts/install-deps.sh --kafka
cmake --preset fuzz -Wno-dev --log-level=WARNING
cmake --build --preset fuzz
report=bench/results/$(date +%F)-test-long.md
export WHITTLE_BIN=$PWD/build/release/src/cli/whittle
{
  echo "# Long tests, $(date +%F), $(git describe --always --dirty)"
  echo
} >"$report"
failed=0
step() {
  local name=$1 begin=$SECONDS verdict=passed
  shift
  echo "== $name"
  "$@" 2>&1 | tee "build/long-$name.log" || { verdict=FAILED; failed=$((failed + 1)); }
  { echo "- $name: $verdict after $((SECONDS - begin)) s"; grep -hE '^(crash|fuzz|tail|soak|mutant|as it is)' "build/long-$name.log" | sed 's/^/  - /' || true; } >>"$report"
}
step crash env WHITTLE_KILLS_SMALL=1000 python3 -B tests/crash_test.py
step fault env WHITTLE_FAULTS=0 python3 -B tests/fault_test.py
step power env WHITTLE_TAIL_CRASHES=200 build/release/src/pipeline/pipeline_test --gtest_filter="*Crash*"
step tail env WHITTLE_TAIL_STRICT=1 WHITTLE_TAIL_SEQUENCES=2000 python3 -B tests/tail_torture_test.py
step soak env WHITTLE_SOAK_SECONDS=1800 python3 -B tests/soak_test.py
step damage env WHITTLE_FLIPS=2000 python3 -B tests/damage_test.py
step kafka env WHITTLE_KAFKA_REAL=1 WHITTLE_KAFKA_MESSAGES=5000000 WHITTLE_KAFKA_ROUNDS=40 python3 -B tests/kafka_real_test.py
step corpora env WHITTLE_KILLS=400 WHITTLE_CACHE_BYTES=100000000 python3 -B tests/corpora_test.py
step queries env WHITTLE_QUERIES=2000 python3 -B tests/query_differential_test.py
step memory env WHITTLE_EVENTS=10000000 python3 -B tests/query_memory_test.py
step sampling env WHITTLE_LONG=1 build/release/src/sample/sample_test --gtest_filter='HonestSampling.*:TotalEstimator.*:RateController.*'
step comparisons env WHITTLE_RUNS=200 build/release/src/query/query_test --gtest_filter='Difference.*'
step outage env WHITTLE_LONG=1 python3 -B tests/otlp_sink_test.py
step fuzz env FUZZ_SEED=0 FUZZ_SECONDS="${FUZZ_SECONDS:-600}" FUZZ_SECONDS_INNER="${FUZZ_SECONDS:-600}" scripts/fuzz.sh
echo "test-long: $failed of 14 failed; see $report"
[[ $failed -eq 0 ]]
