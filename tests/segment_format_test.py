"""The segment format is what docs/segment-format.md says: a reader written from the page gives every line back."""

import re
import shutil
import whittle_cli
from segment_reader import Segment, sizes
from whittle_cli import ROOT, CliTest, examples


class SegmentFormatTest(CliTest):
    def read(self, path):
        return b"".join(Segment(path.read_bytes()).lines())

    def test_golden_segments(self):
        golden = sorted((ROOT / "tests/golden").glob("*.wseg"))
        self.assertGreater(len(golden), 0)
        for path in golden:
            self.assert_same_bytes((path.parent / "segment.txt").read_bytes(), self.read(path), path.name)

    def test_worked_example(self):
        page = (ROOT / "docs/segment-format.md").read_text()
        dump = page[page.index("The whole file, "):]
        example = bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4}((?: ? [0-9a-f]{2})+)", dump, re.M)))
        self.assert_same_bytes(b"ok 1\nok 2\nok 3\n", b"".join(Segment(example).lines()))

    def test_sizes_are_told(self):
        path = sorted((ROOT / "tests/golden").glob("*.wseg"))[0]
        table = list(sizes(Segment(path.read_bytes())))
        stored = sum(int(line.split()[-1].replace(",", "")) for line in table if " frames " in line)
        footer = path.stat().st_size - 16 - 56 - stored
        self.assertTrue(0 < footer < 1000, table)
        self.assertTrue(any(line.startswith("shapes") for line in table), table)

    def test_generated_log(self):
        lines = []
        for i in range(3000):
            lines.append(self.random.choice([
                f"2024-05-{1 + i % 28:02d} 10:00:{i % 60:02d},{i % 1000:03d} INFO stored blk_{self.random.randrange(10**12)} in {i % 97}.{i % 10} ms\n",
                f"user u{self.random.randrange(50)} from 10.0.{i % 8}.{self.random.randrange(256)} id {self.random.randbytes(8).hex()}\r\n",
                f"{self.random.randbytes(6).decode('latin-1')} -{self.random.randrange(1000)} 007 {i * 3}\n",
                '{"level":"warn","path":"/a/b/%d","ok":%s}\n' % (i % 300, "true" if i % 3 else "false"),
                "\n"]))
        text = "".join(lines).encode() + b"no end"
        log = self.write("app.log", text)
        for flags in ([], ["--max"]):
            shutil.rmtree(self.store, ignore_errors=True)
            self.ingest(log)
            if flags:
                self.run_ok("compact", *flags, "--store", self.store)
            segments = sorted((self.store / "segments").iterdir())
            self.assert_same_bytes(text, b"".join(map(self.read, segments)), str(flags))

    def test_example_logs(self):
        known = 0
        for path in examples():
            store = self.dir / f"store-{path.name}"
            self.ingest(path, store=store)
            try:
                got = b"".join(map(self.read, sorted((store / "segments").iterdir())))
            except NotImplementedError:
                continue  # a time layout the small reader does not know
            self.assert_same_bytes(self.cat_raw(store), got, path.name)
            known += 1
        self.assertGreater(known, 0)


if __name__ == "__main__":
    whittle_cli.main()
