#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The MTU of the way to a peer, wherever the host has it from, and whoever sends: the programs or the
kernel alone. A frame that fills it passes, and the sender of a larger one is told.
"""
import fcntl
import os
import struct

import frame
import tap
from lab import IFF_NO_PI, TUNSETIFF, Lab
from netns import CommandError
from too_big import answers
from vtep import Xvtepd

VNI = 100
IFF_TUN = 1


class Sender:
    """
    One host with a tenant for each family of the underlay, whose peer is the other host. Nobody
    needs to receive there: answers come from the own host.
    """

    def __init__(self, lab, **underlay):
        a, self.far = lab.hosts
        self.ns, self.tenants, self.macs = a.ns, {}, {}
        nets = []
        for family in (4, 6):
            self.tenants[family] = a.tenant(f"p{family}", f"10.0.{family}.1", mtu=1600)
            self.macs[family] = f"02:00:00:00:99:0{family}"
            remote = self.far.address(family)
            nets.append({"vni": VNI + family, "ports": [f"p{family}"], "flood": [remote],
                         "fdb": [{"mac": self.macs[family], "remote": remote}]})
        self.tenants["group"] = a.tenant("pg", "10.0.7.1", mtu=1600)
        nets.append({"vni": VNI, "ports": ["pg"], "group": "ff05::7"})
        self.vtep = Xvtepd(a, nets, underlay={"address6": a.v6, **underlay})

    def row(self, family):
        return self.vtep.row("peer", remote=self.far.address(family))

    def says(self, family):
        """The MTU told to the sender of a frame that fits nowhere."""
        tenant = self.tenants[family]
        ear = tenant.tap()
        ear.send(frame.udp4(tenant.mac, "02:00:00:00:99:98", tenant.ip, "10.0.0.9", bytes(1572)))
        tap.wait_for(lambda: answers(ear, 1), f"{family}: an answer")
        data, = answers(ear, 1)
        ear.close()
        return int.from_bytes(data[40:42], "big")

    def told(self, family, mtu, what):
        """
        A frame that fills this MTU is not answered; one of a byte more is, sent to a known station,
        unless to a group, and to an unknown one.
        """
        room, tenant = mtu - (50 if family == 4 else 70), self.tenants[family]
        ear, macs = tenant.tap(), ["02:00:00:00:99:99", *filter(None, [self.macs.get(family)])]
        for size in (room, room + 1):
            for mac in macs:
                ear.send(frame.udp4(tenant.mac, mac, tenant.ip, "10.0.0.9",
                                    frame.marker().ljust(size - 28, b".")))
        tap.wait_for(lambda: len(answers(ear, 1)) >= len(macs), f"{what}, {family}: answers")
        got = answers(ear, 1)
        tap.equal([f[40:42] for f in got], [struct.pack("!H", room)] * len(macs),
                  f"{what}, {family}: the MTUs told")
        tap.equal({f[6:12] for f in got}, {frame.mac(mac) for mac in macs}, f"{what}: sources")
        ear.close()

    def expect(self, mtu, status, what):
        for family in (4, 6):
            def shown(f=family):
                row = self.row(f)
                tap.contains(row["status"] or "ready", status, "peer show: status")
                return row["mtu"] == mtu
            tap.wait_for(shown, f"{what}, IPv{family}: MTU {mtu} is shown")
            self.told(family, mtu, what)

    def routes(self, what):
        for family in (4, 6):
            self.ns.ip(f"route replace {self.far.address(family)} {what.format(family)}")


def l3_device(lab, host, name):
    """A tun: a device without Ethernet headers, whose packets nobody takes."""
    with host.ns.inside():
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    lab.keep(os.fdopen(fd, "rb", buffering=0))
    host.ns.sysctl(f"net.ipv6.conf.{name}.disable_ipv6", 0)
    host.ns.ip(f"link set {name} mtu 1480 up")


@tap.case("answers where the kernel alone sends: netfilter, IPsec, not Ethernet; live", main=True)
def kernel_sends():
    with Lab(mtu=1500) as lab:
        a = lab.hosts[0]
        sender = Sender(lab, df="set", netfilter="respect")
        sender.expect(1500, "netfilter: respect", "netfilter: respect")
        for family, gateway in ((4, a.gw4), (6, a.gw6)):
            a.ns.ip(f"route add {sender.far.address(family)} via {gateway} mtu 1400")
        sender.expect(1400, "netfilter: respect", "the route's MTU")
        sender.vtep.kill()
        for family in (4, 6):
            sender.told(family, 1400, "without the daemon")
        sender.vtep.start()
        sender.expect(1400, "netfilter: respect", "after a restart")
        del sender.vtep.config["underlay"]["netfilter"]
        sender.vtep.apply()
        sender.vtep.wait_ready()
        for family in (4, 6):
            a.ns.ip(f"xfrm policy add src {a.address(family)} dst {sender.far.address(family)} proto"
                    " udp dport 4789 dir out tmpl proto esp mode transport level use")
        sender.expect(1400, "IPsec policy", "IPsec policy")
        a.ns.ip("xfrm policy flush")
        sender.vtep.wait_ready()
        l3_device(lab, a, "tun0")
        sender.routes("dev tun0")
        sender.expect(1480, "route leads to tun0, which is not Ethernet", "not Ethernet")
        a.ns.ip("link set tun0 mtu 1450")
        sender.expect(1450, "route leads to tun0, which is not Ethernet", "its MTU changes")
        tap.equal(set(sender.vtep.drops()), {"pkt_too_big"}, "drops")


@tap.case("the device's MTU for IPv6, which routers advertise, is followed; beside IPv4", main=True)
def ipv6_mtu():
    """Over IPv6 the kernel's vxlan sends no more than that, but as much as a route's own MTU says."""
    with Lab() as lab:
        a, b = lab.hosts

        def set_mtu(mtu):
            a.ns.sysctl("net.ipv6.conf.under.mtu", mtu)

        def expect(mtu, what, group=None):
            tap.wait_for(lambda: sender.row(6)["mtu"] == mtu, f"{what}: MTU {mtu} is shown")
            tap.wait_for(lambda: sender.says("group") == (group or mtu) - 70, f"{what}: the group's")
            for family, size in ((6, mtu), ("group", group or mtu), (4, 1600)):
                sender.told(family, size, what)
            tap.equal(sender.row(4)["mtu"], 1600, f"{what}: over IPv4")
        sender = Sender(lab, df="set")
        sender.vtep.wait_ready()
        set_mtu(1400)  # not before: when the carrier comes, the kernel sets it to the device's
        expect(1400, "lowered")
        tap.contains(sender.vtep.rows("status", part="uplink")[0]["status"],
                     "IPv6 MTU 1400 leaves tenants 1330 bytes", "status")
        set_mtu(1600)
        expect(1600, "raised")
        tap.equal(sender.vtep.rows("status", part="uplink")[0]["status"], None, "status")
        sender.vtep.config["underlay"]["netfilter"] = "respect"
        sender.vtep.apply()
        set_mtu(1500)
        expect(1500, "lowered, where the kernel sends")
        sender.vtep.kill()
        set_mtu(1450)
        del sender.vtep.config["underlay"]["netfilter"]
        sender.vtep.start()
        sender.vtep.wait_ready()
        expect(1450, "lowered before the start")
        a.ns.ip(f"route add {b.v6} via {a.gw6} mtu 1550")
        expect(1550, "the route's MTU counts", 1450)
        a.ns.ip("link set under mtu 1590", f"route del {b.v6}", "link set under mtu 1600")
        expect(1600, "the device's MTU changes, and with it that for IPv6")


@tap.case("answers where the route adds an encapsulation")
def encapsulating_route():
    """What the kernel's way to the peer leaves is less than the device's MTU."""
    with Lab(mtu=1500) as lab:
        a, b = lab.hosts
        sender = Sender(lab)
        try:
            a.ns.ip(f"route add {b.v6} encap seg6 mode encap segs 2001:db8:99::1 dev under")
        except CommandError as e:
            raise tap.Skip(f"no such routes here: {e}") from e
        tap.wait_for(lambda: "encapsulation" in (sender.row(6)["status"] or ""), "status")
        mtu = sender.row(6)["mtu"]
        tap.equal(mtu, 1500 - 40 - 24, "MTU shown: without IPv6 and segment routing headers")
        sender.told(6, mtu, "the route encapsulates")


if __name__ == "__main__":
    tap.main()
