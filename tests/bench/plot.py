# SPDX-License-Identifier: GPL-2.0-only
"""A picture of bench.json: how many times better than the kernel each row is, drawn by gnuplot."""
import shutil
import subprocess

from rows import BENCHES

ROW = 26  # pixels
STAND_INS = {b["name"] for b in BENCHES if "as" in b}  # rows without xvtep in them
LEAST = 0.2  # of the axis; a shorter bar is cut there, its label is right

HEAD = """
set terminal svg size 900,{height} font "Helvetica,13" background "white"
set output "{path}"
set logscale x 2
set xrange [{left}:{right}]
set yrange [{rows} + 0.1:-0.7]
set xtics ({tics}) scale 0 textcolor rgb "#555555"
set ytics ({names}) scale 0
set border 0
set grid xtics linetype 1 linecolor rgb "#e8e8e8"
set lmargin 20
set rmargin 4
set title "xvtep beside the kernel's bridge + vxlan: times better" font "Helvetica-Bold,16"
set bmargin 5
set key at screen 0.5, screen 0.035 center horizontal maxrows 1 samplen 1 font ",12" textcolor rgb "#555555"
set arrow from 1, graph 0 to 1, graph 1 nohead linecolor rgb "#333333" linewidth 1.5 front
set bars small
set datafile missing "-"
"""

PLOT = """
plot $rows using (1):1:(1):2:($1 - 0.34):($1 + 0.34):7 \\
       with boxxyerror fillstyle solid noborder linecolor rgb variable notitle, \\
     $rows using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.2 linecolor rgb "#222222" \\
       title "95 % interval", \\
     $rows using 5:1 with points pointtype 13 pointsize 0.9 \\
       linecolor rgb "#b8860b" title "floor: plain redirect", \\
     $rows using 6:($1 - 0.42):(0):(0.84) with vectors nohead \\
       linewidth 2.5 linecolor rgb "#cc2222" title "bar to reach", \\
     NaN with points pointtype 5 pointsize 1.3 linecolor rgb "#a9cbe3" title "*  paler: not valid"
"""


def better(r, value):
    """A quotient as times better: more is better in all rows then."""
    return 1 / value if r["better"] == "less" else value


def colour(r, low, high):
    strong = r["valid"]
    if low > 1:
        return "0x2a7fba" if strong else "0xa9cbe3"
    if high < 1:
        return "0xc8553d" if strong else "0xe8b9ae"
    return "0x8a8a8a" if strong else "0xd0d0d0"


def shown(rows):
    """(row, times better, low, high), best first, of the rows that have a kernel beside them."""
    out = []
    for r in rows:
        if r["name"] in STAND_INS or not r.get("ratio"):
            continue
        if min(r["ratio_interval"]) > 0:
            low, high = sorted(better(r, v) for v in r["ratio_interval"])
            out.append((r, better(r, r["ratio"]), low, high))
    return sorted(out, key=lambda entry: -entry[1])


def bar_of(r):
    """The limit that the ratio has to reach, as times better, or None."""
    return next((better(r, b["limit"]) for b in r["bars"] if b["what"] == "ratio"), None)


def floor_of(r):
    return better(r, r["floor"] / r["kernel"]) if r["floor"] and r["kernel"] else None


def script(rows, path):
    """gnuplot's commands."""
    entries = shown(rows)
    known = [v for r, *values in entries for v in (*values, bar_of(r), floor_of(r)) if v]
    left, right = max(LEAST, min(0.5, 0.9 * min(known))), 1.5 * max(known)
    tics = [t for t in (0.25, 0.5, 1, 2, 3, 5, 10, 20, 50, 100) if left <= t <= right]
    lines = [HEAD.format(
        height=ROW * len(entries) + 130, path=path, left=left, right=right, rows=len(entries) - 0.5,
        tics=", ".join(f'"{t:g}×" {t:g}' for t in tics),
        names=", ".join(f'"{name_of(r)}" {i}' for i, (r, *_) in enumerate(entries)))]
    for i, (r, middle, low, high) in enumerate(entries):
        lines.append(f'set label "{middle:.2f}×" at {max(high, floor_of(r) or 0, bar_of(r) or 0, 1):g}, {i} '
                     'left offset 0.8,0 front font "Helvetica-Bold,12"')
    lines.append("$rows << END")
    for i, (r, middle, low, high) in enumerate(entries):
        middle, low = max(middle, left), max(low, left)
        extra = ["-" if v is None else f"{v:g}" for v in (floor_of(r), bar_of(r))]
        lines.append(f"{i} {middle:g} {low:g} {high:g} {' '.join(extra)} {colour(r, low, high)}")
    lines += ["END", PLOT]
    return "\n".join(lines)


def name_of(r):
    return r["name"] + ("" if r["valid"] else " *")


def draw(rows, path):
    """Writes the picture; text on why not, or None."""
    if not shutil.which("gnuplot"):
        return "gnuplot is not installed: no picture"
    if not shown(rows):
        return "no row has xvtep and the kernel in it: no picture"
    p = subprocess.run(["gnuplot"], input=script(rows, path), capture_output=True, text=True,
                       timeout=60)
    return f"gnuplot: {p.stderr.strip()}" if p.returncode else None
