#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Multicast groups leave by the device that the configuration says and by no other, whatever happens to
devices and in whichever order; every kind of frame; and are heard there.
"""
import struct

import frame
import tap
import traffic
from lab import Lab
from vtep import Kernel, Xvtepd

VNI = 100
GROUPS = {4: "239.1.1.1", 6: "ff05::101"}
MACS = {4: "01:00:5e:01:01:01", 6: "33:33:00:00:01:01"}
OWN = {4: "198.18.101.1", 6: "2001:db8:101::1"}


class Ways:
    """A host with two uplinks; what it sends anywhere is seen. own: the device of its address."""

    def __init__(self, lab, family, start=True, own="lo", **net):
        self.lab, self.family, self.host = lab, family, lab.hosts[0]
        a = self.host
        self.group, self.mac = GROUPS[family], MACS[family]
        a.second_uplink()
        if own == "lo":
            a.v4, a.v6 = OWN[4], OWN[6]
            a.ns.sysctl("net.ipv6.conf.lo.disable_ipv6", 0)
            a.ns.ip(f"addr add {a.v4}/32 dev lo", f"addr add {a.v6}/128 dev lo")
        self.tenant, self.other = a.tenant("p1"), a.tenant("p2")
        for dev in ("p1", "p2"):  # a port that multicast of the host could leave by
            a.ns.sysctl(f"net.ipv6.conf.{dev}.disable_ipv6", 0)
        self.vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "group": self.group, **net},
                               {"vni": VNI + 1, "ports": ["p2"]}], family, start=start,
                           underlay={"devices": ["under", "under2"]})
        self.taps = {"under": lab.keep(frame.Tap(lab.router, a.up)),
                     "under2": lab.keep(frame.Tap(lab.router, "r1b")),
                     "p2": self.other.tap()}
        self.sender = self.tenant.tap()

    def retap(self, dev, up):
        self.taps[dev] = self.lab.keep(frame.Tap(self.lab.router, up))

    def row(self):
        return self.vtep.row("flood", type="group")

    def expect_by(self, dev, what, build=None):
        """A frame of the tenant is in one packet by dev, and by no other device. The packet."""
        tap.wait_for(lambda: self.row()["dev"] == dev and not self.row()["status"],
                     f"{what}: flood show says {dev}")
        mark = frame.marker()
        data = (build or (lambda m: frame.plain(self.tenant.mac, frame.BROADCAST, m)))(mark)
        self.sender.send(data)
        frame.wait_count({t: int(d == dev) for d, t in self.taps.items()}, mark, f"{what}: by {dev}")
        packet, = self.taps[dev].get(mark)
        tap.equal(packet[:6].hex(":"), self.mac, f"{what}: MAC address")
        tap.ok(packet.endswith(data), f"{what}: the inner frame is as it was sent")
        return packet

    def expect_none(self, what, reason="vxlan_no_remote"):
        before = self.vtep.drops().get(reason, 0)
        mark = frame.marker()
        self.sender.send(frame.plain(self.tenant.mac, frame.BROADCAST, mark))
        tap.wait_for(lambda: self.vtep.drops().get(reason, 0) == before + 1, f"{what}: counted")
        frame.wait_count({t: 0 for t in self.taps.values()}, mark, what)


def joined(host, group, dev):
    rows = host.ns.json("ip", "-j", "maddr", "show", "dev", dev)
    return group in [m.get("address") for r in rows for m in r["maddr"]]


def devices(family):
    """
    Default, a setting, reload, restart; uplinks go down, come up and are made again. And frames of
    every kind, once all that was done.
    """
    with Lab(hosts=1) as lab:
        ways = Ways(lab, family)
        a, vtep = ways.host, ways.vtep
        net = vtep.config["networks"][0]
        packet = ways.expect_by("under", "the first uplink")
        tap.equal(packet[6:12].hex(":"), a.ns.mac("under"), "source MAC address")
        net["group-dev"] = "under2"
        vtep.apply()
        ways.expect_by("under2", "the setting")
        tap.equal([joined(a, ways.group, d) for d in ("under", "under2")], [False, True], "joined")
        tap.contains(vtep.apply().stdout, "0 changes", "the same once more")
        vtep.stop()
        vtep.start()
        ways.expect_by("under2", "after a restart")
        for dev in ("under2", "under"):
            for _ in range(2):
                a.ns.ip(f"link set {dev} down")
                if dev == "under2":
                    tap.wait_for(lambda: ways.row()["status"] == "its device is down", "said")
                    ways.expect_none("while it is down")
                a.ns.ip(f"link set {dev} up")
                ways.expect_by("under2", f"{dev} is up again")
        a.ns.ip("link del under2")
        tap.wait_for(lambda: ways.row()["status"] == "its device is not there", "said")
        ways.taps.pop("under2")
        ways.expect_none("while it is not there")
        a.second_uplink()
        ways.retap("under2", "r1b")
        ways.expect_by("under2", "made again")
        tap.wait_for(lambda: joined(a, ways.group, "under2"), "joined again")
        a.ns.ip("link set under2 address 02:00:00:00:aa:02")
        tap.wait_for(lambda: ways.expect_by("under2", "another address")[6:12].hex(":")
                     == "02:00:00:00:aa:02", "it is sent from the new address")
        del net["group-dev"]
        vtep.apply()
        ways.expect_by("under", "no setting")
        a.ns.run("ip", f"-{family}", "route", "add", "multicast" if family == 6 else "unicast",
                 f"{ways.group}/{128 if family == 6 else 32}", "dev", "under2",
                 *(("table", "local") if family == 6 else ()))
        ways.expect_by("under2", "by the route to the group")
        vtep.client("flood", "flush", str(VNI))
        vtep.client("flood", "add", "network", str(VNI), "remote", ways.group, "dev", "under")
        ways.expect_by("under", "by hand")
        vtep.stop()
        vtep.config["networks"][0].pop("group")
        vtep.start()
        ways.expect_by("under", "by hand, after a restart")
        if tap.SLOW > 1:
            return
        vtep.client("flood", "flush", str(VNI))
        vtep.config["networks"][0].update({"group": ways.group, "group-dev": "under2",
                                           "inner-vlan": "keep"})
        vtep.apply()
        with tap.part("frames"):
            frames(ways)


def frames(ways):
    """Tagged frames, small ones, what is no IP; too large ones are counted."""
    mac, bcast = ways.tenant.mac, frame.BROADCAST
    one = struct.pack(">HH", 0x8100, 0x6005)

    def tagged(tags):
        def build(mark):
            data = frame.udp4(mac, bcast, "10.0.0.1", "10.0.0.255", mark)
            return data[:12] + tags + data[12:]
        return build
    ways.expect_by("under2", "plain")
    ways.expect_by("under2", "IP", tagged(b""))
    ways.expect_by("under2", "one tag", tagged(one))
    ways.expect_by("under2", "two tags", tagged(struct.pack(">HH", 0x88a8, 0x0007) + one))
    ways.expect_by("under2", "one tag, no IP",
                   lambda m: (d := frame.plain(mac, bcast, m))[:12] + one + d[12:])
    outer = 50 if ways.family == 4 else 70
    for dev in ("under2", "under"):
        ways.host.ns.ip(f"link set {dev} mtu 1500")
    room = 1500 - outer + 14

    def long(size):
        return lambda m: frame.plain(mac, bcast, m).ljust(size, b"x")

    def drops():
        return ways.vtep.drops().get("pkt_too_big", 0)

    def too_large():
        ways.sender.send(long(room + 1)(frame.marker()))
        return drops()
    tap.wait_for(too_large, "the new MTU holds for the group")
    ways.expect_by("under2", "the largest", long(room))
    before = drops()
    too_large()
    tap.wait_for(lambda: drops() == before + 1, "one too large")


def merged():
    """TCP to a MAC address that is not known, in merged frames, arrives; so does it come back."""
    with Lab(hosts=2, switched=True) as lab:
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        a, b = lab.hosts
        net = {"vni": VNI, "ports": ["p1"], "group": GROUPS[4]}
        vtep = Xvtepd(a, [{**net, "learning": False}])
        kernel = Kernel(b, [net])
        one.neigh(two)
        two.neigh(one)
        for family in (4, 6):
            with tap.part(f"IPv{family}"):
                if family == 6:
                    for end, networks in ((vtep, vtep.config["networks"]), (kernel, kernel.networks)):
                        networks[0]["group"] = GROUPS[6]
                        end.use(6)
                one.ping(two.ip)
                before = vtep.paths().get("flood_copy", 0)
                traffic.tcp(one, two, 1 << 20)
                tap.ok(vtep.paths()["flood_copy"] > before + 500, "it was flooded")
                tap.equal(vtep.paths().get("flood_failed", 0), 0, "copies that failed")
                one.ping(two.ip)


def udp_header(packet, family):
    """Behind the outer IP header; fragments have it in the first one."""
    return packet[14 + (40 if family == 6 else 20):][:8]


def by_route():
    """
    What programs cannot make (fragments, checksums over IPv6) the kernel makes, where its own route is
    by the same device; else it is told and counted.
    """
    with Lab(hosts=1) as lab:
        ways = Ways(lab, 4, own="under")
        host, vtep = ways.host, ways.vtep
        host.ns.ip("link set under mtu 1500", "link set p1 mtu 1500")
        tap.wait_for(lambda: not ways.row()["status"], "ready")

        def is_cut():
            mark = frame.marker()
            data = frame.plain(ways.tenant.mac, frame.BROADCAST, mark).ljust(1514, b"x")
            ways.sender.send(data)
            first = tap.wait_for(lambda: ways.taps["under"].get(mark), "what leaves")[0]
            return int.from_bytes(first[20:22], "big") & 0x2000
        tap.wait_for(is_cut, "in fragments, once the MTU is followed")
        before = vtep.paths().get("flood_copy", 0), vtep.drops().get("pkt_too_big", 0)
        tap.ok(is_cut(), "in fragments again")
        tap.equal((vtep.paths()["flood_copy"], vtep.drops().get("pkt_too_big", 0)),
                  (before[0] + 1, before[1]), "counted as a copy")


def by_route6(ways):
    """The same over IPv6, where it is checksums that programs cannot make."""
    host, vtep = ways.host, ways.vtep
    route = f"{ways.group}/128 dev under table local"
    vtep.config["underlay"]["udp6-checksum"] = True
    host.ns.run("ip", "-6", "route", "add", "multicast", *route.replace("under", "under2").split())
    vtep.config["networks"][0]["group-dev"] = "under"
    vtep.start()
    told = "with udp6-checksum its device must be that of the kernel's route to it"
    tap.wait_for(lambda: ways.row()["status"] == told, "said")
    ways.expect_none("with checksums, and the route is by another device")
    host.ns.run("ip", "-6", "route", "del", "multicast", *route.replace("under", "under2").split())
    host.ns.run("ip", "-6", "route", "add", "multicast", *route.split())
    packet = ways.expect_by("under", "with checksums, and the route is by the device")
    tap.ok(udp_header(packet, 6)[6:8] != b"\0\0", "it has a checksum")
    vtep.config["underlay"]["udp6-checksum"] = False
    vtep.apply()
    packet = ways.expect_by("under", "without")
    tap.equal(udp_header(packet, 6)[6:8], b"\0\0", "checksum")
    p = vtep.client("flood", "add", "network", str(VNI + 1), "remote", "ff05::9", "dev", "p1",
                    check=False)
    tap.contains(p.stderr, '"p1" is not in underlay.devices', "a port's device")
    net = vtep.config["networks"][0]
    net["group-dev"] = "p2"
    p = vtep.apply(check=False)
    tap.contains(p.stderr, 'group-dev "p2" is not in underlay.devices', "the same in the file")
    host.ns.run("ip", "-6", "route", "del", "multicast", *route.split())
    del net["group-dev"]
    vtep.apply()


def by_no_port(ways):
    """
    The uplink went down and came up, so that the first route to ff00::/8 is by a tenant's port. A
    kernel vxlan device that no device is named to sends its group's packets there, to the tenant;
    xvtep never does.
    """
    ns = ways.host.ns
    ns.sysctl("net.ipv6.conf.p1.disable_ipv6", 1)  # p2's, another network's, is the first
    ns.ip(f"link add control type vxlan id 7 dstport 4790 local {OWN[6]} udp6zerocsumtx",
          "link set control up")
    ns.run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "control", "dst", ways.group)
    control = ways.lab.keep(frame.Tap(ns, "control"))

    def kernel_by(dev):
        mark = frame.marker()
        control.send(frame.plain(ways.tenant.mac, frame.BROADCAST, mark))
        frame.wait_count({t: int(d == dev) for d, t in ways.taps.items()}, mark,
                         f"the kernel's, by {dev}")

    def by():
        """Devices of the routes to ff00::/8; the kernel takes the first."""
        routes = ns.json("ip", "-6", "-j", "route", "show", "table", "local", "type", "multicast")
        return [r["dev"] for r in routes if r["dst"] == "ff00::/8"]
    tap.wait_for(lambda: "under" in by(), "a route by the uplink")
    for dev in ("under2", "p2"):  # theirs come behind it, whatever was ready first
        ns.ip(f"link set {dev} down", f"link set {dev} up")
    tap.wait_for(lambda: by()[0] == "under" and "p2" in by(), "the first route is by the uplink")
    kernel_by("under")
    ways.expect_by("under", "before")
    for dev in ("under", "under2"):
        ns.ip(f"link set {dev} down", f"link set {dev} up")
    tap.equal(by()[0], "p2", "the first route")
    kernel_by("p2")
    ways.expect_by("under", "afterwards")
    ns.ip("link set under down")
    tap.wait_for(lambda: ways.row()["status"] == "its device is down", "said")
    ways.expect_none("while it is down")
    kernel_by("p2")


def ipv6():
    with Lab(hosts=1) as lab:
        ways = Ways(lab, 6, start=False)
        with tap.part("what the kernel makes"):
            by_route6(ways)
        with tap.part("by no port"):
            by_no_port(ways)


for _family in (4, 6):
    tap.case(f"devices of a group, and frames to it, IPv{_family}", _family, main=True)(devices)
tap.case("merged frames to a group")(merged)
tap.case("what the kernel makes for a group, IPv4")(by_route)
tap.case("what the kernel makes for a group, and its packets leave by no port, IPv6")(ipv6)

if __name__ == "__main__":
    tap.main()
