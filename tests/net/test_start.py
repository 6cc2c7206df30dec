#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
A start with many ports: they are attached in turns while the control socket answers, by filters
first, which give way to TCX links; and the service manager hears when it is done.
"""
import os
import socket
import time

import tap
import traffic
from control import Refused
from lab import Lab
from vtep import OUT, Xvtepd

VNI = 100
MANY = 200
LINKED_LATE = 400  # ports: the last filter gives way to a link 8 s after the start or later
FEW = 5
PPS = 20000


class Manager:
    """A service manager's end of NOTIFY_SOCKET."""

    def __init__(self, lab):
        self.path = os.path.join(lab.dir, "notify")
        self.socket = lab.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.socket.bind(self.path)
        os.environ["NOTIFY_SOCKET"] = self.path

    def wait_ready(self):
        """The variables of the first message with READY; those before it are told in passing."""
        self.socket.settimeout(30 * tap.SLOW)
        while True:
            said = dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))
            if "READY" in said:
                return said


def make_ports(host, count):
    """Devices q0... whose other ends nobody uses."""
    end = host.lab.netns(f"{host.name}-ends")
    host.ns.ip(*(f"link add q{i} type veth peer name q{i} netns {end.path}" for i in range(count)))
    host.ns.ip(*(f"link set q{i} up" for i in range(count)))
    end.ip(*(f"link set q{i} up" for i in range(count)))
    return [f"q{i}" for i in range(count)]


def first_rows(vtep, obj):
    """All rows of a table, from a daemon that may not have its socket yet."""
    end = time.monotonic() + 30 * tap.SLOW
    while True:
        try:
            return vtep.rows(obj)
        except Refused:
            tap.ok(time.monotonic() < end, "the control socket takes a client")


def begin(vtep):
    vtep.write()
    vtep.process = vtep.spawn()


def begun(lab, count):
    """A daemon with so many ports, the ports, and the service manager that started it."""
    ports = make_ports(lab.hosts[0], count)
    manager = Manager(lab)
    vtep = Xvtepd(lab.hosts[0], [{"vni": VNI, "ports": ports}], start=False)
    begin(vtep)
    return vtep, ports, manager


def kinds_of_pins(vtep, ports):
    """{kind: how many of the ports have a pin or mark of it}"""
    links = vtep.host.ns.links()
    indices = {str(links[p]["ifindex"]) for p in ports}
    kinds = {}
    for name in os.listdir(vtep.pin("links")):
        kind, index = name.rsplit("_", 1)
        if index in indices:
            kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def qdiscs(vtep, ports):
    shown = vtep.host.ns.json("tc", "-j", "qdisc", "show")
    return sum(q["kind"] == "clsact" and q["dev"] in ports for q in shown)


def wait_linked(vtep, ports):
    """Until all have TCX links, and no filter. The qdiscs stay: removing one loses frames."""
    def linked():
        kinds = kinds_of_pins(vtep, ports)
        return kinds["tc"] == len(ports) and "first" not in kinds
    tap.wait_for(linked, "TCX links", 40)
    for port in ports[:3]:
        shown = vtep.host.ns.run("tc", "filter", "show", "dev", port, "ingress").stdout
        tap.equal(shown, "", f"filters of {port} beside its link")


@tap.case("many ports: the first answer comes before they are attached, and says so", main=True)
def answers():
    with Lab(hosts=1) as lab:
        vtep, ports, manager = begun(lab, MANY)
        rows = first_rows(vtep, "port")
        waiting = [r for r in rows if r["status"] == "attaching"]
        tap.ok(waiting, "ports that wait")
        tap.equal({(r["delivery"], r["encap"]) for r in waiting}, {("none", "none")}, "their ways")
        said = manager.wait_ready()
        tap.equal(said, {"READY": "1", "STATUS": f"{MANY} ports"}, "what the manager hears")
        tap.equal(vtep.status()["attaching"], 0, "ports that wait when it is ready")
        tap.equal({r["encap"] for r in vtep.rows("port")}, {"tc"}, "ENCAP when ready")
        tap.ok(any(f"{MANY} ports were attached in " in line for line in vtep.log()), "log")
        time.sleep(0.5 * tap.SLOW)
        kinds = kinds_of_pins(vtep, ports)
        if "tc" not in kinds:  # no TCX: filters stay, and the log does not speak of links
            tap.equal(kinds, {"clsact": MANY}, "marks of filters")
            tap.ok(not any("TCX links" in line for line in vtep.log()), "log without TCX")


@tap.case("few ports are attached before the first answer")
def few():
    with Lab(hosts=1) as lab:
        vtep, ports, manager = begun(lab, FEW)
        tap.equal({r["encap"] for r in first_rows(vtep, "port")}, {"tc"}, "ENCAP at the first answer")
        tap.equal(manager.wait_ready()["STATUS"], f"{FEW} ports", "what the manager hears")
        kinds = kinds_of_pins(vtep, ports)
        tap.ok("first" not in kinds, f"no filters in place of links: {kinds}")


