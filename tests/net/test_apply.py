#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Configurations applied one after the other: every valid file is carried out whole or refused whole,
a port is attached or says why not, and what was added by hand is nobody else's.
"""
import os
import re
import time

import frame
import tap
from lab import Lab
from vtep import Xvtepd

ROUNDS = max(3, int(20 / tap.SLOW))


def expect_heard(vtep, sender, dev, vlan, what):
    """
    What a tenant sends comes in at its port, and is counted there. Sent again, as the other end of
    a device that was just set up has no carrier for a moment.
    """
    def counted():
        return vtep.stats("port", dev=dev, vlan=vlan)["rx_packets"]

    def heard():
        sender.send(frame.plain("02:00:00:00:ab:cd", frame.BROADCAST, frame.marker(),
                                vlan=vlan or None))
        return counted() > before
    before = counted()
    tap.wait_for(heard, f"{dev} hears its tenant {what}", 3)


def held(vtep):
    """Devices at whose ingress xvtepd holds a program by a link."""
    try:
        return sorted(f for f in os.listdir(vtep.pin("links")) if f.startswith("tc_"))
    except FileNotFoundError:
        return []


def ports(vtep, vnis=None):
    """Of these networks, or of all."""
    return sorted((r["vni"], r["dev"], r["vlan"]) for r in vtep.rows("port")
                  if not vnis or r["vni"] in vnis)


def expect_ports(vtep, want, senders, what, vnis=None):
    tap.equal(ports(vtep, vnis), sorted(want), f"ports {what}")
    for row in vtep.rows("port"):
        if not vnis or row["vni"] in vnis:
            tap.equal((row["up"], row["status"] or ""), (True, ""), f"{row['dev']} {what}")
            expect_heard(vtep, senders[row["dev"]], row["dev"], row["vlan"], what)


def tenants(host, *names):
    """Their ends, by the devices' names."""
    return {name: host.tenant(name).tap() for name in names}


def apply(vtep, networks=None, code=0):
    """Returns the number of changes, or what was said when it was refused."""
    if networks is not None:
        vtep.config["networks"] = networks
    p = vtep.apply(check=False)
    tap.equal(p.returncode, code, f"exit status of apply ({p.stderr.strip()})")
    return p.stderr if code else int(re.search(r"(\d+) changes?", p.stdout + p.stderr)[1])


def move_port(vtep, senders):
    """To and fro between two networks: it is attached every time."""
    apply(vtep, [{"vni": 700, "ports": ["p1"]}, {"vni": 701}])
    count = len(held(vtep))
    for n in range(ROUNDS):
        old, new = (700, 701) if n % 2 == 0 else (701, 700)
        apply(vtep, [{"vni": old}, {"vni": new, "ports": ["p1"]}])
        expect_ports(vtep, [(new, "p1", 0)], senders, f"after move {n}")
    vtep.client("port", "del", "p1")
    tap.wait_for(lambda: len(held(vtep)) == max(count - 1, 0), "the device is let go")


def port_again(vtep, senders):
    """Deleted and added by command, at once."""
    apply(vtep, [{"vni": 700}])
    for n in range(ROUNDS):
        vtep.client("port", "add", "p1", "network", "700")
        expect_ports(vtep, [(700, "p1", 0)], senders, f"added again, round {n}")
        vtep.client("port", "del", "p1")


def renamed(vtep, senders):
    """A device is renamed, is a port under the new name, and gets its old one back."""
    host, sender = vtep.host, senders["p1"]
    apply(vtep, [{"vni": 700, "ports": ["p1"]}, {"vni": 701}])
    for n in range(ROUNDS):
        host.ns.ip("link set p1 down", "link set p1 name p1x", "link set p1x up")
        vtep.client("port", "add", "p1x", "network", "701")
        tap.wait_for(lambda: vtep.row("port", dev="p1x")["up"], f"p1x is up in round {n}")
        expect_heard(vtep, sender, "p1x", 0, f"in round {n}")
        tap.contains(vtep.row("port", dev="p1")["status"], "renamed to p1x", "old name")
        host.ns.ip("link set p1x down", "link set p1x name p1", "link set p1 up")
        tap.wait_for(lambda: vtep.row("port", dev="p1")["up"], f"p1 is up in round {n}")
        expect_heard(vtep, sender, "p1", 0, f"in round {n}")
        vtep.client("port", "del", "p1x")


