# SPDX-License-Identifier: GPL-2.0-only
"""Two hosts with a tenant each: what most tests of the underlay begin with."""
import frame
import tap
from vtep import KINDS

VNI = 100


class Two:
    """Two hosts with a tenant each that know each other; the path is the fast one."""

    def __init__(self, lab, family=4, mode="native", kind="xvtep", underlay=None):
        self.lab = lab
        self.one, self.two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        a, b = lab.hosts
        own = {"xdp": mode, **(underlay or {})}
        self.vteps = [KINDS[k](h, [{"vni": VNI, "ports": ["p1"], "flood": [o.address(family)]}],
                               family, underlay=own if h is a else {"xdp": mode})
                      for h, o, k in ((a, b, "xvtep"), (b, a, kind))]
        self.first = self.vteps[0]
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.one.ping(self.two.ip)
        for vtep in self.vteps:
            vtep.wait_learned(2)
        self.first.wait_ready()

    def expect_fast(self, what):
        """What is sent now arrives, all of it, and by the prebuilt header."""
        self.first.wait_ready()
        before = self.first.paths().get("encap", 0)
        ends = self.one.tap(), self.two.tap()
        frame.expect(ends[0], lambda m: frame.udp4(self.one.mac, self.two.mac, "10.0.0.1",
                                                   "10.0.0.2", m), {ends[1]: 1}, what, 100)
        tap.ok(self.first.paths()["encap"] >= before + 101, f"{what}: not on the fast path")
