"""Events that `whittle run` stores and sends to a collector by OTLP over HTTP: none is left out, whatever dies, a dead
collector never holds up the store, and what is sent is what OTLP says."""

import base64
import gzip
import http.server
import importlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

import whittle_cli
from daemon import DaemonTest
from whittle_cli import whittle


class Collector:
    """Takes OTLP requests on a port of its own. `answer` gets the list of records of each request that it can read, and
    says the status, headers and body of the answer."""

    def __init__(self, port=0):
        self.requests, self.records, self.bodies = [], [], []
        self.connections = []
        self.answer = lambda records: (200, {}, b"{}")
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                outer.connections.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                records = [(r["resource"], record) for r in json.loads(body)["resourceLogs"] for s in r["scopeLogs"]
                           for record in s["logRecords"]]
                with outer.lock:
                    status, headers, answer = outer.answer(records)
                    outer.requests.append((self.path, dict(self.headers), len(records), status))
                    if status == 200:
                        outer.records += records
                        outer.bodies.append(body)
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(answer))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other end was first

    def numbers(self):
        with self.lock:
            return [int(value(r["body"]).rsplit(" ", 1)[1]) for _, r in self.records]


def value(any_value):
    """What an AnyValue says."""
    (kind, inner), = any_value.items()
    return {"intValue": int, "bytesValue": base64.b64decode}.get(kind, lambda v: v)(inner)


