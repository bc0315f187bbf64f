"""`whittle run` at the highest rate the machine gives, with a rotation every few seconds: every line is stored once, memory
stays flat, lag stays bounded. WHITTLE_SOAK_SECONDS sets how long (30 minutes in the long tests)."""

import json
import os
import re
import signal
import subprocess
import time

import whittle_cli
from whittle_cli import CliTest, whittle

ROTATE_S = 3
CHUNK_LINES = 2000


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


class SoakTest(CliTest):
    def test_rotation_at_the_highest_rate(self):
        seconds = float(os.environ.get("WHITTLE_SOAK_SECONDS", 12))
        # What the writer may be ahead: it waits for the reader, so that the rate is what the reader sustains.
        window = 32 << 20
        logs = self.dir / "logs"
        logs.mkdir()
        with (self.dir / "messages").open("wb") as messages:
            run = subprocess.Popen([whittle_cli.BIN, "run", "--tail", str(logs / "app.log"), "--store", str(self.store),
                                    "--close-after", "1s", "--metrics", "127.0.0.1:0", "--memory", "256MiB"],
                                   stderr=messages, stdout=subprocess.DEVNULL,
                                   env={k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")})
        self.addCleanup(lambda: run.poll() is None and run.kill())
        written = lines = rotations = 0
        stored, memory, worst_lag = 0, [], 0
        begin = rotated = time.monotonic()
        look = 0.0
        log = (logs / "app.log").open("ab")
        while (now := time.monotonic()) - begin < seconds:
            if now - rotated > ROTATE_S:
                log.close()
                rotations += 1
                os.rename(logs / "app.log", logs / f"app.log.{rotations}")
                log = (logs / "app.log").open("ab")
                rotated = now
                for old in range(max(1, rotations - 8), rotations - 4):
                    (logs / f"app.log.{old}").unlink(missing_ok=True)
            if now - look > 1:
                look = now
                stored = self.bytes_in()
                memory.append(resident_mb(run.pid))
                worst_lag = max(worst_lag, written - stored)
            if written - stored > window:
                time.sleep(0.05)
                look = 0.0
                continue
            text = b"".join(b"2024-05-01 10:00:00.%03d INFO worker-%d request %d took %d ms\n" %
                            (i % 1000, i % 7, i, i * 7919 % 1000) for i in range(lines, lines + CHUNK_LINES))
            log.write(text)
            log.flush()
            lines += CHUNK_LINES
            written += len(text)
        log.close()
        deadline = time.monotonic() + 120
        while self.bytes_in() < written:
            self.assertLess(time.monotonic(), deadline, f"{self.bytes_in()} of {written}: " +
                            (self.dir / "messages").read_text())
            time.sleep(0.2)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(0, run.wait(whittle_cli.TIMEOUT_S))
        total = json.loads([l for l in whittle("stats", "--format", "ndjson", "--store", self.store).out.splitlines()
                            if b'"total":true' in l][0])
        self.assertEqual((lines, written), (total["in"]["lines"], total["in"]["bytes"]))
        self.assertEqual((lines, written), (total["kept"]["lines"], total["kept"]["bytes"]))
        half = len(memory) // 2
        print(f"soak: {seconds:.0f} s, {rotations} rotations, {lines} lines, {written / 1e6:.0f} MB, "
              f"{written / 1e6 / seconds:.1f} MB/s; memory {max(memory[1:half + 1], default=0):.0f} MB in the first half, "
              f"{max(memory[half:], default=0):.0f} MB in the second; at most {worst_lag / 1e6:.0f} MB behind")
        if seconds >= 60:  # before that it is still growing to its working size
            self.assertLess(max(memory[half:]), 1.25 * max(memory[:half]) + 16)
        self.assertLess(max(memory), 4000 if whittle_cli.sanitized() else 320)
        self.assertLess(worst_lag, 4 * window)

    def bytes_in(self):
        run = whittle("stats", "--format", "ndjson", "--store", self.store)
        totals = [line for line in run.out.splitlines() if b'"total":true' in line] if run.code == 0 else []
        return json.loads(totals[0])["in"]["bytes"] if totals else 0


if __name__ == "__main__":
    whittle_cli.main()
