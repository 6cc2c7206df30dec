#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Reloads of large files: the daemon answers meanwhile and says what it is at, commands that change
something wait, what is refused changes nothing, and the file is read without privileges.
"""
import os
import signal
import subprocess

import tap
from lab import OUT, Lab
from vtep import Xvtepd

NETWORKS = 20
ENTRIES = 4000  # in each
FIRST = 100
LEFT, RIGHT = "198.51.100.1", "198.51.100.2"
SERVING = 1 << 12 | 1 << 38 | 1 << 39  # CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF


def text(vtep, remote, more=()):
    """The file: all entries behind one remote. JSON, as a YAML of flow style."""
    networks = []
    for n in range(NETWORKS):
        entries = ",".join(f'{{"mac":"02:00:{n:02x}:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}",'
                           f'"remote":"{remote}"}}\n' for i in range(ENTRIES))
        networks.append(f'{{"vni":{FIRST + n},"max-macs":100000,"flood":["{LEFT}","{RIGHT}"],'
                        f'"fdb":[{entries}]}}')
    networks += more
    return (f'{{"instance":"{vtep.instance}","underlay":{{"devices":["under"],'
            f'"address":"{vtep.host.v4}"}},"networks":[{",".join(networks)}]}}\n')


class Large:
    """A daemon with a large file, all entries behind LEFT."""

    def __init__(self, lab):
        self.vtep = vtep = Xvtepd(lab.hosts[0], [], start=False)
        vtep.write(text(vtep, LEFT))
        vtep.process = vtep.spawn("-v")
        tap.wait_for(vtep.answers, "xvtepd answers", 60)
        tap.equal(self.remotes(), {LEFT: NETWORKS * ENTRIES}, "entries at first")

    def remotes(self):
        """{remote: how many entries are behind it}, as peers are referenced by them and by lists"""
        refs = {r["remote"]: r["refs"] - NETWORKS for r in self.vtep.rows("peer")}
        return {remote: count for remote, count in refs.items() if count}

    def reload(self, content):
        """A client that reloads the file, in the background."""
        self.vtep.write(content)
        return self.client("reload", stdout=subprocess.PIPE)

    def client(self, *words, **how):
        """A client in the background."""
        return self.vtep.host.ns.popen(f"{OUT}/xvtep", "-i", self.vtep.instance, *words,
                                       stderr=subprocess.PIPE, text=True, **how)

    def change(self):
        return self.vtep.status()["change"]

    def wait_change(self):
        """Until the reload is under way."""
        tap.wait_for(lambda: self.change() != "none", "a change under way", 20)

    def requests(self):
        """The commands in the log, in their order."""
        return [line.split("control socket: ")[1].split()[0] for line in self.vtep.log()
                if "control socket: " in line]


def ends_well(client):
    out, err = client.communicate(timeout=60 * tap.SLOW)
    tap.equal((client.returncode, err), (0, ""), "xvtep reload")
    return out


def collect(client, look):
    """All that look() finds, in sets, until the client has ended well."""
    seen = set()
    while client.poll() is None:
        seen |= look()
    ends_well(client)
    return seen


@tap.case("the daemon answers during a reload, and says what it is at", limit=120)
def answers():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        client = large.reload(text(large.vtep, RIGHT))
        seen = collect(client, lambda: {large.change().split(",")[0]})
        tap.ok(len(seen - {"none"}) >= 2, f"what status said: {seen}")
        tap.ok(seen <= {"none", "reading the file", "checking", "applying", "adding FDB entries"},
               f"what status said: {seen}")
        tap.equal(large.change(), "none", "afterwards")
        tap.equal(large.remotes(), {RIGHT: NETWORKS * ENTRIES}, "entries afterwards")


@tap.case("the daemon answers while it prints the configuration, and reads a large request", limit=120)
def answers_clients():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        saved = f"{lab.dir}/saved.yaml"
        with open(saved, "w", encoding="utf-8") as out:
            seen = collect(large.client("save", stdout=out), lambda: {large.change()})
        tap.ok("printing the configuration" in seen, f"the daemon was at: {seen}")
        with open(saved, encoding="utf-8") as f:
            tap.equal(sum("remote:" in line for line in f), NETWORKS * ENTRIES, "entries saved")
        seen = collect(large.client("check", saved, stdout=subprocess.DEVNULL),
                       lambda: {large.change()})
        tap.ok({"reading the request", "reading the file"} <= seen, f"the daemon was at: {seen}")


@tap.case("a command that changes something waits for the reload before it", limit=120)
def commands_wait():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        client = large.reload(text(large.vtep, RIGHT))
        large.wait_change()
        vtep = large.vtep
        vtep.client("network", "add", "vni", "900", timeout=60)
        vtep.client("fdb", "add", "02:00:00:00:00:01", "network", "900", "remote", LEFT)
        ends_well(client)
        tap.equal(large.requests(), ["reload", "network", "fdb"], "order")
        tap.equal(large.remotes(), {RIGHT: NETWORKS * ENTRIES, LEFT: 1}, "entries")


@tap.case("a reload that is refused changes nothing, though most of it could be made", limit=120)
def refused():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        vtep = large.vtep
        vtep.client("network", "add", "vni", "900", "name", "hand")
        client = large.reload(text(vtep, RIGHT, ['{"vni":901,"name":"hand"}']))
        _, err = client.communicate(timeout=60 * tap.SLOW)
        tap.equal(client.returncode, 1, "exit status")
        tap.contains(err, 'the name "hand" is taken by VNI 900', "what it says")
        tap.equal(large.remotes(), {LEFT: NETWORKS * ENTRIES}, "entries")
        tap.equal(len(vtep.rows("network")), NETWORKS + 1, "networks")


@tap.case("a client that goes away, and signals: each reload is made whole", limit=120)
def goes_on():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        vtep = large.vtep
        client = large.reload(text(vtep, RIGHT))
        large.wait_change()
        client.kill()
        client.communicate()
        for _ in range(3):
            vtep.process.send_signal(signal.SIGHUP)

        def reloaded():
            return sum(" reloaded " in line and line.endswith(": 0 changes")
                       for line in vtep.log())
        tap.wait_for(lambda: reloaded() == 1 and large.change() == "none", "the last reload", 60)
        tap.equal(large.requests(), ["reload"], "the client's")
        tap.equal(large.remotes(), {RIGHT: NETWORKS * ENTRIES}, "entries")


def privileges(pid):
    """{capabilities that a thread has or could have}"""
    found = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as f:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        found.add(int(lines["CapPrm"], 16) | int(lines["CapEff"], 16) | int(lines["CapInh"], 16))
    return found


@tap.case("the file is read in a thread without privileges", limit=120)
def without_privileges():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        client = large.reload(text(large.vtep, RIGHT))
        seen = collect(client, lambda: privileges(large.vtep.process.pid))
        tap.ok(0 in seen, f"capabilities of threads: {[hex(c) for c in seen]}")
        tap.equal(seen - {0, SERVING}, set(), "other capabilities")


@tap.case("ended in the middle of a reload: the next start goes on with the file", limit=120)
def ended():
    with Lab(hosts=1) as lab:
        large = Large(lab)
        vtep = large.vtep
        for remote in (RIGHT, LEFT) * 3:  # a busy machine may miss the moment
            client = large.reload(text(vtep, remote))
            while client.poll() is None and not large.change().startswith("a"):
                pass
            vtep.stop()
            client.communicate(timeout=30 * tap.SLOW)
            vtep.process = vtep.spawn("-v")
            tap.wait_for(vtep.answers, "xvtepd answers", 60)
            tap.equal(large.remotes(), {remote: NETWORKS * ENTRIES}, "entries")
            if client.returncode:
                return
        raise tap.Fail("each reload was done before the daemon ended")


if __name__ == "__main__":
    tap.main()
