#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Counters are exact, in packets and in bytes, and text, JSON and Prometheus say the same."""
import copy
import os
import re
import urllib.request

import frame
import tap
import traffic
from lab import Lab
from vtep import KINDS

VNI, BUM = 100, 102
LISTEN = "127.0.0.1:9476"  # in the host's own namespace


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def delivery(gro):
    return "redirect" if gro else "auto"


class Quiet:
    """
    Two hosts whose tenants say nothing by themselves. All counters are known. With kernel the second
    host has the kernel's vxlan.
    """

    def __init__(self, lab, mode="native", gro=False, kernel=False):
        a, b = self.hosts = lab.hosts[:2]
        self.tenants = [h.tenant("p1", gro=gro) for h in (a, b)]
        self.taps = [t.tap() for t in self.tenants]
        self.macs = [t.mac for t in self.tenants]
        self.vteps = [KINDS[kind](h, [{"vni": VNI, "name": "blue", "ports": ["p1"], "flood": [o.v4]}],
                                  underlay={"xdp": mode, "delivery": delivery(gro)},
                                  metrics={"listen": LISTEN})
                      for h, o, kind in ((a, b, "xvtep"), (b, a, "kernel" if kernel else "xvtep"))]

    def set(self, mode, gro=False):
        """Changes the mode of both by a reload."""
        for vtep in self.vteps:
            vtep.config["underlay"].update({"xdp": mode, "delivery": delivery(gro)})
            vtep.apply()

    def add(self, vni, gro):
        """Another network, of tenants at p2. The same as seen by it."""
        more = copy.copy(self)
        more.vni, more.port = vni, "p2"
        more.tenants = [h.tenant("p2", gro=gro) for h in self.hosts]
        more.taps = [t.tap() for t in more.tenants]
        more.macs = [t.mac for t in more.tenants]
        for vtep, other in zip(self.vteps, self.hosts[::-1]):
            vtep.config["networks"].append({"vni": vni, "ports": ["p2"], "flood": [other.v4]})
            vtep.apply()
        return more

    vni, port = VNI, "p1"

    def know(self):
        """One broadcast each way, so that unicast is known; they are in the counters."""
        for n in (0, 1):
            frame.expect(self.taps[n], lambda m: frame.plain(self.macs[n], frame.BROADCAST, m),
                         {self.taps[1 - n]: 1}, "broadcast")
        for vtep in self.vteps:
            tap.wait_for(lambda v=vtep: {(self.vni, mac) for mac in self.macs} <= v.learned(),
                         "both are learned")


def difference(after, before):
    return {k: v - before[k] for k, v in after.items()
            if isinstance(v, int) and k != "vni" and v != before[k]}


def unicast(q, size):
    """N frames of L bytes: N and N * L at each place they pass, nowhere else."""
    a, b = q.hosts
    net, port = {"vni": q.vni}, {"dev": q.port}
    parts = [(0, "network", net), (0, "port", port), (0, "peer", {"remote": b.v4}),
             (1, "network", net), (1, "port", port), (1, "peer", {"remote": a.v4})]
    before = [q.vteps[n].stats(part, **which) for n, part, which in parts]
    count, mark = 1000, frame.marker()
    data = frame.udp4(q.macs[0], q.macs[1], "10.0.0.1", "10.0.0.2", mark.ljust(size, b"\0"))
    for _ in range(count):
        q.taps[0].send(data)
    frame.wait_count({q.taps[1]: count}, mark, "frames")
    total = count * len(data)
    rx = {"rx_packets": count, "rx_bytes": total}
    tx = {"tx_packets": count, "tx_bytes": total}
    want = [{"tx_unicast_packets": count, "tx_unicast_bytes": total}, rx, tx,
            {"rx_unicast_packets": count, "rx_unicast_bytes": total}, tx, rx]
    for (n, part, which), old, expected in zip(parts, before, want):
        tap.equal(difference(q.vteps[n].stats(part, **which), old), expected,
                  f"host {n + 1}, {part}")


