"""Reading again: unchanged, grown, rotated and compressed files; bad archives; what the report says about it."""

import os
import re

import whittle_cli
from whittle_cli import CliTest, compress, examples, synthetic_log, whittle


class ResumeTest(CliTest):
    def setUp(self):
        super().setUp()
        self.data = synthetic_log(self.random, 4000)

    def ledger(self):
        """What came in and where it went; not what it weighs, because the catalog keeps a log of its own."""
        rows = self.ndjson("stats", "--store", self.store, "--format", "ndjson")
        return [{k: v for k, v in row.items() if k != "stored_bytes"} for row in rows]

    def test_second_time_does_nothing_and_says_so(self):
        path = self.write("app.log", self.data)
        self.ingest(path)
        segments = whittle_cli.segments(self.store)
        ledger = self.ledger()
        again = self.ingest(path)
        self.assertRegex((again.text + again.err_text).lower(), r"nothing|already|unchanged|up to date", str(again))
        self.assertEqual(segments, whittle_cli.segments(self.store))
        self.assertEqual(ledger, self.ledger())
        self.assert_same_bytes(self.data, self.cat_raw())

    def test_grown_file_goes_on(self):
        cuts = sorted(self.random.sample(range(len(self.data)), 6))  # in the middle of lines, as a reader meets them
        path = self.dir / "app.log"
        for cut in cuts + [len(self.data)]:
            path.write_bytes(self.data[:cut])
            self.ingest(path)
            self.assert_same_bytes(self.data[:cut], self.cat_raw(), f"grown to {cut}")
        self.verify()
        self.assertEqual(1, len(self.restored()))

    def test_times_go_on_where_they_were(self):
        """Lines without time, day or year have them from those before, also when those were read by another run."""
        logs = {"day.log": ([f"{(23 + i // 240) % 24:02d}:{i // 4 % 60:02d}:{i % 60:02d} INFO job {i} done" for i in range(900)], []),
                "year.log": ([f"{'Dec 31' if i < 400 else 'Jan  1'} 0{i % 9}:00:00 host job[{i}]: step {i} done" for i in range(800)],
                             ["--year", "2023"])}
        for name, (lines, flags) in logs.items():
            for i in range(0, len(lines), 7):
                lines[i] = f"and no time in line {i}"
            data = ("\n".join(lines) + "\n").encode()
            whole, path = self.write(f"whole/{name}", data), self.write(f"grown/{name}", b"")
            for cut in sorted(self.random.sample(range(1, len(lines)), 4)) + [len(lines)]:
                path.write_bytes(b"".join(line.encode() + b"\n" for line in lines[:cut]))
                os.utime(path, (1704200000, 1704200000))
                self.ingest(path, store=self.dir / f"{name}.grown", flags=flags)
            os.utime(whole, (1704200000, 1704200000))
            self.ingest(whole, store=self.dir / f"{name}.whole", flags=flags)
            events = [self.ndjson("cat", "--store", self.dir / f"{name}.{kind}") for kind in ("whole", "grown")]
            self.assertEqual(*events, f"WHITTLE_SEED={self.seed} {name}")
            days = {event["timestamp"][:10] for event in events[0] if "timestamp" in event}
            self.assertGreater(len(days), 1, name)

    def test_grown_by_nothing_but_the_last_newline(self):
        path = self.write("app.log", b"one\ntwo")
        self.ingest(path)
        path.write_bytes(b"one\ntwo\nthree\n")
        self.ingest(path)
        self.assert_same_bytes(b"one\ntwo\nthree\n", self.cat_raw())

    def test_compressed_copy_is_known(self):
        self.ingest(self.write("app.log", self.data))
        for number, kind in enumerate(("gz", "bz2", "xz", "zst"), 1):
            with self.subTest(kind):
                self.ingest(self.write(f"app.log.{number}.{kind}", compress(self.data, kind)))
                self.assertEqual(len(self.data), len(self.cat_raw()), "read twice")
        self.verify()

    def test_plain_copy_of_a_compressed_file_is_known(self):
        self.ingest(self.write("app.log.gz", compress(self.data, "gz")))
        self.ingest(self.write("app.log", self.data))
        self.assert_same_bytes(self.data, self.cat_raw())

    def test_rotation(self):
        """app.log is renamed to app.log.1 and so on, the older ones move up and are packed."""
        path = self.write("in/app.log", self.data)
        expected = self.data
        for turn in range(3):
            self.ingest(self.dir / "in")
            if (self.dir / "in/app.log.1").exists():
                older = (self.dir / "in/app.log.1").read_bytes()
                self.write(f"in/app.log.{turn + 1}.gz", compress(older, "gz"))
            os.rename(path, self.dir / "in/app.log.1")
            fresh = synthetic_log(self.random, 500 + turn)
            path.write_bytes(fresh)
            expected += fresh
        self.ingest(self.dir / "in")
        self.assertEqual(len(expected), len(self.cat_raw()), "rotated files were read twice or not at all")
        self.verify()

    def test_grown_then_compressed(self):
        path = self.write("app.log", self.data[:50_000])
        self.ingest(path)
        path.unlink()
        self.ingest(self.write("app.log.1.gz", compress(self.data, "gz")))
        self.assert_same_bytes(self.data, self.cat_raw(), "the frontier did not carry over")

    def test_files_that_begin_alike_are_not_one(self):
        head = self.data[:200_000]
        files = [self.write(f"{name}.log", head + name.encode() * 2000 + b"\n") for name in ("a", "b")]
        self.ingest(*files)
        self.assertEqual(sum(f.stat().st_size for f in files), len(self.cat_raw()))
        self.assertEqual(sorted(f.read_bytes() for f in files), sorted(self.restored().values()))

    def test_two_files_with_one_name_in_two_folders(self):
        one, two = synthetic_log(self.random, 300), synthetic_log(self.random, 400)
        self.ingest(self.write("x/app.log", one), self.write("y/app.log", two))
        self.assertEqual(sorted([one, two]), sorted(self.restored().values()))

    def test_truncated_gzip_keeps_what_came_before(self):
        packed = compress(self.data, "gz")
        path = self.write("app.log.gz", packed[: len(packed) // 2])
        run = self.ingest(path, code=1)
        kept = self.cat_raw()
        self.assertTrue(self.data.startswith(kept), "bytes that never were")
        self.assertGreater(len(kept), len(self.data) // 3)
        message = run.err_text + run.text
        self.assertIn("app.log.gz", message)
        self.assertTrue(any(len(packed) // 2 * 0.9 <= int(n) <= len(self.data) for n in re.findall(r"\d{3,}", message)),
                        f"does not say at which byte it broke\n{run}")
        self.verify()

    def test_truncated_archive_that_was_repaired_goes_on(self):
        packed = compress(self.data, "gz")
        path = self.write("app.log.gz", packed[: len(packed) * 2 // 3])
        self.ingest(path, code=1)
        path.write_bytes(packed)
        self.ingest(path, flags=["--retry-failed"])
        self.assert_same_bytes(self.data, self.cat_raw())

    def test_bad_files_do_not_stop_the_good(self):
        expected = []
        for number, path in enumerate(examples()[:5]):
            self.write(f"in/{number}-{path.name}", path.read_bytes())
            expected.append(path.read_bytes())
        self.write("in/2-bad.gz", b"\x1f\x8b\x08\x00" + self.random.randbytes(500))
        self.write("in/3-bad.xz", b"\xfd7zXZ\x00" + self.random.randbytes(500))
        self.write("in/4-bad.zst", b"\x28\xb5\x2f\xfd" + self.random.randbytes(500))
        run = self.ingest(self.dir / "in", code=1)
        for name in ("2-bad.gz", "3-bad.xz", "4-bad.zst"):
            self.assertIn(name, run.err_text)
        restored = list(self.restored().values())
        for data in expected:
            self.assertIn(data, restored)
        self.verify()
        self.ingest(self.dir / "in", code=1, flags=["--fail-fast"], store=self.dir / "fast")

    def test_missing_file_is_named(self):
        good = self.write("good.log", self.data)
        run = self.ingest(self.dir / "missing.log", good, code=(1, 2))
        self.assertIn("missing.log", run.err_text)

    def run_ok(self, *args, code=0, **kwargs):
        if not isinstance(code, tuple):
            return super().run_ok(*args, code=code, **kwargs)
        run = whittle(*args, **kwargs)
        self.assertIn(run.code, code, str(run))
        return run

    def test_verify_against_originals(self):
        path = self.write("app.log", self.data)
        other = self.write("other.log", b"never ingested 1\n")
        self.ingest(path)
        run = whittle("verify", "--store", self.store, "--against", path)
        self.assertEqual(0, run.code, str(run))
        self.assertIn("app.log", run.text)
        path.write_bytes(self.data.replace(b"10.", b"11.", 1))
        run = whittle("verify", "--store", self.store, "--against", path)
        self.assertEqual(1, run.code, str(run))
        run = whittle("verify", "--store", self.store, "--against", other)
        self.assertEqual(1, run.code, str(run))

    def test_lost_catalog_is_rebuilt(self):
        self.ingest(self.write("app.log", self.data))
        whittle_cli.shutil.rmtree(self.store / "catalog")
        self.verify(code=1)
        self.run_ok("verify", "--store", self.store, "--rebuild")
        self.verify()
        self.assert_same_bytes(self.data, self.cat_raw())
        self.ingest(self.dir / "app.log")
        self.assert_same_bytes(self.data, self.cat_raw(), "the frontier was not rebuilt")




if __name__ == "__main__":
    whittle_cli.main()
