#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What happens around a daemon that runs: its files are removed, its mount namespace ends, standard
output is closed or full; and what the log and the status say of it.
"""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import tap
from lab import OUT, Lab
from netns import run
from vtep import RUN, Xvtepd, link_is_ours, update, words

VNI = 100
SO_NETNS_COOKIE = 71
SYS_SCHED_GETATTR = 315  # on x86-64
CLOCK = """
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int ret = syscall(SYS_clock_gettime, id, ts);
	if (id == CLOCK_REALTIME && !access(getenv("STEP"), F_OK))
		ts->tv_sec -= 3600;
	return ret;
}
time_t time(time_t *to)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return to ? *to = ts.tv_sec : ts.tv_sec;
}
"""
PRIVATE = "mount -t bpf bpf /sys/fs/bpf && exec \"$@\""


def slow_devices(host):
    return [name for name, link in host.ns.links().items() if link_is_ours(link)]


def in_private_bpffs(vtep, left=1):
    """The daemon as `ip netns exec` starts it: killed, it leaves the slow path device alone."""
    vtep.write()
    with open(vtep.log_file, "ab") as log:
        vtep.process = vtep.host.ns.popen("unshare", "-m", "sh", "-c", PRIVATE, "sh",
                                          f"{OUT}/xvtepd", "-c", vtep.file, stdout=log, stderr=log)
    tap.wait_for(vtep.answers, "xvtepd answers", 15)
    tap.ok(any("mount namespace" in line for line in vtep.log()), "the log warns of private pins")
    vtep.kill()
    tap.equal(vtep.pins(), [], "pins that others see")
    tap.equal(len(slow_devices(vtep.host)), left, "slow path devices after it")


def orphan_start():
    """A start takes away what an earlier daemon of the name left without pins."""
    with Lab(hosts=1) as lab:
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}], start=False)
        in_private_bpffs(vtep)
        before = len(vtep.log())
        vtep.start()
        tap.ok(not any("mount namespace" in line for line in vtep.log()[before:]), "no warning now")
        tap.equal(slow_devices(vtep.host), [vtep.status()["slow_dev"]], "slow path devices")
        socket_removed(vtep)


def orphan_detach(host, vtep):
    """So does --detach, but only its own; then there is nothing, and it says so."""
    host.ns.ip("link add other type vxlan external dstport 4790",
               "link set other alias 'xvtep instance another'")
    in_private_bpffs(vtep, left=2)
    tap.equal(vtep.detach().stdout, "", "output of --detach")
    tap.equal(slow_devices(host), ["other"], "slow path devices")
    p = vtep.detach()
    tap.contains(p.stdout, "nothing to remove", "the second --detach")
    tap.contains(p.stdout, vtep.instance, "the second --detach")
    tap.ok(not os.path.exists(f"{RUN}/{vtep.instance}"), "no run directory")
    host.ns.ip("link del other")


def namespace_again(lab, vtep):
    """
    A namespace goes, another comes that has its name and as a rule its inode number, with another
    device of a port's index: what was left is not taken over there, and --detach removes it.
    """
    host = vtep.host
    index = host.ns.links()["p1"]["ifindex"]
    with host.ns.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        cookie = s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
    p = run("bpftool", "-j", "map", "lookup", "pinned", vtep.pin("xv_config"), "key",
            *words(bytes(4)))
    value = bytes(int(b, 16) for b in json.loads(p.stdout)["value"])
    tap.equal(value[-4:], cookie[:4], "namespace in xv_config")
    vtep.kill()
    inode = os.stat(host.ns.path).st_ino
    update(vtep, "xv_config", bytes(4), value[:-4] + struct.pack("<I", inode))
    os.unlink(vtep.pin("xv_meta"))  # layouts before 9 have none
    vtep.start()  # an earlier version wrote the inode number: its state is taken over
    tap.equal(vtep.status()["adopted"], True, "state of an earlier version: adopted")
    vtep.kill()
    host.ns.close()
    host.ns = lab.netns("h1")
    for _ in range(20):  # the number is free some time later
        if os.stat(host.ns.path).st_ino == inode:
            break
        host.ns.close()
        time.sleep(0.05)
        host.ns = lab.netns("h1")
    host.underlay()
    host.ns.ip(f"link add mgmt index {index} type bridge")
    p = host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, "another namespace: exit status")
    tap.contains(p.stderr, "here if that namespace is gone", "another namespace: message")
    tap.equal(vtep.detach().stderr, "", "another namespace: what --detach says")
    vtep.start()
    tap.equal([r["up"] for r in vtep.rows("port")], [False], "another namespace: its port")


def pin_unreadable(vtep):
    """What is pinned cannot be opened, though it is there: said, and left to forward."""
    before, ids = vtep.pins(), vtep.map_ids()
    for name in ("xv_config", "xv_meta"):
        os.rename(vtep.pin(name), vtep.pin("aside"))
        os.mkdir(vtep.pin(name))
        p = vtep.host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
        os.rmdir(vtep.pin(name))
        os.rename(vtep.pin("aside"), vtep.pin(name))
        tap.equal(p.returncode, 1, f"{name} unreadable: exit status")
        tap.contains(p.stderr, f"cannot open {vtep.pin(name)}", "message")
        tap.equal((vtep.pins(), vtep.map_ids()), (before, ids), f"{name}: pins and maps after it")


def foreign_port(first):
    """The UDP port is another instance's: the message says whose, and how to free it."""
    second = Xvtepd(first.host, [{"vni": VNI}], start=False, name="b",
                    underlay={"devices": ["lo2"]})
    second.write()
    p = second.host.ns.run(f"{OUT}/xvtepd", "-c", second.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, "foreign UDP port: exit status")
    for word in ("4789", "xv0", first.instance, "--detach"):
        tap.contains(p.stderr, word, "foreign UDP port: message")
    tap.ok(not os.path.exists(f"{RUN}/{second.instance}"), "no run directory is left")


