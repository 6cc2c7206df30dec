#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
VLAN tags of tenants: every stack and size that the kernel's bridge forwards comes out byte by byte
where a network carries tags; VID 0 is no VLAN where it does not. To taps, which see every byte.
"""
import frame
import tap
from frame import BROADCAST, ETH_IP, ETH_QINQ, ETH_VLAN
from lab import Lab
from vtep import KINDS, Xvtepd

X, K = "xvtep", "kernel"
VNI, MTU = 100, 1500
STACKS = {
    "none": [],
    "802.1Q": [(ETH_VLAN, 20)],
    "802.1ad": [(ETH_QINQ, 10)],
    "802.1ad and 802.1Q": [(ETH_QINQ, 0x600a), (ETH_VLAN, 20)],
    "802.1Q twice": [(ETH_VLAN, 10), (ETH_VLAN, 20)],
    "priority": [(ETH_VLAN, 0xa000)],
    "priority and 802.1Q": [(ETH_VLAN, 0), (ETH_VLAN, 20)],
    "priority five times": [(ETH_VLAN, n << 13) for n in range(5)],
}
PRIORITY = [(ETH_VLAN, 0), (ETH_VLAN, 0xe000), (ETH_VLAN, 0x1000), (ETH_QINQ, 0x4000)]


class World:
    """Two taps here, one tap and a veth on the other host; all know all, frames may go anywhere."""

    def __init__(self, lab, kinds, family=4, mode="auto"):
        a, b = lab.hosts
        self.kinds = kinds
        self.source, self.here, self.there = (h.tap_tenant(p) for h, p in
                                              ((a, "p1"), (a, "p2"), (b, "p1")))
        self.veth = b.tenant("p2")
        self.end = self.veth.tap()
        self.vteps = [KINDS[kind](h, [{"vni": VNI, "ports": ["p1", "p2"], "inner-vlan": "keep",
                                       "flood": [o.address(family)]}], family,
                                  underlay={"xdp": mode})
                      for h, o, kind in ((a, b, kinds[0]), (b, a, kinds[1]))]
        self.own = [v for v in self.vteps if isinstance(v, Xvtepd)]
        self.receivers = {self.here.mac: self.here, self.there.mac: self.there,
                          self.veth.mac: self.end}
        self.known()

    def known(self):
        """All know all. Drops are counted from here."""
        taps = [self.source, *self.receivers.values()]
        for mac, sender in ((self.source.mac, self.source), *self.receivers.items()):
            frame.expect(sender, lambda m, mac=mac: frame.plain(mac, BROADCAST, m),
                         {t: 1 for t in taps if t is not sender}, "broadcast")
        for vtep in self.vteps:
            vtep.wait_learned(4)
        self.before = [v.drops() for v in self.own]

    def no_tags(self):
        """The network carries no tags from here on, by reload."""
        for vtep in self.own:
            del vtep.config["networks"][0]["inner-vlan"]
            vtep.apply()
        for vtep in self.vteps:
            vtep.forget()
        self.known()

    def drops(self):
        """{reason: packets} of each xvtepd since all knew all."""
        return [{r: n - old.get(r, 0) for r, n in v.drops().items() if n != old.get(r, 0)}
                for v, old in zip(self.own, self.before)]

    def destinations(self):
        """(where to, who must get it)"""
        yield BROADCAST, list(self.receivers.values())
        yield "02:00:00:00:77:77", list(self.receivers.values())  # unknown
        for mac, receiver in self.receivers.items():
            yield mac, [receiver]

    def got(self, receiver, mark):
        """The marked frames, with the tag that the kernel took off."""
        whole = getattr(receiver, "whole", {})
        return [whole.get(f, f).hex() for f in receiver.get(mark)]

    def send(self, to, tags, size, want, what):
        """An IP packet of size bytes. want: {receiver: tags that it has there, None: not there}"""
        mark, fence = frame.marker(), frame.marker()
        packet = frame.ipv4("10.0.0.1", "10.0.0.2", 17,
                            frame.udp(4000, 9, mark.ljust(size - 28, b"x")))
        self.source.send(frame.tagged(self.source.mac, to, tags, ETH_IP, packet))
        self.source.send(frame.plain(self.source.mac, BROADCAST, fence))
        frame.wait_count({r: 1 for r in self.receivers.values()}, fence, what + " (fence)")
        for receiver, stack in want.items():
            if stack is not None:
                frame.wait_count({receiver: 1}, mark, what)
            sent = stack is not None and frame.tagged(self.source.mac, to, stack, ETH_IP, packet)
            tap.equal(self.got(receiver, mark), [sent.hex()] if sent else [], what)


def stacks(w):
    for name, tags in STACKS.items():
        for to, receivers in w.destinations():
            for size in (50, MTU, MTU + 4) if len(tags) < 2 else (50, MTU + 8 - 4 * len(tags)):
                want = {r: tags if r in receivers else None for r in w.receivers.values()}
                w.send(to, tags, size, want, f"tags: {name}, {size} bytes, to {to}")
    if w.kinds == (X, X):
        tap.equal(w.drops(), [{}, {}], "drops")


def larger(w):
    """One byte more than the kernel's bridge forwards."""
    for name, tags in STACKS.items():
        size = MTU + 5 - 4 * max(0, len(tags) - 1)
        for to, _ in w.destinations():
            want = {r: None for r in w.receivers.values()}
            w.send(to, tags, size, want, f"tags: {name}, {size} bytes, to {to}")
    if w.kinds == (X, X):
        # to 2 and 2 known MACs, and in 2 floods to 1 and 2 ports, of each stack
        tap.equal(w.drops(), [{"pkt_too_big": 3 * len(STACKS)}, {"pkt_too_big": 6 * len(STACKS)}],
                  "drops")


