# SPDX-License-Identifier: GPL-2.0-only
"""
Network namespaces of one benchmark, and what runs in them. Everything is undone by close(), in
reverse order, whatever happened in between.
"""
import atexit
import ctypes
import json
import os
import select
import shutil
import socket
import subprocess

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OUT = os.path.join(TOP, ".output")
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """A command of the set-up failed."""


class Unsupported(LabError):
    """This kernel cannot do what a contender needs; the row goes without it."""


def run(*cmd, timeout=60):
    """Runs a command to its end; its standard output, or LabError with what it said."""
    p = subprocess.run(cmd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=timeout)
    if p.returncode:
        raise LabError(f"{' '.join(cmd)}: {(p.stderr or p.stdout).strip() or p.returncode}")
    return p.stdout


def scratch():
    """A directory for files of this run, gone at its end."""
    path = os.path.join(OUT, "bench", "run", f"scratch{os.getpid()}")
    if not os.path.isdir(path):
        os.makedirs(path)
        atexit.register(remove, path)
    return path


def remove(path):
    shutil.rmtree(path, ignore_errors=True)


class Netns:
    """One network namespace, without IPv6 chatter of its own."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        run("ip", "netns", "add", name)
        try:
            self.run("ip", "link", "set", "lo", "up")
            self.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
            self.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        except BaseException:
            self.close()
            raise

    def enter(self, *cmd):
        return ["nsenter", f"--net={self.path}", *cmd]

    def run(self, *cmd):
        return run(*self.enter(*cmd))

    def ip(self, text):
        return self.run("ip", *text.split())

    def sysctl(self, key, value):
        self.run("sysctl", "-qw", f"{key}={value}")

    def socket(self, *kind):
        """Socket of this namespace; it stays there, the caller does not."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        other = os.open(self.path, os.O_RDONLY)
        try:
            if libc.setns(other, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {self.path}")
            try:
                return socket.socket(*kind)
            finally:
                if libc.setns(own, CLONE_NEWNET):
                    os._exit(1)  # in the wrong namespace nothing else may happen
        finally:
            os.close(own)
            os.close(other)

    def packet_socket(self, dev):
        """Raw socket on a device."""
        s = self.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((dev, 3))
        s.settimeout(2)
        return s

    def dropped(self):
        """Frames that devices of this namespace say they dropped, either way."""
        links = json.loads(self.run("ip", "-j", "-s", "link", "show"))
        return sum(d["stats64"][way]["dropped"] for d in links for way in ("rx", "tx"))

    def xmit_errors(self, dev):
        """XDP frames that a veth could not give to its peer; both ends count them as dropped."""
        lines = self.run("ethtool", "-S", dev).splitlines()
        return sum(int(line.split(":")[1]) for line in lines if "xdp_xmit_errors" in line)

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


class Helper:
    """A program that lives until its standard input closes and answers lines with JSON lines."""

    def __init__(self, netns, *cmd):
        self.name = os.path.basename(cmd[0])
        self.process = subprocess.Popen(netns.enter(*cmd), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        try:
            self.answer()
        except BaseException:
            self.close()
            raise

    def answer(self):
        if not select.select([self.process.stdout], [], [], 20)[0]:
            raise LabError(f"{self.name}: no answer")
        line = self.process.stdout.readline()
        if not line:
            raise LabError(f"{self.name}: ended")
        return json.loads(line)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.tell(command)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Lab:
    """A stack of things to close, and the namespaces among them."""

    count = 0

    def __init__(self, name):
        Lab.count += 1
        self.prefix = f"xvb{os.getpid()}-{name}{Lab.count}"
        self.things = []

    def netns(self, name):
        return self.keep(Netns(f"{self.prefix}-{name}"))

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def helper(self, netns, name, *args):
        return self.keep(Helper(netns, os.path.join(OUT, "bench", name), *args))

    def close(self):
        while self.things:
            self.things.pop().close()
