#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ports of every kind, and ports that come, go and come back while the daemon runs."""
import frame
import tap
import traffic
from lab import Lab
from vtep import KINDS, Xvtepd

VNI = 100


def start(lab, ports=("p1",), mode="native", kind="xvtep", delivery="auto"):
    """An xvtepd on host 1 and `kind` on host 2, a network each with the same ports."""
    a, b = lab.hosts
    return [KINDS[k](h, [{"vni": VNI, "ports": list(ports), "flood": [other.v4]}],
                     underlay={"xdp": mode, "delivery": delivery})
            for h, other, k in ((a, b, "xvtep"), (b, a, kind))]


def pair(lab):
    return [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]


def add_and_remove():
    """By command, under traffic of another port, which loses nothing."""
    with Lab() as lab:
        one, two = pair(lab)
        first, _ = start(lab)
        one.neigh(two)
        one.ping(two.ip)
        new = lab.hosts[0].tenant("p2", "10.0.0.3")
        tap.equal(new.ping(two.ip, 1, check=False), 0, "answers before the port is added")
        stream = traffic.Stream(one, two, 5000)
        first.client("port", "add", "p2", "network", str(VNI))
        new.ping(two.ip)
        new.ping(one.ip)
        tap.wait_for(lambda: first.where(VNI, new.mac) == "p2", "learned behind the new port")
        twice = first.client("port", "add", "p2", "network", str(VNI), check=False)
        tap.equal(twice.returncode, 1, "adding it twice: exit status")
        tap.contains(twice.stderr, "p2", "message")
        first.client("port", "del", "p2")
        tap.equal(first.where(VNI, new.mac), None, "entry behind the removed port")
        tap.equal(new.ping(two.ip, 1, check=False), 0, "answers after it was removed")
        stream.run_until(500)
        stream.expect_no_loss("other port meanwhile")


def appears_later():
    """A device that the file names and that comes when the daemon runs already."""
    with Lab() as lab:
        first, _ = start(lab)
        row = first.row("port", dev="p1")
        tap.equal((row["up"], row["delivery"]), (False, "none"), "a port without a device")
        tap.ok(row["status"], "its status says why")
        one, two = pair(lab)
        one.ping(two.ip)
        traffic.tcp(one, two)
        tap.equal(first.row("port", dev="p1")["up"], True, "up")


def comes_back():
    """Deleted, its entries are gone; made again, it is attached again. Several times."""
    with Lab() as lab:
        one, two = pair(lab)
        first, _ = start(lab)
        one.ping(two.ip)
        for n in range(3):
            lab.hosts[0].ns.ip("link del p1")
            tap.wait_for(lambda: first.row("port", dev="p1")["delivery"] == "none", "port is gone")
            tap.wait_for(lambda: first.where(VNI, one.mac) is None, "its entry is gone")
            one = lab.hosts[0].tenant_again(one, "p1", f"10.0.0.{10 + n}")
            one.ping(two.ip)
            tap.equal(first.where(VNI, one.mac), "p1", "learned again")
        tap.ok("taken away" not in "\n".join(first.log()), "log: nobody took its program away")


def other_names():
    """A device is not taken by an alternative name, of which netlink would tell nothing."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        host.ns.ip("link property add dev p1 altname tenant",
                   "link property add dev under altname wan")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["tenant"]}], underlay={"devices": ["wan"]})

        def rows():
            return {r["dev"]: (r["up"], r["status"]) for r in vtep.rows("port")}
        said = "tenant is another name of p1: use that"
        tap.equal(rows(), {"tenant": (False, said)}, "ports")
        tap.contains("\n".join(vtep.log()), "wan is another name of under: use that", "log")
        vtep.client("port", "del", "tenant")
        p = vtep.client("port", "add", "tenant", "network", str(VNI), check=False)
        tap.equal(p.returncode, 1, "exit status of port add")
        tap.contains(p.stderr, said, "what port add says")
        vtep.config["underlay"]["devices"] = ["under"]
        vtep.config["networks"][0]["ports"] = ["p1"]
        vtep.apply()
        host.ns.ip("link set under mtu 1590", "link set p1 mtu 1400")
        tap.wait_for(lambda: vtep.row("port", dev="p1")["mtu"] == 1400, "the change is seen")
        tap.equal(rows(), {"p1": (True, None)}, "ports by their own names")


def promiscuous():
    """A port that is no veth and no tap hears all, also when another takes that off it."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.ns.ip("link add p1 type bridge", "link set p1 up")

        def promisc():
            return "PROMISC" in host.ns.links()["p1"]["flags"]
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}])
        tap.ok(promisc(), "set")
        host.ns.ip("link set p1 promisc off")
        tap.wait_for(promisc, "set again")
        vtep.client("port", "del", "p1")
        tap.ok(not promisc(), "taken off with the port")


