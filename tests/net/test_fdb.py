#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is learned, what ages, what moves, what is refused, and what static entries stand for."""
import os
import time

import frame
import tap
from lab import Lab
from vtep import KINDS, Xvtepd

VNI = 100
STICKY = 300  # VNI of a network with sticky entries
OWNED = "02:00:00:00:bb:01"  # the MAC of a static entry
AGEING = int(2 * max(1, tap.SLOW / 3))  # seconds


def say(tap_, mac, others, what="broadcast"):
    """A MAC sends a broadcast, which all others see once."""
    frame.expect(tap_, lambda m: frame.plain(mac, frame.BROADCAST, m), {t: 1 for t in others},
                 f"{what} from {mac}")


class Three:
    """
    Three hosts, one network, one tenant each; host 1 is xvtepd, the others are `kind`. Keys are of
    the network, on all hosts but for fdb, which is host 1's.
    """

    def __init__(self, lab, kind="xvtep", fdb=(), **keys):
        self.hosts, self.kind = lab.hosts, kind
        self.tenants = [h.tenant("p1") for h in lab.hosts]
        self.macs = [t.mac for t in self.tenants]
        self.taps = [t.tap() for t in self.tenants]
        self.vteps = []
        for host in lab.hosts:
            net = {"vni": VNI, "ports": ["p1"],
                   "flood": [h.v4 for h in lab.hosts if h is not host]}
            if not self.vteps or kind == "xvtep":
                net.update(keys)
            if not self.vteps and fdb:
                net["fdb"] = fdb
            self.vteps.append(KINDS["xvtep" if host.number == 1 else kind](host, [net]))
        self.first = self.vteps[0]

    def again(self, fdb=(), **keys):
        """Other keys of the network and entries of host 1, by reload; nothing is learned."""
        for vtep in self.vteps:
            if vtep is self.first or self.kind == "xvtep":
                net, = vtep.config["networks"]
                net = {k: net[k] for k in ("vni", "ports", "flood")} | keys
                vtep.config["networks"] = [net | ({"fdb": fdb} if vtep is self.first else {})]
                vtep.apply()
                row = vtep.row("network", vni=VNI)
                tap.equal((row["ageing"], row["learning"]),
                          (keys.get("ageing", 300), keys.get("learning", True)), "as reloaded")
            vtep.forget()

    def say(self, n):
        say(self.taps[n], self.macs[n], [t for i, t in enumerate(self.taps) if i != n])

    def wait_where(self, n, mac, place):
        tap.wait_for(lambda: self.vteps[n].where(VNI, mac) == place,
                     f"host {n + 1} has {mac} behind {place}")


def learning(t):
    """From a port and from the wire; what is learned is no longer flooded."""
    t.say(0)
    t.say(1)
    t.wait_where(0, t.macs[0], "p1")
    t.wait_where(0, t.macs[1], t.hosts[1].v4)
    t.vteps[1].wait_learned(2)
    third = t.hosts[2].wire_tap()
    frame.expect(t.taps[0], lambda m: frame.plain(t.macs[0], t.macs[1], m),
                 {t.taps[1]: 1, t.taps[2]: 0, third: 0}, "known unicast", 20)
    tap.equal(t.first.row("network", vni=VNI)["learned"], 2, "learned entries counted")


def learning_off(t):
    for n in range(3):
        t.say(n)
    frame.expect(t.taps[0], lambda m: frame.plain(t.macs[0], t.macs[1], m),
                 {t.taps[1]: 1, t.taps[2]: 1}, "learning off: unicast floods", 5)
    for vtep in t.vteps:
        tap.equal(vtep.fdb(), {}, "learning off: FDB")


