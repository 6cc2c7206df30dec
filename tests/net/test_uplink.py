#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The underlay's devices, the slow path device and the own addresses change, by a reload or by somebody
else: what the daemon has in its maps then, and what it says.
"""
import json
import os
import signal
import struct

import frame
import tap
from lab import Lab
from netns import run
from vtep import Kernel, Xvtepd, link_is_ours, words

VNI = 100
FIRST_UPLINK = 16384  # XV_MAX_PORTS: in xv_tx
VALID = 1  # enum xv_adj_flags


def many_peers(vtep):
    """The route to more peers than are looked at in a turn moves, while some of them come and go."""
    host, peers = vtep.host, [f"203.0.113.{n}" for n in range(1, 151)]
    vtep.config["networks"][0]["flood"] = peers
    vtep.apply()

    def all_by(dev):
        rows = vtep.rows("peer")
        if (sorted(r["remote"] for r in rows) != sorted(peers)
                or not all(r["dev"] == dev and r["ready"] for r in rows)):
            return False
        entries = json.loads(run("bpftool", "-j", "map", "dump", "pinned",
                                 vtep.pin("xv_adj")).stdout)
        ways = [e["formatted"]["value"]["ifindex"] for e in entries
                if e["formatted"]["value"]["flags"] & VALID]
        return ways == [host.ns.links()[dev]["ifindex"]] * len(peers)
    tap.wait_for(lambda: all_by("under"), "all adjacencies are by under")
    for dev, via in (("under2", "198.19.1.254"), ("under", host.gw4)) * 3:
        host.ns.ip(f"route replace 203.0.113.0/24 via {via} dev {dev}")
        for peer in peers[::30]:
            vtep.client("flood", "del", "network", str(VNI), "remote", peer)
            vtep.client("flood", "add", "network", str(VNI), "remote", peer)
        tap.wait_for(lambda d=dev: all_by(d), f"all adjacencies are by {dev}")
    vtep.config["networks"][0]["flood"] = []
    vtep.apply()
    for peer in peers[::30]:
        vtep.client("flood", "del", "network", str(VNI), "remote", peer, check=False)


def sends_by(vtep, dev):
    """The index in xv_tx that the underlay device has, and the device that is there."""
    def lookup(name, key):
        p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin(name), "key",
                *words(struct.pack("<I", key)), check=False)
        return bytes(int(b, 16) for b in (json.loads(p.stdout) or {}).get("value", ()))
    value = lookup("xv_uplink", vtep.host.ns.links()[dev]["ifindex"])
    slot = int.from_bytes(value[4:8], "little")  # struct xv_uplink_val
    return slot, int.from_bytes(lookup("xv_tx", slot), "little")


def other_device(vtep):
    """Another underlay device takes the place of the first: what XDP sends by it has its slot."""
    before = None
    for dev in ("under", "under2", "under"):
        vtep.config["underlay"]["devices"] = [dev]
        vtep.apply()
        slot, ifindex = sends_by(vtep, dev)
        tap.ok(slot >= FIRST_UPLINK and slot != before, f"slot {slot} of {dev}, not {before}")
        tap.equal(ifindex, vtep.host.ns.links()[dev]["ifindex"], f"xv_tx with {dev}")
        before = slot


def other_device_refused(vtep):
    """Others that shall take its place, of which one does not take XDP: the first keeps its slot."""
    vtep.host.ns.ip("link add plain type bridge", "link set plain up")
    before, good = sends_by(vtep, "under"), dict(vtep.config["underlay"])
    tap.equal(before[1], vtep.host.ns.links()["under"]["ifindex"], "xv_tx")
    vtep.config["underlay"].update({"devices": ["under2", "plain"], "xdp": "native"})
    p = vtep.apply(check=False)
    tap.equal(p.returncode, 1, "exit status of apply")
    tap.contains(p.stderr, "plain", "what it says")
    tap.equal(sends_by(vtep, "under"), before, "slot and xv_tx after it")
    vtep.config["underlay"] = good


def own_address_gone(vtep):
    """A member of a family whose own address was taken out of the file is not sent to."""
    gateway = vtep.host.gw4
    vtep.config["underlay"]["address6"] = vtep.host.v6
    vtep.apply()
    vtep.client("flood", "add", "network", str(VNI), "remote", gateway)
    tap.wait_for(lambda: vtep.row("peer", remote=gateway)["ready"], "the peer is ready")
    del vtep.config["underlay"]["address"]
    vtep.config["networks"][0]["flood"] = []
    vtep.apply()
    tap.wait_for(lambda: not vtep.row("peer", remote=gateway)["ready"], "it is not ready")
    tap.contains(vtep.row("peer", remote=gateway)["status"], "no own IPv4", "its status")


def own_address_lost(vtep, family):
    """Another takes the own address off the host: said, of the peers too, and back again."""
    host = vtep.host
    gateway, prefix = ((host.gw4, 24), (host.gw6, 64))[family == 6]
    own = {"address": host.v4} if family == 4 else {"address6": host.v6}
    vtep.config["underlay"] = {"devices": ["under"], **own}
    vtep.config["networks"][0]["flood"] = [gateway]
    vtep.apply()
    vtep.wait_ready()
    address = f"{host.address(family)}/{prefix}"
    host.ns.ip(f"addr del {address} dev under")
    tap.wait_for(lambda: not vtep.row("peer", remote=gateway)["ready"], "it is not ready")
    said = f"{host.address(family)} is no address of this host"
    tap.wait_for(lambda: vtep.row("peer", remote=gateway)["status"] == said,
                 f"the peer's status says: {said}")  # the lost route may be told first
    tap.contains("\n".join(vtep.log()), said + " any more", "log")
    host.ns.ip(f"addr add {address} dev under nodad" if family == 6
               else f"addr add {address} dev under")
    vtep.wait_ready()


def checksum_flags(host):
    """What the slow path device says of UDP checksums of zero over IPv6."""
    data, = [link["linkinfo"]["info_data"] for link in host.ns.links().values()
             if link_is_ours(link)]
    return data["udp_zero_csum6_tx"], data["udp_zero_csum6_rx"]


def expect_broadcasts(one, two):
    for source, target in ((one, two), (two, one)):
        frame.expect(source.tap(), lambda m, s=source: frame.plain(s.mac, frame.BROADCAST, m),
                     {target.tap(): 1}, f"broadcast from {source.ns.name}", 5)


def ipv6_later():
    """
    Started with IPv4 alone; an IPv6 address and flood list come by apply: BUM arrives. Then the
    host loses its own address.
    """
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"]}])
        Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v6]}], 6)
        vtep.config["underlay"]["address6"] = a.v6
        vtep.config["networks"][0]["flood"] = [b.v6]
        vtep.apply()
        tap.equal(checksum_flags(a), (True, True), "flags")
        expect_broadcasts(one, two)
        one.ping(two.ip)
        for family in (6, 4):
            with tap.part(f"own IPv{family} address lost"):
                own_address_lost(vtep, family)


def slow_device_again():
    """A slow path device that does not take zero checksums, left by an earlier version."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v6]}], 6)
        Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v6]}], 6)
        one.ping(two.ip)
        vtep.stop()
        index = a.ns.links()["xv0"]["ifindex"]
        a.ns.ip("link del xv0",
                f"link add xv0 index {index} type vxlan external dstport 4789 nolearning "
                "noudp6zerocsumtx noudp6zerocsumrx", "link set xv0 up")
        tap.equal(checksum_flags(a), (False, False), "flags of the device as it was made")
        vtep.start()
        tap.equal(checksum_flags(a), (True, True), "flags after a restart")
        expect_broadcasts(one, two)


