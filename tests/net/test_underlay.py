#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The underlay changes under traffic: a next hop's MAC address, a route, a device that goes down; and
what IPv6 ends say about UDP checksums. After each change traffic flows again, on the fast path.
"""
import frame
import tap
import traffic
from lab import Lab
from two import VNI, Two
from vtep import Kernel, Xvtepd

PPS = 5000


class Side(Two):
    """The tenants of one family's tunnel; addresses inside are the same in both."""

    def __init__(self, first, family):
        self.lab, self.first, self.family = first.host.lab, first, family
        self.one, self.two = [h.tenant(f"p{family}", f"10.0.0.{h.number}")
                              for h in self.lab.hosts[:2]]
        self.remote = self.lab.hosts[1].address(family)


def sides(lab, mode="native", families=(4, 6), devices=("under",)):
    """{family: Side}: host 1's daemon has a network for each; host 2 has the kernel's vxlan."""
    a, b = lab.hosts[:2]
    own = {key: value for f, key, value in ((4, "address", a.v4), (6, "address6", a.v6))
           if f in families}
    first = Xvtepd(a, [], underlay={"address": a.v4, "xdp": mode, "devices": list(devices)},
                   start=False)
    first.config["underlay"] = {"xdp": mode, "devices": list(devices), **own}
    found = {f: Side(first, f) for f in families}
    first.config["networks"] = [{"vni": VNI + f, "ports": [f"p{f}"], "flood": [b.address(f)]}
                                for f in families]
    first.start()
    for f, side in found.items():
        kernel = Kernel(b, [{"vni": VNI + f, "ports": [f"p{f}"], "flood": [a.address(f)]}], f)
        side.one.neigh(side.two)
        side.two.neigh(side.one)
        side.one.ping(side.two.ip)
    for vtep in (first, kernel):
        vtep.wait_learned(2 * len(families))
    first.wait_ready()
    return found


def set_mode(side, mode):
    side.first.config["underlay"]["xdp"] = mode
    side.first.apply()
    side.first.wait_ready()


