#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Tenants never meet: equal addresses in many networks, and tenants that pretend to be a VTEP.
"""
import itertools
import json
import os
import struct
import types

import frame
import tap
import traffic
from lab import Lab, vlan_device
from netns import run
from vtep import Kernel, Xvtepd


MACS = {1: "02:00:00:00:00:01", 2: "02:00:00:00:00:02"}


def alone(vteps, ends):
    """Each of many networks' tenants, who have equal addresses, reaches its own alone."""
    count = len(ends) // 2
    for known in (False, True):
        for n in range(count):
            for here, there in ((1, 2), (2, 1)):
                mark = frame.marker()
                to = MACS[there] if known else frame.BROADCAST
                ends[here, n].send(frame.udp4(MACS[here], to, "10.0.0.1", "10.0.0.2", mark))
                want = {e: int(key == (there, n)) for key, e in ends.items()}
                frame.wait_count({ends[there, n]: 1}, mark, f"network {n}")
                if n % 10 == 0 or known and n % 3 == 0:
                    frame.wait_count(want, mark, f"network {n}: all others", 1)
        for vtep in vteps:
            vtep.wait_learned(2 * count)
    for vtep in vteps:
        rows = vtep.fdb()
        for n in range(count):
            row = rows[1000 + n, MACS[vtep.host.number]]
            tap.equal(row["dev"], f"p{n}", f"network {n}: port of the tenant")
        networks = vtep.config["networks"]
        vtep.config["networks"] = networks[:50]
        vtep.apply()
        tap.equal(len(vtep.rows("network")), 50, "networks left")
        tap.equal(len(vtep.learned()), 100, "learned entries left")
        vtep.config["networks"] = networks
        for end in ends.values():
            end.frames.clear()


def hundred():
    """100 networks with equal addresses on each of two hosts."""
    with Lab() as lab:
        count, ends = 100, {}
        for host in lab.hosts:
            lines = [f"link add p{n} type veth peer name e{n} address {MACS[host.number]}"
                     for n in range(count)]
            lines += [f"link set {x}{n} up" for n in range(count) for x in "pe"]
            host.ns.ip(*lines)
            for n in range(count):
                ends[host.number, n] = lab.keep(frame.Tap(host.ns, f"e{n}"))
        vteps = [Xvtepd(h, [{"vni": 1000 + n, "ports": [f"p{n}"], "flood": [o.v4]}
                            for n in range(count)])
                 for h, o in (lab.hosts, lab.hosts[::-1])]
        with tap.part("IPv4"):
            alone(vteps, ends)
        with tap.part("IPv6"):
            for vtep, other in zip(vteps, lab.hosts[::-1]):
                vtep.use(6, other)
            for vtep in vteps:
                vtep.forget()
            alone(vteps, ends)


def overlapping(networks):
    """Two networks whose tenants have equal MACs and IPs on the same hosts: TCP in both at once."""
    for one, two in networks.values():
        one.ping(two.ip)
    for (one, two), size in zip(networks.values(), (3 << 20, 5 << 20)):
        traffic.tcp(one, two, size)
        traffic.udp(two, one)
    ends = {vni: [t.tap() for t in pair] for vni, pair in networks.items()}
    for vni, other in itertools.permutations(networks):
        one, two = networks[vni]
        frame.expect(ends[vni][0], lambda m, o=one, t=two: frame.udp4(o.mac, t.mac, "10.0.0.1",
                                                                      "10.0.0.2", m),
                     {ends[vni][1]: 1, ends[other][0]: 0, ends[other][1]: 0},
                     f"unicast in {vni}", 10)
    for end in itertools.chain(*ends.values()):
        end.close()


class Neighbours:
    """
    An attacker and a friend in network 100, two victims in network 200. In 300 and 400 all have equal
    addresses.
    """

    def __init__(self, lab, **underlay):
        self.lab = lab
        a, b = self.hosts = lab.hosts
        self.pairs = {vni: [h.tenant(port, f"10.0.0.{h.number}",
                                     mac=f"02:00:00:00:aa:0{h.number}" if vni > 200 else None)
                            for h in (a, b)]
                      for vni, port in ((100, "p1"), (200, "q1"), (300, "r1"), (400, "s1"))}
        self.vteps = [Xvtepd(h, [{"vni": vni, "ports": [pair[0].port], "flood": [o.v4]}
                                 for vni, pair in self.pairs.items()], underlay=underlay)
                      for h, o in ((a, b), (b, a))]

    def strangers(self, mode):
        """Goes on in this mode, and nobody knows anybody."""
        for vtep in self.vteps:
            vtep.config["underlay"]["xdp"] = mode
            vtep.apply()
        for tenant in itertools.chain(*self.pairs.values()):
            tenant.ns.run("ip", "neigh", "flush", "dev", "eth0")
        for vtep in self.vteps:
            vtep.forget()


