#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Maps that another version pinned and that cannot be taken over: named truly, left to forward by a
start, removed whole by --detach; and the way back to an earlier version that xvtepd(8) gives.
(test_migrate.py has those that can be.)
"""
import json
import os

import history
import tap
from lab import OUT, Lab
from netns import run
from vtep import Xvtepd, link_is_ours, update, users_of, words

VNI = 100
NEWER = "99.1"  # a version


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
    tap.contains(p.stderr, f"with map layout {layout}, this one has ", "message")
    tap.contains(p.stderr, f"was made by xvtepd {NEWER} " if "xv_meta" in vtep.pins()
                 else "was made by an xvtepd ", "message")
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
        if number > 8:
            vtep.set_layout(number, NEWER)
        else:
            os.unlink(vtep.pin("xv_meta"))
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


def cut_off():
    """A first set-up that ended before xv_meta was there: nothing forwards, and all is made anew."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        vtep.kill()
        ids = vtep.map_ids()
        os.unlink(vtep.pin("xv_meta"))
        update(vtep, "xv_config", bytes(4), bytes(152))
        vtep.start()
        tap.equal(vtep.status()["adopted"], False, "adopted")
        tap.equal(users_of(ids), [], "users of the old maps")
        tap.ok("xv_meta" in vtep.pins(), f"pins: {vtep.pins()}")


def back(layout):
    """An earlier version meets our maps: says so, and its --detach removes them."""
    with Lab() as lab:
        old = history.build(layout)
        a, b = lab.hosts
        tenants = [h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
                 for h, o in ((a, b), (b, a))]
        vtep = vteps[0]
        tenants[0].ping("10.0.0.2")
        vtep.stop()
        ids = vtep.map_ids()
        p = a.ns.run(f"{old}/xvtepd", "-c", vtep.file, check=False, timeout=20)
        tap.equal(p.returncode, 1, "exit status of the older version's start")
        tap.contains(p.stderr, f"with map layout 9, this one has {layout}", "what it says")
        tenants[0].ping("10.0.0.2")
        a.ns.run(f"{old}/xvtepd", "--detach", "-i", vtep.instance)
        tap.equal(vtep.leftovers(ids), [], "left behind by the older --detach")
        vtep.spawn = lambda: a.ns.popen(f"{old}/xvtepd", "-c", vtep.file)
        vtep.start()
        tenants[0].ping("10.0.0.2")
        vtep.stop()
        ids = vtep.map_ids()
        tap.equal(vtep.detach().stderr, "", "what our --detach says")
        tap.equal(vtep.leftovers(ids), [], "left behind by ours")


tap.case("layout: a newer one, everything larger", 99, 376,
         (("xv_port", 16, 24), ("xv_peer", 24, 64), ("xv_uplink", 8, 128), ("xv_vni", 8, 8)),
         True)(other_sizes)
tap.case("layout: an older one, smaller", 6, 120, (), False)(other_sizes)
tap.case("layout: a number alone", 1 << 31, 4, (("xv_port", 4, 4),), False)(other_sizes)
tap.case("layout: a size alone", "of another size", 4096, (), False)(other_sizes)
tap.case("layout: no map")(not_a_map)
tap.case("layout: cut off")(cut_off)
tap.case("layout: back to layout 8", 8, limit=180)(back)
tap.case("layout: back to layout 7", 7, limit=180, main=True)(back)

if __name__ == "__main__":
    tap.main()
