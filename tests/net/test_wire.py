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
from vtep import Kernel, Xvtepd

VNIS = {4: 0x123456, 6: 0x123457}  # of the network whose tunnels are of that family
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
    """A network's tenant on a host of that kind, which sends, and its tenant on the taker's host."""

    def __init__(self, source, target, vtep, kind):
        self.source, self.target, self.vtep, self.kind = source.tap(), target.tap(), vtep, kind
        self.wire, self.host = source.host.sent_tap(), source.host
        for end, mac in ((self.target, B_MAC), (self.source, A_MAC)):
            other = self.source if end is self.target else self.target
            frame.expect(end, lambda m, mac=mac: frame.plain(mac, frame.BROADCAST, m), {other: 1},
                         f"{kind}: broadcast")

    def carried(self, build):
        """Sends a frame that build(mark) makes; it must arrive as sent. How it was carried."""
        mark = frame.marker()
        sent = build(mark)
        self.source.send(sent)
        frame.wait_count({self.target: 1, self.wire: 1}, mark, f"{self.kind}: frame sent")
        tap.equal(self.target.get(mark)[0].hex(), sent.hex(), "the frame that arrived")
        data = self.wire.get(mark)[0]
        outer = Outer(data)
        tap.equal(outer.inner.hex(), sent.hex(), "the frame inside")
        return outer, data


def networks(families, remotes, port="p"):
    """One a family, flooded to the remotes."""
    return [{"vni": VNIS[f], "ports": [f"{port}{f}"], "flood": [h.address(f) for h in remotes]}
            for f in families]


def both_families(host):
    return {"address": host.v4, "address6": host.v6}


class Senders:
    """
    Hosts 1 and, with the kernel, 3 send to host 2, with IPv4 and IPv6 at once: sender[kind, family].
    """

    def __init__(self, lab, taker=Xvtepd):
        a, b, *more = lab.hosts
        self.sender = {}
        ends = {f: b.tenant(f"p{f}", mac=B_MAC) for f in VNIS}
        if taker is Xvtepd:
            take = [Xvtepd(b, networks(VNIS, (a, *more)), underlay=both_families(b))]
        else:
            take = [Kernel(b, networks([f], (a, *more)), f) for f in VNIS]
        for host, kind in zip((a, *more), ("xvtep", "kernel")):
            ones = {f: host.tenant(f"p{f}", mac=A_MAC) for f in VNIS}
            if kind == "xvtep":
                vtep = Xvtepd(host, networks(VNIS, [b]), underlay=both_families(host))
            for f in VNIS:
                if kind == "kernel":
                    vtep = Kernel(host, networks([f], [b]), f)
                self.sender[kind, f] = Sender(ones[f], ends[f], vtep, f"{kind}, IPv{f}")
            tap.wait_for(lambda v=vtep: len(v.learned()) == 2 * len(VNIS), "addresses learned")
        for vtep in (*take, self.sender["xvtep", 4].vtep):
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()


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


def headers(senders, family):
    """Fields of every kind of frame, and that the kernel's have the same."""
    seen = {}
    for kind in ("xvtep", "kernel"):
        sender = senders.sender[kind, family]
        host, taker = sender.host, sender.host.lab.hosts[1]
        for name, build in FRAMES.items():
            o, _ = sender.carried(build)
            low = 49152 if kind == "xvtep" else 32768
            tap.ok(o.sport >= low, f"{kind}, {name}: source port {o.sport}")
            tap.equal((o.ttl, o.proto, o.dport, o.flags, o.vni, o.ends, o.sum),
                      (64, 17, 4789, 0x08000000, VNIS[family],
                       (host.address(family), taker.address(family)), 0), f"{kind}, {name}")
            seen[kind, name] = (o.ecn, o.dscp)
    for name in FRAMES:
        tap.equal(seen["xvtep", name], seen["kernel", name], f"{name}: ECN and DSCP")


def ecn_out(senders, family):
    """RFC 6040: ECT is copied out, CE becomes ECT(0) outside; as the kernel does."""
    for kind in ("xvtep", "kernel"):
        sender = senders.sender[kind, family]
        got = {tos: sender.carried(lambda m, t=tos: udp_frame(m, tos=t))[0].ecn
               for tos in range(4)}
        tap.equal(got, {0: 0, 1: 1, 2: 2, 3: 2}, f"{kind}: outer ECN by inner ECN")


def entropy(senders, family):
    """A flow keeps its source port; many flows spread over many."""
    sender = senders.sender["xvtep", family]
    ports = [sender.carried(lambda m: udp_frame(m, 5000))[0].sport for _ in range(10)]
    tap.equal(len(set(ports)), 1, f"source ports of one flow: {ports}")
    ports = {sender.carried(lambda m, n=n: udp_frame(m, 5000 + n))[0].sport for n in range(200)}
    tap.ok(len(ports) > 190, f"source ports of 200 flows: {len(ports)}")


