# SPDX-License-Identifier: GPL-2.0-only
"""
Packet rate of one direction: generator -> veth -> host under test -> veth -> sink. All of it runs
in the softirq of the generator's CPU; a row with "cores": 2 has a generator on each of two. Rates
are by the CPU time that this took where the kernel tells it (machine.thread_time_tells), so that
what the hypervisor or another process had of the CPU does not count; else by the clock.
"""
import contextlib
import os
import threading
import time

import frame
import lab
import machine
import traffic
from contender import Before, Floor, Host, Kernel, Strip, Xvtep
from traffic import LOCAL, REMOTE

UNIT = "Mpps"
SENDING = 0.02  # seconds a call while something else goes on


class Wire:
    """
    One contender between generator and sink. `bench` is a row of the suite's table; of it count
    direction, xdp, what class Traffic knows, "peers" (VTEPs in the flood list), "cores", "batch",
    "sink" ("tc": at TC ingress, as a tenant without XDP), "floor" (its way, if not "xdp").
    """

    ROUNDS = "rounds"

    def __init__(self, bench, contender, options):
        self.bench, self.contender, self.options = bench, contender, options
        self.traffic = traffic.shared(bench)
        self.decap = self.traffic.decap
        self.stack = lab.Lab(contender.name[:2])
        self.sent = 0
        self.peers = [f"192.0.2.{10 + i}" for i in range(bench.get("peers", 0))]
        self.copies = max(1, len(self.peers)) if contender is not Floor else 1
        others = sorted(os.sched_getaffinity(0) - {options.cpu})
        self.cpus = [options.cpu, *others][:bench.get("cores", 1)]
        try:
            self.build()
        except BaseException:
            self.stack.close()
            raise

    def build(self):
        self.src, self.host, self.dst = (self.stack.netns(n) for n in ("src", "host", "dst"))
        first, last = ("under", "port") if self.decap else ("port", "under")
        under, port = ("src", "dst") if self.decap else ("dst", "src")
        queues = os.cpu_count() if len(self.cpus) > 1 else 1
        queues = f"numtxqueues {queues} numrxqueues {queues}"
        for dev, side in (("under", under), ("port", port)):
            self.host.ip(f"link add {dev} mtu 1600 {queues} type veth peer name far mtu 1600 "
                         f"{queues} netns {getattr(self, side).path}")
        self.host.ip(f"link set under address {LOCAL['dst_mac']} up")
        self.host.ip(f"addr add {LOCAL['dst']}/24 dev under")
        for address in (LOCAL["src"], *self.peers):
            self.host.ip(f"neigh add {address} lladdr {LOCAL['src_mac']} dev under nud permanent")
        # A tenant's; what only redirects has the whole outer frame to send there.
        self.host.ip(f"link set port mtu {1600 if self.contender is Floor else 1500} up")
        for ns in (self.src, self.dst):
            ns.ip("link set far up")
        getattr(self, under).ip(f"link set far address {LOCAL['src_mac']}")
        getattr(self, port).ip(f"link set far address {self.traffic.local[0]}")
        # Without NAPI on the receiving veth, redirected frames vanish: GRO as on a NIC.
        self.host.run("ethtool", "-K", first, "gro", "on")
        self.start_sink()
        floor = f"{self.bench.get('floor', 'xdp')} {first} {last}"
        how = {Floor: floor, Strip: floor, Kernel: None, Xvtep: self.bench["xdp"],
               Before: self.bench["xdp"]}
        self.vtep = self.contender(self.stack, self.knowledge(), how[self.contender])
        self.start_generators()

    def knowledge(self):
        """What the host under test is to know."""
        t = self.traffic
        return Host(self.host, LOCAL["dst"], LOCAL["src"], t.local, t.remote,
                    tuple((vni, t.vlan(vni)) for vni in t.vnis), tuple(self.peers) or None)

    def start_generators(self):
        args = self.traffic.generator_options(lab.scratch())
        self.gens = [self.stack.helper(self.src, "gen", "-d", "far", "-c", str(cpu), "-b",
                                       str(self.bench.get("batch", 64)), *args)
                     for cpu in self.cpus]

    def start_sink(self):
        change = {True: -frame.OUTER_LEN, False: frame.OUTER_LEN}[self.decap]
        sizes = [size + (frame.OUTER_LEN if self.decap else 0) for size in self.traffic.sizes]
        if self.contender is not Floor:
            sizes = [size + change for size in sizes]
            if self.traffic.trunk:
                sizes += [size + 4 for size in sizes]  # with the VLAN's tag in the frame
        how = ("-t",) if self.bench.get("sink") == "tc" else ()
        self.sink = self.stack.helper(self.dst, "sink", "-d", "far", *how,
                                      *(word for size in sizes for word in ("-l", str(size))))

    def verify(self):
        """One frame must come out, with the right bytes. Raises frame.BadFrame."""
        self.sink.ask("arm")
        deadline = time.monotonic() + 5
        while True:
            number, self.sent = self.sent, self.sent + 1
            self.gens[0].ask("frames 1")
            got = bytes.fromhex(self.sink.ask("frame")["frame"])
            if got:
                break
            if time.monotonic() > deadline:
                raise frame.BadFrame("nothing came out")
            time.sleep(0.1)
        self.check(got, number)
        self.sent = self.arrived = self.lost = 0
        self.baseline = (sum(self.sink.ask("count")["cpus"]), self.drops())

    def check(self, got, number):
        t = self.traffic
        if self.contender is Floor:
            frame.check_same(got, t.sent(number))
        elif self.decap:
            vlan = t.vlan(t.vni(number))
            want = t.inner(number)
            tagged = frame.tagged(want, vlan)
            frame.check_same(got, tagged if len(got) == len(tagged) else want)
        else:
            end = dict(REMOTE)
            if self.peers:
                end["dst"] = frame.outer_destination(got)
                if end["dst"] not in self.peers:
                    raise frame.BadFrame(f"a copy for {end['dst']}: {got.hex()}")
            frame.check_outer(got, end, t.vni(number), t.inner(number))

    def drops(self):
        """Frames that devices on the way say they dropped."""
        raw = sum(ns.dropped() for ns in (self.src, self.host, self.dst))
        last = "port" if self.decap else "under"
        return raw - self.src.xmit_errors("far") - self.host.xmit_errors(last)

    def counted(self, at_least):
        """Frames by CPU that arrived, when all of at_least did or no more come."""
        cpus = self.sink.ask("count")["cpus"]
        for _ in range(20):
            if sum(cpus) >= at_least:
                break
            time.sleep(0.002)
            last, cpus = cpus, self.sink.ask("count")["cpus"]
            if last == cpus:
                break
        return cpus

    @contextlib.contextmanager
    def sending(self):
        """The generator runs meanwhile; a list of numbers of frames, whole at the end."""
        sent, stop = [], threading.Event()

        def send():
            while not stop.is_set():
                sent.append(self.gens[0].ask(f"time {SENDING}")["sent"])

        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield sent
        finally:
            stop.set()
            sender.join()
            self.sent += sum(sent)

    def measure(self):
        """One slice, a dictionary."""
        before, deferred = self.sink.ask("count")["cpus"], self.deferred()
        window = machine.Window()
        for gen in self.gens:
            gen.tell(f"time {self.options.seconds}")
        runs = [gen.answer() for gen in self.gens]
        window.stop()
        sent = sum(r["sent"] for r in runs)
        after = self.counted(sum(before) + sent * self.copies)
        used = [r["cpu_ns"] + d - e for r, d, e in zip(runs, self.deferred(), deferred)]
        if not machine.thread_time_tells():
            used = [r["ns"] for r in runs]
        cpus = [a - b for a, b in zip(after, before)]
        self.sent += sent
        self.arrived += sum(cpus)
        if sum(cpus) > sent * self.copies:
            raise frame.BadFrame(f"sent {sent} frames, {sum(cpus)} arrived")
        rate = sum(r["sent"] / ns for r, ns in zip(runs, used))  # of frames sent, a nanosecond
        return {"value": rate * 1e3 * sum(cpus) / sent, "lost": 1 - sum(cpus) / (sent * self.copies),
                "cpu_share": sum(used) / sum(r["ns"] for r in runs),
                "window": window, "own": self.cpus,
                "doubt": self.doubt(cpus)}

    def deferred(self):
        """Nanoseconds that ksoftirqd ran on each CPU so far: frames that were too many at once."""
        return [machine.run_seconds(machine.softirq_daemons()[c]) * 1e9 for c in self.cpus]

    def doubt(self, cpus):
        """None, or text on why the slice does not tell what these cores can do."""
        if sum(cpus[c] for c in self.cpus) < 0.999 * sum(cpus):
            return f"frames arrived on CPUs {cpus}, not on {self.cpus}"
        return None

    def finish(self):
        """After the last round. Raises BadFrame if frames are unaccounted for."""
        deadline = time.monotonic() + 2
        while True:
            arrived = sum(self.sink.ask("count")["cpus"]) - self.baseline[0]
            lost = self.drops() - self.baseline[1]
            if arrived + lost == self.sent * self.copies:
                return
            if time.monotonic() > deadline:
                raise frame.BadFrame(f"{self.bench['name']}, {self.contender.name}: sent "
                                     f"{self.sent} frames, {arrived} arrived, {lost} reported lost")
            time.sleep(0.05)

    def close(self):
        self.stack.close()
