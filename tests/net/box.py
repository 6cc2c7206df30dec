# SPDX-License-Identifier: GPL-2.0-only
"""
A box: a machine on which commands of a page can be typed as they are. It has network, process and
mount namespaces of its own, and in these its own /etc, /run, /usr/local and BPF file system, so
that several boxes have an instance "default" each. When its first process ends, all in it ends.
"""
import subprocess

import tap
from lab import TOP
from netns import run

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FIRST = """
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/etc
cp -a /etc/. /run/etc/
mount --bind /run/etc /etc
rm -rf /etc/xvtep
mount -t tmpfs tmpfs /usr/local
mkdir -p /usr/local/bin
mount -t sysfs sysfs /sys
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
echo ready
while read -r _; do :; done # until the test ends; meanwhile orphans are waited for
"""
# Where there is no systemd: the unit's own command lines, one process an instance.
SYSTEMCTL = r"""#!/bin/bash
set -eu
verb=$1 now=
shift
[[ $verb != daemon-reload ]] || exit 0
[[ $1 != --now ]] || { now=1; shift; }
name=${1#xvtepd@}
pid=/run/unit.$name.pid
line()
{
	sed -n "s/^$1=//p" "/usr/local/lib/systemd/system/xvtepd@.service" | sed "s/%i/$name/g"
}
runs()
{
	[[ -e $pid && -d /proc/$(<"$pid") ]]
}
start()
{
	[[ -e /etc/xvtep/$name.yaml ]] || { echo "no /etc/xvtep/$name.yaml" >&2; exit 1; }
	eval "$(line ExecStartPre)" >/dev/null
	eval "exec setsid $(line ExecStart)" </dev/null >/dev/null 2>>"/run/unit.$name.log" &
	echo $! >"$pid"
	until xvtep -i "$name" status >/dev/null 2>&1; do
		runs || { cat "/run/unit.$name.log" >&2; exit 1; }
		sleep 0.05
	done
}
stop()
{
	kill "$(<"$pid")"
	while runs; do sleep 0.02; done
}
case $verb in
enable) [[ ! $now ]] || start ;;
disable) [[ ! $now ]] || stop ;;
start) start ;;
stop) stop ;;
restart) stop; start ;;
reload) MAINPID=$(<"$pid"); eval "$(line ExecReload)" ;;
*) echo "systemctl $verb: not in a box" >&2; exit 2 ;;
esac
"""
SUDO = '#!/bin/sh\nexec "$@"\n'


class Box:
    """A machine; its name is for messages. close() ends it."""

    def __init__(self, name):
        if TOP.startswith(("/run/", "/usr/local/", "/etc/")):
            raise tap.Skip(f"the repository is in {TOP}, which a box has of its own")
        self.name = name
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child",
             "bash", "-euc", FIRST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        tap.equal(self.holder.stdout.readline(), "ready\n", f"{name}: first process")
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children",
                  encoding="ascii") as f:
            self.pid = f.read().split()[0]
        for program, text in (("systemctl", SYSTEMCTL), ("sudo", SUDO)):
            self.script(f"cat >/usr/local/bin/{program}\nchmod 755 /usr/local/bin/{program}\n",
                        stdin=text)

    def script(self, text, check=True, stdin=None):
        """
        Runs a script of a shell in the repository, to its end or its first failure. Of the
        environment nothing is left: with PREFIX in it `make install` would leave the box.
        """
        return run("nsenter", "--target", self.pid, "--mount", "--net", "--pid", "env", "-i",
                   f"PATH={PATH}", "HOME=/root", "bash", "-eu", "-o", "pipefail", "-c",
                   f"cd {TOP}\n{text}", check=check, stdin=stdin, timeout=60)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(30)


def cable(one, two, mtu=1600):
    """eth0 of two boxes, with addresses: 192.0.2.1 and 192.0.2.2."""
    run("ip", "link", "add", "eth0", "mtu", str(mtu), "netns", one.pid, "type", "veth",
        "peer", "name", "eth0", "mtu", str(mtu), "netns", two.pid)
    for number, box in enumerate((one, two), 1):
        box.script(f"ip addr add 192.0.2.{number}/24 dev eth0\nip link set eth0 up")
