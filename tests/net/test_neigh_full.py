#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
A full neighbour table does not cut off next hops that answer. Its limits are the whole machine's:
tools/check runs nothing beside this that needs neighbours.
"""
import contextlib
import fcntl
import time

import frame
import tap
from lab import Lab
from neigh import managed
from two import VNI
from vtep import Xvtepd

EPISODE = 60  # seconds: an overflow that comes later is told again
LIMIT = "/run/xvtep-test-gc-thresh"


@contextlib.contextmanager
def table_limits(limits):
    """gc_thresh1 to 3 of both families, machine-wide; as they were afterwards."""
    paths = [f"/proc/sys/net/ipv{f}/neigh/default/gc_thresh{n}" for f in (4, 6) for n in (1, 2, 3)]
    with open(LIMIT, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        old = []
        for path in paths:
            with open(path, encoding="ascii") as f:
                old.append(f.read())
        try:
            for path, value in zip(paths, limits * 2):
                with open(path, "w", encoding="ascii") as f:
                    f.write(str(value))
            yield
        finally:
            for path, value in zip(paths, old):
                with open(path, "w", encoding="ascii") as f:
                    f.write(value)


def full(lab, family):
    """
    200 silent peers and 5 that answer, at gc_thresh3 128: the 5 are reached; the log says why.
    Yields before it waits for long.
    """
    a, b = lab.hosts
    tenant = a.tenant("p1")
    base = "198.18.0." if family == 4 else "2001:db8::"
    begin = time.monotonic()
    live = [b.v4 if family == 4 else "2001:db8::2"] + [f"{base}{n}" for n in range(241, 245)]
    b.ns.ip(*(f"addr add {ip}/{24 if family == 4 else 64} dev under"
              + (" nodad" if family == 6 else "") for ip in live[1:]))
    dead = [f"{base}{n}" for n in range(20, 220)]
    vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": dead + live}], family)
    sender = tenant.tap()
    for _ in range(3):  # BUM: the kernel asks for all of them too
        sender.send(frame.plain(tenant.mac, frame.BROADCAST, frame.marker()))
    yield

    def ready():
        rows = vtep.rows("peer")
        return sorted(r["remote"] for r in rows if r["ready"]) == sorted(live)
    tap.wait_for(ready, "the 5 are ready, and no other")
    wire = lab.keep(frame.Tap(b.ns, "under"))
    frame.expect(sender, lambda m: frame.plain(tenant.mac, frame.BROADCAST, m), {wire: 5},
                 "a broadcast to the 5", 5)
    yield
    tap.wait_for(lambda: not any(ip in managed(a, family) for ip in dead),
                 "the silent ones are let go", 30)
    said = f"net.ipv{family if family == 6 else 4}.neigh.default.gc_thresh3"

    def overflow():
        sender.send(frame.plain(tenant.mac, frame.BROADCAST, frame.marker()))
        return any(said in line for line in vtep.log())
    tap.wait_for(overflow, "the log names the sysctl", 15)
    tap.wait_for(lambda: any(said in (r["status"] or "") for r in vtep.rows("peer")),
                 "a status does")
    lines = sum(said in line for line in vtep.log())
    tap.ok(1 <= lines <= 1 + (time.monotonic() - begin) // EPISODE, f"{lines} lines about it")
    tap.wait_for(ready, "the 5 are ready still")  # a probe may have been late


@tap.case("neighbour tables full, IPv4 and IPv6", main=True)
def both_full():
    """At the same time, as most of it is waiting, and the limits are of both."""
    with table_limits((32, 64, 128)), Lab(hosts=2, switched=True) as four, \
            Lab(hosts=2, switched=True) as six:
        todo = [full(four, 4), full(six, 6)]
        while todo:
            todo = [t for t in todo if next(t, True) is None]


if __name__ == "__main__":
    tap.main()