def crafted(site, known):
    """
    A tenant of network 100 sends what looks like VXLAN of network 200, to every address that may be
    a VTEP's: nothing of it may come out in network 200, nor reach a host's own stack.
    """
    a, b = site.hosts
    (attacker, friend), victims = site.pairs[100], site.pairs[200]
    if known:
        attacker.ping(friend.ip)
        victims[0].ping(victims[1].ip)
    source, end = attacker.tap(), friend.tap()
    watch = {t: 0 for t in (*(v.tap() for v in victims),
                            *(site.lab.keep(frame.Tap(host.ns, "lo")) for host in (a, b)))}
    router = site.lab.router.mac("r1")
    for eth in (a.ns.mac("p1"), a.ns.mac("under"), b.ns.mac("under"), router, friend.mac,
                frame.BROADCAST):
        for src, dst in ((b.v4, a.v4), (a.v4, b.v4), ("10.0.0.1", b.v4), ("10.0.0.1", a.v4)):
            for inner_to in (victims[0].mac, victims[1].mac, frame.BROADCAST):
                mark = frame.marker()
                inner = frame.plain(victims[1].mac, inner_to, mark)
                payload = frame.udp(50000, 4789, frame.vxlan(200, inner))
                source.send(frame.ether(attacker.mac, eth, frame.ETH_IP,
                                        frame.ipv4(src, dst, 17, payload)))
                if eth in (friend.mac, frame.BROADCAST):  # it is the friend's to have
                    frame.wait_count({end: 1}, mark, f"payload for {eth}")
                frame.wait_count(watch, mark, f"crafted: {eth} {src} > {dst}, {inner_to}", 0)
    frame.expect(source, lambda m: frame.plain(attacker.mac, frame.BROADCAST, m), {end: 1},
                 "a last broadcast")
    tap.ok(not any(b"xvtp" in f for t in watch for f in t.frames), "frames in network 200")
    for vtep in site.vteps:
        learned = {mac for vni, mac in vtep.learned() if vni == 200}
        tap.ok(attacker.mac not in learned, "the attacker's MAC in network 200")
    for t in (source, end, *watch):
        t.close()


def double(site):
    """A tenant's own VXLAN between its own hosts is payload like any other, offloads included."""
    tenants, inner = site.pairs[100], []
    for n, (t, o) in enumerate((tenants, tenants[::-1]), 1):
        t.ns.ip(f"link add vx type vxlan id 7 local {t.ip} remote {o.ip} dstport 4789",
                "link set vx mtu 1450 up", f"addr add 10.7.0.{n}/24 dev vx")
        inner.append(types.SimpleNamespace(ns=t.ns, ip=f"10.7.0.{n}"))
    tenants[0].ping("10.7.0.2")
    for source, target in (inner, inner[::-1]):
        traffic.udp(source, target, (1, 100, 1400))
        traffic.tcp(source, target)
    for t in tenants:
        t.ns.ip("link del vx")


def neighbours():
    with Lab() as lab:
        site = Neighbours(lab)
        with tap.part("equal addresses"):
            overlapping({vni: site.pairs[vni] for vni in (300, 400)})
        for mode in ("native", "off"):
            for known in (False, True):
                site.strangers(mode)
                with tap.part(f"crafted VXLAN, MACs {'' if known else 'un'}known, xdp {mode}"):
                    crafted(site, known)
            with tap.part(f"a tenant's own VXLAN, xdp {mode}"):
                double(site)


def crafted_alone():
    with Lab() as lab:
        crafted(Neighbours(lab, xdp="off"), True)


def inside(tags, mark):
    """Protocol and payload behind the first of one or two tags."""
    head = struct.pack("!HH", tags[1], frame.ETH_EXPERIMENT) if tags[1:] else b""
    return frame.ETH_VLAN if head else frame.ETH_EXPERIMENT, head + mark