def holds(pid, number):
    """Whether the process has that signal wait, or handles it."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    return any(int(fields[name], 16) >> number - 1 & 1 for name in ("SigBlk", "SigCgt"))


def start_by_hand(vtep, shim, step):
    """
    By a relative path, which the status shows whole; the clock is that of shim. A SIGHUP that comes
    while the daemon starts waits until it has; it does not end it.
    """
    vtep.write()
    with open(vtep.log_file, "ab") as log:
        vtep.process = vtep.host.ns.popen(
            f"{OUT}/xvtepd", "-c", os.path.basename(vtep.file), cwd=os.path.dirname(vtep.file),
            stdout=log, stderr=log, env={**os.environ, "LD_PRELOAD": shim, "STEP": step})
    tap.wait_for(lambda: holds(vtep.process.pid, signal.SIGHUP), "the program has begun")
    for _ in range(20):
        vtep.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    tap.wait_for(vtep.answers, "SIGHUP at a start: it answers")
    tap.wait_for(lambda: any("reloaded" in line for line in vtep.log()),
                 "SIGHUP at a start: it was reloaded")
    tap.equal(vtep.status()["config_file"], vtep.file, "config file")


def end_at_start(vtep):
    """A SIGTERM that comes while the daemon starts waits too: an ordinary end, not half made."""
    vtep.write()
    vtep.process = vtep.spawn()
    limit = time.monotonic() + 10 * tap.SLOW
    while not os.path.exists(vtep.pin("xv_config")) and time.monotonic() < limit:
        time.sleep(0.001)  # the first map of many, then the programs
    tap.equal(vtep.end(signal.SIGTERM), 0, "SIGTERM at a start: exit status")
    vtep.start()
    tap.equal(vtep.status()["adopted"], True, "SIGTERM at a start: it was whole")


def pins_missing(vtep):
    """
    A start that was cut off goes on; what cannot be read is left, and taken over once it can;
    without xv_config what forwards is left as it is.
    """
    vtep.kill()
    os.unlink(vtep.pin("xv_tx"))
    n = len(vtep.log())
    vtep.start()
    tap.ok(any("pins were missing" in line and ": xv_tx; made anew" in line
               for line in vtep.log()[n:]), f"said: {vtep.log()[n:]}")
    vtep.kill()
    pin_unreadable(vtep)
    n = len(vtep.log())
    vtep.start()
    tap.equal(vtep.status()["adopted"], True, "pins readable again: adopted")
    tap.ok(not any("missing" in line for line in vtep.log()[n:]), f"said: {vtep.log()[n:]}")
    vtep.kill()
    os.unlink(vtep.pin("xv_config"))
    pins = vtep.pins()
    p = vtep.host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.equal(p.returncode, 1, "no xv_config: exit status")
    tap.contains(p.stderr, f"xvtepd --detach -i {vtep.instance}", "no xv_config: message")
    tap.equal(vtep.pins(), pins, "no xv_config: pins")
    vtep.detach()
    vtep.start()


def daemon_stopped(vtep):
    """The client waits for a daemon that is busy, not for one that is stopped."""
    vtep.process.send_signal(signal.SIGSTOP)
    try:
        start = time.monotonic()
        for words_ in (("status",), ("network", "add", "vni", "7"), ("apply", vtep.file)):
            p = vtep.client(*words_, check=False, timeout=20 * tap.SLOW)
            tap.equal(p.returncode, 1, f"stopped: {words_}: exit status")
            tap.contains(p.stderr, f"xvtepd (process {vtep.process.pid}) is stopped",
                         f"stopped: {words_}: message")
        tap.ok(time.monotonic() - start < 15 * tap.SLOW, "stopped: it took seconds")
    finally:
        vtep.process.send_signal(signal.SIGCONT)
    tap.wait_for(vtep.answers, "stopped: it answers again")


def slow_renamed():
    """The slow path device is shown by the name that it has."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        vtep = Xvtepd(host, [{"vni": VNI}])
        index = host.ns.links()["xv0"]["ifindex"]
        p = host.ns.run("ip", "link", "set", "xv0", "name", "other", check=False)
        if p.returncode:
            raise tap.Skip(f"a device that is up cannot be renamed here: {p.stderr.strip()}")
        tap.wait_for(lambda: vtep.status()["slow_dev"] == "other", "its name in status")
        tap.equal(host.ns.links()["other"]["ifindex"], index, "it is the same device")


