# SPDX-License-Identifier: GPL-2.0-only
"""Two tunnel ends with a tenant each, for tests of what others filter."""
import frame
import tap
from lab import vlan_device
from vtep import Xvtepd

VNI = 100
VLAN = 10
COUNT = 10
WAIT = str(0.5 * tap.SLOW)  # for an answer, in seconds


class Two:
    """
    A tenant behind a VTEP and one behind another tunnel end. MACs are static at VTEPs but where learning
    is looked at; the kernel floods to the one remote that it has.
    """

    def __init__(self, lab, port=None, taps=False, second=Xvtepd, **underlay):
        self.lab, self.hosts = lab, lab.hosts
        a, b = lab.hosts
        if taps:
            self.one, self.two = a.tap_tenant("p1"), b.tap_tenant("p1")
        else:
            self.one, self.two = a.tenant("p1", "10.0.0.1"), b.tenant("p1", "10.0.0.2")
        self.vteps = []
        for host, other, own, far in ((a, b, self.one, self.two), (b, a, self.two, self.one)):
            first = {"dev": "p1", **(port or {})} if host is a else "p1"
            self.vteps.append((Xvtepd if host is a else second)(host, [{
                "vni": VNI, "ports": [first], "flood": [other.v4],
                "fdb": [{"mac": own.mac, "dev": "p1"}, {"mac": far.mac, "remote": other.v4}]}],
                underlay=underlay))
        self.first = self.vteps[0]
        for vtep in self.vteps:
            if isinstance(vtep, Xvtepd):
                vtep.wait_ready()
        self.taps = self.one.tap(), self.two.tap()

    def passes(self, what, back=False, expected=COUNT):
        """Known unicast and broadcast from the first tenant to the second, or back; None: sent alone."""
        source, target = (self.two, self.one) if back else (self.one, self.two)
        sender, receiver = self.taps[::-1] if back else self.taps
        a, b = self.hosts
        if expected:  # a filter that drops all drops ARP as well
            tap.wait_for(lambda: reaches(a, b) and reaches(b, a), "the hosts reach each other")
        for dst in (target.mac, frame.BROADCAST):
            mark = frame.marker()
            for _ in range(COUNT):
                sender.send(frame.udp4(source.mac, dst, "10.0.0.1", "10.0.0.2", mark))
            if expected is None:
                continue
            if expected:
                frame.wait_count({receiver: expected}, mark, f"{what}: frames to {dst}")
            else:
                a.ns.run("ping", "-n", "-q", "-c", "2", "-i", "0.05", "-W", WAIT, b.v4, check=False)
                tap.equal(receiver.count(mark), 0, f"{what}: frames to {dst}")

    def port(self, **setting):
        """Another setting of the first port, by reload."""
        self.first.config["networks"][0]["ports"] = [{"dev": "p1", **setting}]
        self.first.apply()

    def shows(self, **columns):
        def now():
            row = self.first.row("port", dev="p1")
            for key, want in columns.items():
                tap.equal(row[key] or "", want, f"port show: {key}")
            return True
        tap.wait_for(now, f"port show says {columns}")

    def uplink(self, attached, word):
        def now():
            row, = self.first.rows("status", part="uplink")
            tap.equal(row["attached"], attached, "uplink: attached")
            tap.contains(row["status"] or "none", word, "uplink: status")
            return True
        tap.wait_for(now, f"uplink shows {attached}, {word}")


def take_address(host, dev):
    """The host's IPv4 address and routes move from its underlay device to another."""
    host.ns.ip("addr flush dev under", f"addr add {host.v4}/24 dev {dev}", f"link set {dev} up",
               f"route replace default via {host.gw4}")


def over_bridge(host):
    """The underlay device becomes a bridge's, which has the address."""
    host.ns.ip("link add br0 type bridge", "link set under master br0")
    take_address(host, "br0")
    return "br0"


def over_vlan(host):
    """A VLAN device over the underlay device has the address, here and at the router."""
    router = host.lab.router
    for ns, on in ((host.ns, "under"), (router, host.up)):
        vlan_device(ns, f"v{VLAN}", on, VLAN)
    router.ip(f"addr flush dev {host.up}", f"addr add {host.gw4}/24 dev v{VLAN}")
    take_address(host, f"v{VLAN}")
    return f"v{VLAN}"


def over_macvlan(host):
    """The same with a macvlan device, which alone answers ARP."""
    host.ns.sysctl("net.ipv4.conf.all.arp_ignore", 1)
    host.ns.ip("link add mv0 link under type macvlan mode bridge")
    take_address(host, "mv0")
    return "mv0"


def reaches(host, other):
    return not host.ns.run("ping", "-n", "-q", "-c", "1", "-W", WAIT, other.v4, check=False).returncode
