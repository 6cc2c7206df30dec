#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The other end is a kernel that sends outer UDP checksums, as it does unless told not to: its unicast
is stripped on the fast path, every frame of it, whatever the wire does about checksums. And what was
found right of the outer header is not believed of the inner one.
"""
import itertools
import socket

import frame
import tap
import traffic
from lab import Lab
from netns import KERNEL, TELLS_FEATURES
from vtep import Kernel, Xvtepd

VNI = 100
COUNT = 50


def insist_on_features(underlay):
    if underlay.get("delivery") == "redirect" and not TELLS_FEATURES:
        raise tap.Skip("before Linux 6.3 the kernel does not tell which devices take XDP frames")


class Pair:
    """xvtepd on the first host, the kernel on the second, tenants that know each other."""

    def __init__(self, lab, family, mode, gro=False, **underlay):
        self.family = family
        a, b = self.hosts = lab.hosts
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", gro=gro)
                              for h in (a, b)]
        self.vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.address(family)]}], family,
                           underlay={"xdp": mode, **underlay})
        self.kernel = Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.address(family)],
                                  "zero_tx": False}], family)
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.begin()

    def begin(self, mode=None):
        """Counts from here; goes on with another mode of XDP by a reload."""
        if mode:
            self.vtep.config["underlay"]["xdp"] = mode
            self.vtep.apply()
        self.one.ping(self.two.ip)
        self.one.ping(self.two.ip6)
        self.vtep.wait_learned(2)
        self.before = self.vtep.paths()

    def used(self, *paths):
        """Packets that took each path since the beginning."""
        now = self.vtep.paths()
        return {p: now.get(p, 0) - self.before.get(p, 0) for p in paths}

    def expect_checksums(self, wire):
        """The case is about what it says: all tunnel packets on the wire have a checksum."""
        wire.drain()
        proto, at = (b"\x08\x00", 40) if self.family == 4 else (b"\x86\xdd", 60)
        outer = [f for f in wire.frames if f[12:14] == proto and f[at - 4:at - 2] == b"\x12\xb5"]
        tap.ok(len(outer) > COUNT, "packets seen on the wire")
        zero = sum(f[at:at + 2] == b"\0\0" for f in outer)
        tap.equal(zero, 0, f"outer UDP checksums of zero among {len(outer)}")


def exact(pair, mode):
    """COUNT frames (and a fence) from the kernel, of each kind: each path has exactly its number."""
    one, two, want = pair.one, pair.two, PATHS[mode]
    ends = two.tap(), one.tap()
    kinds = {
        "UDP": lambda m: frame.udp4(two.mac, one.mac, two.ip, one.ip, m),
        "not IP": lambda m: frame.plain(two.mac, one.mac, m),
    }
    for number, (kind, build) in enumerate(kinds.items(), 1):
        frame.expect(ends[0], build, {ends[1]: 1}, kind, COUNT)
        n = number * (COUNT + 1)
        used = pair.used("slow_rx", *want)
        # What is not ours passes too, such as ARP between the hosts.
        tap.ok(used.pop("xdp_pass", n) >= n, f"{n} packets passed up by XDP, lastly {kind}")
        tap.equal(used, {"slow_rx": 0, **{p: n for p in want if p != "xdp_pass"}},
                  f"paths of {n} packets, lastly {kind}")
    for end in ends:
        end.close()


def sockets(pair, _mode):
    """TCP and UDP of real sockets, both ways; nothing of it came through the slow path."""
    for source, target in ((pair.two, pair.one), (pair.one, pair.two)):
        for v6 in (False, True):
            traffic.udp(source, target, v6=v6)
            traffic.tcp(source, target, v6=v6)
    # A merged frame of another family inside than outside is the kernel's before Linux 6.3.
    if KERNEL >= (6, 3):
        tap.equal(pair.used("slow_rx")["slow_rx"], 0, "packets on the slow path")


def checks(family, wire, modes, looks, gro=False, **underlay):
    """Each look in each mode, all beside one daemon."""
    insist_on_features(underlay)
    with Lab(wire=wire) as lab:
        pair = Pair(lab, family, "native" if modes[0] == "redirect" else modes[0], gro, **underlay)
        for mode in modes:
            for look in looks:
                with tap.part(f"{mode}, {look.__name__}"):
                    pair.begin(None if mode == modes[0] else mode)
                    outer = pair.hosts[1].sent_tap()
                    look(pair, mode)
                    pair.expect_checksums(outer)
                    outer.close()
                    tap.equal(pair.vtep.drops(), {}, "drops")


def wrong_inside(pair, watched):
    """
    Datagrams whose checksum was wrong when they came from the tenant, and whole ones. The router's
    GRO has looked at the outer header, and says so beside the packet; watched: a packet socket on
    the underlay device has clones of all packets.
    """
    one, two, host = pair.one, pair.two, pair.hosts[0]
    other = frame.Tap(host.ns, "under") if watched else None
    receiver = one.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Linux 6.1 puts each packet that XDP had to copy into a page of its own.
    receiver.setsockopt(socket.SOL_SOCKET, frame.SO_RCVBUFFORCE, 64 << 20)
    receiver.bind((one.ip, 7777))
    receiver.settimeout(5)
    end = two.tap()
    for n in range(COUNT):
        whole = frame.udp4(two.mac, one.mac, two.ip, one.ip, b"whole %d" % n, dport=7777)
        broken = frame.udp4(two.mac, one.mac, two.ip, one.ip, b"broken %d" % n, dport=7777)
        end.send(broken[:40] + b"\x12\x34" + broken[42:])
        end.send(whole)
    got = [receiver.recv(100) for _ in range(COUNT)]
    tap.equal(got, [b"whole %d" % n for n in range(COUNT)], "datagrams that the tenant got")
    tap.equal(pair.used("slow_rx")["slow_rx"], 0, "packets on the slow path")
    if other:
        other.drain()
        tap.ok(len(other.frames) >= 2 * COUNT, "packets seen on the underlay device")
        inner = [f for f in other.frames if f[36:38] == b"\x1e\x61"]
        tap.equal(inner, [], "tenant's packets seen there without their outer header")
        other.close()
    receiver.close()
    end.close()


def damaged(watches):
    with Lab(wire="nic") as lab:
        pair = Pair(lab, 4, "native")
        for zero_tx in (False, True):
            if zero_tx:
                pair.kernel.again(zero_tx=True)
            for mode, watched in itertools.product(MODES, watches):
                with tap.part(f"{mode}, {'no ' * zero_tx}outer checksum, watched: {watched}"):
                    pair.begin(mode)
                    wrong_inside(pair, watched)


PATHS = {"native": ("xdp_pass", "tc_decap"), "generic": ("xdp_pass", "tc_decap"),
         "off": ("tc_decap",), "redirect": ("xdp_redirect",)}
MODES = ("native", "generic", "off")
EMULATED = tap.SLOW > 1  # the main parts alone

for _family, _wire in itertools.product((4, 6), ("default", "nic")):
    _main = (_family, _wire) == (4, "default")
    tap.case(f"IPv{_family}, {_wire} wire: exact counts, TCP and UDP", _family, _wire, MODES,
             (exact,) if EMULATED else (exact, sockets), main=_main)(checks)
tap.case("IPv6, default wire, started with xdp off: TCP and UDP", 6, "default", ("off",), (sockets,),
         main=True)(checks)
tap.case("checksums that are wrong inside", (True,) if EMULATED else (False, True),
         main=True)(damaged)
for _family in (4, 6):
    tap.case(f"IPv{_family}, redirect to ports: exact counts, TCP and UDP", _family, "nic",
             ("redirect",), (exact,) if EMULATED else (exact, sockets), gro=True,
             delivery="redirect", main=True)(checks)

if __name__ == "__main__":
    tap.main()