def down_and_up():
    """A port that is down gets nothing, counted; up again it does."""
    with Lab() as lab:
        one, two = pair(lab)
        first, _ = start(lab)
        one.ping(two.ip)
        first.wait_learned(2)
        lab.hosts[0].ns.ip("link set p1 down")
        tap.wait_for(lambda: not first.row("port", dev="p1")["up"], "port is down")
        sender = two.tap()
        before = first.drops().get("port_down", 0)
        for _ in range(5):
            sender.send(frame.plain(two.mac, one.mac, frame.marker()))
        tap.wait_for(lambda: first.drops().get("port_down", 0) == before + 5, "5 counted drops")
        lab.hosts[0].ns.ip("link set p1 up")
        tap.wait_for(lambda: first.row("port", dev="p1")["up"], "port is up")
        one.ping(two.ip)


def renamed():
    """The configuration names devices: a device that takes the name becomes the port."""
    with Lab() as lab:
        first, _ = start(lab)
        one = lab.hosts[0].tenant("other", "10.0.0.1")
        two = lab.hosts[1].tenant("p1", "10.0.0.2")
        lab.hosts[0].ns.ip("link set other down", "link set other name p1", "link set p1 up")
        tap.wait_for(lambda: first.row("port", dev="p1")["up"], "the port is up")
        one.ping(two.ip)


def delivery(mode, gro, want, configured="auto"):
    """What the port's device can take decides how frames are delivered, live."""
    with Lab(wire="nic" if want == "redirect" else "default") as lab:
        one, two = [h.tenant("p1", f"10.0.0.{h.number}", gro=gro) for h in lab.hosts]
        first, _ = start(lab, mode=mode, delivery=configured)
        tap.wait_for(lambda: first.row("port", dev="p1")["delivery"] == want,
                     f"delivery is {want}")
        tap.equal(first.rows("status", part="uplink")[0]["tcp"], want, "TCP, as status says")
        one.ping(two.ip)
        first.wait_learned(2)
        before = first.paths()
        traffic.udp(two, one)
        traffic.tcp(two, one)
        used = {p: n - before.get(p, 0) for p, n in first.paths().items()}
        path = {"redirect": "xdp_redirect", "tc": "tc_decap"}[want]
        tap.ok(used.get(path, 0) >= 8, f"path {path} was used: {used}")


def delivery_changes():
    """GRO of the tenant's end is switched: both deliveries, nothing lost or doubled."""
    with Lab(wire="nic") as lab:
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        one.neigh(two)
        two.neigh(one)
        first, _ = start(lab, delivery="redirect")
        two.ping(one.ip)
        tap.equal(first.row("port", dev="p1")["delivery"], "tc", "delivery")
        for on, want in (("on", "redirect"), ("off", "tc")):
            one.ns.run("ethtool", "-K", "eth0", "gro", on)
            tap.wait_for(lambda w=want: first.row("port", dev="p1")["delivery"] == w,
                         f"delivery is {want}")
            stream = traffic.Stream(two, one, 10000)
            stream.run_until(3000)
            stream.expect_no_loss(f"delivery by {want}")


def taps(mode, kind):
    """Virtual machines' taps: learning, unicast, floods, frames of all sizes."""
    with Lab() as lab:
        one = lab.hosts[0].tap_tenant("p1")
        two = lab.hosts[1].tap_tenant("p1")
        first, _ = start(lab, mode=mode, kind=kind)
        for source, target in ((one, two), (two, one)):
            frame.expect(source, lambda m: frame.plain(source.mac, frame.BROADCAST, m),
                         {target: 1}, "broadcast", 5)
        first.wait_learned(2)
        for source, target in ((one, two), (two, one)):
            for size in (0, 1, 100, 1000, 1456):
                def build(mark, ends=(source.mac, target.mac), size=size):
                    return frame.udp4(*ends, "10.0.0.1", "10.0.0.2", mark + b"\xa5" * size)
                frame.expect(source, build, {target: 1}, f"UDP of {size} bytes more")
        mark = frame.marker()
        sent = frame.udp4(one.mac, two.mac, "10.0.0.1", "10.0.0.2", mark + bytes(range(256)))
        one.send(sent)
        frame.wait_count({two: 1}, mark, "one more")
        tap.equal(two.get(mark)[0].hex(), sent.hex(), "the frame, byte by byte")


