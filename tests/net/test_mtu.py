#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Packets that are too large for an underlay device or a port, and what outer headers say of it: "don't
fragment" and identifications, beside the kernel's vxlan.
"""
import itertools
import struct

import frame
import tap
import traffic
from lab import VNET_HDR, Lab
from too_big import DF, VNI, Pair, answers, transfers, whole_sums
from vtep import Kernel, Xvtepd

ONE_TAG = struct.pack("!HH", 0x8100, 0x6005)


def outer_df(pair, wire, build):
    """DF of the outer packet of one frame."""
    mark = frame.marker()
    pair.one.tap().send(build(mark))
    frame.wait_count({wire: 1}, mark, "outer packets")
    data, = wire.get(mark)
    tap.equal(data[12:14], b"\x08\0", "outer packet is IPv4")
    return bool(struct.unpack("!H", data[20:22])[0] & DF)


def frames_of(pair):
    """{name: build} of frames to a known, an unknown and all MAC addresses."""
    one, two = pair.one.mac, pair.two.mac
    frames = {
        "IPv4 with DF": lambda m: pair.udp4(64, True, m),
        "IPv4 without": lambda m: pair.udp4(64, False, m),
        "IPv6": lambda m: pair.udp6(64, m),
        "not IP": lambda m: frame.plain(one, two, m),
    }
    for name, build in list(frames.items()):
        for mac in (frame.BROADCAST, "02:00:00:00:99:99"):
            frames[f"{name} to {mac}"] = lambda m, b=build, d=mac: frame.mac(d) + b(m)[6:]
    return frames


@tap.case("df, beside the kernel, followed by reload", ("unset",) if tap.SLOW > 1 else (
    "unset", "set", "inherit"), main=True)
def df_as_kernel(settings):
    """Known unicast, fast and slow, and copies of unknown and broadcast: DF as the kernel has it."""
    seen = {}
    for kind in (Xvtepd, Kernel):
        with Lab() as lab:
            pair = Pair(lab, kinds=(kind, Kernel), df=settings[0])
            wire = lab.hosts[0].sent_tap()
            for df in settings:
                with tap.part(f"{kind.__name__}, {df}"):
                    if df != settings[0]:
                        pair.use(4, df)
                    if kind is Xvtepd:
                        tap.equal(pair.first.status()["df"], df, "status")
                    seen[kind, df] = {name: outer_df(pair, wire, build)
                                      for name, build in frames_of(pair).items()}
    for df in settings:
        tap.equal(seen[Xvtepd, df], seen[Kernel, df], f"outer DF, {df}")
        tap.ok(set(seen[Kernel, df].values()) == {"unset": {False}, "set": {True},
                                                  "inherit": {True, False}}[df], f"the control, {df}")


@tap.case("df is followed by reload, of a daemon that started with it")
def df_reload():
    with Lab() as lab:
        pair = Pair(lab, df="inherit")
        wire = lab.hosts[0].sent_tap()
        for df in ("inherit", "set", "inherit", "unset"):
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
            pair = Pair(lab, 6, kinds=(kind, Kernel))
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


def tagged(pair):
    """{(inner protocol, tags): answers} to frames that are too large."""
    one, two = ONE_TAG, struct.pack("!HH", 0x8100, 7)
    seen = {}
    for name, tags in (("none", b""), ("one", one), ("two", two + one)):
        less = 4 * (len(tags) > 4)  # a socket sends one tag above the MTU
        for inner, data in (("IPv4", pair.udp4(1472 - less, True, b"x")),
                            ("IPv6", pair.udp6(1452 - less, b"x"))):
            ear = pair.one.tap()
            ear.send(data[:12] + tags + data[12:])
            ear.send(pair.udp4(1471, True, b"fence"))
            tap.wait_for(lambda e=ear: any(b"fence" in f for f in told(e)), "the fence's")
            seen[inner, name] = {f for f in told(ear) if b"fence" not in f}
            ear.close()
    return seen


def tagged_as_kernel(pair, kernel):
    """The kernel's bridge and vxlan answer none of those who send them; xvtep those with one tag."""
    tap.equal({w for w, got in kernel.items() if got}, {("IPv4", "none"), ("IPv6", "none")},
              "the kernel answers those without a tag")
    for (inner, tags), got in tagged(pair).items():
        if tags == "none":
            tap.equal(got, kernel[inner, tags], f"answers to {inner}")
        elif tags == "two":
            tap.equal(got, set(), f"answers to {inner} with two tags")
        else:
            answer, = got
            tap.equal(answer[12:16], ONE_TAG, f"the tag of the answer to {inner}")
            bare = answer[:12] + answer[16:]
            whole_sums(bare)
            told_mtu = bare[40:42] if inner == "IPv4" else bare[60:62]
            tap.equal(int.from_bytes(told_mtu, "big"), 1500 - 70 - 4, f"the MTU told to {inner}")


