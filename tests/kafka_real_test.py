"""Members of a group against a real Apache Kafka, killed with -9 and stopped with SIGSTOP while messages come: every
message is stored once. Needs Java and Maven Central, so it runs only with WHITTLE_KAFKA_REAL=1 (`make test-kafka`);
WHITTLE_KAFKA_MESSAGES and WHITTLE_KAFKA_ROUNDS set how many messages are sent and how often something goes wrong."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import whittle_cli
from kafka_broker import Broker, Unavailable
from kafka_client import Producer
from kafka_test import KafkaTest as MockKafkaTest
from kafka_test import Member
from whittle_cli import CliTest, whittle


SESSION_S = 3
PROPERTIES = "{session.timeout.ms: '3000', heartbeat.interval.ms: '500'}"


class RealKafkaTest(CliTest):
    wait_for, events, assert_ids, verify, wait_for_log = (
        MockKafkaTest.wait_for, MockKafkaTest.events, MockKafkaTest.assert_ids, MockKafkaTest.verify,
        MockKafkaTest.wait_for_log)

    def broker(self, **settings):
        try:
            broker = Broker(self.dir / "broker", **settings)
        except Unavailable as why:
            self.skipTest(str(why))
        self.addCleanup(broker.stop)
        return broker

    def producer(self, broker):
        """What it sends again after a lost answer is stored once by the broker."""
        return Producer(broker.address, **{"enable.idempotence": "true"})

    def send(self, producer, first, end):
        for i in range(first, end):
            producer.send("logs", i % 3, b"2024-05-01 10:00:00 INFO worker-%d did request %d" % (i % 5, i))
        producer.flush()

    def assert_each_once(self, count, store):
        """Like assert_ids, for many: every id once, nothing else."""
        command = [whittle_cli.BIN, "cat", "--raw", "--store", str(store)]
        seen = bytearray(count)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as cat:
            for line in cat.stdout:
                number = int(line.rsplit(b" ", 1)[1])
                self.assertEqual(0, seen[number], f"{number} is there twice")
                seen[number] = 1
        self.assertEqual(0, cat.returncode)
        self.assertEqual(count, sum(seen), f"{seen.find(0)} is lost, and perhaps others")

    def test_members_share_segments(self):
        """kill -9, SIGSTOP beyond the session, a third member that comes and goes, and a broker that is killed: the
        directory that the members share holds every message once."""
        broker = self.broker()
        count = int(os.environ.get("WHITTLE_KAFKA_MESSAGES", 200_000))
        rounds = int(os.environ.get("WHITTLE_KAFKA_ROUNDS", 5))
        config = self.write("w.yaml", f"sources: [{{kafka: {{brokers: '{broker.address}', topics: logs, properties: "
                            f"{PROPERTIES}}}}}]\n".encode())
        shared = self.dir / "shared"

        def member(name):
            return Member(self, self.dir / name, "--config", str(config), "--shared-segments", str(shared),
                          "--close-after", "1s")

        with self.producer(broker) as producer:
            producer.create_topic("logs", 3)
            members = [member("first"), member("second")]
            self.send(producer, 0, 3)
            self.wait_for(3, shared, member=members[0])
            stopped = None
            for step in range(rounds):
                first, end = max(3, count * step // rounds), count * (step + 1) // rounds
                self.send(producer, first, (first + end) // 2)
                victim = self.random.randrange(2)
                time.sleep(self.random.uniform(0, 0.5))
                if stopped:  # it wakes up with what it held, after others have gone on in its place
                    stopped.process.send_signal(signal.SIGCONT)
                    stopped = None
                if step % 5 in (0, 2):
                    stopped = members[victim]
                    stopped.process.send_signal(signal.SIGSTOP)
                    time.sleep(SESSION_S + 1)
                elif step % 5 == 1:
                    members[victim].kill()
                    members[victim] = member(("first", "second")[victim])
                elif step % 5 == 3:
                    broker.kill()
                    broker.start()
                else:
                    third = member("third")
                    time.sleep(2)
                    third.stop()
                self.send(producer, (first + end) // 2, end)
            if stopped:
                stopped.process.send_signal(signal.SIGCONT)
            self.wait_for(count, shared, member=members[0])
        for one in members:
            one.stop()
        self.assert_each_once(count, shared)
        self.verify(shared)
        left = [path.name for path in shared.iterdir() if not path.name.endswith(".wseg")]
        self.assertEqual(["quarantine"], left)
        print("".join(one.log() for one in members), file=sys.stderr)

    def test_troubles_are_one_clear_line_and_heal(self):
        broker = self.broker()

        def config(name, kafka):
            return ("--config", str(self.write(f"{name}.yaml", f"sources: [{{kafka: {{topics: logs, {kafka}, properties: "
                                               f"{PROPERTIES}}}}}]\n".encode())))

        password = self.write("password", b"wrong\n")
        sasl = f"sasl: {{username: whittle, password_file: '{password}'}}"
        told = {
            "wrong-password": (f"brokers: '{broker.sasl_address}', {sasl}", "Authentication failed"),
            "no-topic": (f"brokers: '{broker.address}'", "does not have a topic that is to be read"),
            "no-tls": (f"brokers: '{broker.address}', tls: {{enabled: true}}", "SSL handshake failed"),
            "no-sasl": (f"brokers: '{broker.sasl_address}'", "127.0.0.1"),
        }
        members = {name: Member(self, self.dir / name, *config(name, kafka)) for name, (kafka, _) in told.items()}
        for name, (_, text) in told.items():
            self.wait_for_log(members[name], text)
        time.sleep(2)  # whatever is tried again meanwhile is not said again
        for name, (_, text) in told.items():
            lines = [line for line in members[name].log().splitlines() if "following into" not in line]
            self.assertEqual(1, len(lines), f"{name}: {lines}")
            self.assertNotIn("secret", lines[0])
            self.assertIn("trying again", lines[0])
        # The topic is made, and the password put right: both go on by themselves or when they are told to.
        password.write_bytes(b"secret\n")
        with self.producer(broker) as producer:
            producer.create_topic("logs", 3)
            self.send(producer, 0, 30)
            members["wrong-password"].stop()
            right = config("right", told["wrong-password"][0] + ", group: right")
            members["wrong-password"] = Member(self, self.dir / "wrong-password", *right)
            self.wait_for(30, self.dir / "no-topic", member=members["no-topic"])
            self.wait_for(30, self.dir / "wrong-password", member=members["wrong-password"])
        for member in members.values():
            member.stop()

    def test_a_store_for_each_member(self):
        """Read together, the stores of two members hold every message once, though a crash makes them overlap."""
        broker = self.broker()
        count = 6000
        config = self.write("w.yaml", f"sources: [{{kafka: {{brokers: '{broker.address}', topics: logs, properties: "
                            f"{PROPERTIES}}}}}]\n".encode())
        stores = [self.dir / "first", self.dir / "second"]
        with self.producer(broker) as producer:
            producer.create_topic("logs", 3)
            members = [Member(self, store, "--config", str(config)) for store in stores]
            self.send(producer, 0, count // 3)
            time.sleep(self.random.uniform(0, 1))
            members[0].kill()
            members[0] = Member(self, stores[0], "--config", str(config))
            self.send(producer, count // 3, count * 2 // 3)
            members[1].process.send_signal(signal.SIGSTOP)
            time.sleep(SESSION_S + 1)
            members[1].process.send_signal(signal.SIGCONT)
            self.send(producer, count * 2 // 3, count)
            self.wait_for(count, *stores, member=members[0])
        for member in members:
            member.stop()
        self.assert_ids(count, *stores)
        for store in stores:
            self.verify(store)

    def test_messages_larger_than_an_answer(self):
        """A broker gives a message whole, however little is asked for at a time; one beyond the limit waits in quarantine
        and can be replayed."""
        broker = self.broker()
        sizes = [10, 5_000_000, 20, 20_000_000, 1_500_000, 30]
        values = [(b"%d " % size) * (size // len(b"%d " % size)) for size in sizes]
        store = self.dir / "store"
        with self.producer(broker) as producer:
            producer.create_topic("logs", 1)
            for value in values:
                producer.send("logs", 0, value)
            producer.flush()
            member = Member(self, store, "--kafka", f"{broker.address}/logs")
            self.wait_for(len(values) - 1, store, member=member)
            member.stop()
        self.assertIn(f"message 3 has {len(values[3])} bytes", member.log())
        replayed = whittle("quarantine", "replay", "--max-message", "32MiB", "--store", store)
        self.assertEqual((0, "replayed 1 messages\n"), (replayed.code, replayed.text), str(replayed))
        raw = whittle("cat", "--raw", "--no-separator", "--store", store)
        self.assertEqual(b"".join(values), raw.out)
        self.verify(store)

    def partitions_of(self, member):
        """Those that a member with metrics says it owns."""
        port = re.findall(r"metrics on port (\d+)", member.log())[-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return sorted(re.findall(r'whittle_kafka_position\{.*partition="(\d+)"\}', answer.read().decode()))

    def test_a_static_member_keeps_its_partitions(self):
        """While a member with a name of its own is restarted nobody else is given its partitions; one without gives them
        away when it goes."""
        broker = self.broker()
        properties = "{session.timeout.ms: '20000', heartbeat.interval.ms: '500'}"
        with self.producer(broker) as producer:
            producer.create_topic("logs", 3)
            for group, instance in (("dynamic", ""), ("static", "group_instance: '{host}-NAME', ")):
                shared = self.dir / group

                def member(name):
                    config = self.write(
                        f"{group}-{name}.yaml", f"sources: [{{kafka: {{brokers: '{broker.address}', topics: logs, group: "
                        f"{group}, {instance.replace('NAME', name)}properties: {properties}}}}}]\n".encode())
                    return Member(self, self.dir / f"{group}-{name}", "--config", str(config), "--shared-segments",
                                  str(shared), "--metrics", "127.0.0.1:0")

                members = {name: member(name) for name in ("first", "second")}
                for one in members.values():
                    self.wait_for_log(one, "metrics on port")
                owned = lambda name: self.partitions_of(members[name])
                self.wait_until(lambda: owned("first") and owned("second") and
                                len(owned("first") + owned("second")) == 3, "sharing")
                before = owned("first"), owned("second")
                members["first"].stop()
                if group == "dynamic":
                    self.wait_until(lambda: len(owned("second")) == 3, "taking over")
                    members["second"].stop()
                    continue
                self.send(producer, 0, 3000)
                for _ in range(30):  # a member that leaves its group is followed within a second
                    self.assertEqual(before[1], owned("second"))
                    time.sleep(0.1)
                members["first"] = member("first")
                self.wait_for(3000, shared, member=members["first"])
                self.wait_until(lambda: owned("first") == before[0], "having its partitions again")
                self.assertEqual(before[1], owned("second"))
                # A second process of the same name takes its place, and the one before says so.
                again = Member(self, self.dir / "again", "--config", str(self.dir / "static-first.yaml"),
                               "--shared-segments", str(shared))
                self.wait_for_log(members["first"], "each needs a name of its own (group_instance)")
                for one in (*members.values(), again):
                    one.stop()
                self.assert_each_once(3000, shared)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)


del MockKafkaTest

if __name__ == "__main__":
    if not os.environ.get("WHITTLE_KAFKA_REAL"):
        sys.exit(whittle_cli.SKIPPED)
    whittle_cli.main()
