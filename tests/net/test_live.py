#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is changed by command while traffic runs, and what strangers change behind our back."""
import json
import os
import signal
import time

import frame
import tap
import traffic
from lab import OUT, Lab
from vtep import KINDS, Xvtepd

VNI = 100


def bare_pair(lab, **keys):
    """Two hosts of which neither knows the other, and their tenants."""
    tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
    vteps = [Xvtepd(h, [{"vni": VNI, "name": "blue", "ports": ["p1"], **keys}]) for h in lab.hosts]
    return tenants, vteps


def pair(lab, kind="xvtep", **keys):
    a, b = lab.hosts
    tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
    vteps = [KINDS[k](h, [{"vni": VNI, "name": "blue", "ports": ["p1"], "flood": [o.v4], **keys}],
                      underlay={"xdp": "native"})
             for h, o, k in ((a, b, "xvtep"), (b, a, kind))]
    return tenants, vteps


def flood_by_hand(lab, tenants, vteps):
    """Flood lists filled and emptied by command; a peer that nothing names is forgotten."""
    (one, two), (a, b) = tenants, lab.hosts
    tap.equal(one.ping(two.ip, 1, check=False), 0, "answers without a flood list")
    for vtep, other in zip(vteps, (b, a)):
        vtep.client("flood", "add", "network", "blue", "remote", other.v4)
    one.ping(two.ip)
    tap.equal([(r["remote"], r["origin"]) for r in vteps[0].rows("flood")
               if r["type"] != "port"][0][0], b.v4, "flood show")
    vteps[0].client("flood", "del", "network", "blue", "remote", b.v4)
    tap.wait_for(lambda: not vteps[0].rows("peer"), "the peer is forgotten")
    tap.equal(vteps[0].where(VNI, two.mac), None, "what was learned from it")
    tap.equal(one.ping(two.ip, 1, check=False), 0, "answers without the peer")
    vteps[0].client("peer", "add", b.v4)
    vteps[0].client("fdb", "add", two.mac, "network", "blue", "remote", b.v4)
    one.neigh(two)
    two.neigh(one)
    one.ping(two.ip)  # a peer without being in the flood list
    vteps[0].client("flood", "flush", "blue")


def network_by_hand(lab, vteps):
    """A network made, changed and removed by command, beside one from the file."""
    new = [h.tenant("q1", f"10.0.0.{h.number}") for h in lab.hosts]
    for vtep, other in zip(vteps, lab.hosts[::-1]):
        vtep.client("network", "add", "vni", "200", "name", "red", "ageing", "60")
        vtep.client("port", "add", "q1", "network", "red")
        vtep.client("flood", "add", "network", "200", "remote", other.v4)
    new[0].ping("10.0.0.2")
    first = vteps[0]
    row = first.row("network", vni=200)
    tap.equal((row["name"], row["ageing"]), ("red", 60), "as made")
    first.client("network", "set", "red", "name", "pink", "max-macs", "7", "learning", "off")
    row = first.row("network", vni=200)
    tap.equal((row["name"], row["max_macs"], row["learning"], row["ageing"]),
              ("pink", 7, False, 60), "as set")
    new[0].ping("10.0.0.2")
    first.apply()  # what was made by hand is not the file's to remove
    tap.equal(first.row("network", vni=200)["name"], "pink", "after apply")
    first.client("network", "del", "pink")
    tap.equal(new[0].ping("10.0.0.2", 1, check=False), 0, "answers in the removed network")
    tap.equal([r["dev"] for r in first.rows("port")], ["p1"], "ports left")
    tap.equal({v for v, _ in first.fdb()} - {VNI}, set(), "networks left in the FDB")


def default_name(vtep):
    """A network without a name gets one after its VNI, unless another has that: refused then."""
    vtep.client("network", "add", "vni", "5", "name", "vni9")
    p = vtep.client("network", "add", "vni", "9", check=False)
    tap.equal((p.returncode, p.stderr.strip().split(": ", 1)[-1]),
              (1, 'the name "vni9" is taken by VNI 5'), "one that has the name already")
    vtep.client("network", "add", "vni", "6")
    p = vtep.client("network", "set", "5", "name", "vni6", check=False)
    tap.contains(p.stderr, "taken by VNI 6", "a name that was given by default")
    vtep.write(vtep.client("save").stdout)
    p = vtep.host.ns.run(f"{OUT}/xvtepd", "-n", "-c", vtep.file, check=False)
    tap.equal((p.returncode, p.stderr), (0, ""), "check of what save printed")


