"""A plain, slow evaluator of the query language over `whittle cat --format ndjson`, and random queries for it.

It reads docs/query.md literally and shares nothing with the engine: events are dictionaries, a query is a small tree.
It knows the part of the language whose meaning does not hang on types that NDJSON does not show (a duration is text
there), so the generator stays within that part. Each tree can be written as a query, and evaluated.
"""

import base64
import json
import math
import re
from collections import defaultdict

ALIASES = {"http.status_code": "http.response.status_code", "http.method": "http.request.method",
           "http.target": "url.path", "net.peer.ip": "client.address", "source.ip": "client.address",
           "user": "user.name", "username": "user.name", "pid": "process.pid", "process_id": "process.pid",
           "thread": "thread.name", "thread_name": "thread.name", "logger": "log.logger", "logger_name": "log.logger",
           "host": "host.name", "hostname": "host.name", "service": "service.name", "client_ip": "client.address",
           "clientip": "client.address", "client.ip": "client.address", "remote_addr": "client.address",
           "remote_ip": "client.address", "http.status": "http.response.status_code"}
# Other names of what every event has; `attributes.NAME` is the attribute.
BUILTIN = {"timestamp", "severity", "level", "log.level", "severity_text", "severity_number", "body", "message", "msg",
           "template", "template_id", "trace_id", "span_id", "parent_span_id", "source", "source.name", "source.offset",
           "source.line", "sample_rate", "stratum", "raw"}
WORD = rb"[0-9A-Za-z_\x80-\xff]"


class Number(str):
    """A JSON number with the digits of the log."""


def load(text):
    return [json.loads(line, parse_int=Number, parse_float=Number) for line in text.splitlines()]


def plain(value):
    if isinstance(value, Number):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else value


def nanoseconds(stamp):
    import calendar
    import time
    whole, fraction = stamp[:-1].split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}


def severity_name(number):
    return ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"][(number - 1) // 4] if number else ""


def lookup(event, name):
    """The value of a field, as text, Number or None."""
    if name == "severity":
        number = int(event.get("severity_number", 0))
        return severity_name(number) or event.get("severity_text")
    if name in ("severity_text", "severity_number", "template", "template_id", "trace_id", "span_id", "timestamp", "body"):
        return event.get(name)
    if name == "source":
        return event["source"].get("name")
    if name == "source.line":
        return event["source"].get("line")
    for candidate in (name, ALIASES.get(name), *[old for old, new in ALIASES.items() if new == name]):
        for part in ("attributes", "resource"):
            if candidate in event.get(part, {}):
                return plain(event[part][candidate])
    return None


def body_bytes(event):
    if "body_bytes" in event:
        return base64.b64decode(event["body_bytes"])
    return event["body"].encode()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


class Word:
    """In the message, or in the record as it was read ("raw", as query_differential_test fills it in)."""

    def __init__(self, text, phrase):
        self.text, self.phrase = text, phrase
        pattern = re.escape(text.encode())
        before = b"(?<!" + WORD + b")" if re.match(WORD, text.encode()) else b""
        after = b"(?!" + WORD + b")" if re.search(WORD + b"$", text.encode()) else b""
        self.pattern = re.compile(before + pattern + after, re.I)

    def __str__(self):
        return quoted(self.text) if self.phrase else self.text

    def matches(self, event):
        return self.pattern.search(body_bytes(event)) is not None or self.pattern.search(event["raw"]) is not None


class Regex:
    def __init__(self, pattern, ignore_case):
        self.source, self.ignore_case = pattern, ignore_case
        self.pattern = re.compile(pattern.encode(), re.I if ignore_case else 0)

    def __str__(self):
        return "~ /" + self.source.replace("/", "\\/") + "/" + ("i" if self.ignore_case else "")

    def matches(self, event):
        return self.pattern.search(body_bytes(event)) is not None


class Exists:
    def __init__(self, field, parentheses):
        self.field, self.parentheses = field, parentheses

    def __str__(self):
        return f"exists({self.field})" if self.parentheses else f"exists {self.field}"

    def matches(self, event):
        return lookup(event, self.field) is not None


