#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Delivery straight to the tenant's end of a veth: which ports get it, what it may not go past, and
that the tenant's kernel takes the frames for what they are.
"""
import contextlib
import errno
import os
import shutil

import bpf
import frame
import hooks
import tap
import traffic
from lab import Lab
from netns import KERNEL, TELLS_FEATURES, run
from vtep import KINDS, Xvtepd

VNI = 100
COUNT = 60
REDIRECT = "redirect" if TELLS_FEATURES else "tc"
TCX_EGRESS = 47  # enum bpf_attach_type
OTHER_MAC = "02:00:00:0d:00:01"  # of nobody's device


class Ends:
    """
    Host 2 has a daemon, with ports p1, and p2 whose tenant polls (so that it takes XDP frames), and
    others; host 1 has one tenant, behind the kernel's vxlan or, with both, another daemon.
    """

    def __init__(self, lab, mode="off", delivery="auto", both=False, ports=()):
        self.lab = lab
        a, b = lab.hosts
        self.one = a.tenant("p1", "10.0.0.1")
        self.two, self.three = b.tenant("p1", "10.0.0.2"), b.tenant("p2", "10.0.0.3", gro=True)
        self.host, self.tenants = b, (self.one, self.two, self.three)
        for tenant in self.tenants:
            self.know(tenant)
        underlay = {"xdp": mode, "delivery": delivery}
        self.first = KINDS["xvtep" if both else "kernel"](
            a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4]}], underlay=underlay)
        self.second = Xvtepd(b, [{"vni": VNI, "ports": ["p1", "p2", *ports], "flood": [a.v4]}],
                             underlay=underlay)
        for port in ("p1", "p2"):
            wait_direct(self.second, True, "at the start", port)

    def know(self, tenant):
        """The others know its address."""
        for other in self.tenants:
            if other is not tenant:
                other.neigh(tenant)

    def set(self, **underlay):
        """Changes settings of all daemons by a reload."""
        for vtep in (self.first, self.second):
            if isinstance(vtep, Xvtepd):
                vtep.config["underlay"].update(underlay)
                vtep.apply()


def is_direct(vtep, port="p1"):
    return vtep.row("port", dev=port, vlan=0)["direct"]


def wait_direct(vtep, want, what, port="p1"):
    tap.wait_for(lambda: is_direct(vtep, port) == want, f"{what}: direct is {want}")


def through_device(host, port="p1"):
    """Frames that the port's device has sent so far."""
    return host.ns.json("ip", "-j", "-s", "link", "show", "dev", port)[0]["stats64"]["tx"]["packets"]


def device_share(tenant, other):
    """Of COUNT pings to the tenant, how many frames went through its port's device."""
    other.ping(tenant.ip, 1)  # learned, both ways
    before = through_device(tenant.host, tenant.port)
    other.ping(tenant.ip, COUNT)
    return (through_device(tenant.host, tenant.port) - before) / COUNT


def expect_direct(tenant, other):
    tap.ok(device_share(tenant, other) < 0.1, "the device's queue is not used")


def expect_device(tenant, other):
    tap.ok(device_share(tenant, other) > 0.9, "all frames go through the device")


def from_the_wire(ends):
    one, two = ends.one, ends.two
    expect_direct(two, one)
    expect_direct(one, two)
    traffic.tcp(one, two)
    traffic.tcp(two, one)
    tap.ok(ends.second.stats("port", dev="p1")["tx_packets"] > COUNT, "counted all the same")


def local(ends):
    """From port to port of one host."""
    expect_direct(ends.two, ends.three)
    traffic.tcp(ends.three, ends.two)


def own_address_only(ends):
    """A frame for another MAC behind the port: the tenant's kernel must see that it is for others."""
    one, two = ends.one, ends.two
    one.ping(two.ip, 1)
    ends.second.client("fdb", "add", OTHER_MAC, "network", str(VNI), "dev", "p1")
    before = through_device(two.host)
    frame.expect(one.tap(), lambda m: frame.udp4(one.mac, OTHER_MAC, one.ip, two.ip, m),
                 {two.tap(): 1}, "to another MAC behind the port")
    tap.ok(through_device(two.host) > before, "it went through the device")
    expect_direct(two, one)


def tenant_runs_xdp(ends, tenant):
    """An XDP program at the tenant's end sees every frame, from the moment that it is there."""
    ends.host.foreign_xdp("eth0", tenant.ns)
    wait_direct(ends.second, False, "XDP at the tenant's end", tenant.port)
    expect_device(tenant, ends.one)
    tenant.ns.ip("link set eth0 xdpdrv off")
    wait_direct(ends.second, True, "XDP gone", tenant.port)
    expect_direct(tenant, ends.one)


