#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Two ports of a network that a tenant has bridged together: the storm has to be cut in time, so that
tools/check runs nothing beside these.
"""
import frame
import tap
from lab import Lab, vlan_device
from loops import VNI, inside, loop_lab, stir, tenant_of
from vtep import Xvtepd


@tap.case("a loop without STP is cut")
def contained():
    """Without STP: told with both ports, and over within a second or two."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab)
        stir(other, end, lambda: vtep.row("network", vni=VNI)["loops"] == 1, "the loop is found")
        tap.wait_for(lambda: vtep.drops().get("loop", 0) > 0, "it is cut")

        seen = [0]

        def calm():
            """Nothing was copied since the last look."""
            before, seen[0] = seen[0], vtep.paths().get("flood_copy", 0)
            return seen[0] == before
        tap.wait_for(calm, "no more copies", 3)
        tap.comment(f"{seen[0]} copies")
        tap.ok(seen[0] < 200000, f"copies: {seen[0]}")
        status = [vtep.row("port", dev=p)["status"] or "" for p in ("p1", "p2", "p3")]
        tap.equal(sum("in a loop with port" in s for s in status), 1, f"status: {status}")
        lines = [line for line in vtep.log() if "are in a loop" in line]
        tap.equal(len(lines), 1, "lines")
        for port in ("p1", "p2"):
            tap.contains(lines[0], port, "the line")


@tap.case("a loop of two ports among 300")
def among_many():
    """Probes are sent from the two that are suspected first, not from the first ports alone."""
    with Lab(hosts=1) as lab:
        lab.hosts[0].ns.ip("link add trunk type veth peer name end", "link set trunk up",
                           "link set end up")
        first = [{"dev": "trunk", "vlan": n} for n in range(1, 301)]
        vtep, other, end = loop_lab(lab, first=first)
        stir(other, end, lambda: len(inside(vtep)) == 1, "contained")


@tap.case("loop-detect: off")
def turned_off():
    """A contained port is released as soon as the setting is off, and none is contained then."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab)
        stir(other, end, lambda: vtep.row("network", vni=VNI)["loops"] == 1, "the loop is found")
        held, = inside(vtep)
        free = "p1" if held == "p2" else "p2"
        lab.hosts[0].ns.ip(f"link set {free} down")
        vtep.config["networks"][0]["loop-detect"] = False
        vtep.apply()
        tap.equal(inside(vtep), [], "released")
        vtep.kill()
        vtep.start()
        tap.equal(vtep.row("network", vni=VNI)["loop_detect"], False, "after a restart")
        lab.hosts[0].ns.ip(f"link set {free} up")
        stir(other, end, lambda: vtep.paths().get("flood_copy", 0) > 5000, "it melts")
        tap.equal(vtep.row("network", vni=VNI)["loops"], 0, "loops")
        vtep.client("network", "set", str(VNI), "loop-detect", "on")
        tap.equal(vtep.row("network", vni=VNI)["loop_detect"], True, "turned on")


@tap.case("known unicast through a contained port")
def known_unicast():
    """A station behind the bridge is still reached, and still speaks, by the contained port."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        vtep, other, end = loop_lab(lab)
        stir(other, end, lambda: len(inside(vtep)) == 1, "contained")
        held, = inside(vtep)
        free, station = "p1" if held == "p2" else "p2", "02:00:00:00:00:77"
        host.ns.ip(f"link set {free} down")  # all that is left of the loop is the contained port
        loop = tenant_of(lab)
        behind = lab.keep(frame.Tap(loop, "br0", outgoing=False))
        sender = lab.keep(frame.Tap(loop, "e1" if held == "p1" else "e2"))
        vtep.client("fdb", "replace", station, "network", str(VNI), "dev", held)
        vtep.client("fdb", "replace", other.mac, "network", str(VNI), "dev", "p3")
        loop.ip(f"link set br0 address {station}")
        frame.expect(end, lambda m: frame.plain(other.mac, station, m), {behind: 1}, "to it", 10)
        frame.expect(sender, lambda m: frame.plain(station, other.mac, m), {end: 1}, "from it", 10)
        before = vtep.drops()["loop"]
        mark = frame.marker()
        sender.send(frame.plain("02:00:00:00:00:78", "02:00:00:00:00:79", mark))
        tap.wait_for(lambda: vtep.drops()["loop"] == before + 1, "to an unknown MAC: dropped")
        frame.wait_count({end: 0}, mark, "to an unknown MAC")
        tap.ok("02:00:00:00:00:78" not in vtep.fdb(VNI), "and not learned")
        tap.equal(inside(vtep), [held], "still contained")


@tap.case("two VLANs in a loop", main=True)
def vlans():
    """Two VLANs of a trunk, ports of one network, that a tenant has bridged together."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        ns, other = lab.netns("loop"), host.tenant("p3")
        host.ns.ip(f"link add trunk type veth peer name e0 netns {ns.path}", "link set trunk up")
        ns.ip("link set e0 up", "link add br0 type bridge mcast_snooping 0")
        for vlan in (10, 20):
            vlan_device(ns, f"e{vlan}", "e0", vlan)
            ns.ip(f"link set e{vlan} master br0")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": [{"dev": "trunk", "vlan": 10},
                                                    {"dev": "trunk", "vlan": 20}, "p3"]}])
        ns.ip("link set br0 up")
        end = other.tap()
        stir(other, end, lambda: vtep.row("network", vni=VNI)["loops"] == 1, "the loop is found")
        status = [vtep.row("port", dev="trunk", vlan=v)["status"] or "" for v in (10, 20)]
        tap.equal(sorted("in a loop with port trunk vlan" in s for s in status), [False, True],
                  f"status: {status}")


if __name__ == "__main__":
    tap.main()