class Compare:
    """A field against a value; numbers by value, severities by rank, times by instant, text as it is."""

    def __init__(self, field, op, value):
        self.field, self.op, self.value = field, op, value

    def __str__(self):
        text = self.value if isinstance(self.value, Number) or self.field in ("severity", "timestamp") else quoted(self.value)
        return f"{self.field} {self.op} {text}"

    def matches(self, event):
        value = lookup(event, self.field)
        if value is None:
            return False
        if self.field == "severity":
            return self.by_severity(int(event.get("severity_number", 0)), event.get("severity_text", ""))
        if self.field == "timestamp":
            return self.ordered(nanoseconds(value), nanoseconds(self.value))
        if isinstance(self.value, Number):
            return self.ordered(float(value), float(self.value)) if isinstance(value, Number) else self.never(value)
        return self.ordered(value, self.value)

    def never(self, value):
        raise AssertionError(f"{self.field}={value!r} is text in one event and a number in another")

    def by_severity(self, number, text):
        first = SEVERITIES[self.value]
        last = first + 3
        same = text.lower() == self.value
        if self.op in ("=", "!="):
            inside = (number != 0 and first <= number <= last) or same
            return inside == (self.op == "=")
        if number == 0:
            return False
        return {"<": number < first, "<=": number <= last, ">": number > last, ">=": number >= first}[self.op]

    def ordered(self, a, b):
        return {"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[self.op]


class In:
    def __init__(self, field, values, negated):
        self.field, self.values, self.negated = field, values, negated

    def __str__(self):
        values = ", ".join(v if isinstance(v, Number) else quoted(v) for v in self.values)
        return f"{self.field} {'not ' if self.negated else ''}in ({values})"

    def matches(self, event):
        value = lookup(event, self.field)
        if isinstance(value, Number):
            found = any(float(value) == float(v) for v in self.values)
        else:
            found = value is not None and value in self.values
        return found != self.negated


class Wildcard:
    def __init__(self, field, pattern):
        self.field, self.text = field, pattern
        self.pattern = re.compile(".*".join(re.escape(p) for p in pattern.split("*")), re.S)

    def __str__(self):
        return f"{self.field} = {self.text}"

    def matches(self, event):
        value = lookup(event, self.field)
        return value is not None and self.pattern.fullmatch(value) is not None


class Logic:
    def __init__(self, op, parts):
        self.op, self.parts = op, parts

    def __str__(self):
        if self.op == "not":
            return f"not ({self.parts[0]})"
        return "(" + f" {self.op} ".join(map(str, self.parts)) + ")"

    def matches(self, event):
        if self.op == "not":
            return not self.parts[0].matches(event)
        return (all if self.op == "and" else any)(p.matches(event) for p in self.parts)


class All:
    def __str__(self):
        return "*"

    def matches(self, event):
        return True


class Vocabulary:
    """What there is to ask about a list of events."""

    SIMPLE = re.compile(r"[\x20-\x7e]*\Z")
    # Text that some type could read as something else than text.
    QUANTITY = re.compile(r"\s*[-+]?[0-9.]|.*[0-9a-fA-F:]{8}|[0-9a-fA-Fx:.-]*\Z|true\Z|false\Z", re.I | re.S)

    def __init__(self, events):
        self.events = events
        kinds = defaultdict(set)
        values = defaultdict(set)
        for event in events:
            for part in ("attributes", "resource"):
                for name, value in event.get(part, {}).items():
                    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name) or name in ("and", "or", "not", "in", "exists"):
                        continue
                    if name in BUILTIN:
                        continue
                    if lookup(event, name) is not plain(value) and lookup(event, name) != plain(value):
                        kinds[name].add("shadowed")
                    kinds[name].add("number" if isinstance(value, Number) else type(value).__name__)
                    if f"{part}_bytes" in event:
                        kinds[name].add("bytes")
                    values[name].add(plain(value))
        self.numbers = sorted(n for n, k in kinds.items() if k == {"number"} and "." not in n.rsplit("_", 1)[-1])
        # A name that ends in a unit compares with quantities; plain numbers mean the same there.
        self.texts = sorted(n for n, k in kinds.items() if k == {"str"} and
                            all(self.SIMPLE.match(v) and not self.QUANTITY.match(v) for v in values[n]))
        self.values = {n: sorted(v) for n, v in values.items()}
        self.names = sorted(kinds)
        words = set()
        for event in events[:: max(1, len(events) // 400)]:
            words.update(w for w in re.findall(r"[A-Za-z]{3,12}", event["body"]))
        # Words of the language are written in quotes.
        self.words = sorted(words) or ["nothing"]
        self.groups = sorted(n for n in self.texts + self.numbers if len(self.values[n]) <= 40)
        self.times = sorted(e["timestamp"] for e in events if "timestamp" in e)


class Generator:
    def __init__(self, random, vocabulary):
        self.random, self.words = random, vocabulary

    def leaf(self):
        pick, words = self.random.choice, self.words
        kind = self.random.randrange(12)
        if kind == 0 and words.names:
            return Exists(pick(words.names), self.random.random() < 0.3)
        if kind in (1, 2) and words.numbers:
            field = pick(words.numbers)
            return Compare(field, pick(["=", "!=", "<", "<=", ">", ">="]), pick(words.values[field]))
        if kind in (3, 4) and words.texts:
            field = pick(words.texts)
            return Compare(field, pick(["=", "!="]), pick(words.values[field]))
        if kind == 5 and words.groups:
            field = pick(words.groups)
            values = self.random.sample(words.values[field], min(len(words.values[field]), 3))
            return In(field, values, self.random.random() < 0.2 and False)
        if kind == 6 and words.texts:
            field = pick(words.texts)
            value = pick(words.values[field])
            if re.fullmatch(r"[A-Za-z0-9._/-]{2,}", value):
                cut = self.random.randrange(1, len(value))
                return Wildcard(field, pick([value[:cut] + "*", "*" + value[cut:]]))
        if kind == 7 and words.times:
            return Compare("timestamp", pick(["<", "<=", ">", ">="]), pick(words.times))
        if kind == 8:
            return Compare("severity", pick(["=", "!=", "<", "<=", ">", ">="]), pick(list(SEVERITIES)))
        if kind == 9:
            word = pick(words.words)
            return Regex(pick([word, "^" + word, word + "$", word[:2] + ".*" + word[-1], f"({word}|[0-9]+)"]),
                         self.random.random() < 0.3)
        if kind == 10:
            event = pick(words.events)
            tokens = event["body"].split(" ")
            at = self.random.randrange(len(tokens))
            phrase = " ".join(tokens[at:at + self.random.randrange(1, 4)])
            if phrase.strip() and Vocabulary.SIMPLE.match(phrase):
                return Word(phrase, True)
        return Word(pick(words.words), True)

    def filter(self, depth=0):
        roll = self.random.random()
        if depth < 3 and roll < 0.25:
            return Logic("and", [self.filter(depth + 1) for _ in range(2)])
        if depth < 3 and roll < 0.45:
            return Logic("or", [self.filter(depth + 1) for _ in range(self.random.randrange(2, 4))])
        if depth < 3 and roll < 0.55:
            return Logic("not", [self.filter(depth + 1)])
        if roll > 0.97:
            return All()
        return self.leaf()

    def aggregate(self):
        """A stage as (calls, by, every)."""
        calls = [("count", None)]
        if self.words.numbers and self.random.random() < 0.6:
            field = self.random.choice(self.words.numbers)
            calls += [(f, field) for f in self.random.sample(["sum", "avg", "min", "max", "p50", "p90", "count"], 2)]
        if self.words.groups and self.random.random() < 0.3:
            calls.append(("distinct", self.random.choice(self.words.groups)))
        by = []
        if self.random.random() < 0.75:
            choice = self.words.groups + ["severity", "source", "template_id"]
            by = self.random.sample(choice, self.random.randrange(1, 3))
        every = self.random.choice([None, None, None, 1, 60, 3600, 86400])
        return calls, by, every


def stage_text(stage):
    calls, by, every = stage
    text = ", ".join(f if field is None else f"{f}({field})" for f, field in calls)
    if by:
        text += " by " + ", ".join(by)
    return text + (f" every {every}s" if every else "")


def group_value(value):
    return None if value is None else float(value) if isinstance(value, Number) else value


def evaluate(events, condition, stage):
    """The rows of an answer: {group: {call: value}}."""
    calls, by, every = stage
    groups = defaultdict(list)
    for event in events:
        if not condition.matches(event):
            continue
        key = []
        if every:
            stamp = event.get("timestamp")
            width = every * 10**9
            key.append(None if stamp is None else nanoseconds(stamp) // width * width)
        key += [group_value(lookup(event, name)) for name in by]
        groups[tuple(key)].append(event)
    if not groups and not by and not every:
        groups[()] = []
    return {key: {name_of(call): result(call, members) for call in calls} for key, members in groups.items()}


def name_of(call):
    return call[0] if call[1] is None else f"{call[0]}({call[1]})"


def result(call, members):
    function, field = call
    if field is None:
        return len(members)
    values = [lookup(event, field) for event in members]
    values = [v for v in values if v is not None]
    if function == "count":
        return len(values)
    if function == "distinct":
        return len(set(values))
    numbers = sorted(float(v) for v in values)
    if not numbers:
        return None
    if function == "sum":
        return math.fsum(numbers)
    if function == "avg":
        return math.fsum(numbers) / len(numbers)
    if function == "min":
        return numbers[0]
    if function == "max":
        return numbers[-1]
    share = float(function[1:]) / 100
    return numbers[max(0, math.ceil(share * len(numbers) - 1e-9) - 1)]


def parse_answer(text, stage):
    """The rows of `query --format ndjson`, in the same form."""
    calls, by, every = stage
    rows = {}
    for line in text.splitlines():
        row = json.loads(line)
        group = row["group"]
        key = []
        if every:
            key.append(nanoseconds(group["timestamp"]) if "timestamp" in group else None)
        for name in by:
            value = group.get(name)
            key.append(float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value)
        rows[tuple(key)] = {name_of(call): row[name_of(call)]["estimate"] for call in calls}
    return rows


def differences(expected, got):
    problems = []
    for key in expected.keys() | got.keys():
        if key not in expected or key not in got:
            problems.append(f"group {key} only in {'the model' if key in expected else 'the answer'}")
            continue
        for name, value in expected[key].items():
            other = got[key][name]
            near = value == other or (value is not None and other is not None and
                                      math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-9))
            if not near:
                problems.append(f"group {key}: {name} is {value} in the model and {other} in the answer")
    return problems[:5]
