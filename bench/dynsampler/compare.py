#!/usr/bin/env python3
"""Rates of whittle's controller beside those of dynsampler-go, on the same sequences of events: a Markdown table.

  bench/dynsampler/compare.py [--replay build/release/bench/rate_replay]

Needs Go, which gets dynsampler-go through its module proxy; without Go whittle's rows stand alone. The algorithms of
dynsampler-go end their windows by the clock, so their rows vary a little from run to run.

For every event the probability is known, so nothing is thrown (but for events_per_window, whose probabilities are made of
coins): kept/budget is the expected share of the budget that is
kept, over all windows after the first ten and in the worst one. The error of a key's count is sqrt(sum (1-p)/p) / count.
"""

import argparse
import random
import shutil
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
WINDOWS, SKIPPED, PER_WINDOW = 60, 10, 200


def zipf(rng, keys, count):
    return rng.choices(range(keys), weights=[1 / (k + 1) for k in range(keys)], k=count)


def sequences():
    rng = random.Random(1)
    yield "steady, 50 keys", [zipf(rng, 50, 2000) for _ in range(WINDOWS)]
    yield "ramp", [zipf(rng, 50, 500 + 80 * w) for w in range(WINDOWS)]
    yield "step x5 at 30", [zipf(rng, 50, 2000 if w < 30 else 10000) for w in range(WINDOWS)]
    yield "bursts of one key", [
        sorted(zipf(rng, 50, 2000) + [7] * (8000 if w % 10 == 5 else 0), key=lambda _: rng.random()) for w in range(WINDOWS)]
    fresh = iter(range(10**6, 10**9))
    yield "flood of new keys", [
        sorted(zipf(rng, 50, 1000) + [next(fresh) for _ in range(1000)], key=lambda _: rng.random())
        for _ in range(WINDOWS)]
    yield "2,000 keys, log-normal", [
        rng.choices(range(2000), weights=weights, k=2000)
        for weights in [[random.Random(9).lognormvariate(0, 2) for _ in range(2000)]] for _ in range(WINDOWS)]


def measure(windows, rates, budget):
    spent, worst, per_key = 0, 0, {}
    for number, (keys, window) in enumerate(zip(windows, rates)):
        if number < SKIPPED:
            continue
        # Where coins were thrown (a limit), probabilities of what is not kept are negative.
        kept = sum(p > 0 for p in window) if any(p < 0 for p in window) else sum(window)
        window = [abs(p) for p in window]
        spent += kept
        worst = max(worst, kept / budget(len(keys)))
        for key, p in zip(keys, window):
            count, variance = per_key.get(key, (0, 0))
            per_key[key] = (count + 1, variance + (1 - p) / p)
    allowed = sum(budget(len(keys)) for keys in windows[SKIPPED:])
    errors = [variance**0.5 / count for count, variance in per_key.values() if count >= 10]
    return spent / allowed, worst, statistics.median(errors), max(errors)


def rows(name, windows, rates, budget):
    mean, worst, median, most = measure(windows, rates, budget)
    print(f"| {name} | {mean:.2f} | {worst:.2f} | {100 * median:.1f}% | {100 * most:.1f}% |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--replay", default="build/release/bench/rate_replay")
    replay = parser.parse_args().replay
    go = shutil.which("go")
    for name, windows in sequences():
        text = "".join(" ".join(map(str, keys)) + "\n" for keys in windows)
        share, fixed = (lambda n: n / 10), (lambda n: PER_WINDOW)
        print(f"\n**{name}**\n\n| algorithm | kept/budget | worst window | median error of a key | worst |"
              "\n| --- | ---: | ---: | ---: | ---: |")
        for arguments, label, budget in [(["keep", "0.1", "log"], "whittle keep 10%", share),
                                         (["events_per_s", str(PER_WINDOW), "log"], "whittle events_per_s", fixed),
                                         (["limit", str(PER_WINDOW), "log"], "whittle events_per_window", fixed)]:
            out = subprocess.run([replay, *arguments], input=text, text=True, capture_output=True, check=True).stdout
            rows(label, windows, [[float(p) for p in line.split()] for line in out.splitlines()], budget)
        if go is None:
            print("(no go: dynsampler-go left out)")
            continue
        out = subprocess.run([go, "run", "."], cwd=HERE, input=text, text=True, capture_output=True, check=True).stdout
        lines = out.splitlines()
        for at in sorted(range(0, len(lines), WINDOWS + 1), key=lambda i: lines[i]):
            rates = [[1 / int(r) if int(r) > 0 else 1 for r in line.split()] for line in lines[at + 1:at + 1 + WINDOWS]]
            rows("dynsampler " + lines[at], windows, rates, fixed if "Throughput" in lines[at] else share)


if __name__ == "__main__":
    main()
