"""Reading from the command line: many stores as one, following, interrupting, comparing, bounded answers."""

import json
import os
import re
import signal
import time
import unittest

import whittle_cli
from whittle_cli import CliTest, examples, synthetic_log, whittle


class QueryTest(CliTest):
    def ask(self, query, *stores, flags=()):
        args = [flag for store in (stores or [self.store]) for flag in ("--store", store)]
        return self.run_ok("query", *args, "--format", "ndjson", *flags, query).text

    def test_many_stores_answer_as_one(self):
        inputs = examples()
        one, parts = self.dir / "one", [self.dir / "stores" / name for name in "abc"]
        self.ingest(*inputs, store=one)
        for i, part in enumerate(parts):
            self.ingest(*inputs[i::3], store=part)
        merged = self.dir / "merged"
        self.run_ok("merge", self.dir / "stores" / "*", "--to", merged)
        self.verify(merged)
        queries = ["*", "count by template", "severity>=warn | count by template_id every 1m",
                   "count, p90(http.response.body.size) by source", "facets", "exists trace_id | rollup trace"]
        for query in queries:
            expected = self.ask(query, one)
            self.assertGreater(len(expected), 50, query)
            self.assertEqual(expected, self.ask(query, *parts), query)
            self.assertEqual(expected, self.ask(query, self.dir / "stores" / "*"), query)
            self.assertEqual(expected, self.ask(query, merged), query)
            # A store beside one that has the same adds nothing.
            self.assertEqual(expected, self.ask(query, one, parts[1]), query)
        run = whittle("query", "--store", self.dir / "nowhere" / "*", "count")
        self.assertEqual(2, run.code)
        self.assertIn("matches no store", run.err_text)
        self.run_ok("merge", one, "--to", merged, code=2)

    def test_a_time_range_passes_over_other_times_of_a_segment(self):
        records = []
        for year in (2019, 2023, 2021):
            for i in range(700):
                text = f"{year}-03-01T10:{i // 60:02d}:{i % 60:02d}Z INFO request {i} done\n"
                if self.random.random() < 0.1:
                    text += "  at some.place\n"
                records.append((year, text))
        self.ingest(self.write("app.log", "".join(text for _, text in records).encode()))
        for year in (2019, 2021, 2023):
            run = self.run_ok("query", "--store", self.store, "--stats", "--format", "csv", f"{year}-03-01..{year}-03-01 | count")
            self.assertEqual("count\n700\n", run.text)
            looked_at, matched = map(int, re.search(r"(\d+) events looked at, (\d+) matched", run.err_text).groups())
            self.assertEqual(700, matched)
            self.assertLess(looked_at, 1100, "a group of each year, and a little of the one before")
            raw = self.run_ok("cat", "--raw", "--store", self.store, f"{year}-03-01..{year}-03-01").text
            self.assertEqual("".join(text for of, text in records if of == year), raw)
            minute = self.run_ok("cat", "--raw", "--store", self.store, f"{year}-03-01T10:05..{year}-03-01T10:05 some").text
            expected = [text for of, text in records if of == year and "T10:05:" in text and "some" in text]
            self.assertEqual("".join(expected), minute)
        none = self.run_ok("query", "--store", self.store, "--stats", "--format", "csv", "2020-01-01..2020-12-31 | count")
        self.assertEqual("count\n0\n", none.text)
        self.assertIn("read the rows of 0 of 1 segments", none.err_text)

    def test_a_slot_without_text_is_no_field(self):
        hosts = [f"10.0.0.{i}" if i % 3 else "" for i in range(30)]
        self.ingest(self.write("auth.log", "".join(
            f"Jul 11 11:33:{i:02} combo gdm[{i}]: authentication failure; tty=:{i} rhost={host} \n"
            for i, host in enumerate(hosts)).encode()))
        events = [json.loads(line) for line in self.run_ok("cat", "--store", self.store, "--format", "ndjson").text.splitlines()]
        self.assertEqual(20, sum("client.address" in event["attributes"] for event in events))
        answer = json.loads(self.ask("exists client.address | count"))
        self.assertEqual(20, answer["count"]["estimate"])
        groups = map(json.loads, self.ask("count by client.address").splitlines())
        self.assertEqual([10], [g["count"]["estimate"] for g in groups if g["group"].get("client.address") is None])

    def test_events_around_a_line(self):
        self.ingest(self.write("app.log", b"".join(b"2024-05-01T10:00:%02dZ INFO step %d\n" % (i, i) for i in range(40))))
        near = [json.loads(line)["source"]["line"] for line in self.ask('near "app.log:20" 2').splitlines()]
        self.assertEqual([18, 19, 20, 21, 22], near)
        self.assertEqual(self.ask('near "app.log:20" 2'), self.ask("near app.log:20 2"))
        self.assertEqual('{"group":{},"count":{"estimate":11', self.ask("* | near app.log:20 | count")[:34])
        self.assertIn("line 99", whittle("query", "--store", self.store, "near app.log:99").err_text)

    def test_rows_are_sorted_and_cut_as_events_are(self):
        lines = [f"2024-05-01T10:{i // 60:02d}:{i % 60:02d}Z INFO job user=u{i % 7} took={self.random.randrange(90)}ms" for i in range(900)]
        self.ingest(self.write("app.log", "\n".join(lines).encode() + b"\n"))
        everything = self.ask("* | select timestamp, took, user | sort took desc, timestamp").splitlines()
        self.assertEqual(900, len(everything))
        took = [json.loads(line)["took"] for line in everything]
        self.assertEqual(sorted(took, reverse=True), took)
        for query in ["* | select timestamp, took, user | sort took desc, timestamp | limit 7",
                      "* | sort took desc, timestamp | limit 7 | select timestamp, took, user",
                      "* | sort took desc, timestamp | select timestamp, took, user | limit 7"]:
            self.assertEqual(everything[:7], self.ask(query).splitlines(), f"WHITTLE_SEED={self.seed} {query}")
        self.assertEqual(everything[:5], self.ask("* | select timestamp, took, user | top 5 by took").splitlines())
        self.assertEqual(4, self.ask("* | select took | limit 9 | limit 4").count("\n"))
        events = [json.loads(line)["attributes"]["took"] for line in self.ask("top 3 by took").splitlines()]
        self.assertEqual(3, len(events))
        # As the log writes it, and as it is named.
        self.assertEqual(self.ask("user = u3 | count"), self.ask("user.name = u3 | count"))
        self.assertIn('"estimate":129', self.ask("user = u3 | count"))

    def test_mistakes_are_shown_on_a_terminal(self):
        self.ingest(self.write("app.log", b"2024-05-01T10:00:00Z INFO a\n"))
        shown, terminal = os.openpty()
        process = self.start("query", "--store", self.store, "error | cuont", stderr=terminal)
        self.assertEqual(2, process.wait(timeout=60))
        text = os.read(shown, 4096).decode().replace("\r", "")
        self.assertEqual('whittle: column 9: unknown stage or function \'cuont\'; did you mean "count"?\n'
                         "  error | cuont\n          ^\n", text)
        for query in ["2024-13-01..2024-05-02", "client.address = 10.0.0.0/33"]:
            self.assertIn(" is not a ", whittle("query", "--store", self.store, query).err_text)

    def test_now(self):
        self.ingest(*examples())
        run = self.run_ok("query", "--store", self.store, "last 2h | count", "--format", "csv")
        self.assertEqual("count\n0\n", run.text)
        self.assertIn("--now data", run.err_text)
        run = self.run_ok("query", "--store", self.store, "last 2h | count", "--format", "csv", "--now", "data")
        self.assertGreater(int(run.text.split()[1]), 1000)
        self.assertNotIn("--now data", run.err_text)
        run = self.run_ok("query", "--store", self.store, "last 1m | count", "--format", "csv", "--now", "2026-11-23T13:48")
        self.assertGreater(int(run.text.split()[1]), 100)
        self.run_ok("query", "--store", self.store, "last 1m", "--now", "yesterday", code=2)

    def test_follow_prints_what_comes_once(self):
        log = self.write("app.log", b"".join(b"2024-05-01 10:00:%02d INFO first %d\n" % (i, i) for i in range(10)))
        self.ingest(log)
        out = open(self.dir / "out", "wb+")
        self.addCleanup(out.close)
        process = self.start("cat", "--store", self.store, "--raw", "--follow", "first or second", stdout=out)
        deadline = time.monotonic() + 60

        def wait_for(text):
            while text not in (self.dir / "out").read_bytes():
                self.assertLess(time.monotonic(), deadline, (self.dir / "out").read_bytes()[-300:])
                time.sleep(0.05)

        wait_for(b"first 9\n")
        for part in range(3):
            with open(log, "ab") as file:
                file.write(b"2024-05-01 10:01:%02d INFO second %d\n2024-05-01 10:01:00 INFO other\n" % (part, part))
            self.ingest(log)
            wait_for(b"second %d\n" % part)
        process.send_signal(signal.SIGINT)
        self.assertEqual(0, process.wait(timeout=60))
        lines = (self.dir / "out").read_bytes().splitlines()
        self.assertEqual(13, len(lines))
        self.assertEqual(len(lines), len(set(lines)))
        self.run_ok("query", "--store", self.store, "--follow", "* | count", code=2)

    def test_ctrl_c_prints_what_there_is(self):
        for part in range(3):
            self.ingest(self.write(f"{part}.log", synthetic_log(self.random, 20_000)))
        # So slow that it is caught in the middle: a regular expression over every message, events sorted by it.
        process = self.start("query", "--store", self.store, "~ /([a-z]+ ){3}(.*[0-9]){6}zz/ or not ~ /qq(.*x){5}/ | count by template",
                             stdout=-1, stderr=-1)
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 130, -signal.SIGINT), err)
        if process.returncode == 130:
            self.assertIn(b"partial", err)
            self.assertIn(b"count", out)

    def test_diff_finds_the_planted_cause(self):
        lines = []
        for i in range(6000):
            version = self.random.choice(["v1", "v1", "v1", "v2"])
            bad = self.random.random() < (0.3 if version == "v2" else 0.05)
            others = " ".join(f"field_{k}=x{self.random.randrange(5)}" for k in range(30))
            lines.append(f"2024-05-01T10:{i // 600 % 60:02d}:{i // 10 % 60:02d}Z INFO handled status={500 if bad else 200} "
                         f"version={version} request={self.random.getrandbits(40):x} {others}")
        self.ingest(self.write("app.log", "\n".join(lines).encode() + b"\n"))
        rows = self.ndjson("diff", "--store", self.store, "bad: status>=500", "--format", "ndjson")
        self.assertEqual(("version", "v2"), (rows[0]["field"], rows[0]["value"]), f"WHITTLE_SEED={self.seed} {rows}")
        self.assertNotIn("status", [row["field"] for row in rows])
        bad = json.loads(self.ask(f"status>=500 and {rows[0]['query']} | count"))
        self.assertEqual(rows[0]["bad"]["count"], bad["count"]["estimate"])
        self.run_ok("diff", "--store", self.store, "bad: status>=500", "--fail-if", "any", code=1)
        self.run_ok("mark", "deploy", "v2", "--at", "2024-05-01T10:05:00Z", "--store", self.store)
        self.assertIn("deploy v2", self.run_ok("mark", "--store", self.store).text)
        run = self.run_ok("diff", "--store", self.store, "--around", "deploy", "--window", "5m", "--fail-if", "new")
        self.assertIn("3000 events bad, 3000 events in the base", run.text)
        self.assertIn("no mark", whittle("diff", "--store", self.store, "--around", "rollback").err_text)
        self.run_ok("diff", "--store", self.store, code=2)

    def test_too_many_groups_is_said(self):
        lines = b"".join(b"2024-05-01T10:00:00Z INFO id=%d\n" % i for i in range(20_000))
        self.ingest(self.write("app.log", lines))
        self.assertEqual(20_000, self.ask("count by id").count("\n"))
        hostile = ["(" * 5000 + "a" + ")" * 5000, "not " * 5000 + "a", "~ /(a{1000}){1000}/", "~ /" + "a" * 5000 + "/",
                   " or ".join("~ /x%d/" % i for i in range(100)), "a " * 60_000, "x in (" + "1," * 5000 + "1)",
                   "* | " + " | ".join(["limit 1"] * 100), "count by " + ",".join(["a"] * 100), "histogram in 100000000",
                   "histogram every 1ns", "sample 99999999999", "* | near 99999999999", "p999999999(x)", "count every 0s",
                   "count every 1ns", "heatmap id every 1ns", "p99(body), avg(body)", "top 18446744073709551615 by id", "top 99999999999999999999",
                   "sample 18446744073709551615 | count", 'near "app.log:18446744073709551615" 18446744073709551615',
                   "id in (" + ",".join(map(str, range(10_000))) + ")", "~ /" + "|".join("a%db*" % i for i in range(600)) + "/ | count",
                   "*" * 3000 + " | count", "id = " + "*a" * 3000 + " | count", "(" * 10_000 + "a" + ")" * 10_000, "not " * 10_000 + "a",
                   "a or " * 10_000 + "a", "* | select " + ",".join(["id"] * 1000), "sort " + ",".join(["id"] * 100), "2024-05-01.." * 1000,
                   "id = " + "9" * 5000 + " | count", "duration > " + "9" * 400 + "s | count", "last 99999999999999d | count",
                   "histogram id every 1ns", "histogram id in 1000", "rate every 9223372036854775807ns", "\x00 | count".replace("\x00", "\x01")]
        for query in hostile:
            run = whittle("query", "--store", self.store, query, timeout=60)
            self.assertIn(run.code, (0, 1, 2), f"{query[:60]}\n{run}")
            if run.code:
                self.assertTrue(run.err_text.startswith("whittle: "), run)
                self.assertLess(len(run.err), 500, f"{query[:60]}\n{run.err[:300]}")


if __name__ == "__main__":
    whittle_cli.main()
