#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The daemon comes and goes, the traffic stays: killed, stopped and started again, reloaded, all under
a counted stream with no loss; and what --detach leaves behind: nothing.
"""
import json
import os
import re
import signal
import struct
import time

import frame
import tap
import traffic
from bpf import map_entries
from lab import OUT, Lab
from vtep import KINDS, Xvtepd, update

VNI = 100
PPS = 20000
UPLINKS = 0x4000  # the first of underlay devices in xv_tx
ID_LEFT = struct.pack("<I", 9)  # of a port or peer that there is not
LISTED, ALONE = "203.0.113.1", "203.0.113.2"  # peers that are added by hand
FILED = "203.0.113.3"  # a peer of the file


class Pair:
    """Two VTEPs, a tenant each that know each other; both MACs are learned on both hosts."""

    def __init__(self, lab, mode="native", gro=False, kind="xvtep"):
        self.lab = lab
        a, b = lab.hosts
        self.one = a.tenant("p1", "10.0.0.1", gro=gro)
        self.two = b.tenant("p1", "10.0.0.2", gro=gro)
        underlay = {"xdp": mode, "delivery": "redirect" if gro else "auto"}
        self.vteps = [KINDS[k](h, [{"vni": VNI, "ports": ["p1"], "flood": [other.v4]}],
                               underlay=underlay)
                      for h, other, k in ((a, b, "xvtep"), (b, a, kind))]
        self.first = self.vteps[0]
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.one.ping("10.0.0.2")
        for vtep in self.vteps:
            vtep.wait_learned(2)
        self.first.wait_ready()

    def stream(self, back=False):
        ends = (self.two, self.one) if back else (self.one, self.two)
        return traffic.Stream(*ends, PPS)

    def set_mode(self, mode):
        """Another XDP mode of the first VTEP, by reload."""
        self.first.config["underlay"]["xdp"] = mode
        self.first.apply()
        self.first.wait_ready()


def run_until(streams, count):
    """Waits until each stream has sent count more."""
    want = {s: s.sent + int(count / tap.SLOW) for s in streams}
    tap.wait_for(lambda: all(s.sent >= n for s, n in want.items()), f"{count} more sent", 20)


def killed(pair, ways, what):
    """Under streams of these ways."""
    vtep, before = pair.first, pair.first.fdb()
    streams = {way: pair.stream(way == "from the wire") for way in ways}
    run_until(streams.values(), PPS // 4)
    vtep.kill()
    run_until(streams.values(), PPS // 2)
    vtep.start()
    run_until(streams.values(), PPS // 2)
    for way, stream in streams.items():
        stream.expect_no_loss(f"kill -9 and start, {what}, {way}")
    tap.equal(vtep.status()["adopted"], True, f"{what}: maps adopted")
    after = vtep.fdb()
    tap.equal(set(after), set(before), f"{what}: entries kept")
    for key, row in before.items():
        tap.equal((after[key]["dev"], after[key]["remote"], after[key]["type"]),
                  (row["dev"], row["remote"], row["type"]), f"{what}: entry {key}")
    pair.one.ping("10.0.0.2")


def kill_and_restart():
    """In each XDP mode: of a first start, then others by reload. The kernel is the other end."""
    with Lab() as lab:
        pair = Pair(lab, kind="kernel")
        for mode in ("native", "off", "generic"):
            if mode != "native":
                pair.set_mode(mode)
            killed(pair, ("to the wire", "from the wire"), f"xdp {mode}")


def kill_and_redirect():
    """Where XDP redirects to ports; see lab.py on the wire."""
    with Lab(wire="nic") as lab:
        killed(Pair(lab, gro=True, kind="kernel"), ("from the wire",), "redirect to ports")


def stop_and_start(pair):
    """SIGTERM ends it with status 0, and forwarding goes on."""
    stream = pair.stream()
    stream.run_until(PPS // 4)
    for vtep in pair.vteps:
        vtep.stop()
    stream.run_until(PPS // 2)
    for vtep in pair.vteps:
        vtep.start()
    stream.run_until(PPS // 4)
    stream.expect_no_loss("stop and start on both hosts")


def forwards_without_daemon(pair):
    """All kinds of traffic with no daemon on either host."""
    for vtep in pair.vteps:
        vtep.kill()
    for source, target in ((pair.one, pair.two), (pair.two, pair.one)):
        source.ping(target.ip)
        traffic.tcp(source, target)
        traffic.udp(source, target)
        frame.expect(source.tap(), lambda m, s=source: frame.plain(s.mac, frame.BROADCAST, m),
                     {target.tap(): 1}, "without a daemon: broadcast", 5)


def restart_with_changes(pair, new):
    """What changed in the file meanwhile is applied at the start, and no more."""
    a, b = pair.lab.hosts
    vtep = pair.first
    vtep.client("network", "add", "vni", "300", "name", "byhand", "ageing", "60", "max-macs", "7",
                "learn-rate", "70")
    made = vtep.row("network", vni=300)
    stream = pair.stream()
    vtep.kill()
    for v, other in zip(pair.vteps, (b, a)):
        v.config["networks"].append({"vni": 200, "ports": ["q1"], "flood": [other.v4]})
    vtep.start()
    pair.vteps[1].reload()
    tap.wait_for(lambda: len(pair.vteps[1].rows("network")) == 2, "other file: reloaded")
    new[0].ping("10.0.0.2")
    stream.run_until(PPS // 10)
    stream.expect_no_loss("restart with a network more")
    vnis = sorted(r["vni"] for r in vtep.rows("network"))
    tap.equal(vnis, [100, 200, 300], "other file: networks: file's and by hand")
    tap.equal(vtep.row("network", vni=300), made, "other file: the network by hand")
    tap.equal((VNI, pair.two.mac) in vtep.learned(), True, "other file: learned entry kept")
    vtep.kill()
    other_layout(pair)
    vtep.config["networks"].pop()
    vtep.start()
    tap.equal(vtep.status()["adopted"], True, "the version whose maps they are goes on")
    vnis = sorted(r["vni"] for r in vtep.rows("network"))
    tap.equal(vnis, [100, 300], "networks: what left the file is gone, by hand stays")


def other_layout(pair):
    """Maps of another version: refused with the way out, by the instance's name; nothing stops."""
    vtep = pair.first
    own, newer = vtep.layout(), vtep.layout() + 1
    vtep.set_layout(newer)
    stream = pair.stream()
    tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, "another layout: exit status")
    tap.contains(vtep.log()[-1], f" with map layout {newer}, this one has {own}: remove it with "
                 f"`xvtepd --detach -i {vtep.instance}`", "another layout: the way out")
    stream.run_until(PPS // 4)
    stream.expect_no_loss("refused start, another layout")
    vtep.set_layout(own)


def ids(vtep):
    """Kernel ids of all that is pinned."""
    return {name: os.stat(vtep.pin(name)).st_ino for name in vtep.pins()}, vtep.map_ids()


def only_the_difference(pair, new, how):
    """SIGHUP and apply: nothing else is touched, no packet is lost."""
    a, b = pair.lab.hosts
    stream = pair.stream()
    stream.run_until(PPS // 10)
    before = [ids(v) for v in pair.vteps]
    counted = pair.first.stats("network", vni=VNI)["tx_unicast_packets"]
    for v, other in zip(pair.vteps, (b, a)):
        v.config["networks"].append({"vni": 200, "ports": ["q1"], "flood": [other.v4]})
        apply(v, how)
        tap.wait_for(lambda v=v: len(v.rows("network")) == 2, f"{how}: network added")
    new[0].ping("10.0.0.2")
    for v in pair.vteps:
        v.config["networks"].pop()
        apply(v, how)
        tap.wait_for(lambda v=v: len(v.rows("network")) == 1, f"{how}: network removed")
        apply(v, how)  # no change at all
    tap.equal(new[0].ping("10.0.0.2", 1, check=False), 0, f"{how}: answers in the removed network")
    stream.run_until(PPS // 10)
    tap.ok(pair.first.stats("network", vni=VNI)["tx_unicast_packets"] > counted,
           f"{how}: counters go on")
    stream.expect_no_loss(f"{how}: network added and removed")
    tap.equal([ids(v) for v in pair.vteps], before, f"{how}: pinned objects")


def apply(vtep, how):
    if how == "apply":
        vtep.apply()
    else:
        vtep.reload()


def reload_bad(pair):
    """A file that is wrong changes nothing, and the log says what and where."""
    vtep = pair.first
    vtep.write('instance: x\nunderlay:\n  devices: [under]\n  adress: 1.2.3.4\n')
    vtep.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: any("adress" in line and ":4:" in line for line in vtep.log()),
                 "wrong file: the log quotes the word and its line")
    bad = vtep.client("apply", vtep.file, check=False)
    tap.equal(bad.returncode, 1, "wrong file: apply: exit status")
    tap.contains(bad.stderr, "adress", "wrong file: apply: message")
    pair.one.ping("10.0.0.2")
    tap.equal(len(vtep.rows("network")), 1, "wrong file: networks")


def new_tenants(lab):
    """Of a network that comes later."""
    return [h.tenant("q1", f"10.0.0.{h.number}") for h in lab.hosts]


def sighup():
    with Lab() as lab:
        only_the_difference(Pair(lab), new_tenants(lab), "SIGHUP")


def reloads_and_restarts():
    """Of two daemons, one after the other; in the end there is none."""
    with Lab() as lab:
        pair, new = Pair(lab), new_tenants(lab)
        reload_bad(pair)
        only_the_difference(pair, new, "apply")
        stop_and_start(pair)
        restart_with_changes(pair, new)
        forwards_without_daemon(pair)


def numbers(these):
    """As keys of maps."""
    return [struct.pack("<I", n) for n in these]


def started_by_link(lab, networks):
    """A symbolic link on the way to the file leads elsewhere: a reload reads what is there."""
    vtep = Xvtepd(lab.hosts[0], [], start=False)
    for n, these in ((1, [{"vni": VNI + 1}]), (2, networks)):
        os.mkdir(f"{lab.dir}/{n}")
        vtep.config["networks"] = these
        vtep.file = f"{lab.dir}/{n}/x.yaml"
        vtep.write()
    os.symlink("1", f"{lab.dir}/data")
    with open(vtep.log_file, "ab") as log:
        vtep.process = vtep.host.ns.popen(f"{OUT}/xvtepd", "-c", "data/x.yaml", cwd=lab.dir,
                                          stdout=log, stderr=log)
    tap.wait_for(vtep.answers, "by a link: it answers")
    vtep.file = f"{lab.dir}/data/x.yaml"
    tap.equal(vtep.status()["config_file"], vtep.file, "by a link: status: config file")
    tap.equal([r["vni"] for r in vtep.rows("network")], [VNI + 1], "by a link: networks")
    os.unlink(f"{lab.dir}/data")
    os.symlink("2", f"{lab.dir}/data")
    vtep.client("reload")
    tap.equal([r["vni"] for r in vtep.rows("network")], [n["vni"] for n in networks],
              "by a link: networks after it was switched")
    return vtep


def refused_start(vtep):
    """What was added by hand is in the file's way: the start is refused, and what runs goes on."""
    def written():
        return (map_entries(vtep.pin("xv_config")),
                map_entries(vtep.pin("xv_adj"), numbers(range(1, peers + 1))))
    vtep.wait_ready()
    peers = len(vtep.rows("peer"))
    vtep.kill()
    before, good = written(), json.dumps(vtep.config)
    vtep.config["underlay"]["address"] = "198.51.100.1"
    vtep.config["networks"][-1]["group"] = "239.1.1.1"
    vtep.write()
    tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, "refused start: exit status")
    tap.contains(vtep.log()[-1], "added by hand", "refused start: why")
    tap.equal(written(), before, "maps after a refused start")
    vtep.config = json.loads(good)


def port_entries(vtep):
    """How many have a device, whose index comes first."""
    return sum(any(value[:4]) for value in map_entries(vtep.pin("xv_port_dev")).values())


def peers_by_hand(vtep, others):
    """A peer that was added by hand stays, listed or not, with groups or without, until deleted."""
    def origins(want, what):
        tap.equal({r["remote"]: r["origin"] for r in vtep.rows("peer")},
                  {**dict.fromkeys(others, "listed"), **want}, what)
    vtep.client("flood", "del", "network", str(VNI), "remote", LISTED)
    time.sleep(2.5)  # sweeps of what was only heard
    origins({LISTED: "added", ALONE: "added"}, "peers after a restart")
    vtep.client("flood", "add", "network", str(VNI), "remote", ALONE)
    for remote in (LISTED, ALONE):
        vtep.client("peer", "del", remote)
    origins({ALONE: "listed"}, "peers after peer del")
    p = vtep.client("peer", "del", ALONE, check=False)
    tap.contains(p.stderr, "named by 1 flood list", "peer del of one that is only listed")


def on_one_host():
    """
    One daemon is killed and started again. Devices that went meanwhile: their ports' ids and
    entries are free again. So is what a daemon that was killed half-way left of a port and a peer.
    """
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        host.ns.ip("link add x1 type veth peer name x2", "addr add 198.51.100.1/32 dev under")
        vtep = started_by_link(lab, [{"vni": VNI, "ports": ["p1"], "flood": [FILED]},
                                     {"vni": 200, "group": "239.1.1.1", "ageing": 1},
                                     {"vni": 300, "name": "blue"}])
        vtep.client("port", "add", "x1", "network", str(VNI))
        tap.equal(port_entries(vtep), 2, "entries of xv_port_dev")
        vtep.client("flood", "add", "network", "blue", "remote", host.gw4)
        vtep.client("flood", "add", "network", str(VNI), "remote", LISTED)
        for remote in (LISTED, ALONE):
            vtep.client("peer", "add", remote)
        refused_start(vtep)
        ifindex = host.ns.links()["p1"]["ifindex"]
        left = {"xv_port_dev": struct.pack("<I", ifindex).ljust(32, b"\0"),
                "xv_adj": (bytes(26) + b"\xff\xff\xcb\0\x71\x09").ljust(128, b"\0")}
        for name, value in left.items():
            update(vtep, name, ID_LEFT, value)
        host.ns.ip("link del x1")
        vtep.start()
        for name, value in left.items():
            tap.equal(map_entries(vtep.pin(name), [ID_LEFT]), {ID_LEFT: bytes(len(value))},
                      f"entry of {name} that nobody has")
        tap.equal([r["dev"] for r in vtep.rows("port")], ["p1"], "ports, one device gone")
        tap.equal(port_entries(vtep), 1, "entries of xv_port_dev after")
        tap.equal({r["remote"] for r in vtep.rows("peer")}, {FILED, host.gw4, LISTED, ALONE},
                  "peers, but for one that nobody has")
        vtep.wait_ready()
        peers_by_hand(vtep, (FILED, host.gw4))


def refused_device(pair, mode):
    """
    A start is refused, as a device does not take the file's XDP mode, or metrics have no such
    address: what runs keeps its devices, their modes and its networks. In the mode that they have
    nothing is lost.
    """
    vtep, ns = pair.first, pair.first.host.ns

    def state():
        maps = [map_entries(vtep.pin(name)) for name in ("xv_uplink", "xv_vni", "xv_peer")]
        slots = map_entries(vtep.pin("xv_tx"), numbers(range(UPLINKS, UPLINKS + 2)))
        xdp = re.findall(r" (xdp\w*) ", ns.run("ip", "link", "show", "dev", "under").stdout)
        links = os.path.exists(vtep.pin("links")) and sorted(os.listdir(vtep.pin("links")))
        return xdp, links, maps, slots
    vtep.kill()
    before, good = state(), json.dumps(vtep.config)
    tap.equal(before[0], {"native": ["xdp"], "off": []}[mode], f"{mode}: XDP on it")
    stream = pair.stream(True)
    stream.run_until(PPS // 10)
    for devices, metrics in ((["br1", "under"], None), (["under", "br1"], None),
                             (["under"], "192.0.2.99:1")):
        vtep.config["underlay"].update(xdp="native", devices=devices)
        vtep.config["networks"] = [{"vni": 200}]
        if metrics:
            vtep.config["metrics"] = {"listen": metrics}
        vtep.write()
        tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, f"{mode}: exit status")
        tap.contains(vtep.log()[-1], "metrics" if metrics else "br1", f"{mode}: why")
        for got, want, what in zip(state(), before, ("XDP", "links", "maps", "xv_tx")):
            tap.equal(got, want, f"{mode}: {what} after {devices}")
    stream.run_until(PPS // 10)
    if mode == "native":
        stream.expect_no_loss("refused starts")
    else:
        stream.stop()
    vtep.config = json.loads(good)
    vtep.start()
    pair.one.ping("10.0.0.2")


def refused_devices():
    """What runs is in native mode, then in none."""
    with Lab() as lab:
        pair = Pair(lab, kind="kernel")
        lab.hosts[0].ns.ip("link add br1 type bridge", "link set br1 up")
        refused_device(pair, "native")
        pair.set_mode("off")
        refused_device(pair, "off")


def detach():
    """Refused while the daemon runs; then nothing is left, and a new start is a fresh one."""
    with Lab() as lab:
        pair = Pair(lab, kind="kernel")
        vtep = pair.first
        p = vtep.host.ns.run(f"{OUT}/xvtepd", "--detach", "-i", vtep.instance, check=False)
        tap.equal(p.returncode, 1, "detach while it runs: exit status")
        tap.contains(p.stderr, vtep.instance, "message")
        pair.one.ping("10.0.0.2")
        tap.ok(any(vtep.host.ns.links()[n].get("linkinfo", {}).get("info_kind") == "vxlan"
                   for n in vtep.host.ns.links()), "the slow path device is there")
        maps = vtep.map_ids()
        tap.ok(len(maps) > 10, f"maps are pinned: {maps}")
        vtep.stop()
        vtep.detach()
        tap.equal(vtep.leftovers(maps), [], "left behind")
        tap.equal(set(vtep.host.ns.links()), {"lo", "under", "p1"}, "links")
        tap.equal(pair.one.ping("10.0.0.2", 1, check=False), 0, "answers without a datapath")
        p = vtep.detach()
        tap.equal(p.returncode, 0, "detach of nothing: exit status")
        vtep.start()
        tap.equal(vtep.learned(), set(), "learned entries of a fresh start")
        pair.one.ping("10.0.0.2")


tap.case("kill -9 and restart, no loss: each XDP mode, both ways", main=True)(kill_and_restart)
tap.case("kill -9 and restart, no loss: redirect to ports, from the wire")(kill_and_redirect)
tap.case("SIGHUP touches only the difference", main=True)(sighup)
tap.case("reloads, and restarts with other files, of two daemons")(reloads_and_restarts)
tap.case("peers, ports and ids over a restart")(on_one_host)
tap.case("refused starts keep the devices, xdp native and off")(refused_devices)
tap.case("detach leaves nothing", main=True)(detach)

if __name__ == "__main__":
    tap.main()
