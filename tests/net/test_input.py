#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bad input: each has an exit status, a message that names the thing, and changes nothing."""
import json
import os
import socket

import tap
from lab import OUT, Lab
from netns import run
from vtep import RUN, Kernel, Xvtepd, users_of

HEAD = "instance: {instance}\nunderlay:\n  devices: [under]\n  address: 198.18.1.1\n"
GOOD = HEAD + "networks:\n  - vni: 100\n    ports: [p1]\n    flood: [198.18.2.1]\n"

# What is wrong: (name, text, words that the message must hold)
BAD_FILES = (
    ("YAML that is none", HEAD + "networks: [\n", [":6:", "syntax"]),
    ("tab", HEAD + "networks:\n\t- vni: 1\n", [":6:"]),
    ("unknown key", GOOD + "colour: blue\n", [":9:", "colour"]),
    ("unknown key of a network", GOOD + "    agein: 3\n", [":9:", "agein", "ageing"]),
    ("unknown word", GOOD.replace("  address", "  xdp: fast\n  address"),
     [":4:", "fast", "native"]),
    ("no underlay", "instance: {instance}\nnetworks: []\n", ["underlay"]),
    ("VNI too large", GOOD.replace("100", "16777216"), [":6:", "16777216"]),
    ("VNI that is no number", GOOD.replace("100", "blue"), [":6:", "blue"]),
    ("duplicate VNI", GOOD + "  - vni: 100\n", [":9:", "100", "line 6"]),
    ("duplicate port", GOOD + "  - vni: 101\n    ports: [p1]\n", [":10:", "p1", "line 7"]),
    ("duplicate name", GOOD + "    name: x\n  - vni: 101\n    name: x\n", [":11:", "x"]),
    ("port that is the underlay device", GOOD.replace("[p1]", "[under]"), [":7:", "under"]),
    ("loopback as a port", GOOD.replace("[p1]", "[lo]"), [":7:", "lo", "loopback"]),
    ("loopback under it all", GOOD.replace("[under]", "[lo]"), [":3:", "lo", "loopback"]),
    ("bad address", GOOD.replace("198.18.2.1", "198.18.2.300"), [":8:", "198.18.2.300"]),
    ("own address in the flood list", GOOD.replace("198.18.2.1", "198.18.1.1"),
     [":8:", "198.18.1.1"]),
    ("peer of a family without an own address", GOOD.replace("198.18.2.1", "'2001:db8::9'"),
     [":8:", "2001:db8::9"]),
    ("bad MAC", GOOD + "    fdb: [{{mac: '02:00:00:00:0b', remote: 198.18.2.1}}]\n",
     [":9:", "02:00:00:00:0b"]),
    ("multicast MAC", GOOD + "    fdb: [{{mac: '01:00:5e:00:00:01', remote: 198.18.2.1}}]\n",
     [":9:", "01:00:5e:00:00:01"]),
    ("device name too long", GOOD.replace("p1", "a2345678901234567"), [":7:", "a2345678901234567"]),
    ("VLAN out of range", GOOD.replace("p1", "{{dev: p1, vlan: 4095}}"), [":7:", "4095"]),
    ("anchor", GOOD.replace("[p1]", "&a [p1]"), [":7:"]),
    ("address that is not ours", GOOD.replace("198.18.1.1", "203.0.113.7"), [":4:", "203.0.113.7"]),
)


def state(vtep):
    """All that an instance can be seen by."""
    return {part: vtep.rows(part) for part in ("network", "port", "flood", "peer")}


def untouched(vtep):
    tap.equal(vtep.pins(), [], "pins")
    tap.equal([n for n in vtep.host.ns.links() if n not in ("lo", "under", "p1")], [], "links")


def bad_files(vtep, running):
    """Refused at the start, by -n, by check and by apply, with the same words."""
    before = state(running)
    for name, text, words in BAD_FILES:
        vtep.write(text.format(instance=vtep.instance))
        runs = [(f"{OUT}/xvtepd", "-c", vtep.file)]
        if "not ours" not in name:
            runs += [(f"{OUT}/xvtepd", "-n", "-c", vtep.file),
                     (f"{OUT}/xvtep", "-i", running.instance, "check", vtep.file),
                     (f"{OUT}/xvtep", "-i", running.instance, "apply", vtep.file)]
        for command in runs:
            p = vtep.host.ns.run(*command, check=False, timeout=10)
            what = f"{name}: {' '.join(command[:3])}"
            tap.equal(p.returncode, 1, f"{what}: exit status ({p.stderr.strip()})")
            for word in words:
                tap.contains(p.stderr, word, what)
            tap.equal(p.stdout, "", f"{what}: output")
        untouched(vtep)
    tap.equal(state(running), before, "the running instance")


