#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy says what for) with the compile commands of build/fuzz, the clang build.
#
#   scripts/lint.sh            every source file
#   scripts/lint.sh REVISION   the source files that differ from REVISION
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $# -gt 0 ]]; then
  files() { git diff -z --name-only --diff-filter=d "$1" -- 'src/*.cc'; }
else
  files() { git ls-files -z -- 'src/*.cc'; }
fi
# Tests are left out: they are compiled with warnings and run under sanitizers, and are half of the time.
files "$@" | grep -zvE '_(test|bench|fuzz)\.cc$' |
  xargs -0 -r -n 4 -P "$(nproc)" clang-tidy-14 -p build/fuzz --quiet 2> >(grep -vE 'warnings? generated|^Suppressed|^Use -header' >&2)
