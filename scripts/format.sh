#!/usr/bin/env bash
# Checks the formatting of every C++ file; with --fix, repairs it.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run --Werror)
[[ "${1:-}" == "--fix" ]] && mode=(-i)
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' | xargs -0 -r -n 16 -P 2 clang-format-14 --style=file "${mode[@]}"
