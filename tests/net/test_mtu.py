#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Packets that are too large for the way, and what outer headers say of it: "don't fragment" and
identifications, beside the kernel's vxlan.
"""
import socket
import struct

import frame
import tap
import traffic
from lab import Lab
from vtep import Kernel, Xvtepd

VNI = 100
DF = 0x4000


class Pair:
    """Tenants of two hosts that know each other; kinds of the two ends."""

    def __init__(self, lab, family=4, kinds=(Xvtepd, Xvtepd), df=None, mtu=1500, underlay=None):
        self.lab, self.family = lab, family
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", mtu=mtu)
                              for h in lab.hosts]
        self.vteps = []
        for kind, host, other in zip(kinds, lab.hosts, lab.hosts[::-1]):
            net = {"vni": VNI, "ports": ["p1"], "flood": [other.address(family)]}
            own = dict(underlay or {})
            if df and kind is Kernel:
                net["df"] = df
            elif df:
                own["df"] = df
            self.vteps.append(kind(host, [net], family, underlay=own))
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


if __name__ == "__main__":
    tap.main()
