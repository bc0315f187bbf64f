"""Runs every command of the README's console blocks, in order, in a folder with the examples, as a reader would."""

import os
import re
import subprocess
from pathlib import Path

import whittle_cli
from whittle_cli import BIN, ROOT, CliTest


def commands(text):
    """Commands of ```console blocks: lines that begin with "$ ", continued where a line ends with a backslash.

    A comment `<!-- not run -->` before the block leaves it out: what needs a network, make or an hour.
    """
    found = []
    for marker, block in re.findall(r"(<!-- not run -->\n)?```console\n(.*?)```", text, re.S):
        if marker:
            continue
        lines = block.splitlines()
        for number, line in enumerate(lines):
            if not line.startswith("$ "):
                continue
            command = line[2:]
            while command.endswith("\\"):
                number += 1
                command = command[:-1] + lines[number]
            found.append(command)
    return found


class ReadmeTest(CliTest):
    def test_commands_work(self):
        for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
            found = commands(document.read_text())
            if document.name == "README.md":
                self.assertGreater(len(found), 8, "the README shows no commands")
            folder = self.dir / document.stem
            folder.mkdir()
            os.symlink(ROOT / "examples", folder / "examples")
            environment = {k: v for k, v in os.environ.items() if not k.startswith("WHITTLE_")}
            environment["PATH"] = f"{Path(BIN).parent}:{environment['PATH']}"
            for command in found:
                with self.subTest(document=document.name, command=command):
                    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment,
                                          capture_output=True, timeout=whittle_cli.TIMEOUT_S)
                    # A filter whose reader has enough (`| head`) ends by SIGPIPE, quietly.
                    self.assertIn(done.returncode, (0, 141), f"$ {command}\n{done.stdout.decode()}\n{done.stderr.decode()}")


if __name__ == "__main__":
    whittle_cli.main()
