#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Earlier versions of xvtep, built from the repository's history, once, under .output: for tests of the
way from one to the next. Run by itself it builds them all, for tests that run where that is slow.
"""
import fcntl
import os
import shutil
import subprocess
import tempfile

import tap
from lab import OUT, TOP

LAST = {7: "0f5e29e", 8: "006de97"}  # map layout: the last commit that had it


def unpack(commit, where):
    git = ["git", "-c", "safe.directory=*", "-C", TOP]
    p = subprocess.run([*git, "archive", commit], capture_output=True, check=False)
    if p.returncode:
        raise tap.Skip(f"no commit {commit} here: {p.stderr.decode().strip()}")
    subprocess.run(["tar", "-x", "-C", where], input=p.stdout, check=True)


def build(layout):
    """The directory of xvtepd and xvtep as they were when maps had that layout."""
    done = f"{OUT}/layout-{layout}-{LAST[layout]}"
    if os.path.isdir(done):
        return done
    with open(f"{OUT}/layout.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(done):
            return done
        with tempfile.TemporaryDirectory(dir=OUT) as where:
            unpack(LAST[layout], where)
            p = subprocess.run(["make", "-s", "-j2", "-C", where, "all"], capture_output=True,
                               check=False)
            if p.returncode:
                raise tap.Fail(f"layout {layout} does not build: {p.stderr.decode()[-300:]}")
            os.mkdir(f"{where}/done")
            for name in ("xvtepd", "xvtep"):
                shutil.copy2(f"{where}/.output/{name}", f"{where}/done/{name}")
            os.rename(f"{where}/done", done)
    return done


if __name__ == "__main__":
    for number in LAST:
        try:
            build(number)
        except tap.Skip as reason:
            print(f"layout {number}: {reason}")
