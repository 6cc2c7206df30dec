#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The underlay changes under traffic: a next hop's MAC address, a route, a device that goes down; and
what IPv6 ends say about UDP checksums. After each change traffic flows again, on the fast path.
"""
import json
import os
import signal
import struct

import frame
import tap
import traffic
from lab import Lab
from netns import run
from two import VNI, Two
from vtep import Kernel, Xvtepd, link_is_ours, words

FIRST_UPLINK = 16384  # XV_MAX_PORTS: in xv_tx
VALID = 1  # enum xv_adj_flags
PPS = 5000


def nexthop_mac(family):
    """The router gets another MAC address and says so."""
    with Lab() as lab:
        two = Two(lab, family)
        lab.router.sysctl("net.ipv4.conf.r1.arp_notify", 1)
        lab.router.sysctl("net.ipv6.conf.r1.ndisc_notify", 1)
        stream = traffic.Stream(two.one, two.two, PPS)
        stream.run_until(PPS // 10)
        for mac in ("02:00:00:00:ee:01", "02:00:00:00:ee:02"):
            lab.router.ip(f"link set r1 address {mac}")
            tap.wait_for(lambda m=mac: two.first.row("peer", dev="under")["mac"] == m,
                         "the adjacency has the new address", 15)
            seen = len(stream.seen)
            tap.wait_for(lambda n=seen: len(stream.seen) > n + 100, "the stream flows again")
        stream.stop()
        two.expect_fast("after the change")


def nexthop_mac_silent(family):
    """The same, and the router says nothing: the kernel must ask again by itself."""
    with Lab() as lab:
        name = "ipv4" if family == 4 else "ipv6"
        for key, value in (("base_reachable_time_ms", 500), ("delay_first_probe_time", 1),
                           ("retrans_time_ms", 100), ("interval_probe_time_ms", 500)):
            lab.hosts[0].ns.sysctl(f"net.{name}.neigh.under.{key}", value)
        two = Two(lab, family)
        lab.router.ip("link set r1 address 02:00:00:00:ee:03")
        stream = traffic.Stream(two.one, two.two, 500)
        tap.wait_for(lambda: two.first.row("peer", dev="under")["mac"] == "02:00:00:00:ee:03",
                     "the adjacency has the new address", 30)
        seen = len(stream.seen)
        tap.wait_for(lambda: len(stream.seen) > seen + 50, "the stream flows again")
        stream.stop()
        two.expect_fast("after the change")


def route():
    """A second way to the peer: the route moves to it and back, and nothing is lost."""
    with Lab() as lab:
        a, b = lab.hosts
        a.second_uplink()
        two = Two(lab, underlay={"devices": ["under", "under2"]})
        ways = {"under": lab.keep(frame.Tap(lab.router, "r1")),
                "under2": lab.keep(frame.Tap(lab.router, "r1b"))}
        stream = traffic.Stream(two.one, two.two, PPS)
        for dev, via in (("under2", "198.19.1.254"), ("under", a.gw4), ("under2", "198.19.1.254")):
            a.ns.ip(f"route replace {b.v4}/32 via {via} dev {dev}")
            tap.wait_for(lambda d=dev: (r := two.first.row("peer", remote=b.v4))["dev"] == d
                         and r["ready"], f"the adjacency is by {dev}")
            mark = frame.marker()
            sender = two.one.tap()
            for _ in range(10):
                sender.send(frame.udp4(two.one.mac, two.two.mac, "10.0.0.1", "10.0.0.2", mark))
            frame.wait_count({t: 10 if d == dev else 0 for d, t in ways.items()}, mark,
                             f"packets by {dev}")
        stream.run_until(PPS // 10)
        stream.expect_no_loss("route changes")


def rule(family):
    """Rules for VXLAN's protocol and port send it by a second way; rules for others do not."""
    with Lab() as lab:
        a, b = lab.hosts
        a.second_uplink()
        a.ns.sysctl("net.ipv6.conf.all.forwarding", 0)
        a.ns.ip("addr add 2001:db8:91::1/64 dev under2")
        lab.router.ip("addr add 2001:db8:91::fe/64 dev r1b")
        first, other = ((a.gw4, "198.19.1.254"), (a.gw6, "2001:db8:91::fe"))[family == 6]
        a.ns.run("ip", f"-{family}", "route", "add", "default", "via", other, "dev", "under2",
                 "table", "77")
        two = Two(lab, family, underlay={"devices": ["under", "under2"]})
        ways = {"under": lab.keep(frame.Tap(lab.router, "r1")),
                "under2": lab.keep(frame.Tap(lab.router, "r1b"))}
        stream = traffic.Stream(two.one, two.two, 1000)

        def expect_by(dev, what):
            row = two.first.row("peer", remote=b.address(family))
            tap.equal((row["dev"], row["nexthop"]), (dev, first if dev == "under" else other), what)
            for target in (two.two.mac, frame.BROADCAST):  # prebuilt header; the slow path's copy
                mark, sender = frame.marker(), two.one.tap()
                for _ in range(5):
                    sender.send(frame.plain(two.one.mac, target, mark))
                frame.wait_count({t: 5 if d == dev else 0 for d, t in ways.items()}, mark,
                                 f"{what}: packets to {target} by {dev}")
        rules = [("ipproto udp dport 4789", "under2"), ("ipproto udp dport 8472", "under"),
                 ("ipproto udp dport 4000-5000 sport 49152-65534", "under2"),
                 ("ipproto tcp", "under")]
        expect_by("under", "without a rule")
        for text, dev in rules:
            a.ns.run("ip", f"-{family}", "rule", "add", "pref", "100", *text.split(), "lookup", "77")
            tap.wait_for(lambda d=dev: (r := two.first.row("peer", remote=b.address(family)))["dev"]
                         == d and r["ready"], f"the adjacency is by {dev} with {text}")
            expect_by(dev, text)
            a.ns.run("ip", f"-{family}", "rule", "del", "pref", "100")
            tap.wait_for(lambda: (r := two.first.row("peer", remote=b.address(family)))["dev"]
                         == "under" and r["ready"], f"the adjacency is by under without {text}")
        stream.expect_no_loss("rules that change")