def check_only(vtep):
    """-n prints the file with its defaults, in a form that is the same file again."""
    vtep.config["networks"] = [{"vni": 100, "ports": ["nosuch"]}]
    vtep.write()
    p = run(f"{OUT}/xvtepd", "-n", "-c", vtep.file)
    for word in ("vni: 100", "nosuch", "ageing: 300", "xdp: auto"):
        tap.contains(p.stdout, word, "output")
    vtep.write(p.stdout)
    tap.equal(run(f"{OUT}/xvtepd", "-n", "-c", vtep.file).stdout, p.stdout, "again")
    untouched(vtep)
    tap.ok(not os.path.exists(f"{RUN}/{vtep.instance}"), "no run directory")


def usage(vtep):
    """Exit status 2, and what would be right."""
    daemon, client = f"{OUT}/xvtepd", f"{OUT}/xvtep"
    own = ("-i", vtep.instance)
    for command, word in (((daemon,), "-c"), ((daemon, "-x"), "usage"),
                          ((daemon, "-c", vtep.file, "word"), "word"),
                          ((daemon, "--detach", "-c", vtep.file), "--detach"),
                          ((client, "-x"), "-h"), ((client, *own), "-h"),
                          ((client, *own, "netwrok", "show"), "netwrok"),
                          ((client, *own, "network", "shwo"), "shwo"),
                          ((client, *own, "network", "add"), "vni"),
                          ((client, *own, "network", "add", "vni", "x"), "x"),
                          ((client, *own, "network", "add", "vni", "0"), "0"),
                          ((client, *own, "fdb", "add", "02:00", "network", "100"), "02:00"),
                          ((client, *own, "port", "add", "p1", "network"), "network"),
                          ((client, *own, "port", "add", "p1", "colour", "blue"), "colour"),
                          ((client, *own, "network", "set", "100", "ageing", "-1"),
                           "bad ageing \"-1\""),
                          ((client, *own, "network", "set", "100"), "nothing to set"),
                          ((client, *own, "fdb", "show", "learned", "static"), "exclude"),
                          ((client, *own, "fdb", "flush", "remote", "198.18.2.1", "dev", "p1"),
                           "exclude"),
                          ((client, *own, "fdb", "add", "02:00:00:00:00:0b", "network", "100"),
                           "either of"),
                          ((client, *own, "port", "show", "vlan", "5"), "vlan"),
                          ((client, *own, "-j", "save"), "leave -j away"),
                          ((client, "-i", "x" * 32, "status"), "at most 31"),
                          ((client, "-i", "x" * 5000, "status"), "at most 31"),
                          ((daemon, "-i", "x" * 5000, "-c", vtep.file), "1 to 31"),
                          ((client, *own, "peer", "add", "foo"), "bad address \"foo\""),
                          ((client, *own, "port", "add", "a/b", "network", "100"),
                           "bad device \"a/b\"")):
        p = run(*command, check=False)
        tap.equal(p.returncode, 2, f"{command[1:]}: exit status ({p.stderr.strip()})")
        tap.contains(p.stderr, word, f"{command[1:]}")
    for command in ((daemon, "-h"), (client, "-h"), (daemon, "-V"), (client, "-V")):
        tap.equal(run(*command, check=False).returncode, 0, f"{command}: exit status")