def vlan_hop():
    """
    A network that carries tags has the untagged port of a device, of which another network has VLAN
    10: no tag of the one reaches the other, from a port here, from a VTEP, known or flooded, behind
    a priority tag; as soon as the VLAN is no port, it may.
    """
    with Lab() as lab:
        a, b = lab.hosts
        trunk, one, two = a.tenant("t1"), a.tenant("p1"), b.tenant("p1")
        keep = {"vni": 100, "inner-vlan": "keep"}
        first = Xvtepd(a, [{**keep, "ports": ["p1", "t1"], "flood": [b.v4]},
                           {"vni": 200, "ports": []}])
        Kernel(b, [{**keep, "ports": ["p1"], "flood": [a.v4]}])
        end, senders = trunk.tap(), [one.tap(), two.tap()]
        end.send(frame.plain(trunk.mac, frame.BROADCAST, frame.marker()))
        tap.wait_for(lambda: (100, trunk.mac) in first.learned(), "the trunk's MAC is known")

        def send(mark, tags):
            """Flooded and to the MAC, from both sides; then a fence."""
            fence = frame.marker()
            for tenant, sender in zip((one, two), senders):
                for dst in (frame.BROADCAST, trunk.mac):
                    sender.send(frame.ether(tenant.mac, dst, *inside(tags, mark), tags[0]))
                sender.send(frame.plain(tenant.mac, frame.BROADCAST, fence))
            frame.wait_count({end: 2}, fence, "fence")
        drops = 0
        for step, tags, passes in (
                ("no port", (10,), 4), ("port added", (10,), 0), ("port added", (0, 10), 0),
                ("port added", (11,), 4), ("restart", (10,), 0), ("port removed", (10,), 4)):
            if step == "port added" and not drops:
                first.client("port", "add", "t1", "vlan", "10", "network", "200")
            if step == "restart":
                first.kill()
                first.start()
            if step == "port removed":
                first.client("port", "del", "t1", "vlan", "10")
            mark = frame.marker()
            send(mark, tags)
            frame.wait_count({end: passes}, mark, f"{step}: tags {tags}")
            drops += 4 - passes
            tap.wait_for(lambda n=drops: first.drops().get("vlan_hop", 0) == n, f"{drops} drops")


def vlan_device_over():
    """
    The kernel has a VLAN device over the untagged port of a network that carries tags: the VLAN is
    that device's both ways, whether it is another network's port or the host's own, and before,
    after, and without it the port's. (The kernel's bridge takes such frames too, but sends them.)
    """
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        trunk, one, two = (host.tenant(p) for p in ("t1", "p1", "p2"))
        first = Xvtepd(host, [{"vni": 100, "inner-vlan": "keep", "ports": ["p1", "t1"]},
                              {"vni": 200, "ports": ["p2"]}])
        end, sender, other = trunk.tap(), one.tap(), two.tap()
        end.send(frame.plain(trunk.mac, frame.BROADCAST, frame.marker()))
        tap.wait_for(lambda: (100, trunk.mac) in first.learned(), "the trunk's MAC is known")
        drops = 0

        def look(step, device, port, ns=host.ns):
            """Out: flooded and known. In: to network 100, or to 200, or to the device alone."""
            nonlocal drops
            first.status()  # has heard of the device
            mark = frame.marker()
            for dst in (frame.BROADCAST, trunk.mac):
                sender.send(frame.plain(one.mac, dst, mark, 10))
            frame.wait_count({end: 0 if device else 2}, mark, f"{step}: out")
            drops += 2 if device else 0
            tap.wait_for(lambda: first.drops().get("vlan_hop", 0) == drops, f"{drops} drops")
            own = lab.keep(frame.Tap(ns, "v10")) if device else None
            mark = frame.marker()
            end.send(frame.plain(trunk.mac, frame.BROADCAST, mark, 10))
            wanted = {sender: 0 if device else 1, other: 1 if port else 0}
            frame.wait_count({**wanted, own: 1} if device else wanted, mark, f"{step}: in")

        look("no device", False, False)
        vlan_device(host.ns, "v10", "t1", 10)
        look("the host's own", True, False)
        first.client("port", "add", "v10", "network", "200")
        look("a port", True, True)
        first.kill()
        first.start()
        look("a port, after a restart", True, True)
        host.ns.ip("link set t1 down", "link set t1 up")
        tap.wait_for(lambda: first.row("port", dev="t1")["up"], "up again")
        look("after the trunk was down", True, True)
        first.kill()
        host.ns.ip("link del v10")
        first.start()
        look("gone while no daemon ran", False, False)
        vlan_device(host.ns, "v10", "t1", 10)
        look("back", True, False)
        first.client("port", "del", "t1")
        first.client("port", "add", "t1", "network", "100")
        tap.wait_for(lambda: first.row("port", dev="t1")["up"], "a port again")
        look("the trunk added behind it", True, False)
        host.ns.ip("link del v10")
        look("gone", False, False)


