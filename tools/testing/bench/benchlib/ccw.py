# SPDX-License-Identifier: GPL-2.0-only
"""What an SSCH costs in vfio-ccw's translator, as "make ccw-bench" counts it.

That counts the translator's own instructions, the calls that it makes, and what
they move. The calls have a price of their own, which the same bench measures in
the core guest: making and freeing an object, and pinning pages, in single calls
or in one. The whole is put among the figures.
"""
import os
import subprocess

from . import TREES
from bedlib import REPO, clean_env

# The call's price, and at which x the core guest has measured it.
ALLOC, PIN = ("mdev.alloc", 1), "mdev.cdev.{}-page"


def price(figures, tree, name, x):
    return figures.get(("x86_64", name, x), {}).get("insn", {}).get(tree, (None,))[0]


def whole(figures, tree, row):
    """Own instructions and the price of the calls; None where that is not known."""
    pages = row["CCWs"]
    # A run of pages is one call: the nearest batch that is measured.
    batch = 1 if row["pins"] == pages else 16 if pages <= 16 else 512
    prices = [price(figures, tree, *ALLOC), price(figures, tree, PIN.format("pin"), batch),
              price(figures, tree, PIN.format("unpin"), batch)]
    if None in prices:
        return None
    return row["instructions"] + row["allocs"] * prices[0] + pages * (prices[1] + prices[2])


def measure(figures):
    done = subprocess.run([os.path.join(REPO, "tools/testing/ccw/run"), "bench"], text=True,
                          stdout=subprocess.PIPE, env=clean_env(), stdin=subprocess.DEVNULL)
    # A table, and what it says of it in the end.
    lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    if done.returncode or len(lines) < 2:
        figures.problems.append("make ccw-bench failed")
        return
    for words in lines[1:]:
        row = {k: int(v) for k, v in zip(lines[0][2:], words[2:])}
        tree, data = words[:2]
        if tree in TREES:
            total = whole(figures, tree, row)
            if total is not None:
                figures.put(("s390", f"ccw.ssch.{data}", row["CCWs"]), "insn", tree, total)
    figures.ccw = ["".join(f"{w:>13}" for w in words) for words in lines]
