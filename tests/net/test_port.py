#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ports of every kind, and ports that come, go and come back while the daemon runs."""
import frame
import tap
import traffic
from lab import Lab
from vtep import KINDS, Xvtepd

VNI = 100


def start(lab, ports=("p1",), mode="native", kind="kernel", delivery="auto", there=("p1",)):
    """An xvtepd on host 1 and `kind` on host 2, with one network and these ports."""
    a, b = lab.hosts
    return [KINDS[k](h, [{"vni": VNI, "ports": list(names), "flood": [other.v4]}],
                     underlay={"xdp": mode, "delivery": delivery})
            for h, other, k, names in ((a, b, "xvtep", ports), (b, a, kind, there))]


def pair(lab, gro=False):
    return [h.tenant("p1", f"10.0.0.{h.number}", gro=gro) for h in lab.hosts]


def setting(vtep, key, value):
    """Another setting of the underlay, by reload."""
    vtep.config["underlay"][key] = value
    vtep.apply()


def add_and_remove(first, one, two):
    """By command, under traffic of another port, which loses nothing."""
    one.neigh(two)
    one.ping(two.ip)
    new = one.host.tenant("p2", "10.0.0.3")
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


def comes_back(first, one, two):
    """Deleted, its entries are gone; made again, it is attached again. Several times."""
    one.ping(two.ip)
    for n in range(3):
        one.host.ns.ip("link del p1")
        tap.wait_for(lambda: first.row("port", dev="p1")["delivery"] == "none", "port is gone")
        tap.wait_for(lambda: first.where(VNI, one.mac) is None, "its entry is gone")
        one = one.host.tenant_again(one, "p1", f"10.0.0.{10 + n}")
        one.ping(two.ip)
        tap.equal(first.where(VNI, one.mac), "p1", "learned again")
    tap.ok("taken away" not in "\n".join(first.log()), "log: nobody took its program away")


def lives():
    """A port that is there from the beginning, and another one."""
    with Lab() as lab:
        one, two = pair(lab)
        first, _ = start(lab)
        for function in (add_and_remove, comes_back):
            with tap.part(function.__name__):
                function(first, one, two)


def appears(first, dev):
    row = first.row("port", dev=dev)
    tap.equal((row["up"], row["delivery"]), (False, "none"), "a port without a device")
    tap.ok(row["status"], "its status says why")


def appears_later():
    """A device that the file names and that comes when the daemon runs already, down and up again."""
    with Lab() as lab:
        a, b = lab.hosts
        two = b.tenant("p1", "10.0.0.2")
        first, _ = start(lab, ("p1", "p2"))
        with tap.part("made"):
            appears(first, "p1")
            one = a.tenant("p1", "10.0.0.1")
            one.ping(two.ip)
            traffic.tcp(one, two)
            tap.equal(first.row("port", dev="p1")["up"], True, "up")
        with tap.part("down and up"):
            down_and_up(first, one, two)
        with tap.part("renamed"):
            appears(first, "p2")
            renamed(first, two)


def down_and_up(first, one, two):
    """A port that is down gets nothing, counted; up again it does."""
    ns = one.host.ns
    one.ping(two.ip)
    first.wait_learned(2)
    ns.ip("link set p1 down")
    tap.wait_for(lambda: not first.row("port", dev="p1")["up"], "port is down")
    sender = two.tap()
    before = first.drops().get("port_down", 0)
    for _ in range(5):
        sender.send(frame.plain(two.mac, one.mac, frame.marker()))
    tap.wait_for(lambda: first.drops().get("port_down", 0) == before + 5, "5 counted drops")
    ns.ip("link set p1 up")
    tap.wait_for(lambda: first.row("port", dev="p1")["up"], "port is up")
    one.ping(two.ip)


def renamed(first, two):
    """The configuration names devices: a device that takes the name becomes the port."""
    other = first.host.tenant("other", "10.0.0.3")
    first.host.ns.ip("link set other down", "link set other name p2", "link set p2 up")
    tap.wait_for(lambda: first.row("port", dev="p2")["up"], "the port is up")
    other.ping(two.ip)


