#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Packets that are too large for the way, and what outer headers say of it: "don't fragment" and
identifications, beside the kernel's vxlan.
"""
import os
import random
import socket
import struct
import time

import frame
import tap
import traffic
from lab import VNET_HDR, Lab
from vtep import Kernel, Xvtepd

VNI = 100
DF = 0x4000


class Pair:
    """Tenants of two hosts that know each other; kinds of the two ends."""

    def __init__(self, lab, family=4, kinds=(Xvtepd, Xvtepd), df=None, mtu=1500, underlay=None,
                 net=None):
        self.lab, self.family = lab, family
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", mtu=mtu)
                              for h in lab.hosts]
        self.vteps = []
        for kind, host, other in zip(kinds, lab.hosts, lab.hosts[::-1]):
            keys = {"vni": VNI, "ports": ["p1"], "flood": [other.address(family)], **(net or {})}
            own = dict(underlay or {})
            if df and kind is Kernel:
                keys["df"] = df
            elif df:
                own["df"] = df
            self.vteps.append(kind(host, [keys], family, underlay=own))
        self.first = self.vteps[0]
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.one.ping(self.two.ip)
        self.one.ping(self.two.ip6)
        for vtep in self.vteps:
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()

    def udp4(self, size, df, mark):
        """A frame of the first tenant's with so many bytes of payload."""
        data = frame.ipv4(self.one.ip, self.two.ip, 17, frame.udp(40000, 9, mark.ljust(size, b".")))
        head = data[:6] + struct.pack("!H", DF if df else 0) + data[8:10] + b"\0\0" + data[12:20]
        head = head[:10] + struct.pack("!H", frame.checksum(head)) + head[12:]
        return frame.ether(self.one.mac, self.two.mac, frame.ETH_IP, head + data[20:])

    def udp6(self, size, mark):
        data = frame.udp(40000, 9, mark.ljust(size, b"."))
        head = struct.pack("!IHBB", 6 << 28, len(data), 17, 64)
        head += b"".join(socket.inet_pton(socket.AF_INET6, t.ip6) for t in (self.one, self.two))
        return frame.ether(self.one.mac, self.two.mac, frame.ETH_IPV6, head + data)


def outer_df(pair, wire, build):
    """DF of the outer packet of one frame."""
    mark = frame.marker()
    pair.one.tap().send(build(mark))
    frame.wait_count({wire: 1}, mark, "outer packets")
    data, = wire.get(mark)
    tap.equal(data[12:14], b"\x08\0", "outer packet is IPv4")
    return bool(struct.unpack("!H", data[20:22])[0] & DF)


@tap.case("df unset", "unset", main=True)
@tap.case("df set", "set")
@tap.case("df inherit", "inherit")
def df_as_kernel(df):
    """Known unicast, fast and slow, and copies of unknown and broadcast: DF as the kernel has it."""
    seen = {}
    for kind in (Xvtepd, Kernel):
        with Lab() as lab:
            pair = Pair(lab, kinds=(kind, kind), df=df)
            one, two = pair.one.mac, pair.two.mac
            frames = {
                "IPv4 with DF": lambda m, p=pair: p.udp4(64, True, m),
                "IPv4 without": lambda m, p=pair: p.udp4(64, False, m),
                "IPv6": lambda m, p=pair: p.udp6(64, m),
                "not IP": lambda m: frame.plain(one, two, m),
            }
            for name, build in list(frames.items()):
                for mac in (frame.BROADCAST, "02:00:00:00:99:99"):
                    frames[f"{name} to {mac}"] = \
                        lambda m, b=build, d=mac: frame.mac(d) + b(m)[6:]
            wire = lab.hosts[0].sent_tap()
            seen[kind] = {name: outer_df(pair, wire, build) for name, build in frames.items()}
    tap.equal(seen[Xvtepd], seen[Kernel], "outer DF")
    tap.ok(set(seen[Kernel].values()) == {"unset": {False}, "set": {True},
                                          "inherit": {True, False}}[df], "the control")


