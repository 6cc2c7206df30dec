#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The first command that a stranger types, to its end."""
import os

import tap
from lab import TOP
from netns import run


def demo():
    if tap.SLOW > 1:
        raise tap.Skip("its steps have time limits that an emulated machine does not keep")
    p = run(f"{TOP}/tools/demo", timeout=150, check=False)
    tap.equal(p.returncode, 0, f"exit status; it ended with {p.stdout[-700:]}{p.stderr[-300:]}")
    tap.contains(p.stdout, "All steps worked", "what it says")
    for row in ("decap-xdp-64", "encap-tc-64", "tcp-default-wire"):
        tap.contains(p.stdout, row, "rates beside the kernel's")
    left = [n for n in os.listdir("/run/netns") if n.startswith("xvdemo")]
    tap.equal(left, [], "namespaces left")


tap.case("demo", limit=180)(demo)

if __name__ == "__main__":
    tap.main()
