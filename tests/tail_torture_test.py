"""Following files through random rotations, truncations, deletions, crashes: what a model says must be in the store is
there, once.

Each sequence is one log in a directory of its own with a random life; one daemon follows them all and is killed and
started again meanwhile. Every line has an id, so loss and doubling are seen. Lines that may be lost are those whose
bytes were taken away (deleted, or truncated after their copy was deleted) before they were known to be stored.

Files that begin with zeros (truncated under a writer that keeps its position) cannot be told apart for sure; those may be
stored twice, never lost. The same holds for a copy made by copytruncate when the daemon was killed in its life;
WHITTLE_TAIL_STRICT=1 counts that as a failure too.

WHITTLE_TAIL_SEQUENCES sets how many (100), WHITTLE_SEED repeats a run.
"""

import gzip
import os
import random
import shutil
import signal
import subprocess
import time

import whittle_cli
from whittle_cli import CliTest, kill_and_wait, whittle

SEQUENCES = int(os.environ.get("WHITTLE_TAIL_SEQUENCES", 100))
BATCH = 100  # lives that one daemon follows at a time
STEPS = 25
STRICT = os.environ.get("WHITTLE_TAIL_STRICT") == "1"


class Life:
    """One log file from the view of those who write and rotate it."""

    def __init__(self, folder, number, seed):
        self.folder, self.number, self.random = folder, number, random.Random(seed)
        self.folder.mkdir(parents=True)
        self.path = folder / "app.log"
        self.written = 0
        self.must, self.may = set(), set()
        self.content = {}  # path -> ids that stand in it
        self.partial = None  # the rest of a line whose beginning was written
        self.writer = None  # an open file: one that was deleted or renamed under its writer
        self.history = []
        self.banner = self.random.random() < 0.5  # every new file begins with the same lines
        self.nameless = self.doubtful = False
        self.multiline = self.random.random() < 0.3
        self.open_writer()

    def open_writer(self):
        fresh = not self.path.exists()
        self.append_mode = self.random.random() < 0.8
        self.close_writer()
        self.nameless = False  # what is written into a file without a name is gone with its writer
        self.writer = open(self.path, "ab" if self.append_mode or not fresh else "wb", buffering=0)
        self.ids = self.content.setdefault(self.path, set())
        if fresh and self.banner:
            self.writer.write(b"2024-05-01 00:00:00 INFO starting up\n" * 3)

    def close_writer(self):
        if self.writer:
            self.finish_line()
            self.writer.close()
            self.writer = None

    def line(self):
        ident = f"id-{self.number}-{self.written}-"
        self.written += 1
        self.must.add(ident)
        self.ids.add(ident)
        if self.nameless:
            self.may.add(ident)
        text = (f"2024-05-01 10:{self.written // 60 % 60:02d}:{self.written % 60:02d} INFO [main] did {ident} "
                + "x" * self.random.randrange(1, 60))
        if self.multiline and self.random.random() < 0.3:
            text += "\n\tat a.b.C.d(C.java:5)\n\tat a.b.E.f(E.java:7)"
        return (text + self.random.choice(["\n", "\n", "\r\n"])).encode()

    def finish_line(self):
        if self.partial:
            self.writer.write(self.partial)
            self.partial = None

    # What can happen.

    def append(self):
        self.finish_line()
        for _ in range(self.random.randrange(1, 4)):
            self.writer.write(b"".join(self.line() for _ in range(self.random.choice([1, 3, 20, 200]))))

    def append_part(self):
        self.finish_line()
        text = self.line()
        cut = self.random.randrange(1, len(text))
        self.writer.write(text[:cut])
        self.partial = text[cut:]

    def shift(self):
        """app.log.1 becomes app.log.2 and so on, as logrotate does it."""
        for i in range(8, 0, -1):
            for suffix in ("", ".gz"):
                old, new = self.folder / f"app.log.{i}{suffix}", self.folder / f"app.log.{i + 1}{suffix}"
                if old.exists():
                    old.rename(new)
                    self.content[new] = self.content.pop(old)

    def rotate(self):
        if not self.path.exists():
            return self.open_writer()
        self.shift()
        first = self.folder / "app.log.1"
        self.path.rename(first)
        self.content[first] = self.content.pop(self.path)
        if self.random.random() < 0.5:  # the writer notices later
            self.append()
        self.open_writer()

    def copytruncate(self):
        if not self.path.exists() or self.content.get(self.path) is not self.ids:
            return
        self.finish_line()
        self.shift()
        first = self.folder / "app.log.1"
        # A writer that keeps its position leaves files that all begin with the same zeros: in doubt, twice.
        self.doubtful = self.doubtful or not self.append_mode
        shutil.copyfile(self.path, first)
        self.content[first] = self.ids
        os.truncate(self.path, 0)
        self.content[self.path] = self.ids = set()

    def compress(self):
        for i in range(1, 9):
            path = self.folder / f"app.log.{i}"
            if path.exists() and self.content[path] is not self.ids:
                packed = self.folder / f"app.log.{i}.gz"
                with open(packed, "wb") as out:
                    data = gzip.compress(path.read_bytes())
                    cut = self.random.randrange(len(data))
                    out.write(data[:cut])
                    out.flush()
                    out.write(data[cut:])
                self.content[packed] = self.content.pop(path)
                path.unlink()
                return

    def delete(self):
        """Somebody cleans up: the oldest, or the one that is written."""
        paths = sorted(self.folder.iterdir())
        if not paths:
            return
        path = self.random.choice([paths[-1], self.path])
        if path.exists():
            path.unlink()
            gone = self.content.pop(path)
            self.may |= gone
            self.nameless = self.nameless or gone is self.ids
            if path == self.path and self.random.random() < 0.5:
                self.append()
                self.open_writer()  # often with the same inode

    def settle(self):
        pass

    def step(self):
        if self.writer is None or not self.path.exists() and self.random.random() < 0.7:
            self.open_writer()
        act = self.random.choices(
            [self.append, self.append_part, self.rotate, self.copytruncate, self.compress, self.delete, self.settle],
            [10, 5, 2, 2, 2, 0.7, 3])[0]
        self.history.append(act.__name__)
        act()