def ageing(t):
    """A MAC ages by what it sends; what is sent to it does not keep it."""
    for n in range(3):
        t.say(n)
    t.first.wait_learned(3)
    born = time.monotonic()

    def silent_one_is_gone():
        """One talks to two and three, two answers, three is silent."""
        t.taps[0].send(frame.plain(t.macs[0], t.macs[2], frame.marker()))
        t.taps[0].send(frame.plain(t.macs[0], t.macs[1], frame.marker()))
        t.taps[1].send(frame.plain(t.macs[1], t.macs[0], frame.marker()))
        time.sleep(0.1)
        tap.equal({(VNI, m) for m in t.macs[:2]} - t.first.learned(), set(),
                  "entries of those who talk that are gone")
        return (VNI, t.macs[2]) not in t.first.learned()
    tap.wait_for(silent_one_is_gone, "the silent MAC is aged out", 8)
    tap.ok(time.monotonic() - born > 1, "aged out before its time")
    tap.wait_for(lambda: not t.first.learned(), "all are aged out once all are silent", 8)


def ageing_set(t):
    """A shorter ageing time than all had counts at once, not when the next sweep was due."""
    for n in range(3):
        t.say(n)
    t.first.wait_learned(3)
    time.sleep(2)  # the first sweep is over
    t.first.client("network", "set", str(VNI), "ageing", "1")
    tap.wait_for(lambda: not t.first.learned(), "ageing set: all are aged out", 8)


def move(t):
    """A MAC appears on another host: it moves everywhere, and traffic follows at once."""
    vm = "02:00:00:00:aa:01"
    t.say(2)
    say(t.taps[0], vm, t.taps[1:])
    t.wait_where(0, vm, "p1")
    if t.kind == "xvtep":
        t.wait_where(2, vm, t.hosts[0].v4)
    say(t.taps[1], vm, [t.taps[0], t.taps[2]], "after the move: broadcast")
    t.wait_where(0, vm, t.hosts[1].v4)
    if t.kind == "xvtep":
        t.wait_where(1, vm, "p1")
        t.wait_where(2, vm, t.hosts[1].v4)
    frame.expect(t.taps[2], lambda m: frame.plain(t.macs[2], vm, m),
                 {t.taps[0]: 0, t.taps[1]: 1}, "unicast after the move", 10)
    tap.equal(t.first.row("network", vni=VNI)["moves"], 1, "moves counted")


def move_remote(t):
    """Between two remotes, seen from a third host."""
    vm = "02:00:00:00:aa:01"
    t.say(0)
    for n, there, rest in ((1, 1, 2), (2, 2, 1)):
        say(t.taps[n], vm, [t.taps[0], t.taps[rest]])
        t.wait_where(0, vm, t.hosts[there].v4)
        for vtep in t.vteps:
            tap.wait_for(lambda v=vtep: (VNI, vm) in v.learned(),
                         "move between remotes: the MAC is known")
        t.wait_where(rest, vm, t.hosts[there].v4)
        frame.expect(t.taps[0], lambda m: frame.plain(t.macs[0], vm, m),
                     {t.taps[there]: 1, t.taps[rest]: 0}, "move between remotes: unicast to it", 5)


