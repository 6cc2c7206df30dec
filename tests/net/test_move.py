#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
MACs that move: each frame of a station puts it where it is, whatever moved it before, as at the
kernel's bridge; who is in two places is told and counted.
"""
import itertools
import threading
import time

import frame
import tap
from lab import Lab
from vtep import KINDS

VNI = 100
GATEWAY = "02:00:00:00:aa:01"


class Two:
    """Host 1 with p1, p2 and the client's q1, host 2 with p1; `kind` both."""

    def __init__(self, lab, kind="xvtep", **keys):
        one, two = self.hosts = lab.hosts
        self.places = {"p1": one.tenant("p1").tap(), "p2": one.tenant("p2").tap(),
                       two.v4: two.tenant("p1").tap()}
        self.client = one.tenant("q1")
        self.client_tap = self.client.tap()
        self.vtep = KINDS[kind](one, [{"vni": VNI, "ports": ["p1", "p2", "q1"],
                                       "flood": [two.v4], **keys}])
        self.other = KINDS[kind](two, [{"vni": VNI, "ports": ["p1"], "flood": [one.v4]}])
        self.kind = kind

    def speak(self, place):
        """One frame of the gateway, and no other, says where it is."""
        mark = frame.marker()
        self.places[place].send(frame.plain(GATEWAY, frame.BROADCAST, mark))
        frame.wait_count({self.client_tap: 1}, mark, f"broadcast from {place}")

    def both_know(self, place):
        """
        Until both daemons have it there. A frame that comes before one has moved the entry finds
        the place that it was at, and may be no event.
        """
        there = "p1" if place == self.hosts[1].v4 else self.hosts[0].v4
        tap.wait_for(lambda: (self.vtep.where(VNI, GATEWAY), self.other.where(VNI, GATEWAY))
                     == (place, there), f"gateway at {place}", 1)

    def is_at(self, place):
        """Until unicast to the gateway goes there alone; for xvtep the FDB says when."""
        if self.kind == "xvtep":
            self.both_know(place)
        frame.expect(self.client_tap,
                     lambda m: frame.plain(self.client.mac, GATEWAY, m),
                     {t: int(p == place) for p, t in self.places.items()}, f"to {place}")


def owner_is_back(kind):
    """
    A thief forges the gateway's address, again and again. One frame of the gateway ends each theft:
    none lasts longer than with the kernel, also the one after many.
    """
    with Lab() as lab:
        two = Two(lab, kind)
        there = lab.hosts[1].v4
        for owner, thief in (("p1", "p2"), ("p1", there), (there, "p2")):
            two.speak(owner)
            two.is_at(owner)
            for _ in range(10):
                two.speak(thief)
                two.is_at(thief)
                two.speak(owner)
                two.is_at(owner)


def pair():
    """Two routers share an address (VRRP): each of a hundred switches counts at once."""
    with Lab() as lab:
        two = Two(lab)
        places = itertools.cycle(two.places)
        for n in range(101):
            place = next(places)
            two.speak(place)
            two.both_know(place)
        two.is_at(place)
        tap.equal(two.vtep.row("network", vni=VNI)["moves"], 100, "moves counted")
        tap.equal(two.vtep.row("network", vni=VNI)["duplicates"], 0, "from place to place to place")
        tap.equal(two.vtep.row("network", vni=VNI)["loops"], 0, "loops")


def owner_right_behind():
    """
    A thief's frame and the owner's, one right behind the other: the owner's was the last, and it
    decides, though the daemon had not yet looked at the thief's. Then the owner is silent.
    """
    with Lab() as lab:
        two = Two(lab)
        there = lab.hosts[1].v4
        for owner, thief in (("p1", "p2"), ("p2", there), (there, "p1")):
            two.speak(owner)
            two.is_at(owner)
            before = two.vtep.row("network", vni=VNI)["moves"]
            for n in range(20):
                marks = frame.marker(), frame.marker()
                for place, mark in zip((thief, owner), marks):
                    two.places[place].send(frame.plain(GATEWAY, frame.BROADCAST, mark))
                for mark in marks:
                    frame.wait_count({two.client_tap: 1}, mark, f"broadcast {n}")
                tap.wait_for(lambda b=before + 2 * n + 2: two.vtep.row("network", vni=VNI)["moves"]
                             == b, f"there and back, {n}")
                two.is_at(owner)


