"""A real Apache Kafka for tests: one node in KRaft mode on loopback, from Maven Central, run by the system's Java. The
jars are kept in $XDG_CACHE_HOME (or ~/.cache), the data in a directory of the caller's."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

VERSION = "3.9.1"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>whittle</groupId><artifactId>kafka-for-tests</artifactId>
<version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""


class Unavailable(Exception):
    """There is no Java, no Maven, or no way to the jars; the message says which."""


def jars():
    """The directory with Kafka's jars; fetched when they are not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whittle-tests" / f"kafka-{VERSION}"
    if (cache / "complete").exists():
        return cache / "lib"
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"no {tool} here (scripts/install-deps.sh brings it)")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "pom.xml").write_text(_POM)
    try:
        done = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={cache / 'lib'}",
                               "-DincludeScope=runtime"], cwd=cache, capture_output=True, text=True, timeout=240)
    except subprocess.TimeoutExpired as expired:
        raise Unavailable("Maven Central does not answer") from expired
    if done.returncode != 0:
        raise Unavailable("Maven Central cannot be reached: " + (done.stdout + done.stderr)[-300:])
    (cache / "complete").touch()
    return cache / "lib"


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    def __init__(self, directory, **settings):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.lib = jars()
        self.port, controller, sasl = _free_port(), _free_port(), _free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.sasl_address = f"127.0.0.1:{sasl}"  # user "whittle", password "secret"
        properties = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.address},SASL://{self.sasl_address},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address},SASL://{self.sasl_address}",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl.plain.sasl.jaas.config":
                "org.apache.kafka.common.security.plain.PlainLoginModule required "
                'username="admin" password="admin" user_whittle="secret";',
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT",
            "log.dirs": self.directory / "data", "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "offsets.topic.num.partitions": 3, "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 1000,
            "message.max.bytes": 40_000_000, "num.network.threads": 1, "num.io.threads": 2,
        } | settings
        self.config = self.directory / "server.properties"
        self.config.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        self._java("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", str(self.config))
        self.process = None
        self.start()

    def _command(self, *args):
        return ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.lib}/*", *args]

    def _java(self, *args):
        subprocess.run(self._command(*args), check=True, capture_output=True, timeout=120)

    def start(self):
        with (self.directory / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(self._command("kafka.Kafka", str(self.config)), stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("the broker ended: " + (self.directory / "broker.log").read_text()[-2000:])
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
