# SPDX-License-Identifier: GPL-2.0-only
"""
What is compared, each on a host (a network namespace) with an underlay device `under` and a tenant
device `port`: the do-nothing redirect, the kernel's bridge + vxlan, and xvtep.
"""
import dataclasses
import functools
import json
import os
import re
import signal
import socket
import subprocess
import time

import lab
import machine

VNI = 100
SETUP_XVTEP = os.path.join(lab.TOP, "tests", "bench", "setup-xvtep")
ANSWER = 20  # seconds to wait for the daemon, at most
STOP = 600  # to take it away: a TCX link waits for a grace period, of 10,000 ports too
CONFIG_ENTRIES = 10000  # more are loaded with the client, where it can


@dataclasses.dataclass
class Host:
    """The host under test and what it is to know."""

    netns: lab.Netns
    local: str  # VTEP address
    remote: str  # the other VTEP's
    local_macs: list  # of tenants behind `port`
    remote_macs: list  # of tenants behind the other VTEP
    networks: tuple = ((VNI, 0),)  # (VNI, VLAN of port or 0), each with all the MACs
    flood: tuple = None  # VTEPs; default: the remote one
    unlimited: bool = False  # learning has no limits
    ageing: int = 300  # seconds

    def floods(self):
        return (self.remote,) if self.flood is None else self.flood


class Floor:
    """`way` is "xdp FROM TO", "tc A B" or "direct A B"."""

    name = "floor"

    def __init__(self, stack, host, way):
        stack.helper(host.netns, "floor", *way.split())


class Strip:
    """The least that decapsulation is: no check, no table, no counter. As Floor's xdp or direct."""

    name = "strip"

    def __init__(self, stack, host, way):
        way = {"xdp": "strip", "direct": "strip-direct"}[way.split()[0]], *way.split()[1:]
        stack.helper(host.netns, "floor", *way)


class Kernel:
    """
    Bridge and vxlan device with their defaults (learning on), all tenants' addresses known. Two
    departures, each in the kernel's favour: no netfilter call on bridged frames, and no outer UDP
    checksum, as RFC 7348 recommends and as xvtep sends. Several networks are VLANs of one bridge,
    mapped to VNIs on one vxlan device. `load_seconds` is what the last batch took: the entries.
    """

    name = "kernel"

    def __init__(self, stack, host, _):
        self.host, ns = host, host.netns
        trunk = host.networks[0][1]
        ns.ip("link add br0 type bridge")
        if trunk:
            try:
                ns.ip("link set br0 type bridge vlan_filtering 1 vlan_default_pvid 0")
            except lab.LabError as e:
                raise lab.Unsupported("bridge without VLANs") from e
        for table in ("iptables", "ip6tables", "arptables"):
            path = f"net.bridge.bridge-nf-call-{table}"
            if os.path.exists("/proc/sys/" + path.replace(".", "/", 2)):
                ns.sysctl(path, 0)
        what = "external vnifilter" if trunk else f"id {VNI} dev under"
        ns.ip(f"link add vx0 type vxlan {what} local {host.local} dstport 4789 noudpcsum")
        if host.ageing != 300:
            ns.ip(f"link set br0 type bridge ageing_time {host.ageing * 100}")
        for dev in ("vx0", "port"):
            ns.ip(f"link set {dev} master br0 up")
        ns.ip("link set br0 up")
        self.batch(self.vlans() if trunk else self.floods())
        self.batch(self.entries())

    def batch(self, lines):
        """Commands of bridge(8), in one process."""
        path = os.path.join(lab.scratch(), "bridge-batch")
        with open(path, "w") as f:
            f.writelines(f"{line}\n" for line in lines)
        start = time.monotonic()
        lab.run(*self.host.netns.enter("bridge", "-batch", path), timeout=300)
        self.load_seconds = time.monotonic() - start
        os.unlink(path)

    def floods(self):
        for address in self.host.floods():
            yield f"fdb append 00:00:00:00:00:00 dev vx0 dst {address}"

    def vlans(self):
        yield "link set dev vx0 vlan_tunnel on"
        for vni, vlan in self.host.networks:
            yield f"vni add vni {vni} dev vx0"
            yield f"vlan add vid {vlan} dev vx0"
            yield f"vlan add vid {vlan} dev vx0 tunnel_info id {vni}"
            yield f"vlan add vid {vlan} dev port"

    def entries(self):
        host = self.host
        for vni, vlan in host.networks:
            at, of = (f" vlan {vlan}", f" src_vni {vni}") if vlan else ("", "")
            for mac in host.local_macs:
                yield f"fdb add {mac} dev port master static{at}"
            for mac in host.remote_macs:
                if vlan:
                    yield f"fdb add {mac} dev vx0 dst {host.remote} self static{of}"
                    yield f"fdb add {mac} dev vx0 master static{at}"
                else:
                    yield f"fdb add {mac} dev vx0 dst {host.remote} self master static"


