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
from lab import OUT, Lab
from netns import run
from vtep import Xvtepd, update, words

VNI = 100
PPS = 20000
ID_LEFT = struct.pack("<I", 9)  # of a port or peer that there is not


class Pair:
    """Two xvtepd, a tenant each that know each other; both MACs are learned on both hosts."""

    def __init__(self, lab, mode="native", gro=False):
        self.lab = lab
        a, b = lab.hosts
        self.one = a.tenant("p1", "10.0.0.1", gro=gro)
        self.two = b.tenant("p1", "10.0.0.2", gro=gro)
        underlay = {"xdp": mode, "delivery": "redirect" if gro else "auto"}
        self.vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [other.v4]}],
                             underlay=underlay) for h, other in ((a, b), (b, a))]
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.one.ping("10.0.0.2")
        for vtep in self.vteps:
            vtep.wait_learned(2)
        self.vteps[0].wait_ready()

    def stream(self, back=False):
        ends = (self.two, self.one) if back else (self.one, self.two)
        return traffic.Stream(*ends, PPS)


def kill_and_restart(mode, back, gro=False):
    with Lab(wire="nic" if gro else "default") as lab:  # see lab.py on redirects
        pair = Pair(lab, mode, gro)
        vtep = pair.vteps[0]
        before = vtep.fdb()
        stream = pair.stream(back)
        stream.run_until(PPS // 4)
        vtep.kill()
        stream.run_until(PPS // 2)
        vtep.start()
        stream.run_until(PPS // 2)
        stream.expect_no_loss(f"kill -9 and start, xdp {mode}")
        tap.equal(vtep.status()["adopted"], True, "maps adopted")
        after = vtep.fdb()
        tap.equal(set(after), set(before), "entries kept")
        for key, row in before.items():
            tap.equal((after[key]["dev"], after[key]["remote"], after[key]["type"]),
                      (row["dev"], row["remote"], row["type"]), f"entry {key}")
        pair.one.ping("10.0.0.2")


def stop_and_start():
    """SIGTERM ends it with status 0, and forwarding goes on."""
    with Lab() as lab:
        pair = Pair(lab)
        stream = pair.stream()
        stream.run_until(PPS // 4)
        for vtep in pair.vteps:
            vtep.stop()
        stream.run_until(PPS // 2)
        for vtep in pair.vteps:
            vtep.start()
        stream.run_until(PPS // 4)
        stream.expect_no_loss("stop and start on both hosts")


def ports_gone():
    """Devices that went while no daemon ran: their ports' ids and entries are free again."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        host.ns.ip("link add x1 type veth peer name x2")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        vtep.client("port", "add", "x1", "network", str(VNI))

        def entries():
            rows = json.loads(run("bpftool", "-j", "map", "dump", "pinned",
                                  vtep.pin("xv_port_dev")).stdout)
            return sum(r["formatted"]["value"]["ifindex"] > 0 for r in rows)
        tap.equal(entries(), 2, "entries of xv_port_dev")
        vtep.kill()
        host.ns.ip("link del x1")
        vtep.start()
        tap.equal([r["dev"] for r in vtep.rows("port")], ["p1"], "ports")
        tap.equal(entries(), 1, "entries of xv_port_dev after")


def ids_left():
    """What a daemon that was killed half-way left of a port and of a peer: free with the next."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "flood": ["203.0.113.1"]}])
        vtep.kill()
        ifindex = host.ns.links()["p1"]["ifindex"]
        left = {"xv_port_dev": struct.pack("<I", ifindex).ljust(32, b"\0"),
                "xv_adj": (bytes(26) + b"\xff\xff\xcb\0\x71\x09").ljust(128, b"\0")}
        for name, value in left.items():
            update(vtep, name, ID_LEFT, value)
        vtep.start()
        for name, value in left.items():
            p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin(name), "key",
                    *words(ID_LEFT))
            now = bytes(int(b, 16) for b in json.loads(p.stdout)["value"])
            tap.equal(now, bytes(len(value)), f"entry of {name} that nobody has")
        tap.equal([r["dev"] for r in vtep.rows("port")], ["p1"], "ports")
        tap.equal([r["remote"] for r in vtep.rows("peer")], ["203.0.113.1"], "peers")


def peers_by_hand():
    """A peer that was added by hand stays, listed or not, with groups or without, until deleted."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        listed, alone = "203.0.113.1", "203.0.113.2"
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]},
                             {"vni": 200, "group": "239.1.1.1", "ageing": 1}])
        vtep.client("flood", "add", "network", str(VNI), "remote", listed)
        for remote in (listed, alone):
            vtep.client("peer", "add", remote)
        vtep.kill()
        vtep.start()
        vtep.client("flood", "del", "network", str(VNI), "remote", listed)
        time.sleep(2.5)  # sweeps of what was only heard
        tap.equal({r["remote"]: r["origin"] for r in vtep.rows("peer")},
                  {listed: "added", alone: "added"}, "peers after a restart")
        vtep.client("flood", "add", "network", str(VNI), "remote", alone)
        for remote in (listed, alone):
            vtep.client("peer", "del", remote)
        tap.equal({r["remote"]: r["origin"] for r in vtep.rows("peer")},
                  {alone: "listed"}, "peers after peer del")
        p = vtep.client("peer", "del", alone, check=False)
        tap.contains(p.stderr, "named by 1 flood list", "peer del of one that is only listed")


def forwards_without_daemon():
    """All kinds of traffic with no daemon on either host."""
    with Lab() as lab:
        pair = Pair(lab)
        for vtep in pair.vteps:
            vtep.kill()
        for source, target in ((pair.one, pair.two), (pair.two, pair.one)):
            source.ping(target.ip)
            traffic.tcp(source, target)
            traffic.udp(source, target)
            frame.expect(source.tap(), lambda m: frame.plain(source.mac, frame.BROADCAST, m),
                         {target.tap(): 1}, "broadcast", 5)


def restart_with_changes():
    """What changed in the file meanwhile is applied at the start, and no more."""
    with Lab() as lab:
        pair = Pair(lab)
        a, b = lab.hosts
        vtep = pair.vteps[0]
        tenants = [h.tenant("q1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        vtep.client("network", "add", "vni", "300", "name", "byhand", "ageing", "60", "max-macs", "7",
                    "learn-rate", "70")
        made = vtep.row("network", vni=300)
        stream = pair.stream()
        vtep.kill()
        for v, other in zip(pair.vteps, (b, a)):
            v.config["networks"].append({"vni": 200, "ports": ["q1"], "flood": [other.v4]})
        vtep.start()
        pair.vteps[1].reload()
        tap.wait_for(lambda: len(pair.vteps[1].rows("network")) == 2, "reloaded")
        tenants[0].ping("10.0.0.2")
        stream.run_until(PPS // 10)
        stream.expect_no_loss("restart with a network more")
        vnis = sorted(r["vni"] for r in vtep.rows("network"))
        tap.equal(vnis, [100, 200, 300], "networks: file's and by hand")
        tap.equal(vtep.row("network", vni=300), made, "the network by hand")
        tap.equal((VNI, pair.two.mac) in vtep.learned(), True, "learned entry kept")
        vtep.kill()
        vtep.config["networks"].pop()
        vtep.start()
        vnis = sorted(r["vni"] for r in vtep.rows("network"))
        tap.equal(vnis, [100, 300], "networks: what left the file is gone, by hand stays")


def ids(vtep):
    """Kernel ids of all that is pinned."""
    return {name: os.stat(vtep.pin(name)).st_ino for name in vtep.pins()}, vtep.map_ids()


def only_the_difference(how):
    """SIGHUP and apply: nothing else is touched, no packet is lost."""
    with Lab() as lab:
        pair = Pair(lab)
        a, b = lab.hosts
        new = [h.tenant("q1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        stream = pair.stream()
        stream.run_until(PPS // 10)
        before = [ids(v) for v in pair.vteps]
        counted = pair.vteps[0].stats("network", vni=VNI)["tx_unicast_packets"]
        for v, other in zip(pair.vteps, (b, a)):
            v.config["networks"].append({"vni": 200, "ports": ["q1"], "flood": [other.v4]})
            apply(v, how)
            tap.wait_for(lambda v=v: len(v.rows("network")) == 2, "network added")
        new[0].ping("10.0.0.2")
        for v in pair.vteps:
            v.config["networks"].pop()
            apply(v, how)
            tap.wait_for(lambda v=v: len(v.rows("network")) == 1, "network removed")
            apply(v, how)  # no change at all
        tap.equal(new[0].ping("10.0.0.2", 1, check=False), 0, "answers in the removed network")
        stream.run_until(PPS // 10)
        tap.ok(pair.vteps[0].stats("network", vni=VNI)["tx_unicast_packets"] > counted,
               "counters go on")
        stream.expect_no_loss(f"{how}: network added and removed")
        tap.equal([ids(v) for v in pair.vteps], before, "pinned objects")


def apply(vtep, how):
    if how == "apply":
        vtep.apply()
    else:
        vtep.reload()


def other_layout():
    """Maps of another version: refused with the way out, by the instance's name; nothing stops."""
    with Lab() as lab:
        pair = Pair(lab)
        vtep = pair.vteps[0]
        vtep.kill()
        own, newer = vtep.layout(), vtep.layout() + 1
        vtep.set_layout(newer)
        stream = pair.stream()
        tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, "exit status")
        tap.contains(vtep.log()[-1], f" with map layout {newer}, this one has {own}: remove it with "
                     f"`xvtepd --detach -i {vtep.instance}`", "the way out")
        stream.run_until(PPS // 4)
        stream.expect_no_loss("refused start")
        vtep.set_layout(own)
        vtep.start()
        tap.equal(vtep.status()["adopted"], True, "the version whose maps they are goes on")


def refused_start():
    """What was added by hand is in the file's way: the start is refused, and what runs goes on."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.ns.ip("addr add 198.51.100.1/32 dev under")
        vtep = Xvtepd(host, [{"vni": VNI, "name": "blue"}])
        vtep.client("flood", "add", "network", "blue", "remote", host.gw4)
        vtep.wait_ready()

        def written():
            return {name: json.loads(run("bpftool", "-j", "map", "lookup", "pinned",
                                         vtep.pin(name), "key", "hex", key, *["0"] * 3).stdout)
                    ["value"] for name, key in (("xv_config", "0"), ("xv_adj", "1"))}
        vtep.kill()
        before, good = written(), json.dumps(vtep.config)
        vtep.config["underlay"]["address"] = "198.51.100.1"
        vtep.config["networks"][0]["group"] = "239.1.1.1"
        vtep.write()
        tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, "exit status")
        tap.contains(vtep.log()[-1], "added by hand", "why")
        tap.equal(written(), before, "maps after it")
        vtep.config = json.loads(good)
        vtep.start()
        vtep.wait_ready()


def refused_device(mode, other):
    """
    The same, where a device does not take the file's XDP mode, or metrics have no such address: what
    runs keeps its devices, their modes and its networks. In the mode that they have nothing is lost.
    """
    with Lab() as lab:
        pair = Pair(lab, mode)
        vtep, ns = pair.vteps[0], lab.hosts[0].ns
        ns.ip("link add br1 type bridge", "link set br1 up")

        def state():
            maps = [run("bpftool", "-j", "map", "dump", "pinned", vtep.pin(name)).stdout
                    for name in ("xv_uplink", "xv_vni", "xv_peer")]
            slots = [run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_tx"), "key",
                         "hex", f"{n:x}", "40", "0", "0", check=False).stdout for n in range(2)]
            xdp = re.findall(r" (xdp\w*) ", ns.run("ip", "link", "show", "dev", "under").stdout)
            links = os.path.exists(vtep.pin("links")) and sorted(os.listdir(vtep.pin("links")))
            return xdp, links, maps, slots
        vtep.kill()
        before, good = state(), json.dumps(vtep.config)
        tap.equal(before[0], {"native": ["xdp"], "off": []}[mode], "XDP on it")
        stream = pair.stream(True)
        stream.run_until(PPS // 10)
        for devices, metrics in ((["br1", "under"], None), (["under", "br1"], None),
                                 (["under"], "192.0.2.99:1")):
            vtep.config["underlay"].update(xdp=other, devices=devices)
            vtep.config["networks"] = [{"vni": 200}]
            if metrics:
                vtep.config["metrics"] = {"listen": metrics}
            vtep.write()
            tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, "exit status")
            tap.contains(vtep.log()[-1], "metrics" if metrics else "br1", "why")
            for got, want, what in zip(state(), before, ("XDP", "links", "maps", "xv_tx")):
                tap.equal(got, want, f"{what} after {devices}")
        stream.run_until(PPS // 10)
        if mode == other:
            stream.expect_no_loss("refused starts")
        else:
            stream.stop()
        vtep.config = json.loads(good)
        vtep.start()
        pair.one.ping("10.0.0.2")


def reload_bad():
    """A file that is wrong changes nothing, and the log says what and where."""
    with Lab() as lab:
        pair = Pair(lab)
        vtep = pair.vteps[0]
        vtep.write('instance: x\nunderlay:\n  devices: [under]\n  adress: 1.2.3.4\n')
        vtep.process.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: any("adress" in line and ":4:" in line for line in vtep.log()),
                     "the log quotes the word and its line")
        bad = vtep.client("apply", vtep.file, check=False)
        tap.equal(bad.returncode, 1, "apply: exit status")
        tap.contains(bad.stderr, "adress", "apply: message")
        pair.one.ping("10.0.0.2")
        tap.equal(len(vtep.rows("network")), 1, "networks")


def link_switched():
    """A symbolic link on the way to the file leads elsewhere: a reload reads what is there."""
    with Lab(hosts=1) as lab:
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}], start=False)
        for n in (1, 2):
            os.mkdir(f"{lab.dir}/{n}")
            vtep.config["networks"] = [{"vni": VNI + n}]
            vtep.file = f"{lab.dir}/{n}/x.yaml"
            vtep.write()
        os.symlink("1", f"{lab.dir}/data")
        with open(vtep.log_file, "ab") as log:
            vtep.process = vtep.host.ns.popen(f"{OUT}/xvtepd", "-c", "data/x.yaml", cwd=lab.dir,
                                              stdout=log, stderr=log)
        tap.wait_for(vtep.answers, "it answers")
        tap.equal(vtep.status()["config_file"], f"{lab.dir}/data/x.yaml", "status: config file")
        os.unlink(f"{lab.dir}/data")
        os.symlink("2", f"{lab.dir}/data")
        vtep.client("reload")
        tap.equal([r["vni"] for r in vtep.rows("network")], [VNI + 2], "networks")


def detach():
    """Refused while the daemon runs; then nothing is left, and a new start is a fresh one."""
    with Lab() as lab:
        pair = Pair(lab)
        vtep = pair.vteps[0]
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


for _mode in ("native", "off", "generic"):
    for _back in (False, True):
        _way = "to the wire" if not _back else "from the wire"
        tap.case(f"kill -9 and restart, no loss: xdp {_mode}, {_way}", _mode, _back,
                 main=(_mode, _back) in (("native", True), ("off", False)))(kill_and_restart)
tap.case("kill -9 and restart, no loss: redirect to ports, from the wire", "native", True,
         gro=True)(kill_and_restart)
tap.case("stop and start, no loss")(stop_and_start)
tap.case("all traffic without a daemon")(forwards_without_daemon)
tap.case("peers that were added by hand")(peers_by_hand)
tap.case("ports whose devices went meanwhile")(ports_gone)
tap.case("ids that nobody has")(ids_left)
tap.case("restart with another file")(restart_with_changes)
tap.case("SIGHUP touches only the difference", "SIGHUP", main=True)(only_the_difference)
tap.case("apply touches only the difference", "apply")(only_the_difference)
tap.case("maps of another layout")(other_layout)
tap.case("a refused start changes nothing")(refused_start)
for _mode in ("native", "off"):
    tap.case(f"a refused start keeps the devices, xdp {_mode}", _mode, "native")(refused_device)
tap.case("a wrong file changes nothing")(reload_bad)
tap.case("a symbolic link to the file is switched")(link_switched)
tap.case("detach leaves nothing", main=True)(detach)

if __name__ == "__main__":
    tap.main()
