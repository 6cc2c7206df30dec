# SPDX-License-Identifier: GPL-2.0-only
"""
The table of benchmarks. A new benchmark is a row here; a new kind of measurement a class with
verify, measure, finish and close, and ROUNDS: which of the driver's options says how many.

A row: name, kind, unit; "better": "less" where that is so; "base": what is different in a second
measurement that runs in the same rounds, `share` is the quotient of the two; "bars": what (ratio,
share, value, an extra figure of the kind or, of those in "quotients", FIGURE_ratio), how (">=" or "<=") and the limit, for xvtep;
"contenders" if not all; "on_request": not unless it is named; "once": those measured in the first round only; "as": who stands in for
one. The rest is the kind's.
"""
import ageing
import learn
import packets
import reload
import restart
import rr
import start
import tables
import tcp
from contender import Kernel, Strip
from traffic import IMIX

PACKETS = {"kind": packets.Wire, "unit": packets.UNIT}
DECAP = {**PACKETS, "direction": "decap", "xdp": "native"}
DECAP_TC = {**PACKETS, "direction": "decap", "xdp": "off", "sink": "tc", "floor": "direct"}
ENCAP_TC = {**PACKETS, "direction": "encap", "xdp": "off", "floor": "tc"}
ENCAP_XDP = {**PACKETS, "direction": "encap", "xdp": "port"}
TCP = {"kind": tcp.Wire, "unit": tcp.UNIT, "quotients": ("cpu_seconds_per_gb",)}
WAY = {"wire": "nic", "contenders": ("xvtep",), "base": {"xdp": "auto"},
       "bars": (("share", "<=", 1),)}
RR = {"kind": rr.Wire, "unit": rr.UNIT, "wire": "default", "better": "less",
      "quotients": ("p99_us", "cpu_us"),
      "bars": (("ratio", "<=", 0.8), ("p99_us_ratio", "<=", 0.8))}
LEARN = {"direction": "decap", "xdp": "native", "contenders": ("kernel", "xvtep")}
START = {"kind": start.Start, "unit": "s", "better": "less", "contenders": ("xvtep",)}
ANSWERS = (("longest_ms", "<=", 50), ("longest_after_ms", "<=", 50))
TABLE = {"unit": "s", "better": "less", "entries": 1000000, "contenders": ("kernel", "xvtep")}
ONE_FLOW = {"macs": 2, "flows": 1}


def at_least(limit):
    """The ratio's bar."""
    return {"bars": (("ratio", ">=", limit),)}


def tcp_at_least(limit):
    """... and no more CPU time for a gigabyte than the kernel takes."""
    return {"bars": (("ratio", ">=", limit), ("cpu_seconds_per_gb_ratio", "<=", 1))}


