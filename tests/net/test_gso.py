#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Merged (GSO, GRO) frames of every type and to every receiver: what a socket sent in one buffer comes
out as the single datagrams that it stands for, and TCP as it was written, wherever it is cut.
"""
import os
import select
import socket
import struct
import threading
import types

import frame
import tap
import traffic
from lab import Lab, TapTenant
from netns import CommandError
from vtep import KINDS

X, K = "xvtep", "kernel"
PAIRS = ((K, K), (X, X), (X, K))
FORWARDING = ("gro", "rx-udp-gro-forwarding")
LISTS = ("gro", "rx-gro-list")  # merged frames are lists of skbs


def switch_on(ns, dev, features):
    """Device features that not every kernel has."""
    for feature in features:
        try:
            ns.run("ethtool", "-K", dev, feature, "on")
        except CommandError as e:
            raise tap.Skip(f"no {feature} here") from e


def exchange(one, two, back=True):
    """Segmented UDP, and TCP, of both families."""
    failed = []
    for source, target in ((one, two), (two, one))[:1 + back]:
        for v6 in (False, True):
            try:
                traffic.udp_segmented(source, target, v6=v6, last=77)
                traffic.tcp(source, target, 4 << 20, v6=v6)
            except tap.Fail as e:
                failed.append(str(e))
    tap.equal(failed, [], "what did not arrive")


def start(hosts, kinds, family=4, ports=(("p1",), ("p1",)), **underlay):
    a, b = hosts
    return [KINDS[kind](h, [{"vni": 100, "ports": list(names), "flood": [o.address(family)]}],
                        family, underlay=underlay)
            for h, o, kind, names in ((a, b, kinds[0], ports[0]), (b, a, kinds[1], ports[1]))]


def tenants(lab, **kwargs):
    return [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", **kwargs)
            for h in lab.hosts]


def pair(kinds, family, wire, under=(), port=(), gro=False, **underlay):
    """under, port: features of those devices, which merge what is received there."""
    with Lab(wire=wire) as lab:
        one, two = tenants(lab, gro=gro)
        for host in lab.hosts:
            switch_on(host.ns, "under", under)
            switch_on(host.ns, "p1", port)
        start(lab.hosts, kinds, family, **underlay)
        one.ping(two.ip)
        one.ping(two.ip6)  # bursts that wait for a neighbour are cut off above 200 KB
        exchange(one, two)


def own_tunnel(kinds, family, wire):
    """The tenants' own VXLAN, in ours."""
    with Lab(wire=wire) as lab:
        one, two = tenants(lab)
        start(lab.hosts, kinds, family)
        one.ping(two.ip)
        inside = []
        for n, (me, other) in enumerate(((one, two), (two, one)), 1):
            me.ns.ip(f"link add vx type vxlan id 9 dstport 8472 local {me.ip} remote {other.ip}",
                     "link set vx up", f"addr add 10.7.0.{n}/24 dev vx")
            me.ns.sysctl("net.ipv6.conf.vx.disable_ipv6", 0)
            me.ns.ip(f"addr add fd07::{n}/64 dev vx nodad")
            inside.append(types.SimpleNamespace(ns=me.ns, ip=f"10.7.0.{n}", ip6=f"fd07::{n}"))
        one.ping(inside[1].ip)
        exchange(*inside)


def local(gro):
    with Lab() as lab:
        host = lab.hosts[0]
        one, two = (host.tenant(f"p{i}", f"10.0.0.{i}", ip6=f"fd00::{i}", gro=gro) for i in (1, 2))
        start(lab.hosts, (X, X), ports=(("p1", "p2"), ()))
        one.ping(two.ip)
        exchange(one, two)