def slow_device_blocked(vtep):
    """The slow path device is gone and its UDP port taken: said, and made again when it is free."""
    host = vtep.host
    vtep.config["networks"][0]["flood"] = ["203.0.113.1"]
    vtep.apply()

    def pinned():
        try:
            return sorted(int(f[3:]) for f in os.listdir(vtep.pin("links"))
                          if f.startswith("tc_"))
        except FileNotFoundError:  # no TCX
            return []
    before, old = pinned(), host.ns.links()["xv0"]["ifindex"]
    vtep.process.send_signal(signal.SIGSTOP)
    host.ns.ip("link del xv0", "link add other type vxlan external dstport 4789",
               "link set other up")
    vtep.process.send_signal(signal.SIGCONT)
    tap.wait_for(lambda: vtep.status()["slow_dev"] == "none", "there is none now")
    host.ns.ip("link del other")
    tap.wait_for(lambda: "xv0" in host.ns.links() and vtep.status()["slow_dev"] == "xv0",
                 "it is made again")
    tap.ok(sum("trying again" in line for line in vtep.log()) == 1, "it is logged once")
    new = host.ns.links()["xv0"]["ifindex"]
    tap.wait_for(lambda: pinned() == sorted(new if n == old else n for n in before),
                 "the pin of the one that is gone goes")


def one_host():
    """What one host shows, without traffic."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.second_uplink()
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}],
                      underlay={"xdp": "native", "devices": ["under", "under2"]})
        with tap.part("the route of many peers changes"):
            many_peers(vtep)
        del vtep.config["underlay"]["xdp"]
        for scenario in (other_device, other_device_refused, slow_device_blocked,
                         own_address_gone):
            with tap.part(scenario.__name__):
                scenario(vtep)


tap.case("many peers, other underlay devices, slow path device gone, own address taken out")(one_host)
tap.case("IPv6 comes later; own addresses lost", main=True)(ipv6_later)
tap.case("slow path device of an earlier version")(slow_device_again)

if __name__ == "__main__":
    tap.main()
