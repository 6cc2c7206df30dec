#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two ports of a network that a tenant has bridged together."""
import frame
import tap
from lab import Lab
from vtep import Xvtepd

VNI = 100


def loop_lab(lab, bridge=""):
    """p1 and p2 are bridged by one tenant; p3 is another's."""
    host = lab.hosts[0]
    ns, other = lab.netns("loop"), host.tenant("p3")
    for port, end in (("p1", "e1"), ("p2", "e2")):
        host.ns.ip(f"link add {port} type veth peer name {end} netns {ns.path}",
                   f"link set {port} up")
    vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", "p2", "p3"]}])
    ns.ip("link add br0 type bridge mcast_snooping 0 " + bridge, "link set e1 master br0 up",
          "link set e2 master br0 up", "link set br0 up")
    return vtep, other, other.tap()


def stir(other, end, condition, what):
    """Sends a broadcast before each look: a loop ends where a queue drops its last copy."""
    def now():
        end.send(frame.plain(other.mac, frame.BROADCAST, frame.marker()))
        return condition()
    tap.wait_for(now, what)


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
        tap.ok(seen[0] < 100000, f"copies: {seen[0]}")
        status = [vtep.row("port", dev=p)["status"] or "" for p in ("p1", "p2", "p3")]
        tap.equal(sum("in a loop with port" in s for s in status), 1, f"status: {status}")
        lines = [line for line in vtep.log() if "are in a loop" in line]
        tap.equal(len(lines), 1, "lines")
        for port in ("p1", "p2"):
            tap.contains(lines[0], port, "the line")


def inside(vtep):
    """The ports that are contained."""
    return [p for p in ("p1", "p2") if "in a loop" in (vtep.row("port", dev=p)["status"] or "")]


def again():
    """The port is tried again after 10 seconds; as the loop is still there, for 20 then."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab)
        stir(other, end, lambda: len(inside(vtep)) == 1, "contained")
        tap.wait_for(lambda: not inside(vtep), "tried again", 13)
        stir(other, end, lambda: vtep.row("network", vni=VNI)["loops"] == 2, "found again")
        tap.wait_for(lambda: "for 20 seconds" in "\n".join(vtep.log()), "for longer")


def spanning_tree():
    """A bridge that runs STP blocks one of the two itself: nothing is contained."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab, "stp_state 1 forward_delay 200")
        ns = next(n for n in lab.namespaces if "loop" in n.name)

        def states():
            return sorted(link["state"] for link in ns.json("bridge", "-j", "link"))
        tap.wait_for(lambda: states() == ["blocking", "forwarding"], "one is blocked", 10)
        end.send(frame.plain(other.mac, frame.BROADCAST, frame.marker()))
        frame.expect(end, lambda m: frame.plain(other.mac, frame.BROADCAST, m), {end: 0}, "fence")
        tap.equal(vtep.row("network", vni=VNI)["loops"], 0, "loops")
        tap.ok(vtep.paths().get("flood_copy", 0) < 100, "no storm")


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


tap.case("a contained port is tried again")(again)
tap.case("STP of a tenant's bridge")(spanning_tree)
tap.case("loop-detect: off")(turned_off)
tap.case("a loop without STP is cut")(contained)

if __name__ == "__main__":
    tap.main()