BENCHES = (
    # The method held against itself: both are the kernel.
    {"name": "null-64", **DECAP, "contenders": ("kernel", "xvtep"), "as": {"xvtep": Kernel},
     "bars": (("ratio", ">=", 0.97), ("ratio", "<=", 1.03))},
    {"name": "decap-xdp-64", **DECAP,
     "bars": (("ratio", ">=", 6), ("ns_over_floor", "<=", 35))},
    {"name": "decap-tc-64", **DECAP_TC, **at_least(2.5)},
    # As near to the floor as decapsulation could come: in xvtep's place, what only strips.
    {"name": "strip-xdp-64", **DECAP, "as": {"xvtep": Strip}},
    {"name": "strip-tc-64", **DECAP_TC, "as": {"xvtep": Strip}},
    {"name": "encap-tc-64", **ENCAP_TC, **at_least(2.5)},
    {"name": "encap-xdp-64", **ENCAP_XDP, **at_least(6)},
    # Other sizes: the same bars, less 10 %.
    {"name": "decap-xdp-imix", **DECAP, "sizes": IMIX, **at_least(5.4)},
    {"name": "encap-tc-imix", **ENCAP_TC, "sizes": IMIX, **at_least(2.25)},
    {"name": "decap-xdp-1400", **DECAP, "sizes": {1400: 1}, **at_least(5.4)},
    {"name": "encap-tc-1400", **ENCAP_TC, "sizes": {1400: 1}, **at_least(2.25)},
    {"name": "flows-64k", **DECAP, "flows": 1 << 16, "macs": 1 << 14, "base": ONE_FLOW,
     "bars": (("share", ">=", 0.85),)},
    {"name": "fdb-1m", **DECAP, "macs": 1000000, "base": {"macs": 1000},
     "bars": (("share", ">=", 0.7), ("ratio", ">=", 5))},
    {"name": "vni-4k", **DECAP, "vnis": 4000, "trunk": True, "base": {"vnis": 1},
     "bars": (("share", ">=", 0.85),)},
    {"name": "flood-64", **ENCAP_TC, "unit": "Mcopies/s", "broadcast": True, "peers": 64,
     "batch": 2, "contenders": ("kernel", "xvtep"), "bars": (("ratio", ">=", 1.5),)},
    {"name": "scale-2", **DECAP, "flows": 1 << 12, "cores": 2, "base": {"cores": 1},
     "bars": (("share", ">=", 1.85),)},
    {"name": "tcp-default-wire", **TCP, "wire": "default", **tcp_at_least(1.05)},
    {"name": "tcp-nic-wire", **TCP, "wire": "nic", **tcp_at_least(1)},
    {"name": "tcp-8-streams", **TCP, "wire": "default", "streams": 8, **tcp_at_least(1)},
    # The ways that inner TCP could go instead, where auto takes TC: above 1 it would be wrong to.
    {"name": "tcp-way-stack", **TCP, **WAY, "xdp": "stack"},
    {"name": "tcp-way-redirect", **TCP, **WAY, "xdp": "native"},
    {"name": "udp-64", **RR, "protocol": "udp", "bytes": 64 - 42},
    {"name": "rr", **RR, "protocol": "tcp", "bytes": 1},
    {"name": "learn", **LEARN, "kind": learn.Storm, "unit": "MACs/s", "remote_macs": 1 << 19,
     "local_macs": 1, "bars": (("value", ">=", 500000),)},
    {"name": "learn-latency", **LEARN, "kind": learn.Latency, "unit": "us", "better": "less",
     "bars": (("p99_us", "<=", 2000),)},
    {"name": "load-1m", **TABLE, "kind": tables.Load, "once": ("kernel",),
     "bars": (("value", "<=", 1.5),)},
    {"name": "show-1m", **TABLE, "kind": tables.Show, "once": ("kernel",),
     "bars": (("value", "<=", 2),)},
    {"name": "age-1m", **LEARN, "kind": ageing.Sweep, "unit": "ms", "better": "less",
     "remote_macs": 1 << 20, "local_macs": 1, "bars": (("value", "<=", 20),)},
    {"name": "memory", **TABLE, "kind": tables.Memory, "unit": "MB", "once": ("kernel", "xvtep"),
     "bars": (("value", "<=", 67), ("rss_idle_mb", "<=", 17), ("rss_mb", "<=", 134))},
    {"name": "restart-1m", **DECAP, "kind": restart.Wire, "unit": "s", "better": "less",
     "macs": 1000000, "contenders": ("xvtep",),
     "bars": (("lost_packets", "<=", 0), ("value", "<=", 2))},
    {"name": "reload-1m", "kind": reload.Reload, "unit": "s", "better": "less",
     "entries": 1000000, "contenders": ("xvtep",),
     "bars": (("longest_ms", "<=", 50), ("longest_unchanged_ms", "<=", 50))},
    {"name": "start-1k", **START, "ports": 1000, "bars": (("value", "<=", 6), *ANSWERS)},
    {"name": "start-10k", **START, "ports": 10000, "on_request": True,
     "bars": (("value", "<=", 60), *ANSWERS)},
)
