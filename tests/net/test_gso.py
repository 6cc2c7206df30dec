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
from lab import VNET_HDR, Lab, TapTenant
from netns import CommandError
from vtep import KINDS, Kernel, Xvtepd

X, K = "xvtep", "kernel"
PAIRS = ((K, K), (X, X), (X, K))
FORWARDING = ("gro", "rx-udp-gro-forwarding")
LISTS = ("gro", "rx-gro-list")  # merged frames are lists of skbs


def switch(ns, dev, features, state="on"):
    """Device features that not every kernel has."""
    for feature in features:
        try:
            ns.run("ethtool", "-K", dev, feature, state)
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


class Site:
    """
    Two hosts with a tunnel end and a tenant each. The underlay's settings and the devices' features
    change as scenarios ask for it.
    """

    def __init__(self, lab, kinds, gro=False, **underlay):
        self.lab, self.hosts = lab, lab.hosts
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", gro=gro)
                              for h in lab.hosts]
        a, b = lab.hosts
        self.vteps = [KINDS[kind](h, [{"vni": 100, "ports": ["p1"], "flood": [o.v4]}],
                                  underlay=underlay)
                      for h, o, kind in ((a, b, kinds[0]), (b, a, kinds[1]))]
        self.family = 4

    def use(self, family):
        if family != self.family:
            for vtep, other in zip(self.vteps, self.hosts[::-1]):
                vtep.use(family, other)
            self.family = family

    def underlay(self, **keys):
        for vtep in self.vteps:
            vtep.config["underlay"].update(keys)
            vtep.apply()

    def switch(self, dev, features, state="on"):
        for host in self.hosts:
            switch(host.ns, dev, features, state)


def pair(site, family=4, under=(), port=(), **underlay):
    """under, port: features of those devices, which merge what is received there."""
    site.use(family)
    if underlay:
        site.underlay(**underlay)
    for dev, features in (("under", under), ("p1", port)):
        site.switch(dev, features)
    site.one.ping(site.two.ip)
    site.one.ping(site.two.ip6)  # bursts that wait for a neighbour are cut off above 200 KB
    exchange(site.one, site.two)
    site.switch("under", under[1:], "off")  # on the NIC-like wire it merges TCP anyway
    site.switch("p1", port, "off")
    if underlay:
        site.underlay(xdp="auto")


def own_tunnel(site):
    """The tenants' own VXLAN, in ours."""
    site.use(4)
    site.one.ping(site.two.ip)
    inside, ends = [], (site.one, site.two)
    for n, (me, other) in enumerate((ends, ends[::-1]), 1):
        me.ns.ip(f"link add vx type vxlan id 9 dstport 8472 local {me.ip} remote {other.ip}",
                 "link set vx up", f"addr add 10.7.0.{n}/24 dev vx")
        me.ns.sysctl("net.ipv6.conf.vx.disable_ipv6", 0)
        me.ns.ip(f"addr add fd07::{n}/64 dev vx nodad")
        inside.append(types.SimpleNamespace(ns=me.ns, ip=f"10.7.0.{n}", ip6=f"fd07::{n}"))
    site.one.ping(inside[1].ip)
    exchange(*inside)
    for me in ends:
        me.ns.ip("link del vx")


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


def beyond(lab, tenant, number, how, link):
    """
    A machine behind the tenant, which routes to it or bridges: over a veth, one without offloads, a
    tap, or a tunnel of the tenant's own. number makes its names and addresses different.
    """
    near, far, dev = tenant.ns, lab.netns(f"far{number}"), "mid"
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
        far.ip(f"addr add 10.0.0.9{number}/24 dev {dev}", f"addr add fd00::9{number}/64 dev {dev} nodad")
        return types.SimpleNamespace(ns=far, ip=f"10.0.0.9{number}", ip6=f"fd00::9{number}")
    near.sysctl("net.ipv4.ip_forward", 1)
    near.sysctl("net.ipv6.conf.all.forwarding", 1)
    near.ip(f"addr add 10.9.{number}.1/24 dev {dev}", f"addr add fd09:{number}::1/64 dev {dev} nodad")
    far.ip(f"addr add 10.9.{number}.2/24 dev {dev}", f"addr add fd09:{number}::2/64 dev {dev} nodad",
           f"route add default via 10.9.{number}.1", f"route add ::/0 via fd09:{number}::1")
    return types.SimpleNamespace(ns=far, ip=f"10.9.{number}.2", ip6=f"fd09:{number}::2")


def forwarded(site, number, how, link):
    """To a machine behind a tenant of its own, which is behind the second host's port p<number>."""
    tenant = site.hosts[1].tenant(f"p{number}", f"10.0.0.{number + 1}", ip6=f"fd00::{number + 1}")
    far = beyond(site.lab, tenant, number, how, link)
    site.one.ns.ip(f"route add 10.9.{number}.0/24 via {tenant.ip}",
                   f"route add fd09:{number}::/64 via {tenant.ip6}")
    if isinstance(site.vteps[1], Kernel):
        site.hosts[1].ns.ip(f"link set p{number} master br100")
    else:
        site.vteps[1].client("port", "add", f"p{number}", "network", "100")
    site.one.ping(far.ip)
    site.one.ping(far.ip6)
    exchange(site.one, far, back=False)