def refused_commands(a, b, vtep):
    """What is well said and cannot be done: exit status 1, nothing changed."""
    before = state(vtep)
    mac = "02:00:00:00:00:99"
    large = f"{a.lab.dir}/large.yaml"
    with open(large, "wb") as f:
        f.truncate((128 << 20) + 1)
    for words, quotes in (
            (("port", "add", "nosuch", "network", "100"), ["nosuch"]),
            (("port", "add", "p1", "network", "200"), ["p1", "blue"]),
            (("port", "add", "p1", "network", "100"), ["p1"]),
            (("port", "add", "under", "network", "100"), ["under"]),
            (("port", "add", "under", "vlan", "5", "network", "100"), ["under", "underlay"]),
            (("port", "add", "lo", "network", "100"), ["lo", "loopback"]),
            (("port", "add", "tun9", "network", "100"), ["tun9", "not an Ethernet device"]),
            (("port", "add", "xv0", "network", "100"), ["xv0", "slow path"]),
            (("port", "add", "p2", "network", "green"), ["green"]),
            (("port", "del", "p2"), ["p2"]),
            (("network", "add", "vni", "100"), ["100"]),
            (("network", "add", "vni", "300", "name", "blue"), ["blue"]),
            (("network", "del", "300"), ["300"]),
            (("network", "set", "red", "name", "blue"), ["blue"]),
            (("fdb", "add", mac, "network", "100", "dev", "p2"), ["p2"]),
            (("fdb", "add", mac, "network", "100", "remote", a.v4), [a.v4]),
            (("fdb", "add", mac, "network", "100", "remote", "2001:db8::5"), ["2001:db8::5"]),
            (("fdb", "add", mac, "network", "100"), ["remote"]),
            (("fdb", "del", mac, "network", "100"), [mac]),
            (("flood", "add", "network", "100", "remote", b.v4), [b.v4]),
            (("flood", "add", "network", "100", "remote", a.v4), [a.v4]),
            (("flood", "del", "network", "100", "remote", "198.18.9.9"), ["198.18.9.9"]),
            (("peer", "add", a.v4), [a.v4]),
            (("peer", "del", b.v4), [b.v4, "1 flood list or"]),
            (("apply", "/"), ["s a directory"]),
            (("apply", large), [f"{large}: larger than 128 MiB"]),
            (("apply", "/nonexistent.yaml"), ["/nonexistent.yaml"])):
        p = vtep.client(*words, check=False)
        tap.ok(p.returncode in (1, 2) and (p.returncode == 1 or "remote" in quotes),
               f"{words}: exit status {p.returncode} ({p.stderr.strip()})")
        for quote in quotes:
            tap.contains(p.stderr, quote, f"{words}")
        tap.equal(p.stdout, "", f"{words}: output")
    tap.equal(state(vtep), before, "the state")
    tap.equal(vtep.fdb(), {}, "the FDB")


def no_daemon():
    """A client without a daemon, a daemon without a file."""
    p = run(f"{OUT}/xvtep", "-i", "xvn-nobody", "status", check=False)
    tap.equal(p.returncode, 1, "exit status")
    tap.contains(p.stderr, "xvn-nobody", "message")
    p = run(f"{OUT}/xvtepd", "-c", "/nonexistent.yaml", check=False)
    tap.equal(p.returncode, 1, "exit status")
    tap.contains(p.stderr, "/nonexistent.yaml", "message")


def second_daemon(vtep):
    """Refused, and the first one goes on."""
    p = vtep.host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, "second daemon: exit status")
    for word in (vtep.instance, str(vtep.process.pid)):
        tap.contains(p.stderr, word, "second daemon: message")
    tap.equal(len(vtep.rows("network")), 1, "networks of the first")


def no_privileges(vtep):
    vtep.write()
    os.chmod(vtep.host.lab.dir, 0o755)
    os.chmod(vtep.file, 0o644)
    readable = os.access(OUT, os.X_OK) and run(
        "setpriv", "--reuid=65534", "--clear-groups", "test", "-x", f"{OUT}/xvtepd",
        check=False).returncode == 0
    who = ["--reuid=65534", "--clear-groups"] if readable else []
    p = vtep.host.ns.run("setpriv", *who, "--inh-caps=-all", "--bounding-set=-all",
                         f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, f"no privileges: exit status ({p.stderr.strip()})")
    tap.ok("root" in p.stderr or "CAP_" in p.stderr, f"message says what to be: {p.stderr}")
    untouched(vtep)


def old_kernel(vtep):
    """Under an old kernel's name (the personality UNAME26): start and detach say what is needed."""
    vtep.write()
    release = run("setarch", "--uname-2.6", "uname", "-r").stdout.strip()
    for words in (("-c", vtep.file), ("--detach", "-i", vtep.instance)):
        p = vtep.host.ns.run("setarch", "--uname-2.6", f"{OUT}/xvtepd", *words, check=False,
                             timeout=10)
        tap.equal(p.returncode, 1, f"old kernel: {words[0]}: exit status ({p.stderr.strip()})")
        for word in (f"Linux {release}", "6.1 or newer"):
            tap.contains(p.stderr, word, f"old kernel: {words[0]}: message")
        tap.equal(len(p.stderr.splitlines()), 1, f"old kernel: {words[0]}: lines of {p.stderr!r}")
    untouched(vtep)
    tap.ok(not os.path.exists(f"{RUN}/{vtep.instance}"), "no run directory")


