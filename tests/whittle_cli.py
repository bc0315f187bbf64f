"""What the command line tests share: running the built binary, hostile inputs, ways to look into a store.

WHITTLE_BIN names the binary. Randomness comes from WHITTLE_SEED or the clock and is printed when a test fails.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples" / "logs"
SKIPPED = 77  # ctest reads this exit code as "skipped"
BIN = os.environ.get("WHITTLE_BIN") or str(ROOT / "build/release/src/cli/whittle")
# Generous: sanitizer builds on a busy machine are 50 times slower. A hang is still a failure.
TIMEOUT_S = 300


def corpora():
    """The folder of real logs from outside the repository, or None."""
    path = Path(os.environ.get("WHITTLE_CORPORA") or ROOT / "../shared/corpora").resolve()
    return path if path.is_dir() else None


def examples():
    return sorted(p for p in EXAMPLES.iterdir() if p.is_file())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Run:
    """A finished command: `code` (negative: the signal that ended it), `out` and `err` as bytes."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")

    @property
    def err_text(self):
        return self.err.decode("utf-8", "replace")

    def __str__(self):
        return (f"{' '.join(map(str, self.args))}\nexit {self.code}\n--- stdout ({len(self.out)} bytes)\n"
                f"{self.text[:2000]}\n--- stderr\n{self.err_text[:4000]}")