def as_nobody(vtep, *words):
    """The client, run by a user who may not look into our directories: by its descriptor."""
    code = ("import os, sys; fd = os.open(sys.argv[1], os.O_RDONLY); os.setgroups([]);"
            " os.setgid(65534); os.setuid(65534); os.execve(fd, sys.argv[1:], os.environ)")
    return run("/usr/bin/python3", "-c", code, f"{OUT}/xvtep", "-i", vtep.instance, *words,
               check=False)


def many_reloads(vtep):
    """A burst of SIGHUPs is a few reloads, not one each with the daemon deaf to the end."""
    vtep.config["networks"] = [{"vni": v, "ports": [{"dev": "p1", "vlan": v}]}
                               for v in range(1, 501)]
    vtep.apply()
    tap.equal(len(vtep.rows("port")), 500, "VLANs")
    before = len(vtep.log())
    for _ in range(100):
        vtep.process.send_signal(signal.SIGHUP)
        time.sleep(0.001)
    vtep.status()
    tap.wait_for(lambda: "reloaded" in "\n".join(vtep.log()[before:]), "a reload")
    time.sleep(1)
    lines = sum("reloaded" in line for line in vtep.log()[before:])
    tap.ok(lines < 50, f"{lines} reloads of 100 signals")


def clock_set_back(vtep, step):
    """Uptime goes by no clock that can be set. The daemon's own is, by an hour, and back."""
    for back in (False, True):
        if back:
            open(step, "wb").close()
        tap.ok(vtep.status()["uptime"] < 60 * tap.SLOW, f"uptime, set back: {back}")


def socket_removed(vtep):
    """The client says what is wrong; SIGHUP makes the socket again."""
    pid = str(vtep.process.pid)
    tap.equal(os.stat(f"{RUN}/{vtep.instance}/lock").st_mode & 0o777, 0o600,
              "mode of the lock: who may open it could hold it")
    os.unlink(f"{RUN}/{vtep.instance}/control.sock")
    p = vtep.client("status", check=False)
    tap.equal(p.returncode, 1, "no socket: exit status")
    tap.contains(p.stderr, f"kill -HUP {pid}", "no socket: message")
    tap.contains(as_nobody(vtep, "status").stderr, "run xvtep as root",
                 "no socket: to another user")
    for removed in ("control.sock", ""):
        path = f"{RUN}/{vtep.instance}/{removed}"
        if removed == "":
            shutil.rmtree(path)
            second_is_refused(vtep)
            shutil.rmtree(path)  # the second one made it
        vtep.process.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: vtep.client("status", check=False).returncode == 0,
                     f"it answers, {removed or 'the directory'} removed")
    p = vtep.host.ns.run(f"{OUT}/xvtepd", "-c", vtep.file, check=False, timeout=10)
    tap.contains(p.stderr, f"process {pid}", "a second daemon's message")
    tap.equal(len(vtep.rows("network")), 1, "networks")


