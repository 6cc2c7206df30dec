#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Programs, pins and maps taken away under a running daemon: seen, told and made again."""
import json
import os
import shutil
import signal

import frame
import tap
from lab import Lab
from netns import run
from vtep import Xvtepd

VNI = 100


class Site:
    """A host with an XDP tap as port, and native XDP on the uplink; its broadcasts on the wire."""

    def __init__(self, lab):
        self.host, = lab.hosts
        self.tenant = self.host.tap_tenant("t1")
        self.vtep = Xvtepd(self.host, [{"vni": VNI, "name": "blue", "ports": ["t1"],
                                        "flood": [self.host.gw4]}], underlay={"xdp": "native"})
        self.vtep.wait_ready()
        self.wire = self.host.sent_tap()
        links = self.host.ns.links()
        self.index = {n: links[n]["ifindex"] for n in ("under", "t1", self.vtep.status()["slow_dev"])}

    def forwards(self, what):
        """A frame goes out, and the port's and uplink's programs are as they were."""
        mark = frame.marker()
        self.tenant.send(frame.plain(self.tenant.mac, frame.BROADCAST, mark))
        frame.wait_count({self.wire: 1}, mark, what)
        tap.equal(self.vtep.row("port", dev="t1")["encap"], "xdp", f"{what}: encap of the port")
        uplink, = self.vtep.rows("status", part="uplink")
        tap.equal(uplink["attached"], "xdp-native", f"{what}: uplink")

    def pins(self):
        return sorted(os.path.join(d, f) for d, _, files in os.walk(self.vtep.pin("")) for f in files)

    def told(self, word, count=1):
        def look():
            return sum(word in line for line in self.vtep.log()) >= count
        tap.wait_for(look, f"the log tells: {word}", 5)


def link_id(pin):
    p = run("bpftool", "-j", "link", "show", "pinned", pin, check=False)
    return json.loads(p.stdout)["id"] if p.returncode == 0 else None


def links(how):
    """Each link's pin removed, or the link detached: attached again within seconds."""
    with Lab(hosts=1, wire="nic") as lab:
        site = Site(lab)
        before = site.pins()
        pins = sorted(os.listdir(site.vtep.pin("links")))
        if not any(p.startswith("tc_") for p in pins):
            raise tap.Skip("no TCX here: filters have no links")
        for name in pins:
            pin = site.vtep.pin("links/" + name)
            dev = {v: k for k, v in site.index.items()}[int(name.split("_")[1])]
            what = f"{dev}: its {'XDP ' if name.startswith('xdp') else ''}program was taken away"
            old = link_id(pin)
            if how == "unlinked":
                os.unlink(pin)
            else:
                run("bpftool", "link", "detach", "pinned", pin)
            site.told(what)

            tap.wait_for(lambda pin=pin, old=old: link_id(pin) not in (None, old),
                         f"{name} is another link, and pinned", 5)
            site.forwards(f"{name} {how}")
        tap.equal(site.pins(), before, "pins")


def reload_counts():
    """A reload finds what is missing at once, and counts it."""
    with Lab(hosts=1, wire="nic") as lab:
        site = Site(lab)
        before = site.pins()
        site.vtep.process.send_signal(signal.SIGSTOP)
        for name in ("xv_vni", "xv_adj"):
            os.unlink(site.vtep.pin(name))
        os.unlink(site.vtep.pin(f"links/tc_{site.index['t1']}"))
        with open(site.vtep.file, "a", encoding="utf-8") as f:
            f.write("\n")
        site.vtep.process.send_signal(signal.SIGHUP)
        site.vtep.process.send_signal(signal.SIGCONT)
        site.told("reloaded")
        site.told("t1: its program was taken away")
        site.told("pins of 2 maps")
        tap.equal(site.pins(), before, "pins")
        log = site.vtep.log()
        done = next(n for n, line in enumerate(log) if "reloaded" in line)
        earlier = any("taken away" in line for line in log[:done]) and "0 changes" in log[done]
        tap.ok(earlier or log[done].endswith(": 3 changes"), f"counted: {log[done]}")
        site.forwards("after the reload")


def directory():
    """All pins at once: state is kept, pins are made again, and a start adopts them."""
    with Lab(hosts=1, wire="nic") as lab:
        site = Site(lab)
        before, ids = site.pins(), site.vtep.map_ids()
        site.vtep.client("network", "add", "vni", "7")
        shutil.rmtree(site.vtep.pin(""))
        tap.wait_for(lambda: site.pins() == before, "all pins are there again", 10)
        tap.equal(site.vtep.map_ids(), ids, "the same maps")
        site.forwards("pins made again")
        site.vtep.kill()
        site.vtep.start()
        tap.equal(site.vtep.status()["adopted"], True, "adopted")
        tap.equal(sorted(r["vni"] for r in site.vtep.rows("network")), [7, VNI], "networks")
        site.forwards("after a start")


def blocked():
    """A port's program that cannot be attached again: its status says so, the log once, until it is."""
    with Lab(hosts=1) as lab:
        host, = lab.hosts
        tenant = host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", {"dev": "p1", "vlan": 5}]}])
        pin = vtep.pin(f"links/tc_{host.ns.links()['p1']['ifindex']}")
        if not os.path.exists(pin):
            raise tap.Skip("no TCX, and so no links to pin")
        os.unlink(pin)
        os.mkdir(pin)

        def status():
            return [r["status"] or "" for r in vtep.rows("port")]
        try:
            tap.wait_for(lambda: all("taken away: cannot attach" in s for s in status()),
                         "both ports say so")
            host.ns.ip("link set p1 mtu 1400")  # which has it looked at again
            second = vtep.status()["uptime"] + 3
            tap.wait_for(lambda: vtep.status()["uptime"] >= second, "more tries")
            tap.ok(all("taken away: cannot attach" in s for s in status()), f"still: {status()}")
            tap.equal(sum("taken away" in line for line in vtep.log()), 1, "lines")
        finally:
            os.rmdir(pin)
        tap.wait_for(lambda: status() == ["", ""], "both are well again")
        tap.equal(sum("is attached again" in line for line in vtep.log()), 1, "lines about it")
        tenant.tap().send(frame.plain(tenant.mac, frame.BROADCAST, frame.marker()))
        tap.wait_for(lambda: vtep.stats("port", dev="p1", vlan=0)["rx_packets"] == 1, "forwards")


tap.case("taken away: pins of links", "unlinked", main=True)(links)
tap.case("taken away: links", "detached")(links)
tap.case("taken away: counted by a reload")(reload_counts)
tap.case("taken away: the whole pin directory")(directory)
tap.case("a port's program that cannot be attached again", main=True)(blocked)

if __name__ == "__main__":
    tap.main()
