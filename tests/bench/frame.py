# SPDX-License-Identifier: GPL-2.0-only
"""Frames that the benchmarks send, and the byte-exact check of what comes out."""
import socket
import struct

VXLAN_PORT = 4789
OUTER_LEN = 14 + 20 + 8 + 8


class BadFrame(Exception):
    """What came out of a contender is not what must come out."""


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, length, ident=0, frag=0, tos=0, ttl=64):
    """Header of a datagram with `length` bytes behind it."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + length, ident, frag, ttl, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:]


def inner(src_mac, dst_mac, length, ports=(40000, 9)):
    """UDP over IPv4 of a tenant, `length` bytes from the Ethernet header, without FCS."""
    payload = length - 42
    udp = struct.pack("!HHHH", *ports, 8 + payload, 0)
    return (mac(dst_mac) + mac(src_mac) + b"\x08\x00" +
            ipv4("10.0.0.2", "10.0.0.1", 17, 8 + payload) + udp +
            bytes(i & 0xff for i in range(payload)))


def outer(end, vni, frame, sport=50000, ident=0, frag=0x4000, udp_sum=0):
    """VXLAN over IPv4 around a frame; `end` has src_mac, dst_mac, src, dst."""
    udp = struct.pack("!HHHH", sport, VXLAN_PORT, 16 + len(frame), udp_sum)
    return (mac(end["dst_mac"]) + mac(end["src_mac"]) + b"\x08\x00" +
            ipv4(end["src"], end["dst"], 17, 16 + len(frame), ident, frag) + udp +
            struct.pack("!II", 0x08000000, vni << 8) + frame)


def tagged(frame, vlan):
    """The frame with an 802.1Q tag, or as it is for VLAN 0."""
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:] if vlan else frame


def outer_destination(frame):
    return socket.inet_ntoa(frame[30:34])


def check_same(got, want):
    if got != want:
        raise BadFrame(f"\n  got  {got.hex()}\n  want {want.hex()}")


def check_outer(got, end, vni, frame):
    """
    Compares a whole encapsulated frame. Taken from the frame itself, as a VTEP may choose them:
    IP id, DF, UDP source port (the RFC's or the kernel's range); a UDP checksum must be zero.
    """
    if len(got) != OUTER_LEN + len(frame):
        raise BadFrame(f"{len(got)} bytes instead of {OUTER_LEN + len(frame)}: {got.hex()}")
    ident, frag = struct.unpack("!HH", got[18:22])
    sport, = struct.unpack("!H", got[34:36])
    if sport < 32768 or frag not in (0, 0x4000):
        raise BadFrame(f"source port {sport}, fragment field {frag:#x}: {got.hex()}")
    check_same(got, outer(end, vni, frame, sport, ident, frag))