def foreign_xdp():
    """A NIC that carries someone else's XDP program: named, and left alone. Then a second daemon."""
    with Lab() as lab:
        a, b = lab.hosts
        a.foreign_xdp("under")
        before = a.ns.links()["under"]["xdp"]
        tenants = [h.tenant("p1", f"10.0.0.{h.number}") for h in (a, b)]
        vtep = Xvtepd(a, [{"vni": 100, "ports": ["p1"], "flood": [b.v4]}], start=False,
                      underlay={"xdp": "native"})
        vtep.write()
        p = a.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
        tap.equal(p.returncode, 1, "xdp native: exit status")
        for word in ("under", "foreign_pass"):
            tap.contains(p.stderr, word, "xdp native: message")
        tap.equal(a.ns.links()["under"]["xdp"], before, "the foreign program")
        untouched(vtep)
        vtep.config["underlay"]["xdp"] = "off"
        vtep.start()
        Kernel(b, [{"vni": 100, "ports": ["p1"], "flood": [a.v4]}])
        tenants[0].ping("10.0.0.2")
        tap.equal(a.ns.links()["under"]["xdp"], before, "the foreign program, xdp off")
        second_daemon(vtep)
        vtep.stop()
        vtep.detach()
        tap.equal(a.ns.links()["under"]["xdp"], before, "the foreign program, after detach")
        a.ns.ip("link set dev under xdpdrv off")


def broken_client(vtep):
    """Rubbish on the control socket: answered or cut off, and the next client is served."""
    path = f"{RUN}/{vtep.instance}/control.sock"
    before = state(vtep)
    fds = f"/proc/{vtep.process.pid}/fd"
    vtep.client("status")
    open_before = len(os.listdir(fds))
    requests = [b"", b"\n", b"rubbish\n", b"{", b'{"object":"fbd"}\n', b"[]\n", b"null\n",
                b"\0" * 1000 + b"\n", b"\xff\xfe\n", b'{"object":5,"command":[]}\n',
                b'{"object":"network","command":"del","args":{"network":[100]}}\n',
                b'{"object":"network","command":"show","args":{"x":"' + b"a" * 300000,
                b"[" * 100000 + b"\n", b'{"object":"network","command":"show"}\n' * 2000]
    for request in requests:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(path)
        try:
            s.sendall(request)
            if request.endswith(b"\n") and len(request) < 5000:
                line = s.makefile().readline()
                tap.ok(not line or "ok" in json.loads(line), f"answer to {request[:40]!r}")
                tap.ok(not line or not json.loads(line)["ok"], f"refused: {request[:40]!r}")
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass  # cut off: as good
        s.close()
        tap.equal(state(vtep), before, f"state after {request[:40]!r}")
    idle = []
    for _ in range(50):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        idle.append(s)
    tap.equal(state(vtep), before, "state with 50 idle clients")
    for s in idle:
        s.close()
    tap.wait_for(lambda: len(os.listdir(fds)) <= open_before + 1, "clients are forgotten")


def failed_start_leaves_nothing(vtep):
    """A start that fails late (metrics port taken) takes back what it had done."""
    host = vtep.host
    taken = host.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    listen = f"127.0.0.1:{taken.getsockname()[1]}"
    host.ns.ip("link set lo up")
    vtep.config["metrics"] = {"listen": listen}
    vtep.write()
    ids = vtep.map_ids()
    p = host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, "failed start: exit status")
    for word in listen.split(":"):
        tap.contains(p.stderr, word, "failed start: message")
    untouched(vtep)
    tap.equal(users_of(ids), [], "programs")
    tap.ok(not os.path.exists(f"{RUN}/{vtep.instance}"), "no run directory")
    taken.close()


def one_runs():
    """A host with a daemon, which goes on, and one on which nothing starts."""
    with Lab() as lab:
        a, b = lab.hosts
        for name in ("p1", "p2"):
            b.tenant(name)
        b.ns.ip("tuntap add dev tun9 mode tun")
        running = Xvtepd(b, [{"vni": 100, "name": "blue", "ports": ["p1"], "flood": [a.v4]},
                             {"vni": 200, "name": "red"}])
        refused_commands(b, a, running)
        usage(running)
        broken_client(running)
        a.tenant("p1")
        idle = Xvtepd(a, [{"vni": 100}], start=False)
        bad_files(idle, running)
        check_only(idle)
        idle.config["networks"] = [{"vni": 100}]
        no_privileges(idle)
        old_kernel(idle)
        failed_start_leaves_nothing(idle)


tap.case("input: foreign XDP program, second daemon", main=True)(foreign_xdp)
tap.case("input: no daemon")(no_daemon)
tap.case("input: usage, refused commands, broken clients, bad files, refused starts")(one_runs)

if __name__ == "__main__":
    tap.main()