def vlan_device_away():
    """
    The VLAN device over the port goes to another network namespace, or is made there: the kernel
    gives it the frames all the same, and so it keeps its VLAN both ways.
    """
    with Lab(hosts=1) as lab:
        host, side = lab.hosts[0], lab.netns("side")
        trunk, one = (host.tenant(p) for p in ("t1", "p1"))
        vlan_device(host.ns, "v10", "t1", 10)
        vtep = Xvtepd(host, [{"vni": 100, "inner-vlan": "keep", "ports": ["p1", "t1"]}])
        end, sender, drops = trunk.tap(), one.tap(), 0

        def entries():
            """Ports, and VLAN devices over them."""
            dump = run("bpftool", "-j", "map", "dump", "pinned", vtep.pin("xv_port")).stdout
            return len(json.loads(dump))

        def look(step, ns):
            """ns: where the device is, if there is one."""
            nonlocal drops
            tap.wait_for(lambda: entries() == (3 if ns else 2), f"{step}: the daemon has seen it")
            mark, back = frame.marker(), frame.marker()
            sender.send(frame.plain(one.mac, frame.BROADCAST, mark, 10))
            frame.wait_count({end: 0 if ns else 1}, mark, f"{step}: out")
            drops += 1 if ns else 0
            tap.wait_for(lambda: vtep.drops().get("vlan_hop", 0) == drops, f"{drops} drops")
            own = lab.keep(frame.Tap(ns, "v10")) if ns else None
            end.send(frame.plain(trunk.mac, frame.BROADCAST, back, 10))
            frame.wait_count({sender: 0, own: 1} if ns else {sender: 1}, back, f"{step}: in")

        look("here", host.ns)
        host.ns.ip(f"link set v10 netns {side.path}")
        side.ip("link set v10 up")
        look("moved", side)
        vtep.kill()
        vtep.start()
        look("moved, after a restart", side)
        side.ip("link del v10")
        look("deleted there", None)
        host.ns.ip(f"link add v10 link t1 netns {side.path} type vlan id 10")
        side.ip("link set v10 up")
        look("made there", side)
        vtep.kill()
        side.ip("link del v10")
        vtep.start()
        look("deleted there while no daemon ran", None)


def send_outer(source, target, payload):
    """A raw UDP datagram from one host's VTEP address to another's, from a port of its own."""
    s = source.ns.socket(2, 3, 17)  # AF_INET, SOCK_RAW, UDP
    s.bind((source.v4, 0))
    s.sendto(frame.udp(50000 + os.getpid() % 1000, 4789, payload), (target.v4, 0))
    s.close()


class Strange:
    """One host with network 100, another with that and one that the first one does not have."""

    def __init__(self, lab):
        self.a, self.b = a, b = lab.hosts
        self.one, self.two, self.other = a.tenant("p1"), b.tenant("p1"), b.tenant("p2")
        self.first = Xvtepd(a, [{"vni": 100, "ports": ["p1"], "flood": [b.v4]}],
                            underlay={"xdp": "native"})
        Kernel(b, [{"vni": 100, "ports": ["p1"], "flood": [a.v4]},
                   {"vni": 101, "ports": ["p2"], "flood": [a.v4]}])
        self.begin()

    def begin(self):
        """Counts drops from here."""
        self.end = self.one.tap()
        self.before = self.first.drops()

    def drops(self):
        return {reason: n - self.before.get(reason, 0) for reason, n in self.first.drops().items()
                if n != self.before.get(reason, 0)}

    def send(self, payload):
        """From the second host, but not from its tunnel end."""
        send_outer(self.b, self.a, payload)


