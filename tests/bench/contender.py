# SPDX-License-Identifier: GPL-2.0-only
"""
What is compared, each on a host (a network namespace) with an underlay device `under` and a tenant
device `port`: the do-nothing redirect, the kernel's bridge + vxlan, and xvtep.
"""
import os
import re
import subprocess

import lab

VNI = 100
SETUP_XVTEP = os.path.join(lab.TOP, "tests", "bench", "setup-xvtep")


class Host:
    """The host under test and what it needs to know: addresses of its own and of the other VTEP."""

    def __init__(self, netns, local, remote, local_mac, remote_mac):
        self.netns = netns
        self.local = local  # VTEP addresses
        self.remote = remote
        self.local_mac = local_mac  # of the tenant behind `port`
        self.remote_mac = remote_mac  # of the tenant behind the other VTEP


class Floor:
    """`way` is "xdp FROM TO" or "tc A B"."""

    name = "floor"

    def __init__(self, stack, host, way):
        stack.helper(host.netns, "floor", *way.split())


class Kernel:
    """
    Bridge and vxlan device with their defaults (learning on), both tenants' addresses known. Two
    departures, each in the kernel's favour: no netfilter call on bridged frames, and no outer UDP
    checksum, as RFC 7348 recommends and as xvtep sends.
    """

    name = "kernel"

    def __init__(self, stack, host, _):
        ns = host.netns
        ns.ip("link add br0 type bridge")
        for table in ("iptables", "ip6tables", "arptables"):
            path = f"net.bridge.bridge-nf-call-{table}"
            if os.path.exists("/proc/sys/" + path.replace(".", "/", 2)):
                ns.sysctl(path, 0)
        ns.ip(f"link add vx0 type vxlan id {VNI} local {host.local} dstport 4789 noudpcsum"
              " dev under")
        for dev in ("vx0", "port"):
            ns.ip(f"link set {dev} master br0 up")
        ns.ip("link set br0 up")
        ns.run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx0", "dst", host.remote)
        ns.run("bridge", "fdb", "add", host.remote_mac, "dev", "vx0", "dst", host.remote, "self",
               "static")
        ns.run("bridge", "fdb", "add", host.remote_mac, "dev", "vx0", "master", "static")
        ns.run("bridge", "fdb", "add", host.local_mac, "dev", "port", "master", "static")


class Xvtep:
    """`mode` is the configuration's underlay.xdp. Set up and removed by the script beside this."""

    name = "xvtep"
    count = 0

    def __init__(self, stack, host, mode):
        Xvtep.count += 1
        self.args = [f"name=bench{os.getpid()}-{Xvtep.count}", f"netns={host.netns.path}"]
        stack.keep(self)
        lab.run(SETUP_XVTEP, "start", *self.args, "underlay=under", "port=port", f"vni={VNI}",
                f"local={host.local}", f"remote={host.remote}", f"xdp={mode}",
                f"local-mac={host.local_mac}", f"remote-mac={host.remote_mac}")

    def close(self):
        stop_xvtep(self.args)


CONTENDERS = (Floor, Kernel, Xvtep)


def stop_xvtep(args):
    p = subprocess.run([SETUP_XVTEP, "stop", *args], capture_output=True, text=True, timeout=30)
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
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        left = re.fullmatch(r"xvb(\d+)-.*", name)
        if left and not os.path.exists(f"/proc/{left[1]}"):
            lab.run("ip", "netns", "del", name)
