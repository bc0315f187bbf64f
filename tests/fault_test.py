"""A disk that fails: every file operation of an ingest fails once, by way of WHITTLE_TEST_FAULT (src/env/fault_env.h).

WHITTLE_FAULTS bounds how many call sites of each kind are tried (all when 0); which ones is random, the seed is shown.
"""

import os
import shutil

import whittle_cli
from whittle_cli import CliTest, examples, whittle

KINDS = [("write", "ENOSPC"), ("sync", "EIO"), ("rename", "EIO"), ("create", "ENOSPC"), ("syncdir", "EIO"),
         ("mkdir", "EACCES"), ("any", "KILL"), ("any", "CRASH")]


class FaultTest(CliTest):
    def setUp(self):
        super().setUp()
        self.first, self.second = examples()[0], examples()[1]
        self.base = self.dir / "base"
        self.ingest(self.first, store=self.base)

    def try_fault(self, fault, fresh):
        """Ingests with the fault. True when it fired."""
        shutil.rmtree(self.store, ignore_errors=True)
        if not fresh:
            shutil.copytree(self.base, self.store)
        run = whittle("ingest", self.second, "--store", self.store, "--jobs", 1, env={"WHITTLE_TEST_FAULT": fault})
        killed = ":KILL" in fault
        if run.code == 0:
            return False
        what = f"WHITTLE_TEST_FAULT={fault}\n{run}"
        if killed:
            self.assertEqual(-9, run.code, what)
        else:
            self.assertEqual(1, run.code, what)
            self.assertGreater(len(run.err_text.strip()), 0, what)
            self.assertLessEqual(run.err_text.strip().count("\n"), 3, what)
        # The store still verifies, or there is none yet; then the disk is well again and everything goes in.
        if not fresh:
            again = whittle("verify", "--store", self.store)
            self.assertEqual(0, again.code, f"{what}\nthen\n{again}")
        again = whittle("ingest", self.second, "--store", self.store)
        self.assertEqual(0, again.code, f"{what}\nthen\n{again}")
        again = whittle("verify", "--store", self.store)
        self.assertEqual(0, again.code, f"{what}\nthen\n{again}")
        expected = [self.second.read_bytes()] + ([] if fresh else [self.first.read_bytes()])
        self.assertEqual(sorted(expected), sorted(self.restored().values()), what)
        return True

    def test_every_operation_fails_once(self):
        limit = int(os.environ.get("WHITTLE_FAULTS", 6))
        probe = whittle("ingest", self.second, "--store", self.dir / "probe", env={"WHITTLE_TEST_FAULT": "write:1:ENOSPC"})
        if probe.code == 0:
            self.skipTest("this binary was built without WHITTLE_FAULT_INJECTION")
        for operation, error in KINDS:
            for fresh in (False, True):
                with self.subTest(operation=operation, error=error, fresh=fresh):
                    last = self.last_call(operation, error, fresh)
                    calls = range(1, last + 1)
                    if limit and last > limit:
                        calls = sorted({1, last, *self.random.sample(calls, limit - 2)})
                    for call in calls:
                        self.try_fault(f"{operation}:{call}:{error}", fresh)

    def last_call(self, operation, error, fresh):
        """How often the operation happens: the greatest call number that still fires."""
        high = 1
        while high < 4096 and self.try_fault(f"{operation}:{high}:{error}", fresh):
            high *= 2
        low, high = high // 2, high
        while low + 1 < high:
            middle = (low + high) // 2
            if self.try_fault(f"{operation}:{middle}:{error}", fresh):
                low = middle
            else:
                high = middle
        return low

    def test_disk_that_stays_full(self):
        for call in (1, 3, 10):
            shutil.rmtree(self.store, ignore_errors=True)
            shutil.copytree(self.base, self.store)
            run = whittle("ingest", self.second, "--store", self.store,
                          env={"WHITTLE_TEST_FAULT": f"write:{call}+:ENOSPC"})
            self.assertEqual(1, run.code, str(run))
            self.assertIn("space", run.err_text.lower())
            self.verify()
            self.assert_same_bytes(self.first.read_bytes(), self.cat_raw())


if __name__ == "__main__":
    whittle_cli.main()
