"""Damaged stores: verify reports every flipped byte of a segment, and no verb crashes on any damage.

WHITTLE_FLIPS sets how many bytes are tried per segment; which ones is random, the seed is shown.
"""

import os
import shutil

import whittle_cli
from whittle_cli import CliTest, examples, segments, whittle

READERS = [("cat", "--raw"), ("cat",), ("templates",), ("stats",), ("query", "status=404 | count by template"),
           ("explain", "--source", "app", "--line", "3")]


class DamageTest(CliTest):
    def setUp(self):
        super().setUp()
        self.inputs = examples()
        self.ingest(*self.inputs)
        self.pristine = self.dir / "pristine"
        shutil.copytree(self.store, self.pristine)
        self.flips = int(os.environ.get("WHITTLE_FLIPS", 40))

    def heal(self):
        shutil.rmtree(self.store)
        shutil.copytree(self.pristine, self.store)

    def assert_no_verb_crashes(self, what):
        for verb in [self.random.choice(READERS), self.random.choice(READERS)]:
            run = whittle(*verb, "--store", self.store)
            self.assertIn(run.code, (0, 1, 2), f"{what}, WHITTLE_SEED={self.seed}\n{run}")
        target = self.dir / "restored"
        shutil.rmtree(target, ignore_errors=True)
        self.assertIn(whittle("restore", "--store", self.store, "--to", target).code, (0, 1, 2), what)

    def test_every_flipped_byte_is_reported(self):
        found = segments(self.store)
        self.assertTrue(found)
        for path in found:
            data = path.read_bytes()
            # The first and last bytes hold magic numbers and the footer's address: all of them, then a sample.
            edge = range(24)
            offsets = {*edge, *(len(data) - 1 - i for i in edge), *self.random.sample(range(len(data)), min(self.flips, len(data)))}
            for number, offset in enumerate(sorted(offsets)):
                mask = 1 << self.random.randrange(8) if self.random.random() < 0.7 else self.random.randrange(1, 256)
                damaged = bytearray(data)
                damaged[offset] ^= mask
                path.write_bytes(damaged)
                run = whittle("verify", "--store", self.store)
                what = f"{path.name}: byte {offset} of {len(data)} xor {mask:#x}, WHITTLE_SEED={self.seed}\n{run}"
                self.assertEqual(1, run.code, what)
                self.assertIn(path.name, run.text + run.err_text, what)
                if number % 5 == 0:
                    self.assert_no_verb_crashes(what)
            path.write_bytes(data)
        self.verify()

    def test_cut_swapped_and_missing_segments(self):
        path = segments(self.store)[0]
        data = path.read_bytes()
        other = bytearray(self.random.randbytes(len(data)))
        damages = {
            "empty": b"",
            "one byte": data[:1],
            "half": data[: len(data) // 2],
            "all but one byte": data[:-1],
            "one byte more": data + b"\0",
            "random": bytes(other),
            "zero page": data[: len(data) // 3] + bytes(min(4096, len(data) // 3)) + data[len(data) // 3 + min(4096, len(data) // 3):],
            "middle removed": data[: len(data) // 3] + data[len(data) // 2:],
        }
        for name, damaged in damages.items():
            with self.subTest(name):
                path.write_bytes(damaged)
                self.verify(code=1)
                self.assert_no_verb_crashes(name)
                self.heal()
        path.unlink()
        self.verify(code=1)
        self.assert_no_verb_crashes("missing segment")

    def test_damaged_catalog_and_manifest_crash_nothing(self):
        files = [p for p in sorted(self.store.rglob("*")) if p.is_file() and p.suffix != ".wseg" and p.stat().st_size > 0]
        self.assertTrue(files)
        for number in range(self.flips):
            path = self.random.choice(files)
            data = bytearray(path.read_bytes())
            if not data:
                continue
            for _ in range(self.random.choice([1, 1, 20])):
                data[self.random.randrange(len(data))] ^= self.random.randrange(1, 256)
            if self.random.random() < 0.2:
                data = data[: self.random.randrange(len(data))]
            path.write_bytes(data)
            what = f"{path.relative_to(self.store)} damaged ({number}), WHITTLE_SEED={self.seed}"
            self.assert_no_verb_crashes(what)
            for verb in (("verify",), ("ingest", self.inputs[0], "--quiet")):
                run = whittle(*verb, "--store", self.store)
                self.assertIn(run.code, (0, 1, 2), f"{what}\n{run}")
            self.heal()

    def test_not_a_store(self):
        plain = self.dir / "plain"
        plain.mkdir()
        (plain / "notes.txt").write_text("x")
        newer = self.dir / "newer"
        shutil.copytree(self.pristine, newer)
        (newer / "FORMAT").write_text("whittle store 999.0\n")
        for name, store in [("a folder of other things", plain), ("nothing", self.dir / "absent"),
                            ("a file", self.inputs[0]), ("a newer store", newer)]:
            for verb in [("cat", "--raw"), ("templates",), ("stats",), ("verify",), ("query", "a=1"),
                         ("restore", "--to", self.dir / "to")]:
                with self.subTest(name, verb=verb[0]):
                    run = whittle(*verb, "--store", store)
                    self.assertIn(run.code, (1, 2), str(run))
                    self.assertEqual(1, run.err_text.count("\n"), f"one line please\n{run}")
                    self.assertIn(str(store), run.err_text)
        for store in (plain, newer, self.inputs[0]):
            run = whittle("ingest", self.inputs[1], "--store", store)
            self.assertIn(run.code, (1, 2), str(run))
        self.assertEqual(["notes.txt"], [p.name for p in plain.iterdir()], "wrote into a folder that is no store")


if __name__ == "__main__":
    whittle_cli.main()