def attributes(holder):
    pairs = [(a["key"], value(a["value"])) for a in holder["attributes"]]
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def opentelemetry_proto():
    """Protobuf's JSON parser and OTLP's type of requests for logs, from PyPI when this Python does not have them."""
    peers = Path(os.environ.get("WHITTLE_BUILD") or tempfile.gettempdir()) / "python-peers"
    sys.path.append(str(peers))
    for last in (False, True):
        importlib.invalidate_caches()
        try:
            from google.protobuf import json_format
            from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
            return json_format, ExportLogsServiceRequest
        except ImportError as error:
            if last:
                raise unittest.SkipTest(f"opentelemetry-proto is neither installed nor to be had from PyPI: {error}")
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", "--target",
                        peers, "opentelemetry-proto"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class OtlpSinkTest(DaemonTest):
    def setUp(self):
        super().setUp()
        (self.dir / "logs").mkdir()

    def collector(self, port=0):
        collector = Collector(port)
        self.addCleanup(collector.close)
        return collector

    def config(self, port, more="", sampling=""):
        return self.write("sink.yaml", f"""
sources: [{{files: {{include: ['{self.dir}/logs/*.log'], idle: 100ms}}}}]
sinks: [{{otlp: {{endpoint: 'http://127.0.0.1:{port}'{more}}}}}]
{sampling}
""".encode())

    def append(self, first, count, traced=True):
        with (self.dir / "logs" / "app.log").open("a") as log:
            for i in range(first, first + count):
                trace = f"traceparent=00-{i % 7 + 1:032x}-{i + 1:016x}-01 " if traced else ""
                log.write(f"2024-05-01 10:{i // 6000:02}:{i // 100 % 60:02} INFO {trace}request {i}\n")

    def wait_for_records(self, collector, count):
        self.wait_until(lambda: len(set(collector.numbers())) >= count, f"{count} records")

    def test_an_event_is_what_otlp_says(self):
        lines = (b"2024-05-01T10:00:00.123456789Z ERROR [worker-1] shop.Pay: took 35 ms for user=eve ratio=0.5 ok=true n=12 "
                 b"traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
                 b"2024-05-01T10:00:01Z WARN not utf8 \xff\xfe end\n"
                 b'2024-05-01T10:00:02Z INFO "quoted" \\ back\tslash\n'
                 b"no time here at all\n")
        (self.dir / "logs" / "app.log").write_bytes(lines)
        collector = self.collector()
        process = self.follow(config=self.config(collector.port, ", headers: {X-Scope: shop}"))
        self.wait_until(lambda: len(collector.records) >= 4, "4 records")
        self.end(process)
        path, headers, _, _ = collector.requests[0]
        self.assertEqual("/v1/logs", path)
        self.assertEqual("application/json", headers["Content-Type"])
        self.assertEqual("gzip", headers["Content-Encoding"])
        self.assertEqual("shop", headers["X-Scope"])
        self.assertRegex(headers["User-Agent"], r"^whittle/\d")
        events = self.ndjson("cat", "--format", "ndjson", "--store", self.store)
        self.assertEqual(4, len(events))
        for event, (resource, record) in zip(events, collector.records):
            said = attributes(record)
            self.assertEqual(event.get("resource", {}), attributes(resource))
            self.assertEqual(event.get("severity_text"), record.get("severityText"))
            self.assertEqual(event.get("severity_number"), record.get("severityNumber"))
            self.assertEqual(event.get("trace_id"), record.get("traceId"))
            self.assertEqual(event.get("span_id"), record.get("spanId"))
            self.assertEqual(event.get("template_id"), said.get("whittle.template_id"))
            self.assertEqual(event["source"]["offset"], said["whittle.offset"])
            self.assertEqual(event["source"]["line"], said["whittle.line"])
            self.assertEqual(event["source"]["name"], said["whittle.source"])
            for name, there in event["attributes"].items() if "attributes" in event else ():
                self.assertEqual(there, said[name], name)
            self.assertAlmostEqual(time.time_ns(), int(record["observedTimeUnixNano"]), delta=3600 * 10**9)
        first = collector.records[0][1]
        self.assertEqual("1714557600123456789", first["timeUnixNano"])
        self.assertEqual(events[0]["body"], value(first["body"]))
        self.assertEqual(base64.b64decode(events[1]["body_bytes"]), value(collector.records[1][1]["body"]))
        self.assertEqual(4, len({attributes(r)["log.record.uid"] for _, r in collector.records}))

    def test_requests_are_those_of_opentelemetry_proto(self):
        json_format, request_type = opentelemetry_proto()
        shutil.copy(whittle_cli.EXAMPLES / "python-logging.log", self.dir / "logs")
        self.append(0, 50)
        collector = self.collector()
        process = self.follow(config=self.config(collector.port))
        self.wait_until(lambda: len(collector.records) > 200, "records")
        self.end(process)
        for body in collector.bodies:
            self.assert_is_otlp(json.loads(body), json_format, request_type)

    def assert_is_otlp(self, request, json_format, request_type):
        for resource in request["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    for name in ("traceId", "spanId"):  # OTLP has hex where protobuf's JSON has base64
                        if name in record:
                            record[name] = base64.b64encode(bytes.fromhex(record[name])).decode()
        parsed = json_format.ParseDict(request, request_type())
        sent = sum(len(s["logRecords"]) for r in request["resourceLogs"] for s in r["scopeLogs"])
        self.assertEqual(sent, sum(len(s.log_records) for r in parsed.resource_logs for s in r.scope_logs))

    def test_catches_up_after_kills_and_a_dead_collector(self):
        collector = self.collector()
        config = self.config(collector.port)
        self.append(0, 3000)
        process = self.follow(config=config)
        self.wait_until(lambda: collector.requests, "a request")
        process.kill()
        process.wait()
        self.append(3000, 500)
        process = self.follow(config=config)
        self.wait_for_records(collector, 3500)
        port = collector.port
        collector.close()
        self.append(3500, 500)
        # The store does not wait for the collector.
        self.wait_until(lambda: self.stored().count(b"\n") == 4000, "the store having all lines")
        self.wait_until(lambda: "nobody answers there; trying again" in self.said(), "word of it")
        process.kill()
        process.wait()
        process = self.follow(config=config)
        self.append(4000, 100)
        self.wait_until(lambda: self.stored().count(b"\n") == 4100, "the store having all lines")
        late = self.collector(port)
        self.wait_until(lambda: set(range(3500, 4100)) <= set(late.numbers()), "the rest")
        self.wait_until(lambda: "well again" in self.said(), "word of it")
        self.end(process)
        self.assertEqual(set(range(4100)), set(collector.numbers()) | set(late.numbers()))
        # Who was sent an event twice knows it by its id.
        ids = {}
        for one in (collector, late):
            for number, (_, record) in zip(one.numbers(), one.records):
                ids.setdefault(number, set()).add(attributes(record)["log.record.uid"])
        self.assertTrue(all(len(known) == 1 for known in ids.values()))
        self.assertEqual(4100, len(set.union(*ids.values())))
        # After an orderly end nothing is sent again.
        before = len(late.records)
        process = self.follow(config=config)
        self.append(4100, 1)
        self.wait_until(lambda: 4100 in late.numbers(), "the last one")
        self.end(process)
        self.assertEqual(before + 1, len(late.records))

    def test_a_busy_collector_is_asked_again_when_it_says(self):
        collector = self.collector()
        asked = []

        def answer(records):
            asked.append(time.monotonic())
            return (503, {"Retry-After": "2"}, b"busy\nnot shown") if len(asked) == 1 else (200, {}, b"")

        collector.answer = answer
        self.append(0, 10)
        process = self.follow(config=self.config(collector.port, ", compression: none"))
        self.wait_for_records(collector, 10)
        self.end(process)
        self.assertGreaterEqual(asked[1] - asked[0], 2)
        self.assertNotIn("Content-Encoding", collector.requests[0][1])
        self.assertIn("the answer is HTTP status 503: busy; trying again", self.said())
        self.assertNotIn("not shown", self.said())
        self.assertIn("well again", self.said())

    def test_an_event_that_is_not_taken_is_found_and_left_out(self):
        collector = self.collector()
        refused = (0, 17, 18, 400)  # the first one before anything was taken
        collector.answer = lambda records: (
            (413 if any(value(r["body"]).endswith(" 400") for _, r in records) else 400, {}, b"too strange")
            if any(int(value(r["body"]).rsplit(" ", 1)[1]) in refused for _, r in records) else (200, {}, b"{}"))
        self.append(0, 1500)
        process = self.follow("--metrics", "127.0.0.1:0", config=self.config(collector.port))
        self.wait_for_records(collector, 1496)
        port = re.search(r"metrics on port (\d+)", self.said())[1]

        def metrics():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
                text = page.read().decode()
            return {m[1]: int(m[2]) for m in re.finditer(r"whittle_sink_(\w+)\{sink=\"[^\"]*\"\} (\d+)", text)}

        self.wait_until(lambda: metrics() == {"delivered_events_total": 1496, "refused_events_total": 4, "behind_events": 0},
                        "the counts")
        self.end(process)
        self.assertEqual(set(range(1500)) - set(refused), set(collector.numbers()))
        self.assertIn("4 events are not taken at the other end; they are left out", self.said())
        self.assertIn("refused: the answer is HTTP status 400: too strange", self.said())
        self.assertNotIn("trying again", self.said())
        self.assertEqual(1500, self.stored().count(b"\n"))

    def test_who_takes_nothing_loses_nothing(self):
        collector = self.collector()
        bad = [(400, {}, b""), (413, {}, b""), (200, {}, b"<html>Welcome</html>"), (302, {"Location": "/"}, b"")]
        for number, answer in enumerate(bad):
            # Requests without events are taken, as collectors do.
            collector.answer = lambda records, answer=answer: answer if records else (200, {}, b"{}")
            self.append(40 * number, 40)
            process = self.follow(config=self.config(collector.port))
            self.wait_until(lambda: self.said().count("trying again") > number, "word of it")
            collector.answer = lambda records: (200, {}, b"{}")
            self.wait_for_records(collector, 40 * (number + 1))
            self.end(process)
        self.assertNotIn("left out", self.said())
        self.assertIn("what answers there does not speak OTLP", self.said())

    def test_who_suddenly_takes_nothing_costs_a_few_events(self):
        collector = self.collector()
        self.append(0, 100)
        process = self.follow(config=self.config(collector.port))
        self.wait_for_records(collector, 100)
        collector.answer = lambda records: (400, {}, b"")
        self.append(100, 300)
        self.wait_until(lambda: "HTTP status 400; trying again" in self.said(), "word of it")
        collector.answer = lambda records: (200, {}, b"{}")
        self.wait_until(lambda: len(set(collector.numbers())) >= 390, "the rest")
        self.end(process)
        self.assertEqual(390, len(set(collector.numbers())))
        self.assertIn("10 events are not taken at the other end", self.said())

    def test_records_that_were_rejected_are_counted(self):
        collector = self.collector()
        collector.answer = lambda records: (
            200, {}, b'{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too \\u001b[31mold"}}')
        self.append(0, 5)
        process = self.follow(config=self.config(collector.port))
        self.wait_until(lambda: "2 events are not taken" in self.said(), "word of it")
        self.end(process)
        self.assertIn("refused: too  [31mold", self.said())
        self.assertEqual(1, len(collector.requests))

    def test_it_ends_at_once_while_nobody_answers(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.append(0, 5)
        process = self.follow("--drain", "200ms", config=self.config(silent.getsockname()[1], ", timeout: 300s"))
        connection, _ = silent.accept()
        self.addCleanup(connection.close)
        self.wait_until(lambda: self.stored().count(b"\n") == 5, "the store having all lines")
        process.terminate()
        # Far from the 300 seconds that the request may take.
        self.assertEqual(0, process.wait(whittle_cli.TIMEOUT_S / 5), self.said())
        self.verify()

    def test_what_was_sampled_says_so(self):
        collector = self.collector()
        self.append(0, 4000, traced=False)
        process = self.follow(config=self.config(collector.port, sampling="sampling: {budget: {keep: 10%}, window: 1s}"))
        self.wait_until(lambda: len(collector.records) > 10, "records")
        self.end(process)
        events = self.ndjson("cat", "--format", "ndjson", "--sampling-fields", "otel", "--store", self.store)
        by_offset = {e["source"]["offset"]: e for e in events}
        rates = set()
        for _, record in collector.records:
            said = attributes(record)
            event = by_offset[said["whittle.offset"]]
            self.assertEqual(event["sample_rate"], said.get("whittle.sample_rate", 1.0))
            self.assertEqual(event["attributes"].get("sampling.threshold"), said.get("sampling.threshold"))
            rates.add(event["sample_rate"])
        self.assertTrue(any(rate > 1 for rate in rates), rates)

    def test_tokens_are_sent_and_not_said(self):
        collector = self.collector()
        token = self.write("token", b"s3cr3t-of-the-test\n")
        self.append(0, 3)
        process = self.follow(config=self.config(collector.port, f", token_file: '{token}'"))
        self.wait_for_records(collector, 3)
        self.end(process)
        self.assertEqual("Bearer s3cr3t-of-the-test", collector.requests[0][1]["Authorization"])
        process = self.follow(config=self.config(
            collector.port, ", token_env: THE_TOKEN, token_header: X-Api-Key"), env={"THE_TOKEN": "other-s3cr3t"})
        self.append(3, 3)
        self.wait_for_records(collector, 6)
        self.end(process)
        self.assertEqual("other-s3cr3t", collector.requests[-1][1]["X-Api-Key"])
        self.assertNotIn("s3cr3t", self.said())

    def test_what_was_erased_during_an_outage_is_not_sent(self):
        if not os.environ.get("WHITTLE_LONG"):
            self.skipTest("an outage takes two minutes: WHITTLE_LONG=1, as in make test-long")
        collector = self.collector()
        collector.answer = lambda records: (503, {}, b"")
        self.append(0, 100)
        process = self.follow(config=self.config(collector.port))
        self.wait_until(lambda: self.stored().count(b"\n") == 100 and collector.requests, "an outage")
        self.run_ok("retain", "--age", "1h", "--store", self.store)
        self.assertEqual(b"", self.stored())
        time.sleep(65)  # a request that is under way is given up after a minute
        deadline = time.monotonic() + 90
        seen = len(collector.requests)
        while len(collector.requests) == seen:
            self.assertLess(time.monotonic(), deadline, self.said())
            time.sleep(0.5)
        collector.answer = lambda records: (200, {}, b"{}")
        self.append(100, 5)
        while set(collector.numbers()) < set(range(100, 105)):
            self.assertLess(time.monotonic(), deadline + 60, self.said())
            time.sleep(0.5)
        self.end(process)
        self.assertEqual(set(range(100, 105)), set(collector.numbers()))

    def test_certificates_are_checked(self):
        if shutil.which("openssl") is None:
            self.skipTest("there is no openssl to make a certificate with")
        certificate, key = self.dir / "cert.pem", self.dir / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days",
                        "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True,
                       capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        collector = self.collector()
        collector.server.socket = context.wrap_socket(collector.server.socket, server_side=True)
        self.append(0, 5)
        for more in ("", f", tls: {{ca_file: '{certificate}'}}"):
            config = self.config(collector.port, more)
            config.write_text(config.read_text().replace("http://127.0.0.1", "https://localhost"))
            process = self.follow(config=config)
            if more:
                self.wait_for_records(collector, 5)
            else:
                self.wait_until(lambda: "its certificate is not trusted; trying again" in self.said(), "word of it")
                self.assertEqual([], collector.records)
            self.end(process)

    def test_refusals(self):
        cases = {
            "sinks: [{otlp: {}}]": "needs 'endpoint",
            "sinks: [{otlp: {endpoint: 127.0.0.1:4317}}]": "is no URL of a collector",
            "sinks: [{otlp: {endpoint: 'http://'}}]": "is no URL of a collector",
            "sinks: [{otlp: {endpoint: 'http://me:pass@host:4318'}}]": "is no URL of a collector",
            "sinks: [{otlp: {endpoint: 'http://127.0.0.1:99999999999'}}]": "is no URL of a collector",
            "sinks: [{otlp: {endpoint: 'http://h', what: all}}]": "kept",
            "sinks: [{otlp: {endpoint: 'http://h', token_env: HOME, token_header: Host}}]": "is set by whittle itself",
            "sinks: [{otlp: {endpoint: 'https://h', tls: {ca_file: /none/there}}}]": "/none/there",
            "sinks: [{otlp: {endpoint: 'https://h', tls: {cert_file: /etc/hosts}}}]": "go together",
            "sinks: [{otlp: {endpoint: 'http://h', headers: {'a b': c}}}]": "is no name of a header",
            "sinks: [{otlp: {endpoint: 'http://h', headers: {Authorization: c}}}]": "secrets do not stand in a configuration",
            "sinks: [{otlp: {endpoint: 'http://h', headers: {content-type: c}}}]": "is set by whittle itself",
            "sinks: [{otlp: {endpoint: 'http://h', token_file: a, token_env: b}}]": "say the same",
            "sinks: [{otlp: {endpoint: 'http://h', token_env: NOT_SET_ANYWHERE}}]": "NOT_SET_ANYWHERE",
            "sinks: [{otlp: {endpoint: 'http://h'}}, {otlp: {endpoint: 'http://h/v1/logs'}}]": "two sinks send to http://h",
        }
        (self.dir / "logs" / "app.log").write_bytes(b"")
        for text, message in cases.items():
            config = self.write("bad.yaml", f"{text}\nsources: [{{files: {{include: '{self.dir}/logs/app.log'}}}}]\n".encode())
            run = whittle("run", "--config", config, "--store", self.dir / "none")
            self.assertEqual(2, run.code, f"{text}: {run}")
            self.assertEqual(1, run.err_text.count("\n"), str(run))
            self.assertIn(message, run.err_text)
            self.assertNotIn("pass@", run.err_text)


if __name__ == "__main__":
    whittle_cli.main()
