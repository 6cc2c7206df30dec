#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Which frames from the underlay are this host's: those that are sent to a MAC address of its own, in a
VLAN of its own. The others are the kernel's.
"""
import frame
import tap
from lab import Lab, vlan_device
from vtep import Xvtepd

VNI = 100
OTHER, NEW = "02:00:00:00:ff:01", "02:00:00:00:ff:02"
NEXT, BRIDGE = "02:00:00:00:ff:03", "02:00:00:00:ff:04"
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

    def set(self, **underlay):
        """Changes the underlay's settings by a reload."""
        self.vtep.config["underlay"].update(underlay)
        self.vtep.apply()

    def mac(self, dev="under"):
        return self.host.ns.links()[dev]["address"]

    def put(self, mac, mark, vlan=None):
        inner = frame.udp4(OTHER, self.tenant.mac, "10.0.0.1", "10.0.0.2", mark)
        udp = frame.udp(50000, 4789, frame.vxlan(VNI, inner))
        self.wire.send(frame.ether(OTHER, mac, frame.ETH_IP,
                                   frame.ipv4(self.peer.v4, self.host.v4, 17, udp), vlan))

    def fast(self):
        return sum(self.vtep.paths().get(path, 0) for path in FAST)

    def takes(self, mac, vlan=None):
        """One frame to that address, in that VLAN, comes, and by the fast path."""
        before, mark = self.fast(), frame.marker()
        self.put(mac, mark, vlan)
        frame.wait_count({self.tap: 1}, mark, f"frame to {mac} in VLAN {vlan}")
        return self.fast() == before + 1

    def takes_or_loses(self, mac, vlan, own):
        """As takes(), but the frame may be lost: one in a VLAN that is ours comes behind it."""
        before, mark = self.fast(), frame.marker()
        self.put(mac, mark, vlan)
        self.put(mac, mark, own)
        tap.wait_for(lambda: self.tap.count(mark), f"frame in VLAN {own}")
        return self.fast() == before + 2

    def expect_not(self, mac, own, vlan=None, own_vlan=None):
        """None to that address in that VLAN comes, though one to our own does behind it."""
        mark, slow = frame.marker(), self.vtep.paths().get("slow_rx", 0)
        self.put(mac, mark, vlan)
        self.put(own, mark, own_vlan)
        frame.wait_count({self.tap: 1}, mark, f"frames to {mac} and {own}")
        tap.equal(self.vtep.paths().get("slow_rx", 0), slow, "by the kernel's vxlan")
        tap.equal(self.vtep.drops(), {}, "drops")


def another(target):
    tap.ok(target.takes(target.mac()), "to our own")
    target.expect_not(OTHER, target.mac())


def other_vlan(target):
    """No tag but one of priority alone."""
    tap.ok(target.takes(target.mac(), 0), "priority tag")
    target.expect_not(target.mac(), target.mac(), 20)


def changes(target, new):
    """The device gets another address."""
    old = target.mac()
    target.host.ns.ip(f"link set under address {new}")
    tap.wait_for(lambda: target.takes(new), "the new address, fast")
    target.expect_not(old, new)


def modes():
    """The VTEP address is the underlay device's."""
    with Lab() as lab:
        target = Target(lab, "native")
        for mode, mac in (("native", NEW), ("generic", NEXT), ("off", NEW)):
            target.set(xdp=mode)
            for scenario in (another, other_vlan):
                with tap.part(f"{scenario.__name__}, xdp {mode}"):
                    scenario(target)
            with tap.part(f"address changed, xdp {mode}"):
                changes(target, mac)


def bridge(target):
    """The VTEP address is a bridge's, over the underlay device."""
    ns = target.host.ns
    ns.ip(f"link add br0 address {BRIDGE} type bridge", f"addr del {target.host.v4}/32 dev lo",
          "link set under master br0", f"addr add {target.host.v4}/24 dev br0", "link set br0 up")
    tap.wait_for(lambda: target.takes(BRIDGE), "to the bridge's, fast")
    tap.ok(target.takes(target.mac()), "to the device's")
    ns.ip(f"link set br0 address {NEXT}")
    tap.wait_for(lambda: target.takes(NEXT), "the bridge's new address, fast")


def many(target):
    """More addresses than the programs hold: said, and any is taken."""
    devices = [f"u{i}" for i in range(8)]
    for dev in devices:
        target.host.ns.ip(f"link add {dev} type veth peer name {dev}p", f"link set {dev} up")
    target.set(devices=["under", *devices[:7]])
    target.expect_not(OTHER, target.mac())
    target.set(devices=["under", *devices])
    tap.contains("\n".join(target.vtep.log()), "more than 8 MAC addresses", "log")
    tap.ok(target.takes(OTHER), "to any")
    target.set(devices=["under"])
    target.expect_not(OTHER, target.mac())


def places():
    """Where the VTEP address is, from a start with xdp off; and how many devices there are."""
    with Lab() as lab:
        host = lab.hosts[1]
        host.ns.ip("addr flush dev under", f"addr add {host.v4}/32 dev lo", "link set lo up")
        target = Target(lab)
        with tap.part("address changed, VTEP address on lo"):
            changes(target, NEW)
        with tap.part("more addresses than 8"):
            many(target)
        with tap.part("address on a bridge"):
            bridge(target)


def own_address(host, dev):
    """Moves the VTEP address to another device."""
    host.ns.ip(*(f"addr flush dev {d}" for d in ("under", "lo", "v10") if d in host.ns.links()),
               f"addr add {host.v4}/{32 if dev == 'lo' else 24} dev {dev}")


