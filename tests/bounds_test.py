"""Bounds that a user can see: memory under --memory, what a query reads, sizes of text that cannot be compressed.

WHITTLE_BOUNDS_BYTES sets how much text is ingested under the memory limit.
"""

import datetime
import os
import re
import shutil
import subprocess
import unittest

import whittle_cli
from whittle_cli import CliTest

BYTES = int(os.environ.get("WHITTLE_BOUNDS_BYTES", str(24 << 20)))
LIMIT_MIB = 128
READ = re.compile(r"read the rows of (\d+) of (\d+) segments, (\d+) of (\d+) bytes; (\d+) events looked at, (\d+) matched")


class BoundsTest(CliTest):
    def peak_mib(self, *args):
        process = self.start(*args, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(0, process.returncode, f"WHITTLE_SEED={self.seed}")
        return usage.ru_maxrss / 1024

    def days(self, count, lines_a_day):
        begin = datetime.datetime(2024, 3, 1)
        for day in range(count):
            for i in range(lines_a_day):
                time = begin + datetime.timedelta(days=day, seconds=i)
                yield f"{time:%Y-%m-%d %H:%M:%S} INFO [worker-{i % 7}] served request {self.random.randint(1, 10**9)} in {i % 90} ms\n"

    def read(self, query):
        run = self.run_ok("query", "--store", self.store, "--stats", "--format", "csv", query)
        found = READ.search(run.err_text)
        self.assertIsNotNone(found, f"WHITTLE_SEED={self.seed}\n{run}")
        return run.text.splitlines(), [int(group) for group in found.groups()]

    @unittest.skipIf(whittle_cli.sanitized(), "sanitizers take memory of their own")
    def test_memory_limit_is_kept(self):
        rng = self.random
        word = lambda: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9)))
        kinds = {"usual": lambda i: f"2024-05-01 10:00:{i % 60:02d} INFO [main] took {rng.randint(1, 10**6)} ms, id {rng.getrandbits(64):016x}\n",
                 "flood": lambda i: " ".join(word() for _ in range(rng.randint(4, 14))) + "\n"}
        for name, line in kinds.items():
            # Some of it again and again: making the text must not take longer than reading it.
            part = "".join(line(i) for i in range(20000))
            self.assert_limit_is_kept(name, (part for _ in range(BYTES // len(part) + 1)))

    @unittest.skipIf(whittle_cli.sanitized(), "sanitizers take memory of their own")
    def test_memory_limit_is_kept_where_no_value_repeats(self):
        bits = self.random.getrandbits
        line = lambda i: f"k{bits(40):x}{i:x}={bits(20)} q{bits(32):x} took {bits(10)} of {bits(30):x}\n"
        self.assert_limit_is_kept("values", (line(i) for i in range(2 * BYTES // 55)))

    # What this process holds counts as the peak of one it starts, so the text is never in memory.
    def assert_limit_is_kept(self, name, pieces):
        log = self.dir / f"{name}.log"
        with open(log, "w", encoding="ascii") as out:
            out.writelines(pieces)
        peak = self.peak_mib("ingest", log, "--store", self.dir / name, "--jobs", 2, "--quiet", "--memory", f"{LIMIT_MIB}MiB")
        self.assertLess(peak, LIMIT_MIB, f"{name}, WHITTLE_SEED={self.seed}")

    def test_time_range_reads_its_segments_only(self):
        lines = list(self.days(6, 2000))
        for day in range(6):
            self.ingest(self.write(f"app-{day}.log", "".join(lines[day * 2000:(day + 1) * 2000]).encode()))
        _, (rows_all, segments, bytes_all, stored, looked_all, _) = self.read('request > 0 | count')
        self.assertEqual((rows_all, segments, looked_all), (6, 6, 12000))
        _, (rows_one, _, bytes_one, _, looked_one, matched) = self.read("2024-03-03..2024-03-03 request > 0 | count")
        self.assertEqual((rows_one, looked_one, matched), (1, 2000, 2000))
        self.assertLess(bytes_one * 3, bytes_all)
        self.assertLessEqual(bytes_all, stored)

    def test_counts_by_shape_read_no_rows(self):
        self.ingest(self.write("app.log", "".join(self.days(2, 1000)).encode()))
        self.ingest(self.write("other.log", b"".join(b"connection %d closed\n" % i for i in range(300))))
        answer, (rows, segments, _, _, looked, matched) = self.read("count by template")
        self.assertEqual((rows, segments, looked, matched), (0, 2, 2300, 2300))
        self.assertEqual(len(answer), 3, answer)
        answer, (rows, _, _, _, _, matched) = self.read("severity:info | count")
        self.assertEqual((rows, matched), (0, 2000))
        # What takes rows is answered from them, and says the same.
        answer, (rows, _, _, _, _, matched) = self.read("request | count by template")
        self.assertEqual((rows > 0, matched), (True, 2000))

    @unittest.skipIf(shutil.which("zstd") is None, "no zstd program")
    def test_text_without_structure_is_not_much_larger_than_zstd(self):
        rng = self.random
        for name, data in {"bytes": b"".join(rng.randbytes(60).replace(b"\n", b" ") + b"\n" for _ in range(10000)),
                           "hex": b"".join(rng.randbytes(30).hex().encode() + b"\n" for _ in range(10000))}.items():
            log = self.write(f"{name}.log", data)
            store = self.dir / name
            self.ingest(log, store=store)
            zstd = len(subprocess.run(["zstd", "-3", "-c", str(log)], capture_output=True, check=True).stdout)
            segments = sum(path.stat().st_size for path in (store / "segments").iterdir())
            self.assertLess(segments, zstd * 1.05 + 4096, f"{name}, WHITTLE_SEED={self.seed}")


if __name__ == "__main__":
    whittle_cli.main()
