"""Random queries answer what a plain evaluator over `cat --format ndjson` answers, and what DuckDB answers over that
NDJSON for the part both can say.

WHITTLE_QUERIES sets how many (a few in a normal run, 2,000 and more in a long one). Stores are made of the example logs
and, where they can be reached, of real logs. DuckDB is used where Python has it, and its part is skipped otherwise.
"""

import os
import unittest

import query_model
import whittle_cli
from query_model import Vocabulary, Generator, differences, evaluate, parse_answer, stage_text
from whittle_cli import CliTest, corpora, examples, whittle

QUERIES = int(os.environ.get("WHITTLE_QUERIES", "120"))
LINES = 2500  # of each log: the evaluator is slow


class QueryDifferentialTest(CliTest):
    def stores(self):
        logs = [("examples", None)]
        if corpora() is not None:
            found = sorted(p for folder in ("loghub-2k", "large") for p in (corpora() / folder).rglob("*")
                           if p.is_file() and p.suffix in (".log", ".jsonl"))
            logs += [(p.name, p) for p in self.random.sample(found, min(len(found), 12 if QUERIES > 500 else 2))]
        for name, path in logs:
            store = self.dir / f"store-{name}"
            if path is None:
                self.ingest(*examples(), store=store)
            else:
                with open(path, "rb") as file:
                    head = b"".join(line for _, line in zip(range(LINES), file))
                self.ingest(self.write(name, head), store=store)
            events = query_model.load(self.run_ok("cat", "--store", store, "--format", "ndjson").text)
            self.add_raw(events, store)
            if events:
                yield name, store, events

    # The bytes of each record as they were read: cut from the original text where the next one begins.
    def add_raw(self, events, store):
        raw = self.run_ok("query", "--store", store, "--format", "ndjson", "* | select source, source.offset, raw").text
        of_place = {}
        for row in query_model.load(raw):
            of_place[row["source"], int(row["source.offset"])] = row.get("raw_bytes", row["raw"])
        for event in events:
            place = event["source"]["name"], int(event["source"]["offset"])
            event["raw"] = of_place[place].encode("utf-8", "surrogateescape")

    def test_answers_equal_the_model(self):
        stores = list(self.stores())
        each = max(1, QUERIES // len(stores))
        asked = matched = 0
        for name, store, events in stores:
            generator = Generator(self.random, Vocabulary(events))
            for _ in range(each):
                condition = generator.filter()
                stage = generator.aggregate()
                query = f"{condition} | {stage_text(stage)}"
                run = whittle("query", "--store", store, "--format", "ndjson", query)
                self.assertEqual(0, run.code, f"\nWHITTLE_SEED={self.seed}\n{run}")
                expected = evaluate(events, condition, stage)
                problems = differences(expected, parse_answer(run.text, stage))
                self.assertFalse(problems, f"\nWHITTLE_SEED={self.seed} {name}\n{query}\n" + "\n".join(problems))
                asked += 1
                matched += any(row["count"] for row in expected.values())
        self.assertGreater(matched, asked // 5, "the random queries match next to nothing")

    def test_events_equal_the_model(self):
        for name, store, events in self.stores():
            generator = Generator(self.random, Vocabulary(events))
            for _ in range(max(1, QUERIES // 20)):
                condition = generator.filter()
                got = query_model.load(self.run_ok("cat", "--store", store, "--format", "ndjson", str(condition)).text)
                expected = [{k: v for k, v in event.items() if k != "raw"} for event in events if condition.matches(event)]
                self.assertEqual(expected, got, f"WHITTLE_SEED={self.seed} {name} {condition}")
                by_time = query_model.load(self.run_ok("query", "--store", store, "--format", "ndjson", str(condition)).text)
                stamps = [event.get("timestamp", "") for event in by_time]
                self.assertEqual(sorted(stamps), stamps, f"WHITTLE_SEED={self.seed} {name} {condition}")
                key = lambda event: (event["source"]["name"], int(event["source"]["offset"]))
                self.assertEqual(sorted(expected, key=key), sorted(by_time, key=key))

    def test_answers_equal_duckdb(self):
        try:
            import duckdb
        except ImportError:
            raise unittest.SkipTest("DuckDB is not installed for this Python: pip install duckdb")
        for name, store, events in self.stores():
            words = Vocabulary(events)
            rows = [[query_model.nanoseconds(e["timestamp"]) if "timestamp" in e else None, e["source"]["name"],
                     e.get("template_id"), e["body"], *[query_model.lookup(e, n) for n in words.texts],
                     *[None if query_model.lookup(e, n) is None else float(query_model.lookup(e, n)) for n in words.numbers]]
                    for e in events]
            columns = ["ts BIGINT", "source VARCHAR", "template_id VARCHAR", "body VARCHAR",
                       *[f"t{i} VARCHAR" for i in range(len(words.texts))],
                       *[f"n{i} DOUBLE" for i in range(len(words.numbers))]]
            database = duckdb.connect()
            database.execute(f"CREATE TABLE e ({', '.join(columns)})")
            database.executemany(f"INSERT INTO e VALUES ({', '.join('?' * len(columns))})", rows)
            for _ in range(max(1, QUERIES // 10)):
                self.compare_with_duckdb(database, store, words, name)

    def compare_with_duckdb(self, database, store, words, name):
        pick = self.random.choice
        conditions, arguments = [], []
        filters = []
        for _ in range(self.random.randrange(0, 3)):
            if words.numbers and self.random.random() < 0.5:
                field = pick(words.numbers)
                op, value = pick(["=", "!=", "<", "<=", ">", ">="]), pick(words.values[field])
                filters.append(f"{field} {op} {value}")
                conditions.append(f"n{words.numbers.index(field)} {op} ?")
                arguments.append(float(value))
            elif words.texts:
                field = pick(words.texts)
                value = pick(words.values[field])
                filters.append(f"{field} = {query_model.quoted(value)}")
                conditions.append(f"t{words.texts.index(field)} = ?")
                arguments.append(value)
        calls, aggregates = [("count", None)], ["count(*)"]
        if words.numbers:
            field = pick(words.numbers)
            calls += [("sum", field), ("min", field), ("p90", field)]
            column = f"n{words.numbers.index(field)}"
            aggregates += [f"sum({column})", f"min({column})", f"quantile_disc({column}, 0.9)"]
        by = [pick(["source", "template_id"])]
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        sql = f"SELECT {by[0]}, {', '.join(aggregates)} FROM e{where} GROUP BY ALL"
        expected = {(row[0],): dict(zip(map(query_model.name_of, calls), row[1:]))
                    for row in database.execute(sql, arguments).fetchall()}
        stage = (calls, by, None)
        query = f"{' and '.join(filters) or '*'} | {stage_text(stage)}"
        run = self.run_ok("query", "--store", store, "--format", "ndjson", query)
        problems = differences(expected, parse_answer(run.text, stage))
        self.assertFalse(problems, f"\nWHITTLE_SEED={self.seed} {name}\n{query}\n{sql}\n" + "\n".join(problems))


if __name__ == "__main__":
    whittle_cli.main()
