"""Wrong usage, exit codes, streams and terminals: how the program behaves as a citizen of a shell."""

import json
import os
import platform
import pty
import re
import stat
import subprocess
import time
import unittest

import whittle_cli
from whittle_cli import BIN, CliTest, examples, sanitized, synthetic_log, whittle

VERBS = ["convert", "ingest", "cat", "templates", "query", "stats", "verify", "explain", "restore",
         "patterns list", "patterns test", "config check", "config example", "version"]


class UsageTest(CliTest):
    def assert_usage_error(self, *args, says=()):
        run = whittle(*args, cwd=self.dir)
        self.assertEqual(2, run.code, str(run))
        self.assertEqual(b"", run.out, str(run))
        self.assertEqual(1, run.err_text.count("\n"), f"one line please\n{run}")
        for word in says:
            self.assertIn(word, run.err_text)

    def test_wrong_usage(self):
        self.assert_usage_error("ingset", says=["ingest"])
        self.assert_usage_error("ingest", "--stroe", "x", says=["--store"])
        self.assert_usage_error("ingest", "--jobs", "0")
        self.assert_usage_error("ingest", "--jobs", "many")
        self.assert_usage_error("ingest", "--memory", "lots")
        self.assert_usage_error("ingest", "--tz", "Mars/Olympus", "x.log", says=["Mars/Olympus"])
        self.assert_usage_error("stats", "--format", "xml", says=["ndjson"])
        self.assert_usage_error("query", says=["QUERY"])
        self.assert_usage_error("restore", "--store", "x", says=["--to"])
        self.assert_usage_error("cat", "--raw", "--format", "ndjson", "--store", "x")
        self.assert_usage_error("explain", "--source", "a")
        self.assert_usage_error("patterns", "nonsense", says=["list"])
        self.assert_usage_error("config", "check")

    def test_wrong_queries_say_where(self):
        self.ingest(examples()[0])
        for query in ["status=", "(a=1", "a=1 | cuont", "a ~~ 1", "| |", "a=1 | count by", "'", "and"]:
            with self.subTest(query):
                self.assert_usage_error("query", "--store", self.store, query)
                if "|" not in query:
                    self.assert_usage_error("cat", "--store", self.store, query)

    def test_wrong_configuration_says_line_and_column(self):
        wrong = {
            "unknown key": ("stroe: x\n", ["1", "store"]),
            "duplicate key": ("store: a\nstore: b\n", ["2", "store"]),
            "not yaml": ("store: [a\n", []),
            "tab": ("store:\n\t- a\n", ["2"]),
            "alias bomb": ("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\n"
                           "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e]\n", []),
            "wrong type": ("segments: {level: high}\n", ["1", "level"]),
            "deep": ("[" * 5000 + "\n", []),
        }
        for name, (text, words) in wrong.items():
            with self.subTest(name):
                path = self.write("bad.yaml", text.encode())
                self.assert_usage_error("config", "check", path, says=["bad.yaml", *words])
                self.assert_usage_error("ingest", examples()[0], "--config", path, "--store", self.store)
                self.assertFalse(self.store.exists())
        self.assert_usage_error("config", "check", self.dir / "absent.yaml", says=["absent.yaml"])

    def test_example_configuration_checks(self):
        text = self.run_ok("config", "example").out
        self.run_ok("config", "check", self.write("example.yaml", text))

    def test_help_everywhere(self):
        overview = self.run_ok("--help").text
        for verb in VERBS:
            self.assertIn(verb, overview)
            self.assertIn(verb, self.run_ok(*verb.split(), "--help").text)
        self.assertEqual(2, whittle().code)
        self.assertRegex(self.run_ok("version").text, r"\d+\.\d+\.\d+")

    def test_start_up_is_quick(self):
        """Not a timing assertion: the fastest of many must stay far under what loading a database would cost."""
        best = min(self.timed("--help") for _ in range(15))
        self.assertLess(best, 1.0)

    def timed(self, *args):
        began = time.monotonic()
        whittle(*args)
        return time.monotonic() - began

    @unittest.skipIf(platform.machine() != "x86_64" or sanitized(), "linked as usual on other processors and with sanitizers")
    def test_what_few_commands_need_is_loaded_by_those(self):
        with open(os.path.join(self.dir, "c.yaml"), "w") as config:
            config.write("store: s\nsources:\n  - kafka: {brokers: [\"127.0.0.1:1\"], topics: [t], group: g,\n"
                         "            properties: {session.timeout.ms: \"15000\"}}\n")
        for args, loaded in [(["version"], False), (["config", "check", "c.yaml"], True)]:
            run = whittle(*args, cwd=self.dir, env={**os.environ, "LD_DEBUG": "files"})
            self.assertEqual(0, run.code, str(run)[-2000:])
            self.assertEqual(loaded, "librdkafka" in run.err_text, args)
            self.assertEqual(loaded, "libcrypto" in run.err_text, args)

    def test_completions_and_man_page(self):
        bash = self.write("whittle.bash", self.run_ok("--completions", "bash").out)
        subprocess.run(["bash", "-n", bash], check=True)
        for shell in ("zsh", "fish"):
            self.assertIn(b"ingest", self.run_ok("--completions", shell).out)
        page = self.write("whittle.1", self.run_ok("--man").out)
        if whittle_cli.shutil.which("man"):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True)
            self.assertEqual(b"", done.stderr)

    def test_closed_pipe_is_quiet(self):
        self.ingest(self.write("app.log", synthetic_log(self.random, 30_000)))
        for verb in (["cat", "--raw"], ["cat"]):
            process = self.start(*verb, "--store", self.store, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(10)
            process.stdout.close()
            self.assertIn(process.wait(whittle_cli.TIMEOUT_S), (0, -13))
            self.assertEqual(b"", process.stderr.read())

    def test_full_standard_output_is_an_error(self):
        self.ingest(examples()[0])
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BIN, "cat", "--raw", "--store", self.store], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(1, done.returncode)
        self.assertIn(b"space", done.stderr.lower())

    def test_lines_are_converted_as_they_come(self):
        process = self.start("convert", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(3):
            process.stdin.write(b"2024-05-01 10:00:0%d INFO request %d done\n" % (number, number))
            process.stdin.flush()
        # The last record may wait for its continuation; the others must not wait for more input.
        os.set_blocking(process.stdout.fileno(), False)
        seen, deadline = b"", time.monotonic() + 60
        while seen.count(b"\n") < 2 and time.monotonic() < deadline:
            seen += process.stdout.read() or b""
            time.sleep(0.02)
        self.assertGreaterEqual(seen.count(b"\n"), 2, "events are held back until the input ends")
        process.stdin.close()
        process.wait(whittle_cli.TIMEOUT_S)

    def test_progress_only_on_a_terminal(self):
        path = self.write("app.log", synthetic_log(self.random, 20_000))
        run = self.ingest(path)
        self.assertNotIn("\r", run.err_text)
        self.assertEqual(b"", self.ingest(path, store=self.dir / "q", flags=["--quiet"]).err)
        controller, terminal = pty.openpty()
        done = subprocess.run([BIN, "ingest", path, "--store", self.dir / "t"], stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(controller, 65536):
                shown += chunk
        except OSError:
            pass  # the other end is closed
        os.close(controller)
        self.assertEqual(0, done.returncode, shown)

    def test_report_of_ingest(self):
        data = examples()[0].read_bytes()
        report = self.ingest(examples()[0]).text
        self.assertTrue(str(data.count(b"\n")) in report.replace(",", "").replace(" ", ""), report)
        self.assertRegex(report.lower(), "template")
        self.assertRegex(report.lower(), "stored|ratio")

    def test_store_is_private(self):
        self.ingest(examples()[0])
        for path in [self.store, *self.store.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(0, mode & 0o077, f"{path} is {mode:o}")

    def test_store_from_the_environment_and_default(self):
        self.run_ok("ingest", examples()[0], env={"WHITTLE_STORE": str(self.store)})
        self.assertEqual(examples()[0].read_bytes(), self.run_ok("cat", "--raw", env={"WHITTLE_STORE": str(self.store)}).out)
        self.run_ok("ingest", examples()[0], cwd=self.dir)
        self.assertTrue((self.dir / "whittle.store").is_dir())

    def test_explain(self):
        line = "2024-05-01 10:00:00,123 ERROR [main] a.b.C: took 35 ms for user=root"
        text = self.run_ok("explain", line).text
        for word in ("ERROR", "took", "user"):
            self.assertIn(word, text)
        self.assertEqual(text, self.run_ok("explain", "-", stdin=line.encode() + b"\n").text)
        self.ingest(self.write("app.log", line.encode() + b"\nsecond 2\n"))
        self.assertIn("second", self.run_ok("explain", "--store", self.store, "--source", "app.log", "--line", "2").text)
        run = whittle("explain", "--store", self.store, "--source", "app.log", "--line", "3")
        self.assertIn(run.code, (1, 2), str(run))

    def test_explain_knows_the_names_that_stats_shows(self):
        data = b"".join(b"2024-05-01 10:00:%02d INFO did %d\n" % (i % 60, i) for i in range(500))
        self.ingest(self.write("2024-05-01.log", data), flags=["--keep", "10%"])
        name = self.ndjson("stats", "--store", self.store, "--format", "ndjson")[0]["source"]
        event = self.ndjson("cat", "--store", self.store)[0]["source"]
        kept = {e["source"]["line"] for e in self.ndjson("cat", "--store", self.store)}
        for source in (name, "2024-05-01.log", event["name"]):
            run = self.run_ok("explain", "--store", self.store, "--source", source, "--line", event["line"])
            self.assertIn("kept, sample rate", run.text)
            gone = next(line for line in range(1, 501) if line not in kept)
            run = whittle("explain", "--store", self.store, "--source", source, "--line", gone)
            self.assertEqual(1, run.code, run)
            self.assertIn("sampled out", run.err_text)

    def test_query_counts_agree_with_the_text(self):
        data = synthetic_log(self.random, 5000)
        self.ingest(self.write("app.log", data))
        rows = self.ndjson("query", "--store", self.store, "--format", "ndjson", "severity=ERROR | count")
        self.assertEqual(data.count(b" ERROR "), rows[0]["count"]["estimate"], rows)
        events = self.ndjson("cat", "--store", self.store, "severity=ERROR")
        self.assertEqual(data.count(b" ERROR "), len(events))

    def test_stats_add_up(self):
        inputs = examples()
        self.ingest(*inputs)
        rows = self.ndjson("stats", "--store", self.store, "--format", "ndjson")
        numbers = {n for n in map(int, re.findall(r"\b\d+\b", json.dumps(rows)))}
        for path in inputs:
            self.assertIn(path.stat().st_size, numbers, f"the bytes of {path.name} are nowhere")
        self.assertIn(sum(p.stat().st_size for p in inputs), numbers)

    def test_patterns(self):
        self.assertIn("nginx", self.run_ok("patterns", "list").text.lower())
        self.run_ok("patterns", "test")
        (self.dir / "p").mkdir()
        (self.dir / "p" / "bad.yaml").write_text("name: bad\nexpression: '(unclosed'\n")
        run = whittle("patterns", "test", self.dir / "p")
        self.assertIn(run.code, (1, 2), str(run))
        self.assertIn("bad.yaml", run.err_text + run.text)


if __name__ == "__main__":
    whittle_cli.main()