def quota(lab, vteps):
    """max-macs bounds what is learned, not what is forwarded; other networks do not notice."""
    (a, b), first = lab.hosts, vteps[0]
    one, two = [h.tenant("p1").tap() for h in lab.hosts]
    other = a.tenant("q1")
    nets = [{"vni": VNI, "ports": ["p1"], "max-macs": 10}, {"vni": 200, "ports": ["q1"]}]
    first.config["networks"] = [{**n, "flood": [b.v4]} for n in nets]
    vteps[1].config["networks"] = [{**nets[0], "flood": [a.v4]}]
    for vtep in vteps:
        vtep.apply()
        vtep.forget()
    tap.equal(first.paths().get("event_full", 0), 0, "events without a quota")
    macs = [f"02:00:00:01:00:{i:02x}" for i in range(50)]
    for mac in macs:
        say(one, mac, [two])
    tap.wait_for(lambda: first.row("network", vni=VNI)["quota_denied"]
                 + first.paths().get("event_full", 0) >= 40, "quota: 40 refused")
    denied = first.row("network", vni=VNI)["quota_denied"]
    known = first.paths().get("event_full", 0)
    say(one, "02:00:00:01:00:fe", [two])
    tap.ok(first.paths()["event_full"] > known, "quota: programs know")
    tap.equal(first.row("network", vni=VNI)["quota_denied"], denied, "quota: refused by the daemon")
    tap.equal(first.row("network", vni=VNI)["learned"], 10, "quota: learned")
    tap.equal(len(first.learned()), 10, "quota: learned entries")
    for mac in macs:
        say(one, mac, [two], "quota: still forwarded: broadcast")
    other.tap().send(frame.plain(other.mac, frame.BROADCAST, frame.marker()))
    tap.wait_for(lambda: (200, other.mac) in first.learned(), "the other network learns")
    victim = next(iter(m for v, m in first.learned() if v == VNI))
    first.client("fdb", "del", victim, "network", str(VNI))
    say(one, "02:00:00:01:00:ff", [two])
    tap.wait_for(lambda: (VNI, "02:00:00:01:00:ff") in first.learned(),
                 "a new MAC is learned where there is room again")


def port_quota(taps, vtep):
    """
    max-macs of a port: from the file, by command, over a restart. Others learn on; a MAC that is
    forged there goes nowhere: it is flooded until its station speaks. Beginning and end are told.
    """
    vtep.client("port", "add", "p3", "network", str(VNI), "max-macs", "8")

    def speak(port, first, count=1):
        for n in range(first, first + count):
            say(taps[port], f"02:00:00:02:00:{n:02x}", [t for p, t in taps.items() if p != port])

    def learned():
        return {p: vtep.row("port", dev=p)["learned"] for p in taps}
    for full in (False, True):
        speak("p1", 0, 20)
        speak("p3", 32, 20)
        speak("p2", 64, 20)
        tap.wait_for(lambda: learned() == {"p1": 4, "p3": 8, "p2": 20},
                     "quota of a port: each to its limit")
        tap.ok(vtep.row("port", dev="p1")["quota_denied"] > 0, "quota of a port: refused")
        if not full:
            vtep.kill()
            vtep.start()
    tap.equal(vtep.row("port", dev="p3")["max_macs"], 8, "quota of a port: kept by the restart")
    speak("p1", 64)
    tap.wait_for(lambda: vtep.where(VNI, "02:00:00:02:00:40") is None,
                 "quota of a port: forged: nowhere")
    speak("p2", 64)
    tap.wait_for(lambda: vtep.where(VNI, "02:00:00:02:00:40") == "p2",
                 "quota of a port: with its owner")
    vtep.client("fdb", "flush", "dev", "p1")
    speak("p1", 100)
    tap.wait_for(lambda: learned()["p1"] == 1, "quota of a port: room again")
    log = "\n".join(vtep.log())
    tap.contains(log, f"port p1 of network vni{VNI}: 4 MACs are learned there", "beginning")
    tap.contains(log, f"port p1 of network vni{VNI}: there is room", "end")


def invented_vteps(lab, vtep):
    """
    Where any VTEP is heard (a multicast group), one whose MACs the quota refuses does not become a
    peer: there are 4,095 at most, for all networks.
    """
    host, wire = lab.hosts[0], lab.keep(frame.Tap(lab.router, "r1"))
    for key in ("all", "under"):
        host.ns.sysctl(f"net.ipv4.conf.{key}.rp_filter", 0)
    for n in range(40):
        inner = frame.plain(f"02:99:00:00:00:{n:02x}", frame.BROADCAST, frame.marker())
        wire.send(frame.ether("02:00:00:00:66:66", host.ns.mac("under"), frame.ETH_IP,
                              frame.ipv4(f"172.16.0.{n + 1}", host.v4, 17,
                                         frame.udp(50000, 4789, frame.vxlan(VNI, inner)))))
    tap.wait_for(lambda: vtep.row("network", vni=VNI)["quota_denied"]
                 + vtep.paths().get("event_full", 0) >= 30, "unknown VTEPs: 30 refused")
    tap.equal(len(vtep.learned()), 10, "unknown VTEPs: learned entries")
    tap.equal(len(vtep.rows("peer")), 10, "unknown VTEPs: peers")


