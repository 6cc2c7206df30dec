#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
From the maps of earlier layouts to this version's, under a counted stream both ways: nothing lost,
nothing forgotten, counters go on; and when the new daemon is killed or fails at any step, the old
version goes on, or the new one does.
"""
import json
import os
import signal
import socket
import time

import frame
import history
import tap
import traffic
from lab import OUT, Lab
from netns import run
from vtep import Xvtepd, users_of, words

LAYOUT = 9  # this version's
VNI, BY_HAND = 100, 5000
PPS = 5000
MACS = 10000
NETWORKS = 100
MILLION = 1000000
LEFT_OUT = {"age", "last_heard", "moves_denied"}  # columns that tell a time, or are no more


class Pair:
    """
    Two VTEPs with a tenant each that know each other; the first is run by an earlier version, and
    has NETWORKS networks.
    """

    def __init__(self, lab, layout, networks=1, **settings):
        self.lab, self.layout = lab, layout
        self.old = history.build(layout)
        a, b = lab.hosts
        self.tenants = [h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        empty = [{"vni": 1000 + i, "name": f"net{i}", "flood": [b.v4]} for i in range(1, networks)]
        self.vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4], **settings}, *empty],
                           start=False)
        self.other = Xvtepd(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v4], **settings}])
        self.streams = []
        self.start_old()
        self.tenants[0].neigh(self.tenants[1])
        self.tenants[1].neigh(self.tenants[0])
        self.tenants[0].ping("10.0.0.2")
        for vtep in (self.vtep, self.other):
            vtep.wait_learned(2)
            vtep.wait_ready()

    def start_old(self):
        self.vtep.spawn = lambda: self.spawn(self.old)
        self.vtep.start()
        del self.vtep.spawn

    def spawn(self, where, **environment):
        vtep = self.vtep
        with open(vtep.log_file, "ab") as log:
            return vtep.host.ns.popen(f"{where}/xvtepd", "-c", vtep.file, stdout=log, stderr=log,
                                      env={**os.environ, **environment})

    def try_new(self, **environment):
        """A start of this version. Its exit status; None: it runs."""
        vtep = self.vtep
        vtep.write()
        vtep.process = self.spawn(OUT, **environment)
        tap.wait_for(lambda: vtep.process.poll() is not None
                     or vtep.client("status", check=False).returncode == 0, "answers, or ends", 30)
        code = vtep.process.poll()
        if code is not None:
            vtep.process = None
        return code

    def flow(self):
        """Streams both ways."""
        one, two = self.tenants
        self.streams = [traffic.Stream(one, two, PPS), traffic.Stream(two, one, PPS)]
        self.wait(PPS // 4)

    def wait(self, count):
        for stream in self.streams:
            stream.run_until(count)

    def expect_no_loss(self, what):
        """How many were sent by the first tenant, and to it."""
        for stream in self.streams:
            stream.expect_no_loss(what)
        return [stream.sent for stream in self.streams]


def counters(vtep):
    """Packets of the port, the peer, and the network that has both."""
    port = vtep.stats("port", dev="p1")
    peer = vtep.stats("peer", remote=vtep.host.lab.hosts[1].v4)
    net = vtep.stats("network", vni=VNI)
    return {"port rx": port["rx_packets"], "port tx": port["tx_packets"],
            "peer rx": peer["rx_packets"], "peer tx": peer["tx_packets"],
            "net rx": net["rx_unicast_packets"], "net tx": net["tx_unicast_packets"]}


def hooks(vtep):
    """{pin: id of the program} of all links, and the filters."""
    links = {os.path.basename(p): link["prog_id"] for link in json.loads(
        run("bpftool", "-j", "-f", "link", "show").stdout) for p in link.get("pinned", ())
        if p.startswith(vtep.pin("links"))}
    for dev in vtep.host.ns.links():
        p = vtep.host.ns.run("tc", "-j", "filter", "show", "dev", dev, "ingress", check=False)
        for row in json.loads(p.stdout or "[]"):
            if "options" in row and "prog" in row["options"]:
                links[f"{dev} {row['pref']}"] = row["options"]["prog"]["id"]
    return links


def learn(pair, count):
    """As many MAC addresses of the first tenant, each seen once."""
    one, two = pair.tenants
    sender = one.tap()
    for i in range(count):
        mac = f"02:aa:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"
        sender.send(frame.plain(mac, two.mac, b"learn me"))
    pair.vtep.wait_learned(2 + count)


def by_hand(pair):
    """What no file says."""
    vtep = pair.vtep
    vtep.host.ns.ip("link add x1 type veth peer name x2", "link set x1 up", "link set x2 up")
    for words in ((f"network add vni {BY_HAND} name byhand ageing 77"),
                  (f"port add x1 network {BY_HAND}"),
                  (f"port add x1 vlan 7 network {VNI}"),
                  ("peer add 203.0.113.7"),
                  (f"flood add network {BY_HAND} remote 203.0.113.8"),
                  (f"fdb add 02:bb:00:00:00:01 network {BY_HAND} remote 203.0.113.7"),
                  (f"fdb add 02:bb:00:00:00:02 network {VNI} dev x1 vlan 7")):
        vtep.client(*words.split())


def view(vtep, like=None):
    """
    All that the daemon knows, sorted. With like: only the columns that it has, by the names of
    parts.
    """
    parts = {}
    for part in ("network", "port", "peer", "flood", "fdb"):
        rows = vtep.rows(part, "show")
        had = set(like[part][0]) if like and like[part] else None
        keep = [{k: v for k, v in row.items() if k not in LEFT_OUT and (had is None or k in had)}
                for row in rows]
        parts[part] = sorted(keep, key=lambda row: json.dumps(row, sort_keys=True))
    return parts


def equal_views(got, want, what):
    for part, rows in want.items():
        now = {json.dumps(r, sort_keys=True) for r in got[part]}
        then = {json.dumps(r, sort_keys=True) for r in rows}
        tap.equal((sorted(now - then)[:3], sorted(then - now)[:3]), ([], []),
                  f"{what}: {part} show: more, and less")
        tap.equal(len(got[part]), len(rows), f"{what}: {part} show: rows")


def expect_new(vtep, layout):
    """Maps and pins are as this version makes them. layout: that it took them over from it."""
    tap.equal([p for p in vtep.pins() if p.startswith("next")], [], "pins of a new set")
    tap.ok("xv_meta" in vtep.pins(), f"xv_meta is pinned: {vtep.pins()}")
    tap.equal(vtep.status()["adopted"], True, "adopted")
    if layout:
        tap.ok(any(f"took over map layout {layout} of" in line for line in vtep.log()), "log")


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


def says_new(vtep):
    """Whether xv_config says the layout of this version: earlier ones refuse it then."""
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_config"), "key", *words(bytes(4)))
    return int(json.loads(p.stdout)["value"][0], 16) == LAYOUT


def add_sent(counted, sent, back):
    """Counters after that many more packets from the first tenant, and to it."""
    return {key: value + (sent if key in ("port rx", "peer tx", "net tx") else back)
            for key, value in counted.items()}


@tap.case("migrate: killed at each step, each start goes on: layout 7", 7, 12, limit=600)
@tap.case("migrate: killed at each step, each start goes on: layout 8, with a filter", 8, 6,
          limit=600, ports=[{"dev": "p1", "filters": "before"}])
def killed_and_on(layout, least, **settings):
    """When xv_config says the new layout, no program of the old one is attached any more."""
    with Lab() as lab:
        pair = Pair(lab, layout, **settings)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        there, steps = hooks(vtep), 0
        while pair.try_new(XVTEP_MIGRATION_KILL=str(steps + 1)) == -signal.SIGKILL:
            steps += 1
            pair.wait(PPS // 50)
            now = hooks(vtep)
            if says_new(vtep):
                tap.equal([name for name in there if now[name] == there[name]], [], "old programs")
        tap.ok(steps > least, f"steps: {steps}")
        tap.comment(f"killed {steps} times")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("killed at each step")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


@tap.case("migrate: killed while pins change places", limit=900)
def killed_late():
    """Behind the point of no return: the next start ends it, whichever pins it finds where."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        step = killed = 0
        while True:
            counted = counters(vtep)
            pair.flow()
            vtep.stop()
            while (code := pair.try_new(XVTEP_MIGRATION_KILL=str(step + 1))) is not None:
                tap.equal(code, -signal.SIGKILL, f"exit status, step {step + 1}")
                step += 1
                if says_new(vtep):
                    break
            if code is None:
                break
            killed += 1
            tap.equal(pair.try_new(), None, f"a start after step {step}")
            expect_new(vtep, None)
            sent, back = pair.expect_no_loss(f"killed at step {step}")
            tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")
            vtep.stop()
            vtep.detach()
            pair.start_old()
            pair.tenants[0].ping("10.0.0.2")
            vtep.wait_learned(2)
            vtep.wait_ready()
        pair.expect_no_loss("not killed")
        tap.comment(f"killed {killed} times")
        tap.ok(killed > 8, f"killed {killed} times")


