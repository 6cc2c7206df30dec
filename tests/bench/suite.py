# SPDX-License-Identifier: GPL-2.0-only
"""The table of benchmarks, and the rounds: contenders interleaved, in turning order."""
import machine
import packets
import tcp
from contender import CONTENDERS

PACKETS, TCP = packets.Wire, tcp.Wire
UNIT = {PACKETS: packets.UNIT, TCP: tcp.UNIT}

# A new benchmark is a row here; a new kind of measurement a class with verify, measure and close.
BENCHES = (
    {"name": "decap-xdp-64", "wire_class": PACKETS, "direction": "decap", "xdp": "native",
     "size": 64},
    {"name": "decap-tc-64", "wire_class": PACKETS, "direction": "decap", "xdp": "off",
     "size": 64},
    {"name": "encap-tc-64", "wire_class": PACKETS, "direction": "encap", "xdp": "off",
     "size": 64},
    {"name": "tcp-default-wire", "wire_class": TCP, "wire": "default"},
    {"name": "tcp-nic-wire", "wire_class": TCP, "wire": "nic"},
)


class Busy(Exception):
    """The machine does something else; the figures would mean nothing."""


class Result:
    """Rounds of one benchmark: samples by contender, and why they are not to be trusted."""

    def __init__(self, bench):
        self.bench = bench
        self.samples = {}
        self.doubts = []


def insist_idle(options, result):
    text = machine.wait_idle(0 if options.force else machine.PATIENCE)
    if text and not options.force:
        raise Busy(text)
    if text:
        result.doubts.append(text)


def run_rounds(result, wires, options):
    for number in range(options.rounds):
        shift = number % len(wires)
        for wire in wires[shift:] + wires[:shift]:
            insist_idle(options, result)
            sample = wire.measure()
            if sample["disturbed"] and not options.force:
                insist_idle(options, result)
                sample = wire.measure()  # once again; what ended meanwhile must not cost the run
            if sample["disturbed"]:
                if not options.force:
                    raise Busy(sample["disturbed"])
                result.doubts.append(sample["disturbed"])
            result.samples.setdefault(wire.contender.name, []).append(sample)


def run_bench(bench, options, say):
    """Sets all contenders up beside each other, verifies each, measures. A Result."""
    result, wires = Result(bench), []
    try:
        for contender in CONTENDERS:
            if contender.name not in options.contenders:
                continue
            wires.append(bench["wire_class"](bench, contender, options))
            wires[-1].verify()
            say(f"{bench['name']}: {contender.name} delivers a correct frame")
        run_rounds(result, wires, options)
    finally:
        for wire in wires:
            wire.close()
    return result