def ways(site, under=(), tcp="tc_decap"):
    """TCP is stripped merged, but not in lists; all else that is merged is the kernel's."""
    vtep = site.vteps[1]
    switch(site.hosts[1].ns, "under", under)
    site.one.ping(site.two.ip)
    before = vtep.paths()
    traffic.tcp(site.one, site.two, 4 << 20)
    paths = vtep.paths()
    tap.ok(paths[tcp] - before.get(tcp, 0) > 2000, f"way of TCP: {paths}, {before} before")
    traffic.udp_segmented(site.one, site.two)
    tap.equal(vtep.paths().get("slow_rx", 0) - paths.get("slow_rx", 0), 610, "way of UDP")
    tap.equal(vtep.drops(), {}, "drops")
    switch(site.hosts[1].ns, "under", under[1:], "off")


def guest(site, family, known):
    """A tap takes single frames, flooded or not; each as it would have been sent alone."""
    site.use(family)
    one, first = site.one, site.vteps[0]
    two = site.hosts[1].tap_tenant(f"t{known:d}")
    site.vteps[1].client("port", "add", two.port, "network", "100")
    tap.wait_for(lambda: site.vteps[1].row("port", dev=two.port)["up"], "the tap is a port")
    target = types.SimpleNamespace(ip=f"10.0.0.{8 + known}", mac=two.mac)
    one.neigh(target)
    if known:
        end, mark = one.tap(), frame.marker()
        two.send(frame.plain(two.mac, frame.BROADCAST, mark))
        frame.wait_count({end: 1}, mark, "broadcast of the guest")
        tap.wait_for(lambda: first.where(100, two.mac), "the guest is known")
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


def run(kinds, wire, parts, **how_to_start):
    """
    Scenarios in turn, beside the same daemons. Those that need features of devices are the last, as
    without them the rest of the case is skipped.
    """
    with Lab(wire=wire) as lab:
        site = Site(lab, kinds, **how_to_start)
        for name, function, *args in parts:
            how = args.pop() if args and isinstance(args[-1], dict) else {}
            with tap.part(name):
                function(site, *args, **how)


@tap.case("between ports of one host, also such that take XDP frames")
def local():
    with Lab() as lab:
        a, b = lab.hosts
        ends = [a.tenant(f"p{i}", f"10.0.0.{i}", ip6=f"fd00::{i}", gro=i > 2) for i in range(1, 5)]
        Xvtepd(a, [{"vni": 100 + i, "ports": [f"p{2 * i + 1}", f"p{2 * i + 2}"], "flood": [b.v4]}
                   for i in (0, 1)])
        for name, (one, two) in (("plain", ends[:2]), ("that take XDP frames", ends[2:])):
            with tap.part(f"ports {name}"):
                one.ping(two.ip)
                exchange(one, two)


HOP, DST, TCP = 0, 60, 6
TAGS = (frame.ETH_VLAN, 10), (frame.ETH_VLAN, 20), (frame.ETH_VLAN, 30)


def option(following):
    """An IPv6 extension header of 8 bytes."""
    return bytes([following, 0, 1, 4, 0, 0, 0, 0])


def headers6(*extensions):
    """IPv6 with these extension headers, and TCP."""
    chain = [*extensions, TCP]
    return (0x60000000).to_bytes(4, "big") + struct.pack("!HBB", 1, chain[0], 64) \
        + bytes(15) + b"\1" + bytes(15) + b"\2" + b"".join(option(n) for n in chain[1:])


HEADERS = {  # of frames on the wire: tags, and what is in front of TCP
    "IPv4": ((), frame.ipv4("10.0.0.1", "10.0.0.2", TCP, b"")),
    "two tags": (TAGS[:2], frame.ipv4("10.0.0.1", "10.0.0.2", TCP, b"")),
    "two tags, IPv6": (TAGS[:2], headers6()),
    "three tags": (TAGS, headers6()),
    "IPv6, hop-by-hop": ((), headers6(HOP)),
    "a tag, IPv6, hop-by-hop and options": (TAGS[:1], headers6(HOP, DST, DST)),
    "IPv6, so many options that nobody knows": ((), headers6(HOP, *[DST] * 9)),
}


