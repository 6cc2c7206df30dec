#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is lost is counted: by xvtep, or by the device, whose counters are shown beside xvtep's."""
import signal

import frame
import tap
from lab import Lab
from vtep import Xvtepd

VNI = 100
NOWHERE = "198.18.1.77"  # nobody answers for it: the slow path's


class Sender:
    """One host with a tenant that sends, and counters that are known to be zero."""

    def __init__(self, lab, ports=("p1",), flood=(), **keys):
        self.host = lab.hosts[0]
        self.tenant = self.host.tenant("p1")
        self.tap = self.tenant.tap()
        self.vtep = Xvtepd(self.host, [{"vni": VNI, "ports": list(ports), "flood": list(flood),
                                        **keys}])

    def put(self, count, dst=frame.BROADCAST):
        for _ in range(count):
            self.tap.send(frame.plain(self.tenant.mac, dst, frame.marker()))

    def drop(self, reason):
        return next(r for r in self.vtep.rows("drops") if r["reason"] == reason)


def slow_path_gone(alive):
    """
    The slow path device is deleted while no daemon runs, or cannot be made again: frames that
    need it are dropped with a reason; with the daemon it comes back.
    """
    with Lab() as lab:
        far = "02:00:00:00:ff:01"
        s = Sender(lab, flood=[NOWHERE], fdb=[{"mac": far, "remote": NOWHERE}])
        vtep, slow = s.vtep, s.vtep.status()["slow_dev"]
        s.put(1)
        tap.wait_for(lambda: vtep.paths().get("flood_copy") == 1, "a copy by the slow path")
        if alive:  # it cannot be made again while another has its UDP port
            vtep.process.send_signal(signal.SIGSTOP)
            s.host.ns.ip(f"link del {slow}",
                         "link add other type vxlan id 1 dstport 4789 local 127.0.0.1",
                         "link set other up")
            vtep.process.send_signal(signal.SIGCONT)
            tap.wait_for(lambda: vtep.status()["slow_dev"] == "none", "noticed")
        else:
            vtep.kill()
            s.host.ns.ip(f"link del {slow}")
        s.put(20)
        s.put(10, far)
        if alive:
            tap.wait_for(lambda: vtep.drops().get("slow_path_gone") == 30, "drops")
            s.host.ns.ip("link del other")
        else:
            vtep.start()
        tap.equal(vtep.drops(), {"slow_path_gone": 30}, "drops")
        row = s.drop("slow_path_gone")
        tap.equal((row["dev"], row["to"]), ("p1", NOWHERE), "the last of them")
        paths = vtep.paths()
        tap.equal((paths["flood_copy"], paths.get("flood_failed", 0), paths.get("encap_slow", 0)),
                  (1, 0, 0), "copies made, copies failed, unicast")
        tap.wait_for(lambda: vtep.status()["slow_dev"] == slow, "made again")
        s.put(1)
        tap.wait_for(lambda: vtep.paths().get("flood_copy") == 2, "a copy again")


def refused_copies():
    """A copy that xvtep refuses is a drop, named with its port, and no failure of the kernel's."""
    with Lab() as lab:
        host = lab.hosts[0]
        host.tenant("p2"), host.tenant("p3", mtu=1000)
        s = Sender(lab, ports=("p1", "p2", "p3"))
        host.ns.ip("link set p2 down")
        tap.wait_for(lambda: not s.vtep.row("port", dev="p2")["up"], "p2 is down")
        s.put(7)
        tap.wait_for(lambda: s.vtep.drops() == {"port_down": 7}, "drops")
        row = s.drop("port_down")
        tap.equal((row["dev"], row["to"], row["to_vlan"]), ("p1", "p2", 0), "from and to")
        data = frame.udp4(s.tenant.mac, frame.BROADCAST, "10.0.0.1", "10.0.0.255", bytes(1200))
        s.tap.send(data)
        tap.wait_for(lambda: s.vtep.drops() == {"port_down": 8, "pkt_too_big": 1}, "drops")
        tap.equal(s.drop("pkt_too_big")["to"], "p3", "the small port")
        paths = s.vtep.paths()
        tap.equal((paths["flood_copy"], paths.get("flood_failed", 0)), (7, 0), "copies")
        tap.equal({d: s.vtep.stats("port", dev=d)["tx_packets"] for d in ("p1", "p2", "p3")},
                  {"p1": 0, "p2": 0, "p3": 7}, "sent")


