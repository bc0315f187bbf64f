#!/usr/bin/env python3
"""What the pattern library costs: ingest with all patterns and with none, in turns on the same files, best of
each, in processor time.

    bench/patterns.py [--rounds 3] [--megabytes 32] FILE...

Prints a table and fails when ingest with all patterns has less than 90 % of the throughput without (geometric mean), or
when the two do not store the same bytes."""

import argparse
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ingest(whittle, path, flags, store):
    shutil.rmtree(store, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([whittle, "ingest", path, "--store", store, "--quiet", "--jobs", "1", *flags], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--whittle", default=str(ROOT / "build/release/src/cli/whittle"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=32, help="so much of each file")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    ratios = []
    print(f"{'file':28} {'MB':>6} {'all MB/s':>9} {'none MB/s':>9} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.files:
            with open(name, "rb") as file:
                text = file.read(options.megabytes << 20)
            path = os.path.join(folder, Path(name).name)
            Path(path).write_bytes(text[:text.rfind(b"\n") + 1])
            size = os.path.getsize(path) / 1e6
            store = os.path.join(folder, "store")
            best = {}
            for _ in range(options.rounds):
                for kind, flags in (("all", []), ("none", ["--no-patterns"])):
                    best[kind] = min(best.get(kind, 1e9), ingest(options.whittle, path, flags, store))
                    stored = subprocess.run([options.whittle, "cat", "--raw", "--store", store], check=True,
                                            capture_output=True).stdout
                    if stored != Path(path).read_bytes():
                        sys.exit(f"{name}: {kind} patterns: the store does not give the bytes back")
            ratios.append(best["none"] / best["all"])
            print(f"{Path(name).name:28} {size:6.1f} {size / best['all']:9.1f} {size / best['none']:9.1f} {ratios[-1]:6.2f}",
                  flush=True)
    mean = math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
    print(f"geometric mean {mean:.3f} of the throughput without patterns")
    return 0 if mean >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
