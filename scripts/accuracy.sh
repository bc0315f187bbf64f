#!/usr/bin/env bash
# Prints template accuracy on labelled logs and fails below the floors. Without such logs it says so and shows nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 bench/accuracy.py --whittle "${1:-build/release/src/cli/whittle}"
