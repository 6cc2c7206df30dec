#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is lost is counted: by xvtep, or by the device, whose counters are shown beside xvtep's."""
import signal

import frame
import tap
from lab import Lab
from vtep import Kernel, Xvtepd

VNI = 100
NOWHERE = "198.18.1.77"  # nobody answers for it: the slow path's


class Sender:
    """One host with a tenant that sends, and counters that are looked at from begin() on."""

    def __init__(self, lab, ports=("p1",), flood=(), **keys):
        self.host = lab.hosts[0]
        self.tenant = self.host.tenant("p1")
        self.tap = self.tenant.tap()
        self.vtep = Xvtepd(self.host, [{"vni": VNI, "ports": list(ports), "flood": list(flood),
                                        **keys}])
        self.begin()

    def begin(self):
        self.before = self.vtep.drops(), self.vtep.paths()

    def since(self):
        """({reason: drops}, {path: packets}) since then, but for those that are 0."""
        return tuple({k: n - old.get(k, 0) for k, n in now.items() if n != old.get(k, 0)}
                     for now, old in zip((self.vtep.drops(), self.vtep.paths()), self.before))

    def put(self, count, dst=frame.BROADCAST):
        for _ in range(count):
            self.tap.send(frame.plain(self.tenant.mac, dst, frame.marker()))

    def drop(self, reason):
        return next(r for r in self.vtep.rows("drops") if r["reason"] == reason)


FAR = "02:00:00:00:ff:01"  # behind NOWHERE


def slow_path_gone(s, alive):
    """
    The slow path device is deleted while no daemon runs, or cannot be made again: frames that
    need it are dropped with a reason; with the daemon it comes back.
    """
    vtep, slow = s.vtep, s.vtep.status()["slow_dev"]
    s.begin()
    s.put(1)
    tap.wait_for(lambda: s.since()[1].get("flood_copy") == 1, "a copy by the slow path")
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
    s.put(10, FAR)
    if alive:
        tap.wait_for(lambda: s.since()[0].get("slow_path_gone") == 30, "drops")
        s.host.ns.ip("link del other")
    else:
        vtep.start()
    drops, paths = s.since()
    tap.equal(drops, {"slow_path_gone": 30}, "drops")
    row = s.drop("slow_path_gone")
    tap.equal((row["dev"], row["to"]), ("p1", NOWHERE), "the last of them")
    tap.equal((paths["flood_copy"], paths.get("flood_failed", 0), paths.get("encap_slow", 0)),
              (1, 0, 0), "copies made, copies failed, unicast")
    tap.wait_for(lambda: vtep.status()["slow_dev"] == slow, "made again")
    s.put(1)
    tap.wait_for(lambda: s.since()[1].get("flood_copy") == 2, "a copy again")


def slow_path():
    with Lab(hosts=1) as lab:
        s = Sender(lab, flood=[NOWHERE], fdb=[{"mac": FAR, "remote": NOWHERE}])
        with tap.part("deleted while no daemon runs"):
            slow_path_gone(s, False)
        if tap.SLOW <= 1:
            with tap.part("cannot be made again"):
                slow_path_gone(s, True)


def refused_copies():
    """A copy that xvtep refuses is a drop, named with its port, and no failure of the kernel's."""
    with Lab(hosts=1) as lab:
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


def slow_reader(s, guest):
    """What xvtep sent is what came and what the device dropped."""
    s.begin()
    before = s.vtep.stats("port", dev="t1"), s.vtep.stats("port", dev="p1")["rx_packets"]
    mark, many, few = frame.marker(), 300, 50
    for count, dst in ((many, guest.mac), (few, frame.BROADCAST)):
        for _ in range(count):
            s.tap.send(frame.plain(s.tenant.mac, dst, mark))
    tap.wait_for(lambda: s.vtep.stats("port", dev="p1")["rx_packets"] - before[1] == many + few,
                 "sent")

    def known():
        """What came and what was lost, once nothing is under way any more."""
        came, row = guest.count(mark), s.vtep.stats("port", dev="t1")
        since = {k: row[k] - before[0][k]
                 for k in ("device_tx_dropped", "qdisc_dropped", "tx_packets")}
        lost = since["device_tx_dropped"] + since["qdisc_dropped"]
        if came + lost != many + few:
            raise tap.Fail(f"{came} frames came, {lost} are lost: {row}")
        return row, since, lost

    row, since, lost = tap.wait_for(known, "each frame came or was lost")
    tap.ok(lost > 0, f"some are lost: {row}")
    tap.equal(since["tx_packets"], many + few, "sent, by xvtep's count")
    drops, paths = s.since()
    tap.equal((drops, paths.get("flood_failed", 0)), ({}, 0), "xvtep's drops")
    text = s.vtep.client("stats", "port").stdout.splitlines()
    names = [line.split() for line in text]
    line = dict(zip(names[0], next(n for n in names if n[0] == "t1")))
    tap.equal(line["DEV-TX-DROP"], str(row["device_tx_dropped"]), "the same in text")


