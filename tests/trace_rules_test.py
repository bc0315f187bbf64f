"""Trace rules of one's own: the example of docs/trace-context.md is tried as it stands, and what they find is exact
whatever came before."""

import random
import re

import whittle_cli
from whittle_cli import ROOT, CliTest, whittle


class TraceRulesTest(CliTest):
    def setUp(self):
        super().setUp()
        page = (ROOT / "docs" / "trace-context.md").read_text()
        example = re.search(r"```yaml\n(name: shop.flow.*?)```", page, re.S).group(1)
        self.rules = self.write("rules/flow.yaml", example.encode()).parent

    def test_the_documented_example_works(self):
        self.assertIn(" 0 failed", self.run_ok("patterns", "test", self.rules).text)
        line = "took order flow<4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7> today"
        shown = self.run_ok("explain", "--patterns", self.rules, line).text
        self.assertIn("trace id by rule 'shop.flow': 4bf92f3577b34da6a3ce929d0e0e4736", shown)
        broken = self.rules / "flow.yaml"
        broken.write_text(broken.read_text().replace("(?<span_id>", "(?<severity_text>"))
        run = whittle("patterns", "test", self.rules)
        self.assertEqual(2, run.code, run)
        self.assertRegex(run.err_text, r"flow.yaml:5:5: a trace rule finds")

    def test_lines_of_one_form_are_told_apart(self):
        # What decides here is one digit inside one token, which forms do not show.
        expected, lines = [], []
        for i in range(400):
            good = self.random.random() < 0.5
            trace, span = f"{self.random.getrandbits(128) | 1:032x}", f"{self.random.getrandbits(64) | 1:016x}"
            lines.append(f"2024-05-01 10:00:00 INFO took f{'low' if good else '1ow'}<{trace}/{span}> of {i}")
            expected.append((trace, span) if good else None)
        log = self.write("a.log", ("\n".join(lines) + "\n").encode())
        self.ingest(log, flags=["--quiet", "--patterns", self.rules])
        found = [(e["trace_id"], e["span_id"]) if "trace_id" in e else None
                 for e in self.ndjson("cat", "--store", self.store)]
        self.assertEqual(expected, found, f"WHITTLE_SEED={self.seed}")

    def test_ids_that_are_none_are_counted(self):
        ids = ["0" * 32, "4bf92f3577b34da6a3ce929d0e0e4736", "-", "17"]
        log = self.write("a.log", "".join(f"10:00 INFO x trace_id={i} done\n" for i in ids).encode())
        self.assertIn("refused    2 trace or span ids", self.ingest(log).text)
        self.assertIn("refused: 2 trace or span ids", self.run_ok("stats", "--store", self.store).text)
        total = self.ndjson("stats", "--format", "ndjson", "--store", self.store)[-1]
        self.assertEqual(2, total["refused_ids"])


if __name__ == "__main__":
    whittle_cli.main()