def bum(q, third):
    """A broadcast counts once in its network, and once for each copy at ports and peers."""
    a, b = q.hosts
    ends = {p: a.tenant(p) for p in ("b1", "b2", "b3")}
    sender, end = ends["b1"].tap(), ends["b3"].tap()
    other = b.tenant("b1")
    vtep, second = q.vteps
    for v, ports, flood in ((vtep, list(ends), [b.v4, third.v4]), (second, ["b1"], [a.v4])):
        v.config["networks"].append({"vni": BUM, "ports": ports, "flood": flood})
        v.apply()
    count, mark = 50, frame.marker()
    data = frame.plain(ends["b1"].mac, frame.BROADCAST, mark)
    for _ in range(count):
        sender.send(data)
    frame.wait_count({end: count, other.tap(): 0}, mark, "copies")
    tap.wait_for(lambda: second.stats("network", vni=BUM)["rx_bum_packets"] == count,
                 "received by host 2")
    total = count * len(data)
    row = vtep.stats("network", vni=BUM)
    tap.equal((row["tx_bum_packets"], row["tx_bum_bytes"], row["tx_unicast_packets"]),
              (count, total, 0), "network")
    for part, which, key in (("port", {"dev": "b1"}, "rx"), ("port", {"dev": "b2"}, "tx"),
                             ("port", {"dev": "b3"}, "tx"), ("peer", {"remote": b.v4}, "tx"),
                             ("peer", {"remote": third.v4}, "tx")):
        row = vtep.stats(part, **which)
        got = {k: row[k] for k in ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes")}
        want = dict.fromkeys(got, 0) | {f"{key}_packets": count, f"{key}_bytes": total}
        tap.equal(got, want, f"{part} {which}")
    tap.equal(vtep.paths()["flood_copy"], 4 * count, "copies")
    tap.equal(vtep.drops(), {}, "drops")
    for v in q.vteps:
        del v.config["networks"][-1]
        v.apply()


def merged(q):
    """TCP with the tenant's offloads: bytes on both hosts are what the sender's port saw."""
    one, two = q.tenants
    for tenant, ip in ((one, "10.0.0.1"), (two, "10.0.0.2")):
        tenant.ip = ip
        tenant.ns.ip(f"addr replace {ip}/24 dev eth0")
    one.neigh(two)
    two.neigh(one)
    one.ping(two.ip)
    before = q.vteps[0].stats("port", dev=q.port)
    traffic.tcp(one, two)
    sent = difference(q.vteps[0].stats("port", dev=q.port), before)
    tap.ok(sent["rx_bytes"] > 8 << 20, f"bytes from the port: {sent}")
    tap.ok(sent["rx_packets"] >= (8 << 20) / 1500, f"wire packets, not merged ones: {sent}")
    for tenant in q.tenants:
        tenant.ns.ip("addr flush dev eth0")


def heard(mode, gro):
    """A peer that answers is told from one that was sent to and never did, over a restart too."""
    with Lab() as lab:
        q = Quiet(lab, mode, gro, kernel=True)
        vtep, (_, b) = q.vteps[0], lab.hosts
        never, other = "203.0.113.9", "203.0.113.10"
        vtep.client("peer", "add", other)
        for address in (b.v4, never):  # nothing was sent yet
            vtep.client("flood", "add", "network", "blue", "remote", address, check=False)
        rows = {r["remote"]: r for r in vtep.rows("peer")}
        tap.equal({ip: (r["silent"], r["last_heard"]) for ip, r in rows.items()},
                  dict.fromkeys((b.v4, never, other), (False, None)), "before")
        q.know()
        rows = {r["remote"]: r for r in vtep.rows("peer")}
        tap.equal({ip: r["silent"] for ip, r in rows.items()},
                  {b.v4: False, never: True, other: False}, "silent")
        tap.ok(rows[b.v4]["last_heard"] <= 2 * tap.SLOW, f"just heard: {rows[b.v4]}")
        tap.equal((rows[never]["last_heard"], rows[other]["last_heard"]), (None, None), "never")
        found, text = samples(vtep)
        tap.equal([value(found, "xvtep_peer_silent", peer=ip) for ip in (b.v4, never, other)],
                  [0, 1, 0], "metrics")
        tap.equal(text.count("\nxvtep_peer_last_heard_seconds{"), 1, "samples of last heard")
        tap.wait_for(lambda: vtep.row("peer", remote=b.v4)["last_heard"] >= 2, "time goes by")
        before = vtep.stats("network", vni=VNI), vtep.stats("port", dev="p1"), vtep.drops()
        vtep.kill()
        vtep.start()
        tap.ok(vtep.row("peer", remote=b.v4)["last_heard"] >= 2, "kept over a restart")
        after = vtep.stats("network", vni=VNI), vtep.stats("port", dev="p1"), vtep.drops()
        tap.equal(after, before, "counters go on over a kill and a restart")
        frame.expect(q.taps[1], lambda m: frame.udp4(q.macs[1], q.macs[0], "10.0.0.2", "10.0.0.1",
                                                     m), {q.taps[0]: 1}, "unicast")
        tap.ok(vtep.row("peer", remote=b.v4)["last_heard"] < 2, "heard again, by unicast alone")
        vtep.client("flood", "del", "network", "blue", "remote", never)
        vtep.client("flood", "add", "network", "blue", "remote", never)
        tap.equal(vtep.row("peer", remote=never)["silent"], False, "known anew")


def samples(vtep):
    """{(metric, labels as a frozenset): value} of the Prometheus endpoint, and its text."""
    with vtep.host.ns.inside():
        with urllib.request.urlopen(f"http://{LISTEN}/metrics", timeout=5) as answer:
            tap.equal(answer.status, 200, "status")
            tap.contains(answer.headers["Content-Type"], "text/plain", "content type")
            text = answer.read().decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
        tap.ok((name, pairs) not in found, f"sample twice: {line}")
        found[name, pairs] = float(value)
    return found, text


def value(found, name, **labels):
    hits = [v for (n, pairs), v in found.items()
            if n == name and set(labels.items()) <= set(pairs)]
    tap.equal(len(hits), 1, f"samples of {name} {labels}")
    return int(hits[0])


def three_ways(q):
    """Text, JSON and Prometheus agree, counter by counter; and metric families are well formed."""
    q.know()
    for n in range(30):
        q.taps[0].send(frame.plain(q.macs[0], q.macs[1], frame.marker()))
        q.taps[n % 2].send(frame.plain(frame.MULTICAST, q.macs[1], frame.marker()))
    frame.expect(q.taps[0], lambda m: frame.plain(q.macs[0], frame.BROADCAST, m),
                 {q.taps[1]: 1}, "the last")
    vtep = q.vteps[0]
    found, text = samples(vtep)
    for direction in ("rx", "tx"):
        for unit in ("packets", "bytes"):
            for kind in ("unicast", "bum"):
                json_ = vtep.stats("network", vni=VNI)[f"{direction}_{kind}_{unit}"]
                tap.equal(value(found, f"xvtep_network_{unit}_total", vni=str(VNI),
                                direction=direction, kind=kind), json_,
                          f"network {direction} {kind} {unit}")
            for part, key, name, label in (("port", "dev", "p1", "dev"),
                                           ("peer", "remote", q.hosts[1].v4, "peer")):
                json_ = vtep.stats(part, **{key: name})[f"{direction}_{unit}"]
                tap.equal(value(found, f"xvtep_{part}_{unit}_total", **{label: name},
                                direction=direction), json_, f"{part} {direction} {unit}")
    drops = vtep.rows("drops")
    for row in drops:
        tap.equal(value(found, "xvtep_drop_packets_total", reason=row["reason"]),
                  row["packets"], row["reason"])
    tap.equal(vtep.drops(), {"mac_invalid_source": 15}, "drops")
    row = vtep.row("drops", reason="mac_invalid_source")
    tap.equal({k: row[k] for k in ("dev", "remote", "vni", "src", "dst")},
              {"dev": "p1", "remote": None, "vni": None, "src": frame.MULTICAST,
               "dst": q.macs[1]}, "whose packet was dropped")
    shown = [line.split() for line in vtep.client("drops").stdout.splitlines()]
    line = [w for w in shown if w[0] == "mac_invalid_source"]
    tap.equal([(w[1], *w[4:11]) for w in line],
              [("15", "p1", "-", "-", "-", "-", frame.MULTICAST, q.macs[1])], f"drops as text: {shown}")
    row = vtep.stats("network", vni=VNI)
    shown = vtep.client("stats").stdout
    line = next(words for words in map(str.split, shown.splitlines())
                if words and words[0] == "blue")
    tap.equal([int(w) for w in line[2:]], [row[k] for k in row if k not in ("network", "vni")],
              "network stats as text")
    families = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)
    tap.equal(len(families), len(dict(families)), "a TYPE line for each metric")
    for name, _ in found:
        tap.ok(name in dict(families), f"{name} has a TYPE line")


