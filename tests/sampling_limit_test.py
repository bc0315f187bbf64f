"""A hard limit of events per window (bottom-k) through the real program: never more, the same whatever way it was read,
and answers that know what they do not know.
"""

import collections
import gzip
import signal
import subprocess
import time

import whittle_cli
from sampling_test import SIZE, log_of
from whittle_cli import BIN, CliTest

WINDOW_S = 30
LIMIT = 200


class SamplingLimitTest(CliTest):
    def events(self, store):
        return self.ndjson("cat", "--format", "ndjson", "--store", store)

    def kept(self, store):
        return {(e["source"]["offset"], e.get("sample_rate"), e["body"]) for e in self.events(store)}

    def windows(self, store):
        seconds = (e["timestamp"][:19] for e in self.events(store))
        return collections.Counter(int(time.mktime(time.strptime(s, "%Y-%m-%dT%H:%M:%S"))) // WINDOW_S for s in seconds)

    def test_a_limit_holds_however_it_is_read(self):
        text = log_of(self.random, 12_000 * SIZE)
        path = self.write("app.log", text)
        flags = ["--keep-per-window", LIMIT, "--keep-errors", "--quiet"]
        self.ingest(path, store=self.dir / "a", flags=[*flags, "--jobs", "1"])
        expected = self.kept(self.dir / "a")
        self.verify(self.dir / "a")
        windows = self.windows(self.dir / "a")
        self.assertGreaterEqual(len(windows), 10 * SIZE)
        # 1,200 lines a window: the limit is used, but for the window at the end, which may have fewer.
        self.assertEqual({LIMIT}, set(list(windows.values())[:-1]), self.seed)
        self.assertLessEqual(max(windows.values()), LIMIT)
        for jobs in (2, 4):
            self.ingest(path, store=self.dir / f"j{jobs}", flags=[*flags, "--jobs", jobs])
            self.assertEqual(expected, self.kept(self.dir / f"j{jobs}"), f"{jobs} jobs")
        self.ingest(path, store=self.dir / "small", flags=[*flags, "--memory", "8MiB"])
        self.assertEqual(expected, self.kept(self.dir / "small"), "small segments")
        self.write("z/app.log.1.gz", gzip.compress(text))
        self.ingest(self.dir / "z/app.log.1.gz", store=self.dir / "gz", flags=flags)
        self.assertEqual(expected, self.kept(self.dir / "gz"), "a compressed rotation")

    def test_killed_and_gone_on_with_keeps_the_same(self):
        path = self.write("app.log", log_of(self.random, 40_000 * SIZE))
        flags = ["--keep-per-window", LIMIT, "--quiet", "--memory", "8MiB"]
        started = time.monotonic()
        self.ingest(path, store=self.dir / "through", flags=flags)
        whole_s = time.monotonic() - started
        for _ in range(4):
            process = subprocess.Popen([BIN, "ingest", path, "--store", self.dir / "killed", *map(str, flags)])
            time.sleep(whole_s * self.random.uniform(0.2, 0.9))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.ingest(path, store=self.dir / "killed", flags=flags)
        self.assertEqual(self.kept(self.dir / "through"), self.kept(self.dir / "killed"), f"seed {self.seed}")
        self.verify(self.dir / "killed")

    def test_answers_hold_the_truth(self):
        path = self.write("app.log", log_of(self.random, 20_000 * SIZE, traces=False))
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        self.ingest(path, store=self.dir / "some", flags=["--quiet", "--keep-per-window", LIMIT])
        def ask(store, query):
            return self.ndjson("query", query, "--format", "ndjson", "--store", self.dir / store)
        self.assertEqual(ask("all", "count by severity")[0]["count"]["estimate"],
                         ask("some", "count by severity")[0]["count"]["estimate"])
        self.assertTrue(ask("some", "count by severity")[0]["count"]["exact"])
        held = asked = 0
        for hundred in range(1, 9):
            for query in (f"duration < {hundred}00ms | count", f"duration >= {hundred}00ms and duration < {hundred}50ms | count"):
                truth, answer = ask("all", query)[0]["count"]["estimate"], ask("some", query)[0]["count"]
                self.assertFalse(answer["exact"])
                held += answer["low"] <= truth <= answer["high"]
                asked += 1
        self.assertGreater(held, asked * 0.7, f"{held} of {asked}, seed {self.seed}")

    def test_thin_and_plan_know_limits(self):
        path = self.write("app.log", log_of(self.random, 8000))
        self.ingest(path, flags=["--quiet"])
        plan = self.run_ok("plan", "--store", self.store, "--keep-per-window", LIMIT)
        self.assertIn("--keep-per-window 200", plan.text)
        self.run_ok("thin", "--store", self.store, "--to", self.dir / "thin", "--keep-per-window", LIMIT)
        self.verify(self.dir / "thin")
        self.assertLessEqual(max(self.windows(self.dir / "thin").values()), LIMIT)

    def test_mistakes_are_told(self):
        path = self.write("app.log", b"x\n")
        for flags, what in [(["--keep-per-window", "1"], "2"), (["--keep-per-window", "9", "--keep", "5%"], "two budgets"),
                            (["--keep-per-window", "9", "--policy", self.write("p.yaml", b"traces: whole\n")], "whole")]:
            run = self.run_ok("ingest", path, "--store", self.store, *flags, code=2)
            self.assertIn(what, run.err_text, flags)


if __name__ == "__main__":
    whittle_cli.main()
