"""Stores of what another stage has sampled: whittle's own exports read again, rates that are none, and what
compaction and thinning make of them.
"""

import json
import time

import whittle_cli
from whittle_cli import CliTest

LINES = 6000
RATE4 = "budget: {rate: 4}\nkey: [severity]\n"


def log_of(random, lines, traces=True):
    out = []
    for i in range(lines):
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + i // 40))
        level = random.choice(["INFO"] * 5 + ["WARN"])
        trace = f" trace_id={random.getrandbits(128) | 1:032x}" if traces else ""
        out.append(f"{stamp}.{i % 1000:03d} {level} [main] Served request {i} of shop {random.randrange(4)}{trace}\n")
    return "".join(out).encode()


class SamplingIncomingTest(CliTest):
    def policy(self, text, name="policy.yaml"):
        return self.write(name, text.encode())

    def export(self, store, *flags):
        return self.run_ok("cat", "--format", "ndjson", "--store", store, *flags).out

    def events(self, store):
        return self.ndjson("cat", "--format", "ndjson", "--store", store)

    def count(self, store, query="count"):
        """The one number of an answer, with its interval."""
        return self.ndjson("query", query, "--format", "ndjson", "--store", store)[0]["count"]

    def assert_says(self, truth, answer):
        # Two and a half times the interval of 95%: once in a million.
        value = answer["estimate"]
        self.assertLessEqual(value - 2.5 * (value - answer["low"]), truth, self.seed)
        self.assertGreaterEqual(value + 2.5 * (answer["high"] - value), truth, self.seed)
        self.assertFalse(answer["exact"])

    def test_an_export_read_again_stands_for_what_there_was(self):
        self.ingest(self.write("app.log", log_of(self.random, LINES)), store=self.dir / "first",
                    flags=["--policy", self.policy(RATE4), "--quiet"])
        first = self.events(self.dir / "first")
        # Whole, and thinned again by the same coin of the same seed, of which the export says nothing.
        export = self.write("export.ndjson", self.export(self.dir / "first"))
        report = self.ingest(export, store=self.dir / "whole")
        self.assertIn(f"{len(first):,} events came sampled", report.text)
        self.assertEqual({4.0}, {e["sample_rate"] for e in self.events(self.dir / "whole")})
        self.assert_says(LINES, self.count(self.dir / "whole"))
        self.verify(self.dir / "whole")
        self.ingest(export, store=self.dir / "again", flags=["--policy", self.policy(RATE4), "--quiet"])
        again = self.events(self.dir / "again")
        self.assertEqual({16.0}, {e["sample_rate"] for e in again})
        expected, spread = len(first) / 4, (len(first) * 3 / 16) ** 0.5
        self.assertAlmostEqual(expected, len(again), delta=5 * spread, msg=self.seed)
        self.assert_says(LINES, self.count(self.dir / "again"))
        # By a key all that came is known: four times as many as the export has.
        warnings = sum(e["severity_text"] == "WARN" for e in first)
        by_key = self.count(self.dir / "again", "severity = warn | count")
        self.assertEqual((4 * warnings, warnings), (by_key["estimate"], by_key["seen"]))
        self.assertFalse(by_key["exact"])
        # By something else it is an estimate as wide.
        self.assert_says(LINES, self.count(self.dir / "again", 'request | count'))
        rows = self.ndjson("stats", "--format", "ndjson", "--store", self.dir / "again")
        strata = [r for r in rows if "stratum" in r]
        self.assertEqual(4 * len(first), sum(s["stands_for"] for s in strata))
        self.assertIn("stand for", self.run_ok("stats", "--store", self.dir / "again").text)
        self.verify(self.dir / "again")
        line = again[0]["source"]["line"]
        flags = ["--store", self.dir / "again", "--source", "export.ndjson", "--line", line]
        explained = self.run_ok("explain", *flags).text
        self.assertIn("sample rate 16 (came with rate 4)", explained)
        # Rates go on: Honeycomb's name holds that of both stages.
        third = self.write("third.ndjson", self.export(self.dir / "again", "--sampling-fields", "honeycomb"))
        self.assertEqual({16}, {json.loads(e)["attributes"]["SampleRate"] for e in third.read_text().splitlines()})
        self.ingest(third, store=self.dir / "third", flags=["--quiet"])
        self.assertEqual({16.0}, {e["sample_rate"] for e in self.events(self.dir / "third")})

    def test_an_export_with_its_coin_composes_by_the_larger_threshold(self):
        path = self.write("app.log", log_of(self.random, LINES))
        self.ingest(path, store=self.dir / "first", flags=["--policy", self.policy(RATE4), "--quiet"])
        export = self.write("export.ndjson", self.export(self.dir / "first", "--sampling-fields", "otel"))
        for rate in (2, 10):
            policy = self.policy(f"budget: {{rate: {rate}}}\n", f"{rate}.yaml")
            self.ingest(path, store=self.dir / f"one{rate}", flags=["--policy", policy, "--quiet"])
            self.ingest(export, store=self.dir / f"two{rate}", flags=["--policy", policy, "--quiet"])
            kept = self.events(self.dir / f"two{rate}")
            alone = self.dir / (f"one{rate}" if rate > 4 else "first")
            self.assertEqual({e["trace_id"] for e in self.events(alone)}, {e["trace_id"] for e in kept}, rate)
            self.assertEqual({float(max(rate, 4))}, {e["sample_rate"] for e in kept})
            self.assert_says(LINES, self.count(self.dir / f"two{rate}"))
            # The coin goes on with them, once, and says the same to the next.
            onward = self.write(f"on{rate}.ndjson", self.export(self.dir / f"two{rate}", "--sampling-fields", "otel"))
            self.ingest(onward, store=self.dir / f"on{rate}", flags=["--quiet"])
            self.assertEqual({float(max(rate, 4))}, {e["sample_rate"] for e in self.events(self.dir / f"on{rate}")})
        self.verify(self.dir / "two10")

    def test_compaction_and_thinning_carry_rates_on(self):
        sampled = b"".join(b'{"time":"2024-03-01T10:%02d:%02dZ","level":"INFO","n":%d,"tracestate":"ot=th:c"}\n' %
                           (i // 60 % 60, i % 60, i) for i in range(400))
        store = self.dir / "store"
        self.ingest(self.write("a.ndjson", sampled), store=store, flags=["--quiet"])
        self.ingest(self.write("b.ndjson", sampled.replace(b"10:", b"11:")), store=store,
                    flags=["--policy", self.policy("budget: {rate: 2}\nkey: [severity]\n"), "--quiet"])
        before = self.count(store)
        self.assert_says(3200, before)
        self.run_ok("compact", "--store", store)
        self.verify(store)
        self.assertEqual(1, len(whittle_cli.segments(store)))
        after = self.count(store)
        self.assert_says(3200, after)
        self.assertEqual(before["kept"], after["kept"])
        # Thinning what came sampled: both rates.
        self.ingest(self.write("c.ndjson", sampled), store=self.dir / "full", flags=["--quiet"])
        plan = self.ndjson("plan", "--store", self.dir / "full", "--policy", self.policy(RATE4), "--format", "ndjson")[0]
        # Of 1,600: 400 came with rate 4, and a quarter of those is kept. 1.96 sqrt(400 * 12 + 100 * 16 * 12) / 1600.
        self.assertAlmostEqual(0.19, plan["relative_error"], delta=0.05, msg=self.seed)
        self.run_ok("thin", "--store", self.dir / "full", "--to", self.dir / "thin", "--policy", self.policy(RATE4))
        self.assertEqual({16.0}, {e["sample_rate"] for e in self.events(self.dir / "thin")})
        self.assert_says(1600, self.count(self.dir / "thin"))
        self.verify(self.dir / "thin")

    def test_what_is_no_rate_inflates_nothing(self):
        lines = [b'{"msg":"opened device %d","sample_rate":44100,"SampleRate":48000}\n' % i for i in range(50)]
        bad = [b'{"msg":"n %d","tracestate":"ot=th:%s"}\n' % (i, th) for i, th in enumerate([b"zz", b"-1", b"1" * 15])]
        path = self.write("audio.ndjson", b"".join(lines + bad))
        report = self.ingest(path, store=self.dir / "s").text
        self.assertIn("3 sampling rates", report)
        self.assertNotIn("came sampled", report)
        answer = self.count(self.dir / "s")
        self.assertEqual((53, True), (answer["estimate"], answer["exact"]))
        # Unless that is what the field means, or nothing is to be read at all.
        self.write("named.yaml", b"incoming: SampleRate\n")
        self.ingest(path, store=self.dir / "named", flags=["--policy", self.dir / "named.yaml", "--quiet"])
        self.assertEqual(50 * 48000 + 3, self.count(self.dir / "named")["estimate"])
        self.write("off.yaml", b"incoming: off\n")
        report = self.ingest(path, store=self.dir / "off", flags=["--policy", self.dir / "off.yaml"]).text
        self.assertNotIn("sampling rates", report)


if __name__ == "__main__":
    whittle_cli.main()
