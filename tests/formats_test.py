"""The formats that need no pattern, each with samples and lines that only look like it (tests/data/formats.json), and
the table of docs/patterns.md: every format of the library stands in it with its samples counted right."""

import json
import re

import whittle_cli
from whittle_cli import ROOT, CliTest

FORMATS = json.loads((ROOT / "tests/data/formats.json").read_text())
# What only the rest of a file tells: the year of a syslog time, the day of a time of day.
RESOLVED = {"timestamp_guessed"}


class FormatsTest(CliTest):
    def convert(self, lines):
        """One event per line; every line is a file of its own, so that none is read in the light of another."""
        paths = []
        for number, line in enumerate(lines):
            paths.append(self.dir / f"{number:03}.log")
            paths[-1].write_text(line + "\n")
        events = [json.loads(row) for row in self.run_ok("convert", *paths).text.splitlines()]
        by_name = {event["source"]["name"]: event for event in events}
        self.assertEqual(len(by_name), len(lines))
        return [by_name[path.name] if path.name in by_name else by_name[str(path)] for path in paths]

    def test_samples(self):
        samples = [(f["format"], s) for f in FORMATS for s in f["samples"]]
        events = self.convert([sample["line"] for _, sample in samples])
        for (name, sample), event in zip(samples, events):
            with self.subTest(format=name, line=sample["line"]):
                expected = dict(sample["expect"])
                fields = {**event.get("attributes", {}), **event.get("resource", {})}
                for field, value in expected.pop("fields").items():
                    self.assertEqual(fields.get(field), value, field)
                for key, value in expected.items():
                    self.assertEqual(event.get(key), value, key)

    def test_lines_that_only_look_like_it(self):
        counters = [(f["format"], c) for f in FORMATS for c in f["counter_samples"]]
        events = self.convert([counter["line"] for _, counter in counters])
        for (name, counter), event in zip(counters, events):
            with self.subTest(format=name, line=counter["line"]):
                self.assertEqual(event["body"], counter["body"])
                for field in counter.get("without", []):
                    self.assertNotIn(field, event.get("attributes", {}))

    def test_the_table_of_the_documents_counts_right(self):
        counts = {f["format"].lower(): (len(f["samples"]), len(f["counter_samples"])) for f in FORMATS}
        for path in (ROOT / "patterns").glob("*.yaml"):
            text = path.read_text()
            name = re.search(r"^name: (\S+)", text, re.M).group(1)
            rejected = re.search(r"^reject:\n((?: .*\n?)*)", text, re.M)
            counts[name] = (len(re.findall(r"^  - text:", text, re.M)),
                            len(re.findall(r"^  - ", rejected.group(1), re.M)) if rejected else 0)
        rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d+) / (\d+) \|$", (ROOT / "docs/patterns.md").read_text(), re.M)
        self.assertGreater(len(rows), 60)
        named = set()
        for title, by, samples, counter in rows:
            with self.subTest(format=title):
                names = re.findall(r"`([^`]+)`", by) or [title.lower()]
                named.update(names)
                self.assertEqual((int(samples), int(counter)),
                                 tuple(sum(counts[name][i] for name in names) for i in (0, 1)))
                self.assertGreaterEqual(int(samples), 2)
                self.assertGreaterEqual(int(counter), 1)
        self.assertEqual(set(counts) - named, set())


if __name__ == "__main__":
    whittle_cli.main()
