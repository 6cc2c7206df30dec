# SPDX-License-Identifier: GPL-2.0-only
"""Medians, spread, the text table and the JSON list."""
import json
import os
from statistics import median

import suite

NAMES = ("floor", "kernel", "xvtep")


def row(result):
    """A result as it stands in bench.json."""
    bench = result.bench
    out = {"name": bench["name"], "unit": suite.UNIT[bench["wire_class"]]}
    for name in NAMES:
        values = [s["value"] for s in result.samples.get(name, [])]
        out[name] = round(median(values), 3) if values else None
    out["ratio"] = ratio(out["xvtep"], out["kernel"])
    out["ns_over_floor"] = None
    if out["unit"] == "Mpps" and out["xvtep"] and out["floor"]:
        out["ns_over_floor"] = round(1e3 / out["xvtep"] - 1e3 / out["floor"], 1)
    out["rounds"] = max(map(len, result.samples.values()))
    out["spread"] = {n: [round(min(v), 3), round(max(v), 3)] for n, v in values_of(result, "value")}
    for key in ("cpu", "lost", "retransmits", "steal"):
        columns = {n: round(median(v), 6) for n, v in values_of(result, key)}
        if columns:
            out[{"cpu": "cpu_seconds_per_gb"}.get(key, key)] = columns
    out["valid"] = not result.doubts
    if result.doubts:
        out["doubts"] = result.doubts
    return out


def ratio(a, b):
    return round(a / b, 3) if a and b else None


def values_of(result, key):
    return [(n, [s[key] for s in samples]) for n, samples in result.samples.items()
            if key in samples[0]]


def text(rows):
    """The table, one line a benchmark, figures with half their spread in percent."""
    head = ("name", "unit", "floor", "kernel", "xvtep", "x kernel", "ns over floor",
            "CPU s/GB f/k/x", "rounds")
    lines = [head] + [cells(r) for r in rows]
    width = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) if i < 2 else c.rjust(w)
                               for i, (c, w) in enumerate(zip(line, width))).rstrip()
                     for line in lines)


def cells(r):
    cpu = r.get("cpu_seconds_per_gb")
    return (r["name"] + ("" if r["valid"] else " (NOT VALID)"), r["unit"],
            *(figure(r, n) for n in NAMES),
            "-" if r["ratio"] is None else f"{r['ratio']:.2f}",
            "-" if r["ns_over_floor"] is None else f"{r['ns_over_floor']:.0f}",
            "/".join(f"{cpu[n]:.2f}" if n in cpu else "-" for n in NAMES) if cpu else "-",
            str(r["rounds"]))


def losses(rows):
    """Text: who lost frames on the way; lost frames do not count in the rate."""
    lines = [f"{r['name']}: {name} lost {share:.2%} of the frames sent"
             for r in rows for name, share in r.get("lost", {}).items() if share > 0.0005]
    return "\n".join(lines)


def figure(r, name):
    if r[name] is None:
        return "-"
    low, high = r["spread"][name]
    return f"{r[name]:.2f} ±{50 * (high - low) / r[name]:.0f}%"


def write(rows, path):
    """Replaces the rows of the same names in the file, keeps the others, in the suite's order."""
    new = {r["name"]: r for r in rows}
    try:
        with open(path) as f:
            old = {r["name"]: r for r in json.load(f)}
    except (OSError, ValueError):
        old = {}
    order = [b["name"] for b in suite.BENCHES]
    merged = sorted({**old, **new}.values(),
                    key=lambda r: order.index(r["name"]) if r["name"] in order else len(order))
    with open(path + ".new", "w") as f:
        json.dump(merged, f, indent=2)
        f.write("\n")
    os.rename(path + ".new", path)
