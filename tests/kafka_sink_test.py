"""Events that `whittle run` stores and sends to a topic: none is left out, whatever dies, and a dead broker never holds up
the store. The topic is read back by another whittle."""

import json
import time

import whittle_cli
from kafka_client import MockCluster
from kafka_test import KafkaTest as MockKafkaTest
from kafka_test import Member
from whittle_cli import CliTest, whittle


class KafkaSinkTest(CliTest):
    wait_for, events, verify, wait_for_log = (MockKafkaTest.wait_for, MockKafkaTest.events, MockKafkaTest.verify,
                                              MockKafkaTest.wait_for_log)

    def append(self, first, count):
        with (self.dir / "app.log").open("a") as log:
            for i in range(first, first + count):
                log.write(f"2024-05-01 10:00:00 INFO traceparent=00-{i % 7 + 1:032x}-{i + 1:016x}-01 request {i}\n")

    def sent(self, store):
        """What stands in the topic, by the number of the request."""
        numbers = {}
        run = whittle("cat", "--raw", "--store", store)
        for line in run.out.splitlines() if run.code == 0 else []:
            event = json.loads(line)
            numbers.setdefault(int(event["body"].rsplit("request ", 1)[1]), []).append(event)
        return numbers

    def test_catches_up_after_kills_and_dead_brokers(self):
        cluster = MockCluster({"events": 2})
        self.addCleanup(cluster.close)
        store, copy = self.dir / "store", self.dir / "copy"
        config = self.write("sink.yaml", f"""
sources: [{{files: {{include: ['{self.dir}/app.log'], idle: 100ms}}}}]
sinks: [{{kafka: {{brokers: '{cluster.brokers}', topic: events}}}}]
""".encode())
        self.append(0, 500)
        member = Member(self, store, "--config", str(config))
        self.wait_for(500, store, member=member)
        self.append(500, 500)
        time.sleep(self.random.uniform(0, 0.8))
        member.kill()
        member = Member(self, store, "--config", str(config))
        self.wait_for(1000, store, member=member)
        cluster.set_down()
        self.append(1000, 500)
        # The store does not wait for the broker.
        self.wait_for(1500, store, member=member)
        self.wait_for_log(member, "no broker of")
        member.kill()
        member = Member(self, store, "--config", str(config))
        self.append(1500, 500)
        self.wait_for(2000, store, member=member)
        cluster.set_up()
        reader = Member(self, copy, "--kafka", f"{cluster.brokers}/events")
        deadline = time.monotonic() + 90
        while len(self.sent(copy)) < 2000:
            self.assertLess(time.monotonic(), deadline, member.log() + reader.log())
            time.sleep(0.5)
        member.stop()
        again = Member(self, store, "--config", str(config))
        self.append(2000, 1)
        self.wait_for(2001, store, member=again)
        again.stop()
        deadline = time.monotonic() + 30
        while len(self.sent(copy)) < 2001:
            self.assertLess(time.monotonic(), deadline, again.log() + reader.log())
            time.sleep(0.2)
        sent = self.sent(copy)
        self.assertEqual(list(range(2001)), sorted(sent))
        # After an orderly end nothing is sent again.
        self.assertEqual(1, len(sent[2000]))
        self.assertLess(sum(map(len, sent.values())), 2 * 2001)
        reader.stop()
        # The key is the trace, and what has one key is in one partition.
        places = {}
        for event in self.events(copy):
            key = event["attributes"]["messaging.kafka.message.key"]
            self.assertRegex(key, "^[0-9a-f]{32}$")
            places.setdefault(key, set()).add(event["resource"]["messaging.destination.partition.id"])
        self.assertEqual(7, len(places))
        self.assertTrue(all(len(partitions) == 1 for partitions in places.values()), places)
        self.verify(store)

    def test_refusals(self):
        cases = {
            "sinks: [{kafka: {topic: t}}]": "needs 'brokers",
            "sinks: [{kafka: {brokers: b, topic: t, key: x}}]": "trace_id",
            "sources: [{kafka: {brokers: b, topics: t, shared_segments: d}}]\nsinks: [{kafka: {brokers: b, topic: t}}]":
                "do not read shared segments",
            "sources: [{kafka: {brokers: b, topics: [a, t]}}, {kafka: {brokers: b, topics: t, group: g}}]":
                "two Kafka sources read topic 't'",
        }
        for text, message in cases.items():
            config = self.write("bad.yaml", text.encode() + b"\n")
            run = whittle("run", "--config", config, "--store", self.dir / "none")
            self.assertEqual(2, run.code, f"{text}: {run}")
            self.assertEqual(1, run.err_text.count("\n"), str(run))
            self.assertIn(message, run.err_text)


del MockKafkaTest

if __name__ == "__main__":
    whittle_cli.main()
