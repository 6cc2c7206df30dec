#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The way from the maps of an earlier layout is cut off: the new daemon is killed or fails at each step.
The old version goes on, or the new one does, and no packet is lost.
"""
import signal

import tap
from lab import Lab, OUT
from migration import (PPS, Pair, add_sent, by_hand, counters, equal_views, expect_new, hooks,
                       says_new, view)
from netns import run


@tap.case("migrate: killed at each step, each start goes on: layout 7", 7, 12, limit=600, main=True)
@tap.case("migrate: killed at each step, each start goes on: layout 8, with a filter", 8, 6,
          limit=600, ports=[{"dev": "p1", "filters": "before"}])
def killed_and_on(layout, least, **settings):
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
        tap.ok(steps > least, f"steps: {steps}")
        tap.comment(f"killed {steps} times")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("killed at each step")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


@tap.case("migrate: killed while pins change places", limit=900)
def killed_late():
    """Behind the point of no return: the next start ends it, whichever pins it finds where."""
    with Lab() as lab:
        pair = Pair(lab, 7)
        vtep = pair.vtep
        step = killed = 0
        while True:
            counted = counters(vtep)
            pair.flow()
            vtep.stop()
            while (code := pair.try_new(XVTEP_MIGRATION_KILL=str(step + 1))) is not None:
                tap.equal(code, -signal.SIGKILL, f"exit status, step {step + 1}")
                step += 1
                if says_new(vtep):
                    break
            if code is None:
                break
            killed += 1
            tap.equal(pair.try_new(), None, f"a start after step {step}")
            expect_new(vtep, None)
            sent, back = pair.expect_no_loss(f"killed at step {step}")
            tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")
            vtep.stop()
            vtep.detach()
            pair.start_old()
            pair.tenants[0].ping("10.0.0.2")
            vtep.wait_learned(2)
            vtep.wait_ready()
        pair.expect_no_loss("not killed")
        tap.comment(f"killed {killed} times")
        tap.ok(killed > 8, f"killed {killed} times")


@tap.case("migrate: killed at each step, the old version goes on: layout 8", 8, limit=600)
@tap.case("migrate: killed at each step, the old version goes on: layout 7", 7, limit=900)
def killed_and_back(layout):
    with Lab() as lab:
        pair = Pair(lab, layout)
        vtep = pair.vtep
        by_hand(pair)
        before, counted = view(vtep), counters(vtep)
        pair.flow()
        vtep.stop()
        steps = 0
        while pair.try_new(XVTEP_MIGRATION_KILL=str(steps + 1)) == -signal.SIGKILL:
            steps += 1
            if not says_new(vtep):
                pair.start_old()
                pair.wait(PPS // 50)
                equal_views(view(vtep, before), before, f"the old version after step {steps}")
                vtep.stop()
        tap.comment(f"killed {steps} times")
        expect_new(vtep, None)
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
        tap.comment(f"failed {steps} times")
        now = hooks(vtep)
        tap.equal(set(now), set(there), "where programs are")
        tap.equal({name for name in now if now[name] == there[name]}, set(), "old programs")
        expect_new(vtep, None)
        equal_views(view(vtep, before), before, "after all")
        sent, back = pair.expect_no_loss("each step failed")
        tap.equal(counters(vtep), add_sent(counted, sent, back), "counters")


if __name__ == "__main__":
    tap.main()
