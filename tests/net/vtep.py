# SPDX-License-Identifier: GPL-2.0-only
"""
The two kinds of tunnel ends: xvtepd, and the kernel's bridge + vxlan. Both are told their networks
in the words of xvtep's configuration ({"vni", "ports", "flood", "fdb"}).
"""
import json
import os
import signal
import subprocess
import time

import tap
from bpf import map_exists, map_id
from control import Refused, ask
from lab import OUT
from netns import run

BPFFS = "/sys/fs/bpf/xvtep"
RUN = "/run/xvtep"
# A third of a start's CPU time are page faults: libbpf reads the kernel's type information.
HUGE_PAGES = ("glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:"
              "glibc.malloc.top_pad=16777216")
ZERO_MAC = "00:00:00:00:00:00"


def words(data):
    """Bytes as bpftool takes them."""
    return ["hex", *(f"{b:02x}" for b in data)]


def update(vtep, name, key, value):
    """Writes an entry of a pinned map."""
    run("bpftool", "map", "update", "pinned", vtep.pin(name), "key", *words(key), "value",
        *words(value))


class Kernel:
    """One bridge and one vxlan device a network."""

    def __init__(self, host, networks, family=4, **_):
        self.host, self.networks, self.family = host, networks, family
        host.lab.vteps.append(self)
        for table in ("iptables", "ip6tables", "arptables"):
            path = f"net.bridge.bridge-nf-call-{table}"
            if os.path.exists("/proc/sys/" + path.replace(".", "/", 2)):
                host.ns.sysctl(path, 0)
        for net in networks:
            self.add(net)

    def add(self, net, zero_rx=True):
        ns, vni = self.host.ns, net["vni"]
        options = "udp6zerocsumtx" if self.family == 6 else "noudpcsum"
        if self.family == 6 and net.get("zero_rx", zero_rx):
            options += " udp6zerocsumrx"
        if not net.get("zero_tx", True):
            options = options.replace("udp6zerocsumtx", "noudp6zerocsumtx")
            options = options.replace("noudpcsum", "udpcsum")
        if "df" in net:
            options += f" df {net['df']}"
        if "group" in net:  # which the device then joins
            options += f" group {net['group']} dev under"
        ns.ip(f"link add br{vni} type bridge mcast_snooping 0 ageing_time 30000",
              f"link add vx{vni} type vxlan id {vni} local {self.host.address(self.family)}"
              f" dstport 4789 {options}",
              *(f"link set {dev} master br{vni} up" for dev in [f"vx{vni}", *net["ports"]]),
              f"link set br{vni} up")
        for remote in net.get("flood", ()):
            ns.run("bridge", "fdb", "append", ZERO_MAC, "dev", f"vx{vni}", "dst", remote)

    def again(self, **keys):
        """All networks anew and with other keys, as a vxlan device does not change its own."""
        for net in self.networks:
            self.host.ns.ip(f"link del br{net['vni']}", f"link del vx{net['vni']}")
            net.update(keys)
            self.add(net)

    def use(self, family, other=None):
        """The underlay's addresses are of this family now; other is a host to flood to."""
        self.family = family
        self.again(**({"flood": [other.address(family)]} if other else {}))

    def wait_learned(self, count):
        """Until that many MAC addresses of tenants are known: here and behind remotes."""
        tap.wait_for(lambda: len(self.learned()) == count, f"{count} entries in the FDB")

    def learned(self):
        """{(vni, mac)} in the bridges, without the devices' own."""
        entries = self.host.ns.json("bridge", "-j", "fdb", "show")
        return {(int(e["master"][2:]), e["mac"]) for e in entries
                if "master" in e and e.get("state") != "permanent" and "self" not in e["flags"]}

    def forget(self):
        """What was learned."""
        ns = self.host.ns
        for net in self.networks:
            for dev in (f"vx{net['vni']}", *net["ports"]):
                ns.run("ip", "link", "set", dev, "type", "bridge_slave", "fdb_flush")
            for e in ns.json("bridge", "-j", "fdb", "show", "dev", f"vx{net['vni']}"):
                if "dst" in e and e["mac"] != ZERO_MAC:
                    ns.run("bridge", "fdb", "del", e["mac"], "dev", f"vx{net['vni']}", "self")

    @staticmethod
    def log():
        return []

    @staticmethod
    def close():
        return []  # goes with the namespace


