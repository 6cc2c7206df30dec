#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What other programs may write into the maps by mistake, a byte-swapped id to begin with: ids out of
range, of nothing, of somebody else, in each map; under a running daemon and before a start.
"""
import json
import os
import socket
import struct

import frame
import tap
from lab import Lab
from netns import run
from vtep import Xvtepd, words

VNI = 100
IDS = (0, 4095, 4096, 16383, 16384, 25600, 65535)
SHOWS = (("status", "show"), ("network", "show"), ("port", "show"), ("peer", "show"),
         ("flood", "show"), ("fdb", "show"), ("fdb", "show", "dev", "p1"), ("fdb", "show", "static"),
         ("fdb", "show", "learned"), ("stats", "show"), ("drops", "show"), ("save",))


def mapped(address):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(address)


def write(vtep, entries):
    """All of them in one call: [(map, key, value)]"""
    text = "".join(f"map update pinned {vtep.pin(name)} key {' '.join(words(key))} "
                   f"value {' '.join(words(value))}\n" for name, key, value in entries)
    run("bpftool", "batch", "file", "-", stdin=text)


def value_of(vtep, name, key):
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin(name), "key", *words(key))
    return bytes(int(b, 16) for b in json.loads(p.stdout)["value"])


def fdb_entries(bd):
    macs = iter(range(1 << 16))
    for one in (bd, *IDS):
        for kind in (0, 1, 2, 3, 7, 255):
            for dst in IDS:
                for flags in (0, 0xf1):
                    yield ("xv_fdb", struct.pack("=HHI", one, next(macs), 2),
                           struct.pack("=HBBI", dst, kind, flags, 0xffffffff))
    yield "xv_fdb", struct.pack("=H6s", bd, b"\xff" * 6), struct.pack("=HBBI", 1, 1, 1, 0)


def entries_of_others(vtep, bd, ifindex, own):
    """For keys that no daemon made."""
    yield from fdb_entries(bd)
    for n, id_ in enumerate((*IDS, bd, 1 << 31, 0xffffffff)):
        yield "xv_vni", struct.pack("=I", 5000 + n), struct.pack("=I", id_)
        yield "xv_peer", mapped(f"203.0.113.{n}"), struct.pack("=I", id_)
        yield "xv_port", struct.pack("=IHH", ifindex, 4000 + n, 0), struct.pack("=IHH", id_, bd, 0)
        yield ("xv_port", struct.pack("=IHH", 0xffffff00 + n, 0, 0),
               struct.pack("=IHH", 1, id_ & 0xffff, 0))
        yield ("xv_flood", struct.pack("=HHI", id_ & 0xffff, 7, n),
               struct.pack("=IBBH16s", id_, n, 255, 0, mapped("203.0.113.77")))
    for vni in (0, 1 << 24, 0xffffffff):
        yield "xv_vni", struct.pack("=I", vni), struct.pack("=I", bd)
    for ip in (mapped(own), mapped("239.1.1.1"), mapped("0.0.0.0"), bytes(16), b"\xff" * 16):
        yield "xv_peer", ip, struct.pack("=I", 77)
    yield "xv_port", struct.pack("=IHH", ifindex, 4095, 0), struct.pack("=IHH", 9, bd, 0)
    yield "xv_port", struct.pack("=IHH", ifindex, 0, 1), struct.pack("=IHH", 9, bd, 0)
    for name, key, size in (("xv_port_dev", 9, 32), ("xv_adj", 9, 128), ("xv_bd", 300, 16),
                            ("xv_bd_info", 300, 56), ("xv_vni_index", 300, 8),
                            ("xv_peer_index", 300, 8)):
        yield name, struct.pack("=I", key), b"\xff" * len(value_of(vtep, name, struct.pack("=I", key))
                                                          or bytes(size))
    yield "xv_uplink", struct.pack("=I", 0xffffffff), b"\xff" * 8


def last_dropped(reason):
    """xv_drop_last, where the part of the packet that is there is said to be longer than it can be."""
    noted = struct.pack("=QQIIIHBB", 0, 1, 1, 0xffffffff, 0xffffff, 0xffff, 1, 255)
    head = (b"\xff" * 12 + b"\x81\x00\x00\x01\x81\x00" * 30)[:128]
    return ("xv_drop_last", struct.pack("=I", reason),
            noted + b"\xff" * 16 + struct.pack("=HBBI", 0xffff, reason, 0, 0) + head)


def own_entries(vtep, bd):
    """In the place of what the daemon wrote, while none runs."""
    key = struct.pack("=I", bd)
    vni, flags, gen = struct.unpack("=IIHxxxxxx", value_of(vtep, "xv_bd", key))
    yield "xv_bd", key, struct.pack("=IIHHHH", vni, flags, gen, 60000, 65535, 0xffff)
    info = bytearray(value_of(vtep, "xv_bd_info", key))
    info[4:8] = b"\xff" * 4
    info[-32:] = b"\x1b[2J\xff" * 6 + b"xx"
    yield "xv_bd_info", key, bytes(info)
    for index in range(2, 40):
        yield ("xv_flood", struct.pack("=HHI", bd, gen, index),
               struct.pack("=IBBH16s", IDS[index % len(IDS)] << (index % 3 * 8), index % 5, 255, 0,
                           mapped(("239.1.1.1", "203.0.113.1", "203.0.113.77")[index % 3])))
    first = value_of(vtep, "xv_flood", struct.pack("=HHI", bd, gen, 0))
    yield "xv_flood", struct.pack("=HHI", bd, gen, 50), first  # a port again, behind peers


def look(vtep):
    """Everything that shows something; a sweep goes by; the daemon is there all the same."""
    for command in SHOWS:
        p = vtep.client(*command)
        tap.equal(p.stderr, "", f"{command}")
    for row in vtep.rows("fdb"):
        tap.equal(row["vni"], VNI, f"an entry: {row}")
    before = vtep.status()["uptime"]
    tap.wait_for(lambda: vtep.status()["uptime"] >= before + 2, "two seconds of the daemon's")
    vtep.client("fdb", "flush", "network", str(VNI))
    for command in SHOWS:
        vtep.client(*command)
    tap.equal(vtep.process.poll(), None, "the daemon runs")


def garbage():
    with Lab() as lab:
        a, b = lab.hosts
        one, two = (h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2")))
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
                 for h, o in ((a, b), (b, a))]
        vtep = vteps[0]
        one.ping(two.ip)
        bd = struct.unpack("=I", value_of(vtep, "xv_vni", struct.pack("=I", VNI)))[0]
        ifindex = a.ns.links()["p1"]["ifindex"]
        others = list(entries_of_others(vtep, bd, ifindex, a.v4))
        others += [last_dropped(n) for n in range(1, 20)]
        write(vtep, others)
        look(vtep)
        one.ping(two.ip)
        vtep.kill()
        write(vtep, others)
        write(vtep, own_entries(vtep, bd))
        vtep.start()
        look(vtep)
        tap.equal(([r["vni"] for r in vtep.rows("network")],
                   [r["dev"] for r in vtep.rows("port")],
                   sorted(r["dev"] or r["remote"] for r in vtep.rows("flood"))),
                  ([VNI], ["p1"], sorted(["p1", b.v4])), "networks, ports and members after a start")
        tap.equal(vtep.row("network", vni=VNI)["name"], f"vni{VNI}", "its name")
        ends = [t.tap() for t in (one, two)]
        frame.expect(ends[0], lambda m: frame.plain(one.mac, frame.BROADCAST, m), {ends[1]: 1},
                     "broadcast", 5)
        frame.expect(ends[1], lambda m: frame.plain(two.mac, frame.BROADCAST, m), {ends[0]: 1},
                     "broadcast back", 5)
        one.ping(two.ip)
        saved = vtep.client("save").stdout
        with open(os.path.join(lab.dir, "saved.yaml"), "w", encoding="utf-8") as f:
            f.write(saved)
        tap.equal(vtep.client("check", f.name).stderr, "", "what is saved can be read")


tap.case("garbage in every map, before and behind a start")(garbage)

if __name__ == "__main__":
    tap.main()
