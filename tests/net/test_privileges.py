#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What a daemon that runs may still do: every thread of it, by any way of starting it. It forwards,
learns, attaches and reloads with that; and does not serve where something could not be dropped.
"""
import os
import signal

import tap
from lab import OUT, Lab
from netns import run
from vtep import Xvtepd

VNI = 100
CAPS = {"NET_ADMIN": 12, "PERFMON": 38, "BPF": 39}
SERVING = sum(1 << n for n in CAPS.values())
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
static int left;
static int refuse(const char *what) { return !strcmp(getenv("REFUSE"), what); }
int prctl(int op, ...)
{
	int (*next)(int, unsigned long, unsigned long, unsigned long, unsigned long) =
		dlsym(RTLD_NEXT, "prctl");
	unsigned long a[4];
	va_list ap;
	va_start(ap, op);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if ((op == PR_SET_NO_NEW_PRIVS && refuse("nnp")) ||
	    (op == PR_CAPBSET_DROP && refuse("bounding")) ||
	    (op == PR_CAP_AMBIENT && refuse("ambient"))) {
		errno = EPERM;
		return -1;
	}
	return next(op, a[0], a[1], a[2], a[3]);
}
int capset(void *header, const void *data)
{
	int (*next)(void *, const void *) = dlsym(RTLD_NEXT, "capset");
	int at = refuse("first") ? 1 : refuse("second") ? 2 : 0;
	if (++left == at) {
		errno = EPERM;
		return -1;
	}
	return refuse("lie") ? 0 : next(header, data);
}
"""


def threads(vtep):
    """{thread: {line of its status: value}}"""
    found = {}
    for task in os.listdir(f"/proc/{vtep.process.pid}/task"):
        with open(f"/proc/{vtep.process.pid}/task/{task}/status", encoding="utf-8") as f:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        found[int(task)] = {key: int(lines[key], 16) for key in (*SETS, "NoNewPrivs")}
    return found


def expect(vtep, bounding=0):
    want = {"CapInh": 0, "CapPrm": SERVING, "CapEff": SERVING, "CapBnd": bounding, "CapAmb": 0,
            "NoNewPrivs": 1}
    got = threads(vtep)
    tap.ok(len(got) >= 2, f"threads: {list(got)}")
    for task, state in got.items():
        tap.equal({k: hex(v) for k, v in state.items()}, {k: hex(v) for k, v in want.items()},
                  f"thread {task}, process {vtep.process.pid}")


def start(vtep, *how, env=None):
    vtep.write()
    with open(vtep.log_file, "ab") as log:
        vtep.process = vtep.host.ns.popen(*how, f"{OUT}/xvtepd", "-v", "-c", vtep.file, stdout=log,
                                          stderr=log, env={**os.environ, **(env or {})})


def serving():
    """Started by root as it is: and all that a daemon does later works with what is left."""
    with Lab() as lab:
        a, b = lab.hosts
        one, two = (h.tenant("p1", ip) for h, ip in ((a, "10.0.0.1"), (b, "10.0.0.2")))
        more = a.tenant("p2", "10.0.0.3")
        vteps = [Xvtepd(h, [{"vni": VNI, "ports": ["p1"], "flood": [o.v4]}])
                 for h, o in ((a, b), (b, a))]
        vtep = vteps[0]
        expect(vtep)
        one.ping(two.ip)
        vtep.client("port", "add", "p2", "network", str(VNI))
        more.ping(two.ip)
        vtep.config["networks"].append({"vni": 200})
        vtep.reload()
        tap.wait_for(lambda: len(vtep.rows("network")) == 2, "reloaded")
        vtep.wait_learned(3)
        expect(vtep)
        vtep.kill()
        vtep.start()
        tap.equal(vtep.status()["adopted"], True, "adopted")
        expect(vtep)


def bounding_of(*words):
    """The bounding set of what setpriv executes."""
    text = run("setpriv", *words, "grep", "CapBnd", "/proc/self/status").stdout
    return int(text.split()[1], 16)


def started(how, bounding, says):
    """Other ways to be started: capabilities that children inherit; none to change the bounds."""
    with Lab(hosts=1) as lab:
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}], start=False)
        start(vtep, "setpriv", *how)
        tap.wait_for(vtep.answers, "xvtepd answers", 15)
        expect(vtep, bounding_of(*how) if bounding else 0)
        tap.equal(any("CAP_SETPCAP" in line for line in vtep.log()), says, "the log says so")


def refused(what, untouched):
    """Something is not dropped: status 1, said; before anything is touched, if it shows by then."""
    with Lab(hosts=1) as lab:
        shim = f"{lab.dir}/refuse.so"
        run("gcc", "-shared", "-fPIC", "-x", "c", "-o", shim, "-", "-ldl", stdin=SHIM)
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}], start=False)
        before = set(vtep.host.ns.links())
        start(vtep, env={"LD_PRELOAD": shim, "REFUSE": what})
        code = vtep.process.wait(15 * tap.SLOW)
        tap.equal(code, 1, "exit status")
        tap.ok(any("cannot drop privileges" in line for line in vtep.log()), f"log: {vtep.log()}")
        tap.ok(not any("running" in line for line in vtep.log()), f"log: {vtep.log()}")
        if untouched:
            tap.equal((vtep.pins(), set(vtep.host.ns.links())), ([], before), "what is there")


def file_of_another():
    """A 0600 file of another owner: read at the start, which says that a reload cannot; nor can it."""
    with Lab(hosts=1) as lab:
        vtep = Xvtepd(lab.hosts[0], [{"vni": VNI}], start=False)
        vtep.write()
        os.chmod(vtep.file, 0o600)
        os.chown(vtep.file, 65534, 65534)
        vtep.start()
        tap.ok(any("only at its start" in line and vtep.file in line for line in vtep.log()),
               f"said at the start: {vtep.log()}")
        n = len(vtep.log())
        vtep.process.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: any("reload: " in line and "only at its start" in line
                                 for line in vtep.log()[n:]), "the reload's error")
        tap.equal(len(vtep.rows("network")), 1, "networks")
        os.chown(vtep.file, 0, 0)
        vtep.process.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: any("reloaded " in line for line in vtep.log()[n:]), "reloaded")
        tap.equal([line for line in vtep.log()[n:] if "cannot listen" in line], [], "metrics")
        vtep.config["metrics"] = {"listen": "127.0.0.1:947"}
        vtep.reload()
        tap.wait_for(lambda: any("below 1024 is taken at the start only" in line
                                 for line in vtep.log()[n:]), "a low port by a reload")


tap.case("privileges: of every thread", main=True)(serving)
tap.case("privileges: inherited ones", ("--inh-caps=+net_raw,+sys_admin", "--ambient-caps=+net_raw"),
         False, False)(started)
tap.case("privileges: the bounds may not be changed", ("--bounding-set=-setpcap",), True, True)(started)
tap.case("privileges: the unit's",
         ("--no-new-privs", "--bounding-set=-all,+net_admin,+bpf,+perfmon,+sys_admin,+setpcap"), False,
         False)(started)
for _what, _untouched in (("nnp", True), ("ambient", True), ("bounding", True), ("first", True),
                          ("lie", True), ("second", False)):
    tap.case(f"privileges: not dropped: {_what}", _what, _untouched)(refused)
tap.case("privileges: a file of another owner")(file_of_another)

if __name__ == "__main__":
    tap.main()
