#!/usr/bin/env python3
"""Reading benchmark: searching and counting in a large store, beside ripgrep on the same text in the page cache.

Makes a large log of the given ones with fresh_corpus (shifted days, fresh ids), ingests it, and measures whole processes,
the best of several alternating turns:
  needle    `whittle query 'ID | count'` and `cat --raw ID` beside `rg -c ID` (rg uses all processors, whittle one)
  absent    the same for an id that is nowhere
  templates `whittle query '| count by template'`, in bytes of text a second
  a day     a selective time range, with the bytes of the store that were read for it
  raw       `whittle cat --raw`
Checks its answers: counts are those of the text, `cat --raw ID` gives its lines, `cat --raw` the whole input.

Python's standard library, and rg when it is installed.
"""

import argparse
import datetime
import hashlib
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRESH = re.compile(rb"[0-9]{6,}")  # what fresh_corpus changes
ID = re.compile(rb"(?<![A-Za-z0-9_])[A-Za-z0-9_]{12,}(?![A-Za-z0-9_])")


def fail(message):
    print(f"query: {message}", file=sys.stderr)
    sys.exit(1)


def run(*command, stdout=subprocess.PIPE):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run([str(c) for c in command], stdout=stdout, stderr=subprocess.PIPE)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        fail(f"{command} exited with {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(turns, commands):
    """Least wall and processor seconds of each command, in turns."""
    results = [(None, float("inf"), float("inf"))] * len(commands)
    for _ in range(turns):
        for i, command in enumerate(commands):
            out, wall, cpu = run(*command)
            results[i] = (out, min(results[i][1], wall), min(results[i][2], cpu))
    return results


def find_needle(log, size):
    """An id of the last part that few lines have and that a message, not a header, holds."""
    with open(log, "rb") as file:
        file.seek(size * 3 // 4)
        file.readline()
        for line in file:
            for found in ID.finditer(line, len(line) // 2):  # not of half the line, which may begin inside an id
                word = found.group()
                if len(set(word)) > 6 and not word.isdigit() and FRESH.search(word):
                    return word.decode()
    fail("no id in the log")


def middle_day(whittle, store):
    """The day with the median number of events, and that number."""
    rows = run(whittle, "query", "--store", store, "--format", "csv", "* | count every 1d")[0].decode().splitlines()[1:]
    days = sorted((int(count), time[:10]) for time, count in (row.rsplit(",", 1) for row in rows if row[:1] != ","))
    return days[len(days) // 2][1], days[len(days) // 2][0]


def bytes_read(whittle, store, query):
    """What `query --stats` says: bytes of the store read, and all of them."""
    done = subprocess.run([str(whittle), "query", "--store", str(store), "--stats", query], capture_output=True, text=True)
    found = re.search(r"(\d+) of (\d+) bytes", done.stderr)
    return (int(found[1]), int(found[2])) if found else fail(f"query --stats says {done.stderr}")


def lines_with(log, word):
    pattern = re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(word.encode()) + rb"(?![A-Za-z0-9_])", re.I)
    lower, upper = word.lower().encode(), word.encode()
    with open(log, "rb") as file:
        return [line for line in file if (upper in line or lower in line) and pattern.search(line)]


def example_logs():
    return sorted(p for p in (ROOT / "examples/logs").iterdir() if p.is_file() and p.suffix != ".gz")


def small_log(path):
    path.write_bytes(b"".join(p.read_bytes() for p in sorted((ROOT / "examples/logs").iterdir())) * 4)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--whittle", default=ROOT / "build/release/src/cli/whittle")
    parser.add_argument("--generator", default=ROOT / "build/release/bench/fresh_corpus")
    parser.add_argument("--bytes", type=int, default=2_200_000_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="a few megabytes of the example logs: checks answers, writes nothing")
    parser.add_argument("--dir", help="scratch space; default: a temporary directory")
    parser.add_argument("logs", nargs="*", type=Path)
    options = parser.parse_args()
    logs = options.logs
    if options.small or not logs:
        logs = example_logs()
        options.bytes, options.turns = (4_000_000, 1) if options.small else (options.bytes, options.turns)
    scratch = Path(options.dir or tempfile.mkdtemp(prefix="whittle-bench-"))
    try:
        report = measure(options, logs, scratch)
    finally:
        if not options.dir:
            shutil.rmtree(scratch, ignore_errors=True)
    print(report)
    if not options.small:
        out = ROOT / "bench/results" / f"{datetime.date.today()}-query.md"
        out.write_text(report)


def measure(options, logs, scratch):
    log, store = scratch / "large.log", scratch / "store"
    if not log.exists():
        with open(log, "wb") as file:
            run(options.generator, options.bytes, *logs, stdout=file)
    size = log.stat().st_size
    if not store.exists():
        run(options.whittle, "ingest", log, "--store", store, "--quiet")
    stored = sum(p.stat().st_size for p in store.rglob("*") if p.is_file())
    needle = find_needle(log, size)
    absent = needle[:-3] + "0z9"
    expected = lines_with(log, needle)
    whittle = options.whittle
    rg = shutil.which("rg")
    commands = [(whittle, "query", "--store", store, "--format", "csv", f'"{needle}" | count'),
                (whittle, "cat", "--raw", "--store", store, f'"{needle}"'),
                (whittle, "query", "--store", store, "--format", "csv", f'"{absent}" | count'),
                (whittle, "query", "--store", store, "--format", "csv", "* | count by template_id")]
    day, of_day = middle_day(whittle, store)
    commands.append((whittle, "query", "--store", store, "--format", "csv", f"{day}..{day} | count"))
    if rg:
        commands += [(rg, "-c", needle, log), (rg, "-c", absent, log)]
    results = best(options.turns, commands)
    counted = int(results[0][0].split()[-1])
    found = results[1][0]
    if not 0 < counted <= len(expected):
        fail(f"{needle}: {counted} events, {len(expected)} lines of the text have it")
    if any(line not in found for line in expected if counted == len(expected)):
        fail(f"{needle}: cat --raw does not print its lines")
    if int(results[2][0].split()[-1]) != 0:
        fail(f"{absent} was found")
    total = sum(int(row.rsplit(b",", 1)[1]) for row in results[3][0].splitlines()[1:])
    if total != int(run(whittle, "query", "--store", store, "--format", "csv", "* | count")[0].split()[-1]):
        fail("counts by template do not add up")
    if int(results[4][0].split()[-1]) != of_day:
        fail(f"{day} has {of_day} events, but the time range finds {results[4][0]}")
    read = [bytes_read(whittle, store, query) for query in (f'"{needle}" | count', "* | count by template_id", f"{day}..{day} | count")]
    with open(log, "rb") as file:
        sha = hashlib.file_digest(file, "sha256").hexdigest()
    process = subprocess.Popen([str(whittle), "cat", "--raw", "--store", str(store)], stdout=subprocess.PIPE)
    if hashlib.file_digest(process.stdout, "sha256").hexdigest() != sha or process.wait() != 0:
        fail("cat --raw is not the input")
    raw = min(run(whittle, "cat", "--raw", "--store", store, stdout=subprocess.DEVNULL)[2] for _ in range(options.turns))

    def row(what, result, other=None):
        beside = "" if other is None else f"{other[1] * 1000:.0f} | {other[2] * 1000:.0f} | {other[1] / result[1]:.1f} | {other[2] / result[2]:.1f}"
        return f"| {what} | {result[1] * 1000:.0f} | {result[2] * 1000:.0f} | {beside or ' | | | '} |"

    rg_needle, rg_absent = (results[5], results[6]) if rg else (None, None)
    version = run(whittle, "version")[0].decode().split("\n")[0]
    lines = [f"# Reading a large store, {datetime.date.today()}", "",
             f"{size / 1e9:.2f} GB of text, {stored / 1e6:.1f} MB stored, by `bench/query.py`; {version}; {platform.machine()}, "
             f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}. Whole processes, cold, text and store in the page cache, "
             f"least of {options.turns} alternating turns. rg searches with all processors, whittle with one.", "",
             "| what | ms | processor ms | rg ms | rg processor ms | times faster | by processor time |", "|---|---|---|---|---|---|---|",
             row(f"needle, {counted} events, `query 'ID \\| count'`", results[0], rg_needle),
             row("the same, `cat --raw ID`", results[1], rg_needle), row("an id that is nowhere", results[2], rg_absent),
             row("`count by template` over everything", results[3]), row(f"a day, {of_day} events, `{day}..{day} \\| count`", results[4]), "",
             f"Bytes of segments read, of {read[0][1]:,}: needle {read[0][0]:,}, `count by template` {read[1][0]:,}, the day {read[2][0]:,}.", "",
             f"`count by template`: {size / 1e9 / results[3][2]:.2f} GB of text a processor second; `cat --raw`: "
             f"{size / 1e6 / raw:.0f} MB.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
