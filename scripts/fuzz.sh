#!/usr/bin/env bash
# Runs every fuzzer of build/fuzz, two at a time, and fails when one finds something or is missing: FUZZ_SECONDS (60) for
# each that stands where strangers' bytes come in first, FUZZ_SECONDS_INNER (20) for the others. FUZZ_SEED (1) makes a run
# repeatable; 0 takes a new seed each time, for long runs. Findings are left in build/fuzz/findings/, the grown corpora
# in build/fuzz/corpus/ for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."
export FUZZ_SECONDS=${FUZZ_SECONDS:-60} FUZZ_SECONDS_INNER=${FUZZ_SECONDS_INNER:-20} FUZZ_SEED=${FUZZ_SEED:-1}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

fuzz_one() {
  local source=$1 folder name binary
  folder=$(basename "$(dirname "$source")")
  name=${folder}_$(basename "$source" .cc)
  binary=build/fuzz/src/$folder/$name
  local seconds=$FUZZ_SECONDS_INNER
  [[ " $front " == *" $name "* ]] && seconds=$FUZZ_SECONDS
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/findings
  local log=build/fuzz/findings/$name.log
  # Seeds, when a fuzzer has some, are files in tests/fuzz/<name>/.
  local seeds=()
  [[ -d tests/fuzz/$name ]] && seeds=("tests/fuzz/$name")
  if "$binary" "build/fuzz/corpus/$name" ${seeds[@]+"${seeds[@]}"} -max_total_time="$seconds" -seed="$FUZZ_SEED" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" >"$log" 2>&1; then
    echo "fuzz: $name passed, $(grep -oP 'number_of_executed_units: *\K\d+' "$log" || echo 0) runs"
  else
    tail -n 60 "$log"
    echo "fuzz: $name FAILED, see $log"
    return 1
  fi
}
export -f fuzz_one

# Framing, header, envelope, pattern loading, segment reading, the query language, packed inputs.
export front="parse_framing_fuzz parse_header_fuzz parse_envelope_fuzz parse_pattern_fuzz format_segment_fuzz expr_query_parser_fuzz source_decompressor_fuzz"

sources=(src/*/*_fuzz.cc)
[[ -e "${sources[0]}" ]] || { echo "fuzz: no fuzzers found" >&2; exit 1; }
printf '%s\n' "${sources[@]}" | xargs -P 2 -I{} bash -c 'fuzz_one {}'
