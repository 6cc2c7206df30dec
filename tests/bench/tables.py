# SPDX-License-Identifier: GPL-2.0-only
"""
A forwarding database of a million entries, all but one behind the other VTEP: loaded, shown, and
the memory it takes.
"""
import glob
import json
import time

import frame
import lab
import machine
from contender import Host, Xvtep
from traffic import LOCAL, mac_of

IDLE_SECONDS = 2
ROWS = {"kernel": ("bridge", "-j", "fdb", "show", "dev", "vx0"), "xvtep": ("fdb", "show")}


class Table:
    """A contender on a host. Of the row counts "entries"."""

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.15
    FEW = 1  # what the kernel does takes a minute: once only

    def __init__(self, bench, contender, options):
        self.bench, self.contender, self.options = bench, contender, options
        self.macs = [mac_of(1, i) for i in range(bench["entries"] - 1)]
        self.stack = None

    def set_up(self, macs):
        """A fresh host that knows these MACs."""
        self.close()
        self.stack = lab.Lab(self.contender.name[:2])
        host, far = self.stack.netns("host"), self.stack.netns("far")
        for dev in ("under", "port"):
            host.ip(f"link add {dev} mtu 1600 type veth peer name {dev} netns {far.path}")
            host.ip(f"link set {dev} up")
            far.ip(f"link set {dev} up")
        host.ip(f"addr add {LOCAL['dst']}/24 dev under")
        self.netns = host
        self.vtep = self.contender(self.stack, Host(host, LOCAL["dst"], LOCAL["src"],
                                                    [mac_of(0, 0)], macs), "native")

    def show(self):
        """The whole table as JSON."""
        words = ROWS[self.contender.name]
        if self.contender is Xvtep:
            return self.vtep.client(*words)
        return lab.run(*self.netns.enter(*words), timeout=900)

    def verify(self):
        pass

    def check(self, shown):
        got = shown.count(LOCAL["src"])
        if got < len(self.macs):
            raise frame.BadFrame(f"{self.contender.name}: {got} entries of {len(self.macs)}")

    def finish(self):
        """The kernel's dump takes minutes; bridge(8) said that it took every line."""
        if self.contender is Xvtep:
            self.check(self.show())

    def close(self):
        if self.stack:
            self.stack.close()
            self.stack = None


class Load(Table):
    """Seconds from a file of entries to all of them in place, in one command."""

    def measure(self):
        self.set_up(self.macs)
        return {"value": self.vtep.load_seconds}


class Show(Table):
    """Seconds to print all entries as JSON into a pipe."""

    def verify(self):
        self.set_up(self.macs)

    def measure(self):
        start = time.monotonic()
        shown = self.show()
        seconds = time.monotonic() - start
        self.check(shown)
        return {"value": seconds}

    def finish(self):
        pass


class Memory(Table):
    """
    Megabytes of the kernel's memory with the entries: what the pinned maps say or, for the kernel's
    own VTEP, what is no longer available. And the daemon's resident memory, idle and with them.
    """

    def measure(self):
        if self.contender is Xvtep:
            return self.measure_daemon()
        before = machine.available_mb()
        self.set_up(self.macs)
        return {"value": before - machine.available_mb()}

    def measure_daemon(self):
        self.set_up([mac_of(1, 0)])
        time.sleep(IDLE_SECONDS)
        idle = machine.resident_mb(self.vtep.pid())
        self.close()
        self.set_up(self.macs)
        maps = [json.loads(lab.run("bpftool", "-j", "map", "show", "pinned", pin))
                for pin in glob.glob(f"/sys/fs/bpf/xvtep/{self.vtep.instance}/xv_*")]
        return {"value": sum(int(m["bytes_memlock"]) for m in maps) / 1e6, "rss_idle_mb": idle,
                "rss_mb": machine.resident_mb(self.vtep.pid())}