def nexthop_mac(side):
    """The router gets another MAC address and says so."""
    router = side.lab.router
    router.sysctl("net.ipv4.conf.r1.arp_notify", 1)
    router.sysctl("net.ipv6.conf.r1.ndisc_notify", 1)
    stream = traffic.Stream(side.one, side.two, PPS)
    stream.run_until(PPS // 10)
    for mac in ("02:00:00:00:ee:01", "02:00:00:00:ee:02"):
        router.ip(f"link set r1 address {mac}")
        tap.wait_for(lambda m=mac: side.first.row("peer", remote=side.remote)["mac"] == m,
                     "the adjacency has the new address", 15)
        seen = len(stream.seen)
        tap.wait_for(lambda n=seen: len(stream.seen) > n + 100, "the stream flows again")
    stream.stop()
    side.expect_fast("after the change")


def nexthop_mac_silent():
    """The same, and the router says nothing: the kernel must ask again by itself."""
    with Lab() as lab:
        for name in ("ipv4", "ipv6"):
            for key, value in (("base_reachable_time_ms", 500), ("delay_first_probe_time", 1),
                               ("retrans_time_ms", 100), ("interval_probe_time_ms", 500)):
                lab.hosts[0].ns.sysctl(f"net.{name}.neigh.under.{key}", value)
        for family, side in sides(lab).items():
            with tap.part(f"IPv{family}"):
                mac = f"02:00:00:00:ee:1{family}"
                lab.router.ip(f"link set r1 address {mac}")
                stream = traffic.Stream(side.one, side.two, 500)
                tap.wait_for(lambda s=side, m=mac: s.first.row("peer", remote=s.remote)["mac"] == m,
                             "the adjacency has the new address", 30)
                seen = len(stream.seen)
                tap.wait_for(lambda s=stream, n=seen: len(s.seen) > n + 50,
                             "the stream flows again")
                stream.stop()
                side.expect_fast("after the change")


def uplink_taps(lab):
    return {"under": lab.keep(frame.Tap(lab.router, "r1")),
            "under2": lab.keep(frame.Tap(lab.router, "r1b"))}


def wait_by(side, dev, what=""):
    def now():
        row = side.first.row("peer", remote=side.remote)
        return row["dev"] == dev and row["ready"]
    tap.wait_for(now, f"the adjacency is by {dev} {what}")


def route(side):
    """A second way to the peer: the route moves to it and back, and nothing is lost."""
    a, ways = side.first.host, uplink_taps(side.lab)
    stream = traffic.Stream(side.one, side.two, PPS)
    for dev, via in (("under2", "198.19.1.254"), ("under", a.gw4), ("under2", "198.19.1.254")):
        a.ns.ip(f"route replace {side.remote}/32 via {via} dev {dev}")
        wait_by(side, dev)
        mark = frame.marker()
        sender = side.one.tap()
        for _ in range(10):
            sender.send(frame.udp4(side.one.mac, side.two.mac, "10.0.0.1", "10.0.0.2", mark))
        frame.wait_count({t: 10 if d == dev else 0 for d, t in ways.items()}, mark,
                         f"packets by {dev}")
    stream.run_until(PPS // 10)
    stream.expect_no_loss("route changes")


def second_way(lab, families):
    """As sides(), with a second uplink of both families, which no route but that in table 77 has."""
    a = lab.hosts[0]
    a.second_uplink()
    a.ns.sysctl("net.ipv6.conf.all.forwarding", 0)
    a.ns.ip("addr add 2001:db8:91::1/64 dev under2")
    lab.router.ip("addr add 2001:db8:91::fe/64 dev r1b")
    return sides(lab, families=families, devices=("under", "under2"))


def rule(side):
    """Rules for VXLAN's protocol and port send it by a second way; rules for others do not."""
    a, family = side.first.host, side.family
    first, other = ((a.gw4, "198.19.1.254"), (a.gw6, "2001:db8:91::fe"))[family == 6]
    a.ns.run("ip", f"-{family}", "route", "add", "default", "via", other, "dev", "under2",
             "table", "77")
    ways = uplink_taps(side.lab)
    stream = traffic.Stream(side.one, side.two, 1000)

    def expect_by(dev, what):
        row = side.first.row("peer", remote=side.remote)
        tap.equal((row["dev"], row["nexthop"]), (dev, first if dev == "under" else other), what)
        for target in (side.two.mac, frame.BROADCAST):  # prebuilt header; the slow path's copy
            mark, sender = frame.marker(), side.one.tap()
            for _ in range(5):
                sender.send(frame.plain(side.one.mac, target, mark))
            frame.wait_count({t: 5 if d == dev else 0 for d, t in ways.items()}, mark,
                             f"{what}: packets to {target} by {dev}")
    rules = [("ipproto udp dport 4789", "under2"), ("ipproto udp dport 8472", "under"),
             ("ipproto udp dport 4000-5000 sport 49152-65534", "under2"),
             ("ipproto tcp", "under")]
    expect_by("under", "without a rule")
    for text, dev in rules:
        a.ns.run("ip", f"-{family}", "rule", "add", "pref", "100", *text.split(), "lookup", "77")
        wait_by(side, dev, f"with {text}")
        expect_by(dev, text)
        a.ns.run("ip", f"-{family}", "rule", "del", "pref", "100")
        wait_by(side, "under", f"without {text}")
    stream.expect_no_loss("rules that change")


def no_route(side):
    """No route: dropped, never sent anywhere; the status says so; back when it is back."""
    a, remote = side.first.host, side.remote
    a.ns.ip("route del default", f"route add unreachable {remote}/32")
    tap.wait_for(lambda: not side.first.row("peer", remote=remote)["ready"], "not ready")
    tap.ok(side.first.row("peer", remote=remote)["status"], "the status says why")
    tap.equal(side.one.ping(side.two.ip, 2, check=False), 0, "answers without a route")
    a.ns.ip(f"route del unreachable {remote}/32")
    said = len(side.first.log())
    a.routes()
    side.expect_fast("with a route again")
    tap.ok(any(f"peer {remote}: fast path again" in line for line in side.first.log()[said:]),
           "the log says that it is back")
    side.one.ping(side.two.ip)


def down_and_up(side):
    """The underlay device goes down and comes up."""
    a = side.first.host
    a.ns.sysctl("net.ipv6.conf.under.keep_addr_on_down", 1)
    for _ in range(2):
        a.ns.ip("link set under down")
        tap.equal(side.one.ping(side.two.ip, 1, check=False), 0, "answers while it is down")
        a.ns.ip("link set under up")
        a.routes()
        tap.wait_for(lambda: side.one.ping(side.two.ip, 1, check=False), "pings are answered")
        side.expect_fast("up again")
        traffic.tcp(side.two, side.one)


def device_again(side):
    """The underlay device is deleted and made again."""
    a = side.first.host
    a.ns.ip("link del under")
    tap.wait_for(lambda: not side.first.row("peer", remote=side.remote)["ready"],
                 "the peer is not ready")
    a.underlay()
    tap.wait_for(lambda: side.one.ping(side.two.ip, 1, check=False), "pings are answered", 15)
    side.expect_fast("with the new device")
    traffic.tcp(side.two, side.one)
    traffic.tcp(side.one, side.two)


CHECKSUMS = {  # xvtep sends them, the kernel sends them, the kernel takes packets without
    "kernel takes zero": (False, False, True),
    "with UDP checksums, kernel refuses zero": (True, True, False),
    "kernel sends them": (False, True, True),
    "kernel refuses zero: nothing": (False, True, False)}  # negative control: what the key is for


def checksum6():
    """IPv6 ends with and without outer UDP checksums."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in (a, b)]
        vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v6]}], 6,
                      underlay={"udp6-checksum": False, "xdp": "native"})
        for name, (xvtep_sums, kernel_sums, kernel_takes_zero) in CHECKSUMS.items():
            vtep.config["underlay"]["udp6-checksum"] = xvtep_sums
            vtep.apply()
            Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v6],
                        "zero_rx": kernel_takes_zero, "zero_tx": not kernel_sums}], 6)
            with tap.part(name):
                if not xvtep_sums and not kernel_takes_zero:
                    tap.equal(one.ping(two.ip, 2, check=False), 0, "answers")
                else:
                    outer_checksums(one, two, xvtep_sums, kernel_sums)
            b.ns.ip(f"link del vx{VNI}", f"link del br{VNI}")
            for tenant in (one, two):
                tenant.ns.ip("neigh flush dev eth0")


def outer_checksums(one, two, xvtep_sums, kernel_sums):
    one.ping(two.ip)
    wires = one.host.sent_tap(), two.host.sent_tap()
    for source, target in ((one, two), (two, one)):
        traffic.udp(source, target)
        traffic.tcp(source, target)
    for wire, sums in ((wires[0], xvtep_sums), (wires[1], kernel_sums)):
        wire.drain()
        outer = [f for f in wire.frames if f[12:14] == b"\x86\xdd" and f[20] == 17]
        tap.ok(len(outer) > 10, "packets seen on the wire")
        zero = sum(f[60:62] == b"\0\0" for f in outer)
        tap.equal(zero, 0 if sums else len(outer),
                  f"outer UDP checksums of zero among {len(outer)} at {wire.name}")


def unknown_peer(side, tenant):
    """VXLAN from a host that is not a peer, the tenant's, is dropped and counted."""
    first, stranger = side.first, tenant.host
    before = first.drops().get("unknown_peer", 0)
    sender, mark = tenant.tap(), frame.marker()
    for n in range(5):
        sender.send(frame.plain(tenant.mac, (frame.BROADCAST, side.one.mac)[n % 2], mark))
    tap.wait_for(lambda: first.drops().get("unknown_peer") == before + 5, "5 counted drops")
    last = first.row("drops", reason="unknown_peer")
    tap.equal({k: last[k] for k in ("dev", "remote", "vni", "src", "vlan")},
              {"dev": "under", "remote": stranger.v4, "vni": VNI + 4, "src": tenant.mac,
               "vlan": None}, "whose packet")
    tap.equal((last["dst"] in (frame.BROADCAST, side.one.mac), last["age"] < 60), (True, True),
              f"to whom, and when: {last}")
    frame.wait_count({side.one.tap(): 0}, mark, "frames of a stranger", 0)
    first.client("peer", "add", stranger.v4)
    end = side.one.tap()
    frame.expect(sender, lambda m: frame.plain(tenant.mac, side.one.mac, m), {end: 1},
                 "once it is a peer", 5)
    first.client("peer", "del", stranger.v4)


def ipv4_main():
    """A fresh start with IPv4 alone."""
    with Lab() as lab:
        side = sides(lab, families=[4])[4]
        with tap.part("next hop's MAC changes"):
            nexthop_mac(side)
        with tap.part("down and up, xdp native"):
            down_and_up(side)
        set_mode(side, "off")
        with tap.part("deleted and made again, xdp off"):
            device_again(side)


def both_families():
    """Both families side by side; native, and off by a reload."""
    with Lab(hosts=3) as lab:
        four, six = sides(lab).values()
        stranger = lab.hosts[2].tenant("p4")
        Kernel(stranger.host, [{"vni": VNI + 4, "ports": ["p4"], "flood": [lab.hosts[0].v4]}])
        with tap.part("next hop's MAC changes, IPv6"):
            nexthop_mac(six)
        with tap.part("route goes and comes back"):
            no_route(four)
        with tap.part("unknown peer, xdp native"):
            unknown_peer(four, stranger)
        with tap.part("down and up, IPv6, xdp native"):
            down_and_up(six)
        with tap.part("deleted and made again, xdp native"):
            device_again(four)
        set_mode(four, "off")
        for side in (four, six):
            with tap.part(f"down and up, IPv{side.family}, xdp off"):
                down_and_up(side)
        with tap.part("unknown peer, xdp off"):
            unknown_peer(four, stranger)


def two_uplinks():
    with Lab() as lab:
        four, six = second_way(lab, (4, 6)).values()
        with tap.part("rule for protocol and port, IPv6"):
            rule(six)
        with tap.part("route changes between two devices"):
            route(four)


def rule4():
    with Lab() as lab:
        rule(second_way(lab, [4])[4])


tap.case("next hop's MAC changes, underlay device down and up, made again; IPv4", main=True)(ipv4_main)
tap.case("the same with IPv6 and in other modes; no route; unknown peer")(both_families)
tap.case("next hop's MAC changes unsaid, IPv4 and IPv6")(nexthop_mac_silent)
tap.case("rule for protocol and port, IPv4", main=True)(rule4)
tap.case("two underlay devices: rule for protocol and port, IPv6; route changes")(two_uplinks)
tap.case("IPv6 with and without UDP checksums, beside the kernel's")(checksum6)

if __name__ == "__main__":
    tap.main()
