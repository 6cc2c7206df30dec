#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Netfilter and outer packets: what is registered is told, and passed by every frame or by none of the
known unicast, as the setting says; live.
"""
import frame
import hooks
import tap
from lab import Lab
from filtered import COUNT, WAIT, Two, over_bridge
from vtep import Kernel


def wall(host, hook, family=hooks.IPV4, dev=None):
    """A chain that drops all."""
    try:
        return hooks.Chain(host.ns, family, hook, dev=dev)
    except OSError as e:
        raise tap.Skip(f"no nf_tables here: {e}") from e


@tap.case("kernel bridge + vxlan: the input hook cuts unicast and broadcast")
def control():
    with Lab(switched=True) as lab:
        a, b = lab.hosts
        one, two = a.tenant("p1"), b.tenant("p1")
        for host, other in ((a, b), (b, a)):
            Kernel(host, [{"vni": 100, "ports": ["p1"], "flood": [other.v4]}])
        sender, receiver = one.tap(), two.tap()
        frame.expect(sender, lambda m: frame.plain(one.mac, frame.BROADCAST, m), {receiver: 1},
                     "without")
        wall(b, hooks.INPUT)
        mark = frame.marker()
        sender.send(frame.plain(one.mac, frame.BROADCAST, mark))
        a.ns.run("ping", "-n", "-q", "-c", "2", "-i", "0.05", "-W", WAIT, b.v4, check=False)
        tap.equal(receiver.count(mark), 0, "frames past the input hook")


@tap.case("bypass: told in status and, once, in the log; respect: every frame passes, live",
          "off", main=True)
@tap.case("bypass and respect where XDP takes frames", "native")
def setting(xdp):
    with Lab(wire="nic") as lab:
        two = Two(lab, xdp=xdp)
        b, vtep = lab.hosts[1], two.vteps[1]
        tap.equal(vtep.status()["netfilter"], "none", "status without chains")
        two.passes("without chains")
        chain = wall(b, hooks.INPUT)
        tap.wait_for(lambda: vtep.status()["netfilter"] == "bypassed: nft guard/wall", "status")
        tap.wait_for(lambda: any("does not pass netfilter (nft guard/wall)" in line
                                 for line in vtep.log()), "the log says so")
        known(two, COUNT, "bypassed")
        vtep.config["underlay"]["netfilter"] = "respect"
        vtep.apply()
        tap.equal(vtep.status()["netfilter"], "respected: nft guard/wall", "status")
        tap.equal([r["status"] for r in vtep.rows("peer")], ["netfilter: respect"], "peer")
        known(two, 0, "respected")
        vtep.kill()
        vtep.start()
        known(two, 0, "respected, after a restart")
        chain.close()
        two.passes("no chain any more")
        used = vtep.paths()
        tap.ok(used.get("slow_rx", 0) >= COUNT, f"frames through the kernel: {used}")
        vtep.config["underlay"]["netfilter"] = "bypass"
        vtep.apply()
        vtep.wait_ready()
        two.passes("bypass again")
        tap.equal(sum("does not pass netfilter" in line for line in vtep.log()), 1, "log lines")


def known(two, want, what):
    """Known unicast alone; a fence by the host's own packets would not pass either."""
    mark = frame.marker()
    for _ in range(COUNT):
        two.taps[0].send(frame.udp4(two.one.mac, two.two.mac, "10.0.0.1", "10.0.0.2", mark))
    sent = two.first.stats("port", dev="p1", vlan=0)
    tap.ok(sent["rx_packets"] > 0, "frames from the port")
    if want:
        frame.wait_count({two.taps[1]: want}, mark, f"{what}: known unicast")
        return
    two.hosts[0].ns.run("ping", "-n", "-q", "-c", "3", "-i", "0.05", "-W", WAIT,
                        two.hosts[1].v4, check=False)
    tap.equal(two.taps[1].count(mark), 0, f"{what}: known unicast")


@tap.case("respect: the output hook cuts what is sent")
def output():
    with Lab() as lab:
        two = Two(lab)
        two.first.config["underlay"]["netfilter"] = "respect"
        two.first.apply()
        wire = lab.hosts[0].sent_tap()
        two.passes("without chains")
        wall(lab.hosts[0], hooks.OUTPUT)
        marks = [frame.marker(), frame.marker()]
        for mark, dst in zip(marks, (two.two.mac, frame.BROADCAST)):
            two.taps[0].send(frame.udp4(two.one.mac, dst, "10.0.0.1", "10.0.0.2", mark))
        two.hosts[1].ns.run("ping", "-n", "-q", "-c", "3", "-i", "0.05", "-W", WAIT,
                            two.hosts[0].v4, check=False)
        for mark in marks:
            tap.equal((two.taps[1].count(mark), wire.count(mark)), (0, 0), "frames")


@tap.case("respect: a chain at the underlay device's ingress")
def ingress():
    with Lab(wire="nic") as lab:
        two = Two(lab, xdp="native")
        chain = wall(lab.hosts[0], hooks.INGRESS, hooks.NETDEV, "under")
        tap.wait_for(lambda: two.first.status()["netfilter"] == "bypassed: nft guard/wall",
                     "status names it")
        two.first.config["underlay"]["netfilter"] = "respect"
        two.first.apply()
        two.passes("respected", back=True, expected=0)
        chain.close()
        two.passes("no chain any more", back=True)


@tap.case("a chain at the underlay device's egress: redirected frames pass it, with respect none does")
def egress():
    with Lab() as lab:
        two = Two(lab)
        chain = wall(lab.hosts[0], hooks.EGRESS, hooks.NETDEV, "under")
        two.uplink("tc", "nft guard/wall")
        mark = frame.marker()
        for _ in range(COUNT):
            two.taps[0].send(frame.udp4(two.one.mac, two.two.mac, "10.0.0.1", "10.0.0.2", mark))
        frame.wait_count({two.taps[1]: COUNT}, mark, "bypassed: known unicast")
        two.first.config["underlay"]["netfilter"] = "respect"
        two.first.apply()
        two.passes("respected", expected=0)
        chain.close()
        two.passes("no chain any more")


@tap.case("a bridge over the underlay device: its chains are named, and hold with respect")
def bridged():
    with Lab() as lab:
        over_bridge(lab.hosts[0])
        two = Two(lab)
        chains = [(hooks.INGRESS, hooks.NETDEV, "br0"), (hooks.PREROUTING, hooks.BRIDGE, None),
                  (hooks.INPUT, hooks.BRIDGE, None)]
        for chain in chains:
            placed = wall(lab.hosts[0], *chain)
            tap.wait_for(lambda: two.first.status()["netfilter"] == "bypassed: nft guard/wall",
                         f"{chain}: status names it")
            placed.close()
            tap.wait_for(lambda: two.first.status()["netfilter"] == "none", f"{chain}: it is gone")
        two.first.config["underlay"]["netfilter"] = "respect"
        two.first.apply()
        for chain in chains:
            placed = wall(lab.hosts[0], *chain)
            two.passes(f"{chain}: respected", back=True, expected=0)
            placed.close()
        two.passes("no chain any more", back=True)


if __name__ == "__main__":
    tap.main()
