"""whittle as a member of a consumer group, against the mock cluster of librdkafka: nothing is lost and nothing is stored
twice, whatever stops it. WHITTLE_KAFKA_MESSAGES sets how many messages the crash test sends."""

import json
import os
import signal
import subprocess
import time

import whittle_cli
from kafka_client import COORDINATOR_LOADING, JOIN_GROUP, SYNC_GROUP, UNKNOWN_MEMBER, UNKNOWN_TOPIC, MockCluster, Producer
from whittle_cli import CliTest, whittle


class Member:
    """A running `whittle run`; stderr goes to a file, so that nobody has to read it."""

    def __init__(self, test, store, *args, env=None):
        self.test, self.store = test, store
        self.log_path = test.dir / f"{store.name}.err"
        command = [whittle_cli.BIN, "run", "--store", str(store), "--close-after", "300ms", *args]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")} | (env or {})
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=environment)
        test.addCleanup(self.kill)

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(whittle_cli.TIMEOUT_S)
        self.test.assertEqual(0, code, self.log())


class KafkaTest(CliTest):
    def setUp(self):
        super().setUp()
        self.cluster = MockCluster({"logs": 3})
        self.addCleanup(self.cluster.close)
        self.producer = Producer(self.cluster.brokers)
        self.addCleanup(self.producer.close)
        self.store = self.dir / "store"
        self.kafka = f"{self.cluster.brokers}/logs"

    def config(self, group="whittle", more="", sessions="session.timeout.ms: '6000', heartbeat.interval.ms: '500'"):
        """A configuration with a short session, so that a dead member is not waited for."""
        return self.write(f"{group}.yaml", f"sources: [{{kafka: {{brokers: '{self.cluster.brokers}', topics: logs, group: "
                          f"{group}, properties: {{{sessions}}}{more}}}}}]\n".encode())

    def member(self, *args, store=None, **kwargs):
        return Member(self, store or self.store, *map(str, args or ("--config", self.config())), **kwargs)

    def events(self, *stores):
        stores = [str(s) for s in stores or [self.store]]
        run = whittle("cat", "--format", "ndjson", *[a for s in stores for a in ("--store", s)])
        if run.code != 0:
            return []
        return [json.loads(line) for line in run.out.splitlines()]

    def wait_for(self, count, *stores, member=None):
        deadline = time.monotonic() + 120
        while True:
            run = whittle("query", "* | count", "--format", "csv",
                          *[a for s in stores or [self.store] for a in ("--store", s)])
            seen = int(run.out.split()[-1]) if run.code == 0 and run.out else 0
            if seen >= count:
                return
            self.assertLess(time.monotonic(), deadline, f"{seen} of {count}\n" + (member.log() if member else ""))
            time.sleep(0.1)

    def verify(self, store=None):
        run = whittle("verify", "--store", store or self.store)
        self.assertEqual(0, run.code, str(run))

    def send(self, count, first=0):
        for i in range(first, first + count):
            self.producer.send("logs", i % 3, b"2024-05-01 10:00:00 INFO worker-%d did request %d" % (i % 5, i))
        self.producer.flush()

    def assert_ids(self, count, *stores):
        bodies = [e["body"].rsplit(" ", 1)[1] for e in self.events(*stores)]
        ids = sorted(map(int, bodies))
        self.assertEqual(list(range(count)), ids, "lost or doubled")

    def test_values_keys_headers_and_boundaries(self):
        trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        values = [b"a line", b"one\ntwo\r\nthree", b"ends\n", b"\n", b"", None, b"\xff\x00\xfe", b"x" * 300_000]
        for i, value in enumerate(values):
            self.producer.send("logs", 1, value, key=b"k%d" % i,
                               headers=[("traceparent", trace), ("app", b"shop"), ("none", None)] if i == 1 else None)
        self.producer.flush()
        member = self.member()
        self.wait_for(len(values), member=member)
        member.stop()
        self.verify()
        events = self.events()
        self.assertEqual(list(range(len(values))), [e["source"]["offset"] for e in events])
        for i, event in enumerate(events):
            self.assertEqual("logs/1", event["source"]["name"])
            self.assertEqual(f"k{i}", event["attributes"]["messaging.kafka.message.key"])
            self.assertEqual({"messaging.system": "kafka", "messaging.destination.name": "logs",
                              "messaging.destination.partition.id": "1"}, event["resource"])
            self.assertIn("timestamp", event)
        self.assertEqual("0af7651916cd43dd8448eb211c80319c", events[1]["trace_id"])
        self.assertEqual("b7ad6b7169203331", events[1]["span_id"])
        self.assertEqual("explicit", events[1]["correlation"]["method"])
        self.assertEqual("shop", events[1]["attributes"]["messaging.kafka.header.app"])
        self.assertEqual("one\ntwo\nthree", events[1]["body"])
        self.assertEqual([5], [i for i, e in enumerate(events) if "messaging.kafka.message.tombstone" in e["attributes"]])
        raw = whittle("cat", "--raw", "--no-separator", "--store", self.store)
        self.assertEqual(b"".join(v or b"" for v in values), raw.out)
        raw = whittle("cat", "--raw", "--store", self.store)
        self.assertEqual(b"".join(v if v and v.endswith(b"\n") else (v or b"") + b"\n" for v in values), raw.out)
        found = whittle("query", 'messaging.kafka.message.key = "k7" | count', "--store", self.store)
        self.assertEqual(b"1", found.out.split()[-1], str(found))
        found = whittle("query", "messaging.kafka.offset >= 6 | count", "--store", self.store)
        self.assertEqual(b"2", found.out.split()[-1], str(found))

    def test_kill_and_go_on(self):
        count = int(os.environ.get("WHITTLE_KAFKA_MESSAGES", 30_000))
        self.send(count // 2)
        sent = count // 2
        kills = int(os.environ.get("WHITTLE_KAFKA_KILLS", 2))
        for round_number in range(kills):
            member = self.member()
            time.sleep(self.random.uniform(0.3, 1.5))
            step = (count - sent) // (kills - round_number)
            self.send(step, sent)
            sent += step
            time.sleep(self.random.uniform(0, 0.5))
            member.kill()
        member = self.member()
        self.wait_for(count, member=member)
        member.stop()
        self.verify()
        self.assert_ids(count)
        # Nothing is left to read, and nothing is read again.
        member = self.member()
        time.sleep(1)
        member.stop()
        self.assert_ids(count)

    def test_compaction_and_rebuild_keep_messages(self):
        for i in range(200):
            self.producer.send("logs", 0, b"request %d" % i, key=b"user-%d" % (i % 3))
        self.producer.flush()
        member = self.member()
        self.wait_for(200, member=member)
        member.stop()
        before = self.events()
        run = whittle("compact", "--store", self.store)
        self.assertEqual(0, run.code, str(run))
        self.assertEqual(before, self.events())
        run = whittle("verify", "--rebuild", "--store", self.store)
        self.assertEqual(0, run.code, str(run))
        self.assertEqual(before, self.events())
        self.producer.send("logs", 0, b"request 200")
        self.producer.flush()
        member = self.member()
        self.wait_for(201, member=member)
        member.stop()
        self.assertEqual(before, [e for e in self.events() if e["source"]["offset"] < 200])
        self.verify()

    def test_what_two_members_read_is_shown_once(self):
        self.send(300)
        one = self.member()
        self.wait_for(300, member=one)
        one.stop()
        # Of another group: it reads everything again, and more.
        self.send(90, 300)
        other_store = self.dir / "other"
        other = self.member("--kafka", self.kafka, "--group", "other", store=other_store)
        self.wait_for(390, other_store, member=other)
        other.stop()
        self.assert_ids(390, self.store, other_store)
        run = whittle("query", "* | count", "--store", self.store, "--store", other_store)
        self.assertEqual(b"390", run.out.split()[-1], str(run))

    def test_shared_segments_hold_every_message_once(self):
        """Members of two groups read all messages into one directory: each can only go on where the other ended."""
        self.send(1000)
        shared = self.dir / "shared"
        stores = {name: self.dir / name for name in ("first", "second")}
        members = {name: self.member("--config", self.config(name), "--shared-segments", shared, store=store)
                   for name, store in stores.items()}
        self.wait_for(1000, shared, member=members["first"])
        sent = 1000
        # Both are awake now, and whoever is second finds the name of its segment taken.
        deadline = time.monotonic() + 60
        while not any("another member has stored" in m.log() for m in members.values()):
            self.assertLess(time.monotonic(), deadline)
            self.send(100, sent)
            sent += 100
            time.sleep(0.1)
        name = self.random.choice(list(members))
        members[name].kill()
        self.send(1000, sent)
        sent += 1000
        members[name] = self.member("--config", self.config(name), "--shared-segments", shared, store=stores[name])
        self.wait_for(sent, shared, member=members["first"])
        for member in members.values():
            member.stop()
        self.assert_ids(sent, shared)
        self.assertEqual([], [path.name for path in shared.iterdir() if path.name.endswith(".tmp")])
        self.verify(shared)
        stats = whittle("stats", "--store", shared, "--format", "ndjson")
        self.assertEqual(0, stats.code, str(stats))
        rows = [json.loads(line) for line in stats.out.splitlines() if b"source_id" in line]
        self.assertEqual(sent, sum(row["kept"]["records"] for row in rows))
        self.assertEqual(0, sum(row["in"]["records"] - row["kept"]["records"] for row in rows))
        # What was stored is the truth for a third that has never been here.
        late = self.member("--config", self.config("third"), "--shared-segments", shared, store=self.dir / "third")
        self.send(10, sent)
        self.wait_for(sent + 10, shared, member=late)
        late.stop()
        self.assert_ids(sent + 10, shared)

    def test_sampling_goes_on_with_the_next_owner(self):
        """The sampler's state stands in the shared segments: who reads on decides as one that read everything."""
        kept = []
        for name in ("parts", "whole"):
            shared = self.dir / f"{name}.shared"
            for part in range(2):
                # The first group reads all of it with one member, the second half of it with each of two.
                self.send(750, 750 * part) if name == "parts" else None
                if name == "whole" and part == 1:
                    break
                member = self.member("--config", self.config(name), "--keep", "20%", "--shared-segments", shared,
                                     store=self.dir / f"{name}-{part}")
                deadline = time.monotonic() + 60
                while self.ledger(shared)["in"]["records"] < 750 * (part + 1):
                    self.assertLess(time.monotonic(), deadline, member.log())
                    time.sleep(0.1)
                member.stop()
            ids = sorted((e["source"]["name"], e["source"]["offset"], e["sample_rate"]) for e in self.events(shared))
            kept.append(ids)
        self.assertEqual(kept[0], kept[1])

    def test_sampling_keeps_the_account(self):
        self.send(3000)
        member = self.member("--kafka", self.kafka, "--keep", "10%")
        deadline = time.monotonic() + 60
        while (ledger := self.ledger())["in"]["records"] < 3000:
            self.assertLess(time.monotonic(), deadline, member.log())
            time.sleep(0.2)
        member.stop()
        ledger = self.ledger()
        self.assertEqual(3000, ledger["in"]["records"])
        self.assertEqual(3000, ledger["kept"]["records"] + ledger["sampled_out"]["records"])
        self.assertEqual(len(self.events()), ledger["kept"]["records"])
        self.verify()

    def ledger(self, store=None):
        run = whittle("stats", "--format", "ndjson", "--store", store or self.store)
        rows = [json.loads(line) for line in run.out.splitlines() if b"source_id" in line] if run.code == 0 else []
        return {term: {"records": sum(row[term]["records"] for row in rows)}
                for term in ("in", "kept", "sampled_out", "quarantined")}

    def test_quarantine(self):
        self.producer.send("logs", 0, b"small")
        self.producer.send("logs", 0, b"large " * 1000, key=b"k")
        self.producer.send("logs", 0, b"small too")
        self.producer.flush()
        member = self.member("--config", self.config(more=", max_message: 1KiB"))
        self.wait_for(2, member=member)
        member.stop()
        self.assertIn("has 6001 bytes; at most 1024 are taken", member.log())
        self.assertEqual(1, self.ledger()["quarantined"]["records"])
        self.verify()
        listed = whittle("quarantine", "list", "--store", self.store)
        self.assertIn("logs-0-1", listed.text)
        shown = whittle("quarantine", "show", "logs-0-1", "--store", self.store)
        self.assertEqual(b"large " * 1000, shown.out)
        # With the same limit it stays; with a larger one it becomes an event at its offset.
        config = self.config(more=", max_message: 1KiB")
        left = whittle("quarantine", "replay", "--config", config, "--store", self.store)
        self.assertEqual(1, left.code, str(left))
        self.assertEqual("whittle: logs-0-1: has 6001 bytes; at most 1024 are taken\n", left.err_text)
        self.assertEqual("replayed 0 messages; 1 are left as they are\n", left.text)
        self.assertEqual(2, len(self.events()))
        replayed = whittle("quarantine", "replay", "--config", config, "--max-message", "1MiB", "--store", self.store)
        self.assertEqual((0, "replayed 1 messages\n"), (replayed.code, replayed.text), str(replayed))
        self.assertEqual([(0, None), (1, "k"), (2, None)],
                         [(e["source"]["offset"], e["attributes"].get("messaging.kafka.message.key"))
                          for e in self.events()])
        raw = whittle("cat", "--raw", "--no-separator", "--store", self.store)
        self.assertEqual(b"small" + b"large " * 1000 + b"small too", raw.out)
        self.assertEqual({"in": 3, "kept": 3, "sampled_out": 0, "quarantined": 0},
                         {term: tally["records"] for term, tally in self.ledger().items()})
        self.assertNotIn("logs-0-1", whittle("quarantine", "list", "--store", self.store).text)
        self.verify()

    def test_quarantine_replayed_by_the_daemon(self):
        """While it reads: by its own configuration, or with a limit that is lifted for once."""
        self.producer.send("logs", 0, b"large " * 1000)
        self.send(30)
        member = self.member("--config", self.config(more=", max_message: 1KiB"))
        self.wait_for(30, member=member)
        other = self.config(group="other", more=", max_message: 1MiB")
        left = whittle("quarantine", "replay", "--config", other, "--store", self.store)
        self.assertEqual((1, "replayed 0 messages; 1 are left as they are\n"), (left.code, left.text), str(left))
        self.assertEqual("whittle: logs-0-0: has 6000 bytes; at most 1024 are taken\n", left.err_text)
        self.send(30, 30)
        replayed = whittle("quarantine", "replay", "--max-message", "1MiB", "--store", self.store, "logs-0-0")
        self.assertEqual((0, "replayed 1 messages\n"), (replayed.code, replayed.text), str(replayed))
        self.wait_for(61, member=member)
        member.stop()
        self.assertEqual({"in": 61, "kept": 61, "sampled_out": 0, "quarantined": 0},
                         {term: tally["records"] for term, tally in self.ledger().items()})
        self.verify()

    def test_quarantine_of_shared_segments(self):
        """Nobody changes shared segments; a store that is made of them has their quarantine and can replay it."""
        for value in (b"small", b"large\n" * 1000, b"small too", b"larger\n" * 1000):
            self.producer.send("logs", 0, value)
        self.producer.flush()
        shared, merged = self.dir / "shared", self.dir / "merged"
        member = self.member("--config", self.config(more=", max_message: 1KiB"), "--shared-segments", shared)
        self.wait_for(2, shared, member=member)
        member.stop()
        refused = whittle("quarantine", "replay", "--store", shared)
        self.assertEqual(2, refused.code, str(refused))
        self.assertIn("whittle merge", refused.err_text)
        run = whittle("merge", shared, "--to", merged)
        self.assertEqual(0, run.code, str(run))
        self.assertEqual({"records": 2}, self.ledger(merged)["quarantined"])
        dropped = whittle("quarantine", "drop", "logs-0-3", "--store", merged)
        self.assertEqual(0, dropped.code, str(dropped))
        replayed = whittle("quarantine", "replay", "--store", merged)
        self.assertEqual((0, "replayed 1 messages\n"), (replayed.code, replayed.text), str(replayed))
        raw = whittle("cat", "--raw", "--no-separator", "--store", merged)
        self.assertEqual(b"small" + b"large\n" * 1000 + b"small too", raw.out)
        self.assertEqual({"records": 1}, self.ledger(merged)["quarantined"])
        self.verify(merged)
        # What came back is kept by whatever rewrites segments, and expires like the rest.
        for command in (("compact", "--max"), ("retain", "--filter", '"large"')):
            run = whittle(*command, "--store", merged)
            self.assertEqual(0, run.code, str(run))
            self.verify(merged)
        self.assertEqual(2, len(self.events(merged)))

    def test_troubles_are_one_clear_line(self):
        member = self.member("--kafka", "127.0.0.1:1/logs")
        self.wait_for_log(member, "no broker of 127.0.0.1:1 can be reached")
        member.stop()
        self.assertEqual(1, member.log().count("no broker"), member.log())
        run = whittle("run", "--kafka", "logs", "--store", self.store)
        self.assertEqual(2, run.code, str(run))
        self.assertEqual(1, run.err_text.count("\n"), str(run))
        self.assertIn("--kafka needs brokers and topics", run.err_text)
        config = self.write("w.yaml", f"sources: [{{kafka: {{brokers: '{self.cluster.brokers}', topics: logs, "
                            "sasl: {username: u, password_env: NOT_SET_AT_ALL}}}]\n".encode())
        run = whittle("run", "--config", config, "--store", self.store)
        self.assertEqual(2, run.code, str(run))
        self.assertIn("NOT_SET_AT_ALL", run.err_text)

    def test_a_missing_topic_is_waited_for(self):
        self.send(30)
        self.cluster.set_topic_error("logs", UNKNOWN_TOPIC)
        member = self.member()
        self.wait_for_log(member, "does not have a topic that is to be read")
        time.sleep(2)  # whatever is tried again meanwhile is not said again
        self.assertEqual(1, member.log().count("does not have a topic"), member.log())
        self.assertEqual(1, member.log().count("trying again"), member.log())
        self.cluster.set_topic_error("logs", 0)
        self.wait_for(30, member=member)
        self.wait_for_log(member, "well again")
        member.stop()
        self.assert_ids(30)

    def test_the_broker_comes_back(self):
        self.send(30)
        member = self.member()
        self.wait_for(30, member=member)
        self.cluster.set_down()
        self.wait_for_log(member, "no broker of")
        self.cluster.set_up()
        self.send(30, 30)
        self.wait_for(60, member=member)
        self.wait_for_log(member, "well again")
        member.stop()
        self.assert_ids(60)

    def test_a_member_that_was_put_out_before_it_was_given_anything_goes_in_peace(self):
        """It was let in, put out at once, and is not let in again: librdkafka before 2.3 aborts when such a handle is
        destroyed."""
        self.cluster.push_errors(SYNC_GROUP, [UNKNOWN_MEMBER])
        self.cluster.push_errors(JOIN_GROUP, [0] + [COORDINATOR_LOADING] * 1000)
        member = self.member()
        time.sleep(5)  # the mock cluster lets nobody in before three
        member.stop()

    def wait_for_log(self, member, text):
        deadline = time.monotonic() + 60
        while text not in member.log():
            self.assertLess(time.monotonic(), deadline, member.log())
            time.sleep(0.1)


if __name__ == "__main__":
    whittle_cli.main()
