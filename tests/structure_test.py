"""Holds the source tree against its rules: layers, limits on size, who may print, and that no test is forgotten.

Needs nothing but the checkout; with WHITTLE_BUILD (a build directory) it also proves that every test is compiled.
"""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# ARCHITECTURE.md, "Layers": a folder may include what stands before its own row, never a neighbour of its row.
LAYERS = [
    ["include"],
    ["base"],
    ["env"],
    ["event"],
    ["scan", "expr"],
    ["parse", "templates", "enrich", "sample", "format", "render"],
    ["catalog"],
    ["source", "sink", "query"],
    ["pipeline"],
    ["cli"],
]
RANK = {folder: rank for rank, row in enumerate(LAYERS) for folder in row}

LONGEST_FILE = 500
LONGEST_FILE_ALLOWED = {
    # "src/folder/name.cc": "reason"
}

# Only the command decides what people see and when the process ends.
TALKING = re.compile(
    r"(?<![\w.>])(?:std::)?(printf|fprintf|vprintf|puts|fputs|putchar|perror|exit|_exit|_Exit|quick_exit|abort|terminate)\s*\("
    r"|\b(std::cout|std::cerr|std::clog|fmt::print|std::print)\b"
)
# The outside world is reached through src/env/ alone, so that tests can stand in for it.
OUTSIDE = re.compile(
    r"(?<![\w.>:])(?:::|std::)?(fopen|fdopen|open|openat|creat|fsync|fdatasync|rename|unlink|mkdir|opendir|getenv|"
    r"gettimeofday|clock_gettime|getrandom|rand|srand)\s*\(|\btime\((?:nullptr|NULL|0|&)"
    r"|\b(std::[io]?fstream|std::filesystem|std::random_device|(?:system|steady|high_resolution)_clock::now)\b"
)
OUTSIDE_ALLOWED = {
    "src/cli/flag_parser.cc": "reads $WHITTLE_STORE; the command line is outside already",
    "src/cli/reading.cc": "finds the user's cache folder by $XDG_CACHE_HOME and $HOME",
}

# A rule that knows the data it is judged on is worth nothing.
DATASET_WORDS = re.compile(
    r"loghub|hdfs|hadoop|thunderbird|\bbgl\b|healthapp|openstack|proxifier|zookeeper|openssh|\bspark\b|iotdb|nezha", re.I
)

