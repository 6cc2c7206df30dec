#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which frames from the underlay are this host's: those that are sent to a MAC address of its own."""
import frame
import tap
from lab import Lab
from vtep import Xvtepd

VNI = 100
OTHER, NEW = "02:00:00:00:ff:01", "02:00:00:00:ff:02"
FAST = ("xdp_redirect", "tc_decap")


class Target:
    """Host 2, whose tenant gets frames that a test puts on its wire as host 1's."""

    def __init__(self, lab, mode="off", devices=("under",)):
        self.host, self.peer = lab.hosts[1], lab.hosts[0]
        self.tenant = self.host.tenant("p1")
        self.wire = lab.keep(frame.Tap(lab.router, self.host.up))
        self.vtep = Xvtepd(self.host, [{"vni": VNI, "ports": ["p1"], "flood": [self.peer.v4],
                                        "fdb": [{"mac": self.tenant.mac, "dev": "p1"},
                                                {"mac": OTHER, "remote": self.peer.v4}]}],
                           underlay={"xdp": mode, "devices": list(devices)})
        self.tap = self.tenant.tap()

    def mac(self, dev="under"):
        return self.host.ns.links()[dev]["address"]

    def put(self, mac, mark):
        inner = frame.udp4(OTHER, self.tenant.mac, "10.0.0.1", "10.0.0.2", mark)
        udp = frame.udp(50000, 4789, frame.vxlan(VNI, inner))
        self.wire.send(frame.ether(OTHER, mac, frame.ETH_IP,
                                   frame.ipv4(self.peer.v4, self.host.v4, 17, udp)))

    def fast(self):
        return sum(self.vtep.paths().get(path, 0) for path in FAST)

    def takes(self, mac):
        """One frame to that address comes by the fast path."""
        before, mark = self.fast(), frame.marker()
        self.put(mac, mark)
        frame.wait_count({self.tap: 1}, mark, f"frame to {mac}")
        return self.fast() == before + 1

    def expect_not(self, mac, own):
        """None to that address comes, though one to our own does behind it."""
        mark, slow = frame.marker(), self.vtep.paths().get("slow_rx", 0)
        self.put(mac, mark)
        self.put(own, mark)
        frame.wait_count({self.tap: 1}, mark, f"frames to {mac} and {own}")
        tap.equal(self.vtep.paths().get("slow_rx", 0), slow, "by the kernel's vxlan")
        tap.equal(self.vtep.drops(), {}, "drops")


def another(mode):
    with Lab() as lab:
        target = Target(lab, mode)
        tap.ok(target.takes(target.mac()), "to our own")
        target.expect_not(OTHER, target.mac())


def changes(mode, dev):
    """The device gets another address; it has the VTEP address, or lo has."""
    with Lab() as lab:
        host = lab.hosts[1]
        host.ns.ip("addr flush dev under", f"addr add {host.v4}/32 dev {dev}", "link set lo up")
        target = Target(lab, mode)
        old = target.mac()
        target.host.ns.ip(f"link set under address {NEW}")
        tap.wait_for(lambda: target.takes(NEW), "the new address, fast")
        target.expect_not(old, NEW)


def bridge(mode):
    """The VTEP address is a bridge's, over the underlay device."""
    with Lab() as lab:
        host = lab.hosts[1]
        host.ns.ip(f"link add br0 address {NEW} type bridge", "addr flush dev under",
                   "link set under master br0", f"addr add {host.v4}/24 dev br0", "link set br0 up")
        target = Target(lab, mode)
        tap.ok(target.takes(NEW), "to the bridge's")
        tap.ok(target.takes(target.mac()), "to the device's")
        host.ns.ip(f"link set br0 address {OTHER}")
        tap.wait_for(lambda: target.takes(OTHER), "the bridge's new address, fast")


def many():
    """More addresses than the programs hold: said, and any is taken."""
    with Lab() as lab:
        host = lab.hosts[1]
        devices = [f"u{i}" for i in range(8)]
        for dev in devices:
            host.ns.ip(f"link add {dev} type veth peer name {dev}p", f"link set {dev} up")
        target = Target(lab, devices=("under", *devices[:7]))
        target.expect_not(OTHER, target.mac())
        target.vtep.config["underlay"]["devices"].append(devices[7])
        target.vtep.apply()
        tap.contains("\n".join(target.vtep.log()), "more than 8 MAC addresses", "log")
        tap.ok(target.takes(OTHER), "to any")


for _mode in ("native", "generic", "off"):
    tap.case(f"another host's address, xdp {_mode}", _mode, main=_mode == "off")(another)
tap.case("address changed", "off", "under")(changes)
tap.case("address changed, xdp native", "native", "under")(changes)
tap.case("address changed, VTEP address on lo", "off", "lo")(changes)
tap.case("address on a bridge", "off")(bridge)
tap.case("more addresses than 8")(many)

if __name__ == "__main__":
    tap.main()