def slow_readers():
    """A tap whose reader is too slow, behind queues of several kinds, the default one first."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        guest = host.tap_tenant("t1")
        host.ns.ip("link set t1 txqueuelen 8")
        s = Sender(lab, ports=("p1", "t1"), fdb=[{"mac": guest.mac, "dev": "t1"}])
        for qdisc in ("",) if tap.SLOW > 1 else ("", "noqueue", "tbf rate 80kbit burst 2k limit 5k"):
            if qdisc:
                host.ns.run("tc", "qdisc", "replace", "dev", "t1", "root", *qdisc.split())
            with tap.part(qdisc or "the default qdisc"):
                slow_reader(s, guest)


class Carrier:
    """
    A host with a port whose tenant's end goes down, and one whose tenant sends to it; so does a tenant
    behind the other host's kernel.
    """

    def __init__(self, lab):
        a, b = lab.hosts
        self.far, self.end, self.near = a.tenant("p1"), b.tenant("p1", gro=True), b.tenant("p2")
        self.sends, self.near_tap = self.far.tap(), self.near.tap()
        Kernel(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4]}])
        self.vtep = Xvtepd(b, [{"vni": VNI, "ports": ["p1", "p2"], "flood": [a.v4],
                                "fdb": [{"mac": self.end.mac, "dev": "p1"}]}],
                           underlay={"xdp": "native", "delivery": "redirect"})

    def row(self):
        return self.vtep.row("port", dev="p1")

    def each(self, mark):
        """A frame from the wire and one from a port, and a copy of a broadcast."""
        self.sends.send(frame.udp4(self.far.mac, self.end.mac, "10.0.0.1", "10.0.0.2", mark))
        self.near_tap.send(frame.udp4(self.near.mac, self.end.mac, "10.0.0.3", "10.0.0.2", mark))
        self.near_tap.send(frame.plain(self.near.mac, frame.BROADCAST, mark))


def no_carrier(c):
    """The tenant's end of a veth is down: not sent, counted, told with the port's name."""
    row, vtep = c.row(), c.vtep
    drops, sent = vtep.drops().get("port_down", 0), vtep.stats("port", dev="p1")["tx_packets"]
    tap.equal((row["up"], row["carrier"], row["status"]), (True, True, None), "before")
    c.end.ns.ip("link set eth0 down")
    tap.wait_for(lambda: not c.row()["carrier"], "no carrier")
    row = c.row()
    tap.equal(row["up"], True, "up")
    tap.contains(row["status"], "no carrier", "status")
    for _ in range(10):
        c.each(frame.marker())
    tap.wait_for(lambda: vtep.drops() == {"port_down": drops + 30}, f"drops {vtep.drops()}")
    last = next(r for r in vtep.rows("drops") if r["reason"] == "port_down")
    tap.equal(last["to"], "p1", "the port that is down")
    tap.equal(vtep.stats("port", dev="p1")["tx_packets"], sent, "sent")
    c.end.ns.ip("link set eth0 up")
    tap.wait_for(lambda: c.row()["carrier"], "a carrier")
    mark, end = frame.marker(), c.end.tap()
    c.each(mark)
    frame.wait_count({end: 3}, mark, "frames")
    tap.equal(vtep.drops(), {"port_down": drops + 30}, "drops afterwards")
    end.close()


def carriers():
    with Lab() as lab:
        c = Carrier(lab)
        with tap.part("native, to a port that takes XDP frames"):
            no_carrier(c)
        if tap.SLOW <= 1:
            c.end.ns.run("ethtool", "-K", "eth0", "gro", "off")
            c.vtep.config["underlay"].update(xdp="off", delivery="auto")
            c.vtep.apply()
            with tap.part("xdp off"):
                no_carrier(c)


tap.case("slow path device deleted, and cannot be made", main=True)(slow_path)
tap.case("copies that are refused", main=True)(refused_copies)
tap.case("slow tap, without a queue, behind a small queue", main=True)(slow_readers)
tap.case("no carrier, xdp native and off", main=True)(carriers)

if __name__ == "__main__":
    tap.main()
