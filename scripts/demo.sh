#!/usr/bin/env bash
# The demo: ingests the sample logs into a fresh store and shows the report, one query and one event.
set -euo pipefail
cd "$(dirname "$0")/.."
whittle=${1:-build/release/src/cli/whittle}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WHITTLE_STORE=$work/store

run() {
  printf '\n$ whittle %s\n' "$(printf '%q ' "$@" | sed 's/ $//')"
  "$whittle" "$@"
}
run ingest examples/logs
run query 'severity>=ERROR | count by service.name'
printf '\n$ whittle cat %q | head -n 1\n' 'http.response.status_code>=500'
"$whittle" cat 'http.response.status_code>=500' | sed -n 1p
run verify
echo
echo "That was a store in $work, which is gone now. Your own logs: app 2>&1 | whittle ingest, or whittle ingest FILE..."