TEXT_SUFFIXES = {".h", ".cc", ".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".json", ""}


def tracked(*patterns):
    """Files git knows or would add, as paths; without git (an unpacked archive) whatever lies there."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in ROOT.rglob("*") if "build" not in p.relative_to(ROOT).parts[:1]]
        paths = [p for p in paths if not patterns or any(p.match(pattern.split("/")[-1]) for pattern in patterns)]
    return sorted(p for p in paths if p.is_file())


def relative(path):
    return path.relative_to(ROOT).as_posix()


def code_of(text):
    """C++ without comments and without what stands inside string and character literals."""
    pattern = re.compile(
        r'R"(?P<delimiter>[^()\\ ]{0,16})\((?s:.*?)\)(?P=delimiter)"|//[^\n]*|/\*(?s:.*?)\*/|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    )
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def is_program(path):
    """Tests, benchmarks and fuzzers are programs of their own and may print and abort."""
    return re.search(r"_(test|bench|fuzz)\.cc$|_test_util\.(h|cc)$|/main\.cc$", relative(path)) is not None


class StructureTest(unittest.TestCase):
    def setUp(self):
        self.sources = [p for p in tracked("src/*", "include/*") if p.suffix in (".h", ".cc")]
        self.assertGreater(len(self.sources), 20, "no sources found")

    def report(self, problems):
        if problems:
            self.fail("\n  " + "\n  ".join(sorted(problems)))

    def test_includes_follow_the_layers(self):
        problems = []
        for path in self.sources:
            parts = path.relative_to(ROOT).parts
            folder = "include" if parts[0] == "include" else parts[1]
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<(whittle/[^>]+)>)', line)
                if not match:
                    continue
                where = f"{relative(path)}:{number}"
                name = match.group(1) or match.group(2)
                target = "include" if name.startswith("whittle/") else name.split("/")[0]
                base = ROOT / "include" if target == "include" else SRC
                if not (base / name).is_file():
                    problems.append(f'{where}: "{name}" is not a file under src/ or include/; write "folder/name.h"')
                elif target == folder:
                    continue
                elif RANK[target] >= RANK[folder]:
                    kind = "a neighbour" if RANK[target] == RANK[folder] else "above it"
                    problems.append(f"{where}: {folder}/ may not include {target}/, which is {kind}")
        self.report(problems)

    def test_folders_are_the_layers(self):
        folders = {p.name for p in SRC.iterdir() if p.is_dir()}
        self.assertEqual(folders, set(RANK) - {"include"})
        added = re.findall(r"add_subdirectory\((\w+)\)", (SRC / "CMakeLists.txt").read_text())
        self.assertEqual(set(added), folders)
        problems = [f"{relative(p)}: sources live directly in src/<folder>/"
                    for p in self.sources if p.is_relative_to(SRC) and len(p.relative_to(SRC).parts) != 2]
        self.report(problems)

    def test_links_follow_the_layers(self):
        problems = []
        for folder in sorted(set(RANK) - {"include"}):
            text = (SRC / folder / "CMakeLists.txt").read_text()
            match = re.search(r"whittle_layer\(\s*(\w+)([^)]*)\)", text)
            self.assertIsNotNone(match, f"src/{folder}/CMakeLists.txt does not call whittle_layer")
            self.assertEqual(match.group(1), folder)
            deps = re.search(r"DEPS\s+((?:[a-z]+\s*)+)", match.group(2))
            for dep in deps.group(1).split() if deps else []:
                if RANK[dep] >= RANK[folder]:
                    problems.append(f"src/{folder}/CMakeLists.txt: links {dep}, which is not below it")
        self.report(problems)

    def test_every_test_is_registered(self):
        """whittle_layer() registers by name; the compile commands prove it, the layout makes it true."""
        tests = [p for p in self.sources if re.search(r"_(test|fuzz)\.cc$", p.name)]
        problems = []
        for path in tests:
            text = path.read_text()
            if path.name.endswith("_fuzz.cc"):
                if "LLVMFuzzerTestOneInput" not in text:
                    problems.append(f"{relative(path)}: defines no LLVMFuzzerTestOneInput")
            elif not re.search(r"\b(TEST|TEST_F|TEST_P|TYPED_TEST)\(", text):
                problems.append(f"{relative(path)}: contains no TEST")
            for parametrised in re.findall(r"\bTEST_P\((\w+)", text):
                if not re.search(rf"INSTANTIATE_TEST_SUITE_P\(\s*\w*,\s*{parametrised}\b", text):
                    problems.append(f"{relative(path)}: {parametrised} is never instantiated")
        for path in tracked("src/*", "tests/*"):
            odd = re.search(r"(tests?|Test|_unittest)\.(cc|cpp|cxx)$", path.name)
            if odd and not path.name.endswith("_test.cc"):
                problems.append(f"{relative(path)}: is named so that nothing compiles it; call it name_test.cc")
        for path in tracked("tests/*.cc", "tests/*.cpp"):
            problems.append(f"{relative(path)}: C++ tests live beside their component in src/")
        build = os.environ.get("WHITTLE_BUILD")
        commands = Path(build) / "compile_commands.json" if build else None
        if commands and commands.is_file():
            compiled = {entry["file"] for entry in json.loads(commands.read_text())}
            for path in tests:
                if path.name.endswith("_test.cc") and str(path) not in compiled:
                    problems.append(f"{relative(path)}: is not compiled in {build}; run cmake again")
        self.report(problems)

    def test_python_tests_are_registered(self):
        text = (ROOT / "tests" / "CMakeLists.txt").read_text()
        self.assertIn("*_test.py", text)
        problems = []
        for path in tracked("*.py"):
            has_tests = re.search(r"^    def test_\w+\(self", path.read_text(), re.M) is not None
            registered = path.parent == ROOT / "tests" and path.name.endswith("_test.py")
            if has_tests and not registered:
                problems.append(f"{relative(path)}: test cases outside tests/*_test.py never run")
        self.report(problems)

    def test_every_fuzzer_runs_in_ci(self):
        self.assertIn("scripts/fuzz.sh", (ROOT / ".ci" / "run").read_text())
        self.assertIn("src/*/*_fuzz.cc", (ROOT / "scripts" / "fuzz.sh").read_text())

    def test_file_length(self):
        problems = []
        for path in self.sources + tracked("tests/*.py", "bench/*.py", "scripts/*"):
            lines = path.read_text().count("\n")
            if lines > LONGEST_FILE and relative(path) not in LONGEST_FILE_ALLOWED:
                problems.append(f"{relative(path)}: {lines} lines, the limit is {LONGEST_FILE}")
        for name in LONGEST_FILE_ALLOWED:
            if not (ROOT / name).is_file():
                problems.append(f"{name}: has a reason to be long but does not exist")
        self.report(problems)

    def test_headers_say_what_they_are_for(self):
        problems = []
        for path in self.sources:
            if path.suffix != ".h":
                continue
            text = path.read_text()
            if not re.match(r"//+ ?\S.{20,}", text):
                problems.append(f"{relative(path)}: begin with a paragraph: what for, who owns what, which threads")
            if len(re.findall(r"^#pragma once$", text, re.M)) != 1:
                problems.append(f"{relative(path)}: needs one #pragma once")
        self.report(problems)

    def test_names_of_types_are_unique(self):
        """Two types of one name in one namespace link without a word and destroy each other's objects."""
        seen = {}
        for path in sorted(SRC.rglob("*.h")) + sorted((ROOT / "include").rglob("*.h")):
            for name in re.findall(r"^(?:struct|class|enum class|union) (\w+)\b(?!::)[^;]*?\{", path.read_text(), re.M):
                seen.setdefault(name, set()).add(str(path.relative_to(ROOT)))
        twice = {name: sorted(paths) for name, paths in seen.items() if len(paths) > 1}
        self.assertEqual({}, twice)

    def test_library_folders_are_silent_and_isolated(self):
        problems = []
        for path in self.sources:
            if is_program(path):
                continue
            folder = path.relative_to(ROOT).parts[1]
            for number, line in enumerate(code_of(path.read_text()).splitlines(), 1):
                where = f"{relative(path)}:{number}"
                talks = TALKING.search(line)
                if talks and folder != "cli":
                    problems.append(f"{where}: {talks.group().strip()} in a library; return a Status")
                outside = OUTSIDE.search(line)
                if outside and folder != "env" and relative(path) not in OUTSIDE_ALLOWED:
                    problems.append(f"{where}: {outside.group().strip()} belongs behind src/env/")
        self.report(problems)

    def test_no_traces_of_one_machine_or_unfinished_work(self):
        places = {str(ROOT)}
        if len(ROOT.parent.parts) > 1 and str(ROOT.parent) not in ("/tmp", "/home", "/root", "/src", "/build"):
            places.add(str(ROOT.parent) + "/")
        unfinished = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
        problems = []
        for path in tracked():
            if path.suffix not in TEXT_SUFFIXES or path.is_relative_to(ROOT / "examples" / "logs"):
                continue
            try:
                text = path.read_text()
            except UnicodeDecodeError:
                if path.suffix:
                    problems.append(f"{relative(path)}: is not UTF-8")
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if any(place in line for place in places):
                    problems.append(f"{relative(path)}:{number}: names a folder of this machine")
                if path.suffix in (".h", ".cc", ".py", ".sh") and unfinished.search(line):
                    problems.append(f"{relative(path)}:{number}: unfinished work; finish it or describe the limit")
        self.report(problems)

    def test_no_rules_for_known_datasets(self):
        problems = []
        for path in self.sources:
            # Time layouts are named after the software that writes them; they concern every log that has them.
            if path.parent.name not in ("scan", "templates") or is_program(path) or path.stem == "time_layout":
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if DATASET_WORDS.search(line):
                    problems.append(f"{relative(path)}:{number}: names a data set or its system")
        self.report(problems)

    def test_repository_stays_small(self):
        problems = []
        for path in tracked():
            kib = path.stat().st_size / 1024
            if kib > 256:
                problems.append(f"{relative(path)}: {kib:.0f} KiB; generated and large files stay outside git")
        logs = [p.stat().st_size for p in tracked("examples/logs/*")]
        if sum(logs) > 400 * 1024 or max(logs, default=0) > 40 * 1024:
            problems.append("examples/logs: more than 400 KiB together or 40 KiB in one file")
        self.report(problems)

    def test_scripts_can_be_run(self):
        problems = []
        for path in tracked("scripts/*", ".ci/run", "examples/*.sh"):
            if path.read_bytes()[:2] == b"#!" and not os.access(path, os.X_OK):
                problems.append(f"{relative(path)}: is a script without the executable bit")
        self.report(problems)


if __name__ == "__main__":
    unittest.main()
