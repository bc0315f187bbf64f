"""Changing a store that a daemon writes to: commands reach it through the control socket."""

import contextlib
import json
import re
import shutil
import signal
import socket
import stat
import threading
import time

import whittle_cli
from daemon import DaemonTest
from whittle_cli import segments, whittle

LINE = b"2024-05-01 10:00:%02d INFO [main] request %d done for user%d\n"


def lines(begin, end):
    return [LINE % (i % 60, i, i % 5) for i in range(begin, end)]


class ControlTest(DaemonTest):
    def running(self, count=200, **kwargs):
        """A daemon that has stored `count` lines of logs/app.log."""
        self.log = self.write("logs/app.log", b"".join(lines(0, count)))
        process = self.follow("--idle", "100ms", **kwargs)
        self.wait_until(lambda: len(self.stored().splitlines()) == count, "storing the first lines")
        self.wait_until(lambda: (self.store / "control.sock").exists(), "listening")
        return process

    def ask(self, request):
        """What the socket answers to raw bytes; nothing when it only closes."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(whittle_cli.TIMEOUT_S)
            client.connect(str(self.store / "control.sock"))
            try:
                client.sendall(request)
                answer = b""
                while not answer.endswith(b"\n") and (piece := client.recv(65536)):
                    answer += piece
            except (BrokenPipeError, ConnectionResetError):
                return None
        return json.loads(answer) if answer else None

    def ledger(self):
        rows = self.ndjson("stats", "--store", self.store, "--format", "ndjson")
        return [row for row in rows if "app.log" in str(row)][0]

    def test_a_store_that_is_written_is_changed_while_lines_come(self):
        process = self.running()
        self.assertEqual(stat.S_IFSOCK | 0o600, (self.store / "control.sock").stat().st_mode)
        written = [200]
        going = threading.Event()

        def write():
            with open(self.log, "ab", buffering=0) as out:
                while not going.wait(0.02):
                    out.write(b"".join(lines(written[0], written[0] + 10)))
                    written[0] += 10

        writer = threading.Thread(target=write)
        writer.start()
        try:
            expired = 0
            for user in (1, 3):
                self.wait_until(lambda: len(segments(self.store)) > 3, "several segments")
                run = self.run_ok("compact", "--max", "--store", self.store)
                self.assertRegex(run.text, r"^rewrote \d+ segments: \d+ of [\d,]+ bytes became \d+ of [\d,]+\n$")
                run = self.run_ok("retain", "--store", self.store, "--filter", f'"done for user{user}"')
                expired += int(re.match(r"expired ([\d,]+) events", run.text)[1].replace(",", ""))
                self.run_ok("mark", "deploy", f"v{user}", "--store", self.store)
            run = self.run_ok("templates", "name", "--store", self.store, "request <*> done for <*>", "1=request.number")
            self.assertIn("templates.yaml: written; ", run.text)
            self.assertNotIn("reloaded", self.said(), "readers alone go by names")
        finally:
            going.set()
            writer.join()
        self.assertGreater(expired, 2 * 200 // 5 - 1)
        # What came later than each retain is still there: users 1 and 3 are complete from some line on.
        self.wait_until(lambda: self.ledger()["in"]["lines"] == written[0], "storing every line")
        ledger = self.ledger()
        self.assertEqual(expired, ledger["expired"]["records"])
        self.assertEqual(written[0] - expired, ledger["kept"]["lines"])
        self.end(process)
        everything = lines(0, written[0])
        kept = set(self.cat_raw().splitlines(keepends=True))
        self.assertEqual(len(kept), written[0] - expired)
        self.assertEqual({line for line in everything if not line.endswith((b"user1\n", b"user3\n"))},
                         {line for line in kept if not line.endswith((b"user1\n", b"user3\n"))})
        self.assertEqual(2, len(self.run_ok("mark", "--store", self.store).text.splitlines()))
        self.assertEqual("200", str(self.ndjson("cat", "--store", self.store, "request.number=200")[0]
                                    ["attributes"]["request.number"]))
        self.assertFalse((self.store / "control.sock").exists(), "the socket stays behind")
        self.assertIn("asked by user", self.said())
        # The same commands do it themselves now.
        self.run_ok("retain", "--store", self.store, "--filter", '"done for user2"')
        self.verify()

    def test_answers_are_those_of_the_command_itself(self):
        process = self.running()
        shutil.copytree(self.store, self.dir / "copy", ignore=shutil.ignore_patterns("control.sock"))
        config = self.write("w.yaml", b"retain: {age: 36500d, filter: 'user1', hold: ['\"request 6 \"']}\n")
        for args in (["retain"], ["retain", "--filter", "(("], ["retain", "--age", "36500d"], ["retain", "--age", "36500d1500ms"], ["retain", "--config", config],
                     ["retain", "--filter", "user2", "--dry-run"], ["retain", "--filter", "user2"],
                     ["retain", "--filter", "user3", "--quiet"], ["compact"], ["compact", "--max", "--jobs", "1"],
                     ["templates", "freeze", "no such thing"], ["templates", "freeze", "request <*> done for <*>"],
                     ["templates", "split", "request <*> done for <*>", "7"]):
            with self.subTest(args):
                here = whittle(*args, "--store", self.dir / "copy")
                there = whittle(*args, "--store", self.store)
                # Where segments were cut, and so what they weigh, may differ a little.
                plain = [(run.code, re.sub(r"[\d,]+ bytes|became .*|before", "…", run.text.replace(str(store), "STORE")),
                          run.err_text.replace(str(store), "STORE"))
                         for run, store in ((here, self.dir / "copy"), (there, self.store))]
                self.assertEqual(plain[0], plain[1])
        self.end(process)
        self.assertEqual(whittle("cat", "--raw", "--store", self.dir / "copy").out, self.cat_raw())

    def test_corrections_hold_for_what_comes_next(self):
        process = self.running()
        self.run_ok("templates", "ignore", "--store", self.store, "request <*> done for <*>")
        self.wait_until(lambda: "configuration reloaded" in self.said(), "taking up the correction")
        with open(self.log, "ab") as out:
            out.write(b"".join(lines(200, 250)) + b"2024-05-01 10:00:00 INFO [main] something else\n")
        self.wait_until(lambda: b"something else" in self.stored(), "storing what came later")
        ledger = self.ledger()
        self.assertEqual((50, 201), (ledger["dropped_by_rule"]["records"], ledger["kept"]["records"]))
        self.end(process)

    def test_corrections_go_where_the_daemon_looks_for_them(self):
        mine = self.write("mine.yaml", b"# mine\n")
        config = self.write("w.yaml", f"sources: [{{files: {{include: ['{self.dir}/logs/*.log'], idle: 100ms}}}}]\n"
                            f"templates: {{overrides: '{mine}'}}\n".encode())
        process = self.running(config=config)
        run = self.run_ok("templates", "name", "--store", self.store, "request <*> done for <*>", "1=job.number")
        self.assertEqual(f"{mine}: written; everything that reads the store sees it from now on\n", run.text)
        self.assertTrue(mine.read_text().startswith("# mine\n"))
        self.assertFalse((self.store / "templates.yaml").exists())
        self.wait_until(lambda: "configuration reloaded" in self.said(), "taking up the correction")
        with open(self.log, "ab") as out:
            out.write(b"".join(lines(200, 201)))
        # Readers know it from what the daemon publishes with the next commit.
        self.wait_until(lambda: len(self.ndjson("cat", "--store", self.store, "job.number=200")) == 1, "publishing it")
        self.end(process)

    def test_commands_that_need_the_store_for_themselves_are_refused(self):
        process = self.running()
        for args in (["ingest", self.log], ["verify", "--rebuild"]):
            run = whittle(*args, "--store", self.store)
            self.assertEqual((1, 1), (run.code, run.err_text.count("\n")), str(run))
            self.assertIn("another whittle is writing to this store", run.err_text)
        self.assertEqual("replayed 0 messages\n", self.run_ok("quarantine", "replay", "--store", self.store).text)
        self.end(process)

    def test_hostile_clients_do_no_harm(self):
        process = self.running()
        before = self.stored()
        for arguments in (["run"], ["ingest", "/etc/passwd"], ["version"], ["nothing"], ["retain", "--config=/etc/passwd"],
                          ["retain", "--store=/tmp", "--age=1s"], ["retain", "--help"], ["retain", "--age=soon"], ["templates"],
                          ["templates", "freeze"], ["templates", "name", "x", "--config", "y"], ["retain", "a", "b"]):
            answer = self.ask(json.dumps({"version": 1, "arguments": arguments}).encode() + b"\n")
            self.assertEqual((1, 2, ""), (answer["version"], answer["exit"], answer["out"]), f"{arguments}: {answer}")
            self.assertEqual(1, answer["err"].count("\n"), f"{arguments}: {answer}")
        for request in (b"\n", b"GET / HTTP/1.1\n", b"{}\n", b'{"version":9,"arguments":["compact"]}\n', b"\0" * 5000 + b"\n",
                        b"[" * 60_000 + b"\n", self.random.randbytes(5000).replace(b"\n", b"") + b"\n"):
            answer = self.ask(request)
            self.assertEqual(2, answer["exit"], f"{request[:40]}: {answer}")
        for request in (b"x" * 70_000, b"x" * (64 << 20), b'{"version":1,"arguments":["compact"]}\n' * 100):
            answer = self.ask(request)
            self.assertTrue(answer is None or answer["exit"] == 1, answer)
        silent = []
        for i in range(20):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect(str(self.store / "control.sock"))
            if i % 2:
                with contextlib.suppress(BrokenPipeError):
                    client.send(b'{"version":1,"argu')
            silent.append(client)
        # They are put out after a while, and everybody else is told to wait until then.
        run = whittle("compact", "--store", self.store)
        while run.code == 1:
            self.assertIn("too many ask at the same time", run.err_text)
            time.sleep(0.1)
            run = whittle("compact", "--store", self.store)
        self.assertEqual(0, run.code, str(run))
        with open(self.log, "ab") as out:
            out.write(b"".join(lines(200, 201)))
        self.wait_until(lambda: self.stored() == before + lines(200, 201)[0], "going on")
        self.end(process)

    def test_killed_while_it_works(self):
        """At every step of a change: the command says so, the store is good, and the next daemon goes on."""
        steps = ["create:1:KILL:commit-", "write:1:KILL:commit-", "sync:1:KILL:commit-", "rename:1:KILL:.wseg",
                 "syncdir:1:KILL:/segments", "rename:1:KILL:MANIFEST"]
        self.log = self.write("logs/app.log", b"".join(lines(0, 200)))
        self.ingest(self.log)
        for user, step in enumerate(steps):
            count = len(self.log.read_bytes().splitlines())
            process = self.follow("--idle", "100ms", env={"WHITTLE_TEST_FAULT": step})
            self.wait_until(lambda: (self.store / "control.sock").exists() or process.poll() is not None, "listening")
            self.assertIsNone(process.poll(), f"{step}: it came too early\n{self.said()}")
            run = whittle("retain", "--store", self.store, "--filter", f'"request {user * 7} "')
            self.assertEqual(-signal.SIGKILL, process.wait(whittle_cli.TIMEOUT_S), f"{step}\n{run}")
            self.assertEqual((1, "", 1), (run.code, run.text, run.err_text.count("\n")), f"{step}\n{run}")
            self.assertIn("the daemon ended before it answered", run.err_text)
            self.assertTrue((self.store / "control.sock").exists())
            self.verify()
            # With the socket that it left behind, commands work by themselves, and the next daemon listens there.
            if user % 2:
                self.run_ok("retain", "--store", self.store, "--filter", f'"request {user * 7} "')
            with open(self.log, "ab") as out:
                out.write(lines(count, count + 1)[0])
            process = self.follow("--idle", "100ms")
            self.wait_until(lambda: lines(count, count + 1)[0] in self.stored(), f"{step}: going on")
            self.run_ok("retain", "--store", self.store, "--filter", f'"request {user * 7} "')
            self.end(process)
            ledger = self.ledger()
            # One line came and one went.
            self.assertEqual((200, user + 1), (ledger["kept"]["records"], ledger["expired"]["records"]), step)
            self.assertEqual(200, len(self.cat_raw().splitlines()), step)

    def test_a_store_with_a_long_name(self):
        self.store = self.dir / ("d" * 100) / "store"
        process = self.running()
        run = self.run_ok("retain", "--store", self.store, "--filter", '"done for user1"')
        self.assertIn("expired 40 events", run.text)
        run = self.run_ok("compact", "--store", "store", cwd=self.store.parent)
        self.assertIn("nothing to compact", run.text)
        self.end(process)

    def test_something_else_stands_where_the_socket_would(self):
        self.log = self.write("logs/app.log", b"".join(lines(0, 10)))
        self.ingest(self.log)
        self.write("store/control.sock", b"mine")
        process = self.follow("--idle", "100ms")
        self.wait_until(lambda: "is no socket; commands cannot change the store" in self.said(), "saying so")
        with open(self.log, "ab") as out:
            out.write(lines(10, 11)[0])
        self.wait_until(lambda: len(self.stored().splitlines()) == 11, "going on")
        run = whittle("compact", "--store", self.store)
        self.assertEqual((1, 1), (run.code, run.err_text.count("\n")), str(run))
        self.end(process)
        self.assertEqual(b"mine", (self.store / "control.sock").read_bytes())


if __name__ == "__main__":
    whittle_cli.main()
