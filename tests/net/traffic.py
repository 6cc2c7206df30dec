# SPDX-License-Identifier: GPL-2.0-only
"""Traffic between tenants, checked byte by byte or counted: TCP, UDP, and a paced stream."""
import hashlib
import random
import select
import socket
import struct
import threading
import time

import tap
from frame import SO_RCVBUFFORCE

SO_SNDBUFFORCE = 32
LIMIT = 8 * tap.SLOW  # seconds for one transfer


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def server(tenant, address, kind):
    s = tenant.ns.socket(family_of(address), kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, 0))
    s.settimeout(LIMIT)
    return s


def send_all(sock, address, blocks):
    """In a thread: connects, sends, and closes. The receiver notices what goes wrong."""
    try:
        sock.settimeout(LIMIT)
        sock.connect(address)
        for block in blocks:
            sock.sendall(block)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    finally:
        sock.close()


def tcp(source, target, size=8 << 20, v6=False):
    """A transfer of size bytes, compared by SHA-256. Returns seconds."""
    address = target.ip6 if v6 else target.ip
    piece = random.Random(size).randbytes(1 << 20)
    blocks = [piece] * (size >> 20) + [piece[:size & 0xfffff]]
    want = hashlib.sha256(b"".join(blocks)).hexdigest()
    what = f"TCP {source.ns.name} -> {target.ns.name}"
    listener = server(target, address, socket.SOCK_STREAM)
    listener.listen()
    client = source.ns.socket(family_of(address), socket.SOCK_STREAM)
    start = time.monotonic()
    thread = threading.Thread(target=send_all, args=(client, listener.getsockname(), blocks),
                              daemon=True)
    thread.start()
    digest, got = hashlib.sha256(), 0
    try:
        peer, _ = listener.accept()
        peer.settimeout(LIMIT)
        while data := peer.recv(1 << 20):
            digest.update(data)
            got += len(data)
        peer.close()
    except TimeoutError as e:
        raise tap.Fail(f"{what}: stuck after {got} of {size} bytes") from e
    finally:
        listener.close()
        thread.join(LIMIT)
    tap.equal(got, size, f"{what}: bytes")
    tap.equal(digest.hexdigest(), want, f"{what}: SHA-256")
    return time.monotonic() - start


def udp(source, target, sizes=(0, 1, 17, 18, 19, 200, 1400, 1472), v6=False):
    """One datagram of each size; each must arrive once and whole."""
    address = target.ip6 if v6 else target.ip
    receiver = server(target, address, socket.SOCK_DGRAM)
    sender = source.ns.socket(family_of(address), socket.SOCK_DGRAM)
    sent = [random.Random(n).randbytes(n) for n in sizes]
    got = []
    try:
        for data in sent:
            sender.sendto(data, receiver.getsockname()[:2])
        receiver.settimeout(LIMIT)
        while len(got) < len(sent):
            got.append(receiver.recv(65536))
    except TimeoutError as e:
        raise tap.Fail(f"UDP {source.ns.name} -> {target.ns.name}: {len(got)} of {len(sent)}"
                       f" datagrams, sizes {[len(d) for d in got]}") from e
    finally:
        sender.close()
        receiver.close()
    tap.equal(sorted(got), sorted(sent), f"UDP {source.ns.name} -> {target.ns.name}: datagrams")


