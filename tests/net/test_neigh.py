#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Next hops: the kernel is asked to keep them resolved, also after others changed the entry; those that
do not answer are let go; and nothing of it stays when a peer or the instance goes.
"""
import os

import frame
import tap
import traffic
from lab import Lab
from neigh import entries, gateway, managed, quicken
from two import VNI, Two
from vtep import BPFFS, Xvtepd


def expect_heals(lab, two, family, mac):
    """The router's MAC address changes, unsaid, and traffic goes on."""
    lab.router.ip(f"link set r1 address {mac}")
    stream = traffic.Stream(two.one, two.two, 500)
    tap.wait_for(lambda: two.first.row("peer", dev="under")["mac"] == mac,
                 "the adjacency has the new address", 30)
    seen = len(stream.seen)
    tap.wait_for(lambda: len(stream.seen) > seen + 50, "the stream flows again")
    stream.stop()


def touched(family):
    """Others replace or delete the entry, or change it while messages are lost."""
    with Lab() as lab:
        a = lab.hosts[0]
        quicken(a, family)
        two = Two(lab, family)
        hop = gateway(a, family)
        mac = lab.router.mac("r1")

        def again():
            tap.wait_for(lambda: managed(a, family) == [hop] and two.first.row("peer", dev="under")
                         ["ready"], "the entry is kept again, and the peer ready")
        again()
        for number, lines in enumerate((
                (f"neigh replace {hop} lladdr {mac} dev under nud reachable",),
                (f"neigh change {hop} lladdr {mac} dev under nud stale",),
                (f"neigh del {hop} dev under",),
                (f"neigh del {hop} dev under",
                 f"neigh replace {hop} lladdr {mac} dev under nud reachable"))):
            a.ns.ip(*lines)
            again()
            mac = f"02:00:00:00:ef:{number:02x}"
            expect_heals(lab, two, family, mac)
        lines = [f"neigh replace {hop} lladdr {mac} dev under nud {state}"
                 for state in ("reachable", "stale")] * 3
        a.ns.ip(*lines)  # however often: it does not go in circles
        again()
        two.expect_fast("in the end")


def overrun():
    """The same while the daemon does not read: it looks at all again, and believes nothing."""
    with Lab() as lab:
        a = lab.hosts[0]
        quicken(a, 4)
        two = Two(lab)
        mac = lab.router.mac("r1")
        pid = two.first.process
        pid.send_signal(19)  # SIGSTOP
        a.ns.ip("link add noise type veth peer name noise2", "link set noise up")
        a.ns.ip(*[f"neigh {'add' if n % 2 == 0 else 'del'} 203.0.113.1 lladdr 02:00:00:00:00:99"
                  " dev noise" for n in range(60000)])
        a.ns.ip(f"neigh replace {a.gw4} lladdr {mac} dev under nud reachable")
        pid.send_signal(18)  # SIGCONT
        tap.wait_for(lambda: any("notifications were lost" in line for line in two.first.log()),
                     "messages were lost", 20)
        tap.wait_for(lambda: managed(a, 4) == [a.gw4], "the entry is kept again")
        expect_heals(lab, two, 4, "02:00:00:00:ef:20")


def silent(family):
    """Of a peer that never answers nothing stays: not when it is deleted, not after --detach."""
    with Lab(hosts=1, switched=True) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        quicken(host, family)
        prefix = host.v4.rsplit(".", 1)[0]
        peers = [f"{prefix}.{n}" if family == 4 else f"2001:db8::{n}" for n in (71, 72, 73)]
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "flood": peers[:2]}], family)
        vtep.client("peer", "add", peers[2])
        tap.wait_for(lambda: managed(host, family) == peers, "they are asked for")
        for peer in peers:
            tap.wait_for(lambda p=peer: "FAILED" in entries(host, family)[p], f"{peer} failed")
        vtep.client("peer", "del", peers[2])
        tap.wait_for(lambda: sorted(entries(host, family)) == peers[:2], "the deleted one's goes")
        vtep.client("flood", "del", "network", str(VNI), "remote", peers[1])
        tap.wait_for(lambda: sorted(entries(host, family)) == peers[:1], "the other's too")
        vtep.stop()
        vtep.start()
        tap.wait_for(lambda: managed(host, family) == peers[:2], "those in the file are asked for")
        vtep.stop()
        host.ns.ip("addr add 192.0.2.1/24 dev under")  # the route moves while nobody looks
        host.ns.run("ip", f"-{family}", "route", "add", peers[0], "via",
                    "192.0.2.9" if family == 4 else "2001:db8::99", "dev", "under")
        os.mkdir(f"{BPFFS}/{vtep.instance}-new")  # another is just being set up somewhere
        vtep.detach()
        os.rmdir(f"{BPFFS}/{vtep.instance}-new")
        tap.equal(entries(host, family), {}, "after --detach")


def foreign():
    """Entries of others stay as they are."""
    with Lab(hosts=2, switched=True) as lab:
        host, other = lab.hosts
        host.tenant("p1")
        other.ns.ip("addr add 198.18.0.77/24 dev under")
        mac = other.ns.mac("under")
        host.ns.ip(f"neigh add 198.18.0.77 lladdr {mac} dev under managed extern_learn proto static",
                   f"neigh add 198.18.0.78 lladdr {mac} dev under nud permanent",
                   f"neigh add 198.18.0.79 lladdr {mac} dev under managed extern_learn")
        before = entries(host, 4)
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"],
                              "flood": ["198.18.0.77", "198.18.0.78"]}])
        vtep.wait_ready()
        vtep.stop()
        vtep.detach()
        after = entries(host, 4)
        tap.equal(after["198.18.0.78"], before["198.18.0.78"], "the permanent one after --detach")
        for ip in ("198.18.0.77", "198.18.0.79"):
            tap.ok({"managed", "extern_learn"} <= after[ip], f"{ip} after --detach: {after[ip]}")


def quiet():
    """One that does not answer is let go, and kept again when traffic finds it."""
    with Lab(hosts=2, switched=True) as lab:
        a, b = lab.hosts
        tenant = a.tenant("p1")
        quicken(a, 4)
        b.ns.ip("link set under down")
        vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4]}])
        tap.wait_for(lambda: managed(a, 4) == [b.v4], "it is asked for")
        tap.wait_for(lambda: entries(a, 4) == {} and vtep.row("peer")["status"] ==
                     f"next hop {b.v4} does not answer on under", "it is let go", 30)
        b.ns.ip("link set under up")
        wire = lab.keep(frame.Tap(b.ns, "under"))
        frame.expect(tenant.tap(), lambda m: frame.plain(tenant.mac, frame.BROADCAST, m), {wire: 1},
                     "through the slow path", 1)
        tap.wait_for(lambda: vtep.row("peer")["ready"] and managed(a, 4) == [b.v4],
                     "it is kept again, and ready")


for _family in (4, 6):
    tap.case(f"entry touched by others, IPv{_family}", _family, main=_family == 4)(touched)
    tap.case(f"peers that never answer, IPv{_family}", _family, main=_family == 4)(silent)
tap.case("entry touched while messages are lost")(overrun)
tap.case("entries of others")(foreign)
tap.case("quiet next hop")(quiet)

if __name__ == "__main__":
    tap.main()