@tap.case("df is followed by reload")
def df_reload():
    with Lab() as lab:
        pair = Pair(lab)
        wire = lab.hosts[0].sent_tap()
        for df in ("set", "inherit", "unset"):
            pair.first.config["underlay"]["df"] = df
            pair.first.apply()
            tap.equal(pair.first.status()["df"], df, "status")
            pair.first.wait_ready()
            got = [outer_df(pair, wire, lambda m, d=inner: pair.udp4(64, d, m))
                   for inner in (True, False)]
            tap.equal(got, {"set": [True, True], "unset": [False, False],
                            "inherit": [True, False]}[df], f"outer DF with {df}")


@tap.case("identifications of merged and single frames")
def identifications():
    """A tenant's TCP, merged as the kernel likes, and datagrams: none comes twice."""
    with Lab(wire="nic") as lab:
        pair = Pair(lab)
        wire = lab.hosts[0].sent_tap()
        traffic.tcp(pair.one, pair.two, 4 << 20)
        traffic.udp(pair.one, pair.two)
        wire.drain()
        outer = [f for f in wire.frames if f[12:14] == b"\x08\0" and f[23] == 17]
        fast = [struct.unpack("!HH", f[18:22]) for f in outer]
        tap.ok(len(fast) > 2500, f"{len(fast)} packets seen")
        tap.equal({off for _, off in fast}, {0}, "flags and fragment offset")
        tap.equal(len({number for number, _ in fast}), len(fast), "different identifications")


def answers(tap_, proto):
    """ICMP (1) and ICMPv6 (58) errors that came in, as frames."""
    tap_.drain()
    at, types = {1: (23, (3,)), 58: (20, (2,))}[proto]
    ether = {1: b"\x08\0", 58: b"\x86\xdd"}[proto]
    return [f for f in tap_.frames if f[12:14] == ether and f[at] == proto
            and f[34 if proto == 1 else 54] in types]


def whole_sums(data):
    """The answer's checksums are right."""
    if data[12:14] == b"\x08\0":
        tap.equal(frame.checksum(data[14:34]), 0, "IPv4 header checksum")
        tap.equal(frame.checksum(data[34:]), 0, "ICMP checksum")
    else:
        pseudo = data[22:54] + struct.pack("!II", len(data) - 54, 58)
        tap.equal(frame.checksum(pseudo + data[54:]), 0, "ICMPv6 checksum")


def ask(pair, data, proto, want):
    """One frame, and the answer to it, or that there is none until the next frame has its own."""
    ear = pair.one.tap()
    ear.send(data)
    fence = pair.udp4(1472, True, frame.marker())
    if want:
        tap.wait_for(lambda: answers(ear, proto), "an answer")
    else:
        ear.send(fence)
        tap.wait_for(lambda: answers(ear, 1), "the answer to the fence")
    got = answers(ear, proto)
    if not want and proto == 1:
        got = got[1:]
    ear.close()
    tap.equal(len(got), int(want), "answers")
    return got[0] if want else None


