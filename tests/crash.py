"""The kill -9 experiment, shared by the small test and the one over real logs."""

import shutil
import subprocess
import time

import whittle_cli
from whittle_cli import compress, kill_and_wait, segments, whittle


class CrashMixin:
    """Needs CliTest. Kills ingests at random moments and resumes until everything is in, over and over."""

    def kill_campaign(self, inputs, kills, verify_share=0.25):
        """`inputs`: a list of (name, bytes). Writes them to a folder and ingests it under fire `kills` times."""
        folder = self.dir / "in"
        # Half of the rounds close segments early, so that many a kill falls between two commits of one file.
        early = self.write("early.yaml", b"segments: {close_size: 1MiB}\n")
        expected = sorted(whittle_cli.sha256(data) for name, data in inputs)
        for name, data in inputs:
            kind = name.rsplit(".", 1)[-1]
            self.write(f"in/{name}", compress(data, kind) if kind in ("gz", "xz", "bz2", "zst") else data)
        began = time.monotonic()
        self.ingest(folder, store=self.dir / "calm", flags=["--quiet"])
        calm = time.monotonic() - began
        reference = self.templates(self.dir / "calm")
        done = rounds = with_segments = 0
        while done < kills:
            rounds += 1
            store = self.dir / f"store-{rounds}"
            flags = ["--quiet", *(["--config", early] if rounds % 2 else [])]
            while done < kills:
                jobs = self.random.choice([1, 2, 4])
                process = self.start("ingest", folder, "--store", store, "--jobs", jobs, *flags,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    process.wait(self.random.uniform(0, calm * 1.1))
                    self.assertEqual(0, process.returncode)
                    break  # it finished before the blow
                except subprocess.TimeoutExpired:
                    kill_and_wait(process)
                done += 1
                with_segments += bool(segments(store))
                if (store / "FORMAT").exists() and self.random.random() < verify_share:
                    run = whittle("verify", "--store", store)
                    self.assertEqual(0, run.code, f"after kill {done}, WHITTLE_SEED={self.seed}\n{run}")
                    self.check_prefixes(store, inputs)
            self.ingest(folder, store=store, flags=flags)
            self.verify(store)
            found = self.restored(store)
            self.assertEqual(expected, sorted(map(whittle_cli.sha256, found.values())),
                             f"lines lost or doubled after {done} kills, WHITTLE_SEED={self.seed}")
            self.assertEqual(reference, self.templates(store), f"templates differ, WHITTLE_SEED={self.seed}")
            left = [p for p in store.rglob("*") if p.name.endswith((".tmp", ".temp"))]
            self.assertEqual([], left, "temporary files were left behind")
            shutil.rmtree(store)
        print(f"crash: {done} kills in {rounds} rounds, {with_segments} of them with segments on disk, "
              f"calm run {calm:.2f} s, WHITTLE_SEED={self.seed}")

    def check_prefixes(self, store, inputs):
        """Between a kill and the resume: what is there is the beginning of what was read, nothing doubled."""
        texts = [data for name, data in inputs]
        for path, data in self.restored(store).items():
            self.assertTrue(any(text.startswith(data) for text in texts),
                            f"{path}: {len(data)} bytes that are no beginning of an input, WHITTLE_SEED={self.seed}")
