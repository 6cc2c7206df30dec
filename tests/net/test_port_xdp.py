#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
XDP on ports' devices (xv_port_encap): frames of a tap leave encapsulated in XDP, counted once and
exactly; which devices get the program, which do not and why; and that it comes and goes with its
port.
"""
import functools
import json
import struct

import frame
import tap
from lab import OUT, VNET_HDR, Lab
from netns import TELLS_FEATURES
from vtep import Kernel, Xvtepd

VNI = 100
COUNT = 50


class Pair:
    """
    A tap tenant on host 1, one behind the kernel's vxlan on host 2; MACs are static, so that counts
    are exact.
    """

    def __init__(self, lab, family=4, **underlay):
        self.lab = lab
        a, b = lab.hosts
        self.one, self.two = a.tap_tenant("t1"), b.tap_tenant("t1")
        self.first = Xvtepd(a, [{
            "vni": VNI, "ports": ["t1"], "flood": [b.address(family)],
            "fdb": [{"mac": self.two.mac, "remote": b.address(family)},
                    {"mac": self.one.mac, "dev": "t1"}]}], family, underlay=underlay)
        Kernel(b, [{"vni": VNI, "ports": ["t1"], "flood": [a.address(family)]}], family)
        self.first.wait_ready()

    def build(self, mark):
        return frame.udp4(self.one.mac, self.two.mac, "10.0.0.1", "10.0.0.2", mark)

    def send(self, path, what, count=COUNT, others=()):
        """That many frames arrive as they were, all by that path, counted once and exactly."""
        mark, before = frame.marker(), self.counts()
        data = self.build(mark)
        for _ in range(count):
            self.one.send(data)
        frame.wait_count({self.two: count, **{t: 0 for t in others}}, mark, what)
        for got in self.two.get(mark):
            tap.equal(got.hex(), data.hex(), f"{what}: the frame")
        now = {k: n - before.get(k, 0) for k, n in self.counts().items() if n != before.get(k, 0)}
        size = count * len(data)
        tap.equal(now, {path: count, "net": count, "net bytes": size, "port": count,
                        "port bytes": size, "peer": count, "peer bytes": size}, f"{what}: counts")

    def paths(self):
        """But for what is not ours and passes, such as ARP between the hosts."""
        return {p: n for p, n in self.first.paths().items() if p not in ("tc_pass", "xdp_pass")}

    def counts(self):
        net, port = self.first.stats("network", vni=VNI), self.first.stats("port", dev="t1", vlan=0)
        peer, = self.first.rows("stats", part="peer")
        tap.equal(self.first.drops(), {}, "drops")
        return {**self.paths(),
                "net": net["tx_unicast_packets"], "net bytes": net["tx_unicast_bytes"],
                "bum": net["tx_bum_packets"],
                "port": port["rx_packets"], "port bytes": port["rx_bytes"],
                "peer": peer["tx_packets"], "peer bytes": peer["tx_bytes"]}


def shown(vtep, dev, encap, why, vlan=0):
    def now():
        row = vtep.row("port", dev=dev, vlan=vlan)
        tap.equal((row["encap"], row["no_xdp"] or ""), (encap, why), f"{dev}: encap and why not XDP")
        return True
    tap.wait_for(now, f"{dev} shows {encap}")
    if not vlan:
        tap.equal(program(vtep, dev) == "xv_port_encap", encap == "xdp",
                  f"{dev}: xv_port_encap is attached")


def xdp_of(vtep, dev):
    """What the kernel says of the device's XDP program, or {}."""
    return vtep.host.ns.links().get(dev, {}).get("xdp", {})


def program(vtep, dev):
    """Name of the device's XDP program, or None."""
    prog = xdp_of(vtep, dev).get("prog")
    if not prog:
        return None
    return json.loads(vtep.host.ns.run("bpftool", "-j", "prog", "show", "id",
                                       str(prog["id"])).stdout)["name"]


def link_ids(vtep):
    """Ids of the instance's pinned XDP links."""
    links = json.loads(vtep.host.ns.run("bpftool", "-j", "link", "show").stdout)
    index = {d["ifindex"] for d in vtep.host.ns.json("ip", "-j", "link")}
    return sorted(link["id"] for link in links
                  if link["type"] == "xdp" and link.get("ifindex") in index)


