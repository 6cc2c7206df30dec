#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is a loop of two ports of a network, and for how long it is one."""
import time

import frame
import tap
from lab import Lab
from loops import VNI, inside, loop_lab, stir, tenant_of
from vtep import Xvtepd


@tap.case("a contained port is tried again")
def again():
    """The port is tried again after 10 seconds; as the loop is still there, for 20 then."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab)
        stir(other, end, lambda: len(inside(vtep)) == 1, "contained")
        tap.wait_for(lambda: not inside(vtep), "tried again", 13)
        stir(other, end, lambda: vtep.row("network", vni=VNI)["loops"] == 2, "found again")
        tap.wait_for(lambda: "for 20 seconds" in "\n".join(vtep.log()), "for longer")


@tap.case("STP of a tenant's bridge")
def spanning_tree():
    """A bridge that runs STP blocks one of the two itself: nothing is contained."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab, "stp_state 1 forward_delay 200")
        ns = tenant_of(lab)

        def states():
            return sorted(link["state"] for link in ns.json("bridge", "-j", "link"))
        tap.wait_for(lambda: states() == ["blocking", "forwarding"], "one is blocked", 10)
        end.send(frame.plain(other.mac, frame.BROADCAST, frame.marker()))
        frame.expect(end, lambda m: frame.plain(other.mac, frame.BROADCAST, m), {end: 0}, "fence")
        tap.equal(vtep.row("network", vni=VNI)["loops"], 0, "loops")
        tap.ok(vtep.paths().get("flood_copy", 0) < 100, "no storm")


@tap.case("STP is turned on when a loop is contained")
def spanning_tree_later():
    """The contained port lets it through: the tenant's bridge blocks one of the two itself."""
    with Lab(hosts=1) as lab:
        vtep, other, end = loop_lab(lab, "forward_delay 200 hello_time 100")
        stir(other, end, lambda: len(inside(vtep)) == 1, "contained")
        ns = tenant_of(lab)
        ns.ip("link set br0 type bridge stp_state 1")
        tap.wait_for(lambda: sorted(p["state"] for p in ns.json("bridge", "-j", "link"))
                     == ["blocking", "forwarding"], "one is blocked", 9)
        tap.equal(len(inside(vtep)), 1, "still contained")


@tap.case("a forger, the owner first", "owner")
@tap.case("a forger, the forger first", "forger")
def forged(first):
    """
    A forger makes a neighbour's MAC return far more than 100 times a second, from whichever of the
    two it came first: no loop, and nobody's port is contained.
    """
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        one, two = host.tenant("p1"), host.tenant("p2")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", "p2"]}])
        ends = [one.tap(), two.tap()]
        if first == "forger":
            ends.reverse()
        build = frame.plain(one.mac, frame.BROADCAST, frame.marker())
        ends[0].send(build)
        vtep.wait_learned(1)

        def moves():
            for _ in range(200):
                for end in ends[::-1]:
                    end.send(build)
                    time.sleep(0.0015)  # a move is told once a millisecond
            return vtep.row("network", vni=VNI)["moves"]
        for _ in range(3):
            before, since = moves(), time.monotonic()
            rate = (moves() - before) / (time.monotonic() - since)
            tap.ok(rate > 110, f"{rate:.0f} moves a second")
        tap.equal(vtep.row("network", vni=VNI)["duplicates"], 1, "duplicates")
        tap.equal(vtep.row("network", vni=VNI)["loops"], 0, "loops")
        tap.equal(inside(vtep), [], "contained")


if __name__ == "__main__":
    tap.main()