def other_names():
    """A device is not taken by an alternative name, of which netlink would tell nothing."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        host.ns.ip("link property add dev p1 altname tenant",
                   "link property add dev under altname wan",
                   "link add b1 type bridge", "link set b1 up")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["tenant"]}, {"vni": VNI + 1, "ports": ["b1"]}],
                      underlay={"devices": ["wan"]})
        with tap.part("a bridge"):
            promiscuous(vtep)

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
        vtep.config["networks"] = [{"vni": VNI, "ports": ["p1"]}]
        vtep.apply()
        host.ns.ip("link set under mtu 1590", "link set p1 mtu 1400")
        tap.wait_for(lambda: vtep.row("port", dev="p1")["mtu"] == 1400, "the change is seen")
        tap.equal(rows(), {"p1": (True, None)}, "ports by their own names")


def promiscuous(vtep):
    """A port that is no veth and no tap hears all, also when another takes that off it."""
    ns = vtep.host.ns

    def promisc():
        return "PROMISC" in ns.links()["b1"]["flags"]
    tap.ok(promisc(), "set")
    ns.ip("link set b1 promisc off")
    tap.wait_for(promisc, "set again")
    vtep.client("port", "del", "b1")
    tap.ok(not promisc(), "taken off with the port")


def delivered(first, one, two, want):
    """What the port's device can take decides how frames are delivered."""
    tap.wait_for(lambda: first.row("port", dev="p1")["delivery"] == want, f"delivery is {want}")
    tap.equal(first.rows("status", part="uplink")[0]["tcp"], want, "TCP, as status says")
    one.ping(two.ip)
    first.wait_learned(2)
    before = first.paths()
    traffic.udp(two, one)
    traffic.tcp(two, one)
    used = {p: n - before.get(p, 0) for p, n in first.paths().items()}
    path = {"redirect": "xdp_redirect", "tc": "tc_decap"}[want]
    tap.ok(used.get(path, 0) >= 8, f"path {path} was used: {used}")


def delivery():
    """From a veth as underlay all goes to the stack, whatever the port takes."""
    with Lab() as lab:
        one, two = pair(lab, gro=True)
        first, _ = start(lab)
        with tap.part("auto, though the port takes XDP frames"):
            delivered(first, one, two, "tc")
        with tap.part("stack, though the port takes XDP frames"):
            setting(first, "delivery", "stack")
            delivered(first, one, two, "tc")
        one.ns.run("ethtool", "-K", "eth0", "gro", "off")
        with tap.part("native XDP, the port does not take XDP frames"):
            setting(first, "delivery", "auto")
            delivered(first, one, two, "tc")
        with tap.part("no XDP"):
            setting(first, "xdp", "off")
            delivered(first, one, two, "tc")


def delivery_changes():
    """GRO of the tenant's end is switched: both deliveries, nothing lost or doubled."""
    with Lab(wire="nic") as lab:
        one, two = pair(lab, gro=True)
        one.neigh(two)
        two.neigh(one)
        first, _ = start(lab, delivery="redirect")
        with tap.part("started with a port that takes XDP frames"):
            delivered(first, one, two, "redirect")
        for state, want in (("off", "tc"), ("on", "redirect"), ("off", "tc")):
            one.ns.run("ethtool", "-K", "eth0", "gro", state)
            tap.wait_for(lambda w=want: first.row("port", dev="p1")["delivery"] == w,
                         f"delivery is {want}")
            stream = traffic.Stream(two, one, 10000)
            stream.run_until(3000)
            stream.expect_no_loss(f"GRO is {state}: delivery by {want}")


