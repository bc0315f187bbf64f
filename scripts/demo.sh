#!/usr/bin/env bash
# The demo: ingests the sample logs into a fresh store and shows the report, one query and one event.
set -euo pipefail
cd "$(dirname "$0")/.."
whittle=${1:-build/release/src/cli/whittle}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WHITTLE_STORE=$work/store

# Shows the command as a reader would type it, runs it, and shows the first LINES of its output (0 = all).
show() {
  local lines=$1 text="whittle" word
  shift
  for word in "$@"; do
    if [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]]; then text+=" $word"; else text+=" '$word'"; fi
  done
  [[ $lines == 0 ]] || text+=" | head -n $lines"
  printf '\n$ %s\n' "$text"
  # sed reads to the end, so that nothing ends by SIGPIPE under pipefail.
  "$whittle" "$@" | if [[ $lines == 0 ]]; then cat; else sed -n "1,${lines}p"; fi
}
show 0 ingest examples/logs
show 12 query 'http.response.status_code>=400 | count by url.path'
show 1 cat 'http.response.status_code>=500'
show 0 verify
echo
echo "That was a store in $work, which is gone now. Your own logs: app 2>&1 | whittle ingest, or whittle ingest FILE..."
