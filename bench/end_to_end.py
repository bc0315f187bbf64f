#!/usr/bin/env python3
"""End-to-end benchmark: whittle beside zstd and xz on the same files in the same run.

For every log it measures, each pinned to its processors and the best of several turns that alternate:
  rate      MB/s of raw text of `whittle ingest --jobs 1` on one processor beside `zstd -3` on the same one
  scaling   `--jobs 2` on two processors against `--jobs 1` on one
  size      raw bytes / bytes of the whole store directory, beside zstd -3, zstd -19, xz -9e
  memory    peak resident memory of the ingest
  decode    MB/s of `whittle cat --raw`
and checks its answers: what `cat --raw` prints has to be the input, or the run fails.

Writes a markdown table to standard output and to bench/results/. Python's standard library only.
"""

import argparse
import datetime
import hashlib
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MB = 1e6


def fail(message):
    print(f"end_to_end: {message}", file=sys.stderr)
    sys.exit(1)


def measure(command, cpus, stdout=subprocess.DEVNULL):
    """Runs `command` pinned to `cpus`; seconds of wall time, seconds of processor time, peak bytes."""
    pinned = ["taskset", "-c", cpus, *map(str, command)] if shutil.which("taskset") else list(map(str, command))
    began = time.perf_counter()
    process = subprocess.Popen(pinned, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        fail(f"{' '.join(pinned)} exited with {process.returncode}: {errors.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def tree_size(path):
    return sum(p.stat().st_size for p in Path(path).rglob("*") if p.is_file())


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Sizes:
    """Sizes by slow compressors are the same every time: remembered by content and version in build/."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text()) if path.is_file() else {}

    def get(self, log, sha, command):
        version = subprocess.run([command[0], "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        key = f"{sha} {' '.join(command)} {version}"
        if key not in self.known:
            with open(log, "rb") as file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as process:
                size = 0
                while chunk := process.stdout.read(1 << 20):
                    size += len(chunk)
            if process.returncode != 0:
                fail(f"{' '.join(command)} failed on {log}")
            self.known[key] = size
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(self.known, indent=1))
        return self.known[key]


def check_answer(options, store, log, sha, work):
    out = work / "raw"
    with open(out, "wb") as file:
        seconds, _, _ = measure([options.whittle, "cat", "--raw", "--store", store], options.cpu, file)
    if digest(out) != sha:
        fail(f"{log.name}: cat --raw is not the input; a fast wrong answer is no result")
    out.unlink()
    return seconds


def bench_log(options, log, sizes, work):
    raw = log.stat().st_size
    sha = digest(log)
    row = {"name": log.name, "raw": raw}
    best = {}

    def turn(name, command, cpus, store=None):
        if store and store.exists():
            shutil.rmtree(store)
        wall, cpu, peak = measure(command, cpus)
        if name not in best or wall < best[name][0]:
            best[name] = (wall, cpu, peak)
        best[name] = (best[name][0], best[name][1], max(best[name][2], peak))

    one, two = work / "one", work / "two"
    for _ in range(options.turns):
        turn("zstd", ["zstd", "-3", "--single-thread", "-q", "-c", log], options.cpu)
        turn("one", [options.whittle, "ingest", log, "--store", one, "--jobs", 1, "--quiet"], options.cpu, one)
        if options.two_cpus:
            turn("two", [options.whittle, "ingest", log, "--store", two, "--jobs", 2, "--quiet"], options.two_cpus, two)
    row["rate"] = raw / best["one"][0] / MB
    row["zstd_rate"] = raw / best["zstd"][0] / MB
    row["peak"] = best["one"][2]
    row["scaling"] = best["one"][0] / best["two"][0] if options.two_cpus else None
    row["store"] = tree_size(one)
    row["decode"] = raw / min(check_answer(options, one, log, sha, work) for _ in range(options.turns)) / MB
    if options.two_cpus:
        check_answer(options, two, log, sha, work)
    row["compact"] = None
    if options.compact:
        measure([options.whittle, "compact", "--max", "--store", one, "--quiet"], "0-%d" % (os.cpu_count() - 1))
        check_answer(options, one, log, sha, work)
        row["compact"] = tree_size(one)
    row["zstd3"] = sizes.get(log, sha, ["zstd", "-3", "--single-thread", "-q", "-c"])
    if not options.small:
        row["zstd19"] = sizes.get(log, sha, ["zstd", "-19", "--single-thread", "-q", "-c"])
        row["xz9e"] = sizes.get(log, sha, ["xz", "-9e", "-T1", "-c"])
    return row


def mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def table(rows, options):
    def cell(value, digits):
        return "" if value is None else f"{value:.{digits}f}"

    columns = [("log", lambda r: r["name"]), ("MB", lambda r: cell(r["raw"] / MB, 1)),
               ("ingest MB/s", lambda r: cell(r["rate"], 0)), ("zstd -3 MB/s", lambda r: cell(r["zstd_rate"], 0)),
               ("of zstd -3", lambda r: cell(r["rate"] / r["zstd_rate"], 3)),
               ("2 jobs / 1", lambda r: cell(r["scaling"], 2)), ("decode MB/s", lambda r: cell(r["decode"], 0)),
               ("peak MiB", lambda r: cell(r["peak"] / 2**20, 0)), ("ratio", lambda r: cell(r["raw"] / r["store"], 1))]
    if options.compact:
        columns.append(("compacted", lambda r: cell(r["raw"] / r["compact"], 1)))
    columns.append(("zstd -3", lambda r: cell(r["raw"] / r["zstd3"], 1)))
    if not options.small:
        columns += [("zstd -19", lambda r: cell(r["raw"] / r["zstd19"], 1)),
                    ("xz -9e", lambda r: cell(r["raw"] / r["xz9e"], 1)),
                    ("store / xz -9e", lambda r: cell(r["store"] / r["xz9e"], 3))]
    lines = ["| " + " | ".join(name for name, _ in columns) + " |",
             "|---|" + "--:|" * (len(columns) - 1)]
    lines += ["| " + " | ".join(get(row) for _, get in columns) + " |" for row in rows]
    return lines


def marks(rows, options):
    """What is aimed at, and whether this run reached it."""
    scaling = [r["scaling"] for r in rows if r["scaling"]]
    out = [("ingest, slowest log: at least 100 MB/s", min(r["rate"] for r in rows), 100, ">="),
           ("ingest / zstd -3, geometric mean: at least 0.15", mean(r["rate"] / r["zstd_rate"] for r in rows), 0.15, ">="),
           ("peak memory in MiB, greatest: at most 512", max(r["peak"] for r in rows) / 2**20, 512, "<="),
           ("decode, geometric mean: at least 500 MB/s", mean(r["decode"] for r in rows), 500, ">=")]
    if scaling:
        out.append(("two jobs / one, geometric mean: at least 1.8", mean(scaling), 1.8, ">="))
    if not options.small:
        out += [("logs stored smaller than zstd -19: at least 4", sum(r["store"] < r["zstd19"] for r in rows), 4, ">="),
                ("store / xz -9e, geometric mean: at most 0.80", mean(r["store"] / r["xz9e"] for r in rows), 0.80, "<=")]
        if options.compact:
            out.append(("compacted / xz -9e, geometric mean: at most 0.65", mean(r["compact"] / r["xz9e"] for r in rows), 0.65, "<="))
    lines = []
    for name, value, bound, way in out:
        reached = value >= bound if way == ">=" else value <= bound
        lines.append(f"- {'reached' if reached else 'NOT reached'}: {name} (is {value:.3g})")
    return lines


def version_of(*command):
    text = subprocess.run(command, capture_output=True, text=True)
    return re.sub(r"[*]+", "", (text.stdout or text.stderr).strip().split("\n")[0]).strip()


def machine():
    model = "unknown processor"
    try:
        model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()).group(1)
    except (OSError, AttributeError):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} processors, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}"


def inputs(options, work):
    if options.small:
        path = work / "examples.log"
        text = b"".join(p.read_bytes() for p in sorted((ROOT / "examples" / "logs").iterdir()))
        path.write_bytes(text * 4)
        return [path]
    if options.logs:
        return [Path(log).resolve() for log in options.logs]
    root = Path(os.environ.get("WHITTLE_CORPORA") or ROOT / "../shared/corpora").resolve() / "large"
    if not root.is_dir():
        fail(f"no real logs at {root}; set WHITTLE_CORPORA, name log files, or pass --small")
    found = []
    for packed in sorted(root.iterdir()):
        target = work / packed.name.removesuffix(".zst")
        if packed.suffix == ".zst":
            with open(target, "wb") as file:
                subprocess.run(["zstd", "-dcq", packed], stdout=file, check=True)
        else:
            shutil.copy(packed, target)
        found.append(target)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("logs", nargs="*", help="log files; by default every log of $WHITTLE_CORPORA/large")
    parser.add_argument("--whittle", default=str(ROOT / "build/release/src/cli/whittle"))
    parser.add_argument("--turns", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--small", action="store_true", help="the examples only, no slow compressors, no result file")
    parser.add_argument("--compact", action="store_true", help="measure `whittle compact --max` too")
    parser.add_argument("--note", default="", help="a sentence for the result file")
    options = parser.parse_args()
    options.whittle = str(Path(options.whittle).resolve())
    if not os.access(options.whittle, os.X_OK):
        fail(f"no binary at {options.whittle}; run `make build`")
    if options.small:
        options.turns = 1
    cpus = sorted(os.sched_getaffinity(0))
    options.cpu = str(cpus[-1])
    options.two_cpus = ",".join(map(str, cpus[:2])) if len(cpus) > 1 else ""
    sizes = Sizes(ROOT / "build" / "bench-sizes.json")
    with tempfile.TemporaryDirectory(prefix="whittle-bench-") as name:
        work = Path(name)
        rows = []
        for log in inputs(options, work):
            rows.append(bench_log(options, log, sizes, work))
            print(f"end_to_end: {log.name} done", file=sys.stderr)
    today = datetime.date.today().isoformat()
    commit = version_of("git", "-C", str(ROOT), "describe", "--always", "--dirty")
    text = [f"# End to end, {today}", "", options.note or "Ratios were measured side by side in one run; compare those, not absolute rates.", ""]
    text += table(rows, options) + [""] + ([] if options.small else marks(rows, options))
    text += ["", f"- machine: {machine()}", f"- command: `bench/end_to_end.py {' '.join(sys.argv[1:])}`, best of {options.turns}",
             f"- versions: {version_of(options.whittle, 'version')} at {commit}; {version_of('zstd', '--version')}; "
             f"{version_of('xz', '--version')}", ""]
    text = "\n".join(text).replace(str(ROOT) + "/", "").replace(os.path.relpath(ROOT) + "/", "")
    print(text)
    if not options.small:
        target = ROOT / "bench" / "results" / f"{today}-end-to-end.md"
        target.write_text(text)
        print(f"end_to_end: written to {target.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