def to_peer(pair):
    """Frames of a tap arrive at the other host, all through XDP; what XDP leaves goes by TC."""
    shown(pair.first, "t1", "xdp", "")
    pair.send("port_encap", "IPv4 UDP")
    before = pair.paths()
    frame.expect(pair.one, lambda m: frame.plain(pair.one.mac, pair.two.mac, m), {pair.two: 1},
                 "not IP", 5)
    frame.expect(pair.one, lambda m: frame.plain(pair.one.mac, frame.BROADCAST, m),
                 {pair.two: 1}, "broadcast", 5)
    used = {p: n - before.get(p, 0) for p, n in pair.paths().items()}
    tap.equal((used["encap_slow"], used["encap_flood"], used["port_encap"]), (6, 6, 0),
              "frames by paths")


def egress_changes(pair):
    """An underlay device that takes no XDP frames any more: TC; and back."""
    pair.send("port_encap", "taken")
    for on, path in (("off", "encap"), ("on", "port_encap")):
        pair.lab.router.run("ethtool", "-K", "r1", "gro", on)
        before = pair.paths()

        def used(path=path, before=before):
            seen = pair.counts()["port"]
            pair.one.send(pair.build(frame.marker()))
            tap.wait_for(lambda: pair.counts()["port"] > seen, "counted before the next goes")
            return pair.paths().get(path, 0) > before.get(path, 0)
        tap.wait_for(used, f"path {path} with GRO {on} at the other end")
        pair.send(path, f"GRO {on} at the other end")


def local(pair):
    """Between two taps of one host, where ports get XDP frames."""
    other = pair.lab.hosts[0].tap_tenant("t2")
    pair.first.client("port", "add", "t2", "network", str(VNI))
    pair.first.client("fdb", "add", other.mac, "network", str(VNI), "dev", "t2")
    before = pair.paths()
    frame.expect(pair.one, lambda m: frame.udp4(pair.one.mac, other.mac, "10.0.0.1",
                                                "10.0.0.3", m), {other: 1, pair.two: 0},
                 "to the other tap", COUNT)
    used = {p: n - before.get(p, 0) for p, n in pair.paths().items()}
    tap.equal({p: n for p, n in used.items() if n}, {"port_local": COUNT + 1}, "paths")
    tap.equal(pair.first.stats("port", dev="t2")["tx_packets"], COUNT + 1, "port's counter")
    pair.first.client("port", "del", "t2")


def learning(pair):
    """What a tap sends through XDP is learned, and a move is."""
    before = pair.paths().get("encap", 0)
    macs = [pair.lab.new_mac() for _ in range(3)]
    for mac in macs:
        frame.expect(pair.one, lambda m, s=mac: frame.udp4(s, pair.two.mac, "10.0.0.7",
                                                           "10.0.0.2", m), {pair.two: 1}, mac)
        tap.wait_for(lambda mac=mac: pair.first.where(VNI, mac) == "t1", "learned")
    tap.equal(pair.first.paths().get("encap", 0), before, "frames by TC")


def which_devices(vtep):
    """Who gets the program, and what is said of those who do not."""
    a = vtep.host
    for dev, encap, why in (("veth0", "tc", "veth"), ("plain", "xdp", ""),
                            ("head", "tc", "vnet_hdr"), ("forced", "xdp", ""),
                            ("unwanted", "tc", "off"), ("brg", "tc", "bridge"),
                            ("later", "none", ""), ("trunk", "xdp", "")):
        shown(vtep, dev, encap, why)
    shown(vtep, "trunk", "tc", "vlan", vlan=10)
    text = vtep.client("port", "show", "head").stdout
    tap.ok("NO-XDP" in text and "vnet_hdr" in text, f"in the table: {text}")
    later = a.tap_tenant("later")
    shown(vtep, "later", "xdp", "")
    later.close()
    shown(vtep, "later", "none", "")
    a.tap_tenant("later")
    shown(vtep, "later", "xdp", "")
    vtep.client("port", "del", "trunk")
    tap.wait_for(lambda: program(vtep, "trunk") is None,  # the kernel detaches a little later
                 "no program where only the VLAN is a port")
    vtep.client("port", "add", "trunk", "network", "1", "xdp", "off")
    shown(vtep, "trunk", "tc", "off")


def vnet_hdr(pair):
    """A guest that leaves checksums to its tap: they are complete when its frames arrive."""
    guest = pair.lab.hosts[0].tap_tenant("head", vnet_hdr=True)
    pair.first.client("port", "add", "head", "network", str(VNI))
    shown(pair.first, "head", "tc", "vnet_hdr")
    mark = frame.marker()
    data = frame.udp4(guest.mac, pair.two.mac, "10.0.0.1", "10.0.0.2", mark)[:42 + len(mark)]
    pseudo = data[26:34] + struct.pack("!HH", 17, 8 + len(mark))
    start = ~frame.checksum(pseudo) & 0xffff  # of the pseudo header alone, not inverted
    data = data[:40] + struct.pack("!H", start) + data[42:]
    guest.send(data, VNET_HDR.pack(1, 0, 0, 0, 34, 6))  # VIRTIO_NET_HDR_F_NEEDS_CSUM
    frame.wait_count({pair.two: 1}, mark, "frame without checksum")
    got = pair.two.get(mark)[0]
    tap.equal(frame.checksum(pseudo + got[34:42 + len(mark)]), 0, "sum over what arrived")


