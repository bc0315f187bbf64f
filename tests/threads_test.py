"""Short runs of everything that uses threads, for builds with ThreadSanitizer."""

import whittle_cli
from whittle_cli import CliTest, examples, synthetic_log


class ThreadsTest(CliTest):
    def test_ingest_with_many_workers(self):
        files = [self.write(f"in/{i}.log", synthetic_log(self.random, 2000)) for i in range(5)]
        files.append(self.write("in/large.log", synthetic_log(self.random, 30_000)))
        self.ingest(self.dir / "in", *examples(), flags=["--jobs", 4])
        self.verify()
        total = sum(p.stat().st_size for p in files + examples())
        self.assertEqual(total, len(self.cat_raw()))
        self.run_ok("query", "--store", self.store, "severity=ERROR | count by template")
        self.run_ok("templates", "--store", self.store)

    def test_standard_input_with_tee(self):
        data = synthetic_log(self.random, 20_000)
        run = self.ingest(stdin=data, flags=["--tee", "--jobs", 4])
        self.assert_same_bytes(data, run.out, "--tee")

    def test_convert(self):
        self.run_ok("convert", *examples())


if __name__ == "__main__":
    whittle_cli.main()
