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
        return next(r for r in self.vtep.rows("drops", "show") if r["reason"] == reason)


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


tap.case("slow path device deleted, no daemon", False, main=True)(slow_path_gone)
tap.case("slow path device cannot be made", True)(slow_path_gone)
tap.case("copies that are refused", main=True)(refused_copies)

if __name__ == "__main__":
    tap.main()