def slow_reader(qdisc):
    """A tap whose reader is too slow: what xvtep sent is what came and what the device dropped."""
    with Lab() as lab:
        host = lab.hosts[0]
        guest = host.tap_tenant("t1")
        host.ns.ip("link set t1 txqueuelen 8")
        if qdisc:
            host.ns.run("tc", "qdisc", "replace", "dev", "t1", "root", *qdisc.split())
        s = Sender(lab, ports=("p1", "t1"), fdb=[{"mac": guest.mac, "dev": "t1"}])
        before = s.vtep.stats("port", dev="t1")
        mark, many, few = frame.marker(), 300, 50
        for count, dst in ((many, guest.mac), (few, frame.BROADCAST)):
            for _ in range(count):
                s.tap.send(frame.plain(s.tenant.mac, dst, mark))
        tap.wait_for(lambda: s.vtep.stats("port", dev="p1")["rx_packets"] == many + few, "sent")

        def known():
            """What came and what was lost, once nothing is under way any more."""
            came, row = guest.count(mark), s.vtep.stats("port", dev="t1")
            lost = sum(row[k] - before[k] for k in ("device_tx_dropped", "qdisc_dropped"))
            if came + lost != many + few:
                raise tap.Fail(f"{came} frames came, {lost} are lost: {row}")
            return row, lost

        row, lost = tap.wait_for(known, "each frame came or was lost")
        tap.ok(lost > 0, f"some are lost: {row}")
        tap.equal(row["tx_packets"], many + few, "sent, by xvtep's count")
        tap.equal((s.vtep.drops(), s.vtep.paths().get("flood_failed", 0)), ({}, 0), "xvtep's drops")
        text = s.vtep.client("stats", "port").stdout.splitlines()
        names = [line.split() for line in text]
        line = dict(zip(names[0], next(n for n in names if n[0] == "t1")))
        tap.equal(line["DEV-TX-DROP"], str(row["device_tx_dropped"]), "the same in text")


def no_carrier(mode, gro):
    """The tenant's end of a veth is down: not sent, counted, told with the port's name."""
    with Lab() as lab:
        a, b = lab.hosts
        ends = [h.tenant("p1", gro=gro) for h in (a, b)]
        near = b.tenant("p2")
        sends, near_tap = ends[0].tap(), near.tap()
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ports, "flood": [o.v4],
                             "fdb": [{"mac": ends[1].mac, "dev": "p1"} if h is b else
                                     {"mac": ends[1].mac, "remote": b.v4}]}],
                        underlay={"xdp": mode, "delivery": "redirect" if gro else "auto"})
                 for h, o, ports in ((a, b, ["p1"]), (b, a, ["p1", "p2"]))]
        vteps[0].wait_ready()
        far = vteps[1]

        def each(mark):
            """A frame from the wire and one from a port, and a copy of a broadcast."""
            sends.send(frame.udp4(ends[0].mac, ends[1].mac, "10.0.0.1", "10.0.0.2", mark))
            near_tap.send(frame.udp4(near.mac, ends[1].mac, "10.0.0.3", "10.0.0.2", mark))
            near_tap.send(frame.plain(near.mac, frame.BROADCAST, mark))

        row = far.row("port", dev="p1")
        tap.equal((row["up"], row["carrier"], row["status"]), (True, True, None), "before")
        ends[1].ns.ip("link set eth0 down")
        tap.wait_for(lambda: not far.row("port", dev="p1")["carrier"], "no carrier")
        row = far.row("port", dev="p1")
        tap.equal(row["up"], True, "up")
        tap.contains(row["status"], "no carrier", "status")
        for _ in range(10):
            each(frame.marker())
        tap.wait_for(lambda: far.drops() == {"port_down": 30}, f"drops {far.drops()}")
        last = next(r for r in far.rows("drops") if r["reason"] == "port_down")
        tap.equal(last["to"], "p1", "the port that is down")
        tap.equal(far.stats("port", dev="p1")["tx_packets"], 0, "sent")
        ends[1].ns.ip("link set eth0 up")
        tap.wait_for(lambda: far.row("port", dev="p1")["carrier"], "a carrier")
        mark, end = frame.marker(), ends[1].tap()
        each(mark)
        frame.wait_count({end: 3}, mark, "frames")
        tap.equal(far.drops(), {"port_down": 30}, "drops afterwards")


tap.case("slow path device deleted, no daemon", False, main=True)(slow_path_gone)
tap.case("slow path device cannot be made", True)(slow_path_gone)
tap.case("copies that are refused", main=True)(refused_copies)
tap.case("slow tap", "", main=True)(slow_reader)
tap.case("slow tap without a queue", "noqueue")(slow_reader)
tap.case("slow tap behind a small queue", "tbf rate 80kbit burst 2k limit 5k")(slow_reader)
tap.case("no carrier, xdp native", "native", True, main=True)(no_carrier)
tap.case("no carrier, xdp off", "off", False)(no_carrier)

if __name__ == "__main__":
    tap.main()
