#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The way from the maps of an earlier layout is cut off: the new daemon is killed or fails at each step.
The old version goes on, or the new one does, and no packet is lost.

For both layouts each step is killed once, and fails once. That the old version goes on is looked at
behind each step of layout 8; for layout 7, which has steps of its own for maps to fill, behind each
kind of step. (All its steps that fill leave the old maps, pins and programs alone.) When pins change
places, which are many only for layout 7, the new daemon is killed before the first, one in the
middle, and the last; the other states that such a kill leaves are made by hand.
"""
import os
import signal

import tap
from lab import Lab, OUT
from migration import (PPS, Pair, add_sent, by_hand, counters, equal_views, expect_new, hooks,
                       says_new, view)

FILLED = {7: 8, 8: 0}  # maps of this layout whose contents the new daemon converts


class Steps:
    """Numbers of the new daemon's steps: see next_step() in user/daemon/maps/migration.c."""

    def __init__(self, layout, there):
        self.there = there  # hooks with the old programs
        self.meta = FILLED[layout] + 1  # then the new set is pinned as a whole
        self.hook = self.meta + 1  # then programs are replaced, one a step
        self.carry = self.hook + len(there)  # then counters are carried over
        self.config = self.carry + 1  # then xv_config says the new layout
        self.late = self.config + 1  # then pins change places, one a step

    def kinds(self):
        """One each that comes before a change of another kind, and one in the middle of them."""
        return (1, self.meta // 2, self.meta, self.hook, self.hook + len(self.there) // 2,
                self.carry, self.config)

    def expect_killed(self, vtep, step):
        """What is there before this step; the daemon was killed in it."""
        now, least = hooks(vtep), min(max(step - self.hook, 0), len(self.there))
        new = sum(now[name] != prog for name, prog in self.there.items())
        most = least + (self.meta < step < self.carry)  # the slow path device's may be new before
        tap.ok(least <= new <= most, f"new programs at step {step}: {new}, not {least} to {most}")
        tap.equal("next_xv_meta" in vtep.pins(), self.meta < step, f"set is whole at step {step}")
        tap.equal(says_new(vtep), step >= self.late, f"xv_config is new at step {step}")


@tap.case("migrate: killed at each step, each start goes on: layout 7", 7, limit=600, main=True)
@tap.case("migrate: killed at each step, each start goes on: layout 8, with a filter", 8, limit=600,
          ports=[{"dev": "p1", "filters": "before"}])
