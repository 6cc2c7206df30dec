#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The log, when nobody reads it, when tenants try to fill it, and with names that are no words."""
import contextlib
import os
import re
import time

import frame
import tap
from lab import OUT, Lab
from vtep import Xvtepd

VNI = 100
LOST = re.compile(r"xvtepd\[[^]]*\]: (\d+) lines of this log were lost")


@contextlib.contextmanager
def full_pipe():
    """A pipe without any room: (to read from, to write to)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"\n" * 4096)
    os.set_blocking(writer, True)
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


def read_all(reader):
    os.set_blocking(reader, False)
    text = b""
    with contextlib.suppress(BlockingIOError):
        while data := os.read(reader, 65536):
            text += data
    return text.decode(errors="replace")


def nobody_reads():
    """A daemon whose standard error is a full pipe starts, answers, learns and ends."""
    with Lab() as lab, full_pipe() as (reader, writer):
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        Xvtepd(b, [{"vni": VNI, "ports": ["p1"], "flood": [a.v4]}])
        vtep = Xvtepd(a, [{"vni": VNI, "ports": ["p1"], "flood": [b.v4]}], start=False)
        vtep.write()
        vtep.process = a.ns.popen(f"{OUT}/xvtepd", "-c", vtep.file, "-v", stdout=writer,
                                  stderr=writer)
        tap.wait_for(vtep.answers, "xvtepd answers", 15)
        for n in range(60):
            vtep.client("network", "add", "vni", str(1000 + n % 2), check=False)
        one.ping(two.ip)
        vtep.wait_learned(2)
        tap.equal(set(read_all(reader)), {"\n"}, "what the pipe had")
        told = []

        def marker():
            told.append(read_all(reader))
            return LOST.search("".join(told))
        lost = int(tap.wait_for(marker, "lost lines are told of", 5).group(1))
        tap.ok(lost > 60, f"{lost} lines lost")
        vtep.client("network", "add", "vni", "2000")
        tap.contains(read_all(reader), "network add vni 2000", "the log goes on")
        tap.equal(len(LOST.findall("".join(told))), 1, "times that it is told")
        vtep.stop()


def storm():
    """MACs that move to and fro as fast as a tenant likes are a few lines a second."""
    with Lab(hosts=1) as lab:
        host, = lab.hosts
        tenants = [host.tenant(p) for p in ("p1", "p2")]
        vtep = Xvtepd(host, [{"vni": VNI, "name": "blue", "ports": ["p1", "p2"]}])
        taps = [t.tap() for t in tenants]
        macs = [f"02:00:00:0a:00:{n:02x}" for n in range(100)]
        before, mark, start = len(vtep.log()), frame.marker(), time.monotonic()
        for n in range(60):
            for mac in macs:
                taps[n % 2].send(frame.plain(mac, frame.BROADCAST, mark))
            tap.equal(vtep.client("status").returncode, 0, "answers meanwhile")
        vtep.wait_learned(len(macs))
        seconds = time.monotonic() - start
        moves = vtep.row("network", vni=VNI)["moves"]
        tap.ok(moves >= 800, f"{moves} moves")

        def told():
            return [line for line in vtep.log()[before:] if "blue" in line]
        tap.wait_for(lambda: any("more in a second" in line for line in told()), "told with a sum")
        tap.ok(len(told()) <= 6 * (seconds + 3), f"{len(told())} lines in {seconds:.1f} s")


def names():
    """Control characters of devices and requests do not reach the log or the terminal."""
    with Lab(hosts=1) as lab:
        host, = lab.hosts
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "name": "blue", "ports": ["p1"]}])
        for dev in ("p1", "under"):
            host.ns.run("ip", "link", "set", dev, "down")
            host.ns.run("ip", "link", "set", dev, "name", "x\x1b[2J")
            tap.wait_for(lambda dev=dev: any(f"{dev}: renamed" in line for line in vtep.log()),
                         f"it is told that {dev} is renamed")
            for part in ("port", "status"):
                tap.ok("\x1b" not in vtep.client(part, "show").stdout, f"{part} show")
            host.ns.run("ip", "link", "set", "x\x1b[2J", "name", dev)
        for words in (("port", "del", "q\x1b[31m\r", "network", "blue"),
                      ("network", "add", "vni", "5", "name", "a\nxvtepd[x]: all is well"),
                      ("flood", "add", "network", "\x9b\x07", "remote", "192.0.2.1")):
            said = vtep.client(*words, check=False)
            tap.ok(said.returncode, f"{words}: exit status")
            tap.ok(said.stderr[:-1].isprintable(), f"{words}: message {said.stderr!r}")
        with open(vtep.log_file, "rb") as f:
            log = f.read()
        tap.ok(all(c >= 0x20 or c == 0x0a for c in log), f"control characters: {log!r}")
        tap.contains(log.decode(), "renamed to x\\x1b[2J", "names in the log")
        tap.ok(not any(line.startswith(b"xvtepd[x]") for line in log.splitlines()), "no false line")


tap.case("log: nobody reads it", main=True)(nobody_reads)
tap.case("log: MACs that move in a storm")(storm)
tap.case("log: names with control characters")(names)

if __name__ == "__main__":
    tap.main()
