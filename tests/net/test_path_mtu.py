#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
A router's way that is narrower than the underlay devices: what is heard of it, from whom and by which
device, and what anybody may pretend.
"""
import os
import random
import socket
import struct
import time

import frame
import tap
import traffic
from lab import Lab
from too_big import Pair, answers, transfers
from vtep import Xvtepd


def narrower(lab, mtu):
    """The last part of the way to the second host."""
    lab.router.ip(f"link set r2 mtu {mtu}")
    lab.hosts[1].ns.ip(f"link set under mtu {mtu}")


def follows(pair, address, outer, forget=lambda: None):
    """The old MTU, the path's, and the old one again, when it has expired or was forgotten."""
    def now():
        row = pair.first.row("peer", remote=address)
        return row["mtu"], row["path_mtu"]
    tap.equal(now(), (1600, None), "MTU before")
    narrower(pair.lab, 1400)
    ear = pair.one.tap()
    ear.send(pair.udp4(1472, True, b"x"))
    tap.wait_for(lambda: now()[1] == 1400, "the path MTU is known", 3)
    tap.equal(now()[0], 1400, "MTU then")
    ear.send(pair.udp4(1472, True, b"x"))
    tap.wait_for(lambda: answers(ear, 1), "an answer")
    got, = answers(ear, 1)
    tap.equal(got[40:42], struct.pack("!H", 1400 - outer), "MTU told")
    transfers(pair)
    narrower(pair.lab, 1600)
    forget()
    tap.wait_for(lambda: now()[0] == 1600, "the old MTU is back", 15)
    pair.first.wait_ready()
    tap.equal(now()[1], None, "path MTU")
    ear.close()


@tap.case("path MTU: IPv6, IPv4 with df: set, with df: inherit", main=True, limit=120)
def path_mtu():
    """A router's way is narrower than ours: TCP completes both ways, and the old MTU comes back."""
    with Lab() as lab:
        for host in lab.hosts:
            host.ns.sysctl("net.ipv4.route.mtu_expires", 6)
            host.ns.sysctl("net.ipv6.route.mtu_expires", 6)
        pair = Pair(lab, 6, (Xvtepd, Xvtepd))
        with tap.part("IPv6"):
            follows(pair, lab.hosts[1].v6, 70)
        if tap.SLOW == 1:
            for host in lab.hosts:
                host.ns.sysctl("net.ipv6.route.mtu_expires", 600)
            with tap.part("IPv6, flushed"):
                follows(pair, lab.hosts[1].v6, 70, lambda: lab.hosts[0].ns.run(
                    "ip", "-6", "route", "flush", "cache"))
        for df in () if tap.SLOW > 1 else ("set", "inherit"):
            with tap.part(f"IPv4 with df: {df}"):
                pair.use(4, df)
                follows(pair, lab.hosts[1].v4, 50)


@tap.case("path MTU, the error comes by another device")
def by_another_device():
    """By one that is no underlay device, where no program of xvtep's sees it."""
    with Lab() as lab:
        a, b = lab.hosts
        a.second_uplink()
        pair = Pair(lab, 4, df="set")
        lab.router.ip(f"route add {a.v4} via 198.19.1.1 table 100",
                      "rule add ipproto icmp lookup 100")
        lab.router.run("ip", "-6", "route", "add", a.v6, "dev", "r1b", "table", "100")
        lab.router.run("ip", "-6", "rule", "add", "ipproto", "ipv6-icmp", "lookup", "100")
        lab.router.run("ip", "-6", "neigh", "add", a.v6, "lladdr", a.ns.mac("under2"), "dev",
                       "r1b", "nud", "permanent")
        for family, proto in ((4, 1), (6, 58)):
            with tap.part(f"IPv{family}"):
                if family == 6:
                    narrower(lab, 1600)
                    pair.use(6, "set")
                other = lab.keep(frame.Tap(a.ns, "under2"))
                narrower(lab, 1400)
                pair.one.tap().send(pair.udp4(1472, True, frame.marker()))
                tap.wait_for(lambda o=other, p=proto: answers(o, p), "the error came by it")
                tap.wait_for(lambda f=family: pair.first.row("peer", remote=b.address(f))["path_mtu"]
                             == 1400, "the path MTU is known")
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


def forged(pair, family):
    """
    The kernel's own route exceptions decide, not what a program saw; few events, and the daemon
    answers all the while.
    """
    a, b = pair.lab.hosts
    vtep, rng = pair.first, random.Random(family)
    forger = pair.lab.keep(frame.Tap(pair.lab.router, a.up))
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


def router_fragments(pair):
    """The router fragments, and nothing is lost."""
    narrower(pair.lab, 1400)
    transfers(pair)
    traffic.udp(pair.one, pair.two)
    tap.equal(pair.first.drops(), {}, "drops")
    tap.equal(pair.first.row("peer", dev="under")["path_mtu"], None, "path MTU")
    narrower(pair.lab, 1600)


@tap.case("a narrower way, IPv4 without DF; 10,000 forged errors of each family")
def errors():
    with Lab() as lab:
        pair = Pair(lab)
        with tap.part("a narrower way"):
            router_fragments(pair)
        for family in (4, 6):
            with tap.part(f"forged errors, IPv{family}"):
                pair.use(family, "set")
                forged(pair, family)


if __name__ == "__main__":
    tap.main()
