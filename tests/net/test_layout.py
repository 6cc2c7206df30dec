#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Maps that another version pinned, older and newer: named truly, left to forward by a start, removed
whole by --detach; and the way over that xvtepd(8) gives, with a version of another layout.
"""
import json
import os
import subprocess

import tap
from lab import OUT, Lab
from netns import run
from vtep import BPFFS, Xvtepd, link_is_ours, words

VNI = 100
LAYOUT_7 = "0f5e29e"  # the last commit with that layout
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def replace(vtep, name, kind, key, value, entries, first=b""):
    """Another map in the place of a pinned one, with other sizes."""
    os.unlink(vtep.pin(name))
    run("bpftool", "map", "create", vtep.pin(name), "type", kind, "key", str(key), "value", str(value),
        "entries", str(entries), "name", name)
    if first:
        run("bpftool", "map", "update", "pinned", vtep.pin(name), "key", *words(first[:key]),
            "value", *words(first[key:].ljust(value, b"\xa5")))


def programs(ids):
    """The programs that use these maps: nothing but links and filters holds them."""
    return sorted((p["id"], p["name"]) for p in json.loads(run("bpftool", "-j", "prog", "show").stdout)
                  if ids & set(p.get("map_ids", ())))


def promiscuous(host, dev):
    return host.ns.json("ip", "-j", "-d", "link", "show", dev)[0]["promiscuity"]


def refused(vtep, ids, layout):
    """A start: says the layout, changes nothing."""
    def state():
        links = vtep.host.ns.links()
        return (vtep.pins(), programs(ids),
                {n: (links[n]["ifindex"], links[n]["promiscuity"]) for n in links})
    before = state()
    vtep.write()
    p = vtep.host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=20)
    tap.equal(p.returncode, 1, "exit status of a start")
    tap.contains(p.stderr, f"was made by an xvtepd with map layout {layout}, this one has ", "message")
    tap.ok("namespace" not in p.stderr, p.stderr)
    tap.equal(state(), before, "what is there after it")


def other_sizes(layout, size, sizes, links):
    """
    Maps as a version might have made them: xv_config of that size, with that number in front; others
    with keys and values of other sizes, and links by other names.
    """
    with Lab() as lab:
        host, other = lab.hosts
        host.tenant("p1")
        host.ns.ip("link add nic type bridge", "link set nic up")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", "nic"], "flood": [host.gw4]}])
        tap.equal(promiscuous(host, "nic"), 1, "promiscuity of a NIC that is a port")
        vtep.kill()
        nic = host.ns.links()["nic"]["ifindex"].to_bytes(4, "little")
        ids = vtep.map_ids()
        number = layout if isinstance(layout, int) else 0
        replace(vtep, "xv_config", "array", 4, size, 1,
                bytes(4) + (number.to_bytes(4, "little") if number else bytes(size)))
        for name, key, value in sizes:
            replace(vtep, name, "hash", key, value, 16, nic.ljust(key, b"\0") + b"\1")
        if links:
            tap.ok(os.listdir(vtep.pin("links")), "there are links")
            os.mkdir(vtep.pin("more"))
            os.mkdir(vtep.pin("more/deep"))
            for name in os.listdir(vtep.pin("links")):
                os.rename(vtep.pin(f"links/{name}"), vtep.pin(f"links/hook-{name}"))
        refused(vtep, ids, layout)
        p = other.ns.run(f"{OUT}/xvtepd", "--detach", "-i", vtep.instance, check=False)
        tap.equal(p.returncode, 1, "--detach in another namespace: exit status")
        tap.contains(p.stderr, "another network namespace", "--detach in another namespace")
        tap.ok(len(programs(ids)) >= 3, f"programs after it: {programs(ids)}")
        p = vtep.detach()
        tap.equal(p.stdout + p.stderr, "", "what --detach says")
        tap.equal([n for n, link in host.ns.links().items() if link_is_ours(link)], [], "xv0")
        tap.equal(promiscuous(host, "nic"), 0, "promiscuity of the NIC after it")
        tap.equal(vtep.leftovers(ids), [], "left behind")
        vtep.start()
        tap.equal(vtep.status()["adopted"], False, "a fresh start")


def not_a_map():
    """Something else under a map's name: said, nothing read, nothing changed; --detach removes it."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        vtep.kill()
        ids = vtep.map_ids()
        os.rename(vtep.pin("xv_config"), vtep.pin("aside"))
        run("bpftool", "prog", "load", host.foreign_object(), vtep.pin("xv_config"), "type", "xdp")
        p = host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=20)
        tap.equal(p.returncode, 1, "exit status of a start")
        tap.contains(p.stderr, "xv_config", "message")
        tap.equal(vtep.detach().stderr, "", "what --detach says")
        tap.equal(vtep.leftovers(ids), [], "left behind")


