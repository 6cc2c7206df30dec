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


def status(vtep, vlan=0):
    return vtep.row("port", dev="p1", vlan=vlan)["status"] or ""


def expect(vtep, words, what, vlan=0):
    tap.wait_for(lambda: words in status(vtep, vlan), f"{what}: {words}")


def expect_none(vtep, what):
    tap.wait_for(lambda: "it is " not in status(vtep), what)


def lines(vtep, words):
    return sum(words in line for line in vtep.log())


def port(restart):
    """A port of both; until one lets go of it, or is gone."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        tenant = host.tenant("p1")
        a = Xvtepd(host, [{"vni": 1, "ports": ["p1"]}])
        b = Xvtepd(host, [{"vni": 2}], name="b", underlay={"port": 4790})
        said_a, said_b = (f'a port of instance "{v.instance}"' for v in (b, a))
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
        sender = tenant.tap()
        sender.send(frame.plain(tenant.mac, frame.BROADCAST, frame.marker()))
        tap.wait_for(lambda: a.stats("port", dev="p1")["rx_packets"]
                     + b.stats("port", dev="p1", vlan=0)["rx_packets"] == 1, "one has the frame")
        b.client("port", "del", "p1")
        expect_none(a, "the second let go of it")
        tap.equal(lines(a, f"it is not {said_a} any more"), 1, "lines about its end")
        b.client("port", "add", "p1", "network", "2")
        expect(a, said_a, "the first again")
        b.stop()  # its programs stay
        expect(a, said_a, "the second's daemon ended")
        b.detach()
        expect_none(a, "the second is gone")


def underlay():
    """A port of one is the underlay of the other."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        a = Xvtepd(host, [{"vni": 1, "ports": ["p1"]}])
        b = Xvtepd(host, [{"vni": 2}], name="b",
                   underlay={"port": 4790, "devices": ["under", "p1"]})
        expect(a, f'an underlay device of instance "{b.instance}"', "the port's")
        b.config["underlay"]["devices"] = ["under"]
        b.apply()
        expect_none(a, "the other let go of it")


def slow_path():
    """The slow path device of one is neither a port nor an underlay device of the other."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        a = Xvtepd(host, [{"vni": 1}])
        slow = a.status()["slow_dev"]
        words = f'{slow} is the slow path device of instance "{a.instance}"'
        b = Xvtepd(host, [{"vni": 2}], name="b", underlay={"port": 4790})
        host.ns.ip(f"link property add dev {slow} altname otherwise")

        def refused(said, what):
            tap.equal(said.returncode, 1, f"{what}: exit status")
            tap.contains(said.stderr, words, f"{what}: message")

        def refused_start(what):
            b.write()
            tap.equal(b.spawn().wait(10 * tap.SLOW), 1, f"start, {what}: exit status")
            tap.contains(b.log()[-1], words, f"start, {what}: message")
        for vlan in ((), ("vlan", "5")):
            refused(b.client("port", "add", slow, *vlan, "network", "2", check=False),
                    f"port add {vlan}")
        wrong = {"underlay device": ({"devices": ["under", slow]}, []),
                 "its other name": ({"devices": ["under", "otherwise"]}, []),
                 "port": ({}, [slow]), "VLAN": ({}, [{"dev": slow, "vlan": 5}])}
        for what, (underlay, ports) in wrong.items():
            before = json.dumps(b.config)
            b.config["underlay"].update(underlay)
            b.config["networks"][0]["ports"] = ports
            refused(b.apply(check=False), f"apply, {what}")
            refused(b.client("reload", check=False), f"reload, {what}")
            b.kill()
            refused_start(what)
            b.detach()
            refused_start(f"{what}, with nothing pinned")
            b.config = json.loads(before)
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


def same_uplink():
    """
    Instances with UDP ports of their own on one uplink: each says which the others are, none counts
    another's program as a filter that it has to be behind, and each has its own frames.
    """
    with Lab(hosts=1) as lab:
        host, inner = lab.hosts[0], lab.new_mac()
        vteps = []
        for n, name in enumerate("abc"):
            tenant = host.tenant(f"p{n}")
            vtep = Xvtepd(host, [{"vni": 1, "ports": [f"p{n}"], "flood": [host.gw4]}], name=name,
                          underlay={"port": 4789 + n, "xdp": "off"})
            vteps.append((vtep, tenant.tap()))

        def said(vtep):
            row, = vtep.rows("status", part="uplink")
            return row["status"] or ""

        def each_names(*these):
            for vtep in these:
                others = ", ".join(o.instance for o in these if o is not vtep)
                want = others and f"an underlay device of instance {others} too"
                tap.wait_for(lambda v=vtep, w=want: said(v) == w,
                             f"{vtep.instance} says {want!r}")
        a, b, c = (vtep for vtep, _ in vteps)
        each_names(a, b, c)
        for vtep, end in vteps:
            mark = frame.marker()
            packet = frame.vxlan(1, frame.plain(inner, frame.BROADCAST, mark))
            s = lab.router.socket(2, 2)  # AF_INET, SOCK_DGRAM
            s.bind((host.gw4, 0))
            s.sendto(packet, (host.v4, vtep.config["underlay"]["port"]))
            s.close()
            frame.wait_count({e: int(e is end) for _, e in vteps}, mark, vtep.instance)
            tap.equal(vtep.paths().get("slow_rx_flood"), 1, f"{vtep.instance}: counted")
        c.stop()
        c.detach()
        each_names(a, b)
        a.config["underlay"]["xdp"] = "native"
        a.apply()
        b.config["underlay"]["xdp"] = "native"
        tap.contains(b.apply(check=False).stderr,
                     f'under already carries the XDP program of instance "{a.instance}"', "XDP")
        a.config["underlay"]["xdp"] = "off"
        a.apply()


def elsewhere():
    """An instance of another network namespace, whose devices have the same indices."""
    with Lab(hosts=2) as lab:
        for host in lab.hosts:
            host.tenant("p1")
        a, b = (Xvtepd(h, [{"vni": 1, "ports": ["p1"]}]) for h in lab.hosts)
        tap.equal(a.row("port", dev="p1")["ifindex"], b.row("port", dev="p1")["ifindex"],
                  "indices")
        c = Xvtepd(lab.hosts[0], [{"vni": 2, "ports": ["p1"]}], name="c", underlay={"port": 4790})
        expect(a, c.instance, "who is here")
        expect_none(b, "who is elsewhere")


tap.case("instances: a port of both", False, main=True)(port)
tap.case("instances: a port of both, restarted", True)(port)
tap.case("instances: a port of one that is the underlay of the other")(underlay)
tap.case("instances: the slow path of one is no device of the other", main=True)(slow_path)
tap.case("instances: three on one uplink")(same_uplink)
tap.case("instances: in another network namespace")(elsewhere)

if __name__ == "__main__":
    tap.main()