def time_slice():
    """The event loop has the shortest time slice, where the kernel has one for each process."""
    def slice_of(pid):
        attr = (ctypes.c_uint64 * 6)()  # struct sched_attr, linux/sched/types.h
        get = ctypes.CDLL(None, use_errno=True).syscall
        if get(SYS_SCHED_GETATTR, pid, attr, ctypes.sizeof(attr), 0):
            raise tap.Fail(f"sched_getattr: {os.strerror(ctypes.get_errno())}")
        return attr[3]

    if os.uname().machine != "x86_64" or not slice_of(0):
        raise tap.Skip("no time slice for each process, or its system call has another number")
    with Lab(hosts=1) as lab:
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}])
        tap.wait_for(lambda: slice_of(vtep.process.pid) == 100000, "a slice of 100 us")


def second_is_refused(vtep):
    """Though no lock file is there: neither a start nor --detach gets at the pinned state."""
    before = vtep.map_ids()
    for words in (("-c", vtep.file), ("--detach", "-i", vtep.instance)):
        p = vtep.host.ns.run(f"{OUT}/xvtepd", *words, check=False, timeout=10)
        tap.equal(p.returncode, 1, f"{words[0]}: exit status ({p.stderr.strip()})")
        tap.contains(p.stderr, vtep.instance, f"{words[0]}: message")
    tap.equal(vtep.map_ids(), before, "pinned maps")
    tap.equal(vtep.process.poll(), None, "the first daemon's exit status")


def detach_message(vtep):
    """--detach while the daemon runs: what to do is to stop it, not to take another name."""
    for words, hint in ((("--detach", "-i", vtep.instance), False), (("-c", vtep.file), True)):
        p = vtep.host.ns.run(f"{OUT}/xvtepd", *words, check=False, timeout=10)
        tap.equal(p.returncode, 1, f"second {words[0]}: exit status")
        tap.contains(p.stderr, f"process {vtep.process.pid}", f"second {words[0]}: message")
        tap.equal(" -i" in p.stderr, hint, f"second {words[0]}: {p.stderr!r} offers -i")


def output_lost(vtep):
    """What could not be printed is not said to be done."""
    client, daemon = f"{OUT}/xvtep -i {vtep.instance}", f"{OUT}/xvtepd"
    for command in (f"{daemon} -n -c {vtep.file}", f"{daemon} -h", f"{daemon} -V",
                    f"{client} -h", f"{client} -V", f"{client} status", f"{client} -j status"):
        for where in (">/dev/full", ">&-"):
            p = run("sh", "-c", f"{command} {where}", check=False)
            tap.equal(p.returncode, 1, f"{command} {where}: exit status")
            tap.contains(p.stderr, "cannot write", f"{command} {where}")
    p = run("sh", "-c", f"{client} network add vni 7 <&- >&- 2>&-", check=False)
    tap.equal(p.returncode, 0, "a command that prints nothing, with nothing open")
    tap.equal(len(vtep.rows("network")), 2, "networks")


def log_of_commands(vtep):
    """Who changed what: commands with their arguments, refused ones with the reason."""
    vtep.client("network", "add", "vni", "200", "name", "red", "learning", "off")
    vtep.client("network", "del", "green", check=False)
    vtep.write("underlay: {devices: [under], address: 203.0.113.7}\nnetworks: []\n")
    p = vtep.client("apply", vtep.file, check=False)
    tap.contains(p.stderr, f"{vtep.file}:1: ", "apply: message")
    vtep.client("network", "show")
    text = "\n".join(vtep.log())
    for words in ("control socket: network add vni 200 name red learning off\n",
                  "control socket: network del network green: refused: there is no network",
                  f"control socket: apply file {vtep.file}: refused: {vtep.file}:1: ",
                  "\"203.0.113.7\" is not an address of this host"):
        tap.contains(text, words, "log")
    tap.ok("socket: network show" not in text, "what changes nothing is not logged")


def status_says(vtep):
    """An underlay device's MTU, state and name as they are."""
    host = vtep.host

    def says(word):
        def look():
            status = vtep.rows("status", part="uplink")[0]["status"] or ""
            return word in status if word else not status
        tap.wait_for(look, f"STATUS says {word!r}")
    says("")
    for mtu, word in ((1400, "MTU 1400"), (1600, ""), (1300, "MTU 1300"), (1600, "")):
        host.ns.ip(f"link set under mtu {mtu}")
        says(word)
    host.ns.ip("link set under down")
    says("down")
    host.ns.ip("link set under name away")
    says("renamed to away")
    host.ns.ip("link set away up")
    says("renamed to away")
    host.ns.ip("link set away down", "link set away name under", "link set under up")
    says("")