def tap_to_veth():
    """A tap and a veth of one host in one network."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        one, two = host.tap_tenant("t1"), host.tenant("p1")
        Xvtepd(host, [{"vni": VNI, "ports": ["t1", "p1"]}])
        end = two.tap()
        frame.expect(one, lambda m: frame.plain(one.mac, frame.BROADCAST, m), {end: 1}, "broadcast")
        frame.expect(end, lambda m: frame.plain(two.mac, one.mac, m), {one: 1}, "unicast", 5)


def local(gro):
    """Between ports of one host: nothing leaves it."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [a.tenant(f"p{n}", f"10.0.0.{n}", ip6=f"fd00::{n}", gro=gro) for n in (1, 2)]
        first = Xvtepd(a, [{"vni": VNI, "ports": ["p1", "p2"], "flood": [b.v4]}])
        one.ping(two.ip)
        first.wait_learned(2)
        wire = b.wire_tap()
        for source, target in ((one, two), (two, one)):
            source.ping(target.ip)
            traffic.udp(source, target)
            traffic.tcp(source, target)
            traffic.tcp(source, target, size=1 << 20, v6=True)
        ends = [t.tap() for t in (one, two)]
        frame.expect(ends[0], lambda m: frame.plain(one.mac, two.mac, m), {ends[1]: 1, wire: 0},
                     "unicast", 10)
        mark = frame.marker()
        ends[0].send(frame.plain(one.mac, one.mac, mark))  # to itself
        tap.wait_for(lambda: first.drops().get("same_port") == 1, "to itself: counted drop")


def trunk(mode):
    """Two VLANs of one device in two networks, with equal addresses; other tags are not ours."""
    with Lab() as lab:
        a, b = lab.hosts
        trunks = [h.tenant("p1") for h in (a, b)]
        plain = [h.tenant(f"q{n}") for h in (a, b) for n in (1, 2)]
        first = None
        for h, other in ((a, b), (b, a)):
            vtep = Xvtepd(h, [{"vni": 100 + n, "flood": [other.v4],
                               "ports": [{"dev": "p1", "vlan": 10 * n}, f"q{n}"]}
                              for n in (1, 2)], underlay={"xdp": mode})
            first = first or vtep
        ends = [t.tap() for t in trunks]
        access = {(h, n): plain[(h - 1) * 2 + n - 1].tap() for h in (1, 2) for n in (1, 2)}
        mac = trunks[0].mac
        for n in (1, 2):
            mark = frame.marker()
            ends[0].send(frame.plain(mac, frame.BROADCAST, mark, vlan=10 * n))
            want = {t: int(key[1] == n) for key, t in access.items()}
            frame.wait_count({**want, ends[1]: 1}, mark, f"broadcast in VLAN {10 * n}")
            for tap_, tagged in ((access[2, n], False), (ends[1], True)):
                got = tap_.get(mark)[0]
                tap.equal(tap_.tags.get(got), 10 * n if tagged else None, f"tag at {tap_.name}")
        # Equal MACs in both networks, known now; back to the trunk, tagged.
        for n in (1, 2):
            tap.wait_for(lambda n=n: first.where(100 + n, mac), "learned")
            source = plain[2 + n - 1]
            frame.expect(access[2, n], lambda m, s=source: frame.udp4(s.mac, mac, "10.0.0.1",
                                                                      "10.0.0.2", m),
                         {ends[0]: 1, access[1, 1]: 0, access[1, 2]: 0}, f"back to VLAN {10 * n}")
        mark = frame.marker()
        ends[0].send(frame.plain(mac, frame.BROADCAST, mark, vlan=30))
        ends[0].send(frame.plain(mac, frame.BROADCAST, mark))
        frame.expect(ends[0], lambda m: frame.plain(mac, frame.BROADCAST, m, vlan=10),
                     {access[1, 1]: 1, access[2, 1]: 1}, "VLAN 10 after other tags")
        frame.wait_count({t: 0 for t in access.values()}, mark, "VLAN 30 and untagged", 0)


for _name in ("add_and_remove", "appears_later", "other_names", "promiscuous", "comes_back",
              "down_and_up", "renamed"):
    tap.case("port " + _name.replace("_", " "),
             main=_name in ("add_and_remove", "comes_back"))(globals()[_name])
tap.case("delivery: redirect to a port that takes XDP frames", "native", True, "redirect",
         "redirect")(delivery)
tap.case("delivery: auto, from a veth underlay", "native", True, "tc")(delivery)
tap.case("delivery: stack, though the port takes XDP frames", "native", True, "tc",
         "stack")(delivery)
tap.case("delivery: native XDP, port does not", "native", False, "tc")(delivery)
tap.case("delivery: no XDP", "off", False, "tc")(delivery)
tap.case("delivery changes live")(delivery_changes)
for _mode in ("native", "off"):
    for _kind in ("xvtep", "kernel"):
        tap.case(f"taps, xdp {_mode}, the other end is {_kind}", _mode, _kind,
                 main=(_mode, _kind) == ("off", "kernel"))(taps)
    tap.case(f"VLAN trunk, xdp {_mode}", _mode, main=_mode == "native")(trunk)
tap.case("tap and veth on one host")(tap_to_veth)
tap.case("ports of one host", False)(local)
tap.case("ports of one host that take XDP frames", True)(local)

if __name__ == "__main__":
    tap.main()