def outwards():
    with Lab(hosts=3) as lab:
        senders = Senders(lab)
        for family in VNIS:
            for scenario in (headers, ecn_out, entropy):
                with tap.part(f"{scenario.__name__}, IPv{family}"):
                    scenario(senders, family)


def source_ports(one, two, wire, v6):
    """All fragments of a datagram have one source port; datagrams to many hosts have many."""
    ports, count = {}, 20
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


def fragments():
    with Lab() as lab:
        a, b = lab.hosts
        one, two = (h.tenant("p4", f"10.0.{h.number}.1/8", ip6=f"fd00::{h.number}:1")
                    for h in (a, b))
        Xvtepd(a, networks([4], [b]))
        Kernel(b, networks([4], [a]))
        for v6 in (False, True):
            with tap.part("IPv6" if v6 else "IPv4"):
                one.ping(two.ip6 if v6 else two.ip)
                source_ports(one, two, a.sent_tap(), v6)


def ecn_in():
    """RFC 6040: outer CE marks what can bear it, and drops what cannot."""
    with Lab() as lab:
        a, b = lab.hosts
        end = b.tenant("p4", mac=B_MAC).tap()
        vtep = Xvtepd(b, networks([4], [a]), underlay={"xdp": "native"})
        raw = a.ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        lab.keep(raw)
        end.send(frame.plain(B_MAC, frame.BROADCAST, frame.marker()))
        vtep.wait_learned(1)
        for n, mode in enumerate(("native", "off", "generic")):
            vtep.config["underlay"]["xdp"] = mode
            vtep.apply()
            with tap.part(f"xdp {mode}"):
                marks(vtep, end, raw, dropped=n + 1)


def marks(vtep, end, raw, dropped):
    """Every outer mark with every inner one; dropped: how many were so far, with this one."""
    a, b = vtep.host.lab.hosts
    for outer in range(4):
        for inner in range(4):
            mark = frame.marker()
            payload = frame.udp(50000, 4789, frame.vxlan(VNIS[4], udp_frame(mark, tos=inner)))
            raw.sendto(frame.ipv4(a.v4, b.v4, 17, payload, tos=outer), (b.v4, 0))
            if (outer, inner) == (3, 0):
                tap.wait_for(lambda: vtep.drops().get("ip_tunnel_ecn") == dropped, "counted drop")
                frame.wait_count({end: 0}, mark, "not ECT inside, CE outside", 0)
                continue
            frame.wait_count({end: 1}, mark, f"outer {outer}, inner {inner}")
            data = end.get(mark)[0]
            want = 3 if outer == 3 else inner
            if (outer, inner) == (1, 2):
                want = 1  # ECT(1) outside wins over ECT(0), RFC 6040 figure 4
            tap.equal(data[15] & 3, want, f"ECN inside, outer {outer}, inner {inner}")
            tap.equal(frame.checksum(data[14:34]), 0, "inner IPv4 checksum")


def tshark():
    """Another program's reading of what we send: VXLAN, checksums good, nothing malformed."""
    if not shutil.which("tshark"):
        raise tap.Skip("no tshark (tools/install-deps --test)")
    with Lab() as lab:
        senders = Senders(lab, Kernel)
        for family in VNIS:
            with tap.part(f"IPv{family}"):
                reads(senders.sender["xvtep", family], f"{lab.dir}/wire.pcap", family)


def reads(sender, path, family):
    frames = [sender.carried(build)[1] for build in FRAMES.values()]
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, data in enumerate(frames):
            f.write(struct.pack("=IIII", n, 0, len(data), len(data)) + data)
    p = run("tshark", "-n", "-r", path, "-T", "json", "-o", "ip.check_checksum:TRUE")
    packets = [x["_source"]["layers"] for x in json.loads(p.stdout)]
    tap.equal(len(packets), len(frames), "packets")
    tap.ok("_ws.malformed" not in p.stdout, "nothing malformed")
    for layers in packets:
        tap.equal(int(layers["vxlan"]["vxlan.vni"]), VNIS[family], f"VNI in {list(layers)}")
        tap.ok("Expert Info (Error" not in json.dumps(layers), f"no errors: {layers}")
        if family == 4:
            ip = layers["ip"][0] if isinstance(layers["ip"], list) else layers["ip"]
            tap.equal(ip["ip.checksum.status"], "1", "outer checksum is good")


tap.case("headers, ECN outwards beside the kernel's, source ports; IPv4 and IPv6")(outwards)
tap.case("tshark reads it, IPv4 and IPv6")(tshark)
tap.case("source port of fragments, IPv4 and IPv6")(fragments)
tap.case("ECN inwards, in each mode")(ecn_in)

if __name__ == "__main__":
    tap.main()
