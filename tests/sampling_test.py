"""Sampling through the real program: what is kept does not depend on how it was read, and nothing is lost count of.

WHITTLE_LONG=1 makes the inputs ten times larger.
"""

import collections
import gzip
import json
import os
import signal
import subprocess
import time
import unittest

import whittle_cli
from whittle_cli import BIN, CliTest

SIZE = 10 if os.environ.get("WHITTLE_LONG") else 1
WHOLE = """
budget: {keep: 10%}
traces: whole
hold: {time: 5s, bytes: 4MiB}
rules: [{when: 'severity >= error', keep: all}]
"""
LEVELS = ["INFO"] * 16 + ["DEBUG"] * 6 + ["WARN"] * 2 + ["ERROR"]


def log_of(random, lines, traces=True):
    """A log of few templates with very different counts, errors, traces and a stack trace now and then."""
    out = []
    for i in range(lines):
        at = 1_700_000_000 + i // 40
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) + ".%03d" % (i * 25 % 1000)
        level = random.choice(LEVELS)
        kind = min(int(random.expovariate(0.7)), 9)
        words = ["alpha", "beta", "gamma", "delta", "kappa", "lambda", "omega", "sigma", "theta", "zeta"][kind]
        trace = " trace_id=%032x" % random.choice(range(1, lines // 6)) if traces and i % 3 == 0 else ""
        out.append(f"{stamp} {level} [main] Served {words} request {random.randrange(10**6)} in {random.randrange(900)} ms"
                   f"{trace}\n")
        if level == "ERROR" and random.random() < 0.5:
            out.append("java.lang.IllegalStateException: broken\n\tat a.b.C(C.java:1)\n\tat a.b.D(D.java:2)\n")
    return "".join(out).encode()


class SamplingTest(CliTest):
    def events(self, store):
        return self.ndjson("cat", "--format", "ndjson", "--store", store)

    def kept(self, store):
        """What was kept, and how surely, by position."""
        return {(e["source"]["offset"], e.get("sample_rate"), e["body"]) for e in self.events(store)}

    def ledger(self, store):
        rows = self.ndjson("stats", "--format", "ndjson", "--store", store)
        return next(r for r in rows if r.get("total")), [r for r in rows if "stratum" in r]

    def policy(self, text, name="policy.yaml"):
        return self.write(name, text.encode())

    def check_conserved(self, store, lines, size):
        self.verify(store)
        total, strata = self.ledger(store)
        for unit in ("lines", "records", "bytes"):
            parts = sum(total[p][unit] for p in ("kept", "sampled_out", "quarantined", "dropped_by_rule", "expired"))
            self.assertEqual(total["in"][unit], parts, unit)
            for part in ("in", "kept"):
                self.assertEqual(total[part][unit], sum(s[part][unit] for s in strata), (part, unit))
            for part in ("sampled_out", "dropped_by_rule"):
                self.assertEqual(total[part][unit], sum(s[part][unit] for s in strata if part in s), (part, unit))
        self.assertEqual(lines, total["in"]["lines"])
        self.assertEqual(size, total["in"]["bytes"])
        return total, strata

    def test_the_same_is_kept_however_it_is_read(self):
        text = log_of(self.random, 20_000 * SIZE)
        path = self.write("app.log", text)
        flags = ["--keep", "10%", "--keep-errors", "--quiet"]
        self.ingest(path, store=self.dir / "a", flags=[*flags, "--jobs", "1"])
        expected = self.kept(self.dir / "a")
        self.assertGreater(len(expected), 500)
        self.check_conserved(self.dir / "a", text.count(b"\n"), len(text))
        for jobs in (2, 4):
            self.ingest(path, store=self.dir / f"j{jobs}", flags=[*flags, "--jobs", jobs])
            self.assertEqual(expected, self.kept(self.dir / f"j{jobs}"), f"{jobs} jobs")
        self.ingest(path, store=self.dir / "small", flags=[*flags, "--memory", "8MiB"])
        self.assertEqual(expected, self.kept(self.dir / "small"), "small segments")
        self.write("z/app.log.1.gz", gzip.compress(text))
        self.ingest(self.dir / "z/app.log.1.gz", store=self.dir / "gz", flags=flags)
        self.assertEqual(expected, self.kept(self.dir / "gz"), "a compressed rotation")

    def test_growing_in_pieces_keeps_the_same(self):
        text = log_of(self.random, 12_000 * SIZE)
        path = self.write("whole.log", text)
        flags = ["--keep", "10%", "--quiet"]
        self.ingest(path, store=self.dir / "whole", flags=flags)
        parts = self.dir / "parts" / "whole.log"
        parts.parent.mkdir()
        at = 0
        starts = [0] + [i + 1 for i, b in enumerate(text) if b == 10 and text[i + 1:i + 2].isdigit()]
        for cut in sorted([*self.random.sample(starts[1:], 3), self.random.choice(starts[1:20])]) + [len(text)]:
            parts.write_bytes(text[:cut])
            self.ingest(parts, store=self.dir / "grown", flags=flags)
        self.assertEqual(self.kept(self.dir / "whole"), self.kept(self.dir / "grown"), f"seed {self.seed}")
        self.check_conserved(self.dir / "grown", text.count(b"\n"), len(text))

    def check_killed(self, name, flags):
        text = log_of(self.random, 40_000 * SIZE)
        path = self.write(name + ".log", text)
        flags = [*flags, "--quiet", "--memory", "8MiB"]
        through, killed = self.dir / (name + ".through"), self.dir / (name + ".killed")
        self.ingest(path, store=through, flags=flags)
        started = time.monotonic()
        self.ingest(path, store=self.dir / (name + ".timed"), flags=flags)
        whole_s = time.monotonic() - started
        for attempt in range(3):
            process = subprocess.Popen([BIN, "ingest", path, "--store", killed, *flags])
            time.sleep(whole_s * self.random.uniform(0.2, 0.9))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.ingest(path, store=killed, flags=flags)
        self.assertEqual(self.kept(through), self.kept(killed), f"{name}, seed {self.seed}")
        self.check_conserved(killed, text.count(b"\n"), len(text))

    def test_killed_and_gone_on_with_keeps_the_same(self):
        self.check_killed("events", ["--keep", "10%"])
        self.check_killed("traces", ["--policy", self.policy(WHOLE)])

    def test_whole_traces_are_kept_whole_or_not_at_all(self):
        lines = []
        for i in range(12_000 * SIZE):
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + i // 40)) + ".%03d" % (i * 25 % 1000)
            level = "ERROR" if self.random.random() < 0.005 else "INFO"
            trace = i // 40 * 8 + self.random.randrange(8) + 1
            word = self.random.choice(["alpha", "alpha", "alpha", "beta", "gamma"])
            lines.append((trace, level, f"{stamp} {level} [main] Served {word} request {i} trace_id={trace:032x}\n"))
        text = "".join(line for _, _, line in lines).encode()
        path = self.write("app.log", text)
        flags = ["--policy", self.policy(WHOLE), "--quiet"]
        self.ingest(path, store=self.dir / "j1", flags=[*flags, "--jobs", "1"])
        expected = self.kept(self.dir / "j1")
        for jobs in (2, 4):
            self.ingest(path, store=self.dir / f"j{jobs}", flags=[*flags, "--jobs", jobs, "--memory", "8MiB"])
            self.assertEqual(expected, self.kept(self.dir / f"j{jobs}"), f"{jobs} jobs")
        came = collections.Counter(trace for trace, _, _ in lines)
        failed = {trace for trace, level, _ in lines if level == "ERROR"}
        events = self.events(self.dir / "j1")
        kept = collections.Counter(int(e["trace_id"], 16) for e in events)
        for trace, count in came.items():
            self.assertIn(kept[trace], (0, count), f"trace {trace}, seed {self.seed}")
            if trace in failed:
                self.assertEqual(count, kept[trace], f"trace {trace} has an error, seed {self.seed}")
        for event in events:
            if int(event["trace_id"], 16) in failed:
                self.assertEqual(1, event.get("sample_rate", 1))
        rest = len(lines) - sum(came[trace] for trace in failed)
        share = sum(count for trace, count in kept.items() if trace not in failed) / rest
        self.assertTrue(0.06 < share < 0.14, f"{share}, seed {self.seed}")
        _, strata = self.check_conserved(self.dir / "j1", len(lines), len(text))
        self.assertTrue(any("trace of an event" in s["rule"] for s in strata), strata[0])
        self.run_ok("ingest", path, "--store", self.dir / "all", "--quiet")
        self.run_ok("thin", "--store", self.dir / "all", "--to", self.dir / "thin", "--policy", self.dir / "policy.yaml")
        thinned = collections.Counter(int(e["trace_id"], 16) for e in self.events(self.dir / "thin"))
        self.assertTrue(all(thinned[trace] in (0, count) for trace, count in came.items()))

    def test_kept_lines_are_the_original_bytes_at_their_place(self):
        text = log_of(self.random, 3000)
        self.ingest(self.write("app.log", text), flags=["--keep", "20%", "--quiet"])
        lines = {}
        offset = 0
        for line in text.splitlines(keepends=True):
            lines[offset] = line
            offset += len(line)
        raw = b""
        for event in self.events(self.store):
            record = lines[event["source"]["offset"]]
            self.assertEqual(event["source"]["line"], text[:event["source"]["offset"]].count(b"\n") + 1)
            self.assertIn(event["body"].split("\n")[0].encode(), record)
            raw += record
            at = event["source"]["offset"] + len(record)
            for _ in range(event["body"].count("\n")):
                raw += lines[at]
                at += len(lines[at])
        self.assert_same_bytes(raw, self.cat_raw(), "cat --raw")

    def test_less_is_a_part_of_more_and_the_seed_changes_no_rate(self):
        path = self.write("app.log", log_of(self.random, 8000))
        for rate in (2, 5, 20):
            self.ingest(path, store=self.dir / f"r{rate}",
                        flags=["--quiet", "--policy", self.policy(f"budget: {{rate: {rate}}}\n")])
        places = {r: {e["source"]["offset"] for e in self.events(self.dir / f"r{r}")} for r in (2, 5, 20)}
        self.assertLess(places[20], places[5])
        self.assertLess(places[5], places[2])
        rates = []
        for seed in (1, 2):
            store = self.dir / f"s{seed}"
            self.ingest(path, store=store,
                        flags=["--quiet", "--policy", self.policy(f"seed: {seed}\nbudget: {{keep: 15%}}\n")])
            rates.append({e["source"]["offset"]: e["sample_rate"] for e in self.events(store)})
        both = rates[0].keys() & rates[1].keys()
        self.assertGreater(len(both), 100)
        self.assertNotEqual(rates[0].keys(), rates[1].keys())
        self.assertTrue(all(rates[0][at] == rates[1][at] for at in both))

    def test_traces_share_a_coin(self):
        path = self.write("app.log", log_of(self.random, 6000))
        self.ingest(path, flags=["--quiet", "--policy", self.policy("budget: {rate: 4}\n")])
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        whole = collections.Counter(e["trace_id"] for e in self.events(self.dir / "all") if "trace_id" in e)
        some = collections.Counter(e["trace_id"] for e in self.events(self.store) if "trace_id" in e)
        self.assertTrue(some)
        for trace, lines in some.items():
            self.assertEqual(whole[trace], lines, trace)
        self.ingest(path, store=self.dir / "own",
                    flags=["--quiet", "--policy", self.policy("budget: {rate: 4}\ntraces: independent\n")])
        own = collections.Counter(e["trace_id"] for e in self.events(self.dir / "own") if "trace_id" in e)
        self.assertTrue(any(whole[trace] != lines for trace, lines in own.items()))

    def test_rules_decide_in_order(self):
        text = log_of(self.random, 10_000)
        policy = self.policy("""
sampling:
  budget: {keep: 5%}
  key: [signature, severity]
  rules:
    - {when: 'severity = debug', drop: true}
    - {when: 'severity >= error', keep: all}
    - {when: 'true', keep: first 1, per: stratum}
    - {when: 'severity = warn', rate: 3}
""")
        self.ingest(self.write("app.log", text), flags=["--quiet", "--policy", policy])
        total, strata = self.check_conserved(self.store, text.count(b"\n"), len(text))
        truth = collections.Counter(line.split()[2] for line in text.decode().splitlines() if line[:2] == "20")
        kept = collections.Counter(e["severity_text"] for e in self.events(self.store))
        self.assertEqual(truth["ERROR"], kept["ERROR"])
        self.assertNotIn("DEBUG", kept)
        self.assertEqual(truth["DEBUG"], total["dropped_by_rule"]["records"])
        self.assertTrue(all("sampled_out" not in s for s in strata if "drop" in s["rule"]))
        rates = {e["sample_rate"] for e in self.events(self.store) if e["severity_text"] == "WARN"}
        self.assertEqual({1.0, 3.0}, rates)
        self.assertLess(abs(kept["WARN"] - truth["WARN"] / 3), 5 * (truth["WARN"] * 2 / 9) ** 0.5 + 60)

    def test_runs_of_a_pipe_have_their_own_coins(self):
        text = log_of(self.random, 4000, traces=False)
        for name in ("a", "b"):
            self.ingest("-", store=self.dir / name, stdin=text,
                        flags=["--quiet", "--policy", self.policy("budget: {rate: 10}\n")])
        places = [{e["source"]["offset"] for e in self.events(self.dir / name)} for name in ("a", "b")]
        self.assertNotEqual(places[0], places[1])

    def test_a_flood_of_keys_stays_within_the_budget(self):
        def unique(i):
            word = "".join("abcdefghijklmnopqrstuvwxyz"[(i * 2654435761 >> s) % 26] for s in range(0, 40, 4))
            return f"2024-01-01 00:{i // 60000 % 60:02}:{i // 1000 % 60:02} INFO user={word}{i} did it\n"
        text = "".join(unique(i) for i in range(60_000 * SIZE)).encode()
        policy = self.policy("budget: {keep: 10%}\nkey: [user.name]\nfloor: {per_key_per_window: 1}\n")
        self.ingest(self.write("app.log", text), flags=["--quiet", "--policy", policy])
        total, strata = self.check_conserved(self.store, text.count(b"\n"), len(text))
        share = total["kept"]["records"] / total["in"]["records"]
        self.assertLess(share, 0.12)
        self.assertGreater(share, 0.03)
        self.assertTrue(any(s["stratum"] == "other" for s in strata))

    def test_sampled_stores_are_compacted_without_losing_count(self):
        text = log_of(self.random, 20_000)
        path = self.write("app.log", b"")
        starts = [i + 1 for i, b in enumerate(text) if b == 10 and text[i + 1:i + 2].isdigit()]
        for cut in sorted(self.random.sample(starts, 4)) + [len(text)]:
            path.write_bytes(text[:cut])
            self.ingest(path, flags=["--keep", "10%", "--quiet"])
        before = self.kept(self.store), self.ledger(self.store)[1]
        self.run_ok("compact", "--store", self.store)
        self.assertEqual(before, (self.kept(self.store), self.ledger(self.store)[1]))
        self.check_conserved(self.store, text.count(b"\n"), len(text))

    def counts(self, store, query, *flags):
        rows = self.ndjson("query", query, "--store", store, "--format", "ndjson", *flags)
        return {tuple(sorted(r["group"].items())): r["count"] for r in rows}

    def test_answers_are_exact_where_they_can_be_and_honest_elsewhere(self):
        path = self.write("app.log", log_of(self.random, 30_000 * SIZE))
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        self.ingest(path, store=self.store, flags=["--quiet", "--keep", "10%", "--keep-errors"])
        for query in ("count", "count by severity", "severity >= warn | count by severity"):
            truth, answer = (self.counts(s, query) for s in (self.dir / "all", self.store))
            self.assertEqual({g: c["estimate"] for g, c in truth.items()}, {g: c["estimate"] for g, c in answer.items()}, query)
            self.assertTrue(all(c["exact"] and c["seen"] == c["estimate"] for c in answer.values()), query)
        truth, answer = (self.counts(s, "count by template") for s in (self.dir / "all", self.store))
        for group, count in truth.items():
            self.assertLessEqual(answer[group]["low"], count["estimate"], group)
            self.assertGreaterEqual(answer[group]["high"], count["estimate"], group)
        self.assertEqual(sum(c["estimate"] for c in truth.values()), sum(c["estimate"] for c in answer.values()))
        errors = self.counts(self.store, "severity >= error | count by thread.name")
        self.assertTrue(all(c["exact"] for c in errors.values()))
        inside = total = 0
        truth, answer = (self.counts(s, "count by source.line every 2m".replace(" by source.line", ""))
                         for s in (self.dir / "all", self.store))
        for group, count in truth.items():
            total += 1
            guess = answer.get(group, {"low": 0, "high": 0})
            inside += guess["low"] <= count["estimate"] <= guess["high"]
        self.assertGreaterEqual(inside, 0.8 * total - 1, f"{inside} of {total}, seed {self.seed}")
        kept = self.counts(self.store, "count", "--unweighted")
        self.assertEqual(len(self.events(self.store)), kept[()]["estimate"])

    def test_plan_says_what_thin_does(self):
        path = self.write("app.log", log_of(self.random, 15_000))
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        policy = self.policy("budget: {keep: 10%}\nprices: {ingest_gb: 0.5, stored_gb_month: 0.02}\n")
        plan = self.ndjson("plan", "--store", self.dir / "all", "--policy", policy, "--format", "ndjson")
        self.run_ok("plan", "--store", self.dir / "all", "--policy", policy, "--policy", self.policy("budget: {rate: 5}\n", "b.yaml"))
        self.run_ok("thin", "--store", self.dir / "all", "--to", self.store, "--policy", policy)
        self.verify(self.store)
        total, strata = self.ledger(self.store)
        self.assertEqual(plan[0]["kept"], total["kept"])
        self.assertEqual(plan[0]["in"], total["in"])
        self.assertEqual(len(plan) - 1, len(strata))
        truth, answer = (self.counts(s, "count by severity") for s in (self.dir / "all", self.store))
        self.assertEqual({g: c["estimate"] for g, c in truth.items()}, {g: c["estimate"] for g, c in answer.items()})
        run = self.run_ok("thin", "--store", self.store, "--to", self.dir / "twice", "--policy", policy, code=2)
        self.assertIn("only a store that has everything", run.err_text)

    def test_report_adds_up_to_the_ledger(self):
        path = self.write("app.log", log_of(self.random, 6000))
        self.ingest(path, flags=["--keep", "10%", "--keep-errors", "--quiet"])
        total, strata = self.ledger(self.store)
        prices = self.policy("prices: {ingest_gb: 1000, million_events: 0, stored_gb_month: 1}\n", "prices.yaml")
        run = self.run_ok("report", "--store", self.store, "--by", "severity,rule", "--format", "json", "--policy", prices)
        report = json.loads(run.out)
        for part in ("in", "kept"):
            self.assertEqual(report["total"][part]["events"], total[part]["records"])
            for unit in ("lines", "bytes"):
                self.assertEqual(report["total"][part][unit], total[part][unit])
                self.assertEqual(sum(g[part][unit] for g in report["groups"]), total[part][unit])
        self.assertAlmostEqual(report["total"]["cost_of_all"], total["in"]["bytes"] / 1e6, places=6)
        errors = [g for g in report["groups"] if g["group"]["severity"] == "ERROR"]
        self.assertTrue(errors and all(g["in"] == g["kept"] for g in errors), errors)
        self.assertEqual([p["events"] for p in report["policies"]], [total["in"]["records"]])
        for style in ("table", "md"):
            self.assertIn(f"{total['in']['bytes']:,}", self.run_ok("report", "--store", self.store, "--format", style).out.decode())
        run = self.run_ok("report", "--store", self.store, "--by", "url.path", code=2)
        self.assertIn("signature", run.err_text)
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        self.assertIn("nothing in this store was sampled", self.run_ok("report", "--store", self.dir / "all", code=2).err_text)

    def test_metrics_are_exact_whatever_is_sampled(self):
        text = log_of(self.random, 12_000)
        path = self.write("app.log", text)
        policy = self.policy("""
budget: {keep: 5%}
metrics:
  - {name: slow, when: 'body ~ /in [5-8][0-9][0-9] ms/ and severity != warn', sum: request}
  - {name: everything, when: 'true'}
""")
        starts = [i + 1 for i, b in enumerate(text) if b == 10 and text[i + 1:i + 2].isdigit()]
        grown = self.dir / "grown" / "app.log"
        grown.parent.mkdir()
        for cut in sorted(self.random.sample(starts, 3)) + [len(text)]:
            grown.write_bytes(text[:cut])
            self.ingest(grown, store=self.store, flags=["--quiet", "--policy", policy])
        self.ingest(path, store=self.dir / "all", flags=["--quiet"])
        query = "severity != warn and body ~ /in [5-8][0-9][0-9] ms/ | count, sum(request)"
        own = "body ~ /in [5-8][0-9][0-9] ms/ and severity != warn | count, sum(request)"
        truth = self.ndjson("query", own, "--store", self.dir / "all", "--format", "ndjson")[0]
        self.assertGreater(truth["count"]["estimate"], 500)
        for step in ("as ingested", "compacted", "rebuilt"):
            answer = self.ndjson("query", own, "--store", self.store, "--format", "ndjson")[0]
            for name in ("count", "sum(request)"):
                self.assertEqual(truth[name]["estimate"], answer[name]["estimate"], (step, self.seed))
                self.assertTrue(answer[name]["exact"], step)
            metrics = {m["metric"]: m for m in self.ndjson("stats", "--store", self.store, "--format", "ndjson")
                       if "metric" in m}
            total, _ = self.ledger(self.store)
            self.assertEqual(total["in"]["records"], metrics["everything"]["events"], step)
            self.assertEqual(truth["count"]["estimate"], metrics["slow"]["events"], step)
            for metric in metrics.values():
                self.assertEqual(metric["events"], sum(w["events"] for w in metric["windows"]), step)
            self.assertEqual(metrics["slow"]["sum"], sum(w["sum"] for w in metrics["slow"]["windows"]), step)
            if step == "as ingested":
                self.run_ok("compact", "--store", self.store)
            elif step == "compacted":
                self.run_ok("verify", "--rebuild", "--store", self.store)
        other = self.ndjson("query", query, "--store", self.store, "--format", "ndjson")[0]
        self.assertFalse(other["count"]["exact"], "another filter, as far as anybody can tell")
        self.assertIn("metric slow", self.run_ok("report", "--store", self.store).out.decode())

    def test_thresholds_and_coins_are_handed_on_and_say_what_was_kept(self):
        path = self.write("app.log", log_of(self.random, 6000))
        for name, more in (("hash", ""), ("w3c", "coin: w3c\n"), ("own", "traces: independent\n")):
            whole, some = self.dir / f"all-{name}", self.dir / f"some-{name}"
            counted = "metrics: [{name: all, when: 'true'}]\n"  # a policy, so that coins have a seed
            self.ingest(path, store=whole, flags=["--quiet", "--policy", self.policy("seed: 7\n" + more + counted)])
            self.ingest(path, store=some, flags=["--quiet", "--policy", self.policy("seed: 7\n" + more + "budget: {rate: 8}\n")])
            kept = {e["source"]["offset"] for e in self.events(some)}
            least = (1 << 56) - (1 << 53)
            seen = 0
            for event in self.ndjson("cat", "--store", whole, "--sampling-fields", "otel"):
                fields = event["attributes"]
                self.assertEqual("0", fields["sampling.threshold"])
                if "sampling.randomness" in fields:
                    coin = int(fields["sampling.randomness"], 16)
                    self.assertEqual(f"ot=th:0;rv:{coin:014x}", fields["tracestate"])
                else:
                    self.assertEqual("w3c", name)
                    coin = int(event["trace_id"][-14:], 16)
                self.assertEqual(coin >= least, event["source"]["offset"] in kept, (name, event["source"], self.seed))
                seen += 1
            self.assertGreater(seen, 5000)
            for event in self.ndjson("cat", "--store", some, "--sampling-fields", "otel"):
                self.assertEqual("e", event["attributes"]["sampling.threshold"])
                self.assertTrue(event["attributes"]["tracestate"].startswith("ot=th:e"))
                self.assertEqual(8, event["sample_rate"])
            rates = {e["attributes"]["SampleRate"] for e in self.ndjson("cat", "--store", some, "--sampling-fields", "honeycomb")}
            self.assertEqual({8}, rates)

    def test_mistakes_are_told(self):
        path = self.write("app.log", b"x\n")
        for text, what in [("budget: {keep: 10%, rate: 5}\n", "not several"), ("budget: {keep: ten}\n", "percentage"),
                           ("curve: wild\n", "power:X"), ("rules: [{when: 'severity >=', keep: all}]\n", "'when'"),
                           ("rules: [{when: 'true'}]\n", "a rule has one of"), ("budgets: {}\n", "budget"),
                           ("rules: [{when: 'true', keep: some}]\n", "first N"), ("window: 1ms\n", "duration"),
                           ("metrics: [{name: a b, when: 'true'}]\n", "letters"),
                           ("metrics: [{name: a, when: 'x >'}]\n", "'when'")]:
            run = self.run_ok("ingest", path, "--store", self.store, "--policy", self.policy(text), code=2)
            self.assertIn("policy.yaml:1:", run.err_text, text)
            self.assertIn(what, run.err_text, text)
        run = self.run_ok("ingest", path, "--store", self.store, "--keep", "lots", code=2)
        self.assertIn("percentage", run.err_text)


if __name__ == "__main__":
    whittle_cli.main()
