#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Two hosts, every pair of ends, both underlay families, both wires, every XDP mode: ARP, ping, TCP
and UDP both ways, and frames that are not IP.
"""
import itertools

import frame
import tap
import traffic
from lab import Lab
from vtep import KINDS

MODES = ("native", "generic", "off", "auto")
# Under emulation: {(kind of the second, family, wire): modes}
MAIN = {("xvtep", 4, "default"): (("native", "off"),), ("kernel", 4, "nic"): (("native",),),
        ("kernel", 6, "default"): (("off",),)}


def two_tenants(lab, gro=False):
    a, b = lab.hosts
    return (a.tenant("p1", "10.0.0.1", ip6="fd00::1", gro=gro),
            b.tenant("p1", "10.0.0.2", ip6="fd00::2", gro=gro))


def exchange(one, two):
    """All kinds of traffic between two tenants that have not met."""
    for source, target in ((one, two), (two, one)):
        source.ping(target.ip)
        source.ping(target.ip6)
        traffic.udp(source, target)
        traffic.tcp(source, target)
        traffic.tcp(source, target, size=1 << 20, v6=True)
        tap1, tap2 = source.tap(), target.tap()
        frame.expect(tap1, lambda m: frame.plain(source.mac, target.mac, m), {tap2: 1},
                     "unicast that is not IP", count=5)
        frame.expect(tap1, lambda m: frame.plain(source.mac, frame.BROADCAST, m), {tap2: 1},
                     "broadcast", count=5)


def strangers(tenants, vteps):
    """Nobody knows anybody any more."""
    for tenant in tenants:
        tenant.ns.run("ip", "neigh", "flush", "dev", "eth0")
    for vtep in vteps:
        vtep.forget()


def pair(kinds, family, wire, modes, gro=False, **underlay):
    """In each mode in turn, as the first daemons go on with the next by a reload."""
    with Lab(wire=wire) as lab:
        tenants = two_tenants(lab, gro)
        a, b = lab.hosts
        vteps = [KINDS[kind](host, [{"vni": 100, "ports": ["p1"], "flood": [other.address(family)]}],
                             family, underlay={"xdp": modes[0], **underlay})
                 for host, other, kind in ((a, b, kinds[0]), (b, a, kinds[1]))]
        exchange(*tenants)
        for mode in modes[1:]:
            tap.comment(mode)
            for vtep in vteps[:1 + (kinds[1] == "xvtep")]:
                vtep.config["underlay"]["xdp"] = mode
                vtep.apply()
            strangers(tenants, vteps)
            exchange(*tenants)


for _family, _wire in itertools.product((4, 6), ("default", "nic")):
    tap.case(f"harness: kernel and kernel, IPv{_family}, {_wire} wire",
             ("kernel", "kernel"), _family, _wire, (None,))(pair)
    for _kind in ("xvtep", "kernel"):
        for _modes in MAIN.get((_kind, _family, _wire), ()) if tap.SLOW > 1 else (MODES,):
            tap.case(f"xvtep {', '.join(_modes)} and {_kind}, IPv{_family}, {_wire} wire",
                     ("xvtep", _kind), _family, _wire, _modes, main=True)(pair)
for _kind in ("xvtep", "kernel"):
    tap.case(f"xvtep native and {_kind}, ports that take XDP frames, default wire",
             ("xvtep", _kind), 4, "default", ("native",), gro=True)(pair)
    for _family in (4, 6):
        tap.case(f"xvtep native and {_kind}, redirect to ports, IPv{_family}",
                 ("xvtep", _kind), _family, "nic", ("native",), gro=True, delivery="redirect",
                 main=(_family, _kind) == (4, "kernel"))(pair)

if __name__ == "__main__":
    tap.main()