@tap.case("migrate: killed at each step, the old version goes on: layout 8", 8, limit=600)
@tap.case("migrate: killed at each step, the old version goes on: layout 7", 7, limit=900)
def killed_and_back(layout):
    with Lab() as lab:
        pair = Pair(lab, layout)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        steps = 0
        while pair.try_new(XVTEP_MIGRATION_KILL=str(steps + 1)) == -signal.SIGKILL:
            steps += 1
            if not says_new(vtep):
                pair.start_old()
                pair.wait(PPS // 50)
                equal_views(view(vtep, before), before, f"the old version after step {steps}")
                vtep.stop()
        tap.comment(f"killed {steps} times")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("killed at each step, and back")
        if layout == 8:  # counters of layout 7 have maps of their own, and those go with the kill
            tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


@tap.case("migrate: half-way, and removed by --detach")
def removed():
    """Of this version and of the old one: whichever programs are attached, nothing stays."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        for where in (OUT, pair.old):
            vtep.stop()
            tap.equal(pair.try_new(XVTEP_MIGRATION_KILL="12"), -signal.SIGKILL, "exit status")
            tap.ok("next_xv_meta" in vtep.pins(), f"half-way: {vtep.pins()}")
            tap.ok(len(set(hooks(vtep).values())) > 1, f"programs of both sets: {hooks(vtep)}")
            ids = vtep.map_ids()
            p = vtep.host.ns.run(f"{where}/xvtepd", "--detach", "-i", vtep.instance)
            tap.equal(p.stdout + p.stderr, "", "what --detach says")
            tap.equal(vtep.leftovers(ids), [], "left behind")
            pair.start_old()


@tap.case("migrate: each step fails: layout 7", 7, limit=900)
@tap.case("migrate: each step fails: layout 8, with a filter", 8, limit=900,
          ports=[{"dev": "p1", "filters": "before"}])
def failed(layout, **settings):
    """Until the layout is changed for good all is put back: the very programs, and their counters."""
    with Lab() as lab:
        pair = Pair(lab, layout, **settings)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        there, pins = hooks(vtep), vtep.pins()
        tap.equal([name for name in there if name.startswith("p1 ")],
                  ["p1 65535"] if settings else [], "filters")
        steps = 0
        while (code := pair.try_new(XVTEP_MIGRATION_FAIL=str(steps + 1))) is not None:
            steps += 1
            tap.equal(code, 1, f"exit status, step {steps} failed")
            tap.contains(vtep.log()[-1], "Cannot allocate memory", "what it says")
            pair.wait(PPS // 50)
            if says_new(vtep):
                continue
            tap.equal(hooks(vtep), there, f"programs after step {steps} failed")
            tap.equal(vtep.pins(), pins, f"pins after step {steps} failed")
        tap.comment(f"failed {steps} times")
        now = hooks(vtep)
        tap.equal(set(now), set(there), "where programs are")
        tap.equal({name for name in now if now[name] == there[name]}, set(), "old programs")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("each step failed")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


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
