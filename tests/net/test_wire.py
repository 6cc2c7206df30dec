#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What is on the wire: outer headers field by field, beside the kernel's for the same frames; ECN both
ways; and tshark as a third opinion.
"""
import json
import shutil
import socket
import struct

import frame
import tap
from lab import Lab
from netns import run
from vtep import KINDS, Xvtepd

VNI = 0x123456
A_MAC, B_MAC = "02:00:00:00:0a:01", "02:00:00:00:0a:02"


class Outer:
    """Outer header of a frame from the wire. ECN, TTL, addresses, ports, and the inner frame."""

    def __init__(self, data):
        proto, = struct.unpack("!H", data[12:14])
        if proto == frame.ETH_IP:
            ip, udp = data[14:34], data[34:]
            tap.equal(frame.checksum(ip), 0, "outer IPv4 checksum")
            tap.equal(ip[0], 0x45, "version and header length")
            tap.equal(struct.unpack("!H", ip[2:4])[0], len(data) - 14, "IPv4 total length")
            self.ecn, self.dscp, self.ttl, self.proto = ip[1] & 3, ip[1] >> 2, ip[8], ip[9]
            self.ends = socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])
        else:
            tap.equal(proto, frame.ETH_IPV6, "outer ethertype")
            ip, udp = data[14:54], data[54:]
            word, length, self.proto, self.ttl = struct.unpack("!IHBB", ip[:8])
            tap.equal((word >> 28, length), (6, len(data) - 54), "version, payload length")
            self.ecn, self.dscp = word >> 20 & 3, word >> 22 & 0x3f
            self.ends = tuple(socket.inet_ntop(socket.AF_INET6, ip[i:i + 16]) for i in (8, 24))
        self.sport, self.dport, length, self.sum = struct.unpack("!HHHH", udp[:8])
        tap.equal(length, len(udp), "UDP length")
        self.flags, vni = struct.unpack("!II", udp[8:16])
        tap.equal(vni & 0xff, 0, "reserved byte behind the VNI")
        self.vni, self.inner = vni >> 8, udp[16:]


class Sender:
    """Host 1 of this kind, whose tenant sends; host 2 takes it."""

    def __init__(self, lab, kind, family):
        a, b = lab.hosts
        self.one, self.two = a.tenant("p1", mac=A_MAC), b.tenant("p1", mac=B_MAC)
        self.source, self.target = self.one.tap(), self.two.tap()
        self.vteps = [KINDS[k](h, [{"vni": VNI, "ports": ["p1"], "flood": [o.address(family)]}],
                               family) for h, o, k in ((a, b, kind), (b, a, "xvtep"))]
        for end, mac in ((self.target, B_MAC), (self.source, A_MAC)):
            other = self.source if end is self.target else self.target
            frame.expect(end, lambda m, mac=mac: frame.plain(mac, frame.BROADCAST, m), {other: 1},
                         "broadcast")
        for vtep in self.vteps:
            vtep.wait_learned(2)
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()
        self.wire = a.sent_tap()

    def carried(self, build):
        """Sends a frame that build(mark) makes; it must arrive as sent. How it was carried."""
        mark = frame.marker()
        sent = build(mark)
        self.source.send(sent)
        frame.wait_count({self.target: 1, self.wire: 1}, mark, "frame sent")
        tap.equal(self.target.get(mark)[0].hex(), sent.hex(), "the frame that arrived")
        data = self.wire.get(mark)[0]
        outer = Outer(data)
        tap.equal(outer.inner.hex(), sent.hex(), "the frame inside")
        return outer, data


def udp_frame(mark, sport=40000, dport=9, tos=0):
    data = frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(sport, dport, mark), tos=tos)
    return frame.ether(A_MAC, B_MAC, frame.ETH_IP, data)


FRAMES = {
    "UDP": udp_frame,
    "not IP": lambda m: frame.plain(A_MAC, B_MAC, m),
    "broadcast": lambda m: frame.plain(A_MAC, frame.BROADCAST, m),
    "multicast UDP": lambda m: frame.udp4(A_MAC, frame.MULTICAST, "10.0.0.1", "225.1.2.3", m),
    "long": lambda m: frame.udp4(A_MAC, B_MAC, "10.0.0.1", "10.0.0.2", m.ljust(1472, b"x")),
}


def headers(family):
    """Fields of every kind of frame, and that the kernel's have the same."""
    seen = {}
    for kind in ("xvtep", "kernel"):
        with Lab() as lab:
            sender = Sender(lab, kind, family)
            a, b = lab.hosts
            for name, build in FRAMES.items():
                o, _ = sender.carried(build)
                low = 49152 if kind == "xvtep" else 32768
                tap.ok(o.sport >= low, f"{kind}, {name}: source port {o.sport}")
                tap.equal((o.ttl, o.proto, o.dport, o.flags, o.vni, o.ends, o.sum),
                          (64, 17, 4789, 0x08000000, VNI,
                           (a.address(family), b.address(family)), 0), f"{kind}, {name}")
                seen[kind, name] = (o.ecn, o.dscp)
    for name in FRAMES:
        tap.equal(seen["xvtep", name], seen["kernel", name], f"{name}: ECN and DSCP")


def entropy():
    """A flow keeps its source port; many flows spread over many."""
    with Lab() as lab:
        sender = Sender(lab, "xvtep", 4)
        ports = [sender.carried(lambda m: udp_frame(m, 5000))[0].sport for _ in range(10)]
        tap.equal(len(set(ports)), 1, f"source ports of one flow: {ports}")
        ports = {sender.carried(lambda m, n=n: udp_frame(m, 5000 + n))[0].sport for n in range(200)}
        tap.ok(len(ports) > 190, f"source ports of 200 flows: {len(ports)}")


