# SPDX-License-Identifier: GPL-2.0-only
"""
What somebody else hooks to devices and to the stack, without tools that not every machine has:
chains of nf_tables that drop all, over netlink, and TCX programs.
"""
import os
import socket
import struct

import bpf
from netns import run

NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL = 1, 4, 0x400, 0x200
NLA_F_NESTED = 0x8000
BATCH_BEGIN, BATCH_END, NFTABLES = 16, 17, 10
NEWTABLE, DELTABLE, NEWCHAIN = 0, 2, 3
IPV4, IPV6, NETDEV, BRIDGE = 2, 10, 5, 7  # NFPROTO_*
PREROUTING, INPUT, OUTPUT, INGRESS, EGRESS = 0, 1, 3, 0, 1
DROP, ACCEPT = 0, 1
BPF_TCX_INGRESS, BPF_F_BEFORE = 46, 1 << 3


def attr(kind, data):
    if isinstance(data, str):
        data = data.encode() + b"\0"
    elif isinstance(data, int):
        data = struct.pack("!I", data)
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + b"\0" * (-size % 4)


def message(kind, flags, family, resource, body=b""):
    body = struct.pack("!BBH", family, 0, resource) + body
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def commit(ns, *messages):
    """A transaction of nf_tables; OSError if the kernel refuses."""
    s = ns.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    try:
        s.send(message(BATCH_BEGIN, 0, 0, NFTABLES) + b"".join(messages)
               + message(BATCH_END, 0, 0, NFTABLES))
        for _ in messages:
            code = struct.unpack_from("=i", s.recv(65536), 16)[0]
            if code:
                raise OSError(-code, os.strerror(-code))
    finally:
        s.close()


class Chain:
    """A base chain with a policy, in a table of its own; dev where it is a device's."""

    def __init__(self, ns, family, hook, policy=DROP, dev=None, table="guard"):
        self.ns, self.family, self.table = ns, family, table
        where = attr(1, hook) + attr(2, 0) + (attr(3, dev) if dev else b"")
        commit(ns,
               message(NFTABLES << 8 | NEWTABLE, NLM_F_CREATE | NLM_F_ACK, family, 0,
                       attr(1, table)),
               message(NFTABLES << 8 | NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, family, 0,
                       attr(1, table) + attr(3, "wall") + attr(4 | NLA_F_NESTED, where)
                       + attr(5, policy) + attr(7, "filter")))

    def close(self):
        commit(self.ns, message(NFTABLES << 8 | DELTABLE, NLM_F_ACK, self.family, 0,
                                attr(1, self.table)))


class Tcx:
    """Someone else's TCX program at a device's ingress, before all that are there: drops all."""

    def __init__(self, host, dev):
        self.host, self.dev = host, dev
        self.pin = f"/sys/fs/bpf/{host.lab.prefix}-{host.name}-{dev}-tcx"
        self.index = host.ns.links()[dev]["ifindex"]
        run("bpftool", "prog", "load", host.foreign_object(), self.pin, "type", "tc")
        host.lab.keep(self)
        self.fd = bpf.get(self.pin)
        with host.ns.inside():
            bpf.bpf(bpf.PROG_ATTACH, "=IIII", self.index, self.fd, BPF_TCX_INGRESS, BPF_F_BEFORE)

    def close(self):
        if os.path.exists(self.pin):
            with self.host.ns.inside():
                bpf.bpf(bpf.PROG_DETACH, "=III", self.index, self.fd, BPF_TCX_INGRESS)
            os.close(self.fd)
            os.unlink(self.pin)
