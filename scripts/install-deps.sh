#!/usr/bin/env bash
# Installs what whittle needs from Debian 12's own packages. Does nothing, quickly, when everything is there.
#
#   scripts/install-deps.sh         what building, testing and the demo need
#   scripts/install-deps.sh --kafka also what the tests against a real Kafka need: Java and Maven
#   scripts/install-deps.sh --ci    also what the full check needs: clang 14, its sanitizers, clang-format, clang-tidy
set -euo pipefail

packages=(
  # toolchain
  g++ dpkg-dev cmake ninja-build pkg-config ccache make git
  # libraries
  libhyperscan-dev libsimdjson-dev librocksdb-dev libzstd-dev zlib1g-dev liblzma-dev libbz2-dev libre2-dev
  libspdlog-dev libfmt-dev libyaml-cpp-dev libxxhash-dev libhowardhinnant-date-dev librdkafka-dev libcpp-httplib-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  # the tests and benchmarks run these programs
  python3 zstd xz-utils bzip2 gzip man-db
)
if [[ "${1:-}" == "--ci" ]]; then
  packages+=(clang-14 libclang-rt-14-dev llvm-14 clang-format-14 clang-tidy-14)
elif [[ "${1:-}" == "--kafka" ]]; then
  packages+=(default-jre-headless maven)
elif [[ $# -gt 0 ]]; then
  echo "usage: scripts/install-deps.sh [--ci | --kafka]" >&2
  exit 2
fi
# Hyperscan is for x86; Debian's Vectorscan provides the same libhs elsewhere.
if [[ "$(uname -m)" != "x86_64" ]]; then
  packages=("${packages[@]/libhyperscan-dev/libvectorscan-dev}")
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "deps: this script knows Debian only; install the counterparts of: ${packages[*]}" >&2
  exit 2
fi

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "deps: all ${#packages[@]} packages are installed"
  exit 0
fi

as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "deps: missing ${missing[*]}; run this as root: apt-get install ${missing[*]}" >&2
    exit 2
  fi
  as_root=(sudo)
fi
echo "deps: installing ${#missing[@]} of ${#packages[@]} packages with apt-get: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
"${as_root[@]}" apt-get update -q
"${install[@]}" "${missing[@]}" </dev/null
echo "deps: done"
