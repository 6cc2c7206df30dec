# SPDX-License-Identifier: GPL-2.0-only
"""What the machine is doing: idle enough to measure, and CPU time spent meanwhile (/proc/stat)."""
import os
import time

TICK = os.sysconf("SC_CLK_TCK")
IDLE_LIMIT = 0.05  # busy share of any CPU before a measurement, at most
STEAL_LIMIT = 0.2  # share taken by the hypervisor, at most: a shared host always takes some
SAMPLE = 0.4  # seconds
PATIENCE = 15  # seconds to wait for what is just ending


def cpu_times():
    """{cpu: (busy, steal, total)} in seconds since boot."""
    times = {}
    with open("/proc/stat") as f:
        for line in f:
            name, *words = line.split()
            if name.startswith("cpu") and name != "cpu":
                v = [int(w) / TICK for w in words[:8]]
                idle, steal = v[3] + v[4], v[7]
                times[int(name[3:])] = (sum(v) - idle - steal, steal, sum(v))
    return times


def process_times():
    """{pid: (CPU seconds with those of dead children, command)}"""
    procs = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
            words = rest.split()
            procs[int(pid)] = (sum(int(w) for w in words[11:15]) / TICK, name)
        except (OSError, IndexError):
            continue
    return procs


class Window:
    """CPU use between its making and stop()."""

    def __init__(self, with_processes=False):
        self.procs = process_times() if with_processes else {}
        self.before = cpu_times()
        self.start = time.monotonic()

    def stop(self):
        after = cpu_times()
        self.seconds = time.monotonic() - self.start
        delta = {c: [a - b for a, b in zip(after[c], self.before[c])] for c in after}
        self.busy_seconds = sum(d[0] for d in delta.values())
        self.busy = {c: d[0] / max(d[2], 1e-9) for c, d in delta.items()}
        self.steal = {c: d[1] / max(d[2], 1e-9) for c, d in delta.items()}
        self.most_stolen = max(self.steal.values())
        return self

    def culprits(self):
        """Text: who used CPU since the window was made, most first."""
        now = process_times()
        used = [(t - self.procs.get(pid, (0, ""))[0], name, pid)
                for pid, (t, name) in now.items() if pid != os.getpid()]
        used = sorted((u for u in used if u[0] > 0), reverse=True)[:4]
        gone = [f"{name} [{pid}]" for pid, (_, name) in self.procs.items() if pid not in now][:3]
        text = [f"{name} [{pid}] {t / self.seconds:.0%}" for t, name, pid in used]
        if gone:
            text.append("ended meanwhile: " + ", ".join(gone))
        return "; ".join(text) or "no process that is still there"


def busy_now():
    """None if the machine is idle, else text on what is going on."""
    w = Window(with_processes=True)
    time.sleep(SAMPLE)
    w.stop()
    loaded = {c: b for c, b in w.busy.items() if b > IDLE_LIMIT}
    stolen = {c: s for c, s in w.steal.items() if s > STEAL_LIMIT}
    if not loaded and not stolen:
        return None
    text = [f"CPU {c} busy {b:.0%}" for c, b in loaded.items()]
    text += [f"CPU {c} {s:.0%} stolen by the hypervisor" for c, s in stolen.items()]
    return f"{', '.join(text)} ({w.culprits()})"


def wait_idle(patience=PATIENCE):
    """Waits for an idle machine; None, or text on why it is not."""
    end = time.monotonic() + patience
    while True:
        text = busy_now()
        if not text or time.monotonic() > end:
            return text


def disturbed(window, own):
    """None, or text if CPUs outside `own` were busy or time was stolen during the window."""
    text = [f"CPU {c} busy {b:.0%}" for c, b in window.busy.items() if c not in own and b > 0.15]
    text += [f"CPU {c} {s:.0%} stolen by the hypervisor"
             for c, s in window.steal.items() if s > STEAL_LIMIT]
    return ", ".join(text) or None
