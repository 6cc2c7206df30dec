# SPDX-License-Identifier: GPL-2.0-only
"""
One network namespace: commands, sockets and settings in it. A thread enters it with setns() and
leaves it again; what it made meanwhile (sockets, child processes) stays inside. `ip netns exec` is
not used, as it hides /sys/fs/bpf.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess

from tap import SLOW

CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 4096, 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
libc = ctypes.CDLL(None, use_errno=True)


KERNEL = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])
TELLS_FEATURES = KERNEL >= (6, 3)  # which devices take XDP frames: else nothing is redirected


class CommandError(Exception):
    """A command failed."""


def run(*cmd, stdin=None, timeout=30, check=True):
    """Runs a command to its end. Its result, or CommandError with what it said."""
    p = subprocess.run(cmd, input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=timeout * SLOW, check=False)
    if check and p.returncode:
        said = (p.stderr or p.stdout).strip()
        raise CommandError(f"{' '.join(cmd)}: exit {p.returncode}: {said}")
    return p


def call(function, *args):
    if function(*args):
        raise OSError(ctypes.get_errno(), f"{function.__name__}{args}")


def setns(fd):
    call(libc.setns, fd, CLONE_NEWNET)


def make(path):
    """As `ip netns add` does, without a process; that has made the directory for the first one."""
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0))
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    call(libc.unshare, CLONE_NEWNET)
    try:
        call(libc.mount, b"/proc/thread-self/ns/net", path.encode(), b"none", MS_BIND, None)
    finally:
        setns(own)
        os.close(own)


class Netns:
    """A namespace of its own name, quiet: no IPv6 but where a device asks for it."""

    first = True  # of this program

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        if Netns.first:
            run("ip", "netns", "add", name)
            Netns.first = False
        else:
            make(self.path)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.sysctl("net.ipv6.conf.default.accept_ra", 0)
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))

    @contextlib.contextmanager
    def inside(self):
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        setns(self.fd)
        try:
            yield
        finally:
            setns(own)  # in the wrong namespace nothing else may happen: this must not fail
            os.close(own)

    def run(self, *cmd, **how):
        with self.inside():
            return run(*cmd, **how)

    def popen(self, *cmd, **how):
        with self.inside():
            return subprocess.Popen(cmd, stdin=subprocess.DEVNULL, **how)

    def ip(self, *lines):
        """Runs lines of ip(8) in one batch."""
        with self.inside():
            return run("ip", "-batch", "-", stdin="\n".join(lines) + "\n").stdout

    def json(self, *cmd):
        return json.loads(self.run(*cmd).stdout or "[]")

    def links(self):
        """{name: what `ip -j -d -s link` says}"""
        return {d["ifname"]: d for d in self.json("ip", "-j", "-d", "-s", "link", "show")}

    def mac(self, dev):
        return self.links()[dev]["address"]

    def sysctl(self, key, value):
        with self.inside():
            with open("/proc/sys/" + key.replace(".", "/"), "w", encoding="ascii") as f:
                f.write(str(value))

    def socket(self, family, kind, proto=0):
        """A socket of this namespace."""
        with self.inside():
            return socket.socket(family, kind, proto)

    def close(self):
        """Deletes the namespace, with the devices in it that nothing else holds."""
        if self.fd is None:
            return
        os.close(self.fd)
        self.fd = None
        call(libc.umount2, self.path.encode(), MNT_DETACH)
        os.unlink(self.path)
