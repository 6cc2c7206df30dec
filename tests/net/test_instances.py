#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Two instances in one network namespace: where both have a device, each says which the other is, for
as long as it is so, and a frame goes to one of them.
"""
import frame
import tap
from lab import Lab
from vtep import Xvtepd


def status(vtep, vlan=0):
    return vtep.row("port", dev="p1", vlan=vlan)["status"] or ""


def expect(vtep, words, what, vlan=0):
    tap.wait_for(lambda: words in status(vtep, vlan), f"{what}: {words}")


def expect_none(vtep, what):
    tap.wait_for(lambda: "instance" not in status(vtep), what)


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
tap.case("instances: in another network namespace")(elsewhere)

if __name__ == "__main__":
    tap.main()