class TailTortureTest(CliTest):
    def begin(self):
        messages = open(self.dir / "messages", "ab")
        self.addCleanup(messages.close)
        self.daemon = self.start("run", "--tail", self.dir / "logs" / "**" / "*.log", "--store", self.store,
                                 "--close-after", "300ms", "--idle", "150ms", "--quiet", "--jobs", "1",
                                 stdout=subprocess.DEVNULL, stderr=messages)

    def crash(self):
        for life in self.lives:
            life.history.append("CRASH")
        kill_and_wait(self.daemon)
        self.begin()

    def test_random_lives(self):
        for begin in range(0, SEQUENCES, BATCH):
            self.run_lives(begin, min(BATCH, SEQUENCES - begin))

    def run_lives(self, begin, count):
        logs = self.dir / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(self.store, ignore_errors=True)
        lives = [Life(logs / f"{i}", i, self.seed * 1000 + i) for i in range(begin, begin + count)]
        self.lives = lives
        self.begin()
        crashes = 0
        # What was rotated away before anybody followed it is nobody's.
        for life in lives:
            life.append()
        self.wait_for(lives)
        for step in range(STEPS):
            for life in lives:
                life.step()
            time.sleep(self.random.choice([0, 0.02, 0.3]))
            if self.random.random() < 0.15:
                self.crash()
                crashes += 1
        for life in lives:
            life.close_writer()
        self.wait_for(lives)
        time.sleep(1)
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.daemon.wait(whittle_cli.TIMEOUT_S))
        self.verify()
        self.check(lives)
        print(f"tail: {count} lives, {sum(l.written for l in lives)} lines, {crashes} crashes, WHITTLE_SEED={self.seed}")

    def wait_for(self, lives):
        """Until everything that must be there is there."""
        deadline = time.monotonic() + whittle_cli.TIMEOUT_S / 3
        while time.monotonic() < deadline:
            time.sleep(0.5)
            seen = self.ids_in_store() if (self.store / "MANIFEST").exists() else {}
            if all(i in seen for life in lives for i in life.must - life.may):
                return

    def ids_in_store(self):
        seen = {}
        for word in self.cat_raw().split():
            if word.startswith(b"id-"):
                seen[word.decode()] = seen.get(word.decode(), 0) + 1
        return seen

    def check(self, lives):
        seen = self.ids_in_store()
        for life in lives:
            where = f"life {life.number}: {' '.join(life.history)}\nWHITTLE_SEED={self.seed}\n" \
                    f"{(self.dir / 'messages').read_text()[-2000:]}"
            lost = sorted(i for i in life.must - life.may if i not in seen)
            # Following copytruncate is best effort (docs/streaming.md): after a kill, a copy may count as another source.
            best_effort = not STRICT and "copytruncate" in life.history and "CRASH" in life.history
            doubled = [] if life.doubtful or best_effort else sorted(i for i in life.must if seen.get(i, 0) > 1)
            self.assertEqual(([], []), (lost[:5], doubled[:5]),
                             f"{len(lost)} lines lost, {len(doubled)} doubled of {life.written}\n{where}")


if __name__ == "__main__":
    whittle_cli.main()
