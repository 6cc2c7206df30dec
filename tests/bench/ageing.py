# SPDX-License-Identifier: GPL-2.0-only
"""
One sweep over a million learned entries that are all alive: the kernel bridge's by the CPU time
of the kernel's thread that does it, xvtep's by what the daemon says or else by the CPU time that it
uses while nothing else happens.
"""
import json
import time

import frame
import learn
import machine
from contender import Kernel

AGEING = 40  # seconds; xvtep sweeps every eighth of it
KERNEL_WATCH = 2
LEARN_PATIENCE = 60


class Sweep(learn.Storm):
    """Milliseconds a sweep."""

    def knowledge(self):
        host = super().knowledge()
        host.ageing = AGEING
        return host

    toggle = 1

    def fill(self):
        """Every MAC sends: it is learned, or its age is 0 again."""
        end = time.monotonic() + LEARN_PATIENCE
        sent = got = 0
        while sent < self.traffic.count or got < 0.99 * len(self.traffic.remote):
            sent += self.gens[0].ask(f"frames {learn.BURST}")["sent"]
            got = self.settled(min(sent, len(self.traffic.remote)))
            if time.monotonic() > end:
                raise frame.BadFrame(f"{got} of {len(self.traffic.remote)} MACs learned")

    def measure(self):
        """One round, a dictionary."""
        self.fill()
        if self.contender is Kernel:
            return self.watch_kernel()
        return self.watch_daemon()

    def watch_kernel(self):
        # A new ageing time makes the bridge sweep at once, and then not for some seconds.
        before = machine.worker_seconds()
        self.host.ip(f"link set br0 type bridge ageing_time {AGEING * 100 + self.toggle}")
        self.toggle ^= 1
        time.sleep(KERNEL_WATCH)
        after = machine.worker_seconds()
        return {"value": max(t - before.get(pid, 0) for pid, t in after.items()) * 1e3}

    def watch_daemon(self):
        """What the daemon says of a sweep that it makes now."""
        time.sleep(AGEING / 8 + 1)
        return {"value": json.loads(self.vtep.client("status"))["status"]["fdb_sweep_us"] / 1e3}

    def finish(self):
        pass