@tap.case("answers are the kernel's, over IPv6", main=True)
def answers_as_kernel():
    """Underlay and tenants of 1500 bytes: whom the kernel answers, with the same bytes."""
    seen = {}
    for kind in (Kernel, Xvtepd):
        with Lab(mtu=1500) as lab:
            pair = Pair(lab, 6, kinds=(kind, kind))
            error = frame.ether(pair.one.mac, pair.two.mac, frame.ETH_IP,
                                frame.ipv4("10.0.0.1", "10.0.0.2", 1, b"\x03\x01" + bytes(1470)))
            echo = frame.ether(pair.one.mac, pair.two.mac, frame.ETH_IP,
                               frame.ipv4("10.0.0.1", "10.0.0.2", 1, b"\x08\0" + bytes(1470)))
            here = frame.ether(pair.one.mac, pair.two.mac, frame.ETH_IP,
                               frame.ipv4("127.0.0.1", "10.0.0.2", 17, bytes(1470)))
            frames = {
                "IPv4 with DF": (pair.udp4(1472, True, b"x"), 1, True),
                "IPv4 without": (pair.udp4(1472, False, b"x"), 1, False),
                "IPv4 one byte too large": (pair.udp4(1403, True, b"x"), 1, True),
                "IPv6": (pair.udp6(1452, b"x"), 58, True),
                "ICMP error": (error, 1, False),
                "ICMP echo": (echo, 1, True),
                "source 127.0.0.1": (here, 1, False),
                "not IP": (frame.plain(pair.one.mac, pair.two.mac, bytes(1486)), 1, False),
                "IPv6 ICMP error": (frame.mac(pair.two.mac) + frame.mac(pair.one.mac) +
                                    b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 1440, 58, 64) +
                                    pair.udp6(0, b"")[22:54] + b"\x01" + bytes(1439), 58, False),
            }
            seen[kind] = {name: ask(pair, *what) for name, what in frames.items()}
            for data in filter(None, seen[kind].values()):
                whole_sums(data)
            if kind is Xvtepd:
                sent = pair.first.paths().get("too_big_sent", 0)
                tap.equal(pair.first.drops()["pkt_too_big"], len(frames) + 5, "drops")
                tap.equal(sent, 4 + 5, "answers counted")
    for name, data in seen[Kernel].items():
        tap.equal(seen[Xvtepd][name], data, f"answer to {name}")


def told(ear):
    """ICMP errors that came in, with their tag if they have one."""
    return {ear.whole.get(f, f) for proto in (1, 58) for f in answers(ear, proto)}


@tap.case("frames with tags that are too large, beside the kernel")
def tagged_as_kernel():
    """The kernel's bridge and vxlan answer none of those who send them; xvtep those with one tag."""
    seen, one, two = {}, struct.pack("!HH", 0x8100, 0x6005), struct.pack("!HH", 0x8100, 7)
    for kind in (Kernel, Xvtepd):
        with Lab(mtu=1500) as lab:
            pair = Pair(lab, 6, kinds=(kind, kind), net={"inner-vlan": "keep"})
            seen[kind] = {}
            for name, tags in (("none", b""), ("one", one), ("two", two + one)):
                less = 4 * (len(tags) > 4)  # a socket sends one tag above the MTU
                for inner, data in (("IPv4", pair.udp4(1472 - less, True, b"x")),
                                    ("IPv6", pair.udp6(1452 - less, b"x"))):
                    ear = pair.one.tap()
                    ear.send(data[:12] + tags + data[12:])
                    ear.send(pair.udp4(1471, True, b"fence"))
                    tap.wait_for(lambda e=ear: any(b"fence" in f for f in told(e)), "the fence's")
                    seen[kind][inner, name] = {f for f in told(ear) if b"fence" not in f}
                    ear.close()
    tap.equal({w for w, got in seen[Kernel].items() if got}, {("IPv4", "none"), ("IPv6", "none")},
              "the kernel answers those without a tag")
    for (inner, tags), got in seen[Xvtepd].items():
        if tags == "none":
            tap.equal(got, seen[Kernel][inner, tags], f"answers to {inner}")
        elif tags == "two":
            tap.equal(got, set(), f"answers to {inner} with two tags")
        else:
            answer, = got
            tap.equal(answer[12:16], one, f"the tag of the answer to {inner}")
            bare = answer[:12] + answer[16:]
            whole_sums(bare)
            told_mtu = bare[40:42] if inner == "IPv4" else bare[60:62]
            tap.equal(int.from_bytes(told_mtu, "big"), 1500 - 70 - 4, f"the MTU told to {inner}")