def exchange(first, one, two):
    """Virtual machines' taps: learning, unicast, floods, frames of all sizes."""
    for source, target in ((one, two), (two, one)):
        frame.expect(source, lambda m, s=source: frame.plain(s.mac, frame.BROADCAST, m),
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


def taps(kind, modes):
    with Lab() as lab:
        one, two = (h.tap_tenant("p1") for h in lab.hosts)
        vteps = start(lab, mode=modes[0], kind=kind)
        for mode in modes:
            with tap.part(f"xdp {mode}"):
                if mode != modes[0]:
                    for vtep in vteps[:1 if kind == "kernel" else 2]:
                        setting(vtep, "xdp", mode)
                    for vtep in vteps:
                        vtep.forget()
                exchange(vteps[0], one, two)


def tap_to_veth(one, two):
    """A tap and a veth of one host in one network."""
    end = two.tap()
    frame.expect(one, lambda m: frame.plain(one.mac, frame.BROADCAST, m), {end: 1}, "broadcast")
    frame.expect(end, lambda m: frame.plain(two.mac, one.mac, m), {one: 1}, "unicast", 5)


def between(first, wire, one, two):
    """Two ports of one host: nothing leaves it."""
    one.ping(two.ip)
    tap.wait_for(lambda: {one.mac, two.mac} <= {mac for _, mac in first.learned()}, "both learned")
    for source, target in ((one, two), (two, one)):
        source.ping(target.ip)
        traffic.udp(source, target)
        traffic.tcp(source, target)
        traffic.tcp(source, target, size=1 << 20, v6=True)
    ends = [t.tap() for t in (one, two)]
    frame.expect(ends[0], lambda m: frame.plain(one.mac, two.mac, m), {ends[1]: 1, wire: 0},
                 "unicast", 10)
    mark, before = frame.marker(), first.drops().get("same_port", 0)
    ends[0].send(frame.plain(one.mac, one.mac, mark))  # to itself
    tap.wait_for(lambda: first.drops().get("same_port") == before + 1, "to itself: counted drop")


def local():
    """Three networks of one host, with two ports each."""
    with Lab() as lab:
        a, b = lab.hosts
        ends = [a.tenant(f"p{n}", f"10.0.0.{n}", ip6=f"fd00::{n}", gro=n > 2) for n in range(1, 6)]
        machine = a.tap_tenant("t1")
        first = Xvtepd(a, [{"vni": VNI, "ports": ["p1", "p2"], "flood": [b.v4]},
                           {"vni": VNI + 1, "ports": ["p3", "p4"], "flood": [b.v4]},
                           {"vni": VNI + 2, "ports": ["t1", "p5"]}])
        wire = b.wire_tap()
        with tap.part("veths"):
            between(first, wire, *ends[:2])
        with tap.part("veths that take XDP frames"):
            between(first, wire, *ends[2:4])
        with tap.part("tap and veth"):
            tap_to_veth(machine, ends[4])


def in_vlans(first, mac, ends, access, sources):
    """From the first trunk, whose address is mac, to all; from the second host's ports back."""
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
        source = sources[n]
        frame.expect(access[2, n], lambda m, s=source: frame.udp4(s.mac, mac, "10.0.0.1",
                                                                  "10.0.0.2", m),
                     {ends[0]: 1, access[1, 1]: 0, access[1, 2]: 0}, f"back to VLAN {10 * n}")
    mark = frame.marker()
    ends[0].send(frame.plain(mac, frame.BROADCAST, mark, vlan=30))
    ends[0].send(frame.plain(mac, frame.BROADCAST, mark))
    frame.expect(ends[0], lambda m: frame.plain(mac, frame.BROADCAST, m, vlan=10),
                 {access[1, 1]: 1, access[2, 1]: 1}, "VLAN 10 after other tags")
    frame.wait_count({t: 0 for t in access.values()}, mark, "VLAN 30 and untagged", 0)


def trunk():
    """Two VLANs of one device in two networks, with equal addresses; other tags are not ours."""
    with Lab() as lab:
        a, b = lab.hosts
        trunks = [h.tenant("p1") for h in (a, b)]
        plain = {(h.number, n): h.tenant(f"q{n}") for h in (a, b) for n in (1, 2)}
        vteps = [Xvtepd(h, [{"vni": 100 + n, "flood": [other.v4],
                             "ports": [{"dev": "p1", "vlan": 10 * n}, f"q{n}"]}
                            for n in (1, 2)], underlay={"xdp": "native"})
                 for h, other in ((a, b), (b, a))]
        ends = [t.tap() for t in trunks]
        access = {key: tenant.tap() for key, tenant in plain.items()}
        for mode in ("native",) if tap.SLOW > 1 else ("native", "off"):
            with tap.part(f"xdp {mode}"):
                if mode == "off":
                    for vtep in vteps:
                        setting(vtep, "xdp", mode)
                        vtep.forget()
                in_vlans(vteps[0], trunks[0].mac, ends, access, {n: plain[2, n] for n in (1, 2)})


tap.case("port add and remove, and one that comes back", main=True)(lives)
tap.case("port appears later, goes down and up; another is renamed")(appears_later)
tap.case("port other names; a bridge is promiscuous")(other_names)
tap.case("delivery to the stack, from a veth underlay")(delivery)
tap.case("delivery: redirect to a port that takes XDP frames, changes live")(delivery_changes)
tap.case("taps, the other end is xvtep", "xvtep", ("native", "off"))(taps)
tap.case("taps, the other end is kernel", "kernel", ("off",) if tap.SLOW > 1 else ("off", "native"),
         main=True)(taps)
tap.case("VLAN trunk", main=True)(trunk)
tap.case("ports of one host")(local)

if __name__ == "__main__":
    tap.main()
