#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is refused, at a start or by a reload, touches nothing of what forwards."""
import json
import os
import re
import shutil
import signal
import struct

import frame
import tap
from bpf import link_ids, map_entries
from lab import OUT, Lab
from netns import run
from vtep import RUN, Xvtepd

VNI = 100
UPLINKS = 0x4000  # the first of underlay devices in xv_tx
BROKEN = {  # what is wrong with a file, besides: (underlay, keys of the network, other keys, words)
    "address": ({"address": "203.0.113.9"}, {}, {}, "is not an address of this host"),
    "device": ({"devices": ["under", "br1"], "xdp": "native"}, {}, {}, "br1"),
    "slow path device": ({"devices": ["under", "xv0"]}, {}, {}, "xv0"),
    "group": ({}, {"group": "239.1.1.1"}, {}, "added by hand"),
    "metrics": ({}, {}, {"metrics": {"listen": "203.0.113.9:1"}}, "metrics"),
    "nothing": ({}, {}, {}, "underlay.port cannot change from 4789 to 4790"),
}


def adjacency(vtep):
    """The first peer's entry, but for what packets change in it."""
    text = run("bpftool", "map", "lookup", "pinned", vtep.pin("xv_adj"), "key", "hex", "1", "0",
               "0", "0", check=False).stdout
    return re.sub(r'"ip_id": \d+', "", text)


def links(vtep):
    """
    {pin: (link id, program id)}, and of filters {mark: what tc says}: the same after it only if
    nobody touched them. Before TCX there are clsact filters, and a folder marks each.
    """
    found, devices = {}, {d["ifindex"]: n for n, d in vtep.host.ns.links().items()}
    for name in sorted(os.listdir(vtep.pin("links"))):
        kind, index = name.rsplit("_", 1)
        if kind == "clsact":
            found[name] = vtep.host.ns.run("tc", "-j", "filter", "show", "dev",
                                           devices[int(index)], "ingress").stdout
            continue
        found[name] = link_ids(vtep.pin("links/" + name))
    return found


def state(vtep):
    """All that forwarding goes by, but for what packets change."""
    slow = {n: d["ifindex"] for n, d in vtep.host.ns.links().items()
            if d.get("linkinfo", {}).get("info_kind") == "vxlan"}
    maps = {name: map_entries(vtep.pin(name)) for name in
            ("xv_config", "xv_uplink", "xv_port", "xv_vni", "xv_peer", "xv_flood")}
    entries = {name: map_entries(vtep.pin(name), [struct.pack("<I", n) for n in numbers])
               for name, numbers in (("xv_tx", range(UPLINKS, UPLINKS + 3)), ("xv_port_dev", (1,)))}
    return {"slow path": slow, "maps": maps, "entries": entries, "adjacency": adjacency(vtep),
            "links": links(vtep)}


def same(vtep, before, what):
    now = state(vtep)
    for key, want in before.items():
        tap.equal(now[key], want, f"{what}: {key}")


class Site:
    """A host whose broadcasts and unicast to a neighbour are looked at on the wire."""

    def __init__(self, lab, xdp="native"):
        host, = lab.hosts
        host.ns.ip("link add br1 type bridge", "link set br1 up")
        self.host, self.tenant = host, host.tap_tenant("t1")
        self.far = lab.new_mac()
        self.vtep = Xvtepd(host, [{"vni": VNI, "name": "blue", "ports": ["t1"],
                                   "fdb": [{"mac": self.far, "remote": host.gw4}]}],
                           underlay={"xdp": xdp})
        self.vtep.client("flood", "add", "network", "blue", "remote", host.gw4)
        self.vtep.wait_ready()
        self.wire = host.sent_tap()

    def forwards(self, what):
        for to in (frame.BROADCAST, self.far):
            mark = frame.marker()
            self.tenant.send(frame.plain(self.tenant.mac, to, mark))
            frame.wait_count({self.wire: 1}, mark, f"{what}: to {to}")


def wrong_config(good, wrong):
    """The configuration, with something wrong and with delivery edited."""
    config = json.loads(good)
    underlay, network, keys, words = BROKEN[wrong]
    config["underlay"].update(delivery="stack", **underlay)
    config["networks"][0].update(network)
    return {**config, **keys}, words


