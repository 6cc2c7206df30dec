# SPDX-License-Identifier: GPL-2.0-only
"""
Packet rate of one direction on one core: generator -> veth -> host under test -> veth -> sink. All
of it runs in the softirq of the generator's CPU.
"""
import json
import time

import frame
import lab
import machine
from contender import VNI, Floor, Host, Kernel, Xvtep

UNIT = "Mpps"
LOCAL = {"src": "192.0.2.2", "dst": "192.0.2.1",
         "src_mac": "02:00:00:00:02:02", "dst_mac": "02:00:00:00:02:01"}
REMOTE = {"src": "192.0.2.1", "dst": "192.0.2.2",
          "src_mac": "02:00:00:00:02:01", "dst_mac": "02:00:00:00:02:02"}
TENANT, FAR = "02:00:00:00:0a:01", "02:00:00:00:0a:02"


class Wire:
    """One contender between generator and sink. `bench` is a row of the suite's table."""

    def __init__(self, bench, contender, options):
        self.bench, self.contender, self.options = bench, contender, options
        self.decap = bench["direction"] == "decap"
        self.stack = lab.Lab(contender.name[:2])
        try:
            self.build()
        except BaseException:
            self.stack.close()
            raise

    def build(self):
        self.src, self.host, self.dst = (self.stack.netns(n) for n in ("src", "host", "dst"))
        first, last = ("under", "port") if self.decap else ("port", "under")
        under, port = ("src", "dst") if self.decap else ("dst", "src")
        for dev, side in (("under", under), ("port", port)):
            self.host.ip(f"link add {dev} mtu 1600 type veth peer name far mtu 1600 netns "
                         f"{getattr(self, side).path}")
        self.host.ip(f"link set under address {LOCAL['dst_mac']} up")
        self.host.ip(f"addr add {LOCAL['dst']}/24 dev under")
        self.host.ip(f"neigh add {LOCAL['src']} lladdr {LOCAL['src_mac']} dev under nud permanent")
        self.host.ip("link set port mtu 1500 up")
        for ns in (self.src, self.dst):
            ns.ip("link set far up")
        getattr(self, under).ip(f"link set far address {LOCAL['src_mac']}")
        # Without NAPI on the receiving veth, redirected frames vanish: GRO as on a NIC.
        self.host.run("ethtool", "-K", first, "gro", "on")
        self.frames()
        self.sink = self.stack.helper(self.dst, "sink", "-d", "far", "-l", str(len(self.want)))
        host = Host(self.host, LOCAL["dst"], LOCAL["src"], TENANT, FAR)
        how = {Floor: f"xdp {first} {last}", Kernel: None, Xvtep: self.bench["xdp"]}
        self.contender(self.stack, host, how[self.contender])

    def frames(self):
        size = self.bench["size"]
        if self.decap:
            self.inner = frame.inner(FAR, TENANT, size)
            self.sent = frame.outer(LOCAL, VNI, self.inner, udp_sum=0)
        else:
            self.sent = self.inner = frame.inner(TENANT, FAR, size)
        plain = self.contender is Floor
        self.want = self.sent if plain else self.inner if self.decap else frame.outer(
            REMOTE, VNI, self.inner)

    def generate(self, *args):
        cmd = self.src.enter("taskset", "-c", str(self.options.cpu), f"{lab.OUT}/bench/gen", "-d",
                             "far", "-c", str(self.options.cpu), "-f", self.sent.hex(), *args)
        return json.loads(lab.run(*cmd))

    def verify(self):
        """One frame must come out, with the right bytes. Raises frame.BadFrame."""
        self.sink.ask("arm")
        deadline = time.monotonic() + 5
        while True:
            self.generate("-n", "1")
            got = bytes.fromhex(self.sink.ask("frame")["frame"])
            if got:
                break
            if time.monotonic() > deadline:
                raise frame.BadFrame("nothing came out")
            time.sleep(0.1)
        if self.contender is Floor or self.decap:
            frame.check_same(got, self.want)
        else:
            frame.check_outer(got, REMOTE, VNI, self.inner)

    def losses(self):
        raw = sum(ns.dropped() for ns in (self.src, self.host, self.dst))
        last = "port" if self.decap else "under"
        return raw - self.src.xmit_errors("far") - self.host.xmit_errors(last)

    def measure(self):
        """One round, a dictionary. Raises BadFrame if frames are unaccounted for."""
        before, lost_before = self.sink.ask("count"), self.losses()
        window = machine.Window()
        run = self.generate("-t", str(self.options.seconds))
        window.stop()
        for _ in range(20):
            after, lost = self.sink.ask("count"), self.losses() - lost_before
            cpus = [a - b for a, b in zip(after["cpus"], before["cpus"])]
            if sum(cpus) + lost >= run["sent"]:
                break
            time.sleep(0.05)
        if sum(cpus) + lost != run["sent"]:
            raise frame.BadFrame(f"sent {run['sent']} frames, {sum(cpus)} arrived, "
                                 f"{lost} reported lost")
        return {"value": sum(cpus) * 1e3 / run["ns"], "lost": lost / run["sent"],
                "steal": window.most_stolen,
                "disturbed": self.doubt(window, run, cpus)}

    def doubt(self, window, run, cpus):
        """None, or text on why the round does not tell what one core can do."""
        share = run["cpu_ns"] / run["ns"]
        if cpus[self.options.cpu] < 0.999 * sum(cpus):
            return f"frames arrived on CPUs {cpus}, not on one"
        if share < 0.97:
            return f"the generator had its CPU {share:.0%} of the time"
        return machine.disturbed(window, (self.options.cpu,))

    def close(self):
        self.stack.close()
