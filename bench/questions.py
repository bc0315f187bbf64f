#!/usr/bin/env python3
"""Reading benchmark: typical questions to a large store, beside DuckDB on Parquet of the same events and clp-s on their NDJSON.

Makes a large log of the given ones with fresh_corpus, ingests it, writes the events as NDJSON for the others to load, and
measures whole processes, the least processor time of several alternating turns. Checks that whittle and DuckDB count the same.

DuckDB and clp-s are taken from the Python that runs this (a venv with `pip install duckdb yscope-clp-core`); what is not
installed is left out, with a line that says so.
"""

import argparse
import datetime
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from query import ROOT, best, fail, find_needle, run

INTEGERS = ["http.response.status_code", "http.response.body.size"]
TEXTS = ["http.request.method", "url.path", "client.address", "user.name", "db.namespace", "db.client.operation.duration",
         "log.logger"]
LOAD = """
COPY (SELECT CAST("timestamp" AS TIMESTAMP_NS) AS ts, severity_number, body, template_id, source."name" AS source,
             try_cast(replace(attributes."db.client.operation.duration", ' ms', '') AS DOUBLE) AS duration_ms, attributes.*
      FROM read_json('{events}', format='newline_delimited', ignore_errors=true, maximum_object_size=64000000, columns={{
        timestamp: 'VARCHAR', severity_number: 'UTINYINT', body: 'VARCHAR', template_id: 'VARCHAR',
        source: 'STRUCT("name" VARCHAR)', attributes: 'STRUCT({fields})'}}))
TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)
"""

# What is asked, the query, the SQL, and what clp-s can say of it: the filter alone.
QUESTIONS = [
    ("an id in a few lines", '"{needle}" | count', "SELECT count(*) FROM e WHERE contains(body, '{needle}')", 'body: "*{needle}*"'),
    ("how many of each severity", "count by severity_number", "SELECT severity_number, count(*) FROM e GROUP BY ALL", None),
    ("failed requests by path", "http.response.status_code >= 500 | count by url.path",
     'SELECT "url.path", count(*) FROM e WHERE "http.response.status_code" >= 500 GROUP BY ALL',
     "attributes.http\\.response\\.status_code >= 500"),
    ("errors by template", "severity_number >= 17 | count by template_id",
     "SELECT template_id, count(*) FROM e WHERE severity_number >= 17 GROUP BY ALL", "severity_number >= 17"),
    ("events of each day", "count every 1d", "SELECT date_trunc('day', ts), count(*) FROM e GROUP BY ALL", None),
    ("slow statements by database", "db.client.operation.duration > 10ms | count, p99(db.client.operation.duration) by db.namespace",
     'SELECT "db.namespace", count(*), quantile_disc(duration_ms, 0.99) FROM e WHERE duration_ms > 10 GROUP BY ALL', None),
    ("two fields, by a third", "http.response.status_code = 404 and http.request.method = GET | count by client.address",
     "SELECT \"client.address\", count(*) FROM e WHERE \"http.response.status_code\" = 404 AND \"http.request.method\" = 'GET' GROUP BY ALL",
     "attributes.http\\.response\\.status_code: 404 and attributes.http\\.request\\.method: GET"),
    ("a word of the messages", "exception | count",
     "SELECT count(*) FROM e WHERE regexp_matches(body, '(?i)(^|[^0-9a-z_])exception([^0-9a-z_]|$)')", 'body: "*exception*"'),
    ("a regular expression", "~ /closing.*after \\d+/ | count", "SELECT count(*) FROM e WHERE regexp_matches(body, 'closing.*after \\d+')", None),
    ("mean of a number by another", "exists http.response.body.size | count, avg(http.response.body.size) by http.response.status_code",
     'SELECT "http.response.status_code", count(*), avg("http.response.body.size") FROM e WHERE "http.response.body.size" IS NOT NULL GROUP BY ALL',
     None),
    ("different values by a field", "exists user.name | count, distinct(client.address) by user.name",
     'SELECT "user.name", count(*), count(DISTINCT "client.address") FROM e WHERE "user.name" IS NOT NULL GROUP BY ALL', None),
    ("the ten slowest", "top 10 by db.client.operation.duration", 'SELECT * FROM e ORDER BY duration_ms DESC NULLS LAST LIMIT 10', None),
]
ASK = """
import sys, duckdb
database = duckdb.connect()
database.execute("SET enable_progress_bar = false")
database.execute("SET threads = 1")
database.execute(f"CREATE VIEW e AS SELECT * FROM read_parquet('{sys.argv[1]}')")
rows = database.execute(sys.argv[2]).fetchall()
print(sum(r[1] for r in rows) if len(rows) > 1 and len(rows[0]) in (2, 3) else rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else
      sum(r[1] for r in rows) if rows and len(rows[0]) in (2, 3) else len(rows))
"""


def total(text):
    """The sum of the column "count", or the number of lines of other answers."""
    lines = text.decode().splitlines()
    if not lines or "count" not in lines[0].split(","):
        return len(lines) - 1
    import csv
    return sum(int(row["count"]) for row in csv.DictReader(lines))


