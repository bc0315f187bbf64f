"""The worked examples of docs/query.md answer what the page says. WHITTLE_UPDATE_DOCS=1 writes the answers anew.

The blocks are ```console``` with one command ("$ whittle …") and its answer; a last line "…" stands for what follows.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import whittle_cli
from whittle_cli import BIN, ROOT, CliTest

PAGE = ROOT / "docs" / "query.md"
SHOWN = 12  # lines of an answer
BLOCK = re.compile(r"```console\n\$ (whittle (?:query|cat) [^\n]*)\n(.*?)```", re.S)


class QueryExamplesTest(CliTest):
    def answer(self, command):
        args = [BIN, *shlex.split(command)[1:]]
        done = subprocess.run(args, cwd=self.dir, capture_output=True, timeout=whittle_cli.TIMEOUT_S)
        self.assertEqual(0, done.returncode, f"{command}\n{done.stderr.decode()}")
        self.assertNotIn("no event has a field", done.stderr.decode(), command)
        lines = done.stdout.decode().splitlines()
        return lines[:SHOWN] + (["…"] if len(lines) > SHOWN else [])

    def test_answers_are_those_of_the_page(self):
        os.symlink(ROOT / "examples", self.dir / "examples")
        self.run_ok("ingest", "examples/logs", "--quiet", cwd=self.dir)
        text = PAGE.read_text()
        examples = BLOCK.findall(text)
        self.assertGreaterEqual(len(examples), 30)
        if os.environ.get("WHITTLE_UPDATE_DOCS"):
            PAGE.write_text(BLOCK.sub(lambda m: "```console\n$ " + m[1] + "\n" +
                                      "".join(line + "\n" for line in self.answer(m[1])) + "```", text))
            return
        for command, answer in examples:
            with self.subTest(command):
                self.assertEqual(answer.splitlines(), self.answer(command))


if __name__ == "__main__":
    whittle_cli.main()