def sides():
    """A device is under the tunnels or a tenant's, never both; each keeps its program."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = [h.tenant("p1", f"10.0.0.{h.number}") for h in lab.hosts]
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
                 for h, o in ((a, b), (b, a))]
        first = vteps[0]
        p = first.client("port", "add", "under", "vlan", "7", "network", str(VNI), check=False)
        tap.contains(p.stderr, "under is an underlay device", "a VLAN of the underlay device")
        first.config["underlay"]["devices"] = ["under", "p1"]
        first.config["networks"][0]["ports"] = []
        p = first.apply(check=False)
        tap.equal(p.returncode, 1, "apply: exit status")
        tap.contains(p.stderr, "p1 is a port of network", "apply: message")
        one.ping(two.ip)
        first.stop()
        first.start()
        tap.equal(first.rows("port"), [], "ports after a restart with that file")
        attached = {r["dev"]: r["attached"] for r in first.rows("status", part="uplink")}
        tap.equal(attached, {"under": "tc", "p1": "tc"}, "underlay devices")
        tap.equal(ingress(first), {"under": "xv_decap_tc", "p1": "xv_decap_tc"}, "TC programs")
        first.config["underlay"]["devices"] = ["under"]
        first.config["networks"][0]["ports"] = ["p1"]
        first.apply()
        tap.equal(ingress(first), {"under": "xv_decap_tc", "p1": "xv_encap"}, "TC programs")
        one.ping(two.ip)
        completion_of_instances(vteps[1], first)


def ingress(vtep):
    """{device: program at its TC ingress}, of the underlay and the tenant's port."""
    found = {}
    for name in ("under", "p1"):
        pin = vtep.pin(f"links/tc_{vtep.host.ns.links()[name]['ifindex']}")
        if os.path.exists(pin):
            number = json.loads(run("bpftool", "-j", "link", "show", "pinned", pin).stdout)
            program = run("bpftool", "-j", "prog", "show", "id", str(number["prog_id"])).stdout
            found[name] = json.loads(program)["name"]
        else:  # before TCX
            text = vtep.host.ns.run("tc", "filter", "show", "dev", name, "ingress").stdout
            found[name] = re.search(r"(xv_\w+):\[", text).group(1) if text else None
    return found


def completion_of_instances(live, dead):
    """Only those that answer."""
    dead.kill()
    tap.ok(os.path.exists(f"{RUN}/{dead.instance}/control.sock"), "a socket without a daemon")
    script = (f". {OUT}/../user/completion/xvtep; COMP_WORDS=({OUT}/xvtep -i ''); COMP_CWORD=2;"
              " _xvtep; printf '%s\\n' \"${COMPREPLY[@]}\"")
    offered = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                             check=True).stdout.split()
    tap.ok(live.instance in offered, f"{live.instance} is offered: {offered}")
    tap.ok(dead.instance not in offered, f"{dead.instance} is not: {offered}")


def what_is_pinned():
    """One instance from nothing pinned on: what is half made, missing, or of another namespace."""
    with Lab(hosts=1) as lab:
        host = lab.hosts[0]
        host.tenant("p1")
        vtep = Xvtepd(host, [{"vni": VNI, "ports": ["p1"]}], start=False)
        orphan_detach(host, vtep)
        end_at_start(vtep)
        pins_missing(vtep)
        namespace_again(lab, vtep)


def at_work():
    """One daemon: what its log, its status and its messages say, and what disturbs it."""
    with Lab(hosts=1) as lab:
        step, shim = f"{lab.dir}/step", f"{lab.dir}/clock.so"
        run("gcc", "-shared", "-fPIC", "-x", "c", "-o", shim, "-", stdin=CLOCK)
        lab.hosts[0].tenant("p1")
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI, "name": "blue"}], start=False)
        start_by_hand(vtep, shim, step)
        clock_set_back(vtep, step)
        detach_message(vtep)
        output_lost(vtep)
        foreign_port(vtep)
        log_of_commands(vtep)
        daemon_stopped(vtep)
        status_says(vtep)
        many_reloads(vtep)


tap.case("operate: orphan start; socket removed", main=True)(orphan_start)
tap.case("operate: what is pinned, half made, missing, unreadable, of another namespace")(
    what_is_pinned)
tap.case("operate: signals, messages, log and status")(at_work)
tap.case("operate: sides of a device; completion of instances")(sides)
tap.case("operate: time slice")(time_slice)
tap.case("operate: slow renamed")(slow_renamed)

if __name__ == "__main__":
    tap.main()
