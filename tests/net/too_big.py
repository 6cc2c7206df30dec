# SPDX-License-Identifier: GPL-2.0-only
"""
Tenants of two hosts whose packets are too large for the way or nearly so, and the errors that the
tenants are told.
"""
import socket
import struct

import frame
import tap
import traffic
from vtep import Kernel, Xvtepd

VNI = 100
DF = 0x4000


class Pair:
    """
    Tenants of two hosts that know each other; kinds of the two ends. Where only the first one is
    looked at, the second is the kernel's.
    """

    def __init__(self, lab, family=4, kinds=(Xvtepd, Kernel), df=None, mtu=1500, underlay=None,
                 net=None):
        self.lab = lab
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}", ip6=f"fd00::{h.number}", mtu=mtu)
                              for h in lab.hosts]
        self.vteps = []
        for kind, host, other in zip(kinds, lab.hosts, lab.hosts[::-1]):
            keys = {"vni": VNI, "ports": ["p1"], "flood": [other.address(family)], **(net or {})}
            own = dict(underlay or {})
            if df:
                (keys if kind is Kernel else own)["df"] = df
            self.vteps.append(kind(host, [keys], family, underlay=own))
        self.first = self.vteps[0]
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.begin()

    def begin(self):
        """Known to all, on the fast path."""
        self.one.ping(self.two.ip)
        self.one.ping(self.two.ip6)
        for vtep in self.vteps:
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()

    def use(self, family, df):
        """Goes on over underlay addresses of this family, with another "don't fragment"."""
        for vtep, other in zip(self.vteps, self.lab.hosts[::-1]):
            if isinstance(vtep, Kernel):
                vtep.networks[0]["df"] = df
            else:
                vtep.config["underlay"]["df"] = df
            vtep.use(family, other)
        self.begin()

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


def transfers(pair):
    for v6 in (False, True):
        for source, target in ((pair.one, pair.two), (pair.two, pair.one)):
            for tenant in (source, target):  # forgets what it was told
                tenant.ns.run("ip", "-6" if v6 else "-4", "route", "flush", "cache")
            traffic.tcp(source, target, 4 << 20, v6=v6)
