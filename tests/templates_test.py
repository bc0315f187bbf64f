"""Templates as a person meets them: correct them, carry the corrections elsewhere, ignore some, compare two stores."""

import json
import shutil

import whittle_cli
from whittle_cli import CliTest, whittle

MODULES = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]


def lines(count, extra=()):
    out = []
    for i in range(count):
        out.append(f"2024-05-01 10:00:{i % 60:02d} INFO worker {i} finished in {i * 7} ms")
        out.append(f"2024-05-01 10:00:{i % 60:02d} INFO health check {i} ok")
        out.append(f"2024-05-01 10:00:{i % 60:02d} INFO VM instance " + ("Started" if i % 2 else "Paused"))
        out.append(f"2024-05-01 10:00:{i % 60:02d} INFO loaded module {MODULES[i % 6]} fine")
    return ("\n".join(out + list(extra)) + "\n").encode()


class TemplatesTest(CliTest):
    def listed(self, store):
        return {t["template"]: t for t in map(json.loads, self.templates(store))}

    def edit(self, *arguments, store=None, code=0):
        run = whittle("templates", *arguments, "--store", store or self.store)
        self.assertEqual(code, run.code, run)
        return run

    def setUp(self):
        super().setUp()
        self.log = self.write("app.log", lines(60))
        self.store = self.dir / "store"
        self.ingest(self.log, store=self.store, flags=["--quiet"])

    def test_corrections_go_with_their_file(self):
        before = self.listed(self.store)
        self.assertIn("worker <*> finished in <*> ms", before)
        self.edit("name", before["worker <*> finished in <*> ms"]["template_id"][:8], "1=job.id", "duration=job.time")
        self.edit("merge", "VM instance Started", "VM instance Paused")
        self.edit("freeze", "health check <*> <*>")
        after = self.listed(self.store)
        self.assertEqual(["job.id", "job.time"],
                         [f["name"] for f in after["worker <*> finished in <*> ms"]["fields"]])
        self.assertIn("VM instance <*>", after)
        self.assertEqual(60, after["VM instance <*>"]["count"])
        self.assertIn("health check <*> <*>", after)
        # Another store and only the file.
        other = self.dir / "other"
        self.ingest(self.log, store=other, flags=["--quiet"])
        self.assertNotEqual(sorted(after), sorted(self.listed(other)))
        shutil.copy(self.store / "templates.yaml", other)
        self.assertEqual(after, self.listed(other))
        # In the configuration, for a store made with it.
        config = self.write("w.yaml", f"templates: {{overrides: {self.store}/templates.yaml}}\n".encode())
        third = self.dir / "third"
        self.ingest(self.log, store=third, flags=["--quiet", "--config", config])
        self.assertEqual(after, self.listed(third))
        self.verify(third)
        events = [json.loads(line) for line in whittle("cat", "job.id=7", "--store", third).out.splitlines()]
        self.assertEqual(1, len(events))

    def test_split_makes_templates_of_words(self):
        self.edit("split", "loaded module <*> fine", "1")
        fresh = self.dir / "fresh"
        fresh.mkdir(mode=0o700)
        config = self.write("w.yaml", f"templates: {{overrides: {self.store}/templates.yaml}}\n".encode())
        shutil.rmtree(fresh)
        self.ingest(self.log, store=fresh, flags=["--quiet", "--config", config])
        self.assertEqual({f"loaded module {m} fine" for m in MODULES},
                         {t for t in self.listed(fresh) if t.startswith("loaded")})

    def test_convert_leaves_out_what_is_ignored(self):
        self.edit("ignore", "health check <*> ok")
        config = self.write("w.yaml", f"templates: {{overrides: {self.store}/templates.yaml}}\n".encode())
        bodies = [json.loads(line)["body"] for line in self.run_ok("convert", "--config", config, self.log).out.splitlines()]
        self.assertEqual(180, len(bodies))
        self.assertFalse([body for body in bodies if body.startswith("health")])

    def test_ignored_events_are_dropped_and_counted(self):
        self.edit("ignore", "health check <*> ok")
        more = self.write("more.log", lines(40, ["2024-05-01 10:01:00 INFO health check 9 failed"]))
        for jobs in (1, 3):
            store = self.dir / f"ignoring-{jobs}"
            shutil.copytree(self.store, store)
            self.ingest(more, store=store, flags=["--quiet", "--jobs", jobs])
            rows = map(json.loads, whittle("stats", "--store", store, "--format", "ndjson").out.splitlines())
            total = next(row for row in rows if row.get("total"))
            self.assertEqual(40, total["dropped_by_rule"]["lines"])
            self.assertEqual(total["in"]["lines"], total["kept"]["lines"] + 40)
            self.verify(store)
            listed = self.listed(store)
            self.assertEqual(60, listed["health check <*> ok"]["count"], "stored ones stay")
            self.assertEqual(1, listed["health check <*> failed"]["count"])

    def test_review_shows_an_example_of_the_largest(self):
        rows = [json.loads(line) for line in self.edit("review", "--limit", 2, "--format", "ndjson").out.splitlines()]
        self.assertEqual(2, len(rows))
        self.assertGreaterEqual(rows[0]["bytes"], rows[1]["bytes"])
        self.assertTrue(all(row["example"] for row in rows))
        self.assertIn(b"--limit", self.edit("review").out)

    def test_diff_says_what_is_new_gone_and_more(self):
        after = self.dir / "after"
        text = lines(60).replace(b"health check 7 ok", b"health check 7 bad").replace(b"finished", b"ended")
        text += b"".join(b"2024-05-01 10:02:00 INFO VM instance Started\n" for _ in range(200))
        self.ingest(self.write("after.log", text), store=after, flags=["--quiet"])
        rows = [json.loads(line) for line in
                whittle("templates", "diff", self.store, after, "--format", "ndjson").out.splitlines()]
        found = {row["template"]: row["change"] for row in rows}
        self.assertEqual({"worker <*> ended in <*> ms": "new", "health check <*> bad": "new",
                          "worker <*> finished in <*> ms": "gone", "VM instance Started": "more"},
                         {t: c for t, c in found.items() if c != "less"})
        # Two times of one store.
        run = whittle("templates", "diff", "2024-05-01T10:00:00..2024-05-01T10:01:30",
                      "2024-05-01T10:01:30..2024-05-01T10:03:00", "--store", after, "--format", "ndjson")
        found = {row["template"]: row["change"] for row in map(json.loads, run.out.splitlines())}
        self.assertEqual("more", found["VM instance Started"], run)
        self.assertEqual("gone", found["VM instance Paused"], run)

    def test_mistakes_are_refused_and_change_nothing(self):
        self.edit("freeze", "health check <*> ok")
        path = self.store / "templates.yaml"
        before = path.read_bytes()
        for arguments in (["name", "no such template", "1=a"], ["name", "health check <*> ok", "9=a"],
                          ["name", "health check <*> ok", "1=a b"], ["name", "health check <*> ok", "a"],
                          ["merge", "health check <*> ok", "health check <*> ok"],
                          ["split", "health check <*> ok", "2"], ["freeze", "no such template"]):
            run = self.edit(*arguments, code=2)
            self.assertTrue(run.err.startswith(b"whittle"), run)
            self.assertEqual(before, path.read_bytes())
        path.write_text("ignore: [0123456789abcdef]\n")
        run = whittle("templates", "--store", self.store)
        self.assertEqual(2, run.code, run)
        self.assertIn(b"templates.yaml:1:10: ignore takes the text", run.err)

    def test_any_route_gives_the_same_templates(self):
        """Whole, in batches of shuffled sizes, with any number of jobs, stopped and resumed: the same ids."""
        data = lines(300)
        whole = self.dir / "whole"
        self.ingest(self.write("one.log", data), store=whole, flags=["--quiet", "--source-name", "x"])
        expected = {t["template_id"]: t["count"] for t in self.listed(whole).values()}
        parts = data.splitlines(keepends=True)
        for jobs in (1, 2, 4):
            store = self.dir / f"parts-{jobs}"
            path = self.dir / f"grow-{jobs}.log"
            done = 0
            while done < len(parts):
                step = self.random.randint(1, 400)
                with open(path, "ab") as file:
                    file.write(b"".join(parts[done:done + step]))
                done += step
                self.ingest(path, store=store, flags=["--quiet", "--jobs", jobs])
            found = {t["template_id"]: t["count"] for t in self.listed(store).values()}
            self.assertEqual(expected, found, f"{jobs} jobs, WHITTLE_SEED={self.seed}")

    def test_what_was_folded_is_evidence_for_what_comes(self):
        """Words that are values only by what stands in several segments together, some of them folded already."""
        names = [f"{a}{b}" for a in ("web", "mail", "queue", "cache", "proxy", "data") for b in ("shop", "desk", "yard", "gate")]
        verbs = ["Started", "Stopping", "Reloaded", "Failed"]
        parts = []
        for i, name in enumerate(names):
            # Each part alone has too few names in each place to say that they are names.
            parts.append([f"{verbs[k]} the {names[(i * 5 + k) % 24]} unit after check\n" for k in range(4)] +
                         [f"service {names[(i + k) % 24]} took the lock of {name}\n" for k in range(3)] +
                         [f"Unhandled error: {name} {names[(i + 7) % 24]} gone\n", f"user {name} state={verbs[i % 4]}\n",
                          "Removing packages: " + ", ".join(names[i:] + names[:4]) + "\n",
                          "Install: " + ", ".join(f"{n}:amd64 (1.{i}, automatic)" for n in names[:4 + i % 9]) + "\n",
                          f"told \"{' '.join(names[i % 20:i % 20 + 2 + i % 7])}\" to wait\n"])
        self.random.shuffle(parts)
        for part in parts:
            self.random.shuffle(part)
        whole, grown = self.dir / "whole", self.dir / "grown"
        path = self.write("grow.log", "".join(map("".join, parts)).encode())
        self.ingest(path, store=whole, flags=["--quiet"])
        path.write_bytes(b"")
        step = self.random.randint(1, 6)
        for at in range(0, len(parts), step):
            with open(path, "ab") as file:
                file.write("".join(map("".join, parts[at:at + step])).encode())
            self.ingest(path, store=grown, flags=["--quiet"])
        self.assertLess(3, len(whittle_cli.segments(grown)))
        texts = self.templates(whole)
        self.assertIn("Removing packages: <*>", str(texts))
        self.assertIn("Install: <*>", str(texts))
        message = f"{step} parts a segment, WHITTLE_SEED={self.seed}"
        self.assertEqual(self.templates(whole), self.templates(grown), message)
        self.run_ok("compact", "--store", grown)
        self.assertEqual(self.templates(whole), self.templates(grown), f"compacted, {message}")
        self.verify(grown)


if __name__ == "__main__":
    whittle_cli.main()
