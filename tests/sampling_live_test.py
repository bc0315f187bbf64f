"""What a live tail keeps is what one pass over the same files keeps: while they grow in pieces, over rotations, after a
stop in between, and when the rotations are read compressed.
"""

import gzip
import signal
import time

import whittle_cli
from sampling_test import log_of
from whittle_cli import CliTest

LINES = 8_000


class SamplingLiveTest(CliTest):
    def kept(self, store):
        """What was kept, and how surely, by source position; nothing while there is no store yet."""
        if not (store / "MANIFEST").exists():
            return set()
        events = self.ndjson("cat", "--format", "ndjson", "--store", store)
        return {(e["source"]["offset"], e["sample_rate"], e["body"]) for e in events}

    def lines_in(self, store):
        if not (store / "MANIFEST").exists():
            return 0
        rows = self.ndjson("stats", "--format", "ndjson", "--store", store)
        return next(r for r in rows if r.get("total"))["in"]["lines"]

    def follow(self, store, flags):
        messages = open(self.dir / "messages", "ab")
        self.addCleanup(messages.close)
        return self.start("run", "--tail", self.dir / "logs" / "app.log*", "--store", store, "--close-after", "200ms",
                          *flags, stderr=messages)

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(whittle_cli.TIMEOUT_S), (self.dir / "messages").read_text())

    def wait_for(self, store, lines):
        deadline = time.monotonic() + whittle_cli.TIMEOUT_S / 5
        while self.lines_in(store) < lines:
            self.assertLess(time.monotonic(), deadline, (self.dir / "messages").read_text())
            time.sleep(0.1)

    def append(self, path, text):
        """In pieces that end anywhere."""
        cuts = [0, *sorted(self.random.sample(range(1, len(text)), 3)), len(text)]
        for begin, end in zip(cuts, cuts[1:]):
            with open(path, "ab") as out:
                out.write(text[begin:end])
            time.sleep(0.05)

    def test_a_live_tail_keeps_what_one_pass_keeps(self):
        flags = ["--keep", "10%", "--keep-errors"]
        old, new = log_of(self.random, LINES), log_of(self.random, LINES)
        starts = [i + 1 for i, byte in enumerate(old) if byte == 10 and old[i + 1:i + 2].isdigit()]
        stop = self.random.choice(starts[1000:])
        live, path = self.dir / "live", self.write("logs/app.log", b"")
        process = self.follow(live, flags)
        self.append(path, old[:stop])
        self.wait_for(live, 1)
        self.end(process)
        process = self.follow(live, flags)
        self.append(path, old[stop:])
        path.rename(path.with_name("app.log.1"))
        self.write("logs/app.log", b"")
        self.append(path, new)
        lines = old.count(b"\n") + new.count(b"\n")
        # The last record waits for more lines of its own.
        self.wait_for(live, lines - 10)
        self.end(process)
        self.verify(live)
        self.assertEqual(lines, self.lines_in(live))
        logs = self.dir / "logs"
        self.ingest(logs / "app.log.1", path, store=self.dir / "once", flags=[*flags, "--quiet"])
        expected = self.kept(self.dir / "once")
        self.assertGreater(len(expected), 300)
        self.assertEqual(expected, self.kept(live), self.seed)
        packed = self.write("packed/app.log.1.gz", gzip.compress(old))
        self.ingest(packed, path, store=self.dir / "packed.store", flags=[*flags, "--quiet"])
        self.assertEqual(expected, self.kept(self.dir / "packed.store"), self.seed)


if __name__ == "__main__":
    whittle_cli.main()
