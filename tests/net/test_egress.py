#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Devices that routes to peers name and that are no underlay devices of the configuration: a bridge or
VLAN over one, another veth. What an adjacency takes from them is followed, both ways.
"""
import frame
import tap
from lab import Lab
from netns import CommandError
from two import Two


class Way:
    """The first host reaches the second by a device of some kind that is not in the file."""

    def __init__(self, lab, kind, family):
        self.lab, self.kind, self.host = lab, kind, lab.hosts[0]
        self.family, self.far = family, lab.hosts[1].address(family)
        self.dev = {"bridge": "br0", "vlan": "under.5", "veth": "side"}[kind]
        self.lower = "side" if kind == "veth" else "under"
        self.up = {"bridge": self.host.up, "vlan": "r1.5", "veth": "rside"}[kind]
        if kind == "vlan":
            try:
                lab.router.ip("link add r1.5 link r1 type vlan id 5")
            except CommandError as e:
                if "Unknown device type" in str(e):
                    raise tap.Skip("this kernel has no VLAN devices") from e
                raise
        if kind == "veth":
            self.cable()
        self.make(first=True)

    def cable(self):
        self.host.ns.ip("link add side mtu 1600 type veth peer name rside mtu 1600"
                        f" netns {self.lab.router.path}")

    def make(self, first=False):
        """The device; the VTEP addresses on it; the routes."""
        a, ns, router = self.host, self.host.ns, self.lab.router
        if self.kind == "bridge":
            ns.ip("link add br0 type bridge", "link set under master br0")
        elif self.kind == "vlan":
            ns.ip("link add under.5 link under type vlan id 5")
        elif not first:
            self.cable()
        ns.sysctl(f"net.ipv6.conf.{self.dev.replace('.', '/')}.disable_ipv6", 0)
        ns.sysctl(f"net.ipv6.conf.{self.dev.replace('.', '/')}.keep_addr_on_down", 1)
        if first:
            ns.ip("addr flush dev under")
            if self.up != a.up:
                router.ip(f"addr flush dev {a.up}")
        if self.up != a.up and (first or self.kind == "veth"):
            router.sysctl(f"net.ipv6.conf.{self.up.replace('.', '/')}.disable_ipv6", 0)
            router.ip(f"addr add {a.gw4}/24 dev {self.up}",
                      f"addr add {a.gw6}/64 dev {self.up} nodad", f"link set {self.up} up")
        ns.ip(f"link set {self.dev} up", f"addr add {a.v4}/24 dev {self.dev}",
              f"addr add {a.v6}/64 dev {self.dev} nodad")
        a.routes()

    def row(self, vtep):
        return vtep.row("peer", remote=self.far)

    def wait(self, vtep, what, **values):
        tap.wait_for(lambda: (r := self.row(vtep)) and all(r[k] == v for k, v in values.items()),
                     f"{what}: {values}")


def follow(kind, family):
    """MTU, MAC address, state, name and existence of the device."""
    with Lab() as lab:
        way = Way(lab, kind, family)
        a, dev = lab.hosts[0], way.dev
        two = Two(lab, family, mode="off")
        first = two.first
        way.wait(first, "at first", dev=dev, mtu=1600, ready=True)
        two.expect_fast("at first")
        for mtu in (1450, 1600):
            a.ns.ip(f"link set {way.lower} mtu {mtu}")
            if kind == "vlan" and mtu == 1600:  # shrinks with its device, and does not grow
                a.ns.ip(f"link set {dev} mtu {mtu}")
            way.wait(first, f"with MTU {mtu}", mtu=mtu, ready=True)
        a.ns.ip(f"link set {dev} address 02:00:00:00:dd:01")
        sent = lab.keep(frame.Tap(lab.router, way.up))

        def sent_from():
            mark = frame.marker()
            two.one.tap().send(frame.udp4(two.one.mac, two.two.mac, "10.0.0.1", "10.0.0.2", mark))
            tap.wait_for(lambda: sent.get(mark), "a packet on the wire", 2)
            return {f[6:12].hex(":") for f in sent.get(mark)}
        tap.wait_for(lambda: sent_from() == {"02:00:00:00:dd:01"}, "the new address is sent from")
        two.expect_fast("with another address")
        a.ns.ip(f"link set {dev} down")
        way.wait(first, "down", ready=False)
        a.ns.ip(f"link set {dev} up")
        a.routes()
        way.wait(first, "up", ready=True)
        a.ns.ip(f"link set {dev} down", f"link set {dev} name other", "link set other up")
        a.routes()
        way.wait(first, "renamed", dev="other", ready=True)
        two.expect_fast("renamed")
        a.ns.ip("link del other")
        way.wait(first, "deleted", ready=False)
        way.make()
        way.wait(first, "made again", dev=dev, mtu=1600, ready=True)
        two.expect_fast("made again")


def multipath():
    """A way of two that was down when the daemon started counts again when it is up."""
    with Lab() as lab:
        a, b = lab.hosts
        a.second_uplink()
        lab.router.ip(f"route add 198.18.101.1/32 via {a.v4}")
        a.v4 = "198.18.101.1"  # of neither device: newer kernels prefer the one that has it
        a.ns.ip("addr add 198.18.101.1/32 dev lo",
                f"route add {b.v4}/32 nexthop via 198.19.1.254 dev under2 weight 200"
                f" nexthop via {a.gw4} dev under weight 1", "link set under2 down")
        for dev in ("all", "under2"):
            a.ns.sysctl(f"net.ipv4.conf.{dev}.ignore_routes_with_linkdown", 1)
        two = Two(lab)
        tap.equal(two.first.row("peer", remote=b.v4)["dev"], "under", "while the other is down")
        for _ in range(2):
            a.ns.ip("link set under2 up")
            tap.wait_for(lambda: (r := two.first.row("peer", remote=b.v4))["dev"] == "under2"
                         and r["ready"], "the adjacency is by under2")
            lab.router.ip("link set r1b down")
            tap.wait_for(lambda: (r := two.first.row("peer", remote=b.v4))["dev"] == "under"
                         and r["ready"], "the adjacency is by under without carrier")
            lab.router.ip("link set r1b up")
            tap.wait_for(lambda: (r := two.first.row("peer", remote=b.v4))["dev"] == "under2"
                         and r["ready"], "the adjacency is by under2 with carrier")
            a.ns.ip("link set under2 down")
            tap.wait_for(lambda: (r := two.first.row("peer", remote=b.v4))["dev"] == "under"
                         and r["ready"], "the adjacency is by under")
        two.expect_fast("by under")


for _kind in ("bridge", "vlan", "veth"):
    for _family in (4, 6):
        tap.case(f"peers by a {_kind}, IPv{_family}", _kind, _family,
                 main=(_kind, _family) == ("bridge", 4))(follow)
tap.case("two ways, one of them down at the start")(multipath)

if __name__ == "__main__":
    tap.main()