def swapped_devices(vtep, senders):
    """Two devices exchange their names, and with them their networks. Returns who sends then."""
    host = vtep.host
    apply(vtep, [{"vni": 700, "ports": ["p1"]}, {"vni": 701, "ports": ["p2"]}])
    index = {r["dev"]: r["ifindex"] for r in vtep.rows("port")}
    for n in range(ROUNDS // 2):
        index = {"p1": index["p2"], "p2": index["p1"]}
        senders = {**senders, "p1": senders["p2"], "p2": senders["p1"]}
        host.ns.ip("link set p1 down", "link set p2 down", "link set p1 name other",
                   "link set p2 name p1", "link set other name p2", "link set p1 up",
                   "link set p2 up")
        tap.wait_for(lambda: {r["dev"]: r["ifindex"] for r in vtep.rows("port")
                              if r["up"]} == index, f"exchanged, round {n}")
        expect_ports(vtep, [(700, "p1", 0), (701, "p2", 0)], senders, f"exchanged, round {n}")
    return senders


def xdp_modes(vtep):
    """Native, generic and off, one after the other; what is refused leaves what was."""
    host = vtep.host
    for n in range(3):
        for mode, want, flag in (("generic", "xdp-generic", "xdpgeneric"),
                                 ("native", "xdp-native", "xdp"), ("off", "tc", None),
                                 ("native", "xdp-native", "xdp")):
            vtep.config["underlay"]["xdp"] = mode
            tap.equal(apply(vtep), 1, "changes")
            tap.equal(vtep.rows("status", part="uplink")[0]["attached"], want,
                      f"mode in round {n}")
            shown = host.ns.run("ip", "link", "show", "dev", "under").stdout
            tap.equal(re.search(r" (xdp\w*)[/ ]", shown) and
                      re.search(r" (xdp\w*)[/ ]", shown)[1], flag, f"XDP in round {n}")
    vtep.config["underlay"].update(xdp="generic", devices=["under", "lo2"])
    def expect_mode(mode, flag, what):
        tap.equal(vtep.rows("status", part="uplink")[0]["attached"], mode, what)
        text = host.ns.run("ip", "link", "show", "dev", "under").stdout
        tap.ok(re.search(rf" {flag}[/ ]", text), f"{what}: {text}")
    host.ns.ip("link add br1 type bridge", "link set br1 up")
    vtep.config["underlay"].update(xdp="generic")
    apply(vtep)
    vtep.config["underlay"].update(xdp="native", devices=["under", "br1"])
    tap.contains(apply(vtep, code=1), "br1 does not take native XDP", "refused")
    expect_mode("xdp-generic", "xdpgeneric", "after a refused mode")
    vtep.config["underlay"].update(devices=["under"])
    apply(vtep)
    host.ns.ip("link add lo2 type veth peer name lo3")
    vtep.config["metrics"] = {"listen": "192.0.2.99:1"}  # not an address of ours
    apply(vtep, code=1)
    expect_mode("xdp-native", "xdp", "after a refused file")
    tap.equal(len(vtep.rows("status", part="uplink")), 1, "uplinks")


class Share:
    """
    A scenario's part of the file: networks with VNIs of its own, beside those of other scenarios.
    One that wants a restart yields the networks with which it shall be; all restart together.
    """

    def __init__(self, shares, vtep, scenario, vnis, *args):
        self.shares, self.vtep, self.vnis, self.networks = shares, vtep, vnis, []
        shares.append(self)
        self.scenario = scenario(self, *args)

    def file(self, networks):
        self.networks = networks
        self.vtep.config["networks"] = [n for s in self.shares for n in s.networks]

    def apply(self, networks=None):
        """Returns the number of changes."""
        if networks is not None:
            self.file(networks)
        return apply(self.vtep)

    def rows(self, object_):
        return [r for r in self.vtep.rows(object_) if r["vni"] in self.vnis]


def run_together(vtep, shares):
    while True:
        wanted = [(s, n) for s in shares if (n := next(s.scenario, None)) is not None]
        if not wanted:
            return
        vtep.kill()
        for share, networks in wanted:
            share.file(networks)
        vtep.start()


def names(share, senders):
    """Names exchanged, rotated, moved; while it runs, and at a start over what is pinned."""
    vlan = {"dev": "p1", "vlan": 5}

    def expect(names_, ports_, what):
        tap.equal({r["vni"]: r["name"] for r in share.rows("network")}, names_, f"names {what}")
        expect_ports(share.vtep, ports_, senders, what, share.vnis)
    files = (
        ([{"vni": 700, "name": "red", "ports": [vlan]},
          {"vni": 701, "name": "blue", "ports": ["p1"]}],
         {700: "red", 701: "blue"}, [(700, "p1", 5), (701, "p1", 0)], "exchanged"),
        ([{"vni": 700, "name": "blue", "ports": [vlan]},
          {"vni": 701, "name": "green", "ports": ["p1"]}, {"vni": 702, "name": "red"}],
         {700: "blue", 701: "green", 702: "red"}, [(700, "p1", 5), (701, "p1", 0)], "moved"),
        ([{"vni": 700, "name": "red", "ports": [vlan]}, {"vni": 701, "name": "blue"},
          {"vni": 702, "name": "green", "ports": ["p1"]}],
         {700: "red", 701: "blue", 702: "green"}, [(700, "p1", 5), (702, "p1", 0)], "rotated"),
        ([{"vni": 703, "name": "red", "ports": ["p1"]}, {"vni": 701, "name": "green"}],
         {703: "red", 701: "green"}, [(703, "p1", 0)], "to another VNI"),
    )
    first = [{"vni": 700, "name": "blue", "ports": ["p1"]},
             {"vni": 701, "name": "red", "ports": [vlan]}]
    share.apply(first)
    for networks, want, want_ports, what in files:
        share.apply(networks)
        expect(want, want_ports, what)
        tap.equal(share.apply(), 0, f"names: changes when applied again, {what}")
    share.apply(first)
    for networks, want, want_ports, what in files:
        yield networks
        expect(want, want_ports, what + " at a start")


def refused_whole(vtep):
    """What was added by hand is in the way: nothing at all is touched."""
    keep = {"vni": 700, "name": "blue", "ports": ["p1"], "flood": ["192.0.2.77"]}
    apply(vtep, [keep])
    vtep.forget()  # a learned entry has an age
    vtep.client("network", "add", "vni", "800", "name", "hand")
    vtep.client("port", "add", "p2", "vlan", "5", "network", "hand")
    vtep.client("flood", "add", "network", "hand", "remote", "192.0.2.78")
    vtep.client("fdb", "add", "02:00:00:00:00:01", "network", "blue", "remote", "192.0.2.77")
    tables = ("network", "port", "flood", "fdb", "peer")
    vtep.wait_ready()
    before = [vtep.rows(t) for t in tables]
    mac = {"mac": "02:00:00:00:00:01", "remote": "192.0.2.79"}
    for networks, word in (
            ([{"vni": 701, "name": "hand"}], "added by hand"),
            ([{"vni": 701, "ports": [{"dev": "p2", "vlan": 5}]}], "xvtep port del p2 vlan 5"),
            ([{"vni": 800, "name": "x", "group": "239.1.1.1"}], "192.0.2.78"),
            ([{"vni": 701}, {"vni": 700, "fdb": [mac]}], "02:00:00:00:00:01"),
            ([{"vni": 702, "name": "blue"}], "VNI 700")):
        tap.contains(apply(vtep, networks, code=1), word, f"refusal of {networks}")
        tap.equal([vtep.rows(t) for t in tables], before, "tables after it")
    p = vtep.client("port", "add", "p2", "vlan", "5", "network", "blue", check=False)
    tap.contains(p.stderr, "xvtep port del p2 vlan 5", "advice")
    tap.equal(apply(vtep, [keep]), 0, "changes after refused files")
    vtep.client("network", "del", "hand")
    vtep.client("fdb", "del", "02:00:00:00:00:01", "network", "blue")


def in_mid_flight():
    """The kernel refuses one port: the rest is done, it says so until it is attached, and is."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        senders = tenants(host, "p1", "p2", "p3")
        vtep = Xvtepd(host, [{"vni": 700, "ports": ["p1"]}])
        if not held(vtep):
            raise tap.Skip("no TCX, and so no links to pin")
        index = {i["ifname"]: i["ifindex"] for i in host.ns.json("ip", "-j", "link", "show")}
        blocker = vtep.pin(f"links/tc_{index['p2']}")
        os.mkdir(blocker)
        try:
            said = apply(vtep, [{"vni": 700, "ports": ["p1"]}, {"vni": 701, "ports": ["p2"]},
                                {"vni": 702, "ports": ["p3"]}], code=1)
            tap.contains(said, "p2", "what failed")
            tap.contains(said, "3 of 4 changes", "what did not")
            for dev in ("p1", "p3"):
                expect_heard(vtep, senders[dev], dev, 0, "beside one that is refused")
            for _ in range(2):
                row = vtep.row("port", dev="p2")
                tap.equal(row["up"], False, "p2 is up")
                tap.contains(row["status"], "cannot attach", "its status")
                host.ns.ip("link set p2 down", "link set p2 up")
            p = vtep.client("port", "del", "p3")
            p = vtep.client("port", "add", "p3", "network", "700")
            tap.equal(p.returncode, 0, "other ports meanwhile")
        finally:
            os.rmdir(blocker)
        tap.wait_for(lambda: vtep.row("port", dev="p2")["up"], "p2 is attached", 5)
        tap.equal(vtep.row("port", dev="p2")["status"] or "", "", "its status")
        expect_heard(vtep, senders["p2"], "p2", 0, "in the end")


def by_hand(share):
    """The file names for a while what was added by hand: it stays when the file drops it."""
    vtep = share.vtep
    share.apply([{"vni": 711, "ports": ["p4"]}])
    vtep.client("network", "add", "vni", "710", "name", "hand")
    vtep.client("port", "add", "p3", "network", "710")
    vtep.client("flood", "add", "network", "710", "remote", "192.0.2.77")
    vtep.client("fdb", "add", "02:00:00:00:00:01", "network", "710", "dev", "p3")
    file = [{"vni": 710, "name": "file", "ports": ["p3"], "flood": ["192.0.2.77"],
             "fdb": [{"mac": "02:00:00:00:00:01", "dev": "p3"}]}]
    more = [dict(file[0], ports=["p3", "p4"], flood=["192.0.2.77", "192.0.2.78"])]

    def within(vni):
        return (ports(vtep, share.vnis), sorted(r["remote"] for r in share.rows("flood")
                                                if r["remote"]), sorted(vtep.fdb(vni)))

    def networks():
        return [(r["vni"], r["name"], r["origin"]) for r in share.rows("network")]
    stays = ([(710, "file", "runtime")],
             ([(710, "p3", 0)], ["192.0.2.77"], ["02:00:00:00:00:01"]))
    for restart in (False, True):
        for these in (file, more, []):
            if restart:
                yield these
            else:
                share.apply(these)
        tap.equal((networks(), within(710)), stays, f"by hand: what stays, restart {restart}")
        tap.equal(share.apply(), 0, "by hand: changes when applied again")
    vtep.client("network", "del", "710")
    # Something added by hand to a network of the file: it stays, with that and no more.
    for words, left in ((("port", "add", "p3", "network", "712"), ([(712, "p3", 0)], [], [])),
                        (("flood", "add", "network", "712", "remote", "192.0.2.77"),
                         ([], ["192.0.2.77"], [])),
                        (("fdb", "add", "02:00:00:00:00:02", "network", "712", "remote",
                          "192.0.2.79"), ([], [], ["02:00:00:00:00:02"]))):
        share.apply([{"vni": 712, "name": "file", "ports": ["p4"], "flood": ["192.0.2.78"]}])
        vtep.client(*words)
        share.apply([])
        tap.equal(networks(), [(712, "file", "runtime")], "network that stays")
        tap.equal(within(712), left, f"what stays of it after {words[0]} add")
        vtep.client("network", "del", "712")
    share.apply([{"vni": 712}])
    tap.equal(share.apply([]), 1, "changes without anything by hand")
    tap.equal(networks(), [], "networks of by hand")


def kept(share):
    """A network of the file that was kept once, for something added by hand, is no hand-made one."""
    vtep = share.vtep
    file, add = [{"vni": 722}], ("port", "add", "p5", "network", "722")

    def expect(*want):
        tap.equal([(r["vni"], r["origin"]) for r in share.rows("network")], sorted(want),
                  "networks that are kept")
    share.apply(file)
    for restart in (False, True):
        vtep.client(*add)
        share.apply([])
        expect((722, "runtime"))
        if restart:
            yield []
            expect((722, "runtime"))
        tap.equal(share.apply(), 0, "kept: changes when applied again")
        vtep.client("port", "del", "p5")
        share.apply(file)
        expect((722, "config"))
        if restart:
            yield file
            yield []
        else:
            tap.equal(share.apply([]), 1, "kept: changes")
        expect()
        share.apply(file)
    # One that was made by hand stays so, whatever files named it and kept it meanwhile.
    vtep.client("network", "add", "vni", "723")
    for networks in ([{"vni": 723}], [], [{"vni": 723}]):
        share.apply(networks)
    yield share.networks
    share.apply([])
    expect((723, "runtime"))


def count(vtep):
    """What is outside the networks counts as a change too."""
    vtep.host.ns.ip("addr add 198.51.100.1/32 dev under")
    apply(vtep, [{"vni": 700}])
    tap.equal(apply(vtep), 0, "changes of the same file")
    for keys in ({"xdp": "generic"}, {"udp6-checksum": True}, {"delivery": "stack"},
                 {"address": "198.51.100.1"}, {"devices": ["under", "nic2"]}):
        vtep.config["underlay"].update(keys)
        tap.equal(apply(vtep), 1, f"changes of {keys}")
        tap.equal(apply(vtep), 0, "changes of it again")
    vtep.config["metrics"] = {"listen": "127.0.0.1:19476"}
    tap.equal(apply(vtep, [{"vni": 701}]), 3, "changes of metrics and two networks")


def in_bulk():
    """Thousands of networks, peers and ports go with one grace period, not one each."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        n, n_ports = 2000, 20
        for i in range(n_ports):
            host.tenant(f"p{i}")

        def remote(i):
            return f"198.19.{i // 250}.{1 + i % 250}"
        full = [{"vni": 1000 + i, "flood": [remote(i)],
                 "fdb": [{"mac": "02:00:00:01:00:01", "remote": remote(i)}],
                 "ports": [f"p{i}"] if i < n_ports else []} for i in range(n)]
        vtep = Xvtepd(host, [])
        count = len(held(vtep))

        def timed(what):
            start = time.monotonic()
            tap.equal(vtep.client("status", timeout=60).returncode, 0, "status")
            seconds = time.monotonic() - start
            tap.ok(seconds < 2 * tap.SLOW, f"{what}: {seconds:.2f} s")
        vtep.config["networks"] = full
        vtep.write()
        vtep.client("apply", vtep.file, timeout=60)
        tap.equal(len(vtep.rows("network")), n, "networks")
        tap.equal(len(vtep.rows("peer")), n, "peers")
        for restart in (False, True):
            if restart:
                vtep.config["networks"] = full
                vtep.write()
                vtep.client("apply", vtep.file, timeout=60)
            vtep.config["networks"] = full[-1:]
            vtep.write()
            start = time.monotonic()
            if restart:
                vtep.kill()
                vtep.start()
            else:
                vtep.client("apply", vtep.file, timeout=60)
            seconds = time.monotonic() - start
            tap.ok(seconds < 2 * tap.SLOW, f"{n - 1} networks removed, restart {restart}: "
                   f"{seconds:.2f} s")
            timed("answers after it")
            for table, left in (("network", 1), ("peer", 1), ("fdb", 1), ("port", 0)):
                tap.equal(len(vtep.rows(table)), left, f"{table}: rows left")
        tap.wait_for(lambda: len(held(vtep)) == count,
                     "all devices are let go", 10)


def devices():
    """One daemon, and devices that change: ports first, then what is under them."""
    with Lab(hosts=1) as lab:
        senders = tenants(lab.hosts[0], "p1")
        vtep = Xvtepd(lab.hosts[0], [{"vni": 700, "ports": ["p1"]}, {"vni": 701}],
                      underlay={"xdp": "native"})
        move_port(vtep, senders)
        renamed(vtep, senders)
        xdp_modes(vtep)


def files():
    """One instance, and files that change; what wants a restart has it together."""
    with Lab(hosts=1) as lab:
        senders = tenants(lab.hosts[0], "p1", "p2", "p3", "p4", "p5")
        vtep = Xvtepd(lab.hosts[0], [{"vni": 700}])
        port_again(vtep, senders)
        senders = swapped_devices(vtep, senders)
        refused_whole(vtep)
        apply(vtep, [])
        tap.equal((vtep.rows("network"), vtep.rows("peer")), ([], []), "left for the next ones")
        shares = []
        for scenario, vnis, args in ((names, range(700, 710), (senders,)),
                                     (by_hand, range(710, 720), ()), (kept, range(720, 730), ())):
            Share(shares, vtep, scenario, vnis, *args)
        run_together(vtep, shares)
        count(vtep)


tap.case("apply: move port, renamed device, XDP modes", main=True)(devices)
tap.case("apply: ports again, swapped devices, refused files, names, what is by hand, count")(files)
tap.case("apply: in mid flight")(in_mid_flight)
tap.case("apply: in bulk")(in_bulk)

if __name__ == "__main__":
    tap.main()