def headers():
    """
    Merged frames of which each segment fills the wire: all arrive, whatever their headers, and
    count as what arrives. One byte more is too much, where the headers can be read. BIG TCP, whose
    IPv6 packets of more than 64 KB have a header that no segment gets.
    """
    with Lab() as lab:
        a, b = lab.hosts
        one, two = a.tap_tenant("p1", vnet_hdr=True), b.tap_tenant("p1")
        big = [h.tenant("p2", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}") for h in lab.hosts]
        for host, tenant in zip(lab.hosts, big):
            host.ns.ip("link set p1 mtu 1600", "link set p2 gso_max_size 190000",
                       "link set under gso_max_size 190000")
            tenant.ns.ip("link set eth0 gso_max_size 190000")
        first, _ = [KINDS[X](h, [{"vni": 100, "ports": ["p1", "p2"], "flood": [o.v6],
                                  "inner-vlan": "keep"}], 6) for h, o in ((a, b), (b, a))]
        frame.expect(two, lambda m: frame.plain(two.mac, frame.BROADCAST, m), {one: 1}, "broadcast")
        big[0].ping(big[1].ip6)
        first.wait_learned(3)
        first.wait_ready()
        for name, (tags, network) in HEADERS.items():
            room = 1600 - 40 - 8 - 8 - 14 - 4 * len(tags) - len(network) - 20
            for more in (0, 1)[:1 + ("nobody" not in name)]:
                segments(first, one, two, name, (tags, network), room + more, not more)
        traffic.tcp(*big, 4 << 20, v6=True)
        tap.equal(first.drops(), {"pkt_too_big": 8 * (len(HEADERS) - 1)}, "drops")


def segments(vtep, one, two, name, how, size, fits):
    """Eight segments of that size."""
    tags, network = how
    v6, mark = network[0] >> 4 == 6, frame.marker()
    kind = frame.ETH_IPV6 if v6 else frame.ETH_IP
    head = struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 0x50, 0x10, 1000, 0, 0)
    data = frame.tagged(one.mac, two.mac, tags, kind, network + head + mark.ljust(size, b".") * 8)
    start_at = len(data) - 8 * size - 20
    port = dict(vtep.stats("port", dev="p1", vlan=0))
    one.send(data, VNET_HDR.pack(1, 4 if v6 else 1, start_at + 20, size, start_at, 16))
    frame.wait_count({two: 8 * fits}, mark, f"{name}: segments of {size} bytes")
    tap.equal(sum(len(f) for f in two.get(mark)), 8 * (start_at + 20 + size) * fits, name)
    now = vtep.stats("port", dev="p1", vlan=0)
    if "nobody" not in name:
        tap.equal((now["rx_packets"] - port["rx_packets"], now["rx_bytes"] - port["rx_bytes"]),
                  (8, 8 * (start_at + 20 + size)), f"{name}: counted")


FAMILIES = (("IPv4", pair, 4), ("IPv6", pair, 6))
OWN = ("a tunnel of the tenants' own", own_tunnel)
MERGES = tuple((f"the receiving uplink merges: {name}", pair, {"under": features})
               for name, features in (("UDP", FORWARDING), ("lists", LISTS)))
tap.case("kernel to kernel, default wire", (K, K), "default", (*FAMILIES, OWN))(run)
tap.case("kernel to kernel, nic wire", (K, K), "nic", MERGES[1:])(run)
tap.case("xvtep to xvtep, default wire", (X, X), "default", FAMILIES if tap.SLOW > 1 else (
    *FAMILIES,
    ("generic XDP", pair, {"xdp": "generic"}),
    OWN,
    ("to a tap", guest, 4, True),
    ("to a tap, flooded", guest, 4, False),
    ("the sending port merges: UDP", pair, 6, {"port": FORWARDING}),
    ("the sending port merges: lists", pair, 6, {"port": LISTS})), main=True)(run)
tap.case("xvtep to xvtep, nic wire", (X, X), "nic", (
    ("IPv4", pair), ("to a tap, IPv6", guest, 6, True), *MERGES))(run)
tap.case("xvtep to xvtep, ports that take XDP frames", (X, X), "nic", (
    ("redirect", pair),), gro=True, delivery="redirect")(run)
tap.case("xvtep to kernel, default wire", (X, K), "default", (*FAMILIES, OWN))(run)
tap.case("xvtep to kernel, nic wire", (X, K), "nic", MERGES)(run)
tap.case("harness: the tenant bridges to a tap, kernel", (K, K), "default", (
    ("bridge, tap", forwarded, 2, "bridge", "tap"),))(run)
tap.case("kernel to xvtep, default wire", (K, X), "default", (
    ("ways", ways),
    ("the tenant forwards: route, plain", forwarded, 2, "route", "plain"),
    ("the tenant forwards: bridge, tap", forwarded, 3, "bridge", "tap"),
    ("the tenant forwards: route, tunnel", forwarded, 4, "route", "tunnel")))(run)
tap.case("kernel to xvtep, nic wire", (K, X), "nic", (
    ("the tenant forwards: route, tap", forwarded, 2, "route", "tap"),
    ("the tenant forwards: bridge, plain", forwarded, 3, "bridge", "plain"),
    ("the tenant forwards: bridge, tunnel", forwarded, 4, "bridge", "tunnel"),
    ("ways of lists", ways, {"under": LISTS, "tcp": "slow_rx"})))(run)
tap.case("segments that fill the wire, by their headers")(headers)

if __name__ == "__main__":
    tap.main()
