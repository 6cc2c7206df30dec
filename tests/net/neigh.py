# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's neighbour entries on a device of a host."""
from tap import SLOW

QUICK = (("base_reachable_time_ms", int(500 * SLOW)), ("delay_first_probe_time", 1),
         ("retrans_time_ms", int(100 * SLOW)), ("interval_probe_time_ms", int(500 * SLOW)))


def quicken(host, family, dev="under"):
    for key, value in QUICK:
        host.ns.sysctl(f"net.ipv{family if family == 6 else 4}.neigh.{dev}.{key}", value)


def gateway(host, family):
    return host.gw4 if family == 4 else host.gw6


def entries(host, family, dev="under"):
    """{address: words of `ip neigh`}, but for link-local ones"""
    out = host.ns.run("ip", f"-{family}", "neigh", "show", "dev", dev).stdout
    return {line.split()[0]: set(line.split()[1:]) for line in out.splitlines()
            if not line.startswith("fe80")}


def managed(host, family, dev="under"):
    return sorted(ip for ip, words in entries(host, family, dev).items() if "managed" in words)
