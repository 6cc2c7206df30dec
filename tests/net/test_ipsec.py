#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
IPsec policies on VXLAN packets: what a policy blocks or wants protected neither leaves nor is taken
in clear, unicast as little as broadcast, as with the kernel's vxlan; and policies come and go.
"""
import signal

import frame
import tap
from lab import Lab
from netns import CommandError
from vtep import KINDS, Xvtepd

VNI = 100
COUNT = 10
KEY = "0x" + "0123456789abcdef" * 2
TEMPLATE = "tmpl proto esp mode transport"


class Pair:
    """
    A tenant behind each of two VTEPs; MACs are known, so that frames are unicast. kinds: what the
    VTEPs are.
    """

    def __init__(self, lab, kinds=("xvtep", "xvtep"), family=4, start=True, **underlay):
        self.lab, self.family = lab, family
        self.hosts = a, b = lab.hosts
        self.one, self.two = a.tenant("p1"), b.tenant("p1")
        self.taps = self.one.tap(), self.two.tap()
        self.vteps = []
        for host, kind in zip(self.hosts, kinds):
            keys = {} if kind == "kernel" else {"start": start}
            vtep = KINDS[kind](host, [self.network(host)], family, underlay=underlay, **keys)
            if kind == "kernel":
                for far in self.network(host)["fdb"][1:]:
                    host.ns.run("bridge", "fdb", "add", far["mac"], "dev", f"vx{VNI}", "dst",
                                far["remote"])
                    host.ns.run("bridge", "fdb", "add", far["mac"], "dev", f"vx{VNI}", "master",
                                "static")
            self.vteps.append(vtep)
        self.first = self.vteps[0]
        if start:
            self.wait_ready()

    def network(self, host):
        a, b = self.hosts
        other, own, far = (b, self.one, self.two) if host is a else (a, self.two, self.one)
        remote = other.address(self.family)
        return {"vni": VNI, "ports": ["p1"], "flood": [remote],
                "fdb": [{"mac": own.mac, "dev": "p1"}, {"mac": far.mac, "remote": remote}]}

    def set(self, family=4, **underlay):
        """Changes the family or settings of both by a reload."""
        self.family = family
        for vtep in self.vteps:
            own = {"address": vtep.host.v4} if family == 4 else {"address6": vtep.host.v6}
            vtep.config["underlay"] = {"devices": ["under"], **own, **underlay}
            vtep.config["networks"] = [self.network(vtep.host)]
            vtep.apply()
        self.wait_ready()

    def wait_ready(self):
        for vtep in self.vteps:
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()

    def policy(self, host, direction, what, verb="add", port="dport 4789", priority=0):
        """What is sent (out) or received (in) by the host, to or from the other."""
        a, b = (h.address(self.family) for h in self.hosts)
        src, dst = (a, b) if (host is self.hosts[0]) == (direction == "out") else (b, a)
        selector = f"src {src} dst {dst} proto udp {port} dir {direction}"
        if verb == "delete":
            host.ns.ip(f"xfrm policy delete {selector}")
        else:
            host.ns.ip(f"xfrm policy {verb} {selector} priority {priority} {what}")

    def send(self, mark, target, count=COUNT):
        for _ in range(count):
            self.taps[0].send(frame.udp4(self.one.mac, target, "10.0.0.1", "10.0.0.2", mark))

    def expect_passes(self, what, wire=None):
        """Both unicast and broadcast; wire sees nothing of it in clear."""
        for target in (self.two.mac, frame.BROADCAST):
            mark = frame.marker()
            self.send(mark, target)
            frame.wait_count({self.taps[1]: COUNT}, mark, f"{what}: frames to {target}")
            if wire:
                tap.equal(wire.count(mark), 0, f"{what}: frames to {target} in clear")

    def expect_nothing(self, what, wire=None):
        """
        Neither arrives, nor, with wire, leaves the host. A frame that no policy stops comes behind
        them: from the other host, to whose tenant it is sent there.
        """
        marks = [frame.marker(), frame.marker()]
        self.send(marks[0], self.two.mac)
        self.send(marks[1], frame.BROADCAST)
        fence(self.hosts, wire)
        for mark in marks:
            tap.equal(self.taps[1].count(mark), 0, f"{what}: frames at the other tenant")
            if wire:
                tap.equal(wire.count(mark), 0, f"{what}: frames on the wire")

    def wait_kernel(self, vtep, word):
        def now():
            row, = vtep.rows("peer")
            tap.contains(row["status"], word, "peer show: status")
            return not row["ready"]
        tap.wait_for(now, f"peer show says {word}")


def fence(hosts, wire):
    """What was sent before is on the wire, and through the other host's stack, when this answers."""
    a, b = hosts
    for host, other in ((a, b), (b, a)):
        host.ns.run("ping", "-n", "-q", "-c", "3", "-i", "0.05", "-W", "2", other.v4)
    if wire:
        wire.drain()