def unknown_destinations(one, vtep):
    """A station that sends to MACs nobody has does not use up the network's learn rate."""
    vtep.config["networks"] = [{"vni": VNI, "ports": ["p1"], "learn-rate": 8}]
    vtep.apply()
    vtep.forget()
    limited = vtep.paths().get("event_limited", 0)
    end, new = one.tap(), "02:88:00:00:00:01"
    end.send(frame.plain(one.mac, frame.BROADCAST, frame.marker()))
    vtep.wait_learned(1)
    time.sleep(0.3)  # another window of the rate
    for n in range(300):
        end.send(frame.plain(one.mac, f"02:77:00:00:{n >> 8:02x}:{n & 255:02x}", b"miss"))
    end.send(frame.plain(new, frame.BROADCAST, frame.marker()))
    tap.wait_for(lambda: (VNI, new) in vtep.learned(),
                 "unknown destinations: a new station is learned")
    tap.equal(vtep.paths().get("event_limited", 0), limited,
              "unknown destinations: events held back")


def static(t):
    """A static entry is never overridden: the same MAC from elsewhere is dropped, and counted."""
    t.say(2)
    port_mark, wire_mark = frame.marker(), frame.marker()
    t.taps[0].send(frame.plain(OWNED, frame.BROADCAST, port_mark))
    tap.wait_for(lambda: t.first.drops().get("vxlan_entry_exists") == 1,
                 "static: from a port: drop")
    t.taps[2].send(frame.plain(OWNED, frame.BROADCAST, wire_mark))
    tap.wait_for(lambda: t.first.drops().get("vxlan_entry_exists") == 2,
                 "static: from a peer: drop")
    t.say(2)
    frame.wait_count({t.taps[1]: 0, t.taps[2]: 0}, port_mark, "stolen MAC from a port", 0)
    frame.wait_count({t.taps[0]: 0, t.taps[1]: 1}, wire_mark, "stolen MAC from a peer", 0)
    tap.equal(t.first.where(VNI, OWNED), t.hosts[1].v4, "static: the entry")
    tap.equal(t.first.fdb(VNI)[OWNED]["type"], "static", "static: its type")
    wires = [h.wire_tap() for h in t.hosts[1:]]
    frame.expect(t.taps[0], lambda m: frame.plain(t.macs[0], OWNED, m),
                 {wires[0]: 1, wires[1]: 0}, "static: unicast to it", 5)


def anycast(lab, kind):
    """
    A gateway with one MAC at a port here and at a port of another VTEP (sticky): ARP of the one
    there, and of the one here, is heard on both sides, and neither entry moves.
    """
    mac, vteps = "02:00:00:00:aa:0a", []
    gateways = [h.tenant("gw").tap() for h in lab.hosts]
    clients = [h.tenant("c1") for h in lab.hosts]
    ends = [c.tap() for c in clients]
    for host, other in (lab.hosts, lab.hosts[::-1]):
        vteps.append(KINDS[kind](host, [{
            "vni": VNI, "ports": ["gw", "c1"], "flood": [other.v4],
            **({"fdb": [{"mac": mac, "dev": "gw", "sticky": True}]} if kind == "xvtep" else {})}]))
        if kind == "kernel":
            host.ns.run("bridge", "fdb", "add", mac, "dev", "gw", "master", "static",
                        "sticky")
    for here in (0, 1):
        there = 1 - here
        for _ in range(5):
            mark = frame.marker()
            gateways[here].send(frame.plain(mac, frame.BROADCAST, mark))
            frame.wait_count({ends[here]: 1, ends[there]: 1, gateways[there]: 1}, mark,
                             f"ARP of the gateway at host {here + 1}")
    for here in (0, 1):
        frame.expect(ends[here], lambda m, h=here: frame.plain(clients[h].mac, mac, m),
                     {gateways[here]: 1, gateways[1 - here]: 0}, "to the gateway here", 5)
        frame.expect(gateways[1 - here],
                     lambda m, h=here: frame.plain(mac, clients[h].mac, m),
                     {ends[here]: 1}, "from the gateway there", 5)
    if kind == "xvtep":
        for vtep in vteps:
            row = vtep.fdb(VNI)[mac]
            tap.equal((row["dev"], row["sticky"], row["type"]), ("gw", True, "static"), "entry")
            tap.equal(vtep.drops().get("vxlan_entry_exists", 0), 0, "drops")
    return vteps