def duckdb_of():
    try:
        import duckdb
        return duckdb.__version__
    except ImportError:
        return None


def measure(options, logs, scratch):
    log, store, events = scratch / "large.log", scratch / "store", scratch / "events.ndjson"
    parquet, archive = scratch / "events.parquet", scratch / "clp"
    if not log.exists():
        with open(log, "wb") as file:
            run(options.generator, options.bytes, *logs, stdout=file)
    if not store.exists():
        run(options.whittle, "ingest", log, "--store", store, "--quiet")
    clp = shutil.which("clp-s", path=str(Path(sys.executable).parent))
    version = duckdb_of()
    if (version and not parquet.exists()) or (clp and not archive.exists()):
        with open(events, "wb") as file:
            run(options.whittle, "cat", "--format", "ndjson", "--store", store, stdout=file)
        if version and not parquet.exists():
            fields = ", ".join([f'"{name}" BIGINT' for name in INTEGERS] + [f'"{name}" VARCHAR' for name in TEXTS])
            run(sys.executable, "-c", "import duckdb, sys; duckdb.execute(sys.argv[1])",
                LOAD.format(events=events, parquet=parquet, fields=fields))
        if clp and not archive.exists():
            run(clp, "c", "--timestamp-key", "timestamp", archive, events)
        events.unlink()
    size = log.stat().st_size
    needle = find_needle(log, size)
    rows, notes = [], []
    for name, query, sql, kql in QUESTIONS:
        fill = lambda text: text.replace("{needle}", needle)
        commands = [(options.whittle, "query", "--store", store, "--format", "csv", fill(query))]
        if version:
            commands.append((sys.executable, "-c", ASK, parquet, fill(sql)))
        if clp and kql:
            commands.append((clp, "s", archive, fill(kql), "--projection", "timestamp"))
        results = best(options.turns, commands)
        count = total(results[0][0])
        if version and int(results[1][0].split()[-1]) != count:
            notes.append(f"{name}: whittle counts {count}, DuckDB {int(results[1][0].split()[-1])}")
        whittle = results[0][2]
        duck = f"{results[1][2] * 1000:.0f} | {results[1][2] / whittle:.2f}" if version else "- | -"
        other = f"{results[-1][2] * 1000:.0f} | {results[-1][2] / whittle:.2f}" if clp and kql else "- | -"
        rows.append(f"| {name} | {whittle * 1000:.0f} | {size / 1e9 / whittle:.2f} | {duck} | {other} |")
    if options.small and notes:
        fail("; ".join(notes))
    stored = lambda path: sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) / 1e6 if path.is_dir() else path.stat().st_size / 1e6
    start = run(sys.executable, "-c", "import duckdb")[2] if version else 0
    sizes = f"whittle {stored(store):.1f} MB"
    sizes += f", Parquet (zstd; {len(INTEGERS) + len(TEXTS)} attributes of all) {stored(parquet):.1f} MB" if version else ", DuckDB is not installed here"
    sizes += f", clp-s {stored(archive):.1f} MB" if clp else ", clp-s is not installed here"
    return "\n".join([
        "## Typical questions", "",
        f"{size / 1e9:.2f} GB of text by `bench/questions.py`; {sizes}. {platform.machine()}, load {os.getloadavg()[0]:.1f}; least processor "
        f"time of {options.turns} turns, whole processes, one thread each. " +
        (f"DuckDB {version}: {start * 1000:.0f} ms of each are Python and its start. " if version else "") +
        "clp-s filters only: it prints the time of each match.", "",
        "| question | whittle ms | GB of text/s | DuckDB ms | × whittle | clp-s ms | × whittle |", "|---|---|---|---|---|---|---|",
        *rows, "", *notes, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--whittle", default=ROOT / "build/release/src/cli/whittle")
    parser.add_argument("--generator", default=ROOT / "build/release/bench/fresh_corpus")
    parser.add_argument("--bytes", type=int, default=2_200_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a few megabytes of the example logs: checks answers, records nothing")
    parser.add_argument("--dir", help="scratch space, kept; default: a temporary directory")
    parser.add_argument("logs", nargs="*", type=Path)
    options = parser.parse_args()
    logs = options.logs
    if options.small or not logs:
        logs = sorted(p for p in (ROOT / "examples/logs").iterdir() if p.is_file() and p.suffix != ".gz")
        options.bytes, options.turns = (4_000_000, 1) if options.small else (options.bytes, options.turns)
    scratch = Path(options.dir or tempfile.mkdtemp(prefix="whittle-bench-"))
    try:
        report = measure(options, logs, scratch)
    finally:
        if not options.dir:
            shutil.rmtree(scratch, ignore_errors=True)
    print(report)
    if not options.small:
        out = ROOT / "bench/results" / f"{datetime.date.today()}-questions.md"
        out.write_text(f"# Typical questions, {datetime.date.today()}\n\n" + report.replace("## Typical questions\n\n", ""))


if __name__ == "__main__":
    main()
