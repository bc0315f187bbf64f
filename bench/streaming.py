#!/usr/bin/env python3
"""Throughput of `whittle run` beside `whittle ingest` on the same lines: the processor time that batch takes divided by the
processor time that following a file, and reading a Kafka topic (a real broker on loopback), take.
Turns alternate; the best of each counts; files shorter than --megabytes are repeated. Checks that every line is stored.
Writes a markdown table.

  bench/streaming.py [--whittle PATH] [--megabytes N] [--turns N] FILE...
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from kafka_broker import Broker, Unavailable  # noqa: E402
from kafka_client import Producer  # noqa: E402


def processor_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def bytes_in(whittle, store):
    run = subprocess.run([whittle, "stats", "--store", store, "--format", "ndjson"], capture_output=True, check=False)
    totals = [json.loads(line) for line in run.stdout.splitlines() if b'"total":true' in line]
    return totals[0]["in"]["bytes"] if totals else 0


def finished(whittle, args, store, size):
    """Runs the daemon until the store has `size` bytes; its processor seconds."""
    process = subprocess.Popen([whittle, "run", "--quiet", "--jobs", "1", "--store", store, *args])
    deadline = time.monotonic() + 600
    while bytes_in(whittle, store) < size:
        if time.monotonic() > deadline or process.poll() is not None:
            process.kill()
            sys.exit(f"streaming: {args}: {bytes_in(whittle, store)} of {size} bytes are stored")
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"streaming: {args} ended with {status}")
    return processor_seconds(usage)


def batch(whittle, path, store):
    process = subprocess.Popen([whittle, "ingest", "--quiet", "--jobs", "1", "--store", store, path])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"streaming: ingest ended with {status}")
    return processor_seconds(usage)


def measure(whittle, broker, path, turns):
    size = os.path.getsize(path)
    best = {}
    topic = f"logs-{os.getpid()}-{size}"
    with Producer(broker.address) as producer, open(path, "rb") as lines:
        producer.create_topic(topic, 1)
        for line in lines:
            producer.send(topic, 0, line)
        producer.flush(600)
    for turn in range(turns):
        with tempfile.TemporaryDirectory() as directory:
            ways = {"batch": lambda: batch(whittle, path, f"{directory}/batch"),
                    "tail": lambda: finished(whittle, ["--tail", path], f"{directory}/tail", size),
                    "kafka": lambda: finished(whittle, ["--kafka", f"{broker.address}/{topic}", "--group", f"g{turn}"],
                                              f"{directory}/kafka", size)}
            for way, run in ways.items():
                best[way] = min(best.get(way, 1e9), run())
    return size, best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whittle", default=str(ROOT / "build/release/src/cli/whittle"))
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        try:
            broker = Broker(Path(place) / "broker")
        except Unavailable as why:
            sys.exit(f"streaming: {why}")
        print("| log | MB | batch, MB per processor second | tail / batch | Kafka / batch |\n|---|---|---|---|---|")
        for path in arguments.files:
            head = f"{place}/{path.name}"
            with path.open("rb") as source, open(head, "wb") as target:
                data = source.read(arguments.megabytes * 1_000_000)
                data = data[: data.rfind(b"\n") + 1]
                # What a daemon takes while it waits for its segment to close is no part of a rate: a short file is repeated.
                for _ in range(max(1, arguments.megabytes * 1_000_000 // len(data))):
                    target.write(data)
            size, best = measure(arguments.whittle, broker, head, arguments.turns)
            print(f"| {path.stem} | {size / 1e6:.0f} | {size / 1e6 / best['batch']:.0f} | "
                  f"{best['batch'] / best['tail']:.2f} | {best['batch'] / best['kafka']:.2f} |", flush=True)
        broker.stop()


if __name__ == "__main__":
    main()