@tap.case("merged frames to a smaller port, beside the kernel")
def merged_to_smaller():
    """
    is_skb_forwardable() lets a merged frame pass, whatever it is cut into; a single one of the same
    size does not.
    """
    seen = {}
    for kind in (Kernel, Xvtepd):
        with Lab(hosts=1) as lab:
            host = lab.hosts[0]
            one, two = host.tap_tenant("p1", vnet_hdr=True), host.tenant("p2")
            host.ns.ip("link set p2 mtu 1400")
            vtep = kind(host, [{"vni": VNI, "ports": ["p1", "p2"]}])
            ear = two.tap()
            ear.send(frame.plain(two.mac, frame.BROADCAST, frame.marker()))
            vtep.wait_learned(1)

            def tcp(size):
                head = struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 0x50, 0x10, 1000, 0, 0)
                data = frame.ipv4("10.0.0.1", "10.0.0.2", 6, head + b"merged".ljust(size, b"."))
                return frame.ether(one.mac, two.mac, frame.ETH_IP, data)
            one.send(tcp(1450))
            one.send(tcp(2900), VNET_HDR.pack(1, 1, 54, 1450, 34, 16))
            one.send(tcp(100))
            tap.wait_for(lambda: ear.count(b"merged") >= 2, "frames")
            seen[kind] = [len(f) for f in ear.get(b"merged")]
    tap.equal(seen[Kernel], [54 + 2900, 54 + 100], "the kernel's bridge: a merged one passes")
    tap.equal(seen[Xvtepd], seen[Kernel], "xvtep")


def transfers(pair):
    for v6 in (False, True):
        for source, target in ((pair.one, pair.two), (pair.two, pair.one)):
            for tenant in (source, target):  # forgets what it was told
                tenant.ns.run("ip", "-6" if v6 else "-4", "route", "flush", "cache")
            traffic.tcp(source, target, 4 << 20, v6=v6)


for _wire in ("default", "nic"):
    @tap.case(f"TCP over IPv6, tenants larger than the way, {_wire} wire", _wire)
    def tcp_completes(wire):
        with Lab(mtu=1500, wire=wire) as lab:
            pair = Pair(lab, 6)
            transfers(pair)
            for vtep in pair.vteps:
                tap.ok(vtep.paths()["too_big_sent"] >= 2, "answers were sent")
                tap.equal(set(vtep.drops()), {"pkt_too_big"}, "drops")


@tap.case("TCP with df: set")
def tcp_df_set():
    with Lab(mtu=1500) as lab:
        transfers(Pair(lab, df="set"))


@tap.case("to a smaller port of this host, and of another, XDP", "native")
@tap.case("to a smaller port of this host, and of another, TC", "off")
def small_port(mode):
    """A port of 1400 bytes: the sender is told, here and across the wire, by XDP and by TC."""
    with Lab(wire="nic") as lab:
        pair = Pair(lab, underlay={"xdp": mode})
        small = lab.hosts[1].tenant("p2", "10.0.0.3", ip6="fd00::3")
        lab.hosts[1].ns.ip("link set p2 mtu 1400")
        vtep = pair.vteps[1]
        vtep.client("port", "add", "p2", "network", str(VNI))
        for peer in (pair.one, pair.two):
            tap.wait_for(lambda p=peer: p.ping(small.ip, 1, check=False), "answers")
            peer.neigh(small)
            ear = peer.tap()
            data = frame.mac(small.mac) + pair.udp4(1472, True, b"x")[6:]
            data = data[:6] + frame.mac(peer.mac) + data[12:]
            ear.send(data)
            tap.wait_for(lambda e=ear: answers(e, 1), "an answer")
            got, = answers(ear, 1)
            whole_sums(got)
            tap.equal(got[40:42], struct.pack("!H", 1400), "MTU")
            tap.equal(got[:12], frame.mac(peer.mac) + frame.mac(small.mac), "MAC addresses")
            tap.equal(got[42:590], data[14:562], "quoted bytes")
        tap.equal(vtep.drops(), {"pkt_too_big": 2}, "drops")
        tap.equal(vtep.paths()["too_big_sent"], 2, "answers")


