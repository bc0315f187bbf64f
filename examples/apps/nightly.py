"""A nightly job with the usual Python logging format: retries, warnings, tracebacks with causes."""

import json
import logging
import random
import sqlite3
import time

logging.basicConfig(level=logging.DEBUG, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
log = logging.getLogger("nightly.sync")
chance = random.Random(3)


def load(text):
    return json.loads(text)


def sync(customer, db):
    log.debug("Fetching orders of customer %d (page size %d)", customer, 50)
    started = time.monotonic()
    time.sleep(chance.random() * 0.01)
    for attempt in range(1, 4):
        if chance.random() > 0.1:
            break
        log.warning("Attempt %d/3 for customer %d failed: HTTP 503 from https://api.example.com/v2/customers/%d/orders, "
                    "retrying in %.1f s", attempt, customer, customer, 0.1 * 2**attempt)
    answer = '{"orders": [' if chance.random() < 0.04 else json.dumps({"orders": list(range(chance.randrange(30)))})
    try:
        orders = load(answer)["orders"]
    except ValueError as error:
        raise RuntimeError(f"customer {customer}: unreadable answer of {len(answer)} bytes") from error
    db.execute("insert into seen values (?, ?)", (customer, len(orders)))
    log.info("Customer %d: %d orders synced in %.3f s", customer, len(orders), time.monotonic() - started)


def main():
    db = sqlite3.connect(":memory:")
    db.execute("create table seen (customer integer primary key, orders integer)")
    log.info("Nightly sync started, 180 customers")
    failed = 0
    for number in range(180):
        customer = 10000 + chance.randrange(4000)
        try:
            sync(customer, db)
        except sqlite3.IntegrityError as error:
            log.error("Customer %d skipped: %s", customer, error)
        except RuntimeError:
            failed += 1
            log.exception("Customer %d failed", customer)
    log.info("Nightly sync finished: %d failed", failed)


main()
