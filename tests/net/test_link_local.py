#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames to 01:80:c2:00:00:0X: which a network forwards, from ports and from the wire."""
import frame
import tap
from lab import Lab
from vtep import KINDS, Xvtepd

VNI = 100


def to(number):
    return f"01:80:c2:00:00:{number:02x}"


def forwarded(senders, ends):
    """The X whose frames all others see, from each sender; the rest no one sees."""
    found = set()
    for number in range(16):
        got = []
        for tenant, end in senders:
            mark, fence = frame.marker(), frame.marker()
            others = [e for e in ends if e is not end]
            end.send(frame.plain(tenant.mac, to(number), mark))
            end.send(frame.plain(tenant.mac, frame.BROADCAST, fence))
            frame.wait_count({e: 1 for e in others}, fence, "fence")
            got += [e.count(mark) for e in others]
        tap.ok(set(got) in ({0}, {1}), f"X = {number}: copies {got}")
        if got[0]:
            found.add(number)
    return found


def bits(mask):
    return {n for n in range(16) if mask >> n & 1}


def masks(kind):
    """By default STP alone, as a bridge without STP does; with a mask what it says."""
    for mask in (None, 0x4008):
        with Lab() as lab:
            a, b = lab.hosts
            tenants = [a.tenant("p1"), a.tenant("p2"), b.tenant("p1")]
            ends = [t.tap() for t in tenants]
            keys = {} if mask is None or kind == "kernel" else {"link-local": hex(mask | 1)}
            for host, ports, other in ((a, ["p1", "p2"], b), (b, ["p1"], a)):
                KINDS[kind](host, [{"vni": VNI, "ports": ports, "flood": [other.v4], **keys}])
                if kind == "kernel" and mask:
                    host.ns.run("ip", "link", "set", f"br{VNI}", "type", "bridge",
                                "group_fwd_mask", hex(mask))
            senders = [(tenants[0], ends[0]), (tenants[2], ends[2])]
            tap.equal(forwarded(senders, ends), bits((mask or 0) | 1), f"{kind}, mask {mask}")


def settings():
    """By file, command and reload, over a restart; drops are counted."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        tenants = [host.tenant(p) for p in ("p1", "p2")]
        ends = [t.tap() for t in tenants]
        senders = list(zip(tenants, ends))
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", "p2"], "link-local": "drop"}])
        tap.equal(forwarded(senders, ends), set(), "drop")
        tap.equal(vtep.drops().get("reserved_mac"), 32, "drops")
        vtep.client("network", "set", str(VNI), "link-local", "forward")
        tap.equal(forwarded(senders, ends), bits(0xfffd), "forward, by command")
        vtep.kill()
        vtep.start()
        vtep.config["networks"][0]["link-local"] = "0x4000"
        vtep.write()
        vtep.client("reload")
        tap.equal(forwarded(senders, ends), {14}, "LLDP alone, by reload")
        vtep.kill()
        vtep.start()
        tap.equal(vtep.row("network", vni=VNI)["link_local"], "0x4000", "after a restart")
        said = vtep.client("network", "set", str(VNI), "link-local", "2", check=False)
        tap.equal(said.returncode, 2, "PAUSE: exit status")
        tap.contains(said.stderr, "PAUSE", "message")


for _kind in ("xvtep", "kernel"):
    tap.case(f"what is forwarded ({_kind})", _kind)(masks)
tap.case("settings")(settings)

if __name__ == "__main__":
    tap.main()