def delivery(ends):
    return ends.second.row("port", dev="p2", vlan=0)["delivery"]


def qdisc(ends, mode):
    """A qdisc on the port gets every frame: neither direct nor redirected in XDP."""
    one, three, ns = ends.one, ends.three, ends.host.ns
    ns.run("tc", "qdisc", "add", "dev", "p2", "root", "pfifo", "limit", "1000")
    wait_direct(ends.second, False, "qdisc", "p2")
    tap.equal(delivery(ends), "tc", "delivery")
    one.ping(three.ip, COUNT)
    shown = ns.json("tc", "-j", "-s", "qdisc", "show", "dev", "p2", "root")[0]
    tap.ok(shown["packets"] >= COUNT, "the qdisc saw the frames")
    ns.run("tc", "qdisc", "del", "dev", "p2", "root")
    wait_direct(ends.second, True, "no qdisc", "p2")
    if mode == "off":
        expect_direct(three, one)
    tap.equal(delivery(ends), {"off": "tc", "native": REDIRECT}[mode], "delivery without")


@contextlib.contextmanager
def clsact_filter(host, dev, obj):
    host.ns.run("tc", "qdisc", "replace", "dev", dev, "clsact")
    host.ns.run("tc", "filter", "add", "dev", dev, "egress", "bpf", "da", "obj", obj, "sec", "tc")
    yield
    host.ns.run("tc", "filter", "del", "dev", dev, "egress")


@contextlib.contextmanager
def tcx_program(host, dev, obj):
    pin = f"/sys/fs/bpf/{host.ns.name}"
    run("bpftool", "prog", "loadall", obj, pin)
    try:
        prog = bpf.get(f"{pin}/foreign_drop")
        index = host.ns.links()[dev]["ifindex"]
        with host.ns.inside():
            link = bpf.bpf(bpf.LINK_CREATE, "=III", prog, index, TCX_EGRESS)
    except OSError as e:
        if e.errno == errno.EINVAL:
            raise tap.Skip("no TCX (Linux 6.6)") from e
        raise
    finally:
        shutil.rmtree(pin)
    yield  # nothing tells the daemon of TCX: it looks once a second
    os.close(link)
    os.close(prog)


def egress_filter(ends, attach):
    """Who filters what the port sends to the tenant sees every frame, redirected before or not."""
    one, three, second = ends.one, ends.three, ends.second
    one.ping(three.ip, 1)
    with attach(ends.host, "p2", ends.host.foreign_object()):
        wait_direct(second, False, "filter", "p2")
        tap.equal(delivery(ends), "tc", "delivery")
        tap.equal(one.ping(three.ip, 3, check=False), 0, "pings past a filter that drops all")
        second.kill()
        second.start()
        tap.equal(one.ping(three.ip, 3, check=False), 0, "the same after a restart")
    wait_direct(second, True, "no filter", "p2")
    tap.wait_for(lambda: delivery(ends) == REDIRECT, "delivery without")
    one.ping(three.ip, COUNT)


def legacy_qdisc():
    """A filter of an `ingress` qdisc is none at egress, at a port and at the underlay device."""
    if KERNEL < (6, 6):
        raise tap.Skip("without TCX there is a clsact qdisc of xvtep's")
    with Lab(wire="nic") as lab:
        ends = Ends(lab, "native", "redirect")
        ns, second = ends.host.ns, ends.second
        for dev in ("under", "p2"):
            ns.run("tc", "qdisc", "add", "dev", dev, "ingress")
            ns.run("tc", "filter", "add", "dev", dev, "parent", "ffff:", "prio", "10", "bpf", "da",
                   "obj", ends.host.foreign_object(), "sec", "tc")
        tap.wait_for(lambda: second.row("port", dev="p2")["filters_skipped"], "the port's is noticed")
        tap.wait_for(lambda: second.rows("status", part="uplink")[0]["status"]
                     == "at TC, behind what others have there: tc bpf prio 10", "uplink: status")
        ns.run("tc", "qdisc", "del", "dev", "under", "ingress")
        tap.wait_for(lambda: delivery(ends) == REDIRECT, "delivery")
        tap.equal(is_direct(second, "p2"), True, "direct")
        ns.run("tc", "qdisc", "add", "dev", "p2", "root", "pfifo", "limit", "1000")
        wait_direct(second, False, "a qdisc at egress beside it", "p2")


