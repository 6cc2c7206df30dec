# SPDX-License-Identifier: GPL-2.0-only
"""
Frames that tests send by hand, and sockets that count them. A frame carries a marker of its own, so
that it is told apart from whatever else a host says.
"""
import itertools
import os
import select
import socket
import struct
import time

from tap import SLOW, Fail

BROADCAST = "ff:ff:ff:ff:ff:ff"
MULTICAST = "01:00:5e:01:02:03"
ETH_EXPERIMENT = 0x88b5  # IEEE 802, local experimental
ETH_IP, ETH_IPV6, ETH_VLAN = 0x0800, 0x86dd, 0x8100
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 1 << 4  # linux/if_packet.h
ETH_QINQ = 0x88a8
numbers = itertools.count(1)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def marker():
    """16 bytes that no other frame of this run holds."""
    return struct.pack("!4sIQ", b"xvtp", os.getpid(), next(numbers))


def ether(src, dst, proto, payload, vlan=None):
    tag = struct.pack("!HH", ETH_VLAN, vlan) if vlan is not None else b""
    data = mac(dst) + mac(src) + tag + struct.pack("!H", proto) + payload
    return data.ljust(60, b"\0")


def tagged(src, dst, tags, proto, payload):
    """With any tags, [(protocol, TCI)], the outer one first."""
    stack = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return (mac(dst) + mac(src) + stack + struct.pack("!H", proto) + payload).ljust(60, b"\0")


def plain(src, dst, mark, vlan=None):
    """A frame that is not IP."""
    return ether(src, dst, ETH_EXPERIMENT, mark, vlan)


def gratuitous_arp(source, ip):
    """What a host says when it has moved (RFC 5227, section 3: an announcement)."""
    who = mac(source) + socket.inet_aton(ip)
    nobody = bytes(6) + socket.inet_aton(ip)
    head = struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 1)
    return ether(source, BROADCAST, 0x0806, head + who + nobody)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload, ttl=64, tos=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + len(payload), 0, 0x4000, ttl, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(sport, dport, payload):
    """Without a checksum, as IPv4 allows."""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def udp4(src_mac, dst_mac, src, dst, payload, sport=40000, dport=9, vlan=None):
    return ether(src_mac, dst_mac, ETH_IP, ipv4(src, dst, 17, udp(sport, dport, payload)), vlan)


def vxlan(vni, inner, flags=0x08000000):
    return struct.pack("!II", flags, vni << 8) + inner


class Tap:
    """A raw socket on a device: sends frames, keeps those received, or those the host sends."""

    def __init__(self, netns, dev, outgoing=False):
        self.name, self.outgoing = f"{netns.name}/{dev}", outgoing
        self.socket = netns.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        with netns.inside():
            self.socket.bind((dev, 3))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setblocking(False)
        self.frames = []  # as received, in order
        self.tags = {}  # frame: VLAN id of the tag that the kernel took off it
        self.whole = {}  # frame: the same with that tag

    def send(self, data):
        self.socket.send(data)

    def fileno(self):
        return self.socket.fileno()

    def drain(self):
        while True:
            try:
                data, about, _, address = self.socket.recvmsg(65536, 64)
            except BlockingIOError:
                return
            if (address[2] == socket.PACKET_OUTGOING) != self.outgoing:
                continue
            self.frames.append(data)
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", about[0][2][:20])
            if status & TP_STATUS_VLAN_VALID:
                self.tags[data] = tci & 0xfff
                self.whole[data] = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]

    def count(self, mark):
        """How many frames with this marker came in so far."""
        self.drain()
        return sum(mark in f for f in self.frames)

    def get(self, mark):
        self.drain()
        return [f for f in self.frames if mark in f]

    def close(self):
        self.socket.close()


def wait_count(expected, mark, what, limit=5):
    """
    Waits until each of {tap: count} has seen its count of marked frames. More than that fails at
    once; so does less after the limit.
    """
    end = time.monotonic() + limit * SLOW
    while True:
        got = {tap.name: tap.count(mark) for tap in expected}
        want = {tap.name: n for tap, n in expected.items()}
        if got == want:
            return
        if any(got[n] > want[n] for n in want) or time.monotonic() > end:
            raise Fail(f"{what}: frames seen {got}, want {want}")
        select.select(list(expected), [], [], 0.05)


def expect(sender, build, expected, what, count=1, limit=5):
    """
    Sends count marked frames, then a fence frame of the same kind, from sender; each tap of
    {tap: copies a frame} must see exactly its copies by the time the fence is there. build(mark)
    makes a frame.
    """
    mark, fence = marker(), marker()
    for _ in range(count):
        sender.send(build(mark))
    wait_count({t: n * count for t, n in expected.items() if n}, mark, what, limit)
    sender.send(build(fence))
    wait_count({t: n for t, n in expected.items() if n}, fence, what + " (fence)", limit)
    wait_count({t: n * count for t, n in expected.items()}, mark, what, 0)
    wait_count(expected, fence, what + " (fence)", 0)
