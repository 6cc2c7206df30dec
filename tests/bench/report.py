# SPDX-License-Identifier: GPL-2.0-only
"""What a row's samples say: quotients, bars, doubts; the text table and the JSON list."""
import json
import os

import machine
from pairs import Figure, digits, halves_differ, quotient
from rows import BENCHES

NAMES = ("floor", "kernel", "xvtep")
STEAL_DIFFERENCE = 0.05  # between contenders, of a CPU
FEW_ROUNDS = 5
NOT_EXTRA = {"value", "doubt", "window", "own"}
IN_COLUMNS = {"value", "ratio", "share", "ns_over_floor"}


def values(samples, name, key="value"):
    return [s[key] for s in samples.get(name, ()) if s.get(key) is not None]


def figures_of(samples, key="value"):
    """{contender: Figure}"""
    return {n: Figure(values(samples, n, key)) for n in NAMES if values(samples, n, key)}


def row(result):
    """A result as it stands in bench.json."""
    bench = result.bench
    value = figures_of(result.samples)
    out = {"name": bench["name"], "unit": bench["unit"], "better": bench.get("better", "more")}
    for name in NAMES:
        out[name] = digits(value[name].median) if name in value else None
    x, k = values(result.samples, "xvtep"), values(result.samples, "kernel")
    ratio = quotient(x, k)
    out["ratio"] = digits(ratio.median) if ratio else None
    over = over_floor(result, x) if bench["unit"] == "Mpps" else None
    out["ns_over_floor"] = round(over.median, 1) if over else None
    out["rounds"] = max((f.rounds for f in value.values()), default=0)
    if ratio:
        out["ratio_interval"] = ratio.json()
    out["interval"] = {n: f.json() for n, f in value.items()}
    out["spread"] = {n: [digits(v) for v in f.spread] for n, f in value.items()}
    share = shares(result)
    if share:
        out["share"] = {n: digits(f.median) for n, f in share.items()}
        out["share_interval"] = {n: f.json() for n, f in share.items()}
        out["base"] = {n: digits(f.median) for n, f in figures_of(result.base).items()}
    extras = add_extras(out, result)
    out["bars"] = [judge(bar, {"ratio": ratio, "share": share.get("xvtep"),
                               "value": value.get("xvtep"), "ns_over_floor": over, **extras})
                   for bar in bench.get("bars", ())]
    add_doubts(out, result, ratio, share)
    return out


def over_floor(result, x):
    floor = values(result.samples, "floor")
    cores = result.bench.get("cores", 1)
    over = [cores * (1e3 / a - 1e3 / b) for a, b in zip(x, floor)]
    return Figure(over) if over else None


def shares(result):
    """{contender: Figure} of the row's rate over that of its base."""
    both = {n: quotient(values(result.samples, n), values(result.base, n)) for n in NAMES}
    return {n: f for n, f in both.items() if f}


def add_extras(out, result):
    """
    Further figures of the kind, by contender, and of those in "quotients" the ratio to the kernel's
    as KEY_ratio; those of xvtep, and the ratios, as Figures.
    """
    extras = {}
    keys = {k: None for samples in result.samples.values() for s in samples for k in s
            if k not in NOT_EXTRA}
    for key in keys:
        figures = figures_of(result.samples, key)
        if figures:
            out[key] = {n: digits(f.median) for n, f in figures.items()}
            extras[key] = figures.get("xvtep")
            above, below = (values(result.samples, n, key) for n in ("xvtep", "kernel"))
            if key in result.bench.get("quotients", ()) and quotient(above, below):
                extras[key + "_ratio"] = quotient(above, below)
                out[key + "_ratio"] = digits(extras[key + "_ratio"].median)
    steal = {n: machine.stolen([s["window"] for s in samples], samples[0]["own"])
             for n, samples in result.samples.items() if "window" in samples[0]}
    if steal:
        out["steal"] = {n: round(v, 4) for n, v in steal.items()}
    return extras


def judge(bar, figures):
    """A bar and whether it is met: true or false only if the whole interval says so."""
    what, how, limit = bar
    figure = figures.get(what)
    out = {"what": what, "how": how, "limit": limit, "met": None}
    if figure:
        sure, never = figure.low >= limit, figure.high < limit
        if how == "<=":
            sure, never = figure.high <= limit, figure.low > limit
        out.update(got=digits(figure.median), interval=figure.json(),
                   met=True if sure else False if never else None)
    return out