def save_again(lab, tenants, first):
    """What `save` prints is a file that changes nothing, and makes the same instance elsewhere."""
    first.client("network", "add", "vni", "200", "name", "red", "learning", "off")
    first.client("fdb", "add", "02:00:00:00:77:01", "network", "red", "remote",
                 lab.hosts[1].v4)
    text = first.client("save").stdout
    tap.contains(text, "02:00:00:00:77:01", "the saved file")
    before = [first.rows(o) for o in ("network", "port", "flood", "fdb")]
    first.write(text)
    first.client("apply", first.file)
    after = [first.rows(o) for o in ("network", "port", "flood", "fdb")]

    def bare(tables):
        return [[{k: v for k, v in r.items() if k not in ("origin", "age")} for r in t]
                for t in tables]
    tap.equal(bare(after), bare(before), "tables after applying it")
    tap.equal(first.client("save").stdout, text, "saved again")
    tenants[0].ping(tenants[1].ip)


def storm(lab, tenants, vteps):
    """A tenant that invents MAC addresses costs the others nothing: not one packet of theirs."""
    one, two = tenants
    noisy = lab.hosts[0].tenant("q1")
    vteps[0].client("network", "add", "vni", "200", "name", "red", "max-macs", "1000")
    vteps[0].client("port", "add", "q1", "network", "red")
    vteps[0].client("flood", "add", "network", "red", "remote", lab.hosts[1].v4)
    one.neigh(two)
    two.neigh(one)
    one.ping(two.ip)
    vteps[0].wait_learned(2)
    stream = traffic.Stream(one, two, 5000)
    sender, count = noisy.tap(), int(20000 / tap.SLOW)
    for n in range(count):
        sender.send(frame.plain("02:01:%02x:%02x:%02x:%02x" % tuple(n.to_bytes(4, "big")),
                                "02:02:00:00:00:01", b"storm"))
    stream.run_until(500)
    stream.expect_no_loss(f"{count} new MACs beside")
    tap.wait_for(lambda: vteps[0].row("network", vni=200)["learned"] == min(count, 1000),
                 "the quota is used up")
    paths = vteps[0].paths()
    tap.equal(vteps[0].stats("port", dev="q1")["rx_packets"], count, "frames of the storm")
    tap.ok(paths["event"] > 0, f"events: {paths}")
    one.ping(two.ip)


def burst(sender, vtep):
    """More new MACs at once than a young table has room for: each is learned from its one frame."""
    count = 20000
    vtep.process.send_signal(signal.SIGSTOP)
    for n in range(count):
        sender.send(frame.plain("02:01:%02x:%02x:%02x:%02x" % tuple(n.to_bytes(4, "big")),
                                "02:02:00:00:00:01", b"burst"))
    vtep.process.send_signal(signal.SIGCONT)
    tap.wait_for(lambda: vtep.row("network", vni=VNI)["learned"] == count,
                 f"{count} learned MACs")
    tap.equal(vtep.paths().get("event_lost", 0), 0, "lost events")


def own_mac(lab, tenants, vteps):
    """The underlay device gets another MAC address; what is sent bears it."""
    one, two = tenants
    one.ping(two.ip)
    vteps[0].wait_ready()
    sent = lab.hosts[0].sent_tap()
    lab.hosts[0].ns.ip("link set under address 02:00:00:00:dd:01")
    tap.wait_for(lambda: source_of(one, two, sent) == "02000000dd01",
                 "frames with the new address")
    tap.wait_for(lambda: one.ping(two.ip, 1, check=False), "pings are answered")
    one.ping(two.ip)


def source_of(one, two, sent):
    """Outer source MAC of a frame sent now."""
    mark = frame.marker()
    one.tap().send(frame.udp4(one.mac, two.mac, "10.0.0.1", "10.0.0.2", mark))
    frame.wait_count({sent: 1}, mark, "frame on the wire")
    return sent.get(mark)[0][6:12].hex()


