"""`whittle run` from outside: what is stored when, signals, trouble with the store, metrics."""

import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import whittle_cli
from daemon import DaemonTest
from whittle_cli import synthetic_log, whittle

LINE = b"2024-05-01 10:00:00 INFO [main] did %d\n"


class TailTest(DaemonTest):
    def test_a_line_written_in_pieces_is_one_event(self):
        path = self.write("logs/app.log", LINE % 1)
        process = self.follow("--idle", "1500ms")
        self.wait_until(lambda: self.stored() == LINE % 1, "storing the first line")
        with open(path, "ab", buffering=0) as out:
            for piece in (b"2024-05-01 10:00:01 ERR", b"OR [main] split", b" in three\n\tat a.B.c(B.java:1)\n"):
                out.write(piece)
                time.sleep(0.4)
        self.end(process)
        events = self.ndjson("cat", "--store", self.store)
        self.assertEqual(["did 1", "split in three\n\tat a.B.c(B.java:1)"], [e["body"].replace("[main] ", "") for e in events])

    def test_shutdown_stores_what_was_written_and_the_last_line_without_its_end(self):
        data = synthetic_log(self.random, 500) + b"no end"
        self.write("logs/app.log", data)
        process = self.follow()
        self.wait_until(lambda: (self.store / "MANIFEST").exists(), "making the store")
        self.end(process)
        self.assert_same_bytes(data, self.cat_raw())

    def test_start_at_the_end_counts_what_it_passes_over(self):
        path = self.write("logs/app.log", (LINE % 1) * 100 + b"half a line")
        process = self.follow("--start", "end")
        self.wait_until(lambda: self.store.exists() and "did" not in self.said(), "starting")
        time.sleep(1)
        with open(path, "ab") as out:
            out.write(b", whole now\n" + LINE % 2)
        self.wait_until(lambda: self.stored() == b"half a line, whole now\n" + LINE % 2, "storing what came later")
        self.end(process)
        source = [r for r in self.ndjson("stats", "--store", self.store, "--format", "ndjson") if "app.log" in str(r)][0]
        self.assertEqual(100, source["dropped_by_rule"]["lines"])
        self.assertEqual(102, source["in"]["lines"])

    def test_what_was_ingested_before_is_not_stored_again(self):
        data = synthetic_log(self.random, 300)
        path = self.write("logs/app.log", data)
        self.ingest(path)
        process = self.follow("--idle", "100ms")
        with open(path, "ab") as out:
            out.write(LINE % 7)
        self.wait_until(lambda: len(self.stored()) > len(data), "storing the new line")
        self.end(process)
        self.assert_same_bytes(data + LINE % 7, self.cat_raw())
        self.ingest(path)
        self.assert_same_bytes(data + LINE % 7, self.cat_raw())

    def test_a_store_that_cannot_be_written_heals(self):
        data = synthetic_log(self.random, 2000)
        path = self.write("logs/app.log", data)
        process = self.follow("--idle", "100ms", env={"WHITTLE_TEST_FAULT": "write:1:ENOSPC:commit-"})
        process2_data = LINE % 3
        self.wait_until(lambda: self.stored() == data, "storing everything")
        self.assertIn("space", self.said().lower(), "the fault never fired, so this shows nothing")
        with open(path, "ab") as out:
            out.write(process2_data)
        self.wait_until(lambda: self.stored() == data + process2_data, "going on")
        self.end(process)

    def test_it_waits_for_a_store_that_another_writes(self):
        other = self.start("ingest", "--store", self.store, "--quiet", "--source-name", "x", stdin=subprocess.PIPE)
        other.stdin.write(b"line\n")
        other.stdin.flush()
        deadline = time.monotonic() + 30
        while not (self.store / "MANIFEST").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.write("logs/app.log", LINE % 1)
        process = self.follow("--idle", "100ms")
        self.wait_until(lambda: "another whittle is writing" in self.said(), "saying why it waits")
        time.sleep(2)
        self.assertEqual(1, self.said().count("another whittle is writing"), "one line is enough")
        other.stdin.close()
        other.wait(30)
        self.wait_until(lambda: (LINE % 1) in self.stored(), "storing")
        self.assertIn("writing again", self.said())
        self.end(process)

    def test_reload(self):
        config = self.write("whittle.yaml", f"sources:\n  - files: {{include: ['{self.dir}/logs/a.log'], idle: 100ms}}\n".encode())
        self.write("logs/a.log", LINE % 1)
        self.write("logs/b.log", LINE % 2)
        process = self.follow(config=config)
        self.wait_until(lambda: self.stored() == LINE % 1, "storing a.log")
        config.write_text("sources:\n  - files: {inclde: [x]}\n")
        process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: "the configuration in force is kept" in self.said(), "refusing")
        self.assertRegex(self.said(), r"whittle\.yaml:2:\d+: .*include")
        config.write_text(f"sources:\n  - files: {{include: ['{self.dir}/logs/?.log'], idle: 100ms}}\n")
        process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: (LINE % 2) in self.stored(), "storing b.log")
        self.end(process)
        self.assertEqual(sorted([LINE % 1, LINE % 2]), sorted(self.cat_raw().splitlines(keepends=True)))

    def test_metrics_and_systemd(self):
        service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(service.close)
        service.bind(str(self.dir / "notify"))
        service.settimeout(30)
        self.write("logs/app.log", (LINE % 1) * 10)
        process = self.follow("--idle", "100ms", "--metrics", "127.0.0.1:0", env={"NOTIFY_SOCKET": str(self.dir / "notify")})
        self.wait_until(lambda: "metrics on port" in self.said(), "listening")
        port = re.search(r"metrics on port (\d+)", self.said()).group(1)
        states = set()
        while not {"READY=1", "WATCHDOG=1"} <= states:
            states |= set(service.recv(1000).decode().split("\n"))

        def get(path):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).read().decode()

        self.wait_until(lambda: "whittle_committed_lines_total 10\n" in get("/metrics"), "counting")
        text = get("/metrics")
        self.assertIn("whittle_up 1\n", text)
        self.assertRegex(text, r'whittle_source_lag_bytes\{source="app.log",path=".*app.log"\} 0\n')
        self.assertEqual("ok\n", get("/healthz"))
        top = whittle("top", "--once", "--metrics", f"127.0.0.1:{port}", "--store", self.store)
        self.assertEqual(0, top.code, str(top))
        self.assertRegex(top.text, r"up 0:\d\d, well\n")
        self.assertRegex(top.text, r"app.log +\d+ +0  bytes\n")
        self.assertRegex(top.text, r"10 events in, 10 kept \(100.0 %\)")
        self.assertRegex(top.text, r"newest events +template")
        self.end(process)
        top = whittle("top", "--once", "--metrics", f"127.0.0.1:{port}", "--store", self.store)
        self.assertEqual((1, 1), (top.code, top.err_text.count("\n")), str(top))

    def test_usage_errors_are_one_line(self):
        for args in ([], ["--tail", "x", "--idle", "soon"], ["--tail", "x", "--metrics", "nowhere"]):
            run = whittle("run", "--store", self.store, *args, cwd=self.dir)
            self.assertEqual((2, 1), (run.code, run.err_text.count("\n")), str(run))


if __name__ == "__main__":
    whittle_cli.main()