def port_deleted(q):
    """What a network received through a port that is gone stays counted; a new port begins at 0."""
    vtep, count, mark = q.vteps[1], 100, frame.marker()
    data = frame.udp4(q.macs[0], q.macs[1], "10.0.0.1", "10.0.0.2", mark)
    for _ in range(count):
        q.taps[0].send(data)
    frame.wait_count({q.taps[1]: count}, mark, "frames")
    before = vtep.stats("network", vni=VNI)
    tap.ok(before["rx_unicast_packets"] >= count, "received through the port")
    vtep.client("port", "del", "p1")
    tap.equal(vtep.stats("network", vni=VNI), before, "counters without the port")
    vtep.client("port", "add", "p1", "network", str(VNI))
    tap.equal(vtep.stats("network", vni=VNI), before, "counters with the port again")
    tap.equal({k: v for k, v in vtep.stats("port", dev="p1").items() if k.endswith("_bytes")},
              {"rx_bytes": 0, "tx_bytes": 0}, "its own")


def given_back(q):
    """The counters of all CPUs are in the daemon's memory only while somebody looks."""
    vtep = q.vteps[0]
    before = vtep.stats("network", vni=VNI)
    looked = resident_kb(vtep.process.pid)
    tap.wait_for(lambda: resident_kb(vtep.process.pid) < looked - 1024 * os.cpu_count(), "given back")
    tap.equal(vtep.stats("network", vni=VNI), before, "counters, looked at once more")


