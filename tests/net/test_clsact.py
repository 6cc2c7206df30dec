#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Kernels before TCX (Linux 6.6): clsact qdiscs that xvtepd made go again, others' stay."""
import json
import os

import tap
from lab import Lab
from vtep import Xvtepd


def clsact(ns):
    """Devices that have the qdisc."""
    qdiscs = json.loads(ns.run("tc", "-j", "qdisc", "show").stdout)
    return sorted(q["dev"] for q in qdiscs if q.get("kind") == "clsact")


def old_kernel():
    release = os.uname().release
    if tuple(int(n) for n in release.split("-")[0].split(".")[:2]) >= (6, 6):
        raise tap.Skip(f"Linux {release} has TCX")


@tap.case("clsact: what we made goes, with a daemon killed in between", main=True)
def ours():
    old_kernel()
    with Lab() as lab:
        a, b = lab.hosts
        for port in ("p1", "p2"):
            a.tenant(port)
        vtep = Xvtepd(a, [{"vni": 100, "ports": ["p1", "p2"], "flood": [b.v4]}])
        slow = vtep.status()["slow_dev"]
        tap.equal(clsact(a.ns), sorted(["p1", "p2", "under", slow]), "while it runs")
        vtep.client("port", "del", "p1")
        tap.equal(clsact(a.ns), sorted(["p2", "under", slow]), "after port del")
        vtep.kill()
        vtep.start()
        vtep.stop()
        vtep.detach()
        tap.equal(clsact(a.ns), [], "after detach")


@tap.case("clsact: what others made or use stays", main=True)
def others():
    old_kernel()
    with Lab() as lab:
        a, b = lab.hosts
        for port in ("p1", "p2"):
            a.tenant(port)
        a.ns.run("tc", "qdisc", "add", "dev", "p1", "clsact")
        vtep = Xvtepd(a, [{"vni": 100, "ports": ["p1", "p2"], "flood": [b.v4]}])
        a.ns.run("tc", "filter", "add", "dev", "p2", "egress", "prio", "7", "matchall", "action",
                 "pass")
        vtep.stop()
        vtep.detach()
        tap.equal(clsact(a.ns), ["p1", "p2"], "after detach")
        filters = json.loads(a.ns.run("tc", "-j", "filter", "show", "dev", "p2", "egress").stdout)
        tap.equal({f["kind"] for f in filters}, {"matchall"}, "the other's filter")
        for dev in ("p1", "p2"):
            text = a.ns.run("tc", "filter", "show", "dev", dev, "ingress").stdout
            tap.equal(text.strip(), "", f"filters left at ingress of {dev}")


if __name__ == "__main__":
    tap.main()
