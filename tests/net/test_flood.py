#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Broadcast, multicast and unknown unicast among three hosts with several ports and networks: each
frame reaches exactly the ports that must have it, once. MAC addresses are the same in all networks.
"""
import collections
import json
import socket
import struct
import sys

import frame
import tap
from lab import Lab
from netns import run
from vtep import KINDS, Xvtepd, words

# network: {host number: ports}
LAYOUT = {
    100: {1: ("a1", "a2"), 2: ("a1", "a2"), 3: ("a1",)},
    200: {1: ("b1",), 2: ("b1", "b2"), 3: ("b1", "b2")},
    300: {1: ("c1",), 2: ("c1",)},  # not on host 3
}
GROUPS = {
    "broadcast": frame.BROADCAST,
    "IPv4 multicast": frame.MULTICAST,
    "IPv6 multicast": "33:33:00:00:12:34",
    "unknown unicast": "02:00:00:99:99:99",
}


class Fabric:
    """All tenants of LAYOUT as taps: {(vni, host number, port): tap}"""

    def __init__(self, lab, kinds, family=4, mode="native", gro=False):
        self.lab, self.vteps = lab, []
        underlay = {"xdp": mode, "delivery": "redirect" if gro else "auto"}
        self.taps, self.macs = {}, {}
        for vni, places in LAYOUT.items():
            for number, ports in places.items():
                for port in ports:
                    mac = f"02:00:00:00:0{number}:{port[1]:0>2}"  # the same in every network
                    tenant = lab.hosts[number - 1].tenant(port, mac=mac, gro=gro)
                    self.taps[vni, number, port] = tenant.tap()
                    self.macs[vni, number, port] = mac
        for host, kind in zip(lab.hosts, kinds):
            self.vteps.append(KINDS[kind](host, self.networks(host, family), family,
                                          underlay=underlay))

    def networks(self, host, family):
        result = []
        for vni, places in LAYOUT.items():
            if host.number in places:
                remotes = [h.address(family) for h in self.lab.hosts
                           if h.number in places and h is not host]
                result.append({"vni": vni, "ports": list(places[host.number]), "flood": remotes})
        return result

    def others(self, sender):
        """{tap: copies} that one flooded frame from sender must lead to."""
        return {t: int(place[0] == sender[0] and place != sender)
                for place, t in self.taps.items()}

    def only(self, receiver):
        return {t: int(place == receiver) for place, t in self.taps.items()}


def flood(fabric):
    """Each frame that is for all, or for a MAC that nobody has, from each sender."""
    for sender, source in fabric.taps.items():
        for what, group in GROUPS.items():
            def build(mark, mac=fabric.macs[sender], group=group):
                return frame.plain(mac, group, mark)
            frame.expect(source, build, fabric.others(sender), f"{what} from {sender}", 3)

        def datagram(mark, mac=fabric.macs[sender]):
            return frame.udp4(mac, frame.BROADCAST, "10.0.0.1", "10.0.0.255", mark)
        frame.expect(source, datagram, fabric.others(sender), f"UDP broadcast from {sender}")


def known_unicast(fabric):
    """After each has said something, unicast goes to one port alone, across and on one host."""
    for vtep in fabric.vteps:
        vtep.wait_learned(sum(len(p) for places in LAYOUT.values() for p in places.values()
                              if vtep.host.number in places))
    for sender, source in fabric.taps.items():
        for receiver in fabric.taps:
            if sender[0] != receiver[0] or sender == receiver:
                continue

            def build(mark, ends=(fabric.macs[sender], fabric.macs[receiver])):
                return frame.plain(*ends, mark)

            def datagram(mark, ends=(fabric.macs[sender], fabric.macs[receiver])):
                return frame.udp4(*ends, "10.0.0.1", "10.0.0.2", mark)
            what = f"unicast {sender} -> {receiver}"
            frame.expect(source, build, fabric.only(receiver), what)
            frame.expect(source, datagram, fabric.only(receiver), "UDP " + what)


def delivered(*how, **more):
    with Lab(hosts=3) as lab:
        fabric = Fabric(lab, *how, **more)
        flood(fabric)
        known_unicast(fabric)


def wire_copies(kind):
    """One copy a remote leaves the host, to its address; nobody floods again what came in."""
    with Lab(hosts=3) as lab:
        fabric = Fabric(lab, ("xvtep", kind, kind))
        wires = {h.number: h.wire_tap() for h in lab.hosts}
        sender = (100, 1, "a1")
        build = lambda m: frame.plain(fabric.macs[sender], frame.BROADCAST, m)  # noqa: E731
        frame.expect(fabric.taps[sender], build,
                     {**fabric.others(sender), wires[1]: 0, wires[2]: 1, wires[3]: 1},
                     "broadcast from host 1", 20)
        for data in wires[2].frames:
            if b"xvtp" in data:
                tap.ok(data[26:34] == bytes((198, 18, 1, 1, 198, 18, 2, 1)), f"ends: {data.hex()}")
                tap.equal(data[22], 63, "outer TTL behind one router")
                tap.equal(data[42:50].hex(), "0800000000006400", "VXLAN header")


def long_list():
    """
    More remotes than the 256 of a list that have the prebuilt header put in front of their copies:
    one copy each, of frames of every kind.
    """
    with Lab(hosts=1) as lab:
        host, = lab.hosts
        tenant = host.tenant("p1")
        remotes = [f"10.9.{n // 200}.{n % 200 + 1}" for n in range(300)]
        vtep = Xvtepd(host, [{"vni": 100, "ports": ["p1"], "flood": remotes}])
        vtep.wait_ready()
        source, wire, mark = tenant.tap(), host.sent_tap(), frame.marker()
        for n, data in enumerate((frame.plain(tenant.mac, frame.BROADCAST, mark),
                                  frame.udp4(tenant.mac, frame.BROADCAST, "10.0.0.1",
                                             "255.255.255.255", mark)), 1):
            source.send(data)
            frame.wait_count({wire: n * len(remotes)}, mark, f"copies of {n} frames")
        for data in (f for f in wire.get(mark)):
            tap.equal(data[36:38] + data[42:50], b"\x12\xb5" + bytes.fromhex("0800000000006400"),
                      "UDP port and VXLAN header")
        to = collections.Counter(socket.inet_ntoa(f[30:34]) for f in wire.get(mark))
        tap.equal(to, {r: 2 for r in remotes}, "copies by remote")
        tap.equal(vtep.drops(), {}, "drops")
        paths = vtep.paths()
        tap.equal((paths["flood_copy"], paths["encap_flood"]), (600, 2), "counted")


LIMIT = 1 << 17  # XV_MAX_FLOOD


def head(vtep, bd):
    """What programs read of a network: generation and length of its flood list."""
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_bd"), "key",
            *words(bd.to_bytes(4, sys.byteorder)))
    value = bytes(int(b, 16) for b in json.loads(p.stdout)["value"])
    return struct.unpack("=IIHHH", value[:14])[2:]


def has(vtep, bd, gen, index):
    key = struct.pack("=HHI", bd, gen, index)
    return run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_flood"), "key", *words(key),
               check=False).returncode == 0


def at_the_limit():
    """
    Lists whose sum is almost the limit: one more member in each is what programs read, a restart
    takes them all over, and what does not fit is refused with the name of its own network.
    """
    with Lab(hosts=1) as lab:
        n = 34
        count = LIMIT // n - 1
        remotes = [f"10.{i // 60000}.{i // 250 % 240}.{i % 250 + 1}" for i in range(count + 1)]
        lists = [{"vni": 1 + i, "flood": remotes[:count]} for i in range(n)] + [{"vni": 99}]
        vtep = Xvtepd(lab.hosts[0], [])

        def apply():
            vtep.write()
            vtep.client("apply", vtep.file, timeout=60)

        def expect(want, what):
            rows = {r["vni"]: r for r in vtep.rows("network")}
            for vni in range(1, n + 1):
                gen, ports, total = head(vtep, rows[vni]["bd"])
                tap.equal((rows[vni]["remotes"], ports, total), (want, 0, want), f"{vni} {what}")
                tap.equal([has(vtep, rows[vni]["bd"], gen, i) for i in (0, want - 1, want)],
                          [True, True, False], f"entries of {vni} {what}")
        vtep.config["networks"] = lists
        apply()
        for net in lists[:-1]:
            net["flood"] = remotes
        apply()
        expect(count + 1, "with one more each")
        left = LIMIT - n * (count + 1)
        for i in range(left):
            vtep.client("flood", "add", "network", "99", "remote", remotes[i])
        said = vtep.client("flood", "add", "network", "99", "remote", remotes[-1], check=False)
        tap.equal(said.returncode, 1, "exit status beyond the limit")
        tap.contains(said.stderr, f'network "vni99": the flood lists of all networks have {LIMIT}', "why")
        vtep.kill()
        vtep.start()
        expect(count + 1, "after a restart")
        tap.equal([line for line in vtep.log() if "<3>" in line], [], "errors")


def link_local(destination):
    """802.1Q: link-local control frames are never forwarded."""
    with Lab(hosts=3) as lab:
        fabric = Fabric(lab, ("xvtep",) * 3)
        sender = (100, 1, "a1")
        mark = frame.marker()
        fabric.taps[sender].send(frame.plain(fabric.macs[sender], destination, mark))
        frame.expect(fabric.taps[sender],
                     lambda m: frame.plain(fabric.macs[sender], frame.BROADCAST, m),
                     fabric.others(sender), "broadcast after it")
        frame.wait_count({t: 0 for t in fabric.taps.values()}, mark, destination, 0)
        tap.equal(fabric.vteps[0].drops().get("reserved_mac"), 1, "reserved_mac")


tap.case("harness: flood and known unicast, kernel only", ("kernel",) * 3, 4, None)(delivered)
for _kinds in (("xvtep",) * 3, ("xvtep", "xvtep", "kernel"), ("xvtep", "kernel", "kernel")):
    for _family, _mode in ((4, "native"), (4, "off"), (6, "native"), (6, "generic")):
        tap.case(f"flood and known unicast: {', '.join(_kinds)}, IPv{_family}, {_mode}", _kinds,
                 _family, _mode, main=_kinds == ("xvtep", "xvtep", "kernel") and _family == 4 and
                 _mode == "off")(delivered)
tap.case("flood and known unicast: ports that take XDP frames", ("xvtep",) * 3, 4, "native",
         gro=True)(delivered)
tap.case("flood: one copy a remote on the wire, xvtep remotes", "xvtep")(wire_copies)
tap.case("flood: one copy a remote on the wire, kernel remotes", "kernel")(wire_copies)
tap.case("flood: a list longer than the fast part of it")(long_list)
tap.case("flood: lists that fill the table")(at_the_limit)
tap.case("link-local destination is not forwarded", "01:80:c2:00:00:0e")(link_local)

if __name__ == "__main__":
    tap.main()
