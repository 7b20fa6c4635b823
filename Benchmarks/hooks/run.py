#!/usr/bin/env python3
"""Measures bim-hooks side by side with a plain sh hook, pre-commit and lefthook, in one run.

    swift build --configuration release --static-swift-stdlib && Benchmarks/hooks/run.py

pre-commit and lefthook are installed from PyPI into a folder of their own, once. Every figure comes from this machine and this
run: the variants take turns, so that what disturbs one disturbs all. README.md beside this file says what is measured.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ZERO = "0" * 40
HERE = pathlib.Path(__file__).resolve()
HOOKS = "hooks:\n  pre-push:\n    tests: { run: 'true', remotes: ['**'] }\n"


def main():
    options = parse()
    program = options.programs.resolve() / "bim-hooks"
    if not program.exists():
        sys.exit(f"error: '{program}' is not there\nhint: swift build --configuration release --static-swift-stdlib")
    with tempfile.TemporaryDirectory(prefix="bim-bench-hooks-") as root:
        bench = Bench(pathlib.Path(root), program, others(options))
        result = {
            "push": push(bench, options),
            "refs": refs(bench, options),
            "snapshot": snapshot(bench, options),
        }
    if options.json:
        print(json.dumps(result, indent=2))
    over = result["push"]["bim-hooks"]["over plain sh ms"]
    if options.check and over > 15:
        sys.exit(f"error: a remembered push costs {over:.1f} ms more than a plain sh hook; the bar is 15 ms")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parents[2] / ".build/release", metavar="DIR")
    parser.add_argument("--tools", type=pathlib.Path, metavar="DIR", help="where pre-commit and lefthook are installed",
                        default=pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "bim/bench-hooks")
    parser.add_argument("--runs", type=int, default=30, help="pushes of each variant (30)")
    parser.add_argument("--refs", type=int, default=10_000, help="refs on the hook's standard input (10 000)")
    parser.add_argument("--files", type=int, default=50_000, help="files of the repository for the snapshot (50 000)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, too")
    parser.add_argument("--check", action="store_true", help="fail when a remembered push costs over 15 ms more than plain sh")
    return parser.parse_args()


def others(options):
    """The folder with pre-commit and lefthook as pip installs them."""
    folder = options.tools / "bin"
    if not (folder / "pre-commit").exists() or not (folder / "lefthook").exists():
        venv.create(options.tools, with_pip=True)
        subprocess.run([folder / "pip", "install", "--quiet", "pre-commit", "lefthook"], check=True)
    return folder


class Bench:
    """A user of their own with repositories in a temporary folder."""

    def __init__(self, root, program, tools):
        self.root, self.program, self.tools = root, program, tools
        (root / "home").mkdir()
        self.environment = {
            "HOME": str(root / "home"), "PATH": f"{program.parent}:{tools}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
        }

    def run(self, *words, cwd=None, **more):
        done = subprocess.run([str(word) for word in words], cwd=cwd or self.root, env=self.environment, capture_output=True, **more)
        if done.returncode:
            sys.exit(f"error: {' '.join(map(str, words))} failed\n{done.stderr.decode(errors='replace')}")
        return done.stdout

    def timed(self, *words, cwd, environment=None, data=None):
        """Milliseconds on the clock and of processors, children included."""
        before = os.times()
        start = time.perf_counter()
        done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment or self.environment, input=data,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wall = time.perf_counter() - start
        after = os.times()
        if done.returncode:
            sys.exit(f"error: {' '.join(map(str, words))} failed\n{done.stderr.decode(errors='replace')}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return wall * 1000, cpu * 1000

    def repository(self, name, files, commits=1):
        """A repository with `files` small files in folders of a hundred, from one stream of git fast-import."""
        folder = self.root / name
        self.run("git", "init", "--quiet", "--initial-branch=main", folder)
        lines = []
        for number in range(commits):
            lines += ["commit refs/heads/main", f"committer A <a@example.org> {1_900_000_000 + number} +0000", "data 2", "c\n"]
            if number == 0:
                for file in range(files):
                    text = f"file {file} of the benchmark\n" * 20
                    lines += [f"M 644 inline d{file // 100}/f{file}", f"data {len(text)}", text]
                lines += ["M 644 inline bim.yml", f"data {len(HOOKS)}", HOOKS]
            else:
                lines += ["M 644 inline version", f"data {len(str(number))}", str(number)]
        self.run("git", "fast-import", "--quiet", cwd=folder, input="\n".join(lines).encode() + b"\n")
        self.run("git", "reset", "--quiet", "--hard", cwd=folder)
        return folder


def push(bench, options):
    """`git push` of a tree that has passed: what the hook adds."""
    print(f"\ngit push of 200 files to a local bare repository, {options.runs} times each, taking turns\n")
    variants = {name: Variant(bench, name, prepare) for name, prepare in [
        ("no hook", lambda folder: None), ("plain sh", plain), ("bim-hooks", bim), ("pre-commit", pre_commit),
        ("lefthook (pip)", lefthook), ("lefthook (LEFTHOOK_BIN)", lefthook),
    ]}
    native = next((bench.tools.parent / "lib").glob("*/site-packages/lefthook/bin/*/lefthook"), None)
    if native:
        variants["lefthook (LEFTHOOK_BIN)"].environment["LEFTHOOK_BIN"] = str(native)
    else:
        del variants["lefthook (LEFTHOOK_BIN)"]
    names = list(variants)
    for turn in range(options.runs + 3):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            variants[name].push(counts=turn >= 3)
    base = statistics.median(variants["plain sh"].walls)
    print(f"{'':26}{'median ms':>10}{'min ms':>9}{'CPU ms':>9}{'over plain sh':>15}{'times bim-hooks':>17}")
    ours = statistics.median(variants["bim-hooks"].walls)
    result = {}
    for name, variant in variants.items():
        median = statistics.median(variant.walls)
        result[name] = {"median ms": median, "min ms": min(variant.walls), "CPU ms": statistics.mean(variant.cpus),
                        "over plain sh ms": median - base, "times bim-hooks": median / ours}
        row = result[name]
        print(f"{name:26}{median:10.1f}{row['min ms']:9.1f}{row['CPU ms']:9.1f}{median - base:+15.1f}{median / ours:17.2f}")
    return result


class Variant:
    """One repository with one kind of hook, and a remote of its own."""

    def __init__(self, bench, name, prepare):
        label = "".join(letter if letter.isalnum() else "-" for letter in name)
        self.bench, self.environment, self.walls, self.cpus = bench, dict(bench.environment), [], []
        self.remote = bench.root / f"{label}.git"
        bench.run("git", "init", "--quiet", "--bare", self.remote)
        self.folder = bench.repository(label, 200, commits=6)
        bench.run("git", "remote", "add", "there", self.remote, cwd=self.folder)
        for words, files in filter(None, [prepare(self.folder)]):
            for path, text in files.items():
                (self.folder / path).write_text(text)
                (self.folder / path).chmod(0o755)
            for command in words:
                bench.run(*command, cwd=self.folder)

    def push(self, counts):
        self.bench.run("git", "update-ref", "-d", "refs/heads/main", cwd=self.remote)
        wall, cpu = self.bench.timed("git", "push", "--quiet", "there", "main", cwd=self.folder, environment=self.environment)
        if counts:
            self.walls.append(wall)
            self.cpus.append(cpu)


def plain(folder):
    return [], {".git/hooks/pre-push": "#!/bin/sh\nexit 0\n"}


def bim(folder):
    # The first run tests the tree, so that the pushes find it remembered.
    return [("bim-hooks", "trust"), ("bim-hooks", "run"), ("bim-hooks", "install", "--script")], {}


def pre_commit(folder):
    text = ("repos:\n- repo: local\n  hooks:\n  - {id: tests, name: tests, entry: 'true', language: system, "
            "stages: [pre-push], always_run: true, pass_filenames: false}\n")
    return [("pre-commit", "install", "--hook-type", "pre-push")], {".pre-commit-config.yaml": text}


def lefthook(folder):
    text = "pre-push:\n  commands:\n    tests: { run: 'true' }\n"
    return [("lefthook", "install")], {"lefthook.yml": text}


def refs(bench, options):
    """Many refs on standard input, each at a commit of its own whose tree has passed."""
    folder = bench.repository("refs", 200)
    stream = []
    for number in range(options.refs):
        stream += ["commit refs/heads/many", f"committer A <a@example.org> {1_900_000_000 + number} +0000", "data 2", "m\n"]
        if number == 0:
            stream += ["from refs/heads/main", ""]
    bench.run("git", "fast-import", "--quiet", cwd=folder, input="\n".join(stream).encode())
    commits = bench.run("git", "rev-list", "-n", options.refs, "many", cwd=folder).decode().split()
    for command in bim(folder)[0][:2]:
        bench.run(*command, cwd=folder)
    data = "".join(f"refs/heads/b{i} {id} refs/heads/b{i} {ZERO}\n" for i, id in enumerate(commits)).encode()
    times = {"bim-hooks": [], "sh, which reads them alone": []}
    for _ in range(5):
        times["bim-hooks"].append(bench.timed("bim-hooks", "hook", "pre-push", "there", "/there", cwd=folder, data=data)[0])
        times["sh, which reads them alone"].append(
            bench.timed("sh", "-c", "while read -r a b c d; do :; done", cwd=folder, data=data)[0])
    print(f"\n{len(commits)} refs at {len(commits)} commits on the hook's standard input\n")
    result = {name: statistics.median(walls) for name, walls in times.items()}
    for name, median in result.items():
        print(f"{name:34}{median:8.0f} ms")
    return result


def snapshot(bench, options):
    """A snapshot brought up to date after a change of one file, beside ways to check the commit out."""
    folder = bench.repository("large", options.files)
    bench.run("git", "pack-refs", "--all", cwd=folder)
    bench.run("bim-hooks", "trust", cwd=folder)
    bench.run("git", "worktree", "add", "--quiet", "--detach", bench.root / "kept", "main", cwd=folder)
    first, _ = bench.timed("bim-hooks", "run", cwd=folder)
    times = {"bim-hooks run, one file changed": [], "bim-hooks run, nothing to do": [],
             "git checkout in a kept worktree": [], "git worktree add": []}
    for number in range(5):
        (folder / "d0/f1").write_text(f"change {number}\n")
        bench.run("git", "commit", "--quiet", "--message", "One", "--", "d0/f1", cwd=folder)
        times["bim-hooks run, one file changed"].append(bench.timed("bim-hooks", "run", cwd=folder)[0])
        times["bim-hooks run, nothing to do"].append(bench.timed("bim-hooks", "run", cwd=folder)[0])
        times["git checkout in a kept worktree"].append(
            bench.timed("git", "checkout", "--quiet", "--detach", "main", cwd=bench.root / "kept")[0])
        copy = bench.root / "copy"
        times["git worktree add"].append(
            bench.timed("git", "worktree", "add", "--quiet", "--detach", copy, "main", cwd=folder)[0])
        bench.run("git", "worktree", "remove", "--force", copy, cwd=folder)
    print(f"\na commit with one changed file of {options.files}, the check being 'true'\n")
    result = {"bim-hooks run, the first": first} | {name: statistics.median(walls) for name, walls in times.items()}
    full = result["git worktree add"]
    for name, median in result.items():
        print(f"{name:34}{median:8.0f} ms{median / full * 100:7.1f} % of a checkout")
    return result


if __name__ == "__main__":
    main()