def sticky(vtep):
    return {m: r["sticky"] for m, r in vtep.fdb(STICKY).items()}


def sticky_settings(lab, taps, vtep):
    """
    By command, by load, by file, taken off again; and over a restart, which the quota of a port is
    looked at over as well.
    """
    mac, other = "02:00:00:00:aa:0a", "02:00:00:00:aa:0b"
    fdb = [{"mac": other, "dev": "p0", "sticky": True}]
    vtep.config["networks"] = [{"vni": VNI, "ports": [{"dev": "p1", "max-macs": 4}, "p2"]},
                               {"vni": STICKY, "ports": ["p0"], "fdb": fdb}]
    vtep.apply()
    vtep.forget()
    vtep.client("fdb", "add", mac, "network", str(STICKY), "dev", "p0", "sticky")
    tap.equal(sticky(vtep), {mac: True, other: True}, "sticky: added")
    port_quota(taps, vtep)
    tap.equal(sticky(vtep), {mac: True, other: True}, "sticky: after a restart")
    tap.contains(vtep.client("save").stdout, f'{{mac: "{mac}", dev: p0, sticky: true}}', "saved")
    vtep.client("fdb", "replace", mac, "network", str(STICKY), "dev", "p0")
    fdb[0]["sticky"] = False
    vtep.write()
    vtep.client("reload")
    tap.equal(sticky(vtep), {mac: False, other: False}, "sticky: replaced")
    lines = os.path.join(lab.dir, "lines")
    with open(lines, "w", encoding="ascii") as f:
        f.write(f"{mac} network {STICKY} dev p0 sticky\n{other} network {STICKY} dev p0\n")
    vtep.client("fdb", "load", lines, "replace")
    tap.equal(sticky(vtep), {mac: True, other: False}, "sticky: loaded")


def static_port(t):
    """A static entry behind a port; a learned one is replaced by hand; flush leaves static ones."""
    mac = "02:00:00:00:bb:02"
    t.say(0)
    say(t.taps[1], mac, [t.taps[0], t.taps[2]])
    t.wait_where(0, mac, t.hosts[1].v4)
    t.first.client("fdb", "add", mac, "network", str(VNI), "dev", "p1")
    tap.equal(t.first.where(VNI, mac), "p1", "static by hand: static after learned")
    frame.expect(t.taps[2], lambda m: frame.plain(t.macs[2], mac, m),
                 {t.taps[1]: 1, t.taps[0]: 0}, "host 3 knows what it learned")
    again = t.first.client("fdb", "add", mac, "network", str(VNI), "remote",
                           t.hosts[2].v4, check=False)
    tap.equal(again.returncode, 1, "static by hand: adding it again: exit status")
    tap.contains(again.stderr, mac, "static by hand: message")
    t.first.client("fdb", "replace", mac, "network", str(VNI), "remote",
                   t.hosts[2].v4)
    tap.equal(t.first.where(VNI, mac), t.hosts[2].v4, "static by hand: replaced")
    t.first.client("fdb", "flush", "network", str(VNI))
    tap.equal(t.first.learned(), set(), "static by hand: learned entries after flush")
    tap.equal(t.first.where(VNI, mac), t.hosts[2].v4, "static by hand: static entry after flush")
    t.first.client("fdb", "del", mac, "network", str(VNI))
    tap.equal(t.first.where(VNI, mac), None, "static by hand: entry after del")
    gone = t.first.client("fdb", "del", mac, "network", str(VNI), check=False)
    tap.equal(gone.returncode, 1, "static by hand: deleting it again: exit status")