def fragments(v6):
    """All fragments of a datagram have one source port; datagrams to many hosts have many."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = (h.tenant("p1", f"10.0.{h.number}.1/8", ip6=f"fd00::{h.number}:1")
                    for h in (a, b))
        for h, o in ((a, b), (b, a)):
            Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
        one.ping(two.ip6 if v6 else two.ip)
        wire, ports, count = a.sent_tap(), {}, 20
        for n in range(count):
            to = f"fd00::2:{n + 16:x}" if v6 else f"10.0.2.{n + 16}"
            one.ns.ip(f"neigh replace {to} lladdr {two.mac} dev eth0 nud permanent")
            sender = one.ns.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
            sender.sendto(frame.marker() * 375, (to, 5000 + n))  # 6000 bytes
            sender.close()

        def all_there():
            wire.drain()
            ports.clear()
            for data in wire.frames:
                inner = data[50:]
                if v6 and inner[12:14] == b"\x86\xdd" and inner[20] == 44:
                    ports.setdefault((inner[38:54], inner[58:62]), []).append(data[34:36])
                if not v6 and inner[12:14] == b"\x08\x00" and inner[20] & 0x3f | inner[21]:
                    ports.setdefault((inner[30:34], inner[18:20]), []).append(data[34:36])
            return sum(len(p) for p in ports.values()) == 5 * count
        tap.wait_for(all_there, f"{count} datagrams in 5 fragments each")
        tap.equal({len(set(p)) for p in ports.values()}, {1}, "source ports of a datagram")
        tap.ok(len({p[0] for p in ports.values()}) > count - 3, "source ports of all")


def ecn_out(family):
    """RFC 6040: ECT is copied out, CE becomes ECT(0) outside; as the kernel does."""
    for kind in ("xvtep", "kernel"):
        with Lab() as lab:
            sender = Sender(lab, kind, family)
            got = {tos: sender.carried(lambda m, t=tos: udp_frame(m, tos=t))[0].ecn
                   for tos in range(4)}
            tap.equal(got, {0: 0, 1: 1, 2: 2, 3: 2}, f"{kind}: outer ECN by inner ECN")


def ecn_in(mode):
    """RFC 6040: outer CE marks what can bear it, and drops what cannot."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = a.tenant("p1", mac=A_MAC), b.tenant("p1", mac=B_MAC)
        end, source = two.tap(), one.tap()
        Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4]}])
        vtep = Xvtepd(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v4]}], underlay={"xdp": mode})
        frame.expect(end, lambda m: frame.plain(B_MAC, frame.BROADCAST, m), {source: 1},
                     "broadcast")
        vtep.wait_learned(1)
        raw = a.ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for outer in range(4):
            for inner in range(4):
                mark = frame.marker()
                payload = frame.udp(50000, 4789, frame.vxlan(VNI, udp_frame(mark, tos=inner)))
                raw.sendto(frame.ipv4(a.v4, b.v4, 17, payload, tos=outer), (b.v4, 0))
                if (outer, inner) == (3, 0):
                    tap.wait_for(lambda: vtep.drops().get("ip_tunnel_ecn") == 1, "counted drop")
                    frame.wait_count({end: 0}, mark, "not ECT inside, CE outside", 0)
                    continue
                frame.wait_count({end: 1}, mark, f"outer {outer}, inner {inner}")
                data = end.get(mark)[0]
                want = 3 if outer == 3 else inner
                if (outer, inner) == (1, 2):
                    want = 1  # ECT(1) outside wins over ECT(0), RFC 6040 figure 4
                tap.equal(data[15] & 3, want, f"ECN inside, outer {outer}, inner {inner}")
                tap.equal(frame.checksum(data[14:34]), 0, "inner IPv4 checksum")
        raw.close()


def tshark(family):
    """Another program's reading of what we send: VXLAN, checksums good, nothing malformed."""
    if not shutil.which("tshark"):
        raise tap.Skip("no tshark (tools/install-deps --test)")
    with Lab() as lab:
        sender = Sender(lab, "xvtep", family)
        frames = [sender.carried(build)[1] for build in FRAMES.values()]
        path = f"{lab.dir}/wire.pcap"
        with open(path, "wb") as f:
            f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for n, data in enumerate(frames):
                f.write(struct.pack("=IIII", n, 0, len(data), len(data)) + data)
        p = run("tshark", "-n", "-r", path, "-T", "json", "-o", "ip.check_checksum:TRUE")
        packets = [x["_source"]["layers"] for x in json.loads(p.stdout)]
        tap.equal(len(packets), len(frames), "packets")
        tap.ok("_ws.malformed" not in p.stdout, "nothing malformed")
        for layers in packets:
            tap.equal(int(layers["vxlan"]["vxlan.vni"]), VNI, f"VNI in {list(layers)}")
            tap.ok("Expert Info (Error" not in json.dumps(layers), f"no errors: {layers}")
            if family == 4:
                ip = layers["ip"][0] if isinstance(layers["ip"], list) else layers["ip"]
                tap.equal(ip["ip.checksum.status"], "1", "outer checksum is good")


for _family in (4, 6):
    tap.case(f"headers beside the kernel's, IPv{_family}", _family)(headers)
    tap.case(f"ECN outwards, IPv{_family}", _family)(ecn_out)
    tap.case(f"tshark reads it, IPv{_family}", _family)(tshark)
tap.case("source port entropy")(entropy)
for _v6 in (False, True):
    tap.case("source port of fragments" + ", IPv6" * _v6, _v6)(fragments)
for _mode in ("native", "off", "generic"):
    tap.case(f"ECN inwards, xdp {_mode}", _mode)(ecn_in)

if __name__ == "__main__":
    tap.main()