def whittle(*args, stdin=b"", env=None, cwd=None, timeout=TIMEOUT_S):
    command = [BIN, *map(str, args)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")} | (env or {})
    done = subprocess.run(command, input=stdin, capture_output=True, env=environment, cwd=cwd, timeout=timeout)
    return Run(["whittle", *args], done.returncode, done.stdout, done.stderr)


def sanitized():
    """Sanitizers take several times the memory."""
    with open(BIN, "rb") as binary:
        return any(mark in binary.read() for mark in (b"__asan_init", b"__tsan_init"))


class CliTest(unittest.TestCase):
    """A test with a scratch folder, a seeded random source, and checks that print the whole command on failure."""

    @classmethod
    def setUpClass(cls):
        if not os.access(BIN, os.X_OK):
            raise RuntimeError(f"no binary at {BIN}; build first or set WHITTLE_BIN")

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="whittle-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.seed = int(os.environ.get("WHITTLE_SEED") or time.time_ns() % 10**9)
        self.random = random.Random(self.seed)
        self.store = self.dir / "store"

    def run_ok(self, *args, code=0, **kwargs):
        run = whittle(*args, **kwargs)
        self.assertEqual(code, run.code, f"\nWHITTLE_SEED={self.seed}\n{run}")
        return run

    def assert_not_crashed(self, run):
        self.assertIn(run.code, (0, 1, 2), f"\nWHITTLE_SEED={self.seed}\n{run}")

    def assert_same_bytes(self, expected, actual, what=""):
        if expected == actual:
            return
        at = next((i for i, (a, b) in enumerate(zip(expected, actual)) if a != b), min(len(expected), len(actual)))
        self.fail(f"{what}: {len(expected)} bytes expected, {len(actual)} got, first difference at {at}: "
                  f"{expected[max(0, at - 40):at + 40]!r} became {actual[max(0, at - 40):at + 40]!r} "
                  f"(WHITTLE_SEED={self.seed})")

    def write(self, name, data):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def ingest(self, *inputs, store=None, code=0, flags=(), **kwargs):
        return self.run_ok("ingest", *inputs, "--store", store or self.store, *flags, code=code, **kwargs)

    def cat_raw(self, store=None):
        return self.run_ok("cat", "--raw", "--store", store or self.store).out

    def verify(self, store=None, code=0):
        return self.run_ok("verify", "--store", store or self.store, code=code)

    def ndjson(self, *args, **kwargs):
        run = self.run_ok(*args, **kwargs)
        rows = []
        for line in run.out.splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                self.fail(f"not JSON ({error}): {line[:300]!r}\n{run}")
        return rows

    def templates(self, store=None):
        rows = self.ndjson("templates", "--store", store or self.store, "--format", "ndjson")
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    def restored(self, store=None):
        """The bytes of every source, as `restore` writes them, by path."""
        target = Path(tempfile.mkdtemp(dir=self.dir)) / "restored"
        self.run_ok("restore", "--store", store or self.store, "--to", target)
        return {p.relative_to(target): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}

    def start(self, *args, **kwargs):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")}
        process = subprocess.Popen([BIN, *map(str, args)], env=environment, **kwargs)

        def stop():
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()

        self.addCleanup(stop)
        return process


def kill_and_wait(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def segments(store):
    return sorted((Path(store) / "segments").glob("*.wseg"))


def compress(data, kind):
    if kind == "zst":
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    return {"gz": lambda d: gzip.compress(d, mtime=0), "bz2": bz2.compress, "xz": lzma.compress}[kind](data)


def synthetic_log(source, lines):
    """A plain server log with many shapes, times that go on and ids that never repeat; `source` is a random.Random."""
    out = []
    nanos = 1_700_000_000_000
    verbs = ["opened", "closed", "refused", "served", "dropped", "queued"]
    for i in range(lines):
        nanos += source.randrange(1, 900)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(nanos // 1000)) + f",{nanos % 1000:03d}"
        kind = source.randrange(8)
        if kind == 0:
            out.append(f"{stamp} ERROR [worker-{source.randrange(9)}] a.b.Store: write of {source.getrandbits(64):016x} "
                       f"failed after {source.randrange(900)} ms")
            out.append("java.io.IOException: disk is full\n\tat a.b.Store.write(Store.java:%d)\n\tat a.b.Main.main(Main.java:9)"
                       % source.randrange(400))
        elif kind == 1:
            out.append(f'{stamp} INFO [http] request method=GET path="/item/{source.randrange(10**6)}" status=200 '
                       f"bytes={source.randrange(10**5)} user=u{source.randrange(5000)}")
        else:
            out.append(f"{stamp} INFO [worker-{source.randrange(9)}] a.b.Net: {source.choice(verbs)} connection "
                       f"{i} from 10.{kind}.{source.randrange(256)}.{source.randrange(256)}:{source.randrange(65536)}")
    return ("\n".join(out) + "\n").encode()


def hostile_inputs(source, big=False):
    """Named inputs that break naive readers. `big` adds those that take seconds. `source` is a random.Random."""
    line = b"2024-05-01 10:00:00,123 INFO [main] a.b.C: took 35 ms for 10.0.0.1\n"
    docker = b'{"log":"%s\\n","stream":"stdout","time":"2024-05-01T10:00:00.123456789Z"}\n'
    inputs = {
        "empty": b"",
        "one newline": b"\n",
        "only newlines": b"\n" * 5000,
        "no last newline": line * 3 + line[:-1],
        "one byte": b"x",
        "only a NUL": b"\0",
        "NULs in lines": b"a\0b\0\n" * 500 + b"\0\n" * 10 + line,
        "CRLF": line.replace(b"\n", b"\r\n") * 200,
        "CRLF and LF mixed": b"".join(line[:-1] + source.choice([b"\n", b"\r\n"]) for _ in range(1000)),
        "lone CRs": b"a\rb\r\r\nc\n\r\n\r" * 300,
        "CR at the very end": line + b"abc\r",
        "blank lines with blanks": b"   \n\t\n \t \r\n" * 300,
        "random bytes": source.randbytes(200_000),
        "random text bytes": bytes(source.choice(b"ab19 :=[]{}\"'\\/<>\n\r\t.,-") for _ in range(100_000)),
        "invalid UTF-8": b"user=\xff\xfe\xc3\x28 \xed\xa0\x80 took 5 ms\n" * 300,
        "UTF-8 BOM": b"\xef\xbb\xbf" + line * 50,
        "UTF-16": "2024-05-01 INFO hello\n".encode("utf-16") * 30,
        "escape sequences": b"\x1b[31mERROR\x1b[0m failed in 5 ms\n" * 300,
        "giant line": b"x" * 3_000_000 + b"\n" + line,
        "giant line of tokens": b" ".join(b"%d" % source.randrange(10**6) for _ in range(100_000)) + b"\n",
        "giant line without end": line + bytes(source.choice(b"ab 12") for _ in range(700_000)),
        "very many shapes": b"".join(
            b" ".join(source.choice([b"alpha", b"beta", b"gamma", b"(x)", b"7", b"a=b"]) for _ in range(14)) + b"\n"
            for _ in range(8000)),
        "words never seen twice": b"".join(
            ("".join(source.choices("abcdefghij", k=9)) + " is a " + "".join(source.choices("klmnop", k=9)) + "\n").encode()
            for _ in range(8000)),
        "impossible times": b"2024-13-45 99:99:99,999 INFO x\n2024-02-30 10:00:00,000 INFO y\n0000-00-00 00:00:00 z\n" * 100,
        "times that jump": b"".join(b"%d-0%d-0%d 10:00:00 INFO x\n" % (source.randrange(1, 9999), source.randrange(1, 9),
                                                                     source.randrange(1, 9)) for _ in range(2000)),
        "integers that barely fit": b"".join(
            b"n=%d m=-%d z=%s\n" % (source.choice([2**63 - 1, 2**63, 2**64, 10**30, 0]), source.choice([2**63, 2**64, 0]),
                                    b"0" * source.randrange(1, 40) + b"7") for _ in range(2000)),
        "numbers written oddly": b"a=007 b=+5 c=-0 d=1.50 e=.5 f=5. g=1e5 h=0x1F i=0X1f j=1,000\n" * 50,
        "broken JSON": b'{"a":1,"b":[1,2\n{"a":"\\ud800"}\n{"a":1}}\n{}\n[]\n{"a":1,"a":2}\n{"\\u0000":"\\u0000"}\n' * 100,
        "deep JSON": b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"\n",
        "deep lists": b"[" * 100_000 + b"\n",
        "docker lines": docker % b"2024-05-01 10:00:00 INFO took 35 ms" * 200,
        "docker lines, broken": (docker % b"x" * 20)[:-25] + b"\n" + docker % b"\\u00e9\\ud83d\\ude00\\/" * 20 + docker[:30],
        "docker keys reordered": b'{"time":"2024-05-01T10:00:00Z","stream":"stderr","log":"x 5\\n"}\n{"log":5}\n' * 50,
        "CRI parts": b"2024-05-01T10:00:00.1Z stdout P part one \n2024-05-01T10:00:00.2Z stdout F part two\n" * 50
                     + b"2024-05-01T10:00:00.3Z stdout X\n2024-05-01T10:00:00.3Z stdout\n",
        "stack trace without head": b"\tat a.b.C.d(C.java:5)\n" * 3000,
        "stack trace that never ends": b"Traceback (most recent call last):\n" + b'  File "x.py", line 5, in f\n' * 20_000,
        "indented only": b"    deeper\n" * 3000,
        "slots that look alike": b"".join(b"%s %d\n" % (source.choice([b"1", b"01", b"1.0", b"0x1", b"a1", b"/a"]), source.randrange(9))
                                          for _ in range(3000)),
        "duplicates": line * 20_000,
        "gzip magic in text": line + b"\x1f\x8b not a gzip\n",
        "quotes and backslashes": b'msg="a \\"quoted\\" \\\\ path C:\\\\x" k=\'v\' \\\n' * 300,
        "percent and braces": b"%s %d %n {} {0} ${x} <*> <*>x <*><*>\n" * 300,
    }
    if big:
        inputs["64 MiB line"] = b"INFO " + source.randbytes(1 << 20).replace(b"\n", b" ") * 64 + b"\n" + line
        inputs["64 MiB JSON line"] = b'{"a":"' + b"x" * (64 << 20) + b'"}\n' + line
        inputs["ten million short lines"] = b"a\nb 1\n" * 5_000_000
    return inputs


def main():
    """unittest.main, saying how to repeat a failure."""
    program = unittest.main(exit=False, verbosity=2 if "-v" in sys.argv else 1)
    if not program.result.wasSuccessful():
        sys.exit(1)