def add_doubts(out, result, ratio, share):
    """Why the row is not to be trusted, besides what its rounds said themselves."""
    kind = result.bench["kind"]
    limit = getattr(kind, "UNCERTAINTY", 0.05)
    for what, figure in (("ratio", ratio), ("share", share.get("xvtep"))):
        if figure and figure.uncertainty() > limit:
            result.doubt(f"{what} known to ±{figure.uncertainty():.0%} only, not to ±{limit:.0%}")
        if figure and figure.rounds < min(FEW_ROUNDS, getattr(kind, "FEW", FEW_ROUNDS)):
            result.doubt(f"{figure.rounds} rounds are too few")
    pair = [values(result.samples, n) for n in ("xvtep", "kernel")]
    if ratio and halves_differ(*pair) > limit:
        result.doubt(f"ratio moved by {halves_differ(*pair):.0%} from the first half of the rounds "
                     "to the second")
    steal = out.get("steal", {})
    if "cpu_share" in out:
        steal = {}  # rates are by CPU time
    if steal and max(steal.values()) - min(steal.values()) > STEAL_DIFFERENCE:
        result.doubt("the hypervisor took " +
                     ", ".join(f"{v:.0%} from {n}" for n, v in steal.items()))
    out["valid"] = not result.doubts
    if result.doubts:
        out["doubts"] = result.doubts


def text(rows):
    """The table, one line a benchmark, figures with half their interval in percent."""
    head = ("name", "unit", "floor", "kernel", "xvtep", "x kernel", "ns over floor", "share",
            "bar", "")
    lines = [head] + [cells(r) for r in rows]
    width = [max(len(line[i]) for line in lines) for i in range(len(head))]
    left = (0, 1, 8, 9)
    return "\n".join("  ".join(c.ljust(w) if i in left else c.rjust(w)
                               for i, (c, w) in enumerate(zip(line, width))).rstrip()
                     for line in lines)


def cells(r):
    share = r.get("share", {}).get("xvtep")
    return (r["name"], r["unit"], *(figure(r[n], r["interval"].get(n)) for n in NAMES),
            figure(r["ratio"], r.get("ratio_interval")),
            "-" if r["ns_over_floor"] is None else f"{r['ns_over_floor']:.0f}",
            figure(share, r.get("share_interval", {}).get("xvtep")),
            ", ".join(bar_text(b) for b in r["bars"]) or "-",
            "" if r["valid"] else "NOT VALID")


def bar_text(bar):
    """A bar and its verdict; with the figure where no column of the table has it."""
    verdict = {True: "met", False: "MISSED", None: "unclear"}[bar["met"]]
    got = f"{bar['got']:.3g} " if "got" in bar and bar["what"] not in IN_COLUMNS else ""
    return f"{bar['what']} {got}{bar['how']} {bar['limit']:g}: {verdict}"


def figure(value, interval):
    if value is None:
        return "-"
    shown = f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
    if not interval or not value:
        return shown
    return f"{shown} ±{50 * (interval[1] - interval[0]) / value:.0f}%"


def notes(rows):
    """Text: further figures of each row, and who lost frames (they do not count in the rate)."""
    lines = []
    for r in rows:
        for key, by_name in r.items():
            if not isinstance(by_name, dict) or key in ("interval", "spread", "share_interval",
                                                        "share", "steal", "cpu_share"):
                continue
            if key == "lost" and max(by_name.values()) <= 0.0005:
                continue
            figures = ", ".join(f"{n} {v:g}" for n, v in by_name.items())
            lines.append(f"{r['name']}: {key.replace('_', ' ')}: {figures}")
    return "\n".join(lines)


def read(path):
    """The rows in the file that this version of the suite wrote."""
    try:
        with open(path) as f:
            return [r for r in json.load(f) if "interval" in r]
    except (OSError, ValueError):
        return []


def write(rows, path):
    """Replaces the rows of the same names in the file, keeps the others, in the suite's order."""
    new = {r["name"]: r for r in rows}
    old = {r["name"]: r for r in read(path)}
    order = [b["name"] for b in BENCHES]
    merged = sorted((r for r in {**old, **new}.values() if r["name"] in order),
                    key=lambda r: order.index(r["name"]))
    with open(path + ".new", "w") as f:
        json.dump(merged, f, indent=2)
        f.write("\n")
    os.rename(path + ".new", path)