def tap_changes(vtep):
    """A tap that a guest opens in another way: the program comes and goes."""
    a = vtep.host
    a.ns.ip("tuntap add dev t3 mode tap", "link set t3 up")
    vtep.client("port", "add", "t3", "network", str(VNI))
    shown(vtep, "t3", "xdp", "")
    for head, encap, why in ((True, "tc", "vnet_hdr"), (False, "xdp", "")):
        guest = a.tap_tenant("t3", vnet_hdr=head)
        shown(vtep, "t3", encap, why)
        guest.close()


def foreign(vtep, before):
    """Another's program is not touched; when it is gone, ours is attached."""
    a = vtep.host
    shown(vtep, "theirs", "tc", "other program")
    vtep.client("port", "del", "theirs")
    vtep.client("port", "add", "theirs", "network", "1", "xdp", "native")
    shown(vtep, "theirs", "tc", "other program")
    tap.equal(a.ns.links()["theirs"]["xdp"], before, "the foreign program")
    a.ns.ip("link set theirs xdpdrv off")
    shown(vtep, "theirs", "xdp", "")


def restart(pair):
    """Killed, frames go on through XDP; started again, the program is replaced in its link."""
    vtep = pair.first
    pair.send("port_encap", "before")
    links, ids = link_ids(vtep), xdp_of(vtep, "t1")["prog"]["id"]
    vtep.kill()
    mark = frame.marker()
    for _ in range(COUNT):
        pair.one.send(pair.build(mark))
    frame.wait_count({pair.two: COUNT}, mark, "without a daemon")
    vtep.start()
    shown(vtep, "t1", "xdp", "")
    tap.equal(link_ids(vtep), links, "the XDP link is the same")
    tap.ok(xdp_of(vtep, "t1")["prog"]["id"] != ids, "the program is a new one")
    vtep.wait_ready()
    pair.send("port_encap", "after")
    for setting, encap, why, path in (("off", "tc", "off", "encap"),
                                      ("auto", "xdp", "", "port_encap")):
        vtep.config["networks"][0]["ports"] = [{"dev": "t1", "xdp": setting}]
        vtep.apply()
        shown(vtep, "t1", encap, why)
        pair.send(path, f"xdp {setting}")
    vtep.kill()
    vtep.config["networks"][0]["ports"] = [{"dev": "t1", "xdp": "off"}]
    vtep.start()
    shown(vtep, "t1", "tc", "off")


def at_once(pair):
    """Taken away and put back without a pause, again and again: no hook is still taken."""
    client = f"{OUT}/xvtep -i {pair.first.instance}"
    pair.first.host.ns.run("sh", "-c", f"""
        for i in $(seq 40); do
            {client} port del t1 && {client} port add t1 network {VNI} || exit
            {client} -j port show t1 | grep -q '"encap": *"xdp"' || exit
        done""")
    pair.first.client("fdb", "replace", pair.one.mac, "network", str(VNI), "dev", "t1")
    pair.send("port_encap", "at the end")


def setting_stays():
    """
    A port added by hand keeps its setting over a restart, and in what is saved. Then what cannot be
    is said.
    """
    with Lab(wire="nic") as lab:
        a = lab.hosts[0]
        a.tap_tenant("t1", vnet_hdr=True)
        a.tap_tenant("t2")
        vtep = Xvtepd(a, [{"vni": VNI}])
        vtep.client("port", "add", "t1", "network", str(VNI), "xdp", "native")
        vtep.client("port", "add", "t2", "network", str(VNI), "xdp", "off")
        before = link_ids(vtep)
        vtep.stop()
        vtep.start()
        shown(vtep, "t1", "xdp", "")
        shown(vtep, "t2", "tc", "off")
        tap.equal(link_ids(vtep), before, "links")
        saved = vtep.client("save").stdout
        tap.contains(saved, "{dev: t1, xdp: native, filters: auto}", "saved")
        tap.contains(saved, "{dev: t2, xdp: off, filters: auto}", "saved")
        with tap.part("a tap is opened in another way"):
            tap_changes(vtep)
        with tap.part("what cannot be"):
            refused_words(vtep)


