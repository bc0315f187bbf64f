"""No query takes more than 512 MiB: what would need more spills to temporary files or ends with one line that names the limit.

WHITTLE_EVENTS sets how many events there are, each with values of its own; 10,000,000 is what is promised.
"""

import os
import unittest
from pathlib import Path

import whittle_cli
from whittle_cli import BIN, CliTest

EVENTS = int(os.environ.get("WHITTLE_EVENTS", "60000"))
MAX_BYTES = 512 << 20

# Each must answer, or be refused by the words beside it.
QUERIES = [
    ("count by id", "groups"), ("count, avg(took), p99(took), distinct(id) by path", "groups"), ("p50(took), p99(took), distinct(id)", ""),
    ("count by id | count", "groups"), ("sort took desc", ""), ("sort id | select id, took", ""), ("* | select id, took | sort took", ""),
    ("top 1000 by id", ""), ("* | select id, path | count by path", "rows"), ("fields", ""), ("facets", ""), ("facets id", ""),
    ("histogram took by path", ""), ("heatmap took", ""), ("sample 1000000 | count", ""), ("limit 1000000 | count", ""), ("near 5 | count", "near"),
    ("status = 500 | trace | count", "traces"), ("exists trace_id | rollup trace | count", "traces"), ("exists trace_id | rollup trace", "traces"),
    ("count by took every 1ms", "groups"),
]


class QueryMemoryTest(CliTest):
    def measured(self, *args):
        out = open(self.dir / "out", "wb")
        err = open(self.dir / "err", "wb")
        pid = os.posix_spawn(BIN, [BIN, *map(str, args)], os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
        out.close()
        err.close()
        _, status, usage = os.wait4(pid, 0)
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024, (self.dir / "err").read_text()

    def test_every_query_is_bounded(self):
        program = Path(BIN).read_bytes()
        if b"__asan_init" in program or b"__tsan_init" in program:
            raise unittest.SkipTest("sanitizers take memory of their own")
        random = self.random
        with open(self.dir / "app.log", "w") as file:
            for i in range(EVENTS):
                file.write(f"2024-05-01T{i // 3600000 % 24:02d}:{i // 60000 % 60:02d}:{i // 1000 % 60:02d}.{i % 1000:03d}Z INFO request "
                           f"id={random.getrandbits(64):016x} took={random.randrange(1000000)}ms path=/a/{random.getrandbits(22)} "
                           f"trace_id={random.getrandbits(128):032x} status={500 if i % 10 == 0 else 200}\n")
        self.ingest(self.dir / "app.log")
        runs = [(("query", "--store", self.store, query), limit) for query, limit in QUERIES]
        runs += [(("diff", "--store", self.store, "bad: status=500"), ""), (("diff", "--store", self.store, "bad: status=500", "--by", "trace"), "traces")]
        for args, limit in runs:
            code, peak, err = self.measured(*args)
            said = f"WHITTLE_SEED={self.seed} {args}: exit {code}, {peak >> 20} MiB\n{err}"
            self.assertLess(peak, MAX_BYTES, said)
            refused = bool(limit) and code == 1 and limit in err and err.startswith("whittle: ") and err.count("\n") == 1
            self.assertTrue(code == 0 or refused, said)


if __name__ == "__main__":
    whittle_cli.main()
