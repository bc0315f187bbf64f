"""Byte-exactness: whatever goes in comes out the same, at any number of jobs, compressed or not, by any way in."""

import json
import unittest

import whittle_cli
from whittle_cli import CliTest, compress, examples, hostile_inputs, synthetic_log, whittle


class RoundTripTest(CliTest):
    def check(self, name, data, jobs=(1, 2, 4)):
        path = self.write("input.log", data)
        templates = None
        for count in jobs:
            store = self.dir / f"store-{count}"
            self.ingest(path, store=store, flags=["--jobs", count, "--quiet"])
            self.assert_same_bytes(data, self.cat_raw(store), f"{name} with --jobs {count}")
            found = self.templates(store)
            self.assertEqual(templates if templates is not None else found, found, f"{name}: templates differ with jobs")
            templates = found
            if count == jobs[-1]:
                self.verify(store)
                self.assert_same_bytes(data, b"".join(self.restored(store).values()), f"{name} restored")
            whittle_cli.shutil.rmtree(store)

    def test_examples(self):
        for path in examples():
            with self.subTest(path.name):
                self.check(path.name, path.read_bytes())

    def test_hostile_inputs(self):
        for name, data in hostile_inputs(self.random).items():
            with self.subTest(name):
                self.check(name, data, jobs=(1, 4))

    def test_larger_than_one_batch(self):
        self.check("synthetic", synthetic_log(self.random, 60_000))

    def test_standard_input(self):
        for name, data in [("log", examples()[0].read_bytes()), ("empty", b""), ("no newline", b"abc")]:
            with self.subTest(name):
                store = self.dir / name
                self.ingest(store=store, stdin=data)
                self.assert_same_bytes(data, self.cat_raw(store), name)
                store = self.dir / (name + " dash")
                self.ingest("-", store=store, stdin=data, flags=["--source-name", "app"])
                self.assert_same_bytes(data, self.cat_raw(store), name)

    def test_tee_passes_everything_through(self):
        data = hostile_inputs(self.random)["random bytes"] + examples()[0].read_bytes()
        run = self.ingest(stdin=data, flags=["--tee"])
        self.assert_same_bytes(data, run.out, "--tee")
        self.assert_same_bytes(data, self.cat_raw(), "store")

    def test_compressed_by_content_not_by_name(self):
        data = b"".join(p.read_bytes() for p in examples()[:4])
        for kind in ("gz", "bz2", "xz", "zst"):
            with self.subTest(kind):
                store = self.dir / f"store-{kind}"
                self.ingest(self.write(f"{kind}/app.log", compress(data, kind)), store=store)
                self.assert_same_bytes(data, self.cat_raw(store), kind)

    def test_concatenated_gzip_members(self):
        parts = [p.read_bytes() for p in examples()[:3]]
        self.ingest(self.write("a.log.gz", b"".join(compress(part, "gz") for part in parts)))
        self.assert_same_bytes(b"".join(parts), self.cat_raw())

    def test_directory(self):
        expected = {}
        for number, path in enumerate(examples()):
            data = path.read_bytes()
            kind = ["", "gz", "xz", "zst", "bz2"][number % 5]
            name = f"logs/{'deep/er/' if number % 2 else ''}{path.name}" + (f".{kind}" if kind else "")
            self.write(name, compress(data, kind) if kind else data)
            expected[path.name] = data
        self.ingest(self.dir / "logs")
        restored = self.restored()
        self.assertEqual(sorted(map(whittle_cli.sha256, expected.values())),
                         sorted(map(whittle_cli.sha256, restored.values())))
        self.assertEqual(sum(map(len, expected.values())), len(self.cat_raw()))
        self.verify()
        for jobs in (1, 4):
            store = self.dir / f"store-{jobs}"
            self.ingest(self.dir / "logs", store=store, flags=["--jobs", jobs])
            self.assertEqual(self.templates(), self.templates(store))
            self.assert_same_bytes(self.cat_raw(), self.cat_raw(store), f"directory with --jobs {jobs}")

    def test_convert_gives_what_cat_gives(self):
        """Two ways, one answer: the filter and the store make the same events."""
        for path in examples():
            with self.subTest(path.name):
                store = self.dir / path.stem
                self.ingest(path, store=store)
                stored = self.ndjson("cat", "--store", store, "--format", "ndjson")
                direct = self.ndjson("convert", path)
                self.assertEqual(len(stored), len(direct))
                # A template is known for certain only when everything has been read, and names its slots.
                late = ("template", "template_id", "attributes", "stratum")
                for a, b in zip(stored, direct):
                    self.assertEqual({k: v for k, v in a.items() if k not in late},
                                     {k: v for k, v in b.items() if k not in late}, path.name)

    def test_recipe_cache_never_changes_an_answer(self):
        inputs = {p.name: p.read_bytes() for p in examples()} | hostile_inputs(self.random)
        inputs["synthetic"] = synthetic_log(self.random, 5000)
        for name, data in inputs.items():
            if len(data) > 1_000_000:
                continue
            with self.subTest(name):
                path = self.write("input.log", data)
                cached = whittle("convert", path)
                uncached = whittle("convert", path, "--no-recipe-cache")
                self.assertEqual(0, cached.code, str(cached))
                self.assertEqual(0, uncached.code, str(uncached))
                self.assert_same_bytes(uncached.out, cached.out, name)

    def test_events_are_json_and_cover_every_line(self):
        for name, data in hostile_inputs(self.random).items():
            if len(data) > 1_000_000:
                continue
            with self.subTest(name):
                events = self.ndjson("convert", self.write("input.log", data))
                self.assertEqual(len(data) > 0, len(events) > 0)
                offsets = [event["source"]["offset"] for event in events]
                self.assertEqual(sorted(set(offsets)), offsets, "events overlap or are out of order")
                if offsets:
                    self.assertEqual(0, offsets[0])
                for event in events:
                    json.dumps(event)  # surrogates that do not pair would fail here


if __name__ == "__main__":
    whittle_cli.main()
