"""kill -9 at random moments of an ingest, then resume: nothing lost, nothing doubled. WHITTLE_KILLS sets how often."""

import os
import signal
import subprocess
import time

import whittle_cli
from crash import CrashMixin
from whittle_cli import CliTest, examples, segments, synthetic_log, whittle


class CrashTest(CliTest, CrashMixin):
    def test_killed_at_random_moments(self):
        inputs = [(p.name, p.read_bytes()) for p in examples()]
        inputs += [(f"part-{i}.log", synthetic_log(self.random, 3000)) for i in range(6)]
        inputs += [("packed.log.gz", synthetic_log(self.random, 6000)), ("large.log", synthetic_log(self.random, 150_000))]
        self.kill_campaign(inputs, int(os.environ.get("WHITTLE_KILLS_SMALL", 20)))

    def test_interrupt_commits_what_was_read(self):
        data = synthetic_log(self.random, 20_000)
        process = self.start("ingest", "--store", self.store, "--source-name", "app", "--quiet",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(data)
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.wait(whittle_cli.TIMEOUT_S)
        self.verify()
        kept = self.cat_raw()
        self.assertTrue(data.startswith(kept))
        self.assertGreater(len(kept), len(data) // 2, "Ctrl-C threw away what had been read")

    def test_second_writer_is_refused(self):
        process = self.start("ingest", "--store", self.store, "--quiet", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        process.stdin.write(b"line 1\n")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not (self.store / "LOCK").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        run = whittle("ingest", examples()[0], "--store", self.store)
        self.assertNotEqual(0, run.code, str(run))
        self.assertEqual(1, run.err_text.count("\n"), str(run))
        process.stdin.close()
        self.assertEqual(0, process.wait(whittle_cli.TIMEOUT_S))
        self.assert_same_bytes(b"line 1\n", self.cat_raw())

    def test_reading_beside_a_writer(self):
        first = synthetic_log(self.random, 3000)
        self.ingest(self.write("first.log", first))
        process = self.start("ingest", "--store", self.store, "--source-name", "live", "--quiet",
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        more = synthetic_log(self.random, 3000)
        for begin in range(0, len(more), len(more) // 5 + 1):
            process.stdin.write(more[begin:begin + len(more) // 5 + 1])
            process.stdin.flush()
            self.assertGreaterEqual(len(self.cat_raw()), len(first))
            self.verify()
        process.stdin.close()
        self.assertEqual(0, process.wait(whittle_cli.TIMEOUT_S))
        self.assertEqual(len(first) + len(more), len(self.cat_raw()))

    def test_orphans_of_a_crash_are_cleaned(self):
        self.ingest(examples()[0])
        stray = self.store / "segments" / "stray.wseg.tmp"
        stray.write_bytes(b"half a segment")
        self.ingest(examples()[1])
        self.verify()
        self.assertGreater(len(segments(self.store)), 0)


if __name__ == "__main__":
    whittle_cli.main()