def priority(w):
    """A network that carries no tags: VID 0 counts as none, and is taken off."""
    w.no_tags()
    for tag in PRIORITY:
        for to, receivers in w.destinations():
            for size in (50, MTU):
                want = {r: None for r in w.receivers.values()}
                for r in receivers:  # the kernel's bridge keeps it between its ports
                    want[r] = [tag] if r is w.here and w.kinds[0] == K else []
                w.send(to, [tag], size, want, f"tag {tag}, {size} bytes, to {to}")
    tap.equal(w.drops(), [{}] * len(w.own), "drops")
    for tags in ([(ETH_VLAN, 20)], [(ETH_VLAN, 0), (ETH_VLAN, 20)], [(ETH_QINQ, 10)]):
        want = {w.there: None, w.end: None}  # a VLAN is one, behind whatever
        w.send(w.there.mac, tags, 50, want, f"tags {tags}")
    tap.equal(w.drops()[0], {"inner_vlan": 3}, "drops")


def run(kinds, family, wire, mode, looks):
    with Lab(wire=wire) as lab:
        w = World(lab, kinds, family, mode)
        for look in looks:
            with tap.part(look.__name__):
                look(w)


tap.case("harness: kernel", (K, K), 4, "default", None, (stacks, larger))(run)
for _kinds, _family, _wire, _mode, _looks in (
        ((X, X), 4, "default", "auto", (stacks, larger, priority)),
        ((X, K), 6, "nic", "native", (stacks,)),
        ((K, X), 4, "nic", "native", (stacks, priority)),
        ((X, X), 6, "nic", "generic", (stacks, priority))):
    _name = f"{_kinds[0]} to {_kinds[1]}, IPv{_family}, {_wire} wire, xdp {_mode}"
    tap.case(f"{', '.join(f.__name__ for f in _looks)}: {_name}", _kinds, _family, _wire, _mode,
             _looks)(run)

if __name__ == "__main__":
    tap.main()