def address_again(lab, tenants, vteps):
    """The VTEP's address is taken away and given back; the instance comes back with it."""
    one, two = tenants
    one.ping(two.ip)
    a = lab.hosts[0]
    a.ns.ip(f"addr del {a.v4}/24 dev under")
    tap.equal(one.ping(two.ip, 1, check=False), 0, "answers without the address")
    a.ns.ip(f"addr add {a.v4}/24 dev under")
    a.routes()
    tap.wait_for(lambda: one.ping(two.ip, 1, check=False), "pings are answered")
    vteps[0].wait_ready()
    traffic.tcp(one, two)


def slow_device_gone():
    """Someone deletes xv0: it is made again, and broadcasts go again."""
    with Lab() as lab:
        (one, two), vteps = pair(lab, "kernel")
        slow = vteps[0].status()["slow_dev"]
        lab.hosts[0].ns.ip(f"link del {slow}")
        tap.wait_for(lambda: vteps[0].status()["slow_dev"] in lab.hosts[0].ns.links(),
                     "the slow path device is there again")
        ends = one.tap(), two.tap()
        frame.expect(ends[0], lambda m: frame.plain(one.mac, frame.BROADCAST, m), {ends[1]: 1},
                     "broadcast", 5)
        frame.expect(ends[1], lambda m: frame.plain(two.mac, frame.BROADCAST, m), {ends[0]: 1},
                     "broadcast back", 5)


def inner_vlan(tenants, vteps, keep):
    """Tags of the tenant's own: dropped and counted, or carried as they are."""
    (one, two), word = tenants, "keep" if keep else "drop"
    ends = one.tap(), two.tap()
    mark, count = frame.marker(), 5
    for to in (frame.BROADCAST, two.mac):
        for _ in range(count):
            ends[0].send(frame.udp4(one.mac, to, "10.0.0.1", "10.0.0.2", mark, vlan=42))
    frame.expect(ends[0], lambda m: frame.plain(one.mac, frame.BROADCAST, m), {ends[1]: 1},
                 f"inner-vlan {word}: untagged after it")
    frame.wait_count({ends[1]: 2 * count if keep else 0}, mark,
                     f"inner-vlan {word}: tagged frames", 2)
    tap.equal({ends[1].tags.get(f) for f in ends[1].get(mark)}, {42} if keep else set(),
              f"inner-vlan {word}: tags")
    tap.equal(vteps[0].drops().get("inner_vlan", 0), 0 if keep else 2 * count,
              f"inner-vlan {word}: drops")


def small_underlay():
    """
    An underlay of 1500 bytes and tenants of 1500: slower, in fragments, and all arrives; the other
    ends are xvtepd and the kernel.
    """
    with Lab(hosts=3, mtu=1500) as lab:
        kinds = ("xvtep", "xvtep", "kernel")
        tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vteps = [KINDS[k](h, [{"vni": VNI, "ports": ["p1"],
                               "flood": [o.v4 for o in lab.hosts if o is not h]}],
                          underlay={"xdp": "native"}) for h, k in zip(lab.hosts, kinds)]
        tap.contains(vteps[0].rows("status", part="uplink")[0]["status"] or "", "1500",
                     "the uplink's status says so")
        one = tenants[0]
        for two, kind in zip(tenants[1:], kinds[1:]):
            one.ping(two.ip)
            for source, target in ((one, two), (two, one)):
                traffic.tcp(source, target, 1 << 20)
                if kind == "kernel":  # its bridge tells the tenant to send less
                    continue
                source.ns.run("ping", "-n", "-c", "2", "-i", "0.05", "-W", "2", "-s", "1472", "-M",
                              "do", target.ip)
                traffic.udp(source, target)


def group():
    """BUM by a multicast group of the underlay instead of copies; peers are found by learning."""
    with Lab(hosts=4, switched=True) as lab:
        tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        kinds = ("xvtep", "xvtep", "kernel", "kernel")
        vteps = [KINDS[k](h, [{"vni": VNI, "ports": ["p1"], "group": "239.1.1.1"}],
                          underlay={"xdp": "native"}) for h, k in zip(lab.hosts, kinds)]
        ends = [t.tap() for t in tenants]
        for n, tenant in enumerate(tenants):
            frame.expect(ends[n], lambda m, t=tenant: frame.plain(t.mac, frame.BROADCAST, m),
                         {e: int(i != n) for i, e in enumerate(ends)}, f"broadcast from {n + 1}", 3)
        for one in tenants:
            for two in tenants:
                if one is not two:
                    one.ping(two.ip)
        for n in (1, 2):
            traffic.tcp(tenants[0], tenants[n])
            traffic.tcp(tenants[n], tenants[0])
        vteps[0].wait_learned(len(kinds))
        for n in (1, 2):
            tap.equal(vteps[0].where(VNI, tenants[n].mac), lab.hosts[n].v4,
                      f"where that of {kinds[n]} was learned")


