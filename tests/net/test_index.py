#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
xv_vni_index and xv_peer_index, which decapsulation believes: they follow what the daemon makes,
changes and removes, and a daemon that adopts maps mends what it finds in them.
"""
import ipaddress
import json
import struct

import frame
import tap
from lab import Lab
from netns import run
from vtep import Xvtepd, update, words

VALID, LEARN = 1, 2  # enum xv_bd_flags
SLOTS = 1 << 16
PEER_SLOTS = 1 << 14


def put(vtep, name, slot, value):
    update(vtep, name, struct.pack("=I", slot), value)


def raw(vtep, name, key):
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin(name), "key", *words(key),
            check=False)
    if p.returncode:
        return None
    return bytes(int(b, 16) for b in json.loads(p.stdout)["value"])


def network_slot(vtep, vni):
    """(VNI, bd, flags) that the slot leads to, or None."""
    slot = raw(vtep, "xv_vni_index", struct.pack("=I", vni % SLOTS))
    return struct.unpack("=IHH", slot) if any(slot) else None


def network_is(vtep, vni):
    """What its slot should hold."""
    bd = raw(vtep, "xv_vni", struct.pack("=I", vni))
    flags = struct.unpack("=II8x", raw(vtep, "xv_bd", bd))[1]
    return vni, struct.unpack("=I", bd)[0], flags


def filled(vtep, name, form):
    """All slots that lead somewhere."""
    p = run("bpftool", "-j", "map", "dump", "pinned", vtep.pin(name))
    return {n: struct.unpack(form, value) for n, e in enumerate(json.loads(p.stdout))
            for value in [bytes(int(b, 16) for b in e["value"])] if any(value)}


def address(vtep, ip):
    """Key of an address in xv_peer."""
    ip = ipaddress.ip_address(ip)
    return ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed


def peer_slot_is(vtep, ip):
    key = address(vtep, ip)
    peer, = struct.unpack("=I", raw(vtep, "xv_peer", key))
    return key[12:], peer, int(ipaddress.ip_address(ip).version == 6)


def two_vteps(lab):
    a, b = lab.hosts
    return [Xvtepd(h, [{"vni": 100, "ports": ["p1"], "flood": [o.v4]}],
                   underlay={"address6": h.v6}) for h, o in ((a, b), (b, a))]


def follows():
    """Two VNIs with one slot: the later has it, both work, and it is free when that one goes."""
    with Lab() as lab:
        first, second = 100, 100 + SLOTS
        tenants = [[h.tenant(f"p{n}") for h in lab.hosts] for n in (1, 2)]
        vteps = two_vteps(lab)
        ends = [[t.tap() for t in pair] for pair in tenants]
        tap.equal(network_slot(vteps[1], first), network_is(vteps[1], first), "its slot")
        tap.ok(network_is(vteps[1], first)[2] & LEARN, "it learns")
        for vtep, other in zip(vteps, lab.hosts[::-1]):
            vtep.client("network", "add", "vni", str(second))
            vtep.client("port", "add", "p2", "network", str(second))
            vtep.client("flood", "add", "network", str(second), "remote", other.v4)
        tap.equal(network_slot(vteps[1], first), network_is(vteps[1], second), "the later one's")
        for pair, taps in zip(tenants, ends):
            frame.expect(taps[0], lambda m: frame.plain(pair[0].mac, pair[1].mac, m),
                         {taps[1]: 1}, "to the right network", 10)
        vteps[1].client("network", "set", str(second), "learning", "off")
        tap.equal(network_slot(vteps[1], second), network_is(vteps[1], second), "flags follow")
        tap.ok(not network_is(vteps[1], second)[2] & LEARN, "it learns no more")
        vteps[1].client("network", "del", str(second))
        tap.equal(network_slot(vteps[1], second), None, "its slot when it is gone")
        frame.expect(ends[0][0], lambda m: frame.plain(tenants[0][0].mac, tenants[0][1].mac, m),
                     {ends[0][1]: 1}, "the first goes on", 10)
        frame.expect(ends[1][0], lambda m: frame.plain(tenants[1][0].mac, tenants[1][1].mac, m),
                     {ends[1][1]: 0}, "the second is gone")
        vteps[0].client("network", "del", str(first))
        tap.equal(network_slot(vteps[0], first), network_is(vteps[0], second),
                  "the later one's, when the first goes")


def peers_follow():
    """A peer's slot, for both families; it goes with the peer."""
    with Lab() as lab:
        vtep = two_vteps(lab)[0]
        form = "=4sHH"
        for ip in ("192.0.2.77", "2001:db8::77"):
            before = filled(vtep, "xv_peer_index", form)
            vtep.client("flood", "add", "network", "100", "remote", ip)
            after = filled(vtep, "xv_peer_index", form)
            new = [v for k, v in after.items() if k not in before]
            tap.equal(new, [peer_slot_is(vtep, ip)], f"slot of {ip}")
            vtep.client("flood", "del", "network", "100", "remote", ip)
            tap.wait_for(lambda: filled(vtep, "xv_peer_index", form) == before, "slots then")


def adopted():
    """What a daemon finds in the index that is not so is mended before it says that it is ready."""
    with Lab() as lab:
        one, two = [h.tenant("p1") for h in lab.hosts]
        vteps = two_vteps(lab)
        ends = [t.tap() for t in (one, two)]
        vtep = vteps[1]
        right = network_slot(vtep, 100)
        networks = filled(vtep, "xv_vni_index", "=IHH")
        peers = filled(vtep, "xv_peer_index", "=4sHH")
        vtep.kill()
        put(vtep, "xv_vni_index", 100, struct.pack("=IHH", 100, right[1], VALID))
        put(vtep, "xv_vni_index", 200, struct.pack("=IHH", 200, right[1], right[2]))
        put(vtep, "xv_vni_index", 300, struct.pack("=IHH", 300, 65535, right[2]))
        (slot, peer), = peers.items()
        put(vtep, "xv_peer_index", slot, bytes(8))
        for n, number in ((1, peer[1]), (2, 65535)):
            put(vtep, "xv_peer_index", (slot + n) % PEER_SLOTS,
                struct.pack("=4sHH", bytes((1, 2, 3, 4)), number, 0))
        vtep.start()
        tap.equal(filled(vtep, "xv_vni_index", "=IHH"), networks, "networks")
        tap.equal(filled(vtep, "xv_peer_index", "=4sHH"), peers, "peers")
        frame.expect(ends[0], lambda m: frame.plain(one.mac, two.mac, m), {ends[1]: 1}, "traffic",
                     10)


tap.case("index: networks", main=True)(follows)
tap.case("index: peers")(peers_follow)
tap.case("index: adoption", main=True)(adopted)

if __name__ == "__main__":
    tap.main()
