#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Negative controls: each means of the harness must fail when what it looks for is not so."""
import json
import os
import subprocess
import sys
import tempfile

import frame
import tap
import traffic
from lab import Lab
from vtep import Kernel, Xvtepd

VNI = 100


def must_fail(function, word):
    """The function must raise Fail with the word in its text."""
    try:
        function()
    except tap.Fail as e:
        tap.contains(str(e), word, "reason")
        return
    raise AssertionError("did not fail")


def kernel_pair(lab):
    tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
    for h, o in (lab.hosts, lab.hosts[::-1]):
        Kernel(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
    return tenants


def counts():
    with Lab() as lab:
        one, two = kernel_pair(lab)
        ends = one.tap(), two.tap()
        mark = frame.marker()

        def build(m):
            return frame.plain(one.mac, frame.BROADCAST, m)
        must_fail(lambda: frame.wait_count({ends[1]: 1}, mark, "none", 0.2), "none")
        ends[0].send(build(mark))
        frame.wait_count({ends[1]: 1}, mark, "one")
        ends[0].send(build(mark))
        frame.expect(ends[0], build, {ends[1]: 1}, "another")
        must_fail(lambda: frame.wait_count({ends[1]: 1}, mark, "two for one", 0.2), "two for one")
        must_fail(lambda: frame.expect(ends[0], build, {ends[1]: 0}, "one for none", limit=0.5),
                  "one for none")
        must_fail(lambda: frame.expect(ends[0], build, {ends[0]: 1}, "at the sender", limit=0.2),
                  "at the sender")


def traffic_fails():
    with Lab() as lab:
        one, two = kernel_pair(lab)
        one.neigh(two)
        one.ping(two.ip)
        stream = traffic.Stream(one, two, 5000)
        stream.run_until(500)
        lab.hosts[1].ns.ip("link set p1 down")
        stream.run_until(500)
        lab.hosts[1].ns.ip("link set p1 up")
        stream.run_until(500)
        must_fail(lambda: stream.expect_no_loss("interrupted"), "lost and doubled")
        stream = traffic.Stream(one, two, 1000)
        stream.run_until(100)
        stream.stop()
        stream.seen[5] += 1
        tap.equal(stream.stop()[1:], (0, 1), "lost and doubled of a doubled one")
        lab.hosts[1].ns.ip("link set p1 down")
        must_fail(lambda: one.ping(two.ip, 1), "answers")
        traffic.LIMIT, limit = 1, traffic.LIMIT
        try:
            must_fail(lambda: traffic.tcp(one, two, 1000), "stuck")
        finally:
            traffic.LIMIT = limit


def same_answers():
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": 100, "ports": ["p1"], "flood": ["198.51.100.1"],
                              "fdb": [{"mac": "02:00:00:00:01:00", "remote": "198.51.100.1"}]}])
        for object_ in ("network", "port", "fdb", "flood", "peer", "drops"):
            text = vtep.client("-j", object_, "show").stdout
            tap.equal(vtep.rows(object_), json.loads(text), object_)
            tap.ok(vtep.rows(object_), f"{object_}: rows")
        for object_ in ("status", "stats"):
            printed = json.loads(vtep.client("-j", object_, "show").stdout)
            for part, rows in printed.items():
                got = vtep.rows(object_, part=part)
                tap.equal([r.keys() for r in got],
                          [r.keys() for r in (rows if isinstance(rows, list) else [rows])], part)


def leftovers():
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        vtep = Xvtepd(host, [], start=False)
        tap.equal(vtep.leftovers(set()), [], "of a clean host")
        host.ns.ip("link add xv7 type vxlan external dstport 4789")
        tap.contains(str(vtep.leftovers(set())), "xv7", "slow path device")
        os.makedirs(f"/run/xvtep/{vtep.instance}")
        try:
            tap.contains(str(vtep.leftovers(set())), "/run/xvtep", "run directory")
        finally:
            os.rmdir(f"/run/xvtep/{vtep.instance}")
        host.ns.ip("link del xv7")


SCRIPT = """
import tap
@tap.case("good")
def good():
    pass
@tap.case("bad")
def bad():
    tap.equal(1, 2, "one")
@tap.case("skipped")
def skipped():
    raise tap.Skip("why")
@tap.case("late", limit=0.1)
def late():
    while True:
        pass
@tap.case("never", limit=5)
def never():
    tap.wait_for(lambda: False, "the impossible", 0.1)
tap.main()
"""


def results():
    """Exit status and lines of a run with a case of every kind."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
        f.write(SCRIPT)
        f.flush()
        path = os.path.dirname(os.path.abspath(__file__))
        p = subprocess.run([sys.executable, f.name], capture_output=True, text=True, check=False,
                           env={**os.environ, "PYTHONPATH": path})
    lines = [line for line in p.stdout.splitlines() if not line.startswith("#")]
    tap.equal(lines, ["1..5", "ok 1 - good", "not ok 2 - bad", "ok 3 - skipped # SKIP why",
                      "not ok 4 - late", "not ok 5 - never"], "lines")
    tap.equal(p.returncode, 1, "exit status")


tap.case("harness: counts of frames fail when wrong")(counts)
tap.case("harness: traffic that does not arrive fails")(traffic_fails)
tap.case("harness: leftovers are seen")(leftovers)
tap.case("harness: the control socket says what xvtep -j prints")(same_answers)
tap.case("harness: results and exit status")(results)

if __name__ == "__main__":
    tap.main()