class Cable:
    """Two taps, joined by hand: nothing is handed on undone. longest: bytes of a frame."""

    def __init__(self, *ends):
        self.ends, self.ending, self.longest = ends, False, 0
        self.thread = threading.Thread(target=self.copy, daemon=True)
        self.thread.start()

    def copy(self):
        while not self.ending:
            for end in select.select(self.ends, [], [], 0.05)[0]:
                other = self.ends[end is self.ends[0]]
                try:
                    for _ in range(64):
                        data = os.read(end.fd, 65536)
                        self.longest = max(self.longest, len(data))
                        os.write(other.fd, data)
                except BlockingIOError:
                    pass

    def close(self):
        self.ending = True
        self.thread.join()


def beyond(lab, tenant, how, link):
    """
    A machine behind the tenant, which routes to it or bridges: over a veth, one without offloads, a
    tap, or a tunnel of the tenant's own.
    """
    near, far, dev = tenant.ns, lab.netns("far"), "mid"
    if link == "tap":
        hosts = [types.SimpleNamespace(ns=ns, lab=lab, name=ns.name) for ns in (near, far)]
        lab.keep(Cable(*(TapTenant(h, "mid") for h in hosts)))
    else:
        near.ip(f"link add mid type veth peer name mid netns {far.path}", "link set mid up")
        far.ip("link set mid up")
    if link == "plain":
        near.run("ethtool", "-K", "mid", "tx", "off", "tso", "off", "gso", "off")
    if link == "tunnel":
        dev = "vx"
        for ns, own, other in ((near, 1, 2), (far, 2, 1)):
            ns.ip(f"addr add 10.8.0.{own}/24 dev mid", f"link add vx type vxlan id 7 dstport 4789"
                  f" local 10.8.0.{own} remote 10.8.0.{other}", "link set vx up")
    for ns in (near, far):
        ns.sysctl(f"net.ipv6.conf.{dev}.disable_ipv6", 0)
    if how == "bridge":
        near.ip("link add br0 type bridge mcast_snooping 0", f"link set {dev} master br0",
                "link set eth0 master br0", "link set br0 up")
        far.ip(f"addr add 10.0.0.9/24 dev {dev}", f"addr add fd00::9/64 dev {dev} nodad")
        return types.SimpleNamespace(ns=far, ip="10.0.0.9", ip6="fd00::9")
    near.sysctl("net.ipv4.ip_forward", 1)
    near.sysctl("net.ipv6.conf.all.forwarding", 1)
    near.ip(f"addr add 10.9.0.1/24 dev {dev}", f"addr add fd09::1/64 dev {dev} nodad")
    far.ip(f"addr add 10.9.0.2/24 dev {dev}", f"addr add fd09::2/64 dev {dev} nodad",
           "route add default via 10.9.0.1", "route add ::/0 via fd09::1")
    return types.SimpleNamespace(ns=far, ip="10.9.0.2", ip6="fd09::2")


def forwarded(receiver, how, link, wire):
    with Lab(wire=wire) as lab:
        one, two = tenants(lab)
        far = beyond(lab, two, how, link)
        one.ns.ip("route add 10.9.0.0/24 via 10.0.0.2", "route add fd09::/64 via fd00::2")
        start(lab.hosts, (K, receiver))
        one.ping(far.ip)
        one.ping(far.ip6)
        exchange(one, far, back=False)


def ways(wire, under=(), tcp="tc_decap"):
    """TCP is stripped merged, but not in lists; all else that is merged is the kernel's."""
    with Lab(wire=wire) as lab:
        one, two = tenants(lab)
        switch_on(lab.hosts[1].ns, "under", under)
        vtep = start(lab.hosts, (K, X))[1]
        one.ping(two.ip)
        traffic.tcp(one, two, 4 << 20)
        paths = vtep.paths()
        tap.ok(paths[tcp] > 2000, f"way of TCP: {paths}")
        traffic.udp_segmented(one, two)
        tap.equal(vtep.paths().get("slow_rx", 0) - paths.get("slow_rx", 0), 610, "way of UDP")
        tap.equal(vtep.drops(), {}, "drops")


