# SPDX-License-Identifier: GPL-2.0-only
"""
What the machine is doing: idle enough to measure, who else ran meanwhile, and CPU time spent and
stolen (/proc/stat). Time that the hypervisor takes is no reason to refuse: it hits all contenders,
and pairs.py shows what it does to a quotient; only if it hit one more than another is it a doubt.
"""
import functools
import gzip
import os
import time

TICK = os.sysconf("SC_CLK_TCK")
IDLE_LIMIT = 0.05  # busy share of any CPU before a row, at most
STRANGER_LIMIT = 0.03  # share of a CPU that others may use during a row
SAMPLE = 0.4  # seconds
PATIENCE = 15  # seconds to wait for what is just ending
MARK = "XVTEP_BENCH"  # in the environment of everything the driver starts


def cpu_times():
    """{cpu: (busy, steal, total)} in seconds since boot."""
    times = {}
    with open("/proc/stat") as f:
        for line in f:
            name, *words = line.split()
            if not name.startswith("cpu"):
                break
            if name != "cpu":
                v = [int(w) / TICK for w in words[:8]]
                idle, steal = v[3] + v[4], v[7]
                times[int(name[3:])] = (sum(v) - idle - steal, steal, sum(v))
    return times


def process_times():
    """{pid: (CPU seconds with those of dead children, command, parent)} without kernel threads."""
    procs = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
            words = rest.split()
            if words[1] != "2" and pid != "2":
                procs[int(pid)] = (sum(int(w) for w in words[11:15]) / TICK, name,
                                   int(words[1]))
        except (OSError, IndexError):
            continue
    return procs


def is_ours(pid):
    if pid == os.getpid():
        return True
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:
            return f"{MARK}={os.getpid()}".encode() in f.read().split(b"\0")
    except OSError:
        return True  # gone: what it was cannot be told


def is_running(pid):
    """Whether the process is there and has not ended."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def run_seconds(pid):
    """CPU seconds of a process, to the nanosecond."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e9


@functools.cache
def softirq_daemons():
    """{cpu: pid of its ksoftirqd}"""
    out = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                name = f.read().strip()
        except OSError:
            continue
        if name.startswith("ksoftirqd/"):
            out[int(name[10:])] = int(pid)
    return out


@functools.cache
def thread_time_tells():
    """
    Whether a thread's CPU time has the softirqs that ran in it and not what the hypervisor took:
    so unless the kernel accounts for interrupts apart; without its configuration, not known.
    """
    for path, opener in (("/proc/config.gz", gzip.open), (f"/boot/config-{os.uname().release}",
                                                          open)):
        try:
            with opener(path, "rb") as f:
                return b"CONFIG_IRQ_TIME_ACCOUNTING=y" not in f.read()
        except OSError:
            continue
    return False


def worker_seconds():
    """{pid: CPU seconds} of the threads of the kernel's work queues."""
    out = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                if f.read().startswith("kworker"):
                    out[int(pid)] = run_seconds(pid)
        except OSError:
            continue
    return out


def bpf_programs(pid):
    """Ids of the BPF programs that a process holds."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as f:
            ids |= {int(line.split()[1]) for line in f if line.startswith("prog_id:")}
    return sorted(ids)


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1e3


def available_mb():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable")) / 1e3


class Window:
    """CPU use between its making and stop(), all CPUs together and each."""

    def __init__(self):
        self.before = cpu_times()

    def stop(self):
        self.delta = {c: [a - b for a, b in zip(now, self.before[c])]
                      for c, now in cpu_times().items()}
        self.busy_seconds = sum(d[0] for d in self.delta.values())
        return self


def stolen(windows, cpus):
    """Share of the time of these CPUs that the hypervisor took; of many short windows a mean."""
    total = sum(w.delta[c][2] for w in windows for c in cpus)
    return sum(w.delta[c][1] for w in windows for c in cpus) / total if total else 0.0


class Strangers:
    """Processes of others that use CPU time from now on."""

    def __init__(self):
        self.before, self.start = process_times(), time.monotonic()

    def found(self, limit=STRANGER_LIMIT):
        """None, or text on who used more than `limit` of a CPU."""
        seconds = time.monotonic() - self.start
        used, now = [], process_times()
        earlier = {pid: total for pid, (total, _, _) in self.before.items()}
        for pid in self.before.keys() - now.keys():  # reaped: an ancestor has its time
            total, _, parent = self.before[pid]
            while parent in self.before and parent not in now:
                parent = self.before[parent][2]
            earlier[parent] = earlier.get(parent, 0) + total
        for pid, (total, name, _) in now.items():
            share = (total - earlier.get(pid, 0)) / seconds
            if share > limit and not is_ours(pid):
                used.append((share, f"{name} [{pid}] used {share:.0%} of a CPU"))
        return "; ".join(text for _, text in sorted(used, reverse=True)[:4]) or None


def busy_now():
    """None if the machine is idle, else text on what is going on."""
    strangers, window = Strangers(), Window()
    time.sleep(SAMPLE)
    window.stop()
    loaded = [f"CPU {c} busy {d[0] / d[2]:.0%}" for c, d in window.delta.items()
              if d[2] and d[0] / d[2] > IDLE_LIMIT]
    if not loaded:
        return None
    return f"{', '.join(loaded)} ({strangers.found(0) or 'no process that is still there'})"


def wait_idle(patience=PATIENCE):
    """Waits for an idle machine; None, or text on why it is not."""
    end = time.monotonic() + patience
    while True:
        text = busy_now()
        if not text or time.monotonic() > end:
            return text
