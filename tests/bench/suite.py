# SPDX-License-Identifier: GPL-2.0-only
"""
The rounds: contenders side by side, one slice each, in turning order. A row of the table is run to
a Result; what it says is worked out in report.py.
"""
import lab
import machine
from contender import CONTENDERS
from rows import BENCHES  # noqa: F401 (the driver looks them up here)


class Busy(Exception):
    """The machine does something else; the figures would mean nothing."""


class Result:
    """Rounds of one benchmark: samples by contender, and why they are not to be trusted."""

    def __init__(self, bench):
        self.bench = bench
        self.samples = {}
        self.base = {}  # samples of what "base" of the row changes
        self.doubts = []

    def doubt(self, text):
        if text and text not in self.doubts:
            self.doubts.append(text)


class Pair:
    """A contender's wire, and that of its base where the row has one."""

    def __init__(self, bench, contender, options):
        self.name = contender.name
        contender = bench.get("as", {}).get(self.name, contender)
        self.wires = []
        rows = [bench] + ([{**bench, **bench["base"]}] if "base" in bench else [])
        try:
            for row in rows:
                self.wires.append(row["kind"](row, contender, options))
        except BaseException:
            self.close()
            raise

    def verify(self):
        for wire in self.wires:
            wire.verify()

    def measure(self, result):
        for wire, samples in zip(self.wires, (result.samples, result.base)):
            sample = wire.measure()
            result.doubt(sample.get("doubt"))
            samples.setdefault(self.name, []).append(sample)

    def finish(self):
        for wire in self.wires:
            wire.finish()

    def close(self):
        for wire in self.wires:
            wire.close()


def run_rounds(result, pairs, options):
    for number in range(getattr(options, result.bench["kind"].ROUNDS)):
        shift = number % len(pairs)
        for pair in pairs[shift:] + pairs[:shift]:
            if not number or pair.name not in result.bench.get("once", ()):
                pair.measure(result)
    for pair in pairs:
        pair.finish()


def run_bench(bench, options, say):
    """Sets all contenders up beside each other, verifies each, measures. A Result."""
    for last_try in (False, True):
        result, pairs = Result(bench), []
        text = machine.wait_idle(0 if options.force else machine.PATIENCE)
        if text and not options.force:
            raise Busy(text)
        result.doubt(text)
        try:
            for contender in CONTENDERS:
                if contender.name not in options.contenders or \
                   contender.name not in bench.get("contenders", options.contenders):
                    continue
                try:
                    pairs.append(Pair(bench, contender, options))
                except lab.Unsupported as e:
                    say(f"{bench['name']}: without {contender.name}: {e}")
                    continue
                pairs[-1].verify()
                say(f"{bench['name']}: {contender.name} delivers what it should")
            strangers = machine.Strangers()
            run_rounds(result, pairs, options)
            text = strangers.found()
        finally:
            for pair in pairs:
                pair.close()
        if not text or options.force:
            break
        if last_try:
            raise Busy(text)
        say(f"{bench['name']}: once more, {text}")
    result.doubt(text)
    return result