@tap.case("path MTU, IPv6", 6, None, main=True)
@tap.case("path MTU, IPv4 with df: set", 4, "set")
@tap.case("path MTU, IPv4 with df: inherit", 4, "inherit")
def path_mtu(family, df):
    """A router's way is narrower than ours: TCP completes both ways, and the old MTU comes back."""
    with Lab() as lab:
        a, b = lab.hosts
        for host in lab.hosts:
            host.ns.sysctl("net.ipv4.route.mtu_expires", 6)
            host.ns.sysctl("net.ipv6.route.mtu_expires", 6)
        pair = Pair(lab, family, df=df)
        row = pair.first.row("peer", remote=b.address(family))
        tap.equal((row["mtu"], row["path_mtu"]), (1600, None), "MTU before")
        lab.router.ip("link set r2 mtu 1400")
        b.ns.ip("link set under mtu 1400")
        ear = pair.one.tap()
        ear.send(pair.udp4(1472, True, b"x"))
        tap.wait_for(lambda: pair.first.row("peer", remote=b.address(family))["path_mtu"] == 1400,
                     "the path MTU is known", 3)
        tap.equal(pair.first.row("peer", remote=b.address(family))["mtu"], 1400, "MTU then")
        ear.send(pair.udp4(1472, True, b"x"))
        tap.wait_for(lambda: answers(ear, 1), "an answer")
        got, = answers(ear, 1)
        tap.equal(got[40:42], struct.pack("!H", 1400 - (70 if family == 6 else 50)), "MTU told")
        transfers(pair)
        lab.router.ip("link set r2 mtu 1600")
        b.ns.ip("link set under mtu 1600")
        tap.wait_for(lambda: pair.first.row("peer", remote=b.address(family))["mtu"] == 1600,
                     "the old MTU is back", 15)
        pair.first.wait_ready()
        tap.equal(pair.first.row("peer", remote=b.address(family))["path_mtu"], None, "path MTU")


@tap.case("path MTU, the error comes by another device, IPv4", 4)
@tap.case("path MTU, the error comes by another device, IPv6", 6)
def by_another_device(family):
    """By one that is no underlay device, where no program of xvtep's sees it."""
    with Lab() as lab:
        a, b = lab.hosts
        a.second_uplink()
        pair = Pair(lab, family, df="set")
        if family == 4:
            lab.router.ip(f"route add {a.v4} via 198.19.1.1 table 100",
                          "rule add ipproto icmp lookup 100")
        else:
            lab.router.run("ip", "-6", "route", "add", a.v6, "dev", "r1b", "table", "100")
            lab.router.run("ip", "-6", "rule", "add", "ipproto", "ipv6-icmp", "lookup", "100")
            lab.router.run("ip", "-6", "neigh", "add", a.v6, "lladdr", a.ns.mac("under2"), "dev",
                           "r1b", "nud", "permanent")
        other = lab.keep(frame.Tap(a.ns, "under2"))
        lab.router.ip("link set r2 mtu 1400")
        b.ns.ip("link set under mtu 1400")
        mark = frame.marker()
        pair.one.tap().send(pair.udp4(1472, True, mark))
        tap.wait_for(lambda: answers(other, 1 if family == 4 else 58), "the error came by it")
        tap.wait_for(lambda: pair.first.row("peer", remote=b.address(family))["path_mtu"] == 1400,
                     "the path MTU is known")
        transfers(pair)


def forged_error(rng, a, mac, b, family):
    """
    "Too big" from anybody: every second one about a packet of a's, whose address mac is, to b, as only
    VTEPs and those between them know it; the others about anything.
    """
    true = rng.random() < 0.5
    port = 4789 if true else rng.randrange(65536)
    quoted = frame.udp(rng.randrange(49152, 65536), port, frame.vxlan(rng.randrange(1 << 24), bytes(14)))
    mtu, ether = rng.randrange(1700), frame.mac(mac) + bytes.fromhex("020000000001")
    if family == 4:
        source, target = (a.v4, b.v4) if true else \
            (socket.inet_ntoa(rng.randbytes(4)) for _ in range(2))
        inner = frame.ipv4(source, target, 17, quoted)
        icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + inner
        icmp = icmp[:2] + struct.pack("!H", frame.checksum(icmp)) + icmp[4:]
        return ether + b"\x08\0" + frame.ipv4(socket.inet_ntoa(b"\x0a" + rng.randbytes(3)), a.v4, 1, icmp)
    own, peer = (socket.inet_pton(socket.AF_INET6, h.v6) for h in (a, b))
    source, target = (own, peer) if true else (rng.randbytes(16) for _ in range(2))
    inner = struct.pack("!IHBB", 6 << 28, len(quoted), 17, 64) + source + target + quoted
    icmp = struct.pack("!BBHI", 2, 0, 0, mtu) + inner
    addresses = b"\x20\x01" + rng.randbytes(14) + own
    pseudo = addresses + struct.pack("!II", len(icmp), 58)
    icmp = icmp[:2] + struct.pack("!H", frame.checksum(pseudo + icmp)) + icmp[4:]
    return ether + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(icmp), 58, 64) + addresses + icmp


