# SPDX-License-Identifier: GPL-2.0-only
"""Judge the figures: base against ours, and how each grows; write them down."""
import json
import os
import subprocess

from . import HERE, MODES, TREES, sizes
from bedlib import clean_env, need

# Ours to the base's, and the last to the first of a row that should not grow.
RATIO = 1.05
GROWTH = {"insn": 1.1, "time": 1.3}
# Their x is how many devices there are.
COUNTED = ("mdev.create", "mdev.remove.", "nodes.", "iommu.register", "iommu.plug",
           "iommu.unplug", "iommu.lookup", "iommu.attach", "iommu.claim", "iommu.unregister",
           "mdev.parent-gone")
# Many points, each of which has a part of what comes now and then.
CURVES = ("mdev.create", "mdev.remove.")
UNITS = {"insn": "instructions", "time": "ns under TCG"}


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def spent(pair, tree):
    return pair[tree][0] if tree in pair else None


def quotient(a, b):
    return a / b if a is not None and b is not None and b > 0 else None


def text_of(value, places=3):
    return "-" if value is None else f"{value:.{places}f}"


def shown(figures):
    """Keys in order; of the many points of a curve, those that have all of its kinds."""
    points = {x for _, name, x in figures if name == "mdev.remove.oldest"}
    return [k for k in sorted(figures) if k[1] != "mdev.create" or k[2] in points]


def comparison(figures):
    """The table of figures, and what in it is above the limit."""
    head = f"{'what':32} {'x':>7}"
    text = [f"{'':40}" + "".join(f" | {UNITS[m]:^33}" for m in MODES), head + "".join(
        f" | {'base':>12} {'ours':>12} {'ratio':>7}" for _ in MODES)]
    above = []
    for key in shown(figures):
        arch, name, x = key
        row = f"{name + ('' if arch == 'x86_64' else ', ' + arch):32} {x:>7}"
        for mode in MODES:
            pair = figures[key].get(mode, {})
            ratio = quotient(spent(pair, "ours"), spent(pair, "base"))
            row += " |" + "".join(f" {number(spent(pair, t)):>12}" for t in TREES)
            row += f" {text_of(ratio):>7}"
            # Of a curve, what all of its points come to is judged, in growth().
            if mode == "insn" and ratio and ratio > RATIO and not name.startswith(CURVES):
                above.append(f"{name} at {x}: {ratio:.3f} of the base's {UNITS[mode]}")
        text.append(row)
    return text, above


def fit(points):
    """Least squares: what each thousand more of x adds, and the end of the line to its start."""
    n = len(points)
    mx, my = sum(p[0] for p in points) / n, sum(p[1] for p in points) / n
    below = sum((p[0] - mx) ** 2 for p in points)
    if not below:
        return None, None
    a = sum((p[0] - mx) * (p[1] - my) for p in points) / below
    start, end = (my + a * (points[i][0] - mx) for i in (0, -1))
    return 1000 * a, quotient(end, start)


def curve(figures, key, mode, tree):
    points = [(x, spent(figures[a, n, x].get(mode, {}), tree))
              for a, n, x in sorted(figures) if (a, n) == key]
    return [p for p in points if p[1] is not None]


def growth(figures):
    """How figures go with the number of devices, and which of ours do so too much."""
    text = [f"{'growth with the number of devices':34}" + "".join(
        f" | {m + ', last to first':^19} | {'each 1000 more':^21}" for m in MODES),
            f"{'(of the line fitted)':34}" + "".join(
                f" | {'base':>9} {'ours':>9} | {'base':>10} {'ours':>10}" for _ in MODES)]
    above = []
    for key in sorted({k[:2] for k in figures if k[1].startswith(COUNTED)}):
        row = f"{key[1]:34}"
        for mode in MODES:
            lines, means = [], []
            for tree in TREES:
                points = curve(figures, key, mode, tree)
                lines.append(fit(points) if len(points) > 1 else (None, None))
                means.append(sum(p[1] for p in points) / len(points) if points else None)
            row += f" | {text_of(lines[0][1]):>9} {text_of(lines[1][1]):>9}"
            row += f" | {number(lines[0][0]):>10} {number(lines[1][0]):>10}"
            if lines[1][1] and lines[1][1] > GROWTH[mode]:
                above.append(f"{key[1]}: the last is {lines[1][1]:.3f} of the first, {UNITS[mode]}")
            ratio = quotient(means[1], means[0])
            if mode == "insn" and key[1].startswith(CURVES) and ratio and ratio > RATIO:
                above.append(f"{key[1]}, the mean: {ratio:.3f} of the base's {UNITS[mode]}")
        text.append(row)
    return text if len(text) > 2 else [], above


def write(figures, out):
    """results.json, table.txt and the plots; the table and the verdict on the terminal."""
    text, above = comparison(figures)
    more, grown = growth(figures)
    text += [""] + more + [""] + sizes.text(figures.sizes)
    if figures.ccw:
        text += ["", "vfio-ccw, one START SUBCHANNEL in the translator"] + figures.ccw
    with open(os.path.join(out, "table.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(line.rstrip() for line in text) + "\n")
    rows = [{"arch": a, "name": n, "x": x, **{
        mode: {tree: {"spent": v[0], "waited": v[1]} for tree, v in pair.items()}
        for mode, pair in figures[a, n, x].items()}} for a, n, x in sorted(figures)]
    with open(os.path.join(out, "results.json"), "w", encoding="utf-8") as f:
        json.dump({"units": UNITS, "figures": rows, "sizes": figures.sizes,
                   "ccw": figures.ccw, "above": above + grown,
                   "problems": figures.problems}, f, indent=1)
        f.write("\n")
    need("python3-matplotlib")
    subprocess.run([os.path.join(HERE, "plots"), os.path.join(out, "results.json"), out],
                   check=True, env=clean_env(), stdin=subprocess.DEVNULL)
    print("\n".join(text))
    for problem in figures.problems:
        print("problem: " + problem)
    for line in above + grown:
        print("above the limit: " + line)
    print(f"{len(figures)} figures, {len(above) + len(grown)} above the limit, "
          f"{len(figures.problems)} problems")
    return 1 if above or grown or figures.problems or not figures else 0
