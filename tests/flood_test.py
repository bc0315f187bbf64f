"""A flood of lines that are all different: every byte is kept, and what was not understood is counted and shown.

WHITTLE_FLOOD_LINES sets the size of each flood, e.g. 10000000 for a long run.
"""

import json
import os
import string

import whittle_cli
from whittle_cli import CliTest

LINES = int(os.environ.get("WHITTLE_FLOOD_LINES", "6000"))


class FloodTest(CliTest):
    def words(self, count):
        rng = self.random
        return " ".join("".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9))) for _ in range(count))

    def structure(self):
        rng = self.random
        kinds = (lambda: self.words(1), lambda: str(rng.randint(0, 9999)), lambda: rng.choice("[](){}<>,;=|\"' :"))
        return "".join(rng.choice(kinds)() for _ in range(rng.randint(8, 40)))

    def members(self):
        rng = self.random
        pairs = (f'"{self.words(1)}":{rng.randint(0, 99)}' for _ in range(rng.randint(2, 8)))
        return "{" + ",".join(pairs) + "}"

    def flood(self, line):
        log = self.dir / "flood.log"
        with open(log, "w", encoding="ascii") as out:
            for _ in range(LINES):
                out.write(line() + "\n")
        report = self.ingest(log, flags=["--jobs", 2])
        self.assertIn("raw lane", report.text)
        self.assertIn("raw lane", self.run_ok("stats", "--store", self.store).text)
        stats = self.run_ok("stats", "--store", self.store, "--format", "ndjson").text.splitlines()
        counted = sum(json.loads(row).get("raw_lane_lines", 0) for row in stats)
        self.assertGreater(counted, 0)
        self.assertLess(counted, LINES)
        self.assert_same_bytes(log.read_bytes(), self.cat_raw(), "flood")
        self.verify()

    def test_words(self):
        self.flood(lambda: self.words(self.random.randint(4, 14)))

    def test_structure(self):
        self.flood(self.structure)

    def test_json(self):
        self.flood(self.members)

    def test_behind_a_header(self):
        self.flood(lambda: f"2024-01-02 03:04:05,{self.random.randint(100, 999)} INFO [main] x.Y: {self.words(7)}")

    def test_lines_of_many_words(self):
        self.flood(lambda: self.words(self.random.randint(60, 120)))

    def test_a_service_that_logs_json_is_no_flood(self):
        rng = self.random
        members = {"user": lambda: rng.randint(1, 99), "error": lambda: self.words(3), "tags": lambda: self.words(3).split(),
                   "ok": lambda: rng.random() < 0.5, "region": lambda: self.words(1), "query": lambda: self.words(6),
                   "took_ms": lambda: rng.random(), "path": lambda: "/api/" + self.words(1)}
        log = self.dir / "service.log"
        with open(log, "w", encoding="ascii") as out:
            for number in range(max(LINES, 6000)):
                line = {"ts": 1714635910 + number, "level": rng.choice(["info", "warn", "error"]), "logger": "shop.cart",
                        "msg": rng.choice(["order placed", "order refused", "cart emptied"])}
                line.update((name, make()) for name, make in members.items() if rng.random() < 0.7)
                out.write(json.dumps(line) + "\n")
        self.ingest(log)
        stats = self.run_ok("stats", "--store", self.store, "--format", "ndjson").text.splitlines()
        self.assertEqual(sum(json.loads(row).get("raw_lane_lines", 0) for row in stats), 0)
        templates = self.run_ok("templates", "--store", self.store, "--format", "ndjson").text.splitlines()
        self.assertEqual({json.loads(row)["template"] for row in templates},
                         {"order placed", "order refused", "cart emptied"})
        self.assert_same_bytes(log.read_bytes(), self.cat_raw(), "service")

    def test_what_repeats_is_understood(self):
        log = self.dir / "mixed.log"
        with open(log, "w", encoding="ascii") as out:
            for number in range(3 * LINES):
                out.write(f"request {number} served\n" if number % 10 == 0 else self.words(self.random.randint(30, 40)) + "\n")
        answers = []
        for jobs in (1, 3):
            store = self.dir / f"store{jobs}"
            self.run_ok("ingest", "--store", store, "--jobs", jobs, log)
            ask = ["query", "--store", store, "--format", "ndjson", 'template:"request <*> served" | count']
            answers.append(self.run_ok(*ask).text)
            answers.append(self.run_ok("cat", "--store", store, "--format", "ndjson").text)
        self.assertEqual(json.loads(answers[0])["count"]["estimate"], 3 * LINES // 10)
        self.assertEqual(answers[:2], answers[2:])


if __name__ == "__main__":
    whittle_cli.main()
