"""Real logs from outside the repository: byte-exact, the same with any number of jobs, cache on and off.

WHITTLE_CORPORA names the folder (default ../shared/corpora). Without it nothing is shown, and the test says so.
"""

import os
import shutil
import subprocess
import sys

import whittle_cli
from crash import CrashMixin
from whittle_cli import BIN, SKIPPED, CliTest, corpora, hostile_inputs, sha256


def real_logs():
    """(name, path) of every log, decompressed and plain, ground-truth tables left out."""
    root = corpora()
    return [(str(p.relative_to(root)), p) for p in sorted(root.rglob("*"))
            if p.is_file() and p.parent.name != "spans" and (p.suffix == ".zst" or p.suffix == ".log")
            and "structured" not in p.name and p.suffix != ".md"]


def text_of(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    return path.read_bytes()


class CorporaTest(CliTest, CrashMixin):
    def test_round_trip(self):
        logs = real_logs()
        self.assertGreater(len(logs), 5, f"too few logs under {corpora()}")
        for name, path in logs:
            data = text_of(path)
            plain = self.write(f"plain/{path.name.removesuffix('.zst')}", data)
            reference = None
            # The packed file as it is for one of the runs, the plain one for the others.
            for jobs, source in ((1, plain), (2, path), (4, plain)):
                with self.subTest(name, jobs=jobs):
                    store = self.dir / f"store-{jobs}"
                    self.ingest(source, store=store, flags=["--jobs", jobs, "--quiet"])
                    self.assertEqual(sha256(data), sha256(self.cat_raw(store)), f"{name} with --jobs {jobs}")
                    templates = self.templates(store)
                    self.assertEqual(reference or templates, templates, f"{name}: templates differ with --jobs {jobs}")
                    reference = templates
                    if jobs == 1:
                        self.verify(store)
                    shutil.rmtree(store)
            plain.unlink()
            print(f"corpora: {name}: {len(data)} bytes exact with 1, 2 and 4 jobs")

    def test_recipe_cache_never_changes_an_answer(self):
        limit = int(os.environ.get("WHITTLE_CACHE_BYTES", 12 << 20))
        for name, path in real_logs():
            with self.subTest(name):
                data = text_of(path)[:limit]
                plain = self.write("input.log", data)
                digests = []
                for flags in ([], ["--no-recipe-cache"]):
                    with subprocess.Popen([BIN, "convert", plain, *flags], stdout=subprocess.PIPE) as process:
                        digests.append(sha256(process.stdout.read()))
                    self.assertEqual(0, process.returncode)
                self.assertEqual(digests[0], digests[1], f"{name}: the cache changed an event; compare `convert` with "
                                                         f"`convert --no-recipe-cache` on its first {len(data)} bytes")

    def test_large_hostile_inputs(self):
        for name, data in hostile_inputs(self.random, big=True).items():
            if len(data) < 20_000_000:
                continue
            with self.subTest(name):
                path = self.write("input.log", data)
                self.ingest(path, store=self.dir / "big", flags=["--quiet"])
                self.assertEqual(sha256(data), sha256(self.cat_raw(self.dir / "big")), name)
                shutil.rmtree(self.dir / "big")

    def test_killed_at_random_moments(self):
        inputs = []
        for number, (name, path) in enumerate(real_logs()):
            data = text_of(path)[: 6 << 20]
            inputs.append((f"{number}-{path.name.removesuffix('.zst')}" + (".gz" if number % 4 == 3 else ""), data))
        self.kill_campaign(inputs, int(os.environ.get("WHITTLE_KILLS", 200)), verify_share=0.15)


if __name__ == "__main__":
    if corpora() is None:
        print("SKIPPED: no folder of real logs at WHITTLE_CORPORA (default ../shared/corpora). This run shows nothing "
              "about byte-exactness on real logs.")
        sys.exit(SKIPPED)
    whittle_cli.main()