def egress_chain():
    """A chain of nf_tables is noticed; but the kernel shows it no frame that TC ingress redirected."""
    with Lab() as lab:
        ends = Ends(lab)
        try:
            chain = hooks.Chain(ends.host.ns, hooks.NETDEV, hooks.EGRESS, dev="p1")
        except OSError as e:
            raise tap.Skip(f"no nf_tables at a device's egress: {e}") from e
        wait_direct(ends.second, False, "chain")
        ends.one.ping(ends.two.ip, COUNT)
        chain.close()
        wait_direct(ends.second, True, "no chain")


def new_address(ends):
    """The tenant changes its MAC address, of which nothing is told outside its namespace."""
    one, two = ends.one, ends.two
    expect_direct(two, one)
    two.mac = ends.lab.new_mac()
    two.ns.ip(f"link set eth0 address {two.mac}")
    ends.know(two)
    two.ping(one.ip)
    tap.wait_for(lambda: device_share(two, one) < 0.1, "the new address goes direct", 15)


def while_away(ends):
    """What changes while no daemon runs is seen by the next; what does not change goes on."""
    one, two, second = ends.one, ends.two, ends.second
    one.ping(two.ip, 1)
    second.kill()
    expect_direct(two, one)
    ends.host.foreign_xdp("eth0", two.ns)
    second.start()
    tap.equal(is_direct(second), False, "direct, with XDP at the tenant's end")
    expect_device(two, one)


def not_direct(ends):
    """A veth with both ends here; a VLAN of a device."""
    tap.equal(is_direct(ends.second, "here"), False, "a veth with both ends here")
    rows = {r["vlan"]: r["direct"] for r in ends.second.rows("port") if r["dev"] == "p2"}
    tap.equal(rows, {0: True, 5: False}, "by VLAN")


def moved_away(ends):
    """The other end moves into our own namespace, where the kernel would drop what goes direct."""
    two, host = ends.two, ends.host.ns
    two.ns.ip(f"link set eth0 netns {host.path}")
    host.ip("link set eth0 up")
    wait_direct(ends.second, False, "its end is here")
    host.ip(f"link set eth0 netns {two.ns.path}")
    two.ns.ip("link set eth0 up", f"addr add {two.ip}/24 dev eth0")
    wait_direct(ends.second, True, "its end is there again")
    ends.know(two)
    expect_direct(two, ends.one)


def with_tc():
    """TC on the underlay; then, with native XDP by a reload, frames that are redirected."""
    with Lab(wire="nic") as lab:
        ends = Ends(lab, both=True)
        with tap.part("from the wire"):
            from_the_wire(ends)
        with tap.part("the tenant runs XDP"):
            tenant_runs_xdp(ends, ends.two)
        ends.set(delivery="redirect")
        with tap.part("a qdisc on the port"):
            qdisc(ends, "off")
        ends.set(xdp="native")
        with tap.part("a filter at the port's egress: clsact"):
            egress_filter(ends, clsact_filter)


def with_xdp():
    """Native XDP on the underlay."""
    with Lab(wire="nic") as lab:
        ends = Ends(lab, "native", both=True)
        with tap.part("from the wire"):
            from_the_wire(ends)
        ends.set(delivery="redirect")
        with tap.part("a qdisc on the port"):
            qdisc(ends, "native")


def tcx_filter():
    with Lab(wire="nic") as lab:
        egress_filter(Ends(lab, "native", "redirect"), tcx_program)


def ports():
    """What is, or becomes, of a port, on a wire that leaves checksums undone."""
    with Lab() as lab:
        lab.hosts[1].ns.ip("link add here type veth peer name too", "link set here up",
                           "link set too up")
        ends = Ends(lab, ports=("here", {"dev": "p2", "vlan": 5}))
        for scenario in (not_direct, local, own_address_only, new_address, moved_away, while_away):
            with tap.part(scenario.__name__):
                scenario(ends)
        with tap.part("the tenant runs XDP, and polled before"):
            tenant_runs_xdp(ends, ends.three)


tap.case("direct, TC on the underlay: XDP at the tenant's end, a qdisc, a filter", main=True)(with_tc)
tap.case("direct, native XDP on the underlay: a qdisc")(with_xdp)
tap.case("a filter at the port's egress: TCX")(tcx_filter)
tap.case("a filter of an `ingress` qdisc is none at egress", main=True)(legacy_qdisc)
tap.case("a chain of nf_tables at the port's egress")(egress_chain)
tap.case("between ports; other addresses, ends that move, changes while no daemon runs")(ports)

if __name__ == "__main__":
    tap.main()