def block_out(pair):
    """Nothing leaves; live, and back."""
    a, wire, live = pair.hosts[0], pair.hosts[0].sent_tap(), isinstance(pair.first, Xvtepd)
    before = pair.first.paths().get("encap", 0) if live else 0
    pair.expect_passes("without a policy")
    pair.policy(a, "out", "action block")
    if live:
        pair.wait_kernel(pair.first, "IPsec policy: dir out")
    pair.expect_nothing("blocked", wire)
    pair.policy(a, "out", "", "delete")
    pair.wait_ready()
    pair.expect_passes("policy is gone")
    if live:
        tap.equal(pair.first.paths()["encap"] - before, 2 * COUNT, "frames by the fast path")


SLOW_RX = ("slow_rx", "slow_rx_flood")


def template_in(pair):
    """Nothing is taken in clear."""
    b, second, live = pair.hosts[1], pair.vteps[1], isinstance(pair.first, Xvtepd)
    before = second.paths() if live else {}
    pair.expect_passes("without a policy")
    pair.policy(b, "in", TEMPLATE)
    if live:
        pair.wait_kernel(second, "IPsec policy: dir in")
    pair.expect_nothing("protection is wanted")
    pair.policy(b, "in", f"{TEMPLATE} level use", "update")
    pair.expect_passes("protection is welcome")
    if live:
        slow = second.paths()
        tap.equal([slow[path] - before.get(path, 0) for path in SLOW_RX], [COUNT, 2 * COUNT],
                  "frames through the kernel")
    pair.policy(b, "in", "", "delete")
    pair.wait_ready()
    pair.expect_passes("policy is gone")


@tap.case("block out, and in with a template: TC, IPv4", "xvtep", main=True)
@tap.case("block out, and in with a template: the kernel's vxlan", "kernel")
def blocked(kind):
    with Lab(wire="nic") as lab:
        pair = Pair(lab, (kind, kind), xdp="off")
        with tap.part("block out"):
            block_out(pair)
        with tap.part("in with a template"):
            template_in(pair)


@tap.case("in with a template, native and generic XDP; both, IPv6; other policies; bypass by reload")
def by_reload():
    with Lab(wire="nic") as lab:
        pair = Pair(lab, xdp="native")
        with tap.part("in with a template, native XDP"):
            template_in(pair)
        with tap.part("a peer that the index has no room for"):
            not_indexed(pair)
        pair.set(xdp="generic")
        with tap.part("in with a template, generic XDP"):
            template_in(pair)
        pair.set(6, xdp="native")
        with tap.part("block out, IPv6"):
            block_out(pair)
        with tap.part("in with a template, IPv6"):
            template_in(pair)
        pair.set(4)
        with tap.part("bypass and respect"):
            setting(pair)
        with tap.part("policies that do not concern VXLAN leave the fast path"):
            unconcerned(pair)


def not_indexed(pair):
    """Peers whose addresses share a slot: one of them is found by xv_peer alone."""
    a, b = pair.hosts
    second, twin = pair.vteps[1], same_slot(a.v4)
    second.client("peer", "add", twin)
    pair.policy(b, "in", TEMPLATE)
    tap.wait_for(lambda: "IPsec" in second.row("peer", remote=a.v4)["status"],
                 "the peer is the kernel's")
    pair.expect_nothing("protection is wanted")
    pair.policy(b, "in", "", "delete")
    second.client("peer", "del", twin)
    pair.wait_ready()


def same_slot(address):
    """Another IPv4 address with the slot of this one: xv_ip_slot() in headers/xv_abi.h."""
    def slot(ip):
        high = int.from_bytes(bytes.fromhex("0000ffff") + bytes(ip), "little")
        return (high * 0x9e3779b97f4a7c15 & (1 << 64) - 1) >> 50
    own = [int(n) for n in address.split(".")]
    return next(f"203.{x}.{y}.{z}" for x in range(256) for y in range(256) for z in range(1, 255)
                if slot([203, x, y, z]) == slot(own))


def unconcerned(pair):
    a, b = pair.hosts
    others = ["proto tcp", "proto udp dport 4790", "proto udp sport 4789",
              f"proto udp dport 4789 {{}} if_id 0x7", "proto udp dport 4789 {} mark 5"]
    for what in others:
        selector, _, rest = what.partition("{}")
        a.ns.ip(f"xfrm policy add src {a.v4} dst {b.v4} {selector} dir out action block {rest}")
    a.ns.ip(f"xfrm policy add src {a.v4} dst 203.0.113.0/24 dir out action block",
            f"xfrm policy add src {b.v4} dst {a.v4} dir fwd action block",
            f"xfrm policy add src {a.v4} dst {b.v4} proto udp dir out priority 20"
            " action block",
            f"xfrm policy add src {a.v4} dst 0.0.0.0/0 proto udp dport 4789 dir out priority 10"
            " action allow")
    pair.policy(a, "in", "action block", port="sport 7 dport 4789", priority=5)
    pair.wait_kernel(pair.first, "dir in")
    pair.policy(a, "in", "", "delete", port="sport 7 dport 4789")
    pair.first.wait_ready()
    before = pair.first.paths()["encap"]
    pair.expect_passes("with policies for others")
    tap.equal(pair.first.paths()["encap"] - before, COUNT, "frames by the fast path")
    a.ns.ip(f"xfrm policy delete src {a.v4} dst 0.0.0.0/0 proto udp dport 4789 dir out")
    pair.wait_kernel(pair.first, "IPsec policy: dir out")


