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
MAIN = (("native", "xvtep", 4, "default"), ("native", "kernel", 4, "nic"),
        ("off", "xvtep", 4, "default"), ("off", "kernel", 6, "default"))


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


def pair(kinds, family, wire, mode, gro=False, **underlay):
    with Lab(wire=wire) as lab:
        one, two = two_tenants(lab, gro)
        a, b = lab.hosts
        for host, other, kind in ((a, b, kinds[0]), (b, a, kinds[1])):
            KINDS[kind](host, [{"vni": 100, "ports": ["p1"], "flood": [other.address(family)]}],
                        family, underlay={"xdp": mode, **underlay})
        exchange(one, two)


for _family, _wire in itertools.product((4, 6), ("default", "nic")):
    tap.case(f"harness: kernel and kernel, IPv{_family}, {_wire} wire",
             ("kernel", "kernel"), _family, _wire, None)(pair)
    for _mode, _kind in itertools.product(MODES, ("xvtep", "kernel")):
        tap.case(f"xvtep {_mode} and {_kind}, IPv{_family}, {_wire} wire",
                 ("xvtep", _kind), _family, _wire, _mode,
                 main=(_mode, _kind, _family, _wire) in MAIN)(pair)
for _kind in ("xvtep", "kernel"):
    tap.case(f"xvtep native and {_kind}, ports that take XDP frames, default wire",
             ("xvtep", _kind), 4, "default", "native", gro=True)(pair)
    for _family in (4, 6):
        tap.case(f"xvtep native and {_kind}, redirect to ports, IPv{_family}",
                 ("xvtep", _kind), _family, "nic", "native", gro=True, delivery="redirect",
                 main=(_family, _kind) == (4, "kernel"))(pair)

if __name__ == "__main__":
    tap.main()