class Xvtepd:
    """
    A daemon of an instance of its own; name tells several on one host apart. underlay adds to or
    replaces keys of the configuration's underlay; other keys go to its top.
    """

    def __init__(self, host, networks, family=4, start=True, underlay=None, name="", **keys):
        self.host, self.family = host, family
        self.instance = f"{host.lab.prefix}-{host.name}{name}"
        self.file = os.path.join(host.lab.dir, f"{host.name}{name}.yaml")
        self.log_file = os.path.join(host.lab.dir, f"{host.name}{name}.log")
        self.process = None
        own = {"address": host.v4} if family == 4 else {"address6": host.v6}
        self.config = {"instance": self.instance,
                       "underlay": {"devices": ["under"], **own, **(underlay or {})},
                       "networks": networks, **keys}
        host.lab.vteps.append(self)
        self.known_links = set(host.ns.links())
        if start:
            self.start()

    def write(self, text=None):
        """The configuration file; JSON is YAML too."""
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(text or json.dumps(self.config, indent=2) + "\n")

    def spawn(self, *args):
        with open(self.log_file, "ab") as log:
            return self.host.ns.popen(f"{OUT}/xvtepd", "-c", self.file, *args,
                                      env={**os.environ, "GLIBC_TUNABLES": HUGE_PAGES},
                                      stdout=log, stderr=log)

    def start(self):
        self.write()
        self.process = self.spawn()
        tap.wait_for(self.answers, f"{self.instance}: xvtepd answers", 15)

    def answers(self):
        """It does, and all ports are attached."""
        code = self.process.poll()
        if code is not None:
            raise tap.Over(f"xvtepd ended with {code}: {self.log()[-3:]}")
        try:
            return not self.status().get("attaching")  # earlier versions attach before they answer
        except Refused:
            return False

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def client(self, *words, check=True, timeout=10):
        return self.host.ns.run(f"{OUT}/xvtep", "-i", self.instance, *words, check=check,
                                timeout=timeout)

    def ask(self, object_):
        """{table: rows} of `xvtep OBJECT show`"""
        return ask(f"{RUN}/{self.instance}/control.sock", object_)

    def rows(self, object_, part=None):
        """A table: rows as dictionaries. part names it where the command shows several."""
        tables = self.ask(object_)
        if part:
            return tables.get(f"{part}_{object_}") or tables.get(part, [])
        return next(iter(tables.values()))

    def status(self):
        return self.rows("status")[0]

    def fdb(self, vni=None):
        """{MAC: row} of one network, or {(VNI, MAC): row}"""
        rows = self.rows("fdb")
        if vni is None:
            return {(r["vni"], r["mac"]): r for r in rows}
        return {r["mac"]: r for r in rows if r["vni"] == vni}

    def where(self, vni, mac):
        """The device or remote that a MAC is behind, or None."""
        row = self.fdb(vni).get(mac)
        return row and (row["dev"] or row["remote"])

    def learned(self):
        return {key for key, row in self.fdb().items() if row["type"] == "learned"}

    def wait_learned(self, count):
        """Until that many MAC addresses are known: here and behind remotes."""
        tap.wait_for(lambda: len(self.learned()) == count, f"{count} learned entries")

    def forget(self):
        """What was learned."""
        def gone():
            self.client("fdb", "flush", "learned")
            return not self.learned()
        tap.wait_for(gone, "nothing learned after a flush")  # a late frame may be learned again

    def row(self, object_, **which):
        """The one row of `xvtep OBJECT show` in which these columns have these values."""
        found = [r for r in self.rows(object_)
                 if all(r[k] == v for k, v in which.items())]
        tap.equal(len(found), 1, f"{object_} show: rows with {which}")
        return found[0]

    def stats(self, part, **which):
        """One row of a part (network, port, peer, path) of `xvtep stats`."""
        found = [r for r in self.rows("stats", part=part)
                 if all(r[k] == v for k, v in which.items())]
        tap.equal(len(found), 1, f"stats: {part} rows with {which}")
        return found[0]

    def drops(self):
        """{reason: packets}, but for those that are 0"""
        return {r["reason"]: r["packets"] for r in self.rows("drops") if r["packets"]}

    def paths(self):
        return {r["path"]: r["packets"] for r in self.rows("stats", part="path")
                if r["packets"]}

    def wait_ready(self):
        """Until every peer is reached on the fast path."""
        def ready():
            slow = [r for r in self.rows("peer") if not r["ready"]]
            if slow:
                raise tap.Fail(f"not ready: {slow}")
            return True
        tap.wait_for(ready, "all peers ready")

    def end(self, number, limit=10):
        """Ends the daemon by a signal; it must be gone within the limit."""
        self.process.send_signal(number)
        code = self.process.wait(limit * tap.SLOW)
        self.process = None
        return code

    def stop(self):
        code = self.end(signal.SIGTERM)
        tap.equal(code, 0, f"{self.instance}: exit status after SIGTERM")

    def kill(self):
        self.end(signal.SIGKILL)

    def reload(self):
        self.write()
        self.process.send_signal(signal.SIGHUP)

    def apply(self, check=True):
        self.write()
        return self.client("apply", self.file, check=check)

    def use(self, family, other=None):
        """The underlay's addresses are of this family now; other is a host to flood to."""
        self.family = family
        underlay = self.config["underlay"]
        for key, value in (("address", 4), ("address6", 6)):
            underlay.pop(key, None)
            if value == family:
                underlay[key] = self.host.address(family)
        for net in self.config["networks"] if other else ():
            net["flood"] = [other.address(family)]
        self.apply()

    def pin(self, name):
        return f"{BPFFS}/{self.instance}/{name}"

    def pins(self):
        try:
            return sorted(os.listdir(f"{BPFFS}/{self.instance}"))
        except FileNotFoundError:
            return []

    def map_ids(self):
        """Of the maps that are pinned in the instance's directory."""
        return {map_id(self.pin(name)) for name in self.pins()
                if os.path.isfile(self.pin(name))} - {None}

    def meta(self):
        """What says first of all whose maps are pinned (struct xv_meta_val)."""
        p = run("bpftool", "-j", "map", "lookup", "pinned", self.pin("xv_meta"), "key",
                *words(bytes(4)))
        return bytearray(int(b, 16) for b in json.loads(p.stdout)["value"])

    def layout(self):
        return int.from_bytes(self.meta()[8:12], "little")

    def set_layout(self, layout, version=None):
        """As a version with another layout writes it; the rest stays as it is."""
        meta = self.meta()
        meta[8:12] = layout.to_bytes(4, "little")
        if version:
            meta[24:72] = version.encode().ljust(48, b"\0")
        update(self, "xv_meta", bytes(4), meta)

    def detach(self):
        return self.host.ns.run(f"{OUT}/xvtepd", "--detach", "-i", self.instance)

    def close(self):
        """Ends the daemon and removes the instance. Returns what stays behind."""
        left = []
        if self.process and self.process.poll() is None:
            try:
                self.end(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                self.kill()
                left.append(f"{self.instance}: xvtepd did not end on SIGTERM")
        maps = self.map_ids()
        said = self.detach().stderr
        if said:
            left.append(f"{self.instance}: --detach says {said}")
        return left + self.leftovers(maps)

    def leftovers(self, maps):
        """Traces of an instance that was removed; maps are the ids that its maps had."""
        left = []
        if os.path.exists(f"{BPFFS}/{self.instance}"):
            left.append(f"pins {self.pins()}")
        if os.path.exists(f"{RUN}/{self.instance}"):
            left.append(f"{RUN}/{self.instance}: {os.listdir(f'{RUN}/{self.instance}')}")
        links = self.host.ns.links()
        left += [f"link {name}" for name in links if link_is_ours(links[name])
                 and not any(v.process for v in self.host.lab.vteps if v.host is self.host
                             and v is not self)]
        left += [f"XDP on {name}" for name in links if "xdp" in links[name]]
        end = time.monotonic() + 3 * tap.SLOW  # programs and maps go after a grace period
        while (programs := users_of(maps)) and time.monotonic() < end:
            time.sleep(0.05)
        return [f"{self.instance}: {text}" for text in left + programs]


def link_is_ours(link):
    info = link.get("linkinfo", {})
    return info.get("info_kind") == "vxlan" and info.get("info_data", {}).get("external", False)


def users_of(maps):
    """Maps with these ids, and programs that use them: what a program uses is always there."""
    if not any(map_exists(number) for number in maps):
        return []
    found = [f"map {m['name']}" for m in json.loads(run("bpftool", "-j", "map", "show").stdout)
             if m["id"] in maps]
    found += [f"program {p.get('name')}"
              for p in json.loads(run("bpftool", "-j", "prog", "show").stdout)
              if maps & set(p.get("map_ids", ()))]
    return found


KINDS = {"xvtep": Xvtepd, "kernel": Kernel}