@functools.cache
def has_load():
    """Whether the client can load FDB entries from a file."""
    p = subprocess.run([f"{lab.OUT}/xvtep", "-h", "fdb"], capture_output=True, text=True)
    return re.search(r"^\s*(xvtep )?fdb load\b", p.stdout + p.stderr, re.M) is not None


class Xvtep:
    """
    `mode` is the configuration's underlay.xdp: "native" with everything redirected, or, as "stack",
    with everything stripped and passed up; "port" is native, and encapsulation in XDP on `port`
    besides, which the daemon refuses a veth because its tenant's frames may lack checksums: the
    generator's have theirs, so that the veth stands in for a NIC, and the driver attaches the
    program. Set up and removed by the script beside this.
    `load_seconds` is what the entries took: to load them or, where the client cannot, to start with
    them in the configuration.
    """

    name = "xvtep"
    count = 0
    bin = lab.OUT

    def __init__(self, stack, host, mode):
        Xvtep.count += 1
        self.host, self.mode = host, {"port": "native", "stack": "native"}.get(mode, mode)
        self.delivery = "stack" if mode == "stack" else "redirect"
        self.instance = f"bench{os.getpid()}-{Xvtep.count}"
        self.args = [f"name={self.instance}", f"netns={host.netns.path}", f"bin={self.bin}"]
        total = (len(host.local_macs) + len(host.remote_macs)) * len(host.networks)
        self.by_load = total > CONFIG_ENTRIES and has_load()
        path = os.path.join(lab.scratch(), f"{self.instance}.yaml")
        with open(path, "w") as f:
            f.writelines(f"{line}\n" for line in self.config())
        stack.keep(self)
        self.args.append(f"config={path}")
        self.start()
        if mode == "port":
            self.attach_to_port()
        if self.by_load:
            path = os.path.join(lab.scratch(), "fdb-load")
            with open(path, "w") as f:
                f.writelines(f"{line}\n" for line in self.entries())
            begin = time.monotonic()
            self.client("fdb", "load", path)
            self.load_seconds = time.monotonic() - begin
            os.unlink(path)

    def config(self):
        yield from self.head()
        yield "networks:"
        yield from self.networks()

    def head(self):
        host = self.host
        yield f"instance: {self.instance}"
        yield "underlay:"
        yield "  devices: [under]"
        yield f"  address: {host.local}"
        yield "  port: 4789"
        yield f"  xdp: {self.mode}"
        if self.mode == "native":
            yield f"  delivery: {self.delivery}"

    def networks(self):
        host = self.host
        for vni, vlan in host.networks:
            port = f"{{dev: port, vlan: {vlan}}}" if vlan else "port"
            yield f"  - vni: {vni}"
            yield f"    ports: [{port}]"
            yield f"    flood: [{', '.join(host.floods())}]"
            if host.unlimited:
                yield "    max-macs: 1048576"
                yield "    learn-rate: 0"
            yield f"    ageing: {host.ageing}"
            # One entry a side at least: it makes the remote VTEP known.
            some = slice(0, 1) if self.by_load else slice(None)
            yield "    fdb:"
            at = f"dev: port, vlan: {vlan}" if vlan else "dev: port"
            for mac in host.local_macs[some]:
                yield f'      - {{mac: "{mac}", {at}}}'
            for mac in host.remote_macs[some]:
                yield f'      - {{mac: "{mac}", remote: {host.remote}}}'

    def entries(self):
        """Lines of `xvtep fdb load`, without what the configuration has."""
        host = self.host
        for vni, vlan in host.networks:
            at = f"dev port vlan {vlan}" if vlan else "dev port"
            for mac in host.local_macs[1:]:
                yield f"{mac} network {vni} {at}"
            for mac in host.remote_macs[1:]:
                yield f"{mac} network {vni} remote {host.remote}"

    def start(self):
        begin = time.monotonic()
        lab.run(SETUP_XVTEP, "start", *self.args, timeout=300)
        self.load_seconds = time.monotonic() - begin

    def attach_to_port(self):
        """xv_port_encap of this daemon, where it has one, on the device `port`."""
        ids = machine.bpf_programs(self.pid())
        for prog in ids:
            shown = json.loads(lab.run("bpftool", "-j", "prog", "show", "id", str(prog)))
            if shown.get("name") == "xv_port_encap":
                lab.run(*self.host.netns.enter("bpftool", "net", "attach", "xdpdrv", "id",
                                               str(prog), "dev", "port"))
                return
        raise lab.Unsupported("it has no program xv_port_encap")

    def client(self, *words):
        return lab.run(*self.host.netns.enter(f"{self.bin}/xvtep", "-j", "-i", self.instance,
                                              *words), timeout=300)

    def ask(self, obj, command):
        """The first lines of a table, from the control socket: cheaper than a client."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(ANSWER)
            s.connect(f"/run/xvtep/{self.instance}/control.sock")
            s.sendall(json.dumps({"object": obj, "command": command, "args": {}}).encode() + b"\n")
            try:
                answer = json.loads(s.makefile().readline())
            except TimeoutError as e:
                raise lab.LabError(f"xvtepd did not answer for {ANSWER} s") from e
        if not answer["ok"]:
            raise lab.LabError(answer["error"])
        return answer["data"]

    def pid(self):
        with open(f"{lab.OUT}/bench/run/{self.instance}/pid") as f:
            return int(f.read())

    def kill(self):
        """Without a chance to clean up; returns when it is gone."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        while machine.is_running(pid):
            time.sleep(0.001)

    def close(self):
        stop_xvtep(self.args)


class Before(Xvtep):
    """Another version, in the kernel's place: what a change gained, measured in the same rounds."""

    name = "kernel"
    bin = os.path.join(os.path.abspath(os.environ.get("BEFORE", lab.TOP)), ".output")


CONTENDERS = (Floor, Kernel, Xvtep)


def stop_xvtep(args):
    p = subprocess.run([SETUP_XVTEP, "stop", *args], capture_output=True, text=True, timeout=STOP)
    if p.returncode:
        print(f"bench: xvtep could not be removed: {p.stderr.strip()}", flush=True)


def sweep():
    """Removes what a driver left that was killed before it could clean up."""
    runs = os.path.join(lab.OUT, "bench", "run")
    for name in os.listdir(runs) if os.path.isdir(runs) else ():
        left = re.fullmatch(r"bench(\d+)-\d+", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            with open(os.path.join(runs, name, "netns")) as f:
                stop_xvtep([f"name={name}", f"netns={f.read().strip()}"])
        left = re.fullmatch(r"scratch(\d+)", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            lab.remove(os.path.join(runs, name))
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        left = re.fullmatch(r"xvb(\d+)-.*", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            lab.run("ip", "netns", "del", name)