def group_again(host, vtep):
    """A membership goes with its device, and does not count on; one that is refused is told."""
    text = "239.1.1.1"
    vtep.config["networks"] = [{"vni": VNI, "group": text}]
    vtep.apply()

    def joined(dev="under"):
        rows = host.ns.json("ip", "-j", "maddr", "show", "dev", dev)
        return text in [m.get("address") for r in rows for m in r["maddr"]]

    def status():
        return vtep.rows("status", part="uplink")[0]["status"] or ""

    def make_again():
        host.ns.ip("link del under")
        host.underlay()
    host.ns.sysctl("net.ipv4.igmp_max_memberships", 1)
    for n in range(2):
        tap.wait_for(joined, f"joined on device {n}", 3)
        make_again()
    tap.wait_for(joined, "joined on the last", 3)
    host.ns.sysctl("net.ipv4.igmp_max_memberships", 0)
    make_again()
    tap.wait_for(lambda: f"cannot join group {text}" in status(), "the status says so")
    tap.ok(any(f"cannot join group {text}" in line for line in vtep.log()), "so does the log")
    host.ns.sysctl("net.ipv4.igmp_max_memberships", 1)
    vtep.client("reload")
    tap.equal((joined(), status()), (True, ""), "joined by a reload, and the status")
    host.ns.ip("link set under down", "link set under name other")
    tap.wait_for(lambda: not joined("other"), "left on a device that is renamed")


def two_instances(lab, tenants, vteps):
    """Two daemons on one host, each with its own UDP port and networks, at TC of the same NIC."""
    more = [h.tenant("q2", f"10.0.0.{h.number}") for h in lab.hosts]
    for vtep, h, o in zip(vteps, lab.hosts, lab.hosts[::-1]):
        vtep.config["underlay"]["xdp"] = "off"
        vtep.apply()
        Xvtepd(h, [{"vni": VNI, "ports": ["q2"], "flood": [o.v4]}], name="q2",
               underlay={"xdp": "off", "port": 4790})
    for one, two in (tenants, more):
        one.ping(two.ip)
        traffic.tcp(one, two)
        traffic.tcp(two, one)


def file_descriptors(vtep):
    """Ports, networks and reloads come and go; the daemon keeps no descriptor of them."""
    fds = f"/proc/{vtep.process.pid}/fd"

    def cycle():
        vtep.client("network", "add", "vni", "200")
        vtep.client("port", "del", "p1")
        vtep.client("port", "add", "p1", "network", "200")
        vtep.client("network", "del", "200")
        vtep.client("port", "add", "p1", "network", str(VNI))
        vtep.apply()
    cycle()
    before = len(os.listdir(fds))
    for _ in range(5):
        cycle()
    tap.wait_for(lambda: len(os.listdir(fds)) <= before, "no more descriptors than before")


def by_command():
    """One pair of hosts: what commands make, change and remove, and what save prints of it all."""
    with Lab() as lab:
        tenants, vteps = bare_pair(lab)
        flood_by_hand(lab, tenants, vteps)
        network_by_hand(lab, vteps)
        file_descriptors(vteps[0])
        default_name(vteps[0])
        save_again(lab, tenants, vteps[0])


def changes():
    """One pair of hosts: a setting by reload, strangers' changes, storms, and a second instance."""
    with Lab() as lab:
        tenants, vteps = pair(lab, **{"inner-vlan": "keep"})
        inner_vlan(tenants, vteps, True)
        for vtep in vteps:
            vtep.config["networks"][0]["inner-vlan"] = "drop"
            vtep.apply()
        inner_vlan(tenants, vteps, False)
        own_mac(lab, tenants, vteps)
        address_again(lab, tenants, vteps)
        storm(lab, tenants, vteps)
        two_instances(lab, tenants, vteps)


