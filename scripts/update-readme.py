#!/usr/bin/env python3
"""Fills the ```console blocks of README.md (and docs/*.md) with the true output of their commands.

Each line "$ command" is run, in order, in one scratch folder per document that holds `examples/`, with the built binary
first in PATH; what it prints replaces what stood below it. Blocks after `<!-- not run -->` are left alone. A block after
`<!-- first N lines -->` shows the first N lines of each output and "...".

  scripts/update-readme.py           rewrite
  scripts/update-readme.py --check   exit 1 when a command fails or prints something of another shape (numbers, times,
                                     ids and padding may differ)
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("WHITTLE_BIN") or ROOT / "build/release/src/cli/whittle").resolve()
BLOCK = re.compile(r"(?P<marks>(?:<!-- [^\n]* -->\n)*)```console\n(?P<body>.*?)```", re.S)


def run(command, folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")}
    environment["PATH"] = f"{BINARY.parent}:{environment['PATH']}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def commands_of(body):
    lines = body.splitlines()
    number = 0
    while number < len(lines):
        if lines[number].startswith("$ "):
            shown = [lines[number]]
            while shown[-1].endswith("\\"):
                number += 1
                shown.append(lines[number])
            yield "\n".join(shown)
        number += 1


def shape(text):
    text = re.sub(r"[0-9a-f]{8,}|\d+(?:[.,:]\d+)*", "0", text)
    return re.sub(r"[ \-─]+", " ", text)


def fill(path, folder, problems):
    def replace(match):
        marks = match["marks"]
        if "not run" in marks:
            return match.group()
        limit = re.search(r"first (\d+) lines", marks)
        out = []
        for shown in commands_of(match["body"]):
            command = re.sub(r"\\\n", "", shown[2:])
            code, text = run(command, folder)
            if code not in (0, 141):
                problems.append(f"{path.name}: `{command}` exited with {code}:\n{text}")
            lines = text.rstrip("\n").splitlines()
            if limit and len(lines) > int(limit.group(1)):
                lines = lines[:int(limit.group(1))] + ["..."]
            out.append("\n".join([shown, *lines]))
        return f"{marks}```console\n" + "\n".join(out) + "\n```"

    return BLOCK.sub(replace, path.read_text())


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__, file=sys.stderr)
        return 2
    problems = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        with tempfile.TemporaryDirectory(prefix="whittle-readme-") as folder:
            os.symlink(ROOT / "examples", Path(folder) / "examples")
            text = fill(path, folder, problems)
        if check:
            if shape(text) != shape(path.read_text()):
                problems.append(f"{path.name}: its outputs are no longer true; run scripts/update-readme.py")
        elif not problems and text != path.read_text():
            path.write_text(text)
            print(f"updated {path.relative_to(ROOT)}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
