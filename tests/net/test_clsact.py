#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Kernels before TCX (Linux 6.6): clsact qdiscs that xvtepd made go again, others' stay. Where there is
TCX, libbpf is made to say that there is none.
"""
import contextlib
import json
import os

import tap
from lab import Lab
from netns import KERNEL, run
from vtep import Xvtepd

NO_TCX = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
int bpf_link_create(int prog, int dev, int type, const void *opts)
{
	int (*next)(int, int, int, const void *) = dlsym(RTLD_NEXT, "bpf_link_create");
	return type == 46 ? -(errno = EINVAL) : next(prog, dev, type, opts);
}
"""


def clsact(ns):
    """Devices that have the qdisc."""
    qdiscs = json.loads(ns.run("tc", "-j", "qdisc", "show").stdout)
    return sorted(q["dev"] for q in qdiscs if q.get("kind") == "clsact")


@contextlib.contextmanager
def old_kernel(lab):
    """What is started meanwhile finds no TCX."""
    if KERNEL >= (6, 6):
        path = f"{lab.dir}/no_tcx.so"
        run("clang", "-shared", "-fPIC", "-x", "c", "-o", path, "-", stdin=NO_TCX)
        os.environ["LD_PRELOAD"] = path
    try:
        yield
    finally:
        os.environ.pop("LD_PRELOAD", None)


@tap.case("clsact: what we made goes, with a daemon killed in between", main=True)
def ours():
    with Lab() as lab, old_kernel(lab):
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
    with Lab() as lab, old_kernel(lab):
        a, b = lab.hosts
        for port in ("p1", "p2"):
            a.tenant(port)
        a.ns.run("tc", "qdisc", "add", "dev", "p1", "clsact")
        vtep = Xvtepd(a, [{"vni": 100, "ports": ["p1", "p2"], "flood": [b.v4]}])
        a.ns.run("tc", "filter", "add", "dev", "p2", "egress", "prio", "7", "bpf", "da", "obj",
                 a.foreign_object(), "sec", "tc")
        vtep.stop()
        vtep.detach()
        tap.equal(clsact(a.ns), ["p1", "p2"], "after detach")
        filters = json.loads(a.ns.run("tc", "-j", "filter", "show", "dev", "p2", "egress").stdout)
        tap.equal({f["kind"] for f in filters}, {"bpf"}, "the other's filter")
        for dev in ("p1", "p2"):
            text = a.ns.run("tc", "filter", "show", "dev", dev, "ingress").stdout
            tap.equal(text.strip(), "", f"filters left at ingress of {dev}")


@tap.case("clsact: taken away by another")
def taken_away():
    with Lab() as lab, old_kernel(lab):
        a, b = lab.hosts
        one, two = a.tenant("p1", "10.0.0.1"), b.tenant("p1", "10.0.0.2")
        vteps = [Xvtepd(h, [{"vni": 100, "ports": ["p1"], "flood": [other.v4]}],
                        underlay={"xdp": "off"}) for h, other in ((a, b), (b, a))]
        one.ping(two.ip)
        devices = sorted(["p1", "under", vteps[0].status()["slow_dev"]])
        for dev in devices:
            a.ns.run("tc", "qdisc", "del", "dev", dev, "clsact")
        tap.wait_for(lambda: sum("is attached again" in line for line in vteps[0].log()) == 3,
                     "attached again, as the log says")
        tap.equal(clsact(a.ns), devices, "devices with the qdisc")
        one.ping(two.ip)
        vteps[0].client("port", "del", "p1")
        tap.wait_for(lambda: "p1" not in clsact(a.ns), "the qdisc goes with the port")
        tap.ok(sum("is attached again" in line for line in vteps[0].log()) == 3, "and stays away")


if __name__ == "__main__":
    tap.main()
