"""Wraps the lines of standard input as a container runtime does: `docker` for json-file, `cri` for containerd.

The runtime splits lines longer than 16 KiB; CRI marks the parts with P and the last with F.
"""

import datetime
import json
import sys
import time

PART = 16384
style, stream = sys.argv[1:3]
for line in sys.stdin.buffer:
    nanos = time.time_ns()
    second = datetime.datetime.fromtimestamp(nanos // 10**9, datetime.timezone.utc)
    stamp = f"{second:%Y-%m-%dT%H:%M:%S}.{nanos % 10**9:09d}Z"
    text = line.decode("utf-8", "replace")
    if style == "docker":
        for begin in range(0, len(text), PART):
            part = text[begin:begin + PART]
            print(json.dumps({"log": part, "stream": stream, "time": stamp}, separators=(",", ":")), flush=True)
    else:
        text = text.removesuffix("\n")
        for begin in range(0, max(len(text), 1), PART):
            tag = "F" if begin + PART >= len(text) else "P"
            print(f"{stamp} {stream} {tag} {text[begin:begin + PART]}", flush=True)
