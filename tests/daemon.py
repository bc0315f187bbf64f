"""Following files with the real binary: what the tests of `whittle run` share."""

import os
import signal
import subprocess
import time

import whittle_cli
from whittle_cli import CliTest


class DaemonTest(CliTest):
    """Starts `whittle run` on the files in logs/, and waits for what it does."""

    def follow(self, *args, env=None, config=None):
        self.messages = open(self.dir / "messages", "ab")
        self.addCleanup(self.messages.close)
        names = ["--config", config] if config else ["--tail", self.dir / "logs" / "*.log"]
        command = [whittle_cli.BIN, "run", *map(str, names), "--store", str(self.store), "--close-after", "200ms",
                   *map(str, args)]
        process = subprocess.Popen(command, stderr=self.messages, stdout=subprocess.DEVNULL,
                                   env={k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")} | (env or {}))

        def stop():
            if process.poll() is None:
                process.kill()
            process.wait()

        self.addCleanup(stop)
        return process

    def said(self):
        return (self.dir / "messages").read_text()

    def wait_until(self, condition, what):
        deadline = time.monotonic() + whittle_cli.TIMEOUT_S / 5
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.05)
        self.fail(f"{what} did not happen; it said:\n{self.said()}\nWHITTLE_SEED={self.seed}")

    def stored(self):
        if not (self.store / "MANIFEST").exists():
            return b""
        return self.cat_raw()

    def end(self, process, code=0):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(code, process.wait(whittle_cli.TIMEOUT_S), self.said())
        self.verify()
