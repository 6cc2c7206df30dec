#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Filters of others at ports and underlay devices: told where xvtep's frames do not pass them, put
first where that is asked for or can be, and out of XDP; as they come and go.
"""
import json

import frame
import hooks
import tap
from lab import Lab
from netns import KERNEL
from traffic import Stream
from filtered import COUNT, VNI, Two, over_bridge, over_macvlan, over_vlan
from vtep import Kernel, Xvtepd


def drop_filter(host, dev, direction="ingress", verb="add"):
    """A filter of a clsact qdisc that drops all."""
    if verb == "del":
        host.ns.run("tc", "filter", "del", "dev", dev, direction, "prio", "10")
        return
    qdisc = host.ns.run("tc", "qdisc", "show", "dev", dev).stdout
    if "clsact" not in qdisc:
        host.ns.run("tc", "qdisc", "add", "dev", dev, "clsact")
    host.ns.run("tc", "filter", "add", "dev", dev, direction, "prio", "10", "bpf", "da", "obj",
                host.foreign_object(), "sec", "tc")


@tap.case("kernel bridge + vxlan: a filter at a port holds")
def control():
    with Lab() as lab:
        a, b = lab.hosts
        one, two = a.tenant("p1"), b.tenant("p1")
        for host, other in ((a, b), (b, a)):
            Kernel(host, [{"vni": VNI, "ports": ["p1"], "flood": [other.v4]}])
        frame.expect(one.tap(), lambda m: frame.plain(one.mac, frame.BROADCAST, m),
                     {two.tap(): 1}, "without")
        drop_filter(a, "p1")
        sender, receiver, mark = one.tap(), two.tap(), frame.marker()
        sender.send(frame.plain(one.mac, two.mac, mark))
        a.ns.run("ping", "-n", "-q", "-c", "2", "-i", "0.05", "-W", "2", b.v4)
        tap.equal(receiver.count(mark), 0, "frames past the filter")


@tap.case("port: filters are named, and before them on request, live and over a restart", main=True)
def port_before():
    with Lab() as lab:
        two = Two(lab, second=Kernel)
        a = lab.hosts[0]
        drop_filter(a, "p1")
        two.shows(filters="auto", filters_skipped="tc bpf prio 10", filters_seen="",
                  status="do not see its frames: tc bpf prio 10")
        tap.ok(any("do not see its frames: tc bpf prio 10" in line for line in two.first.log()),
               "the log says so")
        two.passes("not seen by the filter")
        two.port(filters="before")
        two.shows(filters="before", filters_skipped="", filters_seen="tc bpf prio 10", status="")
        two.passes("behind the filter", expected=0)
        two.first.kill()
        two.passes("without the daemon", expected=0)
        two.first.start()
        two.shows(filters="before", filters_seen="tc bpf prio 10")
        two.passes("after a restart", expected=0)
        drop_filter(a, "p1", verb="del")
        two.shows(filters="before", filters_seen="", filters_skipped="")
        two.passes("the filter is gone")
        drop_filter(a, "p1")
        two.port(filters="ignore")
        two.shows(filters="ignore", filters_skipped="tc bpf prio 10", status="")
        two.passes("ignored")


def port_moves(two):
    """No frame is lost while the port goes behind filters and back."""
    stream = Stream(two.one, two.two, 5000)
    for setting in ({"filters": "before"}, {}, {"filters": "before"}, {"filters": "ignore"}):
        stream.run_until(500)
        two.port(**setting)
    stream.run_until(500)
    stream.expect_no_loss("filters: before and back")


@tap.case("port: goes behind filters and back, and nothing of ours stays at its device")
def port_leaves():
    with Lab() as lab:
        two = Two(lab, {"filters": "before"}, second=Kernel)
        a = lab.hosts[0]
        two.passes("behind nothing")
        net = two.first.config["networks"][0]
        fdb = net["fdb"]
        net.update(ports=[], fdb=[])
        two.first.apply()
        tap.equal(a.ns.run("tc", "filter", "show", "dev", "p1", "ingress").stdout, "",
                  "filters after the port is gone")
        net["fdb"] = fdb
        two.port()
        with tap.part("there and back"):
            port_moves(two)
        two.port(filters="before")
        two.first.stop()
        two.first.detach()
        tap.equal(a.ns.run("tc", "filter", "show", "dev", "p1", "ingress").stdout, "",
                  "filters after --detach")
        tap.equal(json.loads(a.ns.run("tc", "-j", "qdisc", "show", "dev", "p1").stdout)[0]["kind"],
                  "noqueue", "the port's only qdisc")


@tap.case("port: chains of nf_tables at its ingress are named")
def port_netdev():
    with Lab() as lab:
        two = Two(lab, second=Kernel)
        try:
            chain = hooks.Chain(lab.hosts[0].ns, hooks.NETDEV, hooks.INGRESS, dev="p1")
        except OSError as e:
            raise tap.Skip(f"no nf_tables for devices: {e}") from e
        two.shows(filters_skipped="nft guard/wall")
        two.passes("not seen by the chain")
        two.port(filters="before")
        two.shows(filters="before", filters_skipped="nft guard/wall",
                  status="do not see its frames: nft guard/wall")
        chain.close()
        two.shows(filters_skipped="", status="")


def tcx(host, dev):
    if KERNEL < (6, 6):
        raise tap.Skip("no TCX before Linux 6.6")
    return hooks.Tcx(host, dev)


@tap.case("tap in XDP: not where others have filters or TCX programs, unless told so")
def tap_xdp():
    with Lab(wire="nic") as lab:
        two = Two(lab, second=Kernel, taps=True)
        a = lab.hosts[0]
        two.shows(encap="xdp", no_xdp="")
        two.passes("XDP")
        drop_filter(a, "p1")
        two.shows(encap="tc", no_xdp="filters")
        for setting, encap, why in (({"filters": "ignore"}, "xdp", ""), ({}, "tc", "filters"),
                                    ({"xdp": "native"}, "xdp", ""),
                                    ({"filters": "before"}, "tc", "filters before"),
                                    ({}, "tc", "filters")):
            two.port(**setting)
            two.shows(encap=encap, no_xdp=why)
            two.passes(f"{setting}", expected=0 if "before" in setting.values() else COUNT)
        drop_filter(a, "p1", verb="del")
        two.shows(encap="xdp", no_xdp="")
        program = tcx(a, "p1")
        two.shows(encap="tc", no_xdp="filters")
        two.passes("dropped by the TCX program before ours", expected=0)
        program.close()
        two.shows(encap="xdp", no_xdp="")
        two.passes("the program is gone")


def uplink_ingress(two, attached):
    """A filter comes, stays over a restart, is ignored by reload, and goes."""
    a = two.hosts[0]
    two.uplink(attached, "")
    two.passes("without a filter", back=True)
    drop_filter(a, "under")
    two.uplink("tc", "behind what others have there: tc bpf prio 10")
    two.passes("filtered", back=True, expected=0)
    two.first.kill()
    two.first.start()
    two.uplink("tc", "behind what others have there: tc bpf prio 10")
    two.passes("filtered, after a restart", back=True, expected=0)
    two.first.config["underlay"]["filters"] = "ignore"
    two.first.apply()
    two.uplink(attached, "filters: ignore, not seeing frames: tc bpf prio 10")
    drop_filter(a, "under", verb="del")
    two.uplink(attached, "none")
    two.passes("the filter is gone", back=True)


@tap.case("underlay: what others filter at its TC ingress holds, TC and XDP", (
    ("off", "tc"),) if tap.SLOW > 1 else (
    ("off", "tc"), ("native", "xdp-native"), ("generic", "xdp-generic")), main=True)
def uplink_modes(modes):
    with Lab(wire="nic") as lab:
        two = Two(lab, second=Kernel, xdp=modes[0][0])
        for mode, attached in modes:
            with tap.part(f"xdp {mode}"):
                if mode != modes[0][0]:
                    two.first.config["underlay"]["xdp"] = mode
                    del two.first.config["underlay"]["filters"]
                    two.first.apply()
                uplink_ingress(two, attached)


@tap.case("underlay: a TCX program before ours")
def uplink_tcx():
    with Lab(wire="nic") as lab:
        two = Two(lab, second=Kernel, xdp="native")
        program = tcx(lab.hosts[0], "under")
        two.uplink("tc", "behind what others have there: tcx")
        two.passes("dropped by the TCX program", back=True, expected=0)
        program.close()
        two.uplink("xdp-native", "none")
        two.passes("the program is gone", back=True)


@tap.case("underlay: XDP does not send past a qdisc or filters at its egress")
def uplink_egress():
    with Lab(wire="nic") as lab:
        two = Two(lab, second=Kernel, taps=True)
        a = lab.hosts[0]
        two.shows(encap="xdp")

        def ways(word, path):
            two.uplink("tc", word)

            def used():
                before = two.first.paths().get(path, 0)
                two.passes(word)
                return two.first.paths().get(path, 0) == before + COUNT
            tap.wait_for(used, f"known unicast goes by {path}")
        ways("none", "port_encap")
        a.ns.run("tc", "qdisc", "add", "dev", "under", "root", "tbf", "rate", "1gbit", "burst",
                 "1mb", "latency", "10ms")
        ways("XDP does not send by it, past qdisc tbf", "encap")
        a.ns.run("tc", "qdisc", "del", "dev", "under", "root")
        ways("none", "port_encap")
        drop_filter(a, "under", "egress")
        two.uplink("tc", "XDP does not send by it, past tc bpf prio 10")

        def filtered():  # the adjacency follows within 20 ms
            before = two.first.paths().get("encap", 0)
            two.passes("filtered at egress", expected=None)
            return two.first.paths().get("encap", 0) == before + COUNT
        tap.wait_for(filtered, "known unicast goes by encap")
        two.passes("filtered at egress", expected=0)
        drop_filter(a, "under", "egress", "del")
        ways("none", "port_encap")


@tap.case("over the underlay: a filter at TC ingress of the bridge holds", over_bridge, "native",
          "xdp-native", main=True)
@tap.case("over the underlay: a filter at TC ingress of the VLAN device holds", over_vlan, "off", "tc")
@tap.case("over the underlay: a filter at TC ingress of the macvlan device holds", over_macvlan,
          "off", "tc")
def receiver_ingress(over, xdp, attached):
    with Lab(wire="nic") as lab:
        a = lab.hosts[0]
        dev = over(a)
        two = Two(lab, xdp=xdp)
        two.passes("without a filter", back=True)
        drop_filter(a, dev)
        says = f"the kernel receives all outer frames, past tc bpf prio 10 at {dev}"
        two.uplink(attached, says)
        two.passes("filtered", back=True, expected=0)
        tap.equal(sum(says in line for line in two.first.log()), 1, "log lines")
        two.first.kill()
        two.first.start()
        two.uplink(attached, says)
        two.passes("filtered, after a restart", back=True, expected=0)
        two.first.config["underlay"]["filters"] = "ignore"
        two.first.apply()
        two.uplink(attached, f"filters: ignore, not seeing frames: tc bpf prio 10 at {dev}")
        drop_filter(a, dev, verb="del")
        two.uplink(attached, "none")
        del two.first.config["underlay"]["filters"]
        two.first.apply()
        two.passes("the filter is gone", back=True)
        taken = two.first.paths().get("slow_rx", 0)
        frame.expect(two.taps[1], lambda m: frame.plain(two.two.mac, two.one.mac, m),
                     {two.taps[0]: 1}, "by the programs again")
        tap.equal(two.first.paths().get("slow_rx", 0), taken, "frames through the kernel")
        program = tcx(a, dev)
        two.uplink(attached, "the kernel receives all outer frames, past tcx")
        two.passes("dropped by the TCX program", back=True, expected=0)
        program.close()
        two.uplink(attached, "none")
        two.passes("the program is gone", back=True)


def protocol_filter(host, dev, protocol, verb="add"):
    """Drops at egress what the kernel takes for that protocol."""
    if verb == "add":
        host.ns.run("tc", "qdisc", "replace", "dev", dev, "clsact")
    what = ["bpf", "da", "obj", host.foreign_object(), "sec", "tc"] if verb == "add" else []
    host.ns.run("tc", "filter", verb, "dev", dev, "egress", "protocol", protocol, "prio", "10",
                *what)


def send_types(ends, dst, types):
    """COUNT frames of each EtherType from the first end. Returns their marks."""
    marks = {}
    for kind in types:
        marks[kind] = frame.marker()
        for _ in range(COUNT):
            ends[0].send(frame.ether(ends[0].mac, dst, kind, bytes(28) + marks[kind]))
    return marks


@tap.case("egress filters by protocol see what a frame is, also where its packet is not IP")
def by_protocol():
    """Over a flood list of IPv4, one of IPv6, and a group; flooded, and known unicast."""
    with Lab(switched=True) as lab:
        a, b = lab.hosts
        ends = [[h.tap_tenant(f"p{i}") for h in lab.hosts] for i in range(3)]
        vteps = [Xvtepd(h, [{"vni": VNI + i, "ports": [f"p{i}"], **remotes}
                            for i, remotes in enumerate(({"flood": [o.v4]}, {"flood": [o.v6]},
                                                         {"group": "239.1.1.1"}))],
                        underlay={"address6": h.v6, "xdp": "off"}) for h, o in ((a, b), (b, a))]
        for pair in ends:
            for one, two in (pair, pair[::-1]):
                frame.expect(one, lambda m, x=one: frame.plain(x.mac, frame.BROADCAST, m),
                             {two: 1}, "without filters")
        for vtep in vteps:
            vtep.wait_learned(6)
            vtep.wait_ready()
        types = (0x0806, frame.ETH_EXPERIMENT)
        for family in ("ip", "ipv6"):
            protocol_filter(a, "under", family)
            tap.wait_for(lambda: "past tc bpf" in (vteps[0].rows("status", part="uplink")[0]
                                                   ["status"] or ""), "the filter is seen")
            vteps[0].wait_ready()
            chosen = [pair for i, pair in enumerate(ends) if (i == 1) == (family == "ipv6")]
            sent = [(pair, dst, send_types(pair, dst, types)) for pair in chosen
                    for dst in (pair[1].mac, frame.BROADCAST)]
            protocol_filter(a, "under", family, "del")
            for pair, dst, marks in sent:
                tap.wait_for(lambda p=pair: frame_passes(*p), "frames pass without the filter")
                for kind, mark in marks.items():
                    tap.equal(pair[1].count(mark), 0, f"{kind:#x} to {dst} past {family}")
        for i in range(3):
            protocol_filter(b, f"p{i}", "arp")
        for pair in ends:
            for dst in (pair[1].mac, frame.BROADCAST):
                marks = send_types(pair, dst, types)
                frame.wait_count({pair[1]: COUNT}, marks[types[1]], f"what is not ARP to {dst}")
                tap.equal(pair[1].count(marks[types[0]]), 0, f"ARP to {dst}")
        for vtep in vteps:
            tap.equal(vtep.drops(), {}, "drops")


def frame_passes(one, two):
    mark = frame.marker()
    one.send(frame.plain(one.mac, two.mac, mark))
    return two.count(mark)


if __name__ == "__main__":
    tap.main()