def refused_starts(site):
    """Starts with something wrong, also with the UDP port edited besides, or with that alone."""
    vtep = site.vtep
    vtep.kill()
    before, good = state(vtep), json.dumps(vtep.config)
    site.forwards("without a daemon")
    for wrong in BROKEN:
        for port in (4789, 4790):
            if (wrong, port) == ("nothing", 4789):
                continue
            vtep.config, words = wrong_config(good, wrong)
            vtep.config["underlay"]["port"] = port
            refused_start(vtep, f"{wrong}, port {port}",
                          BROKEN["nothing"][3] if port == 4790 and wrong != "address" else words)
            same(vtep, before, f"start: {wrong}, port {port}")
            site.forwards(f"start: {wrong}, port {port}")
    vtep.config = json.loads(good)
    vtep.start()
    site.forwards("after a start")


def refused_start(vtep, what, words):
    vtep.write()
    tap.equal(vtep.spawn().wait(10 * tap.SLOW), 1, f"start: {what}: exit status")
    tap.contains(vtep.log()[-1], words, f"start: {what}: why")


def socket_in_the_way(site):
    """The control socket cannot be made: the same."""
    vtep = site.vtep
    before, good = state(vtep), json.dumps(vtep.config)
    path = f"{RUN}/{vtep.instance}/control.sock"
    vtep.config["underlay"]["delivery"] = "stack"
    os.unlink(path)
    os.mkdir(path)
    refused_start(vtep, "socket in the way", "control.sock")
    same(vtep, before, "start: socket in the way")
    site.forwards("start: socket in the way")
    shutil.rmtree(path)
    vtep.config = json.loads(good)


def refused_reloads(site):
    """Reloads, and applies, of such files."""
    vtep = site.vtep
    before, good = state(vtep), json.dumps(vtep.config)
    for wrong in BROKEN:
        vtep.config, words = wrong_config(good, wrong)
        if wrong == "nothing":
            vtep.config["underlay"]["port"] = 4790
        for command in (("reload",), ("apply", vtep.file)):
            vtep.write()
            said = vtep.client(*command, check=False)
            tap.equal(said.returncode, 1, f"{wrong}: {command}: exit status")
            tap.contains(said.stderr, words, f"{wrong}: {command}: why")
            same(vtep, before, f"{wrong}: after {command}")
        site.forwards(f"{wrong}: after the refused reload")
    vtep.config = json.loads(good)
    not_a_file(vtep, before)


def not_a_file(vtep, before):
    """A pipe without a writer is refused at a reload, which does not wait for one."""
    os.unlink(vtep.file)
    os.mkfifo(vtep.file)
    said = vtep.client("reload", check=False)
    tap.equal(said.returncode, 1, "a pipe: exit status")
    tap.contains(said.stderr, "is a pipe; a reload reads regular files alone", "a pipe: why")
    vtep.process.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: any("a reload reads regular files" in line for line in vtep.log()),
                 "a pipe: the log says why")
    same(vtep, before, "a pipe: after the reload")
    tap.equal(vtep.status()["change"], "none", "a pipe: no change is under way")
    os.unlink(vtep.file)
    vtep.write()
    checked = vtep.host.ns.run("bash", "-c", f"{OUT}/xvtepd -n -c <(cat {vtep.file})")
    tap.contains(checked.stdout, "instance:", "xvtepd -n of a pipe with a writer")


def reloads_and_starts():
    with Lab(hosts=1, wire="nic") as lab:
        site = Site(lab)
        refused_reloads(site)
        refused_starts(site)