def started_off():
    with Lab() as lab:
        q = Quiet(lab, "off")
        q.know()
        with tap.part("unicast, 16 bytes"):
            unicast(q, 16)
        with tap.part("counters of a network survive a port"):
            port_deleted(q)


def all_modes():
    """Native from the start, the others by a reload."""
    with Lab(hosts=3) as lab:
        q = Quiet(lab)
        with tap.part("broadcast"):
            bum(q, lab.hosts[2])
        with tap.part("text, JSON and Prometheus agree"):
            three_ways(q)
        with tap.part("memory of counters that nobody looks at"):
            given_back(q)
        polled = q.add(101, gro=True)
        polled.know()
        for mode, gro, size in (("native", False, 16), ("native", True, 16), ("native", True, 1400),
                                ("generic", False, 600), ("off", False, 1400)):
            q.set(mode, gro)
            with tap.part(f"unicast, xdp {mode}, {delivery(gro)}, {size} bytes"):
                unicast(polled if gro else q, size)
            if (mode, gro) in (("native", False), ("off", False)):
                with tap.part(f"TCP, merged frames, xdp {mode}"):
                    merged(q)


tap.case("counters of unicast, and after a port is gone; xdp off", main=True)(started_off)
tap.case("counters in all modes, of broadcasts, of TCP; text, JSON and Prometheus agree")(all_modes)
tap.case("last heard, xdp native", "native", True, main=True)(heard)
tap.case("last heard, counters survive a restart, xdp off", "off", False)(heard)

if __name__ == "__main__":
    tap.main()
