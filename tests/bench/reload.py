# SPDX-License-Identifier: GPL-2.0-only
"""
A reload with a million static entries in the file: how long it takes, and how long a client of the
control socket waits for an answer meanwhile, at most.
"""
import subprocess
import time

import frame
import lab
import machine
from contender import Host, Xvtep
from start import PAUSE, Questions
from traffic import LOCAL, mac_of

NETWORKS = 100
OTHER = "192.0.2.3"  # the VTEP that every second entry moves to


class Filed(Xvtep):
    """The daemon with all entries in its file."""

    moved = False

    def networks(self):
        count = self.host.entries // NETWORKS
        for number in range(NETWORKS):
            yield f"  - vni: {1 + number}"
            yield "    max-macs: 1048576"
            yield f"    flood: [{self.host.remote}, {OTHER}]"
            yield "    fdb:"
            for i in range(count):
                remote = OTHER if self.moved and i % 2 else self.host.remote
                yield f'      - {{mac: "{mac_of(1, i)}", remote: {remote}}}'

    def start(self):
        self.path = next(a for a in self.args if a.startswith("config="))[len("config="):]
        super().start()

    def write(self):
        with open(self.path, "w") as f:
            f.writelines(f"{line}\n" for line in self.config())


class Reload:
    """Of the row counts "entries"."""

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.3
    FEW = 1

    def __init__(self, bench, contender, options):
        self.bench, self.stack = bench, lab.Lab("xv")
        host, far = self.stack.netns("host"), self.stack.netns("far")
        host.ip(f"link add under type veth peer name under netns {far.path}")
        host.ip("link set under up")
        far.ip("link set under up")
        host.ip(f"addr add {LOCAL['dst']}/24 dev under")
        info = Host(host, LOCAL["dst"], LOCAL["src"], [], [])
        info.entries = bench["entries"]
        self.vtep = Filed(self.stack, info, "off")
        self.questions = Questions(self.vtep.instance)
        self.questions.connect()

    def verify(self):
        entries = self.questions.ask()["fdb_entries"]
        if entries != self.bench["entries"]:
            raise frame.BadFrame(f"{entries} entries of {self.bench['entries']}")

    def reload(self):
        """Seconds, and the longest wait in milliseconds."""
        self.questions.longest = 0
        vtep, begin = self.vtep, time.monotonic()
        client = subprocess.Popen(vtep.host.netns.enter(f"{vtep.bin}/xvtep", "-i", vtep.instance,
                                                        "reload"), stdout=subprocess.DEVNULL)
        while client.poll() is None:
            self.questions.ask()
            time.sleep(PAUSE)
        if client.returncode:
            raise lab.LabError(f"xvtep reload: exit {client.returncode}")
        return time.monotonic() - begin, self.questions.longest * 1e3

    def measure(self):
        """Half of the entries change; then none does."""
        self.vtep.moved = not self.vtep.moved
        self.vtep.write()
        took, longest = self.reload()
        same, longest_same = self.reload()
        return {"value": took, "longest_ms": longest, "unchanged_s": same,
                "longest_unchanged_ms": longest_same,
                "rss_mb": machine.resident_mb(self.vtep.pid())}

    def finish(self):
        self.verify()

    def close(self):
        self.stack.close()
