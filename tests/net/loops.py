# SPDX-License-Identifier: GPL-2.0-only
"""A tenant that has bridged two ports of a network together."""
import frame
import tap
from vtep import Xvtepd

VNI = 100


def loop_lab(lab, bridge="", first=()):
    """p1 and p2 are bridged by one tenant; p3 is another's. Other ports may come first."""
    host = lab.hosts[0]
    ns, other = lab.netns("loop"), host.tenant("p3")
    for port, end in (("p1", "e1"), ("p2", "e2")):
        host.ns.ip(f"link add {port} type veth peer name {end} netns {ns.path}",
                   f"link set {port} up")
    vtep = Xvtepd(host, [{"vni": VNI, "ports": [*first, "p1", "p2", "p3"]}])
    ns.ip("link add br0 type bridge mcast_snooping 0 " + bridge, "link set e1 master br0 up",
          "link set e2 master br0 up", "link set br0 up")
    return vtep, other, other.tap()


def tenant_of(lab):
    """The namespace with the bridge."""
    return next(n for n in lab.namespaces if "loop" in n.name)


def stir(other, end, condition, what):
    """Sends a broadcast before each look: a loop ends where a queue drops its last copy."""
    def now():
        end.send(frame.plain(other.mac, frame.BROADCAST, frame.marker()))
        return condition()
    tap.wait_for(now, what)


def inside(vtep):
    """The ports that are contained."""
    return [p for p in ("p1", "p2") if "in a loop" in (vtep.row("port", dev=p)["status"] or "")]
