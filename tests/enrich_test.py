"""Enrichment as a person meets it: fields set, renamed and dropped by the configuration, the same in every verb, with
the bytes of the lines untouched."""

import json
import random

import whittle_cli
from whittle_cli import CliTest, whittle

CONFIG = b"""enrich:
  - set: {deployment.environment.name: prod, team: pay}
  - rename: {uid: user.id, lvl: severity_text, "ctx.*": "app.*"}
  - drop: [hint, "noise.*"]
  - set: {alert.route: page, severity: ERROR, weight: 3}
    when: 'user.id = 7 and "declined"'
  - drop: [amount]
    when: 'alert.route = page'
"""


def lines(seed, count):
    rand = random.Random(seed)
    out = []
    for i in range(count):
        kind = rand.randrange(4)
        if kind == 0:
            out.append(f"2024-05-01 10:00:{i % 60:02d} ERROR no fields here uid={i}")
            if i % 3 == 0:
                out.append("\tat a.b.C(D.java:7) declined")
            continue
        out.append(json.dumps({"time": f"2024-05-01T10:00:{i % 60:02d}Z", "lvl": rand.choice(["warn", "info"]),
                               "msg": f"payment {rand.choice(['declined', 'taken'])} for order {i}",
                               "uid": rand.choice([7, 8]), "amount": i / 2, "hint": "x", "noise.a": i, "noise.b": 2,
                               "ctx.region": rand.choice(["eu", "us"])}))
    return ("\n".join(out) + "\n").encode()


class EnrichTest(CliTest):
    def check(self, event):
        attributes, resource = event.get("attributes", {}), event["resource"]
        self.assertEqual({"deployment.environment.name": "prod", "team": "pay"}, resource)
        for gone in ("hint", "noise.a", "noise.b", "ctx.region", "lvl"):
            self.assertNotIn(gone, attributes)
        if "app.region" not in attributes:
            return 0
        paged = attributes["user.id"] == 7 and "declined" in event["body"]
        self.assertEqual("page" if paged else None, attributes.get("alert.route"))
        self.assertEqual(3 if paged else None, attributes.get("weight"))
        self.assertEqual(not paged, "amount" in attributes)
        if paged:
            self.assertEqual(("ERROR", 17), (event["severity_text"], event["severity_number"]))
            self.assertIn(attributes["log.level"], ("warn", "info"))
        else:
            self.assertIn(event["severity_text"], ("warn", "info"))
        return paged

    def test_every_verb_says_the_same_and_the_bytes_stay(self):
        text = lines(self.seed, 600)
        log, config = self.write("app.log", text), self.write("w.yaml", CONFIG)
        with self.subTest(seed=self.seed):
            converted = [json.loads(l) for l in self.run_ok("convert", "--config", config, log).out.splitlines()]
            paged = sum(self.check(event) for event in converted)
            self.assertGreater(paged, 0)
            stores = []
            for jobs in ("1", "2"):
                store = self.dir / f"store{jobs}"
                self.ingest(log, store=store, flags=["--quiet", "--config", config, "--jobs", jobs])
                self.assert_same_bytes(text, self.cat_raw(store))
                self.verify(store)
                stores.append(self.ndjson("cat", "--store", store))
            self.assertEqual(stores[0], stores[1])
            self.assertEqual(paged, sum(self.check(event) for event in stores[0]))
            store = self.dir / "store1"

            def count(filter_text):
                answer = self.ndjson("query", "--format", "ndjson", "--store", store, filter_text + " | count")
                return answer[0]["count"]["estimate"]
            self.assertEqual(paged, count("alert.route=page"))
            self.assertEqual(paged, count("weight>2"))
            self.assertEqual(len(stores[0]), count('team="pay"'))
            self.assertEqual(0, count("noise.a=*"))
            # Rewriting two segments into one keeps what was set.
            with open(log, "ab") as more:
                more.write(lines(self.seed + 1, 100))
            self.ingest(log, store=store, flags=["--quiet", "--config", config])
            before = self.ndjson("cat", "--store", store)
            self.assertGreater(len(before), len(stores[0]))
            self.assertNotIn("nothing to compact", self.run_ok("compact", "--store", store).text)
            self.assertEqual(before, self.ndjson("cat", "--store", store))
            self.verify(store)

    def test_sampling_sees_what_is_set(self):
        text = lines(3, 400)
        log = self.write("app.log", text)
        config = self.write("w.yaml", CONFIG + b"sampling:\n  budget: {keep: 10%}\n"
                            b"  rules: [{when: 'alert.route = page', keep: all}]\n")
        self.ingest(log, flags=["--quiet", "--config", config])
        paged = [e for e in self.ndjson("cat", "--store", self.store) if e["attributes"].get("alert.route")]
        everything = [json.loads(l) for l in self.run_ok("convert", "--config", config, log).out.splitlines()]
        self.assertEqual(sum(self.check(e) for e in everything), len(paged))
        self.assertEqual({1.0}, {e["sample_rate"] for e in paged})

    def test_explain_shows_it_and_check_refuses_nonsense(self):
        config = self.write("w.yaml", CONFIG)
        line = '{"lvl":"warn","msg":"payment declined","uid":7,"ctx.region":"eu"}'
        shown = self.run_ok("explain", "--config", config, line).text
        self.assertIn("alert.route", shown)
        self.assertIn("attribute, set", shown)
        bad = self.write("bad.yaml", b"enrich:\n  - set: {a: b}\n    when: 'timestamp > 5'\n")
        run = whittle("config", "check", bad)
        self.assertEqual(2, run.code, run)
        self.assertIn("bad.yaml:3:", run.err_text)


if __name__ == "__main__":
    whittle_cli.main()