def many_peers():
    """The route to more peers than are looked at in a turn moves, while some of them come and go."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.second_uplink()
        host.tenant("p1")
        peers = [f"203.0.113.{n}" for n in range(1, 151)]
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "flood": peers}],
                      underlay={"xdp": "native", "devices": ["under", "under2"]})

        def all_by(dev):
            rows = vtep.rows("peer")
            entries = json.loads(run("bpftool", "-j", "map", "dump", "pinned",
                                     vtep.pin("xv_adj")).stdout)
            ways = [e["formatted"]["value"]["ifindex"] for e in entries
                    if e["formatted"]["value"]["flags"] & VALID]
            return (sorted(r["remote"] for r in rows) == sorted(peers) and
                    all(r["dev"] == dev and r["ready"] for r in rows) and
                    ways == [host.ns.links()[dev]["ifindex"]] * len(peers))
        tap.wait_for(lambda: all_by("under"), "all adjacencies are by under")
        for dev, via in (("under2", "198.19.1.254"), ("under", host.gw4)) * 3:
            host.ns.ip(f"route replace 203.0.113.0/24 via {via} dev {dev}")
            for peer in peers[::30]:
                vtep.client("flood", "del", "network", str(VNI), "remote", peer)
                vtep.client("flood", "add", "network", str(VNI), "remote", peer)
            tap.wait_for(lambda d=dev: all_by(d), f"all adjacencies are by {dev}")


def no_route():
    """No route: dropped, never sent anywhere; the status says so; back when it is back."""
    with Lab() as lab:
        two = Two(lab)
        a, b = lab.hosts
        a.ns.ip("route del default", f"route add unreachable {b.v4}/32")
        tap.wait_for(lambda: not two.first.row("peer", remote=b.v4)["ready"], "not ready")
        tap.ok(two.first.row("peer", remote=b.v4)["status"], "the status says why")
        tap.equal(two.one.ping(two.two.ip, 2, check=False), 0, "answers without a route")
        a.ns.ip(f"route del unreachable {b.v4}/32")
        a.routes()
        two.expect_fast("with a route again")
        tap.ok(any(f"peer {b.v4}: fast path again" in line for line in two.first.log()),
               "the log says that it is back")
        two.one.ping(two.two.ip)


def down_and_up(family, mode):
    """The underlay device goes down and comes up."""
    with Lab() as lab:
        two = Two(lab, family, mode)
        a = lab.hosts[0]
        a.ns.sysctl("net.ipv6.conf.under.keep_addr_on_down", 1)
        for _ in range(2):
            a.ns.ip("link set under down")
            tap.equal(two.one.ping(two.two.ip, 1, check=False), 0, "answers while it is down")
            a.ns.ip("link set under up")
            a.routes()
            tap.wait_for(lambda: two.one.ping(two.two.ip, 1, check=False), "pings are answered")
            two.expect_fast("up again")
            traffic.tcp(two.two, two.one)


def device_again(mode):
    """The underlay device is deleted and made again."""
    with Lab() as lab:
        two = Two(lab, 4, mode)
        a = lab.hosts[0]
        a.ns.ip("link del under")
        tap.wait_for(lambda: not two.first.row("peer", remote=lab.hosts[1].v4)["ready"],
                     "the peer is not ready")
        a.underlay()
        tap.wait_for(lambda: two.one.ping(two.two.ip, 1, check=False), "pings are answered", 15)
        two.expect_fast("with the new device")
        traffic.tcp(two.two, two.one)
        traffic.tcp(two.one, two.two)


def checksum6(xvtep_sums, kernel_sums, kernel_takes_zero):
    """IPv6 ends with and without outer UDP checksums."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in (a, b)]
        Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v6]}], 6,
               underlay={"udp6-checksum": xvtep_sums, "xdp": "native"})
        Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v6],
                    "zero_rx": kernel_takes_zero, "zero_tx": not kernel_sums}], 6)
        if not xvtep_sums and not kernel_takes_zero:  # negative control: what the key is for
            tap.equal(one.ping(two.ip, 2, check=False), 0, "answers")
            return
        one.ping(two.ip)
        wires = a.sent_tap(), b.sent_tap()
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