def build_old(lab):
    """The daemon and client of the last version with another layout."""
    where = os.path.join(lab.dir, "old")
    os.mkdir(where)
    git = ["git", "-c", "safe.directory=*", "-C", TOP]
    p = subprocess.run([*git, "archive", LAYOUT_7], capture_output=True, check=False)
    if p.returncode:
        raise tap.Skip(f"no commit {LAYOUT_7} here: {p.stderr.decode().strip()}")
    subprocess.run(["tar", "-x", "-C", where], input=p.stdout, check=True)
    subprocess.run(["make", "-s", "-j2", "-C", where, "all"], check=True, capture_output=True)
    return os.path.join(where, ".output")


def upgrade():
    """The recipe of xvtepd(8), UPGRADES, with layout 7; and back: the older --detach."""
    with Lab() as lab:
        old = os.environ.get("XVTEP_OLD") or build_old(lab)
        a, b = lab.hosts
        tenants = [h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}], start=False)
                 for h, o in ((a, b), (b, a))]
        vteps[1].start()
        vtep = vteps[0]
        vtep.write()
        vtep.spawn = lambda: a.ns.popen(f"{old}/xvtepd", "-c", vtep.file)
        vtep.start()
        vtep.client("network", "add", "vni", "300", "name", "byhand")
        tenants[0].ping("10.0.0.2")
        saved = vtep.client("save").stdout  # the new client, of a daemon that still is the old one
        vtep.stop()
        del vtep.spawn
        ids = vtep.map_ids()
        refused(vtep, ids, 7)
        tenants[0].ping("10.0.0.2")
        tap.equal(vtep.detach().stderr, "", "what --detach says")
        tap.equal(vtep.leftovers(ids), [], "left behind")
        with open(vtep.file, "w", encoding="utf-8") as f:
            f.write(saved)
        vtep.write = lambda: None
        vtep.start()
        tap.equal([n["vni"] for n in vtep.rows("network", "show")], [VNI, 300], "networks")
        tenants[0].ping("10.0.0.2")
        vtep.kill()
        ids = vtep.map_ids()
        p = a.ns.run(f"{old}/xvtepd", "-c", vtep.file, check=False, timeout=20)
        tap.contains(p.stderr, "this one has 7", "the older version's start")
        tenants[0].ping("10.0.0.2")
        a.ns.run(f"{old}/xvtepd", "--detach", "-i", vtep.instance)
        tap.equal(vtep.leftovers(ids), [], "left behind by the older --detach")


tap.case("layout: a newer one, everything larger", 9, 376,
         (("xv_port", 16, 24), ("xv_peer", 24, 64), ("xv_uplink", 8, 128), ("xv_vni", 8, 8)),
         True)(other_sizes)
tap.case("layout: an older one, smaller", 6, 120, (), False)(other_sizes)
tap.case("layout: a number alone", 1 << 31, 4, (("xv_port", 4, 4),), False)(other_sizes)
tap.case("layout: a size alone", "of another size", 4096, (), False)(other_sizes)
tap.case("layout: no map")(not_a_map)
tap.case("layout: the way over from layout 7, and back", limit=180)(upgrade)

if __name__ == "__main__":
    tap.main()