def kernel_mtu(a, address):
    """Of the kernel's route exception for a peer, or None."""
    route, = a.ns.json("ip", "-j", "-d", "route", "get", address)
    mtu = [m["mtu"] for m in route.get("metrics", ()) if "mtu" in m]
    return mtu[0] if mtu and "expires" in route else None


@tap.case("10,000 forged errors, IPv4", 4)
@tap.case("10,000 forged errors, IPv6", 6)
def forged(family):
    """
    The kernel's own route exceptions decide, not what a program saw; few events, and the daemon
    answers all the while.
    """
    with Lab() as lab:
        a, b = lab.hosts
        pair = Pair(lab, family, df="set")
        vtep, rng = pair.first, random.Random(family)
        forger = lab.keep(frame.Tap(lab.router, a.up))
        mac = a.ns.mac("under")
        frames = [forged_error(rng, a, mac, b, family) for _ in range(10000)]
        before, since = vtep.paths().get("event", 0), time.monotonic()
        for i, data in enumerate(frames):
            forger.send(data)
            if i % 1000 == 999:
                vtep.client("status", timeout=5)
        took = time.monotonic() - since
        address = b.address(family)
        tap.wait_for(lambda: vtep.row("peer", remote=address)["path_mtu"] == kernel_mtu(a, address),
                     "the path MTU is the kernel's")
        tap.comment(f"{kernel_mtu(a, address)} in {took:.1f} s")
        events = vtep.paths().get("event", 0) - before
        # one for each peer and CPU in 34 ms
        tap.ok(1 <= events <= (took / 0.0335 + 2) * os.cpu_count(), f"{events} events in {took:.1f} s")
        tap.equal(vtep.row("peer", remote=address)["mtu"], kernel_mtu(a, address) or 1600, "MTU")


@tap.case("a narrower way, IPv4 without DF")
def router_fragments():
    """The router fragments, and nothing is lost."""
    with Lab() as lab:
        pair = Pair(lab)
        lab.router.ip("link set r2 mtu 1400")
        lab.hosts[1].ns.ip("link set under mtu 1400")
        transfers(pair)
        traffic.udp(pair.one, pair.two)
        tap.equal(pair.first.drops(), {}, "drops")
        tap.equal(pair.first.row("peer", dev="under")["path_mtu"], None, "path MTU")


@tap.case("answers to copies of unknown unicast, not to groups")
def flooded():
    with Lab(mtu=1500) as lab:
        pair = Pair(lab, 6)
        ear = pair.one.tap()
        for mac in (frame.BROADCAST, frame.MULTICAST, "02:00:00:00:99:99"):
            ear.send(frame.mac(mac) + pair.udp4(1472, True, frame.marker())[6:])
        tap.wait_for(lambda: answers(ear, 1), "an answer")
        tap.wait_for(lambda: pair.first.drops().get("pkt_too_big") == 3, "three drops")
        got, = answers(ear, 1)
        tap.equal(got[6:12], frame.mac("02:00:00:00:99:99"), "the answer's source")
        whole_sums(got)


@tap.case("answers have a limit")
def limited():
    with Lab(mtu=1500) as lab:
        pair = Pair(lab, 6)
        ear = pair.one.tap()
        data = pair.udp4(1472, True, b"x")
        for _ in range(3000):
            ear.send(data)
        tap.wait_for(lambda: pair.first.drops().get("pkt_too_big") == 3000, "drops")
        sent = pair.first.paths()["too_big_sent"]
        tap.ok(128 <= sent < 2900, f"{sent} answers to 3000 frames")


if __name__ == "__main__":
    tap.main()
