# SPDX-License-Identifier: GPL-2.0-only
"""What bridge(8) of Debian 12 does not show: how many MACs a bridge has learned (Linux 6.8)."""
import socket
import struct

RTM_GETLINK, RTM_NEWLINK, NLM_F_REQUEST = 18, 16, 1
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_FDB_N_LEARNED = 3, 18, 2, 48
NLA_TYPE = 0x3fff


def attributes(data):
    """{type: payload} of a run of netlink attributes."""
    out = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        out[kind & NLA_TYPE] = data[4:length]
        data = data[(length + 3) & ~3:]
    return out


def learned(netns, dev):
    """MACs learned by the bridge, or None if the kernel does not count them."""
    name = dev.encode() + b"\0"
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
    body += struct.pack("=HH", 4 + len(name), IFLA_IFNAME) + name + bytes(-len(name) % 4)
    with netns.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as s:
        s.send(struct.pack("=IHHII", 16 + len(body), RTM_GETLINK, NLM_F_REQUEST, 1, 0) + body)
        answer = s.recv(65536)
    length, kind = struct.unpack_from("=IH", answer)
    if kind != RTM_NEWLINK:
        raise OSError(f"{dev}: no such bridge")
    info = attributes(attributes(answer[32:length]).get(IFLA_LINKINFO, b""))
    count = attributes(info.get(IFLA_INFO_DATA, b"")).get(IFLA_BR_FDB_N_LEARNED)
    return struct.unpack("=I", count[:4])[0] if count else None
