#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many static entries at once: `xvtep fdb load`, what it refuses, and clients that go away."""
import fcntl
import json
import os
import socket
import struct
import subprocess
import termios
import time

import tap
from lab import OUT, Lab
from vtep import RUN, Xvtepd

VNI = 100
LINES = 10000
REMOTES = 40


def mac(i):
    return f"02:00:00:{i >> 16 & 255:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"


def remote(i):
    return f"192.0.2.{100 + i % REMOTES}"


def lines(count=LINES, first=0, shift=0):
    return [f"{mac(i)} network {VNI} remote {remote(i + shift)}" for i in range(first, count)]


class One:
    """One host with a network of one port."""

    def __init__(self, lab):
        self.host = lab.hosts[0]
        self.host.tenant("p1")
        self.vtep = Xvtepd(self.host, [{"vni": VNI, "ports": ["p1"]}])
        self.file = os.path.join(lab.dir, "entries")

    def load(self, text, *words, check=True):
        with open(self.file, "w", encoding="utf-8") as f:
            f.write("\n".join(text) + "\n")
        return self.vtep.client("fdb", "load", self.file, *words, check=check)

    def places(self):
        return {m: row["remote"] or row["dev"] for m, row in self.vtep.fdb(VNI).items()}

    def connect(self):
        """A client by hand."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20 * tap.SLOW)
        s.connect(f"{RUN}/{self.vtep.instance}/control.sock")
        return s


def progress():
    """
    A file that takes longer than a second: a terminal is shown how much of it is sent, in a line
    that is wiped; a pipe, and -j, never.
    """
    with Lab(hosts=1) as lab:
        one = One(lab)
        tool = [f"{OUT}/xvtep", "-i", one.vtep.instance]
        line = (f"{mac(1)} network {VNI} remote {remote(1)}\n").encode()
        for terminal, words in ((True, ()), (True, ("-j",)), (False, ())):
            near, far = os.openpty() if terminal else os.pipe()
            process = subprocess.Popen([*tool, *words, "fdb", "load", "-", "replace"],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=far)
            os.close(far)
            os.set_blocking(near, False)
            said = b""
            process.stdin.write(line)
            process.stdin.flush()
            end = time.monotonic() + (10 * tap.SLOW if terminal and not words else 2)
            while time.monotonic() < end and b"MiB sent" not in said:
                process.stdin.write(b"# a comment\n" * 100)
                process.stdin.flush()
                time.sleep(0.02)  # the file is slow
                said += read_all(near)
            process.stdin.close()
            tap.equal(process.wait(10 * tap.SLOW), 0, "exit status")
            said += read_all(near)
            os.close(near)
            if terminal and not words:
                tap.contains(said, b"\rxvtep: 0 MiB sent\x1b[K", "the terminal")
                tap.ok(said.endswith(b"\r\x1b[K"), f"wiped: {said!r}")
            else:
                tap.equal(said, b"", f"{words}: standard error")


def read_all(fd):
    try:
        return os.read(fd, 65536)
    except (BlockingIOError, OSError):
        return b""


def ask(s, **args):
    s.sendall(json.dumps({"object": "fdb", "command": "load",
                          "args": {"file": "f", **args}}).encode() + b"\n")


def answer(s):
    text = b""
    while not text.endswith(b"\n"):
        more = s.recv(65536)
        if not more:
            raise tap.Fail(f"hung up on after {text!r}")
        text += more
    return json.loads(text)


def wait_read(*clients):
    """Until the daemon has read all that these have sent."""
    def unread(s):
        return struct.unpack("i", fcntl.ioctl(s, termios.TIOCOUTQ, bytes(4)))[0]
    tap.wait_for(lambda: not any(unread(s) for s in clients), "all is read")


def block(text):
    return str(len(text)).encode() + b"\n" + text.encode()


def refused(p, text, what):
    tap.equal(p.returncode, 1, f"{what}: exit status")
    tap.equal(p.stderr, f"xvtep: {text}\n", f"{what}: message")


def whole():
    with Lab(hosts=1) as lab:
        one = One(lab)
        tap.equal(one.load(lines()).stdout, f"{LINES} loaded\n", "output")
        tap.equal(one.places(), {mac(i): remote(i) for i in range(LINES)}, "entries")
        rows = one.vtep.rows("fdb")
        tap.equal({(r["type"], r["origin"]) for r in rows}, {("static", "runtime")}, "kind")
        tap.equal({r["remote"]: r["refs"] for r in one.vtep.rows("peer")},
                  {remote(i): LINES // REMOTES for i in range(REMOTES)}, "peers and references")
        tap.equal(one.vtep.status()["fdb_entries"], LINES, "entries counted")
        # They are as entries added by hand: neither a reload nor a restart takes them away.
        one.vtep.client("reload")
        one.vtep.kill()
        one.vtep.start()
        tap.equal(one.places(), {mac(i): remote(i) for i in range(LINES)}, "after a restart")
        tap.equal(one.vtep.client("fdb", "flush", "static").stdout, f"{LINES} removed\n", "flush")
        tap.equal(one.vtep.rows("peer"), [], "peers afterwards")


def refusals():
    """Whatever is wrong with a late line, the FDB and the peers are as before."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        for line, error in (
                ("02:00:00:00:00 network 100 dev p1", 'bad mac "02:00:00:00:00": expected a MAC '
                 "address such as 02:00:00:00:00:0b"),
                (f"{mac(LINES)} network green dev p1",
                 'there is no network "green": see "xvtep network show"'),
                (f"{mac(17)} network {VNI} dev p1",
                 f'{mac(17)} is in network "vni100" twice: in line 18 already'),
                (f"{mac(LINES)} network {VNI} remote {one.host.v4}",
                 f"{one.host.v4} is this host's own VTEP address")):
            text = lines()
            text[LINES - 2] = line
            refused(one.load(text, check=False), f"{one.file}:{LINES - 1}: {error}", line)
            tap.equal(one.vtep.rows("fdb"), [], f"FDB after {line}")
            tap.equal(one.vtep.rows("peer"), [], f"peers after {line}")
        refused(one.vtep.client("fdb", "load", one.file + "x", check=False),
                f"{one.file}x: No such file or directory", "no file")


