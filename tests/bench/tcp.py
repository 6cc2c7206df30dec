# SPDX-License-Identifier: GPL-2.0-only
"""
TCP streams (iperf3) between tenants of two hosts: tenant -> veth -> host -> underlay veth ->
host -> veth -> tenant, tenants' offloads at their defaults. Besides the rate, the CPU seconds both
cores were busy for a gigabyte: bursts that overflow a veth's ring can cap the rate while cores
idle.
"""
import json
import select
import socket
import subprocess
import time

import frame
import lab
import machine
from contender import VNI, Before, Floor, Host, Kernel, Xvtep

UNIT = "Gbit/s"
A, B = "192.0.2.1", "192.0.2.2"
MAC = {"a": "02:00:00:00:0a:01", "b": "02:00:00:00:0a:02"}
IP = {"a": "10.0.0.1", "b": "10.0.0.2"}
NIC_LIKE = ("tx", "off", "tso", "off", "gso", "off", "gro", "on")


class Wire:
    """Two hosts of one contender. `bench` is a row of the table; it has wire, streams, xdp."""

    ROUNDS = "tcp_rounds"
    UNCERTAINTY = 0.1

    def __init__(self, bench, contender, options):
        self.bench, self.contender, self.options = bench, contender, options
        self.stack = lab.Lab(contender.name[:2])
        try:
            self.build()
        except BaseException:
            self.stack.close()
            raise

    def build(self):
        self.hosts = {n: self.stack.netns(f"host{n}") for n in "ab"}
        self.tenants = {n: self.stack.netns(f"tenant{n}") for n in "ab"}
        a, b = self.hosts["a"], self.hosts["b"]
        a.ip(f"link add under mtu 1600 type veth peer name under mtu 1600 netns {b.path}")
        for n, local in (("a", A), ("b", B)):
            self.tenant(n)
            host = self.hosts[n]
            if self.bench["wire"] == "nic":
                host.run("ethtool", "-K", "under", *NIC_LIKE)
            host.ip(f"link set under address 02:00:00:00:02:0{'ab'.index(n) + 1} up")
            host.ip(f"addr add {local}/24 dev under")
        xdp = self.bench.get("xdp", "auto")
        how = {Floor: "tc under port", Kernel: None, Xvtep: xdp, Before: xdp}
        for n, local, remote in (("a", A, B), ("b", B, A)):
            far = "b" if n == "a" else "a"
            host = Host(self.hosts[n], local, remote, [MAC[n]], [MAC[far]])
            self.contender(self.stack, host, how[self.contender])

    def tenant(self, n):
        ns, host = self.tenants[n], self.hosts[n]
        host.ip(f"link add port type veth peer name eth0 netns {ns.path}")
        host.ip("link set port up")
        ns.ip(f"link set eth0 address {MAC[n]} up")
        ns.ip(f"addr add {IP[n]}/24 dev eth0")
        far = "b" if n == "a" else "a"
        ns.ip(f"neigh add {IP[far]} lladdr {MAC[far]} dev eth0 nud permanent")

    def verify(self):
        """A frame each way must arrive byte by byte, and be VXLAN on the wire as sent."""
        for n, far in (("a", "b"), ("b", "a")):
            sent = frame.inner(MAC[n], MAC[far], 200)
            tx = self.tenants[n].packet_socket("eth0")
            rx = self.tenants[far].packet_socket("eth0")
            wire = self.hosts[n].packet_socket("under")
            try:
                carried = self.send_until_seen(tx, rx, wire, sent)
            finally:
                for s in (tx, rx, wire):
                    s.close()
            if self.contender is Floor:
                continue
            end = {"src": A, "dst": B, "src_mac": "02:00:00:00:02:01",
                   "dst_mac": "02:00:00:00:02:02"}
            if n == "b":
                end = {"src": B, "dst": A, "src_mac": "02:00:00:00:02:02",
                       "dst_mac": "02:00:00:00:02:01"}
            frame.check_outer(carried, end, VNI, sent)

    @staticmethod
    def send_until_seen(tx, rx, wire, sent):
        """Sends until the frame is seen whole at the far tenant; the frame as on the wire."""
        deadline = time.monotonic() + 10
        arrived = carried = None
        while time.monotonic() < deadline and not (arrived and carried):
            tx.send(sent)
            end = time.monotonic() + 0.2
            while time.monotonic() < end and not (arrived and carried):
                for s in select.select([rx, wire], [], [], 0.05)[0]:
                    data, address = s.recvfrom(4096)
                    if s is rx and data == sent and address[2] != socket.PACKET_OUTGOING:
                        arrived = data
                    elif (s is wire and data.endswith(sent) and
                          address[2] == socket.PACKET_OUTGOING):
                        carried = data
        if not arrived or not carried:
            raise frame.BadFrame("no frame like the sent one " + (
                "at the far tenant" if carried else "left on the underlay"))
        return carried

    def measure(self):
        """One round, a dictionary."""
        server = subprocess.Popen(
            self.tenants["b"].enter("iperf3", "-s", "-1", "-B", IP["b"], "--forceflush"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.wait_listening(server)
            window = machine.Window()
            result = json.loads(lab.run(*self.tenants["a"].enter(
                "iperf3", "-c", IP["b"], "-t", str(self.options.tcp_seconds), "-A", "0,1",
                "-P", str(self.bench.get("streams", 1)), "-J")))
            window.stop()
        finally:
            server.kill()
            server.communicate()
        received = result["end"]["sum_received"]
        return {"value": received["bits_per_second"] / 1e9,
                "cpu_seconds_per_gb": window.busy_seconds / (received["bytes"] / 1e9),
                "retransmits": result["end"]["sum_sent"]["retransmits"],
                "window": window, "own": list(window.delta)}

    def finish(self):
        pass

    @staticmethod
    def wait_listening(server):
        while True:
            line = server.stdout.readline()
            if b"listening" in line:
                return
            if not line:
                raise lab.LabError("iperf3 -s ended")

    def close(self):
        self.stack.close()
