"""Compaction: what a store answers stays the same, through crashes, and for readers that read meanwhile.

WHITTLE_FAULTS bounds how many call sites of each kind fail (all when 0); WHITTLE_COMPACT_ROUNDS how long readers, a
writer and compaction run together.
"""

import os
import shutil
import threading

import whittle_cli
from whittle_cli import CliTest, examples, whittle

FAULTS = [("write", "ENOSPC"), ("sync", "EIO"), ("rename", "EIO"), ("create", "ENOSPC"), ("syncdir", "EIO"),
          ("any", "KILL"), ("any", "CRASH")]


class CompactTest(CliTest):
    def many_segments(self, store, pieces=6):
        """One source that grew piece by piece: a segment each."""
        log = self.dir / "app.log"
        whole = b"".join(path.read_bytes() for path in examples()[:3])
        lines = whole.splitlines(keepends=True)
        log.write_bytes(b"")
        for i in range(pieces):
            with log.open("ab") as file:
                file.writelines(lines[len(lines) * i // pieces:len(lines) * (i + 1) // pieces])
            self.ingest(log, store=store)
        return whole

    def answers(self, store):
        return [self.run_ok(*command, "--store", store).out
                for command in (["cat", "--raw"], ["cat"], ["templates", "--format", "ndjson"],
                                ["query", "| count by template", "--format", "ndjson"])]

    def segments(self, store):
        return sorted(path.name for path in (store / "segments").iterdir())

    def test_answers_stay_the_same(self):
        whole = self.many_segments(self.store)
        self.assertEqual(6, len(self.segments(self.store)))
        before = self.answers(self.store)
        self.assertEqual(whole, before[0])
        for flags in ([], ["--max"]):
            self.run_ok("compact", *flags, "--store", self.store)
            self.assertEqual(1, len(self.segments(self.store)))
            self.assertEqual(before, self.answers(self.store))
            self.verify()
            again = self.run_ok("compact", *flags, "--store", self.store)
            self.assertIn("nothing to compact", again.text)
        # The catalog can be made anew from what is there, and the source goes on.
        shutil.rmtree(self.store / "catalog")
        self.run_ok("verify", "--rebuild", "--store", self.store)
        self.ingest(self.dir / "app.log")
        self.assertEqual(before, self.answers(self.store))

    def test_result_does_not_depend_on_jobs(self):
        self.many_segments(self.dir / "a")
        shutil.copytree(self.dir / "a", self.dir / "b")
        for name, jobs in (("a", 1), ("b", 4)):
            self.run_ok("compact", "--max", "--jobs", jobs, "--store", self.dir / name)
        for one, other in zip(self.segments(self.dir / "a"), self.segments(self.dir / "b")):
            self.assertEqual((self.dir / "a" / "segments" / one).read_bytes(),
                             (self.dir / "b" / "segments" / other).read_bytes())

    def test_every_operation_fails_once(self):
        base = self.dir / "base"
        whole = self.many_segments(base, pieces=3)
        probe = whittle("compact", "--store", self.copy(base), env={"WHITTLE_TEST_FAULT": "write:1:ENOSPC"})
        if probe.code == 0:
            self.skipTest("this binary was built without WHITTLE_FAULT_INJECTION")
        limit = int(os.environ.get("WHITTLE_FAULTS", 6))
        for operation, error in FAULTS:
            calls = [1]
            while len(calls) < 4096 and self.try_fault(base, whole, f"{operation}:{calls[-1]}:{error}"):
                calls.append(calls[-1] * 2)
            last = calls[-1]
            for call in range(1, last) if not limit else self.random.sample(range(1, last + 1), min(limit, last)):
                self.try_fault(base, whole, f"{operation}:{call}:{error}")

    def copy(self, base):
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(base, self.store)
        return self.store

    def try_fault(self, base, whole, fault):
        """Compacts with the fault; True when it fired. Nothing may be lost either way."""
        run = whittle("compact", "--store", self.copy(base), env={"WHITTLE_TEST_FAULT": fault})
        what = f"WHITTLE_TEST_FAULT={fault} WHITTLE_SEED={self.seed}\n{run}"
        self.assert_same_bytes(whole, self.cat_raw(), what)
        self.verify()
        if run.code == 0:
            return False
        again = whittle("compact", "--store", self.store)
        self.assertEqual(0, again.code, f"{what}\nthen\n{again}")
        self.assert_same_bytes(whole, self.cat_raw(), what)
        self.verify()
        return True

    def test_readers_on_a_live_store(self):
        """A writer adds, compaction replaces and deletes; every reader sees a prefix of the source, and ever more."""
        rounds = int(os.environ.get("WHITTLE_COMPACT_ROUNDS", 6))
        lines = b"".join(path.read_bytes() for path in examples()[:3]).splitlines(keepends=True)
        whole = b"".join(lines)
        log = self.write("app.log", b"".join(lines[:10]))
        self.ingest(log)
        done = threading.Event()
        problems = []

        def read():
            seen = 0
            while not done.is_set() and not problems:
                run = whittle("cat", "--raw", "--store", self.store)
                if run.code != 0 or not whole.startswith(run.out) or len(run.out) < seen:
                    problems.append(f"after {seen} bytes: {len(run.out)} bytes\n{run.err_text}")
                seen = len(run.out)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            for i in range(rounds):
                for part in range(3):
                    end = 10 + (len(lines) - 10) * (3 * i + part + 1) // (3 * rounds)
                    log.write_bytes(b"".join(lines[:end]))
                    self.ingest(log)
                self.run_ok("compact", *(["--max"] if i % 3 == 2 else []), "--store", self.store)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        self.assertEqual([], problems)
        self.assert_same_bytes(whole, self.cat_raw())
        self.verify()
        # Once nobody reads, the next command clears away what was replaced.
        self.run_ok("compact", "--max", "--store", self.store)
        self.assertEqual(1, len(self.segments(self.store)))


if __name__ == "__main__":
    whittle_cli.main()