def table():
    """One daemon whose table is young; then without ports."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        sender = host.tenant("p1").tap()
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"], "max-macs": 100000, "learn-rate": 0}])
        burst(sender, vtep)
        group_again(host, vtep)


def cpu_ms(vtep):
    with open(f"/proc/{vtep.process.pid}/schedstat", encoding="ascii") as stat:
        return int(stat.read().split()[0]) / 1e6


def hopeless_port(host, vtep):
    """Ports that can never attach are tried again, without a look at a thousand peers each time."""
    tap.contains(vtep.row("port", dev="tun9", vni=VNI)["status"], "not an Ethernet device",
                 "hopeless port: status")
    vtep.wait_ready()
    for _ in range(5):  # beside others the same work costs more
        before = cpu_ms(vtep)
        time.sleep(4)
        spent = cpu_ms(vtep) - before
        tap.comment(f"{spent:.1f} ms of CPU in 4 s")
        if spent < 12:
            break
    tap.ok(spent < 12, f"{spent:.1f} ms of CPU time in 4 s, at most 12")
    host.ns.ip("link del tun9", "link add tun9 type veth peer name tun9p")
    tap.wait_for(lambda: vtep.row("port", dev="tun9", vni=VNI)["status"] != "no such device" and
                 vtep.row("port", dev="tun9", vni=VNI)["ifindex"], "attached")


def trunk_gone(host, vtep):
    """A trunk of 1,000 VLANs goes; what was learned there goes in one look at the FDB, not 1,000."""
    trunk, vlans = host.tenant("t1"), (1, 500, 1000)
    macs = (f"02:01:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}" for i in range(100000))
    networks = [{"vni": 1000 + v, "ports": [{"dev": "t1", "vlan": v}], "flood": [host.gw4]}
                for v in range(1, 1001)]
    networks[0]["fdb"] = [{"mac": mac, "remote": host.gw4} for mac in macs]
    networks[0]["max-macs"] = 200000
    vtep.config["networks"] = networks
    vtep.write()
    vtep.client("apply", vtep.file, timeout=60)

    def learned():
        """How many MACs in each of three networks: the FDB itself is long."""
        rows = {r["vni"]: r["learned"] for r in vtep.rows("network")}
        return [rows[1000 + v] for v in vlans]

    def where():
        """{VNI: device} of what was learned."""
        rows = json.loads(vtep.client("-j", "fdb", "show", "learned").stdout)
        return {r["vni"]: r["dev"] for r in rows if r["mac"] == trunk.mac}
    wire, mark = trunk.tap(), frame.marker()
    for vlan in vlans:
        wire.send(frame.plain(trunk.mac, frame.BROADCAST, mark, vlan))
    tap.wait_for(lambda: learned() == [1, 1, 1], "trunk: learned")
    tap.equal(where(), dict.fromkeys((1000 + v for v in vlans), "t1"), "trunk: where")
    before = cpu_ms(vtep)
    host.ns.ip("link del t1")
    tap.wait_for(lambda: learned() == [0, 0, 0], "trunk: gone")
    spent = cpu_ms(vtep) - before
    tap.comment(f"{spent:.1f} ms of CPU")
    tap.ok(spent < 400, f"{spent:.1f} ms of CPU time, at most 400")
    tap.equal(where(), {}, "trunk: entries left")


def many_vlans():
    """Ports that can never attach, then by reload a trunk that goes."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.ns.ip("tuntap add dev tun9 mode tun")
        host.tenant("p1")
        peers = [f"198.19.{i // 250}.{i % 250 + 1}" for i in range(1000)]
        vlans = [{"vni": 1000 + v, "ports": [{"dev": "tun9", "vlan": v}]} for v in range(1, 501)]
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1", "tun9"], "flood": peers}, *vlans])
        hopeless_port(host, vtep)
        trunk_gone(host, vtep)


tap.case("floods, networks, names and save by hand")(by_command)
tap.case("slow path device deleted", main=True)(slow_device_gone)
tap.case("inner VLAN tags, own addresses, a storm of new MACs, two instances")(changes)
tap.case("burst of new MACs into an empty table; multicast group on a device made again")(table)
tap.case("underlay with an MTU of 1500")(small_underlay)
tap.case("multicast group, the others are xvtep and kernel")(group)
tap.case("ports that can never attach; a trunk of many VLANs goes", limit=120)(many_vlans)

if __name__ == "__main__":
    tap.main()
