# SPDX-License-Identifier: GPL-2.0-only
"""Text size and lines of code of what the series replaces, and of what replaces it."""
import fnmatch
import os
import struct

from . import TREES
from bedlib import REPO, suite as bedsuite

# What the parts are called, the architecture, and which files belong to them.
PARTS = [
    ("VFIO core", "x86_64", ["drivers/vfio/*.[ch]", "include/linux/vfio.h",
                             "include/trace/events/vfio.h"]),
    ("mdev", "x86_64", ["drivers/vfio/mdev/*", "include/linux/mdev.h"]),
    ("iommu groups", "x86_64", ["drivers/iommu/iommu.c", "drivers/iommu/core/*"]),
    ("base/map.c", "x86_64", ["drivers/base/map.c"]),
    ("vfio-ccw", "s390", ["drivers/s390/cio/*"]),
    ("vfio-ap", "s390", ["drivers/s390/crypto/vfio_ap*"]),
]
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4


def sources(tree):
    """Paths of C files that are replaced, or of those that replace them; no tests."""
    if tree == "base":
        with open(os.path.join(REPO, "tools/series/replaced"), encoding="utf-8") as f:
            names = [n.strip() for n in f if n.strip() and n[0] != "#"]
    else:
        names = [os.path.relpath(os.path.join(folder, n), REPO)
                 for top in ("drivers", "include")
                 for folder, _, found in os.walk(os.path.join(REPO, top)) for n in found]
    return sorted(n for n in names
                  if n.endswith((".c", ".h")) and "kunit" not in n and "/tests/" not in n)


def code_lines(text):
    """Lines that are neither empty nor comment."""
    out, i = [], 0
    while i < len(text):
        two = text[i:i + 2]
        if two == "/*":
            end = text.find("*/", i + 2)
            end = len(text) if end < 0 else end + 2
            out.append("\n" * text.count("\n", i, end))
            i = end
        elif two == "//":
            i = text.find("\n", i)
            i = len(text) if i < 0 else i
        elif text[i] in "\"'":
            end = i + 1
            while end < len(text) and text[end] != text[i]:
                end += 2 if text[end] == "\\" else 1
            out.append(text[i:end + 1])
            i = end + 1
        else:
            out.append(text[i])
            i += 1
    return sum(1 for line in "".join(out).split("\n") if line.strip())


def object_size(path):
    """(code, all that is loaded) in bytes, of an ELF object of 64 bits."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:5] != b"\x7fELF\x02":
        return 0, 0
    end = "<" if data[5] == 1 else ">"
    table, = struct.unpack_from(end + "Q", data, 0x28)
    entry, number = struct.unpack_from(end + "HH", data, 0x3a)
    code = loaded = 0
    for i in range(number):
        _, _, flags, _, _, size = struct.unpack_from(end + "IIQQQQ", data, table + i * entry)
        if flags & SHF_ALLOC:
            loaded += size
            code += size if flags & SHF_EXECINSTR else 0
    return code, loaded


def measure(figures):
    """Put size.PART and lines.PART among the figures; what is not built is left out."""
    rows = []
    for part, arch, globs in PARTS:
        row = {"part": part}
        for tree in TREES:
            place = bedsuite.Place(tree, arch, "plain")
            names = [n for n in sources(tree) if any(fnmatch.fnmatch(n, g) for g in globs)]
            # A * matches a / too: mdev is a part of its own.
            if part == "VFIO core":
                names = [n for n in names if not n.startswith("drivers/vfio/mdev/")]
            top = os.path.join(place.work, "base") if tree == "base" else REPO
            lines = code = loaded = missing = 0
            for name in names:
                with open(os.path.join(top, name), encoding="utf-8") as f:
                    lines += code_lines(f.read())
                built = os.path.join(place.obj, name[:-2] + ".o")
                if name.endswith(".c") and os.path.exists(built):
                    sizes = object_size(built)
                    code, loaded = code + sizes[0], loaded + sizes[1]
                elif name.endswith(".c"):
                    missing += 1
            row[tree] = {"files": len(names), "lines": lines, "code": code, "loaded": loaded,
                         "unbuilt": missing}
        rows.append(row)
    figures.sizes = rows


def text(rows):
    out = [f"{'replaced':14} | {'lines of code':^17} | {'bytes of code':^19} | "
           f"{'bytes loaded':^19}"]
    for row in rows:
        line = f"{row['part']:14}"
        for key, width in (("lines", 8), ("code", 9), ("loaded", 9)):
            # An object is compared only where all of them are built.
            built = key == "lines" or row["base"]["code"] and row["ours"]["code"]
            line += " |" + "".join(f" {row[t][key] if built else '-':>{width}}" for t in TREES)
        out.append(line)
    return out