def killed_and_on(layout, **settings):
    """When xv_config says the new layout, no program of the old one is attached any more."""
    with Lab() as lab:
        pair = Pair(lab, layout, **settings)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        there, steps = hooks(vtep), 0
        while pair.try_new(XVTEP_MIGRATION_KILL=str(steps + 1)) == -signal.SIGKILL:
            steps += 1
            pair.wait(PPS // 50)
            now = hooks(vtep)
            if says_new(vtep):
                tap.equal([name for name in there if now[name] == there[name]], [], "old programs")
        tap.equal(steps, Steps(layout, there).late, "steps until the new version only goes on")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("killed at each step")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


class Kept:
    """The pins of before pins change places, so that this state can be made again."""

    def __init__(self, vtep):
        self.vtep, self.dir = vtep, f"{vtep.pin('')[:-1]}-kept"
        pins = vtep.pins()
        new = [pin[5:] for pin in pins if pin.startswith("next_") and pin != "next_carried"]
        self.names = sorted(set(new) - {"xv_meta"}) + ["xv_meta"]  # in the order of their moves
        self.old = [name for name in self.names if name in pins]
        os.mkdir(self.dir)
        vtep.host.lab.keep(self)
        for name in self.old:
            os.link(vtep.pin(name), f"{self.dir}/{name}")

    def put_back(self, moved):
        """All have moved: takes back the moves of all but the first few."""
        for name in self.names[moved:]:
            os.rename(self.vtep.pin(name), self.vtep.pin("next_" + name))
            if name in self.old:
                os.link(f"{self.dir}/{name}", self.vtep.pin(name))

    def close(self):
        if os.path.exists(self.dir):
            for name in self.old:
                os.unlink(f"{self.dir}/{name}")
            os.rmdir(self.dir)


@tap.case("migrate: killed while pins change places", limit=900)
def killed_late():
    """Behind the point of no return: the next start ends it, whichever pins it finds where."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep

        def ends(prepare, what):
            counted = counters(vtep)
            pair.flow()
            vtep.stop()
            prepare()
            tap.ok(says_new(vtep), f"{what}: xv_config is new")
            tap.equal(pair.try_new(), None, f"{what}: a start")
            expect_new(vtep, None)
            sent, back = pair.expect_no_loss(what)
            tap.equal(counters(vtep), add_sent(counted, sent, back), f"{what}: counters")

        def kill_at(moved):
            steps = Steps(7, hooks(vtep))
            tap.equal(pair.try_new(XVTEP_MIGRATION_KILL=str(steps.late + moved)), -signal.SIGKILL,
                      "exit status")
            return Kept(vtep) if not moved else None

        kept = []
        ends(lambda: kept.append(kill_at(0)), "killed before pins move")
        names = kept[0].names
        tap.ok(len(names) > 8, f"pins that move: {names}")
        killed = [len(names) // 2, len(names) - 1]
        for moved in range(1, len(names)):
            if moved not in killed:
                ends(lambda m=moved: kept[0].put_back(m), f"{moved} pins have moved, by hand")
        kept[0].close()
        for moved in killed:
            vtep.stop()
            vtep.detach()
            pair.start_old()
            pair.tenants[0].ping("10.0.0.2")
            vtep.wait_learned(2)
            vtep.wait_ready()

            def prepare(moved=moved):
                kill_at(moved)
                tap.equal([pin for pin in vtep.pins() if pin.startswith("next_")],
                          sorted("next_" + name for name in names[moved:]), "pins that did not move")
            ends(prepare, f"killed when {moved} pins have moved")


@tap.case("migrate: killed at each step, the old version goes on: layout 8", 8, limit=600)
@tap.case("migrate: killed at each kind of step, the old version goes on: layout 7", 7, limit=900)
def killed_and_back(layout):
    with Lab() as lab:
        pair = Pair(lab, layout)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        steps = Steps(layout, hooks(vtep))
        for step in steps.kinds() if layout == 7 else range(1, steps.late):
            steps.there = hooks(vtep)
            vtep.stop()
            tap.equal(pair.try_new(XVTEP_MIGRATION_KILL=str(step)), -signal.SIGKILL,
                      f"exit status, step {step}")
            steps.expect_killed(vtep, step)
            pair.start_old()
            pair.wait(PPS // 50)
            equal_views(view(vtep, before), before, f"the old version after step {step}")
        vtep.stop()
        vtep.start()
        expect_new(vtep, layout)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("killed at each step, and back")
        if layout == 8:  # counters of layout 7 have maps of their own, and those go with the kill
            tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


@tap.case("migrate: half-way, and removed by --detach")
def removed():
    """Of this version and of the old one: whichever programs are attached, nothing stays."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        for where in (OUT, pair.old):
            vtep.stop()
            tap.equal(pair.try_new(XVTEP_MIGRATION_KILL="12"), -signal.SIGKILL, "exit status")
            tap.ok("next_xv_meta" in vtep.pins(), f"half-way: {vtep.pins()}")
            tap.ok(len(set(hooks(vtep).values())) > 1, f"programs of both sets: {hooks(vtep)}")
            ids = vtep.map_ids()
            p = vtep.host.ns.run(f"{where}/xvtepd", "--detach", "-i", vtep.instance)
            tap.equal(p.stdout + p.stderr, "", "what --detach says")
            tap.equal(vtep.leftovers(ids), [], "left behind")
            pair.start_old()


@tap.case("migrate: each step fails: layout 7", 7, limit=900)
@tap.case("migrate: each step fails: layout 8, with a filter", 8, limit=900,
          ports=[{"dev": "p1", "filters": "before"}])
def failed(layout, **settings):
    """Until the layout is changed for good all is put back: the very programs, and their counters."""
    with Lab() as lab:
        pair = Pair(lab, layout, **settings)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        there, pins = hooks(vtep), vtep.pins()
        tap.equal([name for name in there if name.startswith("p1 ")],
                  ["p1 65535"] if settings else [], "filters")
        steps = 0
        while (code := pair.try_new(XVTEP_MIGRATION_FAIL=str(steps + 1))) is not None:
            steps += 1
            tap.equal(code, 1, f"exit status, step {steps} failed")
            tap.contains(vtep.log()[-1], "Cannot allocate memory", "what it says")
            pair.wait(PPS // 50)
            if says_new(vtep):
                continue
            tap.equal(hooks(vtep), there, f"programs after step {steps} failed")
            tap.equal(vtep.pins(), pins, f"pins after step {steps} failed")
        tap.equal(steps, Steps(layout, there).late, "steps until the new version only goes on")
        now = hooks(vtep)
        tap.equal(set(now), set(there), "where programs are")
        tap.equal({name for name in now if now[name] == there[name]}, set(), "old programs")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("each step failed")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


if __name__ == "__main__":
    tap.main()
