# SPDX-License-Identifier: GPL-2.0-only
"""
What a row of packets sends: sizes, MACs, flows and networks, in random order, the same for every
contender. A few templates and a list of variants (struct gen_variant of gen.h) make the frames.
"""
import functools
import random
import struct

import frame

LOCAL = {"src": "192.0.2.2", "dst": "192.0.2.1",
         "src_mac": "02:00:00:00:02:02", "dst_mac": "02:00:00:00:02:01"}
REMOTE = {"src": "192.0.2.1", "dst": "192.0.2.2",
          "src_mac": "02:00:00:00:02:01", "dst_mac": "02:00:00:00:02:02"}
BROADCAST = "ff:ff:ff:ff:ff:ff"
VARIANT = struct.Struct("!6s6s2H H3sB2x")
IMIX = {64: 7, 594: 4, 1514: 1}  # bytes from the Ethernet header, without FCS: parts of twelve
FIRST_VNI = 100
KEYS = ("direction", "sizes", "macs", "local_macs", "remote_macs", "flows", "vnis", "trunk",
        "broadcast")


def mac_of(side, number):
    """MAC `number` (24 bits) behind the local port (side 0) or the remote VTEP (1), scattered."""
    return f"02:{side:02x}:00:" + (number * 0x9e3779b1 & 0xffffff).to_bytes(3, "big").hex(":")


def endless(n, rng, length):
    """`length` numbers below n: all of them before one comes again, in random order each time."""
    out = []
    while len(out) < length:
        turn = list(range(n))
        rng.shuffle(turn)
        out += turn
    return out[:length]


@functools.lru_cache(2)
def traffic_of(key):
    return Traffic(dict(key))


def shared(row):
    """The Traffic of a row, one for all contenders: a million MACs take a while."""
    return traffic_of(tuple((k, row[k] if k != "sizes" else tuple(row[k].items()))
                            for k in KEYS if k in row))


class Traffic:
    """
    Of a row: direction; sizes {bytes: parts} (default 64 alone); macs, half of them local and half
    remote, or local_macs and remote_macs; flows; vnis (each on a VLAN of a trunk port if more than one is asked for, even in the
    base of such a row: "trunk"); broadcast.
    """

    def __init__(self, row):
        self.decap = row["direction"] == "decap"
        self.sizes = dict(row.get("sizes", {64: 1}))
        half = max(1, row.get("macs", 2) // 2)
        self.local = [mac_of(0, i) for i in range(row.get("local_macs", half))]
        self.remote = [mac_of(1, i) for i in range(row.get("remote_macs", half))]
        self.vnis = [FIRST_VNI + i for i in range(row.get("vnis", 1))]
        self.trunk = row.get("trunk", False)
        self.flows = row.get("flows", 1)
        self.broadcast = row.get("broadcast", False)
        self.file = None
        self.count = self.variant_count()
        if self.count:
            self.choose(random.Random(1))

    def variant_count(self):
        """A power of two, enough for every MAC, flow and network to be seen; 0: one frame."""
        most = max(len(self.local), len(self.remote), len(self.vnis), self.flows)
        if most == 1 and len(self.sizes) == 1:
            return 0
        return 1 << max(12, (most - 1).bit_length())

    def choose(self, rng):
        n = self.count
        self.local_of = endless(len(self.local), rng, n)
        self.remote_of = endless(len(self.remote), rng, n)
        self.vni_of = endless(len(self.vnis), rng, n)
        self.flow_of = endless(self.flows, rng, n)
        sizes = [i for i, parts in enumerate(self.sizes.values()) for _ in range(parts)]
        self.size_of = [sizes[i] for i in endless(len(sizes), rng, n)]

    def ends(self, i):
        """Source and destination MAC of frame i."""
        a, b = (self.local_of[i], self.remote_of[i]) if self.count else (0, 0)
        local, remote = self.local[a], self.remote[b]
        if self.broadcast:
            return local, BROADCAST
        return (remote, local) if self.decap else (local, remote)

    def ports(self, i):
        """Inner UDP ports and the outer source port of frame i."""
        flow = self.flow_of[i] if self.count else 0
        return 40000 + (flow >> 8), 9000 + (flow & 255), 49152 + flow % 16384

    def vni(self, i):
        return self.vnis[self.vni_of[i] if self.count else 0]

    def vlan(self, vni):
        """Of the port, or 0."""
        return vni - FIRST_VNI + 1 if self.trunk else 0

    def inner(self, i):
        size = list(self.sizes)[self.size_of[i] if self.count else 0]
        return self.inner_of(i, size)

    def inner_of(self, i, size):
        sport, dport, _ = self.ports(i)
        return frame.inner(*self.ends(i), size, (sport, dport))

    def sent(self, i):
        return self.carried(self.inner(i), i)

    def carried(self, inner, i):
        """An inner frame as it is sent."""
        if not self.decap:
            return inner
        return frame.outer(LOCAL, self.vni(i), inner, self.ports(i)[2])

    def generator_options(self, directory):
        """Arguments of gen; writes the variants to a file there, once."""
        args = []
        for size in self.sizes:
            args += ["-f", self.carried(self.inner_of(0, size), 0).hex()]
        if self.count:
            path = f"{directory}/variants-{id(self)}"
            if not self.file:
                self.write_variants(path)
            self.file = path
            args += ["-v", path, "-i", str(frame.OUTER_LEN if self.decap else 0)]
        return args

    def write_variants(self, path):
        with open(path, "wb") as f:
            for i in range(self.count):
                src, dst = self.ends(i)
                f.write(VARIANT.pack(frame.mac(dst), frame.mac(src), *self.ports(i),
                                     self.vni(i).to_bytes(3, "big"), self.size_of[i]))
