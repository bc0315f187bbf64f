"""Retention: what goes is counted, never read again, and never what a hold names."""

import json
import shutil
import subprocess
import time

import whittle_cli
from segment_reader import Segment
from whittle_cli import BIN, CliTest


class RetainTest(CliTest):
    def setUp(self):
        super().setUp()
        self.lines = []
        for day in range(1, 29):
            for i in range(50):
                level = ("DEBUG", "INFO", "INFO", "WARN", "ERROR")[i % 5]
                self.lines.append(f"2024-02-{day:02d}T10:{i:02d}:00Z {level} worker {i} finished job {day * 100 + i}\n")
        self.log = self.dir / "app.log"
        for day in range(6, 28, 7):  # a segment per week
            self.log.write_text("".join(self.lines[:(day + 1) * 50]))
            self.ingest(self.log)

    def ledger(self):
        return self.ndjson("stats", "--store", self.store, "--format", "ndjson")[-1]

    def check(self, kept):
        self.assertEqual("".join(kept), self.cat_raw().decode())
        self.verify()
        text = json.dumps(self.ledger())
        self.assertIn(f'"kept": {{"lines": {len(kept)}', text)
        self.assertIn(f'"in": {{"lines": {len(self.lines)}', text)
        self.assertIn("unchanged", self.ingest(self.log).text)  # nothing is read again

    def test_by_filter_then_size_with_holds(self):
        dry = self.run_ok("retain", "--store", self.store, "--filter", "severity=DEBUG", "--dry-run")
        self.assertIn("would expire 280 events", dry.text)
        self.run_ok("retain", "--store", self.store, "--filter", "severity=DEBUG", "--hold", "worker 20")
        kept = [line for line in self.lines if "DEBUG" not in line or "worker 20 " in line]
        self.check(kept)
        # Everything is older than a day; errors stay.
        self.run_ok("retain", "--store", self.store, "--age", "1d", "--hold", "severity>=ERROR")
        kept = [line for line in kept if "ERROR" in line]
        self.check(kept)
        self.run_ok("compact", "--store", self.store)
        self.check(kept)
        self.run_ok("retain", "--store", self.store, "--size", "1")
        self.check([])
        # All tombstones are one, and the account survives the catalog.
        self.assertEqual(1, len(list((self.store / "segments").iterdir())))
        shutil.rmtree(self.store / "catalog")
        self.run_ok("verify", "--rebuild", "--store", self.store)
        self.check([])

    def test_what_is_erased_is_nowhere(self):
        """Names that became values are kept beside the template as evidence; what is erased must not be."""
        names = ["alice", "bob", "carol", "dave", "erin", "frank", "mallory"]
        path = self.write("users.log", "".join(
            f"2024-03-01T10:{i % 60:02d}:00Z INFO session of {names[i % 7]} was closed\n" for i in range(700)).encode())
        self.store = self.dir / "users"
        self.ingest(path)
        self.assertIn("session of <*> was closed", json.dumps(self.ndjson("templates", "--store", self.store, "--format", "ndjson")))
        self.assertTrue(self.holds(b"mallory"))
        self.run_ok("retain", "--store", self.store, "--filter", "mallory")
        self.assertFalse(self.holds(b"mallory"))
        self.assertTrue(self.holds(b"alice"))
        self.verify()

    def holds(self, text):
        """Whether any frame of any segment has the text."""
        segments = [Segment(path.read_bytes()) for path in (self.store / "segments").iterdir()]
        return any(text in frame for segment in segments for frames in segment.frames.values() for frame in frames)

    def test_age_takes_whole_segments(self):
        config = self.write("w.yaml", b"retain: {age: 36500d}\n")
        self.run_ok("retain", "--store", self.store, "--config", config)
        self.check(self.lines)

    def test_the_daemon_does_it_too(self):
        """By the rules of its configuration, while it follows files."""
        config = self.write("w.yaml", b"retain: {filter: 'severity=DEBUG', hold: ['worker 20']}\n")
        kept = [line for line in self.lines if " DEBUG " not in line or " worker 20 " in line]
        with open(self.dir / "run.err", "wb") as log:
            process = subprocess.Popen([BIN, "run", "--tail", str(self.log), "--store", str(self.store), "--config", str(config)],
                                       stdout=subprocess.DEVNULL, stderr=log)
        try:
            deadline = time.monotonic() + whittle_cli.TIMEOUT_S
            while self.cat_raw().decode() != "".join(kept):
                self.assertIsNone(process.poll(), (self.dir / "run.err").read_text())
                self.assertLess(time.monotonic(), deadline, (self.dir / "run.err").read_text())
                time.sleep(0.2)
            process.terminate()
            self.assertEqual(0, process.wait(whittle_cli.TIMEOUT_S))
        finally:
            process.kill()
            process.wait()
        self.assertIn(f"retain: {len(self.lines) - len(kept)} events of ", (self.dir / "run.err").read_text())
        self.check(kept)

    def test_bad_requests(self):
        for flags in ([], ["--age", "soon"], ["--size", "1", "--filter", "a"], ["--filter", "a=="], ["--age", "1d", "--hold", "("]):
            run = whittle_cli.whittle("retain", "--store", self.store, *flags)
            self.assertEqual(2, run.code, run)
            self.assertEqual(1, run.err_text.count("\n"), run)
        self.check(self.lines)


if __name__ == "__main__":
    whittle_cli.main()