def ageing_of_ages(tenants, vtep):
    """The longest ageing times there can be are no short ones: 2^31 s and more."""
    times = [1 << 31, (1 << 32) - 1, 1]
    vtep.config["networks"] = [{"vni": 100 + n, "ports": [f"p{n}"], "ageing": ageing}
                               for n, ageing in enumerate(times)]
    vtep.apply()
    vtep.forget()
    for t in tenants:
        t.tap().send(frame.plain(t.mac, frame.BROADCAST, b"xvtp"))
    lasting = {(100 + n, t.mac) for n, t in enumerate(tenants[:2])}
    tap.wait_for(lambda: lasting <= vtep.learned(), "ages: learned")
    start = vtep.status()["uptime"]
    tap.wait_for(lambda: vtep.status()["uptime"] >= start + 4, "ages: sweeps go by")
    tap.equal(vtep.learned(), lasting, "ages: what is left")


def learning_and_move(kind):
    with Lab(hosts=3) as lab:
        t = Three(lab, kind)
        learning(t)
        t.again()
        move(t)


def static_and_ageing():
    """The remotes are the kernel's."""
    with Lab(hosts=3) as lab:
        t = Three(lab, "kernel", fdb=[{"mac": OWNED, "remote": lab.hosts[1].v4}], ageing=AGEING)
        static(t)
        for vtep in t.vteps:
            vtep.forget()
        ageing(t)


def three_hosts():
    """The remotes are xvtepd; each scenario has its own settings, by reload."""
    with Lab(hosts=3) as lab:
        t = Three(lab)
        ageing_set(t)
        t.again([{"mac": OWNED, "remote": lab.hosts[1].v4}])
        static(t)
        t.again()
        static_port(t)
        t.again()
        move_remote(t)
        t.again(learning=False)
        learning_off(t)
        t.again(ageing=AGEING)
        ageing(t)


def two_hosts():
    with Lab() as lab:
        quota(lab, anycast(lab, "xvtep"))


def kernels():
    with Lab() as lab:
        anycast(lab, "kernel")


def one_host():
    """Each scenario has its own networks, by reload."""
    with Lab(hosts=1) as lab:
        tenants = [lab.hosts[0].tenant(f"p{n}") for n in range(4)]
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI, "ports": ["p1"], "group": "239.1.1.1",
                                      "max-macs": 10}])
        invented_vteps(lab, vtep)
        unknown_destinations(tenants[1], vtep)
        sticky_settings(lab, {t.port: t.tap() for t in tenants[1:]}, vtep)
        ageing_of_ages(tenants[:3], vtep)


tap.case("learning, MAC move; remotes are xvtep", "xvtep", main=True)(learning_and_move)
tap.case("learning, MAC move; remotes are kernel", "kernel")(learning_and_move)
tap.case("static entry, ageing by what a MAC sends; remotes are kernel", main=True)(
    static_and_ageing)
tap.case("ageing, static entries, MAC move between remotes, learning off; remotes are xvtep")(
    three_hosts)
tap.case("one MAC at two gateways (xvtep); quota")(two_hosts)
tap.case("one MAC at two gateways (kernel)")(kernels)
tap.case("quotas and unknown VTEPs, unknown destinations, sticky entries, long ageing times")(
    one_host)

if __name__ == "__main__":
    tap.main()
