# SPDX-License-Identifier: GPL-2.0-only
"""
Two hosts whose first is to be taken over from the maps of an earlier layout: its traffic, and what an
operator sees of it before and after.
"""
import json
import os
import time

import frame
import history
import tap
import traffic
from lab import OUT
from netns import run
from vtep import Kernel, Xvtepd, words

LAYOUT = 9  # this version's
VNI, BY_HAND = 100, 5000
PPS = 5000
MACS = 10000
NETWORKS = 100
MILLION = 1000000
LEFT_OUT = {"age", "last_heard", "moves_denied"}  # columns that tell a time, or are no more


class Pair:
    """
    Two VTEPs with a tenant each that know each other. The first is run by an earlier version, and
    has that many networks; the other one is the kernel's vxlan.
    """

    def __init__(self, lab, layout, networks=1, **settings):
        self.lab, self.layout = lab, layout
        self.old = history.build(layout)
        a, b = lab.hosts
        self.tenants = [h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2"))]
        empty = [{"vni": 1000 + i, "name": f"net{i}", "flood": [b.v4]} for i in range(1, networks)]
        self.vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4], **settings}, *empty],
                           start=False)
        other = Kernel(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v4]}])
        self.streams = []
        self.start_old()
        self.tenants[0].neigh(self.tenants[1])
        self.tenants[1].neigh(self.tenants[0])
        self.tenants[0].ping("10.0.0.2")
        for vtep in (self.vtep, other):
            vtep.wait_learned(2)
        self.vtep.wait_ready()

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
        tap.wait_for(lambda: vtep.process.poll() is not None or vtep.status(), "answers, or ends", 30)
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
    devices = list(vtep.host.ns.links())
    p = vtep.host.ns.run("tc", "-force", "-j", "-batch", "-", check=False, stdin="".join(
        f"filter show dev {dev} ingress\n" for dev in devices))
    answers = p.stdout.split("\n[")  # a list for each device
    tap.equal(len(answers), len(devices), f"lists of filters: {p.stdout} {p.stderr}")
    for dev, answer in zip(devices, answers):
        for row in json.loads("[" + answer.lstrip().removeprefix("[")):
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
    vtep.wait_ready()


def view(vtep, like=None):
    """
    All that the daemon knows, sorted. With like: only the columns that it has, by the names of
    parts.
    """
    parts = {}
    for part in ("network", "port", "peer", "flood", "fdb"):
        rows = vtep.rows(part)
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


def says_new(vtep):
    """Whether xv_config says the layout of this version: earlier ones refuse it then."""
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_config"), "key", *words(bytes(4)))
    return int(json.loads(p.stdout)["value"][0], 16) == LAYOUT


def add_sent(counted, sent, back):
    """Counters after that many more packets from the first tenant, and to it."""
    return {key: value + (sent if key in ("port rx", "peer tx", "net tx") else back)
            for key, value in counted.items()}
