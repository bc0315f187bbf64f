#!/usr/bin/env python3
"""End-to-end benchmark: whittle beside zstd, xz, clp-s and DuckDB on the same files in the same run.

For every log it measures, each pinned to its processors and the best of several turns that alternate:
  rate      MB/s of raw text of `whittle ingest --jobs 1` on one processor beside `zstd -3` on the same one
  scaling   `--jobs 2` on two processors against `--jobs 1` on one, and beside it two processes with a job each at the same
            time: what the machine has for two, whatever the program does
  size      raw bytes / bytes of the whole store directory, beside zstd -3, zstd -19, xz -9e
  memory    peak resident memory of the ingest
  decode    MB/s of `whittle cat --raw`
  start     `whittle --help`, and the ingest of 2,000 lines into a new store
  peers     sizes and rates of clp-s and of DuckDB's Parquet, given the same events as NDJSON, when the Python that runs
            this has them (pip install duckdb yscope-clp-core)
  large     one file of 500 MB by fresh_corpus: rate and scaling again; then bench/query.py on a store of 2.2 GB
and checks its answers: what `cat --raw` prints has to be the input, or the run fails.

What slow compressors make of a file is measured once and remembered in build/bench-sizes.json.
Writes a markdown report to standard output and to bench/results/. Python's standard library only.
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
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import query

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


def two_at_once(options, log, work):
    """Seconds until two ingests of `log`, of one job each and on a processor each, are both done."""
    stores = [work / "left", work / "right"]
    for store in stores:
        shutil.rmtree(store, ignore_errors=True)
    commands = [[options.whittle, "ingest", log, "--store", store, "--jobs", 1, "--quiet"] for store in stores]
    with ThreadPoolExecutor(2) as pool:
        began = time.perf_counter()
        list(pool.map(measure, commands, options.two_cpus.split(",")))
        return time.perf_counter() - began


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
        self.lock = threading.Lock()

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
            with self.lock:
                self.known[key] = size
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps(self.known, indent=1))
        return self.known[key]


def check_answer(options, store, log, sha, work):
    out = work / "raw"
    with open(out, "wb") as file:
        measure([options.whittle, "cat", "--raw", "--store", store], options.cpu, file)
    if digest(out) != sha:
        fail(f"{log.name}: cat --raw is not the input; a fast wrong answer is no result")
    out.unlink()


# What peers make of the events of a log, as NDJSON. Each attribute of the log lines is in it, named and typed.
PARQUET = """COPY (SELECT * FROM read_json('{events}', format='newline_delimited', sample_size=20000, ignore_errors=true,
maximum_object_size=33554432, union_by_name=true)) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"""


def bench_peers(options, store, raw, work):
    """Sizes, and rates by processor time, of clp-s and DuckDB; empty when they are not installed."""
    clp = shutil.which("clp-s", path=str(Path(sys.executable).parent))
    duckdb = subprocess.run([sys.executable, "-c", "import duckdb"], capture_output=True).returncode == 0
    peers = {}
    if options.small or not (clp or duckdb):
        return peers
    events = work / "events.ndjson"
    with open(events, "wb") as file:
        measure([options.whittle, "cat", "--format", "ndjson", "--store", store], options.cpu, file)
    if clp:
        shutil.rmtree(work / "clp", ignore_errors=True)
        _, cpu, _ = measure([clp, "c", "--timestamp-key", "timestamp", work / "clp", events], options.cpu)
        peers["clp"], peers["clp_rate"] = tree_size(work / "clp"), raw / cpu / MB
    if duckdb:
        out = work / "events.parquet"
        statement = PARQUET.format(events=events, out=out)
        _, cpu, _ = measure([sys.executable, "-c", "import duckdb, sys; duckdb.execute(sys.argv[1])", statement], options.cpu)
        peers["parquet"], peers["parquet_rate"] = out.stat().st_size, raw / cpu / MB
        out.unlink()
    events.unlink()
    return peers


def bench_start(options, log, work):
    """Least seconds of `whittle --help` and of ingesting 2,000 lines into a new store."""
    lines = work / "lines"
    with open(log, "rb") as source:
        lines.write_bytes(b"".join(source.readline() for _ in range(2000)))
    help_s = min(measure([options.whittle, "--help"], options.cpu)[0] for _ in range(options.turns * 3))
    ingest = []
    for _ in range(options.turns * 3):
        shutil.rmtree(work / "tiny", ignore_errors=True)
        ingest.append(measure([options.whittle, "ingest", lines, "--store", work / "tiny", "--quiet"], options.cpu)[0])
    return help_s, min(ingest)


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
    both = float("inf")
    for _ in range(options.turns):
        turn("zstd", ["zstd", "-3", "--single-thread", "-q", "-c", log], options.cpu)
        turn("one", [options.whittle, "ingest", log, "--store", one, "--jobs", 1, "--quiet"], options.cpu, one)
        if options.two_cpus:
            turn("two", [options.whittle, "ingest", log, "--store", two, "--jobs", 2, "--quiet"], options.two_cpus, two)
            both = min(both, two_at_once(options, log, work))
    row["one_cpu"], row["two_cpu"] = best["one"][1], best["two"][1] if options.two_cpus else None
    row["rate"] = raw / best["one"][0] / MB
    row["zstd_rate"] = raw / best["zstd"][0] / MB
    row["peak"] = best["one"][2]
    row["scaling"] = best["one"][0] / best["two"][0] if options.two_cpus else None
    row["at_once"] = 2 * best["one"][0] / both if options.two_cpus else None
    row["store"] = tree_size(one)
    check_answer(options, one, log, sha, work)
    decode = [measure([options.whittle, "cat", "--raw", "--store", one], options.cpu) for _ in range(options.turns * 2)]
    row["decode"] = raw / min(cpu for _, cpu, _ in decode) / MB
    row["decode_wall"] = raw / min(wall for wall, _, _ in decode) / MB
    row.update(bench_peers(options, one, raw, work))
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
               ("2 jobs / 1", lambda r: cell(r["scaling"], 2)), ("2 processes / 1", lambda r: cell(r["at_once"], 2)),
               ("decode MB/s", lambda r: cell(r["decode_wall"], 0)),
               ("decode, processor", lambda r: cell(r["decode"], 0)),
               ("peak MiB", lambda r: cell(r["peak"] / 2**20, 0)), ("ratio", lambda r: cell(r["raw"] / r["store"], 1))]
    if options.compact:
        columns.append(("compacted", lambda r: cell(r["raw"] / r["compact"], 1)))
    columns.append(("zstd -3", lambda r: cell(r["raw"] / r["zstd3"], 1)))
    if not options.small:
        columns += [("zstd -19", lambda r: cell(r["raw"] / r["zstd19"], 1)),
                    ("xz -9e", lambda r: cell(r["raw"] / r["xz9e"], 1)),
                    ("store / xz -9e", lambda r: cell(r["store"] / r["xz9e"], 3))]
        if options.compact:
            columns.append(("compacted / xz -9e", lambda r: cell(r["compact"] / r["xz9e"], 3)))
    for peer, name in (("clp", "clp-s"), ("parquet", "Parquet")):
        if any(peer in r for r in rows):
            columns += [(name, lambda r, peer=peer: cell(r["raw"] / r[peer] if peer in r else None, 1)),
                        (name + " MB/s", lambda r, peer=peer: cell(r.get(peer + "_rate"), 0))]
    lines = ["| " + " | ".join(name for name, _ in columns) + " |",
             "|---|" + "--:|" * (len(columns) - 1)]
    lines += ["| " + " | ".join(get(row) for _, get in columns) + " |" for row in rows]
    return lines


def marks(rows, extra, options):
    """What is aimed at, and whether this run reached it."""
    scaling = [r["scaling"] for r in rows if r["scaling"]]
    out = [("ingest, slowest log: at least 100 MB/s", min(r["rate"] for r in rows), 100, ">="),
           ("ingest / zstd -3, geometric mean: at least 0.15", mean(r["rate"] / r["zstd_rate"] for r in rows), 0.15, ">="),
           ("peak memory in MiB, greatest: at most 512", max(r["peak"] for r in rows) / 2**20, 512, "<="),
           ("decode, slowest log, processor time: at least 500 MB/s", min(r["decode"] for r in rows), 500, ">=")]
    if scaling:
        out.append(("two jobs / one, geometric mean: at least 1.8", mean(scaling), 1.8, ">="))
    if extra.get("large") and extra["large"]["scaling"]:
        out.append(("two jobs / one, a file of 500 MB: at least 1.8", extra["large"]["scaling"], 1.8, ">="))
    if "start" in extra:
        out += [("whittle --help in ms: below 20", extra["start"][0] * 1000, 20, "<="),
                ("2,000 lines into a new store in ms: below 150", extra["start"][1] * 1000, 150, "<=")]
    if not options.small:
        out += [("logs stored smaller than zstd -19: at least 4", sum(r["store"] < r["zstd19"] for r in rows), 4, ">="),
                ("store / xz -9e, geometric mean: at most 0.80", mean(r["store"] / r["xz9e"] for r in rows), 0.80, "<=")]
        if options.compact:
            compacted = [r["compact"] / r["xz9e"] for r in rows]
            out += [("compacted / xz -9e, geometric mean: at most 0.65", mean(compacted), 0.65, "<="),
                    ("compacted / xz -9e, greatest: below 1", max(compacted), 1, "<=")]
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
        return [query.small_log(work / "examples.log")]
    if options.logs:
        return [Path(log).resolve() for log in options.logs]
    root = Path(os.environ.get("WHITTLE_CORPORA") or ROOT / "../shared/corpora").resolve() / "large"
    if not root.is_dir():
        print(f"end_to_end: no real logs ($WHITTLE_CORPORA/large): 64 MB made of examples/logs instead", file=sys.stderr)
        with open(work / "examples.log", "wb") as file:
            subprocess.run([options.generator, "64000000", *query.example_logs()], stdout=file, check=True)
        return [work / "examples.log"]
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


def bench_large(options, logs, work):
    """Rate and scaling on one large file."""
    log, store = work / "large.log", work / "large"
    with open(log, "wb") as file:
        subprocess.run([options.generator, str(options.large), *map(str, logs)], stdout=file, check=True)
    best = {1: float("inf"), 2: float("inf")}
    both = float("inf")
    for _ in range(max(1, options.turns - 1)):
        for jobs, cpus in ((1, options.cpu), (2, options.two_cpus)):
            if not cpus:
                continue
            shutil.rmtree(store, ignore_errors=True)
            best[jobs] = min(best[jobs], measure([options.whittle, "ingest", log, "--store", store, "--jobs", jobs, "--quiet"], cpus)[0])
        if options.two_cpus:
            both = min(both, two_at_once(options, log, work))
    size = log.stat().st_size
    check_answer(options, store, log, digest(log), work)
    log.unlink()
    shutil.rmtree(store)
    return {"bytes": size, "rate": size / best[1] / MB, "two_rate": size / best[2] / MB,
            "scaling": best[1] / best[2] if options.two_cpus else None,
            "at_once": 2 * best[1] / both if options.two_cpus else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("logs", nargs="*", help="log files; by default every log of $WHITTLE_CORPORA/large")
    parser.add_argument("--whittle", default=str(ROOT / "build/release/src/cli/whittle"))
    parser.add_argument("--turns", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--small", action="store_true", help="the examples only, no slow compressors, no result file")
    parser.add_argument("--compact", action="store_true", help="measure `whittle compact --max` too")
    parser.add_argument("--generator", default=str(ROOT / "build/release/bench/fresh_corpus"))
    parser.add_argument("--large", type=int, default=500_000_000, help="bytes of the large file; 0: none")
    parser.add_argument("--store", type=int, default=2_200_000_000, help="bytes of text for bench/query.py; 0: not run")
    parser.add_argument("--note", default="", help="a sentence for the result file")
    options = parser.parse_args()
    options.whittle = str(Path(options.whittle).resolve())
    if not os.access(options.whittle, os.X_OK):
        fail(f"no binary at {options.whittle}; run `make build`")
    if options.small:
        options.turns, options.large, options.store = 1, 0, 0
    cpus = sorted(os.sched_getaffinity(0))
    options.cpu = str(cpus[-1])
    options.two_cpus = ",".join(map(str, cpus[:2])) if len(cpus) > 1 else ""
    sizes = Sizes(ROOT / "build" / "bench-sizes.json")
    with tempfile.TemporaryDirectory(prefix="whittle-bench-") as name:
        work = Path(name)
        rows = []
        logs = inputs(options, work)
        if not options.small:  # once, on all processors, before anything is timed
            slow = [(log, digest(log), command) for command in ("xz -9e -T1 -c".split(), "zstd -19 --single-thread -q -c".split())
                    for log in logs]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(lambda job: sizes.get(*job), slow))
        extra = {"start": bench_start(options, logs[0], work)}
        for log in logs:
            rows.append(bench_log(options, log, sizes, work))
            print(f"end_to_end: {log.name} done", file=sys.stderr)
        extra["large"] = bench_large(options, logs, work) if options.large else None
        reading = ""
        if options.store:
            print("end_to_end: reading a large store", file=sys.stderr)
            reading = query.measure(argparse.Namespace(whittle=options.whittle, generator=options.generator, bytes=options.store,
                                                       turns=options.turns), logs, work)
    today = datetime.date.today().isoformat()
    commit = version_of("git", "-C", str(ROOT), "describe", "--always", "--dirty")
    text = [f"# Size and speed, {today}", "", options.note or "Ratios were measured side by side in one run; compare those, not absolute rates.", ""]
    text += table(rows, options) + [""] + ([] if options.small else marks(rows, extra, options))
    if large := extra["large"]:
        text += ["", f"One file of {large['bytes'] / MB:.0f} MB made of these: {large['rate']:.0f} MB/s with one job"
                 + (f", {large['two_rate']:.0f} MB/s with two, {large['scaling']:.2f} times one; two processes at once: "
                    f"{large['at_once']:.2f}." if large["scaling"] else ".")]
    text += ["", f"- machine: {machine()}", f"- command: `bench/end_to_end.py {' '.join(sys.argv[1:])}`, best of {options.turns}",
             f"- versions: {version_of(options.whittle, 'version')} at {commit}; {version_of('zstd', '--version')}; "
             f"{version_of('xz', '--version')}", "", reading.replace("# Reading", "## Reading")]
    text = "\n".join(text).replace(str(ROOT) + "/", "").replace(os.path.relpath(ROOT) + "/", "")
    print(text)
    if not options.small:
        target = ROOT / "bench" / "results" / f"{today}-speed.md"
        target.write_text(text)
        print(f"end_to_end: written to {target.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