class Pair:
    """A tenant each on two hosts; on the first one, many ports besides."""

    def __init__(self, lab):
        a, b = lab.hosts
        self.one, self.two = a.tenant("p1", "10.0.0.1"), b.tenant("p1", "10.0.0.2")
        self.ports = make_ports(a, LINKED_LATE - 1) + ["p1"]  # whose turn is the last
        self.far = Xvtepd(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v4]}])
        self.one.neigh(self.two)
        self.two.neigh(self.one)
        self.manager = Manager(lab)
        self.vtep = Xvtepd(a, [{"vni": VNI, "ports": self.ports, "flood": [b.v4]}], start=False)
        begin(self.vtep)
        self.manager.wait_ready()
        del os.environ["NOTIFY_SOCKET"]

    def stream(self, back=False):
        """From the port to the wire, or back from the wire to the port."""
        self.one.ping("10.0.0.2")
        for vtep in (self.vtep, self.far):
            vtep.wait_ready()
        ends = (self.two, self.one) if back else (self.one, self.two)
        return traffic.Stream(*ends, PPS)


@tap.case("filters give way to TCX links, and no frame is lost or sent twice", False, limit=120)
@tap.case("filters give way to TCX links, and no frame to a port is lost", True, limit=120)
def filters_go(back):
    with Lab() as lab:
        pair = Pair(lab)
        if "tc" not in kinds_of_pins(pair.far, ["p1"]):
            raise tap.Skip("this kernel has no TCX")
        tap.ok(kinds_of_pins(pair.vtep, pair.ports).get("first"), "filters at first")
        # With a qdisc of others, frames pass through the device, and not by it into the tenant.
        lab.hosts[0].ns.run("tc", "qdisc", "replace", "dev", "p1", "root", "pfifo", "limit", "10000")
        stream = pair.stream(back)
        stream.run_until(PPS // 4)
        wait_linked(pair.vtep, pair.ports)
        stream.run_until(PPS // 4)
        stream.expect_no_loss(f"filters replaced by links, to the port: {back}")
        pair.vtep.client("port", "del", "p1")
        tap.equal(qdiscs(pair.vtep, ["p1"]), 0, "clsact qdiscs when the port has gone")


@tap.case("killed while it has filters: the next daemon goes on with them, and no frame is lost",
          limit=120)
def killed():
    with Lab() as lab:
        pair = Pair(lab)
        if "tc" not in kinds_of_pins(pair.far, ["p1"]):
            raise tap.Skip("this kernel has no TCX")
        stream = pair.stream()
        stream.run_until(PPS // 8)
        pair.vtep.kill()
        left = kinds_of_pins(pair.vtep, pair.ports).get("first")
        tap.ok(left, "filters that the killed daemon left")
        pair.vtep.start()
        tap.wait_for(lambda: pair.vtep.status()["attaching"] == 0, "all are attached", 30)
        wait_linked(pair.vtep, pair.ports)
        stream.run_until(PPS // 8)
        stream.expect_no_loss("killed while ports have filters, and started")


@tap.case("a reload that adds many answers when they are attached, and others meanwhile")
def reloaded():
    with Lab(hosts=1) as lab:
        ports = make_ports(lab.hosts[0], MANY)
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}])
        vtep.config["networks"][0]["ports"] = ports
        vtep.write()
        client = vtep.host.ns.popen(f"{OUT}/xvtep", "-i", vtep.instance, "reload")
        seen = set()
        while client.poll() is None:
            seen.add(first_rows(vtep, "status")[0]["change"].split(",")[0])
        tap.equal(client.returncode, 0, "exit status of the reload")
        tap.ok("attaching ports" in seen, f"what status says meanwhile: {seen}")
        tap.equal({r["encap"] for r in vtep.rows("port")}, {"tc"}, "ENCAP after it")


@tap.case("a port that waits is deleted, loses its device, or comes back, and all is as it should be")
def changes():
    with Lab(hosts=1) as lab:
        vtep, ports, manager = begun(lab, MANY)
        first_rows(vtep, "status")
        last = ports[-3:]
        vtep.client("port", "del", last[0])
        vtep.host.ns.ip(f"link del {last[1]}", f"link set {last[2]} down")
        manager.wait_ready()
        rows = {r["dev"]: r for r in vtep.rows("port")}
        tap.equal(set(rows), set(ports) - {last[0]}, "ports")
        tap.wait_for(lambda: vtep.row("port", dev=last[1])["encap"] == "none", "no device")
        tap.wait_for(lambda: vtep.row("port", dev=last[2])["status"] == "device is down", "down")
        tap.equal({r["encap"] for d, r in rows.items() if d not in last}, {"tc"}, "the others")


if __name__ == "__main__":
    tap.main()
