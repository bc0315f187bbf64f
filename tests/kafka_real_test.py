"""Two members of a group against a real Apache Kafka, killed with -9 and stopped with SIGSTOP while messages come: read
together, their stores hold every message once. Needs Java and Maven Central, so it runs only with WHITTLE_KAFKA_REAL=1
(`make test-kafka`); WHITTLE_KAFKA_MESSAGES sets how many messages are sent."""

import os
import signal
import sys
import time

import whittle_cli
from kafka_broker import Broker, Unavailable
from kafka_client import Producer
from kafka_test import KafkaTest as MockKafkaTest
from kafka_test import Member
from whittle_cli import CliTest


class RealKafkaTest(CliTest):
    wait_for, events, assert_ids, verify = (MockKafkaTest.wait_for, MockKafkaTest.events, MockKafkaTest.assert_ids,
                                            MockKafkaTest.verify)

    def test_two_members_killed_and_stopped(self):
        try:
            broker = Broker(self.dir / "broker")
        except Unavailable as why:
            self.skipTest(str(why))
        self.addCleanup(broker.stop)
        count = int(os.environ.get("WHITTLE_KAFKA_MESSAGES", 20_000))
        config = self.write("w.yaml", f"sources: [{{kafka: {{brokers: '{broker.address}', topics: logs, properties: "
                            "{session.timeout.ms: '3000', heartbeat.interval.ms: '500'}}}]\n".encode())
        stores = [self.dir / "first", self.dir / "second"]
        with Producer(broker.address) as producer:
            producer.create_topic("logs", 3)
            members = [Member(self, store, "--config", str(config)) for store in stores]
            rounds = 4
            for step in range(rounds):
                for i in range(count * step // rounds, count * (step + 1) // rounds):
                    producer.send("logs", i % 3, b"2024-05-01 10:00:00 INFO worker-%d did request %d" % (i % 5, i))
                producer.flush()
                victim = self.random.randrange(2)
                time.sleep(self.random.uniform(0, 1))
                if step % 2 == 0:
                    members[victim].kill()
                    members[victim] = Member(self, stores[victim], "--config", str(config))
                else:
                    members[victim].process.send_signal(signal.SIGSTOP)
                    time.sleep(4)  # longer than the session
                    members[victim].process.send_signal(signal.SIGCONT)
            self.wait_for(count, *stores, member=members[0])
        for member in members:
            member.stop()
        self.assert_ids(count, *stores)
        for store in stores:
            self.verify(store)


del MockKafkaTest

if __name__ == "__main__":
    if not os.environ.get("WHITTLE_KAFKA_REAL"):
        sys.exit(whittle_cli.SKIPPED)
    whittle_cli.main()