def replace():
    with Lab(hosts=1) as lab:
        one = One(lab)
        one.load(lines(LINES // 2))
        refused(one.load(lines(first=LINES // 4), check=False),
                f'{one.file}:1: {mac(LINES // 4)} has a static entry in "vni100" already',
                "entries are there")
        tap.equal(one.vtep.status()["fdb_entries"], LINES // 2, "entries as before")
        one.load(lines(first=LINES // 4, shift=1), "replace")
        want = {mac(i): remote(i + (i >= LINES // 4)) for i in range(LINES)}
        tap.equal(one.places(), want, "old, replaced and new entries")
        one.load([f"{mac(i)} network {VNI} dev p1" for i in range(LINES)], "replace")
        tap.equal(one.places(), {mac(i): "p1" for i in range(LINES)}, "behind a port instead")
        tap.equal(one.vtep.rows("peer"), [], "peers that nothing names any more")


def vanishing():
    """A client that goes away before its text is complete leaves nothing; after that, all."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        text = "\n".join(lines()) + "\n"
        for half in (False, True):
            with one.connect() as s:
                ask(s)
                tap.equal(answer(s), {"ok": True, "more": True}, "the daemon waits for the text")
                s.sendall(block(text[:200000]) + b"200000\n" + text[200000:300000].encode())
                if half:
                    s.shutdown(socket.SHUT_WR)
                    tap.equal(answer(s)["error"], "the text is not complete: nothing is loaded",
                              "half a close")
        tap.equal(one.vtep.rows("fdb"), [], "FDB after clients that vanished")
        with one.connect() as s:
            ask(s)
            answer(s)
            s.sendall(block(text) + b"0\n")
        tap.wait_for(lambda: one.vtep.status()["fdb_entries"] == LINES, "all entries")
        tap.equal(one.places(), {mac(i): remote(i) for i in range(LINES)}, "entries")


def two():
    """Several at a time: each is whole, the one that comes second is refused for what is there."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        clients = [one.connect() for _ in range(5)]
        for s in clients[:4]:
            ask(s)
            tap.equal(answer(s), {"ok": True, "more": True}, "the daemon waits for the text")
        ask(clients[4])
        tap.equal(answer(clients[4])["code"], "EBUSY", "a fifth")
        # Both are read while the FDB is empty, so that they meet when they are applied.
        clients[0].sendall(block("\n".join(lines()) + "\n"))
        clients[1].sendall(block("\n".join(lines(shift=1)) + "\n"))
        clients[2].sendall(block(f"{mac(LINES)} network {VNI} dev p1"))
        wait_read(*clients[:3])
        tap.equal(one.vtep.status()["fdb_entries"], 0, "entries before the end of a text")
        for s in clients[:3]:
            s.sendall(b"0\n")
        got = [answer(s) for s in clients[:3]]
        tap.equal(sorted(g["ok"] for g in got[:2]), [False, True], "one of both is loaded")
        tap.equal(got[2], {"ok": True, "data": {"loaded": 1}}, "the third is in nobody's way")
        shift = 0 if got[0]["ok"] else 1
        want = {mac(i): remote(i + shift) for i in range(LINES)}
        tap.equal(one.places(), {**want, mac(LINES): "p1"}, "entries")
        for s in clients:
            s.close()


def still_sending():
    """A text that is refused at its first line: the client may send all before it reads why."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        with one.connect() as s:
            ask(s)
            answer(s)
            s.sendall(block("nonsense\n"))
            wait_read(s)
            for i in range(20):
                s.sendall(block("\n".join(lines(first=i * LINES, count=(i + 1) * LINES)) + "\n"))
            s.sendall(b"0\n")
            tap.contains(answer(s)["error"], 'bad mac "nonsense"', "answer")
            tap.equal(s.recv(1), b"", "no more answers")
        tap.equal(one.vtep.rows("fdb"), [], "FDB")


def blocks():
    """What is no block is refused, and never taken for a request."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        for text in (b"1048577\n", b"-1\n", b"0x10\n", b"\n", b"x" * 100,
                     b'{"object":"network","command":"del","args":{"network":"100"}}\n'):
            with one.connect() as s:
                ask(s)
                answer(s)
                s.sendall(text)
                tap.equal(answer(s)["error"], "a block's length is a number from 0 to 1048576",
                          repr(text))
                tap.equal(s.recv(1), b"", f"{text!r}: no more answers")
        tap.equal(len(one.vtep.rows("network")), 1, "networks")
        # After a load that went well the connection serves on.
        with one.connect() as s:
            ask(s)
            answer(s)
            s.sendall(block(f"{mac(1)} network {VNI} dev p1\n") + b"0\n")
            tap.equal(answer(s), {"ok": True, "data": {"loaded": 1}}, "loaded")
            s.sendall(b'{"object":"fdb"}\n')
            tap.equal(len(answer(s)["data"]), 1, "the next request's rows")


def as_jansson():
    """-j is what the client made of parsed rows before: each row compact, on a line of its own."""
    with Lab(hosts=1) as lab:
        one = One(lab)
        one.load(lines(1500))
        for word in "status", "network", "port", "fdb", "peer", "drops":
            text = one.vtep.client("-j", word).stdout
            data = json.loads(text)
            tables = data.items() if isinstance(data, dict) else [(None, data)]
            want = []
            for part, rows in tables:
                name = f'"{part}":' if part else ""
                dump = [json.dumps(r, separators=(",", ":"), ensure_ascii=False)
                        for r in (rows if isinstance(rows, list) else [rows])]
                if isinstance(rows, list):
                    want.append(f"{name}[\n" + ",\n".join(dump) + "\n]\n")
                else:
                    want.append(f"{name}\n" + dump[0])
            whole_text = want[0] if not isinstance(data, dict) else "{" + ",".join(want) + "}\n"
            tap.equal(text, whole_text, f"-j {word}")


tap.case("load of 10,000 lines", main=True)(whole)
tap.case("a late bad line changes nothing")(refusals)
tap.case("replace")(replace)
tap.case("clients that vanish")(vanishing)
tap.case("several clients at a time")(two)
tap.case("refused while it sends")(still_sending)
tap.case("blocks")(blocks)
tap.case("-j, byte by byte")(as_jansson)
tap.case("load: progress on a terminal")(progress)

if __name__ == "__main__":
    tap.main()
