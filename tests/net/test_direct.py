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
from netns import TELLS_FEATURES, run
from vtep import Xvtepd

VNI = 100
COUNT = 60
REDIRECT = "redirect" if TELLS_FEATURES else "tc"
TCX_EGRESS = 47  # enum bpf_attach_type
OTHER_MAC = "02:00:00:0d:00:01"  # of nobody's device


def start(lab, mode="off", ports=("p1",), delivery="auto"):
    a, b = lab.hosts
    return [Xvtepd(h, [{"vni": VNI, "ports": list(ports), "flood": [other.v4]}],
                   underlay={"xdp": mode, "delivery": delivery}) for h, other in ((a, b), (b, a))]


def pair(lab, **kwargs):
    one, two = (h.tenant("p1", f"10.0.0.{h.number}", **kwargs) for h in lab.hosts)
    one.neigh(two)
    two.neigh(one)
    return one, two


def is_direct(vtep, port="p1"):
    return vtep.row("port", dev=port)["direct"]


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


def from_the_wire(mode):
    with Lab(wire="nic") as lab:
        one, two = pair(lab)
        first, second = start(lab, mode)
        wait_direct(second, True, "port")
        expect_direct(two, one)
        expect_direct(one, two)
        traffic.tcp(one, two)
        traffic.tcp(two, one)
        tap.ok(second.stats("port", dev="p1")["tx_packets"] > COUNT, "counted all the same")


def local():
    """From port to port of one host."""
    with Lab() as lab:
        host = lab.hosts[0]
        one, two = (host.tenant(f"p{i}", f"10.0.0.{i}") for i in (1, 2))
        one.neigh(two)
        two.neigh(one)
        first, _ = start(lab, ports=("p1", "p2"))
        wait_direct(first, True, "p2", "p2")
        expect_direct(two, one)
        traffic.tcp(one, two)


def own_address_only():
    """A frame for another MAC behind the port: the tenant's kernel must see that it is for others."""
    with Lab() as lab:
        one, two = pair(lab)
        _, second = start(lab)
        wait_direct(second, True, "port")
        one.ping(two.ip, 1)
        second.client("fdb", "add", OTHER_MAC, "network", str(VNI), "dev", "p1")
        before = through_device(two.host)
        frame.expect(one.tap(), lambda m: frame.udp4(one.mac, OTHER_MAC, one.ip, two.ip, m),
                     {two.tap(): 1}, "to another MAC behind the port")
        tap.ok(through_device(two.host) > before, "it went through the device")
        expect_direct(two, one)


def tenant_runs_xdp(gro):
    """An XDP program at the tenant's end sees every frame, from the moment that it is there."""
    with Lab() as lab:
        one, two = pair(lab, gro=gro)
        _, second = start(lab)
        wait_direct(second, True, "port")
        two.host.foreign_xdp("eth0", two.ns)
        wait_direct(second, False, "XDP at the tenant's end")
        expect_device(two, one)
        two.ns.ip("link set eth0 xdpdrv off")
        wait_direct(second, True, "XDP gone")
        expect_direct(two, one)


def qdisc(mode):
    """A qdisc on the port gets every frame: neither direct nor redirected in XDP."""
    with Lab(wire="nic") as lab:
        one, two = pair(lab, gro=True)
        _, second = start(lab, mode, delivery="redirect")
        wait_direct(second, True, "port")
        two.host.ns.run("tc", "qdisc", "add", "dev", "p1", "root", "pfifo", "limit", "1000")
        wait_direct(second, False, "qdisc")
        tap.equal(second.row("port", dev="p1")["delivery"], "tc", "delivery")
        one.ping(two.ip, COUNT)
        shown = two.host.ns.json("tc", "-j", "-s", "qdisc", "show", "dev", "p1", "root")[0]
        tap.ok(shown["packets"] >= COUNT, "the qdisc saw the frames")
        two.host.ns.run("tc", "qdisc", "del", "dev", "p1", "root")
        wait_direct(second, True, "no qdisc")
        if mode == "off":
            expect_direct(two, one)
        tap.equal(second.row("port", dev="p1")["delivery"],
                  {"off": "tc", "native": REDIRECT}[mode], "delivery without")


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