def while_no_daemon_ran():
    """
    A thief forged the addresses of a network while no daemon ran, and the owners spoke after it:
    what the thief did is in the ring, and is not what counts when a daemon comes.
    """
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        owner, thief = host.tenant("p1").tap(), host.tenant("p2").tap()
        vtep = KINDS["xvtep"](host, [{"vni": VNI, "ports": ["p1", "p2"]}])
        hello = [frame.plain(f"02:00:00:00:bb:{n:02x}", frame.BROADCAST, frame.marker())
                 for n in range(50)]

        def speak(end):
            for data in hello:
                end.send(data)
        speak(owner)
        vtep.wait_learned(50)
        vtep.kill()
        speak(thief)
        end = time.monotonic() + 1.2  # two units of the time that programs note
        while time.monotonic() < end:
            speak(owner)
            time.sleep(0.1)
        vtep.start()
        speak(thief)
        tap.wait_for(lambda: {r["dev"] for r in vtep.fdb(VNI).values()} == {"p2"},
                     "a move that is new is seen")
        tap.equal(vtep.row("network", vni=VNI)["moves"], 50, "moves since the start")


def duplicate():
    """Two stations with one address: told with both places, counted, and shown."""
    with Lab() as lab:
        two = Two(lab)
        there = lab.hosts[1].v4
        for n in range(20):
            place = ("p2", there)[n % 2]
            two.speak(place)
            tap.wait_for(lambda p=place: two.vtep.where(VNI, GATEWAY) == p, f"move {n}", 1)
        tap.equal(two.vtep.row("network", vni=VNI)["duplicates"], 1, "duplicates")
        row = two.vtep.fdb(VNI)[GATEWAY]
        tap.equal((row["remote"], row["also"]), (there, "p2"), "both places")
        lines = [line for line in two.vtep.log() if "two places" in line]
        tap.equal(len(lines), 1, "lines in the log")
        for word in (GATEWAY, "p2", there, f"vni{VNI}"):
            tap.contains(lines[0], word, "the line")


def storm():
    """
    A tenant floods with unknown addresses, and with moves of its own; the gateway of its network
    still comes back with one frame.
    """
    with Lab() as lab:
        two = Two(lab, **{"learn-rate": 80, "max-macs": 100})
        stop = threading.Event()
        own = [f"02:00:00:00:bb:{n:02x}" for n in range(50)]
        floods = []

        def flood(end, macs):
            """Every frame is an event, or would be one."""
            for mac in itertools.cycle(macs):
                if stop.is_set():
                    return
                end.send(frame.plain(mac, frame.BROADCAST, b"storm"))
        two.speak("p1")
        two.is_at("p1")
        new = [f"02:00:00:01:{n >> 8:02x}:{n & 255:02x}" for n in range(4000)]
        for end, macs in ((two.places["p2"], new), (two.places["p2"], own),
                          (two.client_tap, own[::-1])):
            floods.append(threading.Thread(target=flood, args=(end, macs)))
        for t in floods:
            t.start()
        try:
            tap.wait_for(lambda: two.vtep.paths().get("event_limited", 0) > 1000, "events limited")
            for n in range(8):
                place = (lab.hosts[1].v4, "p1")[n % 2]
                two.places[place].send(frame.gratuitous_arp(GATEWAY, "10.0.0.254"))
                tap.wait_for(lambda p=place: two.vtep.where(VNI, GATEWAY) == p, f"at {place}", 2)
        finally:
            stop.set()
            for t in floods:
                t.join()
        lines = [line for line in two.vtep.log() if "two places" in line]
        tap.ok(len(lines) < 20, f"lines in the log: {len(lines)}")


for _kind in ("xvtep", "kernel"):
    tap.case(f"the owner's next frame ends a theft ({_kind})", _kind)(owner_is_back)
tap.case("a VRRP pair")(pair)
tap.case("the owner right behind a thief")(owner_right_behind)
tap.case("forged while no daemon ran")(while_no_daemon_ran)
tap.case("one address at two stations")(duplicate)
tap.case("moves in a storm")(storm)

if __name__ == "__main__":
    tap.main()
