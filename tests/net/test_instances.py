#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Two instances in one network namespace: where both have a device, each says which the other is, for
as long as it is so, and a frame goes to one of them.
"""
import json

import frame
import tap
from lab import Lab
from vtep import Xvtepd

MAC = "02:00:00:00:fe:01"  # of a frame that is sent to see who has it


def status(vtep, vlan=0):
    return vtep.row("port", dev="p1", vlan=vlan)["status"] or ""


def expect(vtep, words, what, vlan=0):
    tap.wait_for(lambda: words in status(vtep, vlan), f"{what}: {words}")


def expect_none(vtep, what):
    tap.wait_for(lambda: "it is " not in status(vtep), what)


def lines(vtep, words):
    return sum(words in line for line in vtep.log())


def port(a, b, sender, restart):
    """A port of both; until one lets go of it, or is gone. In the end b is."""
    said_a, said_b = (f'a port of instance "{v.instance}"' for v in (b, a))
    heard = a.stats("port", dev="p1")["rx_packets"]
    b.client("port", "add", "p1", "vlan", "5", "network", "2")
    b.client("port", "add", "p1", "network", "2")
    expect(a, said_a, "the first")
    expect(b, said_b, "the second")
    if restart:
        for vtep in (a, b):
            vtep.kill()
            vtep.start()
        expect(a, said_a, "the first, restarted")
        expect(b, said_b, "the second, restarted")
    tap.equal(status(b, 5), "", "status of a VLAN that is nobody else's port")
    times = 2 if restart else 1
    tap.equal((lines(a, f"it is {said_a} too"), lines(b, f"it is {said_b} too")),
              (times, times), "lines about it")
    sender.send(frame.plain(MAC, frame.BROADCAST, frame.marker()))
    tap.wait_for(lambda: a.stats("port", dev="p1")["rx_packets"]
                 + b.stats("port", dev="p1", vlan=0)["rx_packets"] == heard + 1,
                 "one has the frame")
    b.client("port", "del", "p1")
    expect_none(a, "the second let go of it")
    tap.equal(lines(a, f"it is not {said_a} any more"), 1, "lines about its end")
    b.client("port", "add", "p1", "network", "2")
    expect(a, said_a, "the first again")
    b.stop()  # its programs stay
    expect(a, said_a, "the second's daemon ended")
    b.detach()
    expect_none(a, "the second is gone")


def slow_path(a, b):
    """
    The slow path device of one is neither a port nor an underlay device of the other, which at
    first has nothing pinned.
    """
    host, slow = a.host, a.status()["slow_dev"]
    words = f'{slow} is the slow path device of instance "{a.instance}"'
    host.ns.ip(f"link property add dev {slow} altname otherwise")

    def refused(said, what):
        tap.equal(said.returncode, 1, f"{what}: exit status")
        tap.contains(said.stderr, words, f"{what}: message")

    def refused_start(what):
        b.write()
        tap.equal(b.spawn().wait(10 * tap.SLOW), 1, f"start, {what}: exit status")
        tap.contains(b.log()[-1], words, f"start, {what}: message")
    wrong = {"underlay device": ({"devices": ["under", slow]}, []),
             "its other name": ({"devices": ["under", "otherwise"]}, []),
             "port": ({}, [slow]), "VLAN": ({}, [{"dev": slow, "vlan": 5}])}
    good = json.dumps(b.config)

    def each():
        for what, (underlay, ports) in wrong.items():
            b.config["underlay"].update(underlay)
            b.config["networks"][0]["ports"] = ports
            yield what
            b.config = json.loads(good)
    for what in each():
        refused_start(f"{what}, with nothing pinned")
    b.start()
    for vlan in ((), ("vlan", "5")):
        refused(b.client("port", "add", slow, *vlan, "network", "2", check=False),
                f"port add {vlan}")
    for what in each():
        refused(b.apply(check=False), f"apply, {what}")
        refused(b.client("reload", check=False), f"reload, {what}")
    b.kill()
    for what in each():
        refused_start(what)
    b.start()
    # The other instance's device comes later than the port that waits for its name.
    a.stop()
    a.detach()
    b.config["networks"][0]["ports"] = [slow]
    b.apply()
    a.start()
    tap.equal(a.status()["slow_dev"], slow, "its name")
    tap.wait_for(lambda: b.row("port", dev=slow)["status"] == words, "status of the port")
    tap.equal(b.row("port", dev=slow)["ifindex"], None, "device of the port")


def uplink_says(vtep):
    row, = vtep.rows("status", part="uplink")
    return row["status"] or ""


def each_names(*these):
    for vtep in these:
        others = ", ".join(o.instance for o in these if o is not vtep)
        want = others and f"an underlay device of instance {others} too"
        tap.wait_for(lambda v=vtep, w=want: uplink_says(v) == w,
                     f"{vtep.instance} says {want!r}")


def same_uplink(lab, ends):
    """
    Instances with UDP ports of their own on one uplink: each says which the others are, none counts
    another's program as a filter that it has to be behind, and each has its own frames. ends:
    {VTEP: its tenant's}; in the end the last is gone.
    """
    host, inner, (a, b, c) = lab.hosts[0], lab.new_mac(), ends
    each_names(a, b, c)
    for vtep, end in ends.items():
        mark = frame.marker()
        vni = vtep.config["networks"][0]["vni"]
        packet = frame.vxlan(vni, frame.plain(inner, frame.BROADCAST, mark))
        s = lab.router.socket(2, 2)  # AF_INET, SOCK_DGRAM
        s.bind((host.gw4, 0))
        s.sendto(packet, (host.v4, vtep.config["underlay"].get("port", 4789)))
        s.close()
        frame.wait_count({e: int(e is end) for e in ends.values()}, mark, vtep.instance)
        tap.equal(vtep.paths().get("slow_rx_flood"), 1, f"{vtep.instance}: counted")
    c.stop()
    c.detach()
    each_names(a, b)
    a.config["underlay"]["xdp"] = "native"
    a.apply()
    b.config["underlay"]["xdp"] = "native"
    tap.contains(b.apply(check=False).stderr,
                 f'under already carries the XDP program of instance "{a.instance}"', "XDP")
    for vtep in (a, b):
        vtep.config["underlay"]["xdp"] = "auto"
        vtep.apply()


def two():
    """A port of both; then the second starts again, with nothing pinned."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        sender = host.tenant("p1").tap()
        a = Xvtepd(host, [{"vni": 1, "ports": ["p1"]}])
        b = Xvtepd(host, [{"vni": 2}], name="b", underlay={"port": 4790})
        port(a, b, sender, False)
        slow_path(a, b)


def three():
    """
    Three on one uplink. A port of the first is the second's underlay, then the second's port, over
    a restart; nothing is said of that by an instance of another network namespace, whose devices
    have the same indices.
    """
    with Lab(hosts=2) as lab:
        host, other = lab.hosts
        tenants = {p: host.tenant(p) for p in ("p1", "p2", "p3")}
        other.tenant("p1")
        off = {"xdp": "off"}
        a = Xvtepd(host, [{"vni": 1, "ports": ["p1"], "flood": [host.gw4]}], underlay=off)
        b = Xvtepd(host, [{"vni": 2, "ports": ["p2"], "flood": [host.gw4]}], name="b",
                   underlay={"port": 4790, "devices": ["under", "p1"], **off})
        elsewhere = Xvtepd(other, [{"vni": 1, "ports": ["p1"]}])
        tap.equal(a.row("port", dev="p1")["ifindex"], elsewhere.row("port", dev="p1")["ifindex"],
                  "indices")
        expect(a, f'an underlay device of instance "{b.instance}"', "the port's")
        expect_none(elsewhere, "elsewhere: beside an underlay device")
        b.config["underlay"]["devices"] = ["under"]
        b.apply()
        expect_none(a, "the other let go of it")
        c = Xvtepd(host, [{"vni": 1, "ports": ["p3", "p1"], "flood": [host.gw4]}], name="c",
                   underlay={"port": 4791, **off})
        expect(a, c.instance, "who is here")
        expect_none(elsewhere, "who is elsewhere")
        c.client("port", "del", "p1")
        expect_none(a, "the third let go of it")
        same_uplink(lab, {a: tenants["p1"].tap(), b: tenants["p2"].tap(), c: tenants["p3"].tap()})
        port(a, b, tenants["p1"].tap(), True)
        expect_none(elsewhere, "who is elsewhere, after all that")


tap.case("instances: a port of both; the slow path of one is no device of the other", main=True)(
    two)
tap.case("instances: three on one uplink; an underlay, a port restarted, another namespace")(three)

if __name__ == "__main__":
    tap.main()