class Stream:
    """
    Numbered UDP datagrams at a steady rate until stop(). No burst is longer than BURST, however
    late the sender is, so that no queue on the way must be longer.
    """

    BURST = 50

    def __init__(self, source, target, pps, payload=64):
        self.what = f"stream {source.ns.name} -> {target.ns.name}"
        self.receiver = server(target, target.ip, socket.SOCK_DGRAM)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        self.sender = source.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.sender.connect(self.receiver.getsockname())
        self.pps, self.pad = pps / tap.SLOW, b"\0" * (payload - 8)
        self.sent, self.refused, self.ending = 0, 0, False
        self.seen = {}
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.send, self.receive)]
        for t in self.threads:
            t.start()

    def send(self):
        last, owed = time.monotonic(), 0.0
        while not self.ending:
            now = time.monotonic()
            owed, last = min(self.BURST, owed + (now - last) * self.pps), now
            for _ in range(int(owed)):
                try:
                    self.sender.send(struct.pack("!Q", self.sent) + self.pad)
                    self.sent += 1
                except OSError:  # not taken by the sender's own stack: not on the wire
                    self.refused += 1
            owed -= int(owed)
            time.sleep(0.001)

    def receive(self):
        poll = select.poll()
        poll.register(self.receiver, select.POLLIN)
        self.receiver.setblocking(False)
        while True:
            if not poll.poll(50):
                if self.ending and not self.threads[0].is_alive():
                    return
                continue
            try:
                while True:
                    number, = struct.unpack("!Q", self.receiver.recv(2048)[:8])
                    self.seen[number] = self.seen.get(number, 0) + 1
            except BlockingIOError:
                pass

    def run_until(self, count):
        """Waits until count more datagrams were sent."""
        want = self.sent + int(count / tap.SLOW)
        tap.wait_for(lambda: self.sent >= want, f"{self.what}: {count} more datagrams sent", 20)

    def stop(self):
        """Ends it. Returns (sent, lost, doubled)."""
        self.ending = True
        for t in self.threads:
            t.join(5)
        self.sender.close()
        self.receiver.close()
        tap.equal(self.refused, 0, f"{self.what}: sends that the sender's stack refused")
        doubled = sum(n - 1 for n in self.seen.values())
        return self.sent, self.sent - len(self.seen), doubled

    def missing(self):
        """Ranges of lost numbers, for messages."""
        lost = [n for n in range(self.sent) if n not in self.seen]
        ranges = []
        for n in lost:
            if ranges and ranges[-1][1] == n - 1:
                ranges[-1][1] = n
            else:
                ranges.append([n, n])
        return ranges[:10]

    def expect_no_loss(self, what):
        sent, lost, doubled = self.stop()
        tap.ok(sent > 0, f"{what}: nothing was sent")
        tap.equal((lost, doubled), (0, 0),
                  f"{what}: lost and doubled of {sent}; lost are {self.missing()}")
        tap.comment(f"{what}: {sent} sent, {sent} received")


UDP_SEGMENT, UDP_MAX_SEGMENTS = 103, 61  # linux/udp.h; what Linux 6.1 takes at once, less three


def udp_burst(size, bursts=10, last=None):
    """Payloads for send_segments(): each burst whole segments of size, but for the last one."""
    rng = random.Random(size)
    return [[rng.randbytes(size if i < UDP_MAX_SEGMENTS - 1 else last or size)
             for i in range(UDP_MAX_SEGMENTS)] for _ in range(bursts)]


def udp_segmented(source, target, size=1000, v6=False, bursts=10, last=None):
    """
    Bursts that the sender's stack takes as one buffer each (UDP_SEGMENT); an ordinary socket must
    get every datagram of them, once and whole.
    """
    address = target.ip6 if v6 else target.ip
    receiver = server(target, address, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    sender = source.ns.socket(family_of(address), socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
    sent, got = udp_burst(size, bursts, last), []
    try:
        for burst in sent:
            sender.sendto(b"".join(burst), receiver.getsockname()[:2])
        want = sorted(data for burst in sent for data in burst)
        receiver.settimeout(2 * tap.SLOW)
        while len(got) < len(want):
            got.append(receiver.recv(65536))
    except TimeoutError:
        pass
    finally:
        sender.close()
        receiver.close()
    what = f"UDP_SEGMENT {source.ns.name} -> {target.ns.name}"
    tap.equal(len(got), len(want), f"{what}: datagrams")
    tap.equal(sorted(got) == want, True, f"{what}: datagrams are as sent")