def egress_filter(attach):
    """Who filters what the port sends to the tenant sees every frame, redirected before or not."""
    with Lab(wire="nic") as lab:
        one, two = pair(lab, gro=True)
        _, second = start(lab, "native", delivery="redirect")
        wait_direct(second, True, "port")
        one.ping(two.ip, 1)
        with attach(two.host, "p1", two.host.foreign_object()):
            wait_direct(second, False, "filter")
            tap.equal(second.row("port", dev="p1")["delivery"], "tc", "delivery")
            tap.equal(one.ping(two.ip, 3, check=False), 0, "pings past a filter that drops all")
            second.kill()
            second.start()
            tap.equal(one.ping(two.ip, 3, check=False), 0, "the same after a restart")
        wait_direct(second, True, "no filter")
        tap.wait_for(lambda: second.row("port", dev="p1")["delivery"] == REDIRECT,
                     "delivery without")
        one.ping(two.ip, COUNT)


def egress_chain():
    """A chain of nf_tables is noticed; but the kernel shows it no frame that TC ingress redirected."""
    with Lab() as lab:
        one, two = pair(lab)
        _, second = start(lab)
        wait_direct(second, True, "port")
        try:
            chain = hooks.Chain(two.host.ns, hooks.NETDEV, hooks.EGRESS, dev="p1")
        except OSError as e:
            raise tap.Skip(f"no nf_tables at a device's egress: {e}") from e
        wait_direct(second, False, "chain")
        one.ping(two.ip, COUNT)
        chain.close()
        wait_direct(second, True, "no chain")


def new_address():
    """The tenant changes its MAC address, of which nothing is told outside its namespace."""
    with Lab() as lab:
        one, two = pair(lab)
        _, second = start(lab)
        wait_direct(second, True, "port")
        expect_direct(two, one)
        two.mac = lab.new_mac()
        two.ns.ip(f"link set eth0 address {two.mac}")
        one.neigh(two)
        two.ping(one.ip)
        tap.wait_for(lambda: device_share(two, one) < 0.1, "the new address goes direct", 15)


def while_away():
    """What changes while no daemon runs is seen by the next; what does not change goes on."""
    with Lab() as lab:
        one, two = pair(lab)
        _, second = start(lab)
        wait_direct(second, True, "port")
        one.ping(two.ip, 1)
        second.kill()
        expect_direct(two, one)
        two.host.foreign_xdp("eth0", two.ns)
        second.start()
        tap.equal(is_direct(second), False, "direct, with XDP at the tenant's end")
        expect_device(two, one)


def not_direct():
    """Both ends here; a VLAN of a device; the other end is down, then up."""
    with Lab() as lab:
        host = lab.hosts[0]
        host.ns.ip("link add p1 type veth peer name q1", "link set p1 up", "link set q1 up")
        host.tenant("p2", "10.0.0.2")
        vtep, _ = start(lab, ports=("p1", {"dev": "p2", "vlan": 5}, "p2"))
        tap.equal(is_direct(vtep), False, "a veth with both ends here")
        rows = {r["vlan"]: r["direct"] for r in vtep.rows("port") if r["dev"] == "p2"}
        tap.equal(rows, {0: True, 5: False}, "by VLAN")


def moved_away():
    """The other end moves into our own namespace, where the kernel would drop what goes direct."""
    with Lab() as lab:
        one, two = pair(lab)
        _, second = start(lab)
        wait_direct(second, True, "port")
        host = two.host.ns
        two.ns.ip(f"link set eth0 netns {host.path}")
        host.ip("link set eth0 up")
        wait_direct(second, False, "its end is here")
        host.ip(f"link set eth0 netns {two.ns.path}")
        two.ns.ip("link set eth0 up", f"addr add {two.ip}/24 dev eth0")
        wait_direct(second, True, "its end is there again")
        one.ns.ip(f"neigh replace {two.ip} lladdr {two.mac} dev eth0 nud permanent")
        expect_direct(two, one)


tap.case("direct, TC on the underlay", "off", main=True)(from_the_wire)
tap.case("direct, native XDP on the underlay", "native")(from_the_wire)
tap.case("direct, between ports")(local)
tap.case("a MAC that is not the device's own")(own_address_only)
tap.case("the tenant runs XDP", False, main=True)(tenant_runs_xdp)
tap.case("the tenant runs XDP, and polled before", True)(tenant_runs_xdp)
tap.case("a qdisc on the port, TC", "off", main=True)(qdisc)
tap.case("a qdisc on the port, native XDP", "native")(qdisc)
tap.case("a filter at the port's egress: clsact", clsact_filter, main=True)(egress_filter)
tap.case("a filter at the port's egress: TCX", tcx_program)(egress_filter)
tap.case("a chain of nf_tables at the port's egress")(egress_chain)
tap.case("the tenant changes its address")(new_address)
tap.case("changes while no daemon runs")(while_away)
tap.case("ports that are not direct")(not_direct)
tap.case("the other end moves")(moved_away)

if __name__ == "__main__":
    tap.main()