def guest(family, wire, known):
    """A tap takes single frames, flooded or not; each as it would have been sent alone."""
    with Lab(wire=wire) as lab:
        a, b = lab.hosts
        one, two = a.tenant("p1", "10.0.0.1"), b.tap_tenant("p1")
        target = types.SimpleNamespace(ip="10.0.0.2", mac=two.mac)
        one.neigh(target)
        first, _ = start(lab.hosts, (X, X), family)
        if known:
            end, mark = one.tap(), frame.marker()
            two.send(frame.plain(two.mac, frame.BROADCAST, mark))
            frame.wait_count({end: 1}, mark, "broadcast of the guest")
            first.wait_learned(1)
        sender = one.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind(("10.0.0.1", 40000))
        sender.setsockopt(socket.IPPROTO_UDP, traffic.UDP_SEGMENT, 1000)
        (burst,) = traffic.udp_burst(1000, 1, last=77)
        sender.sendto(b"".join(burst), (target.ip, 9))
        sender.close()
        tap.wait_for(lambda: two.count(burst[-1]) == 1, "the last datagram")
        got = [f for f in two.frames if f[12:14] == b"\x08\x00"]
        tap.equal([f[42:] for f in got], burst, "datagrams")
        for data in got:
            tap.equal(frame.checksum(data[14:34]), 0, "IP checksum")
            tap.equal(data[16:18], struct.pack("!H", len(data) - 14), "IP length")
            pseudo = data[26:34] + struct.pack("!HH", 17, len(data) - 34)
            tap.equal(frame.checksum(pseudo + data[34:]), 0, "UDP checksum")


for _kinds in PAIRS:
    for _family, _wire in ((4, "default"), (6, "default"), (4, "nic")):
        if _kinds != (X, X) and _wire == "nic":
            continue
        tap.case(f"{_kinds[0]} to {_kinds[1]}, IPv{_family}, {_wire} wire",
                 _kinds, _family, _wire, main=_kinds == (X, X) and _wire == "default")(pair)
    for _name, _features in (("UDP", FORWARDING), ("lists", LISTS))[_kinds[0] == K:]:
        tap.case(f"{_kinds[0]} to {_kinds[1]}, the receiving uplink merges: {_name}",
                 _kinds, 4, "nic", under=_features)(pair)
for _name, _features in (("UDP", FORWARDING), ("lists", LISTS)):
    tap.case(f"the sending port merges: {_name}", (X, X), 6, "default", port=_features)(pair)
tap.case("ports that take XDP frames", (X, X), 4, "nic", gro=True, delivery="redirect")(pair)
tap.case("generic XDP", (X, X), 4, "default", xdp="generic")(pair)
for _kinds in PAIRS:
    tap.case(f"a tunnel of the tenants' own, {_kinds[0]} to {_kinds[1]}", _kinds, 4,
             "default")(own_tunnel)
for _gro in (False, True):
    tap.case("local" + ", to a port that takes XDP frames" * _gro, _gro)(local)
for _family, _wire, _known in ((4, "default", True), (6, "nic", True), (4, "default", False)):
    tap.case(f"to a tap, IPv{_family}, {_wire} wire" + ", flooded" * (not _known), _family, _wire,
             _known)(guest)
tap.case("ways on the default wire", "default")(ways)
tap.case("ways of lists", "nic", LISTS, tcp="slow_rx")(ways)
tap.case("harness: the tenant bridges to a tap, kernel", K, "bridge", "tap", "default")(forwarded)
for _how, _link, _wire in (("route", "plain", "default"), ("route", "tap", "nic"),
                           ("bridge", "tap", "default"), ("bridge", "plain", "nic"),
                           ("route", "tunnel", "default"), ("bridge", "tunnel", "nic")):
    tap.case(f"the tenant forwards: {_how}, {_link}, {_wire} wire", X, _how, _link,
             _wire)(forwarded)

if __name__ == "__main__":
    tap.main()