class Order:
    """A second underlay device, and a peer behind each; their frames are an XDP tap's."""

    def __init__(self, lab, site):
        self.site, mac = site, lab.new_mac()
        host, side = site.host, lab.netns("side")
        host.ns.ip(f"link add u2 mtu 1600 type veth peer name far mtu 1600 netns {side.path}")
        side.ip("link set far up")
        side.run("ethtool", "-K", "far", "gro", "on")
        host.ns.ip("link set u2 up", "addr add 198.51.100.1/24 dev u2",
                   "neigh add 198.51.100.2 lladdr 02:00:00:00:77:01 dev u2 nud permanent")
        self.wires = {site.far: site.wire, mac: lab.keep(frame.Tap(side, "far"))}
        site.vtep.config["networks"][0]["fdb"].append({"mac": mac, "remote": "198.51.100.2"})

    def forwards(self, what):
        """Each peer's frames leave by its own device."""
        tap.equal(self.site.vtep.row("port", dev="t1")["encap"], "xdp", f"{what}: frames are taken")
        for to, wire in self.wires.items():
            mark = frame.marker()
            for _ in range(5):
                self.site.tenant.send(frame.plain(self.site.tenant.mac, to, mark))
            others = {w: 0 for w in self.wires.values() if w is not wire}
            frame.wait_count({wire: 5, **others}, mark, f"{what}: frames to {to}")

    def apply(self, devices, refused=False):
        vtep = self.site.vtep
        vtep.config["underlay"]["devices"] = devices
        tap.equal(vtep.apply(check=False).returncode, int(refused), f"apply {devices}")
        vtep.wait_ready()

    def start(self, devices):
        self.site.vtep.config["underlay"]["devices"] = devices
        self.site.vtep.start()
        self.forwards(f"started with {devices}")


def order_by_reload(order):
    """Devices change places in the list, and nothing is attached anew."""
    vtep = order.site.vtep
    order.apply(["under", "u2"])
    order.forwards("two devices")
    before = links(vtep)
    for devices, refused in ((["u2", "under"], False), (["br1"], True), (["br1", "u2"], True),
                             (["u2", "under", "xv0"], True), (["under", "u2"], False)):
        order.apply(devices, refused)
        tap.equal(links(vtep), before, f"{devices}: links")
        order.forwards(devices)


def not_under_tunnels(order):
    """What tunnels come out of is not put under them, whatever its name is."""
    vtep, host = order.site.vtep, order.site.host
    slow = vtep.status()["slow_dev"]
    host.ns.ip("link add ext type vxlan external dstport 4799", "link set ext up",
               f"link property add dev {slow} altname otherwise")
    for dev, words in ((slow, slow), ("otherwise", slow), ("ext", "ext"), ("lo", "loopback")):
        vtep.config["underlay"]["devices"] = ["u2", "under", dev]
        said = vtep.apply(check=False)
        tap.equal(said.returncode, 1, f"under tunnels: {dev}: exit status")
        tap.contains(said.stderr, words, f"under tunnels: {dev}: message")
    said = vtep.client("port", "add", slow, "network", str(VNI), check=False)
    tap.contains(said.stderr, "slow path device", "port add")
    vtep.kill()
    host.ns.ip(f"link set {slow} down", f"link set {slow} name u9", "link set u9 up")
    vtep.config["underlay"]["devices"] = ["u2", "under", "u9"]
    refused_start(vtep, "the slow path device renamed", "u9")
    host.ns.ip("link add a1 type vxlan external dstport 4798", "link set a1 alias 'a port'")
    order.start(["under", "u2", "later"])
    host.ns.ip("link set a1 name later", "link set later up")

    def told():
        row, = [r for r in vtep.rows("status", part="uplink") if r["dev"] == "later"]
        return "external mode" in row["status"]
    tap.wait_for(told, "status says why a device that appears is not taken")
    host.ns.ip("link del later", "link del ext")
    order.apply(["u2", "under"])


def underlay_devices():
    """In another order, by reload and by starts; and those that are none."""
    with Lab(hosts=1, wire="nic") as lab:
        site = Site(lab)
        order = Order(lab, site)
        order_by_reload(order)
        site.vtep.kill()
        order.start(["u2", "under"])
        not_under_tunnels(order)
        site.vtep.kill()
        socket_in_the_way(site)
        site.vtep.config["underlay"]["devices"] = ["br1", "u2", "under"]
        refused_start(site.vtep, "a bridge before the devices", "br1")
        order.start(["under", "u2"])


tap.case("refused reloads and starts", main=True, limit=120)(reloads_and_starts)
tap.case("underlay devices in another order, devices that are none, the socket in the way")(
    underlay_devices)

if __name__ == "__main__":
    tap.main()