def on_vlan(target):
    """The VTEP address is a VLAN device's: in that VLAN, and in others by the kernel at most."""
    host, mac = target.host, target.mac()
    tap.ok(target.takes(mac, 10), "in its VLAN")
    target.expect_not(mac, mac, 20, 10)
    vlan_device(host.ns, "v20", "under", 20)
    target.vtep.status()
    tap.ok(not target.takes(mac, 20), "by the kernel, which has a device for it")
    host.ns.ip("link del v20")


def loopback(target):
    """The VTEP address is lo's: in all VLANs that the underlay has devices for, as they come and go."""
    host, mac = target.host, target.mac()
    own_address(host, "lo")
    tap.wait_for(lambda: target.takes(mac, 10), "in the VLAN")
    target.expect_not(mac, mac, 20, 10)
    vlan_device(host.ns, "v20", "under", 20)
    tap.wait_for(lambda: target.takes(mac, 20), "the VLAN that came, fast")
    host.ns.ip("link del v10")
    tap.wait_for(lambda: not target.takes_or_loses(mac, 10, 20), "the VLAN that went")
    for number in range(30, 39):
        vlan_device(host.ns, f"v{number}", "under", number)
    tap.wait_for(lambda: "more than 8 VLAN" in "\n".join(target.vtep.log()), "said")
    tap.ok(target.takes(mac, 38) and target.takes(mac, 30), "in any")
    host.ns.ip(*(f"link del v{number}" for number in range(30, 39)))
    vlan_device(host.ns, "v10", "under", 10)


def tenants_vlan(target):
    """The VTEP address is lo's, and a VLAN of the underlay is a port: a tenant speaks there."""
    host, mac = target.host, target.mac()
    tap.wait_for(lambda: target.takes(mac, 10) and target.takes(mac, 20), "no port yet")
    target.vtep.client("network", "add", "vni", "200", "name", "red")
    target.vtep.client("port", "add", "v20", "network", "red")
    target.expect_not(mac, mac, 20, 10)
    target.vtep.kill()
    target.vtep.start()
    target.expect_not(mac, mac, 20, 10)
    host.ns.ip("link set v20 down", "link set v20 name w20", "link set w20 up")
    tap.wait_for(lambda: target.takes(mac, 20), "renamed away, a port no more")
    host.ns.ip("link set w20 down", "link set w20 name v20", "link set v20 up")
    tap.wait_for(lambda: target.vtep.row("port", dev="v20")["up"], "a port again")
    target.expect_not(mac, mac, 20, 10)
    target.vtep.client("port", "del", "v20")
    tap.wait_for(lambda: target.takes(mac, 20), "no port any more")


def vlans(mode):
    """The VTEP address is first in a VLAN, then lo's."""
    with Lab() as lab:
        host = lab.hosts[1]
        host.ns.ip("link set lo up")
        vlan_device(host.ns, "v10", "under", 10)
        own_address(host, "v10")
        target = Target(lab, mode)
        for scenario in (on_vlan, loopback, tenants_vlan):
            with tap.part(scenario.__name__):
                scenario(target)


def hidden_tags():
    """
    A device that takes tags off before XDP sees them, and has a VLAN that is not the host's own:
    its status says so, for as long as it is so.
    """
    with Lab() as lab:
        host = lab.hosts[1]
        vlan_device(host.ns, "v10", "under", 10)  # that there are such devices
        host.ns.ip("link del v10")
        host.ns.run("ethtool", "-K", "under", "rxvlan", "off")
        target = Target(lab, "native")

        def status():
            row, = target.vtep.rows("status", part="uplink")
            return row["status"] or ""

        def offload(state):
            host.ns.run("ethtool", "-K", "under", "rxvlan", state)
        offload("on")
        tap.equal(status(), "", "no VLAN")
        vlan_device(host.ns, "v10", "under", 10)
        words = "rxvlan hides VLAN tags from XDP, and the device has VLANs of others"
        tap.wait_for(lambda: words in status(), "a VLAN of others, tags hidden")
        offload("off")
        tap.equal(status(), "", "tags not hidden")
        offload("on")
        tap.contains(status(), words, "hidden again")
        target.set(xdp="off")
        tap.equal(status(), "", "TC sees hidden tags")
        target.set(xdp="native")
        tap.contains(status(), words, "XDP again")
        host.ns.ip("link del v10")
        tap.wait_for(lambda: status() == "", "no VLAN any more")


def bridge_vlan():
    """The VTEP address is in a VLAN on a bridge, over the underlay device."""
    with Lab() as lab:
        host = lab.hosts[1]
        host.ns.ip(f"link add br0 address {NEW} type bridge", "addr flush dev under",
                   "link set under master br0", "link set br0 up")
        vlan_device(host.ns, "v10", "br0", 10)
        host.ns.ip(f"addr add {host.v4}/24 dev v10")
        target = Target(lab)
        tap.ok(target.takes(NEW, 10), "in the VLAN")
        target.expect_not(NEW, NEW, 20, 10)


tap.case("another address, another VLAN, address changed, in each mode", main=True)(modes)
tap.case("VTEP address on lo, on a bridge; more addresses than 8")(places)
for _mode in ("native", "off"):
    tap.case(f"VTEP address in a VLAN, or on lo; a VLAN is a port; xdp {_mode}", _mode,
             main=True)(vlans)
tap.case("tags that rxvlan hides from XDP", main=True)(hidden_tags)
tap.case("VTEP address in a VLAN on a bridge", main=True)(bridge_vlan)

if __name__ == "__main__":
    tap.main()
