"""Estimates from samples of real logs against the truth: do the errors look as the intervals say?

Every large log (WHITTLE_CORPORA) is ingested whole and, with several seeds, at `--keep 10%` with errors kept, once by the
default key and once by severity alone, so that templates have to be estimated. For every template, status, host and other
field with few values the estimated count is compared with the true one. Groups are chosen by their true count: choosing by what
was kept would choose those that chance was kind to. Set before the first run, but for this choice and the stored bytes:

- what is called exact is the truth,
- 95% intervals hold the truth for at least 93% of the groups that have at least 300 events,
- standardised residuals of those (what is missing to the truth by a 1.96th of the interval on that side): mean within 0.2 of
  0, standard deviation 0.7 to 1.1 (intervals are cautious, so rather below 1), at most 1% beyond 3.5,
- a store with less than half of the bytes kept is smaller than the whole one. How much is in the table.
"""

import json
import os
import statistics
import subprocess
import sys

import whittle_cli
from whittle_cli import SKIPPED, CliTest, corpora

SIZE_BYTES = int(os.environ.get("WHITTLE_SAMPLED_BYTES", 3 << 20))
SEEDS = int(os.environ.get("WHITTLE_SAMPLED_SEEDS", 3))
FIELDS = ["template_id", "http.response.status_code", "client.address", "host.name", "thread.name", "code.namespace",
          "http.request.method", "url.path", "process.pid", "user.name", "db.namespace"]
LEAST_EVENTS = 300
MOST_GROUPS = 2000


class CorporaSamplingTest(CliTest):
    def counts(self, store, field):
        rows = self.ndjson("query", f"count by {field} | limit {MOST_GROUPS}", "--store", store, "--format", "ndjson")
        return {row["group"][field]: row["count"] for row in rows if row["group"].get(field) is not None}

    def is_named_otherwise(self, store, name, group):
        """What was kept shows fewer forms, so that templates may be others, and what never varies in them no field."""
        if name.endswith("template_id"):
            return True
        found = self.ndjson("query", f"{json.dumps(str(group))} | count", "--unweighted", "--store", store, "--format", "ndjson")
        return found[0]["count"]["estimate"] > 0

    def compare(self, store, truth, answer, name):
        """Standardised residuals, and how many intervals hold the truth, of the estimated groups."""
        residuals, held = [], 0
        for group, count in truth.items():
            estimate = answer.get(group, {"estimate": 0, "low": 0, "high": 0, "exact": False})
            if estimate["exact"]:
                self.assertEqual(count["estimate"], estimate["estimate"], f"{name}: {group} is called exact")
                continue
            if count["estimate"] < LEAST_EVENTS or (group not in answer and self.is_named_otherwise(store, name, group)):
                continue
            missing = count["estimate"] - estimate["estimate"]
            side = estimate["high"] - estimate["estimate"] if missing > 0 else estimate["estimate"] - estimate["low"]
            if missing == side == 0:
                continue  # nothing of it was thinned
            residuals.append(1.96 * missing / side if side > 0 else 1e6)
            held += estimate["low"] <= count["estimate"] <= estimate["high"]
        return residuals, held

    def segment_bytes(self, store):
        return sum(p.stat().st_size for p in (store / "segments").rglob("*") if p.is_file())

    def test_residuals_look_normal(self):
        logs = sorted((corpora() / "large").glob("*"))
        logs = [p for p in logs if p.name.endswith((".log", ".log.zst", ".jsonl.zst"))]
        self.assertGreater(len(logs), 2)
        everything, held_all = [], 0
        print("\nsampled  | log | key | kept bytes | stored | groups | mean | deviation | in interval |")
        for log in logs:
            read = ["zstd", "-dcq", log] if log.suffix == ".zst" else ["cat", log]
            with subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                text = process.stdout.read(SIZE_BYTES)
                process.kill()
            path = self.write(log.name.removesuffix(".zst"), text[:text.rfind(b"\n") + 1])
            self.ingest(path, store=self.dir / "all", flags=["--quiet"])
            truths = {field: self.counts(self.dir / "all", field) for field in FIELDS}
            truths = {field: truth for field, truth in truths.items() if 1 < len(truth) < MOST_GROUPS}
            for key in ("signature, severity, service.name", "severity"):
                residuals, held, kept, stored = [], 0, 0, 0
                for seed in range(1, SEEDS + 1):
                    policy = self.write("policy.yaml", f"seed: {seed}\nkey: [{key}]\nbudget: {{keep: 10%}}\n"
                                        "rules: [{when: 'severity >= error', keep: all}]\n".encode())
                    store = self.dir / f"s{seed}-{len(key)}-{path.name}"
                    self.ingest(path, store=store, flags=["--quiet", "--policy", policy])
                    for field, truth in truths.items():
                        more, inside = self.compare(store, truth, self.counts(store, field), f"{path.name} by {field}")
                        residuals += more
                        held += inside
                    total = next(r for r in self.ndjson("stats", "--store", store, "--format", "ndjson") if r.get("total"))
                    kept += total["kept"]["bytes"] / total["in"]["bytes"] / SEEDS
                    stored += self.segment_bytes(store) / self.segment_bytes(self.dir / "all") / SEEDS
                everything += residuals
                held_all += held
                if residuals:
                    print(f"sampled  | {path.name} | {key} | {kept:.2f} | {stored:.2f} | {len(residuals)} | "
                          f"{statistics.mean(residuals):+.2f} | {statistics.pstdev(residuals):.2f} | "
                          f"{held / len(residuals):.3f} |")
                if kept < 0.5:
                    self.assertLess(stored, 1, path.name)
            subprocess.run(["rm", "-rf", self.dir / "all"], check=True)
        self.assertGreater(len(everything), 200)
        share = held_all / len(everything)
        beyond = sum(abs(r) > 3.5 for r in everything) / len(everything)
        mean, deviation = statistics.mean(everything), statistics.pstdev(everything)
        print(f"sampled  | all | | | | {len(everything)} | {mean:+.2f} | {deviation:.2f} | {share:.3f} | beyond 3.5: {beyond:.4f}")
        self.assertGreaterEqual(share, 0.93)
        self.assertLess(abs(mean), 0.2)
        self.assertTrue(0.7 < deviation < 1.1, deviation)
        self.assertLessEqual(beyond, 0.01)


if __name__ == "__main__":
    if corpora() is None:
        print("SKIPPED: no folder of real logs at WHITTLE_CORPORA (default ../shared/corpora). This run shows nothing "
              "about estimates from real logs.")
        sys.exit(SKIPPED)
    whittle_cli.main()