def checksum_flags(host):
    """What the slow path device says of UDP checksums of zero over IPv6."""
    data, = [link["linkinfo"]["info_data"] for link in host.ns.links().values()
             if link_is_ours(link)]
    return data["udp_zero_csum6_tx"], data["udp_zero_csum6_rx"]


def ipv6_later():
    """Started with IPv4 alone; an IPv6 address and flood list come by apply: BUM arrives."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"]}]) for h in lab.hosts]
        for vtep, other in zip(vteps, (b, a)):
            vtep.config["underlay"]["address6"] = vtep.host.v6
            vtep.config["networks"][0]["flood"] = [other.v6]
            vtep.apply()
            tap.equal(checksum_flags(vtep.host), (True, True), "flags")
        for source, target in ((one, two), (two, one)):
            frame.expect(source.tap(), lambda m: frame.plain(source.mac, frame.BROADCAST, m),
                         {target.tap(): 1}, "broadcast", 5)
        one.ping(two.ip)


def slow_device_again():
    """A slow path device that does not take zero checksums, left by an earlier version."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v6]}], 6)
                 for h, o in ((a, b), (b, a))]
        one.ping(two.ip)
        for vtep in vteps:
            vtep.stop()
            ns, dev = vtep.host.ns, "xv0"
            index = ns.links()[dev]["ifindex"]
            ns.ip(f"link del {dev}",
                  f"link add {dev} index {index} type vxlan external dstport 4789 nolearning "
                  "noudp6zerocsumtx noudp6zerocsumrx", f"link set {dev} up")
        tap.equal(checksum_flags(a), (False, False), "flags of the device as it was made")
        for vtep in vteps:
            vtep.start()
            tap.equal(checksum_flags(vtep.host), (True, True), "flags after a restart")
        frame.expect(one.tap(), lambda m: frame.plain(one.mac, frame.BROADCAST, m),
                     {two.tap(): 1}, "broadcast", 5)


