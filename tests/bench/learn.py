# SPDX-License-Identifier: GPL-2.0-only
"""
Learning, seen from outside: new source MACs a second, and the time from the
first frame of a MAC until frames to it are no longer unknown.
"""
import json
import time

import bridge
import frame
import lab
import machine
import packets
from contender import VNI, Host, Kernel
from traffic import LOCAL, mac_of

KNOWN = mac_of(2, 0)  # makes the other VTEP known to xvtep
RATE = 10000
PATIENCE = 60  # seconds
POLL = 0.001
QUIET = 0.2  # seconds without a new MAC: the rest was lost
BURST = 1 << 15  # the ring buffer has room for more events than that


class Storm(packets.Wire):
    """
    Every frame has a new source MAC. Bursts of them, as fast as the generator can, the next when
    the MACs of the last are learned; what was lost comes again when all had their turn. xvtep's
    daemon runs on another CPU than the generator and the programs; the kernel learns where it
    forwards.
    """

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.15
    FEW = 3
    ENOUGH = 0.9

    def knowledge(self):
        return Host(self.host, LOCAL["dst"], LOCAL["src"], self.traffic.local, [KNOWN],
                    unlimited=True)

    def learned(self, sent):
        """MACs learned; a bridge that does not count them (before Linux 6.8) learns each it sees."""
        if self.contender is Kernel:
            count = bridge.learned(self.host, "br0")
            return min(sent, len(self.traffic.remote)) if count is None else count
        return self.vtep.ask("network", "show")[0]["learned"]

    def forget(self):
        if self.contender is Kernel:
            self.host.run("ip", "link", "set", "br0", "type", "bridge", "fdb_flush")
        else:
            self.vtep.client("fdb", "flush", "learned")

    def measure(self):
        """One round, a dictionary."""
        self.forget()
        wanted = int(self.ENOUGH * len(self.traffic.remote))
        window, start = machine.Window(), time.monotonic()
        before, got, lost = self.sent, 0, 0
        while got < wanted:
            self.sent += self.gens[0].ask(f"frames {BURST}")["sent"]
            got = self.settled(self.sent - before - lost)
            lost = self.sent - before - got  # the next burst does not wait for these again
            seconds = time.monotonic() - start
            if seconds > PATIENCE:
                raise frame.BadFrame(f"{got} of {wanted} MACs learned in {PATIENCE} s")
        window.stop()
        return {"value": got / seconds, "frames_a_mac": (self.sent - before) / got,
                "window": window, "own": self.cpus}

    def settled(self, sent):
        """MACs learned, when all of `sent` are or no more come."""
        got, deadline = self.learned(sent), time.monotonic() + QUIET
        while got < sent and time.monotonic() < deadline:
            time.sleep(POLL)
            last, got = got, self.learned(sent)
            if got > last:
                deadline = time.monotonic() + QUIET
        return got

    def finish(self):
        pass  # frames may be lost


class Latency(packets.Wire):
    """Time to install at RATE new MACs a second; see probe.c."""

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.5  # the kernel's is nothing but the probe's own
    FEW = 3
    UNSEEN = 0.05  # share of MACs that are not counted, at most

    def knowledge(self):
        return Host(self.host, LOCAL["dst"], LOCAL["src"], self.traffic.local, [KNOWN],
                    flood=(), unlimited=True)

    def start_sink(self):
        # In place of the sink: without NAPI redirected frames vanish.
        self.dst.run("ethtool", "-K", "far", "gro", "on")
        self.turn = 0

    def start_generators(self):
        pass

    def verify(self):
        self.measure()

    def measure(self):
        """One round, a dictionary; the MACs are new in each."""
        self.turn += 1
        new, local = f"06:{self.turn:02x}:00:00:00:00", self.traffic.local[0]
        window = machine.Window()
        got = json.loads(lab.run(
            f"{lab.OUT}/bench/probe", "-w", f"{self.src.path}:far", "-t", f"{self.dst.path}:far",
            "-n", frame.outer(LOCAL, VNI, frame.inner(new, local, 64)).hex(),
            "-p", frame.inner(local, new, 64).hex(), "-r", str(RATE), "-m",
            str(int(RATE * 10 * self.options.seconds)), "-c", str(self.options.cpu)))
        window.stop()
        if got["missed"] > got["installed"] / 100:
            raise frame.BadFrame(f"{got['missed']} MACs were not learned")
        unseen = got["unseen"] / (got["installed"] + got["unseen"])
        return {"value": got["p50_us"], "p99_us": got["p99_us"], "max_us": got["max_us"],
                "missed": got["missed"], "unseen": unseen, "window": window,
                "own": [self.options.cpu], "doubt": f"the probe did not run while {unseen:.0%} of "
                "the MACs waited" if unseen > self.UNSEEN else None}

    def finish(self):
        pass
