#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
From the maps of earlier layouts to this version's, under a counted stream both ways: nothing lost,
nothing forgotten, counters go on.
"""
import os
import signal
import socket
import time

import tap
from lab import Lab, OUT
from migration import (MACS, MILLION, NETWORKS, PPS, Pair, VNI, add_sent, by_hand, counters,
                       equal_views, expect_new, hooks, learn, view)
from netns import run
from vtep import users_of


@tap.case("migrate: from layout 8", 8, limit=300)
@tap.case("migrate: from layout 7", 7, limit=300, main=True)
def upgrade(layout):
    with Lab() as lab:
        pair = Pair(lab, layout, NETWORKS, **{"max-macs": 2 * MACS, "learn-rate": 0})
        vtep = pair.vtep
        learn(pair, MACS // int(tap.SLOW))
        by_hand(pair)
        ids = vtep.map_ids()
        before = view(vtep)
        counted = counters(vtep)
        pair.flow()
        vtep.stop()
        pair.wait(PPS // 4)
        vtep.start()
        pair.wait(PPS // 4)
        expect_new(vtep, layout)
        equal_views(view(vtep, before), before, f"after layout {layout}")
        sent, back = pair.expect_no_loss(f"from layout {layout}")
        want = add_sent(counted, sent, back)
        tap.equal(counters(vtep), want, "counters")
        gone = ids - vtep.map_ids()
        vtep.kill()
        vtep.start()  # a start like any other: nothing to take over any more
        equal_views(view(vtep, before), before, "after another start")
        tap.equal(counters(vtep), want, "counters after another start")
        tap.equal(users_of(gone), [], "users of the old maps")
        pair.tenants[0].ping("10.0.0.2")


@tap.case("migrate: a configuration that is refused")
def refused():
    """Found out after the new maps are full: the old programs go on, and the old version starts."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        there, pins = hooks(vtep), vtep.pins()
        taken = vtep.host.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.bind((vtep.host.v4, 0))
        taken.listen()
        good = dict(vtep.config)
        vtep.config["metrics"] = {"listen": "{}:{}".format(*taken.getsockname())}
        tap.equal(pair.try_new(), 1, "exit status")
        taken.close()
        tap.contains(vtep.log()[-1], "in use", "what it says")
        tap.equal((hooks(vtep), vtep.pins()), (there, pins), "programs and pins")
        vtep.config = good
        pair.start_old()
        equal_views(view(vtep, before), before, "the old version after that")
        sent, back = pair.expect_no_loss("refused")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


class Cgroup:
    """A control group whose processes have no more memory than that."""

    def __init__(self, lab, limit):
        name = lab.prefix
        for top, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                          ("/sys/fs/cgroup", "memory.max")):
            if os.path.exists(f"{top}/memory.limit_in_bytes" if "limit" in file
                              else f"{top}/cgroup.controllers"):
                self.path = f"{top}/{name}"
                os.mkdir(self.path)
                lab.keep(self)
                if not os.path.exists(f"{self.path}/{file}"):
                    raise tap.Skip("no memory controller for control groups here")
                with open(f"{self.path}/{file}", "w", encoding="ascii") as f:
                    f.write(str(limit))
                return
        raise tap.Skip("no memory controller for control groups here")

    def close(self):
        tap.wait_for(self.remove, "control group removed")

    def remove(self):
        os.rmdir(self.path)
        return True


@tap.case("migrate: no memory")
def no_memory():
    """The kernel refuses, or ends the process: either way the old programs go on."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        before, counted = view(vtep), counters(vtep)
        group = Cgroup(lab, 24 << 20)
        pair.flow()
        vtep.stop()
        there = hooks(vtep)
        p = vtep.host.ns.run("sh", "-c", 'echo $$ > "$0"; exec "$@"', f"{group.path}/cgroup.procs",
                             f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=60)
        tap.ok(p.returncode in (1, -signal.SIGKILL), f"exit status {p.returncode}: {p.stderr}")
        tap.comment(f"ended with {p.returncode}: {p.stderr.strip()}")
        tap.equal(hooks(vtep), there, "programs")
        pair.start_old()
        equal_views(view(vtep, before), before, "the old version after that")
        sent, back = pair.expect_no_loss("no memory")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


def cpu_seconds(pid):
    """What a process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@tap.case("migrate: a million entries", limit=300)
def million():
    with Lab() as lab:
        pair = Pair(lab, 7, **{"max-macs": 1 << 20})
        vtep = pair.vtep
        with open(f"{lab.dir}/fdb", "w", encoding="ascii") as f:
            for i in range(MILLION):
                f.write(f"06:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}:00:01 network {VNI}"
                        f" remote {lab.hosts[1].v4}\n")
        vtep.client("fdb", "load", f"{lab.dir}/fdb", timeout=60 * tap.SLOW)
        pair.flow()
        vtep.stop()
        start = time.monotonic()
        vtep.start()
        took, cpu = time.monotonic() - start, cpu_seconds(vtep.process.pid)
        pair.expect_no_loss("a million entries")
        expect_new(vtep, 7)
        tap.equal(vtep.status()["fdb_entries"], MILLION + 2, "entries")
        tap.comment(f"{took:.2f} s from the start to the first answer, {cpu:.2f} s of CPU")
        tap.ok(cpu < 3 * tap.SLOW, f"{cpu:.2f} s of CPU")  # others may have the processors


if __name__ == "__main__":
    tap.main()
