# SPDX-License-Identifier: GPL-2.0-only
"""
The first start of a daemon with many ports: how long until all are attached, and how long a client
of the control socket waits for an answer meanwhile, at most.
"""
import json
import os
import socket
import subprocess
import time

import lab
import machine
from contender import SETUP_XVTEP, Host, Xvtep
from traffic import LOCAL

PATIENCE = 300  # seconds for a start
AFTER = 5  # seconds that answers are timed when all are attached: links take the filters' place
PAUSE = 0.002  # between two questions
PORTS_A_NETWORK = 100


class Ports(Xvtep):
    """The daemon with many ports and networks; started without being waited for."""

    def networks(self):
        devices = self.host.devices
        for at in range(0, len(devices), PORTS_A_NETWORK):
            yield f"  - vni: {1 + at // PORTS_A_NETWORK}"
            yield f"    ports: [{', '.join(devices[at:at + PORTS_A_NETWORK])}]"
            yield f"    flood: [{self.host.remote}]"

    def start(self):
        self.begun = time.monotonic()
        self.starter = subprocess.Popen([SETUP_XVTEP, "start", *self.args])

    def close(self):
        self.starter.wait(PATIENCE)
        super().close()


class Questions:
    """Asks for the status again and again on one connection, and times each answer."""

    def __init__(self, instance):
        self.path = f"/run/xvtep/{instance}/control.sock"
        self.longest = 0

    def connect(self):
        """Until a client is taken."""
        end = time.monotonic() + PATIENCE
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            if not self.socket.connect_ex(self.path):
                self.lines = self.socket.makefile()
                return
            self.socket.close()
            if time.monotonic() > end:
                raise lab.LabError("xvtepd takes no client")
            time.sleep(0.001)

    def ask(self):
        """The row of the status."""
        begin = time.monotonic()
        self.socket.sendall(b'{"object":"status","command":"show","args":{}}\n')
        row, more = None, True
        while more:
            answer = json.loads(self.lines.readline())
            row = row or answer["data"][0]
            more = answer.get("more")
        self.longest = max(self.longest, time.monotonic() - begin)
        return row


class Start:
    """Of the row counts "ports"."""

    ROUNDS = "long_rounds"
    UNCERTAINTY = 0.3
    FEW = 1

    def __init__(self, bench, contender, options):
        self.bench, self.stack = bench, None

    def verify(self):
        pass

    def set_up(self):
        self.close()
        self.stack = lab.Lab("xv")
        host, ends = self.stack.netns("host"), self.stack.netns("ends")
        devices = [f"q{i}" for i in range(self.bench["ports"])]
        lines = [f"link add under type veth peer name under netns {ends.path}",
                 "link set under up", f"addr add {LOCAL['dst']}/24 dev under"]
        for dev in devices:
            lines += [f"link add {dev} type veth peer name {dev} netns {ends.path}",
                      f"link set {dev} up"]
        batch(host, lines)
        batch(ends, [f"link set {dev} up" for dev in ["under", *devices]])
        info = Host(host, LOCAL["dst"], LOCAL["src"], [], [])
        info.devices = devices
        return info

    def measure(self):
        """One start, a dictionary."""
        info = self.set_up()
        vtep = Ports(self.stack, info, "off")
        questions = Questions(vtep.instance)
        questions.connect()
        questions.ask()
        first = time.monotonic() - vtep.begun
        while questions.ask()["attaching"]:
            time.sleep(PAUSE)
        took = time.monotonic() - vtep.begun
        attaching = questions.longest
        end = time.monotonic() + AFTER
        while time.monotonic() < end:
            questions.ask()
            time.sleep(PAUSE)
        return {"value": took, "first_answer_s": first, "longest_ms": attaching * 1e3,
                "longest_after_ms": questions.longest * 1e3,
                "rss_mb": machine.resident_mb(vtep.pid())}

    def finish(self):
        pass

    def close(self):
        if self.stack:
            self.stack.close()
            self.stack = None


def batch(netns, lines):
    path = os.path.join(lab.scratch(), "ip-batch")
    with open(path, "w") as f:
        f.writelines(f"{line}\n" for line in lines)
    lab.run(*netns.enter("ip", "-batch", path), timeout=PATIENCE)
    os.unlink(path)
