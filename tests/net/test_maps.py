#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Provisioning by the pinned maps alone, with bpftool as it is: entries are read by their names (BTF),
an FDB entry and a whole tenant are added, and traffic follows. Layouts: headers/xv_abi.h.
"""
import json
import struct

import frame
import tap
from lab import Lab
from netns import run
from vtep import Xvtepd, update, words

PEER, PORT, STATIC, VALID = 2, 1, 1, 1  # enum xv_fdb_kind, xv_fdb_flags, xv_bd_flags


def delete(vtep, name, key):
    run("bpftool", "map", "delete", "pinned", vtep.pin(name), "key", *words(key))


def dump(vtep, name):
    """As plain `bpftool map dump` prints it: by the names of BTF."""
    p = run("bpftool", "-j", "map", "dump", "pinned", vtep.pin(name))
    return [entry.get("formatted", entry) for entry in json.loads(p.stdout)]


def peer_id(vtep, address):
    mapped = [0] * 10 + [0xff, 0xff] + [int(n) for n in address.split(".")]
    for entry in dump(vtep, "xv_peer"):
        key = entry["key"]
        raw = next(v for v in (key, *key.values(), *(key.get("", {}) or {}).values())
                   if isinstance(v, list)) if isinstance(key, dict) else key
        if [int(str(b), 0) for b in raw] == mapped:
            return entry["value"]
    raise tap.Fail(f"{address} is not in xv_peer: {dump(vtep, 'xv_peer')}")


def bd_of(vtep, vni):
    return next(e["value"] for e in dump(vtep, "xv_vni") if e["key"] == vni)


def fdb_key(bd, mac):
    return struct.pack("=H6s", bd, frame.mac(mac))


def fdb_value(kind, dst, flags=STATIC):
    return struct.pack("=HBBI", dst, kind, flags, 0)


def two_hosts(lab, **keys):
    a, b = lab.hosts
    tenants = [h.tenant("p1") for h in (a, b)]
    vteps = [Xvtepd(h, [{"vni": 100, "name": "blue", "ports": ["p1"], "flood": [o.v4], **keys}])
             for h, o in ((a, b), (b, a))]
    return tenants, vteps


def readable():
    """Every map has BTF, so that a dump says what is what."""
    with Lab() as lab:
        (one, two), vteps = two_hosts(lab)
        ends = [t.tap() for t in (one, two)]
        frame.expect(ends[0], lambda m: frame.plain(one.mac, frame.BROADCAST, m), {ends[1]: 1},
                     "broadcast")
        vteps[0].wait_learned(1)
        maps = [n for n in vteps[0].pins() if n.startswith("xv_")]
        tap.ok(len(maps) >= 16, f"pinned maps: {maps}")
        for name in maps:
            info = json.loads(run("bpftool", "-j", "map", "show", "pinned",
                                  vteps[0].pin(name)).stdout)
            tap.equal(info["name"], name, "name of the map")
            if info["type"] not in ("devmap", "ringbuf"):  # no BTF for those in the kernel
                tap.ok(info.get("btf_id"), f"{name} has BTF: {info}")
        key = fdb_key(bd_of(vteps[0], 100), one.mac)
        update(vteps[0], "xv_fdb", key, fdb_value(PORT, 1))
        entry = dump(vteps[0], "xv_fdb")[0]
        value = entry["value"]
        tap.equal((entry["key"]["bd"], value["kind"], int(value["flags"], 0)),  # a bit field: text
                  (bd_of(vteps[0], 100), PORT, STATIC), "the entry by map")
        name = dump(vteps[0], "xv_bd_info")[bd_of(vteps[0], 100)]["value"]["name"]
        tap.contains("".join(name) if isinstance(name, list) else name, "blue", "the network")
        programs = json.loads(run("bpftool", "-j", "prog", "show").stdout)
        ids = vteps[0].map_ids()
        ours = {p["name"]: p for p in programs if ids & set(p.get("map_ids", ()))}
        for name in ("xv_encap", "xv_decap_tc", "xv_slow_rx"):
            tap.ok(name in ours and ours[name].get("btf_id"), f"{name} with BTF: {sorted(ours)}")


def fdb_entry():
    """An entry by bpftool on a running instance; unicast goes there, and nowhere else."""
    with Lab(hosts=3) as lab:
        b = lab.hosts[1]
        tenants = [h.tenant("p1") for h in lab.hosts]
        ends = [t.tap() for t in tenants]
        vteps = [Xvtepd(h, [{"vni": 100, "ports": ["p1"], "learning": False,
                             "flood": [o.v4 for o in lab.hosts if o is not h]}])
                 for h in lab.hosts]
        one, two, _ = tenants
        build = lambda m: frame.plain(one.mac, two.mac, m)  # noqa: E731
        frame.expect(ends[0], build, {ends[1]: 1, ends[2]: 1}, "unknown: to all")
        key = fdb_key(bd_of(vteps[0], 100), two.mac)
        update(vteps[0], "xv_fdb", key, fdb_value(PEER, peer_id(vteps[0], b.v4)))
        frame.expect(ends[0], build, {ends[1]: 1, ends[2]: 0}, "known", 10)
        tap.equal(vteps[0].where(100, two.mac), b.v4, "what the daemon shows")
        delete(vteps[0], "xv_fdb", key)
        frame.expect(ends[0], build, {ends[1]: 1, ends[2]: 1}, "unknown again")


def over_learned():
    """A static entry by map wins over what was learned, and what it holds is not learned again."""
    with Lab() as lab:
        (one, two), vteps = two_hosts(lab)
        ends = [t.tap() for t in (one, two)]
        build = lambda m: frame.plain(one.mac, frame.BROADCAST, m)  # noqa: E731
        frame.expect(ends[0], build, {ends[1]: 1}, "broadcast")
        vteps[1].wait_learned(1)
        tap.equal(vteps[1].where(100, one.mac), lab.hosts[0].v4, "learned from the wire")
        key = fdb_key(bd_of(vteps[1], 100), one.mac)
        update(vteps[1], "xv_fdb", key, fdb_value(PORT, vteps[1].row("port", dev="p1")["id"]))
        tap.wait_for(lambda: vteps[1].where(100, one.mac) == "p1", "the entry by map", 5)
        frame.expect(ends[0], build, {ends[1]: 0}, "its MAC from the wire", 10)
        tap.wait_for(lambda: vteps[1].drops().get("vxlan_entry_exists") == 11,
                     "10 and a fence are refused")
        tap.equal(vteps[1].where(100, one.mac), "p1", "where it is afterwards")
        delete(vteps[1], "xv_fdb", key)
        frame.expect(ends[0], build, {ends[1]: 1}, "taken again")
        tap.wait_for(lambda: vteps[1].where(100, one.mac) == lab.hosts[0].v4, "learned again")


def settle(vtep):
    """Until the daemon has heard all that there is to hear of its port, which it then leaves alone."""
    tap.wait_for(lambda: vtep.host.ns.links()["p1"]["operstate"] == "UP", "the port has a carrier")
    for _ in range(2):  # messages are read before the second of them is answered
        vtep.row("port", dev="p1")


def tenant():
    """A network that the daemons do not know: VNI, port and FDB by bpftool alone, on both hosts."""
    with Lab() as lab:
        tenants, vteps = two_hosts(lab)
        ends = [t.tap() for t in tenants]
        for vtep in vteps:
            settle(vtep)
        for vtep, t, o, host in zip(vteps, tenants, tenants[::-1], lab.hosts[::-1]):
            bd, vni = 5000, 7777
            port = vtep.row("port", dev="p1")
            ifindex, number = port["ifindex"], port["id"]
            update(vtep, "xv_bd", struct.pack("=I", bd),
                   struct.pack("=IIQ", vni, VALID, 0))
            update(vtep, "xv_bd_info", struct.pack("=I", bd),
                   struct.pack("=IIII32s", 0, 0, 0, 0, b"bymap"))
            update(vtep, "xv_vni", struct.pack("=I", vni), struct.pack("=I", bd))
            update(vtep, "xv_fdb", fdb_key(bd, t.mac), fdb_value(PORT, number))
            update(vtep, "xv_fdb", fdb_key(bd, o.mac), fdb_value(PEER, peer_id(vtep, host.v4)))
            old = dump(vtep, "xv_port_dev")[number]["value"]
            update(vtep, "xv_port_dev", struct.pack("=I", number),
                   struct.pack("=IIHHI6s10x", ifindex, old["flags"], bd, 0, old["mtu"],
                               bytes(old["end_mac"])))
            update(vtep, "xv_port", struct.pack("=IHH", ifindex, 0, 0),
                   struct.pack("=IHH", number, bd, 0))
        wire = lab.hosts[1].wire_tap()
        for n in (0, 1):
            frame.expect(ends[n], lambda m: frame.udp4(tenants[n].mac, tenants[1 - n].mac,
                                                       "10.0.0.1", "10.0.0.2", m),
                         {ends[1 - n]: 1}, "unicast in the network by map", 20)
        wire.drain()
        vnis = {f[46:49].hex() for f in wire.frames if b"xvtp" in f}
        tap.equal(vnis, {f"{7777:06x}"}, "VNIs on the wire")


tap.case("maps: readable by their BTF")(readable)
tap.case("maps: an FDB entry")(fdb_entry)
tap.case("maps: an entry over a learned one", main=True)(over_learned)
tap.case("maps: a tenant", main=True)(tenant)

if __name__ == "__main__":
    tap.main()