def refused_words(vtep):
    """What cannot be is said."""
    vtep.host.tenant("p1")
    vtep.config["networks"][0]["ports"] = [{"dev": "p1", "xdp": "native"}]
    vtep.apply()
    shown(vtep, "p1", "tc", "veth")
    tap.contains(vtep.row("port", dev="p1")["status"], "veth", "status")
    bad = vtep.client("port", "add", "p1", "network", str(VNI), "vlan", "5", "xdp", "native",
                      check=False)
    tap.equal(bad.returncode, 1, "a VLAN with xdp native: exit status")


def detached(pair):
    """--detach leaves no program on the tap, and none pinned."""
    vtep = pair.first
    shown(vtep, "t1", "xdp", "")
    vtep.stop()
    tap.equal(program(vtep, "t1"), "xv_port_encap", "without the daemon")
    vtep.detach()
    tap.equal(program(vtep, "t1"), None, "after --detach")


def trunk(pair):
    """The untagged port of a tap in XDP, a VLAN of it at TC, in another network."""
    pair.first.client("network", "add", "vni", "200")
    pair.first.client("flood", "add", "network", "200", "remote", pair.lab.hosts[1].v4)
    pair.first.client("port", "add", "t1", "vlan", "10", "network", "200")
    shown(pair.first, "t1", "xdp", "")
    pair.send("port_encap", "untagged")
    wire = pair.lab.hosts[1].wire_tap()
    mark = frame.marker()
    for _ in range(5):
        pair.one.send(frame.udp4(pair.one.mac, pair.two.mac, "10.0.0.1", "10.0.0.2", mark,
                                 vlan=10))
    frame.wait_count({wire: 5, pair.two: 0}, mark, "tagged: VNI 200, which host 2 has not")
    for got in wire.get(mark):
        tap.equal(got[46:49].hex(), "0000c8", "VNI")
    pair.first.client("port", "del", "t1", "vlan", "10")


def in_turn(*scenarios, **how):
    """Scenarios with one pair."""
    with Lab(wire="nic") as lab:
        pair = Pair(lab, **how)
        for scenario in scenarios:
            with tap.part(scenario.__name__):
                scenario(pair)


def devices():
    """Ports of all kinds, and one that has somebody else's program."""
    with Lab(hosts=1, wire="nic") as lab:
        a = lab.hosts[0]
        a.tenant("veth0")
        for name in ("plain", "head", "forced", "unwanted", "trunk", "theirs"):
            a.tap_tenant(name, vnet_hdr=name in ("head", "forced"))
        a.ns.ip("link add brg type bridge", "link set brg up")
        a.foreign_xdp("theirs")
        before = a.ns.links()["theirs"]["xdp"]
        vtep = Xvtepd(a, [
            {"vni": 1, "ports": ["veth0", "plain", "head", {"dev": "forced", "xdp": "native"},
                                 {"dev": "unwanted", "xdp": "off"}, "brg", "later", "trunk",
                                 "theirs"]},
            {"vni": 2, "ports": [{"dev": "trunk", "vlan": 10}]}])
        with tap.part("which devices get the program"):
            which_devices(vtep)
        with tap.part("a foreign program on the tap"):
            foreign(vtep, before)


def old_kernel():
    """Which devices take XDP frames is not known: no port gets the program."""
    if TELLS_FEATURES:
        raise tap.Skip("this kernel tells the XDP features of devices")
    with Lab(wire="nic") as lab:
        pair = Pair(lab)
        shown(pair.first, "t1", "tc", "kernel before 6.3")
        pair.send("encap", "IPv4 UDP")


def case(name, *args, **how):
    """A case for kernels that tell the XDP features of devices."""
    def add(function):
        @functools.wraps(function)
        def run(*args, **kwargs):
            if not TELLS_FEATURES:
                raise tap.Skip("the kernel tells no XDP features (Linux 6.3)")
            function(*args, **kwargs)
        return tap.case(name, *args, **how)(run)
    return add


tap.case("before Linux 6.3", main=True)(old_kernel)
case("a tap's frames to a peer, IPv4; a VLAN of it; killed, restarted, other setting", to_peer, trunk,
     restart, main=True)(in_turn)
case("a tap's frames to a peer, IPv6; then detached", to_peer, detached, family=6)(in_turn)
case("egress changes, ports of one host, learning, open checksums, put back at once", egress_changes,
     learning, vnet_hdr, local, at_once, delivery="redirect")(in_turn)
case("which devices get the program; a foreign program", main=True)(devices)
case("a setting by hand stays; a tap is opened in another way; what cannot be")(setting_stays)

if __name__ == "__main__":
    tap.main()