@tap.case("at start, after a kill, and with notifications lost")
def restarts():
    with Lab() as lab:
        pair = Pair(lab, ("xvtep", "kernel"), start=False)
        a, wire = lab.hosts[0], lab.hosts[0].sent_tap()
        pair.policy(a, "out", "action block")
        pair.first.start()
        pair.wait_kernel(pair.first, "IPsec policy")
        pair.expect_nothing("policy before the start", wire)
        pair.first.kill()
        pair.expect_nothing("without the daemon", wire)
        pair.policy(a, "out", "", "delete")
        pair.first.start()
        pair.wait_ready()
        pair.expect_passes("policy is gone at a restart")
        pair.first.kill()
        pair.policy(a, "out", "action block")
        pair.first.start()
        pair.wait_kernel(pair.first, "IPsec policy")
        pair.expect_nothing("policy is there at a restart", wire)
        pair.policy(a, "out", "", "delete")
        pair.wait_ready()
        pair.first.process.send_signal(signal.SIGSTOP)
        a.ns.ip(*(f"xfrm policy add src {a.v4} dst 203.0.{n // 250}.{1 + n % 250} dir out"
                  " action block" for n in range(3000)))
        pair.policy(a, "out", "action block")
        pair.first.process.send_signal(signal.SIGCONT)
        pair.wait_kernel(pair.first, "IPsec policy")
        a.ns.ip("xfrm policy flush")
        pair.wait_ready()
        pair.expect_passes("flushed")


@tap.case("default policy: block")
def default_block():
    with Lab() as lab:
        pair = Pair(lab, ("xvtep", "kernel"))
        a = lab.hosts[0]
        try:
            a.ns.ip("xfrm policy setdefault out block")
        except CommandError as e:
            raise tap.Skip("no default policies here") from e
        pair.wait_kernel(pair.first, "the default of dir out is block")
        pair.policy(a, "out", "action allow")
        pair.first.wait_ready()
        a.ns.ip("xfrm policy setdefault out accept")


def setting(pair):
    """The file says to bypass policies, and to respect them."""
    pair.policy(pair.hosts[0], "out", "action block")
    pair.wait_kernel(pair.first, "IPsec policy")
    for word in ("bypass", "respect"):
        pair.first.config["underlay"]["ipsec"] = word
        pair.first.apply()
        tap.equal(pair.first.rows("peer")[0]["ready"], word == "bypass",
                  f"ipsec: {word}: peer is ready")
    pair.first.config["underlay"]["ipsec"] = "bypass"
    pair.first.apply()
    pair.wait_ready()
    pair.expect_passes("bypass, to a known MAC")
    pair.policy(pair.hosts[0], "out", "", "delete")
    del pair.first.config["underlay"]["ipsec"]
    pair.first.apply()
    pair.wait_ready()


@tap.case("ESP between two VTEPs, IPv4 and IPv6", main=True)
def esp():
    with Lab() as lab:
        pair = Pair(lab)
        for family in (4, 6):
            if family != 4:
                pair.set(family)
            with tap.part(f"IPv{family}"):
                protected(pair)


def protected(pair):
    a, b = pair.hosts
    wire, family = a.sent_tap(), pair.family
    for host in pair.hosts:
        for n, (src, dst) in enumerate(((a, b), (b, a))):
            try:
                host.ns.ip(f"xfrm state add src {src.address(family)} dst"
                           f" {dst.address(family)} proto esp spi {0x100 + n} mode transport"
                           f" enc cbc(aes) {KEY} auth hmac(sha256) {KEY}{KEY[2:]}")
            except CommandError as e:
                raise tap.Skip(f"no ESP here: {e}") from e
        pair.policy(host, "out", TEMPLATE)
        pair.policy(host, "in", TEMPLATE)
    for vtep in pair.vteps:
        pair.wait_kernel(vtep, "IPsec policy")
    pair.expect_passes("protected", wire)
    pair.expect_passes("protected, again", wire)
    largest(pair)


def largest(pair):
    """The MTU shown is what ESP leaves: a frame that fills it arrives; of one more is told, over IPv6."""
    mtu = pair.first.rows("peer")[0]["mtu"]
    tap.ok(1500 < mtu < 1600, f"MTU {mtu}: that of the device without what ESP adds")
    room = mtu - (50 if pair.family == 4 else 70)
    for size in (room, *([room + 1] if pair.family == 6 else [])):
        mark = frame.marker()
        pair.taps[0].send(frame.udp4(pair.one.mac, pair.two.mac, "10.0.0.1", "10.0.0.2",
                                     mark.ljust(size - 28, b".")))
        if size == room:
            frame.wait_count({pair.taps[1]: 1}, mark, f"protected frames of {size} bytes")
        else:
            tap.wait_for(lambda: pair.first.drops() == {"pkt_too_big": 1}, "the larger is dropped")


if __name__ == "__main__":
    tap.main()