def slow_device_blocked():
    """The slow path device is gone and its UDP port taken: said, and made again when it is free."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "flood": ["203.0.113.1"]}])

        def pinned():
            try:
                return sorted(int(f[3:]) for f in os.listdir(vtep.pin("links"))
                              if f.startswith("tc_"))
            except FileNotFoundError:  # no TCX
                return []
        before, old = pinned(), host.ns.links()["xv0"]["ifindex"]
        vtep.process.send_signal(signal.SIGSTOP)
        host.ns.ip("link del xv0", "link add other type vxlan external dstport 4789",
                   "link set other up")
        vtep.process.send_signal(signal.SIGCONT)
        tap.wait_for(lambda: vtep.status()["slow_dev"] == "none", "there is none now")
        host.ns.ip("link del other")
        tap.wait_for(lambda: "xv0" in host.ns.links() and vtep.status()["slow_dev"] == "xv0",
                     "it is made again")
        tap.ok(sum("trying again" in line for line in vtep.log()) == 1, "it is logged once")
        new = host.ns.links()["xv0"]["ifindex"]
        tap.wait_for(lambda: pinned() == sorted(new if n == old else n for n in before),
                     "the pin of the one that is gone goes")


def sends_by(vtep, dev):
    """The index in xv_tx that the underlay device has, and the device that is there."""
    def lookup(name, key):
        p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin(name), "key",
                *words(struct.pack("<I", key)), check=False)
        return bytes(int(b, 16) for b in (json.loads(p.stdout) or {}).get("value", ()))
    value = lookup("xv_uplink", vtep.host.ns.links()[dev]["ifindex"])
    slot = int.from_bytes(value[4:8], "little")  # struct xv_uplink_val
    return slot, int.from_bytes(lookup("xv_tx", slot), "little")


def other_device():
    """Another underlay device takes the place of the first: what XDP sends by it has its slot."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.second_uplink()
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        before = None
        for dev in ("under", "under2", "under"):
            vtep.config["underlay"]["devices"] = [dev]
            vtep.apply()
            slot, ifindex = sends_by(vtep, dev)
            tap.ok(slot >= FIRST_UPLINK and slot != before, f"slot {slot} of {dev}, not {before}")
            tap.equal(ifindex, host.ns.links()[dev]["ifindex"], f"xv_tx with {dev}")
            before = slot


def other_device_refused():
    """Others that shall take its place, of which one does not take XDP: the first keeps its slot."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.second_uplink()
        host.ns.ip("link add plain type bridge", "link set plain up")
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        before = sends_by(vtep, "under")
        tap.equal(before[1], host.ns.links()["under"]["ifindex"], "xv_tx")
        vtep.config["underlay"].update({"devices": ["under2", "plain"], "xdp": "native"})
        p = vtep.apply(check=False)
        tap.equal(p.returncode, 1, "exit status of apply")
        tap.contains(p.stderr, "plain", "what it says")
        tap.equal(sends_by(vtep, "under"), before, "slot and xv_tx after it")


def own_address_gone():
    """A member of a family whose own address was taken out of the file is not sent to."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}], underlay={"address6": host.v6})
        vtep.client("flood", "add", "network", str(VNI), "remote", host.gw4)
        tap.wait_for(lambda: vtep.row("peer", remote=host.gw4)["ready"], "the peer is ready")
        del vtep.config["underlay"]["address"]
        vtep.apply()
        tap.wait_for(lambda: not vtep.row("peer", remote=host.gw4)["ready"], "it is not ready")
        tap.contains(vtep.row("peer", remote=host.gw4)["status"], "no own IPv4", "its status")


