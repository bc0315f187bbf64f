#!/usr/bin/env python3
"""How a flood of lines that are all of new shapes is read beside ordinary logs: bytes a second of processor time, peak memory, and
how many lines were kept whole. Checks that every byte comes back. Writes a markdown table.

  bench/flood.py [--whittle PATH] [--lines N] [--turns N] FILE...
"""

import argparse
import hashlib
import json
import math
import os
import random
import string
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_flood(path, lines, seed):
    rng = random.Random(seed)
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9))) for _ in range(200_000)]
    with open(path, "w", encoding="ascii") as out:
        for _ in range(lines):
            out.write(" ".join(rng.choices(words, k=rng.randint(4, 9))) + "\n")


def ingest(whittle, path, store):
    """Processor seconds and peak memory in MiB."""
    process = subprocess.Popen([whittle, "ingest", "--quiet", "--jobs", "1", "--store", store, path])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"flood: ingest of {path} ended with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def digest(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        return hashlib.file_digest(process.stdout, "sha256").hexdigest()


def measure(whittle, path, turns):
    size = os.path.getsize(path)
    best, peak = math.inf, 0.0
    for turn in range(turns):
        with tempfile.TemporaryDirectory(prefix="whittle-flood-") as work:
            store = f"{work}/store"
            seconds, mib = ingest(whittle, path, store)
            best, peak = min(best, seconds), max(peak, mib)
            if turn == 0:
                stats = subprocess.run([whittle, "stats", "--store", store, "--format", "ndjson"], capture_output=True, check=True)
                whole = sum(json.loads(row).get("raw_lane_lines", 0) for row in stats.stdout.splitlines())
                if digest([whittle, "cat", "--raw", "--store", store]) != digest(["cat", path]):
                    sys.exit(f"flood: the bytes of {path} did not come back")
    return size, size / best / 1e6, peak, whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--whittle", default=str(ROOT / "build/release/src/cli/whittle"))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    print("| input | MB | MB/s of processor time | peak MiB | lines kept whole |\n|---|---|---|---|---|")
    rates = []
    with tempfile.TemporaryDirectory(prefix="whittle-flood-") as work:
        write_flood(f"{work}/flood.log", options.lines, 5)
        for path in [*options.files, f"{work}/flood.log"]:
            size, rate, peak, whole = measure(options.whittle, path, options.turns)
            rates.append(rate)
            print(f"| {Path(path).name} | {size / 1e6:.1f} | {rate:.1f} | {peak:.0f} | {whole:,} |", flush=True)
    if len(rates) > 1:
        usual = math.exp(sum(map(math.log, rates[:-1])) / (len(rates) - 1))
        print(f"\nGeometric mean of the logs {usual:.1f} MB/s; the flood runs at {rates[-1] / usual:.2f} of it.")


if __name__ == "__main__":
    main()
