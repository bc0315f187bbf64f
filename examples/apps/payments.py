"""The payments service: logs key=value lines with the trace of the request, and tracebacks when a charge fails."""

import http.server
import logging
import random
import sys
import time
import urllib.parse


class Declined(Exception):
    pass


class GatewayError(Exception):
    pass


logging.basicConfig(
    stream=sys.stdout, level=logging.INFO, datefmt="%Y-%m-%dT%H:%M:%S",
    format='ts=%(asctime)s.%(msecs)03dZ level=%(levelname)s logger=%(name)s msg="%(message)s"')
logging.Formatter.converter = time.gmtime
log = logging.getLogger("payments")
chance = random.Random(7)


def reserve(account, cents):
    if cents > 60000:
        raise Declined(f"account {account} has no cover for {cents} cents")
    return chance.getrandbits(40)


def charge(account, cents):
    try:
        return reserve(account, cents)
    except Declined as declined:
        raise GatewayError(f"bank refused charge of {cents}") from declined


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        trace, span = self.headers.get("traceparent", "00--").split("-")[1:3]
        cents = int(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["amount"][0])
        account = f"DE{chance.randrange(10**8, 10**9)}"
        started = time.monotonic()
        time.sleep(0.4 if chance.random() < 0.02 else chance.random() * 0.01)
        try:
            receipt = charge(account, cents)
            status = 200
            log.info("charged\" trace_id=%s span_id=%s account=%s cents=%d receipt=%010x took=\"%.1fms", trace, span,
                     account, cents, receipt, (time.monotonic() - started) * 1000)
        except GatewayError:
            status = 402
            log.exception("charge failed\" trace_id=%s span_id=%s account=\"%s", trace, span, account)
        try:
            self.send_response(status)
            self.end_headers()
        except BrokenPipeError:
            log.warning("caller went away\" trace_id=\"%s", trace)

    def log_message(self, *_):
        pass


log.info("serving on 127.0.0.1:%s", sys.argv[1])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