def own_address_lost(family):
    """Another takes the own address off the host: said, of the peers too, and back again."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        gateway, prefix = ((host.gw4, 24), (host.gw6, 64))[family == 6]
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "flood": [gateway]}], family)
        vtep.wait_ready()
        address = f"{host.address(family)}/{prefix}"
        host.ns.ip(f"addr del {address} dev under")
        tap.wait_for(lambda: not vtep.row("peer", remote=gateway)["ready"], "it is not ready")
        said = f"{host.address(family)} is no address of this host"
        tap.wait_for(lambda: vtep.row("peer", remote=gateway)["status"] == said,
                     f"the peer's status says: {said}")  # the lost route may be told first
        tap.contains("\n".join(vtep.log()), said + " any more", "log")
        host.ns.ip(f"addr add {address} dev under nodad" if family == 6
                   else f"addr add {address} dev under")
        vtep.wait_ready()


def unknown_peer(mode):
    """VXLAN from a host that is not a peer is dropped and counted."""
    with Lab(hosts=3) as lab:
        two = Two3(lab, mode)
        stranger = lab.hosts[2]
        tenant = stranger.tenant("p1")
        Kernel(stranger, [{"vni": VNI, "ports": ["p1"], "flood": [lab.hosts[0].v4]}])
        sender, mark = tenant.tap(), frame.marker()
        for n in range(5):
            sender.send(frame.plain(tenant.mac, (frame.BROADCAST, two.one.mac)[n % 2], mark))
        tap.wait_for(lambda: two.first.drops().get("unknown_peer") == 5, "5 counted drops")
        last = two.first.row("drops", reason="unknown_peer")
        tap.equal({k: last[k] for k in ("dev", "remote", "vni", "src", "vlan")},
                  {"dev": "under", "remote": stranger.v4, "vni": VNI, "src": tenant.mac,
                   "vlan": None}, "whose packet")
        tap.equal((last["dst"] in (frame.BROADCAST, two.one.mac), last["age"] < 60), (True, True),
                  f"to whom, and when: {last}")
        frame.wait_count({two.one.tap(): 0}, mark, "frames of a stranger", 0)
        two.first.client("peer", "add", stranger.v4)
        end = two.one.tap()
        frame.expect(sender, lambda m: frame.plain(tenant.mac, two.one.mac, m), {end: 1},
                     "once it is a peer", 5)


class Two3(Two):
    """The first two hosts of three."""

    def __init__(self, lab, mode):
        hosts, lab.hosts = lab.hosts, lab.hosts[:2]
        try:
            super().__init__(lab, mode=mode)
        finally:
            lab.hosts = hosts


for _family in (4, 6):
    tap.case(f"next hop's MAC changes, IPv{_family}", _family, main=_family == 4)(nexthop_mac)
    tap.case(f"next hop's MAC changes unsaid, IPv{_family}", _family)(nexthop_mac_silent)
    for _mode in ("native", "off"):
        tap.case(f"underlay down and up, IPv{_family}, xdp {_mode}", _family, _mode,
                 main=(_family, _mode) == (4, "native"))(down_and_up)
tap.case("route changes between two devices")(route)
tap.case("rule for protocol and port, IPv4", 4, main=True)(rule)
tap.case("rule for protocol and port, IPv6", 6)(rule)
tap.case("the route of many peers changes")(many_peers)
tap.case("route goes and comes back")(no_route)
for _mode in ("native", "off"):
    tap.case(f"underlay device deleted and made again, xdp {_mode}", _mode,
             main=_mode == "off")(device_again)
    tap.case(f"unknown peer, xdp {_mode}", _mode)(unknown_peer)
tap.case("IPv6 comes later", main=True)(ipv6_later)
tap.case("slow path device of an earlier version")(slow_device_again)
tap.case("slow path device gone, its port taken")(slow_device_blocked)
tap.case("another underlay device")(other_device)
tap.case("other underlay devices, refused")(other_device_refused)
tap.case("own address taken out")(own_address_gone)
tap.case("own IPv4 address lost", 4)(own_address_lost)
tap.case("own IPv6 address lost", 6, main=True)(own_address_lost)
tap.case("IPv6 without UDP checksums, kernel takes zero", False, False, True)(checksum6)
tap.case("IPv6 with UDP checksums, kernel refuses zero", True, True, False)(checksum6)
tap.case("IPv6 without UDP checksums, kernel sends them", False, True, True)(checksum6)
tap.case("IPv6 without UDP checksums, kernel refuses zero: nothing", False, True,
         False)(checksum6)

if __name__ == "__main__":
    tap.main()