def bad_sources(s):
    """Source MACs that no host can have are dropped and counted, from ports and from the wire."""
    mark, end, sender = frame.marker(), s.two.tap(), s.end
    for mac in (frame.MULTICAST, frame.BROADCAST, "00:00:00:00:00:00"):
        sender.send(frame.plain(mac, frame.BROADCAST, mark))
    tap.wait_for(lambda: s.drops() == {"mac_invalid_source": 3}, "3 counted drops")
    s.send(frame.vxlan(100, frame.plain(frame.MULTICAST, frame.BROADCAST, mark)))
    tap.wait_for(lambda: s.drops() == {"mac_invalid_source": 4}, "and from the wire")
    frame.expect(sender, lambda m: frame.plain(s.one.mac, frame.BROADCAST, m), {end: 1}, "fine")
    frame.wait_count({end: 0, sender: 0}, mark, "frames of bad sources", 0)
    tap.equal({mac for _, mac in s.first.learned()}, {s.one.mac}, "learned")


def no_other_network(s):
    """A host without the network drops its frames, counted; so does one with another VNI."""
    mark, sender = frame.marker(), s.other.tap()
    for _ in range(7):
        sender.send(frame.plain(s.other.mac, frame.BROADCAST, mark))
    tap.wait_for(lambda: s.drops() == {"vxlan_vni_not_found": 7}, "7 counted drops")
    last = s.first.row("drops", reason="vxlan_vni_not_found")
    tap.equal({k: last[k] for k in ("remote", "vni", "src", "dst")},
              {"remote": s.b.v4, "vni": 101, "src": s.other.mac, "dst": frame.BROADCAST},
              "whose packets")
    frame.wait_count({s.end: 0}, mark, "frames of another VNI", 0)


def bad_headers(s):
    """VXLAN headers that are not: dropped, counted, nothing delivered; then a good one is."""
    mark, mac = frame.marker(), "02:00:00:00:cc:01"
    inner = frame.plain(mac, frame.BROADCAST, mark)
    bad = [frame.vxlan(100, inner, 0), frame.vxlan(100, inner, 0x88000000),
           frame.vxlan(100, inner, 0x08000001), struct.pack("!II", 0x08000000, 0x6401) + inner]
    for payload in bad:
        s.send(payload)
    tap.wait_for(lambda: s.drops() == {"vxlan_invalid_hdr": len(bad)}, "counted drops")
    by_kernel = kernel_dropped(s.first)
    s.send(frame.vxlan(100, inner[:10]))
    tap.wait_for(lambda: sum(s.drops().values()) == len(bad) + 1
                 or kernel_dropped(s.first) > by_kernel, "a frame of 10 bytes is dropped")
    frame.wait_count({s.end: 0}, mark, "frames behind bad headers", 0)
    good = frame.marker()
    s.send(frame.vxlan(100, frame.plain(mac, frame.BROADCAST, good)))
    frame.wait_count({s.end: 1}, good, "the good one")


def kernel_dropped(vtep):
    """Drops that the slow path device counts for itself."""
    links = vtep.host.ns.links()
    slow = links[vtep.status()["slow_dev"]]["stats64"]["rx"]
    return slow["errors"] + slow["dropped"]


def bad():
    with Lab() as lab:
        s = Strange(lab)
        for mode, function in (("native", bad_sources), ("native", no_other_network),
                               ("native", bad_headers), ("off", bad_headers)):
            with tap.part(f"{function.__name__}, xdp {mode}"):
                if s.first.config["underlay"]["xdp"] != mode:
                    s.first.config["underlay"]["xdp"] = mode
                    s.first.apply()
                s.begin()
                function(s)


tap.case("100 networks, IPv4 and IPv6", limit=120)(hundred)
tap.case("equal addresses; VXLAN of tenants, crafted and their own", limit=120)(neighbours)
tap.case("crafted VXLAN stays inside, MACs known, started with xdp off", main=True)(crafted_alone)
tap.case("bad source MACs, VNI of no network here, bad VXLAN headers")(bad)
tap.case("a tag that is another port's")(vlan_hop)
tap.case("a VLAN device over a port", main=True)(vlan_device_over)
tap.case("a VLAN device over a port, in another namespace", main=True)(vlan_device_away)

if __name__ == "__main__":
    tap.main()