def flooded(pair):
    """Copies of unknown unicast are answered, those to groups are not."""
    ear, before = pair.one.tap(), pair.first.drops().get("pkt_too_big", 0)
    for mac in (frame.BROADCAST, frame.MULTICAST, "02:00:00:00:99:99"):
        ear.send(frame.mac(mac) + pair.udp4(1472, True, frame.marker())[6:])
    tap.wait_for(lambda: answers(ear, 1), "an answer")
    tap.wait_for(lambda: pair.first.drops().get("pkt_too_big", 0) == before + 3, "three drops")
    got, = answers(ear, 1)
    tap.equal(got[6:12], frame.mac("02:00:00:00:99:99"), "the answer's source")
    whole_sums(got)
    ear.close()


def limited(pair):
    """Of 3000 frames at once most are not answered; a while later one is again."""
    ear, data = pair.one.tap(), pair.udp4(1472, True, b"x")
    for _ in range(3000):
        ear.send(data)
    tap.wait_for(lambda: pair.first.drops().get("pkt_too_big") == 3000, "drops")
    sent = pair.first.paths()["too_big_sent"]
    tap.ok(128 <= sent < 2900, f"{sent} answers to 3000 frames")

    def answered():
        ear.send(data)
        return pair.first.paths()["too_big_sent"] > sent
    tap.wait_for(answered, "an answer, later")
    ear.close()


@tap.case("answers to frames with tags, beside the kernel, and to copies; they have a limit")
def more_answers():
    keep = {"inner-vlan": "keep"}
    with Lab(mtu=1500) as lab:
        kernel = tagged(Pair(lab, 6, kinds=(Kernel, Kernel), net=keep))
    with Lab(mtu=1500) as lab:
        pair = Pair(lab, 6, net=keep)
        with tap.part("a limit"):
            limited(pair)
        with tap.part("frames with tags"):
            tagged_as_kernel(pair, kernel)
        with tap.part("copies"):
            flooded(pair)


def merged_to(kind, host):
    """Sizes of the frames that a smaller port gets: one too large, one that is merged, a small one."""
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
    return [len(f) for f in ear.get(b"merged")]


@tap.case("merged frames to a smaller port, beside the kernel")
def merged_to_smaller():
    """
    is_skb_forwardable() lets a merged frame pass, whatever it is cut into; a single one of the same
    size does not.
    """
    with Lab() as lab:
        kernel, own = (merged_to(kind, host) for kind, host in zip((Kernel, Xvtepd), lab.hosts))
    tap.equal(kernel, [54 + 2900, 54 + 100], "the kernel's bridge: a merged one passes")
    tap.equal(own, kernel, "xvtep")


@tap.case("TCP, tenants larger than the way, default wire: IPv6, IPv4 with df: set", "default")
@tap.case("TCP, tenants larger than the way, nic wire: IPv6", "nic")
def tcp_completes(wire):
    with Lab(mtu=1500, wire=wire) as lab:
        pair = Pair(lab, 6, (Xvtepd, Xvtepd))
        with tap.part("IPv6"):
            transfers(pair)
            for vtep in pair.vteps:
                tap.ok(vtep.paths()["too_big_sent"] >= 2, "answers were sent")
                tap.equal(set(vtep.drops()), {"pkt_too_big"}, "drops")
        if wire == "default":
            with tap.part("IPv4 with df: set"):
                pair.use(4, "set")
                transfers(pair)


@tap.case("to a smaller port of this host, and of another, XDP and TC")
def small_port():
    """A port of 1400 bytes: the sender is told, here and across the wire, by XDP and by TC."""
    with Lab(wire="nic") as lab:
        pair = Pair(lab, kinds=(Kernel, Xvtepd), underlay={"xdp": "native"})
        small = lab.hosts[1].tenant("p2", "10.0.0.3", ip6="fd00::3")
        lab.hosts[1].ns.ip("link set p2 mtu 1400")
        vtep = pair.vteps[1]
        vtep.client("port", "add", "p2", "network", str(VNI))
        for number, (mode, peer) in enumerate(itertools.product(("native", "off"),
                                                                (pair.one, pair.two)), 1):
            with tap.part(f"xdp {mode}, from {peer.ns.name}"):
                if vtep.config["underlay"]["xdp"] != mode:
                    vtep.config["underlay"]["xdp"] = mode
                    vtep.config["networks"][0]["ports"] = ["p1", "p2"]
                    vtep.apply()
                    pair.begin()
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
                tap.equal(vtep.drops(), {"pkt_too_big": number}, "drops")
                tap.equal(vtep.paths()["too_big_sent"], number, "answers")
                ear.close()


if __name__ == "__main__":
    tap.main()
