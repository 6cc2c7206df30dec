# SPDX-License-Identifier: GPL-2.0-only
"""
Request and response between tenants of two hosts, on the wires of tcp.py. Both ends run on one
CPU, so that what is measured is the way of two packets and not how long an idle CPU takes to wake
up, which in a virtual machine is most of it.
"""
import machine
import tcp

UNIT = "us"


class Wire(tcp.Wire):
    """Of the row count wire, "protocol" and "bytes" (payload)."""

    ROUNDS = "rounds"
    UNCERTAINTY = 0.05

    def build(self):
        super().build()
        self.args = ["-p", self.bench["protocol"], "-a", tcp.IP["b"], "-l",
                     str(self.bench["bytes"]), "-c", str(self.options.cpu)]
        self.client = None

    def verify(self):
        super().verify()
        self.stack.helper(self.tenants["b"], "rr", "-s", *self.args)
        self.client = self.stack.helper(self.tenants["a"], "rr", *self.args)

    def measure(self):
        """One slice, a dictionary; the value is the median of its transactions."""
        window = machine.Window()
        got = self.client.ask(f"time {self.options.seconds}")
        window.stop()
        cpu = self.options.cpu
        return {"value": got["p50_us"], "p99_us": got["p99_us"],
                "cpu_us": window.delta[cpu][0] * 1e6 / got["count"],
                "lost": got["lost"] / (got["count"] + got["lost"]),
                "window": window, "own": [cpu]}
